"""Largest difference from the first frame: the lecture's foil, kept to show how it fails."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.anatomy import REGIONS
from mien.events import MICRO_MAX_S, Event, FaceState, Span
from mien.face import FaceFrame
from mien.features import block_histograms, chi_square, uniform_lbp
from mien.spotting.base import Spotting
from mien.spotting.curve import flank, kind_of, smooth, valid_runs

__all__ = ["FirstFrame"]


@dataclass(frozen=True, slots=True)
class FirstFrame:
    """The apex is the frame that differs most from the first (as in Li et al., 2013; Yan et al., 2014).

    Each frame's local binary patterns are compared, block by block, with those of the first frame whose face
    is in view by the chi-square distance; the mean over blocks is the curve. It knows one event a recording,
    takes whatever differs most for an expression (a blink, a turned head, the end of a long recording), and
    is here for comparison.

    Attributes:
        blocks: blocks along each side of the crop.
        blur: Gaussian smoothing of the crop before the patterns, pixels (sigma): patterns of noise differ
            always.
        smooth_s: smoothing of the curve (sigma), seconds.
        floor: absolute noise floor: how far the curve's peak must rise above its median.
        flank_share: onset and offset lie where the curve has fallen to this share of the peak.
        micro_max_s: longest micro-expression, seconds.
    """

    blocks: int = 6
    blur: float = 1.5
    smooth_s: float = 0.03
    floor: float = 0.01
    flank_share: float = 0.25
    micro_max_s: float = MICRO_MAX_S

    name: ClassVar[str] = "first-frame"
    paper: ClassVar[str] = "largest difference from the first frame; the foil of Peng et al. (lecture, 2020)"

    def begin(self, fps: float) -> _Session:
        """Start on a recording of about ``fps`` frames a second."""
        return _Session(self)


@dataclass
class _Session:
    settings: FirstFrame
    frames: list[int] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    distance: list[float] = field(default_factory=list)
    first: NDArray[np.float32] | None = None

    def push(self, frame: FaceFrame) -> None:
        """Take the next frame."""
        self.frames.append(frame.index)
        self.times.append(frame.time)
        if frame.crop is None:
            self.distance.append(np.nan)
            return
        calm = cv2.GaussianBlur(frame.crop, (0, 0), self.settings.blur).astype(np.uint8, copy=False)
        histograms = block_histograms(uniform_lbp(calm), self.settings.blocks)
        if self.first is None and frame.state == "ok":
            self.first = histograms
        self.distance.append(
            np.nan if self.first is None else float(chi_square(histograms, self.first).mean())
        )

    def finish(self, states: list[FaceState], blinks: tuple[Span, ...]) -> Spotting:
        """Decide, with the final states; blinks are not looked at (that is how it fails)."""
        s = self.settings
        frame, time = np.array(self.frames, np.int64), np.array(self.times)
        curve = np.where(np.array([x == "ok" for x in states], bool), np.array(self.distance), np.nan)
        frame_s = float(np.median(np.diff(time))) if len(time) > 1 else 1.0
        curve = smooth(curve, s.smooth_s / frame_s)
        nothing = np.full((len(frame), len(REGIONS)), np.nan, np.float32)
        known = np.isfinite(curve)
        if known.sum() < 3:
            return Spotting(curve.astype(np.float32), np.ones(len(frame), np.float32), nothing, ())
        level = float(np.median(curve[known]))
        score = (curve - level) / s.floor
        peak = int(np.nanargmax(score))
        events: tuple[Event, ...] = ()
        if score[peak] >= 1:
            height = float(curve[peak] - level)
            onset = flank(curve, peak, -1, 0, s.flank_share, height)
            offset = flank(curve, peak, 1, len(curve) - 1, s.flank_share, height)
            # a change that stays lasts until the curve does
            bar = curve[peak] - (1 - s.flank_share) * height
            open_start, open_end = bool(curve[onset] > bar), bool(curve[offset] > bar)
            run = next((a, b) for a, b in valid_runs(known) if a <= peak < b)
            onset, offset = (run[0] if open_start else onset), (run[1] - 1 if open_end else offset)
            duration = float(time[offset] - time[onset])
            events = (
                Event(
                    int(frame[onset]), int(frame[peak]), int(frame[offset]),
                    float(time[onset]), float(time[peak]), float(time[offset]),
                    kind_of(duration, s.micro_max_s), float(score[peak]),
                    open_start=open_start, open_end=open_end,
                ),
            )  # fmt: skip
        return Spotting(score.astype(np.float32), np.ones(len(frame), np.float32), nothing, events)
