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

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from mien.datasets.layout import Filming, PictureSet, Shot, checked_people, recurs, steady, unit_string
from mien.datasets.workbook import Cell, write_workbook
from mien.errors import InputError
from mien.records import Stream, Take

__all__ = ["CasmeLayout"]

TITLE = "CASME"
HEADER: tuple[Cell, ...] = (
    *("Subject", "Filename", None, "OnsetF", "ApexF1", "ApexF2", "OffsetF", None, "AU", "Emotion"),
)
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
        streams=(Stream("A", 60.0, 1280, 720), Stream("B", 60.0, 640, 480)),
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
