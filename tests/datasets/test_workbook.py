from __future__ import annotations

import datetime as dt
import zipfile
from pathlib import Path

import openpyxl
import pytest

from mien.datasets import workbook
from mien.datasets.workbook import write_workbook

SHEETS = {"one": [["Subject", None, "AU"], ["01", 2, None]], "two": [[0.5]]}


def test_cells_and_sheets(tmp_path: Path) -> None:
    write_workbook(tmp_path / "deep" / "book.xlsx", SHEETS)
    book = openpyxl.load_workbook(tmp_path / "deep" / "book.xlsx")
    assert book.sheetnames == ["one", "two"]
    assert list(book["one"].values) == [("Subject", None, "AU"), ("01", 2, None)]
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["book.xlsx"]


def test_same_bytes_on_another_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_workbook(tmp_path / "a.xlsx", SHEETS)

    class Later(dt.datetime):
        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> dt.datetime:
            return dt.datetime(2031, 2, 3, 4, 5, 6, tzinfo=tz)

    monkeypatch.setattr("openpyxl.writer.excel.datetime.datetime", Later)
    write_workbook(tmp_path / "b.xlsx", SHEETS)
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_no_day_but_ours_in_the_archive(tmp_path: Path) -> None:
    write_workbook(tmp_path / "a.xlsx", SHEETS)
    with zipfile.ZipFile(tmp_path / "a.xlsx") as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(2020, 10, 1, 0, 0, 0)}
        core = archive.read("docProps/core.xml").decode()
    assert workbook._WHEN.strftime("%Y-%m-%dT%H:%M:%SZ") in core
