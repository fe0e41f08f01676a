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

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from mien.datasets.layout import Filming, PictureSet, Shot, checked_people, steady
from mien.datasets.manifest import DataSet, Footage, Sample
from mien.datasets.reading import (
    Marks,
    Problems,
    checked_root,
    digits,
    film,
    folders,
    make_sample,
    picture_tree,
    says_cropped,
)
from mien.errors import InputError
from mien.records import Stream, Take

__all__ = [
    "CODES",
    "SUBJECTS",
    "SmicLayout",
    "camera_counter",
    "clip_name",
    "people_before_cameras",
    "read_smic",
]

TITLE = "SMIC"
SUBJECTS = (1, 2, 3, 4, 5, 6, 8, 9, 11, 12, 13, 14, 15, 18, 19, 20)
CODES = {"negative": "ne", "positive": "po", "surprise": "sur"}
"""Class -> how clip names write it."""
FPS = {"HS": 100.0, "VIS": 25.0, "NIR": 25.0}


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
            Stream("HS", FPS["HS"], 640, 480),
            Stream("VIS", FPS["VIS"], 640, 480),
            Stream("NIR", FPS["NIR"], 640, 480, "nir"),
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


# ------------------------------------------------------------ reading

Camera = Literal["HS", "VIS", "NIR"]
_SUBJECT = r"s\d+"
_PUBLISHED = {
    "HS": {"": 164, "negative": 70, "positive": 51, "surprise": 43},
    "VIS": {"": 71, "negative": 24, "positive": 28, "surprise": 19},
    "NIR": {"": 71},
}
_PEOPLE = {"HS": 16, "VIS": 8, "NIR": 8}


def clip_name(name: str) -> str:
    """A clip's name as the clip release writes it, ``s01_ne_01``, whichever release it is from.

    Names that are no such name come back as they are.
    """
    found = re.fullmatch(r"s0*(\d+)_(ne|po|sur)_0*(\d+)", name.strip(), re.IGNORECASE)
    return f"s{int(found[1]):02d}_{found[2].lower()}_{int(found[3]):02d}" if found else name.strip()


def read_smic(
    root: str | Path,
    *,
    pictures: Literal["raw", "cropped"] = "raw",
    cameras: Sequence[Camera] = ("HS", "VIS", "NIR"),
) -> DataSet:
    """Read a copy of SMIC's clip release.

    The folders are the annotation: onset and offset are a folder's first and last picture, there is no apex.
    :attr:`Sample.part` is the camera. Clips without a micro-expression (``non_micro``) are footage without a
    sample, called ``non_micro/...``.

    Args:
        root: the copy, or its folder of one camera.
        pictures: the whole pictures or the faces cut out.
        cameras: which to read; those that are not there are left out.

    Raises:
        InputError: none of the cameras is there.
    """
    problems, place = Problems(), checked_root(root)
    shown: list[Footage] = []
    samples: list[Sample] = []
    found = _cameras(place, pictures, cameras)
    for camera, tree in found.items():
        for person in folders(tree, _SUBJECT):
            _read_person(camera, person, shown, samples, problems)
    published = {}
    for camera in cameras:
        published[f"subjects part={camera}"] = _PEOPLE[camera]
        for word, n in _PUBLISHED[camera].items():
            published[f"samples part={camera}{f' emotion={word}' if word else ''}"] = n
    return DataSet(
        *("smic", place, tuple(shown), tuple(samples), problems.found),
        published=published,
        cropped=pictures == "cropped" or any(says_cropped(tree.resolve().parent) for tree in found.values()),
    )


def _cameras(root: Path, pictures: str, cameras: Sequence[str]) -> dict[str, Path]:
    """The folder of each camera that is there."""
    if pictures not in ("raw", "cropped"):
        raise InputError(f"SMIC has no pictures {pictures!r}: choose 'raw' or 'cropped'.")
    if unknown := [camera for camera in cameras if camera not in FPS]:
        raise InputError(f"SMIC has no camera {unknown[0]!r}: choose from HS, VIS and NIR.")
    own = root.resolve().name.upper()
    if own in cameras and folders(root, _SUBJECT):
        return {own: root}
    cropped = (r".*cropped.*",)
    raw = pictures == "raw"
    tree = picture_tree(root, "HS|VIS|NIR", (r".*raw.*",) if raw else cropped, cropped if raw else ())
    found = {} if tree is None else {folder.name.upper(): folder for folder in folders(tree, "HS|VIS|NIR")}
    if not set(found) & set(cameras):
        raise InputError(
            f"{root}: there is no folder {' or '.join(cameras)} with SMIC's {pictures} pictures. "
            "Point to the folder that holds it."
        )
    return {camera: found[camera] for camera in cameras if camera in found}


def _read_person(
    camera: str, person: Path, shown: list[Footage], samples: list[Sample], problems: Problems
) -> None:
    subject = f"smic/s{digits(person.name):02d}"
    known = {footage.key for footage in shown}
    for folder in folders(person, r"non[\s_-]?micro"):
        for clip in folders(folder):
            footage = film(
                *("smic", subject, f"non_micro/{clip.name}", clip, FPS[camera], problems), part=camera
            )
            shown += [footage] if footage else []
    micro = folders(person, "micro")
    for kind in folders(micro[0] if micro else person, r"(?!non[\s_-]?micro|micro).*"):
        for clip in folders(kind):
            name = clip_name(clip.name)
            footage = film("smic", subject, name, clip, FPS[camera], problems, part=camera)
            if footage is None:
                continue
            if footage.key in known:
                words = f"{clip}: another folder of {camera} has this name; that one is kept."
                problems.broken("duplicated-clip", words, subject, name)
                continue
            known.add(footage.key)
            shown.append(footage)
            _check_name(subject, kind.name, name, problems)
            marks = Marks(footage.numbers[0], None, footage.numbers[-1])
            samples.append(
                make_sample(
                    problems,
                    dataset="smic",
                    part=camera,
                    subject=subject,
                    clip=name,
                    footage=footage,
                    marks=marks,
                    emotion=kind.name,
                )
            )


def _check_name(subject: str, kind: str, name: str, problems: Problems) -> None:
    """Whether a clip's name says the same as the folders that it lies in."""
    parts = re.fullmatch(r"s(\d+)_(ne|po|sur)_\d+", name)
    if parts is None:
        problems.note("odd-name", f"{name!r} is no name like s01_ne_01.", subject, name)
    elif int(parts[1]) != digits(subject):
        problems.broken("subject-differs", f"{name} lies in the folder of {subject}.", subject, name)
    elif CODES.get(kind.lower(), parts[2]) != parts[2]:
        words = f"{name} lies in the folder {kind}; the folder is believed."
        problems.broken("class-differs", words, subject, name)
