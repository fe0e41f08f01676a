"""DFME: a workbook a split, one camera a performance, frames from 0."""

from __future__ import annotations

import runpy
from pathlib import Path
from types import SimpleNamespace

import pandas as pd

from mien.datasets.dfme import DfmeLayout
from mien.labels import normalise_emotion

b = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("builders_b.py"))))

PEOPLE = {"training": 176, "testA": 42, "testB": 41}
BOOKS = "full_release_annotation/{}_full_with_AU.xlsx"


def takes(people: int = 3, cameras: tuple[int, ...] = (0, 1, 2)) -> list:
    layout = DfmeLayout()
    return [
        b.take(layout, who, n, b.expression(0, 3, 9, "contempt" if n == 1 else "fear", "L14 4"), stream=s)
        for who in range(1, people + 1)
        for n in (1, 2)
        for s in cameras
    ]


def sheets(root: Path) -> dict[str, pd.DataFrame]:
    return {split: b.rows(root / BOOKS.format(split), "Sheet1") for split in ("training", "testA", "testB")}


def test_contract(tmp_path: Path) -> None:
    b.check_contract(DfmeLayout(), takes(), tmp_path)
    b.check_refusals(DfmeLayout(), takes()[0])


def test_three_people_fill_three_splits(tmp_path: Path) -> None:
    shots = b.write(DfmeLayout(), takes(), tmp_path)
    assert [shot.clip for shot in shots] == [f"sub000{p}_0{n}" for p in (1, 2, 3) for n in (1, 2)]
    tables = sheets(tmp_path)
    header = [
        "Subject",
        "Filename",
        "OnsetFrame",
        "ApexFrame",
        "OffsetFrame",
        "Emotion",
        "EmotionId",
        "Fps",
        "AU",
    ]
    for split, folder, who, fps in (
        ("training", "train_data", 1, "300"),
        ("testA", "test_data_A", 2, "200"),
        ("testB", "test_data_B", 3, "500"),
    ):
        assert list(tables[split].columns) == header
        assert tables[split].values.tolist() == [
            [f"sub000{who}", f"sub000{who}_01", "0", "3", "9", "contempt", "1", fps, "4+L14"],
            [f"sub000{who}", f"sub000{who}_02", "0", "3", "9", "fear", "3", fps, "4+L14"],
        ]
        names = sorted(p.name for p in (tmp_path / folder / f"sub000{who}_01").iterdir())
        assert names == [f"{n:05d}.png" for n in range(10)]
        assert b.shows(tmp_path / folder / f"sub000{who}_01" / "00003.png", b.shade(3, who))
        assert normalise_emotion(tables[split].EmotionId[1], "dfme") == "fear"


def test_every_camera_comes_up_and_a_single_one_is_taken_as_it_is() -> None:
    fps = [shot.take.fps for shot in DfmeLayout().plan(takes(people=30))]
    assert len(fps) == 60
    assert {rate: fps.count(rate) for rate in (200, 300, 500)} == {200: 20, 300: 20, 500: 20}
    assert {s.take.fps for s in DfmeLayout().plan(takes(people=6, cameras=(2,)))} == {200}


def test_the_whole_set_is_divided_as_published(tmp_path: Path) -> None:
    layout = DfmeLayout()
    shots = layout.plan(takes(people=259, cameras=(2,)))
    people = {split: {s.subject for s in shots if s.more["split"] == split} for split in PEOPLE}
    assert {split: len(found) for split, found in people.items()} == PEOPLE
    assert len(set.union(*people.values())) == 259


def test_a_split_without_clips_still_has_its_workbook(tmp_path: Path) -> None:
    layout = DfmeLayout()
    layout.annotate(layout.plan(takes(people=1)), tmp_path)
    tables = sheets(tmp_path)
    assert [len(tables[split]) for split in PEOPLE] == [2, 0, 0]
