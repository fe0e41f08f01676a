"""Writing the files of an analysis as one set: all of them, or none."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from mien.errors import InputError
from mien.events import Analysis, Truth
from mien.report.html import html_parts
from mien.report.jsonfile import dumps, to_json
from mien.report.tables import (
    TRUTH_COLUMNS,
    events_table,
    frames_table,
    joint_events_table,
    truth_table,
    write_csv,
)

__all__ = ["FILES", "TRUTH_FILE", "save", "write_joint_events"]

FILES = ("frames.csv", "events.csv", "analysis.json", "report.html")
"""What :func:`save` writes, in the order in which the files take their places."""
TRUTH_FILE = "truth.csv"
"""What it writes before them where the truth is known."""


def save(analysis: Analysis, folder: Path, *, faces: bool = True, truth: Truth | None = None) -> Path:
    """Write :data:`FILES`, and with ``truth`` :data:`TRUTH_FILE`, into ``folder``.

    All are written in full into a temporary folder inside ``folder`` and then moved to their places. If
    anything fails on the way, the earlier files (or their absence) are put back. A truth that an earlier run
    left there goes with the files that it belonged to.

    Args:
        analysis: what to write.
        folder: made if it is not there; other files in it are left alone.
        faces: ``False`` leaves out every picture of the person.
        truth: what really happens in the recording.

    Returns:
        The path of the report.

    Raises:
        InputError: the folder cannot be written, or the truth is not this analysis's.
    """
    folder = Path(folder)
    made: list[Path] = []
    done = False
    try:
        made = _make_folder(folder)
        with tempfile.TemporaryDirectory(prefix=".mien-", dir=folder) as name:
            temporary = Path(name)
            write_csv(frames_table(analysis), temporary / "frames.csv")
            write_csv(events_table(analysis), temporary / "events.csv")
            if truth is not None:
                write_csv(truth_table(analysis, truth), temporary / TRUTH_FILE)
            _write_text(temporary / "analysis.json", dumps(to_json(analysis, faces=faces, truth=truth)))
            with (temporary / "report.html").open("wb") as page:
                for part in html_parts(analysis, faces=faces, truth=truth):
                    page.write(part.encode("utf-8"))
            outdated = truth is None and _is_our_truth(folder / TRUTH_FILE)
            _move_all(
                temporary,
                folder,
                FILES if truth is None else (TRUTH_FILE, *FILES),
                gone=[TRUTH_FILE] if outdated else [],
            )
        done = True
    except OSError as error:
        raise _cannot_write(folder, folder, error) from error
    finally:
        if not done:
            _unmake(made)
    return folder / "report.html"


def write_joint_events(analyses: Iterable[tuple[str, Analysis]], path: Path) -> None:
    """Write the events of several recordings as one CSV, atomically.

    Args:
        analyses: pairs of the recording's name (e.g. its results folder) and its analysis.
        path: the file; its folder is made if it is not there.

    Raises:
        InputError: the file cannot be written.
    """
    path = Path(path)
    made: list[Path] = []
    done = False
    try:
        made = _make_folder(path.parent)
        with tempfile.TemporaryDirectory(prefix=".mien-", dir=path.parent) as name:
            temporary = Path(name) / path.name
            write_csv(joint_events_table(analyses), temporary)
            temporary.replace(path)
        done = True
    except OSError as error:
        raise _cannot_write(path, path.parent, error) from error
    finally:
        if not done:
            _unmake(made)


def _write_text(path: Path, text: str) -> None:
    path.write_bytes(text.encode("utf-8", "replace"))


def _make_folder(folder: Path) -> list[Path]:
    """Make the folder and those above it; returns the ones that were not there, innermost first."""
    missing = [p for p in (folder, *folder.parents) if not p.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except BaseException:
        _unmake(missing)
        raise
    return missing


def _unmake(folders: list[Path]) -> None:
    for folder in folders:
        with contextlib.suppress(OSError):
            folder.rmdir()  # only if it is empty


def _is_our_truth(file: Path) -> bool:
    """Whether :func:`save` wrote the file: somebody's own ``truth.csv`` stays where it is."""
    heading = ",".join(TRUTH_COLUMNS).encode() + b"\n"
    try:
        if not file.is_file():
            return False
        with file.open("rb") as opened:
            return opened.read(len(heading)) == heading
    except OSError:
        return False


def _move_all(temporary: Path, folder: Path, names: Sequence[str], gone: Sequence[str]) -> None:
    """Move the finished files into place and remove those that are to go.

    If one of them cannot be moved, everything is put back as it was.
    """
    before = temporary / "before"
    before.mkdir()
    for name in (*names, *gone):
        if (folder / name).is_file():
            _keep(folder / name, before / name)
    moved: list[str] = []
    try:
        for name in gone:
            moved.append(name)
            (folder / name).unlink()
        for name in names:
            (temporary / name).replace(folder / name)
            moved.append(name)
    except BaseException:
        for name in moved:
            with contextlib.suppress(OSError):
                if (before / name).exists():
                    (before / name).replace(folder / name)
                else:
                    (folder / name).unlink()
        raise


def _keep(file: Path, copy: Path) -> None:
    try:
        os.link(file, copy)
    except OSError:  # a file system without hard links
        shutil.copy2(file, copy)


def _cannot_write(path: Path, folder: Path, error: OSError) -> InputError:
    for place in (folder, *folder.parents):
        if place.exists() and not place.is_dir():
            return InputError(f"Cannot write to {path}: {place} is a file, not a folder; name another place.")
    reason = (error.strerror or str(error) or type(error).__name__).rstrip(".")
    return InputError(f"Cannot write to {path}: {reason[:1].lower()}{reason[1:]}.")
