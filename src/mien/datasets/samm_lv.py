"""SAMM Long Videos: the recordings around SAMM's movements (Manchester Metropolitan University, 2020).

147 recordings of 32 people, 35.5 seconds on average, grey, 2040×1088 at 200 frames a second, with 343 macro-
and 159 micro-expressions.

The tree::

    ROOT/
        SAMM_LongVideos_V3_Release.xlsx             V1 and V2 are older
        SAMM_Micro_FACS_Codes_v2.xlsx               SAMM's workbook, for the emotions
        SAMM_longvideos/006_1/006_1_0001.jpg        frames from 1, four digits at least

Workbook: one sheet, nine rows of explanation, header in Excel row 10 and data from row 11 (pandas:
``skiprows=10, header=None``): Subject (a number), Filename, Inducement Code, Onset, Apex, Offset, Duration,
Type ("Macro" or "Micro - 1/2"), Action Units, Notes. Filename is the recording and a counter (006_1_2),
counted for each type by itself, so that one name may stand for a macro- and a micro-expression. Frame numbers
start at 1. There is no emotion: it is looked up in SAMM's workbook by Filename and Type, and
macro-expressions have none.

Quirks of the published copy: an onset of 0 marks a macro-expression under way when the recording begins; it
is usually left out.

Classes: those of SAMM for the micro-expressions, none for the others.

People: 006 to 037; three of them (008, 027, 029) have no micro-expression.

Citation: Yap, Kendrick & Yap, "SAMM long videos: a spontaneous facial micro- and macro-expressions dataset",
IEEE FG 2020.

How to get it: http://www2.docm.mmu.ac.uk/STAFF/M.Yap/dataset.php, by a release agreement signed by a
permanent member of a research institution.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Final, Literal

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
    named_rows,
    open_copy,
    read_marks,
    without_duplicates,
)
from mien.datasets.samm import (
    FPS,
    SammLayout,
    check_duration,
    doubtful_units,
    micro_codes,
    micro_row,
    write_micro_codes,
)
from mien.datasets.sheets import Row, Table, columns
from mien.datasets.workbook import Cell, write_workbook
from mien.errors import InputError
from mien.events import EventKind
from mien.records import Stream, Take

__all__ = ["SammLvLayout", "read_samm_lv"]

TITLE = "SAMM Long Videos"
SUBJECTS = tuple(range(6, 38))
HEADER: tuple[Cell, ...] = (
    *("Subject", "Filename", "Inducement Code", "Onset", "Apex", "Offset", "Duration", "Type"),
    *("Action Units", "Notes"),
)
_VIDEOS = 7
_WORDS = {"macro": "Macro", "micro": "Micro - 1/2"}


@dataclass(frozen=True, slots=True)
class SammLvLayout:
    """Writes recordings as SAMM Long Videos has them, with SAMM's workbook for the micro-expressions.

    The real recordings last 35.5 s on average. Quirks that appear: an onset of 0 where a macro-expression is
    under way at the first frame, and for the first macro-expression of every twelfth recording, beginning
    with the sixth; in every fifth an AU string with alternatives ("12 or 14") for its first event.

    Attributes:
        version: of the workbook, 1 to 3.
    """

    name: ClassVar[str] = "samm-lv"
    filming: ClassVar[Filming] = Filming(
        product="recordings",
        streams=(Stream("", FPS, 2040, 1088, "grey"),),
        emotions=SammLayout.filming.emotions,
        kinds=("micro", "macro"),
        n_people=32,
        takes=4,
        longest_micro_s=0.505,
    )
    version: Literal[1, 2, 3] = 3

    def __post_init__(self) -> None:
        if self.version not in (1, 2, 3):
            raise InputError(f"SAMM Long Videos has no version {self.version!r}: choose 1, 2 or 3.")

    def plan(self, takes: Sequence[Take]) -> tuple[Shot, ...]:
        """Name and place every take.

        Raises:
            InputError: more than 32 people or 7 recordings of one, or takes that the data set cannot hold.
        """
        shots: list[Shot] = []
        for rank, theirs in enumerate(checked_people(TITLE, self.filming, takes)):
            if len(theirs) > _VIDEOS:
                raise InputError(
                    f"{TITLE} has {_VIDEOS} recordings of a person and {len(theirs)} were given: "
                    f"ask for {_VIDEOS} at most."
                )
            subject = f"{SUBJECTS[rank]:03d}"
            shots += [self._shot(take, subject, 1 + i, len(shots) + i) for i, take in enumerate(theirs)]
        return tuple(shots)

    @staticmethod
    def _shot(take: Take, subject: str, inducement: int, position: int) -> Shot:
        clip = f"{subject}_{inducement}"
        frames = tuple(range(take.n_frames))
        paths = tuple(f"SAMM_longvideos/{clip}/{clip}_{1 + frame:04d}.jpg" for frame in frames)
        return Shot(
            take,
            subject=subject,
            clip=clip,
            first_number=1,
            pictures=(PictureSet("full", frames, paths, grey=True),),
            more={"inducement": inducement, "position": position},
        )

    def annotate(self, shots: Sequence[Shot], root: Path) -> None:
        """Write the workbook of the long videos and SAMM's own."""
        words: list[list[Cell]] = [
            ["SAMM Long Videos"],
            [f"Version {self.version}"],
            ["Macro- and micro-expressions; frame numbers start at 1."],
        ]
        rows = words + [[None] for _ in range(9 - len(words))] + [list(HEADER)]
        micro: list[list[Cell]] = []
        for shot in sorted(shots, key=lambda s: s.clip):
            rows += self._rows(shot, micro)
        write_workbook(root / f"SAMM_LongVideos_V{self.version}_Release.xlsx", {"Sheet1": rows})
        write_micro_codes(root / "SAMM_Micro_FACS_Codes_v2.xlsx", micro)

    @staticmethod
    def _rows(shot: Shot, micro: list[list[Cell]]) -> list[list[Cell]]:
        """The recording's rows; those of SAMM's workbook are added to ``micro``."""
        rows: list[list[Cell]] = []
        counts: dict[str, int] = {}
        position, inducement = int(str(shot.more["position"])), int(str(shot.more["inducement"]))
        for number, event in enumerate(shot.take.expressions):
            counts[event.kind] = count = counts.get(event.kind, 0) + 1
            name = f"{shot.clip}_{count}"
            doubt = "or" if number == 0 and recurs(position, 3, 5) else ""
            under_way = event.onset == 0 or (count == 1 and recurs(position, 5, 12))
            if event.kind == "micro":
                micro.append(micro_row(shot, event, name, inducement, doubt))
            rows.append(
                [
                    int(shot.subject),
                    name,
                    inducement,
                    0 if event.kind == "macro" and under_way else shot.number(event.onset),
                    shot.number(event.apex),
                    shot.number(event.offset),
                    event.offset - event.onset + 1,
                    _WORDS[event.kind],
                    doubtful_units(event.units, doubt) if doubt else unit_string(event.units),
                    None,
                ]
            )
        return rows


# ------------------------------------------------------------ reading

_INSIDE = r"\d{3}_\d{1,2}"
_PUBLISHED: Final = {
    "samples": 502,
    "samples kind=macro": 343,
    "samples kind=micro": 159,
    "footage": 147,
}


def read_samm_lv(
    root: str | Path,
    *,
    pictures: Literal["raw", "none"] = "raw",
    workbook: str | Path | None = None,
) -> DataSet:
    """Read a copy of SAMM Long Videos, with the emotions of SAMM's own workbook where that is there.

    A micro-expression is called as in the sheet (006_1_2, as in SAMM), a macro-expression 006_1_2-macro,
    since the two may share a name. A macro-expression that is under way when the recording begins has no
    onset.

    Args:
        root: the copy, or its tree of pictures.
        pictures: ``"none"`` reads the annotation alone.
        workbook: that of the long videos, instead of looking for it.

    Raises:
        InputError: no pictures or no workbook, or a column without which nothing can be read is missing.
    """
    names = {"raw": (r"samm[\s_-]*long[\s_-]*videos?",)}
    copy = open_copy(TITLE, root, inside=_INSIDE, pictures=pictures, names=names, workbook=workbook)
    problems = copy.problems
    table = _table(copy)
    felt = _felt(copy)
    shown = _films(copy)
    rows = without_duplicates(_rows(table, problems), problems)
    videos = [(subject, _video(row)) for subject, _, row in rows]
    names_ = [name for _, name, _ in rows]
    places = match(videos, shown, problems, called=names_) if copy.tree else [None] * len(rows)
    samples = []
    for (subject, name, row), footage in zip(rows, places, strict=True):
        if copy.tree and footage is None:
            continue
        kind = _kind(row)
        marks = read_marks(row, problems, subject, name)
        check_duration(row, marks, subject, name, problems)
        known = felt.get(row.text("clip")) if kind == "micro" else None
        if kind == "micro" and felt and known is None:
            problems.note("no-emotion", "SAMM's workbook has no such micro-expression.", subject, name)
        sample = make_sample(
            problems,
            dataset="samm-lv",
            subject=subject,
            clip=name,
            footage=footage,
            fps=FPS,
            kind=kind,
            marks=_begun(marks, kind, subject, name, problems),
            units=row["units"],
            emotion=None if known is None else known["emotion"],
            labelled=known is not None,
            usual=("Other",),
            objective=None if known is None else known["objective"],
            more={"Notes": row.text("notes")} if row.text("notes") else {},
            row=row,
        )
        samples.append(replace(sample, onset_number=marks.onset))
    return DataSet(
        *("samm-lv", copy.root, tuple(shown), tuple(samples), problems.found),
        sheets=copy.books.used,
        published=_PUBLISHED,
    )


def _table(copy: Copy) -> Table:
    wanted = columns(
        *("subject", "clip", "onset", "apex", "offset", "units"),
        inducement=("Inducement Code", "Inducement"),
        duration=("Duration",),
        type=("Type",),
        notes=("Notes", "Note"),
    )
    return copy.books.table(
        "the workbook of SAMM Long Videos",
        wanted,
        must=("subject", "clip", "onset", "offset", "type"),
        may=("inducement", "duration", "notes"),
        # SAMM's own workbook has all the other columns
        accept=lambda table: "type" in table.places or "micro" not in _headings(table),
        least=6,
    )


def _headings(table: Table) -> set[str]:
    return {str(cell).strip().lower() for cell in table.sheet.cells[table.header]}


def _felt(copy: Copy) -> dict[str, Row]:
    """Rows of SAMM's own workbook by clip; empty where it is not there."""
    try:
        table = micro_codes(copy.books, main=False)
    except InputError as error:
        copy.problems.note("no-emotions", f"No emotions: {error}")
        return {}
    return {row.text("clip"): row for row in table.rows()}


def _films(copy: Copy) -> list[Footage]:
    if copy.tree is None:
        return []
    found = []
    for folder in folders(copy.tree, _INSIDE):
        subject = f"samm-lv/{folder.name[:3]}"
        footage = film("samm-lv", subject, folder.name, folder, FPS, copy.problems)
        if footage is not None:
            check_recording(footage, copy.problems)
            found.append(footage)
    return found


def _kind(row: Row) -> EventKind | None:
    word = row.text("type").lower()
    return "macro" if word.startswith("macro") else "micro" if word.startswith("micro") else None


def _video(row: Row) -> str:
    """The recording: the first two parts of the name."""
    return "_".join(row.text("clip").split("_")[:2])


def _rows(table: Table, problems: Problems) -> list[tuple[str, str, Row]]:
    rows = []
    for subject, clip, row in named_rows(table, problems, "samm-lv/{:03d}".format):
        kind = _kind(row)
        if kind is None:
            words = f"row {row.number}: the type {row.text('type')!r} is neither Macro nor Micro; left out."
            problems.broken("unknown-type", words, subject, clip)
            continue
        if digits(clip.split("_")[0]) != digits(subject):
            problems.broken("subject-differs", f"row {row.number} says {subject}.", subject, clip)
        rows.append((subject, clip if kind == "micro" else f"{clip}-macro", row))
    return rows


def _begun(marks: Marks, kind: EventKind | None, subject: str, name: str, problems: Problems) -> Marks:
    """The marks without an onset of 0, which says that the expression was under way already."""
    if marks.onset != 0:
        return marks
    if kind == "macro":
        problems.note("under-way", "it is under way when the recording begins: no onset.", subject, name)
    else:
        problems.broken("no-onset", "the onset is 0, and frames count from 1.", subject, name)
    return replace(marks, onset=None)
