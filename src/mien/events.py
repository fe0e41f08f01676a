"""The domain model: pure data that knows nothing of video files, networks or reports.

Conventions, everywhere in mien:

* Frame numbers are 0-based positions in the whole file, also when only a part of it was analysed.
* Seconds are the recording's own time base (its timestamps, or ``frame / fps`` under ``--fps``).
* Spans and events include both their first and their last frame.
* Left and right are the filmed person's own, as in FACS (a mirrored selfie video swaps them).
* Facial distances are in units of the person's outer-eye distance (outer canthus to outer canthus), so that
  they do not depend on the size of the face in the picture; x points to the image's right, y down.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "MICRO_MAX_S",
    "ActionUnit",
    "Analysis",
    "Event",
    "EventKind",
    "EventPictures",
    "FaceState",
    "Finding",
    "FrameWeights",
    "RegionMotion",
    "Source",
    "Span",
    "Timeline",
    "TrueExpression",
    "Truth",
]

MICRO_MAX_S = 0.5
"""Longest micro-expression, onset to offset, in seconds, unless a data set says otherwise."""

EventKind = Literal["micro", "macro"]
FaceState = Literal["ok", "lost", "turned", "blurred", "covered", "small", "shaken"]
"""Why a frame is scored (``ok``) or not: no face found, turned away, out of focus, partly hidden (a hand),
too few pixels, or moving too fast (also: a cut)."""


@dataclass(frozen=True, slots=True)
class Source:
    """What was analysed.

    Attributes:
        path: the file or folder as the user named it.
        name: its name without the ending: the report's title and the output folder's name.
        width, height: pixels as displayed (after rotation metadata).
        n_frames: frames decoded in the analysed range, >= 2.
        first_frame: index of the first analysed frame in the whole file.
        fps: frames a second of the time base in force (median over the timestamps), > 0.
        claimed_fps: what the file says, ``None`` where it says nothing.
        variable_fps: the timestamps are not evenly spaced.
        duration_s: analysed time in seconds.
        codec: the codec's short name, or the picture format of a folder of frames.
        sha256: digest of the file's bytes (of names and sizes for a folder).
    """

    path: Path
    name: str
    width: int
    height: int
    n_frames: int
    first_frame: int
    fps: float
    claimed_fps: float | None
    variable_fps: bool
    duration_s: float
    codec: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the recording, first and last frame included.

    Attributes:
        first, last: 0-based frame numbers, first <= last.
        start_s, end_s: their times in seconds.
        reason: a :data:`FaceState` for unscored spans, ``"blink"`` for eyelid closures; in a :class:`Truth`
            what else goes on (``"gaze"``, ``"head"``, ``"speech"``, ``"swallow"``, …).
        note: what happened there, in words ("overlaps event 3, whose motion is in the mouth"); may be empty.
    """

    first: int
    last: int
    start_s: float
    end_s: float
    reason: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class RegionMotion:
    """How one facial region moved between an event's onset and its apex.

    Attributes:
        region: key of the region (``face.regions.REGIONS``), e.g. ``"mouth_corner_left"``.
        dx, dy: mean displacement in outer-eye distances (x to the image's right, y down), head motion
            removed.
        strength: length of the displacement over the noise floor of that region; 1 is just noticeable.
    """

    region: str
    dx: float
    dy: float
    strength: float


@dataclass(frozen=True, slots=True)
class ActionUnit:
    """A facial action unit that the motion speaks for.

    Attributes:
        au: FACS number, e.g. 12.
        side: ``"both"``, ``"left"`` or ``"right"`` (the person's own).
        strength: 0 to 1; how clearly the motion shows it. Not a FACS intensity.
    """

    au: int
    side: Literal["both", "left", "right"]
    strength: float


@dataclass(frozen=True, slots=True)
class FrameWeights:
    """How much each frame counted for a trained model.

    Attributes:
        name: of the weights, as the network has it (``"alpha"``, ``"beta"``, ``"chosen"``, ``"time"``).
        times_s: (n,) when the frames are, in seconds, increasing.
        weights: (n,) one a frame.
    """

    name: str
    times_s: tuple[float, ...]
    weights: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Event:
    """One micro- or macro-expression.

    Attributes:
        onset, apex, offset: 0-based frame numbers, onset <= apex <= offset.
        onset_s, apex_s, offset_s: their times in seconds.
        kind: ``"micro"`` or ``"macro"``.
        score: peak of the score curve over the threshold in force; >= 1.
        emotion: the most likely label, or ``"undecided"``.
        confidence: 0 to 1, confidence in ``emotion`` (never above ``probabilities[emotion]``).
        probabilities: label -> probability; sums to 1. Empty where no recogniser ran.
        regions: the moving regions, strongest first.
        action_units: likely action units, strongest first.
        open_start, open_end: the recording (or a gap in it) begins or ends inside the event, so that onset or
            offset are only bounds.
        notes: remarks for the reader, whole sentences.
        sensitivity: region -> by how much the likeliest label's probability falls when that region is
            covered, -1 to 1; empty where it was not tried.
        frame_weights: how much each frame counted, by the weights that the model tells of.
    """

    onset: int
    apex: int
    offset: int
    onset_s: float
    apex_s: float
    offset_s: float
    kind: EventKind
    score: float
    emotion: str = "undecided"
    confidence: float = 0.0
    probabilities: dict[str, float] = field(default_factory=dict)
    regions: tuple[RegionMotion, ...] = ()
    action_units: tuple[ActionUnit, ...] = ()
    open_start: bool = False
    open_end: bool = False
    notes: tuple[str, ...] = ()
    sensitivity: dict[str, float] = field(default_factory=dict)
    frame_weights: tuple[FrameWeights, ...] = ()

    @property
    def duration_s(self) -> float:
        """Onset to offset in seconds."""
        return self.offset_s - self.onset_s


@dataclass(frozen=True, slots=True)
class Timeline:
    """One row a frame; all arrays have length N in frame order.

    Attributes:
        frame: ``int64`` 0-based frame numbers in the whole file.
        time: ``float64`` seconds, strictly increasing.
        score: ``float32``; NaN where the frame was not scored.
        state: one :data:`FaceState` a frame.
        quality: ``float32`` 0 to 1, how far the face picture can be trusted; 0 where there is none.
        eye_openness: ``float32``, 1 = this person's usual, 0 = closed; NaN where unknown.
        region_motion: ``float32`` (N, R): displacement of each region against its surroundings in time,
            outer-eye distances, >= 0; NaN where not scored.
        regions: the R region keys, naming the columns of ``region_motion``.
        threshold: ``float32``, the score a peak must reach at each frame.
    """

    frame: NDArray[np.int64]
    time: NDArray[np.float64]
    score: NDArray[np.float32]
    state: NDArray[np.str_]
    quality: NDArray[np.float32]
    eye_openness: NDArray[np.float32]
    region_motion: NDArray[np.float32]
    regions: tuple[str, ...]
    threshold: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.frame)


@dataclass(frozen=True, slots=True)
class Finding:
    """One plain-language remark on the recording (camera, light, face size, …).

    Attributes:
        level: ``"good"``, ``"note"`` or ``"warning"``.
        topic: machine-readable key, e.g. ``"frame_rate"``, ``"face_size"``, ``"flicker"``, ``"truncated"``.
        text: one or two sentences for a person who is no engineer, saying what to do where something is
            wrong.
        value: the number behind it, where there is one.
        unit: its unit ("frames/s", "px", "%").
    """

    level: Literal["good", "note", "warning"]
    topic: str
    text: str
    value: float | None = None
    unit: str = ""


@dataclass(frozen=True, slots=True)
class EventPictures:
    """Pictures of one event, all of the same steadied face crop of S×S pixels.

    Attributes:
        onset, apex, offset: JPEG bytes, S×S (grey or colour as the recording is).
        playback: JPEG bytes of consecutive frames, onset to offset with a margin.
        playback_fps: frames a second of the recording that ``playback`` stands for (after thinning out).
        motion: ``float16`` (M, M, 2) displacement onset → apex with head motion removed, in outer-eye
            distances, over the same crop (M may be smaller than S); x right, y down.
        marks: where onset, apex and offset lie in ``playback``: three positions, 0-based.
        maps: name -> ``float16`` (M, M), 0 to 1: where a trained model looked at the apex, over the same
            crop.
    """

    onset: bytes
    apex: bytes
    offset: bytes
    playback: tuple[bytes, ...]
    playback_fps: float
    motion: NDArray[np.float16]
    marks: tuple[int, int, int]
    maps: dict[str, NDArray[np.float16]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TrueExpression:
    """An expression that is known to be in a recording, whoever finds it.

    Attributes:
        onset, apex, offset: 0-based frame numbers in the whole file, onset <= apex <= offset.
        onset_s, apex_s, offset_s: their times in seconds.
        kind: ``"micro"`` or ``"macro"``.
        emotion: what the person feels or poses, a word of :data:`mien.labels.EMOTIONS`.
        action_units: the units and their sides as text (``"AU4 + L AU7"``); may be empty.
        intensity: largest displacement of the skin at the apex, in outer-eye distances; ``None`` if unknown.
    """

    onset: int
    apex: int
    offset: int
    onset_s: float
    apex_s: float
    offset_s: float
    kind: EventKind
    emotion: str
    action_units: str = ""
    intensity: float | None = None


@dataclass(frozen=True, slots=True)
class Truth:
    """What really happens in a synthetic recording, and how it was paired with what was found.

    Attributes:
        expressions: what there is to find, in order of onset.
        spans: what else happens and could be taken for an expression; ``reason`` is ``"blink"``, ``"gaze"``,
            ``"head"``, ``"speech"``, ``"swallow"`` or another word.
        matches: (position in ``expressions``, position in :attr:`Analysis.found`, IoU), 0-based. ``None`` in
            the first place is an invented event, in the second a missed expression (IoU 0). Whatever is in
            no pair is missed or invented as well.
    """

    expressions: tuple[TrueExpression, ...]
    spans: tuple[Span, ...] = ()
    matches: tuple[tuple[int | None, int | None, float], ...] = ()


@dataclass(frozen=True)
class Analysis:
    """Everything found in one recording.

    Attributes:
        source: the recording.
        timeline: one row a frame.
        found: the events in order of onset. :attr:`events` is the same as a table.
        unscored: spans in which no score was given, with the reason.
        blinks: eyelid closures; no events by themselves.
        findings: remarks on camera, light and file; warnings first.
        settings: what was run: spotter, recogniser, their tunables, options, versions (JSON-able).
        pictures: one entry an event, in the same order; empty where pictures were left out.
    """

    source: Source
    timeline: Timeline
    found: tuple[Event, ...]
    unscored: tuple[Span, ...] = ()
    blinks: tuple[Span, ...] = ()
    findings: tuple[Finding, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)
    pictures: tuple[EventPictures, ...] = ()

    @property
    def events(self) -> pd.DataFrame:
        """The events as a table, one row each; the columns of ``events.csv``, also when there is none."""
        from mien.report import events_table

        return events_table(self)

    @property
    def warnings(self) -> tuple[str, ...]:
        """The texts of the findings that are warnings."""
        return tuple(f.text for f in self.findings if f.level == "warning")

    def of_kind(self, kind: EventKind) -> tuple[Event, ...]:
        """The events of one kind, in order of onset."""
        return tuple(e for e in self.found if e.kind == kind)

    def to_html(self, *, faces: bool = True, truth: Truth | None = None) -> str:
        """The report as one self-contained HTML page.

        Args:
            faces: ``False`` leaves out every picture of the person.
            truth: what really happens in the recording, to be drawn beside what was found.
        """
        from mien.report import to_html

        return to_html(self, faces=faces, truth=truth)

    def save(self, folder: str | Path, *, faces: bool = True, truth: Truth | None = None) -> Path:
        """Write ``report.html``, ``events.csv``, ``frames.csv`` and ``analysis.json``, atomically.

        Args:
            folder: made if it is not there; other files in it are left alone.
            faces: ``False`` leaves out every picture of the person.
            truth: what really happens in the recording; it is then in the report and in ``analysis.json``,
                and ``truth.csv`` is a fifth file.

        Returns:
            The path of the report.

        Raises:
            mien.errors.InputError: the folder cannot be written, or the truth is not this analysis's.
        """
        from mien.report import save

        return save(self, Path(folder), faces=faces, truth=truth)


def spans_of(
    mask: Sequence[bool] | NDArray[np.bool_], frame: NDArray[np.int64], time: NDArray[np.float64], reason: str
) -> tuple[Span, ...]:
    """The runs of true values of ``mask`` (N,) as spans."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], np.asarray(mask, np.int8), [0]])))
    return tuple(
        Span(int(frame[a]), int(frame[b - 1]), float(time[a]), float(time[b - 1]), reason)
        for a, b in zip(edges[::2], edges[1::2], strict=True)
    )
