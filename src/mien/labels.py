"""Emotion vocabularies, how data sets' labels map onto them, objective classes, and action-unit strings.

One place for every label decision, as data that can be read and tested:

* :func:`normalise_emotion` brings the spellings of the published sheets to one word each.
* :class:`LabelRule` (:data:`RULES`) says which word of which data set becomes which class of which
  :class:`Vocabulary` (:data:`VOCABULARIES`), or that it is left out.
* :func:`objective_class` is the table of Davison, Merghani & Yap, "Objective classes for micro-facial
  expression recognition" (arXiv:1708.07549, 2017).
* :func:`parse_action_units` reads the action-unit strings of every supported data set.

Rules work on words alone. Clips that a protocol leaves out for another reason (no apex, for instance) are the
protocol's business, not the label's.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from numbers import Integral, Real
from types import MappingProxyType
from typing import Final, Literal

from mien.errors import InputError

__all__ = [
    "CODES",
    "EMOTIONS",
    "EMOTION_OF_OBJECTIVE",
    "OBJECTIVE_CLASSES",
    "RULES",
    "VOCABULARIES",
    "AUToken",
    "LabelRule",
    "Vocabulary",
    "action_unit_set",
    "action_unit_sets",
    "map_emotion",
    "normalise_emotion",
    "normalise_emotions",
    "normalise_objective_class",
    "objective_class",
    "parse_action_units",
]

# ------------------------------------------------------------ emotions

EMOTIONS: Final = (
    "anger",
    "contempt",
    "disgust",
    "fear",
    "happiness",
    "sadness",
    "surprise",
    "repression",
    "tense",
    "neutral",
    "others",
    "negative",
    "positive",
)
"""Every emotion word the supported data sets use, after normalisation. The last two are SMIC's, CAS(ME)^2's
and 4DME's own coarse labels."""

_SPELLINGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        **{word: word for word in EMOTIONS},
        "angry": "anger",
        "comtempt": "contempt",  # CASME's workbooks
        "contemptuous": "contempt",
        "disgusted": "disgust",
        "afraid": "fear",
        "fearful": "fear",
        "happy": "happiness",  # CAS(ME)^3, JAFFE's readme
        "happniess": "happiness",
        "joy": "happiness",
        "sad": "sadness",
        "suprise": "surprise",
        "surprised": "surprise",
        "suppression": "repression",
        "repressed": "repression",
        "tension": "tense",
        "other": "others",  # SAMM: "Other"; CAS(ME)^3 mixes "Others" and "others"
    }
)

CODES: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        # the digits and letters of file names and id columns; "ne" is neutral in one and negative in the
        # other
        "ck-plus": dict(
            zip(
                "01234567",
                ["neutral", "anger", "contempt", "disgust", "fear", "happiness", "sadness", "surprise"],
                strict=True,
            )
        ),
        "dfme": dict(
            zip(
                "0123456",
                ["anger", "contempt", "disgust", "fear", "happiness", "sadness", "surprise"],
                strict=True,
            )
        ),
        "jaffe": dict(
            zip(
                ["an", "di", "fe", "ha", "ne", "sa", "su"],
                ["anger", "disgust", "fear", "happiness", "neutral", "sadness", "surprise"],
                strict=True,
            )
        ),
        "smic": {"ne": "negative", "po": "positive", "sur": "surprise"},
    }
)
"""Data set -> the codes it uses in place of words (CK+'s label files, DFME's EmotionId, JAFFE's and SMIC's
names)."""

_BLANKS: Final = frozenset({"", "-", "–", "/", "nan", "none", "null", "n/a", "na", "<na>"})
"""What the published sheets, and pandas, write where there is nothing."""


def _text(value: object) -> str | None:
    """The cell as text without outer blanks; ``None`` for an empty cell in any of its spellings."""
    if value is None:
        return None
    if isinstance(value, Real) and not isinstance(value, (bool, Integral)):
        number = float(value)
        if number != number:
            return None
        if number.is_integer():
            return str(int(number))  # Excel hands 4.0 for a cell that reads 4
    text = str(value).strip()
    return None if text.lower() in _BLANKS or text == "NaT" else text


def normalise_emotion(label: object, dataset: str | None = None) -> str | None:
    """The one spelling of an emotion label.

    Case, outer blanks and a final full stop do not matter; ``"comtempt"``, ``"Others"``, ``"happy"``,
    ``"sad"`` and ``"suprise"`` are known.

    Args:
        label: a cell of an annotation sheet, or a code.
        dataset: its name, where the label is one of its :data:`CODES` (``"3.0000000e+00"`` of CK+, ``"AN"``).

    Returns:
        A word of :data:`EMOTIONS`; ``None`` for an empty cell (``None``, NaN, ``"/"`` and the like).

    Raises:
        InputError: the word is not known: a new spelling must be decided upon, not guessed.
    """
    text = _text(label)
    if text is None:
        return None
    word = text.lower().rstrip(".").strip()
    codes = CODES.get(dataset or "", {})
    if codes and (code := re.sub(r"^0?(\d)(\.0*(e\+00)?)?$", r"\1", word)) in codes:
        return codes[code]
    if word not in _SPELLINGS:
        raise InputError(f"unknown emotion label {text!r}; known are {', '.join(EMOTIONS)}")
    return _SPELLINGS[word]


def normalise_emotions(label: object) -> tuple[str, ...]:
    """The emotions of a cell that may name several, as 4DME's do ("Negative, Repression").

    Args:
        label: a cell; words separated by comma, semicolon, plus, slash, ampersand or "and".

    Returns:
        Words of :data:`EMOTIONS` in the cell's order, each once; empty for an empty cell.

    Raises:
        InputError: one of the words is not known.
    """
    text = _text(label)
    if text is None:
        return ()
    words = (normalise_emotion(part) for part in re.split(r"[,;+/&]|\band\b", text))
    return tuple(dict.fromkeys(word for word in words if word is not None))


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """An ordered set of class labels; the order is the order of a model's outputs.

    Attributes:
        key: short name, a key of :data:`VOCABULARIES`.
        labels: the classes.
        words: what it is, for people.
    """

    key: str
    labels: tuple[str, ...]
    words: str

    def __len__(self) -> int:
        return len(self.labels)

    def index(self, label: str) -> int:
        """Position of ``label``.

        Raises:
            InputError: it is no class of this vocabulary.
        """
        if label not in self.labels:
            raise InputError(f"{label!r} is no class of {self.key!r} ({', '.join(self.labels)})")
        return self.labels.index(label)


VOCABULARIES: Final[Mapping[str, Vocabulary]] = MappingProxyType(
    {
        v.key: v
        for v in (
            Vocabulary(
                "three", ("negative", "positive", "surprise"), "three classes, as in MEGC 2019 and SMIC"
            ),
            Vocabulary("four", ("negative", "positive", "surprise", "others"), "three classes and the rest"),
            Vocabulary(
                "casme2-five",
                ("happiness", "disgust", "repression", "surprise", "others"),
                "the five classes usual for CASME II",
            ),
            Vocabulary(
                "samm-five",
                ("anger", "contempt", "happiness", "surprise", "others"),
                "the five classes usual for SAMM",
            ),
            Vocabulary(
                "mmew-four", ("happiness", "surprise", "disgust", "others"), "four classes of MMEW (MMNet)"
            ),
            Vocabulary(
                "six",
                ("anger", "disgust", "fear", "happiness", "sadness", "surprise"),
                "the six basic emotions",
            ),
            Vocabulary(
                "seven",
                ("anger", "contempt", "disgust", "fear", "happiness", "sadness", "surprise"),
                "seven emotions with contempt, in DFME's and CK+'s order",
            ),
            Vocabulary(
                "seven-others",
                ("anger", "disgust", "fear", "happiness", "others", "sadness", "surprise"),
                "six emotions and others: CAS(ME)^3 and MMEW",
            ),
            Vocabulary(
                "seven-neutral",
                ("anger", "disgust", "fear", "happiness", "neutral", "sadness", "surprise"),
                "six emotions and neutral: JAFFE and MUG",
            ),
            Vocabulary(
                "objective", ("I", "II", "III", "IV", "V", "VI", "VII"), "objective classes (Davison 2017)"
            ),
            Vocabulary("objective-five", ("I", "II", "III", "IV", "V"), "objective classes of MEGC 2018"),
        )
    }
)
"""Key -> vocabulary. Objective classes are labels of their own (:func:`objective_class`); no rule maps to
them."""


@dataclass(frozen=True, slots=True)
class LabelRule:
    """How emotion words become the classes of a vocabulary.

    A word that is in neither table is left out of the task.

    Attributes:
        key: short name, a key of :data:`RULES`.
        vocabulary: key of the vocabulary mapped to.
        general: word -> class for data sets without a table of their own; ``None`` where the rule is
            defined for the data sets in ``by_dataset`` only.
        by_dataset: data set -> its own, complete table.
        words: where the rule comes from.
    """

    key: str
    vocabulary: str
    general: Mapping[str, str] | None
    by_dataset: Mapping[str, Mapping[str, str]]
    words: str

    def table(self, dataset: str | None = None) -> Mapping[str, str]:
        """Word -> class for one data set.

        Raises:
            InputError: the rule says nothing of this data set.
        """
        if dataset is not None and dataset in self.by_dataset:
            return self.by_dataset[dataset]
        if self.general is None:
            known = ", ".join(self.by_dataset)
            raise InputError(
                f"label rule {self.key!r} is defined for {known}, not for {dataset or 'any data set'}"
            )
        return self.general


def _table(**classes: str) -> Mapping[str, str]:
    return MappingProxyType({word: label for label, words in classes.items() for word in words.split()})


def _same(vocabulary: str) -> Mapping[str, str]:
    return MappingProxyType({label: label for label in VOCABULARIES[vocabulary].labels})


_SMIC = _same("three")
_COARSE = {
    "negative": "negative anger contempt disgust fear sadness",
    "positive": "positive happiness",
    "surprise": "surprise",
}

RULES: Final[Mapping[str, LabelRule]] = MappingProxyType(
    {
        r.key: r
        for r in (
            LabelRule(
                "megc2019",
                "three",
                None,
                MappingProxyType(
                    {
                        # 88 = disgust and repression only; others, fear and sadness are left out
                        "casme2": _table(
                            negative="disgust repression", positive="happiness", surprise="surprise"
                        ),
                        "samm": _table(
                            negative="anger contempt disgust fear sadness",
                            positive="happiness",
                            surprise="surprise",
                        ),
                        "smic": _SMIC,
                    }
                ),
                "MEGC 2019 composite: SMIC-HS as it is, CASME II and SAMM by estimated emotion",
            ),
            LabelRule(
                "three",
                "three",
                # repression counts as negative, as in MEGC 2019; others, tense and neutral are left out
                _table(**{**_COARSE, "negative": _COARSE["negative"] + " repression"}),
                MappingProxyType({}),
                "any data set to three classes; also CAS(ME)^3 without its others (699 clips)",
            ),
            LabelRule(
                "four",
                "four",
                _table(**_COARSE, others="others repression tense"),
                MappingProxyType({"smic": _SMIC}),
                "AKMNet: tense and repression join the others, SMIC keeps three; also for CAS(ME)^3",
            ),
            LabelRule(
                "dtscnn-four",
                "four",
                None,
                MappingProxyType(
                    {
                        name: _table(
                            negative="disgust sadness fear",
                            positive="happiness",
                            surprise="surprise",
                            others="others repression tense contempt",
                        )
                        for name in ("casme", "casme2")
                    }
                ),
                "DTSCNN (2017), CASME and CASME II together: contempt counts as others",
            ),
            LabelRule(
                "casme2-five",
                "casme2-five",
                None,
                MappingProxyType({"casme2": _same("casme2-five")}),
                "CASME II: fear and sadness left out",
            ),
            LabelRule(
                "samm-five",
                "samm-five",
                None,
                MappingProxyType({"samm": _same("samm-five")}),
                "SAMM: disgust, fear and sadness left out",
            ),
            LabelRule(
                "mmew-four",
                "mmew-four",
                None,
                MappingProxyType({"mmew": _same("mmew-four")}),
                "MMEW as in MMNet: anger, fear and sadness left out",
            ),
            LabelRule(
                "six", "six", _same("six"), MappingProxyType({}), "the six basic emotions of any data set"
            ),
            LabelRule("seven", "seven", _same("seven"), MappingProxyType({}), "DFME's and CK+'s own labels"),
            LabelRule(
                "seven-others",
                "seven-others",
                _same("seven-others"),
                MappingProxyType({}),
                "CAS(ME)^3's and MMEW's own labels",
            ),
            LabelRule(
                "seven-neutral",
                "seven-neutral",
                _same("seven-neutral"),
                MappingProxyType({}),
                "JAFFE's and MUG's own labels",
            ),
        )
    }
)
"""Key -> rule. Data sets go by the names of the command line (``casme2``, ``cas-me-3``, …)."""


def map_emotion(emotion: object, rule: str, dataset: str | None = None) -> str | None:
    """The class of a raw emotion label under a rule.

    Args:
        emotion: the label as the data set writes it; one word or code.
        rule: a key of :data:`RULES`.
        dataset: the data set's name; needed where the rule depends on it.

    Returns:
        A class of the rule's vocabulary; ``None`` where the rule leaves the clip out or the cell is empty.

    Raises:
        InputError: unknown word or rule, or a rule that says nothing of this data set.
    """
    if rule not in RULES:
        raise InputError(f"there is no label rule {rule!r}; choose one of {', '.join(RULES)}")
    table = RULES[rule].table(dataset)
    word = normalise_emotion(emotion, dataset)
    return None if word is None else table.get(word)


# ------------------------------------------------------------ objective classes

OBJECTIVE_CLASSES: Final[Mapping[str, tuple[frozenset[int], ...]]] = MappingProxyType(
    {
        name: tuple(frozenset(map(int, units.split("+"))) for units in row.split())
        for name, row in {
            "I": "6 12 6+12 6+7+12 7+12",
            "II": "1+2 5 25 1+2+25 25+26 5+24",
            "III": "23 4 4+7 4+5 4+5+7 17+24 4+6+7 4+38",
            "IV": "10 9 4+9 4+40 4+5+40 4+7+9 4+9+17 4+7+10 4+5+7+9 7+10",
            "V": "1 15 1+4 6+15 15+17",
            "VI": "1+2+4 20",
        }.items()
    }
)
"""Class -> the sets of action units that make it (Davison 2017). Whatever is not listed is VII."""

EMOTION_OF_OBJECTIVE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "I": "happiness",
        "II": "surprise",
        "III": "anger",
        "IV": "disgust",
        "V": "sadness",
        "VI": "fear",
        "VII": "others",
    }
)
"""The emotion each objective class is linked with; the classes themselves claim none."""

_CLASS_OF: Final = {units: name for name, sets in OBJECTIVE_CLASSES.items() for units in sets}


def objective_class(aus: Iterable[int]) -> str:
    """Objective class of a set of action units.

    The table is of exact sets: AU1+2 is II, AU1+2+12 is VII. Sides and intensities do not count. The
    published columns of objective classes do not agree with one another everywhere, so none of them is
    this table row by row: where a protocol names a column, take the column.

    Args:
        aus: FACS numbers, in any order, repeats allowed.

    Returns:
        ``"I"`` to ``"VII"``; VII also for no unit at all.
    """
    return _CLASS_OF.get(frozenset(int(au) for au in aus), "VII")


def normalise_objective_class(label: object) -> str | None:
    """``"I"`` to ``"VII"`` from a sheet's numeral or number (``"iv"``, ``4``, ``"4.0"``, ``"Class IV"``).

    Returns:
        ``None`` for an empty cell.

    Raises:
        InputError: it is neither a numeral nor a number from 1 to 7.
    """
    text = _text(label)
    if text is None:
        return None
    names = VOCABULARIES["objective"].labels
    word = re.sub(r"^class\s*", "", text, flags=re.IGNORECASE).upper()
    word = re.sub(r"\.0+$", "", word)
    if word in names:
        return word
    if word.isascii() and word.isdigit() and 1 <= int(word) <= len(names):
        return names[int(word) - 1]
    raise InputError(f"unknown objective class {text!r}; known are I to VII")


# ------------------------------------------------------------ action-unit strings

Side = Literal["both", "left", "right"]

_FACS: Final = frozenset({1, 2, *range(4, 47), *range(50, 75), 80, 81, 82, 84, 85, 91, 92, 97, 98})
"""The numbers that FACS assigns: action units, descriptors, head and eye positions, visibility codes."""


@dataclass(frozen=True, slots=True)
class AUToken:
    """One piece of an action-unit string.

    Attributes:
        text: the piece as it stands in the string.
        au: FACS number; ``None`` for a piece that could not be read (never dropped: it stays here).
        side: ``"left"`` or ``"right"`` (the person's own) where the string says so, else ``"both"``.
        intensity: ``"A"`` (trace) to ``"E"`` (maximum), ``"A/B"`` for in between; ``None`` where not given.
        alternative_group: pieces with the same number are alternatives ("12 or 14"): one of them was seen.
        uncertain: the coder put a question mark, or the string can be read in more than one way.
        remark: a suffix in brackets without a published meaning, such as 4DME's ``"(k)"``.
    """

    text: str
    au: int | None = None
    side: Side = "both"
    intensity: str | None = None
    alternative_group: int | None = None
    uncertain: bool = False
    remark: str = ""


_UNIT: Final = re.compile(
    r"""
    (?P<before>\?*) \s*
    (?: AUs?\s*[-_.:]? \s* )?
    (?: (?P<asymmetric>A)\s*/?\s*(?=[LR]?\s*\d) )?
    (?: (?P<side>Left|Right|L|R) \s* )?
    (?: AU\s* )?
    0?(?P<au>[1-9]\d?) (?!\d)
    (?P<intensity> [A-E](?:\s*[/–-]\s*[A-E])? (?![A-Za-z0-9]) )?
    (?: (?P<after>[LR]) (?![A-Za-z]) (?!\s*\d) )?
    (?! [A-Za-z] | \.\d )
    (?P<marks> (?: \s*\? | \s*\(\s*[A-Za-z?]\s*\) )* )
    """,
    re.VERBOSE | re.IGNORECASE,
)
_OR: Final = re.compile(r"or\b|\||/", re.IGNORECASE)
_AND: Final = re.compile(r"and\b|[+,;&]", re.IGNORECASE)
_JUNK: Final = re.compile(r"[^\s+,;&|()]+")


def parse_action_units(text: object) -> tuple[AUToken, ...]:
    """Read an action-unit string of any supported data set.

    Decisions, each made once here:

    * Units are joined by ``+``, comma, semicolon, ``&``, "and" or a blank. "AU" before a number is
      allowed, and case does not matter.
    * A side is a letter before the unit (``L12``) or after it (``12L``, ``12(L)``).
    * Intensity is a letter A–E right after the number; ``10A/B`` (between two) gives ``"A/B"``.
    * An ``A`` before a unit is FACS's asymmetry, not an intensity: ``A12`` has both sides, ``AL12`` and
      SAMM's ``A/L12`` the left; both count as uncertain, since one side is only stronger or the coder left
      it open.
    * "or" (also ``|``, and ``/`` between units) makes alternatives: the units around it get one group number.
      Brackets bound them: in ``(R6 or R12)+R15`` the 15 is sure. Without brackets, ``12 or 14+15`` is read as
      (12 or 14)+15 and its alternatives are marked uncertain, since 12 or (14+15) may have been meant; so are
      those of ``(4+7) or 12``, which a flat list cannot express.
    * ``?`` before or after a unit makes it uncertain. A lone ``?`` is a piece without a number, uncertain.
    * One letter in brackets after a unit, 4DME's ``4(k)``, is kept as a remark and changes nothing else.
    * An empty cell (``None``, NaN, blanks, ``"/"``, ``"-"``, ``"N/A"``) gives no piece at all. A number, as
      Excel hands it over (``4`` or ``4.0``), is read as its text.
    * Whatever cannot be read (a word, ``"47"`` for a forgotten plus, a number FACS does not know, 0, a
      bracket without its partner) comes back as a piece with ``au=None``; nothing is guessed.

    Args:
        text: the cell.

    Returns:
        The pieces in the string's order. Never raises.
    """
    cell = _text(text)
    if cell is None:
        return ()
    tokens: list[AUToken] = []
    links: list[_Or] = []
    loose = _unmatched(cell)
    levels = [_Level(0)]
    position = 0
    while position < len(cell):
        level, character = levels[-1], cell[position]
        end = position + 1
        if character.isspace():
            pass
        elif character == "(" and position not in loose:
            levels.append(_Level(len(tokens)))
        elif character == ")" and position not in loose:
            links += levels.pop().ors()
            if len(tokens) > level.first:
                levels[-1].add(range(level.first, len(tokens)))
        elif (unit := _UNIT.match(cell, position)) and int(unit["au"]) in _FACS:
            end = unit.end()
            tokens.append(_unit(unit))
            level.add(range(len(tokens) - 1, len(tokens)))
        elif joint := _OR.match(cell, position):
            end = joint.end()
            level.either = bool(level.operands)
        elif joint := _AND.match(cell, position):
            end = joint.end()
            level.either = False
        else:
            junk = _JUNK.match(cell, position)
            end = junk.end() if junk else end
            tokens.append(AUToken(cell[position:end], uncertain="?" in cell[position:end]))
            level.add(range(len(tokens) - 1, len(tokens)))
        position = end
    return _grouped(tokens, links + levels[0].ors())


@dataclass(frozen=True, slots=True)
class _Or:
    """One "or": the tokens on its two sides, and whether other units stand beside it on the same level."""

    left: range
    right: range
    mixed: bool


@dataclass(slots=True)
class _Level:
    """One bracket level while it is read: its operands (ranges of tokens) and how they are joined."""

    first: int
    operands: list[range] = field(default_factory=list)
    either: bool = False
    pairs: list[tuple[range, range]] = field(default_factory=list)

    def add(self, operand: range) -> None:
        if self.either:
            self.pairs.append((self.operands[-1], operand))
        self.operands.append(operand)
        self.either = False

    def ors(self) -> list[_Or]:
        mixed = len(self.pairs) < len(self.operands) - 1
        return [_Or(left, right, mixed) for left, right in self.pairs]


def _unmatched(cell: str) -> set[int]:
    """Positions of brackets without a partner."""
    opened: list[int] = []
    lonely: set[int] = set()
    for position, character in enumerate(cell):
        if character == "(":
            opened.append(position)
        elif character == ")":
            if opened:
                opened.pop()
            else:
                lonely.add(position)
    return lonely | set(opened)


def _unit(match: re.Match[str]) -> AUToken:
    marks = re.sub(r"\s", "", match["marks"])
    brackets = re.findall(r"\(([A-Za-z])\)", marks)
    letter = next((b for b in (match["side"], match["after"], *brackets) if b and b[0] in "lLrR"), None)
    intensity = match["intensity"]
    return AUToken(
        text=match.group().strip(),
        au=int(match["au"]),
        side="both" if letter is None else "left" if letter[0] in "lL" else "right",
        intensity=None if intensity is None else re.sub(r"\s*[/–-]\s*", "/", intensity).upper(),
        uncertain=bool(match["before"]) or "?" in marks or match["asymmetric"] is not None,
        remark="".join(f"({b})" for b in brackets if b not in "lLrR"),
    )


def _grouped(tokens: list[AUToken], ors: list[_Or]) -> tuple[AUToken, ...]:
    """Number the alternatives; mark those whose extent the string leaves open."""
    group = list(range(len(tokens)))  # the first token of each token's group
    unsure: set[int] = set()
    grouped: set[int] = set()
    for link in ors:
        members = {*link.left, *link.right}
        if link.mixed or any(len({group[i] for i in side}) > 1 for side in (link.left, link.right)):
            unsure |= members
        roots = {group[i] for i in members}
        group = [min(roots) if g in roots else g for g in group]
        grouped |= members
    numbers = {root: n for n, root in enumerate(sorted({group[i] for i in grouped}))}
    return tuple(
        replace(
            token,
            alternative_group=numbers[group[i]] if i in grouped else None,
            uncertain=token.uncertain or i in unsure,
        )
        for i, token in enumerate(tokens)
    )


def action_unit_set(tokens: Iterable[AUToken]) -> frozenset[int]:
    """Every FACS number that the pieces name, alternatives included, unread pieces left out."""
    return frozenset(token.au for token in tokens if token.au is not None)


def action_unit_sets(tokens: Iterable[AUToken]) -> tuple[frozenset[int], ...]:
    """The sets of action units that the pieces allow: one for each choice among the alternatives.

    ``(R6 or R12)+R15`` allows {6, 15} and {12, 15}.

    Args:
        tokens: from :func:`parse_action_units`.

    Returns:
        At least one set (the empty one for no pieces), each once, in the string's order.
    """
    sure: set[int] = set()
    groups: dict[int, list[int]] = {}
    for token in tokens:
        if token.au is None:
            continue
        if token.alternative_group is None:
            sure.add(token.au)
        else:
            groups.setdefault(token.alternative_group, []).append(token.au)
    return tuple(
        dict.fromkeys(frozenset(sure.union(choice)) for choice in itertools.product(*groups.values()))
    )
