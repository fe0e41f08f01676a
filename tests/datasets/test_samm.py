from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.datasets.samm import SUBJECTS, SammLayout, doubtful_units
from mien.labels import action_unit_sets, normalise_emotion, objective_class, parse_action_units
from mien.records import UnitOnFace

LAYOUT = SammLayout()
BOOK = "SAMM_Micro_FACS_Codes_v2.xlsx"


def test_tree_and_names(make_takes, write_layout, all_files, tmp_path: Path) -> None:
    shots = write_layout(LAYOUT, make_takes(LAYOUT.filming), tmp_path)
    files = set(all_files(tmp_path))
    assert [shot.subject for shot in shots] == ["006", "006", "007", "007", "009", "009"]
    widths = set()
    for shot in shots:
        assert shot.clip.startswith(f"{shot.subject}_")
        for frame, path in zip(shot.pictures[0].frames, shot.pictures[0].paths, strict=True):
            assert path in files
            folder, name = path.rsplit("/", 1)
            assert folder == f"SAMM/{shot.subject}/{shot.clip}"
            subject, number = name.removesuffix(".jpg").split("_")
            assert subject == shot.subject
            assert int(number) == shot.first_number + frame
            widths.add(len(number))
    assert widths == {4, 5}
    assert len(files) == 1 + sum(shot.take.n_frames for shot in shots)
    picture = cv2.imread(str(tmp_path / shots[0].pictures[0].paths[0]), cv2.IMREAD_UNCHANGED)
    assert picture.ndim == 2


def test_subjects() -> None:
    assert len(SUBJECTS) == 29
    assert not {8, 27, 29} & set(SUBJECTS)


def test_header_in_row_14(make_takes, write_layout, tmp_path: Path, read_cells) -> None:
    shots = write_layout(LAYOUT, make_takes(LAYOUT.filming), tmp_path)
    rows = read_cells(tmp_path / BOOK, "MICRO_ONLY")
    assert rows[13] == [
        *("Subject", "Filename", "Inducement Code", "Onset Frame", "Apex Frame", "Offset Frame", "Duration"),
        *("Micro", "Action Units", "Estimated Emotion", "Objective Classes", "Notes"),
    ]
    assert len(rows) == 14 + len(shots)


def test_workbook_says_the_truth(make_takes, write_layout, tmp_path: Path) -> None:
    shots = write_layout(LAYOUT, make_takes(LAYOUT.filming), tmp_path)
    table = pd.read_excel(tmp_path / BOOK, header=13, dtype=str).set_index("Filename")
    assert sorted(table.index) == sorted(shot.clip for shot in shots)
    numerals = ["I", "II", "III", "IV", "V", "VI", "VII"]
    for shot in shots:
        (event,), row = shot.take.expressions, table.loc[shot.clip]
        assert row["Subject"] == shot.subject
        assert row["Inducement Code"] == shot.clip.split("_")[1]
        frames = [int(row[f"{name} Frame"]) for name in ("Onset", "Apex", "Offset")]
        assert frames == [shot.first_number + n for n in (event.onset, event.apex, event.offset)]
        assert int(row["Duration"]) == frames[2] - frames[0] + 1
        assert row["Micro"] == "Micro - 1/2"
        assert row["Estimated Emotion"][0].isupper()
        assert normalise_emotion(row["Estimated Emotion"]) == event.emotion
        label = objective_class(unit.au for unit in event.units)
        assert row["Objective Classes"] == str(1 + numerals.index(label))
        assert (row["Notes"] == "Blink") == bool(shot.take.blinks)
    assert {bool(shot.take.blinks) for shot in shots} == {True, False}


def test_blink_outside_the_movement_is_not_noted(make_takes, tmp_path: Path) -> None:
    (take,) = make_takes(LAYOUT.filming, people=1, takes=1)
    event = replace(take.expressions[0], onset=3, apex=4, offset=5)
    LAYOUT.annotate(
        LAYOUT.plan([replace(take, n_frames=9, expressions=(event,), blinks=((0, 2), (6, 7)))]), tmp_path
    )
    assert pd.read_excel(tmp_path / BOOK, header=13)["Notes"].isna().all()


def test_others_is_other(make_takes, tmp_path: Path) -> None:
    (take,) = make_takes(LAYOUT.filming, people=1, takes=1)
    event = replace(take.expressions[0], emotion="others")
    LAYOUT.annotate(LAYOUT.plan([replace(take, expressions=(event,))]), tmp_path)
    assert pd.read_excel(tmp_path / BOOK, header=13)["Estimated Emotion"].tolist() == ["Other"]


def test_quirks_by_position(make_takes) -> None:
    shots = LAYOUT.plan(make_takes(LAYOUT.filming, people=6, takes=10))
    assert {n: shot.more["quirk"] for n, shot in enumerate(shots) if shot.more["quirk"]} == {
        6: "or",
        14: "grade",
        22: "asymmetry",
        30: "letters",
        38: "?",
        54: "or",
    }


@pytest.mark.parametrize(
    ("doubt", "units", "text"),
    [
        ("", [UnitOnFace(12, "left")], "L12"),
        ("", [UnitOnFace(12, "right"), UnitOnFace(6, "right")], "R6+R12"),
        ("or", [UnitOnFace(14, "left")], "L14 or L12"),
        ("or", [UnitOnFace(6, "right"), UnitOnFace(15, "right")], "(R6 or R12)+R15"),
        ("grade", [UnitOnFace(10)], "10A/B"),
        ("asymmetry", [UnitOnFace(12, "left")], "A/L12"),
        ("asymmetry", [UnitOnFace(4)], "4"),
        ("letters", [UnitOnFace(12, "right", 0.3), UnitOnFace(4, "both", 1.0)], "4E+R12B"),
        ("?", [UnitOnFace(4)], "?"),
        ("", [], "?"),
    ],
)
def test_ways_to_write_units(doubt: str, units: list[UnitOnFace], text: str) -> None:
    assert doubtful_units(units, doubt) == text


@given(
    st.lists(
        st.sampled_from((1, 2, 4, 6, 7, 9, 10, 12, 14, 15, 17, 20, 24)), min_size=1, max_size=4, unique=True
    ),
    st.sampled_from(("", "or", "grade", "asymmetry", "letters")),
    st.sampled_from(("both", "left", "right")),
)
def test_the_truth_is_among_what_is_written(aus: list[int], doubt: str, side) -> None:
    text = doubtful_units([UnitOnFace(au, side, 0.5) for au in aus], doubt)
    tokens = parse_action_units(text)
    assert frozenset(aus) in action_unit_sets(tokens)
    assert all(token.side == side for token in tokens)
