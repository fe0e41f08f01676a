"""Picture files: every kind is read, and what is wrong with one is said."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from mien.errors import InputError
from mien.inputs.pictures import Pictures, decode

RNG = np.random.default_rng(0)
COLOUR = cv2.GaussianBlur(RNG.integers(0, 256, (48, 64, 3)).astype(np.uint8), (0, 0), 2)
GREY = np.ascontiguousarray(COLOUR[..., 0])


def write(path: Path, picture: np.ndarray) -> Path:
    """RGB or grey, under a name that OpenCV's own writer may not manage."""
    stored = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR) if picture.ndim == 3 else picture
    done, data = cv2.imencode(path.suffix, stored)
    assert done
    path.write_bytes(data.tobytes())
    return path


@pytest.mark.parametrize("picture", [GREY, COLOUR], ids=["grey", "colour"])
@pytest.mark.parametrize("ending", [".png", ".bmp", ".tif"])
def test_pixels_come_back(tmp_path: Path, ending: str, picture: np.ndarray) -> None:
    read = decode(write(tmp_path / f"Größe 微 1{ending}", picture))
    if ending == ".bmp" and read.ndim > picture.ndim:
        read = read[..., 0]
    assert (read == picture).all()


def test_jpeg_is_rgb(tmp_path: Path) -> None:
    red = np.zeros((32, 32, 3), np.uint8)
    red[..., 0] = 200
    read = decode(write(tmp_path / "1.jpg", red))
    assert np.abs(read.astype(int) - red).max() < 12


def test_sixteen_bits(tmp_path: Path) -> None:
    deep = GREY.astype(np.uint16) * 16 + 7  # a camera of 12 bits
    files = [
        write(tmp_path / f"{i}.png", np.where(GREY > 250, 4095, deep).astype(np.uint16)) for i in range(3)
    ]
    assert decode(files[0]).dtype == np.uint16
    assert (Pictures(files)[1] == np.where(GREY > 250, 255, GREY)).all()


def test_one_depth_for_all_pictures(tmp_path: Path) -> None:
    """A dark picture among bright ones is not made bright."""
    bright, dark = np.full((16, 16), 4000, np.uint16), np.full((16, 16), 160, np.uint16)
    pictures = Pictures([write(tmp_path / "0.png", dark), write(tmp_path / "1.png", bright)])
    assert pictures[0].max() == 160 >> 4
    assert pictures[1].max() == 4000 >> 4


@pytest.mark.parametrize("ending", [".png", ".jpg", ".bmp", ".tif"])
@pytest.mark.parametrize("keep", [0.0, 0.02, 0.5, 0.97])
def test_cut_off_files_are_named(tmp_path: Path, ending: str, keep: float) -> None:
    file = write(tmp_path / f"frame{ending}", COLOUR)
    data = file.read_bytes()
    file.write_bytes(data[: int(keep * len(data))])
    with pytest.raises(InputError, match=rf"frame\{ending} (is empty|is cut off|cannot be decoded)"):
        decode(file)


def test_a_thumbnails_end_is_not_the_pictures(tmp_path: Path) -> None:
    file = write(tmp_path / "a.jpg", COLOUR)
    data, small = file.read_bytes(), write(tmp_path / "b.jpg", GREY[:16, :16]).read_bytes()
    marked = b"\xff\xe1" + (len(small) + 2).to_bytes(2, "big") + small
    file.write_bytes(data[:2] + marked + data[2:])
    assert decode(file).shape == COLOUR.shape
    file.write_bytes((data[:2] + marked + data[2:])[:-100])
    with pytest.raises(InputError, match="cut off"):
        decode(file)
    file.write_bytes(data + b"maker's notes" * 1000)
    assert decode(file).shape == COLOUR.shape


def test_what_is_no_picture(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_text("hello")
    with pytest.raises(InputError, match=r"a\.png cannot be decoded"):
        decode(tmp_path / "a.png")
    with pytest.raises(InputError, match=r"b\.png cannot be read \(No such file"):
        decode(tmp_path / "b.png")
    with pytest.raises(InputError, match=r"cannot be read"):
        decode(tmp_path)
    cv2.imwrite(str(tmp_path / "c.tif"), GREY.astype(np.float32))
    with pytest.raises(InputError, match=r"c\.tif holds pixels of type float32"):
        decode(tmp_path / "c.tif")


def test_another_size_is_named(tmp_path: Path) -> None:
    pictures = Pictures([write(tmp_path / "1.png", GREY), write(tmp_path / "2.png", GREY[:, :40])])
    assert pictures[0].shape == (48, 64)
    with pytest.raises(InputError, match=r"2\.png has 40×48 pixels, other pictures of the clip 64×48"):
        pictures[1]


def test_frames_are_decoded_when_looked_at(tmp_path: Path) -> None:
    pictures = Pictures([write(tmp_path / "1.png", COLOUR), tmp_path / "missing.png"])
    assert (pictures.frame(1, 50.0).index, pictures.frame(1, 50.0).time) == (1, 0.02)
    assert (pictures.frame(0, 50.0).rgb == COLOUR).all()
    assert (pictures.frame(0, 50.0).gray == cv2.cvtColor(COLOUR, cv2.COLOR_RGB2GRAY)).all()
    with pytest.raises(InputError, match="missing"):
        _ = pictures.frame(1, 50.0).gray
