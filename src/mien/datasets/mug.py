"""MUG facial expression database: seven posed expressions from neutral to the peak and back.

Format
    Sequences of JPEG pictures (896×896, 19 fps, 50 to 160 pictures each); no label file: the folders are the
    labels.

Tree
    ::

        subjects3/001/anger/take000/img_0000.jpg, img_0001.jpg, …
        subjects3/002/002/anger/take000/…
        subjects3/003/session0/anger/take000/…

    ``anger``, ``disgust``, ``fear``, ``happiness``, ``neutral``, ``sadness``, ``surprise``.

Names
    Takes have three digits, pictures four; both count from 0.

Quirks of the real set
    Some people's folders are doubled, some have a level for the session: readers look for ``take*`` at any
    depth.

Classes
    86 people were recorded, 52 may be had; 1,032 sequences. Counts by class are not published: the classes
    are taken as equal. Which of the numbers up to 086 the 52 people bear is not known here: 001 to 052 are
    written.

Citation
    N. Aifanti, C. Papachristou, A. Delopoulos: "The MUG facial expression database", 11th International
    Workshop on Image Analysis for Multimedia Interactive Services (WIAMIS), 2010.

How to get it
    Free of charge for research, with a signed licence agreement: https://mug.ee.auth.gr/fed/
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mien.datasets.layout import Filming, PictureSet, Shot, checked_people
from mien.datasets.spelling import count_by_emotion, emotion_of
from mien.records import Stream, Take

__all__ = ["MugLayout"]


class MugLayout:
    """Writes sequences as MUG has them.

    Quirks: of every ten people the second's folder is doubled and the third's has the level ``session0``.
    """

    name = "mug"
    filming = Filming(
        product="macro",
        streams=(Stream("", 19, 896, 896, "rgb"),),
        emotions=dict.fromkeys(
            ("anger", "disgust", "fear", "happiness", "neutral", "sadness", "surprise"), 1.0
        ),
        kinds=("macro",),
        n_people=52,
        takes=7,
        way="return",
        poses=True,
    )

    def plan(self, takes: Sequence[Take]) -> tuple[Shot, ...]:
        """Name and place the takes.

        Raises:
            InputError: the takes do not fit the data set.
        """
        return tuple(
            _shot(take, rank, before)
            for rank, theirs in enumerate(checked_people("MUG", self.filming, takes))
            for take, before in zip(theirs, count_by_emotion(theirs), strict=True)
        )

    def annotate(self, shots: Sequence[Shot], root: Path) -> None:
        """Nothing to write: the folders say everything."""


def _shot(take: Take, rank: int, before: int) -> Shot:
    subject = f"{rank + 1:03d}"
    level = {2: f"{subject}/", 3: "session0/"}.get((rank + 1) % 10, "")
    clip = f"take{before:03d}"
    folder = f"subjects3/{subject}/{level}{emotion_of(take)}/{clip}"
    frames = tuple(range(take.n_frames))
    paths = tuple(f"{folder}/img_{f:04d}.jpg" for f in frames)
    return Shot(take, subject, clip, first_number=0, pictures=(PictureSet("full", frames, paths),))
