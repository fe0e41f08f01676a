"""Every sentence of the report that depends on what was found: numbers, directions and reasons in words."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from mien.anatomy import ACTION_UNITS, REGIONS
from mien.events import MICRO_MAX_S, ActionUnit, Analysis, Event, RegionMotion, Span

__all__ = [
    "NBSP",
    "POINTS",
    "absence",
    "action_unit",
    "amount",
    "answer",
    "attention",
    "begin",
    "clock",
    "confidence",
    "counted",
    "direction",
    "distance",
    "duration",
    "frames_counted",
    "hangs_on",
    "interval",
    "is_long",
    "kind",
    "listed",
    "moved",
    "open_ends",
    "percent",
    "points",
    "rate",
    "reason",
    "region",
    "region_moved",
    "seconds",
    "spans_by_reason",
    "unscored_share",
    "weights",
    "weights_range",
]

NBSP = "\N{NO-BREAK SPACE}"

_LONG_S = 120.0
"""From here on, times are written as minutes and seconds."""

POINTS = 0.02
"""A change of a probability that is worth a word: two percentage points."""

_REGIONS = {r.key: r for r in REGIONS}

_REASONS = {
    "lost": "no face was found",
    "turned": "the face was turned away from the camera",
    "blurred": "the face was out of focus",
    "covered": "the face was partly covered, for example by a hand or hair",
    "small": "the face was too small in the picture",
    "shaken": "the head or the camera moved too fast, or the picture cut to another shot",
    "blink": "blink",
}

_KINDS = {"micro": "micro-expression", "macro": "macro-expression"}
_SIDES = {"both": "both sides", "left": "left side", "right": "right side"}


# Numbers


def counted(n: int, one: str, many: str | None = None) -> str:
    """``"1 blink"``, ``"2 blinks"``, ``"no blinks"``."""
    word = one if n == 1 else (many or f"{one}s")
    return f"{n or 'no'} {word}"


def amount(value: float, digits: int = 2) -> str:
    """A number with so many significant digits, never in powers of ten."""
    if not math.isfinite(value):
        return "unknown"
    if value == 0:
        return "0"
    places = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    return f"{value:.{min(places, 6)}f}"


def percent(share: float) -> str:
    """A share of one in whole per cent; what is neither nothing nor everything never reads as such."""
    if not math.isfinite(share):
        return "an unknown share"
    if 0 < share < 0.01:
        return f"less than 1{NBSP}%"
    if 0.99 < share < 1:
        return f"more than 99{NBSP}%"
    return f"{share * 100:.0f}{NBSP}%"


def distance(length: float) -> str:
    """A length in outer-eye distances, as a percentage."""
    return f"{amount(length * 100)}{NBSP}%"


def duration(s: float) -> str:
    """How long something lasts: milliseconds below a second, then seconds, then minutes."""
    if s < 0.9995:
        return f"{s * 1000:.0f}{NBSP}ms"
    if s < _LONG_S:
        return f"{s:.2f}{NBSP}s"
    minutes, left = divmod(round(s), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "h"), (minutes, "min"), (left, "s")]
    return NBSP.join(f"{n}{NBSP}{unit}" for n, unit in parts if n)


def seconds(s: float) -> str:
    """The length of a recording."""
    return f"{s:.1f}{NBSP}s" if s < _LONG_S else duration(s)


def clock(t: float, *, long: bool, decimals: int = 3) -> str:
    """A point in time: ``"5.320 s"``, or ``"12:05.320"`` in recordings beyond two minutes."""
    if not math.isfinite(t):
        return "unknown"
    if not long:
        return f"{t:.{decimals}f}{NBSP}s"
    units = 10**decimals
    ticks = round(abs(t) * units)
    whole, rest = divmod(ticks, units)
    minutes, secs = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    text = f"{hours}:{minutes:02d}:{secs:02d}" if hours else f"{minutes}:{secs:02d}"
    return ("-" if t < 0 else "") + text + (f".{rest:0{decimals}d}" if decimals else "")


def listed(words: Iterable[str]) -> str:
    """``"a, b and c"``."""
    items = list(words)
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"


def begin(text: str) -> str:
    """The text with a capital first letter; the rest stays as it is."""
    return text[:1].upper() + text[1:]


def kind(name: str) -> str:
    """``"micro-expression"``."""
    return _KINDS.get(name, name)


def reason(state: str) -> str:
    """Why a frame was not scored."""
    return _REASONS.get(state, state)


# The answer


def unscored_share(analysis: Analysis) -> float:
    """The share of frames without a score."""
    n = len(analysis.timeline)
    return 1.0 if n == 0 else 1 - float(np.isfinite(analysis.timeline.score).mean())


def answer(analysis: Analysis) -> str:
    """What was found, in one sentence."""
    micro, macro = len(analysis.of_kind("micro")), len(analysis.of_kind("macro"))
    share, length = unscored_share(analysis), seconds(analysis.source.duration_s)
    if share == 1:
        return f"No part of these {length} could be scored, so this report says nothing about the face."
    if micro or macro:
        found = f"{counted(micro, 'micro-expression')} and {counted(macro, 'macro-expression')}"
        found = found[0].upper() + found[1:]
    else:
        found = "No micro-expression and no macro-expression"
    if share == 0:
        end = "every frame could be scored."
    elif share < 0.01:
        end = "nearly every frame could be scored."
    else:
        end = f"{percent(share)} of the recording could not be scored."
    return f"{found} in {length}; {end}"


def absence(analysis: Analysis) -> tuple[str, ...]:
    """What it means that nothing was found, paragraph by paragraph."""
    line = analysis.timeline
    looked = (
        f"mien looked for brief movements of the face: micro-expressions, which last at most "
        f"{duration(MICRO_MAX_S)} from onset to offset, and longer macro-expressions."
    )
    if unscored_share(analysis) == 1:
        return (
            looked,
            "Not one frame could be scored, so there was nothing to find anything in. The list of unscored "
            "stretches below says why.",
        )
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.asarray(line.score, np.float64) / line.threshold
    usable = np.isfinite(ratio)
    peak = "No threshold was recorded, so the height of the score cannot be judged."
    if usable.any():
        best = int(np.flatnonzero(usable)[np.argmax(ratio[usable])])
        when = clock(float(line.time[best]), long=is_long(analysis))
        if ratio[best] < 1:
            share = percent(float(ratio[best]))
            peak = f"The score came closest at {when}, where it reached {share} of the threshold."
        else:
            peak = (
                f"The score was highest at {when}, {amount(float(ratio[best]))} times the threshold, but "
                f"what happened there did not qualify as an expression: it may have been a blink, a movement "
                f"of the head, or too short or too weak to be a movement at all."
            )
    proof = (
        "This is not proof that there was none. Very faint movements stay below the threshold on purpose, "
        "so that noise is not taken for expression; a slow or blurred camera hides them; and stretches that "
        "could not be scored were not searched. Most people show no micro-expression most of the time."
    )
    return looked, peak, proof


# What moved


def region(key: str) -> str:
    """``"the left mouth corner"``."""
    return _REGIONS[key].words if key in _REGIONS else f"the region {key.replace('_', ' ')}"


def direction(key: str, dx: float, dy: float) -> str:
    """Where a region went, as the filmed person would say it: up, down, outwards, inwards and between.

    Outwards is away from the middle of the face. Regions on the middle line move towards the person's left or
    right; in an unmirrored picture the person's left is on the right-hand side.

    Args:
        key: the region's key.
        dx: displacement to the image's right.
        dy: displacement down.
    """
    length = math.hypot(dx, dy)
    if not math.isfinite(length) or length == 0:
        return ""
    least = math.sin(math.pi / 8)  # eight directions, 45 degrees each
    parts = []
    if abs(dy) / length > least:
        parts.append("down" if dy > 0 else "up")
    if abs(dx) / length > least:
        x = _REGIONS[key].x if key in _REGIONS else 0.0
        if abs(x) < 0.05:
            parts.append(f"towards the person's {'left' if dx > 0 else 'right'}")
        else:
            parts.append("outwards" if dx * x > 0 else "inwards")
    return " and ".join(parts)


def moved(motion: RegionMotion) -> str:
    """``"moved up and outwards by 1.2 % of the outer-eye distance, 2.3 times the noise floor"``."""
    where = direction(motion.region, motion.dx, motion.dy)
    far = f" by {distance(math.hypot(motion.dx, motion.dy))} of the outer-eye distance" if where else ""
    return f"moved{' ' if where else ''}{where}{far}, {amount(motion.strength)} times the noise floor"


def region_moved(motion: RegionMotion) -> str:
    """``"The left mouth corner moved up and outwards …"``, a whole sentence."""
    text = f"{region(motion.region)} {moved(motion)}."
    return text[0].upper() + text[1:]


def action_unit(unit: ActionUnit) -> str:
    """``"AU 12, lip corner puller, left side"``."""
    name = ACTION_UNITS.get(unit.au, "unnamed")
    return f"AU{NBSP}{unit.au}, {name}, {_SIDES[unit.side]}"


# What it may express


def confidence(event: Event) -> str:
    """How sure the recogniser is, in words, whole sentences."""
    if not event.probabilities:
        return "No recogniser ran on this event, so no emotion is suggested."
    likeliest = max(event.probabilities, key=lambda label: event.probabilities[label])
    share = percent(event.probabilities[likeliest])
    if event.emotion not in event.probabilities:
        return f"{begin(event.emotion)}: no label stands out. The likeliest is {likeliest} with only {share}."
    grade = "low" if event.confidence < 0.4 else "moderate" if event.confidence < 0.7 else "high"
    return (
        f"The suggested label is {event.emotion} ({percent(event.probabilities[event.emotion])}). Confidence "
        f"in it is {grade} ({percent(event.confidence)}): this is how sure the method is of its label, not "
        f"how often it is right about people."
    )


# What a trained model went by


def points(drop: float) -> str:
    """``"12 points less"``: how a probability changes when something is covered."""
    many = round(abs(drop) * 100)
    return f"{many}{NBSP}point{'' if many == 1 else 's'} {'less' if drop > 0 else 'more'}"


def hangs_on(event: Event) -> tuple[str, ...]:
    """What covering the regions does to the likeliest label, one sentence a region, the largest falls first.

    Regions that change it by less than :data:`POINTS` are left out; where all do, that is the sentence.
    """
    if not event.sensitivity or not event.probabilities:
        return ()
    label = max(event.probabilities, key=lambda name: event.probabilities[name])
    before = event.probabilities[label]
    told = [(key, drop) for key, drop in event.sensitivity.items() if abs(drop) >= POINTS]
    if not told:
        return (
            f"No single region: covering any one of them changes the probability of {label} "
            f"({percent(before)}) by less than two points.",
        )
    lines = []
    for key, drop in sorted(told, key=lambda item: -item[1]):
        verb = "falls" if drop > 0 else "rises"
        after = percent(min(max(before - drop, 0.0), 1.0))
        lines.append(f"With {region(key)} covered, {label} {verb} from {percent(before)} to {after}.")
    return tuple(lines)


_ATTENTION = {"attention": "Mean of all maps"}
_WEIGHTS = {
    "alpha": "attention to each frame by itself (α)",
    "beta": "agreement of each frame with the attended whole (β)",
    "time": "share of each step in how the motion is described",
}


def attention(name: str) -> str:
    """The name of a map for people: ``"Block 2"``."""
    if name.startswith("block") and name[5:].isdigit():
        return f"Block {name[5:]}"
    return _ATTENTION.get(name, begin(name.replace("_", " ")))


def weights(name: str) -> str:
    """What frame weights of a name are."""
    return begin(_WEIGHTS.get(name, name.replace("_", " ")))


def weights_range(values: Sequence[float]) -> str:
    """From the least to the greatest, and a warning where bars of these heights look alike."""
    low, high = min(values), max(values)
    text = f"from {amount(low, 3)} to {amount(high, 3)}"
    if high - low < 0.05 * max(abs(low), abs(high)):
        return f"{text}, hardly different from frame to frame"
    return text


def frames_counted(event: Event) -> str:
    """How many frames the model chose; empty where it does not choose."""
    chosen = next((w.weights for w in event.frame_weights if w.name == "chosen"), None)
    if chosen is None:
        return ""
    return (
        f"The model chose {sum(weight > 0.5 for weight in chosen)} of {len(chosen)} frames by itself (dark "
        "bars); the label is read from these alone."
    )


def open_ends(event: Event) -> str:
    """What an open start or end means for the times given; empty where both are closed."""
    if not (event.open_start or event.open_end):
        return ""
    sides = listed(
        words
        for words, is_open in (
            ("begins inside this event, so the expression may have started earlier", event.open_start),
            ("ends inside this event, so it may have gone on for longer", event.open_end),
        )
        if is_open
    )
    text = f"The recording, or its scored part, {sides}. It lasted at least {duration(event.duration_s)}"
    if event.kind == "micro":
        return f"{text}; whether it was brief enough to be a micro-expression is therefore open."
    return f"{text}."


def spans_by_reason(spans: Iterable[Span]) -> dict[str, float]:
    """Seconds a reason, the longest first."""
    totals: dict[str, float] = {}
    for span in spans:
        totals[span.reason] = totals.get(span.reason, 0.0) + span.end_s - span.start_s
    return dict(sorted(totals.items(), key=lambda item: -item[1]))


def is_long(analysis: Analysis) -> bool:
    """Whether times are written as minutes and seconds."""
    line = analysis.timeline
    return len(line) > 0 and float(line.time[-1]) > _LONG_S


def interval(fps: float) -> str:
    """The time from one frame to the next."""
    return f"{amount(1000 / fps)}{NBSP}ms" if fps > 0 else "unknown"


def rate(fps: float) -> str:
    """``"29.97 frames a second"``."""
    return f"{fps:.2f}".rstrip("0").rstrip(".") + f"{NBSP}frames a second"
