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

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from mien.datasets.layout import Filming, PictureSet, Shot, checked_people, write_atomically
from mien.datasets.manifest import DataSet, Footage, Sample
from mien.datasets.posed import files, first_number, posed_sample, unique
from mien.datasets.reading import Problems, checked_root, film, folders, picture_tree, trees
from mien.datasets.spelling import chosen, in_order, peak_of
from mien.errors import InputError
from mien.labels import CODES
from mien.records import Stream, Take

__all__ = ["CkPlusLayout", "read_ck_plus"]

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
                if not chosen(shot.take, "ck-plus-unlabelled", 5):
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


# ------------------------------------------------------------ reading

_INSIDE: Final = r"S\d+"
_IMAGES: Final = (r"(extended[-_ ]?)?cohn[-_ ]?kanade[-_ ]?images", r".*images.*")
_TEXTS: Final = (r"emotion.*", r"facs.*", r"landmarks?.*")
_CODE: Final = re.compile(r"[0-7](\.0*(e\+00)?)?")
_GRADES: Final = ("", *"ABCDE")

_Texts = dict[tuple[str, str], Path]


def read_ck_plus(root: str | Path) -> DataSet:
    """Read a copy of CK+.

    A sequence without an emotion file is footage without a sample, and noted. The peak is the picture that
    the text files are named after. Intensities become letters: ``4`` in a FACS file is ``D``.

    Args:
        root: the copy, or its folder of pictures (the text files are then looked for beside it).

    Raises:
        InputError: there are no pictures.
    """
    place, problems = checked_root(root), Problems()
    tree = picture_tree(place, _INSIDE, _IMAGES, _TEXTS)
    if tree is None:
        raise InputError(f"{place}: the pictures of CK+ (cohn-kanade-images/S005/001/...) are not there.")
    emotions, facs = (_texts(place, tree, name, problems) for name in _TEXTS[:2])
    if emotions is None:
        problems.broken("no-labels", f"{place}: the folder Emotion is not there; nothing is labelled.")
    shown = []
    for person in folders(tree, _INSIDE):
        for clip in folders(person):
            subject = f"ck-plus/{person.name.upper()}"
            found = film("ck-plus", subject, clip.name, clip, 30.0, problems)
            shown += [found] if found else []
    shown = unique(shown, problems)
    start, samples = first_number(shown), []
    for footage in shown:
        sample = _sample(footage, emotions or {}, facs or {}, start, problems)
        samples += [sample] if sample else []
        if not sample and emotions is not None:
            words = f"{footage.folder}: there is no emotion file."
            problems.note("unlabelled-folder", words, footage.subject, footage.name)
    there = {(footage.subject, footage.name) for footage in shown}
    for key in sorted((emotions or {}).keys() - there):
        problems.broken("no-folder", "an emotion file is there and no pictures are.", *key)
    numbers = {word: int(n) for word, n in CkPlusLayout.filming.emotions.items()}
    return DataSet(
        *("ck-plus", place, tuple(shown), tuple(samples), problems.found),
        published={"footage": 593, "samples": 327, "subjects": 118}
        | {f"samples emotion={word}": n for word, n in numbers.items()},
    )


def _texts(root: Path, tree: Path, name: str, problems: Problems) -> _Texts | None:
    """Subject and sequence -> text file; ``None`` where there is no such folder."""
    places = [root] if root != tree else [tree.resolve().parent, tree.resolve().parent.parent]
    named = re.compile(name, re.IGNORECASE)
    known = ((place, path) for place in places for path in trees(place, _INSIDE, 2))
    folder = next((f for p, f in known if any(map(named.fullmatch, f.relative_to(p).parts[-2:]))), None)
    if folder is None:
        return None
    texts: _Texts = {}
    for person in folders(folder, _INSIDE):
        for clip in folders(person):
            found = files(clip, (".txt",))
            key = (f"ck-plus/{person.name.upper()}", clip.name)
            if len(found) > 1:
                problems.note("several-labels", f"{clip}: {found[-1].name} of {len(found)} is read.", *key)
            if found:
                texts[key] = found[-1]
    return texts


def _sample(
    footage: Footage, emotions: _Texts, facs: _Texts, start: int, problems: Problems
) -> Sample | None:
    key = (footage.subject, footage.name)
    if key not in emotions:
        return None
    label = emotions[key].read_text(errors="replace").strip()
    named = re.fullmatch(r".*_(\d+)_emotion", emotions[key].stem)
    if not named:
        words = f"{emotions[key].name} does not name the peak; the last picture is taken for it."
        problems.broken("label-name", words, *key)
    return posed_sample(
        problems,
        footage,
        label,
        begins=start,
        peak=int(named[1]) if named else footage.numbers[-1],
        said=bool(named),
        usual=(label,) if _CODE.fullmatch(label) else (),
        codes="ck-plus",
        units=_units(facs.get(key), problems, *key),
        gaps="note",
    )


def _units(path: Path | None, problems: Problems, subject: str, clip: str) -> str:
    """A FACS file as a string of units; lines that cannot be read are reported and left out."""
    units = []
    for line in path.read_text(errors="replace").splitlines() if path else []:
        words = line.split()
        if not words:
            continue
        try:
            unit, grade = (int(float(word)) for word in (words if len(words) > 1 else [*words, "0"]))
            units.append(f"{unit}{_GRADES[grade]}" if grade >= 0 else f"{unit}")
        except (ValueError, OverflowError, IndexError):
            text = f"the FACS file's line {line.strip()!r} is no unit and intensity; it is left out."
            problems.broken("facs-file", text, subject, clip)
    return "+".join(units)
