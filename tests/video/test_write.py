from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mien.errors import InputError
from mien.video import digest, open_video, write_video

Scene = Callable[..., list[np.ndarray]]


def test_lossless_grey(scene: Scene, tmp_path: Path) -> None:
    grey = [f[..., 1].copy() for f in scene(5)]
    for name, codec in [("a.mkv", "ffv1"), ("b.mp4", "libx264")]:
        path = write_video(tmp_path / name, grey, 200, codec=codec, pix_fmt="gray", lossless=True)
        frames = list(open_video(path))
        assert len(frames) == 5
        for frame, truth in zip(frames, grey, strict=True):
            np.testing.assert_array_equal(frame.gray, truth)
            np.testing.assert_array_equal(frame.rgb, np.stack([truth] * 3, axis=2))


def test_nothing_is_left_behind_when_it_fails(scene: Scene, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no frames"):
        write_video(tmp_path / "a.mp4", [], 25)
    with pytest.raises(InputError):
        write_video(tmp_path / "a.mp4", scene(2), 25, codec="no_such_codec")
    with pytest.raises(InputError):
        write_video(tmp_path / "nowhere" / "a.mp4", scene(2), 25)

    def interrupted():  # type: ignore[no-untyped-def]
        yield scene(1)[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_video(tmp_path / "a.mp4", interrupted(), 25)
    assert list(tmp_path.iterdir()) == []


def test_digest(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"abc" * 1000)
    assert digest(path) == hashlib.sha256(b"abc" * 1000).hexdigest()
    with pytest.raises(InputError):
        digest(tmp_path / "nowhere")
    before = digest(tmp_path)
    (tmp_path / "y").write_bytes(b"")
    assert digest(tmp_path) != before
