"""Film clips of the training world, as what weights are trained on. A file a person, under .cache/world.

A person shows eleven micro-expressions: three happy, three surprised, four negative, one that is none of
these. Of each are kept

- ``crops`` (n, 128, 128): the steadied faces, as ``mien analyze`` sees them, of moments from rest to rest
  (``frames``), zeros where the face was not seen, and the mesh of the face in them;
- ``pairs`` (4, S, S): cuts of the pictures around the head, all by the first one's place, as others cut their
  data, with the outer eye corners' places in them (made with the truth): before the onset, onset, apex, near
  the apex.

Stop it and start it again as you like: finished people are kept.
"""

from __future__ import annotations

import argparse
import io
import zlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.face import FaceTracker
from mien.files import write_whole
from mien.jobs import run_jobs
from mien.synthesis import trainworld
from mien.synthesis.script import Script
from mien.video import Frame

ROOT = Path(__file__).resolve().parents[2]
WORLD = ROOT / ".cache" / "world"
WISHES = ("happiness",) * 3 + ("surprise",) * 3 + ("anger", "disgust", "negative", "negative") + ("others",)
SIDE = 208
"""Most pixels a side of the cuts."""


def compressed(picture: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    """As a compressed film would have it; 0: as it is."""
    if not quality:
        return picture
    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_UNCHANGED), np.uint8)


def look(script: Script, rng: np.random.Generator) -> dict[str, Any]:
    """What is kept of a take."""
    film, take = script.film(), script.take
    (shown,) = take.expressions
    quality = int(rng.integers(55, 97)) if rng.random() < 0.5 else 0
    corners = list(film.head.model.eye_corners(film.head.neutral))
    late = take.fps * rng.normal(0, 0.02, 2)
    marked = (
        max(0, shown.onset - int(rng.integers(0, 8))),
        shown.onset,
        shown.apex,
        int(np.clip(shown.apex + round(late[0]), shown.onset + 1, shown.offset)),
    )
    wanted = {0, (shown.onset + shown.apex) // 2, (shown.apex + shown.offset) // 2, shown.offset, *marked}
    tracker, crops, frames, pairs, eyes, matrix = FaceTracker(), [], [], {}, {}, None
    mesh = np.zeros((0, 3), np.float32)
    for index in sorted(wanted):
        picture = compressed(film.frame(index), quality)
        if index in marked:
            at = film.landmarks(index)[corners] - 0.5
            if matrix is None:
                matrix, side = cut_around(at)
            grey = picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
            pairs[index] = film.cut(grey, matrix, side, side)
            eyes[index] = at @ matrix[:, :2].T + matrix[:, 2]
        found = tracker.update(Frame.from_array(index, index / take.fps, np.ascontiguousarray(picture)))
        seen = found.crop is not None and found.state == "ok"
        if not len(mesh) and found.key is not None:
            mesh = found.key.mesh.astype(np.float32)
        crops.append(found.crop if seen else np.zeros((128, 128), np.uint8))
        frames.append(index)
    return {
        "crops": np.stack(crops),
        "mesh": mesh,
        "frames": np.array(frames),
        "marked": np.array([*marked, shown.offset]),
        "pairs": np.stack([pairs[i] for i in marked]),
        "eyes": np.stack([eyes[i] for i in marked]).astype(np.float32),
        "card": np.array(
            [
                shown.emotion,
                " ".join(f"{u.au}:{u.side}:{u.strength:.2f}" for u in shown.units),
                f"{take.fps:g}",
                take.stream.colour,
                f"{script.setting.camera.eye_px:.1f}",
                f"{shown.intensity:.3f}",
                str(quality),
            ]
        ),
    }


def cut_around(eyes: NDArray[np.float64]) -> tuple[NDArray[np.float64], int]:
    """The cut of a head whose outer eye corners are known, as a matrix and its side."""
    (ax, ay), (bx, by) = eyes
    distance = float(np.hypot(bx - ax, by - ay))
    span = 3.3 * distance
    side = int(min(SIDE, round(span)))
    scale = side / span
    mx, my = (ax + bx) / 2, (ay + by) / 2 + 0.42 * distance
    return np.array([[scale, 0, side / 2 - scale * mx], [0, scale, side / 2 - scale * my]]), side


def film_person(order: tuple[str, int]) -> str:
    """All of a person's clips into a file; its name."""
    domain, person = order
    cv2.setNumThreads(1)
    out = WORLD / "clips" / f"{domain}-{person:05d}.npz"
    if out.exists():
        return out.name
    rng = np.random.default_rng([trainworld.SEED, 3, zlib.crc32(domain.encode()), person])
    kept: dict[str, Any] = {}
    for number, wish in enumerate(WISHES, 1):
        script = trainworld.clip(domain, person, number, wish)
        for name, value in look(script, rng).items():
            kept[f"{number:02d}-{name}"] = value
        who = script.actor.person
    kept["who"] = np.array([str(who.age), who.sex, str(who.skin), str(who.ethnicity)])
    held = io.BytesIO()
    np.savez_compressed(held, **kept)
    write_whole(out, held.getvalue())
    return out.name


def main() -> None:
    """Film them."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--domain", default="wide", choices=list(trainworld.DOMAINS))
    options.add_argument("--people", type=int, default=212)
    options.add_argument("--apart", action="store_true", help="only people who are set apart")
    options.add_argument("--jobs", type=int, default=2)
    given = options.parse_args()
    people = [n for n in range(1, given.people + 1) if not given.apart or n % 5 == 0]
    orders = [(given.domain, person) for person in people]
    for done, (_, name) in enumerate(run_jobs(film_person, orders, jobs=given.jobs), 1):
        print(done, name, flush=True)


if __name__ == "__main__":
    main()
