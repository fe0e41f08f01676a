"""Intervals over subjects and paired tests: worked by hand, by their properties, and against scipy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.errors import InputError
from mien.evaluation import bootstrap_scores, compare_models, mcnemar
from mien.evaluation.uncertainty import Judged, bootstrap_mean, compare_means

AB = ("a", "b")


def take(n: int, seed: int = 0, people: int = 12) -> tuple[list[str], list[str], list[str]]:
    """n clips: truth, predictions that are right three times out of four, and whose each is."""
    rng = np.random.default_rng(seed)
    truth = rng.choice(["n", "p", "s"], n, p=[0.5, 0.3, 0.2])
    wrong = rng.choice(["n", "p", "s"], n)
    predicted = np.where(rng.random(n) < 0.6, truth, wrong)
    subjects = [f"x/{i}" for i in rng.integers(0, people, n)]
    return truth.tolist(), predicted.tolist(), subjects


def test_two_people_by_hand() -> None:
    # One is right, one is wrong: of the draws a quarter has accuracy 0, a half 0.5, a quarter 1
    args = (["a", "b"], ["a", "a"], ["x/1", "x/2"], AB)
    wide = bootstrap_scores(*args, scores=["war"])["war"]
    assert (wide.value, wide.low, wide.high) == (0.5, 0.0, 1.0)
    narrow = bootstrap_scores(*args, scores=["war"], level=0.4)["war"]  # quantiles 0.3 and 0.7
    assert (narrow.low, narrow.high) == (0.5, 0.5)
    # Half of the draws hold one person twice, and so one class only
    assert wide.lacking == pytest.approx(0.5, abs=0.05)
    assert (wide.subjects, wide.replicates, wide.method) == (2, 2000, "percentile")


def test_one_person_says_nothing_of_people() -> None:
    interval = bootstrap_scores(["a", "b"], ["a", "a"], ["x/1", "x/1"], AB)["war"]
    assert interval.value == 0.5
    assert math.isnan(interval.low)
    assert math.isnan(interval.high)


def test_people_are_drawn_not_clips() -> None:
    # Whoever shows everything five times is no five people
    truth, predicted, subjects = take(40)
    once = bootstrap_scores(truth, predicted, subjects, "nps", method="bca")
    five = bootstrap_scores(truth * 5, predicted * 5, subjects * 5, "nps", method="bca")
    for name in ("uf1", "uar", "war"):
        assert five[name].low == pytest.approx(once[name].low)
        assert five[name].high == pytest.approx(once[name].high)
    # Were they five people each, the interval would be narrower
    copies = [f"{s}-{i}" for i in range(5) for s in subjects]
    many = bootstrap_scores(truth * 5, predicted * 5, copies, "nps")
    assert many["war"].high - many["war"].low < 0.7 * (once["war"].high - once["war"].low)


def test_strata_keep_the_data_sets_shares() -> None:
    # All of one data set right, all of the other wrong: within strata every draw has half of either
    truth, predicted = ["a"] * 6, ["a"] * 3 + ["b"] * 3
    people = [f"{d}/{i}" for d in ("one", "two") for i in range(3)]
    sets = [p.split("/")[0] for p in people]
    within = bootstrap_scores(truth, predicted, people, AB, strata=sets)["war"]
    assert (within.low, within.high) == (0.5, 0.5)
    across = bootstrap_scores(truth, predicted, people, AB)["war"]
    assert across.low < 0.3 < 0.7 < across.high
    with pytest.raises(InputError, match="subject x is in the strata one and two"):
        bootstrap_scores(["a", "a"], ["a", "a"], ["x", "x"], AB, strata=["one", "two"])


@pytest.mark.parametrize(("method", "theirs"), [("percentile", "percentile"), ("bca", "BCa")])
@pytest.mark.parametrize("score", ["uf1", "war"])
def test_as_scipy(method: Any, theirs: str, score: Any) -> None:
    truth, predicted, subjects = take(150, seed=3)
    ours = bootstrap_scores(
        truth, predicted, subjects, "nps", scores=[score], method=method, replicates=20_000, seed=1
    )[score]
    people = sorted(set(subjects))
    counts = np.zeros((len(people), 3, 3))
    for t, p, s in zip(truth, predicted, subjects, strict=True):
        counts[people.index(s), "nps".index(t), "nps".index(p)] += 1

    def statistic(drawn: np.ndarray, axis: int = -1) -> np.ndarray:
        c = counts[drawn].sum(axis=-3)
        tp = np.diagonal(c, axis1=-2, axis2=-1)
        if score == "war":
            return tp.sum(-1) / c.sum((-1, -2))
        return (2 * tp / (c.sum(-1) + c.sum(-2))).mean(-1)

    reference = scipy.stats.bootstrap(
        (np.arange(len(people)),),
        statistic,
        n_resamples=20_000,
        method=theirs,
        vectorized=True,
        random_state=2,
    ).confidence_interval
    width = reference.high - reference.low
    assert ours.low == pytest.approx(reference.low, abs=0.03 * width)
    assert ours.high == pytest.approx(reference.high, abs=0.03 * width)


def test_the_seed_decides() -> None:
    truth, predicted, subjects = take(60)
    one, again = (bootstrap_scores(truth, predicted, subjects, "nps", seed=4) for _ in range(2))
    assert one == again
    assert one != bootstrap_scores(truth, predicted, subjects, "nps", seed=5)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10_000), st.sampled_from(["percentile", "bca"]))
def test_intervals_hold_the_order(seed: int, method: Any) -> None:
    truth, predicted, subjects = take(30, seed, people=6)
    for interval in bootstrap_scores(
        truth, predicted, subjects, "nps", replicates=300, method=method, seed=seed
    ).values():
        assert 0 <= interval.low <= interval.high <= 1
        assert 0 <= interval.lacking <= 1


def test_a_perfect_model_has_no_width() -> None:
    for method in ("percentile", "bca"):
        interval = bootstrap_scores(["a", "b"] * 3, ["a", "b"] * 3, list("112233"), AB, method=method)["uf1"]
        assert (interval.low, interval.high) == (1.0, 1.0)


# --- two models ---------------------------------------------------------------------------------------------


def test_exchange_by_hand() -> None:
    # Three people, the first model always wrong, the second always right. Of the 8 ways to exchange, only
    # none and all give a difference of 1: p = 2/8.
    truth = ["a"] * 6
    result = compare_models(truth, ["b"] * 6, truth, list("112233"), AB, score="war")
    assert (result.first, result.second, result.difference) == (0.0, 1.0, 1.0)
    assert (result.p, result.exact, result.subjects) == (0.25, True, 3)
    assert (result.low, result.high) == (1.0, 1.0)


def test_a_single_person_proves_nothing() -> None:
    # 20 clips of one person: McNemar is impressed, people are not
    truth = ["a"] * 20
    result = compare_models(truth, ["b"] * 20, truth, ["x"] * 20, AB, score="war")
    assert result.p == 1.0
    assert math.isnan(result.low)
    assert result.mcnemar.p == pytest.approx(2 * 0.5**20)


def test_equal_models() -> None:
    truth, predicted, subjects = take(50)
    result = compare_models(truth, predicted, predicted, subjects, "nps")
    assert (result.difference, result.p, result.low, result.high) == (0.0, 1.0, 0.0, 0.0)
    assert result.mcnemar.p == 1.0


def test_drawn_exchanges_agree_with_all_of_them() -> None:
    truth, first, subjects = take(120, people=10)
    _, second, _ = take(120, seed=8)
    second = [t if i % 3 else s for i, (t, s) in enumerate(zip(truth, second, strict=True))]
    exact = compare_models(truth, first, second, subjects, "nps")
    drawn = compare_models(truth, first, second, subjects, "nps", permutations=1000, seed=2)
    assert (exact.exact, drawn.exact) == (True, False)
    assert drawn.p == pytest.approx(exact.p, abs=0.04)
    assert exact.low < exact.difference < exact.high


def test_the_other_way_round() -> None:
    truth, first, subjects = take(80)
    _, second, _ = take(80, seed=5)
    one = compare_models(truth, first, second, subjects, "nps")
    other = compare_models(truth, second, first, subjects, "nps")
    assert one.difference == -other.difference
    assert one.p == other.p
    assert one.low == pytest.approx(-other.high)


def test_level_of_the_test_where_nothing_is_to_be_found() -> None:
    # Two models of the same quality: p below 0.1 in about a tenth of the cases, and intervals that hold 0
    small = holds = 0
    for seed in range(100):
        truth, first, subjects = take(60, seed, people=9)
        _, second, _ = take(60, 1000 + seed)
        rng = np.random.default_rng(seed)
        second = [t if rng.random() < 0.6 else s for t, s in zip(truth, second, strict=True)]
        result = compare_models(truth, first, second, subjects, "nps", score="war", replicates=500)
        small += result.p < 0.1
        holds += result.low <= 0 <= result.high
    assert 2 <= small <= 20
    assert holds >= 82


def test_mcnemar_by_hand() -> None:
    # Only the first is right once, only the second six times: 2 (1 + 7) / 2^7 = 0.125
    truth = ["a"] * 9
    first = ["a"] + ["b"] * 6 + ["a", "b"]
    second = ["b"] + ["a"] * 6 + ["a", "b"]
    result = mcnemar(truth, first, second)
    assert (result.first_only, result.second_only) == (1, 6)
    assert result.p == pytest.approx(0.125)
    assert result.p == pytest.approx(scipy.stats.binomtest(1, 7).pvalue)
    assert mcnemar(truth, truth, truth).p == 1.0


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"level": 1.0}, "confidence level"),
        ({"replicates": 0}, "one replicate"),
        ({"strata": ["x"]}, "1 strata for 2 clips"),
    ],
)
def test_what_is_refused(options: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        bootstrap_scores(["a", "b"], ["a", "a"], ["x/1", "x/2"], AB, **options)
    with pytest.raises(InputError, match=says):
        compare_models(["a", "b"], ["a", "a"], ["b", "b"], ["x/1", "x/2"], AB, **options)


def test_nothing_to_draw_from() -> None:
    with pytest.raises(InputError, match="no clip"):
        bootstrap_scores([], [], [], AB)
    with pytest.raises(InputError, match="no clip"):
        compare_models([], [], [], [], AB)
    with pytest.raises(InputError, match="1 subjects' names for 2 clips"):
        bootstrap_scores(["a", "b"], ["a", "a"], ["x/1"], AB)
    with pytest.raises(InputError, match="2 and 1 predictions for 2 clips"):
        mcnemar(["a", "b"], ["a", "a"], ["a"])


def test_seeds_are_no_people() -> None:
    # The same predictions three times over are what they were once
    truth, predicted, subjects = take(40)
    pool = Judged(truth, predicted, subjects)
    once, thrice = bootstrap_mean([pool], "nps"), bootstrap_mean([pool] * 3, "nps")
    for name in ("uf1", "uar", "war"):
        assert thrice[name].low == pytest.approx(once[name].low)
        assert thrice[name].high == pytest.approx(once[name].high)
    assert once == bootstrap_scores(truth, predicted, subjects, "nps")


def test_the_mean_over_directions_by_hand() -> None:
    # Accuracy 1 in one direction and 1/3 in the other: 2/3, though 3 of 5 clips are right
    there = Judged(["a", "b"], ["a", "b"], ["x/1", "x/2"])
    back = Judged(["a", "b", "b"], ["b", "b", "a"], ["y/1", "y/1", "y/2"])
    strata = {"x/1": "x", "x/2": "x", "y/1": "y", "y/2": "y"}
    got = bootstrap_mean([there, back], AB, scores=["war"], strata=strata)["war"]
    assert got.value == pytest.approx(2 / 3)
    assert (got.low, got.high) == (pytest.approx(0.5), pytest.approx(0.75))  # y/2 twice, y/1 twice
    other = Judged(["a", "b", "b"], ["a", "b", "b"], ["y/1", "y/1", "y/2"])
    found = compare_means([there, back], [there, other], AB, score="war", strata=strata)
    assert (found.first, found.second) == (pytest.approx(2 / 3), 1.0)
    assert found.p == 0.5  # four people, of whom two differ: 16 exchanges, 8 as extreme
    assert found.exact
    assert (found.mcnemar.first_only, found.mcnemar.second_only) == (0, 2)


def test_different_numbers_of_seeds_have_an_interval_and_no_exchange() -> None:
    truth, predicted, subjects = take(40)
    pool = Judged(truth, predicted, subjects)
    found = compare_means([pool], [pool, pool], "nps")
    assert found.difference == 0
    assert found.low == found.high == 0
    assert math.isnan(found.p)
    stranger = Judged(truth, predicted, ["y/1"] * 40)
    with pytest.raises(InputError, match="same people"):
        compare_means([pool], [stranger], "nps")
