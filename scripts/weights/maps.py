"""Flow maps from the filmed clips, made in as many ways as people make them. One file, under .cache/world.

Nobody says how the flow picture that a model will see was made: by which algorithm, from which cut, steadied
or not, at which size, stretched to whole numbers or not. So each clip gives several maps, each made in a way
of its own. Every fifth person is set apart (``dev``); their maps come a second time, all made
in one way (``other``): TV-L1 with its usual settings, not steadied, a fixed cut, pictures of whole numbers.
"""

from __future__ import annotations

import argparse
import io
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.files import write_whole
from mien.jobs import run_jobs
from mien.labels import VOCABULARIES, map_emotion
from mien.motion import make_flow, optical_strain

ROOT = Path(__file__).resolve().parents[2]
WORLD = ROOT / ".cache" / "world"
SIDE = 28
WAYS = 4
"""Maps a clip."""
CLASSES = VOCABULARIES["three"].labels
NO_CLASS = len(CLASSES)
"""Of an emotion that the three classes leave out."""
_SEED = 20_260_901
_METHODS = (("dis", 0.3), ("dis_lk", 0.15), ("farneback", 0.2), ("tvl1", 0.35))


def number_of(emotion: str) -> int:
    """The class of an emotion."""
    label = map_emotion(emotion, "three")
    return NO_CLASS if label is None else CLASSES.index(label)


def dev(person: int) -> bool:
    """Whether a person is set apart."""
    return person % 5 == 0


def fields(first: NDArray[np.uint8], second: NDArray[np.uint8], method: str) -> NDArray[np.float32]:
    """Flow to the right, down, and strain: ``float32`` (H, W, 3)."""
    flow = make_flow(method)(np.ascontiguousarray(first), np.ascontiguousarray(second))
    return np.dstack([flow, optical_strain(flow)]).astype(np.float32)


def whole_numbers(maps: NDArray[np.float32]) -> NDArray[np.float32]:
    """Each channel stretched to 0 to 255 and rounded, as pictures hold it."""
    low, high = maps.min((0, 1), keepdims=True), maps.max((0, 1), keepdims=True)
    return np.rint(255 * (maps - low) / np.maximum(high - low, 1e-9)).astype(np.float32)


def small(maps: NDArray[np.float32], how: int = cv2.INTER_AREA) -> NDArray[np.float32]:
    """(3, 28, 28)."""
    return np.moveaxis(cv2.resize(maps, (SIDE, SIDE), interpolation=how), -1, 0)


def cut(
    eyes: NDArray[np.float32], wide: float, line: float, side: int, stretch: float = 1.0, turn: float = 0.0
) -> NDArray[np.float64]:
    """The matrix of a cut with the outer eye corners ``wide`` apart and ``line`` from the top, as shares."""
    (ax, ay), (bx, by) = eyes.astype(np.float64)
    distance = np.hypot(bx - ax, by - ay)
    scale = wide * side / distance
    angle = np.arctan2(by - ay, bx - ax) + turn
    c, s = np.cos(angle), np.sin(angle)
    m = np.diag([scale, scale * stretch]) @ np.array([[c, s], [-s, c]])
    middle = eyes.astype(np.float64).mean(0)
    return np.column_stack([m, np.array([side / 2, line * side]) - m @ middle])


def one_way(
    pairs: NDArray[np.uint8], eyes: NDArray[np.float32], rng: np.random.Generator
) -> NDArray[np.float32]:
    """A map, (3, 28, 28), made somehow."""
    a, b = int(rng.integers(0, 2)), int(rng.integers(2, 4))
    method = str(rng.choice([m for m, _ in _METHODS], p=[p for _, p in _METHODS]))
    side = int(rng.integers(56, 113 if method == "tvl1" else 193))
    wide = float(np.clip(rng.normal(0.64, 0.08), 0.42, 0.85))
    line = float(np.clip(rng.normal(0.26, 0.05), 0.12, 0.42))
    stretch, turn = float(np.exp(rng.normal(0, 0.06))), float(rng.normal(0, 0.04))
    jitter = 0.01 * float(np.hypot(*(eyes[a, 1] - eyes[a, 0])))
    matrix = cut(
        eyes[a] + rng.normal(0, 2 * jitter, (2, 2)).astype(np.float32), wide, line, side, stretch, turn
    )
    later = matrix
    steadied = rng.random()
    if steadied < 0.4:  # brought over the first one by landmarks that tremble
        late = eyes[b] + rng.normal(0, 0.4 * jitter * rng.random(), (2, 2)).astype(np.float32)
        later = _like(matrix, eyes[a], late)
    kind = cv2.INTER_AREA if rng.random() < 0.5 else cv2.INTER_LINEAR
    shots = [
        cv2.warpAffine(
            _softened(pairs[i], m), m, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        for i, m in ((a, matrix), (b, later))
    ]
    maps = fields(shots[0], shots[1], method)
    if rng.random() < 0.15:  # others stop at a largest magnitude
        most = np.quantile(np.abs(maps[..., :2]), 0.995)
        maps[..., :2] = np.clip(maps[..., :2], -most, most)
    if rng.random() < 0.25:
        maps = whole_numbers(maps)
        return small(maps, kind)
    maps = np.moveaxis(small(maps, kind), 0, -1)
    return np.moveaxis(whole_numbers(maps) if rng.random() < 0.5 else maps, -1, 0)


def other_way(pairs: NDArray[np.uint8], eyes: NDArray[np.float32]) -> NDArray[np.float32]:
    """A map as one public recipe makes it: TV-L1, cut once, a picture."""
    matrix = cut(eyes[1], 0.62, 0.24, 128)
    shots = [
        cv2.warpAffine(_softened(pairs[i], matrix), matrix, (128, 128), borderMode=cv2.BORDER_REPLICATE)
        for i in (1, 2)
    ]
    return whole_numbers(np.moveaxis(small(fields(shots[0], shots[1], "tvl1")), 0, -1)).transpose(2, 0, 1)


def _like(
    matrix: NDArray[np.float64], eyes: NDArray[np.float32], late: NDArray[np.float32]
) -> NDArray[np.float64]:
    """The cut that brings ``late`` eye corners to where ``matrix`` brings ``eyes``."""
    p, q = late[1] - late[0], eyes[1] - eyes[0]
    z = complex(*q) / complex(*p)
    turn = np.array([[z.real, -z.imag], [z.imag, z.real]])
    shift = eyes.mean(0) - turn @ late.mean(0)
    return np.column_stack([matrix[:, :2] @ turn, matrix[:, :2] @ shift + matrix[:, 2]])


def _softened(picture: NDArray[np.uint8], matrix: NDArray[np.float64]) -> NDArray[np.uint8]:
    zoom = float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    return cv2.GaussianBlur(picture, (0, 0), 0.4 / zoom) if zoom < 0.7 else picture


def of_person(path: Path) -> dict[str, Any]:
    """All maps of a person."""
    cv2.setNumThreads(1)
    out = WORLD / "maps" / path.name
    if out.exists():
        return dict(np.load(out))
    person = int(path.stem.split("-")[1])
    rng = np.random.default_rng([_SEED, person])
    maps, others, y, units, rates, size = [], [], [], [], [], []
    with np.load(path) as file:
        age, sex, skin, _ = file["who"].tolist()
        for n in sorted({name[:2] for name in file.files if name[:2].isdigit()}):
            card = file[f"{n}-card"]
            pairs, eyes = file[f"{n}-pairs"], file[f"{n}-eyes"]
            maps.append([one_way(pairs, eyes, rng) for _ in range(WAYS)])
            others.append(other_way(pairs, eyes) if dev(person) else np.zeros((3, SIDE, SIDE), np.float32))
            y.append(number_of(str(card[0])))
            units.append(str(card[1]))
            rates.append(float(card[2]))
            size.append(float(card[5]))
    made = {
        "maps": np.array(maps, np.float32),
        "other": np.array(others, np.float32),
        "y": np.array(y),
        "units": np.array(units),
        "fps": np.array(rates),
        "intensity": np.array(size),
        "person": np.full(len(y), person),
        "age": np.full(len(y), float(age)),
        "sex": np.full(len(y), sex),
        "skin": np.full(len(y), int(skin)),
    }
    held = io.BytesIO()
    np.savez_compressed(held, **made)
    write_whole(out, held.getvalue())
    return made


def load(domain: str = "wide", jobs: int = 1) -> dict[str, NDArray[Any]]:
    """All people's, stacked; made where they are not there yet."""
    paths = sorted((WORLD / "clips").glob(f"{domain}-*.npz"))
    people: list[Any] = [None] * len(paths)
    for i, made in run_jobs(of_person, paths, jobs=jobs):
        people[i] = made
    return {name: np.concatenate([p[name] for p in people]) for name in people[0]}


def main() -> None:
    """Make them."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--jobs", type=int, default=2)
    print({name: values.shape for name, values in load(jobs=options.parse_args().jobs).items()})


if __name__ == "__main__":
    main()
