"""Which videos and expressions a spotting protocol takes.

All videos of a data set belong to it, also those in which nothing happens: leaving them out would hide false
alarms. The people are left out one at a time, as in MEGC 2020 and 2021 (J. Li et al.: "MEGC2020 - The third
facial micro-expression grand challenge", FG 2020).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from mien.datasets.manifest import Footage, Sample
from mien.errors import InputError
from mien.evaluation.guards import check_subjects
from mien.evaluation.selections import Excluded
from mien.events import EventKind
from mien.sources import Recording

__all__ = [
    "PUBLISHED_SPOTTING",
    "SpottingSelection",
    "SpottingVideo",
    "TrueExpression",
    "recording_of",
    "select_spotting",
]

PUBLISHED_SPOTTING: Final[Mapping[str, tuple[int, int, int, int]]] = MappingProxyType(
    {"cas-me-2": (22, 98, 300, 57), "samm-lv": (32, 147, 343, 159)}
)
"""Data set -> people, videos, macro- and micro-expressions of MEGC 2020."""


@dataclass(frozen=True, slots=True)
class TrueExpression:
    """An expression to be found; frames are positions in the video, both ends included.

    Attributes:
        onset, offset: first and last frame.
        kind: by the data set's own word, not by its duration.
        apex: ``None`` where nobody annotated it.
        emotion: ``None`` likewise.
        clip: name of the annotated sample.
    """

    onset: int
    offset: int
    kind: EventKind
    apex: int | None
    emotion: str | None
    clip: str


@dataclass(frozen=True, slots=True)
class SpottingVideo:
    """A long video with all that is to be found in it, in order; possibly nothing."""

    footage: Footage
    expressions: tuple[TrueExpression, ...]


@dataclass(frozen=True)
class SpottingSelection:
    """The items of a spotting protocol.

    Attributes:
        videos: in the order given.
        excluded: samples that cannot be looked for, with reasons.
        notes: how the data differ from what was published.
    """

    videos: tuple[SpottingVideo, ...]
    excluded: tuple[Excluded, ...]
    notes: tuple[str, ...]

    @property
    def subjects(self) -> tuple[str, ...]:
        """Whose each video is: the groups of the splitters."""
        return tuple(video.footage.subject for video in self.videos)


def select_spotting(footage: Iterable[Footage], samples: Iterable[Sample]) -> SpottingSelection:
    """Put expressions and videos together.

    Args:
        footage: every video, annotated or not.
        samples: the annotated expressions, in any order.

    Raises:
        InputError: a subject's name does not say its data set.
    """
    videos = tuple(dict.fromkeys(footage))
    check_subjects([v.subject for v in videos], [v.dataset for v in videos])
    found: dict[str, list[TrueExpression]] = {video.key: [] for video in videos}
    excluded: list[Excluded] = []
    for sample in samples:
        onset, offset, kind = sample.onset, sample.offset, sample.kind
        if kind is None:
            excluded.append(Excluded(sample, "a neutral take"))
        elif sample.footage not in found:
            excluded.append(Excluded(sample, f"its video {sample.footage} is missing"))
        elif onset is None or offset is None:
            end = "onset" if onset is None else "offset"
            excluded.append(Excluded(sample, f"its {end} is not known"))
        elif onset > offset:
            excluded.append(Excluded(sample, f"it ends ({offset}) before it begins ({onset})"))
        else:
            found[sample.footage].append(
                TrueExpression(onset, offset, kind, sample.apex, sample.emotion, sample.clip)
            )
    taken = tuple(
        SpottingVideo(v, tuple(sorted(found[v.key], key=lambda e: (e.onset, e.offset)))) for v in videos
    )
    return SpottingSelection(taken, tuple(excluded), _differences(taken))


def recording_of(footage: Footage) -> Recording:
    """Where a long video lies.

    Raises:
        InputError: it has no files or no frame rate.
    """
    if not footage.files:
        raise InputError(f"{footage.key}: its files are not there or were not read.")
    if footage.fps is None:
        raise InputError(f"{footage.key}: it has no frame rate; nothing in it has a duration.")
    return Recording(footage.key, footage.paths, footage.fps, footage.numbers)


def _differences(videos: tuple[SpottingVideo, ...]) -> tuple[str, ...]:
    notes = []
    words = ("people", "videos", "macro-expressions", "micro-expressions")
    for dataset in dict.fromkeys(v.footage.dataset for v in videos):
        its = [v for v in videos if v.footage.dataset == dataset]
        kinds = [e.kind for v in its for e in v.expressions]
        ours = (len({v.footage.subject for v in its}), len(its), kinds.count("macro"), kinds.count("micro"))
        published = PUBLISHED_SPOTTING.get(dataset, ours)
        notes += [
            f"{dataset}: {n} {word}, published are {m}"
            for n, m, word in zip(ours, published, words, strict=True)
            if n != m
        ]
    return tuple(notes)
