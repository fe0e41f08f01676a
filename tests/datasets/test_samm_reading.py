from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mien.datasets import SAMM
from mien.datasets.samm import HEADER, SammLayout
from mien.datasets.samm_lv import SammLvLayout
from mien.datasets.workbook import write_workbook
from mien.errors import InputError
from mien.labels import objective_class

LAYOUT = SammLayout()
BOOK = "SAMM_Micro_FACS_Codes_v2.xlsx"


@pytest.fixture
def copy(make_takes, write_layout, tmp_path: Path):
    root = tmp_path / "copies" / "SAMM"
    return root, write_layout(LAYOUT, make_takes(LAYOUT.filming, people=6, takes=7), root)


def test_everything_comes_back(copy, samples_of, check_truth, topics) -> None:
    root, shots = copy
    data = SAMM(root)
    told, films = samples_of(data), {f.key: f for f in data.footage}
    assert len(told) == len(films) == len(shots) == 42
    quirks = set()
    for shot in shots:
        (event,) = shot.take.expressions
        sample = told["", shot.subject, shot.clip]
        check_truth(sample, event, shot, "onset", "apex", "offset")
        assert (sample.units == "?") == (shot.more["quirk"] == "?")
        assert sample.objective == objective_class(u.au for u in event.units)
        assert sample.more["Inducement Code"] == str(shot.more["inducement"])
        assert sample.more.get("Notes", "") == ("Blink" if shot.take.blinks else "")
        paths = [path.relative_to(root).as_posix() for path in films[sample.footage].paths]
        assert paths == list(shot.pictures[0].paths)
        quirks.add(shot.more["quirk"])
    assert quirks == {"", "or", "grade", "asymmetry", "letters", "?"}
    assert topics(data, "apex-on-offset") == []
    assert list(data.sheets) == [BOOK]


def test_other_is_its_usual_spelling(make_takes, write_layout, topics, tmp_path: Path) -> None:
    (take,) = make_takes(LAYOUT.filming, people=1, takes=1)
    event = replace(take.expressions[0], emotion="others")
    write_layout(LAYOUT, [replace(take, expressions=(event,))], tmp_path)
    data = SAMM(tmp_path)
    assert [(s.emotion, s.reported) for s in data.samples] == [("others", "Other")]
    assert topics(data, "apex-on-offset") == []


@pytest.mark.parametrize("level", ["SAMM", "..", "."])
def test_root_at_any_level(copy, level: str) -> None:
    root, shots = copy
    assert len(SAMM(root / level).samples) == len(shots)


def test_header_trimmed(copy, edit_sheet) -> None:
    root, _ = copy
    before = SAMM(root)
    edit_sheet(root / BOOK, lambda sheet: sheet.delete_rows(1, 12))
    assert SAMM(root).samples == before.samples


def test_long_videos_beside_it(copy, make_takes) -> None:
    root, shots = copy
    other = SammLvLayout()
    other.annotate(other.plan(make_takes(other.filming)), root / "long")
    (root / "long" / BOOK).unlink()
    assert len(SAMM(root).samples) == len(shots)
    (root / BOOK).unlink()
    with pytest.raises(InputError, match="SAMM's workbook of micro-movements is not there"):
        SAMM(root)


class TestKnownMistakes:
    """Four values of older workbooks, by clip; whatever else stands in a copy stays as it is."""

    @staticmethod
    def write(root: Path, clip: str, onset: int, apex: int, offset: int):
        cells = [clip[:3], clip, 1, onset, apex, offset, None, "Micro - 1/2", "4", "Anger", 3, None]
        write_workbook(root / "x.xlsx", {"MICRO_ONLY": [list(HEADER), cells]})
        data = SAMM(root, pictures="none")
        return data.samples[0], [(p.severity, p.topic, p.subject, p.clip) for p in data.problems]

    @pytest.mark.parametrize(
        ("clip", "marks", "after"),
        [
            ("013_1_9", (5680, 5700, 5690), (5680, 5700, 5739)),
            ("028_4_1", (1090, 1205, 1130), (1090, 1113, 1130)),
            ("032_3_1", (4900, 4890, 4960), (4900, 4930, 4960)),
            ("032_3_2", (5100, 5190, 5160), (5100, 5127, 5160)),
        ],
    )
    def test_put_right(self, tmp_path: Path, clip: str, marks, after) -> None:
        sample, problems = self.write(tmp_path, clip, *marks)
        assert (sample.onset_number, sample.apex_number, sample.offset_number) == after
        assert problems == [("repaired", "known-mistake", f"samm/{clip[:3]}", clip)]

    @pytest.mark.parametrize(
        ("clip", "marks"),
        [("028_4_1", (1090, 1105, 1130)), ("028_4_1", (100, 120, 110)), ("028_4_2", (1090, 1205, 1130))],
    )
    def test_left_alone(self, tmp_path: Path, clip: str, marks) -> None:
        sample, problems = self.write(tmp_path, clip, *marks)
        assert (sample.onset_number, sample.apex_number, sample.offset_number) == marks
        assert "known-mistake" not in {p[1] for p in problems}


def test_faults(copy, edit_sheet, samples_of, topics) -> None:
    root, _ = copy
    before = SAMM(root)
    clips = [s.clip for s in before.samples]

    def spoil(sheet) -> None:
        rows = range(15, 15 + len(clips))
        sheet.cell(rows[0], 5).value = "/"
        sheet.cell(rows[1], 4).value = "ca. 12"
        sheet.cell(rows[2], 6).value += 1
        sheet.cell(rows[3], 11).value = "VIII"
        sheet.cell(rows[4], 10).value = "Hapiness"
        sheet.cell(rows[5], 9).value = "R6+L12+xyz"
        sheet.cell(rows[6], 1).value = 6.0
        sheet.merge_cells(start_row=rows[7], end_row=rows[8], start_column=9, end_column=9)
        sheet.append([cell.value for cell in sheet[rows[9]]])
        sheet.append([None, "009_1_9", 1, 30, 40, 50])
        sheet.append(["Thank you for reading"])

    edit_sheet(root / BOOK, spoil)
    data = SAMM(root)
    assert [s.clip for s in data.samples] == clips
    assert data.samples[6] == before.samples[6]
    assert data.samples[9:] == before.samples[9:]
    found = topics(data, "apex-on-offset")
    assert [p for p in found if not p[3]] == [
        ("broken", "row-without-name", "", ""),
        ("note", "remarks", "", ""),
    ]
    assert sorted((p[0], p[1], clips.index(p[3])) for p in found if p[3]) == [
        ("broken", "frame-cell", 1),
        ("broken", "outside-folder", 2),
        ("broken", "unknown-emotion", 4),
        ("broken", "unknown-objective-class", 3),
        ("note", "action-units", 5),
        ("note", "duration-differs", 2),
        ("note", "no-apex", 0),
        ("repaired", "duplicated-clip", 9),
        ("repaired", "merged-cells", 8),
    ]
    assert data.samples[8].units == data.samples[7].units == before.samples[7].units


def test_column_missing(copy, edit_sheet) -> None:
    root, _ = copy
    edit_sheet(root / BOOK, lambda sheet: sheet.delete_cols(6))
    with pytest.raises(InputError, match=f"{BOOK}, sheet 'MICRO_ONLY': .* needs the column Offset"):
        SAMM(root)


def test_folders_padded_otherwise(copy, samples_of) -> None:
    root, shots = copy
    clip = root / Path(shots[0].pictures[0].paths[0]).parent
    for file in clip.iterdir():
        subject, number = file.stem.split("_")
        file.rename(clip / f"{subject}_{int(number)}.JPG")
    told = samples_of(SAMM(root))
    (event,) = shots[0].take.expressions
    assert told["", shots[0].subject, shots[0].clip].apex == event.apex
