"""The workbooks of CAS(ME)^3: told apart by what stands in them, and mistakes in them that are known.

Part A alone has five, passed on under many names and in two versions; all have a subject, a video and frame
numbers. What else they have, and how the people are called (``spNO.1`` in part A, a number in part C), says
which one a sheet is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from mien.datasets.reading import Problems, annotated, frame_number_or_none, without_duplicates
from mien.datasets.sheets import Row, Table, Workbooks, columns, squash, text
from mien.errors import InputError

__all__ = ["FIXES", "Expressions", "Fix", "Named", "Sheets", "find_sheets", "named_a", "subject_a"]

Kind = Literal["micro A", "all A", "macro A", "blinks A", "micro C", "all C"]
_TITLES: Final[Mapping[Kind, str]] = {
    "micro A": "the micro-expressions of part A",
    "all A": "the expressions of part A (AU+Emotion)",
    "macro A": "the macro-expressions of part A",
    "blinks A": "the blinks of part A",
    "micro C": "the micro-expressions of part C",
    "all C": "the intervals of part C",
}
_SUBJECT: Final = re.compile(r"sp\s*no\.?\s*0*(\d+)", re.IGNORECASE)
_COLUMNS: Final = columns(
    *("subject", "onset", "apex", "offset", "units", "emotion", "objective"),
    clip=("Filename", "seq", "File", "Video"),
    type=("Expression type", "Type", "Expression"),
    count=("count", "No"),
)
_NEEDED: Final[Mapping[Kind, tuple[str, ...]]] = {
    "micro A": ("subject", "clip", "onset", "apex", "offset", "units", "objective", "emotion"),
    "all A": ("subject", "clip", "onset", "apex", "offset", "units", "type", "objective", "emotion"),
    "macro A": ("subject", "clip", "onset", "apex", "offset", "emotion"),
    "blinks A": ("subject", "clip", "onset", "offset"),
    "micro C": ("subject", "count", "onset", "offset", "units", "emotion"),
    "all C": ("subject", "onset", "offset", "type"),
}

Key = tuple[str, str, int | None]
"""Subject, video, onset as in the sheet."""
Named = tuple[str, str, str, Row]
"""Subject, clip, video, row."""


@dataclass(frozen=True, slots=True)
class Fix:
    """A known mistake of the published sheets.

    It is put right only in a row that has the numbers ``when``; where there are none, only in a row whose
    numbers are out of order. Either way they have to be in order afterwards.

    Attributes:
        subject: as in the sheet.
        video: its letter.
        when: mark -> number in the sheet.
        put: mark -> what it should read.
        reason: where that comes from.
    """

    subject: str
    video: str
    when: Mapping[str, int]
    put: Mapping[str, int]
    reason: str


_MEB: Final = "as the MEB toolbox has it"
FIXES: Final = (
    Fix(
        *("spNO.40", "e", {"onset": 1812, "apex": 1824, "offset": 0}, {"offset": 1845}),
        f"an offset of 0 cannot be; {_MEB}",
    ),
    Fix(
        *("spNO.40", "e", {"onset": 2327, "apex": 2363, "offset": 0}, {"offset": 2403}),
        f"an offset of 0 cannot be; {_MEB}",
    ),
    Fix(
        *("spNO.214", "c", {"onset": 5, "offset": 3460}, {"offset": 34}),
        f"no micro-expression lasts for two minutes; {_MEB}",
    ),
    Fix(
        *("spNO.149", "d", {"apex": 160}, {"apex": 123}),
        f"the apex lies outside of the expression; {_MEB}",
    ),
    Fix(
        *("spNO.216", "d", {}, {"onset": 2647}),
        f"the onset does not go with apex and offset; {_MEB}",
    ),
    Fix(
        *("spNO.216", "e", {"onset": 0, "apex": 0}, {"onset": 1, "apex": 1}),
        f"the pictures are numbered from 1; {_MEB}",
    ),
)


def subject_a(name: str) -> str | None:
    """A person of part A in the sheets' own spelling."""
    said = _SUBJECT.fullmatch(name.strip())
    return f"spNO.{int(said[1])}" if said else None


def _key(row: Row) -> Key:
    subject = subject_a(row.text("subject")) or row.text("subject")
    return subject, row.text("clip").lower(), frame_number_or_none(row["onset"])


def _ordered(marks: Mapping[str, int | None]) -> bool:
    known = [marks[mark] for mark in ("onset", "apex", "offset") if marks.get(mark) is not None]
    return known == sorted(known, key=lambda n: n or 0)


def named_a(table: Table, problems: Problems, prefix: str = "") -> list[Named]:
    """The rows of a sheet of part A, known mistakes put right, each clip once.

    Several expressions of one video make the onset part of a clip's name: ``a_355``.

    Args:
        table: the sheet.
        problems: takes what is wrong.
        prefix: of the clips' names.
    """
    rows: list[tuple[str, str, Row]] = []
    videos: dict[tuple[str, str], str] = {}
    for row in annotated(table, problems):
        subject, (_, video, onset) = subject_a(row.text("subject")), _key(row)
        clip = f"{prefix}{video}_{onset if onset is not None else f'row{row.number}'}"
        if subject is None:
            words = f"{table.sheet}, row {row.number}: {row.text('subject')!r} is no subject of part A."
            problems.broken("row-without-name", words, clip=clip)
            continue
        key = (f"cas-me-3/{subject}", clip)
        if row.text("clip") != video:
            words = f"row {row.number}: the video {row.text('clip')!r} is {video!r}."
            problems.repaired("odd-spelling", words, *key)
            row = replace(row, cells={**row.cells, "clip": video})
        rows.append((*key, _fixed(row, subject, video, key, problems)))
        videos[key] = video
    groups: dict[str, list[tuple[str, str, Row]]] = {}
    for named in rows:  # a micro- and a macro-expression may begin together
        groups.setdefault(squash(named[2]["type"]), []).append(named)
    kept = [named for group in groups.values() for named in without_duplicates(group, problems)]
    kept.sort(key=lambda named: named[2].number)
    return [(subject, clip, videos[subject, clip], row) for subject, clip, row in kept]


def _fixed(row: Row, subject: str, video: str, key: tuple[str, str], problems: Problems) -> Row:
    marks = {mark: frame_number_or_none(row[mark]) for mark in ("onset", "apex", "offset")}
    for fix in FIXES:
        if (fix.subject, fix.video) != (subject, video):
            continue
        fits = all(marks[mark] == n for mark, n in fix.when.items()) and (fix.when or not _ordered(marks))
        if fits and _ordered({**marks, **fix.put}):
            told = ", ".join(f"the {mark} {marks[mark]} is read as {n}" for mark, n in fix.put.items())
            problems.repaired("known-mistake", f"row {row.number}: {told}: {fix.reason}.", *key)
            said = {f"{mark} as annotated": marks[mark] for mark in fix.put}
            return replace(row, cells={**row.cells, **fix.put, **said})
    return row


@dataclass(frozen=True, slots=True)
class Expressions:
    """The micro-expressions' sheet of part A.

    Attributes:
        table: it.
        version: 1 or 2.
        withdrawn: what the list of wrong ones names.
    """

    table: Table
    version: Literal["v1", "v2"]
    withdrawn: frozenset[Key]

    def is_withdrawn(self, row: Row) -> bool:
        """Whether the list of wrong ones names a row."""
        return _key(row) in self.withdrawn


@dataclass(frozen=True, slots=True)
class Sheets:
    """What a copy has of the workbooks; ``None`` for what it has not."""

    micro_a: Expressions | None
    all_a: Table | None
    macro_a: Table | None
    blinks_a: Table | None
    micro_c: Table | None
    all_c: Table | None


def find_sheets(books: Workbooks, problems: Problems, version: str | None) -> Sheets:
    """Tell the sheets of a copy apart.

    Args:
        books: its workbooks.
        problems: takes what is wrong.
        version: of the micro-expressions of part A; the second where both are there, if not given.

    Raises:
        InputError: there is none of the sheets, or not that version.
    """
    found: dict[Kind, list[Table]] = {kind: [] for kind in _TITLES}
    for table in books.tables(_COLUMNS, 2, main=False):
        kind = _kind(table)
        if kind is not None:
            found[kind].append(table)
    error: InputError | None = None
    tables: dict[Kind, Table] = {}
    every = _keys(found["all A"][0], "micro") if found["all A"] else frozenset()
    micro = _versions(found["micro A"], _withdrawn(books), every, version, problems)
    for kind, candidates in found.items():
        chosen = micro.table if kind == "micro A" and micro else next(iter(candidates), None)
        if chosen is None:
            continue
        try:
            tables[kind] = _checked(books, kind, chosen)
        except InputError as reason:
            error = reason
            problems.broken("missing-column", str(reason))
        for other in candidates if kind != "micro A" else ():
            if other.sheet.path != chosen.sheet.path:
                words = f"{chosen.sheet.path.name} is read, {other.sheet.path.name} is not."
                problems.note("several-workbooks", words)
    if not tables:
        if error is not None:
            raise error
        books.table(
            "the annotation of CAS(ME)^3", _COLUMNS, must=("subject", "onset"), accept=lambda _: False
        )
    return Sheets(
        replace(micro, table=tables["micro A"]) if micro and "micro A" in tables else None,
        *(tables.get(kind) for kind in ("all A", "macro A", "blinks A", "micro C", "all C")),
    )


def _checked(books: Workbooks, kind: Kind, chosen: Table) -> Table:
    needed = _NEEDED[kind]
    return books.table(
        f"{_TITLES[kind]} in CAS(ME)^3",
        {key: _COLUMNS[key] for key in needed},
        must=[key for key in needed if key in ("subject", "clip", "onset", "offset", "type")],
        may=("emotion", "objective") if kind == "all A" else ("count",),
        accept=lambda table: table.sheet is chosen.sheet,
        least=2,
        main=False,
        alone=False,
    )


def _kind(table: Table) -> Kind | None:
    """Which sheet a table is; ``None`` for one of another data set."""
    has = table.places.keys()
    people = [row.text("subject") for row in table.rows() if row.text("subject")]
    of_a = sum(subject_a(name) is not None for name in people)
    if people and 2 * of_a < len(people):
        numbers = sum(name.isdecimal() for name in people)
        if "clip" in has or 2 * numbers < len(people):
            return None
        return "micro C" if has & {"count", "units", "emotion"} else "all C" if "type" in has else None
    if not people and "clip" not in has:
        return None if "subject" not in has else "micro C" if "count" in has else "all C"
    if "type" in has:
        return "all A"
    if squash(table.headings.get("clip")) == "seq":
        return "macro A"
    if has & {"units", "objective"}:
        return "micro A"
    return "macro A" if has & {"apex", "emotion"} else "blinks A"


def _keys(table: Table, kind: str = "") -> frozenset[Key]:
    return frozenset(_key(row) for row in table.rows() if kind in squash(row["type"]))


def _withdrawn(books: Workbooks) -> frozenset[Key]:
    """The list of wrong micro-expressions, which has no header."""
    named = {"subject": 0, "clip": 1, "onset": 2}
    for sheet in books.sheets:
        lines = [line for line in sheet.cells if any(text(cell) for cell in line)]
        if lines and len(lines[0]) > 2 and all(subject_a(text(line[0])) for line in lines):
            books.use(Table(sheet, -1, named))
            return _keys(Table(sheet, -1, named))
    return frozenset()


def _versions(
    tables: Sequence[Table],
    withdrawn: frozenset[Key],
    every: frozenset[Key],
    version: str | None,
    problems: Problems,
) -> Expressions | None:
    """The sheet of the wanted version.

    Version 1 has what the list of wrong ones names and what the sheet of all expressions (made for version 2)
    does not have; where neither is there, it is known by its size.
    """
    if version not in (None, "v1", "v2"):
        raise InputError(f"CAS(ME)^3 has no version {version!r} of part A: choose 'v1' or 'v2'.")
    if not tables:
        return None
    keys = {id(table): _keys(table) for table in tables}

    def rank(table: Table) -> tuple[int, int, int, bool]:
        known, name = keys[id(table)], squash(table.sheet.path.stem)
        return len(known & withdrawn), len(known - every), len(known), "v1" in name

    ordered = sorted(tables, key=rank)
    labels: list[Literal["v1", "v2"]] = []
    for table in ordered:
        hits, extra, size, named = rank(table)
        if withdrawn or every:
            old = hits > 0 or (bool(every) and extra > max(2, size // 20))
        else:
            old = size > _PUBLISHED_V2 or len({subject for subject, *_ in keys[id(table)]}) > _PEOPLE_V2
        same = keys[id(table)] == keys[id(ordered[0])]
        later = bool(labels) and (named or not same)
        labels.append("v1" if old or later else "v2")
    wanted = version or ("v2" if "v2" in labels else "v1")
    if wanted not in labels:
        raise InputError(
            f"Version {wanted[1]} of part A's micro-expressions is not there, only version {labels[0][1]}."
        )
    chosen = ordered[labels.index(wanted)]
    if wanted == "v1":
        words = "is version 1, which has rows that were withdrawn later; published results use version 2."
        problems.note("workbook-version", f"{chosen.sheet.path.name} {words}")
    return Expressions(chosen, wanted, withdrawn)


_PUBLISHED_V2: Final = 860
_PEOPLE_V2: Final = 94
