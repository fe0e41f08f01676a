from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from mien.errors import InputError
from mien.video import digest, open_video, probe


def picture(i: int, size: tuple[int, int] = (24, 32)) -> np.ndarray:
    return np.full((*size, 3), (i * 5 % 256, 10, 20), np.uint8)  # BGR: blue tells the number


def fill(folder: Path, names: list[str]) -> Path:
    folder.mkdir(exist_ok=True)
    for i, name in enumerate(names):
        assert cv2.imwrite(str(folder / name), picture(i))
    return folder


@pytest.mark.parametrize(
    "name",
    [
        lambda i: f"img{i}.png",
        lambda i: f"006_{i:05d}.png",
        lambda i: f"reg_img{i}.bmp",
        lambda i: f"EP03_1-{i}.tif",
        lambda i: f"image{17581039 + i}.bmp",
        lambda i: f"{i}_left.PNG",
    ],
)
def test_sorted_by_number(tmp_path: Path, name: Callable[[int], str]) -> None:
    folder = fill(tmp_path / "f", [name(i) for i in range(8, 13)])
    (folder / "notes.txt").write_text("not a picture")
    (folder / "Thumbs.db").write_bytes(b"x")
    with open_video(folder, fps=200) as reader:
        frames = list(reader)
    assert [f.index for f in frames] == [0, 1, 2, 3, 4]
    np.testing.assert_allclose([f.time for f in frames], np.arange(5) / 200)
    assert [int(f.rgb[0, 0, 2]) for f in frames] == [0, 5, 10, 15, 20]
    assert frames[0].gray.shape == (24, 32)
    assert reader.warnings == ()
    assert [f.index for f in reader.read(2, 3)] == [2, 3]


def test_jpeg_and_info(tmp_path: Path) -> None:
    folder = fill(tmp_path / "f", [f"img{i}.jpg" for i in range(1, 6)])
    info = probe(folder, fps=100)
    assert (info.codec, info.n_frames, info.width, info.height, info.name) == ("jpg", 5, 32, 24, "f")
    assert info.duration_s == pytest.approx(0.05)
    assert len(digest(folder)) == 64


def test_a_gap_in_the_numbers_is_a_gap_in_time(tmp_path: Path) -> None:
    folder = fill(tmp_path / "f", [f"{i}.png" for i in (5, 6, 9, 10)])
    with open_video(folder, fps=10) as reader:
        frames = list(reader)
        assert [f.index for f in frames] == [0, 1, 2, 3]
        np.testing.assert_allclose([f.time for f in frames], [0, 0.1, 0.4, 0.5])
        assert "2 pictures are missing" in reader.warnings[0]
    assert [f.index for f in open_video(folder, fps=10, start=0.15)] == [2, 3]
    assert [f.index for f in open_video(folder, fps=10, end=0.2)] == [0, 1]


def test_time_stamps_in_the_names_are_no_frame_numbers(tmp_path: Path) -> None:
    folder = fill(tmp_path / "f", [f"cam_{1690000000000 + 33333 * i}.png" for i in range(4)])
    with open_video(folder, fps=10) as reader:
        np.testing.assert_allclose([f.time for f in reader], [0, 0.1, 0.2, 0.3])
        assert "do not count frames" in reader.warnings[0]
        assert reader.info.duration_s == pytest.approx(0.4)


@pytest.mark.parametrize("ending", ["png", "jpg", "bmp", "tif"])
def test_an_unreadable_picture_is_a_gap(
    tmp_path: Path, ending: str, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = fill(tmp_path / "f", [f"{i}.{ending}" for i in range(5)])
    damaged = folder / f"2.{ending}"
    damaged.write_bytes(damaged.read_bytes()[:-300] if ending == "jpg" else damaged.read_bytes()[:60])
    with open_video(folder, fps=10) as reader:
        frames = list(reader)
    assert [f.index for f in frames] == [0, 1, 3, 4]
    assert [f.time for f in frames] == pytest.approx([0, 0.1, 0.3, 0.4])
    assert f"2.{ending}" in reader.warnings[-1]
    assert [f.index for f in reader.read(1, 3)] == [1, 3]
    assert capfd.readouterr().err == ""


def test_sixteen_bits(tmp_path: Path) -> None:
    deep = np.linspace(0, 65535, 64).astype(np.uint16).reshape(8, 8)
    for bits in (16, 12, 10):
        folder = tmp_path / str(bits)
        folder.mkdir()
        for i in range(3):
            assert cv2.imwrite(str(folder / f"{i}.png"), deep >> (16 - bits))
        with open_video(folder, fps=100) as reader:
            for frame in reader:
                np.testing.assert_array_equal(frame.gray, deep >> 8)
                np.testing.assert_array_equal(frame.rgb[..., 2], deep >> 8)
            assert reader.info.is_grey
            assert bool(reader.warnings) == (bits < 16)


def test_sizes_must_agree(tmp_path: Path) -> None:
    folder = fill(tmp_path / "f", [f"{i}.png" for i in range(4)])
    cv2.imwrite(str(folder / "3.png"), picture(3, (30, 32)))
    with pytest.raises(InputError, match="32×30"):
        list(open_video(folder, fps=25))


def test_mixed_names(tmp_path: Path) -> None:
    folder = fill(tmp_path / "f", [f"a{i}.png" for i in range(5)] + [f"b{i}.png" for i in range(5)])
    with pytest.raises(InputError, match="mixes"):
        open_video(folder, fps=25)
    folder = fill(tmp_path / "g", [f"a{i}.png" for i in range(20)] + ["cover.png", "b7.png"])
    with open_video(folder, fps=25) as reader:
        assert len(list(reader)) == 20
        assert "2 pictures" in reader.warnings[0]


def test_refused(tmp_path: Path) -> None:
    cases = {
        "empty": ([], "no pictures"),
        "one": (["1.png"], "only one picture"),
        "unnumbered": (["a.png", "b.png"], "no numbered pictures"),
        "twice": (["1.png", "01.png"], "two pictures with the number 1"),
    }
    for name, (files, says) in cases.items():
        folder = fill(tmp_path / name, files)
        for fps in (25.0, None):
            with pytest.raises(InputError, match=says):
                probe(folder, fps=fps)
    folder = fill(tmp_path / "good", ["1.png", "2.png"])
    with pytest.raises(InputError, match="--fps"):
        open_video(folder)
    with pytest.raises(InputError, match="--fps"):
        open_video(folder, fps=0)
    for i in (1, 2):
        (folder / f"{i}.png").write_bytes(b"nothing")
    with pytest.raises(InputError, match="cannot be read"):
        open_video(folder, fps=25)
