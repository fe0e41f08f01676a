"""4DME: micro-expressions filmed by several cameras at once, labelled with one or two coarse emotions each.

Format
    The real set has a grey video (60 fps, 640×480), 4-D meshes, their dynamic images, RGB and Kinect streams.
    Here as in public readers: the grey pictures of the micro-expressions and their workbook.

Tree
    ::

        gray_micro/S07/002_01_1/Frame_000001826.jpg, …
        4DME_Labelling_Micro_release v1.xlsx

Names
    ``002_01_1``: video, micro-expression in the video, part of it. The pictures keep the nine-digit counter
    of the long video they were cut from; the sheet counts in the same numbers.

Workbook
    ``4DME_Labelling_Micro_release v1.xlsx``, one sheet with a header: sub_ID, fold_name, Emotion, Onset,
    Apex, Offset, AUs, then one column of 0 and 1 for each action unit ("AU1", "AU2", …). The real sheet may
    have more columns before "AUs": readers go by the headers.

Quirks of the real set
    An action unit with the suffix ``(k)`` was there all the time and does not move; the "AU" stands once
    before the whole string (``AU4(k)+L7``); two emotions are joined by a plus (``Surprise+Positive``); from
    the column AUs on, the rows 144 and 145 (0-based) have changed places; some people came twice and have a
    subject of their own for each time (``S13_1st``, ``S13_2nd``, ``S58_1``).

Classes
    267 micro-expressions of 41 people: negative 127, positive 34, surprise 30, repression 6, others 31; and
    of two at once, surprise with positive 13, with negative 8, repression with positive 3, with negative 15
    (from memory of the paper, they add up). The list of subject numbers below is not the real one throughout.

Citation
    X. Li, S. Cheng, Y. Li, M. Behzad, J. Shen, S. Zafeiriou, M. Pantic, G. Zhao: "4DME: a spontaneous 4D
    micro-expression dataset with multimodalities", IEEE Transactions on Affective Computing 14(4), 2023,
    doi:10.1109/TAFFC.2022.3182342.

How to get it
    For research, with a signed licence agreement, from the Center for Machine Vision and Signal Analysis of
    the University of Oulu (the paper names the address).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, Literal

from mien.datasets.layout import Filming, PictureSet, Shot, checked_people, steady, unit_string
from mien.datasets.manifest import DataSet, Footage, Sample
from mien.datasets.posed import report_lost_marks, unique
from mien.datasets.reading import (
    Copy,
    Problems,
    annotated,
    film,
    folders,
    make_sample,
    match,
    open_copy,
    read_marks,
    without_duplicates,
)
from mien.datasets.sheets import Row, Table, columns, text
from mien.datasets.spelling import chosen, in_order
from mien.datasets.workbook import Cell, write_workbook
from mien.errors import InputError
from mien.labels import EMOTIONS, action_unit_set, normalise_emotions, parse_action_units
from mien.records import Expression, Stream, Take

__all__ = ["FourDmeLayout", "read_four_dme"]

_PEOPLE: Final = (*range(1, 31), 33, 36, 40, 43, 46, 49, 52, 55, 56, 58, 59)
_TWICE: Final = {13: ("_1st", "_2nd"), 30: ("_1st", "_2nd"), 58: ("_1", "_2")}
_SECOND: Final = {
    "surprise": "Positive",
    "positive": "Surprise",
    "negative": "Repression",
    "repression": "Negative",
}
_HEADER: Final = ("sub_ID", "fold_name", "Emotion", "Onset", "Apex", "Offset", "AUs")
_SWAPPED: Final = (144, 145)


class FourDmeLayout:
    """Writes clips as 4DME has its grey videos.

    Quirks: one emotion of seven has a second one after a plus, the take's own stands first; one string of six
    has one more unit with ``(k)``; rows 144 and 145 are swapped from AUs on, where there are so many; the
    persons 13, 30 and 58 of the real numbering have two subjects.
    """

    name = "4dme"
    filming = Filming(
        product="clips",
        streams=(Stream("", 60, 640, 480, "grey"),),
        emotions={"negative": 150, "positive": 50, "surprise": 51, "repression": 24, "others": 31},
        n_people=len(_PEOPLE),
        takes=6,
    )

    def plan(self, takes: Sequence[Take]) -> tuple[Shot, ...]:
        """Name and place the takes.

        Raises:
            InputError: the takes do not fit the data set.
        """
        return tuple(
            _shot(take, rank)
            for rank, theirs in enumerate(checked_people("4DME", self.filming, takes))
            for take in theirs
        )

    def annotate(self, shots: Sequence[Shot], root: Path) -> None:
        """Write the workbook."""
        ordered = in_order(shots)
        strings = [_units(shot.take) for shot in ordered]
        columns = sorted({au for _, aus in strings for au in aus})
        heads: list[tuple[Cell, ...]] = []
        tails: list[tuple[Cell, ...]] = []
        for shot, (string, aus) in zip(ordered, strings, strict=True):
            e = shot.take.expressions[0]
            frames = (shot.number(e.onset), shot.number(e.apex), shot.number(e.offset))
            heads.append((shot.subject, shot.clip, _emotion(shot.take, e), *frames))
            tails.append((string, *(int(au in aus) for au in columns)))
        first, second = _SWAPPED
        if len(tails) > second:
            tails[first], tails[second] = tails[second], tails[first]
        header = (*_HEADER, *(f"AU{au}" for au in columns))
        rows: list[Sequence[Cell]] = [header, *((*h, *t) for h, t in zip(heads, tails, strict=True))]
        write_workbook(root / "4DME_Labelling_Micro_release v1.xlsx", {"Sheet1": rows})


def _shot(take: Take, rank: int) -> Shot:
    number = _PEOPLE[rank]
    times = _TWICE.get(number, ("",))
    subject = f"S{number:02d}{times[(take.number - 1) % len(times)]}"
    clip = f"{take.number:03d}_01_1"
    first = 1 + steady("4dme", take.person.number, take.number) % 5000
    frames = tuple(range(take.n_frames))
    paths = tuple(f"gray_micro/{subject}/{clip}/Frame_{first + f:09d}.jpg" for f in frames)
    return Shot(take, subject, clip, first, (PictureSet("full", frames, paths, grey=True),))


def _emotion(take: Take, expression: Expression) -> str:
    word = expression.emotion
    second = _SECOND.get(word) if chosen(take, "4dme-two", 7) else None
    return f"{word.capitalize()}+{second}" if second else word.capitalize()


def _units(take: Take) -> tuple[str, frozenset[int]]:
    """The string, and every unit that it names."""
    units = take.expressions[0].units
    string, aus = unit_string(units), frozenset(u.au for u in units)
    still = next((au for au in (4, 12, 17, 45) if au not in aus), None)
    if aus and still is not None and chosen(take, "4dme-static", 6):
        string, aus = f"{still}(k)+{string}", aus | {still}
    return f"AU{string}" if aus else string, aus


# ------------------------------------------------------------ reading

_INSIDE: Final = r"S\d+(_\w+)?"
_FPS: Final = 60.0

_Named = tuple[str, str, Row]


def read_four_dme(
    root: str | Path,
    *,
    pictures: Literal["grey", "none"] = "grey",
    workbook: str | Path | None = None,
    exchanged: Sequence[tuple[str, str]] = (),
) -> DataSet:
    """Read a copy of 4DME's grey micro-expressions.

    Somebody who came twice is one subject: ``S13_1st/001_01_1`` is the clip ``1st_001_01_1`` of ``4dme/S13``.
    An emotion of two words has the first in :attr:`Sample.emotion` and both in :attr:`Sample.emotions`.

    Two rows of the published sheet have changed places from the units on. Which clips they are is known only
    by their place, which any sorting changes; so the two in that place are pointed out, and their units are
    put right where ``exchanged`` names them.

    Args:
        root: the copy, or its folder of people.
        pictures: ``"none"`` reads the workbook alone.
        workbook: the one to read instead of looking for one.
        exchanged: pairs of clips (keys: ``"4dme/S25/001_01_1"``) whose units have changed places.

    Raises:
        InputError: no pictures or no workbook, a column without which nothing can be read is missing, or
            ``exchanged`` names a clip that is not in the sheet.
    """
    copy = open_copy(
        "4DME",
        root,
        inside=_INSIDE,
        pictures=pictures,
        names={"grey": (r"gr[ae]y[-_ ]?micro", r".*gr[ae]y.*")},
        workbook=workbook,
    )
    problems = copy.problems
    table = copy.books.table(
        "the workbook of 4DME",
        columns("subject", "clip", "onset", "apex", "offset", "units", "emotion"),
        must=("subject", "clip", "onset", "offset"),
        accept=_fits,
    )
    named = without_duplicates(_named(table, problems), problems)
    rows = _put_right(named, exchanged, problems)
    shown = _footage(copy)
    places = match([(s, c) for s, c, _ in rows], shown, problems) if copy.tree else [None] * len(rows)
    samples = []
    for (subject, clip, row), footage in zip(rows, places, strict=True):
        if footage is not None or not copy.tree:
            samples.append(_sample(subject, clip, row, footage, problems))
    _compare_units(table, named, problems)
    return DataSet(
        *("4dme", copy.root, tuple(shown), tuple(samples), problems.found),
        sheets=copy.books.used,
        published={"samples": 267, "subjects": len(_PEOPLE)},
    )


def _fits(table: Table) -> bool:
    people = [row.text("subject") for row in table.rows() if row.text("subject")]
    return 2 * sum(bool(re.fullmatch(_INSIDE, name, re.IGNORECASE)) for name in people) >= len(people)


def _person(name: str, clip: str) -> tuple[str, str] | None:
    """Subject and clip; somebody's second visit is part of the clip's name."""
    said = re.fullmatch(r"S?0*(\d+)(?:[_ -](\w+))?", name.strip(), re.IGNORECASE)
    if said is None:
        return None
    return f"4dme/S{int(said[1]):02d}", f"{said[2]}_{clip}" if said[2] else clip


def _named(table: Table, problems: Problems) -> list[_Named]:
    rows = []
    for row in annotated(table, problems):
        names = _person(row.text("subject"), row.text("clip"))
        if names is None:
            words = f"{table.sheet}, row {row.number}: {row.text('subject')!r} is no subject."
            problems.broken("row-without-name", words, clip=row.text("clip"))
        else:
            rows.append((*names, row))
    return rows


def _footage(copy: Copy) -> list[Footage]:
    shown = []
    for person in folders(copy.tree, _INSIDE) if copy.tree else []:
        for folder in folders(person):
            names = _person(person.name, folder.name)
            found = film("4dme", *names, folder, _FPS, copy.problems) if names else None
            shown += [found] if found else []
    return unique(shown, copy.problems)


def _put_right(
    rows: Sequence[_Named], exchanged: Sequence[tuple[str, str]], problems: Problems
) -> list[_Named]:
    """The rows with the units of exchanged clips put right; candidates that nobody named are pointed out."""
    by_key = {f"{subject}/{clip}": row for subject, clip, row in rows}
    swap: dict[str, str] = {}
    for one, other in exchanged:
        for key in (one, other):
            if key not in by_key:
                raise InputError(
                    f"exchanged: the workbook has no clip {key!r} (it has {next(iter(by_key))})."
                )
        swap |= {one: other, other: one}
    result = []
    for subject, clip, row in rows:
        other = swap.get(f"{subject}/{clip}", "")
        if other:
            words = f"row {row.number}: the units have changed places with those of {other}."
            problems.repaired("exchanged-units", words, subject, clip)
            row = replace(row, cells={**row.cells, "units": by_key[other]["units"]})
        result.append((subject, clip, row))
    if not exchanged and len(rows) > max(_SWAPPED):
        names = [rows[place][:2] for place in _SWAPPED]
        keys = tuple(map("/".join, names))
        for name in names:
            problems.note(
                "exchanged-units?",
                "stands where two rows of the published sheet have changed places from the units on. "
                f"If your sheet is in the published order, say exchanged=[{keys!r}].",
                *name,
            )
    return result


def _sample(subject: str, clip: str, row: Row, footage: Footage | None, problems: Problems) -> Sample:
    words = _emotions(row["emotion"], problems, subject, clip)
    several = len(words) > 1
    sample = make_sample(
        problems,
        dataset="4dme",
        subject=subject,
        clip=clip,
        footage=footage,
        fps=_FPS,
        marks=read_marks(row, problems, subject, clip),
        units=row["units"],
        emotion=words[0] if several else row["emotion"],
        labelled="emotion" in row.cells,
        more={"sub_ID": row.text("subject")},
        row=row,
    )
    report_lost_marks(problems, sample, footage)
    return replace(sample, emotions=words, reported=text(row["emotion"])) if several else sample


def _emotions(cell: object, problems: Problems, subject: str, clip: str) -> tuple[str, ...]:
    """All emotions of a cell; none where one cannot be read, which is reported with the sample."""
    try:
        words = normalise_emotions(cell)
    except InputError:
        return ()
    parts = re.split(r"[,;+/&]|\band\b", text(cell).lower())
    if len(words) > 1 and any(part.strip() not in EMOTIONS for part in parts):
        problems.repaired("odd-spelling", f"{text(cell)!r} is read as {', '.join(words)}.", subject, clip)
    return words


def _compare_units(table: Table, rows: Sequence[_Named], problems: Problems) -> None:
    """Say so where the columns of single units (0 and 1) do not agree with the string beside them."""
    header = table.sheet.cells[table.header]
    single: Mapping[int, int] = {
        at: int(said[1])
        for at, cell in enumerate(header)
        if (said := re.fullmatch(r"AU\s*(\d+)", text(cell), re.IGNORECASE))
    }
    for subject, clip, row in rows if single and "units" in table.places else ():
        line = table.sheet.cells[row.number - 1]
        ticked = {au for at, au in single.items() if at < len(line) and text(line[at]) == "1"}
        string = action_unit_set(parse_action_units(row["units"])) & set(single.values())
        if ticked != string:
            differ = ", ".join(map(str, sorted(ticked ^ string)))
            words = f"row {row.number}: the string {row.text('units')!r} and the columns differ in {differ}."
            problems.note("units-differ", words, subject, clip)
