"""Flow pictures and matrices that others made: read, refused with the reason, and what they become."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from scipy.io import savemat
from scipy.sparse import csc_matrix

from mien.datasets.feature_files import FlowAsMatrix
from mien.datasets.flow_images import flow_as_image
from mien.errors import InputError
from mien.inputs import MAGNIFIERS, Clip, InputSpec, prepare
from mien.inputs.ready_made import from_flow_picture, read_flow_picture, read_matrix

SPEC = InputSpec(
    (28, 28),
    crop="given",
    content="flow_strain",
    part="apex",
    flow="dis",
    reference="onset",
    flow_size=(64, 64),
    normalisation="median",
)
RNG = np.random.default_rng(5)
PICTURE = cv2.GaussianBlur(RNG.integers(0, 256, (40, 36, 3)).astype(np.uint8), (0, 0), 3)


def save(path: Path, picture: np.ndarray) -> Path:
    """As its channels stand: OpenCV's order is BGR(A)."""
    path.write_bytes(cv2.imencode(path.suffix, picture)[1].tobytes())
    return path


# ---------------------------------------------------------------------- flow pictures


@pytest.mark.parametrize("ending", [".png", ".bmp"])
def test_red_comes_first(tmp_path: Path, ending: str) -> None:
    read = read_flow_picture(save(tmp_path / f"s01_s01 .{ending[1:]}", PICTURE[..., ::-1]))
    assert read.dtype == np.uint8
    assert (read == PICTURE).all()


def test_jpeg_and_alpha(tmp_path: Path) -> None:
    smooth = cv2.resize(PICTURE, (96, 96), interpolation=cv2.INTER_LINEAR)
    read = read_flow_picture(save(tmp_path / "a.jpg", smooth[..., ::-1]))
    assert np.abs(read.astype(int) - smooth).mean() < 6
    clear = np.dstack([PICTURE[..., ::-1], np.full(PICTURE.shape[:2], 7, np.uint8)])
    assert (read_flow_picture(save(tmp_path / "b.png", clear)) == PICTURE).all()


def test_what_is_no_flow_picture(tmp_path: Path) -> None:
    grey = PICTURE[..., 0]
    for i, picture in enumerate((grey, np.dstack([grey] * 3), np.dstack([grey] * 3 + [grey]))):
        with pytest.raises(InputError, match=rf"{i}\.png is grey: flow pictures have three channels"):
            read_flow_picture(save(tmp_path / f"{i}.png", picture))
    with pytest.raises(InputError, match="16 bits a channel"):
        read_flow_picture(save(tmp_path / "deep.png", PICTURE.astype(np.uint16) * 256))
    with pytest.raises(InputError, match="cannot be read"):
        read_flow_picture(tmp_path / "none.png")


def test_a_face_at_rest(tmp_path: Path) -> None:
    still = read_flow_picture(save(tmp_path / "0.png", np.zeros((9, 9, 3), np.uint8)))
    assert not from_flow_picture(still, SPEC).any()


def test_median_by_hand() -> None:
    """Levels 10, 20, 30, 40 a channel: median 25, median absolute deviation 10."""
    picture = np.dstack([np.array([[10, 20], [30, 40]], np.uint8) + 5 * c for c in range(3)])
    spec = replace(SPEC, size=(2, 2))
    out = from_flow_picture(picture, spec)
    assert out.shape == (1, 3, 2, 2)
    assert out.dtype == np.float32
    np.testing.assert_allclose(out[0], [np.array([[-15, -5], [5, 15]]) / 14.826] * 3, rtol=1e-6)
    # standard: mean 25, deviation sqrt(125)
    out = from_flow_picture(picture, replace(spec, normalisation="standard"))
    np.testing.assert_allclose(out[0, 1], np.array([[-15, -5], [5, 15]]) / 125**0.5, rtol=1e-6)


@pytest.mark.parametrize("how", ["median", "standard"])
def test_flow_alone_is_the_first_two_channels(how: str) -> None:
    both = from_flow_picture(PICTURE, replace(SPEC, normalisation=how))
    alone = from_flow_picture(PICTURE, replace(SPEC, normalisation=how, content="flow"))
    assert alone.shape == (1, 2, *SPEC.size)
    assert (alone == both[:, :2]).all()
    MAGNIFIERS["toy"] = lambda frames, fps: frames
    try:
        with pytest.raises(InputError, match=r"cannot be magnified any more \('toy'\)"):
            from_flow_picture(PICTURE, replace(SPEC, magnify="toy"))
    finally:
        del MAGNIFIERS["toy"]


def test_shrinking_averages_and_enlarging_does_not_step() -> None:
    checks = np.zeros((8, 8, 3), np.uint8)
    checks[::2, ::2] = checks[1::2, 1::2] = 200
    checks[:4] //= 2
    small = from_flow_picture(checks, replace(SPEC, size=(2, 2), normalisation="standard"))
    np.testing.assert_allclose(small[0, 0], [[-1, -1], [1, 1]], atol=1e-5)  # means 50 and 100
    ramp = np.repeat(np.repeat(np.array([[0, 100, 200]], np.uint8), 3, 0)[..., None], 3, 2)
    large = from_flow_picture(ramp, replace(SPEC, size=(3, 9), normalisation="standard"))[0, 0, 0]
    assert (np.diff(large[1:-1]) > 0).all()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"normalisation": "none"}, "lost their scale"),
        ({"content": "flow_colour", "normalisation": "unit"}, "content 'flow_colour'"),
        ({"content": "flow_blocks", "normalisation": "none", "flow_size": (64, 64)}, "content 'flow_blocks'"),
        ({"part": "rise", "frames": 4}, "part 'rise'"),
        ({"part": "rise", "frames": 1, "reference": "previous"}, "reference 'previous'"),
        (
            {
                "content": "frames",
                "flow": None,
                "reference": None,
                "flow_size": None,
                "normalisation": "unit",
            },
            "content 'frames'",
        ),
    ],
)
def test_why_a_flow_picture_cannot_serve(change: dict[str, object], reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        from_flow_picture(PICTURE, replace(SPEC, **change))  # type: ignore[arg-type]


def test_arrays_that_are_no_picture() -> None:
    for wrong in (PICTURE[..., 0], PICTURE.astype(np.float32), PICTURE[:0]):
        with pytest.raises(InputError, match="a flow picture is uint8"):
            from_flow_picture(wrong, SPEC)


def moving(seed: int) -> Clip:
    """A texture in which three places move, each its own way, up to two pixels."""
    rng = np.random.default_rng(seed)
    still = cv2.GaussianBlur(rng.normal(size=(64, 64)).astype(np.float32), (0, 0), 1.5)
    still = np.clip(128 + 45 * still / still.std(), 0, 255).astype(np.float32)
    ys, xs = np.mgrid[:64, :64].astype(np.float32)
    dx, dy = np.zeros_like(xs), np.zeros_like(ys)
    for _ in range(3):
        x, y, wide = rng.uniform(12, 52), rng.uniform(12, 52), rng.uniform(6, 12)
        bell = np.exp(-((xs - x) ** 2 + (ys - y) ** 2) / (2 * wide**2))
        dx, dy = dx + rng.uniform(-2, 2) * bell, dy + rng.uniform(-2, 2) * bell
    apex = cv2.remap(still, (xs - dx).astype("f4"), (ys - dy).astype("f4"), cv2.INTER_LINEAR)
    return Clip(np.stack([still, apex]).astype(np.uint8), 100.0, 0, 1, 1, "given")


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("how", ["median", "standard"])
def test_a_flow_picture_gives_what_its_clip_gives(tmp_path: Path, seed: int, how: str) -> None:
    """The stretching of each channel, by a factor and a shift that are lost, comes out again."""
    spec = replace(SPEC, normalisation=how)
    raw = prepare(moving(seed), replace(spec, size=(64, 64), normalisation="none"))[0]
    (tmp_path / "flow.png").write_bytes(flow_as_image(np.moveaxis(raw, 0, -1), ".png"))
    given = from_flow_picture(read_flow_picture(tmp_path / "flow.png"), spec)[0]
    own = prepare(moving(seed), spec)[0]
    assert given.shape == own.shape == (3, 28, 28)
    # 255 levels from end to end: values and their median err by half a level each, and the spread by one
    for a, b, channel in zip(given, own, raw, strict=True):
        level = np.ptp(channel) / 255 / (channel.std() if how == "standard" else spread(channel))
        assert (np.abs(a - b) <= 1.5 * level * (1 + np.abs(b))).all()
        assert np.corrcoef(a.ravel(), b.ravel())[0, 1] > 0.999
    # and not by chance: another clip's is far away
    other = prepare(moving(seed + 10), spec)[0]
    assert np.abs(given - other).mean() > 10 * np.abs(given - own).mean()


def spread(channel: np.ndarray) -> float:
    small = cv2.resize(channel, (28, 28), interpolation=cv2.INTER_AREA)
    return float(1.4826 * np.median(np.abs(small - np.median(small))))


# ---------------------------------------------------------------------- matrices

MATRIX = np.arange(6, dtype=np.float32).reshape(2, 3)


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        (MATRIX, (2, 3)),
        (np.arange(4), (1, 4)),
        (np.arange(24.0).reshape(2, 3, 4), (2, 12)),
        (MATRIX > 2, (2, 3)),
        (MATRIX.astype(np.int8), (2, 3)),
        (np.float64([[5]]), (1, 1)),
    ],
)
@pytest.mark.parametrize("ending", [".npz", ".mat", ".MAT"])
def test_matrices(tmp_path: Path, ending: str, value: np.ndarray, shape: tuple[int, int]) -> None:
    path = tmp_path / f"s01 ü{ending}"
    with path.open("wb") as file:
        (np.savez if ending == ".npz" else lambda f, **arrays: savemat(f, arrays))(
            file, other=np.ones(3), flow=value
        )
    read = read_matrix(path, "flow")
    assert read.dtype == np.float64
    assert read.shape == shape
    assert (read.ravel() == value.astype(float).ravel()).all()


@pytest.mark.parametrize("flat", [True, False])
@pytest.mark.parametrize("ending", [".npz", ".mat"])
def test_what_the_layout_writes(tmp_path: Path, ending: str, flat: bool) -> None:
    field = RNG.normal(size=(56, 56, 3)).astype(np.float32)
    (tmp_path / f"a{ending}").write_bytes(FlowAsMatrix("flow", flat)(field, ending))
    expected = cv2.resize(field, (28, 28), interpolation=cv2.INTER_AREA).reshape((1, -1) if flat else (-1, 3))
    assert (read_matrix(tmp_path / f"a{ending}", "flow") == expected).all()


def test_sparse(tmp_path: Path) -> None:
    savemat(tmp_path / "a.mat", {"flow": csc_matrix(MATRIX)})
    assert (read_matrix(tmp_path / "a.mat", "flow") == MATRIX).all()


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (np.float64(3), "is a single number"),
        (np.zeros((0, 3)), "is empty, 0 × 3"),
        (np.array([["a", "b"]]), "holds no plain numbers"),
        (MATRIX * 1j, "holds no plain numbers but complex"),
        (np.array([[1, np.nan, np.inf], [2, -np.inf, 0]]), "3 of the 6 values of 'flow' are no numbers"),
    ],
)
def test_npz_refused(tmp_path: Path, value: np.ndarray, reason: str) -> None:
    np.savez(tmp_path / "a.npz", flow=value)
    with pytest.raises(InputError, match=reason):
        read_matrix(tmp_path / "a.npz", "flow")


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (np.zeros((0, 3)), "is empty, 0 × 3"),
        ("words", "holds no plain numbers"),
        (np.array([MATRIX, "cell"], dtype=object), "holds no plain numbers but object"),
        ({"field": MATRIX}, "holds no plain numbers"),
        (np.array([[np.nan]]), "1 of the 1 values of 'flow' are no numbers"),
    ],
)
def test_mat_refused(tmp_path: Path, value: object, reason: str) -> None:
    savemat(tmp_path / "a.mat", {"flow": value})
    with pytest.raises(InputError, match=reason):
        read_matrix(tmp_path / "a.mat", "flow")


@pytest.mark.parametrize("ending", [".npz", ".mat"])
def test_a_missing_name_lists_those_there(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a{ending}"
    if ending == ".npz":
        np.savez(path, strain=MATRIX, flows=MATRIX)
    else:
        savemat(path, {"strain": MATRIX, "flows": MATRIX})
    with pytest.raises(InputError, match="holds no matrix 'flow'; it holds flows, strain"):
        read_matrix(path, "flow")


@pytest.mark.parametrize("ending", [".npz", ".mat"])
@pytest.mark.parametrize("keep", [0.0, 0.1, 0.5, 0.9])
def test_damaged_files(tmp_path: Path, ending: str, keep: float) -> None:
    path = tmp_path / f"a{ending}"
    path.write_bytes(FlowAsMatrix()(RNG.normal(size=(56, 56, 3)), ending))
    assert read_matrix(path, "flow").shape == (784, 3)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * keep)])
    with pytest.raises(InputError, match=rf"a\{ending} (is damaged|cannot be read|holds Python objects)"):
        read_matrix(path, "flow")


def test_other_files(tmp_path: Path) -> None:
    np.savez(tmp_path / "p.npz", flow=np.array([MATRIX, None], dtype=object), allow_pickle=True)
    with pytest.raises(InputError, match="mien loads no pickles"):
        read_matrix(tmp_path / "p.npz", "flow")
    np.save(tmp_path / "n.npy", MATRIX)
    with pytest.raises(InputError, match=r"read from \.npz and \.mat"):
        read_matrix(tmp_path / "n.npy", "flow")
    (tmp_path / "n.npy").rename(tmp_path / "n.npz")
    with pytest.raises(InputError, match="single array without a name"):
        read_matrix(tmp_path / "n.npz", "flow")
    (tmp_path / "t.mat").write_text("1 2 3\n" * 100)
    with pytest.raises(InputError, match=r"t\.mat is damaged or no MATLAB file"):
        read_matrix(tmp_path / "t.mat", "flow")
    with pytest.raises(InputError, match="cannot be read"):
        read_matrix(tmp_path / "none.mat", "flow")
    text = b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + (0x0200).to_bytes(2, "little") + b"IM"
    (tmp_path / "h.mat").write_bytes(text.ljust(512, b"\0") + b"\x89HDF\r\n\x1a\n".ljust(512, b"\0"))
    with pytest.raises(InputError, match=r"version 7\.3.*-v7"):
        read_matrix(tmp_path / "h.mat", "flow")
