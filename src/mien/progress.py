"""One progress hook for the terminal, a notebook and the web.

A hook is any callable that takes a :class:`Progress`. Rooms call it; who draws it is not their concern.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Progress", "ProgressHook", "silent"]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one stage of the work has come.

    Attributes:
        stage: what is being done, in words for a person ("reading", "measuring motion").
        done: units finished (frames, events, files), >= 0.
        total: units in all, or ``None`` where nobody knows (a stream without a length).
        item: what is being worked on, usually the recording's name.
    """

    stage: str
    done: int
    total: int | None = None
    item: str = ""


ProgressHook = Callable[[Progress], None]


def silent(progress: Progress) -> None:
    """Ignore it: the default hook."""
