"""Eyelid closures: hand-made series, and the blinks that were seen by eye in the real clips."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from mien.events import Span
from mien.face import FaceFrame, find_blinks


def series(seconds: float = 4.0, fps: float = 30.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    n = round(seconds * fps)
    return np.full(n, 0.30), np.arange(n, dtype=np.int64), np.arange(n) / fps


def test_a_dip_is_a_blink() -> None:
    openness, frame, time = series()
    openness[60:66] = 0.25, 0.18, 0.15, 0.17, 0.22, 0.27
    relative, (blink,) = find_blinks(openness, frame, time)
    assert relative.dtype == np.float32
    assert relative[0] == pytest.approx(1)
    assert relative[62] == pytest.approx(0.5)
    assert (blink.first, blink.last, blink.reason) == (60, 65, "blink")
    assert (blink.start_s, blink.end_s) == pytest.approx((2.0, 65 / 30))


def test_a_shallow_dip_is_none() -> None:
    openness, frame, time = series()
    openness[60:63] *= 0.87
    assert find_blinks(openness, frame, time)[1] == ()


def test_the_edges_are_where_the_lids_leave_their_place() -> None:
    openness, frame, time = series()
    openness[60:65] = 0.30 * np.array([0.94, 0.9, 0.6, 0.92, 0.95])
    (blink,) = find_blinks(openness, frame, time)[1]
    assert (blink.first, blink.last) == (61, 63)


def test_a_long_closure_is_named_so() -> None:
    openness, frame, time = series()
    openness[50:80] = 0.15
    (closure,) = find_blinks(openness, frame, time)[1]
    assert (closure.first, closure.last, closure.reason) == (50, 79, "eyes closed")
    assert closure.note


def test_looking_down_slowly_is_no_blink() -> None:
    """The lids follow the gaze down by a tenth within a second."""
    openness, frame, time = series()
    openness -= 0.03 * np.clip((time - 1) / 1.0, 0, 1)
    assert find_blinks(openness, frame, time)[1] == ()


def test_several_in_order() -> None:
    openness, frame, time = series(8)
    for at in (20, 100, 200):
        openness[at : at + 4] = 0.16
    openness[140:170] = 0.14
    found = find_blinks(openness, frame, time)[1]
    assert [(b.first, b.reason) for b in found] == [
        (20, "blink"), (100, "blink"), (140, "eyes closed"), (200, "blink"),
    ]  # fmt: skip


def test_unknown_moments() -> None:
    openness, frame, time = series()
    openness[60:66] = 0.25, 0.18, 0.15, 0.17, 0.22, 0.27
    openness[:10] = openness[90:] = np.nan
    openness[62] = np.nan
    relative, found = find_blinks(openness, frame, time)
    assert np.array_equal(np.isnan(relative), np.isnan(openness))
    # what was not seen in the middle cuts the blink in two; each half is told
    assert [(b.first, b.last) for b in found] == [(60, 61), (63, 65)]


@pytest.mark.parametrize("openness", [np.full(50, 0.3), np.full(50, np.nan)])
def test_nothing_happens(openness: np.ndarray) -> None:
    relative, found = find_blinks(openness, np.arange(50, dtype=np.int64), np.arange(50) / 25)
    assert found == ()
    assert relative.shape == (50,)


def test_too_few_to_tell() -> None:
    relative, found = find_blinks(np.array([0.3, 0.1]), np.array([0, 1], np.int64), np.array([0, 0.1]))
    assert np.isnan(relative).all()
    assert found == ()


@pytest.mark.parametrize("fps", [24.0, 60.0, 200.0])
def test_frame_numbers_and_rate_do_not_matter(fps: float) -> None:
    openness, frame, time = series(3, fps)
    openness[np.abs(time - 1.5) < 0.08] = 0.17
    (blink,) = find_blinks(openness, frame + 1000, time + 60)[1]
    assert blink.start_s == pytest.approx(61.42, abs=1 / fps)
    assert blink.first == 1000 + round((blink.start_s - 60) * fps)


def test_uneven_times() -> None:
    openness, frame, time = series(4, 60)
    openness[np.abs(time - 2) < 0.08] = 0.17
    keep = np.sort(np.random.default_rng(0).permutation(len(time))[:160])
    (blink,) = find_blinks(openness[keep], frame[keep], time[keep])[1]
    assert blink.start_s == pytest.approx(1.92, abs=0.06)
    assert blink.end_s == pytest.approx(2.08, abs=0.06)


PARTS = {"WolfgangLanger_Pexels.mp4": (190, 400), "single_face.mp4": (0, 72)}


def blinks_of(frames: list[FaceFrame]) -> tuple[Span, ...]:
    return find_blinks(
        np.array([f.eyes for f in frames]),
        np.array([f.index for f in frames], np.int64),
        np.array([f.time for f in frames]),
    )[1]


@pytest.mark.parametrize(
    ("name", "at"),
    [
        ("WolfgangLanger_Pexels.mp4", (201, 202)),
        ("WolfgangLanger_Pexels.mp4", (248, 249)),
        ("WolfgangLanger_Pexels.mp4", (288, 289)),
        ("WolfgangLanger_Pexels.mp4", (386, 387)),
        ("single_face.mp4", (26, 28)),
    ],
)
def test_blinks_seen_by_eye(tracked: Callable[..., list[FaceFrame]], name: str, at: tuple[int, int]) -> None:
    """The deepest frames of these blinks were read off the picture by eye."""
    found = [b for b in blinks_of(tracked(name, *PARTS[name])) if b.reason == "blink"]
    (blink,) = [b for b in found if b.first - 2 <= at[0] and at[1] <= b.last + 2]
    assert blink.end_s - blink.start_s < 0.5


def test_open_eyes_between_them_are_left_alone(tracked: Callable[..., list[FaceFrame]]) -> None:
    found = blinks_of(tracked("WolfgangLanger_Pexels.mp4", *PARTS["WolfgangLanger_Pexels.mp4"]))
    for first, last in ((205, 246), (254, 286), (296, 383)):
        assert not [b for b in found if b.first <= last and first <= b.last]
    assert len(blinks_of(tracked("single_face.mp4"))) == 1
