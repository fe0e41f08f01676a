"""4DME read back: two emotions, units that do not move, people who came twice, exchanged rows."""

from __future__ import annotations

import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest

from mien.datasets.four_dme import FourDmeLayout, read_four_dme
from mien.datasets.reading import count
from mien.errors import InputError
from mien.labels import parse_action_units

b = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("builders_b.py"))))
r = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("reading_b.py"))))

LAYOUT = FourDmeLayout()
BOOK = "4DME_Labelling_Micro_release v1.xlsx"
WORDS = ("negative", "surprise", "positive", "repression", "others")
UNITS = ("1 L7", "R2 12", "4", "15 17")


def takes(people: int = 3, each: int = 2) -> list:
    return [
        b.take(LAYOUT, who, n, b.expression(1, 4, 8, WORDS[(who + n) % 5], UNITS[(who + n) % 4]))
        for who in range(1, people + 1)
        for n in range(1, each + 1)
    ]


def names(shot) -> tuple[str, str]:
    """Subject and clip as the reader calls them."""
    person, _, visit = shot.subject.partition("_")
    return f"4dme/{person}", f"{visit}_{shot.clip}" if visit else shot.clip


@pytest.fixture
def copy(tmp_path: Path) -> tuple[Path, tuple]:
    root = tmp_path / "4DME"
    return root, b.write(LAYOUT, takes(), root)


def test_everything_comes_back(tmp_path: Path) -> None:
    shots = b.write(LAYOUT, takes(people=14, each=3), tmp_path)
    data = read_four_dme(tmp_path)
    samples, films = r.by_name(data), r.footage(data)
    assert len(samples) == len(films) == len(shots) == 42
    assert data.problems == ()
    static = several = 0
    for shot in shots:
        (event,) = shot.take.expressions
        sample = samples[names(shot)]
        assert [p.relative_to(tmp_path).as_posix() for p in films[sample.footage].paths] == list(
            shot.pictures[0].paths
        )
        assert (sample.onset, sample.apex, sample.offset) == (event.onset, event.apex, event.offset)
        assert sample.onset_number == shot.number(event.onset)
        assert sample.emotion == sample.emotions[0] == event.emotion
        assert r.units(sample) == r.true_units(event)
        assert (sample.fps, sample.kind, sample.more) == (60, "micro", {"sub_ID": shot.subject})
        static += any(token.remark == "(k)" for token in parse_action_units(sample.units))
        several += len(sample.emotions) == 2
        assert ("+" in sample.reported) == (len(sample.emotions) == 2)
    assert static
    assert several


def test_who_came_twice_is_one_person(tmp_path: Path) -> None:
    shots = LAYOUT.plan(takes(people=41, each=2))
    LAYOUT.annotate(shots, tmp_path)
    data = read_four_dme(tmp_path, pictures="none")
    assert count(data, "subjects") == data.published["subjects"] == 41
    assert len({shot.subject for shot in shots}) == 44
    assert [s.clip for s in data.samples if s.subject == "4dme/S13"] == ["1st_001_01_1", "2nd_002_01_1"]


class TestExchangedRows:
    @pytest.fixture
    def long(self, tmp_path: Path) -> tuple[Path, tuple]:
        shots = LAYOUT.plan(takes(people=41, each=4))
        LAYOUT.annotate(shots, tmp_path)
        return tmp_path, shots

    def wrong(self, data, shots) -> list[int]:
        samples = r.by_name(data)
        return [
            n
            for n, shot in enumerate(shots)
            if r.units(samples[names(shot)]) != r.true_units(shot.take.expressions[0])
        ]

    def test_are_pointed_out(self, long) -> None:
        root, shots = long
        data = read_four_dme(root, pictures="none")
        assert self.wrong(data, shots) == [144, 145]
        assert r.told(data) == [("note", "exchanged-units?", *names(shots[n])) for n in (144, 145)]

    def test_are_put_right_by_name_wherever_they_stand(self, long, edit_sheet) -> None:
        root, shots = long
        pair = tuple("/".join(names(shots[n])) for n in (144, 145))

        def turn(sheet) -> None:
            rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]
            for n, row in enumerate(reversed(rows), start=2):
                for at, value in enumerate(row, start=1):
                    sheet.cell(n, at).value = value

        edit_sheet(root / BOOK, turn)
        data = read_four_dme(root, pictures="none", exchanged=[pair])
        assert self.wrong(data, shots) == []
        assert set(r.told(data)) == {("repaired", "exchanged-units", *names(shots[n])) for n in (144, 145)}

    def test_names_that_are_not_there(self, copy) -> None:
        with pytest.raises(InputError, match="no clip '4dme/S99/001_01_1'"):
            read_four_dme(copy[0], exchanged=[("4dme/S01/001_01_1", "4dme/S99/001_01_1")])


@pytest.mark.parametrize("level", ["..", "", "gray_micro"])
def test_root_at_any_level(copy, level: str) -> None:
    root, _ = copy
    (root / "rgb_micro/S01/001_01_1").mkdir(parents=True)
    data = read_four_dme(root / level)
    assert len(data.samples) == len(data.footage) == 6
    assert data.problems == ()


class TestFaults:
    def test_missing_column(self, copy, edit_sheet) -> None:
        root, _ = copy
        edit_sheet(root / BOOK, lambda sheet: sheet.delete_cols(3))
        data = read_four_dme(root)
        assert len(data.samples) == 6
        assert r.told(data) == [("broken", "missing-column", "", "")]
        edit_sheet(root / BOOK, lambda sheet: sheet.delete_cols(2))
        with pytest.raises(InputError, match="needs the column Filename"):
            read_four_dme(root)

    def test_more_columns_and_a_header_elsewhere(self, copy, edit_sheet) -> None:
        root, _ = copy
        before = read_four_dme(root)

        def move(sheet) -> None:
            sheet.insert_cols(7, 2)
            sheet.cell(1, 7).value = "Coder"
            sheet.insert_rows(1, 2)

        edit_sheet(root / BOOK, move)
        data = read_four_dme(root)
        assert data.samples == before.samples
        assert data.problems == ()

    def test_cells(self, copy, edit_sheet) -> None:
        root, shots = copy

        def spoil(sheet) -> None:
            sheet["E2"], sheet["D3"] = "/", "n.n."
            sheet["C4"], sheet["C5"] = "Suprise+Positive", "Puzzled+Positive"
            sheet["G6"] = "AU9+99+x"
            sheet["A7"] = "Smith"

        edit_sheet(root / BOOK, spoil)
        data = read_four_dme(root)
        keys = [names(s) for s in shots]
        assert set(r.told(data)) == {
            ("note", "no-apex", *keys[0]),
            ("broken", "frame-cell", *keys[1]),
            ("repaired", "odd-spelling", *keys[2]),
            ("broken", "unknown-emotion", *keys[3]),
            ("note", "action-units", *keys[4]),
            ("note", "units-differ", *keys[4]),
            ("broken", "row-without-name", "", keys[5][1]),
            ("note", "unlabelled-folder", *keys[5]),
        }
        samples = r.by_name(data)
        assert samples[keys[2]].emotions == ("surprise", "positive")
        assert (samples[keys[3]].emotion, samples[keys[3]].reported) == (None, "Puzzled+Positive")
        assert len(samples) == 5

    def test_rows_and_pictures(self, copy, edit_sheet) -> None:
        root, shots = copy
        keys = [names(s) for s in shots]
        edit_sheet(root / BOOK, lambda sheet: sheet.append([cell.value for cell in sheet[2]]))
        (root / shots[1].pictures[0].paths[4]).unlink()
        (root / shots[2].pictures[0].paths[5]).write_bytes(b"")
        folder = (root / shots[3].pictures[0].paths[0]).parent
        folder.rename(folder.with_name("010_01_1"))
        data = read_four_dme(root)
        assert set(r.told(data)) == {
            ("repaired", "duplicated-clip", *keys[0]),
            ("broken", "missing-frames", *keys[1]),
            ("repaired", "lost-apex", *keys[1]),
            ("broken", "unreadable-frames", *keys[2]),
            ("broken", "no-folder", *keys[3]),
            ("note", "unlabelled-folder", keys[3][0], "010_01_1"),
        }
        assert len(data.samples) == 5
