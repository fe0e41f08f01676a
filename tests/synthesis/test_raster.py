"""The rasteriser against planes and triangles whose truth can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from mien.synthesis.raster import locate, project, rasterise, shadow_map, vertex_normals

# two triangles that make the square [-1, 1]² at depth z, facing the camera (which looks along +z)
FACES = np.array([[0, 1, 2], [0, 2, 3]], np.int32)


def square(z: float = 0.0, size: float = 1.0) -> np.ndarray:
    return np.array([[-size, size, z], [size, size, z], [size, -size, z], [-size, -size, z]], np.float32)


def seen(vertices: np.ndarray, size: int = 64, distance: float = 4.0) -> np.ndarray:
    return project(vertices, 20.0 * distance, size / 2, size / 2, distance)


def test_a_point_on_the_axis_is_in_the_middle_and_nearer_things_are_larger() -> None:
    points = project(
        np.array([[0, 0, 0], [1, 0, 0], [1, 0, -2], [0, 1, 0]], np.float32), 80.0, 32.0, 30.0, 4.0
    )
    np.testing.assert_allclose(points[0], [32, 30, 0.25])
    np.testing.assert_allclose(points[1, :2], [52, 30])  # 80 / 4 = 20 pixels
    np.testing.assert_allclose(points[2, :2], [72, 30])  # twice as near: 40 pixels
    np.testing.assert_allclose(points[3, :2], [32, 50])  # y points down


def test_a_square_covers_exactly_its_samples() -> None:
    shown, near = rasterise(seen(square(size=0.5)), FACES, 2, 128, 128)
    # 0.5 · 20 = 10 pixels to each side: pixels 22 to 41, two samples each
    assert (shown >= 0).sum() == 40 * 40
    rows, columns = np.nonzero(shown >= 0)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (44, 83, 44, 83)
    np.testing.assert_allclose(near[shown >= 0], 0.25, rtol=1e-6)
    assert (near[shown < 0] == 0).all()


def test_no_sample_falls_between_the_triangles_of_a_closed_surface() -> None:
    rng = np.random.default_rng(3)
    n = 12
    y, x = np.mgrid[: n + 1, : n + 1]
    inner = (x > 0) & (x < n) & (y > 0) & (y < n)
    jitter = rng.uniform(-0.4, 0.4, (2, n + 1, n + 1)) * inner
    flat = np.stack([(x + jitter[0]) / n * 2 - 1, (y + jitter[1]) / n * 2 - 1, 0 * x], -1).reshape(-1, 3)
    corner = (np.arange(n)[:, None] * (n + 1) + np.arange(n)).ravel()
    a, b, c, d = corner, corner + 1, corner + n + 2, corner + n + 1
    faces = np.concatenate([np.stack([a, d, c], 1), np.stack([a, c, b], 1)]).astype(np.int32)
    shown, _ = rasterise(seen(flat.astype(np.float32)), faces, 4, 256, 256)
    assert (shown[50:206, 50:206] >= 0).all()


def test_the_nearer_surface_hides_the_farther_and_backs_are_not_drawn() -> None:
    vertices = np.concatenate([square(0.0), square(-1.0, 0.4)])
    faces = np.concatenate([FACES, FACES + 4]).astype(np.int32)
    shown, _ = rasterise(seen(vertices), faces, 1, 64, 64)
    assert shown[32, 32] in (2, 3)
    assert shown[32, 14] in (0, 1)
    turned, _ = rasterise(seen(vertices), faces[:, ::-1].copy(), 1, 64, 64)
    assert (turned == -1).all()


def test_normals_point_out_of_the_front() -> None:
    np.testing.assert_allclose(vertex_normals(square(), FACES), [[0, 0, -1]] * 4)


def test_flow_of_a_shift_is_the_shift() -> None:
    one, two = square(), square() + np.array([0.1, -0.05, 0], np.float32)
    flow, visible = flow_between(one, two)
    inside = np.s_[20:44, 20:44]
    np.testing.assert_allclose(flow[inside][..., 0], 2.0, atol=1e-5)
    np.testing.assert_allclose(flow[inside][..., 1], -1.0, atol=1e-5)
    assert visible[inside].all()
    assert (flow[:8] == 0).all()
    assert (flow[:, :8] == 0).all()


def test_flow_of_a_turned_plane_follows_perspective() -> None:
    """A point of the plane is found where projecting that very point puts it."""
    one = square()
    angle = 0.4
    turn = np.array([[np.cos(angle), 0, -np.sin(angle)], [0, 1, 0], [np.sin(angle), 0, np.cos(angle)]])
    two = (one @ turn.T).astype(np.float32)
    flow, _ = flow_between(one, two)
    for row, column in [(20, 25), (32, 40), (41, 18)]:
        x, y = (column + 0.5 - 32) / 20, (row + 0.5 - 32) / 20
        there = project((turn @ [x, y, 0])[None].astype(np.float32), 80.0, 32.0, 32.0, 4.0)[0]
        got = flow[row, column] + [column + 0.5, row + 0.5]
        np.testing.assert_allclose(got, there[:2], atol=1e-4)


def test_a_point_behind_another_surface_is_not_seen() -> None:
    faces = np.concatenate([FACES, FACES + 4]).astype(np.int32)
    one = np.concatenate([square(0.0), square(-1.0, 0.3) + np.array([0.6, 0, 0], np.float32)])
    two = np.concatenate([square(0.0), square(-1.0, 0.3) - np.array([0.6, 0, 0], np.float32)])
    a, b = seen(one), seen(two)
    shown, _ = rasterise(a, faces, 1, 64, 64)
    shown_b, _ = rasterise(b, faces, 2, 128, 128)
    flow, visible = locate(shown, a, b, faces, shown_b, 2)
    assert shown[32, 20] in (0, 1)
    assert not visible[32, 20]  # the small square has moved before it
    assert shown[32, 42] in (2, 3)
    assert visible[32, 42]
    # 1.2 to the left at depth 3: 1.2 · 80 / 3 = 32 pixels
    assert flow[32, 42, 0] == pytest.approx(-32, abs=1e-4)
    assert visible[32, 32]


def test_a_point_that_leaves_the_picture_is_not_seen() -> None:
    _, visible = flow_between(square(), square() + np.array([1.0, 0, 0], np.float32))
    assert visible[32, 20]
    assert not visible[32, 48]


def test_the_wall_is_seen_unless_something_comes_before_it() -> None:
    one, two = square(size=0.3) - np.array([0.8, 0, 0], np.float32), square(size=0.3)
    _, visible = flow_between(one, two)
    assert visible[5, 5]
    assert not visible[32, 32]


def test_nothing_moved_is_exactly_nothing_and_pictures_mirror() -> None:
    tilted = square() * np.array([1.013, 0.987, 1], np.float32) + np.array([0.003, 0, 0.17], np.float32)
    tilted[0, 2] -= 0.4
    flow, visible = flow_between(tilted, tilted)
    assert (flow == 0).all()
    assert visible.all()
    one, two = square(size=0.3) - np.array([0.52, 0, 0], np.float32), square(size=0.31)
    _, visible = flow_between(one, two)
    mirrored = np.array([-1, 1, 1], np.float32)
    _, other = flow_between((one * mirrored)[[1, 0, 3, 2]], (two * mirrored)[[1, 0, 3, 2]])
    assert (visible == other[:, ::-1]).all()


def test_shadow_map_holds_the_distance_of_what_is_nearest_to_the_light() -> None:
    vertices = np.concatenate([square(0.0), square(-1.0, 0.3)])
    faces = np.concatenate([FACES, FACES + 4]).astype(np.int32)
    far = shadow_map(vertices, faces, np.eye(3, dtype=np.float32), 64, np.float32(1.5))
    assert far[32, 32] == pytest.approx(-1)
    assert far[32, 15] == pytest.approx(0)
    assert far[2, 2] > 1e5


def flow_between(one: np.ndarray, two: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    a, b = seen(one), seen(two)
    shown, _ = rasterise(a, FACES, 1, 64, 64)
    shown_b, _ = rasterise(b, FACES, 2, 128, 128)
    return locate(shown, a, b, FACES, shown_b, 2)
