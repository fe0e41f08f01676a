"""What several layouts share beyond :mod:`mien.datasets.layout`: order, peaks, and who gets a quirk."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mien.datasets.layout import Shot, steady
from mien.records import Take

__all__ = ["chosen", "count_by_emotion", "emotion_of", "in_order", "peak_of"]


def in_order(shots: Iterable[Shot]) -> list[Shot]:
    """Shots by person, number and camera, whatever order they come in."""
    return sorted(shots, key=lambda s: (s.take.person.number, s.take.number, s.take.stream.key))


def emotion_of(take: Take) -> str:
    """The first expression's emotion; ``"neutral"`` where nothing happens."""
    return take.expressions[0].emotion if take.expressions else "neutral"


def peak_of(take: Take) -> int:
    """The frame of the peak; the last one where nothing happens."""
    return take.expressions[0].apex if take.expressions else take.n_frames - 1


def count_by_emotion(takes: Sequence[Take]) -> list[int]:
    """For each take of one person, how many with the same camera and emotion come before it.

    Args:
        takes: in order of number.
    """
    counts: dict[tuple[str, str], int] = {}
    result = []
    for take in takes:
        key = (take.stream.key, emotion_of(take))
        result.append(counts.get(key, 0))
        counts[key] = result[-1] + 1
    return result


def chosen(take: Take, quirk: str, one_in: int, part: int = 0) -> bool:
    """Whether a take shows a quirk: about one in so many, the same ones every time.

    Args:
        take: the cameras of a performance are chosen together.
        quirk: its name; different quirks choose independently.
        one_in: how rare it is.
        part: which expression of the take, where the quirk is one of an expression.
    """
    return steady(quirk, take.person.number, take.number, part) % one_in == 0
