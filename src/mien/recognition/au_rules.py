"""Action-unit rules: direction and strength of motion -> action units -> emotion. No training, nothing hidden.

1. The motion from onset to apex is measured by region, head motion removed.
2. Each action unit pulls certain regions in certain directions (FACS: Ekman, Friesen & Hager 2002). How far a
   region went that way, against how far it went astray, gives the unit a chance between 0 and 1.
3. The units are taken as independent, which gives every combination of them a probability; the objective classes of
   Davison et al. (2017) name the combinations, and each emotion gets the sum of its own. What no class names is
   "others".
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from mien.anatomy import REGIONS
from mien.events import ActionUnit, RegionMotion
from mien.face import CELLS, CROP, face_map
from mien.inputs import Clip
from mien.inputs.face_motion import FaceMotion
from mien.labels import EMOTION_OF_OBJECTIVE, objective_class
from mien.recognition.base import Recognition

__all__ = ["AuRules"]

_INDEX = {r.key: i for i, r in enumerate(REGIONS)}

_PULLS: dict[int, tuple[tuple[str, float, float, float], ...]] = {
    # unit: (region, outwards, downwards, weight); a pair of regions is named without its side, and "outwards" is
    # away from the nose on either side
    1: (("brow_inner", 0.0, -1.0, 1.0),),
    2: (("brow_outer", 0.1, -1.0, 1.0),),
    4: (("brow_inner", -0.7, 0.7, 1.0), ("glabella", 0.0, 1.0, 0.5)),
    5: (("lid_upper", 0.0, -1.0, 1.0),),
    6: (("cheek", 0.1, -1.0, 1.0), ("lid_lower", 0.0, -1.0, 0.7)),
    7: (("lid_lower", -0.4, -1.0, 1.0),),
    9: (("nose_wing", 0.0, -1.0, 1.0), ("glabella", 0.0, 1.0, 0.6)),
    10: (("nose_wing", 0.2, -1.0, 0.8), ("lip_upper", 0.0, -1.0, 1.0)),
    12: (("mouth_corner", 0.7, -0.7, 1.0), ("cheek", 0.2, -1.0, 0.3)),
    14: (("mouth_corner", 1.0, 0.0, 1.0),),
    15: (("mouth_corner", 0.1, 1.0, 1.0),),
    17: (("chin", 0.0, -1.0, 1.0), ("lip_lower", 0.0, -1.0, 0.4)),
    20: (("mouth_corner", 1.0, 0.3, 1.0),),
    24: (("lip_upper", 0.0, 1.0, 0.7), ("lip_lower", 0.0, -1.0, 1.0)),
    25: (("lip_lower", 0.0, 1.0, 1.0), ("lip_upper", 0.0, -1.0, 0.3)),
    26: (("chin", 0.0, 1.0, 1.0), ("lip_lower", 0.0, 1.0, 0.5)),
}
_RIVALS = ((12, 14, 15, 20), (6, 7), (9, 10), (17, 24), (25, 26))
"""Units that pull the same skin: of these the better fitting one takes the motion."""


@dataclass(frozen=True, slots=True)
class AuRules:
    """Action-unit rules.

    Attributes:
        floor: motion of a region that counts as noise, outer-eye distances.
        lid_floor: the same for the eyelids, which gaze moves.
        certain: how many floors of well-directed motion give a unit a chance of 1 − 1/e.
        minor: a unit pulled by less than this share of the strongest unit's motion is taken for its side effect.
        trust: the rules' confidence in a label is at most this share of its probability: an honest discount, since
            the rules were never fitted to labelled faces.
        decided: probability that a label needs; below it the outcome is "undecided".
        flow: flow algorithm.
    """

    floor: float = 0.0025
    lid_floor: float = 0.005
    certain: float = 2.5
    minor: float = 0.3
    trust: float = 0.6
    decided: float = 0.4
    flow: str = "dis_lk"

    name: ClassVar[str] = "au-rules"
    kind: ClassVar[Literal["rules", "model"]] = "rules"
    statement: ClassVar[str] = (
        "The label follows from simple rules (which way which part of the face moved, which action units that speaks "
        "for, which emotion those are usually linked with). The rules were not trained on labelled expressions, their "
        "accuracy is unknown, and the percentages rank the possibilities rather than measure them."
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
        rise = max(1, apex - clip.onset)
        layout = face_map(clip.landmarks, CELLS)
        start = _calm(grey, clip.onset - rise // 6, clip.onset + rise // 6)
        motion = FaceMotion(start, layout, self.flow)
        return self.judge(motion.to(_calm(grey, apex - rise // 6, apex + rise // 6)).regions)

    def judge(self, moved: NDArray[np.floating]) -> Recognition:
        """Judge region displacements (R, 2), outer-eye distances, in the order of :data:`mien.anatomy.REGIONS`."""
        floors = np.array([self.lid_floor if r.key.startswith("lid_") else self.floor for r in REGIONS])
        units = self._units(np.asarray(moved, np.float64), floors)
        chances = {u.au: u.strength for u in units}
        probabilities = _emotions(chances)
        best = max(probabilities, key=lambda label: probabilities[label])
        decided = probabilities[best] >= self.decided and best != "others"
        strength = np.linalg.norm(moved, axis=1) / floors
        order = [
            i for i in np.argsort(-strength, kind="stable") if strength[i] >= max(1.0, 0.2 * strength.max())
        ]
        return Recognition(
            probabilities=probabilities,
            emotion=best if decided else "undecided",
            confidence=self.trust * probabilities[best] if decided else 0.0,
            action_units=tuple(u for u in units if u.strength >= 0.25),
            regions=tuple(
                RegionMotion(REGIONS[i].key, float(moved[i, 0]), float(moved[i, 1]), float(strength[i]))
                for i in order
            ),
        )

    def _units(self, moved: NDArray[np.float64], floors: NDArray[np.float64]) -> list[ActionUnit]:
        pulls = {
            (au, side): _pull(pull, side, moved, floors)
            for au, pull in _PULLS.items()
            for side in ("right", "left")
        }
        for rivals in _RIVALS:
            for side in ("right", "left"):
                best = max(pulls[au, side] for au in rivals)
                for au in rivals:
                    if pulls[au, side] < best:
                        pulls[au, side] *= 0.4 * pulls[au, side] / best
        top = max(pulls.values())
        units = []
        for au in _PULLS:
            right, left = pulls[au, "right"], pulls[au, "left"]
            strong, weak = max(right, left), min(right, left)
            chance = 1 - np.exp(-strong / self.certain)
            chance *= min(1.0, strong / max(self.minor * top, 1e-9))
            if chance < 0.02:
                continue
            side: Literal["both", "left", "right"] = "both"
            if weak < 0.35 * strong:
                side = "right" if right > left else "left"
            units.append(ActionUnit(au, side, float(chance)))
        return sorted(units, key=lambda u: -u.strength)


def _calm(grey: NDArray[np.uint8], first: int, last: int) -> NDArray[np.uint8]:
    """The mean of a few neighbouring frames: less noise than any one of them."""
    part = grey[max(0, first) : min(len(grey), last + 1)]
    mean: NDArray[np.uint8] = part.mean(axis=0).round().astype(np.uint8)
    return mean


def _pull(
    pull: tuple[tuple[str, float, float, float], ...],
    side: str,
    moved: NDArray[np.float64],
    floors: NDArray[np.float64],
) -> float:
    """How far the regions went a unit's way, in noise floors; what went astray counts against it."""
    total, weights = 0.0, 0.0
    for region, outwards, down, weight in pull:
        i = _INDEX.get(region, _INDEX.get(f"{region}_{side}", -1))
        # the person's left is on the right-hand side of the picture
        way = np.array([outwards if side == "left" else -outwards, down])
        way /= np.linalg.norm(way)
        length = float(np.linalg.norm(moved[i]))
        along = float(moved[i] @ way)
        fit = max(along, 0.0) / max(length, 1e-12)
        # the cube falls off quickly beyond 45 degrees
        total += weight * (along * fit**3 if along > 0 else 0.5 * along) / floors[i]
        weights += weight
    return max(0.0, total / weights)


def _emotions(chances: dict[int, float]) -> dict[str, float]:
    """Probability of each emotion: the sum over all combinations of units that its objective class names."""
    likely = sorted(chances, key=lambda au: -chances[au])[:8]  # 256 combinations; the rest hardly matters
    result = dict.fromkeys(EMOTION_OF_OBJECTIVE.values(), 0.0)
    for present in product((False, True), repeat=len(likely)):
        probability = float(
            np.prod(
                [chances[au] if here else 1 - chances[au] for au, here in zip(likely, present, strict=True)]
            )
        )
        units = [au for au, here in zip(likely, present, strict=True) if here]
        result[EMOTION_OF_OBJECTIVE[objective_class(units)]] += probability
    total = sum(result.values())
    return {label: value / total for label, value in result.items()}
