"""Scripts: everything about a take, decided before a single picture is drawn.

A script is made from a seed, a person's number and a take's number alone, so any take can be made again, in
any order and in any process. The same performance before several cameras is the same motion.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final, Literal

import numpy as np

from mien.errors import InputError
from mien.events import EventKind
from mien.records import Expression, Person, Product, Stream, Take
from mien.synthesis.appearance import Appearance, draw_appearance
from mien.synthesis.atlas import HEIGHT, WIDTH
from mien.synthesis.expressions import COARSE, ExpressionPlan
from mien.synthesis.film import Film
from mien.synthesis.head import Head, head_model
from mien.synthesis.people import Shape, build_head, draw_person
from mien.synthesis.performance import (
    Performance,
    PerformanceSettings,
    gain_for,
    plan_clip,
    plan_performance,
    plan_posed,
)
from mien.synthesis.scene import Surface
from mien.synthesis.setting import Setting, draw_setting
from mien.synthesis.skin import paint

__all__ = [
    "Actor",
    "Conditions",
    "Script",
    "cast",
    "clip_script",
    "draw_word",
    "posed_script",
    "recording_script",
]

_PERSON, _SESSION, _ACTING, _SHOT = range(
    4
)  # what chance is for: changing one leaves the others as they were
_REST_S: Final = (0.3, 0.5)  # a clip's performance begins and ends with this much rest
_POSED: Final = 1.6  # posing for a camera is stronger than what happens to a face


@dataclass(frozen=True)
class Conditions:
    """How a collection is acted and filmed.

    Attributes:
        acting: which expressions, how often, and everything that makes spotting hard.
        noise: sensor noise, a soft lens, darker corners.
        compression: films are compressed as films are.
        motion_blur: the shutter is open for a part of the frame's time.
        face: shortest and longest distance between the outer eye corners, in picture heights.
        intensity: scales every expression; 0 is a face at rest.
    """

    acting: PerformanceSettings = field(default_factory=PerformanceSettings)
    noise: bool = True
    compression: bool = True
    motion_blur: bool = True
    face: tuple[float, float] = (0.17, 0.27)
    intensity: float = 1.0

    def describe(self) -> dict[str, Any]:
        """Every setting, fit for JSON."""
        return {**asdict(replace(self, acting=PerformanceSettings())), "acting": self.acting.describe()}


@dataclass(frozen=True, eq=False)
class Actor:
    """Somebody who can be filmed; compared by identity.

    Attributes:
        person: who, for the records.
        shape: of the head.
        appearance: of the skin, eyes and hair.
        seed: of the skin's details.
    """

    person: Person
    shape: Shape
    appearance: Appearance
    seed: int

    @functools.cached_property
    def head(self) -> Head:
        """The head's geometry."""
        return build_head(self.shape)

    def surface(self, eye_px: float) -> Surface:
        """The head's appearance, as fine as a face with that distance between its eye corners needs."""
        share = 1 if eye_px >= 120 else 2 if eye_px >= 60 else 3
        return self._painted(share)

    @functools.lru_cache(maxsize=3)  # noqa: B019 - all actors' together: one person's sizes
    def _painted(self, share: int) -> Surface:
        return paint(self.appearance, head_model(), self.seed, (HEIGHT // share, WIDTH // share))

    def __getstate__(self) -> dict[str, Any]:
        """Without the head, which is made anew where it is needed."""
        return {name: value for name, value in self.__dict__.items() if name != "head"}

    def gain(self, plan: ExpressionPlan) -> float:
        """How strongly this head must act an expression for it to have its size."""
        return gain_for(plan, self.head.reach(plan.at_apex().astype(np.float32)))

    def describe(self) -> dict[str, Any]:
        """Every parameter, fit for JSON."""
        return {
            "person": asdict(self.person),
            "shape": self.shape.to_dict(),
            "appearance": self.appearance.to_json(),
            "seed": self.seed,
        }


@functools.lru_cache(maxsize=4)  # a head and its skin are some 20 MB
def cast(seed: int, number: int) -> Actor:
    """The person of a number in the collection of a seed."""
    rng = _chance(seed, _PERSON, number)
    person, shape = draw_person(rng, number)
    appearance = draw_appearance(
        rng, age=person.age, sex=person.sex, skin=person.skin, ethnicity=person.ethnicity
    )
    return Actor(person, shape, appearance, int(rng.integers(2**31)))


@dataclass(frozen=True)
class Script:
    """One take: who does what before which camera.

    Attributes:
        take: the plain record.
        actor: who.
        performance: what happens when.
        setting: camera, lamps, wall, sensor.
        start_s: when the film begins in the performance.
    """

    take: Take
    actor: Actor
    performance: Performance
    setting: Setting
    start_s: float = 0.0

    def film(self) -> Film:
        """The take, ready to be looked at frame by frame."""
        return Film(
            self.actor.head,
            self.actor.surface(self.setting.camera.eye_px),
            self.setting,
            self.performance,
            fps=self.take.fps,
            n_frames=self.take.n_frames,
            start_s=self.start_s,
        )

    def describe(self) -> dict[str, Any]:
        """Every parameter, fit for JSON."""
        return {
            "take": asdict(self.take),
            "actor": self.actor.describe(),
            "performance": self.performance.describe(),
            "setting": self.setting.describe(),
            "start_s": self.start_s,
        }


def recording_script(
    seed: int, person: int, number: int, stream: Stream, seconds: float, conditions: Conditions | None = None,
    *, words: Sequence[str] = (),
) -> Script:  # fmt: skip
    """A recording: seconds to minutes, several expressions, and everything else a face does.

    Args:
        seed: of the collection.
        person: who, 1-based.
        number: which take of this person, 1-based.
        stream: the camera.
        seconds: length.
        conditions: how it is acted and filmed.
        words: the emotion words that the records may use; by default those that are felt.

    Raises:
        InputError: there is no room for the expressions that there must be.
    """
    conditions = conditions or Conditions()
    actor = cast(seed, person)
    acting = plan_performance(_chance(seed, _ACTING, person, number), seconds, conditions.acting, actor.gain)
    n_frames = max(2, round(seconds * stream.fps))
    return _script(seed, actor, number, stream, "recordings", acting, 0.0, n_frames, conditions, words)


def clip_script(
    seed: int, person: int, number: int, stream: Stream, conditions: Conditions | None = None,
    *, margin: int | None = None, kind: EventKind = "micro", emotion: str | None = None,
    words: Sequence[str] = (),
) -> Script:  # fmt: skip
    """A clip: one expression from onset to offset, with margins.

    Args:
        seed: of the collection.
        person: who, 1-based.
        number: which take of this person, 1-based.
        stream: the camera.
        conditions: how it is acted and filmed.
        margin: frames before the onset and after the offset, by default a quarter of a second; less where the
            performance has not that much rest.
        kind: micro or macro.
        emotion: what is felt, or a coarse label; by default drawn by the conditions' frequencies.
        words: the emotion words that the records may use; by default those that are felt.
    """
    conditions = conditions or Conditions()
    actor = cast(seed, person)
    rng = _chance(seed, _ACTING, person, number)
    acting = plan_clip(
        rng, conditions.acting, kind=kind, emotion=emotion, margins_s=_REST_S, gain_of=actor.gain
    )
    (whole,) = acting.expressions_at(stream.fps, acting.n_frames(stream.fps))
    wanted = round(0.25 * stream.fps) if margin is None else margin
    first = max(0, whole.onset - wanted)
    last = min(acting.n_frames(stream.fps) - 1, whole.offset + wanted)
    start_s, n_frames = first / stream.fps, last - first + 1
    return _script(seed, actor, number, stream, "clips", acting, start_s, n_frames, conditions, words)


def posed_script(
    seed: int, person: int, number: int, stream: Stream, emotion: str, conditions: Conditions | None = None,
    *, way: Literal["rise", "return", "peak"] = "return", words: Sequence[str] = (),
) -> Script:  # fmt: skip
    """A posed macro-expression: from neutral to the peak, or back to neutral again.

    Args:
        seed: of the collection.
        person: who, 1-based.
        number: which take of this person, 1-based.
        stream: the camera.
        emotion: what is posed; ``"neutral"``: a face at rest.
        conditions: how it is acted and filmed.
        way: ``"rise"`` and ``"peak"`` end at the peak.
        words: the emotion words that the records may use.
    """
    conditions = conditions or Conditions(acting=PerformanceSettings(frequencies="seven"))
    actor = cast(seed, person)
    rng = _chance(seed, _ACTING, person, number)
    resting = emotion == "neutral"
    acting = plan_posed(
        rng,
        conditions.acting,
        emotion="happiness" if resting else emotion,
        returns=way == "return",
        gain_of=actor.gain,
    )
    acting = replace(acting, expressions=()) if resting else acting.scaled(_POSED)
    n_frames = max(2, acting.n_frames(stream.fps))
    if way != "return" and not resting:
        (whole,) = acting.expressions_at(stream.fps, n_frames + 1)
        n_frames = max(2, whole.apex + 1)
    return _script(seed, actor, number, stream, "macro", acting, 0.0, n_frames, conditions, words)


def _script(
    seed: int, actor: Actor, number: int, stream: Stream, product: Product, acting: Performance,
    start_s: float, n_frames: int, conditions: Conditions, words: Sequence[str],
) -> Script:  # fmt: skip
    person = actor.person
    acting = acting if conditions.intensity == 1 else acting.scaled(conditions.intensity)
    setting = draw_setting(
        _chance(seed, _SESSION, person.number, *stream.key.encode()),
        stream,
        noise=conditions.noise,
        compression=conditions.compression,
        motion_blur=conditions.motion_blur,
        face=conditions.face,
    )
    rng = _chance(seed, _SHOT, person.number, number, *stream.key.encode())
    setting = replace(setting, sensor=replace(setting.sensor, seed=int(rng.integers(2**31))))
    truth = acting.expressions_at(stream.fps, n_frames, start_s)
    take = Take(
        person=person,
        number=number,
        product=product,
        stream=stream,
        n_frames=n_frames,
        expressions=tuple(_worded(e, words) for e in truth),
        blinks=acting.blinks_at(stream.fps, n_frames, start_s),
        seed=int(np.random.SeedSequence([seed, _SHOT, person.number, number]).generate_state(1)[0]),
    )
    return Script(take, actor, acting, setting, start_s)


def _worded(expression: Expression, words: Sequence[str]) -> Expression:
    """The expression in a data set's own words: itself, a coarse label, or the rest."""
    if not words or expression.emotion in words:
        return expression
    coarse = [label for label, under in COARSE.items() if expression.emotion in under and label in words]
    word = (coarse or [w for w in ("others", "negative") if w in words] or list(words))[0]
    return replace(expression, emotion=word)


def draw_word(seed: int, person: int, number: int, frequencies: Mapping[str, float]) -> str:
    """One of a data set's emotion words by its frequencies, for a take."""
    rng = _chance(seed, _SHOT, person, number, 1)
    words = [w for w in frequencies if w != "neutral"]
    if not words:
        raise InputError("there is no emotion to draw from")
    share = np.array([frequencies[w] for w in words], float)
    return words[int(rng.choice(len(words), p=share / share.sum()))]


def _chance(seed: int, *purpose: int) -> np.random.Generator:
    return np.random.default_rng([seed, *purpose])
