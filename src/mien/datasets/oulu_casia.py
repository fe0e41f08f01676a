"""Oulu-CASIA NIR&VIS: six posed expressions, two cameras at once, three kinds of light.

Format
    Sequences of JPEG pictures (320×240, 25 fps) from neutral to the peak; no label file: the folders are the
    labels.

Tree
    ::

        OriginalImg/VL/Strong/P001/Anger/000.jpeg, 001.jpeg, …
        PreProcess_Img/VL_Acropped/Strong/P001/Anger/000.jpeg, …      the face, cut out

    ``VL`` (visible light) or ``NI`` (near infrared); ``Strong``, ``Weak`` or ``Dark``; P001 to P080;
    ``Anger``, ``Disgust``, ``Fear``, ``Happiness``, ``Sadness``, ``Surprise``. A copy that goes round has
    ``Oulu_CASIA_NIR_VIS/VL/…`` in place of ``OriginalImg/VL/…``; it is not written.

Names
    Pictures have three digits and count from 0.

Quirks of the real set
    No neutral class: the first pictures of every sequence are neutral. Near-infrared pictures are grey.

Classes
    80 of each emotion for each camera and light: 480 a camera and light, 2,880 together.

Citation
    G. Zhao, X. Huang, M. Taini, S. Z. Li, M. Pietikäinen: "Facial expression recognition from near-infrared
    videos", Image and Vision Computing 29(9), 2011, doi:10.1016/j.imavis.2011.07.002.

How to get it
    Free of charge for research, with a signed licence agreement, from the Center for Machine Vision and
    Signal Analysis of the University of Oulu.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal

from mien.datasets.layout import Filming, PictureSet, Shot, checked_people
from mien.datasets.manifest import DataSet, Footage
from mien.datasets.posed import first_number, posed_sample, unique
from mien.datasets.reading import Problems, checked_root, film, folders, trees
from mien.datasets.spelling import count_by_emotion, emotion_of, peak_of
from mien.errors import InputError
from mien.records import Stream, Take

__all__ = ["OuluCasiaLayout", "read_oulu_casia"]


class OuluCasiaLayout:
    """Writes sequences as Oulu-CASIA has them; of each take the pictures up to the peak.

    The streams' keys say camera and light: "VL-Strong" to "NI-Dark". Quirks: none.
    """

    name = "oulu-casia"
    filming = Filming(
        product="macro",
        streams=tuple(
            Stream(f"{camera}-{light}", 25, 320, 240, "rgb" if camera == "VL" else "nir")
            for camera in ("VL", "NI")
            for light in ("Strong", "Weak", "Dark")
        ),
        emotions=dict.fromkeys(("anger", "disgust", "fear", "happiness", "sadness", "surprise"), 80),
        kinds=("macro",),
        n_people=80,
        takes=6,
        way="rise",
        poses=True,
    )

    def plan(self, takes: Sequence[Take]) -> tuple[Shot, ...]:
        """Name and place the takes.

        Raises:
            InputError: the takes do not fit the data set, which has each emotion once a person and camera.
        """
        people = checked_people("Oulu-CASIA", self.filming, takes)
        for theirs in people:
            for take, before in zip(theirs, count_by_emotion(theirs), strict=True):
                emotion = emotion_of(take)
                if emotion == "neutral":
                    raise InputError(f"Oulu-CASIA has no neutral sequences (take {take.key}).")
                if before:
                    raise InputError(
                        f"Oulu-CASIA has each emotion once a person, and {take.key} is another {emotion}."
                    )
        return tuple(_shot(take, rank) for rank, theirs in enumerate(people) for take in theirs)

    def annotate(self, shots: Sequence[Shot], root: Path) -> None:
        """Nothing to write: the folders say everything."""


def _shot(take: Take, rank: int) -> Shot:
    subject, emotion = f"P{rank + 1:03d}", emotion_of(take).capitalize()
    camera, light = take.stream.key.split("-")
    frames = tuple(range(peak_of(take) + 1))
    grey = take.stream.colour != "rgb"
    place = f"{light}/{subject}/{emotion}"
    pictures = (
        PictureSet("full", frames, tuple(f"OriginalImg/{camera}/{place}/{f:03d}.jpeg" for f in frames), grey),
        PictureSet(
            "face",
            frames,
            tuple(f"PreProcess_Img/{camera}_Acropped/{place}/{f:03d}.jpeg" for f in frames),
            grey,
        ),
    )
    return Shot(take, subject, emotion, first_number=0, pictures=pictures)


# ------------------------------------------------------------ reading

_INSIDE: Final = r"P\d{3}"
_FPS: Final = 25.0
_LIGHTS: Final = ("Strong", "Weak", "Dark")


def read_oulu_casia(root: str | Path, *, pictures: Literal["raw", "cropped"] = "raw") -> DataSet:
    """Read a copy of Oulu-CASIA: ``OriginalImg/VL``, ``PreProcess_Img/VL_Acropped`` or ``…/VL`` alone.

    Camera and light are the part, ``"VL-Strong"`` to ``"NI-Dark"``, from the names of the folders; the last
    picture is the peak.

    Args:
        root: the copy, or any of its folders above the people.
        pictures: the whole ones, or the faces cut out of them.

    Raises:
        InputError: there are none of these.
    """
    if pictures not in ("raw", "cropped"):
        raise InputError(f"Oulu-CASIA has no pictures {pictures!r}: choose 'raw' or 'cropped'.")
    place, problems = checked_root(root), Problems()
    shown: list[Footage] = []
    kinds = set()
    for tree in trees(place, _INSIDE, 5):
        names = tree.resolve().parts[-3:]
        kind = (
            "cropped" if any(re.search(r"crop|preprocess", name, re.IGNORECASE) for name in names) else "raw"
        )
        kinds.add(kind)
        if kind == pictures:
            shown += _footage(tree, names, problems)
    if not shown:
        other = f" (but {' and '.join(sorted(kinds))} ones)" if kinds else ""
        raise InputError(f"{place}: there are no {pictures} pictures of Oulu-CASIA{other}.")
    shown = unique(shown, problems)
    start = first_number(shown)
    samples = [posed_sample(problems, film, film.name, begins=start, peak=film.numbers[-1]) for film in shown]
    published = {"samples": 2880, "subjects": 80}
    published |= {f"samples part={c}-{light}": 480 for c in ("VL", "NI") for light in _LIGHTS}
    published |= {f"samples emotion={word}": 480 for word in OuluCasiaLayout.filming.emotions}
    return DataSet(
        *("oulu-casia", place, tuple(shown), tuple(samples), problems.found),
        published=published,
        cropped=pictures == "cropped",
    )


def _footage(tree: Path, names: Sequence[str], problems: Problems) -> list[Footage]:
    """The sequences of a camera and light."""
    camera = next((m[1].upper() for n in names if (m := re.match(r"(VL|NI)(_|$)", n, re.IGNORECASE))), "")
    light = next((n.capitalize() for n in reversed(names) if n.capitalize() in _LIGHTS), "")
    if not camera or not light:
        missing = "camera (VL or NI)" if not camera else "light (Strong, Weak or Dark)"
        problems.broken("odd-folder", f"{tree}: no folder above it names the {missing}; it is left out.")
        return []
    result = []
    for person in folders(tree, _INSIDE):
        for clip in folders(person):
            subject = f"oulu-casia/{person.name.upper()}"
            found = film("oulu-casia", subject, clip.name, clip, _FPS, problems, part=f"{camera}-{light}")
            result += [found] if found else []
    return result
