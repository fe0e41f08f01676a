from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import pandas as pd
import pytest

from mien.datasets.casme import CasmeLayout
from mien.errors import InputError
from mien.records import UnitOnFace

LAYOUT = CasmeLayout()


def test_tree_and_names(make_takes, write_layout, all_files, tmp_path: Path) -> None:
    shots = write_layout(LAYOUT, make_takes(LAYOUT.filming), tmp_path)
    files = all_files(tmp_path)
    assert {file.split("/")[0] for file in files} == {"casme.xlsx", "CASME_raw_selected", "Cropped"}
    a, b = shots[0], shots[-1]
    assert (a.subject, b.subject) == ("01", "03")
    assert f"CASME_raw_selected/sub01/{a.clip}/{a.clip}-{a.first_number}.jpg" in files
    assert f"Cropped/sub01/{a.clip}/reg_{a.clip}-{a.first_number}.jpg" in files
    assert f"CASME_raw_selected/sub03/{b.clip}/{b.clip}-{b.first_number:03d}.jpg" in files
    assert len(files) == 1 + 2 * sum(shot.take.n_frames for shot in shots)
    picture = cv2.imread(str(tmp_path / shots[0].pictures[1].paths[0]), cv2.IMREAD_UNCHANGED)
    assert picture.shape == (12, 16, 3)


def test_each_person_is_in_one_section(make_takes) -> None:
    shots = LAYOUT.plan(make_takes(LAYOUT.filming, people=19, takes=2))
    assert len(shots) == 19 * 2
    cameras = {
        subject: {s.take.stream.key for s in shots if s.subject == subject}
        for subject in {shot.subject for shot in shots}
    }
    assert sum(cameras[subject] == {"A"} for subject in cameras) == 7
    assert sum(cameras[subject] == {"B"} for subject in cameras) == 12


def test_person_filmed_for_the_other_section_only_is_kept(make_takes) -> None:
    takes = [take for take in make_takes(LAYOUT.filming, people=1) if take.stream.key == "B"]
    assert [shot.take.stream.key for shot in LAYOUT.plan(takes)] == ["B", "B"]


def test_workbook_says_the_truth(make_takes, write_layout, tmp_path: Path) -> None:
    shots = write_layout(LAYOUT, make_takes(LAYOUT.filming, people=3, takes=3), tmp_path)
    table = pd.read_excel(tmp_path / "casme.xlsx", dtype=str)
    assert list(table.columns) == [
        *("Subject", "Filename", "Unnamed: 2", "OnsetF", "ApexF1", "ApexF2", "OffsetF", "Unnamed: 7"),
        *("AU", "Emotion"),
    ]
    assert table["Unnamed: 2"].isna().all()
    assert table["Unnamed: 7"].isna().all()
    rows = {(int(row.Subject), row.Filename): row for row in table.itertuples()}
    assert len(rows) == len(table) == len(shots) == 9
    for shot in shots:
        (event,) = shot.take.expressions
        row = rows[int(shot.subject), shot.clip]
        assert int(row.OnsetF) == event.onset + shot.first_number
        assert int(row.ApexF1) == event.apex + shot.first_number
        assert int(row.OffsetF) == event.offset + shot.first_number
        assert int(row.ApexF2) == 0 or int(row.ApexF1) < int(row.ApexF2) <= int(row.OffsetF)
        assert row.Emotion == {"contempt": "comtempt"}.get(event.emotion, event.emotion)
        number = shot.pictures[0].paths[event.apex].rsplit("-", 1)[1].removesuffix(".jpg")
        assert int(number) == int(row.ApexF1)
    assert set(table["AU"]) == {"L12", "4+7", "R6+R12", "1+2", "4+R14"}


def test_section_a_comes_first(make_takes, write_layout, tmp_path: Path) -> None:
    write_layout(LAYOUT, make_takes(LAYOUT.filming), tmp_path)
    table = pd.read_excel(tmp_path / "casme.xlsx")
    assert table["Subject"].tolist() == [1, 1, 2, 2, 3, 3]


def test_contempt_is_misspelt(make_takes, write_layout, tmp_path: Path) -> None:
    (take, _) = make_takes(LAYOUT.filming, people=1, takes=1)
    scorn = replace(take.expressions[0], emotion="contempt", units=(UnitOnFace(14, "left"),))
    write_layout(LAYOUT, [replace(take, expressions=(scorn,))], tmp_path)
    table = pd.read_excel(tmp_path / "casme.xlsx")
    assert table[["AU", "Emotion"]].to_numpy().tolist() == [["L14", "comtempt"]]


def test_quirk_of_the_action_units(make_takes, tmp_path: Path) -> None:
    shots = LAYOUT.plan(make_takes(LAYOUT.filming, people=5, takes=4))
    LAYOUT.annotate(shots, tmp_path)
    assert [n for n, shot in enumerate(shots) if shot.more["quirk"]] == [13]
    table = pd.read_excel(tmp_path / "casme.xlsx", dtype=str)
    (row,) = table[table["AU"] == "?"].itertuples()
    assert (f"{int(row.Subject):02d}", row.Filename) == (shots[13].subject, shots[13].clip)


def test_release_in_sections(make_takes, write_layout, all_files, tmp_path: Path) -> None:
    shots = write_layout(CasmeLayout("sections"), make_takes(LAYOUT.filming), tmp_path)
    tops = {file.split("/")[0] for file in all_files(tmp_path)}
    assert tops == {"Section A", "Section A.xlsx", "Section B", "Section B.xlsx"}
    for section in "AB":
        table = pd.read_excel(tmp_path / f"Section {section}.xlsx", dtype=str)
        assert sorted(table["Filename"]) == sorted(s.clip for s in shots if s.take.stream.key == section)
    with pytest.raises(InputError, match="'selected' or 'sections'"):
        CasmeLayout("old")  # type: ignore[arg-type]
