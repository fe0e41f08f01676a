"""Small films made on the spot."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray


@pytest.fixture(scope="session")
def scene() -> Callable[..., list[NDArray[np.uint8]]]:
    def make(n: int, height: int = 48, width: int = 64) -> list[NDArray[np.uint8]]:
        """``n`` RGB pictures with a moving texture and a marker whose grey tells the number."""
        rng = np.random.default_rng(7)
        base = cv2.resize(rng.integers(40, 200, (6, 8, 3), np.uint8), (width, height))
        frames = []
        for i in range(n):
            picture = np.roll(base, 2 * i, axis=1).copy()
            picture[: height // 4, : width // 4] = 30 + (i * 7) % 190
            frames.append(picture)
        return frames

    return make
