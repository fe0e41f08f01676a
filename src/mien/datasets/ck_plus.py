"""CK+ (Extended Cohn-Kanade): posed expressions from neutral to the peak.

Format
    Sequences of PNG pictures (640×490, nearly all grey, 30 fps) and text files beside them.

Tree
    ::

        cohn-kanade-images/S005/001/S005_001_00000001.png … S005_001_00000011.png
        Emotion/S005/001/S005_001_00000011_emotion.txt
        FACS/S005/001/S005_001_00000011_facs.txt
        Landmarks/S005/001/S005_001_00000001_landmarks.txt      one a picture; not written here

Names
    Person, sequence, picture; pictures count from 1. Text files bear the name of the last picture, the peak.

Text files
    ``_emotion.txt``: one number, ``   3.0000000e+00``: 1 anger, 2 contempt, 3 disgust, 4 fear, 5 happiness, 6
    sadness, 7 surprise (0 neutral does not occur). ``_facs.txt``: a line for each action unit, its number and
    its intensity (1 to 5 for A to E, 0 where it was not coded), ``   9.0000000e+00   4.0000000e+00``.

Quirks of the real set
    266 of the 593 sequences have no emotion: their folder in ``Emotion`` is empty. Some sequences have gaps
    in their numbers.

Classes
    anger 45, contempt 18, disgust 59, fear 25, happiness 69, sadness 28, surprise 83: 327 labelled sequences
    of 118 people; 593 of 123 in all. The list of people below is from memory; it adds up to 123.

Citation
    P. Lucey, J. F. Cohn, T. Kanade, J. Saragih, Z. Ambadar, I. Matthews: "The Extended Cohn-Kanade Dataset
    (CK+): a complete dataset for action unit and emotion-specified expression", CVPR Workshops 2010,
    doi:10.1109/CVPRW.2010.5543262; T. Kanade, J. F. Cohn, Y. Tian: "Comprehensive database for facial
    expression analysis", FG 2000.

How to get it
    Free of charge for research, with a signed agreement: http://www.jeffcohn.net/Resources/
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from mien.datasets.layout import Filming, PictureSet, Shot, checked_people, write_atomically
from mien.datasets.spelling import chosen, in_order, peak_of
from mien.labels import CODES
from mien.records import Stream, Take

__all__ = ["CkPlusLayout"]

_PEOPLE: Final = (
    *(5, 10, 11, 14, 22, 26, 28, 29, 32, 34, 35, 37, 42, 44, 45, 46),
    *range(50, 123),
    *range(124, 140),
    *(147, 148, 149, 151, *range(154, 159), 160),
    *(*range(501, 507), 895, 999),
)
_CODES: Final = {word: int(code) for code, word in CODES["ck-plus"].items()}


class CkPlusLayout:
    """Writes sequences as CK+ has them; of each take the pictures up to the peak.

    The landmark files are left out: a take does not know where the landmarks are.

    Quirks: one sequence of four has no emotion file (in the real set nearly every second), nor has one in
    which nothing happens; one of eight has a gap of one picture in its numbers, never at the beginning or the
    peak.
    """

    name = "ck-plus"
    filming = Filming(
        product="macro",
        streams=(Stream("", 30, 640, 490, "grey"),),
        emotions={
            "anger": 45,
            "contempt": 18,
            "disgust": 59,
            "fear": 25,
            "happiness": 69,
            "sadness": 28,
            "surprise": 83,
        },
        kinds=("macro",),
        n_people=len(_PEOPLE),
        takes=7,
        way="rise",
        poses=True,
    )

    def plan(self, takes: Sequence[Take]) -> tuple[Shot, ...]:
        """Name and place the takes.

        Raises:
            InputError: the takes do not fit the data set.
        """
        return tuple(
            _shot(take, rank)
            for rank, theirs in enumerate(checked_people("CK+", self.filming, takes))
            for take in theirs
        )

    def annotate(self, shots: Sequence[Shot], root: Path) -> None:
        """Write the emotion and FACS files; the emotion's folder also where the label is missing."""
        for shot in in_order(shots):
            folder = f"{shot.subject}/{shot.clip}"
            stem = Path(shot.pictures[0].paths[-1]).stem
            (root / "Emotion" / folder).mkdir(parents=True, exist_ok=True)
            lines: list[str] = []
            for e in shot.take.expressions[:1]:
                if not chosen(shot.take, "ck-plus-unlabelled", 4):
                    label = _line((_CODES[e.emotion],))
                    write_atomically(root / "Emotion" / folder / f"{stem}_emotion.txt", label)
                lines = [
                    _line((u.au, 1 + min(4, int(5 * u.strength * e.intensity))))
                    for u in sorted(e.units, key=lambda u: (u.au, u.side))
                ]
            write_atomically(root / "FACS" / folder / f"{stem}_facs.txt", "".join(lines))


def _shot(take: Take, rank: int) -> Shot:
    subject, clip = f"S{_PEOPLE[rank]:03d}", f"{take.number:03d}"
    peak = peak_of(take)
    frames = list(range(peak + 1))
    if peak >= 2 and chosen(take, "ck-plus-gap", 8):
        del frames[1 + take.number % (peak - 1)]
    folder = f"cohn-kanade-images/{subject}/{clip}"
    paths = tuple(f"{folder}/{subject}_{clip}_{f + 1:08d}.png" for f in frames)
    return Shot(take, subject, clip, 1, (PictureSet("full", tuple(frames), paths, grey=True),))


def _line(numbers: Iterable[float]) -> str:
    """Numbers as MATLAB saves them."""
    return "".join(f"{number:16.7e}" for number in numbers) + "\n"
