"""Score curves, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from mien.events import Event
from mien.spotting.curve import (
    TimeGrid,
    find_peaks,
    finite_rows,
    flank,
    keep_strongest,
    kind_of,
    on_frames,
    running_threshold,
    smooth,
    valid_runs,
)

NAN = float("nan")


# ---------------------------------------------------------------------- the grid


def test_an_even_recording_is_its_own_grid() -> None:
    time = 3 + np.arange(50) / 25
    grid = TimeGrid(time, 100.0)
    assert grid.rate == pytest.approx(25)
    assert grid.time == pytest.approx(time)
    values = np.random.default_rng(0).normal(0, 1, (50, 3, 2))
    assert grid.spread(time, values) == pytest.approx(values)
    assert grid.gather(time, values) == pytest.approx(values.astype(np.float32))
    assert grid.gather(time, values).dtype == np.float32


def test_a_fast_recording_is_thinned_out() -> None:
    time = np.arange(400) / 200
    grid = TimeGrid(time, 100.0)
    assert grid.rate == pytest.approx(100)
    assert len(grid.time) == 201  # to the sample nearest the end
    assert grid.spread(time, time)[:-1] == pytest.approx(grid.time[:-1])


def test_uneven_times_are_interpolated() -> None:
    rng = np.random.default_rng(1)
    time = np.cumsum(rng.choice([1 / 30, 1 / 30, 1 / 15], 90))
    grid = TimeGrid(time, 100.0)
    assert grid.rate == pytest.approx(30)
    spread = grid.spread(time, 2 * time + 1)
    known = np.isfinite(spread)
    assert known.mean() > 0.97
    assert spread[known] == pytest.approx(2 * grid.time[known] + 1)
    # there and back: no frame is off by more than half a step
    assert np.abs(grid.gather(time, grid.time) - time).max() <= grid.step / 2 + 1e-6


def test_gaps_stay_gaps() -> None:
    time = np.concatenate([np.arange(20), np.arange(30, 50)]) / 50  # nothing for 0.22 s
    grid = TimeGrid(time, 100.0)
    spread = grid.spread(time, np.ones((40, 2)))
    inside = (grid.time > time[19] + 0.011) & (grid.time < time[20] - 0.011)
    assert np.isnan(spread[inside]).all()
    assert np.isfinite(spread[~inside]).all()


def test_short_gaps_are_bridged() -> None:
    time = np.arange(40) / 50
    values = time.copy()
    values[10:12] = NAN  # 0.06 s from 9 to 12
    values[20:28] = NAN  # 0.18 s from 19 to 28
    grid = TimeGrid(time, 100.0)
    spread = grid.spread(time, values)
    assert spread[:20] == pytest.approx(time[:20])
    assert np.isnan(spread[20:28]).all()
    assert grid.spread(time, values, gap_s=0.2)[20:28] == pytest.approx(time[20:28])
    assert np.isnan(grid.spread(time, values, gap_s=0.0)[10:12]).all()


def test_nothing_is_known_before_the_first_and_after_the_last() -> None:
    time = np.arange(20) / 20
    values = np.where((time > 0.2) & (time < 0.7), 1.0, NAN)
    spread = TimeGrid(time, 100.0).spread(time, values)
    assert np.array_equal(np.isfinite(spread), np.isfinite(values))
    assert np.isnan(TimeGrid(time, 100.0).spread(time, np.full(20, NAN))).all()


def test_a_single_sample() -> None:
    grid = TimeGrid(np.array([2.0]), 100.0)
    assert grid.time[0] == 2
    assert grid.nearest(np.array([-5.0, 2.0, 99.0])).tolist() == [0, 0, 1]


def test_nearest() -> None:
    grid = TimeGrid(np.arange(10) / 10, 100.0)
    assert grid.nearest(np.array([0.0, 0.14, 0.16, 0.9, 7.0, -1.0])).tolist() == [0, 1, 2, 9, 9, 0]


def test_runs() -> None:
    assert valid_runs(np.array([0, 1, 1, 0, 1], bool)) == [(1, 3), (4, 5)]
    assert valid_runs(np.ones(3, bool)) == [(0, 3)]
    assert valid_runs(np.zeros(3, bool)) == []
    assert valid_runs(np.zeros(0, bool)) == []


def test_finite_rows() -> None:
    values = np.zeros((3, 2, 2))
    values[1, 0, 1] = NAN
    values[2, 1, 1] = np.inf
    assert finite_rows(values).tolist() == [True, False, False]


def test_smoothing_does_not_leak_over_gaps() -> None:
    values = np.array([0.0] * 10 + [NAN] * 2 + [5.0] * 10)
    found = smooth(values, 2.0)
    assert found[:10] == pytest.approx(0)
    assert found[12:] == pytest.approx(5)
    assert np.isnan(found[10:12]).all()
    assert np.array_equal(smooth(values, 0.2), values, equal_nan=True)
    step = smooth(np.array([0.0] * 10 + [1.0] * 10), 1.0)
    assert step[9] + step[10] == pytest.approx(1)
    assert 0 < step[8] < step[9] < 0.5


# ---------------------------------------------------------------------- threshold and peaks


def test_running_threshold_stays_within_bounds() -> None:
    rng = np.random.default_rng(2)
    calm, restless, wild = rng.normal(0.1, 0.01, 500), rng.normal(0.5, 0.3, 500), rng.normal(5, 2, 500)
    limit = running_threshold(np.concatenate([calm, restless, wild]), 1.0, 2.5, 3.0, 101)
    assert limit.min() >= 1.0
    assert limit.max() <= 2.5
    assert limit[:400] == pytest.approx(1.0)
    assert 1.1 < np.median(limit[600:900]) < 2.0  # .5 + 3 · .3
    assert limit[1100:] == pytest.approx(2.5)


def test_running_threshold_by_hand() -> None:
    score = np.array([0, 2, 0, 2, 0, 2, 0, 2, 0, 2, 1], float)
    # the median is 1 (or 0 and 2 beside it), the deviation 1.4826 · 1: about 1 + 2 · 1.48
    limit = running_threshold(score, 0.0, 99.0, 2.0, 11)
    assert limit[5] == pytest.approx(2 * 1.4826 + 2, abs=2.1)
    assert running_threshold(np.full(9, 0.7), 0.0, 9.0, 3.0, 5) == pytest.approx(0.7)


def test_running_threshold_where_nothing_is_scored() -> None:
    score = np.full(100, NAN)
    assert running_threshold(score, 1.0, 2.5, 3.0, 51) == pytest.approx(1.0)
    score[10:60] = 2.0
    limit = running_threshold(score, 1.0, 2.5, 3.0, 51)
    assert limit[10:60] == pytest.approx(2.0)
    assert limit[60:] == pytest.approx(1.0)


def test_peaks() -> None:
    score = np.array([0, 3, 0, 0, 5, 0, NAN, 4, 0, 1, 0.0])
    limit = np.full(len(score), 2.0)
    assert find_peaks(score, limit, 1) == [4, 7, 1]
    assert find_peaks(score, limit, 4) == [4]
    assert find_peaks(score, limit, 3) == [4, 7, 1]
    assert find_peaks(score, np.full(len(score), 4.5), 1) == [4]
    assert find_peaks(np.full(5, NAN), np.ones(5), 1) == []


def test_peaks_at_the_ends_and_on_flat_tops() -> None:
    assert find_peaks(np.array([3.0, 1, 1, 2]), np.ones(4), 1) == [0, 3]
    assert find_peaks(np.array([0.0, 2, 2, 2, 0]), np.ones(5), 1) == [3]
    assert find_peaks(np.array([0.0, 1, 0]), np.ones(3), 1) == [1]  # the threshold itself suffices


# ---------------------------------------------------------------------- flanks


def both(curve: np.ndarray, peak: int, share: float, height: float) -> tuple[int, int]:
    last = len(curve) - 1
    return flank(curve, peak, -1, 0, share, height), flank(curve, peak, 1, last, share, height)


def test_flanks_of_a_triangle() -> None:
    curve = np.concatenate([np.zeros(5), np.arange(11), np.arange(9, -1, -1), np.zeros(5)]) / 10
    peak = int(curve.argmax())
    assert both(curve, peak, 0.25, 1.0) == (peak - 8, peak + 8)
    assert both(curve, peak, 0.5, 1.0) == (peak - 5, peak + 5)
    assert both(curve, peak, 0.0, 1.0) == (peak - 10, peak + 10)


def test_flanks_of_a_plateau_with_wiggle() -> None:
    top = 1 - 0.05 * np.tile([0, 1], 10)
    curve = np.concatenate([np.zeros(4), [0.5], top, [0.5], np.zeros(4)])
    for peak in (5, 13, 23):
        assert both(curve, peak, 0.15, 1.0) == (3, 26)


def test_a_bump_that_does_not_fall_far_enough_ends_at_its_lowest() -> None:
    curve = np.array([0.0, 0.5, 1.0, 0.8, 0.6, 0.7, 0.75])
    assert both(curve, 2, 0.15, 1.0) == (0, 4)


def test_the_limit_and_gaps_end_the_walk() -> None:
    curve = np.array([0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 0.8, NAN, 0.0])
    assert flank(curve, 5, -1, 3, 0.1, 1.0) == 3
    assert flank(curve, 5, 1, 8, 0.1, 1.0) == 6
    assert flank(curve, 5, -1, 5, 0.1, 1.0) == 5


# ---------------------------------------------------------------------- events


def event(onset: int, offset: int, score: float, kind: str = "micro") -> Event:
    apex = (onset + offset) // 2
    return Event(onset, apex, offset, onset / 100, apex / 100, offset / 100, kind, score)  # type: ignore[arg-type]


@pytest.mark.parametrize("fps", [24.0, 30.0, 100.0, 200.0])
def test_half_a_second_is_micro_and_a_frame_more_is_not(fps: float) -> None:
    # as it comes out of frame times: rounding must not decide
    n = int(0.5 * fps)
    for first in (0, 100, 1001):
        assert kind_of((first + n) / fps - first / fps) == "micro"
        assert kind_of((first + n + 1) / fps - first / fps) == "macro"
    assert kind_of(0.45, micro_max_s=0.4) == "macro"
    assert kind_of(0.0) == "micro"


def test_the_strongest_of_those_that_clash_is_kept() -> None:
    events = [
        (event(0, 10, 1.0), "a"),
        (event(5, 15, 3.0), "b"),
        (event(12, 20, 2.0), "c"),
        (event(40, 50, 1), "d"),
    ]
    kept = keep_strongest(events, lambda a, b: min(a.offset, b.offset) > max(a.onset, b.onset))
    assert [extra for _, extra in kept] == ["b", "d"]
    assert keep_strongest([], lambda a, b: True) == []
    assert [x for _, x in keep_strongest(events, lambda a, b: False)] == ["a", "b", "c", "d"]


def test_events_snap_to_frames() -> None:
    frame = np.array([10, 11, 12, 20, 21], np.int64)
    time = np.array([1.0, 1.1, 1.2, 2.0, 2.1])
    snapped = on_frames(Event(0, 0, 0, 1.04, 1.59, 2.06, "macro", 1.0), frame, time)
    assert (snapped.onset, snapped.apex, snapped.offset) == (10, 12, 21)
    assert (snapped.onset_s, snapped.apex_s, snapped.offset_s) == (1.0, 1.2, 2.1)
    early = on_frames(Event(0, 0, 0, -1.0, 0.0, 9.0, "macro", 1.0), frame, time)
    assert (early.onset, early.apex, early.offset) == (10, 10, 21)
