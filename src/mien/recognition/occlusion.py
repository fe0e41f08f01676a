"""Which part of the face a label hangs on: cover it and see.

Each region is covered in every frame, the clip is judged again, and the fall of the likeliest label's
probability is the region's sensitivity (after Zeiler & Fergus, ECCV 2014, who moved a grey square over
pictures). It says what the recogniser's number hangs on; not what the face expressed, nor that the region
alone would do. Rules that look at motion by region name their regions themselves.

What is covered is what the network is shown. Frames, magnified ones too, are covered by one grey, the mean of
what lies under it in all frames: nothing moves there any more, and no more contrast appears than must.
Motion fields are covered by what the network is shown of a face that does not move (maps from which their
median or mean is taken: by what moves as the whole does). Neither magnification nor flow is therefore made
anew for each region; nor can what lies under a cover shine through, in flow that is smoothed or magnified
across its edge. The cover fades out over its outer third, since networks see edges. Of a recogniser that
cannot cover its own input (:class:`CoversItsInput`) the clip's frames are covered, before all else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Protocol, runtime_checkable

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.anatomy import REGIONS
from mien.face import CROP, face_map
from mien.inputs import Clip
from mien.recognition.base import Recognition, Recognizer

__all__ = ["CoversItsInput", "covered", "covers", "sensitivity"]

_FULL, _GONE = 0.8, 1.4
"""Distances from a region's centre, in its radii, where the cover begins to fade and where it ends."""


@runtime_checkable
class CoversItsInput(Protocol):
    """A recogniser that can cover what its network is shown."""

    def under(self, clip: Clip, covers: NDArray[np.float32]) -> Iterator[dict[str, float]]:
        """What it says of the clip under each cover.

        Args:
            clip: in the canonical crop.
            covers: ``float32`` (R, H, W) of the clip's frames, 1 where nothing is seen through, 0 outside.

        Returns:
            Label -> probability, R times.
        """
        ...


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
    masks = covers(clip)
    if isinstance(recognizer, CoversItsInput):
        told = recognizer.under(clip, masks)
    else:
        hidden = (replace(clip, frames=covered(clip.frames, cover)) for cover in masks)
        told = (recognizer.recognize(one).probabilities for one in hidden)
    return {region.key: before - shares[best] for region, shares in zip(REGIONS, told, strict=True)}


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
