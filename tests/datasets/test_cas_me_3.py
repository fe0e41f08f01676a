"""CAS(ME)^3: two parts, colour and depth, six workbooks, and their quirks."""

from __future__ import annotations

import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from mien.datasets.cas_me_3 import CasMe3Layout
from mien.errors import InputError
from mien.labels import normalise_emotion, objective_class, parse_action_units

b = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("builders_b.py"))))

A, C = Path("part_A/annotation"), Path("part_C")
V1, V2 = (A / f"cas(me)3_part_A_ME_label_JpgIndex_v{n}.xlsx" for n in (1, 2))
ALL = A / "CAS(ME)3_part_A_v2.xls"
MACRO = A / "cas(me)3_part_A_MaE_label_JpgIndex_v2_emotion.xlsx"
WRONG = A / "CAS(ME)3_part_A_wrongly_labeled_me_in_V1.xlsx"


def recording(who: int, number: int, emotion: str = "happiness") -> object:
    return b.take(
        CasMe3Layout(),
        who,
        number,
        b.expression(3, 5, 8, emotion, "4 7"),
        b.expression(12, 16, 24, "sadness", "15", kind="macro"),
        n=28,
        blinks=((9, 11), (25, 26)),
    )


def collection(people: int = 3, each: int = 2, emotion: str = "happiness") -> list:
    return [recording(who, n, emotion) for who in range(1, people + 1) for n in range(1, each + 1)]


def annotated(takes: list, root: Path) -> tuple:
    layout = CasMe3Layout()
    shots = layout.plan(takes)
    layout.annotate(shots, root)
    return shots


def test_contract(tmp_path: Path) -> None:
    b.check_contract(CasMe3Layout(), collection(), tmp_path)
    b.check_refusals(CasMe3Layout(), recording(1, 1))


def test_tree_has_both_parts(tmp_path: Path) -> None:
    b.write(CasMe3Layout(), collection(), tmp_path)
    folders = {Path(name).parent.as_posix() for name in b.files(tmp_path)}
    assert folders == {
        *("part_A/annotation", "part_C"),
        *(
            f"part_A/data/part_A/{who}/{video}/{view}"
            for who in ("spNO.1", "spNO.2")
            for video in "ab"
            for view in ("color", "depth")
        ),
        *("part_C/data/01/color", "part_C/data/01/depth", "part_C/ME_C/01/1/color"),
    }
    assert {name for name in b.files(tmp_path) if name.endswith(("xls", "xlsx"))} == {
        *(str(path) for path in (V1, V2, ALL, MACRO, WRONG)),
        *("part_C/CAS(ME)3_part_C_ME.xlsx", "part_C/CAS(ME)3_part_C.xls"),
    }


def test_colour_depth_and_numbers_belong_together(tmp_path: Path) -> None:
    shots = b.write(CasMe3Layout(), collection(people=1), tmp_path)
    row = b.rows(tmp_path / V2, "label").iloc[0]
    video = tmp_path / "part_A/data/part_A" / row.Subject / row.Filename
    assert b.shows(video / "color" / f"{row.Onset}.jpg", b.shade(3, 1))
    depth = b.read(video / "depth" / f"{row.Onset}.png")
    assert depth.dtype == np.uint16
    assert (depth == 803).all()
    for shot in shots:
        colour, depths = shot.pictures
        assert (colour.view, depths.view) == ("full", "depth")
        assert colour.frames == depths.frames


def test_micro_workbook(tmp_path: Path) -> None:
    annotated(collection(), tmp_path)
    sheet = b.rows(tmp_path / V2, "label")
    header = ["Subject", "Filename", "Onset", "Apex", "Offset", "AU", "Objective class", "emotion"]
    assert list(sheet.columns) == header
    truth = ["4", "6", "9", "4+7", objective_class([4, 7]), "happy"]
    assert sheet.iloc[:3].values.tolist() == [
        ["spNO.1", "a", *truth],
        ["spNO.1", "b", *truth],
        ["spNO.2", "a", *truth],
    ]
    assert sheet.Filename.iloc[3] == "B"  # no j here: the last row has the capital


def test_workbook_of_everything(tmp_path: Path) -> None:
    annotated(collection(), tmp_path)
    book = pd.read_excel(tmp_path / ALL, sheet_name=None, dtype=str)
    assert list(book) == ["AU+Emotion", "eye blink"]
    sheet = book["AU+Emotion"]
    assert list(sheet.columns) == [
        *("Subject", "Filename", "Onset", "Apex", "Offset", "AU", "Expression type", "Objective class")
    ]
    assert sheet.iloc[0].tolist() == ["spNO.1", "a", "4", "6", "9", "4+7", "Micro-expression", "III"]
    assert sheet.iloc[1].tolist() == ["spNO.1", "a", "13", "17", "25", "15", "Macro-expression", "V"]
    assert len(sheet) == 8
    assert book["eye blink"].iloc[:3].values.tolist() == [
        ["spNO.1", "a", "10", "12"],
        ["spNO.1", "a", "26", "27"],
        ["spNO.1", "b", "10", "12"],
    ]
    macro = b.rows(tmp_path / MACRO)
    assert list(macro.columns) == ["sub", "seq", "onset", "apex", "offset", "emotion"]
    assert macro.iloc[0].tolist() == ["spNO.1", "a", "13", "17", "25", "sad"]
    assert len(macro) == 4


def test_part_c(tmp_path: Path) -> None:
    shots = b.write(CasMe3Layout(), collection(people=6), tmp_path)
    assert [s.subject for s in shots if s.more["part"] == "C"] == ["01", "02"]
    sheet = b.rows(tmp_path / C / "CAS(ME)3_part_C_ME.xlsx")
    assert list(sheet.columns) == ["sub", "count", "onset", "offset", "au", "emotion"]
    assert [row[:4] for row in sheet.values.tolist()] == [["1", "1", "4", "9"], ["2", "1", "4", "9"]]
    assert set(sheet.emotion) == {"positive"}
    intervals = b.rows(tmp_path / C / "CAS(ME)3_part_C.xls")
    assert intervals.iloc[:2].values.tolist() == [
        ["1", "4", "9", "micro-expression"],
        ["1", "13", "25", "macro-expression"],
    ]
    clip = tmp_path / "part_C/ME_C/02/1/color"
    assert {"4.jpg", "6.jpg", "9.jpg"} <= {p.name for p in clip.iterdir()}
    assert {int(p.stem) for p in clip.iterdir()} <= set(range(4, 10))
    whole = tmp_path / "part_C/data/02/color"
    assert all((whole / p.name).read_bytes() == p.read_bytes() for p in clip.iterdir())


def test_parts_share_nobody_and_are_as_large_as_the_real_ones() -> None:
    shots = CasMe3Layout().plan(collection(people=131, each=1))
    parts = {
        part: {(s.subject, s.take.person.number) for s in shots if s.more["part"] == part} for part in "AC"
    }
    assert {part: len(found) for part, found in parts.items()} == {"A": 100, "C": 31}
    assert len({who for found in parts.values() for _, who in found}) == 131
    subjects = {subject for subject, _ in parts["A"]}
    assert len(subjects) == 100
    assert {"spNO.1", "spNO.40", "spNO.149", "spNO.214", "spNO.216"} <= subjects
    assert {subject for subject, _ in parts["C"]} == {f"{n:02d}" for n in range(1, 32)}


def test_numbers_that_are_wrong_on_purpose_are_rare(tmp_path: Path) -> None:
    annotated(collection(people=60, each=8), tmp_path)
    sheet = b.rows(tmp_path / V2, "label")
    frames = list(zip(sheet.Onset, sheet.Apex, sheet.Offset, strict=True))
    no_offset, on_onset = frames.count(("4", "6", "0")), frames.count(("4", "4", "9"))
    assert 1 <= no_offset <= 25
    assert 10 <= on_onset <= 50
    assert frames.count(("4", "6", "9")) == len(frames) - no_offset - on_onset
    everything = b.rows(tmp_path / ALL, "AU+Emotion")
    micro = everything[everything["Expression type"] == "Micro-expression"]
    assert list(zip(micro.Onset, micro.Apex, micro.Offset, strict=True)) == frames
    macro = everything[everything["Expression type"] == "Macro-expression"]
    assert set(zip(macro.Onset, macro.Apex, macro.Offset, strict=True)) == {("13", "17", "25")}


def test_spellings(tmp_path: Path) -> None:
    annotated(collection(people=60, each=11, emotion="others"), tmp_path)
    sheet = b.rows(tmp_path / V2, "label")
    assert set(sheet.emotion) == {"others", "Others"}
    assert 5 <= (sheet.emotion == "Others").sum() <= 60
    assert {normalise_emotion(word) for word in sheet.emotion} == {"others"}
    capitals = [name for name in sheet.Filename if name.isupper()]
    assert capitals == ["J"]
    assert set(sheet.Filename.str.lower()) == set("abcdefghijk")


def test_version_1_has_the_wrong_ones_and_the_list_says_which(tmp_path: Path) -> None:
    annotated(collection(people=20, each=5), tmp_path)
    first, second = b.rows(tmp_path / V1, "label"), b.rows(tmp_path / V2, "label")
    wrong = b.rows(tmp_path / WRONG, header=None)
    assert 2 <= len(wrong) <= 20
    assert len(first) == len(second) + len(wrong)
    assert {tuple(row) for row in wrong.values.tolist()} <= {tuple(row) for row in first.values.tolist()}
    assert {tuple(row[2:5]) for row in wrong.values.tolist()} == {("10", "11", "12")}  # blinks
    assert not ((second.Onset == "10") & (second.Offset == "12")).any()


def test_lost_pictures_are_never_the_important_ones() -> None:
    shots = CasMe3Layout().plan(collection(people=20, each=5))
    lost = [set(range(28)) - set(shot.pictures[0].frames) for shot in shots]
    assert 5 <= sum(map(bool, lost)) <= 35
    assert {len(gone) for gone in lost} == {0, 1, 2}
    assert not set.union(*lost) & {0, 3, 5, 8, 12, 16, 24, 27}
    assert set.union(*lost) & {4, 6, 7, 13, 14, 15}  # within expressions too


def test_chinese_comma_in_part_c(tmp_path: Path) -> None:
    annotated(collection(people=122, each=1), tmp_path)
    strings = list(b.rows(tmp_path / C / "CAS(ME)3_part_C_ME.xlsx").au)
    assert len(strings) == 31
    assert set(strings) == {"4,7", "4，7"}
    assert 1 <= strings.count("4，7") <= 9
    assert [t.au for t in parse_action_units(strings[0].replace("，", ","))] == [4, 7]


def test_refusals() -> None:
    with pytest.raises(InputError, match="13 videos"):
        CasMe3Layout().plan([recording(1, 14)])
    with pytest.raises(InputError, match="repression"):
        CasMe3Layout().plan([recording(1, 1, "repression")])


def test_one_part_alone_writes_only_its_workbooks(tmp_path: Path) -> None:
    annotated(collection(people=1), tmp_path)
    assert (tmp_path / V2).is_file()
    assert not (tmp_path / C).exists()
