"""JAFFE read back: names are all it has."""

from __future__ import annotations

import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest

from mien.datasets.jaffe import JaffeLayout, read_jaffe
from mien.datasets.reading import count
from mien.errors import InputError

b = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("builders_b.py"))))
r = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("reading_b.py"))))

LAYOUT = JaffeLayout()
WORDS = tuple(LAYOUT.filming.emotions)


@pytest.fixture
def copy(tmp_path: Path) -> tuple[Path, tuple]:
    return tmp_path, b.write(LAYOUT, b.poses(LAYOUT, 3, WORDS * 2), tmp_path)


def test_everything_comes_back(copy) -> None:
    root, shots = copy
    data = read_jaffe(root)
    samples, films = r.by_name(data), r.footage(data)
    assert len(samples) == len(films) == len(shots) == 42
    assert data.problems == ()
    for shot in shots:
        sample = samples[f"jaffe/{shot.subject}", shot.clip]
        assert [p.relative_to(root).as_posix() for p in films[sample.footage].paths] == list(
            shot.pictures[0].paths
        )
        moves = bool(shot.take.expressions)
        assert sample.emotion == (shot.take.expressions[0].emotion if moves else "neutral")
        assert sample.kind == ("macro" if moves else None)
        assert (sample.onset, sample.apex, sample.offset) == (None, 0 if moves else None, None)
        assert (sample.onset_number, sample.apex_number, sample.fps) == (None, None, None)


@pytest.mark.parametrize(("inside", "level"), [("jaffe/pictures", ""), ("jaffe/pictures", "jaffe"), ("", "")])
def test_pictures_below_the_root(tmp_path: Path, inside: str, level: str) -> None:
    b.write(LAYOUT, b.poses(LAYOUT, 1, WORDS), tmp_path / inside)
    (tmp_path / "readme.txt").write_text("x")
    data = read_jaffe(tmp_path / level)
    assert len(data.samples) == 7
    assert data.problems == ()


def test_another_format_and_case(copy) -> None:
    root, _ = copy
    before = read_jaffe(root)
    for path in list(root.iterdir()):
        path.rename(path.with_name(f"{path.stem.lower()}.png"))
    assert read_jaffe(root).samples == before.samples


def test_published_counts(copy) -> None:
    data = read_jaffe(copy[0])
    assert all(count(data, what) <= n for what, n in data.published.items())
    assert sum(n for what, n in data.published.items() if "emotion" in what) == 213


class TestFaults:
    def test_names_that_cannot_be_read(self, copy) -> None:
        root, shots = copy
        first, second, third = ((root / shots[n].pictures[0].paths[0]) for n in (0, 1, 2))
        first.rename(root / "KA.AN1.tiff")
        second.rename(root / "photo 1.tiff")
        third.rename(root / "KA.XX1.26.tiff")
        data = read_jaffe(root)
        assert len(data.samples) == 40
        assert r.by_name(data)["jaffe/KA", "KA.XX1.26"].emotion is None
        assert r.told(data) == [
            ("broken", "picture-name", "jaffe/KA", "KA.AN1"),
            ("broken", "picture-name", "", "photo 1"),
            ("broken", "unknown-emotion", "jaffe/KA", "KA.XX1.26"),
        ]

    def test_the_same_picture_twice_and_an_empty_one(self, copy) -> None:
        root, shots = copy
        first, second = ((root / shots[n].pictures[0].paths[0]) for n in (0, 1))
        first.with_suffix(".png").write_bytes(first.read_bytes())
        second.write_bytes(b"")
        data = read_jaffe(root)
        assert len(data.samples) == 42
        assert r.told(data) == [
            ("note", "duplicated-folder", "jaffe/KA", shots[0].clip),
            ("broken", "unreadable-frames", "jaffe/KA", shots[1].clip),
        ]

    def test_no_pictures(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="no pictures of JAFFE"):
            read_jaffe(tmp_path)
