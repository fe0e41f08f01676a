"""Which clips a protocol takes, and as which class: the rules behind the challenges' lists.

The lists of the challenges were sent round as files that nobody may pass on. What stands here are the rules
that lead to them, so that anyone with a copy of the data comes to the same clips. Every sample that goes in
comes out: included with its class, or excluded with the reason. Where a copy leads elsewhere than to the
published numbers, a note says so; the rule is never bent to fit.

* :func:`select_megc2019`: 442 clips of 68 people, three classes, of SMIC (HS), CASME II and SAMM (J. See et
  al.: "MEGC 2019 - The second facial micro-expressions grand challenge", FG 2019).
* :func:`select_megc2018`: 253 clips of 47 people, objective classes I to V, of CASME II and SAMM (M. H. Yap,
  J. See, X. Hong, S.-J. Wang: "Facial micro-expressions grand challenge 2018 summary", FG 2018).
* :func:`select_casme2_five` and :func:`select_samm_five`: 246 and 136 clips, the five classes usual for each.
* :func:`select_by_rule`: any rule of :data:`mien.labels.RULES` on any data set.
* :func:`select_prepared`: clips whose labels are the classes already, as in lists that others made.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from mien.datasets.manifest import Sample
from mien.errors import InputError
from mien.evaluation.guards import check_subjects
from mien.events import EventKind
from mien.labels import RULES, VOCABULARIES

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "PUBLISHED",
    "SELECTIONS",
    "Excluded",
    "Selection",
    "select",
    "select_by_rule",
    "select_casme2_five",
    "select_megc2018",
    "select_megc2019",
    "select_prepared",
    "select_samm_five",
]

PUBLISHED: Final[Mapping[str, Mapping[str, tuple[tuple[int, ...], int]]]] = MappingProxyType(
    {
        "megc2019": {
            "smic": ((70, 51, 43), 16),
            "casme2": ((88, 32, 25), 24),
            "samm": ((92, 26, 15), 28),
        },
        "megc2018": {"casme2": ((25, 15, 99, 26, 20), 26), "samm": ((24, 13, 20, 8, 3), 21)},
        "casme2-five": {"casme2": ((32, 63, 27, 25, 99), 0)},
        "samm-five": {"samm": ((57, 12, 26, 15, 26), 0)},
    }
)
"""Selection -> data set -> (clips a class in the vocabulary's order, people); 0 people: not published."""

_RELABELLED: Final = frozenset({"EP07_01", "EP07_04f", "EP10_03"})
"""Clips of CASME II's sub24: sadness in the coding of 2014, surprise in that of 2019; not in MEGC 2019."""

_COLUMN_2019: Final = (30, 18, 93, 15, 18)
"""Classes I to V in the column of the coding of 2019, which is not the file that MEGC 2018 is defined by."""

_FIVE_2019: Final = (32, 63, 27, 28, 99)


@dataclass(frozen=True, slots=True)
class Excluded:
    """A sample that a protocol does not take.

    Attributes:
        sample: which.
        reason: why, in words.
    """

    sample: Sample
    reason: str


@dataclass(frozen=True)
class Selection:
    """What a protocol's rule makes of samples.

    Attributes:
        name: of the rule.
        labels: the classes, in the vocabulary's order.
        samples: the n included samples, in the order given.
        classes: the class of each.
        excluded: all others, with reasons.
        notes: how it differs from what was published, and why.
    """

    name: str
    labels: tuple[str, ...]
    samples: tuple[Sample, ...]
    classes: tuple[str, ...]
    excluded: tuple[Excluded, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_subjects(self.subjects, self.datasets)

    def __len__(self) -> int:
        return len(self.samples)

    @property
    def subjects(self) -> tuple[str, ...]:
        """Whose each clip is: the groups of the splitters."""
        return tuple(sample.subject for sample in self.samples)

    @property
    def datasets(self) -> tuple[str, ...]:
        """The data set of each clip."""
        return tuple(sample.dataset for sample in self.samples)

    @property
    def parts(self) -> tuple[str, ...]:
        """The part of its data set that each clip belongs to."""
        return tuple(sample.part for sample in self.samples)

    @property
    def people(self) -> tuple[str, ...]:
        """Every subject once, also those of whom no clip is left (two of CASME II's in MEGC 2019)."""
        everyone = [*self.subjects, *(one.sample.subject for one in self.excluded)]
        own = set(self.datasets)
        return tuple(dict.fromkeys(s for s in everyone if s.partition("/")[0] in own))

    def counts(self) -> pd.DataFrame:
        """Clips a class, clips and people in all, of each data set and of ``"all"``.

        Returns:
            A table indexed by ``dataset``, in order of first appearance, with a column for each class,
            ``clips`` and ``subjects``.
        """
        import pandas as pd

        rows = {}
        for name in (*dict.fromkeys(self.datasets), "all"):
            its = [
                (c, s)
                for c, s, d in zip(self.classes, self.subjects, self.datasets, strict=True)
                if name in (d, "all")
            ]
            each = {label: sum(c == label for c, _ in its) for label in self.labels}
            rows[name] = each | {"clips": len(its), "subjects": len({s for _, s in its})}
        table = pd.DataFrame.from_dict(rows, orient="index")
        table.index.name = "dataset"
        return table


# --- the challenges -----------------------------------------------------------------------------------------


def select_megc2019(samples: Iterable[Sample]) -> Selection:
    """The composite database of MEGC 2019: negative, positive, surprise.

    SMIC: the high-speed part with its own classes. SAMM: by estimated emotion, without "other". CASME II: by
    estimated emotion; disgust and repression are negative, and fear, sadness and others are left out, as are

    * clips without an annotated apex (in the published workbook: sub04/EP12_01f, apex "/");
    * clips whose apex is the onset (sub05/EP09_05f); an apex on the offset does not matter;
    * the three clips of sub24 that the coding of 2019 turned from sadness to surprise.

    So both codings lead to the same 145 clips (88/32/25).

    Args:
        samples: of ``smic``, ``casme2`` and ``samm``, as their readers give them; others are excluded.
    """

    def rule(sample: Sample) -> str | _No:
        if sample.dataset not in PUBLISHED["megc2019"]:
            return _No(f"{sample.dataset} is not part of MEGC 2019")
        if sample.dataset == "smic" and sample.part not in ("HS", ""):
            return _No(f"SMIC's {sample.part} part is not in MEGC 2019; only HS is")
        label = _emotion_class(sample, "megc2019")
        if isinstance(label, _No) or sample.dataset != "casme2":
            return label
        if label == "surprise" and sample.subject == "casme2/sub24" and sample.clip in _RELABELLED:
            return _No("sadness in the coding of 2014; its new label of 2019 came after MEGC 2019's list")
        onset, apex = _marks(sample)
        if apex is None:
            return _No("no apex is annotated")
        if apex == onset:
            return _No("the apex is annotated on the onset")
        return label

    return _select("megc2019", "three", samples, rule)


def select_megc2018(samples: Iterable[Sample]) -> Selection:
    """The composite and hold-out database of MEGC 2018: objective classes I to V of CASME II and SAMM.

    The classes are those of the *annotation* (:attr:`Sample.objective`): for CASME II of the workbook
    ``CASME2-ObjectiveClasses.xlsx``, since the column in the coding of 2019 differs in 37 rows. A selection
    that looks as if made from that column says so in its notes.

    Args:
        samples: of ``casme2`` and ``samm``; others are excluded.
    """

    def rule(sample: Sample) -> str | _No:
        if sample.dataset not in PUBLISHED["megc2018"]:
            return _No(f"{sample.dataset} is not part of MEGC 2018")
        if sample.objective is None:
            return _No("no objective class is annotated")
        if sample.objective not in VOCABULARIES["objective-five"].labels:
            return _No(f"objective class {sample.objective} is left out by MEGC 2018")
        return sample.objective

    return _select("megc2018", "objective-five", samples, rule)


def select_casme2_five(samples: Iterable[Sample]) -> Selection:
    """CASME II by its five usual classes: 246 clips with the coding of 2014, 249 with that of 2019."""
    return _select("casme2-five", "casme2-five", samples, _of_one("casme2", "casme2-five"))


def select_samm_five(samples: Iterable[Sample]) -> Selection:
    """SAMM by its five usual classes: 136 clips."""
    return _select("samm-five", "samm-five", samples, _of_one("samm", "samm-five"))


# --- any data set -------------------------------------------------------------------------------------------


def select_by_rule(
    samples: Iterable[Sample],
    rule: str,
    *,
    kind: EventKind | None = None,
    parts: Collection[str] | None = None,
) -> Selection:
    """Samples of any data sets by a label rule.

    Args:
        samples: of any data sets for which the rule is defined; others are excluded.
        rule: a key of :data:`mien.labels.RULES`.
        kind: only micro- or only macro-expressions; by default both.
        parts: only these parts of data sets (``{"HS"}``); by default all.

    Raises:
        InputError: there is no such rule.
    """
    if rule not in RULES:
        raise InputError(f"there is no label rule {rule!r}; choose one of {', '.join(RULES)}")

    def judge(sample: Sample) -> str | _No:
        if kind is not None and sample.kind != kind:
            return _No(f"not a {kind}-expression" if sample.kind else "a neutral take")
        if parts is not None and sample.part not in parts:
            return _No(f"part {sample.part or 'without a name'} was not asked for")
        return _emotion_class(sample, rule)

    return _select(rule, RULES[rule].vocabulary, samples, judge)


def select_prepared(samples: Iterable[Sample], vocabulary: str = "three", like: str = "") -> Selection:
    """Samples of a list that somebody else made: their emotion is their class, and nobody is left out.

    Args:
        samples: of flow images or feature files, for instance.
        vocabulary: a key of :data:`mien.labels.VOCABULARIES`; objective classes are taken from
            :attr:`Sample.objective`.
        like: a key of :data:`PUBLISHED`: only its data sets are taken, and the counts compared with it.
    """
    labels = VOCABULARIES[vocabulary].labels

    def rule(sample: Sample) -> str | _No:
        if like and sample.dataset not in PUBLISHED[like]:
            return _No(f"{sample.dataset} is not part of {like}")
        label = sample.objective if vocabulary.startswith("objective") else sample.emotion
        if label is None:
            return _No("it has no label")
        return label if label in labels else _No(f"{label} is none of {', '.join(labels)}")

    chosen = _select("prepared", vocabulary, samples, rule)
    return replace(chosen, notes=_differences(like, labels, chosen.samples, chosen.classes))


SELECTIONS: Final[Mapping[str, Callable[[Iterable[Sample]], Selection]]] = MappingProxyType(
    {
        "megc2019": select_megc2019,
        "megc2018": select_megc2018,
        "casme2-five": select_casme2_five,
        "samm-five": select_samm_five,
    }
)
"""Rules that are more than a table of words."""


def select(samples: Iterable[Sample], name: str) -> Selection:
    """Samples by a key of :data:`SELECTIONS` or, where there is none, of :data:`mien.labels.RULES`."""
    return SELECTIONS[name](samples) if name in SELECTIONS else select_by_rule(samples, name)


# --- helpers ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _No:
    reason: str


def _of_one(dataset: str, rule: str) -> Callable[[Sample], str | _No]:
    def judge(sample: Sample) -> str | _No:
        if sample.dataset != dataset:
            return _No(f"not {dataset}")
        return _emotion_class(sample, rule)

    return judge


def _emotion_class(sample: Sample, rule: str) -> str | _No:
    """The class of a sample's emotion."""
    try:
        table = RULES[rule].table(sample.dataset)
    except InputError as error:
        return _No(str(error))
    if sample.emotion is None:
        return _No("no emotion is annotated")
    return table.get(sample.emotion) or _No(f"{sample.emotion} is left out by the rule {rule!r}")


def _marks(sample: Sample) -> tuple[int | None, int | None]:
    """Onset and apex as annotated: a frame that this copy lacks does not change a published list."""
    if sample.onset_number is None and sample.apex_number is None:
        return sample.onset, sample.apex
    return sample.onset_number, sample.apex_number


def _select(
    name: str, vocabulary: str, samples: Iterable[Sample], rule: Callable[[Sample], str | _No]
) -> Selection:
    included: list[Sample] = []
    classes: list[str] = []
    excluded: list[Excluded] = []
    seen: set[str] = set()
    for sample in samples:
        label = rule(sample)
        if not isinstance(label, _No) and sample.key in seen:
            label = _No("a clip of this subject and name is there already")
        if isinstance(label, _No):
            excluded.append(Excluded(sample, label.reason))
        else:
            seen.add(sample.key)
            included.append(sample)
            classes.append(label)
    labels = VOCABULARIES[vocabulary].labels
    return Selection(
        name,
        labels,
        tuple(included),
        tuple(classes),
        tuple(excluded),
        _differences(name, labels, included, classes),
    )


def _differences(
    name: str, labels: Sequence[str], samples: Sequence[Sample], classes: Sequence[str]
) -> tuple[str, ...]:
    """What differs from the published counts."""
    notes = []
    for dataset, (published, people) in PUBLISHED.get(name, {}).items():
        its = [c for s, c in zip(samples, classes, strict=True) if s.dataset == dataset]
        counts = tuple(its.count(label) for label in labels)
        subjects = len({s.subject for s in samples if s.dataset == dataset})
        if not its:
            notes.append(f"{dataset} is missing: published results of {name} are not comparable")
        elif counts != published:
            words = (
                f"{dataset}: {len(its)} clips ({_slashed(counts)}), published are {sum(published)} "
                f"({_slashed(published)})"
            )
            if name == "megc2018" and dataset == "casme2" and counts == _COLUMN_2019:
                words += (
                    "; these are the objective classes of the coding of 2019, while MEGC 2018 goes by "
                    "CASME2-ObjectiveClasses.xlsx"
                )
            elif name == "casme2-five" and counts == _FIVE_2019:
                words += "; that is what the coding of 2019 gives"
            notes.append(words)
        elif people and subjects != people:
            notes.append(f"{dataset}: {subjects} people, published are {people}")
    return tuple(notes)


def _slashed(counts: Sequence[int]) -> str:
    return "/".join(map(str, counts))
