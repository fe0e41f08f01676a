"""Action-unit rules: direction and strength of motion -> action units -> emotion.

Nothing is trained, nothing hidden:

1. The motion from onset to apex is measured by region, head motion removed.
2. Each action unit pulls the skin at certain places in certain directions (FACS: Ekman, Friesen & Hager
   2002), and its surroundings along with it. The fewest, least strong pulls that together explain the
   measured motion are found (non-negative least squares with a price on every pull), so that the cheek
   lifted by a smile does not count as a cheek raiser of its own.
3. The units are taken as independent, which gives every combination of them a probability; the objective
   classes of Davison et al. (2017) name the combinations, and each emotion gets the sum of its own. A
   combination that no class names goes half to "others" and half to the largest named combinations within it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from mien.anatomy import REGIONS
from mien.events import ActionUnit, RegionMotion
from mien.face import CELLS, CROP, face_map
from mien.inputs import Clip, FaceMotion
from mien.labels import EMOTION_OF_OBJECTIVE, OBJECTIVE_CLASSES, objective_class
from mien.recognition.base import Recognition

__all__ = ["AuRules"]

Side = Literal["both", "left", "right"]

_PULLS: dict[int, tuple[tuple[float, float, float, float, float], ...]] = {
    # unit: (x, y, outwards, downwards, reach): the skin at x outwards of the midline and y below the eye line
    # is pulled that way, and its neighbourhood with it; outer-eye distances. After the muscles' courses in
    # FACS.
    1: ((0.17, -0.24, 0.0, -1.0, 0.13),),
    2: ((0.46, -0.25, 0.1, -1.0, 0.13),),
    4: ((0.16, -0.22, -0.6, 0.8, 0.15),),
    5: ((0.34, -0.06, 0.0, -1.0, 0.06),),
    6: ((0.42, 0.26, 0.0, -1.0, 0.16),),
    7: ((0.33, 0.09, -0.2, -1.0, 0.07),),
    9: ((0.16, 0.36, 0.0, -1.0, 0.16), (0.08, -0.18, -0.2, 0.5, 0.10)),
    10: ((0.17, 0.56, 0.1, -1.0, 0.13),),
    # the zygomatic major draws the corner out and up, and the furrow beside the nose with it
    12: ((0.29, 0.74, 0.75, -0.65, 0.15), (0.27, 0.48, 0.5, -0.45, 0.13)),
    14: ((0.30, 0.75, 1.0, -0.1, 0.11),),
    15: ((0.29, 0.76, 0.15, 1.0, 0.11),),
    17: ((0.08, 0.98, 0.0, -1.0, 0.14),),
    20: ((0.28, 0.78, 1.0, 0.4, 0.11),),
    24: ((0.10, 0.66, 0.0, 0.7, 0.08), (0.10, 0.85, 0.0, -0.7, 0.08)),
    25: ((0.08, 0.86, 0.0, 1.0, 0.10), (0.08, 0.64, 0.0, -0.4, 0.08)),
    26: ((0.08, 1.02, 0.0, 1.0, 0.18),),
}
_MIDLINE = frozenset({17, 24, 25, 26})
"""Units without sides."""


@cache
def _pulls() -> tuple[tuple[tuple[int, Side], ...], NDArray[np.float64]]:
    """The pulls as (unit, side), and what each does to the regions: (2R, pulls), 1 where it pulls most."""
    names: list[tuple[int, Side]] = []
    columns = []
    for au, foci in _PULLS.items():
        sides: tuple[Side, ...] = ("both",) if au in _MIDLINE else ("right", "left")
        for side in sides:
            effect = np.zeros((len(REGIONS), 2))
            for mirror in (-1, 1) if side == "both" else ((-1,) if side == "right" else (1,)):
                for x, y, outwards, down, reach in foci:
                    for row, region in zip(effect, REGIONS, strict=True):
                        width = reach**2 + (0.6 * region.radius) ** 2
                        distance = (region.x - mirror * x) ** 2 + (region.y - y) ** 2
                        # the person's left is on the right-hand side of the picture
                        row += np.exp(-distance / (2 * width)) * np.array([mirror * outwards, down])
            columns.append((effect / np.linalg.norm(effect, axis=1).max()).ravel())
            names.append((au, side))
    return tuple(names), np.stack(columns, axis=1)


@dataclass(frozen=True, slots=True)
class AuRules:
    """Action-unit rules.

    Attributes:
        floor: motion of a region that counts as noise, outer-eye distances.
        lid_floor: the same for the eyelids, which gaze moves.
        misfit: nobody's skin moves just as the rules say: this share of the largest motion counts as noise
            too.
        price: what a pull costs, in floors: higher means fewer units.
        certain: how many floors of pull give a unit a chance of 1 − 1/e.
        minor: a unit that pulls by less than this share of the strongest is unlikely to be one of its own.
        one_sided: a unit whose weaker side pulls by less than this share of the stronger one is one-sided.
        trust: the rules' confidence in a label is at most this share of its probability: an honest discount,
            since the rules were never fitted to labelled faces.
        decided: probability that a label needs; below it the outcome is "undecided".
        flow: flow algorithm.
    """

    floor: float = 0.0025
    lid_floor: float = 0.005
    misfit: float = 0.15
    price: float = 0.4
    certain: float = 1.2
    minor: float = 0.35
    one_sided: float = 0.35
    trust: float = 0.6
    decided: float = 0.5
    flow: str = "dis_lk"

    name: ClassVar[str] = "au-rules"
    kind: ClassVar[Literal["rules", "model"]] = "rules"
    statement: ClassVar[str] = (
        "The label follows from simple rules (which way which part of the face moved, which action units "
        "that "
        "speaks for, which emotion those are usually linked with). The rules were not trained on labelled "
        "expressions, their accuracy is unknown, and the percentages rank the possibilities rather than "
        "measure them."
    )

    @property
    def labels(self) -> tuple[str, ...]:
        """The emotions of the objective classes I to VII."""
        return tuple(EMOTION_OF_OBJECTIVE.values())

    def recognize(self, clip: Clip) -> Recognition:
        """Judge a clip.

        Args:
            clip: grey or colour, in the canonical crop of 128 pixels, with the face mesh as landmarks.

        Raises:
            ValueError: the clip is not of that kind.
        """
        if clip.landmarks is None or clip.frames.shape[1:3] != (CROP, CROP):
            raise ValueError(f"a canonical crop of {CROP} pixels with its face mesh is needed")
        apex = clip.apex if clip.apex is not None else (clip.onset + clip.offset) // 2
        grey = clip.frames if clip.frames.ndim == 3 else clip.frames.mean(axis=3).astype(np.uint8)
        around = max(1, apex - clip.onset) // 6
        motion = FaceMotion(_calm(grey, clip.onset, around), face_map(clip.landmarks, CELLS), self.flow)
        return self.judge(motion.to(_calm(grey, apex, around)).regions)

    def judge(self, displacement: NDArray[np.floating]) -> Recognition:
        """Judge region displacements.

        Args:
            displacement: (R, 2) outer-eye distances, in the order of :data:`mien.anatomy.REGIONS`; x right,
                y down.
        """
        moved: NDArray[np.float64] = np.asarray(displacement, np.float64)
        if moved.shape != (len(REGIONS), 2) or not np.isfinite(moved).all():
            raise ValueError(f"finite displacements ({len(REGIONS)}, 2) are needed, not {moved.shape}")
        floors = np.array([self.lid_floor if r.key.startswith("lid_") else self.floor for r in REGIONS])
        units = self._units(moved, floors)
        probabilities = _emotions({u.au: u.strength for u in units})
        best = max(probabilities, key=lambda label: probabilities[label])
        decided = probabilities[best] >= self.decided and best != "others"
        strength = np.linalg.norm(moved, axis=1) / floors
        order = np.argsort(-strength, kind="stable")
        return Recognition(
            probabilities=probabilities,
            emotion=best if decided else "undecided",
            confidence=self.trust * probabilities[best] if decided else 0.0,
            action_units=tuple(u for u in units if u.strength >= 0.3),
            regions=tuple(
                RegionMotion(REGIONS[i].key, float(moved[i, 0]), float(moved[i, 1]), float(strength[i]))
                for i in order
                if strength[i] >= max(1.0, 0.2 * strength.max())
            ),
        )

    def _units(self, moved: NDArray[np.float64], floors: NDArray[np.float64]) -> list[ActionUnit]:
        names, effects = _pulls()
        misfit = self.misfit * float(np.linalg.norm(moved, axis=1).max())
        noise = np.repeat(np.hypot(floors, misfit), 2)
        design, target = effects / noise[:, None], moved.ravel() / noise
        # min ½‖A x − b‖² + λ·x for x ≥ 0, as a plain non-negative least-squares problem
        scale = np.linalg.norm(design, axis=0)
        gram = design.T @ design + 1e-9 * np.eye(len(names))
        right = design.T @ target - self.price * scale
        factor = np.linalg.cholesky(gram)
        amount, _ = nnls(factor.T, np.linalg.solve(factor, right))
        pull = amount / np.hypot(self.floor, misfit)
        top = max(float(pull.max()), 1e-9)
        units = []
        for au in _PULLS:
            sides = {side: float(p) for (unit, side), p in zip(names, pull, strict=True) if unit == au}
            strong = max(sides.values())
            chance = (1 - np.exp(-strong / self.certain)) * min(1.0, strong / (self.minor * top))
            if chance < 0.02:
                continue
            side: Side = "both"
            if len(sides) == 2 and min(sides.values()) < self.one_sided * strong:
                side = max(sides, key=lambda s: sides[s])
            units.append(ActionUnit(au, side, float(chance)))
        return sorted(units, key=lambda u: -u.strength)


def _calm(grey: NDArray[np.uint8], at: int, around: int) -> NDArray[np.uint8]:
    """The mean of a few neighbouring frames: less noise than any one of them."""
    part = grey[max(0, at - around) : at + around + 1]
    mean: NDArray[np.uint8] = part.mean(axis=0).round().astype(np.uint8)
    return mean


@cache
def _shares(units: frozenset[int]) -> dict[str, float]:
    """How much of a combination of units belongs to each emotion."""
    named = objective_class(units)
    if named != "VII":
        return {EMOTION_OF_OBJECTIVE[named]: 1.0}
    inside = [(name, len(c)) for name, sets in OBJECTIVE_CLASSES.items() for c in sets if c <= units]
    if not inside:
        return {"others": 1.0}
    largest = max(size for _, size in inside)
    classes = sorted({name for name, size in inside if size == largest})
    return {"others": 0.5, **{EMOTION_OF_OBJECTIVE[name]: 0.5 / len(classes) for name in classes}}


def _emotions(chances: dict[int, float]) -> dict[str, float]:
    """Probability of each emotion, from the chance of each unit."""
    likely = sorted(chances, key=lambda au: -chances[au])[:8]  # 256 combinations; the rest hardly matters
    result = dict.fromkeys(EMOTION_OF_OBJECTIVE.values(), 0.0)
    for present in product((False, True), repeat=len(likely)):
        marked = list(zip(likely, present, strict=True))
        probability = float(np.prod([chances[au] if here else 1 - chances[au] for au, here in marked]))
        for label, share in _shares(frozenset(au for au, here in marked if here)).items():
            result[label] += share * probability
    total = sum(result.values())
    return {label: value / total for label, value in result.items()}
