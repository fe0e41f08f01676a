"""CASME: micro-expression clips of the Chinese Academy of Sciences (2013).

195 micro-expressions of 19 of 35 participants at 60 frames a second, 189 of them in use. Section A was filmed
in natural light at 1280×720, section B at 640×480.

The tree of the release that is passed on most::

    ROOT/
        casme.xlsx
        CASME_raw_selected/sub01/EP03_1/EP03_1-12.jpg     section A: frame numbers as they are
        CASME_raw_selected/sub08/EP12_1/EP12_1-012.jpg    section B: three digits at least
        Cropped/sub01/EP03_1/reg_EP03_1-12.jpg            the face, cut out and aligned

and of the one in sections (``release="sections"``)::

    ROOT/
        Section A.xls
        Section A/sub01/EP03_1/EP03_1-12.jpg
        Section B.xls
        Section B/sub08/EP12_1/EP12_1-012.jpg

Pictures are in colour; the number in a file name is the frame's number in the original recording, and the
workbook speaks of those numbers. A folder holds the frames from onset to offset.

Workbook: one sheet, header in row 1: Subject (a number: 1), Filename, *empty*, OnsetF, ApexF1, ApexF2,
OffsetF, *empty*, AU, Emotion. ApexF1 is the apex; ApexF2 is 0, or the last frame of an apex that is held.

Quirks of the published copy: contempt is spelled "comtempt"; onsets, apexes and offsets of a few rows are
mistyped (0-based rows 40, 42, 43, 54 and 140 of its one workbook), which nobody may correct by row in another
workbook than that one.

Classes (189 clips): tense 69, disgust 44, repression 38, surprise 20, happiness 9, sadness 6, fear 2,
contempt 1.

Citation: Yan, Wu, Liu, Wang & Fu, "CASME database: a dataset of spontaneous micro-expressions collected from
neutralized faces", IEEE FG 2013.

How to get it: http://casme.psych.ac.cn/, by a licence agreement signed by a permanent member of a research
institution.
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
    Copy,
    films,
    folders,
    frame_number_or_none,
    make_sample,
    match,
    named_rows,
    open_copy,
    read_marks,
    says_cropped,
    without_duplicates,
)
from mien.datasets.sheets import Table, columns
from mien.datasets.workbook import Cell, write_workbook
from mien.errors import InputError
from mien.records import Stream, Take

__all__ = ["CasmeLayout", "read_casme", "speaks_of_episodes"]

TITLE = "CASME"
HEADER: tuple[Cell, ...] = (
    *("Subject", "Filename", None, "OnsetF", "ApexF1", "ApexF2", "OffsetF", None, "AU", "Emotion"),
)
FPS = 60.0
_SPELLINGS = {"contempt": "comtempt"}
_IN_A = (7, 19)
"""Seven of the nineteen people are in section A (from memory)."""


@dataclass(frozen=True, slots=True)
class CasmeLayout:
    """Writes clips as CASME has them.

    The first people (seven of nineteen) are in section A and the others in section B, each filmed with the
    camera of their section only. Quirks that appear: "comtempt"; every third row or so an ApexF2 that is not
    0; the AU "?" at position 13 of the collection and every 60 later.

    Attributes:
        release: ``"selected"`` or ``"sections"``. The workbooks of the latter are written as ``.xlsx``, not
            in the old ``.xls`` format.
    """

    name: ClassVar[str] = "casme"
    filming: ClassVar[Filming] = Filming(
        product="clips",
        streams=(Stream("A", FPS, 1280, 720), Stream("B", FPS, 640, 480)),
        emotions={
            "tense": 69,
            "disgust": 44,
            "repression": 38,
            "surprise": 20,
            "happiness": 9,
            "sadness": 6,
            "fear": 2,
            "contempt": 1,
        },
        n_people=19,
        takes=4,
    )
    release: Literal["selected", "sections"] = "selected"

    def __post_init__(self) -> None:
        if self.release not in ("selected", "sections"):
            raise InputError(f"CASME has no release {self.release!r}: choose 'selected' or 'sections'.")

    def plan(self, takes: Sequence[Take]) -> tuple[Shot, ...]:
        """Name and place every take; takes with the other section's camera are left out.

        Raises:
            InputError: more than 19 people, or takes that CASME cannot hold.
        """
        people = checked_people(TITLE, self.filming, takes)
        shots: list[Shot] = []
        for rank, theirs in enumerate(people):
            section = "A" if rank * _IN_A[1] < len(people) * _IN_A[0] else "B"
            kept = [take for take in theirs if take.stream.key == section] or theirs
            counts: dict[int, int] = {}
            for take in kept:
                episode = 1 + steady(self.name, take.person.number, take.number) % 17
                counts[episode] = counts.get(episode, 0) + 1
                clip = f"EP{episode:02d}_{counts[episode]}"
                shots.append(self._shot(take, rank + 1, clip, len(shots)))
        return tuple(shots)

    def _shot(self, take: Take, subject: int, clip: str, position: int) -> Shot:
        first = 1 + steady("first frame", take.person.number, take.number) % 150
        digits = 1 if take.stream.key == "A" else 3
        frames = tuple(range(take.n_frames))
        names = [f"{clip}-{first + frame:0{digits}d}.jpg" for frame in frames]
        folder = f"sub{subject:02d}/{clip}"
        if self.release == "sections":
            top = f"Section {take.stream.key}"
            pictures = [PictureSet("full", frames, tuple(f"{top}/{folder}/{name}" for name in names))]
        else:
            pictures = [
                PictureSet("full", frames, tuple(f"CASME_raw_selected/{folder}/{name}" for name in names)),
                PictureSet("face", frames, tuple(f"Cropped/{folder}/reg_{name}" for name in names)),
            ]
        return Shot(
            take,
            subject=f"{subject:02d}",
            clip=clip,
            first_number=first,
            pictures=tuple(pictures),
            more={"section": take.stream.key, "quirk": "AU ?" if recurs(position, 13, 60) else ""},
        )

    def annotate(self, shots: Sequence[Shot], root: Path) -> None:
        """Write ``casme.xlsx``, or the workbooks of the two sections."""
        rows = {"A": [list(HEADER)], "B": [list(HEADER)]}
        for shot in sorted(shots, key=lambda s: (s.subject, s.clip)):
            rows[str(shot.more["section"])].append(self._row(shot))
        if self.release == "selected":
            write_workbook(root / "casme.xlsx", {"Sheet1": rows["A"] + rows["B"][1:]})
            return
        for section, theirs in rows.items():
            if len(theirs) > 1:
                write_workbook(root / f"Section {section}.xlsx", {"Sheet1": theirs})

    @staticmethod
    def _row(shot: Shot) -> list[Cell]:
        (event,) = shot.take.expressions
        held = steady("apex", shot.take.person.number, shot.take.number) % 9
        last = min(event.offset, event.apex + held) if held in (1, 2, 3) else event.apex
        return [
            int(shot.subject),
            shot.clip,
            None,
            shot.number(event.onset),
            shot.number(event.apex),
            shot.number(last) if last > event.apex else 0,
            shot.number(event.offset),
            None,
            "?" if shot.more["quirk"] == "AU ?" else unit_string(event.units),
            _SPELLINGS.get(event.emotion, event.emotion),
        ]


# ------------------------------------------------------------ reading

_INSIDE = r"sub\d+"
_SECTION = r"section[\s_-]*[ab]"
_TREES = {"raw": (r"casme_raw_selected", r".*raw.*"), "cropped": (r"cropped", r".*cropped.*")}
_PUBLISHED = {"samples": 189, "subjects": 19} | {
    f"samples emotion={word}": int(n) for word, n in CasmeLayout.filming.emotions.items()
}


def read_casme(
    root: str | Path,
    *,
    pictures: Literal["raw", "cropped", "none"] = "raw",
    workbook: str | Path | None = None,
) -> DataSet:
    """Read a copy of CASME, of either release.

    The apex is ApexF1; an ApexF2 that is not 0 is in :attr:`Sample.more`. The mistyped rows of the published
    workbook are known by row only, so nothing is corrected: what is out of place is reported.

    Args:
        root: the copy, or its tree of pictures (or one of its sections: both are read).
        pictures: which tree; ``"none"`` reads the annotation alone.
        workbook: the one to read instead of looking for it.

    Raises:
        InputError: no pictures or no workbook, or a column without which nothing can be read is missing.
    """
    copy = open_copy(TITLE, root, inside=_INSIDE, pictures=pictures, names=_TREES, workbook=workbook)
    problems = copy.problems
    tables = _tables(copy)
    named = [row for table in tables for row in named_rows(table, problems, "casme/sub{:02d}".format)]
    rows = without_duplicates(named, problems)
    shown = [
        footage
        for tree in _sections(copy.tree)
        for footage in films(replace(copy, tree=tree), "casme", _INSIDE, "sub{:02d}", FPS)
    ]
    places = match([(s, c) for s, c, _ in rows], shown, problems) if copy.tree else [None] * len(rows)
    samples = []
    for (subject, clip, row), footage in zip(rows, places, strict=True):
        if copy.tree and footage is None:
            continue
        held = frame_number_or_none(row["apex2"])
        samples.append(
            make_sample(
                problems,
                dataset="casme",
                subject=subject,
                clip=clip,
                footage=footage,
                fps=FPS,
                marks=read_marks(row, problems, subject, clip, zero_is_missing=("apex", "offset")),
                units=row["units"],
                emotion=row["emotion"],
                labelled="emotion" in row.cells,
                more={"ApexF2": held} if held else {},
                row=row,
            )
        )
    return DataSet(
        *("casme", copy.root, tuple(shown), tuple(samples), problems.found),
        sheets=copy.books.used,
        published=_PUBLISHED,
        cropped=pictures == "cropped" or says_cropped(copy.tree),
    )


def speaks_of_episodes(table: Table) -> bool:
    """Whether a sheet's clips are called as those of CASME and CASME II are: EP03_1, EP02_01f."""
    clips = [row.text("clip") for row in table.rows() if row.text("clip")]
    return 2 * sum(clip.upper().startswith("EP") for clip in clips) >= len(clips)


def _sections(tree: Path | None) -> list[Path]:
    """The tree, and the other section's where it is one of the two."""
    if tree is None:
        return []
    if re.fullmatch(_SECTION, tree.resolve().name, re.IGNORECASE):
        return folders(tree.resolve().parent, _SECTION)
    return [tree]


def _tables(copy: Copy) -> list[Table]:
    """The workbook, or the workbooks of the two sections: those that speak of other clips than the first."""
    wanted = columns(
        *("subject", "clip", "units", "emotion"),
        onset=("OnsetF",),
        apex=("ApexF1", "ApexF"),
        apex2=("ApexF2",),
        offset=("OffsetF",),
    )
    best = copy.books.table(
        "the workbook of CASME",
        wanted,
        must=("subject", "clip", "onset", "offset"),
        may=("apex2",),
        accept=speaks_of_episodes,
        least=5,
        alone=False,
    )
    tables, known = [best], _clips(best)
    for table in copy.books.tables(wanted, least=len(best.places)):
        if table.sheet is not best.sheet and speaks_of_episodes(table):
            theirs = _clips(table)
            if theirs & known:
                name = table.sheet.path.name
                words = f"{best.sheet.path.name} is read; {name} speaks of the same clips and is not."
                copy.problems.note("several-workbooks", f"{words} Say workbook=... to choose.")
                continue
            copy.books.use(table)
            tables.append(table)
            known |= theirs
    return tables


def _clips(table: Table) -> set[tuple[str, str]]:
    return {(row.text("subject"), row.text("clip")) for row in table.rows()}
