"""Who is filmed, and where the films lie. Everything is filmed once, without noise or compression.

The people are of the training world's domain ``wide`` and set apart: the shipped models were trained on those
of the people 1 to 400 whose numbers are no multiples of five; epochs, bars and calibration were chosen on
multiples of five up to 210. The people here begin at 405. Nobody of the frozen test world is among them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.files import write_whole
from mien.inputs import key_of
from mien.records import Stream
from mien.synthesis import trainworld
from mien.synthesis.distractors import DistractorSettings
from mien.synthesis.performance import PerformanceSettings
from mien.synthesis.script import Conditions, Script, clip_script, recording_script
from mien.video import open_video, write_video
from robustness.levels import FPS, Level

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / ".cache" / "robustness"
VERSION = 1
"""Grows whenever the same order would give other pictures."""
FILMS = WORK / f"films-{key_of('robustness', VERSION, trainworld.VERSION)[:10]}"

STREAM = Stream("robustness", FPS, 256, 256, "rgb")
FACE = (0.30, 0.34)
PEOPLE = tuple(range(405, 455, 5))
"""Who is filmed for spotting."""
SECONDS, MICRO = 6.0, 4
"""Length of a recording, and how many micro-expressions there are in it."""
CLIP_PEOPLE = tuple(range(405, 465, 5))
"""Who is filmed for recognition."""
WISHES = ("negative", "positive", "surprise") * 2
"""What each of them feels in turn."""
MARGIN = 2
"""Frames that are drawn before the onset and after the apex of a clip."""
_RECORDING, _CLIP = 5001, 5100
"""Numbers of takes, beyond those of the training world."""

LOSSLESS: dict[str, Any] = {
    "codec": "libx264rgb",
    "pix_fmt": "rgb24",
    "options": {"crf": "0", "preset": "ultrafast", "threads": "1"},
}
"""Every pixel as it is, a sixth of the bytes of other lossless films: these pictures have no noise."""

Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class Take:
    """A film to be made: of one person for one task."""

    task: str
    person: int
    intensity: float = 1.0
    head: float = 1.0

    @property
    def key(self) -> str:
        return f"{self.task}-{self.person:03d}-{self.intensity:g}-{self.head:g}"

    @property
    def path(self) -> Path:
        return FILMS / f"{self.key}.mkv"

    @property
    def card(self) -> Path:
        return self.path.with_suffix(".json")

    @property
    def seconds(self) -> float:
        """What filming is thought to take on one core."""
        frames = SECONDS * FPS if self.task == "spotting" else 17 * len(WISHES)
        return 0.023 * frames + (0 if self.task == "spotting" else 0.25 * len(WISHES))


def take_of(task: str, person: int, level: Level) -> Take:
    """The film that a level is made from."""
    return Take(task, person, level.intensity, level.head)


def conditions(take: Take) -> Conditions:
    """Calm people in steady light who blink, look about and move the head a little; nobody speaks."""
    usual = DistractorSettings()
    # quick movements are more frequent than usual: in six seconds there would hardly be one
    head = replace(usual.head, rate=10.0, size=take.head, drift=take.head)
    acting = PerformanceSettings(
        micro_rate=0.0, macro_rate=9.0, at_least=MICRO, gap_s=0.5, masked=0.0,
        distractors=replace(usual, head=head),
    )  # fmt: skip
    return Conditions(acting=acting, noise=False, compression=False, face=FACE, intensity=take.intensity)


def recording(take: Take, seconds: float = SECONDS) -> Script:
    """What a person does for spotting."""
    return recording_script(trainworld.SEED, take.person, _RECORDING, STREAM, seconds, conditions(take))


def clips(take: Take) -> list[Script]:
    """What a person does for recognition: one micro-expression a clip."""
    told = conditions(take)
    return [
        clip_script(trainworld.SEED, take.person, _CLIP + n, STREAM, told, emotion=wish)
        for n, wish in enumerate(WISHES)
    ]


def film(take: Take) -> str:
    """Make a film and its card, if they are not there; its key."""
    if take.path.exists():
        return take.key
    cv2.setNumThreads(1)
    FILMS.mkdir(parents=True, exist_ok=True)
    scripts = [recording(take)] if take.task == "spotting" else clips(take)
    pieces = [_piece(script, wish) for script, wish in zip(scripts, WISHES, strict=False)]
    for before, piece in zip([None, *pieces], pieces, strict=False):
        piece["start"] = 0 if before is None else before["start"] + before["n"]
    # the card first: where there is a film there is a card
    write_whole(take.card, json.dumps({"key": take.key, "pieces": pieces}))

    def frames() -> Iterator[Picture]:
        for script, piece in zip(scripts, pieces, strict=True):
            shot = script.film()
            yield from (shot.frame(piece["first"] + n) for n in range(piece["n"]))

    write_video(take.path, frames(), FPS, **LOSSLESS)
    return take.key


def _piece(script: Script, wish: str) -> dict[str, Any]:
    """A whole recording, or of a clip the frames around onset and apex."""
    n, shown = script.take.n_frames, script.take.expressions
    expressions = [
        {k: v for k, v in asdict(e).items() if k in ("onset", "apex", "offset", "kind")} for e in shown
    ]
    piece = {"first": 0, "n": n, "eye_px": script.setting.camera.eye_px, "expressions": expressions}
    if script.take.product == "clips":
        (one,) = shown
        first = max(0, one.onset - MARGIN)
        piece |= {"first": first, "n": min(n, one.apex + 1 + MARGIN) - first, "class": wish}
    return piece


def pieces(take: Take) -> list[dict[str, Any]]:
    """What is in a film: a recording, or clips one after another."""
    return list(json.loads(take.card.read_text(encoding="utf-8"))["pieces"])


def frames_of(take: Take, piece: dict[str, Any]) -> Iterator[Picture]:
    """A piece's pictures."""
    with open_video(take.path) as reader:
        for frame in reader.read(piece["start"], piece["start"] + piece["n"] - 1):
            yield frame.rgb
