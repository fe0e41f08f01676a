"""4DME: micro-expressions filmed by several cameras at once, labelled with one or two coarse emotions each.

Format
    The real set has a grey video (60 fps, 640×480), 4-D meshes, their dynamic images, RGB and Kinect streams.
    Here as in public readers: the grey pictures of the micro-expressions and their workbook.

Tree
    ::

        gray_micro/S07/002_01_1/Frame_000001826.jpg, …
        4DME_Labelling_Micro_release v1.xlsx

Names
    ``002_01_1``: video, micro-expression in the video, part of it. The pictures keep the nine-digit counter
    of the long video they were cut from; the sheet counts in the same numbers.

Workbook
    ``4DME_Labelling_Micro_release v1.xlsx``, one sheet with a header: sub_ID, fold_name, Emotion, Onset,
    Apex, Offset, AUs, then one column of 0 and 1 for each action unit ("AU1", "AU2", …). The real sheet may
    have more columns before "AUs": readers go by the headers.

Quirks of the real set
    An action unit with the suffix ``(k)`` was there all the time and does not move; the "AU" stands once
    before the whole string (``AU4(k)+L7``); two emotions are joined by a plus (``Surprise+Positive``); from
    the column AUs on, the rows 144 and 145 (0-based) have changed places; some people came twice and have a
    subject of their own for each time (``S13_1st``, ``S13_2nd``, ``S58_1``).

Classes
    267 micro-expressions of 41 people: negative 127, positive 34, surprise 30, repression 6, others 31; and
    of two at once, surprise with positive 13, with negative 8, repression with positive 3, with negative 15
    (from memory of the paper, they add up). The list of subject numbers below is not the real one throughout.

Citation
    X. Li, S. Cheng, Y. Li, M. Behzad, J. Shen, S. Zafeiriou, M. Pantic, G. Zhao: "4DME: a spontaneous 4D
    micro-expression dataset with multimodalities", IEEE Transactions on Affective Computing 14(4), 2023,
    doi:10.1109/TAFFC.2022.3182342.

How to get it
    For research, with a signed licence agreement, from the Center for Machine Vision and Signal Analysis of
    the University of Oulu (the paper names the address).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from mien.datasets.layout import Filming, PictureSet, Shot, checked_people, steady, unit_string
from mien.datasets.spelling import chosen, in_order
from mien.datasets.workbook import Cell, write_workbook
from mien.records import Expression, Stream, Take

__all__ = ["FourDmeLayout"]

_PEOPLE: Final = (*range(1, 31), 33, 36, 40, 43, 46, 49, 52, 55, 56, 58, 59)
_TWICE: Final = {13: ("_1st", "_2nd"), 30: ("_1st", "_2nd"), 58: ("_1", "_2")}
_SECOND: Final = {
    "surprise": "Positive",
    "positive": "Surprise",
    "negative": "Repression",
    "repression": "Negative",
}
_HEADER: Final = ("sub_ID", "fold_name", "Emotion", "Onset", "Apex", "Offset", "AUs")
_SWAPPED: Final = (144, 145)


class FourDmeLayout:
    """Writes clips as 4DME has its grey videos.

    Quirks: one emotion of seven has a second one after a plus, the take's own stands first; one string of six
    has one more unit with ``(k)``; rows 144 and 145 are swapped from AUs on, where there are so many; the
    persons 13, 30 and 58 of the real numbering have two subjects.
    """

    name = "4dme"
    filming = Filming(
        product="clips",
        streams=(Stream("", 60, 640, 480, "grey"),),
        emotions={"negative": 150, "positive": 50, "surprise": 51, "repression": 24, "others": 31},
        n_people=len(_PEOPLE),
        takes=6,
    )

    def plan(self, takes: Sequence[Take]) -> tuple[Shot, ...]:
        """Name and place the takes.

        Raises:
            InputError: the takes do not fit the data set.
        """
        return tuple(
            _shot(take, rank)
            for rank, theirs in enumerate(checked_people("4DME", self.filming, takes))
            for take in theirs
        )

    def annotate(self, shots: Sequence[Shot], root: Path) -> None:
        """Write the workbook."""
        ordered = in_order(shots)
        strings = [_units(shot.take) for shot in ordered]
        columns = sorted({au for _, aus in strings for au in aus})
        heads: list[tuple[Cell, ...]] = []
        tails: list[tuple[Cell, ...]] = []
        for shot, (string, aus) in zip(ordered, strings, strict=True):
            e = shot.take.expressions[0]
            frames = (shot.number(e.onset), shot.number(e.apex), shot.number(e.offset))
            heads.append((shot.subject, shot.clip, _emotion(shot.take, e), *frames))
            tails.append((string, *(int(au in aus) for au in columns)))
        first, second = _SWAPPED
        if len(tails) > second:
            tails[first], tails[second] = tails[second], tails[first]
        header = (*_HEADER, *(f"AU{au}" for au in columns))
        rows: list[Sequence[Cell]] = [header, *((*h, *t) for h, t in zip(heads, tails, strict=True))]
        write_workbook(root / "4DME_Labelling_Micro_release v1.xlsx", {"Sheet1": rows})


def _shot(take: Take, rank: int) -> Shot:
    number = _PEOPLE[rank]
    times = _TWICE.get(number, ("",))
    subject = f"S{number:02d}{times[(take.number - 1) % len(times)]}"
    clip = f"{take.number:03d}_01_1"
    first = 1 + steady("4dme", take.person.number, take.number) % 5000
    frames = tuple(range(take.n_frames))
    paths = tuple(f"gray_micro/{subject}/{clip}/Frame_{first + f:09d}.jpg" for f in frames)
    return Shot(take, subject, clip, first, (PictureSet("full", frames, paths, grey=True),))


def _emotion(take: Take, expression: Expression) -> str:
    word = expression.emotion
    second = _SECOND.get(word) if chosen(take, "4dme-two", 7) else None
    return f"{word.capitalize()}+{second}" if second else word.capitalize()


def _units(take: Take) -> tuple[str, frozenset[int]]:
    """The string, and every unit that it names."""
    units = take.expressions[0].units
    string, aus = unit_string(units), frozenset(u.au for u in units)
    still = next((au for au in (4, 12, 17, 45) if au not in aus), None)
    if aus and still is not None and chosen(take, "4dme-static", 6):
        string, aus = f"{still}(k)+{string}", aus | {still}
    return f"AU{string}" if aus else string, aus
