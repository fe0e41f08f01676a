"""SAMM Long Videos: the recordings around SAMM's movements (Manchester Metropolitan University, 2020).

147 recordings of 32 people, 35.5 seconds on average, grey, 2040×1088 at 200 frames a second, with 343 macro-
and 159 micro-expressions.

The tree::

    ROOT/
        SAMM_LongVideos_V3_Release.xlsx             V1 and V2 are older
        SAMM_Micro_FACS_Codes_v2.xlsx               SAMM's workbook, for the emotions
        SAMM_longvideos/006_1/006_1_0001.jpg        frames from 1, four digits at least

Workbook: one sheet, nine rows of explanation, header in Excel row 10 and data from row 11 (pandas:
``skiprows=10, header=None``): Subject (a number), Filename, Inducement Code, Onset, Apex, Offset, Duration,
Type ("Macro" or "Micro - 1/2"), Action Units, Notes. Filename is the recording and a counter (006_1_2),
counted for each type by itself, so that one name may stand for a macro- and a micro-expression. Frame numbers
start at 1. There is no emotion: it is looked up in SAMM's workbook by Filename and Type, and
macro-expressions have none.

Quirks of the published copy: an onset of 0 marks a macro-expression under way when the recording begins; it
is usually left out.

Classes: those of SAMM for the micro-expressions, none for the others.

People: 006 to 037; three of them (008, 027, 029) have no micro-expression.

Citation: Yap, Kendrick & Yap, "SAMM long videos: a spontaneous facial micro- and macro-expressions dataset",
IEEE FG 2020.

How to get it: http://www2.docm.mmu.ac.uk/STAFF/M.Yap/dataset.php, by a release agreement signed by a
permanent member of a research institution.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from mien.datasets.layout import Filming, PictureSet, Shot, checked_people, recurs, unit_string
from mien.datasets.samm import SammLayout, doubtful_units, micro_row, write_micro_codes
from mien.datasets.workbook import Cell, write_workbook
from mien.errors import InputError
from mien.records import Stream, Take

__all__ = ["SammLvLayout"]

TITLE = "SAMM Long Videos"
SUBJECTS = tuple(range(6, 38))
HEADER: tuple[Cell, ...] = (
    *("Subject", "Filename", "Inducement Code", "Onset", "Apex", "Offset", "Duration", "Type"),
    *("Action Units", "Notes"),
)
_VIDEOS = 7
_WORDS = {"macro": "Macro", "micro": "Micro - 1/2"}


@dataclass(frozen=True, slots=True)
class SammLvLayout:
    """Writes recordings as SAMM Long Videos has them, with SAMM's workbook for the micro-expressions.

    The real recordings last 35.5 s on average. Quirks that appear: an onset of 0 where a macro-expression is
    under way at the first frame, and for the first macro-expression of every twelfth recording, beginning
    with the sixth; in every fifth an AU string with alternatives ("12 or 14") for its first event.

    Attributes:
        version: of the workbook, 1 to 3.
    """

    name: ClassVar[str] = "samm-lv"
    filming: ClassVar[Filming] = Filming(
        product="recordings",
        streams=(Stream("", 200.0, 2040, 1088, "grey"),),
        emotions=SammLayout.filming.emotions,
        kinds=("micro", "macro"),
        n_people=32,
        takes=4,
        longest_micro_s=0.505,
    )
    version: Literal[1, 2, 3] = 3

    def __post_init__(self) -> None:
        if self.version not in (1, 2, 3):
            raise InputError(f"SAMM Long Videos has no version {self.version!r}: choose 1, 2 or 3.")

    def plan(self, takes: Sequence[Take]) -> tuple[Shot, ...]:
        """Name and place every take.

        Raises:
            InputError: more than 32 people or 7 recordings of one, or takes that the data set cannot hold.
        """
        shots: list[Shot] = []
        for rank, theirs in enumerate(checked_people(TITLE, self.filming, takes)):
            if len(theirs) > _VIDEOS:
                raise InputError(
                    f"{TITLE} has {_VIDEOS} recordings of a person and {len(theirs)} were given: "
                    f"ask for {_VIDEOS} at most."
                )
            subject = f"{SUBJECTS[rank]:03d}"
            shots += [self._shot(take, subject, 1 + i, len(shots) + i) for i, take in enumerate(theirs)]
        return tuple(shots)

    @staticmethod
    def _shot(take: Take, subject: str, inducement: int, position: int) -> Shot:
        clip = f"{subject}_{inducement}"
        frames = tuple(range(take.n_frames))
        paths = tuple(f"SAMM_longvideos/{clip}/{clip}_{1 + frame:04d}.jpg" for frame in frames)
        return Shot(
            take,
            subject=subject,
            clip=clip,
            first_number=1,
            pictures=(PictureSet("full", frames, paths, grey=True),),
            more={"inducement": inducement, "position": position},
        )

    def annotate(self, shots: Sequence[Shot], root: Path) -> None:
        """Write the workbook of the long videos and SAMM's own."""
        words: list[list[Cell]] = [
            ["SAMM Long Videos"],
            [f"Version {self.version}"],
            ["Macro- and micro-expressions; frame numbers start at 1."],
        ]
        rows = words + [[None] for _ in range(9 - len(words))] + [list(HEADER)]
        micro: list[list[Cell]] = []
        for shot in sorted(shots, key=lambda s: s.clip):
            rows += self._rows(shot, micro)
        write_workbook(root / f"SAMM_LongVideos_V{self.version}_Release.xlsx", {"Sheet1": rows})
        write_micro_codes(root / "SAMM_Micro_FACS_Codes_v2.xlsx", micro)

    @staticmethod
    def _rows(shot: Shot, micro: list[list[Cell]]) -> list[list[Cell]]:
        """The recording's rows; those of SAMM's workbook are added to ``micro``."""
        rows: list[list[Cell]] = []
        counts: dict[str, int] = {}
        position, inducement = int(str(shot.more["position"])), int(str(shot.more["inducement"]))
        for number, event in enumerate(shot.take.expressions):
            counts[event.kind] = count = counts.get(event.kind, 0) + 1
            name = f"{shot.clip}_{count}"
            doubt = "or" if number == 0 and recurs(position, 3, 5) else ""
            under_way = event.onset == 0 or (count == 1 and recurs(position, 5, 12))
            if event.kind == "micro":
                micro.append(micro_row(shot, event, name, inducement, doubt))
            rows.append(
                [
                    int(shot.subject),
                    name,
                    inducement,
                    0 if event.kind == "macro" and under_way else shot.number(event.onset),
                    shot.number(event.apex),
                    shot.number(event.offset),
                    event.offset - event.onset + 1,
                    _WORDS[event.kind],
                    doubtful_units(event.units, doubt) if doubt else unit_string(event.units),
                    None,
                ]
            )
        return rows
