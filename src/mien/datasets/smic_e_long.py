"""SMIC-E: the longer recordings around SMIC's micro-expressions (University of Oulu, 2018).

About six seconds around each micro-expression: 157 recordings of 16 people at 100 frames a second (HS), 71 of
8 of them at 25 (VIS); 640×480, in colour.

The tree::

    ROOT/
        HS_long/SMIC-HS-E_annotation_2019.xlsx
        HS_long/SMIC-HS-E/s03/s3_sur_01/image308866.jpg
        VIS_long/SMIC-VIS-E/s03/s3_sur_01/image012345.jpg

The folder pads the subject, the recording does not. The number in a file name is the camera's own counter,
six digits at least; the workbook speaks of the same numbers, and the index in the folder is OnsetF − FirstF.

Workbook, sheets HS and VIS, header in row 1. HS: Subject (a number), Filename, *empty*, OnsetF, OffsetF,
Onset2F, Offset2F, Onset3F, Offset3F, *empty*, FirstF, LastF, TotalMF1, TotalMF2, TotalMF3, TotalVL, Emotion.
VIS (and the older file): without the third micro-expression. There is no apex and there are no action units.
After the rows come a blank one and rows of text without a subject.

Quirks of the published copy: 5 to 8 rows hold two or three micro-expressions; FirstF is text for clips that
are not among the recordings (s3_ne_03, s3_ne_20, s4_ne_05, s4_ne_06, s9_sur_02); some numbers have five
digits in the workbook and a zero in front in the file name.

Classes are SMIC's: negative, positive, surprise.

Citation: Li, Hong, Moilanen, Huang, Pfister, Zhao & Pietikäinen, "Towards reading hidden emotions: a
comparative study of spontaneous micro-expression spotting and recognition methods", IEEE Trans. Affective
Computing 9(4), 2018.

How to get it: with SMIC, from the Center for Machine Vision and Signal Analysis, University of Oulu.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Literal

from mien.datasets.layout import Filming, PictureSet, Shot, checked_people
from mien.datasets.manifest import DataSet, Footage, Sample
from mien.datasets.reading import (
    Marks,
    Problems,
    check_recording,
    checked_root,
    digits,
    film,
    folders,
    frame_number_or_none,
    make_sample,
    match,
    named_rows,
    read_marks,
    trees,
)
from mien.datasets.sheets import Row, Table, Workbooks, columns
from mien.datasets.smic import CODES, FPS, camera_counter, clip_name, people_before_cameras
from mien.datasets.workbook import Cell, write_workbook
from mien.errors import InputError
from mien.records import Expression, Stream, Take

__all__ = ["SmicELongLayout", "read_smic_e_long"]

TITLE = "SMIC-E"
_HEADERS: dict[str, tuple[Cell, ...]] = {
    "HS": (
        *(
            "Subject",
            "Filename",
            None,
            "OnsetF",
            "OffsetF",
            "Onset2F",
            "Offset2F",
            "Onset3F",
            "Offset3F",
            None,
        ),
        *("FirstF", "LastF", "TotalMF1", "TotalMF2", "TotalMF3", "TotalVL", "Emotion"),
    ),
    "VIS": (
        *("Subject", "Filename", None, "OnsetF", "OffsetF", "Onset2F", "Offset2F", None),
        *("FirstF", "LastF", "TotalMF1", "TotalMF2", "TotalVL", "Emotion"),
    ),
}
_IN_A_ROW = {"HS": 3, "VIS": 2}


@dataclass(frozen=True, slots=True)
class SmicELongLayout:
    """Writes recordings as SMIC-E has them, with the cameras HS and VIS.

    A recording is named after its first micro-expression. Further ones of the same class share its row, up to
    three (VIS: two); others get a row of their own with the same Filename, which the published workbook never
    needs. Quirks that appear: rows with several micro-expressions where the recordings have them, numbers
    with five digits, rows of text at the end.
    """

    name: ClassVar[str] = "smic-e-long"
    filming: ClassVar[Filming] = Filming(
        product="recordings",
        streams=(Stream("HS", FPS["HS"], 640, 480), Stream("VIS", FPS["VIS"], 640, 480)),
        emotions={"negative": 70, "positive": 51, "surprise": 43},
        n_people=16,
        takes=4,
        seconds=6.0,
        events=1,
        longest_micro_s=0.58,
    )

    def plan(self, takes: Sequence[Take]) -> tuple[Shot, ...]:
        """Name and place every take; those with the slow camera only for the first half of the people.

        Raises:
            InputError: more than 16 people, a recording without an expression, or takes that SMIC-E cannot
                hold.
        """
        shots: list[Shot] = []
        for subject, theirs in people_before_cameras(checked_people(TITLE, self.filming, takes)):
            counts: dict[str, int] = {}
            clips: dict[int, str] = {}
            for take in theirs:
                if not take.expressions:
                    raise InputError(
                        f"Recordings of SMIC-E hold a micro-expression, and the take {take.key} holds none."
                    )
                emotion = take.expressions[0].emotion
                if take.number not in clips:
                    counts[emotion] = counts.get(emotion, 0) + 1
                    clips[take.number] = f"s{subject}_{CODES[emotion]}_{counts[emotion]:02d}"
                shots.append(self._shot(take, subject, clips[take.number]))
        return tuple(shots)

    @staticmethod
    def _shot(take: Take, subject: int, clip: str) -> Shot:
        first = camera_counter(subject, take)
        frames = tuple(range(take.n_frames))
        camera = take.stream.key
        folder = f"{camera}_long/SMIC-{camera}-E/s{subject:02d}/{clip}"
        paths = tuple(f"{folder}/image{first + frame:06d}.jpg" for frame in frames)
        return Shot(
            take,
            subject=str(subject),
            clip=clip,
            first_number=first,
            pictures=(PictureSet("full", frames, paths),),
        )

    def annotate(self, shots: Sequence[Shot], root: Path) -> None:
        """Write ``HS_long/SMIC-HS-E_annotation_2019.xlsx``."""
        sheets: dict[str, list[list[Cell]]] = {}
        for camera, header in _HEADERS.items():
            sheets[camera] = [list(header)]
            for shot in sorted(shots, key=lambda s: (int(s.subject), s.clip)):
                if shot.take.stream.key == camera:
                    sheets[camera] += self._rows(shot)
            sheets[camera] += [[None], [None, "Numbers are those of the camera and of the file names."]]
        write_workbook(root / "HS_long" / "SMIC-HS-E_annotation_2019.xlsx", sheets)

    @staticmethod
    def _rows(shot: Shot) -> list[list[Cell]]:
        take, many = shot.take, _IN_A_ROW[shot.take.stream.key]
        classes: dict[str, list[Expression]] = {}
        for event in take.expressions:
            classes.setdefault(event.emotion, []).append(event)
        rows: list[list[Cell]] = []
        for emotion, events in classes.items():
            for start in range(0, len(events), many):
                some = events[start : start + many]
                gap: list[Cell] = [None] * (many - len(some))
                ends: list[Cell] = [shot.number(frame) for e in some for frame in (e.onset, e.offset)]
                lengths: list[Cell] = [e.offset - e.onset + 1 for e in some]
                where: list[Cell] = [shot.number(0), shot.number(take.n_frames - 1)]
                row: list[Cell] = [int(shot.subject), shot.clip, None, *ends, *gap, *gap, None]
                rows.append([*row, *where, *lengths, *gap, take.n_frames, emotion])
        return rows


# ------------------------------------------------------------ reading

Camera = Literal["HS", "VIS", "NIR"]
_ABSENT = ("s03_ne_03", "s03_ne_20", "s04_ne_05", "s04_ne_06", "s09_sur_02")
"""Rows of HS whose recordings were never released."""
_PAIRS = tuple((mark, number) for number in ("", "2", "3") for mark in ("onset", "offset"))


def read_smic_e_long(
    root: str | Path,
    *,
    cameras: Sequence[Camera] = ("HS", "VIS", "NIR"),
    workbook: str | Path | None = None,
) -> DataSet:
    """Read a copy of SMIC-E long.

    :attr:`Sample.part` is the camera. Names are those of SMIC's clip release (s03_sur_01); the second and
    third micro-expression of a recording are called s03_sur_01-2 and -3. There is no apex.

    Args:
        root: the copy, or the folder of one camera.
        cameras: which to read; those that are not there are left out.
        workbook: the one to read instead of looking for it.

    Raises:
        InputError: no recordings or no workbook, or a column without which nothing can be read is missing.
    """
    problems, place = Problems(), checked_root(root)
    found = _trees(place, cameras)
    if not found:
        raise InputError(
            f"{place}: there are no recordings of {' or '.join(cameras)} like SMIC-HS-E/s03/s3_sur_01. "
            "Point to the folder that holds HS_long."
        )
    up = place.resolve()
    only = None if workbook is None else Path(workbook)
    # the one workbook of all cameras lies with HS, which is beside the folder of another camera
    beside = [up.parent, up.parent / "HS_long", up.parent.parent / "HS_long"]
    books = Workbooks([place], problems, beside=beside if _camera_in(up.name) else [], only=only)
    shown: list[Footage] = []
    samples: list[Sample] = []
    for camera, tree in found.items():
        theirs = _films(tree, camera, problems)
        shown += theirs
        try:
            table = _table(books, camera)
        except InputError as error:
            if len(found) == 1:
                raise
            problems.broken("no-annotation", str(error))
        else:
            samples += _samples(table, camera, theirs, problems)
    published = {"footage part=HS": 157, "subjects part=HS": 16} if "HS" in cameras else {}
    return DataSet(
        *("smic-e-long", place, tuple(shown), tuple(samples), problems.found),
        sheets=books.used,
        published=published,
    )


def _camera_in(name: str) -> str | None:
    """The camera that a folder's, sheet's or file's name speaks of."""
    found = re.findall(r"(?<![a-z])(hs|vis|nir)(?![a-z])", name.lower())
    return found[-1].upper() if found else None


def _trees(root: Path, cameras: Sequence[str]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for tree in trees(root, r"s\d+"):
        names = (*root.resolve().parts[-2:], *tree.relative_to(root).parts)
        camera = next(filter(None, map(_camera_in, reversed(names))), None)
        if camera in cameras:
            found.setdefault(str(camera), tree)
    return {camera: found[camera] for camera in cameras if camera in found}


def _films(tree: Path, camera: str, problems: Problems) -> list[Footage]:
    found = {}
    for person in folders(tree, r"s\d+"):
        subject = f"smic-e-long/s{digits(person.name):02d}"
        for clip in folders(person):
            name = clip_name(clip.name)
            footage = film("smic-e-long", subject, name, clip, FPS[camera], problems, part=camera)
            if footage is None:
                continue
            if footage.key in found:
                words = f"{clip}: another folder of {camera} has this name; that one is kept."
                problems.broken("duplicated-clip", words, subject, name)
                continue
            found[footage.key] = footage
    return list(found.values())


def _table(books: Workbooks, camera: str) -> Table:
    pairs = {f"{mark}{n}": (f"{mark}{n}F", f"{mark}F{n}") for mark, n in _PAIRS if n}
    wanted = columns(
        *("subject", "clip", "onset", "offset", "emotion"),
        first=("FirstF",),
        last=("LastF",),
        length=("TotalVL",),
        **pairs,
    )

    def fits(table: Table) -> bool:
        return (_camera_in(table.sheet.name) or _camera_in(table.sheet.path.stem)) == camera

    return books.table(
        f"the annotation of SMIC-E ({camera})",
        wanted,
        must=("subject", "clip", "onset", "offset"),
        may=("length", *pairs),
        accept=fits,
        least=5,
    )


def _samples(table: Table, camera: str, shown: Sequence[Footage], problems: Problems) -> list[Sample]:
    rows = []
    for subject, clip, row in named_rows(table, problems, "smic-e-long/s{:02d}".format, clip_name):
        there = any(f.subject == subject and f.name == clip for f in shown)
        if camera == "HS" and clip in _ABSENT and not there:
            problems.note("not-released", "its recording was never released; it is left out.", subject, clip)
        else:
            rows.append((subject, clip, row))
    places = match([(s, c) for s, c, _ in rows], shown, problems)
    samples: list[Sample] = []
    seen: dict[tuple[str, str], list[tuple[int | None, int | None]]] = {}
    for (subject, clip, row), footage in zip(rows, places, strict=True):
        if footage is None:
            continue
        shift = _check(row, footage, problems)
        events = seen.setdefault((subject, clip), [])
        for marks in _events(row, subject, clip, problems):
            if (marks.onset, marks.offset) in events:
                words = f"row {row.number} says again what another row says; one is kept."
                problems.repaired("duplicated-clip", words, subject, clip)
                continue
            events.append((marks.onset, marks.offset))
            name = clip if len(events) == 1 else f"{clip}-{len(events)}"
            samples.append(_sample(row, subject, name, camera, footage, marks, shift, problems))
    return samples


def _events(row: Row, subject: str, clip: str, problems: Problems) -> list[Marks]:
    """The row's micro-expressions: one at least."""
    found = []
    for n in ("", "2", "3"):
        if n and not (row.text(f"onset{n}") or row.text(f"offset{n}")):
            continue
        keys = {"onset": f"onset{n}", "offset": f"offset{n}"}
        zero = ("onset", "offset") if n else ()
        marks = read_marks(row, problems, subject, clip, keys=keys, zero_is_missing=zero)
        if not n or marks != Marks():
            found.append(marks)
    return found


def _check(row: Row, footage: Footage, problems: Problems) -> int:
    """Report frames that the recording lacks.

    Returns:
        What to add to the workbook's numbers where the files were numbered anew, else 0.
    """
    first, last = (frame_number_or_none(row[key]) for key in ("first", "last"))
    onset = frame_number_or_none(row["onset"])
    anew = footage.numbers[0] <= 1 and onset is not None and onset > footage.numbers[-1]
    if first is not None and anew:
        shift = footage.numbers[0] - first
        words = f"{footage.folder}: files count from {footage.numbers[0]}, the workbook from {first}."
        problems.repaired("renumbered", words, footage.subject, footage.name)
        check_recording(footage, problems, first=first + shift, last=None if last is None else last + shift)
        return shift
    check_recording(footage, problems, first=first, last=last)
    return 0


def _sample(
    row: Row,
    subject: str,
    name: str,
    camera: str,
    footage: Footage,
    marks: Marks,
    shift: int,
    problems: Problems,
) -> Sample:
    onset, offset = (None if n is None else n + shift for n in (marks.onset, marks.offset))
    sample = make_sample(
        problems,
        dataset="smic-e-long",
        part=camera,
        subject=subject,
        clip=name,
        footage=footage,
        marks=Marks(onset, None, offset),
        emotion=row["emotion"],
        labelled="emotion" in row.cells,
        row=row,
    )
    return replace(sample, onset_number=marks.onset, offset_number=marks.offset)
