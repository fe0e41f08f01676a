"""Many recordings: names, collisions, re-runs, failures kept apart. The analysis itself is a stand-in."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import mien.analysis
from mien.batch import Outcome, analyze_many, expand, results_folders
from mien.errors import InputError
from mien.events import Analysis, Event, EventPictures, Source, Timeline
from mien.progress import Progress, silent
from mien.video import digest

FILES = {"report.html", "events.csv", "frames.csv", "analysis.json"}
N = 20


def made(path: Path, fps: float) -> Analysis:
    event = Event(4, 6, 9, 4 / fps, 6 / fps, 9 / fps, "micro", 1.5, "happiness", 0.5, {"happiness": 1.0})
    number = np.arange(N)
    zeros = np.zeros(N, np.float32)
    score = zeros.copy()
    score[:5] = np.nan
    state = np.where(np.isnan(score), "lost", "ok")
    line = Timeline(
        number, number / fps, score, state, zeros, zeros, np.zeros((N, 1), np.float32), ("chin",), zeros
    )
    sha = digest(path)
    name = path.name if path.is_dir() else path.stem
    source = Source(path, name, 64, 48, N, 0, fps, fps, False, N / fps, "h264", sha)
    shot = EventPictures(b"", b"", b"", (b"x", b"y"), fps, np.zeros((4, 4, 2), np.float16), (0, 0, 1))
    return Analysis(source, line, (event,), settings={"face": 1}, pictures=(shot,))


@pytest.fixture(autouse=True)
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Path, dict[str, Any]]]:
    """An analysis that takes no time; what a file says decides what becomes of it."""
    calls: list[tuple[Path, dict[str, Any]]] = []

    def analyze(
        path: Path, *, fps: float = 25.0, progress: Callable[[Progress], None] = silent, **options: Any
    ) -> Analysis:
        calls.append((path, options))
        progress(Progress("measuring motion", 1, N, path.stem))
        text = path.read_text() if path.is_file() else ""
        if not path.exists() or text == "bad":
            raise InputError(f"{path} is bad.")
        if text == "bug":
            raise ZeroDivisionError("division\nby zero")
        if text == "big":
            raise MemoryError
        return made(path, fps)

    monkeypatch.setattr(mien.analysis, "analyze", analyze)
    return calls


def film(path: Path, text: str | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(str(path) if text is None else text)
    return path


def names(paths: list[Path], out: Path) -> list[str]:
    return results_folders(paths, out)


# Names


def test_a_recording_goes_to_a_folder_of_its_name(tmp_path: Path) -> None:
    a = film(tmp_path / "my film.v2.mp4")
    (outcome,) = analyze_many([a], tmp_path / "out")
    assert outcome.name == "my film.v2"
    assert outcome.folder == tmp_path / "out" / "my film.v2"
    assert {p.name for p in outcome.folder.iterdir()} == FILES
    assert outcome.report.is_file()
    assert outcome.error is None
    assert not (tmp_path / "out" / "events.csv").exists()


def test_a_folder_of_frames_keeps_its_whole_name(tmp_path: Path) -> None:
    folder = tmp_path / "S01.v2"
    folder.mkdir()
    assert names([folder], tmp_path / "out") == ["S01.v2"]


def test_the_current_folder_has_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "S01").mkdir()
    monkeypatch.chdir(tmp_path / "S01")
    assert names([Path()], tmp_path / "out") == ["S01"]
    assert names([Path("..")], tmp_path / "out") == [tmp_path.name]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["A.mp4", "B.mp4"], ["A", "B"]),
        (["A.mp4", "A.avi"], ["A.mp4", "A.avi"]),
        (["day1/A.mp4", "day2/A.mp4"], ["day1-A", "day2-A"]),
        (["day1/A.mp4", "day2/A.mp4", "B.mp4"], ["day1-A", "day2-A", "B"]),
        (["day1/A.mp4", "day2/A.mp4", "day1/A.avi"], ["day1-A.mp4", "day2-A.mp4", "day1-A.avi"]),
        (["x/day1/A.mp4", "y/day1/A.mp4"], ["x-day1-A", "y-day1-A"]),
        (["A.mp4", "A.avi", "A.mp4.mkv"], ["A.mp4", "A.avi", "A.mp4.mkv"]),
        (["one/a.mp4", "two/A.mp4"], ["one-a", "two-A"]),
        (["events.csv.mp4"], ["events.csv-results"]),
        (["ends. .mp4"], ["ends"]),
    ],
)
def test_recordings_of_one_name_are_told_apart(tmp_path: Path, given: list[str], expected: list[str]) -> None:
    paths = [film(tmp_path / name) for name in given]
    found = names(paths, tmp_path / "out")
    if "A.mp4.mkv" in given:  # which of the two gets the longer name does not matter, but no two share one
        assert len({n.casefold() for n in found}) == len(given)
    else:
        assert found == expected
    assert names(paths, tmp_path / "out") == found


def test_names_that_differ_in_capitals_only_do_not_share_a_folder(tmp_path: Path) -> None:
    a, b = film(tmp_path / "a.mp4", "1"), film(tmp_path / "A.mp4", "2")
    if a.read_text() == "2":
        pytest.skip("this file system does not tell them apart")
    found = names([a, b], tmp_path / "out")
    assert len({n.casefold() for n in found}) == 2


def test_a_recording_named_twice_is_analysed_once(tmp_path: Path, calls: list[Any]) -> None:
    a = film(tmp_path / "A.mp4")
    outcomes = analyze_many([a, tmp_path / "x" / ".." / "A.mp4"], tmp_path / "out")
    assert [o.name for o in outcomes] == ["A"]
    assert len(calls) == 1


# Again


def test_the_same_recording_replaces_its_own_files_only(tmp_path: Path) -> None:
    a = film(tmp_path / "A.mp4")
    out = tmp_path / "out"
    film(out / "A" / "notes.txt", "mine")
    analyze_many([a], out)
    first = (out / "A" / "frames.csv").read_text()
    analyze_many([a], out, fps=50.0)
    assert sorted(p.name for p in out.iterdir()) == ["A"]
    assert (out / "A" / "frames.csv").read_text() != first
    assert (out / "A" / "notes.txt").read_text() == "mine"
    assert {p.name for p in (out / "A").iterdir()} == FILES | {"notes.txt"}


def test_a_recording_that_changed_in_its_place_is_the_same(tmp_path: Path) -> None:
    a = film(tmp_path / "A.mp4", "1")
    analyze_many([a], tmp_path / "out")
    film(a, "2")
    assert names([a], tmp_path / "out") == ["A"]


def test_a_recording_that_was_moved_is_the_same(tmp_path: Path) -> None:
    a = film(tmp_path / "A.mp4")
    analyze_many([a], tmp_path / "out")
    (tmp_path / "x").mkdir()
    moved = a.rename(tmp_path / "x" / "A.mp4")
    assert names([moved], tmp_path / "out") == ["A"]


def test_another_recordings_results_stay(tmp_path: Path) -> None:
    one, two = film(tmp_path / "day1" / "A.mp4"), film(tmp_path / "day2" / "A.mp4")
    out = tmp_path / "out"
    analyze_many([one], out)
    before = (out / "A" / "analysis.json").read_bytes()
    (outcome,) = analyze_many([two], out)
    assert outcome.name == "A.mp4"
    assert (out / "A" / "analysis.json").read_bytes() == before
    (outcome,) = analyze_many([two], out)
    assert outcome.name == "A.mp4"
    (outcome,) = analyze_many([film(tmp_path / "day3" / "A.mp4")], out)
    assert outcome.name == "day3-A"


def test_the_same_relative_name_elsewhere_is_another_recording(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for day in ("day1", "day2"):
        film(tmp_path / day / "A.mp4")
        film(
            tmp_path / day / "frames" / "0001.bmp", "same size"
        )  # digests of folders see names and sizes only
        monkeypatch.chdir(tmp_path / day)
        analyze_many(["A.mp4", "frames"], tmp_path / "out")
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [
        "A",
        "A.mp4",
        "day2-frames",
        "events.csv",
        "frames",
    ]


def test_results_saved_from_python_are_known_again(tmp_path: Path) -> None:
    a = film(tmp_path / "A.mp4")
    made(a, 25.0).save(tmp_path / "out" / "A")
    assert names([a], tmp_path / "out") == ["A"]
    assert names([film(tmp_path / "x" / "A.mp4")], tmp_path / "out") == ["A.mp4"]


@pytest.mark.parametrize("foreign", ["analysis.json", "events.csv", "report.html"])
@pytest.mark.parametrize("text", ["", "[]", '{"schema": "theirs"}', '{"schema": "mien/analysis"}'])
def test_foreign_files_of_our_names_stay(tmp_path: Path, foreign: str, text: str) -> None:
    film(tmp_path / "out" / "A" / foreign, text)
    (outcome,) = analyze_many([film(tmp_path / "A.mp4")], tmp_path / "out")
    assert outcome.name == "A.mp4"
    assert (tmp_path / "out" / "A" / foreign).read_text() == text


def test_a_file_in_the_place_of_the_folder_stays(tmp_path: Path) -> None:
    film(tmp_path / "out" / "A", "a file")
    (outcome,) = analyze_many([film(tmp_path / "A.mp4")], tmp_path / "out")
    assert outcome.name == "A.mp4"


# What is said


def test_one_bad_recording_does_not_stop_the_rest(tmp_path: Path) -> None:
    paths = [film(tmp_path / "A.mp4"), film(tmp_path / "B.mp4", "bad"), film(tmp_path / "C.mp4")]
    seen: list[Outcome] = []
    outcomes = analyze_many(paths, tmp_path / "out", done=seen.append)
    assert seen == outcomes
    assert [o.name for o in outcomes] == ["A", "B", "C"]
    assert [o.error for o in outcomes] == [None, f"{paths[1]} is bad.", None]
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["A", "C", "events.csv"]
    table = pd.read_csv(tmp_path / "out" / "events.csv")
    assert table["recording"].tolist() == ["A", "C"]
    assert table["source"].tolist() == [str(paths[0]), str(paths[2])]


def test_a_mistake_of_ours_does_not_stop_the_rest(tmp_path: Path) -> None:
    paths = [film(tmp_path / "A.mp4", "bug"), film(tmp_path / "B.mp4", "big"), film(tmp_path / "C.mp4")]
    bug, big, fine = analyze_many(paths, tmp_path / "out")
    assert bug.error is not None
    assert "ZeroDivisionError: division by zero" in bug.error
    assert "report it" in bug.error
    assert "\n" not in bug.error
    assert bug.trace.startswith("Traceback")
    assert big.error is not None
    assert "memory" in big.error
    assert fine.error is None


def test_if_all_fail_nothing_is_left(tmp_path: Path) -> None:
    analyze_many([film(tmp_path / "A.mp4", "bad"), tmp_path / "B.mp4"], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_outcomes_are_light(tmp_path: Path) -> None:
    (outcome,) = analyze_many([film(tmp_path / "A.mp4")], tmp_path / "out")
    assert outcome.analysis is not None
    assert outcome.analysis.pictures == ()
    assert len(outcome.analysis.timeline) == 0
    assert outcome.analysis.timeline.score.base is None
    assert outcome.n_scored == N - 5
    assert len(outcome.analysis.found) == 1
    assert outcome.seconds >= 0


def test_the_command_can_be_given_again(tmp_path: Path, calls: list[Any]) -> None:
    a = film(tmp_path / "my film.mp4")
    out = tmp_path / "out"
    analyze_many([a], out, faces=False, fps=200.0, start=90.5, face=2, spotter="mdmd")
    data = json.loads((out / "my film" / "analysis.json").read_text())
    expected = f"mien analyze '{a}' --out {out} --fps 200 --start 90.5 --face 2 --spotter mdmd --no-faces"
    if os.name != "nt":
        assert data["settings"]["command"] == expected
    assert data["settings"]["face"] == 1  # what the analysis itself says stays
    assert calls[0][1] == {"pictures": False, "start": 90.5, "face": 2, "spotter": "mdmd"}


def test_usual_options_are_not_said(tmp_path: Path) -> None:
    a = film(tmp_path / "A.mp4")
    analyze_many([a], tmp_path / "out", face=1)
    data = json.loads((tmp_path / "out" / "A" / "analysis.json").read_text())
    assert data["settings"]["command"] == f"mien analyze {a} --out {tmp_path / 'out'}"


def test_progress_comes_through(tmp_path: Path) -> None:
    heard: list[Progress] = []
    analyze_many([film(tmp_path / "A.mp4")], tmp_path / "out", progress=heard.append)
    assert [(p.stage, p.item) for p in heard] == [("measuring motion", "A"), ("writing", "A")]


# Refused before any work


@pytest.mark.parametrize("jobs", [0, -2, -100])
def test_jobs_that_make_no_sense(tmp_path: Path, jobs: int, calls: list[Any]) -> None:
    with pytest.raises(InputError, match=f"--jobs {jobs}"):
        analyze_many([film(tmp_path / "A.mp4")], tmp_path / "out", jobs=jobs)
    assert calls == []
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("jobs", [-1, 7])
def test_more_jobs_than_recordings(tmp_path: Path, jobs: int) -> None:
    (outcome,) = analyze_many([film(tmp_path / "A.mp4")], tmp_path / "out", jobs=jobs)
    assert outcome.error is None


@pytest.mark.parametrize("below", ["", "x", "x/y"])
def test_a_file_in_the_place_of_out(tmp_path: Path, below: str, calls: list[Any]) -> None:
    blocking = film(tmp_path / "out", "a file")
    with pytest.raises(InputError, match="is a file, not a folder"):
        analyze_many([film(tmp_path / "A.mp4")], blocking / below)
    assert calls == []
    assert blocking.read_text() == "a file"


@pytest.mark.parametrize("exists", [True, False])
def test_out_that_may_not_be_written(
    tmp_path: Path, exists: bool, calls: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    if exists:
        out.mkdir()

    def refuse(*_: object, **__: object) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.mkdtemp", refuse)
    with pytest.raises(InputError, match=r"Cannot write to .*permission denied"):
        analyze_many([film(tmp_path / "A.mp4")], out)
    assert calls == []
    assert out.exists() is exists


@pytest.mark.parametrize("text", ["", "subject,age\n1,30\n", "onset,apex\n"])
def test_a_foreign_joint_table_stays(tmp_path: Path, text: str, calls: list[Any]) -> None:
    table = film(tmp_path / "out" / "events.csv", text)
    paths = [film(tmp_path / "A.mp4"), film(tmp_path / "B.mp4")]
    with pytest.raises(InputError, match=r"events\.csv"):
        analyze_many(paths, tmp_path / "out")
    assert calls == []
    assert table.read_text() == text
    analyze_many(paths[:1], tmp_path / "out")  # one recording writes none
    assert table.read_text() == text


def test_our_own_joint_table_is_replaced(tmp_path: Path) -> None:
    paths = [film(tmp_path / "A.mp4"), film(tmp_path / "B.mp4")]
    analyze_many(paths, tmp_path / "out")
    film(paths[1], "bad")
    analyze_many(paths, tmp_path / "out")
    assert pd.read_csv(tmp_path / "out" / "events.csv")["recording"].tolist() == ["A"]


# Arguments


def test_patterns_are_expanded_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("b.mp4", "a.mp4", "c.avi", "odd[1].mp4"):
        film(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    assert expand(["*.mp4", "a.mp4"]) == [Path("a.mp4"), Path("b.mp4"), Path("odd[1].mp4")]
    assert expand(["c.avi", "[ab].mp4"]) == [Path("c.avi"), Path("a.mp4"), Path("b.mp4")]
    assert expand(["odd[1].mp4"]) == [Path("odd[1].mp4")]
    assert expand([str(tmp_path / "*.avi")]) == [tmp_path / "c.avi"]


def test_a_pattern_without_a_match_is_said(tmp_path: Path) -> None:
    (outcome,) = analyze_many(expand([str(tmp_path / "*.mp4")]), tmp_path / "out")
    assert outcome.error == f"No file matches {tmp_path / '*.mp4'}."


def test_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert expand(["~/A.mp4"]) == [tmp_path / "A.mp4"]


def test_a_folder_of_films_is_explained(tmp_path: Path, calls: list[Any]) -> None:
    film(tmp_path / "day1" / "A.MP4")
    film(tmp_path / "day1" / "notes.txt")
    (outcome,) = analyze_many([tmp_path / "day1"], tmp_path / "out")
    assert outcome.error is not None
    assert "folder of videos" in outcome.error
    assert str(tmp_path / "day1" / "*.MP4") in outcome.error
    assert calls == []


def test_a_folder_of_frames_beside_a_film_is_one_of_frames(tmp_path: Path) -> None:
    for name in ("preview.mp4", "0001.png", "0002.png"):
        film(tmp_path / "S01" / name)
    (outcome,) = analyze_many([tmp_path / "S01"], tmp_path / "out", fps=200.0)
    assert outcome.error is None
