"""What every data set ends as: footage, annotated samples, and what is wrong with the copy at hand.

Readers turn folders and workbooks into these plain records and never change the user's data. Frames are
0-based *positions* in the footage's files, sorted by the number in their names; data sets whose annotation
names frame numbers convert at their own door, so that dropped frames cannot shift anything. Whatever an
annotation does not say is ``None``; what it says wrongly is a :class:`Problem`, with the reason, and never
skipped silently.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from mien.errors import InputError
from mien.events import EventKind
from mien.sources import FeatureFile, FlowPicture, PictureClip, Source

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["COLUMNS", "DataSet", "Footage", "Problem", "Sample", "manifest", "numbered", "sha256"]

Severity = Literal["broken", "repaired", "note"]
"""Broken: this sample (or file) cannot be used. Repaired: a known or evident mistake was put right. Note:
worth knowing (a count that differs from the published one)."""


@dataclass(frozen=True, slots=True)
class Footage:
    """One clip, video or picture series as it lies on disk.

    Attributes:
        dataset: name as in :data:`mien.datasets.LAYOUTS`.
        part: of the data set (``"HS"``, ``"A"``, ``"training"``), or empty.
        subject: namespaced: ``"casme2/sub01"``.
        name: of the clip or video, unique with subject and part.
        folder: where its frames lie.
        files: file names in order of their numbers.
        numbers: the number in each name.
        fps: frames a second, from the data set's description or sheet; ``None`` for single pictures.
    """

    dataset: str
    part: str
    subject: str
    name: str
    folder: Path
    files: tuple[str, ...]
    numbers: tuple[int, ...]
    fps: float | None

    @property
    def key(self) -> str:
        """Unique in a manifest: ``casme2/sub01/EP02_01f`` (with the part, where there is one)."""
        return "/".join(filter(None, (self.subject, self.part, self.name)))

    @property
    def paths(self) -> tuple[Path, ...]:
        """Every frame's file, in order."""
        return tuple(self.folder / file for file in self.files)

    def position(self, number: int) -> int | None:
        """0-based position of the frame with a number; the nearest before it where that one is lost.

        ``None``: the number lies before the first frame or after the last.
        """
        if not self.numbers or not self.numbers[0] <= number <= self.numbers[-1]:
            return None
        from bisect import bisect_right

        return bisect_right(self.numbers, number) - 1


@dataclass(frozen=True, slots=True)
class Sample:
    """One annotated expression (or a posed or neutral one).

    Attributes:
        dataset, part, subject: as :class:`Footage`.
        clip: its name, unique with dataset, part and subject.
        footage: key of the footage that shows it.
        kind: ``"micro"`` or ``"macro"``; ``None`` for a neutral take.
        fps: frames a second.
        onset, apex, offset: 0-based positions in the footage; ``None`` where nobody annotated them or they
            cannot be right.
        onset_number, apex_number, offset_number: the frame numbers as in the annotation.
        units: action units verbatim, as in the annotation.
        emotion: a word of :data:`mien.labels.EMOTIONS`.
        emotions: all of them, where an annotation names several.
        objective: objective class I–VII *as annotated*, not as computed from the units.
        reported: the label verbatim, where it differs from ``emotion``.
        more: anything else that the annotation says, by its column.
    """

    dataset: str
    part: str
    subject: str
    clip: str
    footage: str
    kind: EventKind | None
    fps: float | None
    onset: int | None
    apex: int | None
    offset: int | None
    onset_number: int | None = None
    apex_number: int | None = None
    offset_number: int | None = None
    units: str = ""
    emotion: str | None = None
    emotions: tuple[str, ...] = ()
    objective: str | None = None
    reported: str = ""
    more: Mapping[str, object] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Unique in a manifest."""
        return "/".join(filter(None, (self.subject, self.part, self.clip)))


@dataclass(frozen=True, slots=True)
class Problem:
    """Something about a copy of a data set that its user should know.

    Attributes:
        severity: see :data:`Severity`.
        topic: machine-readable: ``"missing-frames"``, ``"apex-outside"``, ``"workbook-version"`` …
        text: one or two sentences: what is wrong, what was done, what to do.
        subject, clip: whom it concerns; empty for the whole copy.
    """

    severity: Severity
    topic: str
    text: str
    subject: str = ""
    clip: str = ""


@dataclass(frozen=True)
class DataSet:
    """A copy of a data set, read.

    Attributes:
        name: as in :data:`mien.datasets.LAYOUTS`.
        root: its folder.
        footage: every clip or video found, annotated or not.
        samples: every annotated expression that can be used, in the annotation's order.
        problems: what is wrong.
        sheets: annotation file -> SHA-256 of its bytes.
        published: what -> published count, for the doctor to compare.
        blinks: annotated blinks (CAS(ME)^3): units ``"45"``, no kind, no apex. They are no samples.
        form: what its files are: pictures of faces, or a flow image or a feature file a clip.
        key: name of the matrix in its feature files.
        cropped: its pictures show faces that the makers of the data set cut out and aligned.
    """

    name: str
    root: Path
    footage: tuple[Footage, ...]
    samples: tuple[Sample, ...]
    problems: tuple[Problem, ...] = ()
    sheets: Mapping[str, str] = field(default_factory=dict)
    published: Mapping[str, int] = field(default_factory=dict)
    blinks: tuple[Sample, ...] = ()
    form: Literal["pictures", "flow", "features"] = "pictures"
    key: str = ""
    cropped: bool = False

    def source(self, sample: Sample) -> Source:
        """Where a sample's clip lies, for :mod:`mien.inputs` to make an array of.

        Where nobody annotated an onset or an offset and no other sample shares the footage, the clip is all
        of it: that is how posed sequences and neutral takes are published.

        Args:
            sample: one of :attr:`samples`.

        Raises:
            InputError: it shows no clip, with subject, clip and the reason: its pictures are not there or
                were not read, an onset or offset is missing, cannot be right or lies elsewhere, or onset,
                apex and offset are out of order.
        """
        shown = self._films.get(sample.footage)
        if shown is None or not shown.files:
            raise _unusable(sample, "its files are not there or were not read")
        if self.form == "flow":
            return FlowPicture(sample.key, shown.paths[0])
        if self.form == "features":
            return FeatureFile(sample.key, shown.paths[0], self.key)
        onset, offset = self._interval(sample, len(shown.files))
        last = len(shown.files) - 1
        told = [onset, offset] if sample.apex is None else [onset, sample.apex, offset]
        if told != sorted(told) or onset < 0 or offset > last:
            where = ", ".join(map(str, told))
            raise _unusable(sample, f"onset, apex and offset ({where}) are out of order within 0 to {last}")
        fps = shown.fps if sample.fps is None else sample.fps
        return PictureClip(sample.key, shown.paths, fps, onset, sample.apex, offset, self.cropped)

    def _interval(self, sample: Sample, n_files: int) -> tuple[int, int]:
        """Onset and offset of a sample in its footage."""
        if sample.onset is not None and sample.offset is not None:
            return sample.onset, sample.offset
        numbers = sample.onset_number, sample.offset_number
        if numbers != (None, None):
            lost = [
                f"the {mark} is missing" if number is None else f"the {mark} {number} cannot be used"
                for mark, place, number in zip(
                    ("onset", "offset"), (sample.onset, sample.offset), numbers, strict=True
                )
                if place is None
            ]
            raise _unusable(sample, " and ".join(lost))
        if sample.offset is not None:
            raise _unusable(sample, "the onset is missing")
        if (sample.subject, sample.clip) in self._unread:
            raise _unusable(sample, "its onset and offset cannot be read")
        if self._sharing[sample.footage] > 1:
            raise _unusable(sample, f"it has no interval of its own in {sample.footage}, which others share")
        return 0, n_files - 1

    @cached_property
    def _films(self) -> Mapping[str, Footage]:
        return {shown.key: shown for shown in self.footage}

    @cached_property
    def _sharing(self) -> Counter[str]:
        """Footage -> how many samples it shows."""
        return Counter(sample.footage for sample in self.samples)

    @cached_property
    def _unread(self) -> frozenset[tuple[str, str]]:
        """Subject and clip of samples that should have an onset and an offset and do not."""
        topics = ("no-onset", "no-offset", "frame-cell")
        return frozenset((p.subject, p.clip) for p in self.problems if p.topic in topics)

    def frame(self) -> pd.DataFrame:
        """The manifest of this data set: see :func:`manifest`."""
        return manifest([self])


def _unusable(sample: Sample, reason: str) -> InputError:
    return InputError(f"{sample.subject} {sample.clip}: {reason}.")


COLUMNS = (
    *("dataset", "part", "subject", "clip", "kind", "fps", "n_frames", "onset", "apex", "offset"),
    *(
        "onset_number",
        "apex_number",
        "offset_number",
        "action_units",
        "emotion",
        "objective",
        "footage",
        "folder",
    ),
)
"""Columns of a manifest."""


def manifest(datasets: Iterable[DataSet]) -> pd.DataFrame:
    """One row a sample, for Parquet or CSV.

    Returns:
        A table with :data:`COLUMNS`; frame columns are nullable integers.
    """
    import pandas as pd

    rows = []
    for data in datasets:
        footage = {f.key: f for f in data.footage}
        for s in data.samples:
            shown = footage.get(s.footage)
            rows.append(
                {
                    "dataset": s.dataset,
                    "part": s.part,
                    "subject": s.subject,
                    "clip": s.clip,
                    "kind": s.kind,
                    "fps": s.fps,
                    "n_frames": None if shown is None else len(shown.files),
                    "onset": s.onset,
                    "apex": s.apex,
                    "offset": s.offset,
                    "onset_number": s.onset_number,
                    "apex_number": s.apex_number,
                    "offset_number": s.offset_number,
                    "action_units": s.units,
                    "emotion": s.emotion,
                    "objective": s.objective,
                    "footage": s.footage,
                    "folder": None if shown is None else str(shown.folder),
                }
            )
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    whole = [c for c in COLUMNS if c.startswith(("onset", "apex", "offset")) or c == "n_frames"]
    return table.astype(dict.fromkeys(whole, "Int64"))


_NUMBER = re.compile(r"(\d+)(?!.*\d)")


def numbered(
    folder: Path, endings: Sequence[str] = (".jpg", ".jpeg", ".png", ".bmp")
) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """The pictures of a folder by the last number in their names (never as strings).

    Args:
        folder: where they lie; hidden files and other endings are left out.
        endings: in lower case.

    Returns:
        File names and their numbers, in order of the numbers.

    Raises:
        InputError: the folder cannot be read.
    """
    found = []
    try:
        for path in folder.iterdir():
            if path.suffix.lower() in endings and not path.name.startswith("."):
                match = _NUMBER.search(path.stem)
                if match:
                    found.append((int(match[1]), path.name))
    except OSError as error:
        raise InputError(f"{folder}: cannot be read ({error.strerror or error}).") from error
    found.sort()
    return tuple(name for _, name in found), tuple(number for number, _ in found)


def sha256(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
