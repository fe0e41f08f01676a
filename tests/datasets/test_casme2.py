from __future__ import annotations

import re
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from mien.datasets.casme2 import Casme2Layout
from mien.errors import InputError
from mien.labels import normalise_emotion, normalise_objective_class, objective_class, parse_action_units

LAYOUT = Casme2Layout()
CODING = "CASME2-coding-20140508.xlsx"


def test_tree_and_names(make_takes, write_layout, all_files, tmp_path: Path) -> None:
    shots = write_layout(LAYOUT, make_takes(LAYOUT.filming), tmp_path)
    files = all_files(tmp_path)
    assert {file.split("/")[0] for file in files} == {
        *("CASME2_RAW_selected", "Cropped", CODING, "CASME2-ObjectiveClasses.xlsx")
    }
    for shot in shots:
        for frame in range(shot.take.n_frames):
            name = f"sub{shot.subject}/{shot.clip}"
            assert f"CASME2_RAW_selected/{name}/img{shot.first_number + frame}.jpg" in files
            assert f"Cropped/{name}/reg_img{shot.first_number + frame}.jpg" in files
    assert {shot.subject for shot in shots} == {"01", "02", "03"}
    assert len({shot.first_number for shot in shots}) > 3


def test_workbook_says_the_truth(make_takes, write_layout, tmp_path: Path) -> None:
    shots = write_layout(LAYOUT, make_takes(LAYOUT.filming), tmp_path)
    table = pd.read_excel(tmp_path / CODING, dtype=str)
    assert list(table.columns) == [
        *("Subject", "Filename", "Unnamed: 2", "OnsetFrame", "ApexFrame", "OffsetFrame", "Unnamed: 6"),
        *("Action Units", "Estimated Emotion"),
    ]
    rows = {(row[0], row[1]): row for row in table.to_numpy().tolist()}
    assert set(rows) == {(shot.subject, shot.clip) for shot in shots}
    for shot in shots:
        (event,) = shot.take.expressions
        row = rows[shot.subject, shot.clip]
        assert [int(cell) for cell in row[3:6]] == [
            shot.first_number + frame for frame in (event.onset, event.apex, event.offset)
        ]
        tokens = parse_action_units(row[7])
        assert {(t.au, t.side) for t in tokens} == {(u.au, u.side) for u in event.units}
        assert normalise_emotion(row[8]) == event.emotion


def test_subject_is_text(make_takes, write_layout, tmp_path: Path) -> None:
    write_layout(LAYOUT, make_takes(LAYOUT.filming, people=1), tmp_path)
    sheet = openpyxl.load_workbook(tmp_path / CODING).active
    assert [sheet.cell(row, 1).value for row in (2, 3)] == ["01", "01"]


def test_objective_classes(make_takes, write_layout, tmp_path: Path) -> None:
    shots = write_layout(LAYOUT, make_takes(LAYOUT.filming), tmp_path)
    sheets = pd.read_excel(tmp_path / "CASME2-ObjectiveClasses.xlsx", sheet_name=None, dtype=str)
    assert list(sheets) == ["Sheet1", "Sheet2"]
    assert list(sheets["Sheet1"].columns) == ["Subject", "Filename", "Objective Class"]
    told = {(s, f): normalise_objective_class(c) for s, f, c in sheets["Sheet1"].to_numpy().tolist()}
    assert told == {
        (s.subject, s.clip): objective_class(u.au for u in s.take.expressions[0].units) for s in shots
    }
    assert set(told.values()) == {"I", "II", "III", "VII"}


def test_coding_of_2019(make_takes, tmp_path: Path) -> None:
    layout = Casme2Layout(coding="2019")
    layout.annotate(layout.plan(make_takes(LAYOUT.filming)), tmp_path)
    table = pd.read_excel(tmp_path / "CASME2-coding-20190701.xlsx", dtype=str)
    assert table.columns[-1] == "Objective Classes"
    assert table["Objective Classes"].notna().all()
    assert not (tmp_path / CODING).exists()
    with pytest.raises(InputError, match="'2014' or '2019'"):
        Casme2Layout(coding="2020")  # type: ignore[arg-type]


def test_quirks(make_takes, tmp_path: Path) -> None:
    shots = LAYOUT.plan(make_takes(LAYOUT.filming, people=7, takes=10))
    LAYOUT.annotate(shots, tmp_path)
    table = pd.read_excel(tmp_path / CODING, dtype=str).set_index(["Subject", "Filename"])
    assert {n: shot.more["quirk"] for n, shot in enumerate(shots) if shot.more["quirk"]} == {
        7: "apex /",
        17: "apex = onset",
        27: "apex = offset",
        37: "AU ?",
        67: "apex /",
    }
    apex = [table.loc[(shots[n].subject, shots[n].clip)] for n in (7, 17, 27, 37)]
    assert apex[0]["ApexFrame"] == "/"
    assert apex[1]["ApexFrame"] == apex[1]["OnsetFrame"]
    assert apex[2]["ApexFrame"] == apex[2]["OffsetFrame"]
    assert apex[3]["Action Units"] == "?"
    for shot in shots:
        (event,) = shot.take.expressions
        row = table.loc[(shot.subject, shot.clip)]
        assert int(row["OnsetFrame"]) == shot.number(event.onset)
        if not str(shot.more["quirk"]).startswith("apex"):
            assert int(row["ApexFrame"]) == shot.number(event.apex)


def test_irregular_names_are_rare(make_takes) -> None:
    clips = [shot.clip for shot in LAYOUT.plan(make_takes(LAYOUT.filming, people=6, takes=10))]
    odd = {n: clip for n, clip in enumerate(clips) if not re.fullmatch(r"EP\d\d_\d\df?", clip)}
    assert list(odd) == [5, 25, 45]
    assert re.fullmatch(r"EP\d\df", odd[5])
    assert re.fullmatch(r"EP\d\d_\d", odd[25])
    assert re.fullmatch(r"EP\d\d_\d\d_01", odd[45])
    assert any(clip.endswith("f") for clip in clips)
