"""DFME: micro-expressions at 500, 300 and 200 frames a second, with a fixed division into training and test.

Format
    Folders of PNG pictures (1024×768 and in colour, both from memory), one a clip, and one workbook a split.

Tree
    ::

        train_data/sub0003_01/00000.png, 00001.png, …
        test_data_A/sub0002_01/…
        test_data_B/sub0009_02/…
        full_release_annotation/training_full_with_AU.xlsx
        full_release_annotation/testA_full_with_AU.xlsx
        full_release_annotation/testB_full_with_AU.xlsx

Names
    ``sub0003_01``: person and clip; pictures have five digits and count from 0. (The 7,526 clips of the paper
    are named otherwise: ``sub0008-01h-01-happiness-01-happiness``.)

Workbook
    ``Sheet1`` with a header: Subject (``sub0003``), Filename (``sub0003_01``), OnsetFrame, ApexFrame,
    OffsetFrame, Emotion, EmotionId (0 anger, 1 contempt, 2 disgust, 3 fear, 4 happiness, 5 sadness,
    6 surprise), Fps, AU ("4+7"). Frame numbers are those in the file names.

Quirks of the real set
    None known in the sheets: the apex always lies inside, no person is in two splits. Clips differ in their
    frame rate, which only the sheet tells.

Classes
    ======== ===== ====== ===== ======== ======= ==== ========= ======= ======== ===============
    split    clips people anger contempt disgust fear happiness sadness surprise 500/300/200 fps
    ======== ===== ====== ===== ======== ======= ==== ========= ======= ======== ===============
    training 1856  176    161   100      548     265  206       278     298      695/605/556
    testA    474   42     39    34       129     62   63        46      101      215/143/116
    testB    299   41     41    37       58      38   42        35      48       83/57/159
    ======== ===== ====== ===== ======== ======= ==== ========= ======= ======== ===============

    They last 381 ms on average and up to 640 ms. The paper has 7,526 clips of 671 people.

Citation
    S. Zhao, H. Tang, X. Mao, S. Liu, Y. Zhang, H. Wang, T. Xu, E. Chen: "DFME: a new benchmark for dynamic
    facial micro-expression recognition", IEEE Transactions on Affective Computing 15(3), 2024,
    doi:10.1109/TAFFC.2023.3341918.

How to get it
    For research, with a signed agreement, from the authors: https://mea-lab-421.github.io
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from mien.datasets.layout import Filming, PictureSet, Shot, checked_people, unit_string
from mien.datasets.spelling import in_order
from mien.datasets.workbook import Cell, write_workbook
from mien.labels import CODES
from mien.records import Stream, Take

__all__ = ["DfmeLayout"]

_FOLDERS: Final = {"training": "train_data", "testA": "test_data_A", "testB": "test_data_B"}
_TEST_A, _TEST_B = 42, 41
_HEADER: Final = (
    *("Subject", "Filename", "OnsetFrame", "ApexFrame", "OffsetFrame"),
    *("Emotion", "EmotionId", "Fps", "AU"),
)
_IDS: Final = {word: int(code) for code, word in CODES["dfme"].items()}


class DfmeLayout:
    """Writes clips as DFME's labelled release has them.

    Of every six people the second is in testA and the third in testB, until these have their 42 and 41; so
    three people fill all three splits. Each person was filmed at one of the three rates: where a performance
    comes from several cameras, the person's own is written and the others are left out.

    Quirks: none. :attr:`Shot.more` has the ``"split"``.
    """

    name = "dfme"
    filming = Filming(
        product="clips",
        streams=(
            Stream("A", 500, 1024, 768, "rgb"),
            Stream("B", 300, 1024, 768, "rgb"),
            Stream("C", 200, 1024, 768, "rgb"),
        ),
        emotions={
            "anger": 241,
            "contempt": 171,
            "disgust": 735,
            "fear": 365,
            "happiness": 311,
            "sadness": 359,
            "surprise": 447,
        },
        n_people=259,
        takes=10,
        longest_micro_s=0.64,
    )

    def plan(self, takes: Sequence[Take]) -> tuple[Shot, ...]:
        """Name and place the takes, one camera a performance.

        Raises:
            InputError: the takes do not fit the data set.
        """
        shots = []
        for rank, theirs in enumerate(checked_people("DFME", self.filming, takes)):
            camera = "ABC"[(rank + 1 + rank // 6) % 3]
            for _, same in itertools.groupby(theirs, key=lambda take: take.number):
                cameras = {take.stream.key: take for take in same}
                shots.append(_shot(cameras.get(camera) or next(iter(cameras.values())), rank))
        return tuple(shots)

    def annotate(self, shots: Sequence[Shot], root: Path) -> None:
        """Write a workbook for each split; one without clips has a header only."""
        rows: dict[str, list[Sequence[Cell]]] = {split: [_HEADER] for split in _FOLDERS}
        for shot in in_order(shots):
            e = shot.take.expressions[0]
            rows[str(shot.more["split"])].append(
                (
                    *(shot.subject, shot.clip),
                    *(shot.number(e.onset), shot.number(e.apex), shot.number(e.offset)),
                    *(e.emotion, _IDS[e.emotion], round(shot.take.fps), unit_string(e.units)),
                )
            )
        for split, sheet in rows.items():
            write_workbook(root / f"full_release_annotation/{split}_full_with_AU.xlsx", {"Sheet1": sheet})


def _split(rank: int) -> str:
    turn, place = divmod(rank, 6)
    if place == 1 and turn < _TEST_A:
        return "testA"
    return "testB" if place == 2 and turn < _TEST_B else "training"


def _shot(take: Take, rank: int) -> Shot:
    subject, split = f"sub{rank + 1:04d}", _split(rank)
    clip = f"{subject}_{take.number:02d}"
    folder = f"{_FOLDERS[split]}/{clip}"
    frames = tuple(range(take.n_frames))
    paths = tuple(f"{folder}/{f:05d}.png" for f in frames)
    return Shot(take, subject, clip, 0, (PictureSet("full", frames, paths),), more={"split": split})
