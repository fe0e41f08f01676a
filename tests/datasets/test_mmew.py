"""MMEW: the two trees, sample numbers, the workbook."""

from __future__ import annotations

import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest

from mien.datasets.mmew import MmewLayout
from mien.errors import InputError

b = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("builders_b.py"))))

HEADER = [
    "Subject",
    "Filename",
    "OnsetFrame",
    "ApexFrame",
    "OffsetFrame",
    "Action_Units",
    "Estimated_Emotion",
    "remarks",
]


def takes() -> list:
    layout = MmewLayout()
    return [
        b.take(layout, 1, 1, b.expression(0, 4, 9, "happiness", "6 L12")),
        b.take(layout, 1, 2, b.expression(1, 4, 8, "happiness", kind="macro")),
        b.take(layout, 1, 5, b.expression(0, 3, 9, "happiness", "")),
        b.take(layout, 1, 6, b.expression(0, 3, 9, "anger", "7 4")),
        b.take(layout, 3, 1, b.expression(0, 5, 9, "others", "R14")),
    ]


def test_contract(tmp_path: Path) -> None:
    b.check_contract(MmewLayout(), takes(), tmp_path / "people")
    b.check_contract(MmewLayout("kinds"), takes(), tmp_path / "kinds")
    b.check_refusals(MmewLayout(), takes()[0])


def test_people_come_first_in_the_tree(tmp_path: Path) -> None:
    b.write(MmewLayout(), takes(), tmp_path)
    names = b.files(tmp_path)
    assert len(names) == 4 * 10 + 1 + 1
    assert "S01/happiness/S01-01-002.jpg" in names  # the macro-expression takes the second number
    assert {f"S01/happiness/S01-01-003/{n}.jpg" for n in range(1, 11)} <= set(names)
    assert {"S01/anger/S01-07-001/1.jpg", "S02/others/S02-06-001/10.jpg", "MMEW_Micro_Exp.xlsx"} <= set(names)
    assert b.shows(tmp_path / "S01/happiness/S01-01-001/5.jpg", b.shade(4, 1) + 100)
    assert b.shows(tmp_path / "S01/happiness/S01-01-002.jpg", b.shade(4, 1) + 100)


def test_kinds_come_first_in_the_other_tree(tmp_path: Path) -> None:
    b.write(MmewLayout("kinds"), takes(), tmp_path)
    names = b.files(tmp_path)
    assert "Micro_Expression/happiness/S01-01-001/1.jpg" in names
    assert "Macro_Expression/S01/happiness/S01-01-002.jpg" in names
    assert {n.split("/")[0] for n in names} == {"Micro_Expression", "Macro_Expression", "MMEW_Micro_Exp.xlsx"}


def test_workbook_tells_the_truth(tmp_path: Path) -> None:
    b.write(MmewLayout(), takes(), tmp_path)
    sheet = b.rows(tmp_path / "MMEW_Micro_Exp.xlsx")
    assert list(sheet.columns) == [word.replace("_", " ") for word in HEADER]
    assert sheet.values.tolist() == [
        ["1", "S01-01-001", "1", "5", "10", "6+L12", "happiness", ""],
        ["1", "S01-01-003", "1", "4", "10", "?", "happiness", ""],
        ["1", "S01-07-001", "1", "4", "10", "4+7", "anger", ""],
        ["2", "S02-06-001", "1", "6", "10", "R14", "others", ""],
    ]


def test_one_row_of_eighteen_points_outside(tmp_path: Path) -> None:
    layout = MmewLayout()
    many = [
        b.take(layout, who, n, b.expression(0, 4, 9, "disgust")) for who in range(1, 37) for n in range(1, 9)
    ]
    layout.annotate(layout.plan(many), tmp_path)
    sheet = b.rows(tmp_path / "MMEW_Micro_Exp.xlsx").astype({"ApexFrame": int, "OffsetFrame": int})
    late_apex, late_offset = sheet.ApexFrame == 12, sheet.OffsetFrame == 12
    assert 5 <= late_apex.sum() + late_offset.sum() <= 30
    assert late_apex.any()
    assert late_offset.any()
    assert not (late_apex & late_offset).any()
    rest = sheet[~late_apex & ~late_offset]
    assert set(rest.ApexFrame) == {5}
    assert set(rest.OffsetFrame) == {10}


def test_refusals() -> None:
    with pytest.raises(InputError, match="'people' or 'kinds'"):
        MmewLayout("README")
    layout = MmewLayout()
    with pytest.raises(InputError, match="repression"):
        layout.plan([b.take(layout, 1, 1, b.expression(emotion="repression"))])
    with pytest.raises(InputError, match="one expression"):
        layout.plan([b.take(layout, 1, 1)])
