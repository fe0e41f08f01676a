"""Files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import os
import uuid
from pathlib import Path

from mien.errors import InputError

__all__ = ["sweep", "write_whole"]

_DRAFT = ".tmp"


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file beside its place and move it there, so that it is never half a file.

    Raises:
        InputError: it cannot be written.
    """
    raw = content.encode() if isinstance(content, str) else content
    for last in (False, False, True):
        draft = path.with_name(f".{path.name}.{uuid.uuid4().hex}{_DRAFT}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with draft.open("wb") as file:
                file.write(raw)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
            return
        except FileNotFoundError as error:  # another run has swept it away
            if last:
                raise InputError(f"{path} cannot be written: its folder is being changed.") from error
        except OSError as error:
            raise InputError(f"{path} cannot be written: {error.strerror or error}.") from error
        finally:
            with contextlib.suppress(OSError):
                draft.unlink(missing_ok=True)


def sweep(folder: Path) -> None:
    """Remove what writers that were killed have left in a folder and those below it."""
    for draft in folder.rglob(f".*{_DRAFT}"):
        with contextlib.suppress(OSError):
            draft.unlink()
