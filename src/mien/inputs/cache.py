"""A cache on disk for what is slow to compute and depends on content alone: flow, landmarks, features.

The key is a digest of everything the result depends on: the input's bytes (or the digest of its file), the
algorithm's name and parameters, and a version that changes with the code. So nothing ever has to be
invalidated, and any number of processes may share a folder: entries are written beside their place and
moved into it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import struct
import sys
import time
import uuid
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["ArrayCache", "Arrays", "default_cache_dir", "file_digest", "key_of"]

Arrays: TypeAlias = dict[str, NDArray[Any]]

_STALE_S = 3600.0
"""A temporary file older than this belongs to a writer that died."""
_RECOUNT = 256
"""Entries written between two looks at the whole folder (others may write to it too)."""
_ROOM = 0.9
"""Eviction goes down to this share of the bound, so that not every entry has to make room again."""


def default_cache_dir() -> Path:
    """Where mien keeps what it can compute again.

    ``$MIEN_CACHE``; else ``mien`` in ``$XDG_CACHE_HOME``; else ``mien`` in the platform's own cache folder
    (``%LOCALAPPDATA%`` on Windows, ``~/Library/Caches`` on macOS, ``~/.cache`` elsewhere). The folder is
    not made.
    """
    if own := os.environ.get("MIEN_CACHE"):
        return Path(own).expanduser()
    xdg = os.environ.get("XDG_CACHE_HOME", "")
    if xdg and Path(xdg).is_absolute():  # the XDG rules say to ignore relative ones
        return Path(xdg) / "mien"
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return (Path(local) if local else Path.home() / "AppData" / "Local") / "mien" / "cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "mien"
    return Path.home() / ".cache" / "mien"


def key_of(*parts: object) -> str:
    """A key for :class:`ArrayCache`, the same on every machine and in every run.

    Typed: ``1``, ``1.0``, ``"1"`` and ``True`` give different keys. Lists count as tuples, NumPy scalars as
    the Python values they hold; the order of a dict's entries does not matter, nor an array's memory layout
    or byte order. An array's dtype and shape do.

    Args:
        *parts: ``None``, bool, int, float, str, bytes, tuples, lists and dicts of these, and numeric, bool
            or text arrays. Put in the data (or :func:`file_digest`), the algorithm, its parameters and its
            version.

    Returns:
        40 hexadecimal digits (BLAKE2b, 160 bits).

    Raises:
        TypeError: a part of another type: its content is not known.
    """
    digest = hashlib.blake2b(digest_size=20)
    _feed(digest, parts)
    return digest.hexdigest()


def _feed(digest: hashlib.blake2b, part: object) -> None:
    """Add one part: a letter for its type, its length, its bytes; so that no two parts run together."""
    if isinstance(part, np.generic) and part.dtype.kind in "biuf":
        part = part.item()
    if part is None:
        digest.update(b"N")
    elif isinstance(part, bool):
        digest.update(b"B1" if part else b"B0")
    elif isinstance(part, int):
        _blob(digest, b"I", str(int(part)).encode())
    elif isinstance(part, float):
        digest.update(b"F" + struct.pack(">d", part if part == part else float("nan")))
    elif isinstance(part, str):
        _blob(digest, b"S", part.encode("utf-8", "surrogatepass"))
    elif isinstance(part, bytes):
        _blob(digest, b"Y", part)
    elif isinstance(part, (tuple, list)):
        digest.update(b"T" + struct.pack(">Q", len(part)))
        for one in part:
            _feed(digest, one)
    elif isinstance(part, Mapping):
        digest.update(b"D" + struct.pack(">Q", len(part)))
        for key, one in sorted((key_of(key), one) for key, one in part.items()):
            digest.update(bytes.fromhex(key))
            _feed(digest, one)
    elif isinstance(part, np.ndarray) and part.dtype.kind in "biufcU":
        plain = np.ascontiguousarray(part, part.dtype.newbyteorder("<"))
        _feed(digest, (plain.dtype.str, part.shape))
        digest.update(b"A")
        if plain.size:
            digest.update(plain.reshape(-1).view(np.uint8).data)
    else:
        kind = f"array of {part.dtype}" if isinstance(part, np.ndarray) else type(part).__name__
        raise TypeError(f"a cache key cannot be made of {kind}")


def _blob(digest: hashlib.blake2b, tag: bytes, content: bytes) -> None:
    digest.update(tag + struct.pack(">Q", len(content)) + content)


def file_digest(path: str | Path) -> str:
    """BLAKE2b (160 bits, hexadecimal) of a file's bytes, read in pieces.

    Raises:
        OSError: the file cannot be read.
    """
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=20)).hexdigest()


class ArrayCache:
    """Named arrays under a key, in a folder.

    Entries are ``.npz`` files without pickles, two levels of sub-folders deep. Safe with any number of
    readers and writers; an entry that cannot be read (a full disk, a crash) counts as missing and is
    computed again.

    Args:
        folder: where; made when first written to.
        max_bytes: size bound. Beyond it the entries not used for longest go (reading counts as use). The
            bound is kept by whoever writes and may be passed for a while where several processes write.
    """

    def __init__(self, folder: str | Path, max_bytes: int | None = None) -> None:
        if max_bytes is not None and max_bytes <= 0:
            raise ValueError(f"max_bytes must be positive, not {max_bytes}")
        self.folder = Path(folder)
        self.max_bytes = max_bytes
        self._counted: int | None = None
        self._since_count = 0
        self._warned = False

    def __repr__(self) -> str:
        return f"ArrayCache({str(self.folder)!r}, max_bytes={self.max_bytes})"

    def path(self, key: str) -> Path:
        """The file of a key, present or not.

        Raises:
            ValueError: not a key of :func:`key_of`: at least 5 letters, digits, ``_`` or ``-``.
        """
        if len(key) < 5 or not (key.isascii() and key.replace("_", "").replace("-", "").isalnum()):
            raise ValueError(f"{key!r} is no cache key; make one with key_of()")
        return self.folder / key[:2] / key[2:4] / f"{key}.npz"

    def get(self, key: str) -> Arrays | None:
        """The arrays under ``key``; ``None`` where there are none or the entry is damaged (and removed)."""
        path = self.path(key)
        try:
            with np.load(path, allow_pickle=False) as entry:
                arrays = {name: entry[name] for name in entry.files}
        except FileNotFoundError:
            return None
        except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error, struct.error):
            with contextlib.suppress(OSError):
                path.unlink()
            return None
        with contextlib.suppress(OSError):
            os.utime(path)
        return arrays

    def put(self, key: str, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Store ``arrays`` under ``key``, replacing what is there.

        An entry larger than the bound is not stored.

        Raises:
            ValueError: an array of Python objects, or an empty name.
            OSError: the folder cannot be written.
        """
        path = self.path(key)
        plain = {name: np.asanyarray(array) for name, array in arrays.items()}
        for name, array in plain.items():
            if not name or array.dtype.hasobject:
                raise ValueError(f"cannot cache {name!r} of type {array.dtype}: numbers under a name only")
        if self.max_bytes is not None and sum(a.nbytes for a in plain.values()) > self.max_bytes:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{key}.{uuid.uuid4().hex}.tmp")
        try:
            with zipfile.ZipFile(draft, "w", zipfile.ZIP_STORED) as entry:
                for name, array in plain.items():
                    with entry.open(f"{name}.npy", "w", force_zip64=True) as file:
                        np.lib.format.write_array(file, array, allow_pickle=False)
            size = draft.stat().st_size
            try:
                draft.replace(path)
            except PermissionError:
                if not path.exists():  # Windows will not replace a file that someone reads: theirs is as good
                    raise
        finally:
            draft.unlink(missing_ok=True)
        self._make_room(size, path)

    def fetch(self, key: str, make: Callable[[], Mapping[str, NDArray[Any]]]) -> Arrays:
        """The arrays under ``key``; where there are none, those of ``make()``, which are stored.

        A folder that cannot be written costs time, not the result: it is warned of once.
        """
        arrays = self.get(key)
        if arrays is not None:
            return arrays
        made = dict(make())
        try:
            self.put(key, made)
        except OSError as error:
            if not self._warned:
                warnings.warn(
                    f"the cache in {self.folder} cannot be written: {error}", RuntimeWarning, stacklevel=2
                )
                self._warned = True
        return made

    def nbytes(self) -> int:
        """Bytes of all entries on disk."""
        return sum(size for _, size, _ in self._entries())

    def clear(self) -> None:
        """Remove every entry. Other files in the folder stay."""
        for _, _, path in self._entries():
            with contextlib.suppress(OSError):
                path.unlink()
        self._counted = None

    def _entries(self) -> Iterator[tuple[float, int, Path]]:
        """(time of last use, bytes, path) of every entry."""
        for path in self.folder.glob("??/??/*.npz"):
            try:
                state = path.stat()
            except OSError:  # someone else removed it
                continue
            yield state.st_mtime_ns / 1e9, state.st_size, path

    def _make_room(self, added: int, newest: Path) -> None:
        if self.max_bytes is None:
            return
        self._since_count += 1
        if self._counted is not None and self._since_count < _RECOUNT:
            self._counted += added
            if self._counted <= self.max_bytes:
                return
        entries = sorted(self._entries(), key=lambda entry: (entry[0], entry[2]))
        total = sum(size for _, size, _ in entries)
        if total > self.max_bytes:
            for _, size, path in entries:
                if total <= _ROOM * self.max_bytes:
                    break
                if path != newest:
                    with contextlib.suppress(OSError):
                        path.unlink()
                    total -= size
        self._counted, self._since_count = total, 0
        for draft in self.folder.glob("??/??/.*.tmp"):
            with contextlib.suppress(OSError):
                if time.time() - draft.stat().st_mtime > _STALE_S:
                    draft.unlink()
