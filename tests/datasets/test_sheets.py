from __future__ import annotations

from pathlib import Path

import pytest

from mien.datasets.reading import Problems
from mien.datasets.sheets import Sheet, Workbooks, columns, find_header, read_workbook, squash, text
from mien.datasets.workbook import write_workbook
from mien.errors import InputError

WANTED = columns("subject", "clip", "onset", "offset", "emotion")
HEADER = ["Subject", "Filename", "OnsetFrame", "OffsetFrame", "Emotion"]
ROW = ["01", "EP01", 3, 9, "fear"]


@pytest.mark.parametrize(
    ("cell", "shown"),
    [(None, ""), (float("nan"), ""), (4.0, "4"), (4, "4"), (4.5, "4.5"), ("  a \n b ", "a b"), ("01", "01")],
)
def test_text(cell, shown: str) -> None:
    assert text(cell) == shown


def test_squash() -> None:
    assert {squash(name) for name in ("Onset Frame", " onset_frame ", "ONSETFRAME", "Onset-Frame:")} == {
        "onsetframe"
    }


def sheet(*lines) -> Sheet:
    return Sheet(Path("x.xlsx"), "S", tuple(map(tuple, lines)))


def test_header_is_the_row_with_most_headings() -> None:
    lines = [["Subject and filename"], [None] * 7, ["Onset", "Offset"], [None, *HEADER], [None, *ROW]]
    table = find_header(sheet(*lines), WANTED)
    assert table is not None
    assert (table.header, table.places["subject"], table.places["emotion"]) == (3, 1, 5)
    (row,) = table.rows()
    assert (row.number, row.text("subject"), row["onset"], row["units"]) == (5, "01", 3, None)


def test_no_header() -> None:
    assert find_header(sheet(ROW, ROW), WANTED) is None
    assert find_header(sheet(["Subject", "x"]), WANTED) is None
    assert find_header(sheet(), WANTED) is None


def test_rows_of_unequal_length_and_blank_ones() -> None:
    table = find_header(sheet(HEADER, ["01"], [], [None, " "], ROW), WANTED)
    assert table is not None
    assert [row.number for row in table.rows()] == [2, 5]


def test_merged_over_rows_is_filled_and_over_columns_is_not(tmp_path: Path, edit_sheet) -> None:
    path = tmp_path / "a.xlsx"
    write_workbook(path, {"S": [HEADER, ROW, ["02", "EP02", 4, 8, "anger"]]})

    def merge(page) -> None:
        page.merge_cells("A2:A3")
        page.merge_cells("C3:D3")

    edit_sheet(path, merge)
    table = find_header(read_workbook(path)[0][0], WANTED)
    assert table is not None
    first, second = table.rows()
    assert (first.merged, second.merged) == ((), ("subject",))
    assert (second.text("subject"), second["onset"], second["offset"]) == ("01", 4, None)


class TestWorkbooks:
    def books(self, root: Path, **options) -> tuple[Workbooks, Problems]:
        problems = Problems()
        return Workbooks([root], problems, **options), problems

    def test_found_by_content_below_the_root(self, tmp_path: Path) -> None:
        write_workbook(tmp_path / "notes.xlsx", {"S": [["Some", "words"]]})
        write_workbook(tmp_path / "a" / "b" / "whatever.xlsx", {"Front": [["x"]], "Data": [HEADER, ROW]})
        write_workbook(tmp_path / "a" / "b" / "c" / "deeper.xlsx", {"Data": [HEADER, ROW, ROW]})
        write_workbook(tmp_path / "~$open.xlsx", {"Data": [HEADER, ROW]})
        books, problems = self.books(tmp_path)
        table = books.table("it", WANTED, must=("subject",))
        assert str(table.sheet) == "whatever.xlsx, sheet 'Data'"
        assert list(books.used) == ["whatever.xlsx"]
        assert problems.found == ()

    def test_whole_one_before_one_that_lacks_a_column(self, tmp_path: Path) -> None:
        more = columns("subject", "clip", "onset", "offset", "emotion", "units", "objective")
        without = [h for h in HEADER if h != "OffsetFrame"]
        write_workbook(tmp_path / "a.xlsx", {"S": [[*without, "AU", "Objective Class"]]})
        write_workbook(tmp_path / "b.xlsx", {"S": [HEADER]})
        books, _ = self.books(tmp_path)
        assert books.table("it", more, must=("subject", "offset")).sheet.path.name == "b.xlsx"

    def test_several(self, tmp_path: Path) -> None:
        write_workbook(tmp_path / "a.xlsx", {"S": [HEADER, ROW]})
        (tmp_path / "same.xlsx").write_bytes((tmp_path / "a.xlsx").read_bytes())
        books, problems = self.books(tmp_path)
        books.table("it", WANTED, must=())
        assert problems.found == ()
        write_workbook(tmp_path / "z.xlsx", {"S": [HEADER, ROW, ROW]})
        books, problems = self.books(tmp_path)
        assert books.table("it", WANTED, must=()).sheet.path.name == "a.xlsx"
        (problem,) = problems.found
        assert (problem.severity, problem.topic) == ("note", "several-workbooks")
        assert "z.xlsx has the same columns" in problem.text
        named, problems = self.books(tmp_path, only=tmp_path / "z.xlsx")
        assert named.table("it", WANTED, must=()).sheet.path.name == "z.xlsx"
        assert problems.found == ()

    def test_missing_columns(self, tmp_path: Path) -> None:
        write_workbook(tmp_path / "a.xlsx", {"S": [HEADER[:4], ROW[:4]]})
        books, problems = self.books(tmp_path)
        with pytest.raises(
            InputError, match=r"^a\.xlsx, sheet 'S': it needs the column Emotion, which is not there"
        ):
            books.table("it", WANTED, must=("emotion",))
        books.table("it", WANTED, must=())
        (problem,) = problems.found
        assert (problem.severity, problem.topic) == ("broken", "missing-column")
        books, problems = self.books(tmp_path)
        books.table("it", WANTED, must=(), may=("emotion",))
        assert problems.found == ()

    def test_nothing(self, tmp_path: Path) -> None:
        books, _ = self.books(tmp_path)
        with pytest.raises(InputError, match=r"Subject, Filename was looked for in no workbook at all\."):
            books.table("it", WANTED, must=("subject", "clip"))

    def test_unreadable(self, tmp_path: Path) -> None:
        (tmp_path / "torn.xlsx").write_bytes(b"PK\x03\x04 torn")
        books, problems = self.books(tmp_path)
        assert [p.topic for p in problems.found] == ["unreadable-workbook"]
        with pytest.raises(InputError, match=r"torn\.xlsx: is no readable Excel workbook"):
            books.table("it", WANTED, must=())
        with pytest.raises(InputError, match="get the file again"):
            self.books(tmp_path, only=tmp_path / "torn.xlsx")
        with pytest.raises(InputError, match="cannot be read"):
            self.books(tmp_path, only=tmp_path / "nowhere.xlsx")


def test_old_format_without_xlrd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import pandas as pd

    def missing(*_, **options):
        assert options["engine"] == "xlrd"
        raise ImportError("Missing optional dependency 'xlrd'")

    monkeypatch.setattr(pd, "read_excel", missing)
    (tmp_path / "Section A.xls").write_bytes(bytes.fromhex("d0cf11e0a1b11ae1"))
    with pytest.raises(InputError, match=r"old format\. Save it as \.xlsx, or install the package xlrd"):
        read_workbook(tmp_path / "Section A.xls")


def test_new_format_under_the_old_name(tmp_path: Path) -> None:
    write_workbook(tmp_path / "a.xlsx", {"S": [HEADER]})
    (tmp_path / "a.xlsx").rename(tmp_path / "a.xls")
    ((page,), digest) = read_workbook(tmp_path / "a.xls")
    assert page.cells == (tuple(HEADER),)
    assert len(digest) == 64
