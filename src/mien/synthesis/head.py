"""The head: a mesh of anybody, moved by facial actions, action units, gaze and pose.

Coordinates are the camera's at rest: x to the picture's right (the person's left), y down, z away from the
camera, in outer-eye distances, the origin midway between the outer corners of the eyes.

The mesh, its actions and shapes are MakeHuman's (CC0), baked by ``scripts/bake_head.py``.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mien.synthesis.actions import ACTION_INDEX, ACTIONS, UNITS
from mien.synthesis.lids import Lids

__all__ = [
    "BODY",
    "EYE",
    "MOUTH",
    "SKIN",
    "SOCKET",
    "TEETH",
    "TONGUE",
    "UNIT_ACTIONS",
    "UNIT_PULLS",
    "Head",
    "HeadModel",
    "Pull",
    "head_model",
]

SKIN, EYE, MOUTH, SOCKET, TONGUE, TEETH, BODY = range(7)
"""What a triangle is part of: the face's skin with ears and scalp, an eyeball, the inside of the mouth, the
inside of an eye socket, the tongue, the teeth, or neck and shoulders."""

Array = NDArray[np.float32]

UNIT_ACTIONS: Mapping[int, Mapping[str, float]] = {
    1: {"browInnerUp": 1.0},
    2: {"browOuterUp": 1.0, "browInnerUp": 0.1},
    4: {"browDown": 1.0},
    5: {"eyeWide": 1.0},
    6: {"cheekSquint": 0.85, "eyeSquint": 0.25},
    7: {"eyeSquint": 1.0},
    9: {"noseSneer": 0.9, "mouthUpperUp": 0.25},
    10: {"mouthUpperUp": 1.0, "noseSneer": 0.15},
    12: {"mouthSmile": 0.75, "cheekSquint": 0.15},
    14: {"mouthDimple": 0.75, "mouthSmile": 0.15},
    15: {"mouthFrown": 1.0},
    16: {"mouthLowerDown": 1.0},
    17: {"mouthShrugLower": 1.1, "mouthShrugUpper": 0.4},
    18: {"mouthPucker": 1.0},
    20: {"mouthStretch": 1.0},
    23: {"mouthRollLower": 0.4, "mouthRollUpper": 0.3, "mouthPucker": 0.45},
    24: {"mouthRollLower": 0.6, "mouthRollUpper": 0.3, "mouthShrugLower": 0.4, "mouthPucker": 0.2},
    25: {"mouthLowerDown": 0.35, "mouthUpperUp": 0.12, "jawOpen": 0.06},
    26: {"jawOpen": 0.8},
}
"""Action unit -> facial actions and their weights at full strength. A name without side stands for the pair
(``browDown`` for ``browDownLeft`` and ``browDownRight``); an action that has no sides (``jawOpen``) is cut in
halves by a soft edge along the middle of the face."""


class Pull(NamedTuple):
    """Skin pulled about one place: ``offset`` at ``centre``, falling off as a Gaussian of width ``sigma``.

    Outer-eye distances in camera axes on the mean head; centre and offset on the person's left.
    """

    centre: tuple[float, float, float]
    offset: tuple[float, float, float]
    sigma: float


UNIT_PULLS: Mapping[int, tuple[Pull, ...]] = {
    9: (Pull((0.19, 0.48, -0.2), (0.002, -0.065, -0.01), 0.12),),  # the wing of the nose goes up
    14: (Pull((0.45, 0.79, -0.02), (-0.01, -0.005, 0.035), 0.06),),  # a dimple beside the corner of the mouth
    17: (Pull((0.0, 1.02, -0.22), (0.0, -0.05, 0.0), 0.15),),  # the boss of the chin goes up
}
"""What the source's facial actions lack of an action unit, at full strength."""

_BLINKS = (ACTION_INDEX["eyeBlinkRight"], ACTION_INDEX["eyeBlinkLeft"])
_PIVOT = np.array([0.0, 1.15, 1.0], np.float32)  # about the top of the spine: where the head turns
_GAZE_SIDE, _GAZE_UP = np.radians(32.0), np.radians(24.0)  # eyeLook… at full weight


@dataclass(frozen=True, eq=False)  # there is one of it, and it can be a key
class HeadModel:
    """The baked asset: template mesh, actions, shapes; see :func:`head_model`.

    Attributes:
        vertices: ``float32`` (V, 3), the template in metres in MakeHuman's axes.
        faces: ``int32`` (F, 3), vertices of each triangle, anticlockwise seen from outside.
        part: ``uint8`` (F,), what the triangle is part of (``SKIN`` …).
        uv: ``float32`` (F, 3, 2), texture coordinates of each corner, 0 to 1.
        mirror: ``int32`` (V,), the vertex on the other side.
        lid_edge, lip_edge: vertices on the edges of the lids, on the line between the lips.
        neck: ``float32`` (V,), how far a vertex follows the head.
        actions: ``float32`` (52, V, 3), displacements in metres, in the order of ``ACTIONS``.
        shapes: name -> ``float32`` (V, 3); every name has an opposite (``incr``/``decr``).
        macros: corner of age, sex … -> ``float32`` (V, 3).
    """

    vertices: Array
    faces: NDArray[np.int32]
    part: NDArray[np.uint8]
    uv: Array
    mirror: NDArray[np.int32]
    lid_edge: NDArray[np.int32]
    lip_edge: NDArray[np.int32]
    neck: Array
    actions: Array
    shapes: Mapping[str, Array] = field(repr=False)
    macros: Mapping[str, Array] = field(repr=False)

    def build(self, vertices: Array) -> Head:
        """A head of which the neutral mesh is given, ``float32`` (V, 3) in the template's units and axes."""
        return Head(self, vertices)

    def eye_corners(self, vertices: Array) -> tuple[int, int]:
        """The vertices of the outer eye corners: the person's right, left."""
        edge = self.lid_edge
        x = vertices[edge, 0]
        return int(edge[np.argmin(x)]), int(edge[np.argmax(x)])


class Head:
    """One person's head.

    Attributes:
        model: the asset.
        neutral: ``float32`` (V, 3) at rest.
        actions: ``float32`` (52, V, 3): displacement by each facial action at full weight; gaze moves lids
            here, eyeballs by rotation; ``eyeBlink`` closes this head's eyes and no more.
        units: ``float32`` (U, 2, V, 3): displacement by each action unit on the person's right and left side.
        eye_centres: ``float32`` (2, 3), of the eyeballs on the person's right and left.
        pivot: where the head turns.
        metres: length of one outer-eye distance in metres.
    """

    def __init__(self, model: HeadModel, vertices: Array) -> None:
        self.model = model
        right, left = model.eye_corners(vertices)
        self.metres = float(np.linalg.norm(vertices[left] - vertices[right]))
        middle = (vertices[left] + vertices[right]) / 2
        self.neutral = _camera_axes((vertices - middle) / self.metres)
        self.actions = _camera_axes(model.actions / self.metres)
        eye = np.unique(model.faces[model.part == EYE])
        self._eyes = tuple(eye[self.neutral[eye, 0] * side > 0] for side in (-1, 1))
        self._lids = tuple(Lids(model, self.neutral, ball) for ball in self._eyes)
        self.eye_centres = np.stack([lids.centre for lids in self._lids])
        self.pivot = _PIVOT.copy()
        for name in ACTIONS:
            if name.startswith("eyeLook"):
                self.actions[ACTION_INDEX[name]][eye] = 0
        for lids, blink in zip(self._lids, _BLINKS, strict=True):
            self.actions[blink] = lids.blink(self.neutral, self.actions[blink])
        self.units = self._unit_motion()
        moves = np.concatenate([self.units.reshape(-1, *self.neutral.shape), self.actions])
        self._closing = np.stack([[lids.closing(self.neutral, m) for m in moves] for lids in self._lids])

    def _unit_motion(self) -> Array:
        x = self.neutral[:, 0]
        t = np.clip(0.5 + x / 0.24, 0, 1)
        left_half = (t * t * (3 - 2 * t)).astype(np.float32)  # 0 on the person's right, 1 on the left
        halves = (1 - left_half, left_half)
        motion = np.zeros((len(UNITS), 2, *self.neutral.shape), np.float32)
        for i, unit in enumerate(UNITS):
            for s, side in enumerate(("Right", "Left")):
                for name, weight in UNIT_ACTIONS[unit].items():
                    if name in ACTION_INDEX:
                        motion[i, s] += weight * self.actions[ACTION_INDEX[name]] * halves[s][:, None]
                    else:
                        motion[i, s] += weight * self.actions[ACTION_INDEX[name + side]]
                for pull in UNIT_PULLS.get(unit, ()):
                    moved = _pulled(self.model, pull, left=side == "Left")
                    motion[i, s] += moved if pull.centre[0] else moved * halves[s][:, None]
        return motion

    def pose(self, units: Array, actions: Array, pose: Array | Sequence[float] = (0, 0, 0, 0, 0, 0)) -> Array:
        """The mesh at one moment.

        Args:
            units: ``float32`` (U, 2) activation of each action unit, right and left, 0 to 1.
            actions: ``float32`` (52,) weights of facial actions on top. A blink closes what everything else
                leaves open: at weight 1 the eye is shut, also while it looks down or is opened wide.
            pose: yaw, pitch, roll in radians (positive: to the person's left, up, towards the person's left
                shoulder) and shift in x, y, z.

        Returns:
            ``float32`` (V, 3) vertices.
        """
        vertices = self.neutral.copy()
        units, actions = units.reshape(-1), self._blinking(units.reshape(-1), actions)
        # one by one: a matrix product would add in an order, and round, as the machine sees fit
        for weights, moves in ((units, self.units.reshape(-1, *self.neutral.shape)), (actions, self.actions)):
            for i in np.flatnonzero(weights):
                vertices += np.float32(weights[i]) * moves[i]
        if units.any() or actions.any():
            self._look(vertices, actions)
            for lids in self._lids:
                lids.keep(vertices)
        yaw, pitch, roll, *shift = (float(p) for p in pose)
        if yaw or pitch or roll or any(shift):
            turned = (vertices - self.pivot) @ _rotation(yaw, pitch, roll).T + self.pivot
            weight = self.model.neck[:, None]
            vertices = (
                vertices + weight * (turned - vertices) + (0.35 + 0.65 * weight) * np.array(shift, np.float32)
            )
        return np.ascontiguousarray(vertices, np.float32)

    def _blinking(self, units: Array, actions: Array) -> Array:
        """The actions, with blinks as strong as they have to be given everything else."""
        if not any(actions[blink] for blink in _BLINKS):
            return actions
        weights = np.concatenate([units, actions])
        weights[[len(units) + blink for blink in _BLINKS]] = 0
        actions = actions.copy()
        for blink, closing in zip(_BLINKS, self._closing, strict=True):
            actions[blink] *= np.clip(1 - (weights[:, None] * closing).sum(0).min(), 0, 2)
        return actions

    def _look(self, vertices: Array, actions: Array) -> None:
        """Turn the eyeballs about their centres."""
        for side, word, eye, centre in zip(
            (-1, 1), ("Right", "Left"), self._eyes, self.eye_centres, strict=True
        ):
            w = {d: float(actions[ACTION_INDEX[f"eyeLook{d}{word}"]]) for d in ("In", "Out", "Up", "Down")}
            if not any(w.values()):
                continue
            turn = _rotation(side * (w["Out"] - w["In"]) * _GAZE_SIDE, (w["Up"] - w["Down"]) * _GAZE_UP, 0.0)
            vertices[eye] = (vertices[eye] - centre) @ turn.T + centre

    def reach(self, units: Array) -> float:
        """The largest displacement that activations (U, 2) give on the skin, in outer-eye distances."""
        moved = np.tensordot(units.reshape(-1), self.units.reshape(len(UNITS) * 2, -1, 3), 1)
        return float(np.linalg.norm(moved[self.visible_skin][:, :2], axis=1).max())

    @functools.cached_property
    def visible_skin(self) -> NDArray[np.int64]:
        """Vertices of the face's front: what a camera sees and a displacement should be measured on."""
        skin = np.unique(self.model.faces[self.model.part == SKIN])
        inside = np.unique(self.model.faces[np.isin(self.model.part, (MOUTH, SOCKET))])
        front = self.neutral[skin, 2] < 0.8
        return np.setdiff1d(skin[front], inside)


@functools.cache
def head_model() -> HeadModel:
    """The asset, read once."""
    with resources.files("mien.synthesis").joinpath("assets/head.npz").open("rb") as file:
        d = dict(np.load(file, allow_pickle=False))
    n = len(d["vertices"])
    mirror = d["mirror"].astype(np.int32)
    actions = dict(zip(d["action_names"].tolist(), _unpacked(d, "actions", n), strict=True))
    shapes = dict(zip(d["shape_names"].tolist(), _unpacked(d, "shapes", n), strict=True))
    for name in [s for s in shapes if s.startswith("l-")]:
        shapes["r-" + name[2:]] = (shapes[name] * np.array([-1, 1, 1], np.float32))[mirror]
    return HeadModel(
        vertices=d["vertices"],
        faces=d["faces"].astype(np.int32),
        part=d["part"],
        uv=(d["uv"] / np.float32(65535)).astype(np.float32),
        mirror=mirror,
        lid_edge=d["lid_edge"].astype(np.int32),
        lip_edge=d["lip_edge"].astype(np.int32),
        neck=d["neck"],
        actions=np.stack([actions[name] for name in ACTIONS]),
        shapes=shapes,
        macros=dict(zip(d["macro_names"].tolist(), _unpacked(d, "macros", n), strict=True)),
    )


def _unpacked(d: Mapping[str, NDArray[np.generic]], key: str, n: int) -> list[Array]:
    """Displacements (V, 3) from the packed form: the vertices that move, in whole steps of one scale each."""
    ends = np.cumsum(d[f"{key}_count"])
    result = []
    for scale, end, count in zip(d[f"{key}_scale"], ends, d[f"{key}_count"], strict=True):
        moved = np.zeros((n, 3), np.float32)
        steps = d[f"{key}_value"][end - count : end].astype(np.float32)
        moved[d[f"{key}_index"][end - count : end]] = steps * np.float32(scale)
        result.append(moved)
    return result


@functools.cache
def _pulled(model: HeadModel, pull: Pull, left: bool) -> Array:
    """Displacement of the mesh's soft parts, the same for every head."""
    right_corner, left_corner = (model.vertices[v] for v in model.eye_corners(model.vertices))
    scale = np.linalg.norm(left_corner - right_corner)
    mean = _camera_axes((model.vertices - (left_corner + right_corner) / 2) / scale)
    side = np.array([1 if left else -1, 1, 1])
    away = ((mean - side * pull.centre) ** 2).sum(1)
    weight = np.exp(-away / (2 * pull.sigma**2)) * (away < (4 * pull.sigma) ** 2)
    weight[np.unique(model.faces[np.isin(model.part, (EYE, TONGUE, TEETH))])] = 0
    return np.asarray(weight[:, None] * side * pull.offset, np.float32)


def _camera_axes(points: Array) -> Array:
    """MakeHuman's axes (z up, the face towards −y) to the camera's (y down, z away)."""
    return np.ascontiguousarray(np.stack([points[..., 0], -points[..., 2], points[..., 1]], -1), np.float32)


def _rotation(yaw: float, pitch: float, roll: float) -> Array:
    """Rotation matrix: yaw turns the face to the person's left, pitch up, roll to the left shoulder."""
    cy, sy, cp, sp, cr, sr = (f(a) for a in (yaw, pitch, roll) for f in (np.cos, np.sin))
    # the face looks along −z: yaw takes it towards +x, pitch towards −y; roll takes the crown (−y) towards +x
    turn = np.array([[cy, 0, -sy], [0, 1, 0], [sy, 0, cy]])
    nod = np.array([[1, 0, 0], [0, cp, sp], [0, -sp, cp]])
    tilt = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    return np.asarray(turn @ nod @ tilt, np.float32)
