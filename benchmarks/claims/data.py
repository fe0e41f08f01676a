"""Who is filmed for the claims, and where the films lie: everything else asks this file.

Clips are of the training world's domains ``fast`` (200 frames a second, colour) and ``slow`` (60, grey), on
whom nothing that ships was trained. Posed expressions (neutral to the peak, as in CK+) and long videos are of
people of other seeds. Films are kept as folders of pictures under ``.cache/claims``; a folder is there whole
or not at all, so that filming goes on where it was stopped.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np

from mien.inputs import ArrayCache, key_of
from mien.jobs import run_jobs
from mien.records import Stream
from mien.sources import PictureClip, Recording
from mien.synthesis import trainworld
from mien.synthesis.distractors import DistractorSettings
from mien.synthesis.performance import PerformanceSettings
from mien.synthesis.script import Conditions, Script, posed_script, recording_script

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / ".cache" / "claims"
VERSION = 1
"""Grows whenever the same order would give other pictures."""
FILMS = WORK / f"films-{key_of('claims', VERSION, trainworld.VERSION)[:10]}"
CACHE = ArrayCache(WORK / "arrays")

CLASSES = ("negative", "positive", "surprise")
WISHES = (*CLASSES, *CLASSES)
"""What a person of a domain feels in turn: as much of each class."""
PEOPLE = 16
"""Of each domain."""
FOLDS = 4
SEEDS = (0, 1, 2)

POSED_SEED, POSED_PEOPLE = 2021, 30
POSES = ("anger", "contempt", "disgust", "fear", "happiness", "sadness", "surprise")
POSED_STREAM = Stream("", 30.0, 192, 192, "grey")

VIDEO_SEED, VIDEO_PEOPLE, SECONDS = 2022, 16, 3.0
VIDEO_STREAM = Stream("", 100.0, 224, 224, "grey")
DISTRACTED = ("nothing", "blinks", "gaze and head", "speech", "everything")
"""What else goes on in a long video: one video a person of each."""


@dataclass(frozen=True)
class Order:
    """One film: ``kind`` is a domain, ``posed`` or ``video``; ``number`` counts from 1."""

    kind: str
    person: int
    number: int

    @property
    def key(self) -> str:
        return f"{self.kind}-{self.person:02d}-{self.number}"

    @property
    def who(self) -> str:
        return f"{self.kind}-{self.person:02d}"

    @property
    def word(self) -> str:
        """Its class, pose, or what else goes on."""
        words = {"posed": POSES, "video": DISTRACTED}.get(self.kind, WISHES)
        return words[self.number - 1]

    def script(self) -> Script:
        if self.kind == "posed":
            steady = Conditions(acting=PerformanceSettings(frequencies="seven"), face=(0.28, 0.36))
            return posed_script(
                POSED_SEED, self.person, self.number, POSED_STREAM, self.word, steady, way="rise"
            )
        if self.kind == "video":
            told = video_conditions(self.word)
            return recording_script(VIDEO_SEED, self.person, self.number, VIDEO_STREAM, SECONDS, told)
        return trainworld.clip(self.kind, self.person, self.number, self.word)


def video_conditions(what: str) -> Conditions:
    """Exactly one micro-expression; of what makes spotting hard, only ``what``, and more of it than usual."""
    calm = DistractorSettings()
    off = {name: replace(getattr(calm, name), on=False) for name in asdict(calm)}
    on = {
        "nothing": (),
        "blinks": ("blinks",),
        "gaze and head": ("gaze", "head"),
        "speech": ("speech",),
        "everything": ("blinks", "gaze", "head", "speech", "breathing", "swallowing"),
    }[what]
    rates = {"blinks": 40.0, "speech": 15.0}
    for name in on:
        one = replace(getattr(calm, name), on=True)
        off[name] = replace(one, rate=rates[name]) if name in rates else one
    acting = PerformanceSettings(
        micro_rate=0.0, macro_rate=0.0, at_least=1, masked=0.0, blink_beside=0.0, gap_s=0.5,
        distractors=DistractorSettings(**off),
    )  # fmt: skip
    return Conditions(acting=acting, face=(0.26, 0.34))


def orders(kind: str) -> list[Order]:
    """All films of a kind."""
    people = {"posed": POSED_PEOPLE, "video": VIDEO_PEOPLE}.get(kind, PEOPLE)
    takes = {"posed": len(POSES), "video": len(DISTRACTED)}.get(kind, len(WISHES))
    return [Order(kind, p, n) for p in range(1, people + 1) for n in range(1, takes + 1)]


def film(order: Order) -> str:
    """Make a film if it is not there."""
    folder = FILMS / order.key
    if folder.is_dir():
        return order.key
    script = order.script()
    write(script, folder, order.key)
    return order.key


def write(script: Script, folder: Path, key: str) -> None:
    """Pictures and a card into a folder that appears whole."""
    cv2.setNumThreads(1)
    part = folder.with_name(f".part-{folder.name}")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    shot = script.film()
    for i in range(script.take.n_frames):
        picture = shot.frame(i)
        if picture.ndim == 3:
            picture = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
        if not cv2.imwrite(str(part / f"{i:04d}.png"), picture, [cv2.IMWRITE_PNG_COMPRESSION, 1]):
            raise SystemExit(f"{part}: a picture could not be written; is the disk full?")
    card = {
        "key": key,
        "fps": script.take.fps,
        "expressions": [asdict(e) for e in script.take.expressions],
        "blinks": [list(b) for b in script.take.blinks],
    }
    (part / "card.json").write_text(json.dumps(card))
    part.rename(folder)


def film_all(kinds: Sequence[str], jobs: int) -> None:
    """Make all films of some kinds that are not there."""
    missing = [o for kind in kinds for o in orders(kind) if not (FILMS / o.key).is_dir()]
    for done, _ in enumerate(run_jobs(film, missing, jobs=jobs), 1):
        if not done % 20 or done == len(missing):
            print(f"  filmed {done} of {len(missing)}", flush=True)


@dataclass(frozen=True)
class Shot:
    """A film that is there, with its truth.

    Attributes:
        order: what it is.
        source: where it lies.
        expressions: onset, apex, offset, emotion, units of each.
    """

    order: Order
    source: Any
    expressions: tuple[Any, ...]

    @property
    def item(self) -> dict[str, Any]:
        """Its line in a file of results."""
        o = self.order
        line: dict[str, Any] = {"key": o.key, "person": o.who, "domain": o.kind, "truth": o.word}
        if o.kind == "video":
            (one,) = self.expressions
            line |= {"onset": one.onset, "apex": one.apex, "offset": one.offset, "fps": self.source.fps}
        return line


def shot_of(order: Order) -> Shot:
    """A film as it lies on disk."""
    folder = FILMS / order.key
    card = json.loads((folder / "card.json").read_text())
    files = tuple(sorted(folder.glob("*.png")))
    shown = tuple(SimpleNamespace(**e) for e in card["expressions"])
    if order.kind == "video":
        return Shot(order, Recording(order.key, files, card["fps"]), shown)
    one = shown[0]
    # a posed expression that ends at its peak has nothing after it
    source = PictureClip(order.key, files, card["fps"], one.onset, one.apex, min(one.offset, len(files) - 1))
    return Shot(order, source, shown)


def shots(*kinds: str, people: int | None = None) -> list[Shot]:
    """All films of some kinds, or those of the first people only."""
    return [shot_of(o) for kind in kinds for o in orders(kind) if people is None or o.person <= people]


def fold_of(shot: Shot, folds: int = FOLDS) -> int:
    """Which part a person is tested in."""
    return (shot.order.person - 1) % folds


def classes_of(some: Sequence[Shot]) -> np.ndarray[Any, Any]:
    return np.array([s.order.word for s in some])


def people_of(some: Sequence[Shot]) -> np.ndarray[Any, Any]:
    return np.array([s.order.who for s in some])
