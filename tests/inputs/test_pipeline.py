"""The pipeline: steps, and computing them for many clips, in parallel, resumably, naming what fails."""

from __future__ import annotations

import os
import pickle
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from mien.datasets.flow_images import flow_as_image
from mien.errors import InputError
from mien.face.align import EYE_WIDTH
from mien.inputs import (
    MAGNIFIERS,
    ArrayCache,
    InputSpec,
    Packed,
    Prepare,
    ReadMatrix,
    compute,
    load_clip,
    pipeline,
    prepare,
    read_matrix,
    unpack,
)
from mien.progress import Progress
from mien.sources import FeatureFile, FlowPicture, PictureClip, Source
from mien.video import open_video

GIVEN = InputSpec((20, 24), crop="given", frames=3, normalisation="unit")
APEX = InputSpec(
    (28, 28),
    "tight",
    content="flow_strain",
    part="apex",
    flow="dis",
    reference="onset",
    normalisation="median",
)


def save(path: Path, picture: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode(path.suffix, picture)[1].tobytes())
    return path


def clip(root: Path, number: int, n: int = 4) -> PictureClip:
    """A small clip of noise, its files old enough to be trusted."""
    frames = np.random.default_rng(number).integers(0, 256, (n, 40, 48)).astype(np.uint8)
    files = tuple(save(root / f"c{number}" / f"{i}.bmp", frame) for i, frame in enumerate(frames))
    for file in files:
        os.utime(file, ns=(10**18, 10**18))
    return PictureClip(f"set/sub{number:02d}/a", files, 100.0, 0, None, n - 1)


@pytest.fixture
def clips(tmp_path: Path) -> list[Source]:
    return [clip(tmp_path, number) for number in range(5)]


@dataclass(frozen=True)
class Mean:
    """A step that notes what it is asked and fails as it is told."""

    asked: list[str] = field(default_factory=list)
    fails: dict[str, BaseException] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    version: int = 0

    def digest(self) -> str:
        return f"mean {self.version}"

    def __call__(self, source: Source, cache: ArrayCache | None) -> np.ndarray:
        self.asked.append(source.key)
        if source.key in self.fails:
            raise self.fails[source.key]
        if source.key in self.values:
            return np.array(self.values[source.key])
        assert isinstance(source, PictureClip)
        return load_clip(source, "given").frames.mean(axis=(1, 2))


def arrays(results: list[Any]) -> list[np.ndarray]:
    for result in results:
        if isinstance(result, InputError):
            raise result
    return results


# ---------------------------------------------------------------------- Prepare


def test_prepare_is_load_and_prepare(tmp_path: Path) -> None:
    source = clip(tmp_path, 1, 6)
    step = Prepare(GIVEN, "given")
    out = step(source)
    assert out.shape == (3, 1, 20, 24)
    assert out.dtype == np.float32
    assert (out == prepare(load_clip(source, "given"), GIVEN)).all()
    assert (pickle.loads(pickle.dumps(step))(source, None) == out).all()


@pytest.fixture(scope="module")
def real(real_clips: Path, tmp_path_factory: pytest.TempPathFactory) -> PictureClip:
    """A real face in colour, eight frames."""
    folder = tmp_path_factory.mktemp("real")
    with open_video(real_clips / "single_face.mp4") as reader:
        frames = [frame.rgb for frame in reader.read(3, 10)]
    files = [save(folder / f"{i}.png", cv2.cvtColor(f, cv2.COLOR_RGB2BGR)) for i, f in enumerate(frames)]
    return PictureClip("real/sub01/a", tuple(files), 30.0, 1, 4, 6)


@pytest.mark.parametrize(
    ("spec", "align", "side"),
    [
        (InputSpec((112, 96), frames=2), "first", 128),
        (InputSpec((112, 96), "tight", frames=2), "frame", 256),  # 96 / .7 = 137
        (InputSpec((28, 28), content="flow", flow="dis", reference="onset", flow_size=(200, 200),
                   part="apex", normalisation="none"), "first", 256),
        (InputSpec((224, 224), colour="rgb", normalisation="imagenet", frames=2), "first", 256),
        (InputSpec((224, 224), "tight", frames=2), "first", 512),
        (InputSpec((600, 600), frames=1), "first", 512),
    ],
)  # fmt: skip
def test_crops_are_as_fine_as_the_spec_needs(
    real: PictureClip, spec: InputSpec, align: Any, side: int
) -> None:
    out = Prepare(spec, align)(real)
    made = load_clip(real, align, side=side, colour=spec.colour == "rgb")
    assert (out == prepare(made, spec)).all()
    assert out.shape[1:] == (spec.channels, *spec.size)
    assert Prepare(spec, align).digest() == Prepare(spec, align, side=side).digest()


def test_the_tight_crop_is_that_of_flow_pictures(real: PictureClip) -> None:
    """Flow pictures in circulation: outer eye corners .58 to .72 of the width apart, eye line at .24."""
    from mien.face.align import EYE_LINE
    from mien.inputs.spec import TIGHT

    top, left, bottom, right = TIGHT
    assert 0.58 < EYE_WIDTH / (right - left) < 0.72
    assert (EYE_LINE - top) / (bottom - top) == pytest.approx(0.24, abs=0.015)
    assert Prepare(APEX)(real).shape == (1, 3, 28, 28)


def test_a_flow_picture_instead_of_its_clip(real: PictureClip, tmp_path: Path) -> None:
    """From a flow picture that was made of the pipeline's own flow comes what the clip itself gives."""
    raw = Prepare(replace(APEX, normalisation="none"), side=128)(real)[0]
    (tmp_path / "a .png").write_bytes(flow_as_image(np.moveaxis(raw, 0, -1), ".png"))
    given = Prepare(APEX, "given")(FlowPicture("f/sub01/a", tmp_path / "a .png"))
    own = Prepare(APEX, side=128)(real)
    assert given.shape == own.shape
    for a, b in zip(given[0], own[0], strict=True):
        assert np.corrcoef(a.ravel(), b.ravel())[0, 1] > 0.999
        assert np.abs(a - b).mean() < 0.05 * np.abs(b).mean()


def test_what_prepare_refuses(clips: list[Source], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no alignment 'template'"):
        Prepare(GIVEN, "template")  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"f/s/a is a matrix in a file \(a\.npz\)"):
        Prepare(GIVEN)(FeatureFile("f/s/a", Path("a.npz"), "u"))
    with pytest.raises(InputError, match=r"crop 'given'.*use align='given'"):
        Prepare(GIVEN, "first")(clips[0])
    with pytest.raises(InputError, match="data set's own crop"):
        Prepare(replace(GIVEN, crop="tight"), "given")(clips[0])
    resampled = replace(GIVEN, frames=None, fps=50.0)
    assert Prepare(resampled, "given")(clips[0]).shape[0] == 2
    with pytest.raises(InputError, match="set/sub00/a has no frame rate and cannot be resampled to 50"):
        Prepare(resampled, "given")(replace(clips[0], fps=None))  # type: ignore[type-var]
    with pytest.raises(InputError, match="needs the clip itself"):
        Prepare(GIVEN)(FlowPicture("f/s/a", tmp_path / "none.png"))
    with pytest.raises(InputError, match=r"none\.png cannot be read"):
        Prepare(APEX)(FlowPicture("f/s/a", tmp_path / "none.png"))


@pytest.fixture
def inverted() -> Iterator[None]:
    def invert(frames: np.ndarray, fps: float) -> np.ndarray:  # inside, so that it travels to other processes
        return 255 - frames

    MAGNIFIERS["invert"] = invert
    yield
    del MAGNIFIERS["invert"]


@pytest.mark.usefixtures("inverted")
def test_magnified(clips: list[Source], tmp_path: Path) -> None:
    step = Prepare(replace(GIVEN, magnify="invert"), "given")
    plain = [Prepare(GIVEN, "given")(c) for c in clips]
    for jobs in (1, 2):
        for a, b in zip(arrays(compute(clips, step, jobs=jobs)), plain, strict=True):
            np.testing.assert_allclose(a, 1 - b, atol=1.01 / 255)  # frames between frames are rounded
    spec = replace(APEX, magnify="invert")
    with pytest.raises(InputError, match="motion in a flow picture cannot be magnified any more"):
        Prepare(spec)(FlowPicture("f/s/a", tmp_path / "a.png"))
    with pytest.raises(InputError, match="set/sub00/a has no frame rate, which motion magnification"):
        step(replace(clips[0], fps=None))  # type: ignore[type-var]


def test_magnified_frames_are_kept(clips: list[Source], tmp_path: Path) -> None:
    """Once a clip, whatever is made of it; the same as :func:`prepare` makes of the plain clip."""
    asked: list[int] = []

    def halve(frames: np.ndarray, fps: float) -> np.ndarray:
        asked.append(len(frames))
        return frames // 2

    cache, source = ArrayCache(tmp_path / "c"), clips[0]
    MAGNIFIERS["halve"] = halve
    try:
        spec = replace(GIVEN, magnify="halve")
        own = prepare(load_clip(source, "given"), spec)  # type: ignore[arg-type]
        assert asked == [4]
        for other in (spec, replace(spec, part="apex", frames=1), replace(spec, size=(8, 8))):
            made = Prepare(other, "given")(source, cache)
            assert (made == prepare(load_clip(source, "given"), other)).all()  # type: ignore[arg-type]
        assert len(asked) == 1 + 3 + 1  # one for the three of the pipeline
        assert (Prepare(spec, "given")(source, cache) == own).all()
        assert (Prepare(GIVEN, "given")(source, cache) > own).any()
    finally:
        del MAGNIFIERS["halve"]


@pytest.mark.usefixtures("inverted")
def test_the_digest_covers_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    step = Prepare(GIVEN)
    assert step.digest() == Prepare(replace(GIVEN)).digest()
    others = [
        *(Prepare(replace(GIVEN, size=(20, 25))), Prepare(GIVEN, "frame"), Prepare(GIVEN, "given")),
        *(Prepare(replace(GIVEN, magnify="invert")), Prepare(GIVEN, side=256)),
    ]
    digests = {step.digest(), *(s.digest() for s in others)}
    for name in ("PREPARING_VERSION", "LOADING_VERSION"):
        with monkeypatch.context() as patch:
            patch.setattr(pipeline, name, 99)
            digests.add(step.digest())
    MAGNIFIERS["invert"].version = 1  # type: ignore[attr-defined]
    digests.add(others[3].digest())
    assert len(digests) == 9


PAIR = (
    InputSpec((6, 5), "given", part="apex"),
    InputSpec((2, 3), "given", content="flow_blocks", part="around_apex", frames=6, flow="dis",
              reference="previous", flow_size=(32, 32), normalisation="none"),
)  # fmt: skip


def test_two_inputs_in_one_vector(clips: list[Source], tmp_path: Path) -> None:
    parts = tuple(Prepare(spec, "given") for spec in PAIR)
    step = Packed(parts)
    assert step.shapes == ((1, 1, 6, 5), (6, 2, 2, 3))
    packed = arrays(compute(clips, step, cache=ArrayCache(tmp_path / "c"), jobs=2))
    assert [v.shape for v in packed] == [(30 + 72,)] * 5
    assert packed[0].dtype == np.float32
    for source, vector in zip(clips, packed, strict=True):
        for part, array in zip(parts, unpack(vector, step.shapes), strict=True):
            assert (array == part(source)).all()
    apex, motion = unpack(np.stack(packed), step.shapes)
    assert apex.shape == (5, 1, 1, 6, 5)
    assert motion.shape == (5, 6, 2, 2, 3)
    assert (motion[3] == parts[1](clips[3])).all()
    assert (pickle.loads(pickle.dumps(step))(clips[1], None) == packed[1]).all()


def test_unpacked_by_hand() -> None:
    a, b, c = unpack(np.arange(14).reshape(2, 7), [(2, 1), (1,), (2, 2)])
    assert a.tolist() == [[[0], [1]], [[7], [8]]]
    assert b.tolist() == [[2], [9]]
    assert c.tolist() == [[[3, 4], [5, 6]], [[10, 11], [12, 13]]]
    for wrong in (np.zeros(6), np.zeros((7, 2)), np.array(7)):
        with pytest.raises(ValueError, match=r"does not hold parts of \(3,\), \(2, 2\)"):
            unpack(wrong, [(3,), (2, 2)])


def test_what_is_not_packed(clips: list[Source]) -> None:
    one, two = (Prepare(spec, "given") for spec in PAIR)
    with pytest.raises(InputError, match="nothing to pack"):
        Packed(())
    with pytest.raises(InputError, match="any number of frames cannot be packed"):
        Packed((one, Prepare(replace(GIVEN, frames=None), "given")))
    digests = {
        p.digest() for p in (Packed((one, two)), Packed((two, one)), Packed((one,)), Packed((one, one)))
    }
    assert len(digests | {one.digest()}) == 5
    assert Packed([one, two]).digest() == Packed((one, two)).digest()  # type: ignore[arg-type]
    with pytest.raises(InputError, match="is a matrix in a file"):
        Packed((one, two))(FeatureFile("f/s/a", Path("a.npz"), "u"))


def test_matrices(tmp_path: Path, clips: list[Source]) -> None:
    np.savez(tmp_path / "a.npz", u=np.eye(3))
    source = FeatureFile("f/s/a", tmp_path / "a.npz", "u")
    (result,) = arrays(compute([source], ReadMatrix(), cache=ArrayCache(tmp_path / "c")))
    assert (result == read_matrix(source.file, "u")).all()
    with pytest.raises(InputError, match="set/sub00/a is no feature file"):
        ReadMatrix()(clips[0])


# ---------------------------------------------------------------------- compute


def test_jobs_change_nothing(clips: list[Source], tmp_path: Path) -> None:
    """The same bits with one job, two, and from the cache; failures stay in their places."""
    step = Prepare(
        InputSpec(
            (32, 32), "given", content="flow_strain", flow="dis", reference="previous", normalisation="none"
        ),
        "given",
    )
    np.savez(tmp_path / "a.npz", u=np.eye(3))
    sources = [*clips, FeatureFile("f/s/a", tmp_path / "a.npz", "u")]
    one, two = compute(sources, step), compute(sources, step, jobs=2, cache=ArrayCache(tmp_path / "c"))
    kept = compute(sources, step, cache=ArrayCache(tmp_path / "c"))
    for results in (two, kept):
        for a, b in zip(one[:-1], results[:-1], strict=True):
            assert isinstance(a, np.ndarray)
            assert isinstance(b, np.ndarray)
            assert (a.dtype, a.shape, a.tobytes()) == (b.dtype, b.shape, b.tobytes())
    assert [str(r[-1]) for r in (one, two, kept)] == [str(one[-1])] * 3
    assert "f/s/a is a matrix" in str(one[-1])


def test_foreseen_failures_harm_nobody_else(clips: list[Source]) -> None:
    assert isinstance(clips[1], PictureClip)
    clips[1].files[2].write_bytes(b"")
    results = compute([*clips, clips[0]], Prepare(GIVEN, "given"))
    assert [isinstance(r, np.ndarray) for r in results] == [True, False, True, True, True, True]
    assert isinstance(results[1], InputError)
    assert str(results[1]).startswith(f"set/sub01/a: {clips[1].files[2]} is empty")
    assert compute([], Mean()) == []


@pytest.mark.parametrize("jobs", [1, 2])
def test_unforeseen_failures_name_the_clip(clips: list[Source], jobs: int) -> None:
    step = Mean(fails={"set/sub03/a": ZeroDivisionError("oops")})
    with pytest.raises(ZeroDivisionError, match="oops") as raised:
        compute(clips, step, jobs=jobs)
    assert raised.value.__notes__ == ["This happened with the clip set/sub03/a."]


@pytest.mark.parametrize(("value", "count"), [([1.0, np.nan], 1), ([np.inf, -np.inf], 2)])
def test_results_must_be_finite(clips: list[Source], tmp_path: Path, value: list[float], count: int) -> None:
    cache, step = ArrayCache(tmp_path / "c"), Mean(values={"set/sub01/a": value, "set/sub02/a": [7]})
    for kept in (None, cache, cache):
        results = compute(clips, step, cache=kept)
        assert f"set/sub01/a: {count} of the 2 values" in str(results[1])
        assert isinstance(results[1], InputError)
        assert results[2] == [7]
    assert step.asked.count("set/sub01/a") == 3  # not kept
    with pytest.raises(TypeError, match="not of numbers"):
        compute(clips, Mean(values={"set/sub01/a": ["a"]}))


def test_a_second_run_reads_the_cache(clips: list[Source], tmp_path: Path) -> None:
    cache, step = ArrayCache(tmp_path / "c"), Mean()
    first = arrays(compute(clips, step, cache=cache))
    assert len(step.asked) == 5
    again = arrays(compute([replace(c, key=f"x{c.key}") for c in clips], step, cache=cache))
    assert len(step.asked) == 5  # the key is a name, not content
    assert all((a == b).all() for a, b in zip(first, again, strict=True))
    # another step, other pictures: computed
    compute(clips[:1], replace(step, version=1), cache=cache)
    assert step.asked[5:] == ["set/sub00/a"]
    assert isinstance(clips[2], PictureClip)
    save(clips[2].files[0], np.zeros((40, 48), np.uint8))
    changed = arrays(compute(clips, step, cache=cache))
    assert step.asked[6:] == ["set/sub02/a"]
    assert changed[2][0] == 0


def test_a_run_that_was_stopped_goes_on(clips: list[Source], tmp_path: Path) -> None:
    cache = ArrayCache(tmp_path / "c")
    stopped = Mean(fails={"set/sub02/a": KeyboardInterrupt()})
    with pytest.raises(KeyboardInterrupt):
        compute(clips, stopped, cache=cache)
    assert stopped.asked == ["set/sub00/a", "set/sub01/a", "set/sub02/a"]
    step = Mean()
    results = arrays(compute(clips, step, cache=cache))
    assert step.asked == ["set/sub02/a", "set/sub03/a", "set/sub04/a"]
    assert all((a == b).all() for a, b in zip(results, compute(clips, Mean()), strict=True))


@pytest.mark.parametrize("jobs", [1, 2])
def test_progress(clips: list[Source], jobs: int) -> None:
    told: list[Progress] = []
    compute(clips, Prepare(GIVEN, "given"), jobs=jobs, progress=told.append, stage="measuring flow")
    assert [(p.stage, p.done, p.total) for p in told] == [("measuring flow", i, 5) for i in range(6)]
    assert sorted(p.item for p in told[1:]) == [c.key for c in clips]


def test_jobs_that_make_no_sense(clips: list[Source]) -> None:
    with pytest.raises(InputError, match="--jobs 0"):
        compute(clips, Mean(), jobs=0)
