"""The one exception that users are meant to read."""

from __future__ import annotations

__all__ = ["InputError", "MienError"]


class MienError(Exception):
    """Something mien cannot do; its message says what to do about it. The command line exits with 2."""


class InputError(MienError):
    """The input (a video, a folder, an option) cannot be used."""
