"""Pictures of motion: a drawn face that belongs to nobody, and a map of the motion over the apex picture."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

import cv2
import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from mien.anatomy import REGIONS
from mien.events import EventPictures, RegionMotion
from mien.report import words

__all__ = [
    "DARKEST",
    "AttentionMap",
    "MotionMap",
    "attention_map",
    "data_uri",
    "enlargement",
    "gradient",
    "hangs_on",
    "motion_map",
    "schematic",
]

_REGIONS = {r.key: r for r in REGIONS}
_ARROW = 30.0  # the longest arrow of the schematic, in hundredths of the outer-eye distance
_COLOURS = cv2.COLORMAP_VIRIDIS
_FAINT = 0.12  # below this share of the scale nothing is drawn over the face
DARKEST = 0.3
"""Fall of a probability from which on a region is as dark as it gets."""
_EVEN = 0.005  # a map whose numbers differ by less than this is called even
_SPAN = 0.1
"""What a map's colours span at least: stretched over a few hundredths they would make much of nothing."""
_PICTURE = 448


def data_uri(jpeg: bytes) -> str:
    """JPEG bytes for use in ``src``."""
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode('ascii')}"


# The schematic

_OUTLINE = (
    '<path class="skin" d="M0-104C48-104 80-66 80-14C80 32 70 74 46 104C32 121 16 130 0 130'
    'C-16 130-32 121-46 104C-70 74-80 32-80-14C-80-66-48-104 0-104z"/>'
    '<path class="ear" d="M80-8c9-6 14 4 10 16c-3 12-7 20-13 20M-80-8c-9-6-14 4-10 16c3 12 7 20 13 20"/>'
)
_FEATURES = (
    '<path class="brow" d="M12-23C24-33 44-36 61-23M-12-23C-24-33-44-36-61-23"/>'
    '<path class="line" d="M18 3Q34-17 50 0Q34 11 18 3zM-18 3Q-34-17-50 0Q-34 11-18 3z"/>'
    '<circle class="iris" cx="34" cy="-1" r="6"/><circle class="iris" cx="-34" cy="-1" r="6"/>'
    '<path class="line" d="M9-6C7 14 15 26 18 36C21 45 12 48 8 45Q0 50-8 45'
    'C-12 48-21 45-18 36C-15 26-7 14-9-6"/>'
    '<path class="lips" d="M-29 74C-17 67-8 61 0 65C8 61 17 67 29 74C19 88 9 92 0 92C-9 92-19 88-29 74z"/>'
    '<path class="line" d="M-29 74Q0 80 29 74"/>'
    '<path class="faint" d="M-9 108Q0 105 9 108"/>'
)


def schematic(regions: Sequence[RegionMotion], number: int) -> Markup:
    """The drawn face with moving regions shaded by strength and their directions as enlarged arrows.

    The lines of the face are the same for everybody; only the shading and the arrows come from the recording.
    """
    known = [(m, _REGIONS[m.region]) for m in regions if m.region in _REGIONS]
    strongest = max((m.strength for m, _ in known if math.isfinite(m.strength)), default=1.0)
    longest = max((math.hypot(m.dx, m.dy) for m, _ in known), default=0.0)
    shades, arrows = [], []
    for motion, place in reversed(known):
        x, y, r = place.x * 100, place.y * 100, place.radius * 100
        share = motion.strength / strongest if math.isfinite(motion.strength) and strongest > 0 else 0.0
        shades.append(
            f'<circle class="moving" cx="{x:g}" cy="{y:g}" r="{r:g}" fill-opacity="{0.15 + 0.45 * share:.2f}"'
            f"><title>{escape(words.region_moved(motion))}</title></circle>"
        )
        length = math.hypot(motion.dx, motion.dy)
        if longest > 0 and math.isfinite(length) and length > 0:
            scale = _ARROW / longest
            arrows.append(_arrow(x, y, motion.dx * scale, motion.dy * scale, head=5.0))
    moving = words.listed(words.region(m.region) for m, _ in known) or "no region"
    label = f"Drawn face for event {number}; moving: {moving}"
    shafts = "".join(arrows)
    return _face(
        label, "".join(shades), f'<path class="halo" d="{shafts}"/><path class="arrow" d="{shafts}"/>'
    )


def hangs_on(sensitivity: Mapping[str, float], number: int) -> Markup:
    """The drawn face with regions shaded by how far the label's probability falls when they are covered.

    The shade is the same for the same fall in every report, and darkest from :data:`DARKEST` on. Where it
    rises, the region is a dashed ring. Changes below :data:`mien.report.words.POINTS` are left out; empty
    where all are.
    """
    known = [(_REGIONS[key], drop) for key, drop in sensitivity.items() if key in _REGIONS]
    known = [(place, drop) for place, drop in known if abs(drop) >= words.POINTS]
    if not known:
        return Markup("")
    shades = []
    for place, drop in sorted(known, key=lambda item: item[1]):
        x, y, r = place.x * 100, place.y * 100, place.radius * 100
        look = (
            f'class="moving" fill-opacity="{0.1 + 0.6 * min(1.0, drop / DARKEST):.2f}"'
            if drop > 0
            else 'class="rises"'
        )
        shades.append(
            f'<circle {look} cx="{x:g}" cy="{y:g}" r="{r:g}">'
            f"<title>{escape(words.begin(place.words))}: {escape(words.points(drop))}</title></circle>"
        )
    falling = [place.words for place, drop in sorted(known, key=lambda item: -item[1]) if drop > 0]
    label = (
        f"Drawn face for event {number}; the label hangs on: {words.listed(falling) or 'no single region'}"
    )
    return _face(label, "".join(shades), "")


def _face(label: str, under: str, over: str) -> Markup:
    """The drawn face with something under its lines and over them."""
    return Markup(
        f'<svg class="schematic" viewBox="-112 -112 224 266" role="img" aria-label="{escape(label)}">'
        f"{_OUTLINE}{under}{_FEATURES}{over}"
        f'<text class="side" x="-110" y="148">person’s right</text>'
        f'<text class="side" x="110" y="148" text-anchor="end">person’s left</text></svg>'
    )


def enlargement(regions: Sequence[RegionMotion]) -> float:
    """How many times :func:`schematic` enlarges the motion in its arrows; 0 where there is none."""
    longest = max((math.hypot(m.dx, m.dy) for m in regions if m.region in _REGIONS), default=0.0)
    return _ARROW / 100 / longest if longest > 0 else 0.0


def _arrow(x: float, y: float, dx: float, dy: float, head: float) -> str:
    """An arrow from (x, y) as the ``d`` of a path with round joins."""
    length = math.hypot(dx, dy)
    head = min(head, length * 0.6)
    ux, uy = dx / length, dy / length
    tip_x, tip_y = x + dx, y + dy
    wings = [
        (tip_x - head * (ux * 0.87 + side * uy * 0.5), tip_y - head * (uy * 0.87 - side * ux * 0.5))
        for side in (1, -1)
    ]
    (ax, ay), (bx, by) = wings
    tip = f"L{tip_x:.1f} {tip_y:.1f}"
    return f"M{x:.1f} {y:.1f}{tip}M{ax:.1f} {ay:.1f}{tip}L{bx:.1f} {by:.1f}"


# The motion map


@dataclass(frozen=True, slots=True)
class MotionMap:
    """The motion from onset to apex over the apex picture.

    Attributes:
        svg: the picture, safe markup.
        top: the motion that the last colour of the scale stands for, in outer-eye distances.
        clipped: some points moved more than that.
    """

    svg: Markup
    top: float
    clipped: bool


def motion_map(pictures: EventPictures, number: int) -> MotionMap | None:
    """Colour for how far, arrows for whereto; ``None`` where the picture or the motion cannot be read."""
    apex = _decode(pictures.apex)
    motion = np.nan_to_num(np.asarray(pictures.motion, np.float32), posinf=0.0, neginf=0.0)
    if apex is None or motion.ndim != 3 or motion.shape[2:] != (2,) or min(motion.shape[:2]) < 2:
        return None
    length = np.hypot(motion[..., 0], motion[..., 1])
    top = float(cv2.blur(length, (3, 3)).max())  # one stray point does not set the scale
    if top <= 0:
        return None
    blend = _over(apex, length / top, _PICTURE)
    arrows = _field(motion, top)
    svg = (
        f'<svg class="map" viewBox="0 0 100 100" role="img" aria-label="Motion from onset to apex of '
        f'event {number}, drawn over the apex picture"><image width="100" height="100" '
        f'href="{data_uri(blend)}"/>'
        f'<path class="halo" d="{arrows}"/><path class="arrow" d="{arrows}"/></svg>'
    )
    return MotionMap(Markup(svg), top, bool(length.max() > top * 1.1))


# Where a model looked


@dataclass(frozen=True, slots=True)
class AttentionMap:
    """Where a trained model looked, over the apex picture.

    Attributes:
        name: as the model has it.
        svg: the picture, safe markup; empty where the map is the same everywhere, so that there is nothing to
            draw.
        low, high: what the first and the last colour of the scale stand for.
    """

    name: str
    svg: Markup
    low: float
    high: float


def attention_map(pictures: EventPictures, name: str, number: int) -> AttentionMap | None:
    """Colours for weight, stretched from the map's lowest to its highest number, but over 0.1 at least.

    Where the map is 0 the model was shown nothing; these places do not count. ``None`` where the picture or
    the map cannot be read.
    """
    apex = _decode(pictures.apex)
    values = np.asarray(pictures.maps[name], np.float32)
    seen = values > 0
    if apex is None or values.ndim != 2 or not seen.any() or not np.isfinite(values).all():
        return None
    low, high = float(values[seen].min()), float(values[seen].max())
    if high - low < _EVEN:
        return AttentionMap(name, Markup(""), low, high)
    high = max(high, low + _SPAN)
    share = np.where(seen, (values - low) / (high - low), 0).astype(np.float32)
    label = f"{words.attention(name)}, event {number}, drawn over the apex picture"
    return AttentionMap(
        name,
        Markup(
            f'<svg class="map" viewBox="0 0 100 100" role="img" aria-label="{escape(label)}">'
            f'<image width="100" height="100" href="{data_uri(_over(apex, share, _PICTURE // 2))}"/></svg>'
        ),
        low,
        high,
    )


def _over(apex: NDArray[np.uint8], share: NDArray[np.floating], side: int) -> bytes:
    """A map of 0 to 1 in colours over the greyed picture, as JPEG; low values let the picture through."""
    grey = cv2.cvtColor(cv2.resize(apex, (side, side), interpolation=cv2.INTER_CUBIC), cv2.COLOR_BGR2GRAY)
    face = cv2.cvtColor((grey * 0.8 + 30).astype(np.uint8), cv2.COLOR_GRAY2BGR)
    large = cv2.resize(share.astype(np.float32), (side, side), interpolation=cv2.INTER_LINEAR)
    share = np.clip(large, 0, 1)
    colour = cv2.applyColorMap((share * 255).astype(np.uint8), _COLOURS)
    cover = (np.clip((share - _FAINT) / (1 - _FAINT), 0, 1) ** 0.6 * 0.72)[..., None]
    blend = (face * (1 - cover) + colour * cover).astype(np.uint8)
    _, jpeg = cv2.imencode(".jpg", blend, [cv2.IMWRITE_JPEG_QUALITY, 82])
    return jpeg.tobytes()


def gradient() -> str:
    """The colours of the map's scale as a CSS gradient, from no motion to the most."""
    steps = np.linspace(0, 255, 9).astype(np.uint8)[None]
    colours = cv2.applyColorMap(steps, _COLOURS)[0]
    stops = ", ".join(f"#{r:02x}{g:02x}{b:02x}" for b, g, r in colours.tolist())
    return f"linear-gradient(to right, {stops})"


def _field(motion: NDArray[np.float32], top: float) -> str:
    """Sparse arrows on a grid of the picture, where the motion is at least a third of the scale."""
    cells = 13
    coarse = cv2.resize(motion, (cells, cells), interpolation=cv2.INTER_AREA)
    step = 100 / cells
    longest = max(float(np.hypot(coarse[..., 0], coarse[..., 1]).max()), 1e-9)
    parts = []
    for row in range(cells):
        for column in range(cells):
            dx, dy = (float(v) for v in coarse[row, column])
            if math.hypot(dx, dy) < top * 0.3:
                continue
            scale = step * 1.35 / longest
            x, y = (column + 0.5) * step, (row + 0.5) * step
            parts.append(_arrow(x - dx * scale / 2, y - dy * scale / 2, dx * scale, dy * scale, head=2.6))
    return "".join(parts)


def _decode(jpeg: bytes) -> NDArray[np.uint8] | None:
    if not jpeg:
        return None
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    return None if picture is None else np.asarray(picture, np.uint8)
