"""Runs beside one another: is one model better than another, or were the people just kind to it?

Runs are read from their folders, stored predictions and nothing else. Two models are compared on the clips
that both were tested on; the difference has an interval, drawn over subjects, and a p-value, from exchanging
the two models' predictions of whole subjects (:func:`mien.evaluation.uncertainty.compare_means`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mien.errors import InputError
from mien.evaluation.guards import dataset_of
from mien.evaluation.scores import ScoreName
from mien.evaluation.uncertainty import Judged, compare_means

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["COMPARISON_COLUMNS", "StoredRun", "comparison", "read_run"]

COMPARISON_COLUMNS = (
    *("score", "first", "second", "n", "subjects", "first_value", "second_value"),
    *("difference", "low", "high", "p", "mcnemar_p", "note"),
)


@dataclass(frozen=True)
class StoredRun:
    """A finished run, as its folder tells it.

    Attributes:
        folder: where it lies.
        protocol: its name.
        labels: the classes.
        by_fold: its score is a mean over folds.
        models: in order.
        predictions: see :func:`mien.evaluation.tables.predictions`.
    """

    folder: Path
    protocol: str
    labels: tuple[str, ...]
    by_fold: bool
    models: tuple[str, ...]
    predictions: pd.DataFrame


def read_run(folder: str | Path) -> StoredRun:
    """Read a run's folder.

    Raises:
        InputError: there is no finished run in it, or its files are damaged.
    """
    import pandas as pd

    place = Path(folder)
    try:
        words = json.loads((place / "run.json").read_text(encoding="utf-8"))
        table = pd.read_csv(
            place / "predictions.csv",
            dtype=dict.fromkeys(("model", "fold", "dataset", "subject", "clip", "truth", "predicted"), "str"),
            keep_default_na=False,
        )
        models = tuple(m for m in dict.fromkeys(table["model"].tolist()))
        return StoredRun(
            place,
            str(words["protocol"]),
            tuple(words["labels"]),
            words["pooling"] == "folds",
            models,
            table,
        )
    except FileNotFoundError as error:
        raise InputError(
            f"{place} holds no finished run of `mien bench` ({Path(str(error.filename)).name} is missing)."
        ) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{place}: the run in it cannot be read ({error}).") from error


def comparison(
    runs: Sequence[StoredRun], *, scores: Sequence[ScoreName] = ("uf1", "uar", "war"), level: float = 0.95
) -> pd.DataFrame:
    """Every model of every run against the first one.

    Args:
        runs: one or more.
        scores: to compare.
        level: confidence of the intervals.

    Returns:
        A table with :data:`COMPARISON_COLUMNS`; ``difference`` is second minus first, above 0 where the
        second is better. A model is called by its name alone where that is clear, else by run and name.

    Raises:
        InputError: there is only one model, or two have no clip, or no vocabulary, in common.
    """
    import pandas as pd

    models = [(run, model) for run in runs for model in run.models]
    if len(models) < 2:
        raise InputError("a comparison needs two models at least")
    names = [model for _, model in models]
    called = [
        model if names.count(model) == 1 else f"{run.folder.name or run.folder}: {model}"
        for run, model in models
    ]
    if len(set(called)) < len(called):
        called = [f"{run.folder}: {model}" for run, model in models]
    rows: list[dict[str, Any]] = []
    for (run, model), name in zip(models[1:], called[1:], strict=True):
        first, second, note, clips = _common(models[0], (run, model))
        strata = {s: dataset_of(s) for pool in first for s in pool.subjects}
        for score in scores:
            found = compare_means(first, second, run.labels, score=score, strata=strata, level=level)
            rows.append(
                {
                    "score": score,
                    "first": called[0],
                    "second": name,
                    "n": clips,
                    "subjects": found.subjects,
                    "first_value": found.first,
                    "second_value": found.second,
                    "difference": found.difference,
                    "low": found.low,
                    "high": found.high,
                    "p": found.p,
                    "mcnemar_p": found.mcnemar.p,
                    "note": note,
                }
            )
    return pd.DataFrame(rows, columns=list(COMPARISON_COLUMNS)).round(6)


def _common(
    first: tuple[StoredRun, str], second: tuple[StoredRun, str]
) -> tuple[list[Judged], list[Judged], str, int]:
    """Both models' pools over the clips that both tested, what to say of it, how many clips."""
    one, other = first[0], second[0]
    if one.labels != other.labels:
        raise InputError(
            f"{one.folder} and {other.folder} know different classes ({', '.join(one.labels)}; "
            f"{', '.join(other.labels)}): there is nothing to compare"
        )
    by_fold = one.by_fold and other.by_fold
    keys = ["fold", "clip"] if by_fold else ["clip"]
    ours, theirs = (run.predictions[run.predictions["model"] == m] for run, m in (first, second))
    for run, table in ((one, ours), (other, theirs)):
        if table.duplicated([*keys, "seed"]).any():
            raise InputError(
                f"{run.folder}: some clips are tested in several folds; compare runs of its kind"
            )
    common = ours[keys].drop_duplicates().merge(theirs[keys].drop_duplicates(), on=keys)
    if not len(common):
        raise InputError(f"{one.folder} and {other.folder} have no clip in common")
    notes = []
    total = max(len(ours[keys].drop_duplicates()), len(theirs[keys].drop_duplicates()))
    if len(common) < total:
        notes.append(f"on the {len(common)} of {total} clips that both tested")
    if one.protocol != other.protocol:
        notes.append(f"trained under {one.protocol} and {other.protocol}")
    pools = []
    for table in (ours, theirs):
        its = common.merge(table, on=keys, how="left")
        groups = ["seed", "fold"] if by_fold else ["seed"]
        pools.append(
            [
                Judged(g["truth"].tolist(), g["predicted"].tolist(), g["subject"].tolist())
                for _, g in its.groupby(groups, sort=True)
            ]
        )
    both = ours[[*keys, "truth"]].merge(theirs[[*keys, "truth"]], on=keys)
    if (both["truth_x"] != both["truth_y"]).any():
        raise InputError(f"{one.folder} and {other.folder} give the same clips different classes")
    return pools[0], pools[1], "; ".join(notes), len(common)
