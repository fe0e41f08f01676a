"""CAS(ME)^2: recordings with macro- and micro-expressions (Chinese Academy of Sciences, 2018).

87 to 98 recordings (depending on who counts) of 22 people, in colour at 640×480 and 30 frames a second, 148 s
long on average, with 300 macro- and 57 micro-expressions.

The tree::

    ROOT/
        CAS(ME)^2code_final.xlsx                          or CAS(ME)^2code_final(Updated).xlsx
        rawpic/s15/15_0101disgustingteeth/img001.jpg      frames from 1, three digits at least

``cropped``, ``selectedpic`` and ``rawvideo`` belong to the release too and are not written.

Workbook: three sheets, none with a header.

* CASFEcode_final: subject number, video code and event counter (``disgust1_1``), onset, apex, offset, AU,
  emotion (negative, positive, surprise, others), type (``macro-expression``, ``micro-expression``),
  self-reported emotion. Frame numbers start at 1.
* "naming rule1", people: number in the folder's name (15), folder (s15), subject number (1).
* "naming rule2", films: code as text (0101), video code (disgust1).

The counter after the last ``_`` is no part of the video: ``disgust1_3`` of subject 1 is the third expression
in the folder of s15 that begins with ``15_0101``. The rest of the folder's name is nowhere in the workbook.

Quirks of the published copy: an offset of 0 means that the apex is all there is; one recording of s23 lies in
the folder of s19.

People: s15, s16, s19 to s27, s29 to s38, s40.

Classes, macro and micro: positive 87 and 8, negative 95 and 21, surprise 13 and 9, others 105 and 19 (from
memory).

Citation: Qu, Wang, Yan, Li, Wu & Fu, "CAS(ME)^2: a database for spontaneous macro-expression and
micro-expression spotting and recognition", IEEE Trans. Affective Computing 9(4), 2018.

How to get it: http://casme.psych.ac.cn/, by a licence agreement signed by a permanent member of a research
institution.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Literal

from mien.datasets.layout import Filming, PictureSet, Shot, checked_people, recurs, unit_string
from mien.datasets.manifest import DataSet, Footage
from mien.datasets.reading import (
    Copy,
    Marks,
    Problems,
    check_recording,
    digits,
    film,
    folders,
    make_sample,
    match,
    open_copy,
    read_marks,
    says_cropped,
    without_duplicates,
)
from mien.datasets.sheets import Row, Sheet, Table, Workbooks, text
from mien.datasets.workbook import Cell, write_workbook
from mien.errors import InputError
from mien.records import Expression, Stream, Take

__all__ = ["CasMe2Layout", "read_cas_me_2"]

TITLE = "CAS(ME)^2"
SUBJECTS = (15, 16, *range(19, 28), *range(29, 39), 40)
FILMS = (
    ("0101", "disgustingteeth", "disgust1"),
    ("0401", "girlcrashing", "anger1"),
    ("0502", "funnyerrors", "happy1"),
    ("0102", "eatingworms", "disgust2"),
    ("0402", "beatingpregnantwoman", "anger2"),
    ("0503", "unnyfarting", "happy2"),
    ("0505", "funnyinnovations", "happy3"),
    ("0507", "climbingthewall", "happy4"),
    ("0508", "funnydunkey", "happy5"),
)
"""Code, name in the folder and video code of the films that were shown ("unnyfarting" is no slip of ours)."""
FPS = 30.0
_FELT = {"positive": "happiness", "surprise": "surprise", "others": "others"}


@dataclass(frozen=True, slots=True)
class CasMe2Layout:
    """Writes recordings as CAS(ME)^2 has them.

    Quirks that appear: the offset is 0 for the first expression of every tenth recording, beginning with the
    fifth; event counters; films in another order than their codes.
    """

    name: ClassVar[str] = "cas-me-2"
    filming: ClassVar[Filming] = Filming(
        product="recordings",
        streams=(Stream("", FPS, 640, 480),),
        emotions={"negative": 116, "positive": 95, "surprise": 22, "others": 124},
        kinds=("micro", "macro"),
        n_people=22,
        takes=4,
    )

    def plan(self, takes: Sequence[Take]) -> tuple[Shot, ...]:
        """Name and place every take.

        Raises:
            InputError: more than 22 people or 9 recordings of one, or takes that CAS(ME)^2 cannot hold.
        """
        shots: list[Shot] = []
        for rank, theirs in enumerate(checked_people(TITLE, self.filming, takes)):
            if len(theirs) > len(FILMS):
                raise InputError(
                    f"{TITLE} has {len(FILMS)} films to show a person and {len(theirs)} takes were given: "
                    f"ask for {len(FILMS)} at most."
                )
            for number, take in enumerate(theirs):
                code, film, video = FILMS[number]
                shots.append(self._shot(take, SUBJECTS[rank], f"{code}{film}", video, len(shots)))
        return tuple(shots)

    @staticmethod
    def _shot(take: Take, subject: int, film: str, video: str, position: int) -> Shot:
        clip = f"{subject}_{film}"
        frames = tuple(range(take.n_frames))
        paths = tuple(f"rawpic/s{subject}/{clip}/img{1 + frame:03d}.jpg" for frame in frames)
        return Shot(
            take,
            subject=f"s{subject}",
            clip=clip,
            first_number=1,
            pictures=(PictureSet("full", frames, paths),),
            more={"video": video, "quirk": "offset 0" if recurs(position, 4, 10) else ""},
        )

    def annotate(self, shots: Sequence[Shot], root: Path) -> None:
        """Write ``CAS(ME)^2code_final.xlsx``."""
        numbers = {f"s{subject}": rank + 1 for rank, subject in enumerate(SUBJECTS)}
        rows: list[list[Cell]] = []
        for shot in sorted(shots, key=lambda s: (numbers[s.subject], s.clip)):
            for count, event in enumerate(shot.take.expressions, start=1):
                rows.append(self._row(shot, event, numbers[shot.subject], count))
        people: list[list[Cell]] = [[int(folder[1:]), folder, number] for folder, number in numbers.items()]
        films: list[list[Cell]] = [[code, video] for code, _, video in sorted(FILMS)]
        write_workbook(
            root / "CAS(ME)^2code_final.xlsx",
            {"CASFEcode_final": rows, "naming rule1": people, "naming rule2": films},
        )

    @staticmethod
    def _row(shot: Shot, event: Expression, subject: int, count: int) -> list[Cell]:
        video = str(shot.more["video"])
        felt = "anger" if video.startswith("anger") else "disgust"
        without_offset = count == 1 and shot.more["quirk"] == "offset 0"
        return [
            subject,
            f"{video}_{count}",
            shot.number(event.onset),
            shot.number(event.apex),
            0 if without_offset else shot.number(event.offset),
            unit_string(event.units),
            event.emotion,
            f"{event.kind}-expression",
            _FELT.get(event.emotion, felt),
        ]


# ------------------------------------------------------------ reading

_INSIDE = r"s\d+"
_TREES = {
    "raw": (r"rawpic", r".*raw.*"),
    "cropped": (r"cropped", r".*cropped.*"),
    "selected": (r"selectedpic", r".*selected.*"),
}
_CODE = re.compile(r"([A-Za-z]+\d*)_(\d+)")
_TYPE = re.compile(r"(macro|micro)", re.IGNORECASE)
_PUBLISHED = {"samples": 357, "samples kind=macro": 300, "samples kind=micro": 57, "subjects": 22}


@dataclass(frozen=True, slots=True)
class _Names:
    """How the workbook's subjects and films are called in the tree: 1 -> 15, disgust1 -> 0101."""

    people: Mapping[int, int]
    films: Mapping[str, str]


def read_cas_me_2(
    root: str | Path,
    *,
    pictures: Literal["raw", "cropped", "none"] = "raw",
    workbook: str | Path | None = None,
) -> DataSet:
    """Read a copy of CAS(ME)^2.

    Subjects are called as their folders (s15), samples as in the workbook (disgust1_3), footage as its folder
    (15_0101disgustingteeth). Where the offset is 0 the apex is taken for it. What people said that they felt
    is in :attr:`Sample.more` under ``"Self-reported emotion"``.

    Args:
        root: the copy, or its tree of pictures.
        pictures: which tree; ``"none"`` reads the annotation alone.
        workbook: the one to read instead of looking for it.

    Raises:
        InputError: no pictures or no workbook, or one that lacks columns.
    """
    if pictures not in ("raw", "cropped", "none"):
        raise InputError(f"{TITLE} has no pictures {pictures!r}: choose 'raw', 'cropped' or 'none'.")
    copy = open_copy(TITLE, root, inside=_INSIDE, pictures=pictures, names=_TREES, workbook=workbook)
    problems = copy.problems
    table = _codes(copy.books, problems)
    names = _names(copy.books, table, problems)
    shown = _films(copy)
    rows = without_duplicates(_rows(table, names, problems), problems)
    videos = [_video(subject, clip, names, shown) for subject, clip, _ in rows]
    clips = [clip for _, clip, _ in rows]
    places = match(videos, shown, problems, called=clips) if copy.tree else [None] * len(rows)
    samples = []
    for (subject, clip, row), footage in zip(rows, places, strict=True):
        if copy.tree and footage is None:
            continue
        told = read_marks(row, problems, subject, clip)
        felt = " ".join(filter(None, (row.text("felt"), row.text("score"))))
        sample = make_sample(
            problems,
            dataset="cas-me-2",
            subject=subject,
            clip=clip,
            footage=footage,
            fps=FPS,
            kind="macro" if row.text("type").lower().startswith("macro") else "micro",
            marks=_ended(told, subject, clip, problems),
            units=row["units"],
            emotion=row["emotion"],
            more={"Self-reported emotion": felt} if felt else {},
            row=row,
        )
        samples.append(replace(sample, offset_number=told.offset))
    return DataSet(
        *("cas-me-2", copy.root, tuple(shown), tuple(samples), problems.found),
        sheets=copy.books.used,
        published=_PUBLISHED,
        cropped=pictures == "cropped" or says_cropped(copy.tree),
    )


def _ended(marks: Marks, subject: str, clip: str, problems: Problems) -> Marks:
    if marks.offset != 0:
        return marks
    problems.repaired("offset-0", "the offset is 0; the apex is taken for it.", subject, clip)
    return replace(marks, offset=marks.apex)


# ---- a workbook without headings: columns are known by what stands in them


def _fitting(sheet: Sheet, pattern: re.Pattern[str]) -> list[int]:
    """For each column, how many of its cells fit a pattern."""
    width = max((len(line) for line in sheet.cells), default=0)
    return [
        sum(at < len(line) and pattern.match(text(line[at])) is not None for line in sheet.cells)
        for at in range(width)
    ]


def _codes(books: Workbooks, problems: Problems) -> Table:
    """The sheet of expressions: the video codes stand before the marks, the type after the emotion."""
    tables: list[Table] = []
    lacking = ""
    for sheet in books.candidates():
        codes, types = _fitting(sheet, re.compile(_CODE.pattern + "$")), _fitting(sheet, _TYPE)
        if not codes or not max(codes) or not max(types):
            continue
        code, kind = codes.index(max(codes)), types.index(max(types))
        filled = [n > 0 for n in _fitting(sheet, re.compile(r"\S"))]
        between = list(range(code + 1, kind))
        if len(between) != 5:  # columns that were put in and hold nothing
            between = [at for at in between if filled[at]]
        before = [at for at in range(code) if filled[at]]
        after = [at for at in range(kind + 1, len(filled)) if filled[at]]
        if len(between) != 5 or not before:
            gone = "the subject" if not before else "one before the type"
            if before and len(between) > 5:
                gone = "their order"
            lacking = (
                f"{sheet}: the columns have to be subject, video code, onset, apex, offset, AU, emotion and "
                f"type, and {gone} is not there."
            )
            continue
        places = {"subject": before[-1], "clip": code, "type": kind}
        places |= dict(zip(("onset", "apex", "offset", "units", "emotion"), between, strict=True))
        places |= dict(zip(("felt", "score"), after, strict=False))
        tables.append(Table(sheet, -1, places))
    if not tables:
        raise InputError(lacking or books.nothing(f"the workbook of {TITLE}", "video code and type"))
    books.use(tables[0])
    books.report_others(tables[0], tables[1:])
    return tables[0]


def _names(books: Workbooks, table: Table, problems: Problems) -> _Names:
    """The two sheets of naming rules; the published rules where they are not there."""
    people: dict[int, int] = {}
    films: dict[str, str] = {}
    known = {video: code for code, _, video in FILMS} | {film: code for code, film, _ in FILMS}
    for sheet in books.sheets:
        if sheet.path != table.sheet.path or sheet is table.sheet:
            continue
        for line in sheet.cells:
            cells = [text(cell) for cell in line if text(cell)]
            folder = next((n for n, cell in enumerate(cells) if re.fullmatch(r"[sS]\d+", cell)), None)
            if folder is not None and folder + 1 < len(cells) and cells[folder + 1].isdigit():
                people[int(cells[folder + 1])] = int(cells[folder][1:])
            elif len(cells) >= 2 and re.fullmatch(r"\d{3,4}", cells[0]):
                films[cells[1].lower()] = cells[0].zfill(4)
    if not people:
        problems.note("no-naming-rules", "No sheet says whose folder is whose; the published order is used.")
        people = dict(enumerate(SUBJECTS, start=1))
    if not films:
        problems.note(
            "no-naming-rules", "No sheet says which film has which code; the published rule is used."
        )
    by_code = {code: video for code, _, video in FILMS}
    spoken = {by_code[code]: code for code in films.values() if code in by_code}
    return _Names(people, {**known, **spoken, **films})


def _rows(table: Table, names: _Names, problems: Problems) -> list[tuple[str, str, Row]]:
    rows, remarks = [], []
    for row in table.rows():
        number, clip, kind = digits(row["subject"]), row.text("clip"), row.text("type")
        if not _CODE.fullmatch(clip) and not _TYPE.match(kind):
            remarks.append(str(row.number))
        elif number is None or not _CODE.fullmatch(clip):
            words = f"{table.sheet}, row {row.number} names no {'clip' if number else 'subject'}; left out."
            problems.broken("row-without-name", words, clip=clip)
        elif number not in names.people:
            words = f"{table.sheet}, row {row.number}: nobody is subject {number}; it is left out."
            problems.broken("unknown-subject", words, clip=clip)
        else:
            subject = f"cas-me-2/s{names.people[number]}"
            if _TYPE.match(kind):
                rows.append((subject, clip, row))
            else:
                words = f"row {row.number}: the type {kind!r} is neither macro nor micro; it is left out."
                problems.broken("unknown-type", words, subject, clip)
    if remarks:
        problems.note("remarks", f"{table.sheet}: rows {', '.join(remarks)} hold remarks, no samples.")
    return rows


# ---- the tree


def _films(copy: Copy) -> list[Footage]:
    """Every recording; one that lies in another person's folder belongs to whom its name says."""
    if copy.tree is None:
        return []
    found = []
    for person in folders(copy.tree, _INSIDE):
        for folder in folders(person):
            named = re.match(r"(\d+)_\d{4}", folder.name)
            number = int(named[1]) if named else digits(person.name)
            subject = f"cas-me-2/s{number}"
            footage = film("cas-me-2", subject, folder.name, folder, FPS, copy.problems)
            if footage is None:
                continue
            if number != digits(person.name):
                words = f"{folder}: lies in the folder of {person.name}."
                copy.problems.note("other-folder", words, subject, folder.name)
            check_recording(footage, copy.problems)
            found.append(footage)
    return found


def _video(subject: str, clip: str, names: _Names, shown: Sequence[Footage]) -> tuple[str, str]:
    """Subject and folder of the recording that a row speaks of; the counter is no part of the film."""
    film_ = clip.rsplit("_", 1)[0].lower()
    begins = f"{digits(subject)}_{names.films.get(film_, film_)}"
    for footage in shown:
        if footage.subject == subject and footage.name.startswith(begins):
            return subject, footage.name
    return subject, begins
