"""MUG: takes of an emotion, doubled and session levels."""

from __future__ import annotations

import runpy
from pathlib import Path
from types import SimpleNamespace

from mien.datasets.mug import MugLayout

b = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("builders_b.py"))))

WORDS = ("anger", "neutral", "anger")


def test_contract(tmp_path: Path) -> None:
    layout = MugLayout()
    takes = b.poses(layout, 3, WORDS)
    b.check_contract(layout, takes, tmp_path)
    b.check_refusals(layout, takes[0])


def test_tree_with_its_odd_levels(tmp_path: Path) -> None:
    layout = MugLayout()
    b.write(layout, b.poses(layout, 4, WORDS), tmp_path)
    expected = {
        f"subjects3/{who}/{clip}/img_{n:04d}.jpg"
        for who in ("001", "002/002", "003/session0", "004")
        for clip in ("anger/take000", "anger/take001", "neutral/take000")
        for n in range(10)  # there and back
    }
    assert set(b.files(tmp_path)) == expected


def test_pictures(tmp_path: Path) -> None:
    layout = MugLayout()
    b.write(layout, b.poses(layout, 1, WORDS), tmp_path)
    path = tmp_path / "subjects3/001/anger/take001/img_0009.jpg"
    assert b.read(path).shape == (b.HEIGHT, b.WIDTH, 3)
    assert b.shows(path, b.shade(9, 1))


def test_levels_come_back_every_ten_people() -> None:
    layout = MugLayout()
    shots = layout.plan(b.poses(layout, 52, ("fear",)))
    paths = {shot.subject: shot.pictures[0].paths[0] for shot in shots}
    assert paths["042"] == "subjects3/042/042/fear/take000/img_0000.jpg"
    assert paths["043"] == "subjects3/043/session0/fear/take000/img_0000.jpg"
    assert paths["044"] == "subjects3/044/fear/take000/img_0000.jpg"
    assert sum("session0" in path for path in paths.values()) == 5
