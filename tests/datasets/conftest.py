"""Tiny takes for the layouts, and a way to write them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from mien.datasets.layout import Filming, Layout, Shot, write_pictures
from mien.datasets.manifest import DataSet, Sample
from mien.labels import action_unit_sets, parse_action_units
from mien.records import Expression, Person, Take, UnitOnFace

UNITS = (
    (UnitOnFace(12, "left", 0.3),),
    (UnitOnFace(7), UnitOnFace(4, strength=0.5)),
    (UnitOnFace(6, "right", 0.5), UnitOnFace(12, "right", 0.9)),
    (UnitOnFace(1), UnitOnFace(2)),
    (UnitOnFace(14, "right"), UnitOnFace(4)),
)
SIZE = (16, 12)


def tiny_takes(filming: Filming, people: int = 3, takes: int = 2, first: int = 1) -> list[Take]:
    """Takes with every camera; people have the numbers from ``first`` on."""
    result = []
    emotions = list(filming.emotions)
    for number in range(first, first + people):
        person = Person(number, 30.0, "female", 1 + number % 10)
        for count in range(1, takes + 1):
            seed = 37 * number + count
            for stream in filming.streams:
                small = replace(stream, width=SIZE[0], height=SIZE[1])
                units, emotion = UNITS[seed % 5], emotions[seed % len(emotions)]
                if filming.product == "recordings":
                    micro = Expression(4, 5, 7, "micro", emotion, units)
                    macro = Expression(9, 12, 15, "macro", emotions[(seed + 1) % len(emotions)], UNITS[3])
                    events = (micro, macro) if "macro" in filming.kinds else (micro,)
                    length, blinks = 18, ((1, 2), (7, 8))
                else:
                    length, blinks = 4 + seed % 3, ((1, 1),) if seed % 2 else ()
                    events = (Expression(0, 1 + seed % 2, length - 1, filming.kinds[0], emotion, units),)
                result.append(
                    Take(person, count, filming.product, small, length, events, blinks=blinks, seed=seed)
                )
    return result


def picture(take: Take, frame: int, view: str) -> NDArray[np.generic]:
    """What the camera would see: noise that depends on take, frame and view alone."""
    rng = np.random.default_rng([take.seed, frame, len(view), len(take.stream.key)])
    if view == "flow":
        return rng.normal(size=(30, 32, 3)).astype(np.float32)
    if view == "depth":
        return rng.integers(400, 900, size=SIZE[::-1]).astype(np.uint16)
    grey = take.stream.colour != "rgb"
    return rng.integers(0, 256, size=SIZE[::-1] if grey else (*SIZE[::-1], 3)).astype(np.uint8)


def write(layout: Layout, takes: Sequence[Take], root: Path) -> tuple[Shot, ...]:
    """Film, write and annotate a collection."""
    shots = layout.plan(takes)
    for shot in shots:
        views = {
            view: lambda frame, take=shot.take, view=view: picture(take, frame, view)
            for view in ("full", "face", "depth", "flow")
        }
        write_pictures(shot, views, root)
    layout.annotate(shots, root)
    return shots


def digests(root: Path) -> dict[str, str]:
    """Every file below ``root`` with a digest of its bytes."""
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def cells(path: Path, sheet: str | int = 0) -> list[list[str | None]]:
    """A sheet as it stands, every cell as text, ``None`` for an empty one."""
    table = pd.read_excel(path, sheet_name=sheet, header=None, dtype=str, keep_default_na=False)
    return [[cell or None for cell in row] for row in table.to_numpy().tolist()]


def edit(path: Path, change: Callable[[Worksheet], None], sheet: str | None = None) -> None:
    """Change a sheet as a user would, with the workbook opened and saved again."""
    book = load_workbook(path)
    change(book[sheet] if sheet else book.worksheets[0])
    book.save(path)


def by_name(data: DataSet) -> dict[tuple[str, str, str], Sample]:
    """Samples by part, subject (without the data set's name) and clip."""
    told = {(s.part, s.subject.split("/")[1], s.clip): s for s in data.samples}
    assert len(told) == len(data.samples)
    return told


def problems_of(data: DataSet, *without: str) -> list[tuple[str, str, str, str]]:
    """Severity, topic, subject (without the data set's name) and clip of every problem."""
    return [
        (p.severity, p.topic, p.subject.split("/")[-1], p.clip)
        for p in data.problems
        if p.topic not in without
    ]


def says_the_truth(sample: Sample, event: Expression, shot: Shot, *marks: str) -> None:
    """That a sample says what was written: some marks, fps, kind, units and emotion."""
    for mark in marks:
        assert getattr(sample, mark) == getattr(event, mark), mark
        assert getattr(sample, f"{mark}_number") == shot.number(getattr(event, mark)), mark
    for mark in {"onset", "apex", "offset"} - set(marks):
        assert getattr(sample, mark) is None, mark
    assert sample.fps == shot.take.fps
    assert sample.kind == event.kind
    assert sample.emotion == event.emotion
    if sample.units and sample.units != "?":
        tokens = parse_action_units(sample.units)
        assert frozenset(u.au for u in event.units) in action_unit_sets(tokens)


@pytest.fixture
def samples_of() -> Callable[..., dict[tuple[str, str, str], Sample]]:
    return by_name


@pytest.fixture
def topics() -> Callable[..., list[tuple[str, str, str, str]]]:
    return problems_of


@pytest.fixture
def check_truth() -> Callable[..., None]:
    return says_the_truth


@pytest.fixture
def edit_sheet() -> Callable[..., None]:
    return edit


@pytest.fixture
def make_takes() -> Callable[..., list[Take]]:
    return tiny_takes


@pytest.fixture
def write_layout() -> Callable[[Layout, Sequence[Take], Path], tuple[Shot, ...]]:
    return write


@pytest.fixture
def read_cells() -> Callable[..., list[list[str | None]]]:
    return cells


@pytest.fixture
def all_files() -> Callable[[Path], dict[str, str]]:
    return digests
