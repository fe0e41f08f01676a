"""The physics of a scene: flow, visibility and depth are the mesh's, and a mirrored face mirrors them."""

from __future__ import annotations

import functools
from dataclasses import replace

import cv2
import numpy as np
import pytest

from mien.synthesis.actions import ACTIONS, UNITS
from mien.synthesis.head import MOUTH, SKIN, TEETH, TONGUE
from mien.synthesis.people import build_head, draw_shape
from mien.synthesis.raster import rasterise
from mien.synthesis.scene import Camera, Moment, Scene, Surface

SIDE = 128
Pose = tuple[float, float, float, float, float, float]
STRAIGHT: Pose = (0, 0, 0, 0, 0, 0)
TURN: Pose = (0.6, 0, 0, 0, 0, 0)


def plain(grey: int = 150) -> Surface:
    """One colour all over: whatever differs in a picture is light or shape."""
    tone = (grey / 255) ** 2
    return Surface(
        np.full((64, 64, 3), grey, np.uint8),
        np.zeros((64, 64, 4), np.uint8),
        np.full((64, 64, 3), grey, np.uint8),
        (tone, tone, tone),
    )


@functools.cache
def scene(person: int = 4, symmetric: bool = True) -> Scene:
    head = build_head(draw_shape(np.random.default_rng(person), symmetric=symmetric))
    return Scene(head, plain(), Camera(SIDE, SIDE, eye_px=0.34 * SIDE))


def moment(
    stage: Scene, units: dict[tuple[int, str], float] | None = None, pose: Pose = STRAIGHT, blink: float = 0
) -> Moment:
    activation = np.zeros((len(UNITS), 2), np.float32)
    for (unit, side), value in (units or {}).items():
        activation[UNITS.index(unit), ("right", "left").index(side)] = value
    actions = np.zeros(len(ACTIONS), np.float32)
    actions[[ACTIONS.index("eyeBlinkLeft"), ACTIONS.index("eyeBlinkRight")]] = blink
    return stage.moment(activation, actions, np.array(pose, np.float32))


def on_head(one: Moment) -> np.ndarray:
    return np.asarray(one.shown.reshape(SIDE, 2, SIDE, 2).min((1, 3)) >= 0)


# ------------------------------------------------------------ flow


@pytest.mark.parametrize(
    ("units", "pose", "blink"),
    [
        ({(12, "left"): 0.2, (12, "right"): 0.1, (1, "left"): 0.1}, STRAIGHT, 0),
        ({(26, "left"): 1.0, (26, "right"): 1.0, (4, "left"): 0.8, (4, "right"): 0.8}, STRAIGHT, 0.4),
        ({}, (0.1, -0.05, 0.04, 0.03, -0.02, 0.1), 0),
        ({(12, "left"): 0.5, (12, "right"): 0.5}, TURN, 0.2),
    ],
    ids=["micro", "macro and blink", "head", "all at once"],
)
def test_the_flow_is_how_far_vertices_move(
    units: dict[tuple[int, str], float], pose: Pose, blink: float
) -> None:
    """The camera is shifted until a vertex lies in the middle of a pixel: its flow is the vertex's."""
    stage = scene(7, symmetric=False)
    one, two = moment(stage), moment(stage, units, pose, blink)
    faces, points = stage.head.model.faces, one.points
    rng = np.random.default_rng(0)
    checked, moved = 0, 0.0
    for vertex in rng.permutation(np.flatnonzero(one.vertices[:, 2] < 0.5))[:150]:
        column, row = np.floor(points[vertex, :2]).astype(int)
        shift = np.array([column + 0.5, row + 0.5, 0]) - [*points[vertex, :2], 0]
        a, b = replace(one, points=points + shift), replace(two, points=two.points + shift)
        shown, _ = rasterise(a.points, faces, 1, SIDE, SIDE)
        if not (0 <= row < SIDE and 0 <= column < SIDE) or vertex not in faces[shown[row, column]]:
            continue  # hidden, or outside the picture
        flow, _ = stage.flow(a, b)
        truth = (b.points - a.points)[vertex, :2]
        np.testing.assert_allclose(flow[row, column], truth, atol=0.001)
        checked += 1
        moved = max(moved, float(np.hypot(*truth)))
    assert checked >= 30
    assert moved > 0.5


def test_without_motion_the_flow_is_exactly_nothing() -> None:
    stage = scene(7, symmetric=False)
    smile = {(12, "left"): 0.4}
    for one, two in [
        (moment(stage), moment(stage)),
        (moment(stage, smile, TURN, 0.5), moment(stage, smile, TURN, 0.5)),
    ]:
        flow, seen = stage.flow(one, two)
        assert (flow == 0).all()
        assert seen[on_head(one)].mean() > 0.998  # all but a few pixels where one triangle cuts another


def test_there_and_back_again() -> None:
    """Following the flow and then the flow back leads home, wherever both points are seen."""
    stage = scene(7, symmetric=False)
    one = moment(stage)
    two = moment(stage, {(12, "left"): 0.6, (12, "right"): 0.6, (1, "left"): 0.5}, (0.25, 0.1, 0.05, 0, 0, 0))
    there, seen = stage.flow(one, two)
    back, seen_back = stage.flow(two, one)
    y, x = np.mgrid[:SIDE, :SIDE].astype(np.float32)
    to = (x + there[..., 0], y + there[..., 1])
    home = there + cv2.remap(back, *to, cv2.INTER_LINEAR)
    # between a near and a far surface the flow back must not be mixed of both
    around = np.ones((3, 3), np.uint8)
    spread = (cv2.dilate(back, around) - cv2.erode(back, around)).max(-1) + 9 * ~seen_back
    smooth = cv2.remap(spread.astype(np.float32), *to, cv2.INTER_LINEAR, borderValue=9) < 1
    both = seen & smooth & on_head(one)
    assert both.sum() > 0.5 * on_head(one).sum()
    assert np.abs(there[both]).max() > 5
    assert np.quantile(np.abs(home[both]), 0.99) < 0.1
    assert np.median(np.abs(home[both])) < 0.01


def test_the_wall_does_not_move() -> None:
    stage = scene()
    one, two = moment(stage), moment(stage, pose=TURN)
    flow, seen = stage.flow(one, two)
    wall = one.shown.reshape(SIDE, 2, SIDE, 2).max((1, 3)) < 0
    assert wall.any()
    assert (flow[wall] == 0).all()
    assert seen[:4, :4].all()
    covered = wall & on_head(two)
    assert covered.any()
    assert not seen[covered].any()


# ------------------------------------------------------------ what is seen


def _facing(corners: np.ndarray) -> np.ndarray:
    """Whether triangles (N, 3, 3) in the picture are seen from outside."""
    (ax, ay), (bx, by) = (corners[:, k, :2].T - corners[:, 0, :2].T for k in (1, 2))
    return np.asarray(ax * by - ay * bx < 0)


def _hidden(stage: Scene, two: Moment, points: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Whether a triangle that faces the camera lies before each point (N, 3): by brute force."""
    corners = two.vertices[stage.head.model.faces].astype(np.float64)
    eye = np.array([0, 0, -stage.camera.distance])
    a, ab, ac = corners[:, 0], corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    facing = _facing(two.points[stage.head.model.faces])
    found = []
    for point, triangle in zip(points, own, strict=True):
        ray = point - eye
        p = np.cross(ray, ac)
        with np.errstate(divide="ignore", invalid="ignore"):
            inverse = 1 / (ab * p).sum(1)
            u = ((eye - a) * p).sum(1) * inverse
            q = np.cross(eye - a, ab)
            v = (q * ray).sum(1) * inverse
            t = (q * ac).sum(1) * inverse
        hit = facing & (u >= 0) & (v >= 0) & (u + v <= 1) & (t > 0) & (t < 0.9995)
        found.append(hit.any() or not facing[triangle])
    return np.array(found)


def _surface_points(stage: Scene, one: Moment, two: Moment, rows: np.ndarray, columns: np.ndarray):
    """The triangle at the middle of pixels of ``one``, and where these points of the skin are in ``two``."""
    faces = stage.head.model.faces
    shown, _ = rasterise(one.points, faces, 1, SIDE, SIDE)
    own = shown[rows, columns]
    corners = one.points[faces[own]]
    ones = np.ones((len(own), 1))
    system = np.concatenate([corners[..., :2].transpose(0, 2, 1), np.ones((len(own), 1, 3))], 1)
    target = np.concatenate([columns[:, None] + 0.5, rows[:, None] + 0.5, ones], 1)
    weights = np.linalg.solve(system, target[..., None])[..., 0] * corners[..., 2]
    weights /= weights.sum(1, keepdims=True)
    return own, (two.vertices[faces[own]] * weights[..., None]).sum(1)


def test_what_is_seen_is_what_no_triangle_hides() -> None:
    stage = scene()
    one, two = moment(stage), moment(stage, pose=TURN)
    flow, seen = stage.flow(one, two)
    face = stage.on_face(one) & on_head(one)
    rng = np.random.default_rng(1)
    rows, columns = np.argwhere(face)[rng.permutation(face.sum())[:400]].T
    own, points = _surface_points(stage, one, two, rows, columns)
    hidden = _hidden(stage, two, points, own)
    assert 0.1 < hidden.mean() < 0.6
    assert (seen[rows, columns] == ~hidden).mean() > 0.99
    # and the flow leads to where such a point is projected
    depth = stage.camera.distance + points[:, 2]
    at = points[:, :2] * (stage.focal / depth)[:, None] + [0.5 * SIDE, stage.camera.y * SIDE]
    np.testing.assert_allclose(flow[rows, columns] + np.c_[columns, rows] + 0.5, at, atol=1e-3)


def test_the_nose_hides_the_cheek_behind_it() -> None:
    """Turned to its left, a face hides what is beside the nose on its left; on its right all is seen."""
    stage = scene()
    one, two = moment(stage), moment(stage, pose=(0.75, 0, 0, 0, 0, 0))
    _, seen = stage.flow(one, two)
    tip = one.vertices[:, 2].argmin()
    column, row = np.floor(one.points[tip, :2]).astype(int)
    reach = round(0.25 * stage.camera.eye_px)
    beside = np.s_[row - reach // 2 : row, column + reach // 2 : column + reach]
    mirrored = np.s_[row - reach // 2 : row, column - reach : column - reach // 2]
    assert seen[beside].mean() < 0.6
    assert seen[mirrored].all()
    hidden = np.argwhere(~seen[beside]) + np.array([row - reach // 2, column + reach // 2])
    own, _ = _surface_points(stage, one, two, *hidden.T)
    assert _facing(two.points[stage.head.model.faces[own]]).mean() > 0.2  # so something is before them


def test_depth_falls_towards_the_tip_of_the_nose() -> None:
    stage = scene()
    one = moment(stage)
    depth = stage.depth(one, 2500)
    assert depth.dtype == np.uint16
    assert depth[2, 2] == 2500
    skin = np.unique(stage.head.model.faces[stage.head.model.part == SKIN])
    tip = skin[one.vertices[skin, 2].argmin()]
    column, row = np.floor(one.points[tip, :2]).astype(int)
    expected = (stage.camera.distance + one.vertices[tip, 2]) * stage.head.metres * 1000
    assert depth[row, column] == pytest.approx(expected, abs=1.5)
    across = np.arange(0, round(0.35 * stage.camera.eye_px), 2)
    for side in (-1, 1):
        away = depth[row, column + side * across].astype(int)
        assert (np.diff(away) >= 0).all()
        assert away[-1] - away[0] > 15  # millimetres


# ------------------------------------------------------------ mirrors


@pytest.mark.parametrize("unit", [1, 4, 6, 9, 10, 12, 14, 15, 20])
def test_the_other_side_has_the_mirrored_flow_and_picture(unit: int) -> None:
    stage = scene()
    rest = moment(stage)
    left, right = (moment(stage, {(unit, side): 0.6}) for side in ("left", "right"))
    (flow, seen), (other, other_seen) = stage.flow(rest, left), stage.flow(rest, right)
    assert np.abs(flow).max() > 0.5
    np.testing.assert_allclose(flow, other[:, ::-1] * [-1, 1], atol=1e-4)
    assert (seen != other_seen[:, ::-1]).mean() < 1e-3
    # the person's left is on the picture's right
    assert np.abs(flow[:, SIDE // 2 :]).sum() > 2 * np.abs(flow[:, : SIDE // 2]).sum()
    shown, mirrored = stage.picture(left, flat=True), stage.picture(right, flat=True)[:, ::-1]
    np.testing.assert_allclose(shown, mirrored, atol=1e-5)
    depth, other_depth = (stage.depth(one, 2500).astype(int) for one in (left, right))
    assert np.abs(depth - other_depth[:, ::-1]).max() <= 1


def test_an_uneven_face_does_not_mirror() -> None:
    stage = scene(7, symmetric=False)
    rest = moment(stage)
    flow, other = (stage.flow(rest, moment(stage, {(12, s): 0.6}))[0] for s in ("left", "right"))
    assert np.abs(flow - other[:, ::-1] * [-1, 1]).max() > 0.1


# ------------------------------------------------------------ pictures


def test_a_flat_picture_of_a_plain_head_is_plain() -> None:
    stage = scene()
    one = moment(stage, {(12, "left"): 0.6})
    picture = stage.picture(one, flat=True)
    np.testing.assert_allclose(picture[on_head(one)], (150 / 255) ** 2, rtol=1e-5)
    np.testing.assert_array_equal(picture[0, 0], stage.background[0, 0])
    lit = stage.picture(one)
    assert lit[on_head(one)].std() > 0.02
    assert np.isfinite(lit).all()
    assert lit.min() >= 0


def test_wrinkles_darken_where_they_are_on_the_side_that_moves() -> None:
    stage = scene()
    surface = replace(plain(), wrinkles=np.full((64, 64, 4), 200, np.uint8))
    wrinkled = Scene(stage.head, surface, stage.camera)
    one = moment(wrinkled)
    folds = np.zeros((4, 2), np.float32)
    folds[0, 1] = 0.5
    smooth, folded = wrinkled.picture(one), wrinkled.picture(one, folds)
    darker = (smooth - folded).sum(-1)
    assert darker.min() > -1e-6
    assert darker[:, SIDE // 2 + 15 :].max() > 0.05
    assert darker[:, : SIDE // 2 - 15].max() < 1e-6


def test_a_moment_without_samples_has_the_same_points() -> None:
    stage = scene()
    units, actions = np.zeros((len(UNITS), 2), np.float32), np.zeros(len(ACTIONS), np.float32)
    bare = stage.moment(units, actions, np.array(TURN, np.float32), shown=False)
    assert bare.shown.size == 0
    np.testing.assert_array_equal(bare.points, moment(stage, pose=TURN).points)


def test_the_inside_of_the_mouth_is_not_face() -> None:
    stage = scene()
    wide = moment(stage, {(26, "left"): 1.0, (26, "right"): 1.0, (25, "left"): 1.0, (25, "right"): 1.0})
    part = stage.head.model.part[wide.shown[1::2, 1::2]]
    inside = np.isin(part, (MOUTH, TEETH, TONGUE)) & on_head(wide)
    assert inside.sum() > 20
    assert not stage.on_face(wide)[inside].any()
