"""Flow images: a picture a clip that shows its motion from onset to apex (as HTNet and others pass them on).

The tree::

    ROOT/
        labels.csv
        images/s01_s01_ne_01 .png

An image is RGB, of any size: red the motion to the right (u), green the motion downwards (v), blue the
optical strain, each channel stretched from its smallest to its greatest value in the clip to 0 to 255. There
are no faces in it, which is why it may travel.

Table ``labels.csv``, header in row 1: dataset (smic, casme2, samm), sub, filename_o (the clip in the
original), label (0 negative, 1 positive, 2 surprise), onset, apex, offset (in the clip, from 1), imagename.

Quirks of the copies in circulation: ``imagename`` is not the file's name but may differ in its extension, in
a blank before the extension, and in zeros in front of the subject: s01_s1_ne_01.jpg for "s01_s01_ne_01 .png";
the first column is an unnamed index; data sets are called otherwise (casme_sq). Read ``sub`` as text: 006.

Classes, as in MEGC 2019's composite: 442 clips of 68 people; negative 250, positive 109, surprise 83.

Citation: See, Yap, Li, Hong & Wang, "MEGC 2019: the second facial micro-expressions grand challenge", IEEE FG
2019, for the composite; Liong, Gan, See, Khor & Huang, "Shallow triple stream three-dimensional CNN (STSTNet)
for micro-expression recognition", IEEE FG 2019, for the images.

How to get it: made from SMIC, CASME II and SAMM, each to be asked for; ready-made images come with the code
of some papers.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from mien.datasets.layout import (
    Filming,
    PictureSet,
    Shot,
    checked_people,
    encode,
    steady,
    write_atomically,
)
from mien.datasets.manifest import DataSet
from mien.datasets.ready_made import read_ready_made
from mien.datasets.samm import SUBJECTS as SAMM_SUBJECTS
from mien.datasets.smic import CODES
from mien.datasets.smic import SUBJECTS as SMIC_SUBJECTS
from mien.labels import VOCABULARIES
from mien.records import Stream, Take

__all__ = ["COMPOSITE", "FlowImagesLayout", "flow_as_image", "named_clips", "read_flow", "write_labels"]

TITLE = "The composite of flow images"
COMPOSITE = Filming(
    product="clips",
    streams=(Stream("", 200.0, 640, 480),),
    emotions={"negative": 250, "positive": 109, "surprise": 83},
    n_people=68,
    takes=4,
)
_ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff")
_OTHERS = {
    "smic": [f"s{n:02d}" for n in SMIC_SUBJECTS],
    "casme2": [f"sub{n:02d}" for n in range(1, 27) if n not in (10, 18)],
    "samm": [f"{n:03d}" for n in SAMM_SUBJECTS if n != 25],
}
PEOPLE = tuple(
    (dataset, subjects[turn])
    for turn in range(max(map(len, _OTHERS.values())))
    for dataset, subjects in _OTHERS.items()
    if turn < len(subjects)
)
"""The 68 people of the composite, the three data sets by turns."""


def named_clips(takes: Sequence[Take]) -> list[Shot]:
    """Each take with the name it would have in its data set, and nothing placed yet.

    ``more`` holds ``dataset``, ``stem`` (subject and clip) and ``position``.
    """
    shots: list[Shot] = []
    for rank, theirs in enumerate(checked_people(TITLE, COMPOSITE, takes)):
        dataset, subject = PEOPLE[rank]
        counts: dict[object, int] = {}
        for take in theirs:
            emotion = take.expressions[0].emotion
            film = 1 + steady(dataset, take.person.number, take.number) % 7
            kind: object = emotion if dataset == "smic" else film
            counts[kind] = count = counts.get(kind, 0) + 1
            clip = {
                "smic": f"{subject}_{CODES[emotion]}_{count:02d}",
                "casme2": f"EP{film:02d}_{count:02d}",
                "samm": f"{subject}_{film}_{count}",
            }[dataset]
            more = {"dataset": dataset, "stem": f"{subject}_{clip}", "position": len(shots)}
            shots.append(Shot(take, subject, clip, first_number=1, pictures=(), more=more))
    return shots


def write_labels(shots: Sequence[Shot], root: Path) -> None:
    """Write ``labels.csv``; each shot's ``more`` holds the ``imagename``."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["dataset", "sub", "filename_o", "label", "onset", "apex", "offset", "imagename"])
    for shot in sorted(shots, key=lambda s: (str(s.more["dataset"]), s.subject, s.clip)):
        (event,) = shot.take.expressions
        table.writerow(
            [
                shot.more["dataset"],
                shot.subject,
                shot.clip,
                VOCABULARIES["three"].index(event.emotion),
                *(shot.number(frame) for frame in (event.onset, event.apex, event.offset)),
                shot.more["imagename"],
            ]
        )
    write_atomically(root / "labels.csv", text.getvalue())


def flow_as_image(flow: NDArray[np.generic], ending: str) -> bytes:
    """A flow field as a picture, each channel stretched by itself; one that is the same everywhere is 0.

    Args:
        flow: float (H, W, 3): u, v, strain.
        ending: of the picture's format.
    """
    low = flow.min(axis=(0, 1), keepdims=True).astype(np.float64)
    span = flow.max(axis=(0, 1), keepdims=True) - low
    stretched = (flow - low) / np.where(span > 0, span, 1)
    return encode(np.rint(255 * stretched).astype(np.uint8), ending)


@dataclass(frozen=True, slots=True)
class FlowImagesLayout:
    """Writes clips as flow images of the MEGC 2019 composite.

    The studio gives the view ``"flow"`` of the apex frame. Quirks that appear, by the clip's position modulo
    4: 0 the name in the table is the file's; 1 it ends in .jpg; 2 the file has a blank before its extension;
    3 both, and in SMIC's clips and SAMM's subjects the zeros in front are missing.
    """

    name: ClassVar[str] = "flow"
    filming: ClassVar[Filming] = COMPOSITE

    def plan(self, takes: Sequence[Take]) -> tuple[Shot, ...]:
        """Name and place every take.

        Raises:
            InputError: more than 68 people, or takes that the composite cannot hold.
        """
        return tuple(map(self._placed, named_clips(takes)))

    @staticmethod
    def _placed(shot: Shot) -> Shot:
        stem, way = str(shot.more["stem"]), int(str(shot.more["position"])) % 4
        file = f"images/{stem}{' ' if way >= 2 else ''}.png"
        listed = _without_zeros(shot) if way == 3 else stem
        pictures = PictureSet("flow", (shot.take.expressions[0].apex,), (file,), encoder=flow_as_image)
        return Shot(
            shot.take,
            shot.subject,
            shot.clip,
            shot.first_number,
            (pictures,),
            {**shot.more, "imagename": f"{listed}{'.jpg' if way in (1, 3) else '.png'}"},
        )

    def annotate(self, shots: Sequence[Shot], root: Path) -> None:
        """Write ``labels.csv``."""
        write_labels(shots, root)


def _without_zeros(shot: Shot) -> str:
    """The stem with a zero less: s01_s1_ne_01 for SMIC, 6_006_1_2 for SAMM."""
    if shot.more["dataset"] == "smic":
        subject, _, rest = shot.clip.partition("_")
        return f"{shot.subject}_s{int(subject[1:])}_{rest}"
    if shot.more["dataset"] == "samm":
        return f"{int(shot.subject)}_{shot.clip}"
    return str(shot.more["stem"])


# ------------------------------------------------------------ reading


def read_flow(root: str | Path, *, labels: str | Path | None = None) -> DataSet:
    """Read flow images and their table.

    Each row of the table that has a picture is a sample, under the name of its own data set: ``dataset``
    casme2, ``subject`` casme2/sub01, ``clip`` as in ``filename_o``. It has no positions and no frame rate;
    frame numbers are those of the table, and columns that mien does not know are in :attr:`Sample.more`.
    Names are brought together as :func:`mien.datasets.ready_made.match_names` says; a note tells how many
    were, and how.

    Args:
        root: the folder of ``labels.csv`` and ``images``, or ``images`` itself. Without a folder ``images``,
            pictures in ``root`` or in its only folder with pictures are taken, and that is noted.
        labels: the table, instead of looking for ``labels.csv`` (or the only CSV in ``root``).

    Raises:
        InputError: no table or no pictures, or a column without which nothing can be read is missing.
    """
    return read_ready_made("flow", root, folder="images", endings=_ENDINGS, labels=labels)
