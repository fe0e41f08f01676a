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

from mien.datasets.layout import Filming, PictureSet, Shot, checked_people, recurs, steady, unit_string
from mien.datasets.workbook import Cell, write_workbook
from mien.errors import InputError
from mien.labels import VOCABULARIES, objective_class
from mien.records import Stream, Take

__all__ = ["Casme2Layout"]

TITLE = "CASME II"
HEADER: tuple[Cell, ...] = (
    *("Subject", "Filename", None, "OnsetFrame", "ApexFrame", "OffsetFrame", None),
    *("Action Units", "Estimated Emotion"),
)
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
        streams=(Stream("", 200.0, 640, 480),),
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
