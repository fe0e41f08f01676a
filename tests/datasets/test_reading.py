from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mien.datasets
from mien.datasets import LAYOUTS, READERS, read_dataset
from mien.datasets.manifest import DataSet, Footage, Sample
from mien.datasets.reading import (
    Marks,
    Problems,
    count,
    digits,
    film,
    frame_number,
    loose_name,
    make_sample,
    match,
    open_copy,
    picture_tree,
)
from mien.errors import InputError


def tree(root: Path, *files: str) -> Path:
    for file in files:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_bytes(b"x")
    return root


def footage(name: str, *numbers: int, subject: str = "x/1", folder: Path = Path("nowhere")) -> Footage:
    files = tuple(f"{n}.png" for n in numbers)
    return Footage("x", "", subject, name, folder, files, numbers, 100.0)


def found(problems: Problems) -> list[tuple[str, str, str]]:
    return [(p.severity, p.topic, p.clip) for p in problems.found]


class TestRegistry:
    def test_a_reader_for_every_data_set(self) -> None:
        assert list(READERS) == list(LAYOUTS)

    def test_names_in_capitals(self) -> None:
        capitals = [
            name for name in mien.datasets.__all__ if name.isupper() and name not in ("LAYOUTS", "READERS")
        ]
        assert sorted(capitals) == sorted(mien.datasets._PYTHON_NAMES)
        assert sorted(mien.datasets._PYTHON_NAMES.values()) == sorted(READERS)
        assert set(capitals) <= set(dir(mien.datasets))

    def test_unknown(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="There is no data set 'casme9' to read; choose one of casme, "):
            read_dataset("casme9", tmp_path)
        with pytest.raises(AttributeError, match="CASME9"):
            _ = mien.datasets.CASME9

    def test_options_reach_the_reader(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="no camera 'X'"):
            read_dataset("smic", tmp_path, cameras=["X"])


@pytest.mark.parametrize(("cell", "number"), [(12, 12), (12.0, 12), (" 0012 ", 12), ("12.0", 12), (0, 0)])
def test_frame_number(cell, number) -> None:
    assert frame_number(cell) == number


@pytest.mark.parametrize("cell", [None, float("nan"), "", " ", "/", "-", "?", "N/A"])
def test_empty_frame_cell(cell) -> None:
    assert frame_number(cell) is None


@pytest.mark.parametrize("cell", ["about 12", "12?", -3, 12.5, "1e3", True, "12/13"])
def test_no_frame_number(cell) -> None:
    with pytest.raises(ValueError, match=r".+"):
        frame_number(cell)


@given(st.integers(0, 10**8), st.sampled_from([str, float, int, lambda n: f"00{n}", lambda n: f" {n}.0"]))
def test_frame_number_however_excel_keeps_it(number: int, spell) -> None:
    assert frame_number(spell(number)) == number


@pytest.mark.parametrize("cell", [1, 1.0, "1", "01", "sub01", "s1", "Sub 1", "spNO.1"])
def test_digits(cell) -> None:
    assert digits(cell) == 1


def test_no_digits() -> None:
    assert digits("KA") is digits(None) is digits("/") is None


def test_loose_name() -> None:
    assert len({loose_name(n) for n in ("EP01_02f", "ep1_2F", "EP01-02f ", "EP01 02f.avi")}) == 1
    assert len({loose_name(n) for n in ("EP01_02", "EP01_02f", "EP10_2", "EP01_20", "EP0102")}) == 5


class TestPictureTree:
    FILES = ("Raw_selected/sub01/a/1.png", "Cropped/sub01/a/1.png", "zips/other/1.png")

    @pytest.mark.parametrize(
        ("names", "others", "place"), [(("cropped",), (), "Cropped"), ((r"raw.*",), (), "Raw_selected")]
    )
    def test_by_name(self, tmp_path: Path, names, others, place) -> None:
        tree(tmp_path, *self.FILES)
        assert picture_tree(tmp_path, r"sub\d+", names, others) == tmp_path / place
        assert picture_tree(tmp_path / place, r"sub\d+", names, others) == tmp_path / place

    def test_by_what_it_is_not_called(self, tmp_path: Path) -> None:
        tree(tmp_path, *self.FILES[1:], "mine/sub01/a/1.png")
        assert picture_tree(tmp_path, r"sub\d+", ("raw",), ("cropped",)) == tmp_path / "mine"

    def test_pointed_at_under_any_name(self, tmp_path: Path) -> None:
        root = tree(tmp_path / "mine", "sub01/a/1.png")
        assert picture_tree(root, r"sub\d+", ("raw",), ("cropped",)) == root

    def test_nothing(self, tmp_path: Path) -> None:
        tree(tmp_path, *self.FILES)
        assert picture_tree(tmp_path, r"s\d+") is None
        assert picture_tree(tmp_path, r"sub\d+", (), (".*",)) is None


class TestFilm:
    def test_doubled_level(self, tmp_path: Path) -> None:
        tree(tmp_path, "EP01/EP01/img10.jpg", "EP01/EP01/img9.jpg", "EP01/EP01/Thumbs.db")
        shown = film("x", "x/1", "EP01", tmp_path / "EP01", 25.0, Problems())
        assert shown is not None
        assert (shown.files, shown.numbers) == (("img9.jpg", "img10.jpg"), (9, 10))

    def test_nothing_in_it(self, tmp_path: Path) -> None:
        tree(tmp_path, "EP01/a/1.txt", "EP01/b/1.txt")
        problems = Problems()
        assert film("x", "x/1", "EP01", tmp_path / "EP01", 25.0, problems) is None
        assert found(problems) == [("broken", "empty-folder", "EP01")]

    def test_a_number_twice(self, tmp_path: Path) -> None:
        tree(tmp_path, *(f"EP01/{name}" for name in ("img1.jpg", "img01.jpg", "img2.jpg")))
        problems = Problems()
        shown = film("x", "x/1", "EP01", tmp_path / "EP01", 25.0, problems)
        assert shown is not None
        assert shown.numbers == (1, 2)
        assert found(problems) == [("broken", "duplicated-frames", "EP01")]


class TestMatch:
    def test_exact_before_alike(self) -> None:
        one, two = footage("EP01_2", 1), footage("EP01_02", 1)
        problems = Problems()
        assert match([("x/1", "EP01_02"), ("x/1", "EP01_2")], [one, two], problems) == [two, one]
        assert found(problems) == []

    def test_alike_where_only_one_can_be_meant(self) -> None:
        one, two, other = footage("EP01_2", 1), footage("EP1_2", 1), footage("ep3", 1)
        problems = Problems()
        assert match([("x/1", "EP01_02"), ("x/1", "EP03")], [one, two, other], problems) == [None, other]
        assert found(problems) == [
            ("broken", "no-folder", "EP01_02"),
            ("note", "name-differs", "EP03"),
            ("note", "unlabelled-folder", "EP01_2"),
            ("note", "unlabelled-folder", "EP1_2"),
        ]

    def test_several_rows_of_a_recording(self) -> None:
        video = footage("v", 1)
        problems = Problems()
        wanted = [("x/1", "v"), ("x/1", "v"), ("x/2", "v")]
        assert match(wanted, [video], problems, called=["a", "b", "c"]) == [video, video, None]
        assert found(problems) == [("broken", "no-folder", "c")]


class TestSample:
    def sample(
        self, numbers, marks: Marks, tmp_path: Path, **more
    ) -> tuple[Sample, list[tuple[str, str, str]]]:
        shown = footage("v", *numbers, folder=tree(tmp_path, *(f"{n}.png" for n in numbers)))
        problems = Problems()
        more = {"emotion": "fear", **more}
        made = make_sample(problems, dataset="x", subject="x/1", clip="c", footage=shown, marks=marks, **more)
        return made, found(problems)

    def test_numbers_become_positions_across_gaps(self, tmp_path: Path) -> None:
        made, problems = self.sample([3, 4, 6, 7, 9], Marks(4, 6, 9), tmp_path)
        assert (made.onset, made.apex, made.offset) == (1, 2, 4)
        assert problems == [("broken", "missing-frames", "c")]

    def test_lost_marks_are_the_frame_before(self, tmp_path: Path) -> None:
        made, problems = self.sample([3, 5, 7, 9], Marks(4, 6, 8), tmp_path, gaps="note")
        assert (made.onset, made.apex, made.offset) == (0, 1, 2)
        assert problems == [("note", "missing-frames", "c")]

    def test_gaps_outside_of_it_do_not_count(self, tmp_path: Path) -> None:
        assert self.sample([1, 4, 5, 6, 9], Marks(4, 5, 6), tmp_path)[1] == []

    @pytest.mark.parametrize("apex", [3, 8])
    def test_apex_outside(self, tmp_path: Path, apex: int) -> None:
        made, problems = self.sample(range(1, 10), Marks(4, apex, 7), tmp_path)
        assert (made.onset, made.apex, made.offset, made.apex_number) == (3, None, 6, apex)
        assert problems == [("broken", "apex-outside", "c")]

    @pytest.mark.parametrize(("apex", "topic"), [(4, "apex-on-onset"), (7, "apex-on-offset")])
    def test_apex_on_an_end(self, tmp_path: Path, apex: int, topic: str) -> None:
        made, problems = self.sample(range(1, 10), Marks(4, apex, 7), tmp_path)
        assert made.apex == apex - 1
        assert problems == [("note", topic, "c")]

    def test_numbers_outside_of_the_folder(self, tmp_path: Path) -> None:
        made, problems = self.sample(range(5, 10), Marks(4, 6, 10), tmp_path)
        assert (made.onset, made.apex, made.offset) == (None, 1, None)
        assert problems == [("broken", "outside-folder", "c")] * 2

    def test_objective_class_and_emotion(self, tmp_path: Path) -> None:
        made, problems = self.sample([1, 2, 3], Marks(1, 2, 3), tmp_path, objective=9, emotion="Dread")
        assert (made.objective, made.emotion, made.emotions, made.reported) == (None, None, (), "Dread")
        assert {p[1] for p in problems} == {"unknown-objective-class", "unknown-emotion"}

    def test_without_pictures_numbers_are_kept(self) -> None:
        problems = Problems()
        made = make_sample(
            problems, dataset="x", subject="x/1", clip="c", footage=None, marks=Marks(4, 6, 9), emotion="fear"
        )
        assert (made.onset, made.apex, made.offset, made.footage) == (None, None, None, "")
        assert (made.onset_number, made.apex_number, made.offset_number) == (4, 6, 9)
        assert found(problems) == []


@pytest.fixture(scope="module")
def every_frame(tmp_path_factory) -> Path:
    return tree(tmp_path_factory.mktemp("frames"), *(f"{n}.png" for n in range(41)))


@given(st.lists(st.integers(0, 40), min_size=1, unique=True), *[st.integers(0, 45) | st.none()] * 3)
def test_positions_are_in_the_folder_and_in_order(every_frame, numbers, onset, apex, offset) -> None:
    numbers = sorted(numbers)
    shown = footage("v", *numbers, folder=every_frame)
    problems, marks = Problems(), Marks(onset, apex, offset)
    made = make_sample(
        problems, dataset="x", subject="x/1", clip="c", footage=shown, marks=marks, emotion="fear"
    )
    places = [place for place in (made.onset, made.apex, made.offset) if place is not None]
    assert places == sorted(places)
    assert all(0 <= place < len(numbers) for place in places)
    lost = sum(n is not None for n in (onset, apex, offset)) - len(places)
    assert lost == 0 or any(p.severity == "broken" for p in problems.found)


def test_problem_said_once() -> None:
    problems = Problems()
    for _ in range(3):
        problems.note("a", "b", "c", "d")
    assert len(problems.found) == 1


def test_count() -> None:
    samples = [
        Sample("x", part, f"x/{n}", f"c{n}", "", "micro", None, None, None, None, emotion=emotion)
        for part, n, emotion in (("A", 1, "fear"), ("A", 1, "anger"), ("B", 2, "fear"))
    ]
    data = DataSet("x", Path(), (footage("v", 1),), tuple(samples))
    words = ("samples", "samples emotion=fear", "samples emotion=fear part=A", "subjects", "subjects part=A")
    assert [count(data, what) for what in words] == [3, 2, 1, 2, 1]
    assert count(data, "footage") == 1
    with pytest.raises(ValueError, match="people"):
        count(data, "people")


def test_workbook_beside_the_pictures_but_not_in_another_folder(tmp_path: Path) -> None:
    from mien.datasets.workbook import write_workbook

    root = tree(tmp_path / "mine", "sub01/a/1.png")
    write_workbook(tmp_path / "a.xlsx", {"S": [["beside"]]})
    write_workbook(tmp_path / "other" / "b.xlsx", {"S": [["elsewhere"]]})
    copy = open_copy("X", root, inside=r"sub\d+")
    assert [sheet.cells for sheet in copy.books.sheets] == [(("beside",),)]
