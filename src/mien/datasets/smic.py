"""SMIC: micro-expression clips of the University of Oulu (2013), with three cameras.

HS: 164 micro-expressions of 16 people at 100 frames a second. VIS and NIR: 71 each of 8 of the 16, at 25
frames a second with a usual and a near-infrared camera (the NIR pictures are grey). All are 640×480; the HS
clips have 11 to 58 frames, 34 on average.

The tree (the clip release)::

    ROOT/
        HS/s01/micro/negative/s01_ne_01/image175810.bmp       also VIS/, NIR/
        SMIC_all_cropped/HS/s01/micro/negative/s01_ne_01/reg_image175810.bmp

The folders are the annotation: the subject, the class (negative, positive, surprise; in names ne, po, sur),
and the clip, which runs from onset to offset. There is no apex, there are no action units and there is no
workbook. The number in a file name is the camera's own counter: six digits at least, and eight for some
people (image17581039). The long release and its workbook write s1_ne_01 where this one writes s01_ne_01.

``non_micro`` folders of clips without a micro-expression lie beside ``micro`` in the release and are not
written.

People: 1 to 6, 8, 9, 11 to 15, 18, 19, 20.

Classes: HS negative 70, positive 51, surprise 43; VIS and NIR negative 24, positive 28, surprise 19.

Citation: Li, Pfister, Huang, Zhao & Pietikäinen, "A spontaneous micro-expression database: inducement,
collection and baseline", IEEE FG 2013.

How to get it: from the Center for Machine Vision and Signal Analysis, University of Oulu, by a licence
agreement signed by a permanent member of a research institution.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from mien.datasets.layout import Filming, PictureSet, Shot, checked_people, steady
from mien.records import Stream, Take

__all__ = ["CODES", "SUBJECTS", "SmicLayout", "camera_counter", "people_before_cameras"]

TITLE = "SMIC"
SUBJECTS = (1, 2, 3, 4, 5, 6, 8, 9, 11, 12, 13, 14, 15, 18, 19, 20)
CODES = {"negative": "ne", "positive": "po", "surprise": "sur"}
"""Class -> how clip names write it."""


def people_before_cameras(people: Sequence[Sequence[Take]]) -> Iterator[tuple[int, list[Take]]]:
    """Each person's subject number and takes.

    Only the first half of the people (at least one) were also filmed with the slow cameras.
    """
    half = max(1, len(people) // 2)
    for rank, takes in enumerate(people):
        yield SUBJECTS[rank], [take for take in takes if take.stream.key == "HS" or rank < half]


def camera_counter(subject: int, take: Take) -> int:
    """What the camera's counter showed at the take's first frame: it runs on from take to take."""
    start = (12_000, 175_000, 308_000, 17_581_000)[subject % 4]
    return start + 4001 * take.number + steady("counter", subject, take.number, take.stream.key) % 900


@dataclass(frozen=True, slots=True)
class SmicLayout:
    """Writes clips as SMIC's clip release has them, all three cameras.

    A performance has one name, whichever camera filmed it. Only frames from onset to offset are written,
    since the folder is all there is to say where they are. Quirks that appear: camera counters, padded to six
    digits or eight digits long; nothing else can go wrong in a data set without a workbook.
    """

    name: ClassVar[str] = "smic"
    filming: ClassVar[Filming] = Filming(
        product="clips",
        streams=(
            Stream("HS", 100.0, 640, 480),
            Stream("VIS", 25.0, 640, 480),
            Stream("NIR", 25.0, 640, 480, "nir"),
        ),
        emotions={"negative": 70, "positive": 51, "surprise": 43},
        n_people=16,
        takes=4,
        longest_micro_s=0.58,
    )

    def plan(self, takes: Sequence[Take]) -> tuple[Shot, ...]:
        """Name and place every take; those with the slow cameras only for the first half of the people.

        Raises:
            InputError: more than 16 people, or takes that SMIC cannot hold.
        """
        shots: list[Shot] = []
        for subject, theirs in people_before_cameras(checked_people(TITLE, self.filming, takes)):
            counts: dict[str, int] = {}
            clips: dict[int, str] = {}
            for take in theirs:
                (event,) = take.expressions
                if take.number not in clips:
                    counts[event.emotion] = counts.get(event.emotion, 0) + 1
                    clips[take.number] = f"s{subject:02d}_{CODES[event.emotion]}_{counts[event.emotion]:02d}"
                shots.append(self._shot(take, subject, clips[take.number]))
        return tuple(shots)

    @staticmethod
    def _shot(take: Take, subject: int, clip: str) -> Shot:
        (event,) = take.expressions
        first = camera_counter(subject, take)
        frames = tuple(range(event.onset, event.offset + 1))
        folder = f"{take.stream.key}/s{subject:02d}/micro/{event.emotion}/{clip}"
        raw = tuple(f"{folder}/image{first + frame:06d}.bmp" for frame in frames)
        cropped = tuple(f"SMIC_all_cropped/{folder}/reg_image{first + frame:06d}.bmp" for frame in frames)
        return Shot(
            take,
            subject=f"s{subject:02d}",
            clip=clip,
            first_number=first,
            pictures=(PictureSet("full", frames, raw), PictureSet("face", frames, cropped)),
        )

    def annotate(self, shots: Sequence[Shot], root: Path) -> None:
        """Nothing: the folders say it all."""
