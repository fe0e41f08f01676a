"""The mesh of a real face."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mien.face.align import apply, place
from mien.face.networks import BlazeFace, FaceMesh
from mien.video import open_video


@pytest.fixture(scope="session")
def mesh(real_clips: Path) -> np.ndarray:
    """(468, 2) of a face that looks into the camera, in pixels of its canonical crop of 128 pixels."""
    with open_video(real_clips / "single_face.mp4") as reader:
        rgb = next(iter(reader.read(5, 5))).rgb
    points = FaceMesh().from_detection(rgb, BlazeFace().detect(rgb)[0]).points
    return apply(place(points, 128), points[:, :2])
