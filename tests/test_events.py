"""The domain model: spans of a mask, and an analysis's helpers."""

from __future__ import annotations

import dataclasses
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.anatomy import REGIONS
from mien.errors import InputError
from mien.events import Analysis, Event, EventKind, Finding, Source, Span, Timeline, spans_of

# ---------------------------------------------------------------------- spans


def spans(mask: list[int], first: int = 0, step: float = 0.1) -> list[tuple[int, int]]:
    frame = np.arange(first, first + len(mask), dtype=np.int64)
    found = spans_of(np.array(mask, bool), frame, frame * step, "lost")
    assert all(s.reason == "lost" and s.note == "" for s in found)
    assert [(s.start_s, s.end_s) for s in found] == [(s.first * step, s.last * step) for s in found]
    return [(s.first, s.last) for s in found]


def test_spans_by_hand() -> None:
    assert spans([]) == []
    assert spans([0, 0, 0]) == []
    assert spans([1]) == [(0, 0)]
    assert spans([1, 1, 1]) == [(0, 2)]
    assert spans([0, 1, 0]) == [(1, 1)]
    assert spans([1, 0, 1, 1, 0, 0, 1]) == [(0, 0), (2, 3), (6, 6)]
    assert spans([0, 1, 1, 0], first=500) == [(501, 502)]


def test_spans_take_numbers_and_times_as_they_are() -> None:
    frame = np.array([3, 4, 9, 10, 11])  # a folder with a gap
    time = np.array([0.0, 0.04, 0.05, 0.3, 0.31])
    found = spans_of([False, True, True, False, True], frame, time, "blurred")
    assert found == (Span(4, 9, 0.04, 0.05, "blurred"), Span(11, 11, 0.31, 0.31, "blurred"))
    assert all(type(v) in (int, float, str) for s in found for v in dataclasses.astuple(s))  # JSON takes them


@settings(derandomize=True, deadline=None)
@given(st.lists(st.booleans()))
def test_spans_are_the_mask(mask: list[bool]) -> None:
    found = spans([int(m) for m in mask])
    again = np.zeros(len(mask), bool)
    for first, last in found:
        assert first <= last
        again[first : last + 1] = True
    assert again.tolist() == mask
    assert all(b[0] > a[1] + 1 for a, b in pairwise(found))  # as long as they can be


# ---------------------------------------------------------------------- an analysis


def event(onset: int, kind: EventKind, **changes: Any) -> Event:
    end = onset + (8 if kind == "micro" else 40)
    times = (onset / 25, (onset + 4) / 25, end / 25)
    return Event(onset, onset + 4, end, *times, kind, 1.5, **changes)


@pytest.fixture
def analysis() -> Analysis:
    n = 100
    nothing = np.zeros(n, np.float32)
    return Analysis(
        Source(Path("a/talk.mp4"), "talk", 640, 480, n, 0, 25.0, 25.0, False, 4.0, "h264", "0" * 64),
        Timeline(
            frame=np.arange(n),
            time=np.arange(n) / 25,
            score=nothing,
            state=np.full(n, "ok"),
            quality=nothing,
            eye_openness=nothing,
            region_motion=np.zeros((n, len(REGIONS)), np.float32),
            regions=tuple(r.key for r in REGIONS),
            threshold=np.ones(n, np.float32),
        ),
        found=(event(3, "micro"), event(20, "macro"), event(70, "micro", emotion="surprise")),
        findings=(
            Finding("warning", "frame_rate", "Too slow."),
            Finding("warning", "file", "Breaks off."),
            Finding("note", "light", "Dark."),
            Finding("good", "scored", "All."),
        ),
    )


def test_events_of_one_kind(analysis: Analysis) -> None:
    assert [e.onset for e in analysis.of_kind("micro")] == [3, 70]
    assert [e.onset for e in analysis.of_kind("macro")] == [20]
    assert dataclasses.replace(analysis, found=()).of_kind("micro") == ()


def test_warnings(analysis: Analysis) -> None:
    assert analysis.warnings == ("Too slow.", "Breaks off.")
    assert dataclasses.replace(analysis, findings=()).warnings == ()


def test_duration() -> None:
    assert event(10, "micro").duration_s == pytest.approx(8 / 25)


def test_as_long_as_its_frames(analysis: Analysis) -> None:
    assert len(analysis.timeline) == 100


def test_events_as_a_table(analysis: Analysis) -> None:
    table = analysis.events
    assert len(table) == 3
    assert table["onset"].tolist() == [3, 20, 70]
    assert table["kind"].tolist() == ["micro", "macro", "micro"]
    empty = dataclasses.replace(analysis, found=()).events
    assert len(empty) == 0
    assert list(empty.columns) == list(table.columns)


def test_nothing_can_be_changed(analysis: Analysis) -> None:
    for thing, name in [(analysis, "found"), (analysis.found[0], "onset"), (analysis.source, "fps")]:
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(thing, name, None)


def test_save(analysis: Analysis, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "talk"
    (tmp_path / "new").mkdir()
    report = analysis.save(str(folder))
    assert report == folder / "report.html"
    assert sorted(p.name for p in folder.iterdir()) == [
        "analysis.json",
        "events.csv",
        "frames.csv",
        "report.html",
    ]
    assert report.read_text(encoding="utf-8") == analysis.to_html()
    data = json.loads((folder / "analysis.json").read_text(encoding="utf-8"))
    assert data["summary"] == {"micro": 2, "macro": 1, "blinks": 0, "frames": 100, "scored_frames": 100}


def test_save_leaves_other_files_alone(analysis: Analysis, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    analysis.save(tmp_path)
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    analysis.save(tmp_path)
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before
    assert before["notes.txt"] == b"mine"
    assert len(before) == 5


def test_save_where_a_file_is(analysis: Analysis, tmp_path: Path) -> None:
    (tmp_path / "talk").write_text("a file")
    with pytest.raises(InputError):
        analysis.save(tmp_path / "talk")
    assert (tmp_path / "talk").read_text() == "a file"
