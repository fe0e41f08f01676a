from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from mien.anatomy import REGIONS
from mien.report import events_table, frames_table
from mien.report.tables import write_csv

FIXED = [
    *("onset", "apex", "offset", "onset_s", "apex_s", "offset_s", "duration_s", "kind", "emotion"),
    *("confidence", "score", "regions", "action_units", "open_start", "open_end"),
]


def test_one_row_an_event(recording):
    table = events_table(recording)
    assert [c for c in table.columns if not c.startswith("p_")] == FIXED
    assert list(table["kind"]) == ["micro", "macro", "micro"]
    assert table.loc[0, "regions"] == "mouth_corner_left;cheek_left"
    assert table.loc[0, "action_units"] == "12;L14"
    assert table.loc[1, "action_units"] == "R1"
    assert list(table["open_end"]) == [False, False, True]
    assert table.filter(like="p_").sum(axis=1).round(6).tolist() == [1.0, 1.0, 1.0]
    assert list(table.columns).index("p_happiness") < list(table.columns).index("open_start")


def test_no_event_keeps_columns_and_types(make):
    empty, full = events_table(make(events=())), events_table(make())
    assert list(empty.columns) == FIXED
    assert len(empty) == 0
    assert (empty.dtypes == full[FIXED].dtypes).all()
    assert empty["onset"].dtype == np.int64
    assert empty["open_end"].dtype == np.bool_


def test_label_missing_from_one_event_is_unknown_not_zero(make, make_event):
    events = (make_event(2, 0.3, 100), make_event(4, 0.3, 100, probabilities={}))
    assert pd.isna(events_table(make(events=events)).loc[1, "p_happiness"])


def test_one_row_a_frame(recording):
    table = frames_table(recording)
    assert len(table) == len(recording.timeline)
    assert list(table.columns) == [
        *("frame", "time_s", "score", "threshold", "state", "face_quality", "eye_openness"),
        *(f"motion_{r.key}" for r in REGIONS),
    ]
    assert table["score"].isna().sum() == 400


def test_csv_has_few_digits_unix_lines_and_empty_unknowns(recording, tmp_path: Path):
    path = tmp_path / "frames.csv"
    write_csv(frames_table(recording), path)
    data = path.read_bytes()
    assert b"\r" not in data
    assert b"nan" not in data.lower()
    longest = max(len(cell) for cell in data.decode().splitlines()[1].split(","))
    assert longest <= 8
    again = pd.read_csv(path)
    np.testing.assert_allclose(again["time_s"], recording.timeline.time, atol=1e-6)
    assert again["score"].isna().sum() == 400


def test_csv_keeps_microseconds_late_in_a_long_recording(tmp_path: Path, make, make_event):
    late = replace(make_event(2, 0.3, 100), apex_s=7200.123456)
    path = tmp_path / "events.csv"
    write_csv(events_table(make(events=(late,))), path)
    assert ",7200.123456," in path.read_text()
