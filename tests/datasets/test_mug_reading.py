"""MUG read back: takes at any depth, neutral ones, copies with something wrong."""

from __future__ import annotations

import runpy
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from mien.datasets.mug import MugLayout, read_mug
from mien.errors import InputError

b = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("builders_b.py"))))
r = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("reading_b.py"))))

LAYOUT = MugLayout()
WORDS = ("anger", "neutral", "anger")


@pytest.fixture
def copy(tmp_path: Path) -> tuple[Path, tuple]:
    """Four people: the second's folder is doubled, the third has a session."""
    root = tmp_path / "MUG"
    return root, b.write(LAYOUT, b.poses(LAYOUT, 4, WORDS), root)


@pytest.mark.parametrize("level", ["..", "", "subjects3"])
def test_everything_comes_back(copy, level: str) -> None:
    root, shots = copy
    data = read_mug(root / level)
    samples, films = r.by_name(data), r.footage(data)
    assert len(samples) == len(films) == len(shots) == 12
    assert data.problems == ()
    for shot in shots:
        moves = bool(shot.take.expressions)
        emotion = shot.take.expressions[0].emotion if moves else "neutral"
        session = "session0_" if shot.subject == "003" else ""
        sample = samples[f"mug/{shot.subject}", f"{session}{emotion}_{shot.clip}"]
        assert [p.resolve() for p in films[sample.footage].paths] == [
            (root / p).resolve() for p in shot.pictures[0].paths
        ]
        assert (sample.emotion, sample.kind) == (emotion, "macro" if moves else None)
        assert (sample.onset, sample.apex, sample.offset) == (0 if moves else None, None, None)
        assert (sample.fps, sample.units) == (19, "")


def test_takes_of_two_sessions_stay_apart(copy) -> None:
    root, _ = copy
    shutil.copytree(root / "subjects3/003/session0", root / "subjects3/003/session1")
    data = read_mug(root)
    assert len(r.by_name(data)) == 15
    assert data.problems == ()


def test_pictures_right_in_the_folder_of_the_emotion(copy) -> None:
    root, _ = copy
    take = root / "subjects3/001/neutral/take000"
    for path in take.iterdir():
        path.rename(take.parent / path.name)
    take.rmdir()
    data = read_mug(root)
    assert r.by_name(data)["mug/001", "neutral"].emotion == "neutral"
    assert len(data.samples) == 12


def test_a_person_has_the_doubled_and_the_plain_level(copy) -> None:
    root, _ = copy
    shutil.copytree(root / "subjects3/002/002", root / "subjects3/002", dirs_exist_ok=True)
    data = read_mug(root)
    assert len(data.samples) == 12
    assert {p[1:3] for p in r.told(data)} == {("duplicated-folder", "mug/002")}


class TestFaults:
    def test_missing_frames_and_empty_folders(self, copy) -> None:
        root, shots = copy
        (root / shots[0].pictures[0].paths[4]).unlink()
        (root / shots[3].pictures[0].paths[0]).unlink()
        for path in shots[6].pictures[0].paths:
            (root / path).unlink()
        data = read_mug(root)
        assert len(data.samples) == 11
        assert r.told(data) == [
            ("broken", "empty-folder", "mug/003", "session0_anger_take000"),
            ("broken", "missing-frames", "mug/001", "anger_take000"),
            ("broken", "missing-frames", "mug/002", "anger_take000"),
        ]
        assert r.by_name(data)["mug/002", "anger_take000"].onset is None

    def test_folders_that_are_no_emotion(self, copy) -> None:
        root, _ = copy
        person = root / "subjects3/001"
        (person / "anger").rename(person / "yawn")
        (person / "neutral/take000").rename(person / "take000")
        data = read_mug(root)
        assert [(s.emotion, s.reported) for s in data.samples if s.subject == "mug/001"] == [
            (None, "yawn")
        ] * 2
        assert r.told(data) == [
            ("broken", "odd-folder", "mug/001", "take000"),
            ("broken", "unknown-emotion", "mug/001", "yawn_take000"),
            ("broken", "unknown-emotion", "mug/001", "yawn_take001"),
        ]

    def test_no_people(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="pictures of MUG"):
            read_mug(tmp_path)
