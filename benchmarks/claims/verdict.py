"""Intervals and verdicts: of stored predictions alone, the same numbers wherever they are made.

A replicate draws people with replacement (each with all clips, within domains) and seeds with replacement;
the score of each drawn seed is that of its pooled predictions, and their mean is the replicate's. Two
configurations are compared on the clips that both were tested on, in the same draws: a difference is paired
by person and seed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.evaluation.scores import score_of_counts

REPLICATES = 2000
CONFIRMED, REFUTED, UNDECIDED, NOT_RUN = "confirmed", "not confirmed", "undecided", "not run"
VERDICTS = (CONFIRMED, REFUTED, UNDECIDED, NOT_RUN)

Statistic = Callable[[NDArray[Any]], NDArray[Any]]
"""Sums over people (..., K) to a number (...)."""


@dataclass(frozen=True)
class Interval:
    """A number with its 95 % interval, from so many people, seeds and clips."""

    value: float
    low: float
    high: float
    people: int
    seeds: int
    items: int


@dataclass(frozen=True)
class Measured:
    """One configuration: of each seed and item what a statistic adds up.

    Attributes:
        items: keys of the items, in order.
        people: of each item its person.
        strata: of each item its domain.
        values: (seeds, items, ...) what is summed over the items.
        statistic: of such sums.
    """

    items: tuple[str, ...]
    people: tuple[str, ...]
    strata: tuple[str, ...]
    values: NDArray[Any]
    statistic: Statistic

    def only(self, keys: set[str]) -> Measured:
        """Some of the items."""
        at = [i for i, key in enumerate(self.items) if key in keys]
        picked = (tuple(column[i] for i in at) for column in (self.items, self.people, self.strata))
        return Measured(*picked, self.values[:, at], self.statistic)


def uf1(sums: NDArray[Any]) -> NDArray[Any]:
    """Of confusion matrices (..., C, C)."""
    return np.asarray(score_of_counts(sums, "uf1"))


def share(sums: NDArray[Any]) -> NDArray[Any]:
    """Of (..., 2): a sum and how many; also a mean."""
    return np.asarray(sums[..., 0] / np.maximum(sums[..., 1], 1e-12))


def interval(one: Measured) -> Interval:
    """The score and its interval."""
    return _interval([one], lambda scores: scores[0])


def difference(first: Measured, second: Measured) -> Interval:
    """Second minus first, on the clips of both. One of one seed (nothing is random) counts for all."""
    keys = set(first.items) & set(second.items)
    pair = [first.only(keys), second.only(keys)]
    if pair[0].items != pair[1].items:
        raise ValueError("the two were not tested in one order")
    seeds = max(len(m.values) for m in pair)
    for i, m in enumerate(pair):
        if len(m.values) == 1:
            repeated = np.repeat(m.values, seeds, axis=0)
            pair[i] = Measured(m.items, m.people, m.strata, repeated, m.statistic)
    fewest = min(len(m.values) for m in pair)
    pair = [Measured(m.items, m.people, m.strata, m.values[:fewest], m.statistic) for m in pair]
    return _interval(pair, lambda scores: scores[1] - scores[0])


def _interval(some: Sequence[Measured], combined: Callable[[list[Any]], Any]) -> Interval:
    first = some[0]
    names = list(dict.fromkeys(first.people))
    seeds = len(first.values)
    if not names or not seeds:
        return Interval(math.nan, math.nan, math.nan, 0, 0, 0)
    place = {name: i for i, name in enumerate(names)}
    whose = np.array([place[p] for p in first.people])
    domain = dict(zip(first.people, first.strata, strict=True))
    rng = np.random.default_rng(0)
    weights = np.zeros((REPLICATES, len(names)))
    for stratum in dict.fromkeys(domain.values()):
        own = [place[n] for n in names if domain[n] == stratum]
        weights[:, own] = rng.multinomial(len(own), np.full(len(own), 1 / len(own)), REPLICATES)
    drawn = rng.multinomial(seeds, np.full(seeds, 1 / seeds), REPLICATES) / seeds
    points, replicates = [], []
    for one in some:
        sums = np.zeros((seeds, len(names), *one.values.shape[2:]))
        for seed in range(seeds):
            np.add.at(sums[seed], whose, one.values[seed])
        points.append(float(np.mean(one.statistic(sums.sum(axis=1)))))
        totals = np.einsum("rs,gs...->gr...", weights, sums)
        replicates.append((one.statistic(totals) * drawn.T).sum(axis=0))
    low = high = math.nan
    if len(names) > 1:
        low, high = (float(x) for x in np.nanquantile(combined(replicates), (0.025, 0.975)))
    return Interval(float(combined(points)), low, high, len(names), seeds, len(first.items))


def verdict(of: Interval | None, seeds: int = 3) -> str:
    """Of a difference that the claim says is above zero; with fewer seeds than these none is given."""
    if of is None or math.isnan(of.low) or of.seeds < seeds:
        return NOT_RUN
    if of.low > 0:
        return CONFIRMED
    return REFUTED if of.high < 0 else UNDECIDED


def whole(parts: Sequence[str]) -> str:
    """Of a claim of several parts: confirmed only if all are; one that fails is enough to refute it."""
    if not parts or (NOT_RUN in parts and REFUTED not in parts):
        return NOT_RUN
    if REFUTED in parts:
        return REFUTED
    return CONFIRMED if set(parts) == {CONFIRMED} else UNDECIDED


# --- from stored results --------------------------------------------------------------------------------


def runs_of(results: Mapping[str, Any] | None, configuration: str) -> list[dict[str, Any]]:
    """The runs of a configuration, by seed."""
    runs = [] if results is None else results["runs"]
    return sorted((r for r in runs if r["configuration"] == configuration), key=lambda r: r["seed"])


def recognised(results: Mapping[str, Any] | None, configuration: str, domain: str = "") -> Measured | None:
    """A configuration's predictions as confusion matrices; ``None`` if it has not run."""
    runs = runs_of(results, configuration)
    if not runs or results is None:
        return None
    classes = list(results["classes"])
    rows = [
        (i, item)
        for i, item in enumerate(results["items"])
        if all(r["said"][i] != "-" for r in runs) and domain in ("", item["domain"])
    ]
    values = np.zeros((len(runs), len(rows), len(classes), len(classes)))
    for g, run in enumerate(runs):
        for n, (i, item) in enumerate(rows):
            values[g, n, classes.index(item["truth"]), int(run["said"][i])] = 1
    return _measured(rows, values, uf1)


def averaged(
    results: Mapping[str, Any] | None,
    configuration: str,
    of: Callable[[dict[str, Any], dict[str, Any], int], float],
    where: Callable[[dict[str, Any]], bool] = lambda item: True,
    needs: str = "",
) -> Measured | None:
    """The mean over items of ``of(item, run, position)``, without those whose field ``needs`` is empty."""
    runs = runs_of(results, configuration)
    if not runs or results is None:
        return None
    rows = [
        (i, item)
        for i, item in enumerate(results["items"])
        if where(item) and all(not needs or r[needs][i] is not None for r in runs)
    ]
    if not rows:
        return None
    values = np.array([[(of(item, run, i), 1.0) for i, item in rows] for run in runs])
    return _measured(rows, values, share)


def _measured(
    rows: Sequence[tuple[int, Mapping[str, Any]]], values: NDArray[Any], statistic: Statistic
) -> Measured:
    keys, people, domains = (tuple(item[name] for _, item in rows) for name in ("key", "person", "domain"))
    return Measured(keys, people, domains, values, statistic)


def compared(first: Measured | None, second: Measured | None) -> Interval | None:
    """:func:`difference`, or ``None`` where one of them has not run."""
    return None if first is None or second is None else difference(first, second)
