"""Is this recording good enough? Camera, light and face size, in plain words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from mien.events import Finding

__all__ = ["Measured", "assess"]


@dataclass(frozen=True, slots=True)
class Measured:
    """What is judged.

    Attributes:
        fps: frames a second of the time base in force.
        size: (N,) outer-eye distance in picture pixels, NaN where there is no face.
        brightness: (N,) mean grey level of the face, NaN where there is none.
        time: (N,) seconds.
        scored: (N,) bool.
        fps_doubt: why the file's frame rate cannot be believed, or ``None``.
        warnings: remarks of the reader on the file.
        halting: of :attr:`mien.spotting.Spotting.halting`, or ``None``.
    """

    fps: float
    size: NDArray[np.float64]
    brightness: NDArray[np.float64]
    time: NDArray[np.float64]
    scored: NDArray[np.bool_]
    fps_doubt: str | None = None
    warnings: tuple[str, ...] = ()
    halting: float | None = None


SOME, MUCH = 1.2, 1.4
"""So haltingly moves a film that was compressed, and one that was compressed hard."""
_FACE_WIDTHS = 1.65
"""Width of a face in outer-eye distances, roughly: people think in faces, not in eye corners."""


def assess(m: Measured) -> tuple[Finding, ...]:
    """Remarks on a recording, warnings first, then notes, then what is good."""
    findings = [Finding("warning", "file", text) for text in m.warnings]
    if m.fps_doubt:
        findings.append(Finding("warning", "frame_rate_claim", m.fps_doubt, m.fps, "frames/s"))
    findings.append(_frame_rate(m.fps))
    seen = np.isfinite(m.size)
    if seen.any():
        findings.append(_face_size(float(np.median(m.size[seen]))))
        findings.append(_flicker(m.brightness, m.time))
        findings.append(_light(float(np.median(m.brightness[seen]))))
    if m.halting is not None:
        findings.append(_compression(m.halting))
    findings.append(_coverage(float(m.scored.mean())))
    duration = float(m.time[-1] - m.time[0] + 1 / m.fps)  # the last frame has its time too
    if duration < 1.0 - 1e-9:
        findings.append(
            Finding(
                "note", "length",
                "The recording is shorter than a second: there is hardly any calm face to compare an "
                "expression with.",
                duration, "s",
            )
        )  # fmt: skip
    order = {"warning": 0, "note": 1, "good": 2}
    return tuple(sorted(findings, key=lambda f: order[f.level]))


def _frame_rate(fps: float) -> Finding:
    first, last = (max(1, round(s * fps)) for s in (0.17, 0.5))
    if fps < 50:
        return Finding(
            "warning", "frame_rate",
            f"At {fps:.4g} frames a second a micro-expression is only {first} to {last} frames long; short "
            "ones are "
            "easily missed, and their onset and offset are known to a few hundredths of a second at best. "
            "Use a camera with 100 frames a second or more.",
            fps, "frames/s",
        )  # fmt: skip
    if fps < 90:
        return Finding(
            "note", "frame_rate",
            f"{fps:.4g} frames a second is workable; 100 or more show short micro-expressions better.",
            fps, "frames/s",
        )  # fmt: skip
    return Finding(
        "good",
        "frame_rate",
        f"{fps:.4g} frames a second is fast enough for micro-expressions.",
        fps,
        "frames/s",
    )


def _face_size(eye_distance: float) -> Finding:
    width = _FACE_WIDTHS * eye_distance
    text = f"The face is about {width:.0f} pixels wide."
    if width < 90:
        return Finding(
            "warning", "face_size",
            f"{text} A micro-expression moves the skin by about a hundredth of that, less than a pixel: "
            "many will be "
            "missed. Go closer, zoom in, or record at a higher resolution.",
            width, "px",
        )  # fmt: skip
    if width < 150:
        return Finding(
            "note", "face_size", f"{text} That is usable; 200 pixels or more are better.", width, "px"
        )
    return Finding("good", "face_size", f"{text} That is enough.", width, "px")


def _flicker(brightness: NDArray[np.float64], time: NDArray[np.float64]) -> Finding:
    """Quick changes of light: how far the face's brightness is from its mean over a quarter of a second."""
    known = np.isfinite(brightness)
    values = brightness[known]
    step = float(np.median(np.diff(time))) if len(time) > 1 else 0.04
    size = max(5, round(0.25 / step) | 1)
    # a mean, not a median: of values that jump up and down from frame to frame, as mains light does at twice
    # its rate, the median is one or the other
    rest = values - uniform_filter1d(values, size, mode="nearest") if len(values) > size else np.zeros(1)
    # robust: a real movement changes the light too, but only for a moment
    share = 100 * 1.4826 * float(np.median(np.abs(rest))) / max(float(values.mean()), 1.0)
    if share > 3:
        return Finding(
            "warning", "flicker",
            f"The light flickers strongly ({share:.1f} %), most likely from mains-powered lamps. Use "
            "daylight or lamps "
            "made for high-speed filming.",
            share, "%",
        )  # fmt: skip
    if share > 1:
        return Finding(
            "note",
            "flicker",
            f"The light flickers a little ({share:.1f} %); mien evens that out.",
            share,
            "%",
        )
    return Finding("good", "flicker", "The light is steady.", share, "%")


def _light(level: float) -> Finding:
    if level < 45 or level > 215:
        word = "dark" if level < 45 else "overexposed"
        return Finding(
            "note",
            "light",
            f"The face is {word} (mean grey level {level:.0f} of 255); detail is lost there.",
            level,
        )
    return Finding("good", "light", "The face is well exposed.", level)


def _compression(halting: float) -> Finding:
    """Whether compression shows in how the face moves.

    The bars were chosen on films of the training world: of those that were not compressed hardly any reaches
    either, of those that were compressed hard most reach both (counts: the card of region-net).
    """
    if halting >= MUCH:
        return Finding(
            "warning", "compression",
            "The picture stands still for moments and then catches up at once, as in films that were "
            "compressed hard or whose frame rate was changed afterwards. Small movements get lost in that, "
            "and what is left can look like an expression. Use the camera's own file, recorded in the "
            "highest quality, not a copy that was made smaller, converted or sent by a messenger.",
            halting,
        )  # fmt: skip
    if halting >= SOME:
        return Finding(
            "note", "compression",
            "The film seems to be compressed; the weakest movements may be lost. Record in the camera's "
            "highest quality.",
            halting,
        )  # fmt: skip
    return Finding("good", "compression", "Compression of the film does not show in the face.", halting)


def _coverage(share: float) -> Finding:
    percent = 100 * share
    if share < 0.75:
        return Finding(
            "warning", "scored",
            f"Only {percent:.0f} % of the frames could be scored; in the others the face was out of sight, "
            "turned away, "
            "hidden or blurred. Nothing can be said about those.",
            percent, "%",
        )  # fmt: skip
    if share < 0.95:
        return Finding("note", "scored", f"{percent:.0f} % of the frames could be scored.", percent, "%")
    return Finding("good", "scored", f"{percent:.0f} % of the frames could be scored.", percent, "%")
