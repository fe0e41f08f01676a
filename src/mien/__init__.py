"""mien finds micro-expressions in video and says what they express.

>>> import mien
>>> analysis = mien.analyze("interview.mp4")      # doctest: +SKIP
>>> analysis.events                               # a pandas table  # doctest: +SKIP
>>> analysis.save("results/interview")            # report.html and tables  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mien._version import __version__

if TYPE_CHECKING:
    from mien.analysis import analyze
    from mien.errors import InputError, MienError
    from mien.events import Analysis, Event
    from mien.progress import Progress

__all__ = ["Analysis", "Event", "InputError", "MienError", "Progress", "__version__", "analyze"]

_HOME = {
    "analyze": "mien.analysis",
    "Analysis": "mien.events",
    "Event": "mien.events",
    "InputError": "mien.errors",
    "MienError": "mien.errors",
    "Progress": "mien.progress",
}


def __getattr__(name: str) -> Any:
    """Public names are loaded when first used, so that ``import mien`` and ``mien --help`` are quick."""
    if name in _HOME:
        from importlib import import_module

        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'mien' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])
