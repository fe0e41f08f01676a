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

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from mien.datasets.layout import Filming, PictureSet, Shot, checked_people
from mien.datasets.manifest import DataSet, Footage
from mien.datasets.posed import files, first_number, posed_sample, unique, walk
from mien.datasets.reading import Problems, checked_root, film, folders, picture_tree
from mien.datasets.spelling import count_by_emotion, emotion_of
from mien.errors import InputError
from mien.records import Stream, Take

__all__ = ["MugLayout", "read_mug"]


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


# ------------------------------------------------------------ reading

_INSIDE: Final = r"\d{3}"
_TAKE: Final = re.compile(r"take[_-]?\d+", re.IGNORECASE)


def read_mug(root: str | Path) -> DataSet:
    """Read a copy of MUG, with or without a doubled level of the subject or one of the session.

    A clip is called by its emotion and take (``anger_take000``), after its session where there is such a
    level. Nobody annotated the peak: the apex is ``None``.

    Args:
        root: the copy, or its folder of people.

    Raises:
        InputError: there are no people in it.
    """
    place, problems = checked_root(root), Problems()
    tree = picture_tree(place, _INSIDE, (r"subjects\d*",))
    if tree is None:
        raise InputError(f"{place}: the pictures of MUG (subjects3/001/anger/take000/...) are not there.")
    shown: list[Footage] = []
    emotions: dict[str, str] = {}
    for person in folders(tree, _INSIDE):
        for clip in walk(person, 5):
            if _is_clip(clip):
                levels = [name for name in clip.relative_to(person).parts if name != person.name]
                words = [name for name in levels if not _TAKE.fullmatch(name)]
                subject, name = f"mug/{person.name}", "_".join(levels)
                if not words:
                    text = f"{clip}: no folder above it names an emotion; it is left out."
                    problems.broken("odd-folder", text, subject, name or clip.name)
                    continue
                found = film("mug", subject, name, clip, MugLayout.filming.streams[0].fps, problems)
                if found:
                    shown.append(found)
                    emotions.setdefault(found.key, words[-1])
    shown = unique(shown, problems)
    start = first_number(shown)
    samples = [posed_sample(problems, f, emotions[f.key], begins=start, peak=None) for f in shown]
    return DataSet(
        *("mug", place, tuple(shown), tuple(samples), problems.found),
        published={"subjects": MugLayout.filming.n_people},
    )


def _is_clip(folder: Path) -> bool:
    """Whether a folder is a take, or holds pictures itself."""
    return bool(_TAKE.fullmatch(folder.name) or files(folder, (".jpg", ".jpeg", ".png", ".bmp")))
