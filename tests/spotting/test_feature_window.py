"""The window over features: worked by hand, against steps, drifts and blinks, and where it fails."""

from __future__ import annotations

import numpy as np
import pytest

from mien.errors import InputError
from mien.spotting.feature_window import (
    LEFT,
    LONGEST_S,
    WINDOW_VERSION,
    Bump,
    apex_of,
    bumps,
    changes,
    first_frame_scores,
    usual_face,
    usual_frames,
    window_of,
    window_scores,
)


def bump(n: int, at: int, wide: int) -> np.ndarray:
    """A triangle of height 1, ``wide`` frames from its foot to its top."""
    return np.maximum(0, 1 - np.abs(np.arange(n) - at) / wide)


def video(*parts: np.ndarray, noise: float = 0.0) -> np.ndarray:
    """Features (F, 8): each part moves along a direction of its own, from a resting face at (1, …, 1)."""
    directions = np.linalg.qr(np.random.default_rng(0).normal(size=(8, 8)))[0]
    rows = 1 + sum(part[:, None] * d for part, d in zip(parts, directions, strict=False))
    return rows + noise * np.random.default_rng(1).normal(size=np.shape(rows))


def test_by_hand() -> None:
    X = np.array([[0, 0], [0, 0], [3, 4], [0, 0], [6, 8], [6, 8.0]])
    assert window_scores(X, 2).tolist() == [0, 2.5, 5, 7.5, 5, 0]
    assert window_scores(X, 3).tolist() == [0, 2.5, 5, 7.5, 5, 0]  # a middle frame and one on either side
    # half a window is 2: ends are frames 0, 0, 0, 1, 2, 3 and 2, 3, 4, 5, 5, 5
    assert window_scores(X, 4).tolist() == [2.5, 0, 5, 5, 2.5, 5]
    assert first_frame_scores(X).tolist() == [0, 0, 5, 0, 10, 10]
    assert apex_of(window_scores(X, 2)) == 3
    assert apex_of(first_frame_scores(X)) == 4
    assert window_of(200) == 100
    assert window_of(30, 0.3) == 9
    assert window_of(1) == 2


def test_bump_and_step() -> None:
    X = video(bump(300, 80, 20), 1.5 * (np.arange(300) >= 200))
    assert apex_of(window_scores(X, 60)) == 80
    assert apex_of(first_frame_scores(X)) >= 200
    # a step is seen from one side only, and counts half
    step = window_scores(video(1.5 * (np.arange(300) >= 200)), 60)
    assert step.max() == pytest.approx(0.75)
    assert step[:170].max() == step[230:].max() == 0


def test_slow_change_counts_by_its_speed() -> None:
    ramp = window_scores(video(np.arange(300) / 100), 60)
    assert ramp[30:270] == pytest.approx(np.full(240, 0.3))  # 30 frames at 0.01 a frame


@pytest.mark.parametrize("noise", [0.0, 0.03])
def test_the_lectures_blink(noise: float) -> None:
    # 200 frames: the expression at 91; a pose that changes little by little, and a blink at 152 on top of it
    expression, pose, blink = bump(200, 91, 12), np.linspace(0, 0.8, 200), 0.9 * bump(200, 152, 10)
    X = video(expression, pose, blink, noise=noise)
    assert abs(apex_of(window_scores(X, 50)) - 91) <= 3
    assert abs(apex_of(first_frame_scores(X)) - 152) <= 3
    # what the window cannot do: a blink that changes the features more than the expression
    stronger = video(expression, pose, 2 * blink, noise=noise)
    assert abs(apex_of(window_scores(stronger, 50)) - 152) <= 3


def test_several_events() -> None:
    X = video(bump(400, 100, 20) + 0.8 * bump(400, 250, 20), np.linspace(0, 1, 400), noise=0.003)
    score = window_scores(X, 60)
    first, second = bumps(score, 60, floor=0.1)
    assert abs(first.apex - 100) <= 2
    assert abs(second.apex - 250) <= 2
    assert first.score > second.score
    for one, at in ((first, 100), (second, 250)):
        assert at - 30 <= one.onset < at - 5
        assert at + 5 < one.offset <= at + 30
    assert [b.apex for b in bumps(score, 60, floor=0.1, share=0.9)] == [first.apex]
    assert [b.apex for b in bumps(score, 60, floor=0.1, distance=200)] == [first.apex]
    assert bumps(score, 60, floor=2) == []


def test_the_interval_is_where_a_fifth_of_the_height_is_left() -> None:
    score = np.array([0, 1.5, 2, 6, 8, 5, 4.5, 3, 1, 0.0])
    assert bumps(score, 8, floor=1) == [Bump(1, 4, 8, 8.0)]
    assert bumps(score, 4, floor=1) == [Bump(2, 4, 6, 8.0)]  # a fifth of it is not reached within two frames
    assert bumps(np.array([np.nan, 7, 8, 7, np.nan]), 8, floor=1) == [Bump(1, 2, 3, 8.0)]


@pytest.mark.parametrize("wide", [15, 25, 40])
def test_the_interval_of_a_perfect_feature_overlaps_by_more_than_a_half(wide: int) -> None:
    # cut at half its height it would be half as long: an overlap of .5, which any noise undoes
    score = window_scores(video(bump(400, 200, wide), noise=0.002), 100)
    (found,) = bumps(score, 100, floor=0.1)
    assert 200 - wide <= found.onset < found.apex < found.offset <= 200 + wide
    assert found.offset - found.onset + 1 >= 0.6 * (2 * wide + 1)


def test_of_a_flat_top_the_middle() -> None:
    score = np.array([0, 1, 8, 8, 8, 8, 8, 1, 0.0])
    assert bumps(score, 8, floor=1) == [Bump(1, 4, 7, 8.0)]
    assert [b.apex for b in bumps(np.full(9, 8.0), 8, floor=1)] == [4]


def test_changes_are_what_differs_from_the_usual_face() -> None:
    rng = np.random.default_rng(0)
    face = rng.integers(60, 180, (20, 20)).astype(np.uint8)
    pictures = np.repeat(face[None], 30, axis=0)
    pictures[10:16, 5:9, 5:9] = 255
    usual = usual_face(pictures)
    assert usual.mean() == pytest.approx(0, abs=1e-5)
    assert usual.std() == pytest.approx(1, abs=0.05)
    found = changes(pictures, usual)
    assert found.dtype == np.float32
    assert not found[:10].any()
    assert found[12, 5:9, 5:9].min() > 1
    assert found.max() <= 3
    # who it is and how it is lit is gone: twice the light, twice the contrast
    bright = (30 + pictures.astype(float) / 3).round().astype(np.uint8)
    np.testing.assert_allclose(changes(bright, usual_face(bright)), found, atol=0.2)
    assert np.array_equal(usual_face(np.repeat(face[None], 500, axis=0)), usual_face(face[None]))
    with pytest.raises(InputError, match="no picture"):
        usual_face(pictures[:0])


def test_a_still_face_has_no_event() -> None:
    score = window_scores(video(np.zeros(200), noise=0.01), 50)
    assert bumps(score, 50, floor=0.2) == []
    assert bumps(score, 50, floor=0) != []  # which is why there is a floor
    assert bumps(window_scores(video(np.zeros(50)), 20), 20, floor=0) == []


def test_frames_that_are_not_known() -> None:
    X = video(bump(40, 20, 5))
    X[[0, 10]] = np.nan
    score = window_scores(X, 6)
    assert np.flatnonzero(np.isnan(score)).tolist() == [0, 1, 2, 3, 7, 10, 13]
    assert apex_of(score) == 20
    foil = first_frame_scores(X)
    assert np.flatnonzero(np.isnan(foil)).tolist() == [0, 10]
    assert foil[1] == 0
    nothing = np.full((5, 2), np.nan)
    assert np.isnan(window_scores(nothing, 4)).all()
    assert np.isnan(first_frame_scores(nothing)).all()
    assert bumps(window_scores(nothing, 4), 4, floor=0) == []
    with pytest.raises(InputError, match="no frame of the video has a score"):
        apex_of(window_scores(nothing, 4))


def test_short_videos() -> None:
    assert window_scores(np.ones((1, 3)), 50).tolist() == [0]
    assert window_scores(np.array([[0.0], [1.0]]), 50).tolist() == [0.5, 0.5]


def test_refused() -> None:
    for wrong in (np.ones(3), np.ones((0, 3)), np.ones((3, 0))):
        with pytest.raises(InputError, match="frames as rows"):
            window_scores(wrong, 4)
        with pytest.raises(InputError, match="frames as rows"):
            first_frame_scores(wrong)
    with pytest.raises(InputError, match="window of 1 frames"):
        window_scores(np.ones((3, 3)), 1)
    for window, floor, share in ((1, 0, 0.5), (4, -1, 0.5), (4, 0, 2)):
        with pytest.raises(InputError, match="bumps need a window"):
            bumps(np.ones(9), window, floor=floor, share=share)
    with pytest.raises(InputError, match="frame rate"):
        window_of(0)


@pytest.mark.parametrize("noise", [0.0, 1e-7, 3e-6, 1e-5])
def test_rounding_decides_nothing_of_features_that_saturate(noise: float) -> None:
    """A pulse of probability, its score with a shadow of half its height on either side."""
    rows = np.zeros((600, 2))
    rows[280:330, 0] = 1
    rows += noise * np.random.default_rng(3).standard_normal(rows.shape)
    (found,) = bumps(window_scores(rows, 100), 100, floor=0.6)
    (exact,) = bumps(window_scores(np.round(rows), 100), 100, floor=0.6)
    assert (found.onset, found.apex, found.offset) == (exact.onset, exact.apex, exact.offset)
    assert abs(found.apex - 304) <= 1
    assert found.onset <= 280
    assert found.offset >= 329


@pytest.mark.parametrize("bump", range(8))
def test_the_middle_of_a_nearly_flat_top_is_the_apex(bump: int) -> None:
    score = np.array([0, 1, *[9.0] * 8, 1, 0])
    score[2 + bump] += 1e-7
    (found,) = bumps(score, 20, floor=1.0)
    assert found.apex == 5


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (280, 329, [(279, 304, 330)]),
        (280, 289, [(279, 284, 290)]),
        # an expression as long as the window has only its shadows left; a longer one parts them
        (280, 379, [(279, 329, 379)]),
        (280, 399, [(229, 279, 329), (349, 399, 449)]),
        # at the ends of a video its shadow is as high as it is
        (0, 39, [(0, 44, 90)]),
        (560, 599, [(509, 554, 599)]),
    ],
)
def test_rounding_makes_no_second_event_of_a_wide_top(
    first: int, last: int, expected: list[tuple[int, int, int]]
) -> None:
    rows = np.zeros((600, 2))
    rows[first : last + 1] = 1, -1
    for seed, noise in [(0, 0.0), *((seed, noise) for seed in range(6) for noise in (1e-7, 3e-6, 1e-5))]:
        noisy = rows + noise * np.random.default_rng(seed).standard_normal(rows.shape)
        found = bumps(window_scores(noisy, 100), 100, floor=0.6)
        assert [(b.onset, b.apex, b.offset) for b in found] == expected


def test_a_top_longer_than_the_window_is_one_event_of_its_length() -> None:
    score = np.array([0.0, *[8.0] * 21, 0.0])
    assert bumps(score, 8, floor=1) == [Bump(7, 11, 15, 8.0)]


def test_what_old_model_files_were_trained_on() -> None:
    """A file says ``frames=change`` and means these numbers; whoever changes one gives it another word."""
    levels = np.repeat(np.tile(np.array([[60, 140]], np.uint8), (4, 2))[None], 65, axis=0)
    usual = usual_face(levels)  # 100 ± 40, and a grey level more: ± 40 / 41
    np.testing.assert_allclose(np.abs(usual), 40 / 41, rtol=1e-6)
    np.testing.assert_allclose(changes(levels, usual - np.float32(0.1)), 0.5, rtol=1e-5)
    np.testing.assert_array_equal(changes(levels, usual - np.float32(1)), 3)
    assert len(usual_frames(65)) == 64
    # the digests of what was computed hold this version, not the numbers
    assert (WINDOW_VERSION, LEFT, LONGEST_S) == (3, 0.2, 0.5)
