"""Every baseline from pictures, flow pictures or matrices to shares; names, digests and refusals."""

from __future__ import annotations

import importlib.util
import pickle
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from mien.contenders import CONTENDERS, make_contender, options_of, words_of
from mien.contenders.options import Choice, Extent, Number, Whole, YesNo
from mien.contenders.recipe import Recipe
from mien.errors import InputError, MienError
from mien.features import hog3d, hoof, lbp_top
from mien.inputs import InputSpec, prepare
from mien.inputs.pipeline import Prepare, compute, load_clip
from mien.sources import FeatureFile, FlowPicture, PictureClip, Source

DESCRIBED = ["lbptop-svm", "hoof-svm", "hog3d-svm"]
SMALL = {
    "lbptop-svm": "align=given,size=48,blocks=1,frames=8,interpolation=linear",
    "hoof-svm": "align=given,size=48,frames=4",
    "hog3d-svm": "align=given,size=48,cells=2x2x1,frames=4",
    "flow-logreg": "align=given,size=8,C=1",
}
LABELS = ("negative", "surprise")


def made(text: str) -> Recipe:
    contender = make_contender(text)
    assert isinstance(contender, Recipe)
    return contender


def film(folder: Path, label: str, number: int) -> PictureClip:
    """Ten pictures in which one half rises (surprise) or moves to the side, by a pixel every two frames."""
    draw = np.random.default_rng([number, label == "surprise"])
    skin = cv2.GaussianBlur(draw.integers(0, 255, (80, 80)).astype(np.float32), (0, 0), 2)
    skin = 255 * (skin - skin.min()) / np.ptp(skin)
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for frame in range(10):
        step = frame / 2
        dx, dy = (0.0, -step) if label == "surprise" else (step, 0.0)
        moved = cv2.warpAffine(
            skin, np.float32([[1, 0, dx], [0, 1, dy]]), (80, 80), borderMode=cv2.BORDER_REFLECT
        )
        moved[40:] = skin[40:]
        files.append(folder / f"{frame:02d}.png")
        cv2.imwrite(str(files[-1]), moved[16:64, 16:64].astype(np.uint8))
    return PictureClip(f"casme2/sub{number:02d}/{label}", tuple(files), 200.0, 0, 8, 9)


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[PictureClip, str]]:
    root = tmp_path_factory.mktemp("films")
    return [
        (film(root / f"{label}{number}", label, number), label) for number in range(8) for label in LABELS
    ]


def flow_picture(path: Path, label: str, number: int) -> FlowPicture:
    """A flow picture whose upper half moves one way or the other."""
    draw = np.random.default_rng(number)
    maps = 0.2 * draw.normal(size=(30, 30, 3))
    maps[:15, :, 1 if label == "surprise" else 0] += 2
    low = maps.min(axis=(0, 1))
    rgb = np.rint(255 * (maps - low) / np.ptp(maps, axis=(0, 1))).astype(np.uint8)
    cv2.imwrite(str(path), rgb[..., ::-1])
    return FlowPicture(f"flow/{path.stem}", path)


def matrix(path: Path, label: str, number: int, shape: tuple[int, int] = (3, 4)) -> FeatureFile:
    values = np.random.default_rng(number).normal(size=shape)
    values[0] += 4 * (label == "surprise")
    np.savez(path, other=np.zeros(2), x=values)
    return FeatureFile(f"features/{path.stem}", path, "x")


def learned(contender: Any, clips: list[tuple[Any, str]]) -> NDArray[Any]:
    """Trained on the first half, shares of surprise in the second."""
    X = [contender.step_for(source)(source, None) for source, _ in clips]
    y = np.array([label for _, label in clips])
    half = len(clips) // 2
    fitted = contender.make(LABELS, 0).fit(X[:half], y[:half], groups=[f"casme2/sub{i}" for i in range(half)])
    assert fitted.classes_.tolist() == list(LABELS)
    return np.asarray(fitted.predict_proba(X[half:])[:, 1])


def rightly(shares: NDArray[Any], clips: list[tuple[Any, str]]) -> float:
    truth = np.array([label == "surprise" for _, label in clips[len(clips) // 2 :]])
    return float(((shares > 0.5) == truth).mean())


@pytest.mark.parametrize("name", [*DESCRIBED, "flow-logreg"])
def test_from_pictures_to_shares(name: str, films: list[tuple[PictureClip, str]]) -> None:
    contender = made(f"{name}:{SMALL[name]}")
    # LBP-TOP of a shifted texture tells vertical from horizontal motion less surely than flow does
    assert rightly(learned(contender, films), films) >= 0.75


def test_descriptors_see_the_prepared_clip(films: list[tuple[PictureClip, str]]) -> None:
    source = films[0][0]
    clip = load_clip(source, "given")

    def frames(**more: Any) -> NDArray[np.float32]:
        spec = InputSpec((40, 40), crop="given", **{"frames": 9, "interpolation": "tim", **more})
        return prepare(clip, spec)

    grey = frames(normalisation="none")[:, 0]
    flow = frames(frames=8, content="flow", flow="farneback", reference="previous", normalisation="none")
    for text, expected in (
        ("lbptop-svm:radii=1x2x3,neighbours=8,blocks=2x3", lbp_top(grey, radii=(1, 2, 3), blocks=(2, 3))),
        (
            "hog3d-svm:cells=4x3x2,subblocks=2,signed=no",
            hog3d(grey / 255, cells=(4, 3, 2), subblocks=2, signed=False),
        ),
        ("hoof-svm:bins=5,blocks=1x2,flow=farneback", hoof(np.moveaxis(flow, 1, 3), bins=5, blocks=(1, 2))),
    ):
        contender = made(f"{text},size=40,frames=9,align=given")
        given = contender.step_for(source)(source, None)
        assert given.dtype == np.float64
        np.testing.assert_allclose(given, expected, atol=1e-6)


def test_flow_maps_are_centred_and_over_their_spread(films: list[tuple[PictureClip, str]]) -> None:
    source = films[0][0]
    maps = made("flow-logreg:align=given").step_for(source)(source, None)
    assert maps.shape == (1, 3, 28, 28)
    np.testing.assert_allclose(np.median(maps, axis=(2, 3)), 0, atol=1e-6)
    np.testing.assert_allclose(1.4826 * np.median(np.abs(maps), axis=(2, 3)), 1, rtol=1e-5)


def test_flow_pictures(tmp_path: Path) -> None:
    clips = [
        (flow_picture(tmp_path / f"{label}{n}.png", label, n), label) for n in range(6) for label in LABELS
    ]
    contender = made("flow-logreg")
    X = contender.step_for(clips[0][0])(clips[0][0], None)
    assert X.shape == (1, 3, 28, 28)
    assert rightly(learned(contender, clips), clips) == 1
    for name in CONTENDERS:
        if name != "flow-logreg":
            with pytest.raises(InputError, match=r"flow pictures hold none|learns from feature files"):
                made(name).step_for(clips[0][0])


@pytest.mark.parametrize("name", CONTENDERS)
def test_a_matrix_stands_in_for_the_descriptor(name: str, tmp_path: Path) -> None:
    clips = [(matrix(tmp_path / f"{label}{n}.npz", label, n), label) for n in range(8) for label in LABELS]
    shares = learned(made(name), clips)
    assert rightly(shares, clips) == 1
    assert shares.tobytes() == learned(made(name), clips).tobytes()
    auto = learned(made(f"{name}:C=auto"), clips)
    assert rightly(auto, clips) == 1


def test_matrices_of_different_shapes_are_refused_when_they_meet(tmp_path: Path) -> None:
    clips = [(matrix(tmp_path / f"{n}.npz", "surprise", n, (3 + n % 2, 4)), LABELS[n % 2]) for n in range(4)]
    with pytest.raises(InputError, match=r"differ in shape \(3×4, 4×4\)"):
        learned(made("svm"), clips)


@pytest.mark.parametrize("name", ["svm", "logreg"])
def test_plain_classifiers_take_feature_files_alone(name: str, films: list[tuple[PictureClip, str]]) -> None:
    with pytest.raises(InputError, match=rf"{name} has no descriptor of its own.*--data features=ROOT --key"):
        made(name).step_for(films[0][0])


# --- names, options, digests


def test_unknown_contenders_are_told_which_there_are() -> None:
    with pytest.raises(
        InputError,
        match=r"no contender 'svn'; choose one of lbptop-svm, .*logreg, flow-image, .*or give a model",
    ):
        make_contender("svn")
    with pytest.raises(
        InputError, match="lbptop-svm has no option 'bins'; its options are kernel, C, balanced, radii"
    ):
        make_contender("lbptop-svm:bins=3")
    with pytest.raises(InputError, match="svm: options are written key=value"):
        make_contender("svm:")
    with pytest.raises(InputError, match="option neighbours must be a whole number from 3 to 16, not '2'"):
        make_contender("lbptop-svm:neighbours=2")
    with pytest.raises(InputError, match="no contender 'x'"):
        options_of("x")


def test_names_hold_what_differs_in_the_order_of_the_options() -> None:
    assert made("lbptop-svm").name == "lbptop-svm"
    assert made("lbptop-svm:radii=3,kernel=rbf,C=10.0").name == "lbptop-svm:kernel=rbf,C=10"
    assert made("lbptop-svm:kernel=poly").name == "lbptop-svm"


def others(contender: Recipe) -> list[Recipe]:
    """The contender with each of its options changed."""
    changed = []
    for one in fields(contender):
        kind, value = one.metadata["kind"], getattr(contender, one.name)
        new: Any
        if isinstance(kind, Choice):
            new = next(word for word in kind.words if word != value)
        elif isinstance(kind, YesNo):
            new = not value
        elif isinstance(kind, Number):
            new = "auto" if kind.auto else 7.0
        elif isinstance(kind, Whole):
            new = value + 1
        else:
            assert isinstance(kind, Extent)
            new = (value[0] + 1, *value[1:])
        changed.append(replace(contender, **{one.name: new}))
    return changed


@pytest.mark.parametrize("name", CONTENDERS)
def test_names_and_digests_tell_every_option(name: str) -> None:
    contender = made(name)
    variants = [contender, *others(contender)]
    assert len({one.digest() for one in variants}) == len(variants)
    assert len({one.name for one in variants}) == len(variants)
    for one in variants:
        assert made(one.name) == one
        assert made(one.name).digest() == one.digest()
        assert pickle.loads(pickle.dumps(one)) == one
        assert one.needs_training
    assert contender.name == name
    assert contender.words == words_of(name)
    shown = options_of(name)
    assert [option.name for option in shown] == [one.name for one in fields(contender)]
    assert all(option.words and option.allowed for option in shown)
    for option in shown:
        assert made(f"{name}:{option.name}={option.default}") == contender


@pytest.mark.parametrize("name", DESCRIBED)
def test_a_descriptors_version_is_in_the_digest(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    contender = made(name)
    step: Any = contender.picture_step()
    before = contender.digest(), step.digest()
    monkeypatch.setattr(type(step.descriptor), "version", 99)
    assert contender.digest() != before[0]
    assert contender.picture_step().digest() != before[1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("lbptop-svm:radii=3x3x5", "a radius of 5 in time needs more than 10 frames, not 10"),
        ("hog3d-svm:cells=5x5x4", "4 cells of 3 sub-blocks in time need at least 12 frames, not 10"),
    ],
)
def test_options_that_do_not_fit_one_another(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        make_contender(text)


def test_steps_through_the_pipeline(films: list[tuple[PictureClip, str]]) -> None:
    sources: list[Source] = [films[0][0], films[1][0]]
    step = made(f"hoof-svm:{SMALL['hoof-svm']}").step_for(sources[0])
    results = compute(sources, step)
    np.testing.assert_array_equal(results[1], step(sources[1], None))  # type: ignore[arg-type]
    gone = replace(films[0][0], files=(Path("gone.png"),) * 10)
    (error,) = compute([gone], step)
    assert isinstance(error, InputError)
    assert "gone.png" in str(error)


def test_faces_are_aligned_and_cropped_unless_pictures_are_taken_as_given() -> None:
    for name in ("lbptop-svm", "hoof-svm", "hog3d-svm"):
        for align, crop in (("first", "tight"), ("frame", "tight"), ("given", "given")):
            step: Any = made(f"{name}:align={align}").picture_step()
            assert (step.prepare.align, step.prepare.spec.crop) == (align, crop)
    step = made("flow-logreg").picture_step()
    assert isinstance(step, Prepare)
    assert step.spec == InputSpec(
        (28, 28),
        crop="tight",
        content="flow_strain",
        part="apex",
        flow="dis",
        reference="onset",
        flow_size=(128, 128),
        normalisation="median",
    )


def test_scikit_learn_is_not_woken_before_a_classifier_is_made() -> None:
    code = (
        "import sys; from mien.contenders import *; "
        "[(make_contender(n).digest(), options_of(n)) for n in CONTENDERS]; "
        "print([m for m in ('sklearn', 'torch', 'onnx', 'ray') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_without_scikit_learn_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    for name in ("svm", "logreg"):
        with pytest.raises(MienError, match=r"pip install 'mien\[bench\]'"):
            made(name).make(LABELS, 0)
