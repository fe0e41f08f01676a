"""MMEW: micro- and macro-expressions of the same 36 people.

Format
    Clips of spontaneous micro-expressions (the camera: 90 fps, 1920×1080; the pictures on disk are the faces
    cut out of it, 231×231 JPEG) and single pictures of macro-expressions, and one workbook for the micro
    ones.

Tree
    The release's README puts the person first (``tree="people"``)::

        S03/happiness/S03-01-002/1.jpg, 2.jpg, …      a micro-expression
        S03/happiness/S03-01-001.jpg                  a macro-expression
        MMEW_Micro_Exp.xlsx

    Most public readers expect two folders instead (``tree="kinds"``)::

        Micro_Expression/happiness/S03-01-002/1.jpg
        Macro_Expression/S03/happiness/S03-01-001.jpg
        MMEW_Micro_Exp.xlsx

Names
    ``S03-01-002``: person, emotion, sample; both kinds count their samples together. Pictures count from 1.

Workbook
    ``MMEW_Micro_Exp.xlsx``, one sheet with a header: Subject, Filename, OnsetFrame, ApexFrame, OffsetFrame,
    Action Units ("4+7"), Estimated Emotion, remarks. Frame numbers are those in the file names.

Quirks of the real set
    In 16 rows the apex or the offset lies outside the clip. The emotion's number in the names is not
    documented for every emotion: readers take the emotion from the sheet or the folder.

Classes
    Micro: happiness 36, anger 8, surprise 89, disgust 72, fear 16, sadness 13, others 66 (300 together);
    macro: 900 of the six basic emotions.

Citation
    X. Ben, Y. Ren, J. Zhang, S.-J. Wang, K. Kpalma, W. Meng, Y.-J. Liu: "Video-based facial micro-expression
    analysis: a survey of datasets, features and algorithms", IEEE Transactions on Pattern Analysis and
    Machine Intelligence 44(9), 2022, doi:10.1109/TPAMI.2021.3067464.

How to get it
    Free of charge for research, with a signed licence agreement, from the authors:
    http://www.dpailab.com/database.html
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final, Literal

from mien.datasets.layout import Filming, PictureSet, Shot, checked_people, unit_string
from mien.datasets.manifest import DataSet, Footage, Sample
from mien.datasets.posed import files, posed_sample, report_lost_marks, unique, walk
from mien.datasets.reading import (
    Problems,
    checked_root,
    film,
    make_sample,
    match,
    named_rows,
    read_marks,
    without_duplicates,
)
from mien.datasets.sheets import Table, Workbooks, columns
from mien.datasets.spelling import chosen, count_by_emotion, emotion_of, in_order
from mien.datasets.workbook import Cell, write_workbook
from mien.errors import InputError
from mien.labels import normalise_emotion
from mien.records import Stream, Take

__all__ = ["MmewLayout", "read_mmew"]

_NUMBERS: Final = {
    word: number
    for number, word in enumerate(
        ("happiness", "surprise", "disgust", "fear", "sadness", "others", "anger"), start=1
    )
}
_HEADER: Final = (
    *("Subject", "Filename", "OnsetFrame", "ApexFrame", "OffsetFrame"),
    *("Action Units", "Estimated Emotion", "remarks"),
)


@dataclass(frozen=True, slots=True)
class MmewLayout:
    """Writes clips as MMEW has them.

    Quirks: in one micro row of eighteen the sheet's apex (odd takes) or offset (even takes) lies two frames
    behind the clip's last picture. Subject is a number in the sheet and ``S03`` in the names.

    Attributes:
        tree: ``"people"`` or ``"kinds"``, see the module.
    """

    name: ClassVar[str] = "mmew"
    filming: ClassVar[Filming] = Filming(
        product="clips",
        streams=(Stream("", 90, 1920, 1080, "rgb"),),
        emotions={
            "happiness": 36,
            "anger": 8,
            "surprise": 89,
            "disgust": 72,
            "fear": 16,
            "sadness": 13,
            "others": 66,
        },
        kinds=("micro", "macro"),
        n_people=36,
        takes=8,
    )

    tree: Literal["people", "kinds"] = "people"

    def __post_init__(self) -> None:
        if self.tree not in ("people", "kinds"):
            raise InputError(f"MMEW has no tree {self.tree!r}: choose 'people' or 'kinds'.")

    def plan(self, takes: Sequence[Take]) -> tuple[Shot, ...]:
        """Name and place the takes; a macro clip is one picture, of its peak.

        Raises:
            InputError: the takes do not fit the data set.
        """
        return tuple(
            self._shot(take, rank, before)
            for rank, theirs in enumerate(checked_people("MMEW", self.filming, takes))
            for take, before in zip(theirs, count_by_emotion(theirs), strict=True)
        )

    def _shot(self, take: Take, rank: int, before: int) -> Shot:
        subject, emotion = f"S{rank + 1:02d}", emotion_of(take)
        clip = f"{subject}-{_NUMBERS[emotion]:02d}-{before + 1:03d}"
        if take.expressions[0].kind == "macro":
            folder = (
                f"{subject}/{emotion}" if self.tree == "people" else f"Macro_Expression/{subject}/{emotion}"
            )
            pictures = PictureSet("face", (take.expressions[0].apex,), (f"{folder}/{clip}.jpg",))
        else:
            folder = f"{subject}/{emotion}" if self.tree == "people" else f"Micro_Expression/{emotion}"
            frames = tuple(range(take.n_frames))
            pictures = PictureSet("face", frames, tuple(f"{folder}/{clip}/{f + 1}.jpg" for f in frames))
        return Shot(take, subject, clip, first_number=1, pictures=(pictures,))

    def annotate(self, shots: Sequence[Shot], root: Path) -> None:
        """Write the workbook of the micro-expressions."""
        rows: list[Sequence[Cell]] = [_HEADER]
        for shot in in_order(shots):
            take, expression = shot.take, shot.take.expressions[0]
            if expression.kind != "micro":
                continue
            apex, offset = shot.number(expression.apex), shot.number(expression.offset)
            if chosen(take, "mmew-outside", 18):
                outside = shot.number(take.n_frames - 1) + 2
                apex, offset = (outside, offset) if take.number % 2 else (apex, outside)
            rows.append(
                (
                    *(int(shot.subject[1:]), shot.clip, shot.number(expression.onset), apex, offset),
                    *(unit_string(expression.units), expression.emotion, None),
                )
            )
        write_workbook(root / "MMEW_Micro_Exp.xlsx", {"Sheet1": rows})


# ------------------------------------------------------------ reading

_CLIP: Final = re.compile(r"(S\d+)-\d+-\d+", re.IGNORECASE)
_FPS: Final = 90.0
_ENDINGS: Final = (".jpg", ".jpeg", ".png", ".bmp")


def read_mmew(
    root: str | Path,
    *,
    pictures: Literal["faces", "none"] = "faces",
    workbook: str | Path | None = None,
) -> DataSet:
    """Read a copy of MMEW, people first or kinds first in its tree.

    A folder called like ``S03-01-002`` is a micro-expression, labelled by the workbook; a picture called so
    is a macro-expression's peak, labelled by its folder. Where the sheet's apex or offset lies outside of the
    clip, it is ``None``.

    Args:
        root: the copy, or one of its folders (the workbook is then looked for beside it).
        pictures: ``"none"`` reads the workbook alone.
        workbook: the one to read instead of looking for one.

    Raises:
        InputError: no pictures or no workbook, or a column without which nothing can be read is missing.
    """
    if pictures not in ("faces", "none"):
        raise InputError(f"MMEW has no pictures {pictures!r}: choose 'faces' or 'none'.")
    place, problems = checked_root(root), Problems()
    micro, macro = ([], []) if pictures == "none" else _footage(place, problems)
    if pictures != "none" and not micro and not macro:
        raise InputError(f"{place}: there are no clips of MMEW (S03-01-002) in it.")
    books = _books(place, problems, workbook)
    samples = _micro(books, micro, problems, pictures == "none")
    for shown in macro:
        sample = posed_sample(problems, shown, shown.folder.name, begins=None, peak=shown.numbers[0])
        samples.append(sample)
    published = {"subjects": 36, "samples kind=micro": 300, "samples kind=macro": 900}
    numbers = MmewLayout.filming.emotions.items()
    return DataSet(
        *("mmew", place, (*micro, *macro), tuple(samples), problems.found),
        sheets=books.used,
        published=published | {f"samples kind=micro emotion={word}": int(n) for word, n in numbers},
        cropped=True,  # the release has no others
    )


def _books(place: Path, problems: Problems, workbook: str | Path | None) -> Workbooks:
    only = None if workbook is None else Path(workbook)
    books = Workbooks([place], problems, only=only)
    return books if books.sheets else Workbooks([place.resolve().parent], problems, only=only)


def _footage(place: Path, problems: Problems) -> tuple[list[Footage], list[Footage]]:
    """Micro- and macro-expressions."""
    micro: list[Footage] = []
    macro: list[Footage] = []
    for folder in walk(place, 4):
        if name := _CLIP.fullmatch(folder.name):
            found = film("mmew", f"mmew/{name[1].upper()}", folder.name, folder, _FPS, problems)
            micro += [found] if found else []
            continue
        if _CLIP.fullmatch(folder.parent.name):
            continue
        for path in files(folder, _ENDINGS):
            if name := _CLIP.fullmatch(path.stem):
                number = int(path.stem.rpartition("-")[2])
                subject = f"mmew/{name[1].upper()}"
                macro.append(Footage("mmew", "", subject, path.stem, folder, (path.name,), (number,), None))
            elif _is_emotion(folder.name):
                words = f"{path}: the name is not person, emotion and sample (S03-01-001); it is left out."
                problems.broken("picture-name", words, f"mmew/{folder.parent.name}", path.stem)
    every = unique([*micro, *macro], problems)
    return [f for f in every if f.fps], [f for f in every if not f.fps]


def _is_emotion(word: str) -> bool:
    try:
        return normalise_emotion(word) is not None
    except InputError:
        return False


def _micro(books: Workbooks, shown: list[Footage], problems: Problems, alone: bool) -> list[Sample]:
    def fits(table: Table) -> bool:
        clips = [row.text("clip") for row in table.rows() if row.text("clip")]
        return 2 * sum(bool(_CLIP.fullmatch(clip)) for clip in clips) >= len(clips)

    table = books.table(
        "the workbook of MMEW",
        columns(
            "subject", "clip", "onset", "apex", "offset", "units", "emotion", remarks=("remarks", "Remark")
        ),
        must=("subject", "clip", "onset", "offset"),
        may=("remarks",),
        accept=fits,
    )
    rows = without_duplicates(named_rows(table, problems, "mmew/S{:02d}".format), problems)
    places = [None] * len(rows) if alone else match([(s, c) for s, c, _ in rows], shown, problems)
    samples = []
    for (subject, clip, row), footage in zip(rows, places, strict=True):
        if footage is None and not alone:
            continue
        remarks = row.text("remarks")
        sample = make_sample(
            problems,
            dataset="mmew",
            subject=subject,
            clip=clip,
            footage=footage,
            fps=_FPS,
            marks=read_marks(row, problems, subject, clip),
            units=row["units"],
            emotion=row["emotion"],
            labelled="emotion" in table.places,
            more={"remarks": remarks} if remarks else {},
            row=row,
        )
        report_lost_marks(problems, sample, footage)
        _compare(sample, footage, problems)
        samples.append(sample)
    return samples


def _compare(sample: Sample, footage: Footage | None, problems: Problems) -> None:
    """The sheet's emotion is taken; say so where the folder has another one."""
    folder = "" if footage is None else footage.folder.parent.name
    if sample.emotion and _is_emotion(folder) and normalise_emotion(folder) != sample.emotion:
        words = f"the sheet says {sample.emotion}, the folder {folder}; the sheet is followed."
        problems.note("emotion-differs", words, sample.subject, sample.clip)
