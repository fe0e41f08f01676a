"""Workbooks as people pass them around: found by what stands in them, header wherever it is.

A published workbook has been renamed, trimmed, sorted and saved again by the time it reaches a user. So no
reader asks for a file name or a row number: it says which columns it needs, in all the spellings that are
about, and gets the sheet that has them.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mien.datasets.problems import Problems
from mien.errors import InputError

__all__ = [
    "SPELLINGS",
    "Row",
    "Sheet",
    "Table",
    "Workbooks",
    "columns",
    "digits",
    "read_workbook",
    "squash",
    "text",
]

SPELLINGS: Mapping[str, tuple[str, ...]] = {
    "subject": ("Subject", "Sub", "Subjects", "Subject No", "Subject ID", "sub_ID"),
    "clip": ("Filename", "File", "Clip", "Clip name", "fold_name", "Video"),
    "onset": ("Onset", "OnsetF", "OnsetFrame", "OnsetF1"),
    "apex": ("Apex", "ApexF", "ApexFrame", "ApexF1"),
    "offset": ("Offset", "OffsetF", "OffsetFrame", "OffsetF1"),
    "units": ("AU", "AUs", "Action Unit", "Action Units"),
    "emotion": ("Emotion", "Emotions", "Estimated Emotion"),
    "objective": ("Objective Class", "Objective Classes"),
}
"""Column -> how published workbooks call it; case, blanks and signs do not matter."""


def columns(*keys: str, **more: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Columns to look for.

    Args:
        keys: of :data:`SPELLINGS`.
        more: further columns with their spellings (or other spellings for a known one).
    """
    return {key: SPELLINGS[key] for key in keys} | {key: tuple(names) for key, names in more.items()}


def squash(cell: object) -> str:
    """A heading without case, blanks and signs."""
    return re.sub(r"[^0-9a-z]", "", "" if cell is None else str(cell).lower())


def text(cell: object) -> str:
    """A cell as text without outer blanks; a whole number without Excel's ``.0``; empty for an empty cell."""
    if cell is None or cell != cell:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return " ".join(str(cell).split())


def digits(cell: object) -> int | None:
    """The last number in a subject's name: 1 for ``1``, ``1.0``, ``"01"``, ``"sub01"``, ``"s1"``."""
    found = re.findall(r"\d+", text(cell))
    return int(found[-1]) if found else None


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet's cells.

    Attributes:
        path: of the workbook.
        name: of the sheet.
        cells: rows of cells from A1; ``None`` for an empty one. A cell merged over several rows stands in
            each of them; one merged over columns only in the first.
        filled: 0-based (row, column) of the cells that were filled from a merged one.
    """

    path: Path
    name: str
    cells: tuple[tuple[object, ...], ...]
    filled: frozenset[tuple[int, int]] = frozenset()

    def __str__(self) -> str:
        return f"{self.path.name}, sheet {self.name!r}"


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table.

    Attributes:
        number: as Excel counts it.
        cells: column's key -> cell.
        merged: keys of the columns that were filled from a merged cell.
    """

    number: int
    cells: Mapping[str, object]
    merged: tuple[str, ...] = ()

    def __getitem__(self, key: str) -> object:
        """The cell; ``None`` where it is empty or the sheet has no such column."""
        return self.cells.get(key)

    def text(self, key: str) -> str:
        """The cell as :func:`text`."""
        return text(self.cells.get(key))


@dataclass(frozen=True, slots=True)
class Table:
    """A sheet with its header found.

    Attributes:
        sheet: where it stands.
        header: 0-based row of the header; -1 for a table without one.
        places: column's key -> 0-based column of the sheet.
        headings: column's key -> as the sheet writes it.
    """

    sheet: Sheet
    header: int
    places: Mapping[str, int]
    headings: Mapping[str, str] = field(default_factory=dict)

    def rows(self) -> Iterator[Row]:
        """The rows below the header in which any known column says something."""
        for index in range(self.header + 1, len(self.sheet.cells)):
            line = self.sheet.cells[index]
            cells = {key: line[at] if at < len(line) else None for key, at in self.places.items()}
            if any(text(cell) for cell in cells.values()):
                merged = tuple(key for key, at in self.places.items() if (index, at) in self.sheet.filled)
                yield Row(index + 1, cells, merged)


def find_header(sheet: Sheet, wanted: Mapping[str, Sequence[str]]) -> Table | None:
    """The row with most of the wanted headings, wherever it is; ``None`` where no row has two of them.

    A heading that stands twice counts where it comes first.
    """
    spelled = {squash(name): key for key, names in wanted.items() for name in names}
    best: Table | None = None
    for index, line in enumerate(sheet.cells):
        places: dict[str, int] = {}
        for at, cell in enumerate(line):
            key = spelled.get(squash(cell)) if isinstance(cell, str) else None
            if key is not None:
                places.setdefault(key, at)
        if len(places) >= 2 and (best is None or len(places) > len(best.places)):
            best = Table(sheet, index, places, {key: text(line[at]) for key, at in places.items()})
    return best


def read_workbook(path: Path) -> tuple[tuple[Sheet, ...], str]:
    """Every sheet of a workbook, new or old format (told apart by content), and the file's SHA-256.

    Raises:
        InputError: it cannot be read; the message says what to do.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error}).") from error
    sheets = _old(path, data) if data.startswith(b"\xd0\xcf\x11\xe0") else _new(path, data)
    return sheets, hashlib.sha256(data).hexdigest()


def _new(path: Path, data: bytes) -> tuple[Sheet, ...]:
    from openpyxl import load_workbook

    try:
        book = load_workbook(io.BytesIO(data), data_only=True)
    except Exception as error:  # a damaged archive raises anything from KeyError to BadZipFile
        raise InputError(f"{path}: is no readable Excel workbook ({error}); get the file again.") from error
    sheets = []
    for page in book.worksheets:
        cells = [list(line) for line in page.iter_rows(values_only=True)]
        filled = set()
        for area in page.merged_cells.ranges:
            for row in range(area.min_row, min(area.max_row, len(cells) + 1)):
                cells[row][area.min_col - 1] = cells[area.min_row - 1][area.min_col - 1]
                filled.add((row, area.min_col - 1))
        sheets.append(Sheet(path, page.title, tuple(map(tuple, cells)), frozenset(filled)))
    return tuple(sheets)


def _old(path: Path, data: bytes) -> tuple[Sheet, ...]:
    import pandas as pd

    try:
        pages = pd.read_excel(io.BytesIO(data), sheet_name=None, header=None, dtype=object, engine="xlrd")
    except ImportError as error:
        raise InputError(
            f"{path}: is in Excel's old format. Save it as .xlsx, or install the package xlrd."
        ) from error
    except Exception as error:  # xlrd raises errors of many kinds over damaged files
        raise InputError(f"{path}: is no readable Excel workbook ({error}); get the file again.") from error
    return tuple(
        Sheet(path, str(name), tuple(tuple(None if c != c else c for c in line) for line in page.to_numpy()))
        for name, page in pages.items()
    )


class Workbooks:
    """The workbooks of a copy, each read once.

    Attributes:
        used: name of each workbook that a table was taken from -> SHA-256 of its bytes.
    """

    def __init__(
        self,
        places: Sequence[Path],
        problems: Problems,
        *,
        beside: Sequence[Path] = (),
        only: Path | None = None,
    ) -> None:
        """Read them.

        Args:
            places: folders to look in, two levels deep.
            problems: takes what is wrong.
            beside: folders to look in, and in none below them.
            only: take the main table from this file and no other.

        Raises:
            InputError: ``only`` cannot be read.
        """
        self._places, self._problems = (*places, *beside), problems
        self._digests: dict[Path, str] = {}
        self._unreadable: list[str] = []
        self._only = only
        self.used: dict[str, str] = {}
        self.sheets: list[Sheet] = []
        first = [] if only is None else [only]
        for path in dict.fromkeys([*first, *_files(places, 2), *_files(beside, 0)]):
            try:
                sheets, self._digests[path] = read_workbook(path)
            except InputError as error:
                if path == only:
                    raise
                self._unreadable.append(str(error))
                problems.broken("unreadable-workbook", str(error))
                continue
            self.sheets += sheets

    def tables(
        self, wanted: Mapping[str, Sequence[str]], least: int | None = None, *, main: bool = True
    ) -> list[Table]:
        """Every sheet that has the wanted columns, most columns first.

        Args:
            wanted: column's key -> spellings.
            least: how many of them a sheet has to have; half of them if not given.
            main: it is the table that the user may have named the workbook of.
        """
        enough = max(2, (len(wanted) + 1) // 2) if least is None else least
        only = self._only if main else None
        found = [find_header(sheet, wanted) for sheet in self.sheets if only in (None, sheet.path)]
        return sorted((t for t in found if t and len(t.places) >= enough), key=lambda t: -len(t.places))

    def table(
        self,
        what: str,
        wanted: Mapping[str, Sequence[str]],
        *,
        must: Collection[str],
        may: Collection[str] = (),
        accept: Callable[[Table], bool] = lambda table: True,
        least: int | None = None,
        main: bool = True,
        alone: bool = True,
    ) -> Table:
        """The sheet with most of the wanted columns.

        A column that is neither in ``must`` nor in ``may`` and is not there is reported. So are further
        workbooks that would do as well, unless they are the same byte for byte.

        Args:
            what: the workbook in words, for messages: "the coding of CASME II".
            wanted: column's key -> spellings.
            must: keys without which nothing can be read.
            may: keys that need not be there.
            accept: a further condition.
            least: see :meth:`tables`.
            main: see :meth:`tables`.
            alone: whether another workbook of the kind is one too many.

        Raises:
            InputError: no sheet has them, or a column of ``must`` is missing.
        """
        fitting = [table for table in self.tables(wanted, least, main=main) if accept(table)]
        if not fitting:
            raise InputError(self.nothing(what, ", ".join(wanted[key][0] for key in wanted if key in must)))
        best = min(fitting, key=lambda table: sum(key not in table.places for key in must))
        self.use(best)
        missing = [key for key in wanted if key not in best.places and key not in may]
        fatal = [key for key in missing if key in must]
        if fatal:
            names = ", ".join(wanted[key][0] for key in fatal)
            raise InputError(f"{best.sheet}: {what} needs the column {names}, which is not there.")
        for key in missing:
            self._problems.broken(
                "missing-column", f"{best.sheet}: the column {wanted[key][0]} is not there; it is left empty."
            )
        if alone:
            self.report_others(best, fitting[1:])
        return best

    def candidates(self) -> list[Sheet]:
        """The sheets that the main table may be among."""
        return [sheet for sheet in self.sheets if self._only in (None, sheet.path)]

    def use(self, table: Table) -> None:
        """Remember that a table was taken from its workbook."""
        self.used[table.sheet.path.name] = self._digests[table.sheet.path]

    def report_others(self, best: Table, others: Sequence[Table]) -> None:
        """Report the tables that would do as well as the one that is read."""
        for other in others:
            path = other.sheet.path
            if len(other.places) < len(best.places) or path == best.sheet.path:
                continue
            if self._digests[path] != self._digests[best.sheet.path]:
                self._problems.note(
                    "several-workbooks",
                    f"{best.sheet.path.name} is read; {path.name} has the same columns and other contents. "
                    "Say workbook=... to choose.",
                )

    def nothing(self, what: str, names: str) -> str:
        """What to tell a user who has no such workbook.

        Args:
            what: it is.
            names: of the columns by which it is known.
        """
        where = " or ".join(map(str, self._places)) or "the workbook"
        seen = ", ".join(dict.fromkeys(path.name for path in self._digests)) or "no workbook at all"
        told = f"{where}: {what} is not there. A sheet with the columns {names} was looked for in {seen}."
        return " ".join([told, *self._unreadable])


def _files(places: Sequence[Path], depth: int) -> list[Path]:
    """The workbooks in the folders, and so many levels below them, nearest first."""
    found: list[Path] = []
    for place in places:
        level = [place]
        for left in range(depth, -1, -1):
            below: list[Path] = []
            for folder in level:
                try:
                    entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
                except OSError:
                    continue
                for entry in entries:
                    if entry.name.startswith((".", "~$")):
                        continue
                    if entry.name.lower().endswith((".xlsx", ".xls", ".xlsm")) and entry.is_file():
                        found.append(Path(entry.path))
                    elif left and entry.is_dir():
                        below.append(Path(entry.path))
            level = below
    return found
