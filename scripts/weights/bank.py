"""Expressions, speech and swallowing of the training world as movements of facial regions, without a picture.

What they do to the skin is known exactly; filming only adds what a camera and optical flow make
of it. Since what the spotter's network reads is linear in positions, exact movements can be added to measured
recordings. So the network sees many more expressions, and many more mouths that move for another reason, than
could be filmed, on faces that blink, speak and turn as measured.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from maps import dev
from numpy.typing import NDArray

from mien.anatomy import REGIONS
from mien.jobs import run_jobs
from mien.spotting.region_input import RATE
from mien.synthesis import trainworld
from mien.synthesis.actions import ACTIONS
from mien.synthesis.distractors import DistractorSettings, Speech, Swallows, plan_distractors
from mien.synthesis.head import Head

MICRO, MACRO = 8, 2
"""Expressions a person."""
SPOKEN_S = 20.0
"""Seconds a person talks and swallows."""


@dataclass(frozen=True)
class Shown:
    """One expression.

    Attributes:
        micro: or macro.
        path: ``float32`` (T, R, 2) of each region, outer-eye distances, from rest to rest.
        apex: moment.
    """

    micro: bool
    path: NDArray[np.float32]
    apex: float


@dataclass(frozen=True)
class Bank:
    """What can be added to recordings.

    Attributes:
        shown: expressions.
        spoken: ``float32`` (T, R, 2) each: a person who talks and swallows, and expresses nothing.
    """

    shown: list[Shown]
    spoken: list[NDArray[np.float32]]


def pulls(head: Head, moves: NDArray[np.floating]) -> NDArray[np.float64]:
    """(M, R, 2): how each of several displacements (M, V, 3) of a head moves each region, from the front."""
    skin = head.visible_skin
    at = head.neutral[skin, :2]
    seen = moves[:, skin, :2].astype(np.float64)
    made = []
    for region in REGIONS:
        off = (at - (region.x, region.y)) / (0.6 * region.radius)
        weight = np.exp(-0.5 * (off**2).sum(axis=1)) * _area(at)
        made.append(np.einsum("v,uvc->uc", weight / weight.sum(), seen))
    return np.stack(made, axis=1)


def _area(at: NDArray[np.floating]) -> NDArray[np.float64]:
    """About how much skin each vertex stands for: the mesh is finer around eyes and mouth."""
    cell = np.floor(at / 0.05).astype(int)
    _, whose, count = np.unique(cell, axis=0, return_inverse=True, return_counts=True)
    return np.asarray(1 / count[whose.ravel()], np.float64)


def of_person(person: int) -> Bank:
    """A person's expressions, other than those that were filmed, and what else the mouth does."""
    script = trainworld.recording("wide", person, 1, 10.0)
    actor, acting = script.actor, trainworld.conditions("wide", person, 1).acting
    rng = np.random.default_rng([trainworld.SEED, 6, person])
    head = actor.head
    pull = pulls(head, head.units.reshape(-1, *head.neutral.shape))
    shown = []
    for number in range(MICRO + MACRO):
        micro = number < MICRO
        plan = acting.draw(rng, "micro" if micro else "macro")
        t = np.arange(int(np.ceil(plan.duration_s * RATE)) + 1) / RATE
        path = np.einsum("tu,urc->trc", plan.activation(t).reshape(len(t), -1), pull) * actor.gain(plan)
        shown.append(Shown(micro, path.astype(np.float32), plan.apex_s * RATE))
    settings = replace(
        DistractorSettings.none(),
        speech=Speech(on=True, rate=float(rng.uniform(4, 25)), size=float(np.exp(rng.normal(0, 0.4)))),
        swallowing=Swallows(on=True, rate=float(rng.uniform(2, 8))),
    )
    t = np.arange(int(SPOKEN_S * RATE)) / RATE
    actions, pose = np.zeros((len(t), len(ACTIONS))), np.zeros((len(t), 6))
    for distractor in plan_distractors(rng, SPOKEN_S, settings):
        distractor.act(t, actions, pose)
    spoken = np.einsum("ta,arc->trc", actions, pulls(head, head.actions))
    return Bank(shown, [spoken.astype(np.float32)])


def bank(people: int, jobs: int = 2) -> Bank:
    """Of so many people, nobody of them set apart."""
    numbers = [n for n in range(1, people + 1) if not dev(n)]
    each = [some for _, some in sorted(run_jobs(of_person, numbers, jobs=jobs), key=lambda pair: pair[0])]
    return Bank([one for some in each for one in some.shown], [one for some in each for one in some.spoken])
