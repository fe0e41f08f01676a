"""A run's tables: to compute with (CSV), to read (plain text, Markdown) and to print (LaTeX).

Scores are those of :mod:`mien.evaluation.scores`, from the pooled predictions of all folds; where a protocol
reports directions (hold-out of data sets), ``all`` is the mean over them. With several seeds, scores are
means over seeds. Intervals are drawn over subjects (:mod:`mien.evaluation.uncertainty`).
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from mien.evaluation.chance import EPOCHS
from mien.evaluation.guards import dataset_of
from mien.evaluation.parts import parts_of
from mien.evaluation.scores import ALL, Confusion, ScoreName, confusion
from mien.evaluation.uncertainty import Judged, bootstrap_mean
from mien.files import write_whole

if TYPE_CHECKING:
    import pandas as pd

    from mien.evaluation.runs import Benchmark

__all__ = [
    "COLUMNS",
    "baselines",
    "classes",
    "confusions",
    "folds",
    "latex",
    "latex_table",
    "left_out",
    "markdown",
    "markdown_row",
    "plain",
    "pools",
    "predictions",
    "remarks",
    "summary",
    "write",
]

_MAIN: Final[tuple[ScoreName, ...]] = ("uf1", "uar", "war")
_MORE: Final[tuple[ScoreName, ...]] = ("macro_f1", "weighted_f1")
COLUMNS: Final = (
    *("model", "protocol", "part", "n", *_MAIN),
    *(f"{score}_{bound}" for score in _MAIN for bound in ("low", "high")),
    *(*_MORE, "subjects", "seeds"),
)
"""Columns of ``summary.csv`` and ``baselines.csv``."""
_DIGITS = 6
_LACKING = 0.05
"""Share of draws without a class from which on the interval deserves a word."""


# --- what is scored together --------------------------------------------------------------------------------


def pools(run: Benchmark, model: str) -> dict[str, tuple[Judged, ...]]:
    """Part -> a contender's pools of predictions: one a seed, or one a seed and direction."""
    found: dict[str, list[Judged]] = {}
    for its in _by_seed(run, model).values():
        rows = [row for result in its for row in _rows(result)]
        parts = parts_of(
            [row["fold"] for row in rows],
            [row["dataset"] for row in rows],
            by_fold=run.protocol.pooling == "folds",
            by_dataset=run.protocol.by_dataset,
        )
        for part, each in parts.items():
            found.setdefault(part, []).extend(_judged(rows, which) for which in each)
    return {part: tuple(each) for part, each in found.items()}


def _by_seed(run: Benchmark, model: str) -> dict[int, list[Any]]:
    seeds: dict[int, list[Any]] = {}
    for result in run.results:
        if result.contender == model:
            seeds.setdefault(result.seed, []).append(result)
    return seeds


def _rows(result: Any) -> Iterable[dict[str, Any]]:
    for i, said in enumerate(result.predicted):
        yield {
            "model": result.contender,
            "seed": result.seed,
            "fold": result.fold,
            "dataset": result.datasets[i],
            "subject": result.subjects[i],
            "clip": result.clips[i],
            "truth": result.truth[i],
            "predicted": said,
            **{f"p_{label}": p for label, p in zip(result.labels, result.probabilities[i], strict=True)},
        }


def _judged(rows: Sequence[Mapping[str, Any]], which: NDArray[np.intp]) -> Judged:
    its = [rows[i] for i in which.tolist()]
    return Judged([r["truth"] for r in its], [r["predicted"] for r in its], [r["subject"] for r in its])


# --- tables to compute with ---------------------------------------------------------------------------------


def summary(run: Benchmark) -> pd.DataFrame:
    """One row a contender and part: scores, and the bounds of their intervals.

    Returns:
        A table with :data:`COLUMNS`; scores 0 to 1, NaN where there is nothing to score.
    """
    import pandas as pd

    rows = []
    for model in run.contenders:
        seeds = len(_by_seed(run, model))
        for part, its in pools(run, model).items():
            strata = {s: dataset_of(s) for pool in its for s in pool.subjects}
            values = bootstrap_mean(
                its,
                run.labels,
                scores=(*_MAIN, *_MORE),
                strata=strata,
                level=run.level,
                replicates=run.replicates,
            )
            row: dict[str, Any] = {"model": model, "protocol": run.protocol.name, "part": part}
            row["n"] = sum(len(pool.truth) for pool in its) // seeds
            row |= {name: values[name].value for name in (*_MAIN, *_MORE)}
            row |= {f"{name}_low": values[name].low for name in _MAIN}
            row |= {f"{name}_high": values[name].high for name in _MAIN}
            rows.append(row | {"subjects": values["uf1"].subjects, "seeds": seeds})
    return pd.DataFrame(rows, columns=list(COLUMNS)).round(_DIGITS)


def baselines(run: Benchmark) -> pd.DataFrame:
    """The same without a model; the bounds hold 95 % of the random guesses.

    Returns:
        A table with :data:`COLUMNS`, as far as they make sense here.
    """
    import pandas as pd

    rows = []
    for one in run.chance:
        row: dict[str, Any] = {"model": one.name, "protocol": run.protocol.name, "part": one.part, "n": one.n}
        for name, (value, low, high) in one.scores.items():
            row |= {name: value, f"{name}_low": low, f"{name}_high": high}
        rows.append(row)
    return pd.DataFrame(rows, columns=[c for c in COLUMNS if c not in (*_MORE, "subjects", "seeds")]).round(
        _DIGITS
    )


def predictions(run: Benchmark) -> pd.DataFrame:
    """One row a contender, seed and tested clip, with the probability of each class."""
    import pandas as pd

    columns = ["model", "seed", "fold", "dataset", "subject", "clip", "truth", "predicted"]
    rows = [row for result in run.results for row in _rows(result)]
    return pd.DataFrame(rows, columns=columns + [f"p_{label}" for label in run.labels])


def folds(run: Benchmark) -> pd.DataFrame:
    """One row a contender, seed and fold; folds that could not be done have a reason in ``failed``."""
    import pandas as pd

    rows: list[dict[str, Any]] = [
        {
            "model": r.contender,
            "seed": r.seed,
            "fold": r.fold,
            "n": len(r.clips),
            "correct": sum(t == p for t, p in zip(r.truth, r.predicted, strict=True)),
            "trained_on": r.trained_on,
            "notes": "; ".join(r.notes),
            "failed": "",
        }
        for r in run.results
    ]
    rows += [
        {
            "model": f.contender,
            "seed": f.seed,
            "fold": f.fold,
            "n": 0,
            "correct": 0,
            "trained_on": 0,
            "notes": "",
            "failed": f.reason,
        }
        for f in run.failures
    ]
    columns = ["model", "seed", "fold", "n", "correct", "trained_on", "notes", "failed"]
    return pd.DataFrame(rows, columns=columns)


def _matrices(run: Benchmark) -> Iterable[tuple[str, int, str, Confusion]]:
    """Contender, seed, part, confusion matrix (of all the part's pools together)."""
    for model in run.contenders:
        for seed, its in _by_seed(run, model).items():
            rows = [row for result in its for row in _rows(result)]
            parts = parts_of(
                [row["fold"] for row in rows],
                [row["dataset"] for row in rows],
                by_fold=run.protocol.pooling == "folds",
                by_dataset=run.protocol.by_dataset,
            )
            for part, each in parts.items():
                judged = _judged(rows, np.concatenate(each))
                yield model, seed, part, confusion(judged.truth, judged.predicted, run.labels)


def classes(run: Benchmark) -> pd.DataFrame:
    """One row a contender, seed, part and class: clips, precision, recall, F1; absent classes too."""
    import pandas as pd

    tables = []
    for model, seed, part, matrix in _matrices(run):
        table = matrix.table().reset_index()
        table.insert(0, "part", part)
        table.insert(0, "seed", seed)
        table.insert(0, "model", model)
        tables.append(table.rename(columns={"label": "class"}))
    if not tables:
        return pd.DataFrame(columns=["model", "seed", "part", "class"])
    return pd.concat(tables, ignore_index=True).round(_DIGITS)


def confusions(run: Benchmark) -> pd.DataFrame:
    """One row a contender, seed, part, true and predicted class: how often."""
    import pandas as pd

    rows = [
        {"model": model, "seed": seed, "part": part, "truth": t, "predicted": p, "n": int(n)}
        for model, seed, part, matrix in _matrices(run)
        for t, row in zip(run.labels, matrix.counts, strict=True)
        for p, n in zip(run.labels, row, strict=True)
    ]
    return pd.DataFrame(rows, columns=["model", "seed", "part", "truth", "predicted", "n"])


def left_out(run: Benchmark) -> pd.DataFrame:
    """One row a clip that is not in the result, with the reason."""
    import pandas as pd

    columns = ["dataset", "subject", "clip", "by", "reason"]
    rows = [{name: getattr(one, name) for name in columns} for one in run.left_out]
    return pd.DataFrame(rows, columns=columns)


# --- tables to read -----------------------------------------------------------------------------------------


def _cells(run: Benchmark) -> list[list[str]]:
    """Heading and rows: the contenders, then chance, part by part."""
    head = [n for n in run.protocol.headline if n in _MAIN]
    names = [*head, *(n for n in _MAIN if n not in head)]
    frames = [run.summary, baselines(run)]
    rows = [["part", "model", "clips", *(f"{n.upper()} [{run.level:.0%}]" for n in names)]]
    parts = list(dict.fromkeys(part for frame in frames for part in frame["part"]))
    for part in parts:
        for frame in frames:
            for record in frame[frame["part"] == part].to_dict("records"):
                cells = [str(part), str(record["model"]), str(int(record["n"]))]
                rows.append([*cells, *(_score(record, n) for n in names)])
    return rows


def _score(record: Mapping[Any, Any], name: str) -> str:
    value, low, high = (float(record[key]) for key in (name, f"{name}_low", f"{name}_high"))
    if value != value:
        return "-"
    if low != low or low == high:
        return f"{value:.3f}"
    return f"{value:.3f} [{low:.3f}, {high:.3f}]"


def remarks(run: Benchmark) -> list[str]:
    """What to print below: what the lines without a model are, absent classes, failures, notes."""
    trained = any(result.trained_on for result in run.results)
    known = "the training classes" if trained else "the classes of the tested clips (nothing was trained)"
    words = [
        f"Intervals are drawn over subjects. majority and stratified-random know {known} only; theirs hold "
        "95 % of the guesses."
    ]
    if any(one.name == "random-oracle" for one in run.chance):
        words.append(
            f"random-oracle: the same random guesses in {EPOCHS} epochs, of which the best on the test clips "
            "is kept in every fold. No model: this is what choosing the epoch on the test subject adds."
        )
    if run.protocol.pooling == "folds" and len(run.folds) > 1:
        words.append("all: the mean over the rows below it.")
    seen = set()
    for _model, _, part, matrix in _matrices(run):
        note = matrix.scores().note
        if note and part not in seen:
            seen.add(part)
            words.append(f"{part}: {note}.")
    for model in run.contenders:
        for part, its in pools(run, model).items():
            interval = bootstrap_mean(its, run.labels, scores=("uf1",), replicates=200)["uf1"]
            if interval.lacking > _LACKING and part not in seen:
                seen.add(part)
                words.append(f"{part}: a class has so few people that its intervals are rough.")
    words += [f"{f.contender}, fold {f.fold} (seed {f.seed}) failed: {f.reason}." for f in run.failures]
    return words + [f"{note}." for note in run.notes]


def plain(run: Benchmark) -> str:
    """The result as plain text, uncut."""
    rows = _cells(run)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    last = ""
    for row in rows:
        if last and row[0] != last and last != "part":
            lines.append("")
        last = row[0]
        lines.append("  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip())
    return "\n".join([*lines, "", *remarks(run)])


def markdown(run: Benchmark) -> str:
    """The result as Markdown: the table, each contender in words, classes, remarks."""
    head, *rows = _cells(run)
    lines = [f"# {run.protocol.name}: {run.protocol.words}", "", markdown_row(head)]
    lines.append("|" + "---|" * len(head))
    lines += [markdown_row(row) for row in rows]
    lines += ["", *(f"- **{name}**: {words}" for name, words in run.contenders.items()), ""]
    lines += [f"- {remark}" for remark in remarks(run)]
    whole = [(m, s, c) for m, s, part, c in _matrices(run) if part == ALL]
    for model, seed, matrix in whole:
        lines += ["", f"## {model}{f', seed {seed}' if len(whole) > len(run.contenders) else ''}", ""]
        lines.append(markdown_row(["truth \\ predicted", *run.labels, "recall"]))
        lines.append("|" + "---|" * (len(run.labels) + 2))
        for label, counts in zip(run.labels, matrix.counts, strict=True):
            recall = f"{counts[run.labels.index(label)] / counts.sum():.3f}" if counts.sum() else "-"
            lines.append(markdown_row([label, *map(str, counts.tolist()), recall]))
    return "\n".join(lines) + "\n"


def markdown_row(cells: Iterable[str]) -> str:
    """A row of a Markdown table."""
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


_LATEX = str.maketrans(
    {
        "_": r"\_",
        "%": r"\%",
        "&": r"\&",
        "#": r"\#",
        "$": r"\$",
        "{": r"\{",
        "}": r"\}",
        "~": r"\~{}",
        "\\": "/",
    }
)


def latex_table(rows: Sequence[Sequence[str]], *, left: int = 2) -> str:
    """A LaTeX table (package booktabs).

    Args:
        rows: the first is the heading.
        left: columns of words, set to the left; all of them but the last group the rows.
    """
    head, *body = rows
    lines = [
        r"\begin{tabular}{" + "l" * left + "r" * (len(head) - left) + "}",
        r"\toprule",
        " & ".join(cell.translate(_LATEX) for cell in head) + r" \\",
        r"\midrule",
    ]
    for i, row in enumerate(body):
        if i and list(row[: left - 1]) != list(body[i - 1][: left - 1]):
            lines.append(r"\addlinespace")
        lines.append(" & ".join(cell.translate(_LATEX) for cell in row) + r" \\")
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}"]) + "\n"


def latex(run: Benchmark) -> str:
    """The result as a LaTeX table (package booktabs)."""
    return "".join(f"% {remark}\n" for remark in remarks(run)) + latex_table(_cells(run))


# --- files --------------------------------------------------------------------------------------------------

_TABLES: Final[Mapping[str, Callable[[Any], pd.DataFrame]]] = {
    "predictions.csv": predictions,
    "folds.csv": folds,
    "classes.csv": classes,
    "confusion.csv": confusions,
    "left_out.csv": left_out,
    "baselines.csv": baselines,
    "summary.csv": lambda run: run.summary,
}


def write(run: Benchmark, folder: Path) -> None:
    """Write every table; ``summary.csv`` last, so that where it is, the others are.

    Raises:
        InputError: the folder cannot be written.
    """
    plain_words = {
        **run.settings,
        "words": run.protocol.words,
        "pooling": run.protocol.pooling,
        "models": run.contenders,
        "folds": list(run.folds),
        "failures": [[f.contender, f.seed, f.fold, f.reason] for f in run.failures],
        "notes": list(run.notes),
    }
    write_whole(folder / "run.json", json.dumps(plain_words, indent=1, sort_keys=True) + "\n")
    write_whole(folder / "results.md", markdown(run))
    write_whole(folder / "results.tex", latex(run))
    for name, make in _TABLES.items():
        write_whole(folder / name, _csv(make(run)))


def _csv(table: pd.DataFrame) -> str:
    text = io.StringIO()
    table.to_csv(text, index=False, lineterminator="\n", quoting=csv.QUOTE_MINIMAL)
    return text.getvalue()
