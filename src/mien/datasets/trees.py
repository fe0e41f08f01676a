"""Folders of pictures: where they lie in a copy, what they hold, and which row of the annotation is whose.

A released tree comes in variants: whole pictures or faces cut out, with or without a level of folders, and
the user points at the copy, at the tree, or above both. So a tree is known by the folders in it, and its name
only chooses among several.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from mien.datasets.manifest import Footage, Severity, numbered
from mien.datasets.problems import Problems
from mien.datasets.sheets import Workbooks, digits
from mien.errors import InputError

__all__ = [
    "Copy",
    "check_recording",
    "checked_root",
    "film",
    "films",
    "folders",
    "loose_name",
    "match",
    "open_copy",
    "picture_tree",
    "report_gaps",
    "says_cropped",
    "trees",
]


def checked_root(root: str | Path) -> Path:
    """The folder of a copy.

    Raises:
        InputError: there is no such folder.
    """
    path = Path(root)
    if not path.is_dir():
        raise InputError(f"{path}: there is no such folder.")
    return path


def folders(folder: Path, pattern: str = ".*") -> list[Path]:
    """The folders in a folder whose whole names fit a pattern (in any case), by the numbers in their names.

    Raises:
        InputError: it cannot be read.
    """
    fits = re.compile(pattern, re.IGNORECASE)
    try:
        found = [p for p in folder.iterdir() if fits.fullmatch(p.name) and p.name[0] != "." and p.is_dir()]
    except OSError as error:
        raise InputError(f"{folder}: cannot be read ({error.strerror or error}).") from error
    return sorted(found, key=lambda p: ([int(n) for n in re.findall(r"\d+", p.name)], p.name))


def picture_tree(
    root: Path, inside: str, names: Sequence[str] = (), others: Sequence[str] = (), depth: int = 3
) -> Path | None:
    """The folder that holds the folders of pictures, whether ``root`` is it or lies above it.

    Args:
        root: as the user gave it.
        inside: pattern of the names of the folders in it (``sub[0-9]+``), in any case.
        names: patterns of its own name, or of a folder's above it, best first. A tree that is called
            otherwise is taken if none is called so.
        others: patterns of names that belong to another tree (the cropped pictures, say).
        depth: levels to look below ``root``.

    Returns:
        ``None`` where there is no such folder.
    """
    paths = {
        tree: (root.resolve().name, *tree.relative_to(root).parts) for tree in trees(root, inside, depth)
    }
    for name in names:
        for tree, parts in paths.items():
            if any(re.fullmatch(name, part, re.IGNORECASE) for part in parts[tree != root :]):
                return tree
    if root in paths:  # pointed at: what it is called does not matter
        return root
    for tree, parts in paths.items():
        if not any(re.fullmatch(name, part, re.IGNORECASE) for name in others for part in parts[1:]):
            return tree
    return None


def trees(root: Path, inside: str, depth: int = 3) -> list[Path]:
    """Every folder that holds folders whose names fit a pattern, nearest first.

    Args:
        root: looked at, and what lies below it.
        inside: see :func:`picture_tree`; folders that fit it are not looked into.
        depth: levels to look below ``root``.
    """
    fits = re.compile(inside, re.IGNORECASE)
    found: list[Path] = []
    level = [root]
    for _ in range(depth + 1):
        below: list[Path] = []
        for folder in level:
            try:
                children = folders(folder)
            except InputError:
                continue
            others = [child for child in children if not fits.fullmatch(child.name)]
            if len(others) < len(children):
                found.append(folder)
            below += others
        level = below
    return found


def says_cropped(folder: Path | None) -> bool:
    """Whether a folder's name says that it holds faces cut out, for trees that were pointed at."""
    name = "" if folder is None else folder.resolve().name.lower()
    return name.endswith("cropped") and not name.endswith("uncropped")


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy of a data set, opened.

    Attributes:
        root: as the user gave it.
        tree: the folder that holds the folders of pictures; ``None`` where only the annotation is read.
        books: its workbooks.
        problems: what is wrong.
    """

    root: Path
    tree: Path | None
    books: Workbooks
    problems: Problems


def open_copy(
    title: str,
    root: str | Path,
    *,
    inside: str,
    pictures: str = "raw",
    names: Mapping[str, Sequence[str]] | None = None,
    workbook: str | Path | None = None,
) -> Copy:
    """Find the pictures and the workbooks of a copy; ``root`` may be its folder or the pictures' folder.

    Args:
        title: the data set's name for people.
        root: where the user says that it is.
        inside: see :func:`picture_tree`.
        pictures: which of the trees in ``names``, or ``"none"``: only the annotation.
        names: tree -> patterns of its names, best first.
        workbook: take the main table from this one.

    Raises:
        InputError: no such folder, no such tree, or pictures that the data set does not have.
    """
    known = dict(names or {"raw": ()})
    if pictures not in (*known, "none"):
        choices = ", ".join(map(repr, (*known, "none")))
        raise InputError(f"{title} has no pictures {pictures!r}: choose one of {choices}.")
    place, problems, tree = checked_root(root), Problems(), None
    if pictures != "none":
        others = [name for key, patterns in known.items() if key != pictures for name in patterns]
        tree = picture_tree(place, inside, known[pictures], others)
        if tree is None:
            kind = f" ({pictures})" if len(known) > 1 else ""
            raise InputError(
                f"{place}: the pictures of {title}{kind} are not there. "
                "Point to the folder that holds them or its workbook."
            )
    beside = [place.resolve().parent] if tree == place else []
    only = None if workbook is None else Path(workbook)
    return Copy(place, tree, Workbooks([place], problems, beside=beside, only=only), problems)


def films(
    copy: Copy, dataset: str, inside: str, name: str, fps: float | None, *, part: str = ""
) -> list[Footage]:
    """Every clip of a tree ``subject/clip/pictures``.

    Args:
        copy: its tree may be ``None``: then there are none.
        dataset: its name.
        inside: pattern of the subjects' folders.
        name: how subjects are called, with their number: ``"sub{:02d}"``.
        fps: frames a second.
        part: of the data set.
    """
    if copy.tree is None:
        return []
    found = []
    for person in folders(copy.tree, inside):
        subject = f"{dataset}/{name.format(digits(person.name))}"
        for clip in folders(person):
            shown = film(dataset, subject, clip.name, clip, fps, copy.problems, part=part)
            if shown is not None:
                found.append(shown)
    return found


def film(
    dataset: str,
    subject: str,
    name: str,
    folder: Path,
    fps: float | None,
    problems: Problems,
    *,
    part: str = "",
    endings: Sequence[str] = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff"),
) -> Footage | None:
    """A folder of pictures as footage; a level between that holds one folder and nothing else is passed.

    Returns:
        ``None`` for a folder without pictures, which is reported.
    """
    files, numbers = numbered(folder, endings)
    while not files and len(below := folders(folder)) == 1:
        folder = below[0]
        files, numbers = numbered(folder, endings)
    if not files:
        problems.broken("empty-folder", f"{folder}: holds no pictures.", subject, name)
        return None
    twice = sorted({a for a, b in pairwise(numbers) if a == b})
    if twice:
        words = f"{folder}: several pictures have the number {', '.join(map(str, twice[:5]))}; one is kept."
        problems.broken("duplicated-frames", words, subject, name)
        kept = dict(zip(reversed(numbers), reversed(files), strict=True))
        numbers = tuple(sorted(kept))
        files = tuple(kept[number] for number in numbers)
    return Footage(dataset, part, subject, name, folder, files, numbers, fps)


def loose_name(name: str) -> str:
    """A clip's name as releases may differ in it: case, blanks, signs, zeros in front, a film's ending."""
    stem = re.sub(r"\.(avi|mp4|wmv|mov|zip)$", "", name.strip().lower())
    return re.sub(r"[\s_-]+", "_", re.sub(r"(?<!\d)0+(?=\d)", "", stem))


def match(
    wanted: Sequence[tuple[str, str]],
    footage: Sequence[Footage],
    problems: Problems,
    *,
    loose: Callable[[str], str] = loose_name,
    called: Sequence[str] | None = None,
) -> list[Footage | None]:
    """The footage of each row, and what is left over on either side.

    Names that are the same but for :func:`loose_name` go together where only one folder can be meant, and
    that is noted. A row without a folder is broken; a folder without a row is a note.

    Args:
        wanted: subject and clip of each row; several rows may mean one folder.
        footage: everything found (of one part of the data set).
        problems: takes what does not match.
        loose: name -> what has to agree.
        called: name of each row's sample, for messages, where ``wanted`` names recordings.

    Returns:
        For each row, in order.
    """
    exact = {(f.subject, f.name): f for f in footage}
    taken = {exact[key].key for key in wanted if key in exact}
    near: dict[tuple[str, str], list[Footage]] = {}
    for f in footage:
        if f.key not in taken:
            near.setdefault((f.subject, loose(f.name)), []).append(f)
    result: list[Footage | None] = []
    for (subject, clip), name in zip(wanted, called or [clip for _, clip in wanted], strict=True):
        found = exact.get((subject, clip))
        if found is None:
            alike = near.get((subject, loose(clip)), [])
            found = alike[0] if len(alike) == 1 else None
            if found is not None:
                problems.note("name-differs", f"the folder is called {found.name!r}.", subject, name)
                taken.add(found.key)
        if found is None:
            words = f"the annotation has a row and there are no pictures ({clip})."
            problems.broken("no-folder", words, subject, name)
        result.append(found)
    for f in footage:
        if f.key not in taken:
            problems.note("unlabelled-folder", f"{f.folder}: no row speaks of it.", f.subject, f.name)
    return result


def check_recording(
    footage: Footage,
    problems: Problems,
    gaps: Severity = "broken",
    *,
    first: int | None = None,
    last: int | None = None,
) -> None:
    """Report the frames that a whole recording lacks.

    Args:
        footage: the recording.
        problems: takes them.
        gaps: how bad that is.
        first: number of the first frame, where the annotation says so.
        last: number of the last frame.
    """
    start = [] if first is None else [first - 1]
    end = [] if last is None else [last + 1]
    inside = [n for n in footage.numbers if (first is None or n >= first) and (last is None or n <= last)]
    report_gaps([*start, *inside, *end], footage, problems, footage.subject, footage.name, gaps)


def report_gaps(
    numbers: Sequence[int], footage: Footage, problems: Problems, subject: str, clip: str, gaps: Severity
) -> None:
    """Report the frames that lie between numbers which should be neighbours.

    Args:
        numbers: of frames, in order.
        footage: the frames'.
        problems: takes the report.
        subject: whom it concerns.
        clip: which sample or recording.
        gaps: how bad that is.
    """
    lost = [f"{a + 1}" if b == a + 2 else f"{a + 1} to {b - 1}" for a, b in pairwise(numbers) if b > a + 1]
    if lost:
        words = f"{footage.folder}: the frames {', '.join(lost[:6])}{' ...' if lost[6:] else ''} are missing."
        problems.add(gaps, "missing-frames", words, subject, clip)
