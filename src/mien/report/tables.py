"""The tables: one row an event, one row a frame, and how they are written as CSV."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mien.events import ActionUnit, Analysis, Event, Truth
from mien.report.truth import compare

__all__ = ["TRUTH_COLUMNS", "events_table", "frames_table", "joint_events_table", "truth_table", "write_csv"]

TRUTH_COLUMNS = {
    "number": "int64",
    "kind": "str",
    "emotion": "str",
    "action_units": "str",
    "onset": "int64",
    "apex": "int64",
    "offset": "int64",
    "onset_s": "float64",
    "apex_s": "float64",
    "offset_s": "float64",
    "found_event": "Int64",
    "iou": "float64",
    "apex_error_s": "float64",
}
"""Column of :func:`truth_table` -> its type."""

_DECIMALS = {
    "onset_s": 6,
    "apex_s": 6,
    "offset_s": 6,
    "duration_s": 6,
    "time_s": 6,
    "confidence": 4,
    "face_quality": 4,
    "eye_openness": 4,
    "iou": 4,
}
_SIDE = {"both": "", "left": "L", "right": "R"}


def events_table(analysis: Analysis) -> pd.DataFrame:
    """The events as a table, one row each, in order of onset.

    Returns:
        Columns ``onset``, ``apex``, ``offset`` (0-based frames), ``onset_s``, ``apex_s``, ``offset_s``,
        ``duration_s``, ``kind``, ``emotion``, ``confidence``, ``score``, ``regions`` (keys, strongest first,
        joined with ``;``), ``action_units`` (``"12;L14"``: L and R are the person's own left and right), one
        ``p_<label>`` a probability label, ``open_start``, ``open_end``. All but the ``p_`` columns are there,
        with the same types, when there is no event.
    """
    return _events_frame(analysis.found)


def frames_table(analysis: Analysis) -> pd.DataFrame:
    """The timeline as a table, one row a frame.

    Returns:
        Columns ``frame``, ``time_s``, ``score``, ``threshold``, ``state``, ``face_quality``, ``eye_openness``
        and one ``motion_<region>`` a region, in outer-eye distances. NaN where a value is unknown.
    """
    line = analysis.timeline
    columns: dict[str, Any] = {
        "frame": np.asarray(line.frame, np.int64),
        "time_s": np.asarray(line.time, np.float64),
        "score": np.asarray(line.score, np.float64),
        "threshold": np.asarray(line.threshold, np.float64),
        "state": pd.Series([str(s) for s in line.state], dtype="str"),
        "face_quality": np.asarray(line.quality, np.float64),
        "eye_openness": np.asarray(line.eye_openness, np.float64),
    }
    for i, region in enumerate(line.regions):
        columns[f"motion_{region}"] = np.asarray(line.region_motion[:, i], np.float64)
    return pd.DataFrame(columns)


def joint_events_table(analyses: Iterable[tuple[str, Analysis]]) -> pd.DataFrame:
    """The events of several recordings, in the order given, preceded by ``recording`` and ``source``."""
    rows = [(name, str(a.source.path), event) for name, a in analyses for event in a.found]
    table = _events_frame([event for _, _, event in rows])
    table.insert(0, "recording", pd.Series([name for name, _, _ in rows], dtype="str"))
    table.insert(1, "source", pd.Series([path for _, path, _ in rows], dtype="str"))
    return table


def truth_table(analysis: Analysis, truth: Truth) -> pd.DataFrame:
    """What really happens as a table, one row a true expression.

    Returns:
        The columns :data:`TRUTH_COLUMNS`, also when there is no expression. ``found_event`` is the number of
        the event (counted from 1, as in the report) that found it, ``apex_error_s`` the apex found minus the
        true one; both and ``iou`` are unknown where the expression was missed.

    Raises:
        InputError: the truth is not this analysis's.
    """
    told = compare(analysis, truth)
    rows = [
        (
            *(number, t.kind, t.emotion, t.action_units, t.onset, t.apex, t.offset),
            *(t.onset_s, t.apex_s, t.offset_s),
            *((pd.NA, np.nan, np.nan) if pair is None else (pair.event, pair.iou, pair.late_s)),
        )
        for number, (t, pair) in enumerate(zip(truth.expressions, told.found, strict=True), 1)
    ]
    return pd.DataFrame(rows, columns=list(TRUTH_COLUMNS)).astype(TRUTH_COLUMNS)


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a table as UTF-8 CSV with Unix line ends, unknown values empty, numbers rounded for people."""
    table = table.copy()
    for column in table.columns:
        if table[column].dtype.kind == "f":
            table[column] = table[column].round(_decimals(column)) + 0.0  # no "-0.0"
    with path.open("w", encoding="utf-8", errors="replace", newline="") as file:
        table.to_csv(file, index=False, lineterminator="\n")


def _decimals(column: str) -> int:
    if column.startswith("p_"):
        return 4
    return _DECIMALS.get(column, 6)


def _events_frame(events: Sequence[Event]) -> pd.DataFrame:
    def ints(values: Iterable[int]) -> pd.Series:
        return pd.Series(list(values), dtype="int64")

    def floats(values: Iterable[float]) -> pd.Series:
        return pd.Series(list(values), dtype="float64")

    def words(values: Iterable[str]) -> pd.Series:
        return pd.Series(list(values), dtype="str")

    labels = list(dict.fromkeys(label for e in events for label in e.probabilities))
    columns = {
        "onset": ints(e.onset for e in events),
        "apex": ints(e.apex for e in events),
        "offset": ints(e.offset for e in events),
        "onset_s": floats(e.onset_s for e in events),
        "apex_s": floats(e.apex_s for e in events),
        "offset_s": floats(e.offset_s for e in events),
        "duration_s": floats(e.duration_s for e in events),
        "kind": words(e.kind for e in events),
        "emotion": words(e.emotion for e in events),
        "confidence": floats(e.confidence for e in events),
        "score": floats(e.score for e in events),
        "regions": words(";".join(r.region for r in e.regions) for e in events),
        "action_units": words(";".join(_unit(u) for u in e.action_units) for e in events),
        **{f"p_{label}": floats(e.probabilities.get(label, np.nan) for e in events) for label in labels},
        "open_start": pd.Series([e.open_start for e in events], dtype="bool"),
        "open_end": pd.Series([e.open_end for e in events], dtype="bool"),
    }
    return pd.DataFrame(columns)


def _unit(unit: ActionUnit) -> str:
    return f"{_SIDE[unit.side]}{unit.au}"
