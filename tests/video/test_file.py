from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from mien.errors import InputError
from mien.video import Frame, open_video, probe, write_video

Scene = Callable[..., list[np.ndarray]]
KINDS = {
    "h264_bframes.mp4": {"codec": "libx264", "gop": 25, "options": {"bf": "3", "preset": "medium"}},
    "h264_opengop.mkv": {"codec": "libx264", "gop": 12, "options": {"bf": "3", "x264-params": "open-gop=1"}},
    "h264_10bit.mp4": {"codec": "libx264", "pix_fmt": "yuv420p10le", "gop": 20},
    "hevc.mov": {"codec": "libx265", "gop": 20, "options": {"preset": "ultrafast"}},
    "vp9.webm": {"codec": "libvpx-vp9", "gop": 20, "options": {"deadline": "realtime", "cpu-used": "8"}},
    "mpeg4.avi": {"codec": "mpeg4", "gop": 12},
    "mpeg4_bframes.avi": {"codec": "mpeg4", "gop": 12, "options": {"bf": "2"}},
    "mpeg2.ts": {"codec": "mpeg2video", "gop": 12, "options": {"bf": "2"}},
    "h264_bframes.avi": {"codec": "libx264", "gop": 25, "options": {"bf": "3"}},
    "vp8.webm": {"codec": "libvpx", "gop": 20, "options": {"auto-alt-ref": "1", "lag-in-frames": "10"}},
    "h264.ts": {"codec": "libx264", "gop": 20},
    "mjpeg.avi": {"codec": "mjpeg", "pix_fmt": "yuvj420p"},
    "raw.avi": {"codec": "rawvideo", "pix_fmt": "bgr24"},
    "gray.mkv": {"codec": "ffv1", "pix_fmt": "gray"},
    "palette.mov": {"codec": "qtrle", "pix_fmt": "gray"},
    "paletted.gif": {"codec": "gif", "pix_fmt": "rgb8"},
}
N = 60


@pytest.fixture(scope="module")
def films(scene: Scene, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("films")
    for name, how in KINDS.items():
        write_video(folder / name, scene(N), 25, **how)
    return folder


def everything(path: Path, **how: float) -> list[tuple[int, float, bytes, bytes]]:
    with open_video(path, **how) as reader:
        return [snapshot(f) for f in reader]


def snapshot(frame: Frame) -> tuple[int, float, bytes, bytes]:
    return frame.index, frame.time, frame.gray.tobytes(), frame.rgb.tobytes()


@pytest.mark.parametrize("name", KINDS)
def test_every_format_gives_all_frames_in_order(films: Path, name: str) -> None:
    frames = []
    with open_video(films / name) as reader:
        for frame in reader:
            assert frame.gray.shape == (48, 64)
            assert frame.gray.dtype == np.uint8
            assert frame.rgb.shape == (48, 64, 3)
            frames.append(frame)
    assert [f.index for f in frames] == list(range(N))
    np.testing.assert_allclose([f.time for f in frames], np.arange(N) / 25, atol=1e-3)
    # The marker tells the frame; lossy codecs may be off by a little.
    marks = [float(f.gray[3:8, 3:12].mean()) for f in frames]
    truth = [30 + (i * 7) % 190 for i in range(N)]
    np.testing.assert_allclose(marks, truth, atol=20 if name.endswith("gif") else 9)
    assert reader.warnings == ()
    assert reader.broke_at is None
    assert reader.info.fps == pytest.approx(25, rel=1e-3)
    assert reader.info.n_frames == N
    assert (reader.info.width, reader.info.height) == (64, 48)


@pytest.mark.parametrize("name", KINDS)
def test_reading_again_gives_the_same_frames(films: Path, name: str) -> None:
    whole = everything(films / name)
    with open_video(films / name) as reader:
        for first, last in [
            (30, 34),
            (35, 36),
            (0, 1),
            (13, 13),
            (11, 26),
            (N - 2, N + 5),
            (24, 25),
            (49, 50),
        ]:
            assert [snapshot(f) for f in reader.read(first, last)] == whole[first : last + 1]
        assert list(reader.read(N, N + 3)) == []
        assert list(reader.read(5, 4)) == []
        assert everything(films / name) == whole


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize(("start", "end"), [(0.5, 1.2), (1.0, None), (None, 0.4), (2.2, 99.0)])
def test_a_time_range_gives_what_the_whole_gives(
    films: Path, name: str, start: float | None, end: float | None
) -> None:
    lo, hi = start or 0.0, end or 99.0
    expected = [f for f in everything(films / name) if lo <= f[1] < hi]
    assert everything(films / name, start=start, end=end) == expected  # type: ignore[arg-type]


def test_fps_overrides_the_time_base(films: Path) -> None:
    path = films / "h264_bframes.mp4"
    frames = everything(path, fps=200)
    assert [f[1] for f in frames] == [i / 200 for i in range(N)]
    part = everything(path, fps=200, start=0.15, end=0.2)
    assert part == frames[30:40]
    assert probe(path, fps=200).duration_s == pytest.approx(N / 200)


def test_gray_is_full_range_whatever_the_format(tmp_path: Path) -> None:
    ramp = np.tile(np.linspace(0, 255, 64).astype(np.uint8), (48, 1))
    deep = np.tile(np.linspace(0, 1023, 64).astype(np.uint16), (48, 1))
    for name, how, tolerance in [
        ("a.mkv", {"codec": "ffv1", "pix_fmt": "yuv420p"}, 1),
        ("b.mkv", {"codec": "ffv1", "pix_fmt": "gray"}, 0),
        ("c.mkv", {"codec": "ffv1", "pix_fmt": "yuv444p10le"}, 1),
        ("d.mkv", {"codec": "ffv1", "pix_fmt": "bgr0"}, 1),
        ("e.mkv", {"codec": "mjpeg", "pix_fmt": "yuvj444p"}, 3),
        ("f.mkv", {"codec": "libx264", "lossless": True, "pix_fmt": "yuv420p"}, 1),
        ("g.mkv", {"codec": "ffv1", "pix_fmt": "gbrp10le"}, 1),
    ]:
        frame = next(iter(open_video(write_video(tmp_path / name, [ramp, ramp], 25, **how))))
        np.testing.assert_allclose(frame.gray, ramp.astype(float), atol=tolerance, err_msg=str(how))
        np.testing.assert_allclose(frame.rgb[..., 1], ramp.astype(float), atol=tolerance + 2)
    for name, pix_fmt, pixels in [("h.mkv", "gray10le", deep), ("i.mkv", "gray16le", deep << 6)]:
        path = write_video(tmp_path / name, [pixels, pixels], 25, codec="ffv1", pix_fmt=pix_fmt)
        frame = next(iter(open_video(path)))
        np.testing.assert_array_equal(frame.gray, deep >> 2)
        assert probe(path).is_grey


def test_uneven_frame_rate(scene: Scene, tmp_path: Path) -> None:
    times = np.cumsum([0, *([0.02] * 10), 0.2, *([0.02] * 10), 0.05, 0.02])
    path = write_video(tmp_path / "vfr.mp4", scene(len(times)), 50, times=times.tolist())
    info = probe(path)
    assert info.variable_fps
    assert info.fps == pytest.approx(50, rel=0.01)
    frames = everything(path)
    np.testing.assert_allclose([f[1] for f in frames], times, atol=2e-4)
    assert everything(path, start=0.3) == [f for f in frames if f[1] >= 0.3]


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_rotation_metadata_are_applied(tmp_path: Path, rotation: int) -> None:
    picture = np.zeros((48, 64, 3), np.uint8)
    picture[:24, :32] = 200  # bright upper left as stored
    path = write_video(tmp_path / "r.mp4", [picture] * 3, 25, rotation=rotation)
    info = probe(path)
    assert info.rotation == rotation
    expected = np.rot90(picture, -rotation // 90)
    assert (info.height, info.width) == expected.shape[:2]
    frame = next(iter(open_video(path)))
    np.testing.assert_allclose(frame.gray, expected[..., 0], atol=40)
    assert np.abs(frame.rgb.astype(int) - expected).mean() < 4


@pytest.mark.parametrize("size", [(16, 16), (2160, 3840), (47, 63)])
def test_sizes(scene: Scene, tmp_path: Path, size: tuple[int, int]) -> None:
    how = {"codec": "ffv1", "pix_fmt": "yuv444p"} if size[0] % 2 else {"options": {"preset": "ultrafast"}}
    path = write_video(tmp_path / "s.mkv", scene(3, *size), 25, **how)
    assert [f.gray.shape for f in open_video(path)] == [size] * 3


def test_frames_are_let_go(films: Path) -> None:
    seen: list[weakref.ref[Frame]] = []
    alive = 0
    for frame in open_video(films / "h264_bframes.mp4"):
        assert frame.gray.any()
        seen.append(weakref.ref(frame))
        alive = max(alive, sum(r() is not None for r in seen))
    del frame
    gc.collect()
    assert alive <= 3
    assert not any(r() is not None for r in seen)


def test_leaving_early_and_starting_again(films: Path) -> None:
    reader = open_video(films / "h264_bframes.mp4")
    for _ in range(3):
        assert next(iter(reader)).index == 0
    assert len(list(reader)) == N


def test_a_sound_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), format="s16", layout="mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
    with pytest.raises(InputError, match="sound but no picture"):
        probe(path)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("empty.mp4", b"", "is empty"),
        ("text.mp4", b"dear diary\n" * 50, "cannot be read as a video"),
        ("text.txt", b"dear diary\n" * 50, "cannot be read as a video"),
        ("list.m3u8", b"#EXTM3U\n#EXTINF:1,\nother.ts\n#EXT-X-ENDLIST\n", "cannot be read as a video"),
        ("noise.avi", bytes(range(256)) * 20, "cannot be read as a video"),
    ],
)
def test_what_is_no_film_is_refused(tmp_path: Path, name: str, content: bytes, says: str) -> None:
    (tmp_path / name).write_bytes(content)
    for fps in (None, 200.0):
        with pytest.raises(InputError, match=says):
            open_video(tmp_path / name, fps=fps)


def test_missing_path() -> None:
    with pytest.raises(InputError, match="does not exist"):
        probe("nowhere/film.mp4")


def test_no_permission(films: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Tests may run as root, who may read everything.
    def refuse(*args: object, **kwargs: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(InputError, match="permission"):
        probe(films / "gray.mkv")


def test_one_frame_is_refused(scene: Scene, tmp_path: Path) -> None:
    path = write_video(tmp_path / "one.mp4", scene(1), 25)
    with pytest.raises(InputError, match="only one frame"):
        probe(path)


@pytest.mark.parametrize("fps", [0, -25, float("nan"), float("inf")])
def test_impossible_fps(films: Path, fps: float) -> None:
    with pytest.raises(InputError, match="--fps"):
        open_video(films / "gray.mkv", fps=fps)


@pytest.mark.parametrize(("start", "end"), [(1.0, 1.0), (1.0, 0.5), (-1.0, None), (2.4, None), (None, 0.0)])
def test_impossible_ranges(films: Path, start: float | None, end: float | None) -> None:
    with pytest.raises(InputError):
        open_video(films / "gray.mkv", start=start, end=end)


def test_a_range_of_one_frame_is_refused(films: Path) -> None:
    with pytest.raises(InputError, match="only 1 frame could be read in the chosen time range"):
        list(open_video(films / "gray.mkv", start=1.0, end=1.03))


CUT = {
    "front.mp4": {"codec": "libx264", "container_options": {"movflags": "faststart"}},
    "behind.mp4": {"codec": "libx264"},
    "film.avi": {"codec": "mpeg4"},
    "film.gif": {"codec": "gif", "pix_fmt": "rgb8"},
    "film.mkv": {"codec": "libx264", "gop": 10},
}


@pytest.mark.parametrize("name", CUT)
def test_cut_anywhere_it_warns_or_is_refused(scene: Scene, tmp_path: Path, name: str) -> None:
    whole = write_video(tmp_path / name, scene(30), 25, **CUT[name])
    data = whole.read_bytes()
    truth = everything(whole)
    cut = tmp_path / f"cut_{name}"
    used = 0
    for size in sorted({*range(1, len(data), max(1, len(data) // 25)), 8, 40, len(data) - 1}):
        cut.write_bytes(data[:size])
        try:
            with open_video(cut) as reader:
                frames = [snapshot(f) for f in reader]
        except InputError:
            continue
        used += 1
        assert len(frames) >= 2
        assert np.all(np.diff([f[1] for f in frames]) > 0)
        # Whatever is shown is whole, and at its time (a cut may have taken the B-frames before the last one).
        whole_ones = (
            frames[:-1] if name == "film.gif" else frames
        )  # GIF cannot tell that a picture is cut off
        assert all(f[2] == truth[round(f[1] * 25)][2] for f in whole_ones)
        if len(frames) < len(truth):
            assert any("breaks off after frame" in w for w in reader.warnings), size
            assert reader.broke_at == frames[-1][0]
    assert used > 4 or name == "behind.mp4"  # whose index comes last


def test_damage_in_the_middle_ends_the_film_there(films: Path, tmp_path: Path) -> None:
    data = bytearray((films / "mjpeg.avi").read_bytes())
    at = len(data) // 2
    data[at : at + 3000] = bytes(3000)
    path = tmp_path / "hole.avi"
    path.write_bytes(data)
    with open_video(path) as reader:
        frames = list(reader)
    assert 2 <= len(frames) <= N
    assert all(b.time > a.time for a, b in pairwise(frames))


@pytest.mark.parametrize(
    ("name", "n"),
    [
        ("single_face.mp4", 72),
        ("WolfgangLanger_Pexels.mp4", 472),
        ("no_face.mp4", 95),
        ("face_noface.mov", 169),
        ("noface_face.mov", 169),
    ],
)
def test_real_clips(real_clips: Path, name: str, n: int) -> None:
    times, indices, kept = [], [], {}
    with open_video(real_clips / name) as reader:
        for frame in reader:
            times.append(frame.time)
            indices.append(frame.index)
            if frame.index % 23 in (5, 6):
                kept[frame.index] = frame.gray
        assert indices == list(range(n))
        assert np.all(np.diff(times) > 0)
        assert reader.warnings == ()
        assert reader.info.fps_doubt is None
        assert reader.info.variable_fps == name.endswith(".mov")
        for index in sorted(kept, reverse=True):
            (again,) = reader.read(index, index)
            assert again.time == times[index]
            np.testing.assert_array_equal(again.gray, kept[index])
