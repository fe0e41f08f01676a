"""What moves on a face, or in its light, without being an expression: what makes spotting hard.

Each distractor has settings (a switch, a rate, a size), is planned for a stretch of time, and knows what it
did when (:class:`TruthSpan`). Switched off it is not planned at all and contributes nothing. Noise, blur and
compression are the camera's, not the person's, and are not here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mien.synthesis.actions import ACTION_INDEX
from mien.synthesis.profiles import Moves, Waves

__all__ = [
    "LOOK_SIDE_DEG",
    "LOOK_UP_DEG",
    "Blinking",
    "Blinks",
    "Breath",
    "Breathing",
    "Distractor",
    "DistractorSettings",
    "Exposure",
    "ExposureDrift",
    "Flicker",
    "Gaze",
    "Gazing",
    "Head",
    "HeadMotion",
    "MainsFlicker",
    "Speaking",
    "Speech",
    "Swallowing",
    "Swallows",
    "TruthSpan",
    "join",
    "plan_distractors",
]

Floats = NDArray[np.float64]
DEGREE = np.pi / 180

LOOK_SIDE_DEG, LOOK_UP_DEG = 32.0, 24.0
"""How far an eye has turned when ``eyeLookOut…`` or ``eyeLookUp…`` is 1: degrees."""

# ------------------------------------------------------------ settings


@dataclass(frozen=True, slots=True)
class Blinks:
    """Eyelid closures.

    Attributes:
        on: whether there are any.
        rate: blinks a minute (double ones count once).
        size: share of full closure that a complete blink reaches, 0 to 1.
        incomplete: chance that a blink stops halfway.
        double: chance that a second one follows at once.
    """

    on: bool = True
    rate: float = 16.0
    size: float = 1.0
    incomplete: float = 0.15
    double: float = 0.08


@dataclass(frozen=True, slots=True)
class Gaze:
    """Saccades, fixations, small drifts.

    Attributes:
        on: whether the eyes move.
        rate: saccades a minute.
        size: 1 spreads fixations by about 6° sideways and 3.5° up and down.
        lid_follow: how much of ``eyeBlink`` or ``eyeWide`` goes with a full look down or up, beside what the
            look itself does to the lids.
    """

    on: bool = True
    rate: float = 40.0
    size: float = 1.0
    lid_follow: float = 0.15


@dataclass(frozen=True, slots=True)
class Head:
    """Slow drift of the head and quick movements: nods, shakes, tilts, shifts to another posture.

    Attributes:
        on: whether it moves.
        rate: quick movements a minute.
        size: 1 nods by 3° to 8°.
        drift: 1 sways by 0.8° and a fiftieth of the outer-eye distance (standard deviations).
    """

    on: bool = True
    rate: float = 4.0
    size: float = 1.0
    drift: float = 1.0


@dataclass(frozen=True, slots=True)
class Breath:
    """Breathing: the head rises and falls with the chest.

    Attributes:
        on: whether it shows.
        rate: breaths a minute, on average over people; each keeps within a fifth of it.
        size: 1 moves the head by about 0.25° and a hundredth of the outer-eye distance.
    """

    on: bool = True
    rate: float = 15.0
    size: float = 1.0


@dataclass(frozen=True, slots=True)
class Speech:
    """Mouth movements as in speech: syllables, 3 to 6 a second, with pauses.

    Attributes:
        on: whether the person speaks.
        rate: utterances a minute.
        size: 1 opens the jaw up to a quarter.
    """

    on: bool = False
    rate: float = 6.0
    size: float = 1.0


@dataclass(frozen=True, slots=True)
class Swallows:
    """Swallowing: lips, chin and a small dip of the head.

    Attributes:
        on: whether it happens.
        rate: times a minute.
        size: 1 presses the lips by a fifth and raises the chin by a quarter.
    """

    on: bool = True
    rate: float = 1.5
    size: float = 1.0


@dataclass(frozen=True, slots=True)
class Flicker:
    """Lamps on the mains.

    Attributes:
        on: whether they flicker.
        rate: ripples a second: 100 on 50-Hz mains, 120 on 60-Hz mains.
        size: how far the light goes above and below its mean, as a share.
    """

    on: bool = False
    rate: float = 100.0
    size: float = 0.03


@dataclass(frozen=True, slots=True)
class Exposure:
    """Slow drift of brightness, and steps of an automatic exposure.

    Attributes:
        on: whether it drifts.
        rate: steps a minute.
        size: standard deviation of the drift as a share of the light; steps are twice that.
    """

    on: bool = True
    rate: float = 1.0
    size: float = 0.01


@dataclass(frozen=True, slots=True)
class DistractorSettings:
    """All of them."""

    blinks: Blinks = field(default_factory=Blinks)
    gaze: Gaze = field(default_factory=Gaze)
    head: Head = field(default_factory=Head)
    breathing: Breath = field(default_factory=Breath)
    speech: Speech = field(default_factory=Speech)
    swallowing: Swallows = field(default_factory=Swallows)
    flicker: Flicker = field(default_factory=Flicker)
    exposure: Exposure = field(default_factory=Exposure)

    @classmethod
    def none(cls) -> DistractorSettings:
        """Everything switched off."""
        return cls(
            Blinks(on=False),
            Gaze(on=False),
            Head(on=False),
            Breath(on=False),
            Speech(on=False),
            Swallows(on=False),
            Flicker(on=False),
            Exposure(on=False),
        )


# ------------------------------------------------------------ what is planned


@dataclass(frozen=True, slots=True)
class TruthSpan:
    """Something that happened.

    Attributes:
        kind: ``"blink"``, ``"saccade"``, ``"head"``, ``"sway"``, ``"breathing"``, ``"speech"``,
            ``"swallow"``, ``"flicker"`` or ``"exposure"``.
        start_s, end_s: from when to when, seconds.
        details: numbers and words about it, JSON-able.
    """

    kind: str
    start_s: float
    end_s: float
    details: Mapping[str, float | str] = field(default_factory=dict)


def join(present: Floats, more: ArrayLike) -> None:
    """Add activations to those that are there, in place: ``1 - (1 - a)(1 - b)``, which never exceeds 1."""
    present += (1 - present) * np.asarray(more)


@dataclass(frozen=True, slots=True)
class Distractor:
    """What one distractor does; a subclass for each.

    Attributes:
        spans: when it did what, in order of time.
    """

    kind: ClassVar[str] = ""
    spans: tuple[TruthSpan, ...]

    def act(self, t: Floats, actions: Floats, pose: Floats) -> None:
        """Add what it does at times ``t`` (T,) to facial actions (T, 52) and pose (T, 6), in place."""

    def light(self, t: Floats, exposure_s: float) -> Floats:
        """Gain of the light (T,), averaged over exposures that begin at ``t``."""
        return np.ones(len(t))

    def describe(self) -> dict[str, Any]:
        """Every parameter, ready for JSON."""
        return {"kind": self.kind, **asdict(self)}


@dataclass(frozen=True, slots=True)
class Blinking(Distractor):
    """Closure of each lid over time."""

    kind: ClassVar[str] = "blinks"
    right: Moves
    left: Moves

    def act(self, t: Floats, actions: Floats, pose: Floats) -> None:
        """See :class:`Distractor`."""
        for side, moves in (("Right", self.right), ("Left", self.left)):
            closure = moves(t)[:, 0]
            _do(actions, {f"eyeBlink{side}": closure, f"eyeSquint{side}": 0.06 * closure})


@dataclass(frozen=True, slots=True)
class Gazing(Distractor):
    """Direction of the eyes over time: degrees to the person's left, degrees up."""

    kind: ClassVar[str] = "gaze"
    saccades: Moves
    drift: Waves
    lid_follow: float

    def degrees(self, t: ArrayLike) -> Floats:
        """(T, 2) to the person's left and up."""
        return self.saccades(t) + self.drift(t)

    def act(self, t: Floats, actions: Floats, pose: Floats) -> None:
        """See :class:`Distractor`."""
        left, up = (self.degrees(t) / (LOOK_SIDE_DEG, LOOK_UP_DEG)).T
        weights: dict[str, Floats] = {}
        for side, out in (("Right", -left), ("Left", left)):
            weights |= {f"eyeLookOut{side}": out, f"eyeLookIn{side}": -out}
            weights |= {f"eyeLookUp{side}": up, f"eyeLookDown{side}": -up}
            weights |= {f"eyeWide{side}": self.lid_follow * up, f"eyeBlink{side}": -self.lid_follow * up}
        _do(actions, {name: np.clip(weight, 0, 1) for name, weight in weights.items()})


@dataclass(frozen=True, slots=True)
class HeadMotion(Distractor):
    """Sway and quick movements of the head, in the six numbers of a pose."""

    kind: ClassVar[str] = "head"
    sway: Waves
    quick: Moves

    def act(self, t: Floats, actions: Floats, pose: Floats) -> None:
        """See :class:`Distractor`."""
        pose += self.sway(t) + self.quick(t)


@dataclass(frozen=True, slots=True)
class Breathing(Distractor):
    """Slightly uneven breaths: pitch, vertical and towards the camera."""

    kind: ClassVar[str] = "breathing"
    hz: float
    phase: float
    unrest: Waves
    pitch: float
    y: float
    z: float

    def act(self, t: Floats, actions: Floats, pose: Floats) -> None:
        """See :class:`Distractor`."""
        angle = 2 * np.pi * self.hz * t + self.phase + self.unrest(t)[:, 0]
        chest = np.sin(angle + 0.3 * np.sin(angle))  # in faster than out
        pose += chest[:, None] * np.array([0, self.pitch, 0, 0, -self.y, -self.z])


@dataclass(frozen=True, slots=True)
class Speaking(Distractor):
    """Jaw opening, rounding and spreading of the lips over time."""

    kind: ClassVar[str] = "speech"
    mouth: Moves

    def act(self, t: Floats, actions: Floats, pose: Floats) -> None:
        """See :class:`Distractor`."""
        jaw, rounded, spread = self.mouth(t).T
        weights = {"jawOpen": jaw, "mouthPucker": 0.6 * rounded, "mouthFunnel": 0.5 * rounded}
        for side in ("Left", "Right"):
            weights |= {f"mouthLowerDown{side}": 0.3 * jaw, f"mouthUpperUp{side}": 0.12 * jaw}
            weights |= {f"mouthStretch{side}": 0.5 * spread, f"mouthSmile{side}": 0.12 * spread}
        _do(actions, weights)


@dataclass(frozen=True, slots=True)
class Swallowing(Distractor):
    """Lips, chin and jaw over time, with a dip of the head."""

    kind: ClassVar[str] = "swallowing"
    moves: Moves

    def act(self, t: Floats, actions: Floats, pose: Floats) -> None:
        """See :class:`Distractor`."""
        lips, chin, dip = self.moves(t).T
        weights = {"mouthPressLeft": lips, "mouthPressRight": lips, "mouthRollLower": 0.4 * lips}
        weights |= {"mouthShrugLower": chin, "jawForward": 0.2 * chin}
        _do(actions, weights)
        pose += dip[:, None] * np.array([0, -1.0, 0, 0, 0.3, 0])


@dataclass(frozen=True, slots=True)
class MainsFlicker(Distractor):
    """A ripple in the light. Integrated over the exposure, it aliases with the frames as in a real camera."""

    kind: ClassVar[str] = "flicker"
    hz: float
    size: float
    phase: float

    def light(self, t: Floats, exposure_s: float) -> Floats:
        """See :class:`Distractor`."""
        middle = 2 * np.pi * self.hz * (t + exposure_s / 2) + self.phase
        gain: Floats = 1 + self.size * np.sinc(self.hz * exposure_s) * np.cos(middle)
        return gain


@dataclass(frozen=True, slots=True)
class ExposureDrift(Distractor):
    """Logarithm of the light's gain over time."""

    kind: ClassVar[str] = "exposure"
    drift: Waves
    steps: Moves

    def light(self, t: Floats, exposure_s: float) -> Floats:
        """See :class:`Distractor`."""
        middle = t + exposure_s / 2  # so slow that the mean over an exposure is the value at its middle
        gain: Floats = np.exp(self.drift(middle)[:, 0] + self.steps(middle)[:, 0])
        return gain


def _do(actions: Floats, weights: Mapping[str, Floats]) -> None:
    for name, weight in weights.items():
        join(actions[:, ACTION_INDEX[name]], weight)


# ------------------------------------------------------------ planning


def plan_distractors(
    rng: np.random.Generator,
    duration_s: float,
    settings: DistractorSettings,
    blinks_beside: Sequence[tuple[float, float]] = (),
) -> tuple[Distractor, ...]:
    """Plan everything that is switched on, for times 0 to ``duration_s``.

    Each distractor has chance of its own: switching one off or on leaves the others as they were.

    Args:
        rng: source of chance.
        duration_s: seconds.
        settings: what, how often, how much.
        blinks_beside: start and end (seconds) of expressions that a blink must come right beside (before,
            after, or across an end of); only where blinks are on.
    """
    chances = [np.random.default_rng(int(seed)) for seed in rng.integers(0, 2**62, 8)]
    s = settings
    planned = (
        s.blinks.on and _blinks(chances[0], duration_s, s.blinks, blinks_beside),
        s.gaze.on and _gaze(chances[1], duration_s, s.gaze),
        s.head.on and _head(chances[2], duration_s, s.head),
        s.breathing.on and _breathing(chances[3], duration_s, s.breathing),
        s.speech.on and _speech(chances[4], duration_s, s.speech),
        s.swallowing.on and _swallowing(chances[5], duration_s, s.swallowing),
        s.flicker.on and _flicker(chances[6], duration_s, s.flicker),
        s.exposure.on and _exposure(chances[7], duration_s, s.exposure),
    )
    return tuple(distractor for distractor in planned if distractor)


def _arrivals(rng: np.random.Generator, duration_s: float, per_minute: float, apart_s: float) -> list[float]:
    """Times of chance events, at least ``apart_s`` from one to the next."""
    times: list[float] = []
    if per_minute <= 0:
        return times
    wait = max(60 / per_minute - apart_s, 0.05 * apart_s)
    now = rng.exponential(60 / per_minute)
    while now < duration_s:
        times.append(float(now))
        now += apart_s + rng.exponential(wait)
    return times


_Where = Literal["", "before", "after", "across", "double"]


def _blinks(
    rng: np.random.Generator, duration_s: float, settings: Blinks, beside: Sequence[tuple[float, float]]
) -> Blinking:
    def lasting() -> float:
        return float(np.clip(0.2 * np.exp(0.35 * rng.standard_normal()), 0.1, 0.4))

    wanted: list[tuple[float, float, _Where]] = []
    for start, end in beside:
        length, gap = lasting(), float(rng.uniform(0, 0.08))
        edge = (start, end)[int(rng.integers(2))]
        choices: dict[_Where, float] = {
            "before": start - gap - length,
            "after": end + gap,
            "across": edge - length * rng.uniform(0.25, 0.75),
        }
        room = [w for w, at in choices.items() if at >= 0 and at + length <= duration_s]
        if room:
            where = room[int(rng.integers(len(room)))]
            wanted.append((choices[where], length, where))
    for at in _arrivals(rng, duration_s, settings.rate, 0.5):
        wanted.append((at, lasting(), ""))
        if rng.random() < settings.double:
            wanted.append((at + wanted[-1][1] + rng.uniform(0.03, 0.12), lasting(), "double"))
    taken: list[tuple[float, float, _Where]] = []
    for at, length, where in wanted:  # those beside expressions come first and keep their place
        if all(at > a + n + 0.02 or at + length + 0.02 < a for a, n, _ in taken):
            taken.append((at, length, where))
    chains: tuple[list[Any], list[Any]] = ([], [])
    spans = []
    for at, length, where in sorted(taken):
        part = rng.random() < settings.incomplete
        depth = settings.size * (rng.uniform(0.35, 0.8) if part else rng.uniform(0.95, 1.0))
        closing, closed = rng.uniform(0.27, 0.38), rng.uniform(0.02, 0.15)
        late = min(rng.uniform(0, 0.008), 0.05 * length)
        later, weaker = int(rng.integers(2)), rng.uniform(0.94, 1.0)
        for side, chain in enumerate(chains):
            lag, reach = (late, depth * weaker) if side == later else (0.0, depth)
            begin, lasts = at + lag, length - late
            chain.append((begin, lasts * closing, (reach,), 1.0))
            # lids open more slowly than they close, and ever more slowly
            chain.append((begin + lasts * (closing + closed), lasts * (1 - closing - closed), (0,), 1.4))
        details: dict[str, float | str] = {"depth": depth, "complete": "no" if part else "yes"}
        spans.append(TruthSpan("blink", at, at + length, details | ({"where": where} if where else {})))
    return Blinking(tuple(spans), *(Moves.rest(0.0).chain(chain) for chain in chains))


def _gaze(rng: np.random.Generator, duration_s: float, settings: Gaze) -> Gazing:
    spread = settings.size * np.array([6.0, 3.5])
    place = 0.3 * spread * rng.standard_normal(2)
    rest = Moves.rest(*place.tolist())
    chain: list[Any] = []
    spans = []
    mean = 60 / settings.rate if settings.rate > 0 else np.inf
    at = mean * rng.random() if np.isfinite(mean) else np.inf
    while at < duration_s:
        target = np.clip(spread * rng.standard_normal(2), -2.5 * spread, 2.5 * spread)
        amplitude = float(np.hypot(*(target - place)))
        lasts = 0.021 + 0.0022 * amplitude  # the main sequence: larger saccades take longer
        chain.append((at, lasts, target, 1.0))
        details: dict[str, float | str] = {
            "degrees": amplitude,
            "left": float(target[0]),
            "up": float(target[1]),
        }
        spans.append(TruthSpan("saccade", float(at), float(at + lasts), details))
        place = target
        at += lasts + max(0.12, mean * 0.8 * np.exp(0.65 * rng.standard_normal()))
    drift = Waves.draw(rng, (0.1, 1.5), [0.12 * settings.size] * 2, 6)
    return Gazing(tuple(spans), rest.chain(chain), drift, settings.lid_follow)


def _head(rng: np.random.Generator, duration_s: float, settings: Head) -> HeadMotion:
    spread = settings.drift * np.array([0.8 * DEGREE, 0.8 * DEGREE, 0.6 * DEGREE, 0.02, 0.015, 0.025])
    sway = Waves.draw(rng, (0.03, 0.5), (spread * rng.uniform(0.6, 1.4, 6)).tolist(), 10)
    posture = np.zeros(6)
    chain: list[Any] = []
    spans = [TruthSpan("sway", 0.0, duration_s)]
    for at in _arrivals(rng, duration_s, settings.rate, 1.0):
        if len(spans) > 1 and at < spans[-1].end_s + 0.1:
            continue
        what = ("nod", "shake", "tilt", "shift")[int(rng.choice(4, p=[0.4, 0.2, 0.15, 0.25]))]
        now = at
        steps = _quick(rng, what, settings.size)
        reach = max(np.abs(pose[:3]).max() for _, _, pose in steps) / DEGREE
        for pause, seconds, pose in steps:
            # a shift is to a place of its own: postures do not wander off
            chain.append((now + pause, seconds, pose if what == "shift" else posture + pose, 1.0))
            now += pause + seconds
        if what == "shift":
            posture = steps[-1][2]
        spans.append(TruthSpan("head", at, float(now), {"movement": what, "degrees": float(reach)}))
    return HeadMotion(tuple(spans), sway, Moves.rest(*[0.0] * 6).chain(chain))


def _quick(rng: np.random.Generator, what: str, size: float) -> list[tuple[float, float, Floats]]:
    """One quick movement: pauses, lengths in seconds, and poses reached."""
    rest = np.zeros(6)
    if what == "shift":
        scale = np.array([4 * DEGREE, 3 * DEGREE, 2 * DEGREE, 0.08, 0.05, 0.1])
        return [(0.0, rng.uniform(0.5, 1.3), size * scale * np.clip(rng.standard_normal(6), -2, 2))]
    reach = size * rng.uniform(3, 8) * DEGREE * rng.choice([-1, 1])
    if what == "tilt":
        tilted = reach * np.array([0.1, 0, 1, 0, 0, 0])
        back = (rng.uniform(0.3, 2.0), rng.uniform(0.5, 1.0), rest)
        return [(0.0, rng.uniform(0.4, 0.9), tilted), back]
    half = rng.uniform(0.16, 0.35)
    swing = -abs(reach) * np.eye(6)[1] if what == "nod" else reach * np.eye(6)[0]
    steps = []
    for _ in range(int(rng.integers(1, 4))):
        steps.append((0.0, half * rng.uniform(0.9, 1.1), swing))
        steps.append((0.0, half * rng.uniform(1.0, 1.4), swing * (0.1 if what == "nod" else -0.6)))
        swing = swing * rng.uniform(0.6, 0.95)
    return [*steps, (0.0, half, rest)]


def _breathing(rng: np.random.Generator, duration_s: float, settings: Breath) -> Breathing:
    hz = settings.rate / 60 * rng.uniform(0.8, 1.2)
    unrest = Waves.draw(rng, (0.02, 0.08), [0.35], 5)
    size = settings.size * rng.uniform(0.5, 1.5, 3)
    spans = (TruthSpan("breathing", 0.0, duration_s, {"hz": hz}),)
    pitch, y, z = (0.25 * DEGREE * size[0], 0.008 * size[1], 0.012 * size[2])
    return Breathing(spans, hz, rng.uniform(0, 2 * np.pi), unrest, float(pitch), float(y), float(z))


def _speech(rng: np.random.Generator, duration_s: float, settings: Speech) -> Speaking:
    chain: list[Any] = []
    spans: list[TruthSpan] = []
    for at in _arrivals(rng, duration_s, settings.rate, 1.0):
        if spans and at < spans[-1].end_s + 0.3:
            continue
        end, now = min(at + rng.uniform(0.6, 4.0), duration_s), at
        pace = rng.uniform(3.5, 5.5)
        syllables = 0
        while now < end:
            period = 1 / np.clip(pace * np.exp(0.15 * rng.standard_normal()), 3, 6)
            kind = rng.random()
            rounded, spread = rng.uniform(0.1, 0.5), rng.uniform(0.1, 0.45)
            vowel = (rng.uniform(0.05, 0.25), rounded if kind < 0.35 else 0.0, spread if kind > 0.65 else 0.0)
            chain.append((now, 0.45 * period, settings.size * np.array(vowel), 1.0))
            closed = (rng.uniform(0, 0.04), 0.3 * vowel[1], 0.3 * vowel[2])
            chain.append((now + 0.45 * period, 0.55 * period, settings.size * np.array(closed), 1.0))
            now += period
            syllables += 1
            if rng.random() < 0.12:  # between words
                now += rng.uniform(0.08, 0.4)
        chain.append((now, 0.2, (0, 0, 0), 1.0))
        spans.append(TruthSpan("speech", at, float(now + 0.2), {"syllables": syllables, "hz": pace}))
    return Speaking(tuple(spans), Moves.rest(0.0, 0.0, 0.0).chain(chain))


def _swallowing(rng: np.random.Generator, duration_s: float, settings: Swallows) -> Swallowing:
    chain: list[Any] = []
    spans = []
    for at in _arrivals(rng, duration_s, settings.rate, 3.0):
        lips, chin, dip = settings.size * rng.uniform(0.6, 1.4, 3) * (0.2, 0.25, 0.5 * DEGREE)
        press, rise, release = rng.uniform((0.15, 0.2, 0.35), (0.3, 0.35, 0.6))
        held = rng.uniform(0.05, 0.2)
        chain.append((at, press, (lips, 0.2 * chin, 0), 1.0))
        chain.append((at + press, rise, (lips, chin, dip), 1.0))
        chain.append((at + press + rise + held, release, (0, 0, 0), 1.2))
        end = at + press + rise + held + release
        spans.append(TruthSpan("swallow", at, float(end), {"lips": float(lips), "chin": float(chin)}))
    return Swallowing(tuple(spans), Moves.rest(0.0, 0.0, 0.0).chain(chain))


def _flicker(rng: np.random.Generator, duration_s: float, settings: Flicker) -> MainsFlicker:
    # the mains themselves wander by a few hundredths of a hertz
    hz = settings.rate + float(np.clip(0.03 * rng.standard_normal(), -0.1, 0.1))
    spans = (TruthSpan("flicker", 0.0, duration_s, {"hz": hz, "size": settings.size}),)
    return MainsFlicker(spans, hz, settings.size, rng.uniform(0, 2 * np.pi))


def _exposure(rng: np.random.Generator, duration_s: float, settings: Exposure) -> ExposureDrift:
    chain: list[Any] = []
    spans = [TruthSpan("exposure", 0.0, duration_s, {"change": "drift", "size": settings.size})]
    for at in _arrivals(rng, duration_s, settings.rate, 2.0):
        lasts = rng.uniform(0.2, 1.0)
        level = float(settings.size * 2 * np.clip(rng.standard_normal(), -2, 2))
        chain.append((at, lasts, (level,), 1.0))
        spans.append(TruthSpan("exposure", at, at + lasts, {"change": "step", "gain": float(np.exp(level))}))
    drift = Waves.draw(rng, (0.02, 0.2), [settings.size], 6)
    return ExposureDrift(tuple(spans), drift, Moves.rest(0.0).chain(chain))
