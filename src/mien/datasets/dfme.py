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
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, Literal

from mien.datasets.layout import Filming, PictureSet, Shot, checked_people, unit_string
from mien.datasets.manifest import DataSet, Footage, Sample
from mien.datasets.posed import report_lost_marks, unique
from mien.datasets.reading import (
    Problems,
    checked_root,
    digits,
    film,
    folders,
    loose_name,
    make_sample,
    match,
    named_rows,
    read_marks,
    trees,
    without_duplicates,
)
from mien.datasets.sheets import Row, Table, Workbooks, columns, squash, text
from mien.datasets.spelling import in_order
from mien.datasets.workbook import Cell, write_workbook
from mien.errors import InputError
from mien.labels import CODES, normalise_emotion
from mien.records import Stream, Take

__all__ = ["DfmeLayout", "read_dfme"]

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


# ------------------------------------------------------------ reading

_CLIP: Final = r"sub\d+[_-].+"
_RATES: Final = (500, 300, 200)
_NAMED: Final = {"training": r"train", "testA": r"test(data|set)?a(?!ll)", "testB": r"test(data|set)?b"}
_PUBLISHED: Final = {
    "training": (1856, 176, (161, 100, 548, 265, 206, 278, 298), (695, 605, 556)),
    "testA": (474, 42, (39, 34, 129, 62, 63, 46, 101), (215, 143, 116)),
    "testB": (299, 41, (41, 37, 58, 38, 42, 35, 48), (83, 57, 159)),
}
"""Split -> clips, people, clips of each emotion in the order of the ids, clips of each rate."""

_Named = tuple[str, str, Row]


def read_dfme(
    root: str | Path, *, pictures: Literal["raw", "none"] = "raw", workbook: str | Path | None = None
) -> DataSet:
    """Read a copy of DFME's labelled release; the split is the part: training, testA or testB.

    A workbook's split is told from its name, or else from the folders in which its clips lie; all clips may
    lie in one folder too. Frames a second are those of the sheet.

    Args:
        root: the copy, or a folder of clips (the workbooks are then looked for in and beside its parent).
        pictures: ``"none"`` reads the workbooks alone.
        workbook: the only one to read.

    Raises:
        InputError: no clips or no workbook, or no workbook has the columns that are needed.
    """
    if pictures not in ("raw", "none"):
        raise InputError(f"DFME has no pictures {pictures!r}: choose 'raw' or 'none'.")
    place, problems = checked_root(root), Problems()
    shown = [] if pictures == "none" else _footage(place, problems)
    if pictures != "none" and not shown:
        raise InputError(f"{place}: there are no clips of DFME (sub0003_01) in it.")
    books = _books(place, problems, workbook)
    rows = {
        split: without_duplicates(named_rows(table, problems, "dfme/sub{:04d}".format), problems)
        for split, table in _splits(books, shown, problems).items()
    }
    shown = _moved(rows, shown, problems)
    samples: list[Sample] = []
    seen: dict[str, Footage] = {f.key: f for f in shown}
    for split, theirs in rows.items():
        wanted = [(subject, clip) for subject, clip, _ in theirs]
        inside = [f for f in shown if f.part == split]
        places = [None] * len(theirs) if pictures == "none" else match(wanted, inside, problems)
        for row, footage in zip(theirs, places, strict=True):
            fps = _fps(row, problems)
            if footage is not None:
                footage = seen[footage.key] = replace(footage, fps=fps)
            if footage is not None or pictures == "none":
                samples.append(_sample(row, split, footage, fps, problems))
    for f in shown:
        if f.part not in rows:
            problems.note("unlabelled-folder", f"{f.folder}: no workbook speaks of it.", f.subject, f.name)
    return DataSet(
        *("dfme", place, tuple(seen.values()), tuple(samples), problems.found),
        sheets=books.used,
        published=_published(),
    )


def _published() -> dict[str, int]:
    counts = {"samples": 2629, "subjects": 259}
    for split, (clips, people, emotions, rates) in _PUBLISHED.items():
        counts |= {f"samples part={split}": clips, f"subjects part={split}": people}
        words = CODES["dfme"].values()
        counts |= {f"samples part={split} emotion={w}": n for w, n in zip(words, emotions, strict=True)}
        counts |= {f"samples part={split} fps={r:.1f}": n for r, n in zip(_RATES, rates, strict=True)}
    return counts


def _split_of(name: str) -> str:
    """The split that a folder's or workbook's name speaks of, or nothing."""
    return next((split for split, words in _NAMED.items() if re.search(words, squash(name))), "")


def _books(place: Path, problems: Problems, workbook: str | Path | None) -> Workbooks:
    only = None if workbook is None else Path(workbook)
    books = Workbooks([place], problems, only=only)
    if books.sheets:
        return books
    above = place.resolve().parent
    beside = [path for path in folders(above) if re.search("annot|label|release", path.name, re.IGNORECASE)]
    return Workbooks([], problems, beside=[above, *beside], only=only)


def _footage(place: Path, problems: Problems) -> list[Footage]:
    """Every clip; its part is what the folder's name says."""
    shown = []
    for tree in trees(place, _CLIP, 3):
        split = _split_of(tree.resolve().name)
        for folder in folders(tree, _CLIP):
            subject = f"dfme/sub{digits(re.split('[_-]', folder.name)[0]):04d}"
            found = film("dfme", subject, folder.name, folder, None, problems, part=split)
            shown += [found] if found else []
    return unique(shown, problems)


def _splits(books: Workbooks, shown: Sequence[Footage], problems: Problems) -> dict[str, Table]:
    """Split -> its table, in the published order; a workbook that cannot be used is reported."""
    keys = ("subject", "clip", "onset", "apex", "offset", "units", "emotion")
    wanted = columns(*keys, id=("EmotionId", "Label"), fps=("Fps", "Frame rate", "Framerate"))
    homes = {f.name: f.part for f in shown}
    found: dict[str, Table] = {}
    error: InputError | None = None
    for candidate in books.tables(wanted):
        clips = [row.text("clip") for row in candidate.rows() if row.text("clip")]
        if 2 * sum(bool(re.fullmatch(_CLIP, clip, re.IGNORECASE)) for clip in clips) < len(clips):
            continue
        path = candidate.sheet.path
        said = [homes[clip] for clip in clips if homes.get(clip)]
        split = _split_of(path.name) or (max(set(said), key=said.count) if said else "")
        if not split or split in found:
            words = "no split can be told for it" if not split else f"{split} has been read already"
            if clips:
                problems.note("several-workbooks", f"{candidate.sheet} is left out: {words}.")
            continue
        try:
            found[split] = books.table(
                f"the workbook of DFME ({split})",
                wanted,
                must=("subject", "clip", "onset", "offset"),
                may=("id",) if "emotion" in candidate.places else ("emotion",),
                accept=lambda table, sheet=candidate.sheet: table.sheet is sheet,  # type: ignore[misc]
                alone=False,
            )
        except InputError as reason:
            error = reason
            problems.broken("missing-column", str(reason))
    if not found:
        if error is not None:
            raise error
        books.table("a workbook of DFME", wanted, must=("subject", "clip"), accept=lambda table: False)
    for split in _NAMED:
        if split not in found:
            problems.note("no-workbook", f"The workbook of {split} is not there.")
    return {split: found[split] for split in _NAMED if split in found}


def _moved(
    rows: Mapping[str, Sequence[_Named]], shown: Sequence[Footage], problems: Problems
) -> list[Footage]:
    """The footage with the splits of the workbooks; people in two splits are reported."""
    homes = {(s, loose_name(clip)): split for split, theirs in rows.items() for s, clip, _ in theirs}
    people: dict[str, list[str]] = {}
    for split, theirs in rows.items():
        for subject in dict.fromkeys(s for s, _, _ in theirs):
            people.setdefault(subject, []).append(split)
    for subject, splits in people.items():
        if len(splits) > 1:
            problems.broken("subject-in-two-splits", f"is in {' and '.join(splits)}.", subject)
    result = []
    for footage in shown:
        split = homes.get((footage.subject, loose_name(footage.name)), footage.part)
        if footage.part and split != footage.part:
            words = f"{footage.folder}: is listed in {split}, which is followed."
            problems.note("other-folder", words, footage.subject, footage.name)
        result.append(replace(footage, part=split))
    return result


def _fps(row: _Named, problems: Problems) -> float | None:
    subject, clip, cells = row
    shown = text(cells["fps"])
    try:
        rate = float(shown)
    except ValueError:
        rate = 0.0
    if not 0 < rate < 10_000:
        if "fps" in cells.cells:
            problems.broken("fps", f"row {cells.number}: {shown or 'empty'} is no frame rate.", subject, clip)
        return None
    if rate not in _RATES:
        words = f"row {cells.number}: {shown} frames a second; the set has 500, 300 and 200."
        problems.note("fps", words, subject, clip)
    return rate


def _sample(
    row: _Named, split: str, footage: Footage | None, fps: float | None, problems: Problems
) -> Sample:
    subject, clip, cells = row
    number, word = cells.text("id"), cells["emotion"]
    from_id = not cells.text("emotion") and bool(number)
    sample = make_sample(
        problems,
        dataset="dfme",
        part=split,
        subject=subject,
        clip=clip,
        footage=footage,
        fps=fps,
        marks=read_marks(cells, problems, subject, clip),
        units=cells["units"],
        emotion=number if from_id else word,
        codes="dfme" if from_id else None,
        usual=tuple(CODES["dfme"]) if "emotion" not in cells.cells else (),
        row=cells,
    )
    report_lost_marks(problems, sample, footage)
    if number and not from_id and sample.emotion:
        try:
            same = normalise_emotion(number, "dfme") == sample.emotion
        except InputError:
            same = False
        if not same:
            words = (
                f"row {cells.number}: {sample.emotion} and the EmotionId {number} differ; the word is taken."
            )
            problems.broken("emotion-id", words, subject, clip)
    return sample
