"""What the readers of posed sets share, and of those whose trees have more levels than subject and clip.

A posed sequence is nearly unannotated: it begins at rest and its folder (or a small file) names the emotion.
So its sample has the first picture for an onset, the peak for an apex where the set says which picture that
is, and no offset. A single picture shows the peak only. Where nobody moves ("neutral"), there are no marks.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from mien.datasets.manifest import Footage, Sample, Severity
from mien.datasets.reading import Marks, Problems, folders, make_sample
from mien.errors import InputError

__all__ = ["files", "first_number", "posed_sample", "report_lost_marks", "unique", "walk"]


def walk(folder: Path, depth: int) -> Iterator[Path]:
    """A folder and those below it, each before its own children."""
    yield folder
    if depth:
        for child in _children(folder):
            yield from walk(child, depth - 1)


def _children(folder: Path) -> list[Path]:
    try:
        return folders(folder)
    except InputError:  # a neighbour that may not be read is none of ours
        return []


def files(folder: Path, endings: Collection[str]) -> list[Path]:
    """The files of a folder with such endings (in lower case), by name; hidden ones are left out."""
    try:
        found = [path for path in folder.iterdir() if path.suffix.lower() in endings]
    except OSError:  # as in _children
        return []
    return sorted(path for path in found if path.name[0] != "." and path.is_file())


def unique(footage: Sequence[Footage], problems: Problems) -> list[Footage]:
    """The first footage of each key; further ones are reported and left out."""
    first: dict[str, Footage] = {}
    for shown in footage:
        known = first.setdefault(shown.key, shown)
        if known is not shown:
            words = f"{shown.folder} holds the same once more; {known.folder} is read."
            problems.note("duplicated-folder", words, shown.subject, shown.name)
    return list(first.values())


def first_number(footage: Sequence[Footage]) -> int:
    """The number at which the sequences of a copy begin, as far as their pictures are there."""
    return min((shown.numbers[0] for shown in footage), default=0)


def posed_sample(
    problems: Problems,
    footage: Footage,
    emotion: object,
    *,
    begins: int | None,
    peak: int | None,
    said: bool = False,
    usual: Collection[str] = (),
    codes: str | None = None,
    units: str = "",
    gaps: Severity = "broken",
) -> Sample:
    """The sample of a posed sequence or picture.

    Args:
        problems: takes what is wrong.
        footage: its pictures; its name is the sample's.
        emotion: the folder's or file's word.
        begins: number of the first picture, at rest; ``None`` for a picture of the peak alone.
        peak: number of the picture of the peak; ``None`` where nobody says.
        said: whether the set says the peak's number itself.
        usual: see :func:`~mien.datasets.reading.make_sample`, like the next two.
        codes: see there.
        gaps: see there.
        units: action units.
    """
    late = begins is not None and footage.numbers[0] > begins
    if late:
        words = f"{footage.folder}: begins with the picture {footage.numbers[0]}, others with {begins}."
        problems.add(gaps, "missing-frames", words, footage.subject, footage.name)
    sample = make_sample(
        problems,
        dataset=footage.dataset,
        part=footage.part,
        subject=footage.subject,
        clip=footage.name,
        footage=footage,
        marks=Marks(None if begins is None else footage.numbers[0], peak),
        kind="macro",
        units=units,
        emotion=emotion,
        usual=usual,
        codes=codes,
        gaps=gaps,
    )
    sample = replace(sample, onset_number=None, apex_number=peak if said else None)
    if late:  # rest was lost with the first pictures
        sample = replace(sample, onset=None)
    if sample.emotion == "neutral":
        return replace(sample, kind=None, onset=None, apex=None)
    return sample


def report_lost_marks(
    problems: Problems, sample: Sample, footage: Footage | None, severity: Severity = "repaired"
) -> None:
    """Say so where the picture of an onset, apex or offset is lost and the one before stands for it."""
    if footage is None:
        return
    for mark in ("onset", "apex", "offset"):
        number, place = getattr(sample, f"{mark}_number"), getattr(sample, mark)
        if number is not None and place is not None and footage.numbers[place] != number:
            words = (
                f"the picture of the {mark}, {number}, is lost; {footage.numbers[place]} before it is taken."
            )
            problems.add(severity, f"lost-{mark}", words, sample.subject, sample.clip)
