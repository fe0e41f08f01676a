"""Reading video files with PyAV."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.video.stream import VideoStream

from mien.errors import InputError
from mien.video.frame import Frame, Orientation, StreamPicture, orientation_of
from mien.video.info import VideoInfo, doubt_frame_rate
from mien.video.packets import AV_ERRORS, Packets, list_packets
from mien.video.reader import VideoReader, check_fps
from mien.video.times import steady

__all__ = ["VideoFile", "probe_file"]

# What matters is said in our own words. No level at all, rather than PANIC: any level makes PyAV take the GIL
# in FFmpeg's threads, and closing a file while one of them speaks up would lock for ever.
av.logging.set_level(None)

# Formats that FFmpeg makes films of, but that are none: texts, single pictures, lists of other files.
_NO_FILMS = frozenset(("tty", "concat", "hls", "dash", "lavfi", "image2", "ico", "vapoursynth", "webvtt"))


class VideoFile(VideoReader):
    """The frames of a video file. Open it with :func:`mien.video.open_video`."""

    def __init__(
        self,
        path: Path,
        *,
        fps: float | None = None,
        start: float | None = None,
        end: float | None = None,
    ) -> None:
        looked = _look(path, fps)
        super().__init__(looked.info, start, end)
        self._packets = looked.packets
        self._orientation = looked.orientation
        self._stored_size = looked.stored_size
        self._fps = fps
        # A palette comes with the first packet only.
        self._can_seek = looked.packets.regular and looked.info.pix_fmt != "pal8"

    def _index_before(self, time: float) -> int:
        if time <= 0 or not self._packets.regular:
            return 0
        if self._fps is not None:
            # One less, so that rounding never skips a frame; the caller filters by the exact time.
            return max(0, int(time * self._fps) - 1)
        return max(0, int(np.searchsorted(self._packets.times, time)) - 1)

    def _goes_on_well(self, at: int, first: int) -> bool:
        if not self._can_seek:
            return True  # the only other way is from the start
        pts, keys = self._packets.pts, self._packets.keys
        if first >= len(pts):
            return True
        return not np.any((keys > pts[at]) & (keys <= pts[first]))

    def _frames(self, first: int, *, tell: bool) -> Generator[Frame, None, None]:
        if first >= len(self._packets) and self._packets.regular:
            return
        run = self._run(first)
        last, n = None, 0
        with closing(self._placed(run)) as placed:
            for index, time, picture in placed:
                last = index
                n += index >= first
                if index >= first:
                    seconds = time if self._fps is None else index / self._fps
                    yield Frame(index, seconds, StreamPicture(picture, self._orientation))
                del picture
        if tell and last is not None:
            self._tell_end(run, last)
            if self._packets.regular and n < last + 1 - first:
                self._warn(
                    f"{last + 1 - first - n} frames are damaged and were left out; "
                    "copy the file again from the camera or the original if you can."
                )

    def _run(self, first: int) -> _Run:
        """Start decoding at the last place from which frame ``first`` comes out right."""
        packets = self._packets
        if self._can_seek and first > 0:
            target = packets.pts[first]
            before = packets.keys[packets.keys <= target]
            # Containers differ in whether they seek by decoding or presentation time: where one overshoots,
            # an earlier key picture does it.
            for key in before[1:][::-1][:2]:
                run = _Run(self.info.path, self._stored_size, seek=int(key))
                reached = run.peek()
                if reached is not None and reached <= target:
                    return run
                run.close()
        return _Run(self.info.path, self._stored_size)

    def _placed(self, run: _Run) -> Generator[tuple[int, float, av.VideoFrame], None, None]:
        """Give every decoded picture its index and its time in seconds."""
        packets = self._packets
        if packets.regular:
            times, at = packets.times, -1
            for picture in run:
                if picture.pts is None:
                    continue
                index = int(np.searchsorted(packets.pts, picture.pts))
                if index <= at or index == len(packets) or packets.pts[index] != picture.pts:
                    continue  # an echo of damage: no packet has this time
                at = index
                yield index, float(times[index]), picture
                del picture
        elif packets.counted:
            times = packets.times
            for index, picture in zip(range(len(packets)), run, strict=False):
                yield index, float(times[index]), picture
                del picture
        else:
            step = 1.0 / (packets.rate()[0] or self.info.fps)
            stamped = ((_seconds(p), p) for p in run)
            mended = steady(stamped, step, lambda: self._warn(_MENDED))
            for index, (time, picture) in enumerate(mended):
                yield index, time, picture
                del picture

    def _tell_end(self, run: _Run, last: int) -> None:
        lacking = self._packets.regular and last < len(self._packets) - 1
        if run.problem is None and self._packets.complete and not lacking:
            return
        self.broke_at = last
        seconds = last / (self._fps or self.info.fps)
        if self._fps is None and self._packets.regular:
            seconds = float(self._packets.times[last])
        reason = run.problem or "what follows is missing or damaged; perhaps it was not copied in full"
        self._warn(f"The file breaks off after frame {last} ({seconds:.2f} s): {reason}.")


_MENDED = (
    "Some frames carry no usable timestamp; their times were filled in between their neighbours. "
    "If you know the camera's frame rate, pass it with --fps."
)


def _seconds(frame: av.VideoFrame) -> float | None:
    stamp = frame.pts if frame.pts is not None else frame.dts
    return None if stamp is None or frame.time_base is None else float(stamp * frame.time_base)


class _Run:
    """One run of the decoder through the file; what went wrong at its end is in ``problem``."""

    def __init__(self, path: Path, size: tuple[int, int] | None, *, seek: int | None = None) -> None:
        self.problem: str | None = None
        self._size = size
        self._pictures = self._decode(path, seek)
        self._peeked: av.VideoFrame | None = None

    def peek(self) -> int | None:
        """The timestamp of the picture that comes next."""
        if self._peeked is None:
            self._peeked = next(self._pictures, None)
        return None if self._peeked is None else self._peeked.pts

    def close(self) -> None:
        self._pictures.close()

    def __iter__(self) -> Generator[av.VideoFrame, None, None]:
        with closing(self._pictures):
            if self._peeked is not None:
                picture, self._peeked = self._peeked, None
                yield picture
                del picture
            yield from self._pictures

    def _decode(self, path: Path, seek: int | None) -> Generator[av.VideoFrame, None, None]:
        try:
            with _opened(path) as container:
                stream = video_stream(container)
                assert stream is not None
                stream.thread_type = "AUTO"
                if seek is not None:
                    container.seek(seek, stream=stream)
                yield from self._of_stream(container, stream)
        except AV_ERRORS:
            self.problem = "the data after it cannot be read"

    def _of_stream(self, container: InputContainer, stream: VideoStream) -> Iterator[av.VideoFrame]:
        packets = container.demux(stream)
        while True:
            try:
                packet = next(packets, None)
                if packet is None:
                    return
                if packet.is_corrupt:
                    self.problem = "the next picture is cut off"
                    pictures = stream.decode(None)
                else:
                    pictures = packet.decode()
            except AV_ERRORS:
                self.problem = "the data after it are damaged"
                pictures = _drained(stream)
            for picture in pictures:
                if self._size is not None and (picture.width, picture.height) != self._size:
                    self.problem = "the size of the picture changes"
                    return
                yield picture
                del picture
            pictures.clear()
            if self.problem:
                return


def _drained(stream: VideoStream) -> list[av.VideoFrame]:
    """What the decoder still holds after an error."""
    try:
        return stream.decode(None)
    except AV_ERRORS:
        return []


def _opened(path: Path) -> InputContainer:
    # Only local files: a film must not make us fetch others.
    return av.open(str(path.resolve()), options={"protocol_whitelist": "file"})


def video_stream(container: InputContainer) -> VideoStream | None:
    """The first stream that is a film (the cover picture of a sound file is none)."""
    for stream in container.streams.video:
        # No codec context: FFmpeg does not know the codec.
        if stream.codec_context is not None and not stream.disposition & av.stream.Disposition.attached_pic:
            return stream
    return None


@dataclass(frozen=True, slots=True)
class _Look:
    info: VideoInfo
    packets: Packets
    orientation: Orientation
    stored_size: tuple[int, int]


def probe_file(path: Path, *, fps: float | None = None) -> VideoInfo:
    """Describe a video file. See :func:`mien.video.probe`."""
    return _look(path, fps).info


def _look(path: Path, fps: float | None) -> _Look:
    check_fps(fps)
    _check_file(path)
    try:
        with _opened(path) as container:
            return _examine(path, container, fps)
    except InputError:
        raise
    except AV_ERRORS as error:
        raise InputError(_not_a_film(path)) from error


def _check_file(path: Path) -> None:
    try:
        with path.open("rb") as file:
            if not file.read(1):
                raise InputError(f"{path} is empty (0 bytes). Copy it again from the camera or the original.")
    except FileNotFoundError:
        raise InputError(f"{path} does not exist. Check the path and its spelling.") from None
    except PermissionError:
        raise InputError(f"{path} may not be read: you lack the permission. Ask its owner.") from None
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read ({error}).") from error


def _not_a_film(path: Path) -> str:
    return (
        f"{path} cannot be read as a video: it is of another kind, damaged, or not copied in full. "
        "See whether a video player shows it; if so, convert it to MP4 (H.264) and try again."
    )


def _examine(path: Path, container: InputContainer, fps: float | None) -> _Look:
    stream = video_stream(container)
    if stream is None:
        if container.streams.audio:
            raise InputError(f"{path} holds sound but no picture. Choose the video file of the recording.")
        raise InputError(_not_a_film(path))
    if _NO_FILMS & set(container.format.name.split(",")) or container.format.name.endswith("_pipe"):
        raise InputError(_not_a_film(path))
    packets = list_packets(path, container, stream)
    # Two pictures must come out; the first tells how they are stored.
    run = _Run(path, None)
    with closing(iter(run)) as pictures:
        head = [p for p, _ in zip(pictures, range(2), strict=False)]
    if len(head) < 2:
        found = "no frame" if not head else "only one frame"
        raise InputError(
            f"{path}: {found} can be read; at least two are needed to see a movement. "
            "The file may be a single picture, damaged, or not copied in full."
        )
    first = head[0]
    orientation = orientation_of(first)
    gray_picture = _shows_no_colour(StreamPicture(first, Orientation()))
    width, height = first.width, first.height
    if orientation.turns % 2:
        width, height = height, width
    claimed = _rate(stream.average_rate) or _rate(stream.guessed_rate)
    measured, variable = packets.rate()
    capture = _capture_rate({**container.metadata, **stream.metadata})
    codec = stream.codec_context.codec.canonical_name
    doubt = None
    if fps is None:
        doubt = doubt_frame_rate(
            path,
            claimed,
            measured,
            capture=capture,
            variable=variable,
            is_grey=gray_picture,
            codec=codec,
        )
    rate = fps or measured or claimed or 25.0
    info = VideoInfo(
        path=path,
        name=path.stem,
        width=width,
        height=height,
        fps=rate,
        claimed_fps=claimed,
        variable_fps=variable and fps is None,
        duration_s=_duration(packets, rate, fps),
        n_frames=len(packets) or None,
        codec=codec,
        pix_fmt=first.format.name,
        bit_depth=max((c.bits for c in first.format.components), default=8),
        rotation=-90 * orientation.turns % 360,
        is_grey=gray_picture,
        capture_fps=capture,
        fps_doubt=doubt,
    )
    return _Look(info, packets, orientation, (first.width, first.height))


def _duration(packets: Packets, rate: float, fps: float | None) -> float:
    if fps is not None or packets.tick <= 0 or len(packets) < 2:
        return len(packets) / rate
    return float(packets.times[-1]) + 1.0 / rate


def _rate(value: object) -> float | None:
    """A frame rate as the header has it; 0 means that it says nothing."""
    return float(value) if value else None  # type: ignore[arg-type]


def _capture_rate(metadata: dict[str, str]) -> float | None:
    """The rate at which a phone filmed its slow motion."""
    for key in ("com.android.capture.fps", "com.apple.quicktime.capture.fps", "capture_fps"):
        try:
            value = float(metadata[key])
        except (KeyError, ValueError):
            continue
        if value > 0:
            return value
    return None


def _shows_no_colour(picture: StreamPicture) -> bool:
    """The format has no colour, or the picture shows none (a black one shows nothing either way)."""
    if picture.frame.format.name.startswith(("gray", "mono")):
        return True
    rgb = picture.rgb()[::4, ::4].astype(np.int16)
    spread = rgb.max(axis=2) - rgb.min(axis=2)
    return bool(spread.max() <= 2 and rgb.std() > 2)
