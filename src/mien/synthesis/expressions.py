"""What a face does when something is felt: action units, their sides, strengths and timing.

:data:`PROTOTYPES` says which combinations of action units speak for an emotion and how often; drawing one
(:func:`draw_expression`) then makes it as ambiguous as life: a unit is missing, one of another emotion is
mixed in, one side moves alone or leads, units start a few milliseconds apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mien.errors import InputError
from mien.events import EventKind
from mien.labels import objective_class
from mien.records import Side, UnitOnFace
from mien.synthesis.actions import UNITS
from mien.synthesis.profiles import UNSEEN, Profile, sample_profile, unseen_ends

__all__ = [
    "COARSE",
    "FELT",
    "FREQUENCIES",
    "PIXEL",
    "PROTOTYPES",
    "STYLES",
    "ExpressionPlan",
    "Track",
    "draw_emotion",
    "draw_expression",
    "fine_emotion",
]

PIXEL: Final = 1 / 61
"""One pixel of a 128-pixel face crop, in which the outer eye corners are 61 pixels apart, in outer-eye
distances."""

# ------------------------------------------------------------ which units


def _rows(text: str) -> tuple[tuple[frozenset[int], float, float], ...]:
    rows = []
    for item in text.split():
        units, weights = item.split(":")
        casme2, _, dfme = weights.partition("/")
        rows.append((frozenset(map(int, units.split("+"))), float(casme2), float(dfme or casme2)))
    return tuple(rows)


PROTOTYPES: Final[Mapping[str, tuple[tuple[frozenset[int], float, float], ...]]] = MappingProxyType(
    {
        emotion: _rows(text)
        for emotion, text in {
            "happiness": "12:50/24 6+12:2/21 7+12:15/7 6+7+12:1/8 12+14:4/4 14:7/4 6:2/13 12+25:9/4"
            " 6+12+25:1/10 10+12:6/3 1+2+12:3/2",
            "surprise": "1+2:45/20 2:7/4 1:4/1 5:4/13 1+2+5:13/34 1+2+25:8/4 25:2/1 1+2+5+25:5/14 1+2+26:4/2"
            " 25+26:2/1 5+24:2/4 1+2+4:4/2",
            "anger": "4:27 4+7:16 4+5:7 4+5+7:5 23:8 17+24:6 4+6+7:3 24:6 7:5 4+17:4 4+10:4 14:4 4+23:5",
            "disgust": "4+7:26 4:23 4+9:5 4+10:10 10:6 9:2 4+7+9:4 4+7+10:11 4+9+17:3 4+5+7+9:1 7+10:3"
            " 4+7+17:3 4+6+7:3",
            "sadness": "1:7 15:7 1+4:12 6+15:2 15+17:7 4:12 4+14:7 14:12 24:11 17:4 4+15:4 17+24:6 1+4+15:4"
            " 4+7:4",
            "fear": "1+2+4:13 20:9 4:10 4+5:5 4+7:17 5:6 1+4+5:3 4+5+20:2 20+25:4 1+2:7 1+4:3 14:3 7:12 24:2"
            " 1+2+5:4",
            "contempt": "12:37 14:18 12+14:8 10+12:6 10:5 7+12:7 14+24:4 4+12:6 6+12:5 4:4",
            "repression": "15:11 17:18 15+17:32 14+17:6 24:5 17+24:7 14:4 23:3 15+17+24:5 12+17:3 12+15+17:2"
            " 4+15:3",
            "tense": "4:20 24:10 17:6 23:5 4+24:7 14:12 1+4:4 7:8 4+7:10 4+7+24:3 20:5 18:4 15:4 1:2",
            "others": "4:38 4+7:13 4+14:8 14:8 2:3 1:2 18:2 16+25:2 4+5:3 12:4 17:3 24:2 4+17:4 4+16:2"
            " 18+25:2 7:3",
        }.items()
    }
)
"""Emotion -> (action units, weight in CASME II, weight in DFME).

Each emotion has its combinations of Davison's objective classes, and others that the sheets show. With the
weights, and once units have been left out and mixed in as below, the share of clips with a unit is the
counted one. Where units were counted in one of the two sets only, both have its weights.
"""

FELT: Final = tuple(PROTOTYPES)
"""The emotions a person can feel here."""

STYLES: Final = ("casme2", "dfme", "mixed")
"""Whose share of units: CASME II's, DFME's, or the mean of both."""

PARTIAL, MIXED = 0.12, 0.10  # chance that a unit of several is missing; that one of another emotion is added
SAME_SIDE = 0.9  # one-sided units of an expression mostly share their side

_OPPOSED: Final = tuple(
    frozenset(pair)
    for pair in [(12, 15), (24, 25), (24, 26), (23, 25), (23, 26), (18, 20), (17, 26), (17, 25), (5, 7)]
)
"""Units that undo each other: never mixed in on purpose."""

_ONE_SIDED: Final[Mapping[int, float]] = MappingProxyType(
    dict(zip((1, 2, 4, 5, 6, 7, 9), (0.08, 0.20, 0.06, 0.05, 0.12, 0.10, 0.10), strict=True))
    | dict(zip((10, 12, 14, 15, 16, 20), (0.25, 0.22, 0.45, 0.20, 0.10, 0.20), strict=True))
)
"""Chance that a unit shows on one side only. Units that are not here lie on the middle line."""
_CONTEMPT_ONE_SIDED: Final = 0.8  # of 10, 12, 14: the mark of contempt

# ------------------------------------------------------------ which emotion


def _counts(text: str) -> Mapping[str, float]:
    return MappingProxyType({word: float(n) for word, _, n in (pair.partition(":") for pair in text.split())})


FREQUENCIES: Final[Mapping[str, Mapping[str, float]]] = MappingProxyType(
    {
        "balanced": dict.fromkeys(FELT, 1.0),
        "seven": _counts("anger:1 contempt:1 disgust:1 fear:1 happiness:1 sadness:1 surprise:1"),
        "casme": _counts(
            "tense:69 disgust:44 repression:38 surprise:20 happiness:9 sadness:6 fear:2 contempt:1"
        ),
        "casme2": _counts("others:99 disgust:63 happiness:32 repression:27 surprise:25 sadness:7 fear:2"),
        "samm": _counts("anger:57 others:26 happiness:26 surprise:15 contempt:12 disgust:9 fear:8 sadness:6"),
        "smic": _counts("negative:70 positive:51 surprise:43"),
        "smic-vis": _counts("positive:28 negative:24 surprise:19"),
        "cas-me-3": _counts("disgust:250 surprise:187 others:161 fear:86 anger:64 sadness:57 happiness:55"),
        "cas-me-3-c": _counts("negative:99 surprise:30 others:20 positive:16"),
        "mmew": _counts("surprise:89 disgust:72 others:66 happiness:36 fear:16 sadness:13 anger:8"),
        "dfme": _counts("disgust:735 surprise:447 fear:365 sadness:359 happiness:311 anger:241 contempt:171"),
    }
)
"""Name -> clips of each emotion in that data set (DFME: training, test A and B). ``"smic"`` is its
high-speed part."""

COARSE: Final[Mapping[str, Mapping[str, float]]] = MappingProxyType(
    {
        "positive": _counts("happiness:1"),
        "negative": _counts("disgust:30 fear:20 sadness:15 anger:15 repression:10 contempt:10"),
    }
)
"""Coarse label -> the emotions felt under it, with their weights; each maps back to it under the label rule
``three``."""


def fine_emotion(rng: np.random.Generator, emotion: str) -> str:
    """An emotion that can be felt: ``emotion`` itself, or one drawn from those of a coarse label.

    Raises:
        InputError: the studio cannot act it (``"neutral"``, a word that is none).
    """
    if emotion in COARSE:
        return _one_of(rng, COARSE[emotion])
    if emotion not in PROTOTYPES:
        raise InputError(f"no expression for {emotion!r}; choose one of {', '.join((*FELT, *COARSE))}")
    return emotion


def draw_emotion(rng: np.random.Generator, frequencies: str | Mapping[str, float] = "balanced") -> str:
    """An emotion by the class frequencies of a data set, coarse labels made fine.

    Args:
        rng: source of chance.
        frequencies: a key of :data:`FREQUENCIES`, or emotion -> weight.

    Raises:
        InputError: there are no such frequencies or no such emotion.
    """
    if isinstance(frequencies, str):
        if frequencies not in FREQUENCIES:
            raise InputError(f"no class frequencies {frequencies!r}; choose one of {', '.join(FREQUENCIES)}")
        frequencies = FREQUENCIES[frequencies]
    return fine_emotion(rng, _one_of(rng, frequencies))


def _one_of(rng: np.random.Generator, weights: Mapping[str, float]) -> str:
    share = np.array(list(weights.values()), np.float64)
    return list(weights)[int(rng.choice(len(share), p=share / share.sum()))]


# ------------------------------------------------------------ the plan


@dataclass(frozen=True, slots=True)
class Track:
    """What one unit does on one side.

    Attributes:
        au: FACS number.
        side: 0 right, 1 left: the person's own.
        level: its peak, above 0 and at most 1.
        start_s: when it sets in, seconds after the expression's onset.
        profile: how it comes and goes.
    """

    au: int
    side: int
    level: float
    start_s: float
    profile: Profile

    @property
    def end_s(self) -> float:
        """When it is over."""
        return self.start_s + self.profile.duration_s

    def __call__(self, t: ArrayLike) -> NDArray[np.float64]:
        """Activation at ``t`` seconds after the expression's onset."""
        t = np.asarray(t, np.float64)
        # t - start_s < duration_s may hold at the very end, by rounding
        return np.where(t < self.end_s, self.level * self.profile(t - self.start_s), 0.0)


@dataclass(frozen=True, slots=True)
class ExpressionPlan:
    """One expression, not yet placed in time.

    Attributes:
        kind: ``"micro"`` or ``"macro"``.
        emotion: what is felt; the units may speak for another.
        units: the action units, strongest first; the strongest has strength 1.
        size: peak displacement of the face that is aimed at, outer-eye distances.
        tracks: what each unit does on each side.
        duration_s: from the start of the first track (time 0) to the end of the last.
        apex_s: when the sum of all activations is largest.
    """

    kind: EventKind
    emotion: str
    units: tuple[UnitOnFace, ...]
    size: float
    tracks: tuple[Track, ...]
    duration_s: float
    apex_s: float

    @property
    def objective(self) -> str:
        """Objective class of the units, ``"I"`` to ``"VII"``."""
        return objective_class(unit.au for unit in self.units)

    def activation(self, t: ArrayLike) -> NDArray[np.float64]:
        """Activations at times ``t`` (T,) after the onset: (T, U, 2) by unit and side (right, left)."""
        t = np.asarray(t, np.float64)
        values = np.zeros((len(t), len(UNITS), 2))
        for track in self.tracks:
            values[:, UNITS.index(track.au), track.side] = track(t)
        return values

    def at_apex(self) -> NDArray[np.float64]:
        """Activations (U, 2) at the apex: what a head is given to find the gain that yields ``size``."""
        peak: NDArray[np.float64] = self.activation([self.apex_s])[0]
        return peak

    def describe(self) -> dict[str, Any]:
        """Every parameter, ready for JSON."""
        return {**asdict(self), "objective": self.objective}


def draw_expression(
    rng: np.random.Generator,
    emotion: str | None = None,
    *,
    frequencies: str | Mapping[str, float] = "balanced",
    kind: EventKind = "micro",
    style: str | None = None,
    durations: str | None = None,
) -> ExpressionPlan:
    """Draw an expression.

    Args:
        rng: source of chance.
        emotion: what is felt, or a coarse label; by default drawn by ``frequencies``.
        frequencies: a key of :data:`FREQUENCIES`, or emotion -> weight.
        kind: ``"micro"`` or ``"macro"``; macro-expressions are larger, longer, more complete and less often
            one-sided.
        style: one of :data:`STYLES`; by default that of the set that ``frequencies`` names.
        durations: a key of ``profiles.DURATIONS``; by default CASME II's or DFME's as the style, or macro's.

    Raises:
        InputError: an unknown name.
    """
    felt = draw_emotion(rng, frequencies) if emotion is None else fine_emotion(rng, emotion)
    named = frequencies if isinstance(frequencies, str) else ""
    style = style or {"dfme": "dfme", "balanced": "mixed", "seven": "mixed", "": "mixed"}.get(named, "casme2")
    if style not in STYLES:
        raise InputError(f"no style {style!r}; choose one of {', '.join(STYLES)}")
    if durations is None and kind == "micro":
        durations = "dfme" if style == "dfme" else "casme2"
    units = _draw_units(rng, felt, kind, style)
    profile = sample_profile(rng, kind, durations)
    return _timed(rng, kind, felt, units, _draw_size(rng, kind), profile)


def _draw_size(rng: np.random.Generator, kind: EventKind) -> float:
    """Micro: a third of a pixel to four, most near one. Macro: three to twelve."""
    median, spread, low, high = (1.05, 0.6, 1 / 3, 4) if kind == "micro" else (6, 0.4, 3, 12)
    while True:
        pixels = median * np.exp(spread * rng.standard_normal())
        if low <= pixels <= high:
            return float(pixels * PIXEL)


def _combination(rng: np.random.Generator, emotion: str, style: str) -> list[int]:
    rows = PROTOTYPES[emotion]
    weights = np.array([row[1:] for row in rows], np.float64)
    weights /= weights.sum(axis=0)
    share = weights @ {"casme2": (1, 0), "dfme": (0, 1), "mixed": (0.5, 0.5)}[style]
    return sorted(rows[int(rng.choice(len(rows), p=share))][0])


def _draw_units(
    rng: np.random.Generator, emotion: str, kind: EventKind, style: str
) -> tuple[UnitOnFace, ...]:
    aus = _combination(rng, emotion, style)
    ease = 1.0 if kind == "micro" else 0.5  # what is shown at length is shown more fully
    if len(aus) > 1 and rng.random() < PARTIAL * ease:
        aus.pop(int(rng.integers(len(aus))))
    strength = dict(zip(aus, rng.uniform(0.35, 1.0, len(aus)), strict=True))
    if rng.random() < MIXED * ease:
        other = str(rng.choice([e for e in FELT if e != emotion]))
        added = int(rng.choice(_combination(rng, other, style)))
        if added not in aus and not any(frozenset((added, au)) in _OPPOSED for au in aus):
            strength[added] = float(rng.uniform(0.3, 0.7)) * max(strength.values())
    main: Side = "left" if rng.random() < 0.5 else "right"
    other_side: Side = "right" if main == "left" else "left"
    units = []
    for au, value in strength.items():
        chance = _ONE_SIDED.get(au, 0.0) * ease
        if emotion == "contempt" and au in (10, 12, 14):
            chance = _CONTEMPT_ONE_SIDED
        one_sided, same = rng.random(2) < (chance, SAME_SIDE)
        side: Side = "both" if not one_sided else main if same else other_side
        units.append(UnitOnFace(au, side, float(value)))
    top = max(unit.strength for unit in units)
    units = [replace(unit, strength=unit.strength / top) for unit in units]
    return tuple(sorted(units, key=lambda unit: (-unit.strength, unit.au)))


# ------------------------------------------------------------ timing


def _timed(
    rng: np.random.Generator,
    kind: EventKind,
    emotion: str,
    units: tuple[UnitOnFace, ...],
    size: float,
    profile: Profile,
) -> ExpressionPlan:
    """Give each unit on each side its own moment and find the peak of the whole."""
    looseness = 1.0
    while True:
        tracks = _tracks(rng, units, profile, looseness)
        duration_s = max(track.end_s for track in tracks)
        grid = np.linspace(0, duration_s, 251)
        if max(unseen_ends(_summed(tracks, grid))) < UNSEEN + 0.005:
            return ExpressionPlan(kind, emotion, units, size, tracks, duration_s, _peak(tracks, duration_s))
        looseness *= 0.7  # a faint unit ran so far ahead that the beginning could not be seen


def _tracks(
    rng: np.random.Generator, units: tuple[UnitOnFace, ...], profile: Profile, looseness: float
) -> tuple[Track, ...]:
    rise, fall = profile.rise_s, profile.fall_s
    leading = int(rng.integers(2))
    side_lag = looseness * min(rng.uniform(0, 0.015), 0.1 * rise, 0.2 * fall)
    weaker = rng.uniform(0.7, 1.0)
    placed: list[tuple[int, int, float, float, float, float]] = []
    for unit in units:
        # begins up to 40 ms late, peaks a little off, is over up to 60 ms early
        late = looseness * min(rng.exponential(0.012), 0.040, 0.25 * rise)
        off = looseness * rng.uniform(-1, 1) * min(0.020, 0.12 * rise, 0.12 * fall)
        early = looseness * min(rng.exponential(0.015), 0.060, 0.25 * fall)
        for side in (0, 1):
            if unit.side != "both" and side != ("right", "left").index(unit.side):
                continue
            lags = unit.side == "both" and unit.au in _ONE_SIDED and side != leading
            lag, level = (side_lag, unit.strength * weaker) if lags else (0.0, unit.strength)
            placed.append((unit.au, side, level, late + lag, rise + off + lag, rise + fall - early))
    first, last = min(p[3] for p in placed), max(p[5] for p in placed)
    pace = (rise + fall) / (last - first)  # the whole lasts as long as was drawn
    return tuple(
        Track(
            au,
            side,
            float(level),
            float((start - first) * pace),
            profile.stretched(float((apex - start) * pace), float((end - apex) * pace)),
        )
        for au, side, level, start, apex, end in placed
    )


def _summed(tracks: tuple[Track, ...], t: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.sum([track(t) for track in tracks], axis=0), np.float64)


def _peak(tracks: tuple[Track, ...], duration_s: float) -> float:
    """When the sum is largest: every top of a grid that comes near the highest is narrowed down."""
    n = max(500, int(duration_s / 0.002))
    times = np.linspace(0, duration_s, n + 1)
    total = _summed(tracks, times)
    inner = total[1:-1]
    tops = 1 + np.flatnonzero((inner >= total[:-2]) & (inner >= total[2:]) & (inner > 0.98 * total.max()))
    best, height = 0.0, -1.0
    for top in times[tops]:
        step = duration_s / n
        for _ in range(5):
            near = np.append(np.linspace(top - step, top + step, 31), top)
            values = _summed(tracks, near)
            top = near[np.argmax(values)]
            step /= 12
        if values.max() > height:
            best, height = float(top), float(values.max())
    return best
