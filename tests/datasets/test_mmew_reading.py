"""MMEW read back: both trees, both kinds, and copies with something wrong."""

from __future__ import annotations

import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest

from mien.datasets.mmew import MmewLayout, read_mmew
from mien.datasets.reading import count
from mien.errors import InputError

b = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("builders_b.py"))))
r = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("reading_b.py"))))

LAYOUT = MmewLayout()
BOOK = "MMEW_Micro_Exp.xlsx"


def takes(people: int = 3) -> list:
    """Five micro- and a macro-expression a person."""
    result = []
    for who in range(1, people + 1):
        words = ("happiness", "disgust", "anger", "others", "surprise")
        result += [
            b.take(LAYOUT, who, n, b.expression(n % 2, 3, 8, word, "4 R12 7" if n % 3 else ""))
            for n, word in enumerate(words, start=1)
        ]
        result.append(b.take(LAYOUT, who, 6, b.expression(1, 4, 8, "happiness", kind="macro")))
    return result


@pytest.fixture
def copy(tmp_path: Path) -> tuple[Path, list]:
    """A copy, and the shots of its micro-expressions whose numbers are all inside."""
    root = tmp_path / "MMEW"
    shots = b.write(LAYOUT, takes(), root)
    table = b.rows(root / BOOK).set_index("Filename")
    good = [s for s in shots if s.clip in table.index and "12" not in list(table.loc[s.clip])[2:4]]
    return root, good


@pytest.mark.parametrize("tree", ["people", "kinds"])
def test_everything_comes_back(tmp_path: Path, tree: str) -> None:
    shots = b.write(MmewLayout(tree), takes(people=12), tmp_path)
    data = read_mmew(tmp_path)
    samples, films = r.by_name(data), r.footage(data)
    assert len(samples) == len(films) == len(shots) == 72
    table = b.rows(tmp_path / BOOK).set_index("Filename")
    outside = set()
    for shot in shots:
        (event,) = shot.take.expressions
        key = (f"mmew/{shot.subject}", shot.clip)
        sample = samples[key]
        assert [p.relative_to(tmp_path).as_posix() for p in films[sample.footage].paths] == list(
            shot.pictures[0].paths
        )
        assert (sample.emotion, sample.kind) == (event.emotion, event.kind)
        if event.kind == "macro":
            assert (sample.onset, sample.apex, sample.offset) == (None, 0, None)
            assert (sample.apex_number, sample.fps, sample.units) == (None, None, "")
            continue
        apex, offset = (int(table.loc[shot.clip][c]) for c in ("ApexFrame", "OffsetFrame"))
        assert sample.onset == event.onset
        assert sample.apex == (event.apex if apex <= 10 else None)
        assert sample.offset == (event.offset if offset <= 10 else None)
        assert (sample.onset_number, sample.apex_number, sample.offset_number) == (
            event.onset + 1,
            apex,
            offset,
        )
        if max(apex, offset) > 10:
            outside.add(("broken", "apex-outside" if apex > 10 else "outside-folder", *key))
        assert sample.fps == 90
        assert r.units(sample) == r.true_units(event)
    assert set(r.told(data, "apex-on-onset")) == outside
    assert {topic for _, topic, _, _ in outside} == {"apex-outside", "outside-folder"}
    assert list(data.sheets) == [BOOK]


@pytest.mark.parametrize(
    ("tree", "level", "n"),
    [("people", "..", 18), ("kinds", "..", 18), ("kinds", "Micro_Expression", 15)],
)
def test_root_at_any_level(tmp_path: Path, tree: str, level: str, n: int) -> None:
    root = tmp_path / "MMEW"
    b.write(MmewLayout(tree), takes(), root)
    data = read_mmew(root / level)
    assert len(data.samples) == len(data.footage) == n
    assert not any(topic in ("no-folder", "unlabelled-folder") for _, topic, _, _ in r.told(data))


def test_annotation_alone(copy) -> None:
    root, _ = copy
    data = read_mmew(root, pictures="none")
    assert len(data.samples) == 15
    assert data.footage == ()
    assert {(s.onset, s.apex, s.offset) for s in data.samples} == {(None, None, None)}
    assert all(s.onset_number and s.emotion for s in data.samples)


def test_published_counts(copy) -> None:
    data = read_mmew(copy[0])
    assert count(data, "samples kind=macro") == 3
    assert all(count(data, what) <= n for what, n in data.published.items())
    assert sum(n for what, n in data.published.items() if "emotion" in what) == 300


class TestFaults:
    def test_missing_column(self, copy, edit_sheet) -> None:
        root, _ = copy
        edit_sheet(root / BOOK, lambda sheet: sheet.delete_cols(6))
        data = read_mmew(root)
        assert len(data.samples) == 18
        assert {s.units for s in data.samples} == {""}
        assert ("broken", "missing-column", "", "") in r.told(data)
        edit_sheet(root / BOOK, lambda sheet: sheet.delete_cols(3))
        with pytest.raises(InputError, match="needs the column Onset"):
            read_mmew(root)

    def test_header_elsewhere(self, copy, edit_sheet) -> None:
        root, _ = copy
        before = read_mmew(root)
        edit_sheet(root / BOOK, lambda sheet: (sheet.insert_rows(1, 3), sheet.insert_cols(1)))
        assert read_mmew(root).samples == before.samples

    def test_cells_rows_and_words(self, copy, edit_sheet) -> None:
        root, good = copy
        one, two, three = (s.clip for s in good[:3])

        def spoil(sheet) -> None:
            for row in list(sheet.iter_rows(min_row=2)):
                if row[1].value == one:
                    row[3].value, row[2].value = "/", "first"
                elif row[1].value == two:
                    row[6].value, row[7].value = "suprise", "checked twice"
                    sheet.append([cell.value for cell in row])
                elif row[1].value == three:
                    row[0].value = None

        edit_sheet(root / BOOK, spoil)
        data = read_mmew(root)
        samples = r.by_name(data)
        assert len(samples) == 17
        subject = "mmew/S01"
        assert (samples[subject, one].onset, samples[subject, one].apex) == (None, None)
        assert samples[subject, two].emotion == "surprise"
        assert samples[subject, two].more == {"remarks": "checked twice"}
        told = r.told(data, "apex-on-onset", "apex-outside", "outside-folder")
        assert set(told) == {
            ("broken", "frame-cell", subject, one),
            ("note", "no-apex", subject, one),
            ("repaired", "duplicated-clip", subject, two),
            ("repaired", "odd-spelling", subject, two),
            ("note", "emotion-differs", subject, two),
            ("broken", "row-without-name", "", ""),
            ("note", "unlabelled-folder", subject, three),
        }

    def test_pictures(self, copy) -> None:
        root, good = copy
        one, two, three = good[:3]
        (root / one.pictures[0].paths[3]).unlink()
        for path in two.pictures[0].paths:
            (root / path).unlink()
        folder = (root / three.pictures[0].paths[0]).parent
        folder.rename(folder.with_name("S01-01-077"))
        (root / "S02/happiness/S02-01-002.jpg").rename(root / "S02/happiness/peak.jpg")
        data = read_mmew(root)
        samples = r.by_name(data)
        sample = samples["mmew/S01", one.clip]
        assert (sample.apex, sample.apex_number) == (2, 4)
        assert set(r.told(data, "apex-on-onset", "apex-outside", "outside-folder")) == {
            ("broken", "missing-frames", "mmew/S01", one.clip),
            ("repaired", "lost-apex", "mmew/S01", one.clip),
            ("broken", "empty-folder", "mmew/S01", two.clip),
            ("broken", "no-folder", "mmew/S01", two.clip),
            ("broken", "no-folder", "mmew/S01", three.clip),
            ("note", "unlabelled-folder", "mmew/S01", "S01-01-077"),
            ("broken", "picture-name", "mmew/S02", "peak"),
        }
        assert len(samples) == 15

    def test_what_is_not_there(self, copy, tmp_path: Path) -> None:
        root, _ = copy
        (root / BOOK).unlink()
        with pytest.raises(InputError, match="workbook of MMEW is not there"):
            read_mmew(root)
        with pytest.raises(InputError, match="choose 'faces' or 'none'"):
            read_mmew(root, pictures="raw")
        (tmp_path / "empty").mkdir()
        with pytest.raises(InputError, match="no clips of MMEW"):
            read_mmew(tmp_path / "empty")
