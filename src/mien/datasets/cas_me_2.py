"""CAS(ME)^2: recordings with macro- and micro-expressions (Chinese Academy of Sciences, 2018).

87 to 98 recordings (depending on who counts) of 22 people, in colour at 640×480 and 30 frames a second, 148 s
long on average, with 300 macro- and 57 micro-expressions.

The tree::

    ROOT/
        CAS(ME)^2code_final.xlsx                          or CAS(ME)^2code_final(Updated).xlsx
        rawpic/s15/15_0101disgustingteeth/img001.jpg      frames from 1, three digits at least

``cropped``, ``selectedpic`` and ``rawvideo`` belong to the release too and are not written.

Workbook: three sheets, none with a header.

* CASFEcode_final: subject number, video code and event counter (``disgust1_1``), onset, apex, offset, AU,
  emotion (negative, positive, surprise, others), type (``macro-expression``, ``micro-expression``),
  self-reported emotion. Frame numbers start at 1.
* "naming rule1", people: number in the folder's name (15), folder (s15), subject number (1).
* "naming rule2", films: code as text (0101), video code (disgust1).

The counter after the last ``_`` is no part of the video: ``disgust1_3`` of subject 1 is the third expression
in the folder of s15 that begins with ``15_0101``. The rest of the folder's name is nowhere in the workbook.

Quirks of the published copy: an offset of 0 means that the apex is all there is; one recording of s23 lies in
the folder of s19.

People: s15, s16, s19 to s27, s29 to s38, s40.

Classes, macro and micro: positive 87 and 8, negative 95 and 21, surprise 13 and 9, others 105 and 19 (from
memory).

Citation: Qu, Wang, Yan, Li, Wu & Fu, "CAS(ME)^2: a database for spontaneous macro-expression and
micro-expression spotting and recognition", IEEE Trans. Affective Computing 9(4), 2018.

How to get it: http://casme.psych.ac.cn/, by a licence agreement signed by a permanent member of a research
institution.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from mien.datasets.layout import Filming, PictureSet, Shot, checked_people, recurs, unit_string
from mien.datasets.workbook import Cell, write_workbook
from mien.errors import InputError
from mien.records import Expression, Stream, Take

__all__ = ["CasMe2Layout"]

TITLE = "CAS(ME)^2"
SUBJECTS = (15, 16, *range(19, 28), *range(29, 39), 40)
FILMS = (
    ("0101", "disgustingteeth", "disgust1"),
    ("0401", "girlcrashing", "anger1"),
    ("0502", "funnyerrors", "happy1"),
    ("0102", "eatingworms", "disgust2"),
    ("0402", "beatingpregnantwoman", "anger2"),
    ("0503", "unnyfarting", "happy2"),
    ("0505", "funnyinnovations", "happy3"),
    ("0507", "climbingthewall", "happy4"),
    ("0508", "funnydunkey", "happy5"),
)
"""Code, name in the folder and video code of the films that were shown ("unnyfarting" is no slip of ours)."""
_FELT = {"positive": "happiness", "surprise": "surprise", "others": "others"}


@dataclass(frozen=True, slots=True)
class CasMe2Layout:
    """Writes recordings as CAS(ME)^2 has them.

    Quirks that appear: the offset is 0 for the first expression of every tenth recording, beginning with the
    fifth; event counters; films in another order than their codes.
    """

    name: ClassVar[str] = "cas-me-2"
    filming: ClassVar[Filming] = Filming(
        product="recordings",
        streams=(Stream("", 30.0, 640, 480),),
        emotions={"negative": 116, "positive": 95, "surprise": 22, "others": 124},
        kinds=("micro", "macro"),
        n_people=22,
        takes=4,
    )

    def plan(self, takes: Sequence[Take]) -> tuple[Shot, ...]:
        """Name and place every take.

        Raises:
            InputError: more than 22 people or 9 recordings of one, or takes that CAS(ME)^2 cannot hold.
        """
        shots: list[Shot] = []
        for rank, theirs in enumerate(checked_people(TITLE, self.filming, takes)):
            if len(theirs) > len(FILMS):
                raise InputError(
                    f"{TITLE} has {len(FILMS)} films to show a person and {len(theirs)} takes were given: "
                    f"ask for {len(FILMS)} at most."
                )
            for number, take in enumerate(theirs):
                code, film, video = FILMS[number]
                shots.append(self._shot(take, SUBJECTS[rank], f"{code}{film}", video, len(shots)))
        return tuple(shots)

    @staticmethod
    def _shot(take: Take, subject: int, film: str, video: str, position: int) -> Shot:
        clip = f"{subject}_{film}"
        frames = tuple(range(take.n_frames))
        paths = tuple(f"rawpic/s{subject}/{clip}/img{1 + frame:03d}.jpg" for frame in frames)
        return Shot(
            take,
            subject=f"s{subject}",
            clip=clip,
            first_number=1,
            pictures=(PictureSet("full", frames, paths),),
            more={"video": video, "quirk": "offset 0" if recurs(position, 4, 10) else ""},
        )

    def annotate(self, shots: Sequence[Shot], root: Path) -> None:
        """Write ``CAS(ME)^2code_final.xlsx``."""
        numbers = {f"s{subject}": rank + 1 for rank, subject in enumerate(SUBJECTS)}
        rows: list[list[Cell]] = []
        for shot in sorted(shots, key=lambda s: (numbers[s.subject], s.clip)):
            for count, event in enumerate(shot.take.expressions, start=1):
                rows.append(self._row(shot, event, numbers[shot.subject], count))
        people: list[list[Cell]] = [[int(folder[1:]), folder, number] for folder, number in numbers.items()]
        films: list[list[Cell]] = [[code, video] for code, _, video in sorted(FILMS)]
        write_workbook(
            root / "CAS(ME)^2code_final.xlsx",
            {"CASFEcode_final": rows, "naming rule1": people, "naming rule2": films},
        )

    @staticmethod
    def _row(shot: Shot, event: Expression, subject: int, count: int) -> list[Cell]:
        video = str(shot.more["video"])
        felt = "anger" if video.startswith("anger") else "disgust"
        without_offset = count == 1 and shot.more["quirk"] == "offset 0"
        return [
            subject,
            f"{video}_{count}",
            shot.number(event.onset),
            shot.number(event.apex),
            0 if without_offset else shot.number(event.offset),
            unit_string(event.units),
            event.emotion,
            f"{event.kind}-expression",
            _FELT.get(event.emotion, felt),
        ]
