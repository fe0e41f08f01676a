"""Writing clips, atomically."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from mien.errors import InputError
from mien.video.packets import AV_ERRORS

__all__ = ["write_video"]


def write_video(
    path: str | Path,
    frames: Iterable[NDArray[Any]],
    fps: float,
    *,
    codec: str = "libx264",
    pix_fmt: str | None = None,
    lossless: bool = False,
    times: Sequence[float] | None = None,
    rotation: int = 0,
    gop: int | None = None,
    options: Mapping[str, str] | None = None,
    container_options: Mapping[str, str] | None = None,
    metadata: Mapping[str, str] | None = None,
) -> Path:
    """Encode ``frames`` into ``path``; a file of that name appears only once it is complete.

    Args:
        path: the ending chooses the container (``.mp4``, ``.mkv``, ``.avi``, ``.mov``, ``.webm``).
        frames: all of one size: ``uint8`` RGB (H, W, 3) or grey (H, W), or ``uint16`` grey (H, W) for the
            deep grey formats (values as stored, e.g. 0 to 1023 in ``gray10le``).
        fps: frames a second, > 0; with ``times`` only what the header claims.
        codec: an encoder of FFmpeg (``"libx264"``, ``"ffv1"``, ``"mpeg4"``, ``"mjpeg"``, ``"libx265"``, …).
        pix_fmt: pixel format as stored; by default the codec's usual one (4:2:0 for films).
        lossless: ask x264 or x265 for no loss; other codecs are as they are.
        times: seconds of each frame, strictly increasing, for uneven frame rates.
        rotation: degrees clockwise that players are to turn the picture: 0, 90, 180 or 270.
        gop: at most this many frames from one key picture to the next.
        options: passed on to the encoder.
        container_options: passed on to the writer of the container.
        metadata: tags of the file.

    Returns:
        The path.

    Raises:
        mien.errors.InputError: there are no frames, or they cannot be written in this way.
    """
    path = Path(path)
    iterator = iter(frames)
    first = next(iterator, None)
    if first is None:
        raise InputError(f"{path}: there are no frames to write.")
    settings = dict(options or {})
    if codec in ("libx264", "libx265") and lossless:
        settings |= (
            {"crf": "0", "qp": "0"} if codec == "libx264" else {"x265-params": "lossless=1:log-level=none"}
        )
    elif codec == "libx265":
        settings.setdefault("x265-params", "log-level=none")
    try:
        # The same folder, so that the final rename never crosses file systems; the same ending for the muxer.
        handle, name = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=path.suffix, dir=path.parent)
    except OSError as error:
        raise InputError(f"{path} cannot be written ({error.strerror}).") from error
    os.close(handle)
    Path(name).chmod(0o644)  # mkstemp keeps everybody else out
    temporary = Path(name)
    try:
        with av.open(name, "w", container_options=dict(container_options or {})) as container:
            container.metadata.update(metadata or {})
            rate = Fraction(fps).limit_denominator(100_000)
            stream: Any = container.add_stream(codec, rate=rate, options=settings)
            stream.height, stream.width = first.shape[:2]
            stream.pix_fmt = pix_fmt or _usual_format(stream)
            if stream.pix_fmt.startswith(("gray", "yuvj")):
                stream.codec_context.color_range = 2  # full range; H.264 would otherwise read it as limited
            if gop is not None:
                stream.gop_size = gop
            if times is not None:
                stream.codec_context.time_base = Fraction(1, 90_000)
                stream.time_base = Fraction(1, 90_000)
            if rotation:
                stream.set_display_rotation(-rotation)
            for i, pixels in enumerate(chain([first], iterator)):
                frame = av.VideoFrame.from_ndarray(
                    np.ascontiguousarray(pixels), format=_format_of(pixels, stream)
                )
                if times is None:
                    frame.pts, frame.time_base = i, 1 / rate
                else:
                    frame.pts, frame.time_base = round(times[i] * 90_000), Fraction(1, 90_000)
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        temporary.replace(path)
    except (*AV_ERRORS, TypeError) as error:
        raise InputError(
            f"{path}: the frames cannot be written as {codec} {pix_fmt or ''} ({error})."
        ) from error
    finally:
        temporary.unlink(missing_ok=True)
    return path


def _usual_format(stream: Any) -> str:
    if stream.codec_context.codec.name == "mjpeg":
        return "yuvj420p"
    formats = [f.name for f in stream.codec_context.codec.video_formats or ()]
    return next((f for f in ("yuv420p", *formats) if f in formats), "yuv420p")


def _format_of(pixels: NDArray[Any], stream: Any) -> str:
    """How ``from_ndarray`` is to understand the array."""
    if pixels.ndim == 3:
        return "rgb24"
    if pixels.dtype == np.uint16:
        return str(stream.pix_fmt) if str(stream.pix_fmt).startswith("gray") else "gray16le"
    return "gray"
