"""A fingerprint of a recording, so that results can tell which file they came from."""

from __future__ import annotations

import hashlib
from pathlib import Path

from mien.errors import InputError

__all__ = ["digest"]


def digest(path: str | Path) -> str:
    """SHA-256 in hexadecimal: of a file's bytes, or of the names and sizes of the files in a folder.

    Raises:
        mien.errors.InputError: the path cannot be read.
    """
    path = Path(path)
    sha = hashlib.sha256()
    try:
        if path.is_dir():
            for file in sorted(p for p in path.iterdir() if p.is_file()):
                sha.update(f"{file.name}\0{file.stat().st_size}\n".encode("utf-8", "surrogateescape"))
        else:
            with path.open("rb") as stream:
                while chunk := stream.read(1 << 20):
                    sha.update(chunk)
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}).") from error
    return sha.hexdigest()
