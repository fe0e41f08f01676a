"""Facial regions and action units by name: the words that every room shares.

Left and right are the person's own; in an unmirrored picture the person's left is on the right-hand side.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ACTION_UNITS", "REGIONS", "Region"]


@dataclass(frozen=True, slots=True)
class Region:
    """A patch of skin that one or a few action units move.

    Attributes:
        key: identifier, also the column name in ``frames.csv``.
        words: for sentences: "the left mouth corner".
        x, y: centre on an average frontal face, in outer-eye distances from the midpoint between the outer
            eye corners; x to the image's right, y down.
        radius: half its width, in outer-eye distances.
        landmarks: indices in the 468-point face mesh whose mean is the region's centre on a given person.
        units: FACS action units that move it.
    """

    key: str
    words: str
    x: float
    y: float
    radius: float
    landmarks: tuple[int, ...]
    units: tuple[int, ...]


def _pair(
    key: str,
    words: str,
    x: float,
    y: float,
    radius: float,
    right: tuple[int, ...],
    left: tuple[int, ...],
    units: tuple[int, ...],
) -> tuple[Region, Region]:
    return (
        Region(f"{key}_right", words.format("right"), -x, y, radius, right, units),
        Region(f"{key}_left", words.format("left"), x, y, radius, left, units),
    )


REGIONS: tuple[Region, ...] = (
    *_pair("brow_inner", "the inner {} eyebrow", 0.17, -0.24, 0.11, (55, 107, 66), (285, 336, 296), (1, 4)),
    *_pair("brow_outer", "the outer {} eyebrow", 0.46, -0.24, 0.12, (63, 53, 70), (293, 283, 300), (2, 4)),
    Region("glabella", "the skin between the eyebrows", 0.0, -0.18, 0.09, (9, 8, 168), (4, 9)),
    *_pair(
        "lid_upper", "the upper {} eyelid", 0.34, -0.06, 0.10, (159, 158, 160), (386, 385, 387), (5, 43, 45)
    ),
    *_pair("lid_lower", "the lower {} eyelid", 0.34, 0.10, 0.10, (23, 24, 110), (253, 254, 339), (6, 7)),
    *_pair("cheek", "the {} cheek", 0.40, 0.34, 0.13, (50, 101, 118), (280, 330, 347), (6, 12)),
    *_pair(
        "nose_wing", "the {} side of the nose", 0.19, 0.40, 0.09, (129, 203, 98), (358, 423, 327), (9, 10)
    ),
    Region("lip_upper", "the upper lip", 0.0, 0.64, 0.11, (0, 37, 267), (10, 25)),
    *_pair(
        "mouth_corner",
        "the {} mouth corner",
        0.29,
        0.74,
        0.12,
        (61, 57, 76),
        (291, 287, 306),
        (12, 14, 15, 20),
    ),
    Region("lip_lower", "the lower lip", 0.0, 0.84, 0.11, (17, 84, 314), (16, 24, 25, 26)),
    Region("chin", "the chin", 0.0, 1.05, 0.14, (199, 200, 175), (17, 26)),
)
"""Every region mien measures, top to bottom."""

ACTION_UNITS: dict[int, str] = {
    1: "inner brow raiser",
    2: "outer brow raiser",
    4: "brow lowerer",
    5: "upper lid raiser",
    6: "cheek raiser",
    7: "lid tightener",
    9: "nose wrinkler",
    10: "upper lip raiser",
    12: "lip corner puller",
    14: "dimpler",
    15: "lip corner depressor",
    16: "lower lip depressor",
    17: "chin raiser",
    18: "lip pucker",
    20: "lip stretcher",
    23: "lip tightener",
    24: "lip presser",
    25: "lips part",
    26: "jaw drop",
    27: "mouth stretch",
    28: "lip suck",
    38: "nostril dilator",
    39: "nostril compressor",
    43: "eyes closed",
    45: "blink",
}
"""FACS names of the action units that the field's annotations use."""
