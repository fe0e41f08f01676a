"""JAFFE: ten Japanese women, seven posed expressions, single pictures.

Format
    213 TIFF pictures (256×256, grey) in one folder; the name is the label.

Tree
    ::

        KA.AN1.39.tiff
        KA.AN2.40.tiff
        …

Names
    ``KA.AN1.39``: person, emotion and take (AN anger, DI disgust, FE fear, HA happiness, NE neutral, SA
    sadness, SU surprise), and a number that runs through the whole set. Takes count from 1.

Quirks of the real set
    A few takes were left out, so that their numbers jump: KM has no DI2 and no SA4, NM no DI2, KR no HA3. The
    copies come with a readme and a table of ratings by viewers (how much of each emotion they see); neither
    is written here.

Classes
    anger 30, disgust 29, fear 32, happiness 31, neutral 30, sadness 31, surprise 30.

Citation
    M. J. Lyons, S. Akamatsu, M. Kamachi, J. Gyoba: "Coding facial expressions with Gabor wavelets", FG 1998,
    doi:10.1109/AFGR.1998.670949; M. J. Lyons: "'Excavating AI' re-excavated: debunking a fallacious account
    of the JAFFE dataset", arXiv:2107.13998, 2021.

How to get it
    Free of charge for non-commercial research, on request: https://doi.org/10.5281/zenodo.3451524
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from mien.datasets.layout import Filming, PictureSet, Shot, checked_people
from mien.datasets.manifest import DataSet, Footage
from mien.datasets.posed import files, posed_sample, unique, walk
from mien.datasets.reading import Problems, checked_root
from mien.datasets.spelling import count_by_emotion, emotion_of, peak_of
from mien.errors import InputError
from mien.labels import CODES
from mien.records import Stream, Take

__all__ = ["JaffeLayout", "read_jaffe"]

_ORDER: Final = ("NE", "HA", "SA", "SU", "AN", "DI", "FE")
_FIRST: Final = {
    "KA": (26, 29, 33, 36, 39, 42, 45),
    "KL": (155, 158, 161, 164, 167, 170, 174),
    "KM": (1, 4, 9, 14, 17, 20, 23),
    "KR": (71, 74, 77, 80, 83, 86, 89),
    "MK": (113, 116, 119, 122, 125, 128, 131),
    "NA": (199, 202, 205, 208, 211, 214, 217),
    "NM": (92, 95, 98, 101, 104, 107, 110),
    "TM": (177, 180, 184, 187, 190, 193, 196),
    "UY": (134, 137, 140, 143, 146, 149, 152),
    "YM": (49, 52, 55, 58, 61, 64, 67),
}
"""Person -> the running number of her first picture of each emotion of ``_ORDER``, as in the real set."""
_LEFT_OUT: Final = {("KM", "DI"): 2, ("KM", "SA"): 4, ("NM", "DI"): 2, ("KR", "HA"): 3}
_CODES: Final = {word: code.upper() for code, word in CODES["jaffe"].items()}


class JaffeLayout:
    """Writes single pictures as JAFFE has them: of each take the peak.

    Quirks: the takes that the real set left out are left out here, with their numbers (see the module). Where
    a person has more takes of an emotion than the real one, running numbers meet those of the next emotion;
    the names stay different.
    """

    name = "jaffe"
    filming = Filming(
        product="macro",
        streams=(Stream("", 30, 256, 256, "grey"),),
        emotions={
            "anger": 30,
            "disgust": 29,
            "fear": 32,
            "happiness": 31,
            "neutral": 30,
            "sadness": 31,
            "surprise": 30,
        },
        kinds=("macro",),
        n_people=len(_FIRST),
        takes=21,
        way="peak",
        poses=True,
    )

    def plan(self, takes: Sequence[Take]) -> tuple[Shot, ...]:
        """Name and place the takes.

        Raises:
            InputError: the takes do not fit the data set.
        """
        return tuple(
            _shot(take, rank, before)
            for rank, theirs in enumerate(checked_people("JAFFE", self.filming, takes))
            for take, before in zip(theirs, count_by_emotion(theirs), strict=True)
        )

    def annotate(self, shots: Sequence[Shot], root: Path) -> None:
        """Nothing to write: the names say everything."""


def _shot(take: Take, rank: int, before: int) -> Shot:
    subject, code = tuple(_FIRST)[rank], _CODES[emotion_of(take)]
    number = before + 1
    if number >= _LEFT_OUT.get((subject, code), number + 1):
        number += 1
    running = _FIRST[subject][_ORDER.index(code)] + number - 1
    clip = f"{subject}.{code}{number}.{running}"
    pictures = PictureSet("full", (peak_of(take),), (f"{clip}.tiff",), grey=True)
    return Shot(take, subject, clip, first_number=0, pictures=(pictures,))


# ------------------------------------------------------------ reading

_NAME: Final = re.compile(r"([A-Z]{2})\.([A-Z]{2})\d*\.(\d+)", re.IGNORECASE)
_ENDINGS: Final = (".tiff", ".tif", ".png", ".jpg", ".jpeg", ".bmp")


def read_jaffe(root: str | Path) -> DataSet:
    """Read a copy of JAFFE, also one that was turned into another picture format.

    Each picture is footage of its own. It shows the peak (a neutral one has no marks).

    Args:
        root: the folder of the pictures, or one above it.

    Raises:
        InputError: there are no pictures with such names.
    """
    place, problems = checked_root(root), Problems()
    best = max(
        walk(place, 2), key=lambda folder: sum(bool(_NAME.fullmatch(p.stem)) for p in files(folder, _ENDINGS))
    )
    shown: list[Footage] = []
    codes: dict[str, str] = {}
    odd: list[Path] = []
    for path in files(best, _ENDINGS):
        name = _NAME.fullmatch(path.stem)
        if name is None:
            odd.append(path)
            continue
        subject = f"jaffe/{name[1].upper()}"
        footage = Footage("jaffe", "", subject, path.stem.upper(), best, (path.name,), (int(name[3]),), None)
        shown.append(footage)
        codes[footage.key] = name[2].upper()
    if not shown:
        raise InputError(f"{place}: there are no pictures of JAFFE (KA.AN1.39.tiff) in it.")
    for path in odd:
        words = f"{path}: the name is not person, emotion and number (KA.AN1.39); it is left out."
        person = re.match(r"([A-Z]{2})\.", path.name)
        problems.broken("picture-name", words, f"jaffe/{person[1]}" if person else "", path.stem)
    shown = unique(shown, problems)
    samples = [
        posed_sample(
            problems,
            picture,
            codes[picture.key],
            begins=None,
            peak=picture.numbers[0],
            usual=tuple(_CODES.values()),
            codes="jaffe",
        )
        for picture in shown
    ]
    return DataSet(
        *("jaffe", place, tuple(shown), tuple(samples), problems.found),
        published={"samples": 213, "subjects": 10}
        | {f"samples emotion={word}": int(n) for word, n in JaffeLayout.filming.emotions.items()},
    )
