"""How sure a score is: intervals over subjects, and paired tests between two models.

Clips of one person resemble each other, so that clips are no independent draws; people are. Whatever is
resampled here is therefore a *subject with all clips*, as in the cluster bootstrap (C. A. Field and
A. H. Welsh: "Bootstrapping clustered data", J. R. Stat. Soc. B 69, 2007). The scores stay those of
:mod:`mien.evaluation.scores`: of each replicate's confusion matrix, pooled.

What the intervals do not hold: another seed of the same training, or another choice of hyper-parameters.
They say how much the score depends on who happened to be filmed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr, ndtr, ndtri

from mien.errors import InputError
from mien.evaluation.scores import ScoreName, confusions_by_group, score_of_counts

__all__ = [
    "Comparison",
    "Interval",
    "IntervalMethod",
    "Judged",
    "McNemar",
    "bootstrap_mean",
    "bootstrap_scores",
    "compare_means",
    "compare_models",
    "mcnemar",
]

IntervalMethod: TypeAlias = Literal["percentile", "bca"]
_EQUAL = 1e-12
"""Scores of different sums of the same counts differ by rounding only."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A score with its confidence interval.

    Attributes:
        value: the score of the data.
        low, high: bounds; NaN with fewer than two subjects, where nothing says how people differ.
        level: confidence, such as 0.95.
        method: ``"percentile"`` or ``"bca"``.
        subjects: how many were drawn from.
        replicates: how many draws were made.
        lacking: share of the replicates that lack a class which the data has (a rare class of few people);
            their UF1 and UAR are means over fewer classes. Above a few per cent, read the interval with care.
    """

    value: float
    low: float
    high: float
    level: float
    method: IntervalMethod
    subjects: int
    replicates: int
    lacking: float


@dataclass(frozen=True, slots=True)
class Judged:
    """A pool of predictions, of which one confusion matrix is made.

    Attributes:
        truth: each clip's class.
        predicted: the class it was given.
        subjects: whose clip each is, namespaced by data set.
    """

    truth: Sequence[str]
    predicted: Sequence[str]
    subjects: Sequence[str]


def bootstrap_scores(
    truth: Sequence[str],
    predicted: Sequence[str],
    subjects: Sequence[str],
    labels: Iterable[str],
    *,
    scores: Sequence[ScoreName] = ("uf1", "uar", "war"),
    strata: Sequence[str] | None = None,
    level: float = 0.95,
    replicates: int = 2000,
    method: IntervalMethod = "percentile",
    seed: int = 0,
) -> dict[str, Interval]:
    """Confidence intervals by drawing subjects with replacement.

    Args:
        truth: each pooled clip's class.
        predicted: the class it was given.
        subjects: whose clip each is, namespaced by data set.
        labels: the vocabulary.
        scores: which scores; all are taken from the same draws.
        strata: each clip's stratum, usually its data set: subjects are drawn within strata, so that every
            replicate has as many people of each data set as the data.
        level: confidence, above 0, below 1.
        replicates: draws, >= 1.
        method: ``"percentile"``: the quantiles of the replicates. ``"bca"``: bias-corrected and accelerated
            (B. Efron: "Better bootstrap confidence intervals", J. Am. Stat. Assoc. 82, 1987), the
            acceleration from leaving out one subject at a time.
        seed: of the draws.

    Returns:
        Score -> interval.

    Raises:
        InputError: no clips, lengths that differ, unknown labels, or a subject in two strata.
    """
    return bootstrap_mean(
        [Judged(truth, predicted, subjects)],
        labels,
        scores=scores,
        strata=_strata_of(subjects, strata),
        level=level,
        replicates=replicates,
        method=method,
        seed=seed,
    )


def bootstrap_mean(
    pools: Sequence[Judged],
    labels: Iterable[str],
    *,
    scores: Sequence[ScoreName] = ("uf1", "uar", "war"),
    strata: Mapping[str, str] | None = None,
    level: float = 0.95,
    replicates: int = 2000,
    method: IntervalMethod = "percentile",
    seed: int = 0,
) -> dict[str, Interval]:
    """Intervals of a score's mean over pools: several seeds of one model, or the directions of a hold-out.

    The people are drawn once and hold for all pools, so that seeds tried on the same people do not pass for
    more people.

    Args:
        pools: one at least; a subject may be in several.
        labels: the vocabulary.
        scores: which scores.
        strata: subject -> stratum.
        level: confidence.
        replicates: draws.
        method: as in :func:`bootstrap_scores`.
        seed: of the draws.

    Raises:
        InputError: as :func:`bootstrap_scores`.
    """
    _check(level, replicates)
    names, counts = _counted(pools, tuple(labels))
    weights = _draws(_strata(names, strata), replicates, seed)
    drawn = _weighted(weights, counts)
    whole = counts.sum(axis=1)
    lacks = (drawn.sum(axis=-1) == 0) & (whole.sum(axis=-1) > 0)[:, None]
    lacking = float(lacks.any(axis=(0, 2)).mean())
    intervals: dict[str, Interval] = {}
    for name in scores:
        value = float(_mean_score(whole, name))
        low = high = math.nan
        if len(names) > 1:
            left_out = _mean_score(whole[:, None] - counts, name) if method == "bca" else None
            low, high = _bounds(value, _mean_score(drawn, name), left_out, level)
        intervals[name] = Interval(value, low, high, level, method, len(names), replicates, lacking)
    return intervals


@dataclass(frozen=True, slots=True)
class McNemar:
    """McNemar's exact test on clips: is one model right more often where only one of them is?

    It takes clips for independent, which those of one person are not: an extra, not the test to report.

    Attributes:
        first_only: clips that only the first model has right.
        second_only: clips that only the second has right.
        p: two-sided, from the binomial distribution; 1 where neither is ever right alone.
    """

    first_only: int
    second_only: int
    p: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two models on the same clips.

    Attributes:
        score: which one.
        first, second: its values.
        low, high: interval of ``difference``, drawn over subjects; NaN with fewer than two.
        level: its confidence.
        p: two-sided, of the permutation test over subjects.
        exact: every exchange was tried, so that ``p`` has no chance in it.
        subjects: how many people.
        mcnemar: the test on clips.
    """

    score: ScoreName
    first: float
    second: float
    low: float
    high: float
    level: float
    p: float
    exact: bool
    subjects: int
    mcnemar: McNemar

    @property
    def difference(self) -> float:
        """Second minus first: above 0 where the second is better."""
        return self.second - self.first


def compare_models(
    truth: Sequence[str],
    first: Sequence[str],
    second: Sequence[str],
    subjects: Sequence[str],
    labels: Iterable[str],
    *,
    score: ScoreName = "uf1",
    strata: Sequence[str] | None = None,
    level: float = 0.95,
    replicates: int = 2000,
    permutations: int = 10_000,
    seed: int = 0,
) -> Comparison:
    """Is the second model better than the first, or were the people just kind to it?

    Two answers from the same pairs. The *interval* of the difference comes from drawing subjects with
    replacement, both models' predictions together. The *p-value* comes from exchanging the two models'
    predictions of whole subjects: if the models were alike, each such exchange would be as likely as what was
    seen (P. Good: "Permutation, parametric and bootstrap tests of hypotheses", 2005). All 2^S exchanges are
    tried where ``permutations`` allows; else that many are drawn, and p is (1 + as extreme) / (1 + drawn), so
    that it is never 0.

    Args:
        truth: each clip's class.
        first: what one model predicted, in the same order.
        second: what the other predicted.
        subjects: whose clip each is.
        labels: the vocabulary.
        score: the score to compare.
        strata: as in :func:`bootstrap_scores`; for the interval.
        level: confidence of the interval.
        replicates: draws for the interval.
        permutations: most exchanges to try.
        seed: of both.

    Raises:
        InputError: as :func:`bootstrap_scores`.
    """
    return compare_means(
        [Judged(truth, first, subjects)],
        [Judged(truth, second, subjects)],
        labels,
        score=score,
        strata=_strata_of(subjects, strata),
        level=level,
        replicates=replicates,
        permutations=permutations,
        seed=seed,
    )


def compare_means(
    first: Sequence[Judged],
    second: Sequence[Judged],
    labels: Iterable[str],
    *,
    score: ScoreName = "uf1",
    strata: Mapping[str, str] | None = None,
    level: float = 0.95,
    replicates: int = 2000,
    permutations: int = 10_000,
    seed: int = 0,
) -> Comparison:
    """:func:`compare_models` of scores' means over pools (seeds, directions of a hold-out).

    Args:
        first: one model's pools.
        second: the other's, of the same people; as many or not (one may have been run with more seeds).
        labels: the vocabulary.
        score: the score to compare.
        strata: subject -> stratum.
        level: confidence of the interval.
        replicates: draws for the interval.
        permutations: most exchanges to try. Where the two have different numbers of pools, there are no
            pairs to exchange and ``p`` is NaN.
        seed: of both.

    Raises:
        InputError: as :func:`bootstrap_scores`; or the two are not of the same people.
    """
    _check(level, replicates)
    if permutations < 1:
        raise InputError("give one permutation at least")
    labels = tuple(labels)
    names, one = _counted(first, labels)
    others, other = _counted(second, labels)
    if set(names) != set(others):
        raise InputError("the two models were not tested on the same people")
    other = other[:, [others.index(name) for name in names]]
    a, b = (float(_mean_score(c.sum(axis=1), score)) for c in (one, other))
    low = high = math.nan
    if len(names) > 1:
        weights = _draws(_strata(names, strata), replicates, seed)
        differences = _mean_score(_weighted(weights, other), score) - _mean_score(
            _weighted(weights, one), score
        )
        low, high = _bounds(b - a, differences, None, level)
    paired = len(first) == len(second) and all(
        list(x.truth) == list(y.truth) for x, y in zip(first, second, strict=True)
    )
    p, exact = _exchange(one, other, score, permutations, seed) if paired else (math.nan, False)
    clips = McNemar(0, 0, math.nan)
    if paired:
        truth, ours, theirs = (
            [label for pool in pools for label in getattr(pool, side)]
            for pools, side in ((first, "truth"), (first, "predicted"), (second, "predicted"))
        )
        clips = mcnemar(truth, ours, theirs)
    return Comparison(score, a, b, low, high, level, p, exact, len(names), clips)


def mcnemar(truth: Sequence[str], first: Sequence[str], second: Sequence[str]) -> McNemar:
    """McNemar's exact test (Q. McNemar, Psychometrika 12, 1947) of two models on the same clips.

    Raises:
        InputError: the lengths differ.
    """
    if not len(truth) == len(first) == len(second):
        raise InputError(f"{len(first)} and {len(second)} predictions for {len(truth)} clips")
    ours = sum(t == a != b for t, a, b in zip(truth, first, second, strict=True))
    theirs = sum(t == b != a for t, a, b in zip(truth, first, second, strict=True))
    few, n = min(ours, theirs), ours + theirs
    return McNemar(ours, theirs, min(1.0, 2 * float(bdtr(few, n, 0.5))) if n else 1.0)


# --- the arithmetic -----------------------------------------------------------------------------------------


def _check(level: float, replicates: int) -> None:
    if not 0 < level < 1:
        raise InputError(f"the confidence level lies between 0 and 1, not {level}")
    if replicates < 1:
        raise InputError("give one replicate at least")


def _counted(pools: Sequence[Judged], labels: tuple[str, ...]) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """The S subjects, and (G, S, C, C): each pool's confusion matrix of each of them."""
    each = [confusions_by_group(p.truth, p.predicted, p.subjects, labels) for p in pools]
    names = tuple(dict.fromkeys(name for its, _ in each for name in its))
    if not names:
        raise InputError("there is no clip to draw from")
    place = {name: i for i, name in enumerate(names)}
    counts = np.zeros((len(pools), len(names), len(labels), len(labels)), np.int64)
    for pool, (its, own) in zip(counts, each, strict=True):
        pool[[place[name] for name in its]] = own
    return names, counts


def _mean_score(counts: NDArray[np.int64], name: ScoreName) -> NDArray[np.float64]:
    """Mean over the first axis (pools) of the score of confusion matrices (G, ..., C, C)."""
    scores = score_of_counts(counts, name)
    known = ~np.isnan(scores)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(known, scores, 0.0).sum(axis=0) / known.sum(axis=0), np.float64)


def _strata_of(subjects: Sequence[str], strata: Sequence[str] | None) -> dict[str, str] | None:
    """Subject -> stratum, from each clip's."""
    if strata is None:
        return None
    if len(strata) != len(subjects):
        raise InputError(f"{len(strata)} strata for {len(subjects)} clips")
    of: dict[str, str] = {}
    for subject, stratum in zip(subjects, strata, strict=True):
        if of.setdefault(subject, stratum) != stratum:
            raise InputError(
                f"subject {subject} is in the strata {of[subject]} and {stratum}: are subjects of different "
                "data sets called the same?"
            )
    return of


def _strata(names: tuple[str, ...], strata: Mapping[str, str] | None) -> list[NDArray[np.intp]]:
    """Positions of the subjects of each stratum."""
    of = strata or {}
    own = [of.get(name, "") for name in names]
    return [np.array([i for i, s in enumerate(own) if s == stratum]) for stratum in dict.fromkeys(own)]


def _draws(strata: list[NDArray[np.intp]], replicates: int, seed: int) -> NDArray[np.int64]:
    """How often each subject (columns) is in each replicate (rows)."""
    rng = np.random.default_rng(seed)
    weights = np.zeros((replicates, sum(map(len, strata))), np.int64)
    for members in strata:
        weights[:, members] = rng.multinomial(
            len(members), np.full(len(members), 1 / len(members)), replicates
        )
    return weights


def _weighted(weights: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Replicates' matrices (G, R, C, C), from weights (R, S) and subjects' matrices (G, S, C, C)."""
    flat = weights @ counts.reshape(*counts.shape[:2], -1)
    return np.asarray(flat.reshape(len(counts), len(weights), *counts.shape[2:]), np.int64)


def _bounds(
    value: float, replicates: NDArray[np.float64], left_out: NDArray[np.float64] | None, level: float
) -> tuple[float, float]:
    """The interval's ends; BCa where scores with a subject left out are given."""
    tails = np.array([(1 - level) / 2, (1 + level) / 2])
    if left_out is not None and np.ptp(replicates) > _EQUAL:
        below = np.mean(replicates < value - _EQUAL) + np.mean(np.abs(replicates - value) <= _EQUAL) / 2
        half = 0.5 / len(replicates)  # so that a value beyond all replicates stays finite
        bias = float(ndtri(np.clip(below, half, 1 - half)))
        away = np.nanmean(left_out) - left_out[~np.isnan(left_out)]
        spread = float((away**2).sum())
        acceleration = float((away**3).sum()) / (6 * spread**1.5) if spread > _EQUAL else 0.0
        z = bias + ndtri(tails)
        tails = ndtr(bias + z / (1 - acceleration * z))
    low, high = np.nanquantile(replicates, tails)
    return float(low), float(high)


def _exchange(
    one: NDArray[np.int64], other: NDArray[np.int64], score: ScoreName, permutations: int, seed: int
) -> tuple[float, bool]:
    """p-value of exchanging subjects' predictions, and whether all exchanges were tried."""
    n = one.shape[1]
    exact = n < 63 and 2**n <= permutations
    if exact:
        swaps = (np.arange(2**n)[:, None] >> np.arange(n)) & 1
    else:
        # Not the bootstrap's stream, which starts from the plain seed
        swaps = np.random.default_rng([seed, 1]).integers(0, 2, (permutations, n))
    moved = _weighted(swaps.astype(np.int64), other - one)
    ours, theirs = one.sum(axis=1), other.sum(axis=1)
    seen = abs(float(_mean_score(theirs, score) - _mean_score(ours, score)))
    differences = np.abs(
        _mean_score(theirs[:, None] - moved, score) - _mean_score(ours[:, None] + moved, score)
    )
    extreme = int((differences >= seen - _EQUAL).sum())
    return (extreme / len(swaps) if exact else (1 + extreme) / (1 + len(swaps))), exact
