from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from mien.datasets.samm_lv import SammLvLayout
from mien.errors import InputError
from mien.labels import normalise_emotion

LAYOUT = SammLvLayout()
BOOK = "SAMM_LongVideos_V3_Release.xlsx"
COLUMNS = [
    *("Subject", "Filename", "Inducement Code", "Onset", "Apex", "Offset", "Duration", "Type"),
    *("Action Units", "Notes"),
]


def read(root: Path) -> pd.DataFrame:
    return pd.read_excel(root / BOOK, header=None, names=COLUMNS, skiprows=10, dtype=str)


def test_tree_and_names(make_takes, write_layout, all_files, tmp_path: Path) -> None:
    shots = write_layout(LAYOUT, make_takes(LAYOUT.filming), tmp_path)
    assert [shot.clip for shot in shots] == ["006_1", "006_2", "007_1", "007_2", "008_1", "008_2"]
    expected = {BOOK, "SAMM_Micro_FACS_Codes_v2.xlsx"} | {
        f"SAMM_longvideos/{shot.clip}/{shot.clip}_{1 + frame:04d}.jpg"
        for shot in shots
        for frame in range(shot.take.n_frames)
    }
    assert set(all_files(tmp_path)) == expected


def test_header_in_row_10(make_takes, tmp_path: Path, read_cells) -> None:
    LAYOUT.annotate(LAYOUT.plan(make_takes(LAYOUT.filming)), tmp_path)
    assert read_cells(tmp_path / BOOK)[9] == COLUMNS


def test_workbook_says_the_truth(make_takes, tmp_path: Path) -> None:
    shots = LAYOUT.plan(make_takes(LAYOUT.filming, people=2))
    LAYOUT.annotate(shots, tmp_path)
    told = {(row.Filename, row.Type): row for row in read(tmp_path).itertuples()}
    assert len(told) == 2 * len(shots)
    for shot in shots:
        micro, macro = shot.take.expressions
        for event, kind in ((micro, "Micro - 1/2"), (macro, "Macro")):
            row = told[f"{shot.clip}_1", kind]
            assert int(row.Subject) == int(shot.subject)
            assert (int(row.Onset), int(row.Apex), int(row.Offset)) == (
                *(event.onset + 1, event.apex + 1, event.offset + 1),
            )
            assert int(row.Duration) == event.offset - event.onset + 1


def test_emotion_is_found_in_the_other_workbook(make_takes, tmp_path: Path) -> None:
    shots = LAYOUT.plan(make_takes(LAYOUT.filming))
    LAYOUT.annotate(shots, tmp_path)
    table = read(tmp_path)
    assert not [name for name in table.columns if "Emotion" in name]
    codes = pd.read_excel(tmp_path / "SAMM_Micro_FACS_Codes_v2.xlsx", header=13, dtype=str)
    joined = table.merge(codes, left_on=["Filename", "Type"], right_on=["Filename", "Micro"], how="inner")
    assert len(joined) == len(shots)
    assert (joined["Onset"] == joined["Onset Frame"]).all()
    felt = dict(zip(joined["Filename"], joined["Estimated Emotion"], strict=True))
    for shot in shots:
        assert normalise_emotion(felt[f"{shot.clip}_1"]) == shot.take.expressions[0].emotion


def test_counters_by_type(make_takes, tmp_path: Path) -> None:
    (take,) = make_takes(LAYOUT.filming, people=1, takes=1)
    micro, macro = take.expressions
    later = [replace(event, onset=e, apex=e, offset=e) for event, e in ((macro, 16), (micro, 17))]
    LAYOUT.annotate(LAYOUT.plan([replace(take, expressions=(micro, macro, *later))]), tmp_path)
    assert read(tmp_path)[["Filename", "Type"]].to_numpy().tolist() == [
        ["006_1_1", "Micro - 1/2"],
        ["006_1_1", "Macro"],
        ["006_1_2", "Macro"],
        ["006_1_2", "Micro - 1/2"],
    ]


def test_expression_under_way_at_the_beginning_has_onset_0(make_takes, tmp_path: Path) -> None:
    (take,) = make_takes(LAYOUT.filming, people=1, takes=1)
    micro, macro = take.expressions
    begun = replace(macro, onset=0, apex=1, offset=3)
    LAYOUT.annotate(LAYOUT.plan([replace(take, expressions=(begun, micro))]), tmp_path)
    assert read(tmp_path)["Onset"].tolist() == ["0", str(micro.onset + 1)]


def test_quirks_by_position(make_takes, tmp_path: Path) -> None:
    shots = LAYOUT.plan(make_takes(LAYOUT.filming, people=5, takes=4))
    LAYOUT.annotate(shots, tmp_path)
    table = read(tmp_path)
    begun = table[table["Onset"] == "0"]
    assert begun["Filename"].tolist() == [f"{shots[n].clip}_1" for n in (5, 17)]
    assert set(begun["Type"]) == {"Macro"}
    doubtful = table[table["Action Units"].str.contains(" or ")]
    assert doubtful["Filename"].tolist() == [f"{shots[n].clip}_1" for n in (3, 8, 13, 18)]


def test_more_recordings_than_there_are_films(make_takes) -> None:
    assert len(LAYOUT.plan(make_takes(LAYOUT.filming, people=1, takes=7))) == 7
    with pytest.raises(InputError, match="ask for 7 at most"):
        LAYOUT.plan(make_takes(LAYOUT.filming, people=1, takes=8))


def test_versions(make_takes, tmp_path: Path) -> None:
    layout = SammLvLayout(version=2)
    layout.annotate(layout.plan(make_takes(LAYOUT.filming)), tmp_path)
    assert (tmp_path / "SAMM_LongVideos_V2_Release.xlsx").is_file()
    with pytest.raises(InputError, match="choose 1, 2 or 3"):
        SammLvLayout(version=4)  # type: ignore[arg-type]
