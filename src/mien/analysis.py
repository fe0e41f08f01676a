"""The main job: one recording in, one :class:`~mien.events.Analysis` out.

Two passes over the film. The first follows the face and hands its steadied crop to the spotter, keeping a few
dozen numbers a frame. The second goes back to each event found, takes its clip with margins to the recogniser
and keeps a few small pictures. So memory does not grow with the recording's length.
"""

from __future__ import annotations

import platform
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mien._version import __version__
from mien.adequacy import Measured, assess
from mien.anatomy import REGIONS
from mien.errors import InputError
from mien.events import (
    Analysis,
    Event,
    EventPictures,
    FaceState,
    FrameWeights,
    Source,
    Span,
    Timeline,
    spans_of,
)
from mien.face import (
    CELLS,
    CROP,
    UNIT,
    FaceFrame,
    FaceTracker,
    TrackerSettings,
    face_map,
    find_blinks,
    rescale,
    settle,
    survey,
    warp,
)
from mien.inputs import Clip, FaceMotion, margins
from mien.progress import Progress, ProgressHook, silent
from mien.recognition import Recognition, Recognizer, make_recognizer, sensitivity
from mien.spotting import Spotter, Spotting, make_spotter, tunables_of
from mien.video import Frame, VideoReader, digest, open_video

__all__ = ["analyze"]

PICTURE = 224
"""Side of the onset, apex and offset pictures, pixels."""
PLAYBACK = 176
_PLAYBACK_FRAMES = 60
_ALL_PLAYBACK_FRAMES = 900
"""Longest playback of one event, and of all together: many events share, down to a dozen frames each."""
_PLAYBACK_MARGIN_S = 0.3
_PICTURED = 300
"""A recording with more events than this gets no pictures: nobody would look, and memory would fill."""


def analyze(
    path: str | Path,
    *,
    fps: float | None = None,
    start: float | None = None,
    end: float | None = None,
    face: int = 1,
    spotter: str | Spotter = "region-net",
    recognizer: str | Recognizer = "three-emotions",
    pictures: bool = True,
    progress: ProgressHook = silent,
    tracker: TrackerSettings | None = None,
) -> Analysis:
    """Find the expressions in a recording.

    Args:
        path: a video file, or a folder of numbered frames (which needs ``fps``).
        fps: the camera's true frame rate, where the file's is wrong or missing.
        start: analyse only frames from this time on, seconds of the time base in force.
        end: and only frames before this time.
        face: which face to follow: 1 is the largest that is steadily there at the beginning, 2 the next, …
        spotter: a name of :data:`mien.spotting.SPOTTERS`, the path of a model file (``.onnx``), or a spotter
            with tunables of your own.
        recognizer: a name of :data:`mien.recognition.RECOGNIZERS`, the path of a model file (``.onnx``), or a
            recogniser.
        pictures: keep pictures of each event for the report.
        progress: called with a :class:`~mien.progress.Progress` every few frames.
        tracker: tunables of face tracking.

    Returns:
        The analysis; the same recording with the same arguments gives the same one.

    Raises:
        mien.errors.InputError: the recording cannot be read, shows no face, or an argument makes no sense.
            The message says what to do.
    """
    path = Path(path)
    if face < 1:
        raise InputError(f"Faces are counted from 1 (the largest); {face} is none.")
    spot = make_spotter(spotter) if isinstance(spotter, str) else spotter
    judge = make_recognizer(recognizer) if isinstance(recognizer, str) else recognizer
    settings = tracker or TrackerSettings()
    with open_video(path, fps=fps, start=start, end=end) as reader:
        film = _watch(reader, spot, settings, face, progress)
        spotting, states, openness, blinks = film.decide(settings)
        events, shots = _judge(reader, film, spotting.events, judge, pictures, progress)
        info, warnings = reader.info, reader.warnings
    timeline = Timeline(
        frame=film.frame,
        time=film.time,
        score=spotting.score,
        state=np.array(states, dtype=np.str_),
        quality=np.array(film.quality, np.float32),
        eye_openness=openness,
        region_motion=spotting.region_motion,
        regions=tuple(r.key for r in REGIONS),
        threshold=spotting.threshold,
    )
    source = Source(
        path=path,
        name=info.name,
        width=info.width,
        height=info.height,
        n_frames=len(film.frame),
        first_frame=int(film.frame[0]),
        fps=info.fps,
        claimed_fps=info.claimed_fps,
        variable_fps=info.variable_fps,
        duration_s=float(film.time[-1] - film.time[0] + 1 / info.fps),
        codec=info.codec,
        sha256=digest(path),
    )
    state = np.array(states)
    unscored = sorted(
        (
            span
            for reason in sorted(set(states) - {"ok"})
            for span in spans_of(state == reason, film.frame, film.time, reason)
        ),
        key=lambda span: span.first,
    )
    measured = Measured(
        fps=info.fps,
        size=np.array(film.size, np.float64),
        brightness=np.array(film.brightness, np.float64),
        time=film.time,
        scored=np.isfinite(spotting.score),
        fps_doubt=info.fps_doubt if fps is None else None,
        warnings=tuple(w for w in warnings if w != info.fps_doubt),
        halting=spotting.halting,
    )
    return Analysis(
        source=source,
        timeline=timeline,
        found=tuple(events),
        unscored=tuple(unscored),
        blinks=_note_blinks(blinks, events, spotting.rejected),
        findings=assess(measured),
        settings={
            "spotter": {"name": spot.name, "paper": spot.paper, **_said(spot, "statement"), **_set(spot)},
            "recognizer": {
                "name": judge.name, "kind": judge.kind, "statement": judge.statement,
                **_said(judge, "nature"), **_set(judge),
            },
            "tracker": tunables_of(settings),
            "face": face,
            "fps": fps,
            "start_s": start,
            "end_s": end,
            "versions": _versions(),
        },
        pictures=tuple(shots),
    )  # fmt: skip


# ---------------------------------------------------------------------- the first pass


@dataclass
class _Film:
    """What the first pass keeps of every frame: numbers in compact arrays."""

    session: Any
    frame_list: array[int] = field(default_factory=lambda: array("q"))
    time_list: array[float] = field(default_factory=lambda: array("d"))
    matrix: array[float] = field(default_factory=lambda: array("f"))
    key: array[int] = field(default_factory=lambda: array("q"))
    quality: array[float] = field(default_factory=lambda: array("f"))
    eyes: array[float] = field(default_factory=lambda: array("f"))
    sharpness: array[float] = field(default_factory=lambda: array("f"))
    hand: array[float] = field(default_factory=lambda: array("f"))
    size: array[float] = field(default_factory=lambda: array("f"))
    brightness: array[float] = field(default_factory=lambda: array("f"))
    states: list[FaceState] = field(default_factory=list)
    meshes: dict[int, NDArray[np.float32]] = field(default_factory=dict)

    def add(self, face: FaceFrame) -> None:
        """Keep a frame's numbers and hand it to the spotter."""
        self.frame_list.append(face.index)
        self.time_list.append(face.time)
        self.matrix.extend([np.nan] * 6 if face.matrix is None else face.matrix.ravel().tolist())
        self.key.append(-1 if face.key is None else face.key.number)
        if face.key is not None and face.key.number not in self.meshes:
            self.meshes[face.key.number] = face.key.mesh.astype(np.float32)
        self.quality.append(face.quality)
        self.eyes.append(face.eyes)
        self.sharpness.append(face.sharpness)
        self.hand.append(face.hand)
        self.size.append(face.size)
        self.brightness.append(face.brightness)
        self.states.append(face.state)
        self.session.push(face)

    @property
    def frame(self) -> NDArray[np.int64]:
        """(N,) frame numbers."""
        return np.array(self.frame_list, np.int64)

    @property
    def time(self) -> NDArray[np.float64]:
        """(N,) seconds."""
        return np.array(self.time_list, np.float64)

    def decide(
        self, settings: TrackerSettings
    ) -> tuple[Spotting, list[FaceState], NDArray[np.float32], tuple[Span, ...]]:
        """Events, final states, relative eye opening and eyelid closures."""
        frame, time = self.frame, self.time
        states = settle(
            self.states, np.array(self.sharpness, np.float64), np.array(self.hand, np.float64), settings
        )
        openness, blinks = find_blinks(np.array(self.eyes, np.float64), frame, time)
        return self.session.finish(states, blinks), states, openness, blinks


def _watch(
    reader: VideoReader, spotter: Spotter, settings: TrackerSettings, face: int, progress: ProgressHook
) -> _Film:
    """Follow the face through the whole film."""
    name = reader.info.name
    progress(Progress("looking for the face", 0, None, name))
    people = survey(reader)
    if len(people) < face:
        which = "a face" if face == 1 else f"a face number {face} that is steadily there"
        advice = (
            "The face must be seen from the front and be at least a tenth of the picture's width."
            if face == 1
            else "Try a smaller number: 1 is the largest face."
        )
        raise InputError(f"{reader.info.path}: {which} could not be found. {advice}")
    follower = FaceTracker(people[face - 1], settings, alone=len(people) == 1)
    film = _Film(spotter.begin(reader.info.fps))
    total = reader.n_expected
    for count, picture in enumerate(reader):
        film.add(follower.update(picture))
        if count % 16 == 0:
            progress(Progress("measuring motion", count, total, name))
    progress(Progress("measuring motion", len(film.states), len(film.states), name))
    if all(state == "lost" for state in film.states):
        raise InputError(
            f"{reader.info.path}: no face could be followed in any frame. If there is one, it must be seen "
            "from the front and be at least a tenth of the picture's width."
        )
    return film


# ---------------------------------------------------------------------- the second pass


@dataclass
class _Shot:
    """What is gathered for one event while the film runs a second time; positions count analysed frames.

    ``crops`` are what motion is measured on; ``wanted`` what the recogniser asks for, if it wants others.
    """

    event: Event
    onset: int
    apex: int
    offset: int
    first: int
    stop: int
    shown: frozenset[int]
    step: int
    crops: list[NDArray[np.uint8]] = field(default_factory=list)
    wanted: list[NDArray[np.uint8]] = field(default_factory=list)
    playback: dict[int, bytes] = field(default_factory=dict)
    stills: dict[int, bytes] = field(default_factory=dict)


def _judge(
    reader: VideoReader,
    film: _Film,
    events: tuple[Event, ...],
    recognizer: Recognizer,
    pictures: bool,
    progress: ProgressHook,
) -> tuple[list[Event], list[EventPictures]]:
    """Every event with its emotion and evidence, and its pictures."""
    name = reader.info.name
    frame = film.frame
    matrices = np.array(film.matrix, np.float64).reshape(-1, 2, 3)
    seen = np.isfinite(matrices[:, 0, 0])
    # a spotter may let an event run over a moment in which the face was lost: the next known crop stands in
    known = np.flatnonzero(seen)
    nearest = known[np.clip(np.searchsorted(known, np.arange(len(seen))), 0, len(known) - 1)]
    matrices = matrices[nearest]
    pictures = pictures and len(events) <= _PICTURED
    longest = min(_PLAYBACK_FRAMES, max(12, _ALL_PLAYBACK_FRAMES // max(1, len(events)))) if pictures else 0
    shots = sorted(
        (_plan(event, frame, seen, reader.info.fps, longest) for event in events), key=lambda s: s.first
    )
    results: dict[int, tuple[Event, EventPictures | None]] = {}
    side: int = getattr(recognizer, "side", CROP)
    colour: bool = getattr(recognizer, "colour", False) and not reader.info.is_grey
    waiting, running = list(shots), list[_Shot]()
    # each frame is read once, however many events want it
    for position, picture in _again(reader, frame, [(s.first, s.stop) for s in shots]):
        while waiting and waiting[0].first <= position:
            running.append(waiting.pop(0))
        matrix = matrices[position]
        crop = warp(picture.gray, matrix, CROP)
        own = _view(picture, matrix, side, not colour) if colour or side != CROP else None
        grey = reader.info.is_grey
        if any(position in s.shown for s in running):
            view = _jpeg(_view(picture, matrix, PLAYBACK, grey), 78)
        if pictures and any(position in (s.onset, s.apex, s.offset) for s in running):
            still = _jpeg(_view(picture, matrix, PICTURE, grey), 88)
        for shot in running:
            shot.crops.append(crop)
            if own is not None:
                shot.wanted.append(own)
            if position in shot.shown:
                shot.playback[position] = view
            if pictures and position in (shot.onset, shot.apex, shot.offset):
                shot.stills[position] = still
        for shot in [s for s in running if s.stop == position + 1]:
            running.remove(shot)
            mesh = film.meshes[film.key[int(nearest[shot.onset])]]
            results[id(shot.event)] = _develop(shot, mesh, reader.info.fps, film.time, recognizer, pictures)
            shot.crops.clear()
            shot.wanted.clear()
            progress(Progress("looking at events", len(results), len(events), name))
    if len(results) != len(events):  # a film that reads differently the second time
        raise InputError(f"{reader.info.path}: the frames around its events could not be read a second time.")
    found = [results[id(event)] for event in events]
    return [event for event, _ in found], [shot for _, shot in found if shot is not None]


def _plan(event: Event, frame: NDArray[np.int64], seen: NDArray[np.bool_], fps: float, longest: int) -> _Shot:
    """Which frames an event needs: its own, and margins as far as the face is seen without a gap.

    ``longest`` is how many frames its playback may have; 0 for no pictures.
    """
    onset, apex, offset = np.searchsorted(frame, (event.onset, event.apex, event.offset)).tolist()
    first, stop = margins(onset, offset, len(frame), fps)
    gaps = np.flatnonzero(~seen[first:stop]) + first
    first = max([first, *(gaps[gaps < onset] + 1).tolist()])
    stop = min([stop, *gaps[gaps > offset].tolist()])
    margin = round(_PLAYBACK_MARGIN_S * fps)
    play_first, play_last = max(first, onset - margin), min(stop - 1, offset + margin)
    step = max(1, -(-(play_last - play_first + 1) // max(1, longest)))
    shown = frozenset(range(play_first, play_last + 1, step)) if longest else frozenset[int]()
    return _Shot(event, onset, apex, offset, first, stop, shown, step)


def _develop(
    shot: _Shot,
    mesh: NDArray[np.float32],
    fps: float,
    time: NDArray[np.float64],
    recognizer: Recognizer,
    pictures: bool,
) -> tuple[Event, EventPictures | None]:
    """Judge a gathered event and put its pictures together."""
    onset, apex, offset = (p - shot.first for p in (shot.onset, shot.apex, shot.offset))
    frames = np.stack(shot.wanted or shot.crops)
    scale = frames.shape[1] / CROP
    points = mesh if scale == 1 else np.column_stack([(mesh[:, :2] + 0.5) * scale - 0.5, mesh[:, 2] * scale])
    clip = Clip(frames, fps, onset, apex, offset, landmarks=points)
    judged = recognizer.recognize(clip)
    # the rules say themselves which regions they go by
    hangs_on = sensitivity(recognizer, clip, judged) if recognizer.kind == "model" else {}
    event = replace(
        shot.event,
        emotion=judged.emotion,
        confidence=judged.confidence,
        probabilities=judged.probabilities,
        action_units=judged.action_units,
        regions=shot.event.regions or judged.regions,
        notes=shot.event.notes + judged.notes,
        sensitivity=hangs_on,
        frame_weights=_weights(judged, time[shot.first : shot.stop]),
    )
    if not pictures:
        return event, None
    layout = face_map(mesh, CELLS)
    motion = FaceMotion(shot.crops[onset], layout).to(shot.crops[apex]).field / UNIT
    small = cv2.resize(motion, (CROP // 2, CROP // 2), interpolation=cv2.INTER_AREA)
    # hair and background move as they like
    inside = cv2.resize(layout.face.reshape(CELLS, CELLS).astype(np.float32), (CROP // 2, CROP // 2))
    small[inside < 0.5] = 0
    shown = np.array(sorted(shot.playback))
    marks = [int(np.abs(shown - p).argmin()) for p in (shot.onset, shot.apex, shot.offset)]
    return event, EventPictures(
        onset=shot.stills[shot.onset],
        apex=shot.stills[shot.apex],
        offset=shot.stills[shot.offset],
        playback=tuple(shot.playback[int(p)] for p in shown),
        playback_fps=fps / shot.step,
        motion=small.astype(np.float16),
        marks=(marks[0], marks[1], marks[2]),
        maps={name: values.astype(np.float16) for name, values in judged.maps.items()},
    )


def _weights(judged: Recognition, time: NDArray[np.float64]) -> tuple[FrameWeights, ...]:
    """Frame weights at their times; ``time`` is that of the clip's frames."""
    places = np.arange(len(time))
    return tuple(
        FrameWeights(
            name,
            tuple(np.interp(judged.moments[name], places, time).tolist()),
            tuple(weights.astype(np.float64).tolist()),
        )
        for name, weights in judged.frame_weights.items()
    )


def _again(
    reader: VideoReader, frame: NDArray[np.int64], ranges: list[tuple[int, int]]
) -> Iterator[tuple[int, Frame]]:
    """Frames of the first pass once more, with their positions in it; overlapping ranges are read once."""
    merged: list[list[int]] = []
    for first, stop in ranges:
        if merged and first <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], stop)
        else:
            merged.append([first, stop])
    for first, stop in merged:
        wanted = {int(index): position for position, index in enumerate(frame[first:stop], first)}
        for picture in reader.read(int(frame[first]), int(frame[stop - 1])):
            if picture.index in wanted:
                yield wanted[picture.index], picture


def _view(picture: Frame, matrix: NDArray[np.float64], side: int, grey: bool) -> NDArray[np.uint8]:
    return warp(picture.gray if grey else picture.rgb, rescale(matrix, CROP, side), side)


def _jpeg(pixels: NDArray[np.uint8], quality: int) -> bytes:
    bgr = pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
    _, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return data.tobytes()


# ---------------------------------------------------------------------- the rest


def _note_blinks(
    blinks: tuple[Span, ...], events: list[Event], rejected: tuple[Span, ...]
) -> tuple[Span, ...]:
    """What happened at each eyelid closure, in words."""
    noted = []
    for blink in blinks:
        notes = [blink.note] if blink.note else []
        beside = [n for n, e in enumerate(events, 1) if e.onset <= blink.last and blink.first <= e.offset]
        if beside:
            notes.append(f"During event {' and '.join(map(str, beside))}.")
        elif any(r.first <= blink.last and blink.first <= r.last for r in rejected):
            notes.append("The motion around the eyes was taken for this blink and not reported.")
        noted.append(replace(blink, note=" ".join(notes)))
    return tuple(noted)


def _said(method: Any, name: str) -> dict[str, str]:
    """What a method says of itself, where it does."""
    return {name: getattr(method, name)} if hasattr(method, name) else {}


def _set(method: Any) -> dict[str, Any]:
    """Its tunables; of a file its name alone: where it lies is nobody's business, and its digest is there."""
    return {key: v.name if isinstance(v, Path) else v for key, v in tunables_of(method).items()}


def _versions() -> dict[str, str]:
    return {
        "mien": __version__,
        "python": platform.python_version(),
        "opencv": str(cv2.__version__),
        "numpy": str(np.__version__),
    }
