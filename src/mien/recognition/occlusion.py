"""Which part of the face a label hangs on: cover it and see.

Each region is covered in every frame, the clip is judged again, and the fall of the likeliest label's
probability is the region's sensitivity (after Zeiler & Fergus, ECCV 2014, who moved a grey square over
pictures). It says what the recogniser's number hangs on; not what the face expressed, nor that the region
alone would do. It asks nothing of the recogniser but ``recognize``. Rules that look at motion by region name
their regions themselves.

A region is covered by one grey, the mean of what lies under it in all frames: nothing moves there any more,
and no more contrast appears than must. The cover fades out over its outer third, since networks see edges.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.anatomy import REGIONS
from mien.face import CROP, face_map
from mien.inputs import Clip
from mien.recognition.base import Recognition, Recognizer

__all__ = ["covered", "covers", "sensitivity"]

_FULL, _GONE = 0.8, 1.4
"""Distances from a region's centre, in its radii, where the cover begins to fade and where it ends."""


def sensitivity(recognizer: Recognizer, clip: Clip, judged: Recognition) -> dict[str, float]:
    """What the likeliest label loses when each region is covered: one pass a region.

    Args:
        recognizer: who judged.
        clip: in the canonical crop, with the face mesh.
        judged: what it said of the clip as it is.

    Returns:
        Region -> fall of the likeliest label's probability, -1 to 1, in the order of
        :data:`mien.anatomy.REGIONS`.

    Raises:
        ValueError: the clip is no canonical crop with its mesh.
    """
    best = max(judged.probabilities, key=lambda label: judged.probabilities[label])
    before = judged.probabilities[best]
    found = {}
    for region, cover in zip(REGIONS, covers(clip), strict=True):
        hidden = replace(clip, frames=covered(clip.frames, cover))
        found[region.key] = before - recognizer.recognize(hidden).probabilities[best]
    return found


def covers(clip: Clip) -> NDArray[np.float32]:
    """The covers of all regions: (R, H, W), 1 where nothing is seen through, 0 outside.

    Raises:
        ValueError: the clip is no canonical crop with its mesh.
    """
    height, width = clip.frames.shape[1:3]
    if clip.landmarks is None or clip.crop != "canonical" or height != width:
        raise ValueError("a canonical crop with its face mesh is needed")
    scale = CROP / height
    mesh = np.asarray(clip.landmarks, np.float64)
    layout = face_map(np.column_stack([(mesh[:, :2] + 0.5) * scale - 0.5, mesh[:, 2] * scale]), CROP)
    # a region's weights fall off as a Gaussian of 0.6 radii: what they have fallen to tells the distance
    share = layout.regions / layout.regions.max(axis=1, keepdims=True)
    radii = 0.6 * np.sqrt(-2 * np.log(np.maximum(share, 1e-12)))
    shades = np.clip((_GONE - radii) / (_GONE - _FULL), 0, 1)
    cover: NDArray[np.float32] = shades.reshape(-1, CROP, CROP).astype(np.float32)
    if height == CROP:
        return cover
    return np.stack([cv2.resize(one, (width, height), interpolation=cv2.INTER_LINEAR) for one in cover])


def covered(frames: NDArray[np.uint8], cover: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Frames (T, H, W) or (T, H, W, 3) under a cover (H, W) of their own mean there; colours each theirs."""
    weight = cover if frames.ndim == 3 else cover[..., None]
    total = float(cover.sum())
    if total == 0:
        return frames
    mean = frames.mean(axis=0, dtype=np.float64)
    grey = (mean * weight).sum(axis=(0, 1)) / total
    mixed = frames * (1 - weight) + grey.astype(np.float32) * weight
    result: NDArray[np.uint8] = mixed.round().astype(np.uint8)
    return result
