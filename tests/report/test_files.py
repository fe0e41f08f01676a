from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from mien.errors import InputError
from mien.report import events_table, save, write_joint_events
from mien.report import files as module

FILES = {"report.html", "events.csv", "frames.csv", "analysis.json"}


def names(folder: Path) -> set[str]:
    return {p.name for p in folder.iterdir()}


def test_writes_four_files_and_returns_the_report(recording, tmp_path: Path):
    report = save(recording, tmp_path / "new" / "results")
    assert report == tmp_path / "new" / "results" / "report.html"
    assert names(report.parent) == FILES
    assert (report.parent / "analysis.json").read_bytes().endswith(b"}\n")
    pd.testing.assert_frame_equal(
        pd.read_csv(report.parent / "events.csv"), events_table(recording), check_dtype=False, atol=1e-4
    )


def test_foreign_files_stay_and_own_files_are_replaced(recording, tmp_path: Path):
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "report.html").write_text("old")
    save(recording, tmp_path)
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert (tmp_path / "report.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert names(tmp_path) == FILES | {"notes.txt"}


def test_no_faces_reaches_report_and_json(recording, tmp_path: Path):
    report = save(recording, tmp_path, faces=False)
    assert "image/jpeg" not in report.read_text(encoding="utf-8")
    assert '"file": null' in (tmp_path / "analysis.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("broken", ["html_parts", "dumps", "write_csv"])
@pytest.mark.parametrize(
    "error", [OSError(28, "No space left on device"), RuntimeError("bug"), KeyboardInterrupt()]
)
def test_failing_writer_leaves_nothing(recording, tmp_path: Path, monkeypatch, broken, error):
    def fail(*args, **kwargs):
        raise error

    monkeypatch.setattr(module, broken, fail)
    folder = tmp_path / "a" / "b"
    expected = InputError if isinstance(error, OSError) else type(error)
    with pytest.raises(expected) as caught:
        save(recording, folder)
    if isinstance(error, OSError):
        assert str(caught.value) == f"Cannot write to {folder}: no space left on device."
    assert names(tmp_path) == set()


@pytest.mark.parametrize("before", [False, True])
def test_failing_move_puts_everything_back(recording, tmp_path: Path, monkeypatch, before):
    old = {name: f"old {name}" for name in FILES} if before else {}
    for name, text in old.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "notes.txt").write_text("mine")
    replace_file = Path.replace

    def fail_at_the_report(self, target):
        if self.name == "report.html" and "before" not in self.parts:
            raise OSError(5, "Input/output error")
        return replace_file(self, target)

    monkeypatch.setattr(Path, "replace", fail_at_the_report)
    with pytest.raises(InputError, match="input/output error"):
        save(recording, tmp_path)
    assert {p.name: p.read_text() for p in tmp_path.iterdir()} == {**old, "notes.txt": "mine"}


def test_file_in_place_of_the_folder(recording, tmp_path: Path):
    place = tmp_path / "taken"
    place.write_text("I am a file")
    for folder in (place, place / "below"):
        with pytest.raises(InputError, match="is a file, not a folder") as caught:
            save(recording, folder)
        assert str(caught.value).count("\n") == 0
    assert place.read_text() == "I am a file"


def test_unwritable_folder(recording):
    with pytest.raises(InputError, match="Cannot write to /proc/mien-report"):
        save(recording, Path("/proc/mien-report"))


def test_folder_in_place_of_a_file(recording, tmp_path: Path):
    (tmp_path / "report.html").mkdir()
    with pytest.raises(InputError):
        save(recording, tmp_path)
    assert names(tmp_path) == {"report.html"}


def test_joint_events(recording, make, tmp_path: Path):
    path = tmp_path / "out" / "events.csv"
    other = make(name="a, b", events=())
    third = make(events=(replace(recording.found[0], probabilities={"sadness": 1.0}),))
    write_joint_events([("one", recording), ("none", other), ("three", third)], path)
    table = pd.read_csv(path)
    assert list(table.columns[:3]) == ["recording", "source", "onset"]
    assert list(table["recording"]) == ["one", "one", "one", "three"]
    assert table["source"][0] == str(recording.source.path)
    assert table["p_sadness"].isna().tolist() == [True, True, True, False]
    assert names(path.parent) == {"events.csv"}


def test_joint_events_of_nothing_have_columns(tmp_path: Path):
    write_joint_events([], tmp_path / "events.csv")
    assert (tmp_path / "events.csv").read_text().startswith("recording,source,onset,apex,offset,")


def test_joint_events_fail_whole(recording, tmp_path: Path, monkeypatch):
    (tmp_path / "events.csv").write_text("old")

    def fail(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "write_csv", fail)
    with pytest.raises(InputError, match="no space left"):
        write_joint_events([("one", recording)], tmp_path / "events.csv")
    assert (tmp_path / "events.csv").read_text() == "old"
    assert names(tmp_path) == {"events.csv"}
    with pytest.raises(InputError, match="is a file, not a folder"):
        write_joint_events([("one", recording)], tmp_path / "events.csv" / "events.csv")


# With the truth


def test_truth_is_a_fifth_file(recording, known, tmp_path: Path):
    report = recording.save(tmp_path, truth=known)
    assert names(tmp_path) == FILES | {"truth.csv"}
    assert "Compared with the truth" in report.read_text(encoding="utf-8")
    assert '"truth": {' in (tmp_path / "analysis.json").read_text(encoding="utf-8")
    lines = (tmp_path / "truth.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == (
        "number,kind,emotion,action_units,onset,apex,offset,onset_s,apex_s,offset_s,found_event,iou,apex_error_s"
    )
    assert lines[1] == "1,micro,happiness,AU12,225,241,257,2.25,2.41,2.57,1,0.94,-0.01"
    assert lines[4] == "4,micro,disgust,AU4 + L AU7,1690,1705,1725,16.9,17.05,17.25,,,"
    assert len(lines) == 5


def test_saving_without_truth_takes_the_old_one_away(recording, known, tmp_path: Path):
    save(recording, tmp_path, truth=known)
    save(recording, tmp_path)
    assert names(tmp_path) == FILES


def test_somebody_elses_truth_stays(recording, tmp_path: Path):
    (tmp_path / "truth.csv").write_text("onset,offset\n1,2\n")
    save(recording, tmp_path)
    assert (tmp_path / "truth.csv").read_text() == "onset,offset\n1,2\n"


def test_foreign_truth_leaves_nothing(recording, known, tmp_path: Path):
    with pytest.raises(InputError, match="does not belong to this analysis"):
        save(recording, tmp_path / "a", truth=replace(known, matches=((9, 9, 1.0),)))
    assert names(tmp_path) == set()


@pytest.mark.parametrize("again", [False, True])
def test_failing_move_puts_the_truth_back(recording, known, tmp_path: Path, monkeypatch, again):
    save(recording, tmp_path, truth=known)
    old = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    replace_file = Path.replace

    def fail_at_the_report(self, target):
        if self.name == "report.html" and "before" not in self.parts:
            raise OSError(5, "Input/output error")
        return replace_file(self, target)

    monkeypatch.setattr(Path, "replace", fail_at_the_report)
    with pytest.raises(InputError, match="input/output error"):
        save(recording, tmp_path, truth=replace(known, matches=()) if again else None)
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == old
