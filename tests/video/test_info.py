from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mien.video import probe, write_video
from mien.video.info import doubt_frame_rate, rate_in_name

Scene = Callable[..., list[np.ndarray]]


@pytest.mark.parametrize(
    ("path", "rate"),
    [
        ("clip_200fps.avi", 200),
        ("a_200_fps_b.mp4", 200),
        ("S03 hs200 take.avi", 200),
        ("HS-100/s1.avi", 100),
        ("59.94fps.mov", 59.94),
        ("subject_200.avi", None),
        ("1920x1080.mp4", None),
        ("ths200.avi", None),
        ("fps.avi", None),
    ],
)
def test_rate_in_name(path: str, rate: float | None) -> None:
    assert rate_in_name(Path(path)) == rate


def test_doubts() -> None:
    plain = Path("film.mp4")
    assert doubt_frame_rate(plain, 30, 30) is None
    assert doubt_frame_rate(plain, 29.97, 30.0) is None
    assert doubt_frame_rate(plain, 26.4, 30, variable=True) is None
    assert doubt_frame_rate(plain, 200, 200, is_grey=True, codec="rawvideo") is None
    for doubt in (
        doubt_frame_rate(plain, None, None),
        doubt_frame_rate(plain, 0, None),
        doubt_frame_rate(plain, 90000, 90000),
        doubt_frame_rate(plain, 30, 30, capture=240),
        doubt_frame_rate(Path("x_200fps.mp4"), 25, 25),
        doubt_frame_rate(plain, 25, 50),
        doubt_frame_rate(plain, 25, 25, is_grey=True, codec="mjpeg"),
    ):
        assert doubt is not None
        assert "--fps" in doubt


def test_slow_motion_of_phones(scene: Scene, tmp_path: Path) -> None:
    path = write_video(
        tmp_path / "slow.mp4",
        scene(4),
        30,
        metadata={"com.android.capture.fps": "240.0"},
        container_options={"movflags": "use_metadata_tags"},
    )
    info = probe(path)
    assert info.capture_fps == 240
    assert info.claimed_fps == 30
    assert "--fps 240" in (info.fps_doubt or "")
    assert probe(path, fps=240).fps_doubt is None
    assert probe(path, fps=240).fps == 240


def test_grey_industrial_recording(scene: Scene, tmp_path: Path) -> None:
    grey = [f[..., 1].copy() for f in scene(4)]
    info = probe(write_video(tmp_path / "cam.avi", grey, 25, codec="mjpeg", pix_fmt="yuvj420p"))
    assert info.is_grey
    assert info.fps_doubt is not None
    assert not probe(write_video(tmp_path / "web.avi", scene(4), 25, codec="mjpeg")).is_grey
