"""The two foils: they find what they can, and fail as they are known to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest

from mien.face import CROP, FaceFrame
from mien.spotting import FirstFrame, Mdmd
from mien.spotting.mdmd import _Lag, _relative


@pytest.fixture(scope="module")
def texture() -> np.ndarray:
    rng = np.random.default_rng(0)
    grain = sum(cv2.GaussianBlur(rng.normal(0, s * 60, (CROP, CROP)), (0, 0), s) for s in (1.5, 4.0))
    return np.clip(128 + grain, 0, 255).astype(np.uint8)


def shifted(picture: np.ndarray, x: float) -> np.ndarray:
    return cv2.warpAffine(
        picture, np.array([[1.0, 0, x], [0, 1, 0]]), (CROP, CROP), flags=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip


def values(texture: np.ndarray, places: list[float], lag: int) -> np.ndarray:
    """MDMD's value at each moment, for a picture shifted to these places."""
    measure = _Lag(lag, Mdmd())
    found = [measure.push(shifted(texture, x)) for x in places]
    return np.array(found[lag:] + [np.nan] * lag)  # each is the value `lag` before


def test_mdmd_counts_there_and_back_twice(texture: np.ndarray) -> None:
    """Two pixels to the right at t, back at t + k: (2 − (−2)) pixels; a steady drift counts nothing."""
    unit = 0.48 * CROP
    bump = values(texture, [0, 0, 0, 2, 0, 0, 0], 1)
    assert bump[3] == pytest.approx(4 / unit, rel=0.08)
    assert np.isnan(bump[[0, -1]]).all()
    drift = values(texture, [0, 1, 2, 3, 4, 5], 1)
    assert np.abs(drift[1:-1]).max() < 0.3 / unit
    still = values(texture, [0.0] * 6, 2)
    assert np.nanmax(np.abs(still)) == 0
    assert np.isfinite(still).sum() == 2


def test_mdmd_relative_values_by_hand() -> None:
    raw = np.array([1.0, 1, 5, 1, 1, np.nan, 3, 4, 3])
    # 5 − (1 + 1)/2 = 4; beside it 1 − (1 + 5)/2 < 0; in the second run 4 − 3
    assert _relative(raw, 1) == pytest.approx([0, 0, 4, 0, 0, np.nan, 0, 1, 0], nan_ok=True)
    # at the ends the nearest known value stands in
    assert _relative(np.array([6.0, 2, 2]), 1) == pytest.approx([2, 0, 0])


def test_mdmd_finds_a_raised_brow(
    stage: Callable[..., Any], follow: Callable[..., Any], spot: Callable[..., Any], move: Callable[..., Any]
) -> None:
    brows = move("AU1+2", 0.15, 2.0, up=0.3, hold=0.2, down=0.3)
    frames = follow(stage("wolfgang").play(30, 5.0, [brows]))
    (event,) = spot(Mdmd(), 30, frames).spotting.events
    assert brows.onset < event.apex_s < brows.offset
    assert event.onset_s < brows.apex + brows.hold
    assert event.score > 1.5


def test_mdmd_does_not_measure_across_a_gap(
    stage: Callable[..., Any], follow: Callable[..., Any], spot: Callable[..., Any]
) -> None:
    frames = follow(stage("wolfgang").play(30, 3.0, head=0))
    frames[45] = FaceFrame(frames[45].index, frames[45].time, "lost")
    score = spot(Mdmd(), 30, frames).spotting.score
    assert np.isnan(score[45 - 12 : 45 + 12 + 1]).all()
    assert np.isfinite(score[12:33]).all()
    assert np.isfinite(score[58:78]).all()


# ---------------------------------------------------------------------- the first frame


def test_the_first_frame_takes_a_blink_for_the_apex(
    film: Callable[..., Any], follow: Callable[..., Any], spot: Callable[..., Any]
) -> None:
    """The lecture's failing: nothing differs from the first frame as much as closed eyes."""
    found = spot(FirstFrame(floor=0.005), 30, follow(film("single_face.mp4", 5, 45)))
    (event,) = found.spotting.events
    assert event.kind == "micro"
    (blink,) = found.blinks
    assert blink.first <= event.apex <= blink.last


def test_the_first_frame_takes_the_end_for_the_apex(
    film: Callable[..., Any], follow: Callable[..., Any], spot: Callable[..., Any]
) -> None:
    """Its other failing: a face that changes its pose differs most at the end."""
    frames = follow(film("WolfgangLanger_Pexels.mp4", 376, 396))
    (event,) = spot(FirstFrame(), 24, frames).spotting.events
    assert event.apex == event.offset == frames[-1].index
    assert event.open_end


def test_the_first_frame_that_counts_is_the_first_ok(texture: np.ndarray) -> None:
    other = np.ascontiguousarray(texture[::-1])
    frames = [FaceFrame(0, 0.0, "turned", np.eye(2, 3), other)]
    frames += [FaceFrame(i, i / 30, "ok", np.eye(2, 3), other if i == 8 else texture) for i in range(1, 16)]
    session = FirstFrame(smooth_s=0.0).begin(30)
    for frame in frames:
        session.push(frame)
    score = session.finish([f.state for f in frames], ()).score
    assert np.isnan(score[0])
    assert np.delete(score[1:], 7) == pytest.approx(0)
    assert score[8] > 1


def test_the_first_frame_knows_one_event_only(texture: np.ndarray) -> None:
    """Two bumps, the second higher: the second is reported, with its flanks."""
    other = np.ascontiguousarray(texture[::-1])

    def mixed(share: float) -> np.ndarray:
        picture = texture.copy()
        rows = round(share * CROP)
        picture[:rows] = other[:rows]
        return picture

    shares = [0.0] * 10 + [0.3] * 3 + [0.0] * 20 + [0.2, 0.6, 0.2] + [0.0] * 20
    session = FirstFrame(smooth_s=0.0).begin(30)
    for i, share in enumerate(shares):
        session.push(FaceFrame(i, i / 30, "ok", np.eye(2, 3), mixed(share)))
    (event,) = session.finish(["ok"] * len(shares), ()).events
    assert event.apex == 34
    assert event.onset in (32, 33)
    assert event.offset in (35, 36)
    assert event.kind == "micro"
