"""Fixtures that every room may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

CLIPS = ("single_face.mp4", "WolfgangLanger_Pexels.mp4", "no_face.mp4", "face_noface.mov", "noface_face.mov")


@pytest.fixture(scope="session")
def real_clips() -> Path:
    """The folder with real face footage. Absent, the test fails: it must not silently be left out."""
    folder = Path(os.environ.get("MIEN_CLIPS") or Path(__file__).parents[1] / ".cache" / "clips")
    missing = [name for name in CLIPS if not (folder / name).is_file()]
    if missing:
        pytest.fail(f"the real clips are not in {folder} ({', '.join(missing)}): run `make clips`")
    return folder
