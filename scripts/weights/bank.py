"""Expressions of the training world as movements of facial regions, without a picture.

What an expression does to the skin is known exactly; filming only adds what a camera and optical flow make
of it. Since what the spotter's network reads is linear in positions, exact movements can be added to measured
recordings. So the network sees many more expressions than could be filmed, on faces that blink, speak and
turn as measured.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from maps import dev
from numpy.typing import NDArray

from mien.anatomy import REGIONS
from mien.jobs import run_jobs
from mien.spotting.region_input import RATE
from mien.synthesis import trainworld
from mien.synthesis.head import Head

MICRO, MACRO = 8, 2
"""Expressions a person."""


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


def pulls(head: Head) -> NDArray[np.float64]:
    """(U·2, R, 2): how each action unit on either side moves each region, seen from the front."""
    skin = head.visible_skin
    at = head.neutral[skin, :2]
    moves = head.units.reshape(-1, *head.neutral.shape)[:, skin, :2].astype(np.float64)
    made = []
    for region in REGIONS:
        off = (at - (region.x, region.y)) / (0.6 * region.radius)
        weight = np.exp(-0.5 * (off**2).sum(axis=1)) * _area(at)
        made.append(np.einsum("v,uvc->uc", weight / weight.sum(), moves))
    return np.stack(made, axis=1)


def _area(at: NDArray[np.floating]) -> NDArray[np.float64]:
    """About how much skin each vertex stands for: the mesh is finer around eyes and mouth."""
    cell = np.floor(at / 0.05).astype(int)
    _, whose, count = np.unique(cell, axis=0, return_inverse=True, return_counts=True)
    return np.asarray(1 / count[whose.ravel()], np.float64)


def of_person(person: int) -> list[Shown]:
    """A person's expressions, other than those that were filmed."""
    script = trainworld.recording("wide", person, 1, 10.0)
    actor, acting = script.actor, trainworld.conditions("wide", person, 1).acting
    rng = np.random.default_rng([trainworld.SEED, 6, person])
    pull = pulls(actor.head)
    made = []
    for number in range(MICRO + MACRO):
        micro = number < MICRO
        plan = acting.draw(rng, "micro" if micro else "macro")
        t = np.arange(int(np.ceil(plan.duration_s * RATE)) + 1) / RATE
        path = np.einsum("tu,urc->trc", plan.activation(t).reshape(len(t), -1), pull) * actor.gain(plan)
        made.append(Shown(micro, path.astype(np.float32), plan.apex_s * RATE))
    return made


def bank(people: int, jobs: int = 2) -> list[Shown]:
    """Of so many people, nobody of them set apart."""
    numbers = [n for n in range(1, people + 1) if not dev(n)]
    return [one for _, some in sorted(run_jobs(of_person, numbers, jobs=jobs)) for one in some]
