"""Times that strictly increase, whatever the timestamps do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

__all__ = ["steady"]

T = TypeVar("T")

_PATIENCE = 16
"""How many frames without a usable timestamp are held back while a good one may still come."""


def steady(
    stamped: Iterable[tuple[float | None, T]], step: float, repaired: Callable[[], None]
) -> Iterator[tuple[float, T]]:
    """Mend missing, repeated and backward timestamps.

    Frames without a usable time are spread evenly between their neighbours. Where no later time comes (the
    clock was set back, or stands still), the recording goes on in its usual step from there.

    Args:
        stamped: (seconds or ``None``, anything) in order of presentation.
        step: seconds from one frame to the next, usually; > 0.
        repaired: called whenever a time had to be mended.

    Yields:
        (seconds, anything), strictly increasing, the first at 0.
    """
    last: float | None = None
    shift: float | None = None  # clock of the file to clock of the recording; None until the first good time
    waiting: list[T] = []

    def bridge(until: float | None) -> Iterator[tuple[float, T]]:
        """The waiting frames, spread between ``last`` and ``until``."""
        nonlocal last
        if not waiting:
            return
        repaired()
        gap = step
        if until is not None and last is not None:
            gap = min(step, (until - last) / (len(waiting) + 1))
        for item in waiting:
            last = 0.0 if last is None else last + gap
            yield last, item
        waiting.clear()

    for time, item in stamped:
        if time is not None and shift is None:
            # The first time that is known: the frames before it (if any) come at the usual step.
            shift = -time + len(waiting) * step
        now = None if time is None or shift is None else time + shift
        if now is None or (last is not None and now <= last):
            waiting.append(item)
            if len(waiting) == _PATIENCE:
                yield from bridge(None)
                if time is not None and last is not None:
                    shift = last - time  # a clock that was set back: go on from here
            continue
        yield from bridge(now)
        last = now
        yield now, item
    yield from bridge(None)
