"""The protocols by name: which clips, as which classes, split how, scored how.

>>> from mien.evaluation.protocols import PROTOCOLS, make_protocol
>>> list(PROTOCOLS)
['loso', 'cde2018', 'hde2018', 'megc2019', 'hde3', 'kfold', 'holdout', 'spotting', 'test']
>>> make_protocol("megc2019").headline
('uf1', 'uar')

A protocol is plain data and does nothing by itself: ``select`` makes a :class:`Selection` of samples,
``splitter`` a :class:`Splitter` for that selection, and the rest says which scores the protocol's papers
report and from what.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from mien.datasets.manifest import Sample
from mien.errors import InputError
from mien.evaluation.scores import ScoreName
from mien.evaluation.selections import (
    SELECTIONS,
    Selection,
    select_by_rule,
    select_megc2018,
    select_megc2019,
)
from mien.evaluation.splitters import (
    Composite,
    LeaveOneDatasetOut,
    Loso,
    PartSplit,
    Splitter,
    SubjectHoldout,
    SubjectKFold,
)
from mien.events import EventKind
from mien.labels import RULES

__all__ = ["PROTOCOLS", "Pooling", "Protocol", "make_protocol"]

Pooling = Literal["pooled", "folds"]
"""``"pooled"``: one confusion matrix over all folds. ``"folds"``: each fold is a result of its own (a
direction of HDE, a test part), and their plain mean is reported beside them."""


@dataclass(frozen=True)
class Protocol:
    """How something is evaluated.

    Attributes:
        name: a key of :data:`PROTOCOLS`.
        words: what it is, in a sentence.
        task: ``"recognition"`` or ``"spotting"``.
        select: samples -> what the protocol takes of them; not for spotting, see
            :func:`mien.evaluation.select_spotting`.
        splitter: selection -> splitter; for spotting called with ``None``.
        headline: the scores that its papers report.
        pooling: what they are taken from.
        by_dataset: also reported on each data set's part of the same predictions.
    """

    name: str
    words: str
    task: Literal["recognition", "spotting"]
    select: Callable[[Iterable[Sample]], Selection] | None
    splitter: Callable[[Selection | None], Splitter]
    headline: tuple[ScoreName, ...] = ("uf1", "uar", "war")
    pooling: Pooling = "pooled"
    by_dataset: bool = True


PROTOCOLS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "loso": "one person left out at a time, of any data sets, by any label rule",
        "cde2018": "MEGC 2018, composite: CASME II and SAMM, objective classes I to V, one person left out",
        "hde2018": "MEGC 2018, hold-out: trained on CASME II and tested on SAMM, and the other way round",
        "megc2019": "MEGC 2019, composite: SMIC, CASME II and SAMM, three classes, one person left out",
        "hde3": "the clips of MEGC 2019, trained on two data sets and tested on the third",
        "kfold": "k folds of people",
        "holdout": "a share of the people, drawn once, is tested",
        "spotting": "long videos, one person left out at a time",
        "test": "the training and test parts that a data set comes with",
    }
)
"""Name -> what it is."""


def make_protocol(
    name: str,
    *,
    rule: str = "three",
    kind: EventKind | None = None,
    parts: Iterable[str] | None = None,
    select: Callable[[Iterable[Sample]], Selection] | None = None,
    n_splits: int = 5,
    share: float = 0.2,
    seed: int = 0,
    train_parts: tuple[str, ...] = ("training",),
    test_parts: tuple[str, ...] | None = None,
) -> Protocol:
    """A protocol by its name.

    Args:
        name: a key of :data:`PROTOCOLS`.
        rule: for protocols without classes of their own (loso, kfold, holdout, test): a key of
            :data:`mien.evaluation.SELECTIONS` or of :data:`mien.labels.RULES`.
        kind: for the same: only micro- or only macro-expressions.
        parts: for the same: only these parts of data sets.
        select: takes the place of the protocol's own selection, as for clips that others prepared
            (:func:`mien.evaluation.select_prepared`).
        n_splits: folds of kfold.
        share: of the people, of holdout.
        seed: of kfold and holdout.
        train_parts: of test.
        test_parts: of test; by default all others.

    Raises:
        InputError: there is no such protocol or rule, or an option is out of range.
    """
    if name not in PROTOCOLS:
        raise InputError(f"there is no protocol {name!r}; choose one of {', '.join(PROTOCOLS)}")
    if rule not in SELECTIONS and rule not in RULES:
        raise InputError(
            f"there is no label rule {rule!r}; choose one of {', '.join({**SELECTIONS, **RULES})}"
        )
    wanted = None if parts is None else frozenset(parts)

    def by_rule(samples: Iterable[Sample]) -> Selection:
        if rule in SELECTIONS:
            return SELECTIONS[rule](samples)
        return select_by_rule(samples, rule, kind=kind, parts=wanted)

    def everyone(selection: Selection | None) -> Splitter:
        return Loso(None if selection is None else selection.people)

    def composite(*datasets: str) -> Callable[[Selection | None], Splitter]:
        return lambda s: Composite(None if s is None else s.people, datasets)

    def own_parts(selection: Selection | None) -> Splitter:
        return PartSplit(() if selection is None else selection.parts, train_parts, test_parts)

    words = PROTOCOLS[name]
    take = select or by_rule
    if name == "loso":
        return Protocol(name, words, "recognition", take, everyone)
    if name == "cde2018":
        split = composite("casme2", "samm")
        return Protocol(name, words, "recognition", select or select_megc2018, split, ("uf1", "war"))
    if name == "hde2018":
        direction = LeaveOneDatasetOut(pairs=True)
        return Protocol(
            name,
            words,
            "recognition",
            select or select_megc2018,
            lambda _: direction,
            ("war", "uar"),
            "folds",
        )
    if name == "megc2019":
        split = composite("smic", "casme2", "samm")
        return Protocol(name, words, "recognition", select or select_megc2019, split, ("uf1", "uar"))
    if name == "hde3":
        hold_out = LeaveOneDatasetOut()
        return Protocol(
            name, words, "recognition", select or select_megc2019, lambda _: hold_out, ("uf1", "uar"), "folds"
        )
    if name == "kfold":
        deal = SubjectKFold(n_splits, seed)
        return Protocol(name, words, "recognition", take, lambda _: deal)
    if name == "holdout":
        draw = SubjectHoldout(share, seed)
        return Protocol(name, words, "recognition", take, lambda _: draw)
    if name == "spotting":
        return Protocol(name, words, "spotting", None, everyone, ())
    return Protocol(name, words, "recognition", take, own_parts, pooling="folds")
