"""CK+ read back: labels, units, gaps, and copies with something wrong."""

from __future__ import annotations

import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest

from mien.datasets.ck_plus import CkPlusLayout, read_ck_plus
from mien.datasets.reading import count
from mien.errors import InputError

b = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("builders_b.py"))))
r = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("reading_b.py"))))

LAYOUT = CkPlusLayout()
WORDS = tuple(LAYOUT.filming.emotions)


@pytest.fixture
def copy(tmp_path: Path) -> tuple[Path, list]:
    """Two people with seven sequences each; those that have a label."""
    shots = b.write(LAYOUT, b.poses(LAYOUT, 2, WORDS), tmp_path)
    return tmp_path, [s for s in shots if list((tmp_path / "Emotion" / s.subject / s.clip).iterdir())]


def label(root: Path, shot) -> Path:
    (path,) = (root / "Emotion" / shot.subject / shot.clip).iterdir()
    return path


def facs(root: Path, shot) -> Path:
    (path,) = (root / "FACS" / shot.subject / shot.clip).iterdir()
    return path


def test_everything_comes_back(tmp_path: Path) -> None:
    shots = b.write(LAYOUT, b.poses(LAYOUT, 16, WORDS), tmp_path)
    data = read_ck_plus(tmp_path)
    samples, films = r.by_name(data), r.footage(data)
    assert len(films) == len(shots) == 112
    for shot in shots:
        (event,) = shot.take.expressions
        key = (f"ck-plus/{shot.subject}", shot.clip)
        film, frames = films["/".join(key)], shot.pictures[0].frames
        assert [p.relative_to(tmp_path).as_posix() for p in film.paths] == list(shot.pictures[0].paths)
        gap = ("note", "missing-frames", *key)
        if not list((tmp_path / "Emotion" / shot.subject / shot.clip).iterdir()):
            assert key not in samples
            assert ("note", "unlabelled-folder", *key) in r.told(data)
            continue
        sample = samples[key]
        assert sample.emotion == event.emotion
        assert (sample.onset, sample.apex, sample.offset) == (0, len(frames) - 1, None)
        assert (sample.onset_number, sample.apex_number) == (None, shot.number(event.apex))
        assert (sample.kind, sample.fps, sample.part) == ("macro", 30.0, "")
        assert sample.units == "1C+2C+12C"
        assert (gap in r.told(data)) == (len(frames) <= event.apex)
    assert {p[1] for p in r.told(data)} == {"missing-frames", "unlabelled-folder"}
    assert {p[0] for p in r.told(data)} == {"note"}
    assert 70 <= len(samples) < 112


@pytest.mark.parametrize("level", ["..", "", "cohn-kanade-images"])
def test_root_at_any_level(tmp_path: Path, level: str) -> None:
    root = tmp_path / "emotion sets"
    b.write(LAYOUT, b.poses(LAYOUT, 2, WORDS), root)
    whole, data = read_ck_plus(root), read_ck_plus(root / level)
    assert [(s.key, s.emotion, s.units) for s in data.samples] == [
        (s.key, s.emotion, s.units) for s in whole.samples
    ]
    assert len(data.footage) == 14


def test_text_folders_as_they_are_unpacked(copy) -> None:
    root, labelled = copy
    for name in ("Emotion", "FACS"):
        (root / f"{name}_labels").mkdir()
        (root / name).rename(root / f"{name}_labels" / name)
    data = read_ck_plus(root)
    assert len(data.samples) == len(labelled)
    assert {s.units for s in data.samples} == {"1C+2C+12C"}


def test_published_counts_can_be_counted() -> None:
    published = {"anger": 45, "contempt": 18, "disgust": 59, "fear": 25}
    published |= {"happiness": 69, "sadness": 28, "surprise": 83}
    assert {k: int(v) for k, v in LAYOUT.filming.emotions.items()} == published
    assert sum(published.values()) == 327


def test_counts_are_in_the_words_of_count(copy) -> None:
    data = read_ck_plus(copy[0])
    assert count(data, "footage") == 14
    assert data.published["footage"] == 593
    assert all(count(data, what) <= n for what, n in data.published.items())


class TestFaults:
    @pytest.mark.parametrize(
        ("text", "topic", "word"),
        [
            ("", "no-emotion", None),
            ("nan", "no-emotion", None),
            ("9.0000000e+00", "unknown-emotion", None),
            ("3.0 4.0", "unknown-emotion", None),
            ("happy", "odd-spelling", "happiness"),
        ],
    )
    def test_broken_label(self, copy, text: str, topic: str, word: str | None) -> None:
        root, (first, *rest) = copy
        label(root, first).write_text(text)
        data = read_ck_plus(root)
        key = (f"ck-plus/{first.subject}", first.clip)
        assert r.by_name(data)[key].emotion == word
        severity = "repaired" if word else "broken"
        assert (severity, topic, *key) in r.told(data)
        assert sum(s.emotion is not None for s in data.samples) == len(rest) + bool(word)

    @pytest.mark.parametrize("text", ["3\n", "3.0", "   3.0000000e+00\n"])
    def test_ways_to_write_a_code(self, copy, text: str) -> None:
        root, (first, *_) = copy
        label(root, first).write_text(text)
        data = read_ck_plus(root)
        assert r.by_name(data)[f"ck-plus/{first.subject}", first.clip].emotion == "disgust"
        assert {p[0] for p in r.told(data)} == {"note"}

    def test_label_that_does_not_name_the_peak(self, copy) -> None:
        root, (first, *_) = copy
        path = label(root, first)
        path.rename(path.with_name("emotion.txt"))
        data = read_ck_plus(root)
        key = (f"ck-plus/{first.subject}", first.clip)
        sample = r.by_name(data)[key]
        assert (sample.apex, sample.apex_number) == (len(first.pictures[0].frames) - 1, None)
        assert sample.emotion == first.take.expressions[0].emotion
        assert ("broken", "label-name", *key) in r.told(data)

    def test_peak_is_lost(self, copy) -> None:
        root, (first, *_) = copy
        (root / first.pictures[0].paths[-1]).unlink()
        data = read_ck_plus(root)
        key = (f"ck-plus/{first.subject}", first.clip)
        assert (r.by_name(data)[key].apex, r.by_name(data)[key].apex_number) == (None, 6)
        assert ("broken", "outside-folder", *key) in r.told(data)

    def test_rest_is_lost(self, copy) -> None:
        root, (first, *_) = copy
        (root / first.pictures[0].paths[0]).unlink()
        data = read_ck_plus(root)
        key = (f"ck-plus/{first.subject}", first.clip)
        assert r.by_name(data)[key].onset is None
        assert ("note", "missing-frames", *key) in r.told(data)

    def test_empty_picture(self, copy) -> None:
        root, (first, *_) = copy
        (root / first.pictures[0].paths[1]).write_bytes(b"")
        data = read_ck_plus(root)
        assert ("broken", "unreadable-frames", f"ck-plus/{first.subject}", first.clip) in r.told(data)

    def test_lines_that_are_no_units(self, copy) -> None:
        root, (first, *_) = copy
        facs(root, first).write_text("4.0e+00 3.0e+00\n\nx 1\n12\n1 2 3\n6 9\n17.0 0.0\n")
        data = read_ck_plus(root)
        key = (f"ck-plus/{first.subject}", first.clip)
        assert r.by_name(data)[key].units == "4C+12+17"
        broken = [p.text for p in data.problems if p.topic == "facs-file"]
        assert [text.split("'")[-2] for text in broken] == ["x 1", "1 2 3", "6 9"]
        assert ("broken", "facs-file", *key) in r.told(data)

    def test_folder_without_pictures_and_label_without_folder(self, copy) -> None:
        root, (first, *rest) = copy
        for path in first.pictures[0].paths:
            (root / path).unlink()
        data = read_ck_plus(root)
        key = (f"ck-plus/{first.subject}", first.clip)
        assert {p[:2] for p in r.told(data) if p[2:] == key} == {
            ("broken", "empty-folder"),
            ("broken", "no-folder"),
        }
        assert len(data.samples) == len(rest)

    def test_no_folder_of_labels(self, tmp_path: Path) -> None:
        shots = b.write(LAYOUT, b.poses(LAYOUT, 1, WORDS), tmp_path)
        (tmp_path / "Emotion").rename(tmp_path / "gone")
        data = read_ck_plus(tmp_path)
        assert len(data.footage) == len(shots)
        assert data.samples == ()
        assert ("broken", "no-labels", "", "") in r.told(data)

    def test_no_pictures(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="pictures of CK"):
            read_ck_plus(tmp_path)
        with pytest.raises(InputError, match="no such folder"):
            read_ck_plus(tmp_path / "nowhere")
