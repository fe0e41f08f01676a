from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.datasets.layout import (
    PictureSet,
    Shot,
    encode,
    is_written,
    recurs,
    steady,
    unit_string,
    write_atomically,
    write_pictures,
)
from mien.errors import InputError
from mien.labels import parse_action_units
from mien.records import Expression, Person, Stream, Take, UnitOnFace

TAKE = Take(
    *(Person(1, 30.0, "male", 5), 1, "clips", Stream("", 100.0, 4, 3), 3),
    (Expression(0, 1, 2, "micro", "disgust", (UnitOnFace(4),)),),
)


def shot(*pictures: PictureSet) -> Shot:
    return Shot(TAKE, "01", "EP01", 1, pictures)


def grey(frame: int) -> np.ndarray:
    return np.full((3, 4), 50 * frame, np.uint8)


def read(data: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)


@pytest.mark.parametrize("ending", [".png", ".bmp", ".tiff"])
def test_encode_keeps_every_pixel(ending: str) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (3, 4, 3)).astype(np.uint8)
    assert (read(encode(picture, ending))[..., ::-1] == picture).all()


def test_encode_grey_and_depth() -> None:
    assert read(encode(np.full((3, 4, 3), 90, np.uint8), ".png", grey=True)).tolist() == [[90] * 4] * 3
    depth = np.full((3, 4), 60_000, np.uint16)
    assert read(encode(depth, ".png")).dtype == np.uint16


def test_encode_says_what_it_cannot() -> None:
    with pytest.raises((ValueError, cv2.error)):
        encode(np.zeros((3, 4), np.uint8), ".xyz")


def test_pictures_lie_in_their_places(tmp_path) -> None:
    one = shot(PictureSet("full", (0, 2), ("a/b/1.png", "a/c/2.png")))
    assert not is_written(one, tmp_path)
    write_pictures(one, {"full": grey}, tmp_path)
    assert is_written(one, tmp_path)
    assert read((tmp_path / "a/c/2.png").read_bytes())[0, 0] == 100
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a"]


def test_two_shots_in_one_folder(tmp_path) -> None:
    for name in ("1", "2"):
        write_pictures(shot(PictureSet("full", (1,), (f"all/{name}.png",))), {"full": grey}, tmp_path)
    assert sorted(p.name for p in (tmp_path / "all").iterdir()) == ["1.png", "2.png"]


def test_written_again_over_itself(tmp_path) -> None:
    one = shot(PictureSet("full", (0, 1), ("a/0.png", "a/1.png")))
    write_pictures(one, {"full": grey}, tmp_path)
    (tmp_path / "a/1.png").write_bytes(b"torn")
    write_pictures(one, {"full": grey}, tmp_path)
    assert read((tmp_path / "a/1.png").read_bytes())[0, 0] == 50


def test_nothing_half_written(tmp_path) -> None:
    def fails(frame: int) -> np.ndarray:
        if frame:
            raise RuntimeError("the light went out")
        return grey(frame)

    with pytest.raises(RuntimeError, match="light"):
        write_pictures(shot(PictureSet("full", (0, 1), ("a/0.png", "a/1.png"))), {"full": fails}, tmp_path)
    assert not list(tmp_path.iterdir())


def test_encoder_of_its_own(tmp_path) -> None:
    plain = PictureSet("flow", (1,), ("f/1.txt",), encoder=lambda a, ending: f"{a.mean()}{ending}".encode())
    write_pictures(shot(plain), {"flow": grey}, tmp_path)
    assert (tmp_path / "f/1.txt").read_text() == "50.0.txt"


def test_place_that_cannot_be_written(tmp_path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot write there"):
        write_pictures(shot(PictureSet("full", (0,), ("a/0.png",))), {"full": grey}, tmp_path / "file")


def test_write_atomically_replaces(tmp_path) -> None:
    for text in ("one", "two"):
        write_atomically(tmp_path / "deep" / "file.csv", text)
    assert [(p.name, p.read_text()) for p in (tmp_path / "deep").iterdir()] == [("file.csv", "two")]


def test_steady_is_the_same_everywhere() -> None:
    assert steady("casme2", 1, 2) == 1_514_122_829
    assert len({steady("x", n) % 1000 for n in range(50)}) > 40


@given(st.integers(0, 99), st.integers(1, 60))
def test_recurs(first: int, every: int) -> None:
    assert [n for n in range(200) if recurs(n, first, every)] == list(range(first, 200, every))


@given(
    st.lists(
        st.builds(
            UnitOnFace,
            st.sampled_from((1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 24, 25, 26)),
            st.sampled_from(("both", "left", "right")),
            st.floats(0, 1),
        ),
        min_size=1,
        max_size=4,
        unique_by=lambda unit: (unit.au, unit.side),
    ),
    st.booleans(),
)
def test_unit_string_is_read_back(units: list[UnitOnFace], letters: bool) -> None:
    tokens = parse_action_units(unit_string(units, letters=letters))
    assert sorted((t.au, t.side) for t in tokens) == sorted((u.au, u.side) for u in units)
    assert all((t.intensity is not None) == letters and not t.uncertain for t in tokens)
    assert unit_string(units[::-1]) == unit_string(units)


def test_unit_string_of_nothing() -> None:
    assert unit_string(()) == "?"
