"""The pictures of CAS(ME)^3 by person, and the samples that its rows make of them.

The set is too large to be listed: the trees are found without looking into a folder of pictures.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from mien.datasets.cas_me_3_sheets import Named, Sheets, named_a, subject_a
from mien.datasets.manifest import Footage, Sample
from mien.datasets.posed import report_lost_marks, unique
from mien.datasets.reading import (
    Problems,
    annotated,
    check_recording,
    digits,
    film,
    folders,
    make_sample,
    read_marks,
    without_duplicates,
)
from mien.datasets.sheets import Row, Sheet, Table, squash
from mien.errors import InputError
from mien.events import EventKind

__all__ = ["Reader", "Shown", "find_footage", "levels_above", "read_blinks", "read_part_a", "read_part_c"]

_NAME: Final = "cas-me-3"
_FPS: Final = 30.0
_LONG: Final = 150
_PERSON: Final = r"sp\s*no\.?\s*\d+"
_LEVEL: Final = r"data|annotation|(part|me)_?[ac]"
_TWO: Final = re.compile(r"，|、")
_USUAL: Final = ("happy", "sad")


# ------------------------------------------------------------ pictures


class Shown:
    """The footage of a copy, by person.

    Attributes:
        footage: all of it.
        package: whether part A is a package of the micro-expressions and no whole videos.
        by_person: the same by subject.
    """

    def __init__(self, footage: Sequence[Footage], package: bool) -> None:
        self.footage = tuple(footage)
        self.package = package
        self.by_person: dict[str, list[Footage]] = {}
        for f in footage:
            self.by_person.setdefault(f.subject, []).append(f)


def find_footage(place: Path, view: str, problems: Problems) -> Shown:
    """Every video of parts A and C, as colour or depth pictures."""
    trees_a, trees_c = _trees(place)
    whole = [tree for tree in trees_a if not re.fullmatch(r"me_?a", tree.name, re.IGNORECASE)]
    clips = [tree for tree in trees_a if tree not in whole]
    found: list[Footage] = []
    for tree in whole or clips:
        for person in folders(tree, _PERSON):
            for video in folders(person):
                found += _film(
                    "A", f"{_NAME}/{subject_a(person.name)}", video.name.lower(), video, view, problems
                )
    for tree in trees_c:
        short = re.fullmatch(r"me_?c", tree.name, re.IGNORECASE)
        for person in folders(tree, r"\d{1,3}"):
            subject = f"{_NAME}/{digits(person.name):02d}"
            if short:
                for clip in folders(person):
                    found += _film("C", subject, clip.name, clip, view, problems)
            else:
                found += _film("C", subject, "recording", person, view, problems)
    return Shown(unique(found, problems), bool(clips) and not whole)


def _trees(place: Path) -> tuple[list[Path], list[Path]]:
    """The folders of people of parts A and C. Folders of pictures are never listed: they are enormous."""
    trees_a: list[Path] = []
    trees_c: list[Path] = []
    level = [place]
    for _ in range(5):
        below: list[Path] = []
        for folder in level:
            try:
                children = folders(folder, rf"{_PERSON}|[^.]+")
            except InputError:  # a neighbour that may not be read
                continue
            if any(re.fullmatch(_PERSON, child.name, re.IGNORECASE) for child in children):
                trees_a.append(folder)
            elif any(
                re.fullmatch(r"(part|me)_?c", part, re.IGNORECASE) for part in folder.parts[-3:]
            ) and any(child.name.isdecimal() for child in children):
                trees_c.append(folder)
            skipped = rf"{_PERSON}|\d+|color|depth|part_?b"
            below += [child for child in children if not re.fullmatch(skipped, child.name, re.IGNORECASE)]
        level = below
    return trees_a, trees_c


def _film(part: str, subject: str, name: str, folder: Path, view: str, problems: Problems) -> list[Footage]:
    """A video's pictures; packages may leave out the level ``color``."""
    views = folders(folder, r"color|depth")
    place = next((path for path in views if path.name.lower() == view), None)
    if place is None and (views or view != "color"):
        problems.broken("empty-folder", f"{folder}: has no folder {view}.", subject, name)
        return []
    found = film(_NAME, subject, name, place or folder, _FPS, problems, part=part)
    if found is None:
        return []
    check_recording(found, problems, "note")
    return [found]


def levels_above(place: Path, shown: Shown) -> list[Path]:
    """The parts' own folders, as far as they can be told by their names: the workbooks are below them."""
    found = []
    for start in dict.fromkeys([place, *(f.folder.parents[2] for f in shown.footage)]):
        top = start
        while re.fullmatch(_LEVEL, top.parent.name, re.IGNORECASE):
            top = top.parent
        found.append(top)
    return list(dict.fromkeys(found))


# ------------------------------------------------------------ expressions


class Reader:
    """Makes samples, and remembers which footage some row speaks of."""

    def __init__(self, shown: Shown, alone: bool, problems: Problems) -> None:
        self.shown, self.alone, self.problems = shown, alone, problems
        self.used: set[str] = set()

    def sample(
        self,
        part: str,
        named: Named,
        kind: EventKind | None,
        videos: str,
        *,
        emotion: object = None,
        labelled: bool = False,
        units: object = None,
        more: Mapping[str, object] | None = None,
    ) -> Sample | None:
        """A row's sample; ``None`` where its video is not there, which is reported.

        Args:
            part: A or C.
            named: the row.
            kind: of expression.
            videos: pattern of the names of the footage that may show it.
            emotion: its cell.
            labelled: whether it has to have one.
            units: the cell.
            more: see :class:`~mien.datasets.manifest.Sample`.
        """
        subject, clip, _, row = named
        keys = {mark: mark for mark in ("onset", "apex", "offset") if mark in row.cells}
        marks = read_marks(row, self.problems, subject, clip, keys=keys, zero_is_missing=("offset",))
        homes = [
            f
            for f in self.shown.by_person.get(subject, ())
            if f.part == part and re.fullmatch(videos, f.name, re.IGNORECASE)
        ]
        if not homes and not self.alone:
            self.problems.broken(
                "no-folder", "the annotation has a row and there are no pictures.", subject, clip
            )
            return None
        homes.sort(key=lambda f: f.name != "recording")
        shows = [f for f in homes if marks.onset is not None and f.position(marks.onset) is not None]
        footage = next(iter(shows or homes), None)
        self.used |= {f.key for f in homes if f is footage or (f.name != "recording" and f.part == "C")}
        sample = make_sample(
            self.problems,
            dataset=_NAME,
            part=part,
            subject=subject,
            clip=clip,
            footage=footage,
            fps=_FPS,
            marks=marks,
            kind=kind,
            units=units,
            emotion=emotion,
            labelled=labelled,
            usual=_USUAL,
            objective=row["objective"],
            more={**_as_annotated(row), **(more or {})},
            gaps="note",
            row=row,
        )
        report_lost_marks(self.problems, sample, footage)
        return sample

    def lacks(self, part: str, what: str, name: str = ".*") -> bool:
        """Whether a copy has no footage at all of the kind that rows speak of, which is noted once.

        Args:
            part: A or C.
            what: the rows in words.
            name: pattern of the footage's names.
        """
        if self.alone or any(f.part == part and re.fullmatch(name, f.name) for f in self.shown.footage):
            return False
        words = f"There are no pictures for {what} of part {part}; the rows are left out."
        self.problems.note("no-pictures", words)
        return True

    def report_unlabelled(self) -> None:
        """Note the footage that no row speaks of."""
        for f in self.shown.footage:
            if f.key not in self.used:
                self.problems.note(
                    "unlabelled-folder", f"{f.folder}: no row speaks of it.", f.subject, f.name
                )


def _as_annotated(row: Row) -> dict[str, object]:
    return {key: cell for key, cell in row.cells.items() if key.endswith(" as annotated")}


def read_part_a(reader: Reader, sheets: Sheets, version: str | None) -> list[Sample]:
    """Micro-expressions, then macro-expressions."""
    problems = reader.problems
    if (sheets.micro_a or sheets.all_a or sheets.macro_a) and reader.lacks("A", "the expressions"):
        return []
    every = _by_kind(named_a(sheets.all_a, problems) if sheets.all_a else [], problems)
    found: list[Sample | None] = []
    if sheets.micro_a is not None:
        micro = named_a(sheets.micro_a.table, problems)
        labelled = "emotion" in sheets.micro_a.table.places
        for named in micro:
            more = {}
            if sheets.micro_a.is_withdrawn(named[3]):
                words = f"row {named[3].number}: is in the list of wrongly labelled ones"
                if version != "v1":
                    problems.repaired("wrongly-labelled", f"{words}; it is left out.", *named[:2])
                    continue
                problems.note("wrongly-labelled", f"{words}.", *named[:2])
                more = {"withdrawn": True}
            found.append(_sample_a(reader, named, "micro", named[3]["emotion"], labelled, more))
        if sheets.all_a is not None and sheets.micro_a.version == "v2":
            _compare(micro, sheets.micro_a.table.sheet, every["micro"], sheets.all_a.sheet, problems)
    elif sheets.all_a is not None:
        problems.broken("no-workbook", "The workbook of part A's micro-expressions is not there.")
        found += [_sample_a(reader, n, "micro", n[3]["emotion"], False, {}) for n in every["micro"]]
    macro = _macro(sheets, every["macro"], problems)
    if macro and reader.shown.package:
        words = "The pictures are a package of the micro-expressions"
        problems.note("package", f"{words}: {len(macro)} macro-expressions and the blinks are left out.")
        macro = []
    taken = {(s.subject, s.clip) for s in found if s}
    for named, emotion in macro:
        subject, clip, video, row = named
        if (subject, clip) in taken:  # a micro-expression begins with it
            named = (subject, f"{clip}_macro", video, row)
        found.append(_sample_a(reader, named, "macro", emotion, False, {}))
    return [sample for sample in found if sample is not None]


def _sample_a(
    reader: Reader,
    named: Named,
    kind: EventKind,
    emotion: object,
    labelled: bool,
    more: Mapping[str, object],
) -> Sample | None:
    subject, clip, video, row = named
    sample = reader.sample(
        *("A", named, kind, rf"{re.escape(video)}\d*"),
        emotion=emotion,
        labelled=labelled,
        units=row["units"],
        more=more,
    )
    if sample and kind == "micro" and sample.onset_number is not None and sample.offset_number is not None:
        lasts = sample.offset_number - sample.onset_number
        if lasts > _LONG:
            words = f"row {row.number}: lasts for {lasts} frames, {lasts / _FPS:.1f} s."
            reader.problems.note("long-expression", words, subject, clip)
    return sample


def _by_kind(rows: Sequence[Named], problems: Problems) -> dict[str, list[Named]]:
    """The rows of a sheet of all expressions by its word for their type."""
    kinds: dict[str, list[Named]] = {"micro": [], "macro": []}
    for named in rows:
        subject, clip, _, row = named
        kind = next((kind for kind in kinds if kind in squash(row["type"])), None)
        if kind is not None:
            kinds[kind].append(named)
        else:
            words = (
                f"row {row.number}: {row.text('type') or 'empty'} is no type of expression; it is left out."
            )
            problems.broken("expression-type", words, subject, clip)
    return kinds


def _compare(
    micro: Sequence[Named], own: Sheet, others: Sequence[Named], their: Sheet, problems: Problems
) -> None:
    """Note the micro-expressions that only one of two sheets has."""
    mine, theirs = ({n[:2] for n in rows} for rows in (micro, others))
    for only, sheet in ((mine - theirs, own), (theirs - mine, their)):
        for subject, clip in sorted(only):
            words = f"this micro-expression is in {sheet} only."
            problems.note("only-in-one-workbook", words, subject, clip)


def _macro(sheets: Sheets, rows: Sequence[Named], problems: Problems) -> list[tuple[Named, object]]:
    """The macro-expressions of both sheets that have them, with their emotions."""
    said = {n[:2]: n for n in (named_a(sheets.macro_a, problems) if sheets.macro_a else ())}
    found: list[tuple[Named, object]] = []
    for named in rows:
        other = said.pop(named[:2], None)
        if other is None and sheets.macro_a is not None:
            words = f"this macro-expression has no emotion in {sheets.macro_a.sheet}."
            problems.note("no-emotion", words, *named[:2])
        found.append((named, other[3]["emotion"] if other else named[3]["emotion"]))
    if sheets.all_a is not None and sheets.macro_a is not None:
        for key in said:
            words = f"this macro-expression is in {sheets.macro_a.sheet} only."
            problems.note("only-in-one-workbook", words, *key)
    return [*found, *((named, named[3]["emotion"]) for named in said.values())]


def read_blinks(reader: Reader, table: Table | None) -> list[Sample]:
    """The blinks of part A."""
    if table is None or reader.shown.package or reader.lacks("A", "the blinks"):
        return []
    rows = named_a(table, reader.problems, "blink_")
    found = [reader.sample("A", n, None, rf"{re.escape(n[2])}\d*", units="45") for n in rows]
    return [sample for sample in found if sample is not None]


def read_part_c(reader: Reader, sheets: Sheets) -> list[Sample]:
    """Micro-expressions, then macro-expressions, which have intervals only."""
    problems = reader.problems
    if (sheets.micro_c or sheets.all_c) and reader.lacks("C", "the expressions"):
        return []
    found: list[Sample | None] = []
    known = set()
    for named in _named_c(sheets.micro_c, problems):
        subject, clip, count, row = named
        known.add((subject, row.text("onset")))
        units = row.text("units")
        if _TWO.search(units):
            words = f"row {row.number}: the comma in {units!r} is read as an ordinary one."
            problems.repaired("odd-spelling", words, subject, clip)
        labelled = sheets.micro_c is not None and "emotion" in sheets.micro_c.places
        found.append(
            reader.sample(
                *("C", named, "micro", f"recording|0*{re.escape(count)}"),
                emotion=row["emotion"],
                labelled=labelled,
                units=_TWO.sub(",", units),
                more={"units as annotated": units} if _TWO.search(units) else {},
            )
        )
    if sheets.all_c is None:
        return [sample for sample in found if sample is not None]
    rows = [(s, f"macro_{row.text('onset')}", "", row) for s, _, _, row in _named_c(sheets.all_c, problems)]
    kinds = _by_kind(rows, problems)
    if kinds["macro"] and not reader.lacks("C", "the macro-expressions", "recording"):
        found += [reader.sample("C", named, "macro", "recording") for named in kinds["macro"]]
    for subject, _, _, row in kinds["micro"]:
        if sheets.micro_c is not None and (subject, row.text("onset")) not in known:
            words = f"the micro-expression in {sheets.all_c.sheet}, row {row.number}, has no label."
            problems.note("only-in-one-workbook", words, subject, row.text("onset"))
    return [sample for sample in found if sample is not None]


def _named_c(table: Table | None, problems: Problems) -> list[Named]:
    """The rows of a sheet of part C; a clip without a count is called by its onset."""
    if table is None:
        return []
    rows = []
    counts: dict[tuple[str, str], str] = {}
    for row in annotated(table, problems, clip="count" if "count" in table.places else "onset"):
        number, count = digits(row["subject"]), row.text("count")
        clip = count or f"onset_{row.text('onset')}"
        if number is None:
            words = f"{table.sheet}, row {row.number}: {row.text('subject')!r} is no subject of part C."
            problems.broken("row-without-name", words, clip=clip)
            continue
        key = (f"{_NAME}/{number:02d}", clip)
        rows.append((*key, row))
        counts[key] = count
    return [(s, c, counts[s, c], row) for s, c, row in without_duplicates(rows, problems)]
