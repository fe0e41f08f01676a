"""InputSpec: round trips and refusals; prepare(): the right frames, pixels and numbers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.errors import InputError
from mien.inputs import MAGNIFIERS, Clip, InputSpec, margins, prepare
from mien.inputs.spec import SPEC_VERSION, TIGHT
from mien.motion import flow, optical_strain
from mien.motion.blocks import direction_magnitude
from mien.motion.colour import flow_colours


def numbered(length: int = 21, size: int = 32, **more: object) -> Clip:
    """Frame i is of grey level 10·i all over; onset 4, apex 10, offset 16."""
    frames = np.repeat(np.arange(length, dtype=np.uint8) * 10, size * size).reshape(length, size, size)
    return Clip(**{"frames": frames, "fps": 100.0, "onset": 4, "apex": 10, "offset": 16, **more})  # type: ignore[arg-type]


def taken(clip: Clip, **spec: object) -> list[float]:
    """Which frames (by number) a spec takes."""
    out = prepare(clip, InputSpec((8, 8), normalisation="none", **spec))  # type: ignore[arg-type]
    assert out.shape[1:] == (1, 8, 8)
    assert (out == out[:, :, :1, :1]).all()
    return [round(float(v) / 10, 4) for v in out[:, 0, 0, 0]]


def texture(size: int = 64, seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(size=(size, size)).astype(np.float32)
    soft = cv2.GaussianBlur(noise, (0, 0), 2.5)
    return np.asarray(128 + 50 * soft / soft.std()).clip(0, 255)


def sliding(step: float, length: int = 7, size: int = 64) -> Clip:
    """A texture moving to the right by ``step`` pixels a frame; onset 1, apex 3, offset 5."""
    base = texture(size)
    frames = [
        cv2.warpAffine(
            base, np.float32([[1, 0, step * i], [0, 1, 0]]), (size, size), borderMode=cv2.BORDER_REFLECT
        )
        for i in range(length)
    ]
    return Clip(np.rint(frames).astype(np.uint8), 50.0, 1, 3, 5)


specs = st.one_of(
    st.builds(
        InputSpec,
        size=st.tuples(st.integers(1, 300), st.integers(1, 300)),
        crop=st.sampled_from(["canonical", "tight", "given"]),
        colour=st.sampled_from(["grey", "rgb"]),
        part=st.sampled_from(["event", "rise", "clip"]),
        frames=st.none() | st.integers(1, 129),
        interpolation=st.sampled_from(["linear", "tim", "nearest"]),
        normalisation=st.sampled_from(["none", "unit", "signed", "standard"]),
    ),
    st.builds(
        InputSpec,
        size=st.just((28, 28)),
        content=st.sampled_from(["flow", "flow_strain"]),
        flow=st.sampled_from(["dis", "tvl1", "farneback"]),
        reference=st.sampled_from(["onset", "previous"]),
        fps=st.floats(1, 500),
        flow_size=st.none() | st.just((128, 96)),
        normalisation=st.sampled_from(["none", "standard", "median"]),
    ),
    st.builds(
        InputSpec,
        size=st.just((28, 28)),
        content=st.just("flow_colour"),
        flow=st.just("dis"),
        reference=st.just("previous"),
        normalisation=st.sampled_from(["unit", "signed"]),
        full=st.none() | st.floats(0.01, 10),
    ),
)


@given(specs, specs)
def test_round_trip_and_digest(a: InputSpec, b: InputSpec) -> None:
    assert InputSpec.from_dict(json.loads(json.dumps(a.to_dict()))) == a
    assert (a.digest() == b.digest()) == (a == b)


def test_digest_stays_what_it_was() -> None:
    assert InputSpec((128, 96)).digest() == "96bf92f83cfafd52b685f3e6f1e5be30"


def test_a_spec_of_old_keeps_its_meaning() -> None:
    old = InputSpec((128, 96)).to_dict()
    del old["full"], old["magnify"]
    assert InputSpec.from_dict(old) == InputSpec((128, 96))


BLOCKS: dict[str, object] = {
    "size": (8, 8),
    "content": "flow_blocks",
    "flow": "dis",
    "reference": "previous",
    "flow_size": (128, 96),
    "normalisation": "none",
}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"size": (0, 8)}, "size must be two whole numbers"),
        ({"size": 8}, "size must be"),
        ({"size": (8.0, 8)}, "size must be"),
        ({"crop": "head"}, "crop must be one of canonical, tight, given"),
        ({"colour": "bgr"}, "colour must be"),
        ({"content": "flow_color"}, "content must be"),
        ({"frames": 0}, "frames must be"),
        ({"frames": True}, "frames must be"),
        ({"fps": 0.0}, "fps must be"),
        ({"fps": float("inf")}, "fps must be"),
        ({"fps": "30"}, "fps must be"),
        ({"fps": 30.0, "frames": 8}, "exclude each other"),
        ({"part": "apex", "frames": 2}, "one frame"),
        ({"part": "around_apex"}, "number of frames must be given"),
        ({"flow": "dis"}, "belong to flow"),
        ({"normalisation": "median"}, "is for flow"),
        ({"normalisation": "imagenet"}, "needs colour 'rgb'"),
        ({"content": "flow"}, "flow must be one of"),
        ({"content": "flow", "flow": "liu", "reference": "onset"}, "flow must be one of"),
        ({"content": "flow", "flow": "dis"}, "reference must be"),
        ({"content": "flow", "flow": "dis", "reference": "onset", "normalisation": "unit"}, "not 'unit'"),
        (
            {"content": "flow_colour", "flow": "dis", "reference": "onset", "normalisation": "none"},
            "unit, signed",
        ),
        (
            {"content": "flow_blocks", "flow": "dis", "reference": "onset", "normalisation": "none"},
            "set flow_size",
        ),
        ({**BLOCKS, "flow_size": (8, 96)}, "at least 16 pixels"),
        ({**BLOCKS, "size": (8, 97)}, r"\(8, 97\) blocks cannot be made of \(128, 96\)"),
        ({**BLOCKS, "normalisation": "standard"}, "flow_blocks takes normalisation none"),
        ({**BLOCKS, "full": 1.0}, "full belongs to coloured flow"),
        ({"full": 1.0}, "full belongs to coloured flow; the content is frames"),
        ({"full": 0}, "full must be a positive number"),
        ({"magnify": None}, "magnify must be a name"),
        ({"magnify": "louder"}, "no motion magnification 'louder'"),
        (
            {
                "content": "flow",
                "flow": "dis",
                "reference": "onset",
                "normalisation": "none",
                "colour": "rgb",
            },
            "grey",
        ),
        (
            {"content": "flow", "flow": "dis", "reference": "onset", "normalisation": "none", "size": (8, 8)},
            "set flow_size",
        ),
        (
            {
                "content": "flow",
                "flow": "dis",
                "reference": "previous",
                "normalisation": "none",
                "part": "apex",
            },
            "must be 'onset'",
        ),
    ],
)
def test_refuses_what_makes_no_sense(change: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        InputSpec(**{"size": (64, 64), **change})  # type: ignore[arg-type]


def test_reading_refuses_what_it_does_not_know() -> None:
    good = InputSpec((8, 8)).to_dict()
    for change, message in (
        ({"version": SPEC_VERSION + 1}, "update mien"),
        ({"version": None}, "version is missing"),
        ({"magnification": 15}, "unknown entries: magnification"),
        ({"size": [8]}, "size must be"),
    ):
        with pytest.raises(InputError, match=message):
            InputSpec.from_dict({**good, **change})
    with pytest.raises(InputError, match="size is missing"):
        InputSpec.from_dict({"version": 1})


def test_which_frames_are_taken() -> None:
    clip = numbered()
    assert taken(clip) == [*range(4, 17)]
    assert taken(clip, part="rise") == [*range(4, 11)]
    assert taken(clip, part="apex") == [10]
    assert taken(clip, part="clip") == [*range(21)]
    assert taken(clip, frames=5) == [4, 7, 10, 13, 16]
    assert taken(clip, frames=9) == [4, 5.5, 7, 8.5, 10, 11.5, 13, 14.5, 16]
    assert taken(clip, frames=9, interpolation="nearest") == [4, 6, 7, 9, 10, 12, 13, 15, 16]
    assert taken(clip, frames=1) == [10]
    assert taken(clip, fps=50.0) == [4, 6, 8, 10, 12, 14, 16]
    assert taken(clip, fps=200.0, part="rise") == [4 + i / 2 for i in range(13)]
    assert taken(clip, fps=30.0, part="rise") == [4, 7.3333]
    assert taken(clip, part="around_apex", frames=5) == [8, 9, 10, 11, 12]
    assert taken(clip, part="around_apex", frames=5, fps=50.0) == [6, 8, 10, 12, 14]
    assert taken(clip, part="around_apex", frames=33)[:8] == [0, 0, 0, 0, 0, 0, 0, 1]
    assert taken(clip, part="around_apex", frames=33)[-7:] == [20] * 7


def test_unknown_apex_is_the_middle() -> None:
    assert taken(numbered(apex=None, onset=5), part="apex") == [10]
    assert taken(numbered(apex=None, onset=4), part="rise", frames=2) == [4, 10]


def test_tim_reads_the_whole_part() -> None:
    clip = numbered()
    assert taken(clip, frames=13, interpolation="tim") == pytest.approx([*range(4, 17)], abs=1e-3)
    between = taken(clip, frames=25, interpolation="tim")
    assert between[::2] == pytest.approx([*range(4, 17)], abs=1e-3)
    assert between[1] != pytest.approx(
        4.5, abs=1e-3
    )  # a curve through all 13 frames, not a chord between two


@settings(max_examples=30, deadline=None)
@given(
    st.integers(1, 12).flatmap(
        lambda length: st.tuples(
            st.just(length),
            st.lists(st.integers(0, length - 1), min_size=3, max_size=3).map(sorted),
        )
    ),
    st.sampled_from(["event", "rise", "clip", "around_apex"]),
    st.sampled_from(["linear", "tim", "nearest"]),
    st.integers(1, 9),
)
def test_always_the_promised_shape(clip_of: tuple[int, list[int]], part: str, how: str, n: int) -> None:
    length, (onset, apex, offset) = clip_of
    clip = Clip(np.zeros((length, 16, 16), np.uint8), 25.0, onset, apex, offset)
    frames = InputSpec((5, 7), part=part, frames=n, interpolation=how)  # type: ignore[arg-type]
    moving = InputSpec(
        (16, 16), content="flow_strain", part=part, frames=n, interpolation=how, flow="dis",
        reference="previous", normalisation="none",
    )  # type: ignore[arg-type] # fmt: skip
    for spec, shape in ((frames, (n, 1, 5, 7)), (moving, (n, 3, 16, 16))):
        out = prepare(clip, spec)
        assert out.shape == shape
        assert out.dtype == np.float32
        assert (out == 0).all()


def test_colour_and_normalisation() -> None:
    rgb = np.empty((3, 8, 8, 3), np.uint8)
    rgb[...] = (255, 0, 51)
    clip = Clip(rgb, 30.0, 0, 1, 2)
    colour = InputSpec((4, 4), colour="rgb", part="apex")
    np.testing.assert_allclose(prepare(clip, colour)[0, :, 0, 0], [1, 0, 0.2], atol=1e-6)
    signed = prepare(clip, replace(colour, normalisation="signed"))
    np.testing.assert_allclose(signed[0, :, 2, 1], [1, -1, -0.6], atol=1e-6)
    imagenet = prepare(clip, replace(colour, normalisation="imagenet"))
    np.testing.assert_allclose(
        imagenet[0, :, 0, 0], [(1 - 0.485) / 0.229, -0.456 / 0.224, (0.2 - 0.406) / 0.225], rtol=1e-5
    )
    grey = prepare(clip, InputSpec((4, 4), part="apex", normalisation="none"))
    assert grey.shape == (1, 1, 4, 4)
    np.testing.assert_allclose(grey, round(0.299 * 255 + 0.114 * 51))
    spread = prepare(numbered(), InputSpec((4, 4), colour="rgb", normalisation="standard"))
    assert spread.shape == (13, 3, 4, 4)
    assert spread.mean() == pytest.approx(0, abs=1e-5)
    assert spread.std() == pytest.approx(1, abs=1e-5)
    still = Clip(np.full((3, 8, 8), 90, np.uint8), 30.0, 0, 1, 2)
    assert (prepare(still, InputSpec((4, 4), normalisation="standard")) == 0).all()


def test_tight_is_a_part_of_canonical() -> None:
    ramp = np.tile(np.arange(100, dtype=np.uint8), (1, 100, 1))
    both = np.concatenate([ramp, ramp.transpose(0, 2, 1)])
    clip = Clip(both, 30.0, 0, 0, 1)
    out = prepare(clip, InputSpec((78, 70), crop="tight", normalisation="none"))
    top, left, bottom, right = (round(100 * share) for share in TIGHT)
    np.testing.assert_array_equal(out[0, 0, 0], np.arange(left, right))
    np.testing.assert_array_equal(out[1, 0, :, 0], np.arange(top, bottom))


def test_a_given_crop_is_taken_as_it_is_and_nothing_else() -> None:
    clip = numbered(crop="given")
    assert taken(clip, crop="given", frames=2) == [4, 16]
    for crop in ("canonical", "tight"):
        with pytest.raises(InputError, match="data set's own crop"):
            taken(clip, crop=crop)


def test_a_picture_is_cropped_by_its_landmarks() -> None:
    from mien.face.align import ANCHORS, EYE_LINE, EYE_WIDTH

    eye_distance, middle = 100.0, np.array([210.0, 130.0])
    mesh = np.full((468, 3), np.nan)
    for point, place in ANCHORS.items():
        mesh[point, :2] = middle + eye_distance * np.array(place)
    picture = np.zeros((2, 400, 400), np.uint8)
    cv2.circle(picture[0], (210, 130), 9, 255, -1)
    cv2.circle(picture[1], (210, 130), 9, 255, -1)
    clip = Clip(picture, 30.0, 0, 0, 1, crop="picture", landmarks=mesh)
    out = prepare(clip, InputSpec((100, 100), part="apex"))[0, 0]
    rows, columns = np.nonzero(out > 0.5)
    assert rows.mean() == pytest.approx(100 * EYE_LINE, abs=1.5)
    assert columns.mean() == pytest.approx(50, abs=1.5)
    assert len(rows) == pytest.approx(np.pi * (9.5 * 100 * EYE_WIDTH / eye_distance) ** 2, rel=0.15)
    tight = prepare(clip, InputSpec((78, 70), part="apex", crop="tight"))[0, 0]
    rows, columns = np.nonzero(tight > 0.5)
    assert rows.mean() == pytest.approx(100 * (EYE_LINE - TIGHT[0]), abs=1.5)
    assert columns.mean() == pytest.approx(100 * (0.5 - TIGHT[1]), abs=1.5)
    with pytest.raises(InputError, match="no landmarks"):
        prepare(Clip(picture, 30.0, 0, 0, 1, crop="picture"), InputSpec((100, 100)))


def test_flow_from_onset_and_from_frame_to_frame() -> None:
    clip = sliding(0.5)
    spec = InputSpec((64, 64), content="flow", flow="dis", reference="onset", normalisation="none")
    inner = (slice(None), slice(None), slice(16, 48), slice(16, 48))
    from_onset = prepare(clip, spec)
    assert from_onset.shape == (4, 2, 64, 64)
    np.testing.assert_allclose(from_onset[inner][:, 0].mean(axis=(1, 2)), [0.5, 1.0, 1.5, 2.0], atol=0.12)
    np.testing.assert_allclose(from_onset[inner][:, 1].mean(axis=(1, 2)), 0, atol=0.12)
    steps = prepare(clip, replace(spec, reference="previous"))
    np.testing.assert_allclose(steps[inner][:, 0].mean(axis=(1, 2)), 0.5, atol=0.12)
    apex = prepare(clip, replace(spec, part="apex"))
    np.testing.assert_array_equal(apex[0], np.moveaxis(flow(clip.frames[1], clip.frames[3]), -1, 0))
    np.testing.assert_array_equal(apex[0], from_onset[1])
    np.testing.assert_array_equal(prepare(clip, replace(spec, part="rise", frames=1)), apex)


def test_flow_is_measured_at_its_own_size() -> None:
    clip = sliding(0.5)
    spec = InputSpec(
        (16, 16),
        content="flow_strain",
        part="apex",
        flow="dis",
        reference="onset",
        flow_size=(64, 64),
        normalisation="none",
    )
    out = prepare(clip, spec)
    field = flow(clip.frames[1], clip.frames[3])
    whole = np.dstack([field, optical_strain(field)])
    blocks = whole.reshape(16, 4, 16, 4, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(np.moveaxis(out[0], 0, -1), blocks, atol=1e-4)


def test_flow_in_colours() -> None:
    clip = sliding(0.5)
    spec = InputSpec((64, 64), content="flow_colour", flow="dis", reference="onset", full=2.0)
    out = prepare(clip, spec)
    assert out.shape == (4, 3, 64, 64)
    plain = prepare(clip, replace(spec, content="flow", normalisation="none", full=None))
    for picture, field in zip(out, plain, strict=True):
        shown = flow_colours(np.moveaxis(field, 0, -1), 2.0)
        np.testing.assert_array_equal(picture, np.moveaxis(shown, -1, 0) / np.float32(255))
    # all to the right: red stays, the others give way as it moves
    red, green, blue = out[:, :, 24:40, 24:40].mean(axis=(2, 3)).T
    assert (red > 0.98).all()
    np.testing.assert_allclose(green, [0.75, 0.5, 0.25, 0], atol=0.12)
    np.testing.assert_allclose(blue, [0.75, 0.5, 0.25, 0], atol=0.12)
    signed = prepare(clip, replace(spec, normalisation="signed"))
    np.testing.assert_allclose(signed, 2 * out - 1, atol=1e-6)
    # each field by its own largest
    own = prepare(clip, replace(spec, full=None))
    for picture, field in zip(own, plain, strict=True):
        largest = float(np.hypot(*field).max())
        shown = flow_colours(np.moveaxis(field, 0, -1), largest)
        np.testing.assert_array_equal(picture, np.moveaxis(shown, -1, 0) / np.float32(255))
    # measured larger, the field is averaged and not its colours
    small = prepare(clip, replace(spec, size=(16, 16), flow_size=(64, 64)))
    mean = np.moveaxis(plain, 1, -1).reshape(4, 16, 4, 16, 4, 2).mean(axis=(2, 4))
    expected = np.stack([np.moveaxis(flow_colours(field, 2.0), -1, 0) for field in mean])
    np.testing.assert_allclose(small, expected / 255, atol=1.01 / 255)
    still = Clip(clip.frames[[0, 0, 0]], 30.0, 0, 1, 2)
    assert (prepare(still, spec) == 1).all()


def test_flow_in_blocks() -> None:
    """A slide of half a pixel a frame, seen one frame in two: silence in front, then every step."""
    clip = sliding(0.5, length=7)  # apex 3: frames 0 to 6
    spec = InputSpec(
        (8, 8), content="flow_blocks", part="around_apex", frames=10, flow="dis", reference="previous",
        flow_size=(64, 64), normalisation="none",
    )  # fmt: skip
    out = prepare(clip, spec)
    assert out.shape == (10, 2, 8, 8)
    # positions -2 to 8: two steps before the first frame, six within, two after the last
    assert (out[:4] == 0).all()
    for step, (first, second) in zip(out[4:], zip(clip.frames, clip.frames[1:], strict=False), strict=True):
        np.testing.assert_array_equal(step, direction_magnitude(flow(first, second), (8, 8)))
    np.testing.assert_allclose(out[4:, 1, 2:6, 2:6].mean(axis=(1, 2)), 0.5, atol=0.12)
    np.testing.assert_allclose(out[4:, 0, 2:6, 2:6].mean(axis=(1, 2)), 0, atol=0.2)
    # a frame that was stored twice is silence as well; the others keep their order
    twice = Clip(clip.frames[[0, 1, 1, 2, 4]], 50.0, 0, 2, 4)
    steps = prepare(twice, replace(spec, part="clip", frames=None))
    assert (steps[0] == 0).all()
    pairs = [(0, 1), (1, 2), (2, 4)]
    for step, (a, b) in zip(steps[1:], pairs, strict=True):
        np.testing.assert_array_equal(step, direction_magnitude(flow(clip.frames[a], clip.frames[b]), (8, 8)))
    assert (prepare(Clip(clip.frames[:1], 50.0, 0, 0, 0), spec) == 0).all()
    apex = prepare(clip, replace(spec, part="apex", frames=1, reference="onset"))
    np.testing.assert_array_equal(apex[0], direction_magnitude(flow(clip.frames[1], clip.frames[3]), (8, 8)))


@pytest.mark.parametrize(
    ("spec", "shape"),
    [
        (InputSpec((5, 7), part="rise"), (None, 1, 5, 7)),
        (InputSpec((5, 7), part="apex", colour="rgb"), (1, 3, 5, 7)),
        (InputSpec((16, 20), frames=9, content="flow", flow="dis", reference="onset", normalisation="none"),
         (9, 2, 16, 20)),
        (InputSpec((16, 20), content="flow_colour", part="apex", flow="dis", reference="onset"),
         (1, 3, 16, 20)),
        (InputSpec((4, 5), frames=2, content="flow_blocks", flow="dis", reference="onset", flow_size=(32, 32),
                   normalisation="none"), (2, 2, 4, 5)),
    ],
)  # fmt: skip
def test_the_shape_is_known_beforehand(spec: InputSpec, shape: tuple[int | None, ...]) -> None:
    assert spec.shape == shape
    made = prepare(sliding(0.5), spec).shape
    assert made == tuple(n if known is None else known for n, known in zip(made, shape, strict=True))
    assert (made[0] == 3) == (shape[0] is None)  # onset 1, apex 3


@pytest.fixture
def doubled() -> Iterator[list[tuple[tuple[int, ...], float]]]:
    """A toy magnification that doubles every level; what it was given."""
    given: list[tuple[tuple[int, ...], float]] = []

    def run(frames: np.ndarray, fps: float) -> np.ndarray:
        given.append((frames.shape, fps))
        return np.minimum(frames.astype(int) * 2, 255).astype(np.uint8)

    MAGNIFIERS["doubled"] = run
    yield given
    del MAGNIFIERS["doubled"]


def test_magnified_before_everything_else(doubled: list[tuple[tuple[int, ...], float]]) -> None:
    clip = numbered(length=12, onset=4, apex=6, offset=10)
    assert taken(clip, magnify="doubled") == [8, 10, 12, 14, 16, 18, 20]
    assert doubled == [((12, 32, 32), 100.0)]  # the margins, too: whoever filters in time needs them
    assert taken(clip, magnify="doubled", part="apex") == [12]
    rgb = Clip(np.full((3, 8, 8, 3), (100, 0, 10), np.uint8), 30.0, 0, 1, 2)
    spec = InputSpec((4, 4), part="apex", normalisation="none", magnify="doubled")
    np.testing.assert_allclose(prepare(rgb, spec), 2 * round(0.299 * 100 + 0.114 * 10))
    assert doubled[-1] == ((3, 8, 8), 30.0)
    assert prepare(rgb, replace(spec, colour="rgb"))[0, :, 0, 0].tolist() == [200, 0, 20]
    assert doubled[-1] == ((3, 8, 8, 3), 30.0)
    moving = InputSpec(
        (64, 64), content="flow", part="apex", flow="dis", reference="onset", normalisation="none"
    )
    assert (prepare(sliding(0.5), replace(moving, magnify="doubled")) != prepare(sliding(0.5), moving)).any()


def test_the_magnification_travels(doubled: object) -> None:
    spec = InputSpec((8, 8), magnify="doubled")
    data = json.loads(json.dumps(spec.to_dict()))
    assert InputSpec.from_dict(data) == spec
    assert spec.digest() != InputSpec((8, 8)).digest()
    with pytest.raises(InputError, match="no motion magnification 'louder'"):
        InputSpec.from_dict({**data, "magnify": "louder"})
    MAGNIFIERS["doubled"] = lambda frames, fps: frames[:1]
    with pytest.raises(TypeError, match="'doubled' gave uint8"):
        prepare(numbered(), spec)


def test_flow_normalisation() -> None:
    clip = sliding(0.5)
    spec = InputSpec((64, 64), content="flow", flow="dis", reference="onset", normalisation="median")
    out = prepare(clip, spec)
    np.testing.assert_allclose(np.median(out, axis=(2, 3)), 0, atol=1e-4)
    np.testing.assert_allclose(1.4826 * np.median(np.abs(out), axis=(2, 3)), 1, atol=1e-3)
    standard = prepare(clip, replace(spec, normalisation="standard"))
    np.testing.assert_allclose(standard.mean(axis=(0, 2, 3)), 0, atol=1e-4)
    np.testing.assert_allclose(standard.std(axis=(0, 2, 3)), 1, atol=1e-4)


def test_nothing_moves_nothing_flows() -> None:
    still = np.repeat(texture()[None].astype(np.uint8), 5, axis=0)
    for method in ("dis", "farneback"):
        spec = InputSpec(
            (64, 64), content="flow_strain", flow=method, reference="previous", normalisation="median"
        )
        assert (prepare(Clip(still, 30.0, 0, 2, 4), spec) == 0).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"frames": np.zeros((21, 8, 8), np.float32)}, "uint8"),
        ({"frames": np.zeros((21, 8, 8, 2), np.uint8)}, r"\(T, H, W, 3\)"),
        ({"frames": np.zeros((0, 8, 8), np.uint8)}, "not"),
        ({"fps": 0.0}, "frame rate"),
        ({"fps": float("nan")}, "frame rate"),
        ({"onset": -1}, "onset -1"),
        ({"apex": 17}, "apex 17"),
        ({"offset": 21}, "offset 21"),
        ({"crop": "tight"}, "not 'tight'"),
        ({"landmarks": np.zeros((68, 2))}, "landmarks"),
    ],
)
def test_a_clip_refuses_what_makes_no_sense(change: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        numbered(**change)


def test_margins() -> None:
    assert margins(100, 150, 1000, 200.0) == (50, 201)  # 0.25 s
    assert margins(100, 110, 1000, 30.0) == (68, 143)  # 32 frames
    assert margins(3, 20, 25, 60.0) == (0, 25)
