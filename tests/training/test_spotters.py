"""SMEConvNet's frames, labels, events and foils, on made videos."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.base import clone

from mien.errors import InputError
from mien.face import FaceFrame
from mien.sources import PictureClip, Recording
from mien.training.estimators import NetworkClassifier, Port
from mien.training.settings import Training
from mien.training.spotters import FaceFrames, FeatureSpotter, SmeconvnetSpotting, _labelled, times_of

SIDE = 96
FPS = 20.0


@dataclass(frozen=True)
class Truth:
    onset: int
    apex: int | None
    offset: int
    emotion: str | None = "happiness"
    kind: str = "micro"


def video(events: list[Truth], frames: int = 60, seed: int = 0, step: int | None = None) -> NDArray[np.uint8]:
    """Noise; a bar that brightens during events; from ``step`` on another part is bright for good."""
    rng = np.random.default_rng(seed)
    pixels = rng.integers(90, 110, (1, SIDE, SIDE)) + rng.integers(-4, 5, (frames, SIDE, SIDE))
    for event in events:
        for t in range(event.onset, event.offset + 1):
            apex = (event.onset + event.offset) // 2 if event.apex is None else event.apex
            rise = 1 - abs(t - apex) / (max(apex - event.onset, event.offset - apex) + 1)
            pixels[t, 60:80, 20:76] += int(100 * rise)
    if step is not None:
        pixels[step:, :30] += 120
    rows = np.zeros((frames, SIDE * SIDE + 4), np.uint8)
    rows[:, :-4] = pixels.clip(0, 255).reshape(frames, -1)
    rows[:, -4:] = (np.arange(frames) / FPS).astype(np.float32)[:, None].view(np.uint8)
    return rows


TRUTHS = [[Truth(20 + i, 23 + i, 26 + i)] for i in range(6)]
VIDEOS = [video(its, seed=i) for i, its in enumerate(TRUTHS)]
GROUPS = [f"x/{i}" for i in range(6)]


def spotter(rule: Any = "window", epochs: int = 6) -> FeatureSpotter:
    how = Training(epochs=epochs, batch=16, optimizer="adam", lr=1e-3)
    port = Port("frame", (1, 1, SIDE, SIDE), picture=True)
    return FeatureSpotter(NetworkClassifier("smeconvnet", (port,), how), SIDE, rule)


@pytest.fixture(scope="module")
def fitted() -> FeatureSpotter:
    return spotter().fit(VIDEOS, TRUTHS, GROUPS)


def test_the_time_stands_behind_the_pixels() -> None:
    assert np.allclose(times_of(VIDEOS[0]), np.arange(60) / FPS)


def test_frames_near_the_apex_are_the_emotion_and_those_outside_are_neutral() -> None:
    # a window of 0.5 s is 10 frames, a quarter of it 2: frames 21 to 25 of an event from 20 to 26
    which, words = _labelled(VIDEOS[0], [Truth(20, 23, 26)])
    assert [i for i, w in zip(which, words, strict=True) if w == "happiness"] == [21, 22, 23, 24, 25]
    calm = [i for i, w in zip(which, words, strict=True) if w == "neutral"]
    assert len(calm) == 8
    assert not set(calm) & set(range(15, 32))
    # at 200 frames a second neighbours show the same: every third
    fast = video([Truth(60, 90, 130)], 200)
    fast[:, -4:] = (np.arange(200) / 200).astype(np.float32)[:, None].view(np.uint8)
    near = [i for i, w in zip(*_labelled(fast, [Truth(60, 90, 130)]), strict=True) if w == "happiness"]
    assert near == list(range(66, 116, 3))
    # without an apex the middle; without an emotion nothing but neutral
    assert _labelled(VIDEOS[0], [Truth(20, None, 26)]) == (which, words)
    assert set(_labelled(VIDEOS[0], [Truth(20, 23, 26, None)])[1]) == {"neutral"}


def test_it_finds_the_apex_of_people_it_has_not_seen(fitted: FeatureSpotter) -> None:
    assert fitted.chosen_on_.tolist() == sorted(fitted.chosen_on_.tolist())
    assert 0 < len(fitted.chosen_on_) < 6
    unseen = video([Truth(40, 43, 46)], seed=50)
    (found,) = fitted.predict([unseen])
    strongest = found[found[:, 4].argmax()]
    assert abs(strongest[1] - 43) <= 2
    assert strongest[0] <= strongest[1] <= strongest[2]
    assert strongest[3] == 0


def test_one_apex_a_video_whatever_the_bar(fitted: FeatureSpotter) -> None:
    one = copy.copy(fitted)
    one.rule = "apex"
    one.floor_ = 1e9  # nothing is an event
    unseen = video([Truth(40, 43, 46)], seed=50)
    (found,) = one.predict([unseen])
    assert len(found) == 1
    assert abs(found[0, 1] - 43) <= 2


def test_it_is_cloned_as_scikit_learn_clones() -> None:
    one = spotter()
    twin = clone(one)
    assert twin is not one
    assert twin.get_params().keys() == one.get_params().keys() >= {"rule", "share", "classifier__preset"}
    assert twin.get_params()["rule"] == "window"
    assert not hasattr(twin, "floor_")


def test_the_foils_are_fooled_where_the_window_is_not(fitted: FeatureSpotter) -> None:
    changed = video([Truth(20, 23, 26)], seed=51, step=45)
    assert fitted.features(changed).shape == (60, 2)
    foil = spotter("first")
    foil.rows = "hidden"
    foil.classifier = fitted.classifier
    assert foil.features(changed).shape == (60, 64)
    ((_, apex, *_),) = foil.predict([changed])[0].tolist()
    assert apex >= 45
    ((_, middle, *_),) = spotter("middle").fit([], []).predict([changed])[0].tolist()
    assert middle == 29


def test_frames_without_a_face_are_not_scored(fitted: FeatureSpotter) -> None:
    holes = VIDEOS[0].copy()
    holes[10:14, -4:] = np.full((4, 1), np.nan, np.float32).view(np.uint8)
    features = fitted.features(holes)
    assert np.isnan(features[10:14]).all()
    assert np.isfinite(np.delete(features, range(10, 14), axis=0)).all()
    fitted.predict([holes])
    which, _ = _labelled(holes, [])
    assert not set(which) & set(range(10, 14))


def test_the_same_seed_the_same_events() -> None:
    a, b = (spotter(epochs=1).fit(VIDEOS, TRUTHS, GROUPS).predict(VIDEOS[:1])[0] for _ in range(2))
    assert np.array_equal(a, b)


def test_what_cannot_be() -> None:
    with pytest.raises(InputError, match="subjects"):
        spotter().fit(VIDEOS, TRUTHS)
    with pytest.raises(InputError, match="two training people"):
        spotter().fit(VIDEOS, TRUTHS, ["x/1"] * 6)
    with pytest.raises(InputError, match="no training video"):
        spotter().fit(VIDEOS, [[] for _ in VIDEOS], GROUPS)
    with pytest.raises(InputError, match="--protocol spotting"):
        SmeconvnetSpotting().step_for(PictureClip("x", (), None, 0, None, 0))
    with pytest.raises(InputError, match="rule"):
        SmeconvnetSpotting(rule="guess")


def test_the_contender() -> None:
    one = SmeconvnetSpotting(rule="first", epochs=2)
    assert one.name == "smeconvnet:rule=first,epochs=2"
    assert one.needs_training
    assert not SmeconvnetSpotting(rule="middle").needs_training
    assert one.digest() != SmeconvnetSpotting().digest()
    assert one.make(3).classifier.seed == 3
    assert SmeconvnetSpotting(preset="paper").side == 224


@pytest.mark.parametrize(
    ("options", "fed", "matrix", "columns"),
    [({}, "change", "classes", 2), ({"frames": "raw", "rows": "hidden"}, "raw", "hidden", 64)],
)
def test_what_it_sees_and_what_the_window_slides_over(
    options: dict[str, str], fed: str, matrix: str, columns: int
) -> None:
    one = SmeconvnetSpotting(epochs=1, **options)
    assert (one.fed, one.matrix) == (fed, matrix)
    made = one.make(0).fit(VIDEOS, TRUTHS, GROUPS)
    rows = made.features(VIDEOS[0])
    assert rows.shape == (60, columns)
    if matrix == "classes":
        assert np.allclose(rows.sum(axis=1), 1)
    # another face in another light, the same movement: of changes, the same is seen
    other = VIDEOS[0].copy()
    other[:, :-4] = (other[:, :-4] // 2 + 30).astype(np.uint8)
    assert np.allclose(made.features(other), rows, atol=0.05 * np.abs(rows).max()) is (fed == "change")


def test_the_presets_differ_in_what_they_see() -> None:
    assert (SmeconvnetSpotting().fed, SmeconvnetSpotting().matrix) == ("change", "classes")
    paper = SmeconvnetSpotting(preset="paper")
    assert (paper.fed, paper.matrix) == ("raw", "hidden")
    assert (replace(paper, frames="change").fed, replace(paper, rows="classes").matrix) == (
        "change",
        "classes",
    )
    assert replace(paper, frames="change").digest() != paper.digest()


def of_files(frames: int) -> Recording:
    return Recording("x", tuple(Path(f"{i}.png") for i in range(frames)), FPS)


@pytest.mark.parametrize("seen", [0, 1])
def test_a_video_with_less_than_two_faces_is_refused_before_training(
    seen: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def faces(_: Any) -> list[FaceFrame]:
        crop = np.full((128, 128), 100, np.uint8)
        crop[::2] = 130
        return [
            FaceFrame(i, i / FPS, "ok" if i < seen else "turned", crop=crop, sharpness=1.0) for i in range(5)
        ]

    monkeypatch.setattr("mien.training.spotters.face_frames", faces)
    with pytest.raises(InputError, match="x: no face was seen well enough in two pictures"):
        FaceFrames(SIDE)(of_files(5))


def test_where_the_noise_cannot_be_told_nothing_is_trained(tmp_path: Path) -> None:
    file = tmp_path / "checkpoint"
    everywhere = [[Truth(0, 30, 59)]] * 6
    with pytest.raises(InputError, match="nothing but expressions"):
        spotter(epochs=1).fit(VIDEOS, everywhere, GROUPS, checkpoint=file)
    # frames outside, but none whose window's ends (5 frames away) show the face
    holes = [x.copy() for x in VIDEOS]
    unseen = [*range(40, 46), *range(50, 60)]
    for x in holes:
        x[unseen, -4:] = np.full((1, 1), np.nan, np.float32).view(np.uint8)
    with pytest.raises(InputError, match="nothing but expressions"):
        spotter(epochs=1).fit(holes, [[Truth(0, 20, 40)]] * 6, GROUPS, checkpoint=file)
    assert not file.exists()


def test_pictures_are_shown_some_at_a_time_and_those_set_apart_once(
    fitted: FeatureSpotter, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = fitted.features(VIDEOS[0])
    shown: list[int] = []
    told = fitted.classifier.predict_proba

    def counted(X: NDArray[np.float32]) -> NDArray[np.float64]:
        shown.append(len(X))
        return told(X)

    monkeypatch.setattr("mien.training.spotters._AT_ONCE", 16)
    monkeypatch.setattr(fitted.classifier, "predict_proba", counted)
    np.testing.assert_allclose(fitted.features(VIDEOS[0]), whole, atol=1e-5)
    assert shown == [16, 16, 16, 12]
    one, looked = spotter(epochs=1), []

    def noted(video: NDArray[np.uint8]) -> NDArray[np.float64]:
        looked.append(len(video))
        return FeatureSpotter.features(one, video)

    monkeypatch.setattr(one, "features", noted)
    one.fit(VIDEOS, TRUTHS, GROUPS)
    assert len(looked) == len(one.chosen_on_)


def test_the_digest_is_of_what_auto_comes_to() -> None:
    one = SmeconvnetSpotting()
    assert one.digest() == replace(one, frames="change", rows="classes").digest()
    assert one.digest() != replace(one, frames="raw").digest() != replace(one, rows="hidden").digest()
