"""Oulu-CASIA read back: cameras, lights, both kinds of pictures."""

from __future__ import annotations

import runpy
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from mien.datasets.oulu_casia import OuluCasiaLayout, read_oulu_casia
from mien.datasets.reading import count
from mien.errors import InputError

b = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("builders_b.py"))))
r = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("reading_b.py"))))

LAYOUT = OuluCasiaLayout()
WORDS = ("anger", "surprise")
PARTS = [stream.key for stream in LAYOUT.filming.streams]


@pytest.fixture
def copy(tmp_path: Path) -> tuple[Path, tuple]:
    takes = [take for stream in range(6) for take in b.poses(LAYOUT, 2, WORDS, stream)]
    return tmp_path, b.write(LAYOUT, takes, tmp_path)


@pytest.mark.parametrize(("pictures", "tree"), [("raw", 0), ("cropped", 1)])
def test_everything_comes_back(copy, pictures: str, tree: int) -> None:
    root, shots = copy
    data = read_oulu_casia(root, pictures=pictures)
    samples, films = {s.key: s for s in data.samples}, r.footage(data)
    assert len(samples) == len(films) == len(shots) == 24
    assert data.problems == ()
    for shot in shots:
        key = f"oulu-casia/{shot.subject}/{shot.take.stream.key}/{shot.clip}"
        sample, film = samples[key], films[key]
        assert sample.footage == key
        assert [p.relative_to(root).as_posix() for p in film.paths] == list(shot.pictures[tree].paths)
        assert sample.emotion == shot.take.expressions[0].emotion
        assert (sample.onset, sample.apex, sample.offset) == (0, shot.take.expressions[0].apex, None)
        assert (sample.onset_number, sample.apex_number, sample.units) == (None, None, "")
        assert (sample.kind, sample.fps, sample.part) == ("macro", 25.0, shot.take.stream.key)


@pytest.mark.parametrize(
    ("level", "parts"),
    [
        ("..", PARTS),
        ("OriginalImg", PARTS),
        ("OriginalImg/NI", PARTS[3:]),
        ("OriginalImg/VL/Weak", ["VL-Weak"]),
    ],
)
def test_root_at_any_level(tmp_path: Path, level: str, parts: list[str]) -> None:
    root = tmp_path / "Oulu"
    b.write(LAYOUT, [t for n in range(6) for t in b.poses(LAYOUT, 1, WORDS, n)], root)
    data = read_oulu_casia(root / level)
    assert {s.part for s in data.samples} == set(parts)
    assert len(data.samples) == 2 * len(parts)
    assert all("OriginalImg" in str(f.folder.resolve()) for f in data.footage)
    assert data.problems == ()


def test_the_copy_that_goes_round(copy) -> None:
    root, _ = copy
    before = read_oulu_casia(root)
    (root / "OriginalImg").rename(root / "Oulu_CASIA_NIR_VIS")
    shutil.rmtree(root / "PreProcess_Img")
    assert read_oulu_casia(root).samples == before.samples


def test_a_second_copy_is_noted(copy) -> None:
    root, _ = copy
    shutil.copytree(root / "OriginalImg/VL/Dark", root / "more/VL/Dark")
    data = read_oulu_casia(root)
    assert len(data.footage) == 24
    assert r.told(data) == [
        ("note", "duplicated-folder", f"oulu-casia/P00{who}", word)
        for who in (1, 2)
        for word in ("Anger", "Surprise")
    ]


def test_published_counts_are_in_the_words_of_count(copy) -> None:
    data = read_oulu_casia(copy[0])
    assert count(data, "samples part=NI-Weak") == 4
    assert count(data, "samples emotion=anger") == 12
    assert all(count(data, what) <= n for what, n in data.published.items())
    assert (
        sum(n for what, n in data.published.items() if "part=" in what) == data.published["samples"] == 2880
    )


class TestFaults:
    def test_missing_and_empty_pictures(self, copy) -> None:
        root, shots = copy
        one, two, three = (shots[n].pictures[0].paths for n in (0, 1, 2))
        (root / one[2]).unlink()
        (root / two[0]).unlink()
        (root / three[3]).write_bytes(b"")
        data = read_oulu_casia(root)
        assert len(data.samples) == 24
        keys = [(f"oulu-casia/{s.subject}", s.clip) for s in shots[:3]]
        assert set(r.told(data)) == {
            ("broken", "missing-frames", *keys[0]),
            ("broken", "missing-frames", *keys[1]),
            ("broken", "unreadable-frames", *keys[2]),
        }
        samples = {s.footage: s for s in data.samples}
        first, second = (
            samples[f"{k[0]}/{s.take.stream.key}/{k[1]}"] for k, s in zip(keys[:2], shots[:2], strict=True)
        )
        assert (first.onset, first.apex) == (0, 4)
        assert (second.onset, second.apex) == (None, 4)

    def test_folders_that_are_no_emotion(self, copy) -> None:
        root, _ = copy
        people = root / "OriginalImg/VL/Strong/P001"
        (people / "Anger").rename(people / "Suprise")
        (people / "Surprise").rename(people / "test")
        data = read_oulu_casia(root)
        assert [(s.emotion, s.reported) for s in data.samples if s.part == "VL-Strong"][:2] == [
            ("surprise", "Suprise"),
            (None, "test"),
        ]
        assert r.told(data) == [
            ("repaired", "odd-spelling", "oulu-casia/P001", "Suprise"),
            ("broken", "unknown-emotion", "oulu-casia/P001", "test"),
        ]

    def test_empty_folder(self, copy) -> None:
        root, shots = copy
        for path in shots[0].pictures[0].paths:
            (root / path).unlink()
        data = read_oulu_casia(root)
        assert len(data.samples) == 23
        assert r.told(data) == [("broken", "empty-folder", f"oulu-casia/{shots[0].subject}", shots[0].clip)]

    def test_light_that_nobody_names(self, copy) -> None:
        root, _ = copy
        (root / "OriginalImg/VL/Dark").rename(root / "OriginalImg/VL/Night")
        data = read_oulu_casia(root)
        assert len(data.samples) == 20
        assert r.told(data) == [("broken", "odd-folder", "", "")]
        assert "light (Strong, Weak or Dark)" in r.words(data, "odd-folder")

    def test_what_is_not_there(self, copy, tmp_path: Path) -> None:
        root, _ = copy
        with pytest.raises(InputError, match="choose 'raw' or 'cropped'"):
            read_oulu_casia(root, pictures="all")
        shutil.rmtree(root / "OriginalImg")
        with pytest.raises(InputError, match=r"no raw pictures .*but cropped ones"):
            read_oulu_casia(root)
