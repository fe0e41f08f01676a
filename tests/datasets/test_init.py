"""The registry, and what every layout promises whatever its data set."""

from __future__ import annotations

import random
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mien.datasets import LAYOUTS, make_layout
from mien.datasets.layout import is_written
from mien.errors import InputError

NAMES = (
    *("casme", "casme2", "smic", "smic-e-long", "samm", "samm-lv", "cas-me-2", "cas-me-3", "mmew", "4dme"),
    *("dfme", "ck-plus", "oulu-casia", "jaffe", "mug", "flow", "features"),
)
HEADINGS = ("Citation", "How to get it", "lasses")


def test_names_in_the_order_of_the_command_line() -> None:
    assert tuple(LAYOUTS) == NAMES


def test_unknown_name() -> None:
    with pytest.raises(InputError, match="There is no data set 'casme3'; choose one of casme, casme2"):
        make_layout("casme3")


def test_options_reach_the_class() -> None:
    assert make_layout("features", key="motion").key == "motion"  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", NAMES)
class TestEveryLayout:
    def test_is_what_it_is_called_and_documented(self, name: str) -> None:
        layout = make_layout(name)
        assert layout.name == name
        words = import_module(type(layout).__module__).__doc__ or ""
        assert [heading for heading in HEADINGS if heading not in words] == []

    def test_every_picture_has_a_place_of_its_own(self, name: str, make_takes) -> None:
        layout = make_layout(name)
        shots = layout.plan(make_takes(layout.filming, people=4, takes=4))
        paths = [path for shot in shots for pictures in shot.pictures for path in pictures.paths]
        assert len(paths) == len({path.lower() for path in paths}) > 0
        assert not any(path.startswith("/") or ".." in path or "\\" in path for path in paths)
        for shot in shots:
            for pictures in shot.pictures:
                assert len(pictures.frames) == len(pictures.paths)
                assert set(pictures.frames) <= set(range(shot.take.n_frames))

    def test_plan_does_not_depend_on_the_order(self, name: str, make_takes) -> None:
        layout = make_layout(name)
        takes = make_takes(layout.filming, people=4, takes=3)
        shuffled = list(takes)
        random.Random(1).shuffle(shuffled)
        assert layout.plan(shuffled) == layout.plan(takes)

    def test_same_bytes_in_any_order(
        self, name: str, make_takes, write_layout, all_files, tmp_path: Path
    ) -> None:
        layout = make_layout(name)
        takes = make_takes(layout.filming)
        write_layout(layout, takes, tmp_path / "one")
        write_layout(layout, takes[::-1], tmp_path / "two")
        files = all_files(tmp_path / "one")
        assert files == all_files(tmp_path / "two")
        shots = layout.plan(takes)
        layout.annotate(shots[::-1], tmp_path / "two")
        assert files == all_files(tmp_path / "two")
        assert not [file for file in files if "/." in file or file.startswith(".")]

    def test_can_be_taken_up_again(self, name: str, make_takes, write_layout, tmp_path: Path) -> None:
        layout = make_layout(name)
        takes = make_takes(layout.filming)
        shots = layout.plan(takes)
        assert not any(is_written(shot, tmp_path) for shot in shots)
        write_layout(layout, takes, tmp_path)
        assert all(is_written(shot, tmp_path) for shot in shots)
        (tmp_path / shots[1].pictures[-1].paths[-1]).unlink()
        assert [is_written(shot, tmp_path) for shot in shots].count(False) == 1

    def test_too_many_people(self, name: str, make_takes) -> None:
        layout = make_layout(name)
        full = make_takes(layout.filming, people=layout.filming.n_people, takes=1)
        assert len({shot.subject for shot in layout.plan(full)}) == layout.filming.n_people
        more = make_takes(layout.filming, people=layout.filming.n_people + 1, takes=1)
        with pytest.raises(InputError, match=f"ask for {layout.filming.n_people} at most") as error:
            layout.plan(more)
        assert "\n" not in str(error.value)

    def test_takes_that_it_cannot_hold(self, name: str, make_takes) -> None:
        layout = make_layout(name)
        (take, *_) = make_takes(layout.filming, people=1, takes=1)
        other = "clips" if layout.filming.product == "recordings" else "recordings"
        strange = {
            "is made of": replace(take, product=other),
            "has no camera": replace(take, stream=replace(take.stream, key="thermal")),
            "does not know the emotion": replace(
                take, expressions=(replace(take.expressions[0], emotion="schadenfreude"),)
            ),
        }
        for words, wrong in strange.items():
            with pytest.raises(InputError, match=words):
                layout.plan([wrong])
        with pytest.raises(InputError, match="given twice"):
            layout.plan([take, take])

    def test_kinds_and_numbers_of_expressions(self, name: str, make_takes) -> None:
        layout = make_layout(name)
        (take, *_) = make_takes(layout.filming, people=1, takes=1)
        macro = replace(take, expressions=(replace(take.expressions[0], kind="macro"),))
        if "macro" in layout.filming.kinds:
            assert layout.plan([macro])
        else:
            with pytest.raises(InputError, match="no macro-expressions"):
                layout.plan([macro])
        if layout.filming.product == "clips":
            with pytest.raises(InputError, match="holds 2"):
                layout.plan([replace(take, expressions=take.expressions * 2)])

    @settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(people=st.integers(1, 6), takes=st.integers(1, 6), first=st.integers(1, 900))
    def test_places_are_unique(self, name: str, make_takes, people: int, takes: int, first: int) -> None:
        layout = make_layout(name)
        shots = layout.plan(make_takes(layout.filming, people, takes, first))
        paths = [path for shot in shots for pictures in shot.pictures for path in pictures.paths]
        assert len(paths) == len(set(paths))
