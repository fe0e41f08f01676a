"""Everything one person does in front of a camera, as a continuous function of time, with its truth.

A :class:`Performance` knows nothing of frames: filmed at 25 or at 500 frames a second it is the same motion.
:func:`plan_performance` makes a recording with several expressions, :func:`plan_clip` a single expression
with margins, :func:`plan_posed` a strong one that is posed, from rest to the peak (and back).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mien.errors import InputError
from mien.events import EventKind
from mien.records import Expression
from mien.synthesis.actions import ACTIONS, UNITS
from mien.synthesis.distractors import Distractor, DistractorSettings, TruthSpan, join, plan_distractors
from mien.synthesis.expressions import ExpressionPlan, draw_expression

__all__ = [
    "GainOf",
    "Motion",
    "Performance",
    "PerformanceSettings",
    "PlacedExpression",
    "Role",
    "gain_for",
    "nominal_gain",
    "plan_clip",
    "plan_performance",
    "plan_posed",
]

Floats = NDArray[np.float64]

Role = Literal["", "qualified", "masked", "neutralised", "cover"]
"""How an expression stands to another. A micro-expression is *qualified* when it leaks through a
macro-expression, *masked* when a macro-expression is put on over its end, *neutralised* when the face is then
held down; *cover* is the macro-expression that does it."""

GainOf = Callable[[ExpressionPlan], float]
"""What gain, 0 to 1, gives an expression its size on a certain head."""

_NOMINAL_REACH: Final = 0.09  # outer-eye distances: displacement of a middling unit at full activation


def gain_for(plan: ExpressionPlan, reach: float) -> float:
    """The gain for a head on which the plan at full strength moves the face by ``reach`` outer-eye distances.

    A micro-expression gets exactly its size, up to full strength. Most units cannot move as far as large
    macro-expressions are meant to: those approach full strength softly, so that larger stays larger.
    """
    share = plan.size / reach
    return float(min(share, 1.0) if plan.kind == "micro" else share / np.hypot(1.0, share))


def nominal_gain(plan: ExpressionPlan) -> float:
    """The gain for a head of which nothing is known."""
    return gain_for(plan, _NOMINAL_REACH)


# ------------------------------------------------------------ what a performance is


@dataclass(slots=True)
class Motion:
    """What a face does at T moments.

    Attributes:
        units: ``float32`` (T, U, 2), activation of each action unit (in the order of ``UNITS``) on the
            person's right and left side, 0 to 1.
        actions: ``float32`` (T, 52), facial actions on top of the units, in the order of ``ACTIONS``, 0 to 1.
        pose: ``float32`` (T, 6), the head's yaw, pitch and roll in radians (positive: to the person's left,
            up, towards the person's left shoulder) and shift in outer-eye distances (x to the picture's
            right, y down, z away from the camera).
        light: ``float32`` (T,), gain of the light, about 1.
    """

    units: NDArray[np.float32]
    actions: NDArray[np.float32]
    pose: NDArray[np.float32]
    light: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class PlacedExpression:
    """An expression at its time and strength.

    Attributes:
        plan: what it is.
        start_s: its onset, seconds.
        gain: 0 to 1, scales all its activations.
        role: how it stands to another expression.
    """

    plan: ExpressionPlan
    start_s: float
    gain: float
    role: Role = ""

    @property
    def apex_s(self) -> float:
        """When it peaks, seconds."""
        return self.start_s + self.plan.apex_s

    @property
    def end_s(self) -> float:
        """Its offset, seconds."""
        return self.start_s + self.plan.duration_s

    def add(self, t: Floats, units: Floats) -> None:
        """Join its activations at times ``t`` (T,) to ``units`` (T, U, 2), in place."""
        during = (t > self.start_s) & (t < self.end_s)
        if self.gain > 0 and during.any():
            present = units[during]
            join(present, self.gain * self.plan.activation(t[during] - self.start_s))
            units[during] = present

    def describe(self) -> dict[str, Any]:
        """Every parameter, ready for JSON."""
        times = {"start_s": self.start_s, "apex_s": self.apex_s, "end_s": self.end_s}
        return {**times, "gain": self.gain, "role": self.role, "plan": self.plan.describe()}


@dataclass(frozen=True, slots=True)
class Performance:
    """Everything one person does from second 0 to ``duration_s``.

    Attributes:
        duration_s: seconds.
        expressions: in order of onset; none overlap but those with a role.
        distractors: what else moves, and the light.
    """

    duration_s: float
    expressions: tuple[PlacedExpression, ...]
    distractors: tuple[Distractor, ...] = ()

    def sample(self, times: ArrayLike, exposure_s: float = 0.0) -> Motion:
        """Motion at ``times`` (T,) in seconds; the light is averaged over exposures that begin there."""
        t = np.asarray(times, np.float64)
        units = np.zeros((len(t), len(UNITS), 2))
        actions, pose = np.zeros((len(t), len(ACTIONS))), np.zeros((len(t), 6))
        for expression in self.expressions:
            expression.add(t, units)
        for distractor in self.distractors:
            distractor.act(t, actions, pose)
        return Motion(
            units.astype(np.float32),
            actions.astype(np.float32),
            pose.astype(np.float32),
            self.light(t, exposure_s),
        )

    def light(self, start_s: ArrayLike, exposure_s: float = 0.0) -> NDArray[np.float32]:
        """Mean gain of the light over an exposure that begins at each of ``start_s`` (T,)."""
        t = np.asarray(start_s, np.float64)
        gain = np.ones(len(t))
        for distractor in self.distractors:
            gain *= distractor.light(t, exposure_s)
        return gain.astype(np.float32)

    @property
    def spans(self) -> tuple[TruthSpan, ...]:
        """What every distractor did when, in order of time."""
        spans = (span for distractor in self.distractors for span in distractor.spans)
        return tuple(sorted(spans, key=lambda span: (span.start_s, span.end_s)))

    def n_frames(self, fps: float) -> int:
        """How many frames fall into the performance, the first at second 0."""
        return int(np.floor(self.duration_s * fps + 1e-6)) + 1

    def expressions_at(self, fps: float, n_frames: int, start_s: float = 0.0) -> tuple[Expression, ...]:
        """The truth in frames of a film that begins at ``start_s``.

        The onset is the last frame that is not after the start, apex and offset are the frames nearest to the
        peak and the end: every frame that differs from rest lies between onset and offset. An expression that
        the film shows in part is cut to it; one that it does not show is left out.
        """
        found = []
        for e in self.expressions:
            start, apex, end = ((s - start_s) * fps for s in (e.start_s, e.apex_s, e.end_s))
            if end <= 0 or start >= n_frames - 1:
                continue
            onset, peak, offset = _frame_before(start), _nearest_frame(apex), _nearest_frame(end)
            onset, peak, offset = (min(max(f, 0), n_frames - 1) for f in (onset, peak, offset))
            plan = e.plan
            found.append(Expression(onset, peak, offset, plan.kind, plan.emotion, plan.units, e.gain))
        return tuple(sorted(found, key=lambda e: (e.onset, e.offset)))

    def blinks_at(self, fps: float, n_frames: int, start_s: float = 0.0) -> tuple[tuple[int, int], ...]:
        """First and last frame of each closure of the lids; closures that share a frame are one."""
        frames: list[tuple[int, int]] = []
        for span in self.spans:
            if (
                span.kind != "blink"
                or span.end_s <= start_s
                or (span.start_s - start_s) * fps >= n_frames - 1
            ):
                continue
            first = max(_frame_before((span.start_s - start_s) * fps), 0)
            last = min(_nearest_frame((span.end_s - start_s) * fps), n_frames - 1)
            if frames and first <= frames[-1][1]:
                first, last = frames[-1][0], max(last, frames.pop()[1])
            frames.append((first, last))
        return tuple(frames)

    def scaled(self, intensity: float) -> Performance:
        """The same performance with all expressions that much stronger or weaker; 0 is a face at rest."""
        return self.with_gains(intensity=intensity)

    def with_gains(self, gain_of: GainOf | None = None, *, intensity: float = 1.0) -> Performance:
        """The same performance on another head.

        Args:
            gain_of: new gains; by default those that are there.
            intensity: scales them; results are cut to 0 to 1.
        """
        gains = [e.gain if gain_of is None else gain_of(e.plan) for e in self.expressions]
        return replace(
            self,
            expressions=tuple(
                replace(e, gain=_bounded(intensity * gain))
                for e, gain in zip(self.expressions, gains, strict=True)
            ),
        )

    def describe(self) -> dict[str, Any]:
        """Every parameter, ready for JSON: enough to tell two performances apart and to check any truth."""
        return {
            "duration_s": self.duration_s,
            "expressions": [e.describe() for e in self.expressions],
            "distractors": [d.describe() for d in self.distractors],
        }


def _bounded(gain: float) -> float:
    return float(np.clip(gain, 0.0, 1.0))


def _nearest_frame(position: float) -> int:
    return int(np.floor(position + 0.5))


def _frame_before(position: float) -> int:
    return int(
        np.floor(position + 1e-6)
    )  # a start that falls on a frame is that frame, whatever rounding says


# ------------------------------------------------------------ planning


@dataclass(frozen=True, slots=True)
class PerformanceSettings:
    """What a person does.

    Attributes:
        micro_rate: micro-expressions a minute.
        macro_rate: macro-expressions a minute, beside those that mask.
        at_least: micro-expressions that there are in any case.
        gap_s: shortest rest between expressions, and before the first and after the last.
        masked: chance that a micro-expression is qualified, masked or neutralised by a macro-expression
            (one of other action units: a smile hides no smile).
        blink_beside: chance that a blink comes right beside a micro-expression.
        frequencies: class frequencies: a key of ``expressions.FREQUENCIES``, or emotion -> weight.
        style: whose share of action units; by default that of the set that ``frequencies`` names.
        durations: whose durations of micro-expressions; by default as ``style``.
        distractors: what else moves.
    """

    micro_rate: float = 12.0
    macro_rate: float = 3.0
    at_least: int = 1
    gap_s: float = 0.6
    masked: float = 0.1
    blink_beside: float = 0.15
    frequencies: str | Mapping[str, float] = "balanced"
    style: str | None = None
    durations: str | None = None
    distractors: DistractorSettings = field(default_factory=DistractorSettings)

    def draw(
        self, rng: np.random.Generator, kind: EventKind = "micro", emotion: str | None = None
    ) -> ExpressionPlan:
        """One expression by these settings."""
        return draw_expression(
            rng,
            emotion,
            frequencies=self.frequencies,
            kind=kind,
            style=self.style,
            durations=self.durations if kind == "micro" else None,
        )

    def describe(self) -> dict[str, Any]:
        """Every setting, ready for JSON."""
        named = isinstance(self.frequencies, str)
        frequencies = self.frequencies if named else dict(self.frequencies)  # type: ignore[arg-type]
        return asdict(replace(self, frequencies=frequencies))


@dataclass(frozen=True, slots=True)
class _Block:
    """Expressions that belong together, with their starts within the block."""

    parts: tuple[tuple[ExpressionPlan, float, Role], ...]

    @property
    def length_s(self) -> float:
        return max(start + plan.duration_s for plan, start, _ in self.parts)


def plan_performance(
    rng: np.random.Generator,
    duration_s: float,
    settings: PerformanceSettings | None = None,
    gain_of: GainOf = nominal_gain,
) -> Performance:
    """Plan a recording.

    Where there is no room for everything, the longest expressions are left out; where a micro-expression that
    there must be has no room because of the macro-expression that masks it, none is masked. Expressions and
    distractors have chance of their own: other distractors leave the expressions as they are.

    Args:
        rng: source of chance.
        duration_s: seconds.
        settings: what happens how often.
        gain_of: the head's answer to how strongly an expression must be acted.

    Raises:
        InputError: no room for the expressions that there must be, or an unknown name in the settings.
    """
    settings = settings or PerformanceSettings()
    acting, distracting = _two(rng)
    wanted = _blocks(acting, duration_s, settings)
    blocks = _fitting(wanted, duration_s, settings.gap_s)
    if len(_micros(blocks)) < settings.at_least:
        blocks = _fitting(
            [_Block(((plan, 0.0, ""),)) for plan in _micros(wanted)], duration_s, settings.gap_s
        )
    if len(blocks) < settings.at_least:
        several = "s" if settings.at_least > 1 else ""
        raise InputError(
            f"{duration_s:g} s have no room for {settings.at_least} micro-expression{several} with"
            f" {settings.gap_s:g} s of rest before and after; make the recording longer."
        )
    slack = _slack(blocks, duration_s, settings.gap_s)
    waits = settings.gap_s + max(slack, 0.0) * acting.dirichlet(np.ones(len(blocks) + 1))
    placed: list[PlacedExpression] = []
    now = 0.0
    for block, wait in zip(blocks, waits, strict=False):
        now += float(wait)
        placed += [
            PlacedExpression(p, now + start, _bounded(gain_of(p)), role) for p, start, role in block.parts
        ]
        now += block.length_s
    return _with_distractors(distracting, duration_s, placed, settings)


def plan_clip(
    rng: np.random.Generator,
    settings: PerformanceSettings | None = None,
    *,
    kind: EventKind = "micro",
    emotion: str | None = None,
    margins_s: tuple[float, float] = (0.1, 0.4),
    gain_of: GainOf = nominal_gain,
) -> Performance:
    """Plan one expression with some rest before and after.

    Args:
        rng: source of chance.
        settings: class frequencies, style, distractors.
        kind: ``"micro"`` or ``"macro"``.
        emotion: what is felt; by default drawn.
        margins_s: shortest and longest rest at either end, seconds; ``(0, 0)`` cuts at onset and offset.
        gain_of: the head's answer to how strongly it must be acted.
    """
    settings = settings or PerformanceSettings()
    acting, distracting = _two(rng)
    plan = settings.draw(acting, kind, emotion)
    before, after = acting.uniform(*margins_s, 2).tolist()
    placed = [PlacedExpression(plan, before, _bounded(gain_of(plan)))]
    return _with_distractors(distracting, before + plan.duration_s + after, placed, settings)


def plan_posed(
    rng: np.random.Generator,
    settings: PerformanceSettings | None = None,
    *,
    emotion: str | None = None,
    returns: bool = True,
    gain_of: GainOf = nominal_gain,
) -> Performance:
    """Plan a posed macro-expression from rest to the peak.

    Args:
        rng: source of chance.
        settings: class frequencies (``"seven"`` for the posed sets), style, distractors.
        emotion: what is posed; by default drawn.
        returns: whether the face goes back to rest; otherwise the performance ends at the peak.
        gain_of: the head's answer to how strongly it must be acted.
    """
    settings = settings or PerformanceSettings(frequencies="seven")
    clip = plan_clip(rng, settings, kind="macro", emotion=emotion, margins_s=(0.15, 0.6), gain_of=gain_of)
    return clip if returns else replace(clip, duration_s=clip.expressions[0].apex_s)


def _two(rng: np.random.Generator) -> tuple[np.random.Generator, np.random.Generator]:
    """Chance for the expressions and chance for the rest."""
    one, two = rng.integers(0, 2**62, 2)
    return np.random.default_rng(int(one)), np.random.default_rng(int(two))


def _micros(blocks: list[_Block]) -> list[ExpressionPlan]:
    return [plan for block in blocks for plan, _, _ in block.parts if plan.kind == "micro"]


def _fitting(blocks: list[_Block], duration_s: float, gap_s: float) -> list[_Block]:
    """What is left when the longest have gone until there is room."""
    left = list(blocks)
    while left and _slack(left, duration_s, gap_s) < 0:
        left.remove(max(left, key=lambda block: block.length_s))
    return left


def _slack(blocks: list[_Block], duration_s: float, gap_s: float) -> float:
    return duration_s - sum(block.length_s for block in blocks) - gap_s * (len(blocks) + 1)


def _blocks(rng: np.random.Generator, duration_s: float, settings: PerformanceSettings) -> list[_Block]:
    minutes = duration_s / 60
    n_micro = max(settings.at_least, int(rng.poisson(settings.micro_rate * minutes)))
    n_macro = int(rng.poisson(settings.macro_rate * minutes))
    blocks = []
    for _ in range(n_micro):
        plan = settings.draw(rng)
        masked = rng.random() < settings.masked
        blocks.append(_masked(rng, plan, settings) if masked else _Block(((plan, 0.0, ""),)))
    blocks += [_Block(((settings.draw(rng, "macro"), 0.0, ""),)) for _ in range(n_macro)]
    return [blocks[i] for i in rng.permutation(len(blocks))]


def _masked(rng: np.random.Generator, micro: ExpressionPlan, settings: PerformanceSettings) -> _Block:
    """A micro-expression and the macro-expression that hides it: a smile, or pressed lips."""
    role: Role = ("qualified", "masked", "neutralised")[int(rng.choice(3, p=[0.4, 0.4, 0.2]))]
    felt = {unit.au for unit in micro.units}
    for _ in range(20):
        cover = settings.draw(rng, "macro", "repression" if role == "neutralised" else "happiness")
        room = cover.duration_s - micro.duration_s - 0.1
        # a unit that the cover holds anyway would hide the micro-expression altogether
        if room > 0.1 and felt.isdisjoint(unit.au for unit in cover.units):
            break
    else:
        return _Block(((micro, 0.0, ""),))
    if role == "qualified":
        return _Block(((cover, 0.0, "cover"), (micro, float(0.05 + room * rng.random()), role)))
    if role == "neutralised":
        cover = replace(cover, size=0.5 * cover.size)
    later = rng.uniform(micro.apex_s, micro.duration_s + (0.15 if role == "masked" else 0.0))
    return _Block(((micro, 0.0, role), (cover, float(later), "cover")))


def _with_distractors(
    rng: np.random.Generator,
    duration_s: float,
    placed: list[PlacedExpression],
    settings: PerformanceSettings,
) -> Performance:
    micros = [e for e in placed if e.plan.kind == "micro"]
    chosen = rng.random(len(micros)) < settings.blink_beside
    beside = [(e.start_s, e.end_s) for e, blinks in zip(micros, chosen, strict=True) if blinks]
    distractors = plan_distractors(rng, duration_s, settings.distractors, beside)
    return Performance(duration_s, tuple(sorted(placed, key=lambda e: e.start_s)), distractors)
