"""Curves of time that behaviour is made of.

All are plain numbers with a ``__call__``, continuous functions of seconds: the same curve may be filmed at
any frame rate. :class:`Profile` is the intensity of one expression from onset over apex to offset;
:class:`Moves` is a chain of movements between resting places; :class:`Waves` is smooth, endless,
band-limited wandering.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mien.errors import InputError
from mien.events import MICRO_MAX_S, EventKind

__all__ = [
    "DURATIONS",
    "Bump",
    "Durations",
    "Flank",
    "Moves",
    "Profile",
    "Waves",
    "durations_named",
    "min_jerk",
    "sample_profile",
    "unseen_ends",
]

Floats = NDArray[np.float64]

VISIBLE: Final = 0.03
"""Share of the peak under which nobody sees that a face has moved."""
UNSEEN: Final = 0.08
"""Largest share of the duration that either end may stay unseen: annotators mark what they see."""


# ------------------------------------------------------------ intensity of an expression


@dataclass(frozen=True, slots=True)
class Flank:
    """One side of an apex.

    With v running from 0 at the apex to 1 where the expression begins or ends, and v' the same beyond the
    plateau, the intensity is ``(1 - v'^roundness)^softness · (1 - sag · v²)``.

    Attributes:
        hold: share of this side that is plateau, 0 to below 1.
        roundness: above 1; how flat the top is.
        softness: above 1; how gently the far end comes down to rest. Large: a fast change near the apex and
            a long, slow fade, as an exponential has.
        sag: 0 to below 1; how much the plateau has given way at the far end. A plateau needs some, so that
            the apex is one moment.
    """

    hold: float = 0.0
    roundness: float = 2.0
    softness: float = 2.0
    sag: float = 0.0

    def __post_init__(self) -> None:
        if not (0 <= self.hold < 1 and 0 <= self.sag < 1 and self.roundness > 1 and self.softness > 1):
            raise ValueError(f"no such flank: {self}")
        if self.hold > 0 and self.sag == 0:
            raise ValueError("a plateau without any sag has no apex")

    def __call__(self, v: Floats) -> Floats:
        """Intensity at ``v`` (any shape, 0 to 1)."""
        beyond = np.clip((v - self.hold) / (1 - self.hold), 0, 1)
        shape: Floats = (1 - beyond**self.roundness) ** self.softness * (1 - self.sag * v * v)
        return shape


@dataclass(frozen=True, slots=True)
class Bump:
    """A second, smaller swell while an expression fades.

    Attributes:
        strength: 0 to 1; 1 lifts an intensity of one half to three quarters.
        middle: where, as a share of the way from apex to offset.
        width: from its middle to its end, in the same measure.
    """

    strength: float = 0.0
    middle: float = 0.6
    width: float = 0.2

    def __call__(self, v: Floats) -> Floats:
        """Height at ``v``, 0 to ``strength``."""
        distance = np.clip(np.abs(v - self.middle) / self.width, 0, 1)
        height: Floats = self.strength * np.cos(np.pi / 2 * distance) ** 2
        return height


@dataclass(frozen=True, slots=True)
class Profile:
    """Intensity from onset to offset: 0 at and outside both, 1 at the apex and only there.

    Its first derivative is continuous everywhere.

    Attributes:
        rise_s: onset to apex, seconds.
        fall_s: apex to offset, seconds.
        rise, fall: the shapes of the two sides.
        bump: a second swell during the fall.
        tremor: 0 to below 1: share by which a tremor lowers the intensity at most; none at the apex.
        tremor_hz: how fast it trembles.
    """

    rise_s: float
    fall_s: float
    rise: Flank = field(default_factory=Flank)
    fall: Flank = field(default_factory=Flank)
    bump: Bump = field(default_factory=Bump)
    tremor: float = 0.0
    tremor_hz: float = 9.0

    def __post_init__(self) -> None:
        if not (
            self.rise_s > 0 and self.fall_s > 0 and 0 <= self.tremor < 1 and 0 <= self.bump.strength <= 1
        ):
            raise ValueError(f"no such profile: {self}")

    @property
    def apex_s(self) -> float:
        """The moment of the peak, seconds after the onset."""
        return self.rise_s

    @property
    def duration_s(self) -> float:
        """Onset to offset, seconds."""
        return self.rise_s + self.fall_s

    def __call__(self, t: ArrayLike) -> Floats:
        """Intensity at ``t`` seconds after the onset (any shape); 0 to 1."""
        t = np.asarray(t, np.float64)
        since = t - self.rise_s
        before = np.clip(-since / self.rise_s, 0, 1)
        after = np.clip(since / self.fall_s, 0, 1)
        value = np.where(since < 0, self.rise(before), self.fall(after))
        # lifted in proportion to what is missing, so that it never reaches the apex's height
        if self.bump.strength:
            value = value + self.bump(after) * value * (1 - value) * (since > 0)
        if self.tremor:
            value = value * (1 - self.tremor * np.sin(np.pi * self.tremor_hz * since) ** 2)
        return np.where((t > 0) & (t < self.duration_s), value, 0.0)

    def stretched(self, rise_s: float, fall_s: float) -> Profile:
        """The same shape over other times."""
        return replace(self, rise_s=rise_s, fall_s=fall_s)


def unseen_ends(values: Sequence[float] | Floats) -> tuple[float, float]:
    """Which shares of a curve, sampled evenly from onset to offset, stay unseen at its two ends.

    Args:
        values: (N,) intensity or displacement, >= 0, with some above 0.
    """
    curve = np.asarray(values, np.float64)
    seen = np.flatnonzero(curve >= VISIBLE * curve.max())
    return float(seen[0] / len(curve)), float(1 - (seen[-1] + 1) / len(curve))


# ------------------------------------------------------------ durations


@dataclass(frozen=True, slots=True)
class Durations:
    """How long expressions last: each side by its 5th, 50th and 95th percentile, the total by its limits.

    A side's logarithm is normal with different widths below and above the median. Pairs beyond the
    limits are drawn anew.
    """

    rise_s: tuple[float, float, float]
    fall_s: tuple[float, float, float]
    shortest_side_s: float
    shortest_s: float
    longest_s: float

    def draw(self, rng: np.random.Generator) -> tuple[float, float]:
        """Onset to apex and apex to offset, seconds."""
        while True:
            rise, fall = _between(rng, self.rise_s), _between(rng, self.fall_s)
            sound = min(rise, fall) >= self.shortest_side_s
            if sound and self.shortest_s <= rise + fall <= self.longest_s:
                return rise, fall


def _between(rng: np.random.Generator, quantiles: tuple[float, float, float]) -> float:
    low, middle, high = quantiles
    z = rng.standard_normal()
    width = np.log(high / middle) if z > 0 else np.log(middle / low)
    return float(middle * np.exp(width / 1.6449 * z))


DURATIONS: Final[Mapping[str, Durations]] = MappingProxyType(
    {
        # the quantiles are those that come out right once the pairs over half a second are gone
        "casme2": Durations((0.078, 0.149, 0.400), (0.050, 0.149, 0.400), 0.015, 0.040, MICRO_MAX_S),
        "dfme": Durations((0.070, 0.255, 0.310), (0.070, 0.255, 0.310), 0.015, 0.040, MICRO_MAX_S),
        "macro": Durations((0.150, 0.450, 1.200), (0.300, 0.800, 2.400), 0.060, MICRO_MAX_S, 4.0),
    }
)
"""Name -> law. The micro-expressions of CASME II (median total 0.305 s) and DFME (0.394 s), and
macro-expressions."""


def durations_named(name: str) -> Durations:
    """The law of that name.

    Raises:
        InputError: there is none.
    """
    if name not in DURATIONS:
        raise InputError(f"there are no durations {name!r}; choose one of {', '.join(DURATIONS)}")
    return DURATIONS[name]


def sample_profile(
    rng: np.random.Generator, kind: EventKind = "micro", durations: str | None = None
) -> Profile:
    """Draw how one expression comes and goes.

    Args:
        rng: source of chance.
        kind: macro-expressions are held longer.
        durations: a key of :data:`DURATIONS`; by default CASME II's for micro, ``"macro"`` for macro.
    """
    law = durations_named(durations or ("casme2" if kind == "micro" else "macro"))
    rise_s, fall_s = law.draw(rng)
    grid = np.linspace(0, rise_s + fall_s, 251)
    softest = 1.0
    while True:
        profile = _shape(rng, kind, rise_s, fall_s, softest)
        if max(unseen_ends(profile(grid))) < UNSEEN:
            return profile
        softest *= 0.9  # lopsided durations leave little room for soft ends


def _shape(rng: np.random.Generator, kind: EventKind, rise_s: float, fall_s: float, soft: float) -> Profile:
    """One draw; ``soft`` from 1 down to 0 narrows the softness of the ends."""
    micro = kind == "micro"

    def flank(longest_hold: float, roundest: float, softest: float) -> Flank:
        held = rng.random() < (0.4 if micro else 0.8)
        hold = rng.uniform(0.02, longest_hold)
        return Flank(
            hold=hold if held else 0.0,
            roundness=rng.uniform(1.3, roundest),
            softness=1 + soft * rng.uniform(0.2, softest),
            sag=rng.uniform(0.02, 0.12 if micro else 0.25),
        )

    rise = flank(0.25 if micro else 0.35, 3.2, 1.3)
    fall = flank(0.35 if micro else 0.65, 2.6, 2.0)
    bumpy, trembling = rng.random(2) < (0.2, 0.35)
    bump = Bump(float(bumpy) * rng.uniform(0.1, 0.6), rng.uniform(0.45, 0.7), rng.uniform(0.15, 0.25))
    tremor = float(trembling) * rng.uniform(0.01, 0.06)
    return Profile(rise_s, fall_s, rise, fall, bump, tremor, rng.uniform(7, 12))


# ------------------------------------------------------------ movements and wandering


def min_jerk(u: Floats) -> Floats:
    """The smoothest way from 0 (``u`` <= 0) to 1 (``u`` >= 1): velocity and acceleration vanish at both."""
    u = np.clip(u, 0, 1)
    way: Floats = np.minimum(u**3 * (10 + u * (6 * u - 15)), 1)  # rounding must not overshoot
    return way


@dataclass(frozen=True)
class Moves:
    """A chain of N movements of K quantities between resting places; none begins before the last has ended.

    Attributes:
        starts: N times in seconds, ascending.
        durations: N lengths in seconds, above 0.
        values: N + 1 rows of K: before the first movement, after the first, and so on.
        haste: N; 1 is even, above 1 makes a movement quick at first and slow at the end.
    """

    starts: tuple[float, ...]
    durations: tuple[float, ...]
    values: tuple[tuple[float, ...], ...]
    haste: tuple[float, ...]

    def __post_init__(self) -> None:
        starts, durations = np.array(self.starts), np.array(self.durations)
        if not len(starts) == len(durations) == len(self.haste) == len(self.values) - 1:
            raise ValueError("as many starts, durations and hastes as movements, and one value more")
        if (durations <= 0).any() or (np.diff(starts) < durations[:-1] - 1e-9).any():
            raise ValueError("movements take time, and one ends before the next begins")

    @classmethod
    def rest(cls, *values: float) -> Moves:
        """Nothing moves."""
        return cls((), (), (values,), ())

    def then(self, start_s: float, duration_s: float, values: Sequence[float], haste: float = 1.0) -> Moves:
        """The same chain with one more movement, to ``values`` (K)."""
        return self.chain([(start_s, duration_s, values, haste)])

    def chain(self, more: Sequence[tuple[float, float, Sequence[float], float]]) -> Moves:
        """The same chain with more movements, each as in :meth:`then`."""
        return Moves(
            self.starts + tuple(float(m[0]) for m in more),
            self.durations + tuple(float(m[1]) for m in more),
            self.values + tuple(tuple(float(x) for x in m[2]) for m in more),
            self.haste + tuple(float(m[3]) for m in more),
        )

    @property
    def end_s(self) -> float:
        """When the last movement ends; minus infinity where there is none."""
        return self.starts[-1] + self.durations[-1] if self.starts else float("-inf")

    def __call__(self, t: ArrayLike) -> Floats:
        """The quantities at times ``t`` (T,): (T, K)."""
        t = np.asarray(t, np.float64)
        starts, durations, places, haste = self._arrays
        if not len(starts):
            return np.repeat(places, len(t), axis=0)
        now = np.maximum(np.searchsorted(starts, t, side="right") - 1, 0)
        u = np.clip((t - starts[now]) / durations[now], 0, 1)
        way = min_jerk(1 - (1 - u) ** haste[now])[:, None]
        moved: Floats = places[now] + (places[now + 1] - places[now]) * way
        return moved

    @cached_property
    def _arrays(self) -> tuple[Floats, Floats, Floats, Floats]:
        starts, durations = np.array(self.starts, np.float64), np.array(self.durations, np.float64)
        return starts, durations, np.array(self.values, np.float64), np.array(self.haste, np.float64)


@dataclass(frozen=True)
class Waves:
    """Smooth wandering of K quantities about 0: a sum of M sines.

    Attributes:
        hz: M frequencies.
        sizes: M rows of K amplitudes.
        phases: M rows of K phases, radians.
    """

    hz: tuple[float, ...]
    sizes: tuple[tuple[float, ...], ...]
    phases: tuple[tuple[float, ...], ...]

    @classmethod
    def draw(
        cls,
        rng: np.random.Generator,
        band: tuple[float, float],
        spread: Sequence[float],
        waves: int = 10,
    ) -> Waves:
        """Wandering within a band of frequencies; slower waves are larger.

        Args:
            rng: source of chance.
            band: lowest and highest frequency, Hz.
            spread: K standard deviations over time.
            waves: how many sines.
        """
        hz = np.sort(np.exp(rng.uniform(np.log(band[0]), np.log(band[1]), waves)))
        sizes = rng.rayleigh(1.0, (waves, len(spread))) / hz[:, None]
        sizes *= np.asarray(spread) / np.sqrt((sizes**2).sum(axis=0) / 2)
        phases = rng.uniform(0, 2 * np.pi, sizes.shape)
        return cls(tuple(hz.tolist()), tuple(map(tuple, sizes.tolist())), tuple(map(tuple, phases.tolist())))

    def __call__(self, t: ArrayLike) -> Floats:
        """The quantities at times ``t`` (T,): (T, K)."""
        t = np.asarray(t, np.float64)
        hz, sizes, phases = self._arrays
        total = np.zeros((len(t), sizes.shape[1]))
        for m in range(len(hz)):
            total += sizes[m] * np.sin(2 * np.pi * hz[m] * t[:, None] + phases[m])
        return total

    @cached_property
    def _arrays(self) -> tuple[Floats, Floats, Floats]:
        return np.array(self.hz), np.array(self.sizes), np.array(self.phases)
