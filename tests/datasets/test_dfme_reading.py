"""DFME read back: splits, rates, frames from 0, and copies with something wrong."""

from __future__ import annotations

import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest

from mien.datasets.dfme import DfmeLayout, read_dfme
from mien.datasets.reading import count
from mien.errors import InputError

b = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("builders_b.py"))))
r = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("reading_b.py"))))

LAYOUT = DfmeLayout()
WORDS = tuple(LAYOUT.filming.emotions)
BOOKS = "full_release_annotation"
TRAINING = f"{BOOKS}/training_full_with_AU.xlsx"


def takes(people: int = 4) -> list:
    return [
        b.take(LAYOUT, who, n, b.expression(0, 3, 9, WORDS[(who + n) % 7], "L14 4"), stream=who % 3)
        for who in range(1, people + 1)
        for n in (1, 2)
    ]


@pytest.fixture
def copy(tmp_path: Path) -> tuple[Path, tuple]:
    """Two people in training, one in each of the others; two clips each."""
    root = tmp_path / "DFME"
    return root, b.write(LAYOUT, takes(), root)


def key(shot) -> tuple[str, str]:
    return f"dfme/{shot.subject}", shot.clip


def test_everything_comes_back(tmp_path: Path) -> None:
    shots = b.write(LAYOUT, takes(people=9), tmp_path)
    data = read_dfme(tmp_path)
    samples, films = r.by_name(data), r.footage(data)
    assert len(samples) == len(films) == len(shots) == 18
    assert data.problems == ()
    for shot in shots:
        (event,) = shot.take.expressions
        sample = samples[key(shot)]
        film = films[sample.footage]
        assert [p.relative_to(tmp_path).as_posix() for p in film.paths] == list(shot.pictures[0].paths)
        assert sample.part == film.part == shot.more["split"]
        assert sample.fps == film.fps == shot.take.fps
        assert (sample.onset, sample.apex, sample.offset) == (event.onset, event.apex, event.offset)
        assert (sample.onset_number, sample.apex_number) == (event.onset, event.apex)
        assert (sample.emotion, sample.kind, sample.units) == (event.emotion, "micro", "4+L14")
    assert {s.fps for s in data.samples} == {500, 300, 200}
    assert len(data.sheets) == 3


def test_all_clips_in_one_folder(copy) -> None:
    root, _ = copy
    before = read_dfme(root)
    (root / "frames").mkdir()
    for clip in root.glob("t*_data*/*"):
        clip.rename(root / "frames" / clip.name)
    data = read_dfme(root)
    assert data.samples == before.samples
    assert data.problems == ()


@pytest.mark.parametrize(("level", "n"), [("..", 8), ("train_data", 4)])
def test_root_at_another_level(copy, level: str, n: int) -> None:
    root, _ = copy
    data = read_dfme(root / level)
    assert len(data.samples) == len(data.footage) == n
    if n == 4:
        assert {p[1] for p in r.told(data)} == {"no-folder"}


def test_workbooks_without_telling_names(copy) -> None:
    root, _ = copy
    before = read_dfme(root)
    for n, path in enumerate(sorted((root / BOOKS).iterdir())):
        path.rename(path.with_name(f"labels_{n}.xlsx"))
    assert read_dfme(root).samples == before.samples


def test_annotation_alone_and_published_counts(tmp_path: Path) -> None:
    LAYOUT.annotate(LAYOUT.plan(takes(people=7)), tmp_path)
    data = read_dfme(tmp_path, pictures="none")
    assert [s.part for s in data.samples] == ["training"] * 10 + ["testA"] * 2 + ["testB"] * 2
    assert all(count(data, what) <= n for what, n in data.published.items())
    assert sum(count(data, what) for what in data.published if "fps=" in what) == 14
    for kind in ("emotion=", "fps="):
        assert sum(n for what, n in data.published.items() if kind in what) == 2629


class TestFaults:
    def test_missing_column_in_one_workbook(self, copy, edit_sheet) -> None:
        root, _ = copy
        edit_sheet(root / TRAINING, lambda sheet: sheet.delete_cols(3))
        data = read_dfme(root)
        assert {s.part for s in data.samples} == {"testA", "testB"}
        told = r.told(data)
        assert ("broken", "missing-column", "", "") in told
        assert ("note", "no-workbook", "", "") in told
        assert sum(topic == "unlabelled-folder" for _, topic, _, _ in told) == 4

    def test_missing_columns_everywhere(self, copy, edit_sheet) -> None:
        root, _ = copy
        for path in (root / BOOKS).iterdir():
            edit_sheet(path, lambda sheet: sheet.delete_cols(2))
        with pytest.raises(InputError, match="needs the column Filename"):
            read_dfme(root)

    def test_ids_stand_in_for_missing_words(self, copy, edit_sheet) -> None:
        root, _ = copy
        before = read_dfme(root)
        edit_sheet(root / TRAINING, lambda sheet: sheet.delete_cols(6))
        data = read_dfme(root)
        assert [s.emotion for s in data.samples] == [s.emotion for s in before.samples]

    def test_header_elsewhere(self, copy, edit_sheet) -> None:
        root, _ = copy
        before = read_dfme(root)
        edit_sheet(root / TRAINING, lambda sheet: sheet.insert_rows(1, 5))
        assert read_dfme(root).samples == before.samples

    def test_cells(self, copy, edit_sheet) -> None:
        root, shots = copy
        shots = [s for s in shots if s.more["split"] == "training"]

        def spoil(sheet) -> None:
            sheet["D2"], sheet["H2"] = "/", "fast"
            sheet["E3"], sheet["H3"] = "end", 120
            sheet["G4"] = 9
            sheet["F5"], sheet["G5"] = "glee", None

        edit_sheet(root / TRAINING, spoil)
        data = read_dfme(root)
        assert len(data.samples) == 8
        assert set(r.told(data)) == {
            ("note", "no-apex", *key(shots[0])),
            ("broken", "fps", *key(shots[0])),
            ("broken", "frame-cell", *key(shots[1])),
            ("note", "fps", *key(shots[1])),
            ("broken", "emotion-id", *key(shots[2])),
            ("broken", "unknown-emotion", *key(shots[3])),
        }
        samples = r.by_name(data)
        assert [samples[key(s)].fps for s in shots[:2]] == [None, 120]
        assert samples[key(shots[2])].emotion == shots[2].take.expressions[0].emotion

    def test_rows_and_pictures(self, copy, edit_sheet) -> None:
        root, shots = copy
        shots = [s for s in shots if s.more["split"] == "training"]

        def twice(sheet) -> None:
            sheet.append([cell.value for cell in sheet[2]])
            sheet.append(["sub0002", "sub0002_77", 0, 1, 2, "fear", 3, 500, "4"])

        edit_sheet(root / TRAINING, twice)
        (root / shots[1].pictures[0].paths[3]).unlink()
        folder = (root / shots[2].pictures[0].paths[0]).parent
        folder.rename(folder.with_name("sub0008-01h-01-happiness-01-happiness"))
        data = read_dfme(root)
        assert set(r.told(data)) == {
            ("repaired", "duplicated-clip", *key(shots[0])),
            ("broken", "missing-frames", *key(shots[1])),
            ("repaired", "lost-apex", *key(shots[1])),
            ("broken", "no-folder", *key(shots[2])),
            ("note", "unlabelled-folder", "dfme/sub0008", "sub0008-01h-01-happiness-01-happiness"),
            ("broken", "subject-in-two-splits", "dfme/sub0002", ""),
            ("broken", "no-folder", "dfme/sub0002", "sub0002_77"),
        }
        assert r.by_name(data)[key(shots[1])].apex == 2

    def test_what_is_not_there(self, copy, tmp_path: Path) -> None:
        root, _ = copy
        (tmp_path / "empty").mkdir()
        with pytest.raises(InputError, match="no clips of DFME"):
            read_dfme(tmp_path / "empty")
        for path in (root / BOOKS).iterdir():
            path.unlink()
        with pytest.raises(InputError, match="workbook of DFME is not there"):
            read_dfme(root)
