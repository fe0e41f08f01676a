"""CASME II: micro-expression clips of the Chinese Academy of Sciences (2014).

255 micro-expressions of 26 people, in colour at 640×480 and 200 frames a second (24 to 141 frames, 67 on
average).

The tree::

    ROOT/
        CASME2-coding-20140508.xlsx                  or CASME2-coding-20190701.xlsx
        CASME2-ObjectiveClasses.xlsx
        CASME2_RAW_selected/sub01/EP02_01f/img46.jpg     frames from onset to offset
        Cropped/sub01/EP02_01f/reg_img46.jpg             the face, cut out and aligned, about 280×340

Frame numbers are those of the original recording, without zeros in front; the workbook speaks of the same
numbers. Whole recordings (``CASME2-RAW``) and compressed videos belong to the release too and are not
written.

Workbook: one sheet, header in row 1: Subject (text: 01), Filename, *empty*, OnsetFrame, ApexFrame,
OffsetFrame, *empty*, Action Units, Estimated Emotion; the coding of 2019 adds Objective Classes. The
objective classes that MEGC 2018 is defined by stand in the other workbook: Subject, Filename, Objective Class
(1 to 7), and a second sheet with notes. The 2019 column differs from it in 37 rows.

Quirks of the published copy: an apex "/" (sub04 EP12_01f); an apex on the onset (sub05 EP09_05f) or on the
offset (four clips); the AU string "?"; names that are like no others: EP09f, EP01_2, EP06_02_01.

Classes (2014): others 99, disgust 63, happiness 32, repression 27, surprise 25, sadness 7, fear 2. In 2019
three clips of sub24 went from sadness to surprise and 57 AU strings changed.

Citation: Yan, Li, Wang, Zhao, Liu, Chen & Fu, "CASME II: an improved spontaneous micro-expression database
and the baseline evaluation", PLoS ONE 9(1), 2014. Objective classes: Davison, Merghani & Yap,
arXiv:1708.07549, 2017.

How to get it: http://casme.psych.ac.cn/, by a licence agreement signed by a permanent member of a research
institution.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from mien.datasets.casme import speaks_of_episodes
from mien.datasets.layout import Filming, PictureSet, Shot, checked_people, recurs, steady, unit_string
from mien.datasets.manifest import DataSet
from mien.datasets.reading import (
    Problems,
    digits,
    films,
    make_sample,
    match,
    named_rows,
    open_copy,
    read_marks,
    says_cropped,
    without_duplicates,
)
from mien.datasets.sheets import Table, Workbooks, columns
from mien.datasets.workbook import Cell, write_workbook
from mien.errors import InputError
from mien.labels import VOCABULARIES, objective_class
from mien.records import Stream, Take

__all__ = ["Casme2Layout", "read_casme2"]

TITLE = "CASME II"
HEADER: tuple[Cell, ...] = (
    *("Subject", "Filename", None, "OnsetFrame", "ApexFrame", "OffsetFrame", None),
    *("Action Units", "Estimated Emotion"),
)
FPS = 200.0
_EVERY = 60
_QUIRKS = {7: "apex /", 17: "apex = onset", 27: "apex = offset", 37: "AU ?"}
_ODD_NAMES = {5: "EP{episode:02d}f", 25: "EP{episode:02d}_{count}", 45: "EP{episode:02d}_{count:02d}_01"}


@dataclass(frozen=True, slots=True)
class Casme2Layout:
    """Writes clips as CASME II has them.

    Quirks that appear, by position in the collection (people and takes in order, from 0), and every 60 later:
    7 the apex is "/"; 17 the apex stands on the onset; 27 on the offset; 37 the AU string is "?"; 5, 25 and
    45 a name like EP09f, EP01_2 and EP06_02_01. :attr:`Shot.more` says under ``"quirk"`` which one a row has.

    Attributes:
        coding: year of the workbook, ``"2014"`` or ``"2019"``.
    """

    name: ClassVar[str] = "casme2"
    filming: ClassVar[Filming] = Filming(
        product="clips",
        streams=(Stream("", FPS, 640, 480),),
        emotions={
            "others": 99,
            "disgust": 63,
            "happiness": 32,
            "repression": 27,
            "surprise": 25,
            "sadness": 7,
            "fear": 2,
        },
        n_people=26,
        takes=4,
        longest_micro_s=0.705,
    )
    coding: Literal["2014", "2019"] = "2014"

    def __post_init__(self) -> None:
        if self.coding not in ("2014", "2019"):
            raise InputError(f"CASME II has no coding of {self.coding!r}: choose '2014' or '2019'.")

    def plan(self, takes: Sequence[Take]) -> tuple[Shot, ...]:
        """Name and place every take.

        Raises:
            InputError: more than 26 people, or takes that CASME II cannot hold.
        """
        shots: list[Shot] = []
        for rank, theirs in enumerate(checked_people(TITLE, self.filming, takes)):
            counts: dict[int, int] = {}
            used: set[str] = set()
            for take in theirs:
                draw = steady(self.name, take.person.number, take.number)
                episode = 1 + draw % 19
                counts[episode] = count = counts.get(episode, 0) + 1
                clip = f"EP{episode:02d}_{count:02d}{'f' if draw // 19 % 2 else ''}"
                odd = _ODD_NAMES.get(len(shots) % _EVERY, "").format(episode=episode, count=count)
                clip = odd if odd and odd not in used else clip
                used.add(clip)
                shots.append(self._shot(take, f"{rank + 1:02d}", clip, len(shots)))
        return tuple(shots)

    @staticmethod
    def _shot(take: Take, subject: str, clip: str, position: int) -> Shot:
        first = 1 + steady("first frame", take.person.number, take.number) % 300
        frames = tuple(range(take.n_frames))
        folder = f"sub{subject}/{clip}"
        raw = tuple(f"CASME2_RAW_selected/{folder}/img{first + frame}.jpg" for frame in frames)
        cropped = tuple(f"Cropped/{folder}/reg_img{first + frame}.jpg" for frame in frames)
        quirk = next((words for at, words in _QUIRKS.items() if recurs(position, at, _EVERY)), "")
        return Shot(
            take,
            subject=subject,
            clip=clip,
            first_number=first,
            pictures=(PictureSet("full", frames, raw), PictureSet("face", frames, cropped)),
            more={"quirk": quirk},
        )

    def annotate(self, shots: Sequence[Shot], root: Path) -> None:
        """Write the coding and the workbook of objective classes."""
        rows: list[list[Cell]] = [[*HEADER]]
        classes: list[list[Cell]] = [["Subject", "Filename", "Objective Class"]]
        for shot in sorted(shots, key=lambda s: (s.subject, s.clip)):
            row, number = self._row(shot)
            rows.append(row)
            classes.append([shot.subject, shot.clip, number])
        file = {"2014": "CASME2-coding-20140508.xlsx", "2019": "CASME2-coding-20190701.xlsx"}[self.coding]
        if self.coding == "2019":
            rows[0].append("Objective Classes")
            for row, (_, _, value) in zip(rows[1:], classes[1:], strict=True):
                row.append(value)
        write_workbook(root / file, {"Sheet1": rows})
        notes: list[list[Cell]] = [["Objective classes are made of action units only, not of the emotion."]]
        write_workbook(root / "CASME2-ObjectiveClasses.xlsx", {"Sheet1": classes, "Sheet2": notes})

    @staticmethod
    def _row(shot: Shot) -> tuple[list[Cell], int]:
        (event,) = shot.take.expressions
        quirk = shot.more["quirk"]
        apex: Cell = shot.number(event.apex)
        if quirk == "apex /":
            apex = "/"
        elif quirk == "apex = onset":
            apex = shot.number(event.onset)
        elif quirk == "apex = offset":
            apex = shot.number(event.offset)
        row: list[Cell] = [
            shot.subject,
            shot.clip,
            None,
            shot.number(event.onset),
            apex,
            shot.number(event.offset),
            None,
            "?" if quirk == "AU ?" else unit_string(event.units),
            event.emotion,
        ]
        label = objective_class(unit.au for unit in event.units)
        return row, 1 + VOCABULARIES["objective"].index(label)


# ------------------------------------------------------------ reading

_INSIDE = r"sub\d+"
_TREES = {
    "raw": (r"casme2[_-]raw[_-]selected", r".*raw.*selected.*", r".*raw.*"),
    "cropped": (r"cropped", r".*cropped.*"),
}
_MOVED = (("sub24", "EP07_01"), ("sub24", "EP07_04f"), ("sub24", "EP10_03"))
"""The clips that went from sadness to surprise in 2019."""
_COMMON = {"others": 99, "disgust": 63, "happiness": 32, "repression": 27, "fear": 2}
_EMOTIONS = {
    "2014": {**_COMMON, "surprise": 25, "sadness": 7},
    "2019": {**_COMMON, "surprise": 28, "sadness": 4},
}
_CLASSES = {"own workbook": (25, 15, 99, 26, 20, 1, 69), "2019": (30, 18, 93, 15, 18, 2, 79)}


def read_casme2(
    root: str | Path,
    *,
    pictures: Literal["raw", "cropped", "none"] = "raw",
    coding: Literal["2014", "2019"] | None = None,
    workbook: str | Path | None = None,
) -> DataSet:
    """Read a copy of CASME II.

    The codings of 2014 and 2019 are told apart by what they say of the three clips that were moved, and by
    the column of objective classes where those are not in the sheet. Objective classes are those of the
    workbook of objective classes (MEGC 2018's); those of the 2019 coding only where that is not there. A
    clip's year is in :attr:`Sample.more` under ``"coding"``, the 2019 column under ``"Objective Classes"``.

    Args:
        root: the copy, or its tree of pictures.
        pictures: which tree; ``"none"`` reads the annotation alone.
        coding: which workbook, where both are there; that of 2014 if not given, since MEGC 2019 is defined
            by it.
        workbook: the coding to read instead of looking for one.

    Raises:
        InputError: no pictures or no coding, or a column without which nothing can be read is missing.
    """
    copy = open_copy(TITLE, root, inside=_INSIDE, pictures=pictures, names=_TREES, workbook=workbook)
    problems = copy.problems
    table, year = _coding(copy.books, problems, coding)
    classes = _objective(copy.books, problems)
    rows = without_duplicates(named_rows(table, problems, "casme2/sub{:02d}".format), problems)
    shown = films(copy, "casme2", _INSIDE, "sub{:02d}", FPS)
    places = match([(s, c) for s, c, _ in rows], shown, problems) if copy.tree else [None] * len(rows)
    samples = []
    for (subject, clip, row), footage in zip(rows, places, strict=True):
        if copy.tree and footage is None:
            continue
        samples.append(
            make_sample(
                problems,
                dataset="casme2",
                subject=subject,
                clip=clip,
                footage=footage,
                fps=FPS,
                marks=read_marks(row, problems, subject, clip),
                units=row["units"],
                emotion=row["emotion"],
                labelled="emotion" in table.places,
                objective=classes.get((subject, clip)) if classes else row["objective"],
                more={"coding": year}
                | ({"Objective Classes": row.text("objective")} if "objective" in table.places else {}),
                row=row,
            )
        )
    published = {"samples": 255, "subjects": 26}
    published |= {f"samples emotion={word}": n for word, n in _EMOTIONS[year].items()}
    numbers = _CLASSES["own workbook"] if classes else _CLASSES["2019"] if year == "2019" else ()
    names = VOCABULARIES["objective"].labels
    published |= {f"samples objective={name}": n for name, n in zip(names, numbers, strict=False)}
    return DataSet(
        *("casme2", copy.root, tuple(shown), tuple(samples), problems.found),
        sheets=copy.books.used,
        published=published,
        cropped=pictures == "cropped" or says_cropped(copy.tree),
    )


def _year(table: Table) -> str:
    """Which coding a sheet is, by its content."""
    said = {
        row.text("emotion").lower()
        for row in table.rows()
        if (f"sub{digits(row['subject']) or 0:02d}", row.text("clip")) in _MOVED
    }
    if said in ({"sadness"}, {"surprise"}):
        return "2014" if said == {"sadness"} else "2019"
    return "2019" if "objective" in table.places else "2014"


def _coding(books: Workbooks, problems: Problems, coding: str | None) -> tuple[Table, str]:
    if coding not in (None, "2014", "2019"):
        raise InputError(f"CASME II has no coding of {coding!r}: choose '2014' or '2019'.")
    keys = ("subject", "clip", "onset", "apex", "offset", "units", "emotion", "objective")
    wanted = columns(*keys)

    def fits(table: Table) -> bool:
        return "onset" in table.places and speaks_of_episodes(table)

    years = {_year(table) for table in books.tables(wanted) if fits(table)}
    year = coding or ("2014" if "2014" in years or not years else "2019")
    table = books.table(
        f"the coding of CASME II ({year})" if coding else "the coding of CASME II",
        wanted,
        must=("subject", "clip", "onset", "offset"),
        may=("objective",),
        accept=lambda table: fits(table) and _year(table) == year,
    )
    if year == "2019":
        problems.note(
            "workbook-version",
            f"{table.sheet.path.name} (SHA-256 {books.used[table.sheet.path.name]}) is the coding of 2019; "
            "the lists of MEGC 2019 are made from that of 2014.",
        )
    elif len(years) > 1:
        problems.note("workbook-version", "Both codings are there; that of 2014 is read.")
    return table, year


def _objective(books: Workbooks, problems: Problems) -> dict[tuple[str, str], object]:
    """The workbook of objective classes; empty where there is none."""
    found = books.tables(columns("subject", "clip", "onset", "objective"), least=3, main=False)
    own = [table for table in found if "onset" not in table.places]
    if not own:
        problems.note("no-objective-classes", "The workbook of objective classes is not there.")
        return {}
    books.use(own[0])
    rows = named_rows(own[0], problems, "casme2/sub{:02d}".format, evidence="objective")
    return {(subject, clip): row["objective"] for subject, clip, row in rows}
