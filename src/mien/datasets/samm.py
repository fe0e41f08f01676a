"""SAMM: spontaneous actions and micro-movements (Manchester Metropolitan University, 2018).

159 micro-movements of 29 of 32 people of 13 ethnicities, grey, 2040×1088 at 200 frames a second (30 to 101
frames).

The tree::

    ROOT/
        SAMM_Micro_FACS_Codes_v2.xlsx
        SAMM/006/006_1_2/006_05588.jpg

A clip's name is subject, inducement (which film was shown) and a counter; a file's name is the subject and
the frame's number in the original recording, with four or five digits. The folder runs from onset to offset.

Workbook: sheet MICRO_ONLY, thirteen rows of explanation, header in Excel row 14 (pandas: ``header=13``):
Subject (text: 006), Filename, Inducement Code, Onset Frame, Apex Frame, Offset Frame, Duration (frames, both
ends counted), Micro ("Micro - 1/2"), Action Units, Estimated Emotion, Objective Classes (1 to 7), Notes.

Action units carry sides and sometimes intensities: L12, R6+R12, 4B+7C; and doubts: "(R6 or R12)+R15",
"L12 or L14", "10A/B", "A/L12". 22 notes speak of eye movement and 16 of blinks.

Quirks of the published copy: apex or offset out of place in older copies (013_1_9, 028_4_1, 032_3_1,
032_3_2); frame numbers padded to four or to five digits.

People: 006, 007, 009 to 026, 028, 030 to 037.

Classes: anger 57, other 26, happiness 26, surprise 15, contempt 12, disgust 9, fear 8, sadness 6, written
with a capital; objective classes VII 84, I 24, III 20, II 13, IV 8, VI 7, V 3.

Citation: Davison, Lansley, Costen, Tan & Yap, "SAMM: a spontaneous micro-facial movement dataset", IEEE
Trans. Affective Computing 9(1), 2018; Davison, Merghani & Yap, arXiv:1708.07549, 2017, for the objective
classes.

How to get it: http://www2.docm.mmu.ac.uk/STAFF/M.Yap/dataset.php, by a release agreement signed by a
permanent member of a research institution.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Literal

from mien.datasets.layout import Filming, PictureSet, Shot, checked_people, recurs, steady, unit_string
from mien.datasets.manifest import DataSet
from mien.datasets.reading import (
    Marks,
    Problems,
    films,
    frame_number_or_none,
    make_sample,
    match,
    named_rows,
    open_copy,
    read_marks,
    without_duplicates,
)
from mien.datasets.sheets import Row, Table, Workbooks, columns
from mien.datasets.workbook import Cell, write_workbook
from mien.labels import VOCABULARIES, objective_class
from mien.records import Expression, Stream, Take, UnitOnFace

__all__ = [
    "FPS",
    "SUBJECTS",
    "SammLayout",
    "check_duration",
    "doubtful_units",
    "micro_codes",
    "micro_row",
    "read_samm",
    "write_micro_codes",
]

TITLE = "SAMM"
SUBJECTS = (6, 7, *range(9, 27), 28, *range(30, 38))
HEADER: tuple[Cell, ...] = (
    *(
        "Subject",
        "Filename",
        "Inducement Code",
        "Onset Frame",
        "Apex Frame",
        "Offset Frame",
        "Duration",
        "Micro",
    ),
    *("Action Units", "Estimated Emotion", "Objective Classes", "Notes"),
)
FPS = 200.0
_WORDS = {"others": "Other"}
_EVERY = 48
_DOUBTS = {6: "or", 14: "grade", 22: "asymmetry", 30: "letters", 38: "?"}
_NEIGHBOURS = (12, 14, 15, 17, 4, 7)


def doubtful_units(units: Sequence[UnitOnFace], doubt: str) -> str:
    """An AU string with one of SAMM's ways to leave something open; what is true stays among what it allows.

    Args:
        units: what shows on the face.
        doubt: ``"or"``, ``"grade"``, ``"asymmetry"`` (only where a unit has a side), ``"letters"`` (no doubt,
            but intensities), ``"?"`` (not coded), or empty.
    """
    if not units or doubt == "?":
        return "?"
    if doubt == "letters":
        return unit_string(units, letters=True)
    if doubt == "or":
        first = min(units, key=lambda u: (u.au, u.side))
        taken = {unit.au for unit in units}
        other = next(au for au in _NEIGHBOURS if au not in taken)
        choice = f"{unit_string([first])} or {unit_string([UnitOnFace(other, first.side)])}"
        rest = [unit for unit in units if unit != first]
        return f"({choice})+{unit_string(rest)}" if rest else choice
    if doubt == "grade":
        return f"{unit_string(units)}A/B"
    if doubt == "asymmetry":
        return "+".join(
            f"{'' if unit.side == 'both' else 'A/'}{unit_string([unit])}"
            for unit in sorted(units, key=lambda u: (u.au, u.side))
        )
    return unit_string(units)


def micro_row(shot: Shot, event: Expression, clip: str, inducement: int, doubt: str = "") -> list[Cell]:
    """One row of the sheet MICRO_ONLY."""
    blinks = any(first <= event.offset and event.onset <= last for first, last in shot.take.blinks)
    label = objective_class(unit.au for unit in event.units)
    return [
        shot.subject,
        clip,
        inducement,
        shot.number(event.onset),
        shot.number(event.apex),
        shot.number(event.offset),
        event.offset - event.onset + 1,
        "Micro - 1/2",
        doubtful_units(event.units, doubt),
        _WORDS.get(event.emotion, event.emotion.capitalize()),
        1 + VOCABULARIES["objective"].index(label),
        "Blink" if blinks else None,
    ]


def write_micro_codes(path: Path, rows: Sequence[Sequence[Cell]]) -> None:
    """Write ``SAMM_Micro_FACS_Codes_v2.xlsx`` with its header in Excel row 14."""
    words: list[list[Cell]] = [
        ["SAMM Micro-Movements FACS Codes"],
        ["Version 2"],
        ["Onset, apex and offset are the numbers in the names of the pictures."],
        ["Duration counts the onset and the offset frame."],
    ]
    head = words + [[None] for _ in range(13 - len(words))]
    write_workbook(path, {"MICRO_ONLY": [*head, list(HEADER), *rows]})


@dataclass(frozen=True, slots=True)
class SammLayout:
    """Writes clips as SAMM has them.

    Quirks that appear, by position in the collection (people and takes in order, from 0), and every 48 later:
    6 alternatives ("12 or 14"); 14 a grade in between ("10A/B"); 22 an asymmetry ("A/L12", where a unit has a
    side); 30 intensities; 38 the AU string "?". A third of the people have frame numbers padded to four
    digits. The word "Blink" stands in the notes where the take has one.
    """

    name: ClassVar[str] = "samm"
    filming: ClassVar[Filming] = Filming(
        product="clips",
        streams=(Stream("", FPS, 2040, 1088, "grey"),),
        emotions={
            "anger": 57,
            "others": 26,
            "happiness": 26,
            "surprise": 15,
            "contempt": 12,
            "disgust": 9,
            "fear": 8,
            "sadness": 6,
        },
        n_people=29,
        takes=4,
        longest_micro_s=0.505,
    )

    def plan(self, takes: Sequence[Take]) -> tuple[Shot, ...]:
        """Name and place every take.

        Raises:
            InputError: more than 29 people, or takes that SAMM cannot hold.
        """
        shots: list[Shot] = []
        for rank, theirs in enumerate(checked_people(TITLE, self.filming, takes)):
            counts: dict[int, int] = {}
            for take in theirs:
                inducement = 1 + steady(self.name, take.person.number, take.number) % 7
                counts[inducement] = counts.get(inducement, 0) + 1
                shots.append(
                    self._shot(take, f"{SUBJECTS[rank]:03d}", inducement, counts[inducement], len(shots))
                )
        return tuple(shots)

    @staticmethod
    def _shot(take: Take, subject: str, inducement: int, count: int, position: int) -> Shot:
        first = 1 + steady("first frame", take.person.number, take.number) % 9000
        digits = 4 if int(subject) % 3 == 0 else 5
        clip = f"{subject}_{inducement}_{count}"
        frames = tuple(range(take.n_frames))
        paths = tuple(f"SAMM/{subject}/{clip}/{subject}_{first + frame:0{digits}d}.jpg" for frame in frames)
        doubt = next((words for at, words in _DOUBTS.items() if recurs(position, at, _EVERY)), "")
        return Shot(
            take,
            subject=subject,
            clip=clip,
            first_number=first,
            pictures=(PictureSet("full", frames, paths, grey=True),),
            more={"inducement": inducement, "quirk": doubt},
        )

    def annotate(self, shots: Sequence[Shot], root: Path) -> None:
        """Write ``SAMM_Micro_FACS_Codes_v2.xlsx``."""
        rows = [
            micro_row(s, s.take.expressions[0], s.clip, int(str(s.more["inducement"])), str(s.more["quirk"]))
            for s in sorted(shots, key=lambda s: s.clip)
        ]
        write_micro_codes(root / "SAMM_Micro_FACS_Codes_v2.xlsx", rows)


# ------------------------------------------------------------ reading

_INSIDE = r"\d{3}"
_FIXES: tuple[tuple[str, str, int, str], ...] = (
    ("013_1_9", "offset", 5739, "older copies end it before its apex; version 2 says 5739"),
    ("028_4_1", "apex", 1113, "older copies have the apex outside; version 2 says 1113"),
    ("032_3_1", "apex", 4930, "older copies have the apex outside; version 2 says 4930"),
    ("032_3_2", "apex", 5127, "older copies have the apex outside; version 2 says 5127"),
)
"""Clip, mark, what it is in version 2 of the workbook, and why; used where a copy's own value cannot be."""
_CLASSES = {"VII": 84, "I": 24, "III": 20, "II": 13, "IV": 8, "VI": 7, "V": 3}
_PUBLISHED = (
    {"samples": 159, "subjects": 29}
    | {f"samples emotion={word}": int(n) for word, n in SammLayout.filming.emotions.items()}
    | {f"samples objective={name}": n for name, n in _CLASSES.items()}
)


def read_samm(
    root: str | Path,
    *,
    pictures: Literal["raw", "none"] = "raw",
    workbook: str | Path | None = None,
) -> DataSet:
    """Read a copy of SAMM.

    :attr:`Sample.more` has the columns Inducement Code and Notes. Four values that are out of place in older
    workbooks are taken from version 2 where the copy's own cannot be right.

    Args:
        root: the copy, or its tree of pictures.
        pictures: ``"none"`` reads the annotation alone.
        workbook: the one to read instead of looking for it.

    Raises:
        InputError: no pictures or no workbook, or a column without which nothing can be read is missing.
    """
    names = {"raw": (r"samm", r"samm(?!.*long).*")}
    copy = open_copy(TITLE, root, inside=_INSIDE, pictures=pictures, names=names, workbook=workbook)
    problems = copy.problems
    table = micro_codes(copy.books)
    rows = without_duplicates(named_rows(table, problems, "samm/{:03d}".format), problems)
    shown = films(copy, "samm", _INSIDE, "{:03d}", FPS)
    places = match([(s, c) for s, c, _ in rows], shown, problems) if copy.tree else [None] * len(rows)
    samples = []
    for (subject, clip, row), footage in zip(rows, places, strict=True):
        if copy.tree and footage is None:
            continue
        told = read_marks(row, problems, subject, clip)
        marks = _fixed(told, subject, clip, problems)
        check_duration(row, marks, subject, clip, problems)
        samples.append(
            make_sample(
                problems,
                dataset="samm",
                subject=subject,
                clip=clip,
                footage=footage,
                fps=FPS,
                marks=marks,
                units=row["units"],
                emotion=row["emotion"],
                labelled="emotion" in row.cells,
                usual=("Other",),
                objective=row["objective"],
                more={
                    name: row.text(key)
                    for key, name in (("inducement", "Inducement Code"), ("notes", "Notes"))
                    if row.text(key)
                },
                row=row,
            )
        )
    return DataSet(
        *("samm", copy.root, tuple(shown), tuple(samples), problems.found),
        sheets=copy.books.used,
        published=_PUBLISHED,
    )


def micro_codes(books: Workbooks, *, main: bool = True) -> Table:
    """SAMM's own sheet, wherever its header stands; that of the long videos has a column Type and is not it.

    Raises:
        InputError: it is not there, or lacks a column without which nothing can be read.
    """
    wanted = columns(
        *("subject", "clip", "onset", "apex", "offset", "units", "emotion", "objective"),
        inducement=("Inducement Code", "Inducement"),
        duration=("Duration",),
        micro=("Micro",),
        notes=("Notes", "Note"),
        type=("Type",),
    )

    def fits(table: Table) -> bool:
        clips = [row.text("clip") for row in table.rows() if row.text("clip")]
        samm = sum(re.fullmatch(r"\d{3}_\d+_\d+", clip) is not None for clip in clips)
        return "type" not in table.places and 2 * samm >= len(clips)

    return books.table(
        "SAMM's workbook of micro-movements",
        wanted,
        must=("subject", "clip", "onset", "offset"),
        may=("inducement", "duration", "micro", "notes", "type"),
        accept=fits,
        least=6,
        main=main,
    )


def _fixed(marks: Marks, subject: str, clip: str, problems: Problems) -> Marks:
    """The marks, with one put right that is known to be out of place in older copies."""
    for name, mark, value, reason in _FIXES:
        better = replace(marks, **{mark: value})
        if name == clip and not _possible(marks) and _possible(better):
            problems.repaired("known-mistake", f"the {mark} {getattr(marks, mark)}: {reason}.", subject, clip)
            return better
    return marks


def _possible(marks: Marks) -> bool:
    onset, apex, offset = marks.onset, marks.apex, marks.offset
    return onset is not None and apex is not None and offset is not None and onset <= apex <= offset


def check_duration(row: Row, marks: Marks, subject: str, clip: str, problems: Problems) -> None:
    """Whether the column Duration, which counts both ends, says the same as onset and offset."""
    told = frame_number_or_none(row["duration"])
    if told is None or marks.onset is None or marks.offset is None or marks.offset < marks.onset:
        return
    length = marks.offset - marks.onset + 1
    if told != length:
        words = f"row {row.number}: Duration says {told} and onset to offset are {length} frames."
        problems.note("duration-differs", words, subject, clip)
