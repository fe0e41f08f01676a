"""Tiny takes, their pictures, and what holds for every layout.

Not a test module; the tests load it from its path, since they are imported one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from mien.datasets.layout import Layout, Shot, View, is_written, write_pictures
from mien.errors import InputError
from mien.records import Expression, Person, Stream, Take, UnitOnFace

HEIGHT, WIDTH = 12, 16


def person(number: int) -> Person:
    return Person(number, age=20.0 + number, sex="female" if number % 2 else "male", skin=4)


def expression(
    onset: int = 2,
    apex: int = 4,
    offset: int = 7,
    emotion: str = "surprise",
    units: str = "1 2 R12",
    kind: str = "micro",
    intensity: float = 1.0,
) -> Expression:
    faces = []
    for word in units.split():
        side = {"L": "left", "R": "right"}.get(word[0], "both")
        faces.append(UnitOnFace(int(word.lstrip("LR")), side, 0.5))
    return Expression(onset, apex, offset, kind, emotion, tuple(faces), intensity)


def take(
    layout: Layout,
    who: int,
    number: int,
    *expressions: Expression,
    stream: int = 0,
    n: int = 10,
    blinks: tuple[tuple[int, int], ...] = (),
) -> Take:
    camera = layout.filming.streams[stream]
    camera = Stream(camera.key, camera.fps, WIDTH, HEIGHT, camera.colour)
    return Take(
        person(who), number, layout.filming.product, camera, n, expressions, blinks, seed=100 * who + number
    )


def poses(layout: Layout, people: int, emotions: Sequence[str], stream: int = 0) -> list[Take]:
    """Each emotion once a person; "neutral" shows nothing."""
    return [
        take(
            layout,
            who,
            number,
            *([] if emotion == "neutral" else [expression(1, 5, 8, emotion, kind="macro")]),
            stream=stream,
        )
        for who in range(1, people + 1)
        for number, emotion in enumerate(emotions, start=1)
    ]


def shade(frame: int, who: int = 0) -> int:
    """The grey of every pixel of a frame."""
    return 20 + 8 * frame + 3 * who


def views(shot: Shot) -> dict[View, Callable[[int], np.ndarray]]:
    def picture(frame: int, add: int) -> np.ndarray:
        shape = (HEIGHT, WIDTH, 3) if shot.take.stream.colour == "rgb" else (HEIGHT, WIDTH)
        return np.full(shape, shade(frame, shot.take.person.number) + add, np.uint8)

    return {
        "full": lambda frame: picture(frame, 0),
        "face": lambda frame: picture(frame, 100),
        "depth": lambda frame: np.full((HEIGHT, WIDTH), 800 + frame, np.uint16),
    }


def write(layout: Layout, takes: Sequence[Take], root: Path) -> tuple[Shot, ...]:
    shots = layout.plan(takes)
    for shot in shots:
        write_pictures(shot, views(shot), root)
    layout.annotate(shots, root)
    return shots


def files(root: Path) -> list[str]:
    return sorted(p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file())


def contents(root: Path) -> dict[str, bytes]:
    return {name: (root / name).read_bytes() for name in files(root)}


def read(path: Path) -> np.ndarray:
    picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert picture is not None, path
    return picture


def shows(path: Path, value: int) -> bool:
    """Whether a (compressed) picture has this grey everywhere."""
    return bool(np.all(np.abs(read(path).astype(int) - value) <= 3))


def rows(path: Path, sheet: str | int = 0, header: int | None = 0) -> pd.DataFrame:
    return pd.read_excel(path, sheet_name=sheet, dtype=str, header=header, keep_default_na=False)


def check_contract(layout: Layout, takes: Sequence[Take], root: Path) -> None:
    """Unique names, the same bytes in any order, resumable, and nothing half-written."""
    shots = layout.plan(takes)
    assert not any(is_written(shot, root / "a") for shot in shots)
    paths = [path for shot in shots for pictures in shot.pictures for path in pictures.paths]
    assert len(paths) == len(set(paths)) > 0
    assert all(len(p.frames) == len(p.paths) for s in shots for p in s.pictures)
    assert all(0 <= f < s.take.n_frames for s in shots for p in s.pictures for f in p.frames)

    write(layout, takes, root / "a")
    for shot in reversed(layout.plan(list(reversed(takes)))):
        write_pictures(shot, views(shot), root / "b")
    layout.annotate(list(reversed(layout.plan(takes))), root / "b")
    first = contents(root / "a")
    assert first == contents(root / "b")
    assert set(paths) <= set(first)
    assert not [name for name in first if "/." in f"/{name}"]

    assert all(is_written(shot, root / "a") for shot in shots)
    (root / "a" / shots[-1].pictures[0].paths[0]).unlink()
    assert [is_written(shot, root / "a") for shot in shots] == [True] * (len(shots) - 1) + [False]
    write(layout, takes, root / "a")
    assert contents(root / "a") == first


def check_refusals(layout: Layout, good: Take) -> None:
    """More people, another product, an unknown camera, the same take twice."""
    number = layout.filming.n_people + 1
    crowd = [Take(person(i + 1), *_rest(good)) for i in range(number)]
    layout.plan(crowd[:-1])
    with pytest.raises(InputError, match=str(layout.filming.n_people)):
        layout.plan(crowd)
    other = "clips" if good.product != "clips" else "recordings"
    with pytest.raises(InputError, match=other):
        layout.plan([Take(good.person, good.number, other, *_rest(good)[2:])])
    with pytest.raises(InputError, match="camera"):
        layout.plan([Take(good.person, good.number, good.product, Stream("X", 9, 8, 8), *_rest(good)[3:])])
    with pytest.raises(InputError, match="twice"):
        layout.plan([good, good])


def _rest(t: Take) -> tuple:
    return (t.number, t.product, t.stream, t.n_frames, t.expressions, t.blinks, t.seed)
