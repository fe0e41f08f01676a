"""Hand-built analyses: pictures are drawings, curves are sums of bumps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from mien.anatomy import REGIONS
from mien.events import (
    ActionUnit,
    Analysis,
    Event,
    EventPictures,
    Finding,
    RegionMotion,
    Source,
    Span,
    Timeline,
    TrueExpression,
    Truth,
    spans_of,
)

KEYS = tuple(r.key for r in REGIONS)
LABELS = ("happiness", "surprise", "disgust", "repression", "others")


def jpeg(smile: float = 0.0, size: int = 160) -> bytes:
    """A drawn face whose mouth corners rise by ``smile`` pixels."""
    picture = np.full((size, size, 3), 205, np.uint8)
    middle = size // 2
    cv2.ellipse(picture, (middle, middle), (size * 2 // 5, size // 2 - 6), 0, 0, 360, (150, 175, 205), -1)
    for x in (middle - size // 6, middle + size // 6):
        cv2.ellipse(picture, (x, size * 2 // 5), (size // 12, size // 24), 0, 0, 360, (250, 250, 250), -1)
        cv2.circle(picture, (x, size * 2 // 5), size // 30, (60, 40, 30), -1)
    curve = np.array(
        [
            [middle + t, size * 3 // 4 - smile * (t / (size / 5)) ** 2]
            for t in range(-size // 5, size // 5 + 1, 4)
        ]
    )
    cv2.polylines(picture, [curve.astype(np.int32)], False, (60, 60, 150), 3, cv2.LINE_AA)
    return bytes(cv2.imencode(".jpg", picture)[1])


def pictures(frames: int = 9) -> EventPictures:
    motion = np.zeros((40, 40, 2), np.float16)
    y, x = np.mgrid[:40, :40]
    bump = np.exp(-((x - 28) ** 2 + (y - 29) ** 2) / 18)
    motion[..., 0], motion[..., 1] = 0.012 * bump, -0.017 * bump
    playback = tuple(jpeg(8 * np.sin(np.pi * i / (frames - 1))) for i in range(frames))
    marks = (frames // 5, frames // 2, frames - 1 - frames // 5)
    return EventPictures(jpeg(), jpeg(8), jpeg(1), playback, 50.0, motion, marks)


def event(apex_s: float, duration_s: float, fps: float, first: int = 0, **changes: Any) -> Event:
    half = duration_s / 2
    onset, apex, offset = (first + round(t * fps) for t in (apex_s - half, apex_s, apex_s + half))
    made = Event(
        onset=onset,
        apex=apex,
        offset=offset,
        onset_s=onset / fps,
        apex_s=apex / fps,
        offset_s=offset / fps,
        kind="micro" if duration_s <= 0.5 else "macro",
        score=1.84,
        emotion="happiness",
        confidence=0.58,
        probabilities={
            "happiness": 0.62,
            "surprise": 0.08,
            "disgust": 0.11,
            "repression": 0.06,
            "others": 0.13,
        },
        regions=(
            RegionMotion("mouth_corner_left", 0.012, -0.017, 2.31),
            RegionMotion("cheek_left", 0.003, -0.006, 1.4),
        ),
        action_units=(ActionUnit(12, "both", 0.8), ActionUnit(14, "left", 0.3)),
    )
    return replace(made, **changes)


def timeline(
    duration_s: float,
    fps: float,
    events: Sequence[Event] = (),
    lost: Sequence[tuple[float, float]] = (),
    seed: int = 1,
) -> Timeline:
    n = round(duration_s * fps)
    rng = np.random.default_rng(seed)
    time = np.arange(n) / fps
    score = 0.006 + 0.002 * np.abs(rng.standard_normal(n))
    for e in events:
        width = max(e.duration_s / 4, 1 / fps)
        score += 0.02 * e.score * np.exp(-(((time - e.apex_s) / width) ** 2))
    state = np.full(n, "ok", "U8")
    for a, b in lost:
        state[(time >= a) & (time < b)] = "lost"
    score[state != "ok"] = np.nan
    motion = np.abs(rng.standard_normal((n, len(KEYS)))) * 0.002
    motion[state != "ok"] = np.nan
    return Timeline(
        frame=np.arange(n, dtype=np.int64),
        time=time,
        score=score.astype(np.float32),
        state=state,
        quality=np.where(state == "ok", 0.9, 0).astype(np.float32),
        eye_openness=np.where(state == "ok", 1.0, np.nan).astype(np.float32),
        region_motion=motion.astype(np.float32),
        regions=KEYS,
        threshold=np.full(n, 0.02, np.float32),
    )


SETTINGS: dict[str, Any] = {
    "command": ["mien", "analyze", "interview 3.mp4", "--fps", "100"],
    "spotter": {"name": "region-motion", "window_s": 0.5, "threshold": 0.02, "noise_floor": 0.004},
    "recognizer": {
        "name": "facs-rules",
        "kind": "rules",
        "statement": "Labels follow from the moving regions by fixed rules; nothing was learned.",
    },
    "versions": {"mien": "0.1.0", "opencv": "5.0.0", "numpy": "2.4.6"},
}


def analysis(
    *,
    duration_s: float = 19.7,
    fps: float = 100.0,
    name: str = "interview 3",
    events: Sequence[Event] | None = None,
    lost: Sequence[tuple[float, float]] = ((8.0, 12.0),),
    with_pictures: bool = True,
    settings: dict[str, Any] | None = None,
) -> Analysis:
    if events is None:
        events = (
            event(2.4, 0.32, fps),
            event(
                6.1,
                1.24,
                fps,
                score=4.2,
                emotion="undecided",
                confidence=0.21,
                probabilities={
                    "happiness": 0.27,
                    "surprise": 0.3,
                    "disgust": 0.2,
                    "repression": 0.1,
                    "others": 0.13,
                },
                regions=(RegionMotion("brow_inner_right", 0.001, -0.022, 3.9),),
                action_units=(ActionUnit(1, "right", 0.6),),
                notes=("A blink falls into this event; the motion is in the eyebrows.",),
            ),
            event(14.55, 0.2, fps, score=1.12, open_end=True, emotion="others", confidence=0.3),
        )
    line = timeline(duration_s, fps, events, lost)
    blinks = tuple(
        Span(round(t * fps), round((t + 0.2) * fps), t, t + 0.2, "blink")
        for t in np.arange(1.1, duration_s, 3.7)
    )
    return Analysis(
        source=Source(
            path=Path(f"recordings/{name}.mp4"),
            name=name,
            width=1280,
            height=720,
            n_frames=len(line),
            first_frame=0,
            fps=fps,
            claimed_fps=25.0,
            variable_fps=False,
            duration_s=duration_s,
            codec="h264",
            sha256="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        ),
        timeline=line,
        found=tuple(events),
        unscored=spans_of(line.state == "lost", line.frame, line.time, "lost"),
        blinks=blinks,
        findings=(
            Finding(
                "warning",
                "frame_rate_claim",
                "The file says 25 frames a second, but the motion looks like slowed-down high-speed video. "
                "If your camera recorded faster, say so with --fps.",
                25.0,
                "frames/s",
            ),
            Finding(
                "note", "face_size", "The face is 180 pixels wide; 250 or more would be better.", 180.0, "px"
            ),
            Finding(
                "good",
                "frame_rate",
                "100 frames a second are enough for micro-expressions.",
                100.0,
                "frames/s",
            ),
            Finding("good", "light", "The light is steady."),
        ),
        settings=SETTINGS if settings is None else settings,
        pictures=tuple(pictures() for _ in events) if with_pictures else (),
    )


@pytest.fixture
def make() -> Callable[..., Analysis]:
    """The factory :func:`analysis`, for tests that want another recording."""
    return analysis


@pytest.fixture
def make_event() -> Callable[..., Event]:
    return event


@pytest.fixture(scope="session")
def recording() -> Analysis:
    """Two micro-expressions, one macro-expression, one unscored span."""
    return analysis()


def truth() -> Truth:
    """What really happens in :func:`analysis`: two of four expressions found, event 3 invented."""
    expressions = (
        TrueExpression(225, 241, 257, 2.25, 2.41, 2.57, "micro", "happiness", "AU12", 0.018),
        TrueExpression(545, 600, 660, 5.45, 6.0, 6.6, "macro", "surprise", "AU1 + L AU2", 0.052),
        TrueExpression(905, 920, 935, 9.05, 9.2, 9.35, "micro", "fear", "AU20", 0.011),
        TrueExpression(1690, 1705, 1725, 16.9, 17.05, 17.25, "micro", "disgust", "AU4 + L AU7", 0.009),
    )
    spans = (
        *(
            Span(round(t * 100), round(t * 100) + 20, t, t + 0.2, "blink")
            for t in (1.1, 4.8, 8.5, 12.2, 14.6, 15.9)
        ),
        Span(300, 330, 3.0, 3.3, "gaze", "to the left"),
        Span(1450, 1462, 14.5, 14.62, "gaze"),
        Span(1000, 1300, 10.0, 13.0, "head"),
        Span(1690, 1800, 16.9, 18.0, "speech"),
        Span(400, 470, 4.0, 4.7, "swallow"),
        Span(1850, 1890, 18.5, 18.9, "light_flicker"),
    )
    return Truth(expressions, spans, ((0, 0, 0.94), (1, 1, 0.87), (2, None, 0.0), (None, 2, 0.0)))


@pytest.fixture(scope="session")
def known() -> Truth:
    return truth()
