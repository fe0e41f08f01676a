from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mien.datasets import SAMM_LV
from mien.datasets.samm_lv import SammLvLayout
from mien.errors import InputError

LAYOUT = SammLvLayout()
BOOK = "SAMM_LongVideos_V3_Release.xlsx"


@pytest.fixture
def copy(make_takes, write_layout, tmp_path: Path):
    root = tmp_path / "copies" / "LV"
    return root, write_layout(LAYOUT, make_takes(LAYOUT.filming, people=5, takes=4), root)


@pytest.mark.parametrize("version", [1, 2, 3])
def test_everything_comes_back(
    make_takes, write_layout, samples_of, check_truth, topics, tmp_path: Path, version: int
) -> None:
    layout = SammLvLayout(version=version)
    takes = make_takes(layout.filming, people=5, takes=4)
    begun = replace(takes[2].expressions[1], onset=0, apex=1, offset=3)
    takes[2] = replace(takes[2], expressions=(begun, takes[2].expressions[0]))
    shots = write_layout(layout, takes, tmp_path)
    data = SAMM_LV(tmp_path)
    told, films = samples_of(data), {f.key: f for f in data.footage}
    assert len(films) == len(shots) == 20
    assert len(told) == 40
    under_way = []
    for n, shot in enumerate(shots):
        for event in shot.take.expressions:
            name = f"{shot.clip}_1{'' if event.kind == 'micro' else '-macro'}"
            sample = told["", shot.subject, name]
            expected = event if event.kind == "micro" else replace(event, emotion=None)
            if event.kind == "macro" and n in (2, 5, 17):
                check_truth(replace(sample, onset_number=None), expected, shot, "apex", "offset")
                assert sample.onset_number == 0
                under_way.append(("note", "under-way", shot.subject, name))
            else:
                check_truth(sample, expected, shot, "onset", "apex", "offset")
            assert (sample.objective is None) == (event.kind == "macro")
            paths = [path.relative_to(tmp_path).as_posix() for path in films[sample.footage].paths]
            assert paths == list(shot.pictures[0].paths)
    assert len(under_way) == 3
    assert topics(data, "duration-differs") == under_way
    assert set(data.sheets) == {f"SAMM_LongVideos_V{version}_Release.xlsx", "SAMM_Micro_FACS_Codes_v2.xlsx"}


def test_without_samms_own_workbook(copy, topics) -> None:
    root, _ = copy
    before = SAMM_LV(root)
    (root / "SAMM_Micro_FACS_Codes_v2.xlsx").unlink()
    data = SAMM_LV(root)
    assert [s.key for s in data.samples] == [s.key for s in before.samples]
    assert {s.emotion for s in data.samples} == {None}
    assert topics(data, "under-way", "duration-differs") == [("note", "no-emotions", "", "")]
    (root / BOOK).unlink()
    with pytest.raises(InputError, match="the workbook of SAMM Long Videos is not there"):
        SAMM_LV(root)


@pytest.mark.parametrize("level", ["SAMM_longvideos", ".."])
def test_root_at_any_level(copy, level: str) -> None:
    root, _ = copy
    assert SAMM_LV(root / level).samples == SAMM_LV(root).samples


def test_faults(copy, edit_sheet, topics) -> None:
    root, shots = copy
    before = SAMM_LV(root)

    def spoil(sheet) -> None:
        sheet.cell(11, 8).value = "Blink"
        sheet.cell(12, 4).value = "x"
        sheet.cell(13, 4).value = 0
        sheet.cell(14, 2).value = None
        sheet.append([cell.value for cell in sheet[15]])

    assert [row.kind for row in before.samples[:4]] == ["micro", "macro", "micro", "macro"]
    edit_sheet(root / BOOK, spoil)
    (root / shots[4].pictures[0].paths[16]).unlink()
    (root / "SAMM_longvideos" / shots[6].clip).rename(root / "SAMM_longvideos" / "099_1")
    data = SAMM_LV(root)
    names = [s.clip for s in before.samples]
    lost = [f"{shots[6].clip}_1", f"{shots[6].clip}_1-macro"]
    assert [s.clip for s in data.samples] == [n for n in names[1:3] + names[4:] if n not in lost]
    assert sorted(topics(data, "under-way", "duration-differs")) == sorted(
        [
            ("broken", "unknown-type", shots[0].subject, names[0]),
            ("broken", "frame-cell", shots[0].subject, names[1]),
            ("broken", "no-onset", shots[1].subject, names[2]),
            ("broken", "row-without-name", "", ""),
            ("repaired", "duplicated-clip", shots[2].subject, names[4]),
            ("broken", "missing-frames", shots[4].subject, shots[4].clip),
            ("broken", "no-folder", shots[6].subject, lost[0]),
            ("broken", "no-folder", shots[6].subject, lost[1]),
            ("note", "unlabelled-folder", "099", "099_1"),
        ]
    )


def test_micro_expression_that_samm_does_not_know(copy, edit_sheet, topics) -> None:
    root, shots = copy
    edit_sheet(root / "SAMM_Micro_FACS_Codes_v2.xlsx", lambda sheet: sheet.delete_rows(15))
    data = SAMM_LV(root)
    assert ("note", "no-emotion", shots[0].subject, f"{shots[0].clip}_1") in topics(data)
    assert [s.emotion for s in data.samples if s.kind == "micro"].count(None) == 1


def test_column_missing(copy, edit_sheet) -> None:
    root, _ = copy
    edit_sheet(root / BOOK, lambda sheet: sheet.delete_cols(8))
    with pytest.raises(InputError, match=f"{BOOK}, sheet 'Sheet1': .* needs the column Type"):
        SAMM_LV(root)
