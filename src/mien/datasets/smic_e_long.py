"""SMIC-E: the longer recordings around SMIC's micro-expressions (University of Oulu, 2018).

About six seconds around each micro-expression: 157 recordings of 16 people at 100 frames a second (HS), 71 of
8 of them at 25 (VIS); 640×480, in colour.

The tree::

    ROOT/
        HS_long/SMIC-HS-E_annotation_2019.xlsx
        HS_long/SMIC-HS-E/s03/s3_sur_01/image308866.jpg
        VIS_long/SMIC-VIS-E/s03/s3_sur_01/image012345.jpg

The folder pads the subject, the recording does not. The number in a file name is the camera's own counter,
six digits at least; the workbook speaks of the same numbers, and the index in the folder is OnsetF − FirstF.

Workbook, sheets HS and VIS, header in row 1. HS: Subject (a number), Filename, *empty*, OnsetF, OffsetF,
Onset2F, Offset2F, Onset3F, Offset3F, *empty*, FirstF, LastF, TotalMF1, TotalMF2, TotalMF3, TotalVL, Emotion.
VIS (and the older file): without the third micro-expression. There is no apex and there are no action units.
After the rows come a blank one and rows of text without a subject.

Quirks of the published copy: 5 to 8 rows hold two or three micro-expressions; FirstF is text for clips that
are not among the recordings (s3_ne_03, s3_ne_20, s4_ne_05, s4_ne_06, s9_sur_02); some numbers have five
digits in the workbook and a zero in front in the file name.

Classes are SMIC's: negative, positive, surprise.

Citation: Li, Hong, Moilanen, Huang, Pfister, Zhao & Pietikäinen, "Towards reading hidden emotions: a
comparative study of spontaneous micro-expression spotting and recognition methods", IEEE Trans. Affective
Computing 9(4), 2018.

How to get it: with SMIC, from the Center for Machine Vision and Signal Analysis, University of Oulu.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from mien.datasets.layout import Filming, PictureSet, Shot, checked_people
from mien.datasets.smic import CODES, camera_counter, people_before_cameras
from mien.datasets.workbook import Cell, write_workbook
from mien.errors import InputError
from mien.records import Expression, Stream, Take

__all__ = ["SmicELongLayout"]

TITLE = "SMIC-E"
_HEADERS: dict[str, tuple[Cell, ...]] = {
    "HS": (
        *(
            "Subject",
            "Filename",
            None,
            "OnsetF",
            "OffsetF",
            "Onset2F",
            "Offset2F",
            "Onset3F",
            "Offset3F",
            None,
        ),
        *("FirstF", "LastF", "TotalMF1", "TotalMF2", "TotalMF3", "TotalVL", "Emotion"),
    ),
    "VIS": (
        *("Subject", "Filename", None, "OnsetF", "OffsetF", "Onset2F", "Offset2F", None),
        *("FirstF", "LastF", "TotalMF1", "TotalMF2", "TotalVL", "Emotion"),
    ),
}
_IN_A_ROW = {"HS": 3, "VIS": 2}


@dataclass(frozen=True, slots=True)
class SmicELongLayout:
    """Writes recordings as SMIC-E has them, with the cameras HS and VIS.

    A recording is named after its first micro-expression. Further ones of the same class share its row, up to
    three (VIS: two); others get a row of their own with the same Filename, which the published workbook never
    needs. Quirks that appear: rows with several micro-expressions where the recordings have them, numbers
    with five digits, rows of text at the end.
    """

    name: ClassVar[str] = "smic-e-long"
    filming: ClassVar[Filming] = Filming(
        product="recordings",
        streams=(Stream("HS", 100.0, 640, 480), Stream("VIS", 25.0, 640, 480)),
        emotions={"negative": 70, "positive": 51, "surprise": 43},
        n_people=16,
        takes=4,
        seconds=6.0,
        events=1,
        longest_micro_s=0.58,
    )

    def plan(self, takes: Sequence[Take]) -> tuple[Shot, ...]:
        """Name and place every take; those with the slow camera only for the first half of the people.

        Raises:
            InputError: more than 16 people, a recording without an expression, or takes that SMIC-E cannot
                hold.
        """
        shots: list[Shot] = []
        for subject, theirs in people_before_cameras(checked_people(TITLE, self.filming, takes)):
            counts: dict[str, int] = {}
            clips: dict[int, str] = {}
            for take in theirs:
                if not take.expressions:
                    raise InputError(
                        f"Recordings of SMIC-E hold a micro-expression, and the take {take.key} holds none."
                    )
                emotion = take.expressions[0].emotion
                if take.number not in clips:
                    counts[emotion] = counts.get(emotion, 0) + 1
                    clips[take.number] = f"s{subject}_{CODES[emotion]}_{counts[emotion]:02d}"
                shots.append(self._shot(take, subject, clips[take.number]))
        return tuple(shots)

    @staticmethod
    def _shot(take: Take, subject: int, clip: str) -> Shot:
        first = camera_counter(subject, take)
        frames = tuple(range(take.n_frames))
        camera = take.stream.key
        folder = f"{camera}_long/SMIC-{camera}-E/s{subject:02d}/{clip}"
        paths = tuple(f"{folder}/image{first + frame:06d}.jpg" for frame in frames)
        return Shot(
            take,
            subject=str(subject),
            clip=clip,
            first_number=first,
            pictures=(PictureSet("full", frames, paths),),
        )

    def annotate(self, shots: Sequence[Shot], root: Path) -> None:
        """Write ``HS_long/SMIC-HS-E_annotation_2019.xlsx``."""
        sheets: dict[str, list[list[Cell]]] = {}
        for camera, header in _HEADERS.items():
            sheets[camera] = [list(header)]
            for shot in sorted(shots, key=lambda s: (int(s.subject), s.clip)):
                if shot.take.stream.key == camera:
                    sheets[camera] += self._rows(shot)
            sheets[camera] += [[None], [None, "Numbers are those of the camera and of the file names."]]
        write_workbook(root / "HS_long" / "SMIC-HS-E_annotation_2019.xlsx", sheets)

    @staticmethod
    def _rows(shot: Shot) -> list[list[Cell]]:
        take, many = shot.take, _IN_A_ROW[shot.take.stream.key]
        classes: dict[str, list[Expression]] = {}
        for event in take.expressions:
            classes.setdefault(event.emotion, []).append(event)
        rows: list[list[Cell]] = []
        for emotion, events in classes.items():
            for start in range(0, len(events), many):
                some = events[start : start + many]
                gap: list[Cell] = [None] * (many - len(some))
                ends: list[Cell] = [shot.number(frame) for e in some for frame in (e.onset, e.offset)]
                lengths: list[Cell] = [e.offset - e.onset + 1 for e in some]
                where: list[Cell] = [shot.number(0), shot.number(take.n_frames - 1)]
                row: list[Cell] = [int(shot.subject), shot.clip, None, *ends, *gap, *gap, None]
                rows.append([*row, *where, *lengths, *gap, take.n_frames, emotion])
        return rows
