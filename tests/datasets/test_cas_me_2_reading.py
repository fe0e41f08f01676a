from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from openpyxl import load_workbook

from mien.datasets import CAS_ME_2
from mien.datasets.cas_me_2 import CasMe2Layout
from mien.errors import InputError

LAYOUT = CasMe2Layout()
BOOK = "CAS(ME)^2code_final.xlsx"


@pytest.fixture
def copy(make_takes, write_layout, tmp_path: Path):
    root = tmp_path / "copies" / "CASME2"
    return root, write_layout(LAYOUT, make_takes(LAYOUT.filming, people=4, takes=4), root)


def names_of(shot) -> list[str]:
    return [f"{shot.more['video']}_{n}" for n in range(1, len(shot.take.expressions) + 1)]


def test_everything_comes_back(copy, samples_of, check_truth, topics) -> None:
    root, shots = copy
    data = CAS_ME_2(root)
    told, films = samples_of(data), {f.key: f for f in data.footage}
    assert len(films) == len(shots) == 16
    assert len(told) == 32
    zero = []
    for shot in shots:
        for name, event in zip(names_of(shot), shot.take.expressions, strict=True):
            sample = told["", shot.subject, name]
            if shot.more["quirk"] and name.endswith("_1"):
                assert (sample.offset, sample.offset_number) == (event.apex, 0)
                zero.append(("repaired", "offset-0", shot.subject, name))
                sample = replace(sample, offset=event.offset, offset_number=shot.number(event.offset))
            check_truth(sample, event, shot, "onset", "apex", "offset")
            assert sample.more["Self-reported emotion"]
            shown = films[sample.footage]
            assert shown.name == shot.clip
            paths = [path.relative_to(root).as_posix() for path in shown.paths]
            assert paths == list(shot.pictures[0].paths)
    assert topics(data, "apex-on-offset", "apex-on-onset") == zero
    assert len(zero) == 2
    assert list(data.sheets) == [BOOK]


@pytest.mark.parametrize("level", ["rawpic", ".."])
def test_root_at_any_level(copy, level: str) -> None:
    root, _ = copy
    assert CAS_ME_2(root / level).samples == CAS_ME_2(root).samples


def test_cropped_release(copy) -> None:
    root, _ = copy
    before = CAS_ME_2(root)
    (root / "longVideoFaceCropped").mkdir()
    (root / "rawpic").rename(root / "longVideoFaceCropped" / "longVideoFaceCropped")
    assert CAS_ME_2(root, pictures="cropped").samples == before.samples
    with pytest.raises(InputError, match=r"the pictures of CAS\(ME\)\^2 \(raw\) are not there"):
        CAS_ME_2(root)


def test_annotation_alone(copy) -> None:
    root, _ = copy
    data = CAS_ME_2(root, pictures="none")
    assert [s.key for s in data.samples] == [s.key for s in CAS_ME_2(root).samples]
    assert {s.onset for s in data.samples} == {None}


def test_header_and_stray_rows_and_columns(copy, edit_sheet, topics) -> None:
    root, _ = copy
    before = CAS_ME_2(root)

    def add(sheet) -> None:
        sheet.insert_rows(1, 2)
        sheet["A1"] = "Subject"
        sheet["B1"] = "Video"
        sheet.insert_cols(3, 2)
        sheet.insert_cols(1)
        sheet.insert_rows(9)

    edit_sheet(root / BOOK, add)
    data = CAS_ME_2(root)
    assert data.samples == before.samples
    assert topics(data)[0] == ("note", "remarks", "", "")


@pytest.mark.parametrize("column", [1, 3, 7])
def test_column_missing(copy, edit_sheet, column: int) -> None:
    root, _ = copy
    edit_sheet(root / BOOK, lambda sheet: sheet.delete_cols(column))
    with pytest.raises(
        InputError, match=r"code_final\.xlsx, sheet 'CASFEcode_final': the columns have to be subject"
    ):
        CAS_ME_2(root)


def test_no_naming_rules(copy, topics) -> None:
    root, _ = copy
    before = CAS_ME_2(root)
    book = load_workbook(root / BOOK)
    del book["naming rule1"], book["naming rule2"]
    book.save(root / BOOK)
    data = CAS_ME_2(root)
    assert data.samples == before.samples
    assert [p[1] for p in topics(data)].count("no-naming-rules") == 2


def test_naming_rule_by_film_and_without_zeros(copy, edit_sheet) -> None:
    root, _ = copy
    before = CAS_ME_2(root)
    films = {"disgust1": "disgustingteeth", "anger1": "girlcrashing", "happy1": "funnyerrors"}

    def change(sheet) -> None:
        for row in sheet.iter_rows(max_col=2):
            row[0].value = int(row[0].value)
            row[1].value = films.get(row[1].value, row[1].value)

    edit_sheet(root / BOOK, change, "naming rule2")
    assert CAS_ME_2(root).samples == before.samples


def test_recording_in_another_persons_folder(copy, topics) -> None:
    root, shots = copy
    before = CAS_ME_2(root)
    shot = shots[-1]
    tree = root / "rawpic"
    (tree / shot.subject / shot.clip).rename(tree / "s15" / shot.clip)
    data = CAS_ME_2(root)
    assert data.samples == before.samples
    assert ("note", "other-folder", shot.subject, shot.clip) in topics(data)


def test_faults(copy, edit_sheet, topics) -> None:
    root, shots = copy
    before = CAS_ME_2(root)
    clips = [(s.subject.split("/")[1], s.clip) for s in before.samples]

    def spoil(sheet) -> None:
        sheet["D1"], sheet["C2"], sheet["D3"], sheet["G4"] = "/", "early", 1, "gloomy"
        sheet["H5"], sheet["A6"], sheet["F7"], sheet["E8"] = "blink", 99, "4+huh", 400
        sheet.append([cell.value for cell in sheet[9]])

    edit_sheet(root / BOOK, spoil)
    (root / "rawpic" / "s21").mkdir()
    (root / "rawpic" / shots[-1].subject / shots[-1].clip).rename(root / "rawpic" / "s21" / "21_9999zzz")
    data = CAS_ME_2(root)
    gone = [clips[4], clips[5], *[(shots[-1].subject, name) for name in names_of(shots[-1])]]
    assert [(s.subject.split("/")[1], s.clip) for s in data.samples] == [c for c in clips if c not in gone]
    found = topics(data, "offset-0", "apex-on-onset", "apex-on-offset")
    assert sorted(found) == sorted(
        [
            ("note", "no-apex", *clips[0]),
            ("broken", "frame-cell", *clips[1]),
            ("broken", "apex-outside", *clips[2]),
            ("broken", "unknown-emotion", *clips[3]),
            ("broken", "unknown-type", *clips[4]),
            ("broken", "unknown-subject", "", clips[5][1]),
            ("note", "action-units", *clips[6]),
            ("broken", "outside-folder", *clips[7]),
            ("repaired", "duplicated-clip", *clips[8]),
            *[("broken", "no-folder", shots[-1].subject, name) for name in names_of(shots[-1])],
            # both of its rows were left out
            ("note", "unlabelled-folder", clips[4][0], "15_0401girlcrashing"),
            ("note", "unlabelled-folder", "s21", "21_9999zzz"),
        ]
    )
