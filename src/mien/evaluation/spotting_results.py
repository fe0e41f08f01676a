"""What comes out of a spotting run, video by video, and the small files that keep it.

The key of a file is a digest of everything that decides what is in it (see :mod:`mien.evaluation.store`).
Truths are not stored: what was found is matched anew with what the data set says.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np

from mien.errors import InputError
from mien.evaluation.metrics import Matching, match_expressions
from mien.evaluation.spotting_lists import TrueExpression
from mien.events import EventKind
from mien.files import write_whole

__all__ = [
    "FoundExpression",
    "Matched",
    "SearchedVideo",
    "SpottingResult",
    "SpottingStore",
    "found_expressions",
]

_SCHEMA: Final = 1
_COLUMNS: Final = 6
_KINDS: Final[tuple[EventKind, ...]] = ("micro", "macro")


@dataclass(frozen=True, slots=True)
class FoundExpression:
    """An event in a video; frames are positions in its files, both ends included.

    Attributes:
        onset, apex, offset: onset <= apex <= offset.
        kind: by the spotter.
        score: the higher, the surer; comparable within a spotter only.
        threshold: what it had to reach.
    """

    onset: int
    apex: int
    offset: int
    kind: EventKind
    score: float
    threshold: float


@dataclass(frozen=True)
class SearchedVideo:
    """A video of the run.

    Attributes:
        key: unique name.
        dataset, part, subject, name: as :class:`mien.datasets.Footage`.
        fps: frames a second.
        n_frames: how many pictures there are.
        seconds: how long it is, lost pictures counted.
        expressions: what is to be found.
    """

    key: str
    dataset: str
    part: str
    subject: str
    name: str
    fps: float
    n_frames: int
    seconds: float
    expressions: tuple[TrueExpression, ...]


@dataclass(frozen=True, slots=True)
class SpottingResult:
    """What a contender found in a video, or, where it learns, in a fold's test videos.

    Attributes:
        contender: its name.
        seed: of the training.
        fold: its name; of a contender that learns nothing, the video's.
        videos: keys.
        events: of each video, in order of onset.
        trained_on: how many videos were trained on.
    """

    contender: str
    seed: int
    fold: str
    videos: tuple[str, ...]
    events: tuple[tuple[FoundExpression, ...], ...]
    trained_on: int = 0


@dataclass(frozen=True)
class Matched:
    """What a contender found in one video, and what of it is true."""

    contender: str
    seed: int
    fold: str
    video: SearchedVideo
    events: tuple[FoundExpression, ...]

    @cached_property
    def matching(self) -> Matching:
        """Which event found which expression, within each kind."""
        return match_expressions(self.events, self.video.expressions)


class SpottingStore:
    """Results in a folder, each whole or not there.

    Args:
        folder: made when first written to.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, key: str) -> Path:
        """The file of a key, there or not."""
        return self.folder / key[:2] / f"{key}.json"

    def get(self, key: str) -> SpottingResult | None:
        """The result under a key; ``None`` where there is none or the file is damaged."""
        try:
            data = json.loads(self.path(key).read_text(encoding="utf-8"))
            if data.pop("schema") != _SCHEMA or data.pop("key") != key:
                return None
            data["videos"] = tuple(data["videos"])
            data["events"] = tuple(tuple(FoundExpression(**e) for e in its) for its in data["events"])
            result = SpottingResult(**data)
            return result if len(result.videos) == len(result.events) else None
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def put(self, key: str, result: SpottingResult) -> None:
        """Store a result.

        Raises:
            InputError: the folder cannot be written.
        """
        text = json.dumps({"schema": _SCHEMA, "key": key, **asdict(result)}, sort_keys=True, allow_nan=False)
        write_whole(self.path(key), text + "\n")


def found_expressions(
    predicted: Any, keys: Sequence[str], sizes: Sequence[int]
) -> tuple[tuple[FoundExpression, ...], ...]:
    """What an estimator says of videos, checked.

    Args:
        predicted: for each video its events (k, 6), see :class:`mien.evaluation.SpottingEstimator`.
        keys: of the videos, for messages.
        sizes: their numbers of pictures.

    Raises:
        InputError: it is not what the contract asks for; with the video.
    """
    arrays = [np.asarray(rows, np.float64) for rows in predicted]
    if len(arrays) != len(keys):
        raise InputError(f"it speaks of {len(arrays)} videos and was given {len(keys)}")
    found = []
    for rows, key, size in zip(arrays, keys, sizes, strict=True):
        rows = rows.reshape(-1, _COLUMNS) if not rows.size else rows
        if rows.ndim != 2 or rows.shape[1] != _COLUMNS or not np.isfinite(rows).all():
            raise InputError(f"{key}: its events must be (k, {_COLUMNS}) numbers, not {rows.shape}")
        a, b, c, kind = rows[:, :4].T
        whole = (rows[:, :4] == np.rint(rows[:, :4])).all()
        if not whole or (a < 0).any() or (a > b).any() or (b > c).any() or (c >= size).any():
            raise InputError(
                f"{key}: onset, apex and offset of its events must be whole numbers in order from 0 to "
                f"{size - 1}"
            )
        if not np.isin(kind, (0, 1)).all():
            raise InputError(f"{key}: its events must be of the kind 0 (micro) or 1 (macro)")
        order = np.lexsort(rows.T[[5, 4, 3, 1, 2, 0]])
        found.append(
            tuple(
                FoundExpression(int(r[0]), int(r[1]), int(r[2]), _KINDS[int(r[3])], r[4], r[5])
                for r in rows[order].tolist()
            )
        )
    return tuple(found)
