"""CAS(ME)^3 read back: two parts, their workbooks and versions, known mistakes, blinks, lost pictures."""

from __future__ import annotations

import runpy
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from mien.datasets.cas_me_3 import CasMe3Layout, read_cas_me_3
from mien.datasets.cas_me_3_sheets import FIXES
from mien.datasets.reading import count
from mien.datasets.workbook import write_workbook
from mien.errors import InputError
from mien.labels import map_emotion, objective_class

b = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("builders_b.py"))))
r = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("reading_b.py"))))

LAYOUT = CasMe3Layout()
A, C = Path("part_A/annotation"), Path("part_C")
V1, V2 = (A / f"cas(me)3_part_A_ME_label_JpgIndex_v{n}.xlsx" for n in (1, 2))
ALL = A / "CAS(ME)3_part_A_v2.xls"
MACRO = A / "cas(me)3_part_A_MaE_label_JpgIndex_v2_emotion.xlsx"
WRONG = A / "CAS(ME)3_part_A_wrongly_labeled_me_in_V1.xlsx"
MICRO_C, ALL_C = C / "CAS(ME)3_part_C_ME.xlsx", C / "CAS(ME)3_part_C.xls"
HEADER = ("Subject", "Filename", "Onset", "Apex", "Offset", "AU", "Objective class", "emotion")


def recording(who: int, number: int) -> object:
    emotion = ("happiness", "others", "disgust")[(who + number) % 3]
    return b.take(
        LAYOUT,
        who,
        number,
        b.expression(3, 5, 8, emotion, "4 L7"),
        b.expression(12, 16, 24, "sadness", "15", kind="macro"),
        n=28,
        blinks=((9, 11), (25, 26)),
    )


def collection(people: int = 3, each: int = 2) -> list:
    return [recording(who, n) for who in range(1, people + 1) for n in range(1, each + 1)]


@pytest.fixture
def copy(tmp_path: Path) -> tuple[Path, tuple]:
    """Two people of part A with two videos each, one of part C."""
    root = tmp_path / "CASME3"
    return root, b.write(LAYOUT, collection(), root)


def quirks(root: Path) -> dict[tuple[str, str], tuple[int, int]]:
    """Subject and video -> apex and offset in the sheet, each video's one micro-expression."""
    table = b.rows(root / V2, "label")
    return {
        (row.Subject, row.Filename.lower()): (int(row.Apex), int(row.Offset)) for row in table.itertuples()
    }


def test_everything_comes_back(tmp_path: Path) -> None:
    shots = b.write(LAYOUT, collection(people=6, each=5), tmp_path)
    data = read_cas_me_3(tmp_path)
    samples, films, sheet = r.by_name(data), r.footage(data), quirks(tmp_path)
    part_a = [s for s in shots if s.more["part"] == "A"]
    assert len(part_a) == 20
    blinks = {(s.subject, s.clip): s for s in data.blinks}
    seen = set()
    for shot in part_a:
        subject = f"cas-me-3/{shot.subject}"
        kept = shot.pictures[0].frames
        film = films[f"{subject}/A/{shot.clip}"]
        assert [p.relative_to(tmp_path).as_posix() for p in film.paths] == list(shot.pictures[0].paths)
        micro, macro = shot.take.expressions
        sample = samples[subject, f"{shot.clip}_4"]
        apex, offset = sheet[shot.subject, shot.clip]
        assert kept[sample.onset] == micro.onset
        assert kept[sample.apex] == (micro.apex if apex == 6 else micro.onset)
        if offset:
            assert kept[sample.offset] == micro.offset
        else:
            assert sample.offset is sample.offset_number is None
        assert (sample.emotion, sample.objective) == (micro.emotion, objective_class([4, 7]))
        assert r.units(sample) == r.true_units(micro)
        assert (sample.kind, sample.fps, sample.part) == ("micro", 30, "A")
        strong = samples[subject, f"{shot.clip}_13"]
        frames = [kept[place] for place in (strong.onset, strong.apex, strong.offset)]
        assert frames == [macro.onset, macro.apex, macro.offset]
        assert (strong.emotion, strong.objective, strong.units) == ("sadness", "V", "15")
        assert (strong.kind, strong.footage) == ("macro", sample.footage)
        for first, last in shot.take.blinks:
            blink = blinks[subject, f"blink_{shot.clip}_{first + 1}"]
            places = [max(n for n, f in enumerate(kept) if f <= frame) for frame in (first, last)]
            assert [blink.onset, blink.offset] == places
            assert (blink.onset_number, blink.offset_number) == (first + 1, last + 1)
        seen |= {"gap"} if len(kept) < 28 else set()
        seen |= {"apex"} if apex != 6 else set()
    assert "gap" in seen
    assert len([s for s in data.samples if s.part == "A"]) == 2 * len(part_a)
    assert len(data.blinks) == 2 * len(part_a)
    assert {p.topic for p in data.problems} <= {
        *("missing-frames", "odd-spelling", "apex-on-onset", "no-offset", "lost-onset", "lost-offset")
    }
    assert len(data.sheets) == 6  # version 1 is not used
    assert (
        not {f.key for f in data.footage}
        - {s.footage for s in data.samples}
        - {k for k in films if "/C/" in k}
    )


def test_part_c_comes_back(tmp_path: Path) -> None:
    shots = [s for s in b.write(LAYOUT, collection(people=6, each=2), tmp_path) if s.more["part"] == "C"]
    data = read_cas_me_3(tmp_path)
    samples, films = r.by_name(data), r.footage(data)
    assert len(shots) == 2
    assert len([s for s in data.samples if s.part == "C"]) == 4
    for shot in shots:
        subject = f"cas-me-3/{shot.subject}"
        kept = shot.pictures[0].frames
        film = films[f"{subject}/C/recording"]
        assert [p.relative_to(tmp_path).as_posix() for p in film.paths] == list(shot.pictures[0].paths)
        clip = films[f"{subject}/C/1"]
        assert [p.relative_to(tmp_path).as_posix() for p in clip.paths] == list(shot.pictures[2].paths)
        micro, macro = shot.take.expressions
        sample, strong = samples[subject, "1"], samples[subject, "macro_13"]
        assert (kept[sample.onset], sample.apex, kept[sample.offset]) == (micro.onset, None, micro.offset)
        assert (kept[strong.onset], strong.apex, kept[strong.offset]) == (macro.onset, None, macro.offset)
        assert sample.emotion == map_emotion(micro.emotion, "four", "cas-me-3")
        assert r.units(sample) == r.true_units(micro)
        assert (strong.emotion, strong.units, strong.objective) == (None, "", None)
        assert (sample.kind, strong.kind, sample.footage) == ("micro", "macro", film.key)
    assert "unlabelled-folder" not in {p.topic for p in data.problems}


def test_chinese_comma(copy, edit_sheet) -> None:
    root, _ = copy

    def comma(sheet) -> None:
        sheet["E2"] = "4，L7"

    edit_sheet(root / MICRO_C, comma)
    data = read_cas_me_3(root)
    sample = r.by_name(data)["cas-me-3/01", "1"]
    assert (sample.units, sample.more) == ("4,L7", {"units as annotated": "4，L7"})
    assert ("repaired", "odd-spelling", "cas-me-3/01", "1") in r.told(data)
    assert "action-units" not in {p.topic for p in data.problems}


def test_capital_letter(copy) -> None:
    root, _ = copy
    assert quirks(root).keys() == {(f"spNO.{n}", video) for n in (1, 2) for video in "ab"}
    data = read_cas_me_3(root)
    capital = ("repaired", "odd-spelling", "cas-me-3/spNO.2", "b_4")
    assert capital in r.told(data)
    assert r.by_name(data)["cas-me-3/spNO.2", "b_4"].footage == "cas-me-3/spNO.2/A/b"


@pytest.mark.parametrize(
    ("level", "parts"),
    [
        ("..", "AC"),
        ("", "AC"),
        ("part_A", "A"),
        ("part_A/data", "A"),
        ("part_A/data/part_A", "A"),
        ("part_C", "C"),
        ("part_C/data", "C"),
        ("part_C/ME_C", "C"),
    ],
)
def test_root_at_any_level(copy, level: str, parts: str) -> None:
    root, _ = copy
    data = read_cas_me_3(root / level)
    assert {s.part for s in data.samples} == set(parts)
    assert len([s for s in data.samples if s.kind == "micro"]) == {"AC": 5, "A": 4, "C": 1}[parts]
    assert data.root == root / level


def test_depth(copy) -> None:
    root, shots = copy
    data = read_cas_me_3(root / "part_A", pictures="depth")
    assert len(data.samples) == 8
    assert [p.name for p in data.footage[0].paths] == [Path(p).name for p in shots[0].pictures[1].paths]


def test_annotation_alone(copy) -> None:
    root, _ = copy
    shutil.rmtree(root / "part_A/data")
    data = read_cas_me_3(root, pictures="none")
    assert len(data.samples) == 10
    assert data.footage == ()
    assert {s.onset for s in data.samples} == {None}
    assert len(data.blinks) == 8


def package(root: Path) -> None:
    """The micro-expressions' own pictures, as ``ME_A`` has them."""
    old, new = root / "part_A/data/part_A", root / "part_A/data/ME_A"
    for video in old.glob("*/*"):
        place = new / video.relative_to(old) / "color"
        place.mkdir(parents=True)
        for n in range(4, 10):
            (place / f"{n}.jpg").write_bytes(b"x")


def test_package_of_micro_expressions(copy) -> None:
    root, _ = copy
    package(root)
    assert not [f for f in read_cas_me_3(root).footage if "ME_A" in str(f.folder)]
    shutil.rmtree(root / "part_A/data/part_A")
    second = root / "part_A/data/ME_A/spNO.1/a2/color"
    second.mkdir(parents=True)
    for n in range(40, 47):
        (second / f"{n}.jpg").write_bytes(b"x")
    rows = [list(row) for row in b.rows(root / V2, "label").to_numpy()]
    rows.append(["spNO.1", "a", 40, 42, 46, "4", "III", "fear"])
    write_workbook(root / V2, {"label": [HEADER, *rows]})
    data = read_cas_me_3(root / "part_A")
    samples = r.by_name(data)
    assert len(samples) == 5
    assert data.blinks == ()
    assert samples["cas-me-3/spNO.1", "a_4"].footage == "cas-me-3/spNO.1/A/a"
    fear = samples["cas-me-3/spNO.1", "a_40"]
    assert (fear.footage, fear.onset, fear.apex, fear.offset) == ("cas-me-3/spNO.1/A/a2", 0, 2, 6)
    assert "4 macro-expressions" in r.words(data, "package")


def test_pictures_of_one_part(copy) -> None:
    root, _ = copy
    shutil.rmtree(root / "part_C/data")
    data = read_cas_me_3(root)
    assert [s.clip for s in data.samples if s.part == "C"] == ["1"]
    assert next(s for s in data.samples if s.part == "C").footage == "cas-me-3/01/C/1"
    assert "macro-expressions of part C" in r.words(data, "no-pictures")
    shutil.rmtree(root / "part_C/ME_C")
    data = read_cas_me_3(root)
    assert {s.part for s in data.samples} == {"A"}
    assert "no-folder" not in {p.topic for p in data.problems}
    assert "expressions of part C" in r.words(data, "no-pictures")


class TestVersions:
    @pytest.fixture
    def two(self, tmp_path: Path) -> Path:
        """Workbooks alone; version 1 has rows that were withdrawn."""
        LAYOUT.annotate(LAYOUT.plan(collection(people=20, each=5)), tmp_path)
        return tmp_path

    def micro(self, data) -> list:
        return [s for s in data.samples if s.kind == "micro" and s.part == "A"]

    def test_second_whatever_the_files_are_called(self, two: Path) -> None:
        right = self.micro(read_cas_me_3(two, pictures="none"))
        (two / V1).rename(two / A / "x.xlsx")
        (two / V2).rename(two / V1)
        (two / A / "x.xlsx").rename(two / V2)
        data = read_cas_me_3(two, pictures="none")
        assert self.micro(data) == right
        assert len(right) == len(b.rows(two / V1, "label"))
        assert V1.name in data.sheets
        assert data.published["samples part=A kind=micro"] == 860

    def test_first_alone_loses_what_is_listed_as_wrong(self, two: Path) -> None:
        right = self.micro(read_cas_me_3(two, pictures="none"))
        (two / V2).unlink()
        data = read_cas_me_3(two, pictures="none")
        assert self.micro(data) == right
        assert r.words(data, "workbook-version").startswith(V1.name)
        wrong = b.rows(two / WRONG, header=None)
        assert len(wrong) >= 2
        told = {p[2:] for p in r.told(data) if p[:2] == ("repaired", "wrongly-labelled")}
        assert told == {(f"cas-me-3/{row[0]}", f"{row[1].lower()}_{row[2]}") for row in wrong.to_numpy()}

    def test_first_asked_for_keeps_them(self, two: Path) -> None:
        data = read_cas_me_3(two, pictures="none", version="v1")
        old = self.micro(data)
        assert len(old) == len(b.rows(two / V1, "label"))
        assert sum("withdrawn" in s.more for s in old) == len(b.rows(two / WRONG, header=None))
        assert data.published["subjects part=A kind=micro"] == 100

    def test_first_known_without_the_list(self, two: Path) -> None:
        (two / V2).unlink()
        (two / WRONG).unlink()
        assert len(self.micro(read_cas_me_3(two, pictures="none"))) == len(b.rows(two / V1, "label"))
        assert "workbook-version" in {p.topic for p in read_cas_me_3(two, pictures="none").problems}

    def test_versions_that_are_not_there(self, two: Path) -> None:
        with pytest.raises(InputError, match="choose 'v1' or 'v2'"):
            read_cas_me_3(two, pictures="none", version="v3")
        (two / V1).unlink()
        with pytest.raises(InputError, match=r"Version 1 .* is not there"):
            read_cas_me_3(two, pictures="none", version="v1")

    def test_known_by_its_size_alone(self, tmp_path: Path) -> None:
        rows = [[f"spNO.{1 + n % 100}", "a", 1 + n, 2 + n, 3 + n, "4", "III", "fear"] for n in range(943)]
        write_workbook(tmp_path / "labels.xlsx", {"label": [HEADER, *rows]})
        data = read_cas_me_3(tmp_path, pictures="none")
        assert "workbook-version" in {p.topic for p in data.problems}
        assert count(data, "samples part=A kind=micro") == data.published["samples part=A kind=micro"] == 943


class TestKnownMistakes:
    CASES = (
        (("spNO.40", "e", 1812, 1824, 0), (1812, 1824, 1845)),
        (("spNO.40", "e", 2327, 2363, 0), (2327, 2363, 2403)),
        (("spNO.214", "c", 5, 20, 3460), (5, 20, 34)),
        (("spNO.149", "d", 110, 160, 140), (110, 123, 140)),
        (("spNO.216", "d", 26470, 2660, 2670), (2647, 2660, 2670)),
        (("spNO.216", "e", 0, 0, 12), (1, 1, 12)),
    )

    def book(self, path: Path, rows) -> None:
        write_workbook(path / "me.xlsx", {"label": [HEADER, *([*row, "4", "III", "fear"] for row in rows)]})

    @pytest.mark.parametrize(("row", "right"), CASES)
    def test_are_put_right_wherever_they_stand(self, tmp_path: Path, row, right) -> None:
        self.book(tmp_path, [("spNO.1", "a", 3, 4, 5), row, ("spNO.1", "b", 3, 4, 5)])
        data = read_cas_me_3(tmp_path, pictures="none")
        sample = data.samples[1]
        assert (sample.onset_number, sample.apex_number, sample.offset_number) == right
        name = (f"cas-me-3/{row[0]}", f"{row[1]}_{row[2]}")
        assert r.told(data, "apex-on-onset") == [("repaired", "known-mistake", *name)]
        said = dict(zip(("onset", "apex", "offset"), row[2:], strict=True))
        changed = {m: said[m] for m, n in zip(said, right, strict=True) if said[m] != n}
        assert sample.more == {f"{mark} as annotated": n for mark, n in changed.items()}

    def test_are_all_here(self) -> None:
        assert len(FIXES) == len(self.CASES)
        assert all(fix.reason and fix.put for fix in FIXES)

    @pytest.mark.parametrize(
        "row",
        [
            ("spNO.40", "e", 1812, 1824, 1850),
            ("spNO.41", "e", 1812, 1824, 0),
            ("spNO.214", "c", 5, 20, 30),
            ("spNO.149", "d", 130, 160, 170),
            ("spNO.216", "d", 2600, 2660, 2670),
            ("spNO.216", "e", 7, 9, 12),
        ],
    )
    def test_other_rows_of_the_same_videos_stay(self, tmp_path: Path, row) -> None:
        self.book(tmp_path, [row])
        data = read_cas_me_3(tmp_path, pictures="none")
        (sample,) = data.samples
        assert (sample.onset_number, sample.apex_number) == row[2:4]
        assert sample.offset_number == (row[4] or None)
        assert "known-mistake" not in {p.topic for p in data.problems}

    def test_long_ones_are_noted(self, tmp_path: Path) -> None:
        self.book(tmp_path, [("spNO.3", "a", 10, 20, 161), ("spNO.3", "b", 10, 20, 160)])
        data = read_cas_me_3(tmp_path, pictures="none")
        assert r.told(data) == [("note", "long-expression", "cas-me-3/spNO.3", "a_10")]


def test_published_numbers(copy) -> None:
    data = read_cas_me_3(copy[0])
    assert all(count(data, what) <= n for what, n in data.published.items())
    a = "samples part=A kind=micro"
    for kind in ("emotion=", "objective="):
        assert sum(n for what, n in data.published.items() if what.startswith(f"{a} {kind}")) == 860
    c = "samples part=C kind=micro emotion="
    assert sum(n for what, n in data.published.items() if what.startswith(c)) == 165


class TestFaults:
    quiet = ("apex-on-onset", "odd-spelling", "only-in-one-workbook")

    def test_lost_pictures(self, copy) -> None:
        root, _ = copy
        video = root / "part_A/data/part_A/spNO.1/a/color"
        kept = sorted(int(p.stem) for p in video.iterdir())
        for n in (4, 6):
            (video / f"{n}.jpg").unlink(missing_ok=True)
        (video / "17.jpg").write_bytes(b"")
        data = read_cas_me_3(root)
        sample = r.by_name(data)["cas-me-3/spNO.1", "a_4"]
        numbers = [n for n in kept if n not in (4, 6)]
        assert (numbers[sample.onset], sample.onset_number) == (3, 4)
        assert numbers[sample.apex] == (5 if sample.apex_number == 6 else 3)
        told = r.told(data)
        for topic in ("lost-onset", "lost-apex"):
            assert ("repaired", topic, "cas-me-3/spNO.1", "a_4") in told
        assert ("note", "missing-frames", "cas-me-3/spNO.1", "a") in told
        assert ("broken", "unreadable-frames", "cas-me-3/spNO.1", "a_13") in told

    def test_rows_and_videos_that_do_not_meet(self, copy) -> None:
        root, _ = copy
        people = root / "part_A/data/part_A"
        (people / "spNO.1/a").rename(people / "spNO.1/f")
        shutil.rmtree(people / "spNO.2/a/color")
        data = read_cas_me_3(root / "part_A")
        assert {s.footage for s in data.samples} == {"cas-me-3/spNO.1/A/b", "cas-me-3/spNO.2/A/b"}
        told = set(r.told(data, *self.quiet, "missing-frames"))
        assert told >= {
            ("broken", "no-folder", "cas-me-3/spNO.1", "a_4"),
            ("broken", "no-folder", "cas-me-3/spNO.1", "a_13"),
            ("note", "unlabelled-folder", "cas-me-3/spNO.1", "f"),
            ("broken", "empty-folder", "cas-me-3/spNO.2", "a"),
        }

    def test_cells(self, copy, edit_sheet) -> None:
        root, _ = copy

        def spoil(sheet) -> None:
            sheet["D2"], sheet["E3"] = "/", "99 or so"
            sheet["H4"], sheet["G4"], sheet["F4"] = "gleeful", "IX", "47"
            sheet.append([cell.value for cell in sheet[2]])
            sheet.append(["nobody", "a", 3, 4, 5, "4", "III", "fear"])
            sheet.append(["spNO.1", None, 3, 4, 5, "4", "III", "fear"])

        edit_sheet(root / V2, spoil)
        data = read_cas_me_3(root)
        assert len([s for s in data.samples if s.part == "A" and s.kind == "micro"]) == 4
        one, two = "cas-me-3/spNO.1", "cas-me-3/spNO.2"
        assert set(r.told(data, *self.quiet, "missing-frames")) == {
            ("note", "no-apex", one, "a_4"),
            ("broken", "frame-cell", one, "b_4"),
            ("broken", "unknown-emotion", two, "a_4"),
            ("broken", "unknown-objective-class", two, "a_4"),
            ("note", "action-units", two, "a_4"),
            ("repaired", "duplicated-clip", one, "a_4"),
            ("broken", "row-without-name", "", "a_3"),
            ("broken", "row-without-name", "", ""),
        }

    def test_onset_that_is_no_number(self, copy, edit_sheet) -> None:
        root, _ = copy

        def spoil(sheet) -> None:
            sheet["C2"] = "?"

        edit_sheet(root / V2, spoil)
        data = read_cas_me_3(root)
        sample = r.by_name(data)["cas-me-3/spNO.1", "a_row2"]
        assert (sample.onset, sample.emotion) == (None, "disgust")
        told = r.told(data)
        assert ("broken", "no-onset", "cas-me-3/spNO.1", "a_row2") in told
        assert {p[3] for p in told if p[1] == "only-in-one-workbook"} == {"a_row2", "a_4"}
        assert "workbook-version" not in {p.topic for p in data.problems}

    def test_missing_columns(self, copy, edit_sheet) -> None:
        root, _ = copy
        edit_sheet(root / V2, lambda sheet: sheet.delete_cols(8))
        edit_sheet(root / V1, lambda sheet: sheet.delete_cols(8))
        data = read_cas_me_3(root)
        micro = [s for s in data.samples if s.part == "A" and s.kind == "micro"]
        assert [s.emotion for s in micro] == [None] * 4
        assert ("broken", "missing-column", "", "") in r.told(data)
        for path in (V1, V2):
            edit_sheet(root / path, lambda sheet: sheet.delete_cols(2))
        data = read_cas_me_3(root)  # the sheet of all expressions is left
        assert len([s for s in data.samples if s.part == "A" and s.kind == "micro"]) == 4
        assert ("broken", "no-workbook", "", "") in r.told(data)

    def test_header_elsewhere(self, copy, edit_sheet) -> None:
        root, _ = copy
        before = read_cas_me_3(root)
        for path in (V2, MACRO, MICRO_C):
            edit_sheet(root / path, lambda sheet: (sheet.insert_rows(1, 3), sheet.insert_cols(1)))
        assert read_cas_me_3(root).samples == before.samples

    def test_types_nobody_knows(self, copy) -> None:
        root, _ = copy
        sub = b.rows(root / ALL_C)
        rows = [list(row) for row in sub.to_numpy()]
        rows[1][3] = "strong"
        rows.append(["1", "20", "23", "micro-expression"])
        write_workbook(root / ALL_C, {"Sheet1": [tuple(sub.columns), *rows]})
        data = read_cas_me_3(root / "part_C")
        assert [s.clip for s in data.samples] == ["1"]
        assert set(r.told(data, *self.quiet[:2], "missing-frames")) == {
            ("broken", "expression-type", "cas-me-3/01", "macro_13"),
            ("note", "only-in-one-workbook", "cas-me-3/01", "20"),
        }

    def test_workbooks_of_others_are_left_alone(self, copy) -> None:
        root, _ = copy
        before = read_cas_me_3(root)
        other = [["01", "EP01_01", 3, 4, 5, "4", "III", "fear"]] * 900
        write_workbook(root / "CASME2.xlsx", {"Sheet1": [HEADER, *other]})
        (root / "broken.xlsx").write_bytes(b"PK\x03\x04 no")
        data = read_cas_me_3(root)
        assert data.samples == before.samples
        assert {p.topic for p in data.problems} - {p.topic for p in before.problems} == {
            "unreadable-workbook"
        }

    def test_a_micro_and_a_macro_expression_begin_together(self, copy) -> None:
        root, _ = copy
        book = {
            "AU+Emotion": b.rows(root / ALL, "AU+Emotion"),
            "eye blink": b.rows(root / ALL, "eye blink"),
        }
        cells = {name: [tuple(t.columns), *t.to_numpy().tolist()] for name, t in book.items()}
        cells["AU+Emotion"][2][2] = "4"
        write_workbook(root / ALL, cells)
        samples = r.by_name(read_cas_me_3(root))
        subject = "cas-me-3/spNO.1"
        assert samples[subject, "a_4"].kind == "micro"
        assert samples[subject, "a_4_macro"].kind == "macro"
        assert samples[subject, "a_4_macro"].units == "15"

    def test_what_is_not_there(self, copy, tmp_path: Path) -> None:
        root, _ = copy
        (tmp_path / "empty").mkdir()
        with pytest.raises(InputError, match="are not there"):
            read_cas_me_3(tmp_path / "empty")
        with pytest.raises(InputError, match="choose 'color', 'depth' or 'none'"):
            read_cas_me_3(root, pictures="raw")
        for path in root.rglob("*.xls*"):
            path.unlink()
        with pytest.raises(InputError, match="annotation of CAS"):
            read_cas_me_3(root)
