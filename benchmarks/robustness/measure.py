"""What is done at one level with one person: spotting in a recording, or recognition of clips."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from several import Several
from test_world_spotting import SPOTTERS

import mien
from mien.errors import InputError
from mien.face import FaceTracker
from mien.inputs import Clip
from mien.recognition import make_recognizer
from mien.video import open_video
from robustness.degrade import kept, nearest, thinned_truth, write
from robustness.films import WORK, frames_of, pieces, take_of
from robustness.levels import Level

CLASSES = ("negative", "positive", "surprise")
RECOGNIZER = "three-emotions"
Found = dict[str, Any]


@contextmanager
def _folder() -> Iterator[Path]:
    """For a level's film, which is gone afterwards."""
    WORK.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=WORK, prefix=".level-") as name:
        yield Path(name)


def spotted(person: int, level: Level) -> Found:
    """Events of both spotters in a recording, and the truth, in the level's frames.

    A film in which no face is found at all has no events: that is what its user gets.
    """
    take = take_of("spotting", person, level)
    (piece,) = pieces(take)
    n = len(kept(0, piece["n"], level.step))
    with _folder() as folder:
        film = write(folder, frames_of(take, piece), level, seed=person)
        both, scored = Several(SPOTTERS), 0.0
        try:
            # the recogniser has no say in what is found; the rules are the quickest
            analysis = mien.analyze(film, spotter=both, recognizer="au-rules", pictures=False)
            scored = float(np.isfinite(analysis.timeline.score).mean())
        except InputError as error:
            if "could not be found" not in str(error) and "no face" not in str(error):
                raise
    events = {
        name: [_plain(e) for e in both.results[name].events] if both.results else [] for name in SPOTTERS
    }
    truth = thinned_truth(piece["expressions"], level.step, n)
    return {"truth": [_row(e) for e in truth], "found": events, "scored": round(scored, 3)}


def _plain(event: Any) -> list[Any]:
    return _row({name: getattr(event, name) for name in ("onset", "apex", "offset", "kind")})


def _row(event: dict[str, Any]) -> list[Any]:
    return [*(int(event[name]) for name in ("onset", "apex", "offset")), event["kind"]]


def recognised(person: int, level: Level) -> Found:
    """What each clip shows and what is said of it; nothing where the face was not found throughout."""
    take = take_of("recognition", person, level)
    told = pieces(take)
    said = []
    with _folder() as folder:
        for number, piece in enumerate(told):
            seed = 100 * person + number
            film = write(folder, frames_of(take, piece), level, seed, piece["first"])
            said.append(judged(film, piece, level))
    return {"truth": [CLASSES.index(piece["class"]) for piece in told], "said": said}


def judged(film: Path, piece: dict[str, Any], level: Level) -> int:
    """Position among :data:`CLASSES`, −1 if the face was not found; onset and apex as annotated."""
    (shown,) = piece["expressions"]
    numbers = kept(piece["first"], piece["n"], level.step)
    onset, apex = (nearest(numbers, shown[name]) for name in ("onset", "apex"))
    tracker, crops, mesh = FaceTracker(), [], None
    with open_video(film, fps=level.fps) as reader:
        for frame in reader.read(0, len(numbers) - 1):
            face = tracker.update(frame)
            if face.crop is None or face.key is None:
                return -1
            crops.append(face.crop)
            mesh = face.key.mesh if mesh is None else mesh
    apex = min(max(apex, onset + 1), len(crops) - 1)  # a slow camera may have one frame for both
    clip = Clip(np.stack(crops), level.fps, onset, apex, len(crops) - 1, landmarks=mesh)
    shares = make_recognizer(RECOGNIZER).recognize(clip).probabilities
    return max(range(len(CLASSES)), key=lambda i: shares.get(CLASSES[i], 0.0))
