"""A spotting run's tables: to compute with (CSV), to read (plain text, Markdown) and to print (LaTeX).

An event has found an expression of its kind if they overlap by half of what they cover together, one to one
(:mod:`mien.evaluation.metrics`). Counts are added up over all videos of a part, then turned into scores; with
several seeds, numbers are means over seeds. Intervals are drawn over people, within their data sets.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from mien.evaluation.metrics import ApexScores, apex_scores
from mien.evaluation.scores import ALL
from mien.evaluation.spotting_chance import RANDOM, RANDOM_REPEATS
from mien.evaluation.spotting_lists import TrueExpression
from mien.evaluation.tables import latex_table, markdown_row
from mien.files import write_whole

if TYPE_CHECKING:
    import pandas as pd

    from mien.evaluation.spotting_results import Matched
    from mien.evaluation.spotting_runs import SpottingBenchmark

__all__ = [
    "SPOTTING_COLUMNS",
    "apexes",
    "baselines",
    "expressions",
    "latex",
    "left_out",
    "markdown",
    "plain",
    "predictions",
    "remarks",
    "summary",
    "videos",
    "write",
]

KINDS: Final = ("micro", "macro", "overall")
_SCORES: Final = ("precision", "recall", "f1")
_APEX: Final = ("apexes", "asr", "apex_mae_frames", "apex_se_frames", "apex_mae_s", "apex_se_s")
SPOTTING_COLUMNS: Final = (
    *("model", "protocol", "part", "kind", "videos", "minutes", "truths", "found", "tp"),
    *(f"{score}{bound}" for score in _SCORES for bound in ("", "_low", "_high")),
    *("false_alarms_per_minute", *_APEX, "subjects", "seeds"),
)
"""Columns of ``summary.csv`` and, as far as they make sense there, of ``baselines.csv``.

``truths``, ``found`` and ``tp`` count expressions, events, and events that found an expression. ``apexes``
counts the expressions whose apex is annotated; ``asr`` is the share of them for which an apex strictly within
them was found; the errors are those of the found ones.
"""
_DIGITS: Final = 6


# --- counting -----------------------------------------------------------------------------------------------


def _parts(run: SpottingBenchmark) -> tuple[str, ...]:
    datasets = dict.fromkeys(v.dataset for v in run.videos)
    return (ALL, *datasets) if len(datasets) > 1 else (ALL,)


def _of(run: SpottingBenchmark, model: str, part: str) -> dict[int, list[Matched]]:
    """What a model found in a part's videos, by seed."""
    seeds: dict[int, list[Matched]] = {}
    for one in run.matched:
        if one.contender == model and part in (ALL, one.video.dataset):
            seeds.setdefault(one.seed, []).append(one)
    return seeds


def _counts(its: Sequence[Matched], kind: str, people: Sequence[str]) -> NDArray[np.int64]:
    """(people, 3): true positives, events and expressions."""
    row = {subject: i for i, subject in enumerate(people)}
    counts = np.zeros((len(people), 3), np.int64)
    for one in its:
        own = counts[row[one.video.subject]]
        own[0] += sum(kind in (one.events[i].kind, "overall") for i, _ in one.matching.pairs)
        own[1] += sum(kind in (e.kind, "overall") for e in one.events)
        own[2] += sum(kind in (e.kind, "overall") for e in one.video.expressions)
    return counts


def _scored(counts: NDArray[np.number[Any]]) -> dict[str, NDArray[np.float64]]:
    """Precision, recall and F1 of counts (..., 3); NaN where there is nothing below the line."""
    tp, found, truths = np.moveaxis(np.asarray(counts, np.float64), -1, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return {"precision": tp / found, "recall": tp / truths, "f1": 2 * tp / (found + truths)}


def _mean(values: Iterable[float]) -> float:
    known = [v for v in values if not math.isnan(v)]
    return sum(known) / len(known) if known else math.nan


def _bounds(
    run: SpottingBenchmark, counts: NDArray[np.int64], datasets: Sequence[str]
) -> dict[str, tuple[float, float]]:
    """Bounds of scores of counts (seeds, people, 3): people are drawn within their data sets."""
    if counts.shape[1] < 2:
        return dict.fromkeys(_SCORES, (math.nan, math.nan))
    rng = np.random.default_rng(0)
    weights = np.zeros((run.replicates, counts.shape[1]), np.int64)
    of = np.array(datasets, dtype=object)
    for dataset in dict.fromkeys(datasets):
        members = np.flatnonzero(of == dataset)
        weights[:, members] = rng.multinomial(
            len(members), np.full(len(members), 1 / len(members)), run.replicates
        )
    drawn = _scored(np.einsum("rp,spc->src", weights, counts))
    found = {}
    tails = ((1 - run.level) / 2, (1 + run.level) / 2)
    for name, values in drawn.items():
        known = np.isfinite(values)
        sums, n = np.where(known, values, 0.0).sum(axis=0), known.sum(axis=0)
        means = sums[n > 0] / n[n > 0]
        low, high = np.quantile(means, tails).tolist() if len(means) else (math.nan, math.nan)
        found[name] = (low, high)
    return found


def _apex_known(truth: TrueExpression) -> bool:
    return truth.apex is not None and truth.onset <= truth.apex <= truth.offset


def _apex_cases(its: Sequence[Matched], kind: str) -> ApexScores:
    """Expressions with an annotated apex against the events that found them."""
    predicted: list[float | None] = []
    truth: list[Any] = []
    fps: list[float] = []
    for one in its:
        for expression, finder in zip(one.video.expressions, one.matching.found_by, strict=True):
            if _apex_known(expression) and kind in (expression.kind, "overall"):
                predicted.append(None if finder is None else one.events[finder].apex)
                truth.append(expression)
                fps.append(one.video.fps)
    return apex_scores(predicted, truth, fps=fps)


def _apex_row(each: Sequence[ApexScores]) -> dict[str, float]:
    """Means over seeds."""
    return {
        "asr": _mean(a.asr for a in each),
        "apex_mae_frames": _mean(a.mae_frames for a in each),
        "apex_se_frames": _mean(a.se_frames for a in each),
        "apex_mae_s": _mean(a.mae_s for a in each),
        "apex_se_s": _mean(a.se_s for a in each),
    }


def _plain_number(value: float) -> float:
    """A count, without a fraction where it has none."""
    return int(value) if value == int(value) else value


# --- tables to compute with ---------------------------------------------------------------------------------


def summary(run: SpottingBenchmark) -> pd.DataFrame:
    """One row a contender, part and kind.

    Returns:
        A table with :data:`SPOTTING_COLUMNS`; scores 0 to 1, NaN where there is nothing to score.
    """
    import pandas as pd

    rows = []
    for model in run.contenders:
        for part in _parts(run):
            seeds = _of(run, model, part)
            if not seeds:
                continue
            first = next(iter(seeds.values()))
            people = list(dict.fromkeys(m.video.subject for its in seeds.values() for m in its))
            home = {m.video.subject: m.video.dataset for its in seeds.values() for m in its}
            minutes = _mean(sum(m.video.seconds for m in its) / 60 for its in seeds.values())
            for kind in KINDS:
                counts = np.stack([_counts(its, kind, people) for its in seeds.values()])
                total = counts.sum(axis=1)
                tp, found, truths = total.mean(axis=0).tolist()
                row: dict[str, Any] = {
                    "model": model,
                    "protocol": run.protocol.name,
                    "part": part,
                    "kind": kind,
                    "videos": len({m.video.key for its in seeds.values() for m in its}),
                    "minutes": minutes,
                    "truths": _plain_number(truths),
                    "found": _plain_number(found),
                    "tp": _plain_number(tp),
                }
                bounds = _bounds(run, counts, [home[subject] for subject in people])
                for name, values in _scored(total).items():
                    low, high = bounds[name]
                    row |= {name: _mean(values.tolist()), f"{name}_low": low, f"{name}_high": high}
                row["false_alarms_per_minute"] = (found - tp) / minutes
                cases = [_apex_cases(its, kind) for its in seeds.values()]
                row |= {"apexes": cases[0].cases if len(first) else 0, **_apex_row(cases)}
                rows.append(row | {"subjects": len(people), "seeds": len(seeds)})
    return pd.DataFrame(rows, columns=list(SPOTTING_COLUMNS)).round(_DIGITS)


def baselines(run: SpottingBenchmark) -> pd.DataFrame:
    """The same of random intervals; the bounds hold 95 % of the repetitions."""
    import pandas as pd

    rows = []
    for one in run.chance:
        its = [v for v in run.videos if one.part in (ALL, v.dataset)]
        minutes = sum(v.seconds for v in its) / 60
        row: dict[str, Any] = {"model": RANDOM, "protocol": run.protocol.name, "part": one.part}
        row |= {"kind": one.kind, "videos": len(its), "minutes": minutes, "truths": one.truths}
        row |= {"found": one.found, "tp": one.tp}
        for name, (value, low, high) in one.scores.items():
            row |= {name: value, f"{name}_low": low, f"{name}_high": high}
        rows.append(row | {"false_alarms_per_minute": one.false_alarms / minutes})
    columns = [c for c in SPOTTING_COLUMNS if c not in (*_APEX, "subjects", "seeds")]
    return pd.DataFrame(rows, columns=columns).round(_DIGITS)


def predictions(run: SpottingBenchmark) -> pd.DataFrame:
    """One row a contender, seed and event; ``clip`` is the expression that it found, or empty."""
    import pandas as pd

    rows = []
    for one in run.matched:
        pairs = dict(one.matching.pairs)
        ious = dict(zip(pairs, one.matching.ious, strict=True))
        for i, event in enumerate(one.events):
            rows.append(
                {
                    **_who(one),
                    "onset": event.onset,
                    "apex": event.apex,
                    "offset": event.offset,
                    "kind": event.kind,
                    "score": event.score,
                    "threshold": event.threshold,
                    "clip": one.video.expressions[pairs[i]].clip if i in pairs else "",
                    "iou": ious.get(i, math.nan),
                }
            )
    columns = ["onset", "apex", "offset", "kind", "score", "threshold", "clip", "iou"]
    return pd.DataFrame(rows, columns=[*_WHO, *columns]).round(_DIGITS)


def expressions(run: SpottingBenchmark) -> pd.DataFrame:
    """One row a contender, seed and expression that was to be found; ``found`` is 1 where it was."""
    import pandas as pd

    rows = []
    for one in run.matched:
        for truth, finder in zip(one.video.expressions, one.matching.found_by, strict=True):
            event = None if finder is None else one.events[finder]
            rows.append(
                {
                    **_who(one),
                    "clip": truth.clip,
                    "onset": truth.onset,
                    "apex": truth.apex,
                    "offset": truth.offset,
                    "kind": truth.kind,
                    "emotion": truth.emotion or "",
                    "found": int(event is not None),
                    "found_apex": None if event is None else event.apex,
                }
            )
    columns = ["clip", "onset", "apex", "offset", "kind", "emotion", "found", "found_apex"]
    table = pd.DataFrame(rows, columns=[*_WHO, *columns])
    return table.astype({"apex": "Int64", "found_apex": "Int64"})


def videos(run: SpottingBenchmark) -> pd.DataFrame:
    """One row a contender, seed and video; folds that could not be done have a reason in ``failed``."""
    import pandas as pd

    rows = []
    for one in run.matched:
        row: dict[str, Any] = {**_who(one), "fold": one.fold, "fps": one.video.fps}
        row |= {"frames": one.video.n_frames, "seconds": one.video.seconds}
        for kind in ("micro", "macro"):
            tp, found, truths = _counts([one], kind, [one.video.subject])[0].tolist()
            row |= {f"{kind}_truths": truths, f"{kind}_found": found, f"{kind}_tp": tp}
        rows.append(row | {"failed": ""})
    rows += [{"model": f.contender, "seed": f.seed, "fold": f.fold, "failed": f.reason} for f in run.failures]
    counts = [f"{kind}_{what}" for kind in ("micro", "macro") for what in ("truths", "found", "tp")]
    columns = [*_WHO, "fold", "fps", "frames", "seconds", *counts, "failed"]
    table = pd.DataFrame(rows, columns=columns).round(_DIGITS)
    return table.astype(dict.fromkeys(["frames", *counts], "Int64"))


_WHO: Final = ("model", "seed", "dataset", "subject", "video")


def _who(one: Matched) -> dict[str, Any]:
    v = one.video
    name = "/".join(filter(None, (v.part, v.name)))
    return dict(zip(_WHO, (one.contender, one.seed, v.dataset, v.subject, name), strict=True))


def apexes(run: SpottingBenchmark) -> pd.DataFrame:
    """The apex in videos with exactly one expression: that of the highest-scoring event, wherever it lies.

    Returns:
        One row a contender and part that has such videos: how many (``videos``), in how many nothing was
        found (``missed``), ASR, mean absolute error and its standard error in frames and in seconds.
    """
    import pandas as pd

    rows = []
    for model in run.contenders:
        for part in _parts(run):
            each = []
            for its in _of(run, model, part).values():
                alone = [
                    m for m in its if len(m.video.expressions) == 1 and _apex_known(m.video.expressions[0])
                ]
                best = [max(m.events, key=lambda e: e.score, default=None) for m in alone]
                truth: list[Any] = [m.video.expressions[0] for m in alone]
                each.append(
                    apex_scores(
                        [None if e is None else e.apex for e in best],
                        truth,
                        fps=[m.video.fps for m in alone],
                    )
                )
            if each and each[0].cases:
                row: dict[str, Any] = {"model": model, "protocol": run.protocol.name, "part": part}
                row |= {"videos": each[0].cases, "missed": _plain_number(_mean(a.missed for a in each))}
                rows.append(row | _apex_row(each))
    return pd.DataFrame(rows, columns=["model", "protocol", "part", "videos", "missed", *_APEX[1:]]).round(
        _DIGITS
    )


def left_out(run: SpottingBenchmark) -> pd.DataFrame:
    """One row a video or expression that is not in the result, with the reason."""
    import pandas as pd

    columns = ["dataset", "subject", "clip", "by", "reason"]
    rows = [{name: getattr(one, name) for name in columns} for one in run.left_out]
    return pd.DataFrame(rows, columns=columns)


# --- tables to read -----------------------------------------------------------------------------------------


def _cells(run: SpottingBenchmark) -> list[list[str]]:
    """Heading and rows: part by part and kind by kind the contenders, then chance."""
    frames = [run.summary, baselines(run)]
    rows = [
        [
            *("part", "kind", "model", "truths", "found", "tp", "precision", "recall"),
            *(f"F1 [{run.level:.0%}]", "false/min", "apex MAE (s)", "ASR"),
        ]
    ]
    for part in _parts(run):
        for kind in KINDS:
            for frame in frames:
                its = frame[(frame["part"] == part) & (frame["kind"] == kind)]
                rows += [_row(record) for record in its.to_dict("records")]
    return rows


def _row(r: Mapping[Any, Any]) -> list[str]:
    f1 = _number(r["f1"], 3)
    if r["f1_low"] == r["f1_low"] and r["f1_low"] != r["f1_high"]:
        f1 += f" [{r['f1_low']:.3f}, {r['f1_high']:.3f}]"
    return [
        *(str(r[name]) for name in ("part", "kind", "model")),
        *(f"{r[name]:.4g}" if r[name] % 1 else f"{r[name]:.0f}" for name in ("truths", "found", "tp")),
        *(_number(r[name], 3) for name in ("precision", "recall")),
        f1,
        _number(r["false_alarms_per_minute"], 2),
        _number(r.get("apex_mae_s", math.nan), 3),
        _number(r.get("asr", math.nan), 3),
    ]


def _apex_cells(run: SpottingBenchmark) -> list[list[str]]:
    table = apexes(run)
    rows = [["part", "model", "videos", "missed", "ASR", "MAE (frames)", "SE", "MAE (s)", "SE"]]
    rows += [
        [
            *(str(r[name]) for name in ("part", "model", "videos", "missed")),
            _number(r["asr"], 3),
            *(_number(r[name], 2) for name in ("apex_mae_frames", "apex_se_frames")),
            *(_number(r[name], 4) for name in ("apex_mae_s", "apex_se_s")),
        ]
        for r in table.to_dict("records")
    ]
    return rows if len(rows) > 1 else []


def _number(value: float, digits: int) -> str:
    return "-" if value != value else f"{value:.{digits}f}"


def remarks(run: SpottingBenchmark) -> list[str]:
    """What to print below: what counts, what the lines without a model are, failures, notes."""
    people = len({v.subject for v in run.videos})
    minutes = sum(v.seconds for v in run.videos) / 60
    words = [
        f"{len(run.videos)} videos of {people} people, {minutes:.1f} minutes. An event finds an expression "
        "of its kind if they overlap by half of what they cover together, one to one. Intervals are drawn "
        "over people. ASR counts missed expressions, the apex error does not.",
        f"{RANDOM}: as many intervals a minute as the other people have expressions, of their mean duration, "
        f"at random places; the bounds hold 95 % of {RANDOM_REPEATS} repetitions.",
    ]
    words += [
        f"{f.contender}, fold {f.fold} (seed {f.seed}) failed, and its videos are missing from the scores of "
        f"{f.contender}: {f.reason}."
        for f in run.failures
    ]
    return words + [f"{note}." for note in run.notes]


_ALONE: Final = "The apex in videos with exactly one expression: that of the event with the highest score"


def plain(run: SpottingBenchmark) -> str:
    """The result as plain text, uncut."""
    lines = _lines(_cells(run))
    if alone := _apex_cells(run):
        lines += ["", f"{_ALONE}.", "", *_lines(alone)]
    return "\n".join([*lines, "", *remarks(run)])


def _lines(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for i, row in enumerate(rows):
        if i > 1 and list(row[:2]) != list(rows[i - 1][:2]) and row[1] in KINDS:
            lines.append("")
        lines.append("  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip())
    return lines


def markdown(run: SpottingBenchmark) -> str:
    """The result as Markdown: the tables, each contender in words, remarks."""
    lines = [f"# {run.protocol.name}: {run.protocol.words}", ""]
    tables = [("", _cells(run)), (_ALONE, _apex_cells(run))]
    for heading, rows in tables:
        if rows:
            lines += [f"## {heading}", ""] if heading else []
            lines += [markdown_row(rows[0]), "|" + "---|" * len(rows[0])]
            lines += [*(markdown_row(row) for row in rows[1:]), ""]
    lines += [*(f"- **{name}**: {words}" for name, words in run.contenders.items()), ""]
    return "\n".join([*lines, *(f"- {remark}" for remark in remarks(run))]) + "\n"


def latex(run: SpottingBenchmark) -> str:
    """The result as LaTeX tables (package booktabs)."""
    text = latex_table(_cells(run), left=3)
    if alone := _apex_cells(run):
        text += "\n" + latex_table(alone, left=2)
    return "".join(f"% {remark}\n" for remark in remarks(run)) + text


# --- files --------------------------------------------------------------------------------------------------

_TABLES: Final[Mapping[str, Callable[[Any], pd.DataFrame]]] = {
    "predictions.csv": predictions,
    "expressions.csv": expressions,
    "videos.csv": videos,
    "left_out.csv": left_out,
    "apex.csv": apexes,
    "baselines.csv": baselines,
    "summary.csv": lambda run: run.summary,
}


def write(run: SpottingBenchmark, folder: Path) -> None:
    """Write every table; ``summary.csv`` last, so that where it is, the others are.

    Raises:
        InputError: the folder cannot be written.
    """
    words = {
        **run.settings,
        "words": run.protocol.words,
        "models": run.contenders,
        "failures": [[f.contender, f.seed, f.fold, f.reason] for f in run.failures],
        "notes": list(run.notes),
    }
    write_whole(folder / "run.json", json.dumps(words, indent=1, sort_keys=True) + "\n")
    write_whole(folder / "results.md", markdown(run))
    write_whole(folder / "results.tex", latex(run))
    for name, make in _TABLES.items():
        text = io.StringIO()
        make(run).to_csv(text, index=False, lineterminator="\n", quoting=csv.QUOTE_MINIMAL)
        write_whole(folder / name, text.getvalue())
