from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from openpyxl import load_workbook

from mien.datasets import SMIC_E
from mien.datasets.smic import clip_name
from mien.datasets.smic_e_long import SmicELongLayout
from mien.errors import InputError
from mien.records import Expression

LAYOUT = SmicELongLayout()
BOOK = "HS_long/SMIC-HS-E_annotation_2019.xlsx"
EVENTS = [(2, 4, 6, "negative"), (10, 12, 15, "negative"), (20, 22, 27, "negative"), (30, 32, 36, "positive")]


@pytest.fixture
def copy(make_takes, write_layout, tmp_path: Path):
    """A copy whose first recording, with either camera, holds four expressions of two classes."""
    takes = make_takes(LAYOUT.filming, people=4, takes=3)
    for n in (0, 1):
        units = takes[n].expressions[0].units
        events = tuple(Expression(a, b, c, "micro", e, units) for a, b, c, e in EVENTS)
        takes[n] = replace(takes[n], n_frames=60, expressions=events)
    return tmp_path / "long" / "SMIC", write_layout(LAYOUT, takes, tmp_path / "long" / "SMIC")


def test_everything_comes_back(copy, samples_of, check_truth, topics) -> None:
    root, shots = copy
    data = SMIC_E(root)
    told, films = samples_of(data), {f.key: f for f in data.footage}
    assert len(films) == len(shots)
    assert len(told) == sum(len(shot.take.expressions) for shot in shots) == len(shots) + 6
    for shot in shots:
        for count, event in enumerate(shot.take.expressions, start=1):
            name = clip_name(shot.clip) + (f"-{count}" if count > 1 else "")
            sample = told[shot.take.stream.key, f"s{int(shot.subject):02d}", name]
            check_truth(sample, event, shot, "onset", "offset")
            paths = [path.relative_to(root).as_posix() for path in films[sample.footage].paths]
            assert paths == list(shot.pictures[0].paths)
    assert set(topics(data)) == {("note", "remarks", "", "")}
    assert set(data.sheets) == {"SMIC-HS-E_annotation_2019.xlsx"}


def test_root_at_any_level(copy) -> None:
    root, shots = copy
    n = {c: sum(len(s.take.expressions) for s in shots if s.take.stream.key == c) for c in ("HS", "VIS")}
    for level in ("HS_long", "HS_long/SMIC-HS-E"):
        assert len(SMIC_E(root / level).samples) == n["HS"]
    for level in ("VIS_long", "VIS_long/SMIC-VIS-E"):
        assert len(SMIC_E(root / level).samples) == n["VIS"]
    assert len(SMIC_E(root.parent).samples) == n["HS"] + n["VIS"]
    assert len(SMIC_E(root, cameras=["VIS"]).samples) == n["VIS"]


def test_older_workbook_without_a_third(copy, edit_sheet) -> None:
    root, _ = copy
    edit_sheet(root / BOOK, lambda sheet: (sheet.delete_cols(15), sheet.delete_cols(8, 2)), "HS")
    data = SMIC_E(root, cameras=["HS"])
    assert not [p for p in data.problems if p.severity == "broken"]
    assert max(int(s.clip[-1]) for s in data.samples if "-" in s.clip) == 3


def test_recordings_that_were_never_released(copy, edit_sheet, topics) -> None:
    root, _ = copy

    def add(sheet) -> None:
        sheet.insert_rows(2, 2)
        for row, name in ((2, "s3_ne_03"), (3, "s3_ne_77")):
            for column, value in ((1, 3), (2, name), (4, 100), (5, 120), (11, "no video"), (17, "negative")):
                sheet.cell(row, column).value = value

    before = SMIC_E(root).samples
    edit_sheet(root / BOOK, add, "HS")
    data = SMIC_E(root)
    assert data.samples == before
    assert topics(data, "remarks") == [
        ("note", "not-released", "s03", "s03_ne_03"),
        ("broken", "no-folder", "s03", "s03_ne_77"),
    ]


def test_files_that_count_from_1(copy, samples_of, topics) -> None:
    root, shots = copy
    shot = shots[-1]
    before = SMIC_E(root)
    folder = root / Path(shot.pictures[0].paths[0]).parent
    for n, file in enumerate(sorted(folder.iterdir()), start=1):
        file.rename(folder / f"image{n:06d}.jpg")
    data = SMIC_E(root)
    assert data.samples == before.samples
    assert topics(data, "remarks") == [
        ("repaired", "renumbered", f"s{int(shot.subject):02d}", clip_name(shot.clip))
    ]


def test_faults(copy, edit_sheet, topics) -> None:
    root, _ = copy
    before = SMIC_E(root, cameras=["HS"])

    def spoil(sheet) -> None:
        sheet["D4"], sheet["E5"], sheet["Q6"] = "/", "late", "comtempt"
        sheet.append([cell.value for cell in sheet[7]])

    edit_sheet(root / BOOK, spoil, "HS")
    data = SMIC_E(root, cameras=["HS"])
    assert [s.key for s in data.samples] == [s.key for s in before.samples]
    assert [p[:2] for p in topics(data, "remarks")] == [
        ("broken", "no-onset"),
        ("broken", "frame-cell"),
        ("repaired", "odd-spelling"),
        ("repaired", "duplicated-clip"),
    ]
    assert all(p[2] and p[3] for p in topics(data, "remarks"))


def test_missing_frames(copy, topics) -> None:
    root, shots = copy
    one, two = (s for s in shots if s.subject == "2" and s.take.key[-5:] in ("01-HS", "02-HS"))
    for shot, frame in ((one, -1), (two, 1)):
        (root / shot.pictures[0].paths[frame]).unlink()
    assert topics(SMIC_E(root), "remarks") == [
        ("broken", "missing-frames", "s02", clip_name(s.clip))
        for s in sorted((one, two), key=lambda s: s.clip)
    ]


def test_camera_without_a_sheet(copy, topics) -> None:
    root, _ = copy
    book = load_workbook(root / BOOK)
    del book["VIS"]
    book.save(root / BOOK)
    data = SMIC_E(root)
    assert {s.part for s in data.samples} == {"HS"}
    assert {f.part for f in data.footage} == {"HS", "VIS"}
    assert topics(data, "remarks") == [("broken", "no-annotation", "", "")]
    with pytest.raises(InputError, match=r"the annotation of SMIC-E \(VIS\) is not there"):
        SMIC_E(root, cameras=["VIS"])


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Point to the folder that holds HS_long"):
        SMIC_E(tmp_path)
