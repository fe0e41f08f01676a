"""From picture files to clips: the right pictures, aligned three ways, kept, and refused with a reason."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest

from mien import analyze
from mien.errors import InputError
from mien.events import Event
from mien.face import CROP, FaceTracker, survey
from mien.face.align import EYE_LINE, EYE_WIDTH
from mien.inputs import ArrayCache, Clip, loading
from mien.inputs.loading import MAGNIFIERS, digest_of, load_clip
from mien.motion import flow
from mien.motion.magnify import magnify
from mien.recognition import Recognition
from mien.sources import FeatureFile, FlowPicture, PictureClip
from mien.spotting import Spotting
from mien.video import Frame, open_video


def write(path: Path, picture: np.ndarray) -> Path:
    """RGB or grey."""
    stored = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR) if picture.ndim == 3 else picture
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode(path.suffix, stored)[1].tobytes())
    return path


def clip_of(folder: Path, pictures: Sequence[np.ndarray], **more: Any) -> PictureClip:
    """A clip of pictures written to a folder; its event is the whole of it."""
    files = tuple(write(folder / f"img{i + 1}.png", picture) for i, picture in enumerate(pictures))
    given = {"fps": 100.0, "onset": 0, "apex": None, "offset": len(files) - 1, **more}
    return PictureClip("set/sub01/a", files, **given)


def textures(n: int, size: tuple[int, int] = (24, 32), colour: bool = False) -> np.ndarray:
    shape = (n, *size, 3) if colour else (n, *size)
    return np.random.default_rng(n).integers(0, 256, shape).astype(np.uint8)


@pytest.fixture(scope="session")
def film(real_clips: Path) -> list[np.ndarray]:
    """Twenty-four frames (RGB) of a real face, 640×360."""
    with open_video(real_clips / "single_face.mp4") as reader:
        return [frame.rgb for frame in reader.read(0, 23)]


@pytest.fixture(scope="session")
def face(film: list[np.ndarray], tmp_path_factory: pytest.TempPathFactory) -> PictureClip:
    """The same as a clip."""
    return clip_of(tmp_path_factory.mktemp("face"), film, fps=30.0, onset=5, apex=12, offset=20)


def shift_of(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """By how much (x, y) the second picture's middle lies further."""
    side = len(first) // 4
    return np.median(flow(first, second)[side : 3 * side, side : 3 * side], axis=(0, 1))


# ---------------------------------------------------------------------- which pictures are read


@pytest.mark.parametrize(("fps", "room"), [(30.0, 32), (200.0, 50), (None, 32)])
def test_only_what_is_needed_is_read(tmp_path: Path, fps: float | None, room: int) -> None:
    pictures = np.repeat(np.arange(0, 200, dtype=np.uint8), 16 * 16).reshape(200, 16, 16)
    source = clip_of(tmp_path, pictures, fps=fps, onset=90, apex=95, offset=100)
    first, stop = 90 - room, 101 + room
    for file in (*source.files[:first], *source.files[stop:]):
        file.unlink()
    clip = load_clip(source, "given")
    assert clip.frames[:, 0, 0].tolist() == list(range(first, stop))
    assert (clip.onset, clip.apex, clip.offset) == (room, room + 5, room + 10)
    assert clip.fps == (fps or 30)
    source.files[first].unlink()
    with pytest.raises(InputError, match=rf"img{first + 1}\.png cannot be read"):
        load_clip(source, "given")
    with pytest.raises(InputError, match=rf"set/sub01/a: .*img{first + 1}\.png cannot be read"):
        load_clip(source, "given", ArrayCache(tmp_path / "cache"))


def test_one_frame(tmp_path: Path, film: list[np.ndarray]) -> None:
    source = clip_of(tmp_path, film[:1], fps=None)
    for align in loading.ALIGNMENTS:
        clip = load_clip(source, align)
        assert (len(clip), clip.onset, clip.apex, clip.offset) == (1, 0, None, 0)
        assert clip.landmarks is not None


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"onset": 3}, "onset 3, apex None, offset 2"),
        ({"apex": 3}, "onset 0, apex 3, offset 2"),
        ({"offset": 4}, "4 pictures"),
        ({"onset": -1}, "onset -1"),
        ({"files": ()}, "0 pictures"),
        ({"fps": 0.0}, "frame rate of 0"),
        ({"fps": float("nan")}, "frame rate of nan"),
    ],
)
def test_numbers_that_make_no_sense(tmp_path: Path, change: dict[str, Any], reason: str) -> None:
    source = replace(clip_of(tmp_path, textures(4), offset=2), **change)
    for call in (load_clip, digest_of):
        with pytest.raises(InputError, match=f"set/sub01/a .*{reason}"):
            call(source)


def test_arguments(tmp_path: Path) -> None:
    source = clip_of(tmp_path, textures(2))
    with pytest.raises(InputError, match="no alignment 'lwm'; choose one of first, frame, given"):
        load_clip(source, "lwm")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="crop of 8 pixels"):
        load_clip(source, side=8)


# ---------------------------------------------------------------------- as given


@pytest.mark.parametrize("cached", [False, True])
def test_given_pictures_stay(tmp_path: Path, cached: bool) -> None:
    pictures = textures(4, colour=True)
    source, cache = clip_of(tmp_path, pictures, apex=2), ArrayCache(tmp_path / "c") if cached else None
    for _ in range(2):
        clip = load_clip(source, "given", cache, colour=True)
        assert (clip.frames == pictures).all()
        assert (clip.crop, clip.landmarks, clip.apex, clip.fps) == ("given", None, 2, 100.0)
        grey = load_clip(source, "given", cache).frames
        assert (grey == [cv2.cvtColor(p, cv2.COLOR_RGB2GRAY) for p in pictures]).all()
    if cache is not None:  # the pictures lie on disk already
        assert cache.nbytes() < 2000 < pictures.nbytes


def test_grey_pictures_stay_grey_until_one_has_colours(tmp_path: Path) -> None:
    grey, coloured = textures(2), textures(1, colour=True)
    assert load_clip(clip_of(tmp_path / "a", grey), "given", colour=True).frames.shape == (2, 24, 32)
    mixed = load_clip(clip_of(tmp_path / "b", [*grey, *coloured]), "given", colour=True).frames
    assert mixed.shape == (3, 24, 32, 3)
    assert (mixed[0] == grey[0][..., None]).all()
    assert (mixed[2] == coloured[0]).all()


def test_a_given_face_has_landmarks(face: PictureClip, tmp_path: Path) -> None:
    cache = ArrayCache(tmp_path)
    for _ in range(2):
        clip = load_clip(face, "given", cache)
        assert clip.landmarks is not None
        assert clip.landmarks.shape == (468, 3)
        eyes = clip.landmarks[[33, 263], :2]
        # in the picture, as everywhere: the person's right eye lies to the left
        assert 0 < eyes[0, 0] < eyes[1, 0] < 640
        assert 70 < eyes[1, 0] - eyes[0, 0] < 130


# ---------------------------------------------------------------------- one transform for all


def test_the_face_has_its_place(face: PictureClip) -> None:
    for align in ("first", "frame"):
        for side in (128, 256):
            clip = load_clip(face, align, side=side)  # type: ignore[arg-type]
            assert clip.frames.shape == (24, side, side)
            assert (clip.crop, clip.onset, clip.apex, clip.offset) == ("canonical", 5, 12, 20)
            assert clip.landmarks is not None
            assert clip.landmarks.dtype == np.float32
            right, left = clip.landmarks[[33, 263], :2]
            assert (left - right)[0] / side == pytest.approx(EYE_WIDTH, rel=0.12)
            assert (left + right)[1] / 2 / side == pytest.approx(EYE_LINE, abs=0.03)


def moved(picture: np.ndarray, shifts: Sequence[float]) -> list[np.ndarray]:
    height, width = picture.shape[:2]
    return [
        cv2.warpAffine(
            picture, np.float32([[1, 0, s], [0, 1, 0]]), (width, height), borderMode=cv2.BORDER_REPLICATE
        )
        for s in shifts
    ]


def test_first_keeps_the_head_moving_and_frame_holds_it(tmp_path: Path, film: list[np.ndarray]) -> None:
    source = clip_of(tmp_path, moved(film[5], [0, 2, 4, 8]), onset=1)
    clip, given = (load_clip(source, align, side=128).landmarks for align in ("first", "given"))
    assert clip is not None
    assert given is not None
    scale = np.ptp(clip[[33, 263], 0]) / np.ptp(given[[33, 263], 0])
    frames = load_clip(source, "first", side=128).frames
    steps = [shift_of(frames[0], frame)[0] for frame in frames]
    np.testing.assert_allclose(steps, np.array([0, 2, 4, 8]) * scale, atol=0.15)
    held = load_clip(source, "frame", side=128)
    assert max(np.abs(shift_of(held.frames[0], frame)).max() for frame in held.frames) < 0.12
    # the mesh is the onset frame's, two pixels on
    first = load_clip(replace(source, onset=0), "first", side=128).landmarks
    assert first is not None
    assert np.mean(clip[:, 0] - first[:, 0]) == pytest.approx(2 * scale, abs=0.3)


def test_a_first_picture_without_a_face(tmp_path: Path, film: list[np.ndarray]) -> None:
    black = np.zeros_like(film[0])
    source = clip_of(tmp_path, [black, black, *film[:3]], onset=2)
    clip = load_clip(source, "first", side=128)
    assert not clip.frames[:2].any()
    expected = load_clip(clip_of(tmp_path / "b", film[:3]), "first", side=128)
    assert (clip.frames[2:] == expected.frames).all()
    for align in ("first", "frame"):
        with pytest.raises(InputError, match=r"set/sub01/a: no face .*img1\.png.*align='given'"):
            load_clip(clip_of(tmp_path / "c", [black, black, black], onset=1), align)  # type: ignore[arg-type]


def tight(picture: np.ndarray, mesh: np.ndarray, inside: float) -> np.ndarray:
    """The face cut out, by so much of it inside its outline, as in CASME II's cropped pictures or tighter."""
    low, high = mesh[:, :2].min(axis=0), mesh[:, :2].max(axis=0)
    x0, y0, x1, y1 = np.round([*(low + inside * (high - low)), *(high - inside * (high - low))]).astype(int)
    return picture[y0:y1, x0:x1]


@pytest.mark.parametrize("inside", [0.0, 0.15])
@pytest.mark.parametrize("align", ["first", "frame"])
def test_faces_that_fill_the_picture(
    tmp_path: Path, film: list[np.ndarray], face: PictureClip, align: Any, inside: float
) -> None:
    mesh = load_clip(face, "given").landmarks
    assert mesh is not None
    cut = clip_of(tmp_path, [tight(p, mesh, inside) for p in film[3:9]], onset=2, cropped=True)
    clip = load_clip(cut, align, side=128)
    whole = load_clip(clip_of(tmp_path / "whole", film[3:9], onset=2), align, side=128)
    assert clip.landmarks is not None
    assert whole.landmarks is not None
    off = np.linalg.norm(clip.landmarks[:, :2] - whole.landmarks[:, :2], axis=1)
    assert off.mean() < 0.05 * EYE_WIDTH * 128
    # beyond the picture its border goes on: here to the left of the face
    assert np.abs(np.diff(clip.frames[0, 32:96, :8].astype(int), axis=1)).max() <= 2


def test_tight_faces_need_the_border(film: list[np.ndarray], face: PictureClip) -> None:
    """What the borders are for: without them the detector misses such a face."""
    mesh = load_clip(face, "given").landmarks
    assert mesh is not None
    cut = Frame.from_array(0, 0.0, np.ascontiguousarray(tight(film[5], mesh, 0.15)))
    assert FaceTracker().update(cut).matrix is None


# ---------------------------------------------------------------------- steadied, as in use


def test_frame_is_what_the_tracker_gives(face: PictureClip, film: list[np.ndarray]) -> None:
    frames = [Frame.from_array(i, i / 30, picture) for i, picture in enumerate(film)]
    people = survey(frames)
    tracker = FaceTracker(people[0], alone=len(people) == 1)
    followed = [tracker.update(frame) for frame in frames]
    clip = load_clip(face, "frame", side=CROP)
    assert (clip.frames == [f.crop for f in followed]).mean() > 0.9999  # matrices rounded to float32
    assert followed[5].key is not None
    np.testing.assert_array_equal(clip.landmarks, followed[5].key.mesh.astype(np.float32))
    larger = load_clip(face, "frame", side=2 * CROP)
    np.testing.assert_allclose(larger.landmarks[:, :2], 2 * clip.landmarks[:, :2] + 0.5, atol=1e-3)  # type: ignore[index]


@dataclass(frozen=True)
class Told:
    """A spotter that is told where the event is."""

    onset: int
    apex: int
    offset: int
    name = "told"
    paper = ""

    def begin(self, fps: float) -> Any:
        def finish(states: list[Any], blinks: Any) -> Spotting:
            n = len(states)
            times = (self.onset / fps, self.apex / fps, self.offset / fps)
            event = Event(self.onset, self.apex, self.offset, *times, "micro", 1.0)
            return Spotting(np.zeros(n, "f4"), np.zeros(n, "f4"), np.zeros((n, 1), "f4"), (event,))

        return SimpleNamespace(push=lambda frame: None, finish=finish)


class Keeping:
    """A recogniser that keeps what it is shown."""

    name, kind, statement, labels = "keeping", "rules", "", ("x",)
    clips: list[Clip]

    def __init__(self) -> None:
        self.clips = []

    def recognize(self, clip: Clip) -> Recognition:
        self.clips.append(clip)
        return Recognition({"x": 1.0}, "x", 0.5)


def test_training_sees_what_use_sees(face: PictureClip, monkeypatch: pytest.MonkeyPatch) -> None:
    """The very same pixels: a recogniser in ``analyze`` and a model in training are shown one clip."""
    monkeypatch.setattr("mien.analysis.tunables_of", lambda thing: {})
    shown = Keeping()
    analyze(face.files[0].parent, fps=30, spotter=Told(5, 12, 20), recognizer=shown, pictures=False)  # type: ignore[arg-type]
    (theirs,) = shown.clips
    ours = load_clip(face, "frame", side=CROP)
    assert (ours.frames == theirs.frames).all()
    assert (ours.landmarks == theirs.landmarks).all()  # type: ignore[attr-defined,union-attr]
    for name in ("onset", "apex", "offset", "fps", "crop"):
        assert getattr(ours, name) == getattr(theirs, name)


def test_a_face_that_is_lost(tmp_path: Path, film: list[np.ndarray]) -> None:
    """Margins end where it is lost; within the event the next known crop stands in."""
    pictures = list(film)
    for i in (2, 14, 22):
        pictures[i] = np.zeros_like(film[0])
    source = clip_of(tmp_path, pictures, fps=30.0, onset=10, apex=12, offset=20)
    clip = load_clip(source, "frame", side=128)
    assert len(clip) == 22 - 3
    assert (clip.onset, clip.apex, clip.offset) == (7, 9, 17)
    dark = [i for i, frame in enumerate(clip.frames) if not frame.any()]
    assert dark == [14 - 3]
    clips = [load_clip(source, "frame", ArrayCache(tmp_path / "c"), side=128) for _ in range(2)]
    assert all((c.frames == clip.frames).all() and c.onset == 7 for c in clips)


# ---------------------------------------------------------------------- kept


@pytest.mark.parametrize("align", ["first", "frame"])
def test_the_cache_keeps_clips(
    face: PictureClip, tmp_path: Path, align: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = ArrayCache(tmp_path)
    fresh, first = load_clip(face, align, side=64), load_clip(face, align, cache, side=64)
    with monkeypatch.context() as patch:
        patch.setattr(loading, "FaceTracker", None)  # nobody looks for a face again
        again = load_clip(face, align, cache, side=64)
        with pytest.raises(TypeError):
            load_clip(face, align, cache, side=65)
        with pytest.raises(TypeError):
            load_clip(face, align, cache, side=64, colour=True)
        with pytest.raises(TypeError):
            load_clip(replace(face, onset=6), align, cache, side=64)
        patch.setattr(loading, "LOADING_VERSION", -1)
        with pytest.raises(TypeError):
            load_clip(face, align, cache, side=64)
    for clip in (first, again):
        assert (clip.frames == fresh.frames).all()
        assert (clip.landmarks == fresh.landmarks).all()  # type: ignore[attr-defined,union-attr]
    assert load_clip(face, align, cache, side=64, colour=True).frames.shape == (24, 64, 64, 3)


# ---------------------------------------------------------------------- magnified


@pytest.fixture
def negative(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A registered toy that turns every picture into its negative."""

    def run(frames: np.ndarray, fps: float) -> np.ndarray:
        assert fps == 100
        return 255 - frames

    monkeypatch.setitem(MAGNIFIERS, "negative", run)
    return run


@pytest.mark.parametrize("align", ["first", "frame", "given"])
@pytest.mark.parametrize("colour", [False, True])
def test_magnification_comes_after_alignment(
    tmp_path: Path, film: list[np.ndarray], negative: Any, align: Any, colour: bool
) -> None:
    source, cache = clip_of(tmp_path, film[:3]), ArrayCache(tmp_path / "c")
    plain = load_clip(source, align, cache, side=64, colour=colour)
    for kept in (None, cache, cache):
        toy = load_clip(source, align, kept, side=64, colour=colour, magnify="negative")
        assert (toy.frames == 255 - plain.frames).all()
        assert (toy.landmarks == plain.landmarks).all()  # type: ignore[attr-defined,union-attr]
    negative.version = 1  # another algorithm: nothing old is taken for it
    MAGNIFIERS["negative"] = lambda frames, fps: frames // 2
    MAGNIFIERS["negative"].version = 2  # type: ignore[attr-defined]
    assert (load_clip(source, align, cache, side=64, colour=colour, magnify="negative").frames < 128).all()


@pytest.mark.usefixtures("negative")
def test_magnification_refused(tmp_path: Path) -> None:
    source = clip_of(tmp_path, textures(3))
    with pytest.raises(InputError, match="no motion magnification 'linear'; choose one of negative, phase"):
        load_clip(source, "given", magnify="linear")
    with pytest.raises(
        InputError, match="set/sub01/a has no frame rate, which motion magnification 'negative'"
    ):
        load_clip(replace(source, fps=None), "given", magnify="negative")
    MAGNIFIERS["negative"] = lambda frames, fps: frames[:1]
    with pytest.raises(TypeError, match="'negative' gave uint8"):
        load_clip(source, "given", magnify="negative")


def test_magnified_by_phase(tmp_path: Path) -> None:
    pictures = textures(4)
    source, cache = clip_of(tmp_path, pictures), ArrayCache(tmp_path / "c")
    for kept in (None, cache, cache):
        assert (load_clip(source, "given", kept, magnify="phase").frames == magnify(pictures)).all()


# ---------------------------------------------------------------------- digests


def test_content_alone_counts(tmp_path: Path) -> None:
    source = clip_of(tmp_path / "a", textures(80), onset=40, apex=41, offset=43)
    known = digest_of(source)
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    elsewhere = tuple(f.rename(f.with_name(f"x{f.name}")) for f in sorted((tmp_path / "b").iterdir()))
    order = [next(e for e in elsewhere if e.name == f"x{f.name}") for f in source.files]
    assert digest_of(replace(source, key="other/name", files=tuple(order))) == known
    # pictures beyond the margins do not count: 32 on either side of 40 to 43
    assert digest_of(replace(source, files=source.files[8:], onset=32, apex=33, offset=35)) == known
    assert digest_of(replace(source, files=source.files[:76])) == known
    changes: list[dict[str, Any]] = [
        *({"files": source.files[9:], "onset": 31, "apex": 32, "offset": 34}, {"files": source.files[:75]}),
        *({"onset": 39}, {"apex": 42}, {"apex": None}, {"offset": 42}, {"fps": 50.0}, {"fps": None}),
        *({"cropped": True}, {"files": source.files[::-1]}),
    ]
    digests = [digest_of(replace(source, **change)) for change in changes]
    assert len({known, *digests}) == 1 + len(changes)


def test_kinds_differ(tmp_path: Path) -> None:
    file = write(tmp_path / "a.png", textures(1)[0])
    sources = (
        PictureClip("a", (file,), None, 0, None, 0),
        FlowPicture("a", file),
        FeatureFile("a", file, "u"),
        FeatureFile("a", file, "v"),
    )
    assert len({digest_of(s) for s in sources}) == 4
    with pytest.raises(InputError, match=r"a: .*none\.npz cannot be read"):
        digest_of(FeatureFile("a", tmp_path / "none.npz", "u"))


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of files whose digest was taken."""
    seen: list[str] = []
    take: Callable[[Path], str] = loading.file_digest
    monkeypatch.setattr(loading, "file_digest", lambda f: (seen.append(Path(f).name), take(f))[1])
    return seen


def test_digests_are_remembered(tmp_path: Path, readings: list[str]) -> None:
    source, cache = clip_of(tmp_path, textures(3)), ArrayCache(tmp_path / "c")
    for file in source.files:
        os.utime(file, ns=(10**18, 10**18))
    known = digest_of(source, cache)
    assert readings == ["img1.png", "img2.png", "img3.png"]
    assert (
        digest_of(source, ArrayCache(tmp_path / "c")) == digest_of(replace(source, onset=0), cache) == known
    )
    assert digest_of(replace(source, onset=1), cache) != known
    assert len(readings) == 3
    # the same size, another content, another time
    data = bytearray(source.files[1].read_bytes())
    data[-20] ^= 1
    source.files[1].write_bytes(data)
    os.utime(source.files[1], ns=(10**18 + 1, 10**18 + 1))
    assert digest_of(source, cache) != known
    assert len(readings) == 6


def test_files_just_written_are_not_trusted(tmp_path: Path, readings: list[str]) -> None:
    """They may be written once more within the same tick of the file system's clock."""
    source, cache = clip_of(tmp_path, textures(2)), ArrayCache(tmp_path / "c")
    assert digest_of(source, cache) == digest_of(source, cache) == digest_of(source)
    assert len(readings) == 6
