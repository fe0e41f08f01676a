"""Following a face and holding it still."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest

from mien.events import FaceState
from mien.face import CROP, FaceFrame, FaceTracker, TrackerSettings, settle, survey
from mien.face.align import apply
from mien.face.networks import BlazeFace

SINGLE, WOLFGANG = "single_face.mp4", "WolfgangLanger_Pexels.mp4"
GRID = np.array([[0.3, 0.3], [0.7, 0.3], [0.5, 0.5], [0.3, 0.8], [0.7, 0.8]]) * CROP


def shot_like(shots: list[Any]) -> Callable[..., Any]:
    return type(shots[0])


def residual(frames: list[FaceFrame], matrices: list[np.ndarray]) -> np.ndarray:
    """(N, 5, 2) crop pixels: where five places of the still face lie in each crop, against the first crop."""
    first, start = frames[0].matrix, matrices[0]
    assert first is not None
    places = (GRID - first[:, 2]) @ np.linalg.inv(first[:, :2]).T
    places = (places - start[:, 2]) @ np.linalg.inv(start[:, :2]).T
    return np.array([apply(f.matrix, apply(m, places)) - GRID for f, m in zip(frames, matrices, strict=True)])


@pytest.mark.parametrize(("noise", "amount"), [(0.0, 1.0), (1.5, 1.0), (2.0, 0.0)])
def test_a_moving_head_is_held_still(
    paste: Callable[..., Any], track: Callable[..., Any], noise: float, amount: float
) -> None:
    """Turned by ±2°, shifted by ±6 px, grown by ±2 %, over two changes of the key frame."""
    pasted = paste(3.5, 30.0, noise, amount)
    frames = track(pasted.shots)
    assert {f.state for f in frames} == {"ok"}
    assert frames[-1].key.number == 3
    assert all(f.key.continues for f in frames if f.key.number > 1)
    off = residual(frames, pasted.matrices)
    assert np.sqrt((off**2).mean()) < 0.035  # pixels of 128; measured .016 without noise, .019, .024
    assert np.abs(off).max() < 0.13  # measured .06, .06, .08
    if not noise:
        assert np.abs(np.diff(off, axis=0)).max() < 0.05


def test_crops_agree_with_the_matrix(paste: Callable[..., Any], track: Callable[..., Any]) -> None:
    pasted = paste(3.5, 30.0, 1.5, 1.0)
    frames = track(pasted.shots)
    first = frames[0].crop.astype(float)
    for frame in frames[::15]:
        assert frame.crop.shape == (CROP, CROP)
        assert frame.crop.dtype == np.uint8
        inner = np.s_[24:-24, 24:-24]
        assert np.abs(cv2.GaussianBlur(frame.crop.astype(float) - first, (0, 0), 1.0)[inner]).mean() < 1.5
        assert frame.quality > 0.95


def test_uneven_times(paste: Callable[..., Any], track: Callable[..., Any]) -> None:
    """Frames that come and go as a phone's do: what counts is time, not number."""
    pasted = paste(3.5, 30.0, 1.5, 1.0)
    keep = np.sort(np.random.default_rng(1).permutation(len(pasted.shots))[:60])
    keep[0] = 0
    frames = track([pasted.shots[i] for i in keep])
    assert {f.state for f in frames} == {"ok"}
    off = residual(frames, [pasted.matrices[i] for i in keep])
    assert np.sqrt((off**2).mean()) < 0.04
    assert frames[-1].key.number in (2, 3)


def test_lost_where_there_is_no_face(tracked: Callable[..., list[FaceFrame]]) -> None:
    """Cuts from a room to a face and back again."""
    assert {f.state for f in tracked("no_face.mp4", 0, 60)} == {"lost"}
    appears = {f.index: f.state for f in tracked("noface_face.mov", 70, 169)}
    assert {appears[i] for i in range(70, 96)} == {"lost"}
    assert {appears[i] for i in range(99, 168)} == {"ok"}
    assert appears[168] == "lost"  # the last frame of this clip is black
    leaves = {f.index: f.state for f in tracked("face_noface.mov", 40, 110)}
    assert {leaves[i] for i in range(40, 71)} == {"ok"}
    assert {leaves[i] for i in range(73, 110)} == {"lost"}


def test_a_lost_frame_says_nothing(tracked: Callable[..., list[FaceFrame]]) -> None:
    frame = tracked("no_face.mp4", 0, 60)[10]
    assert frame.crop is None
    assert frame.matrix is None
    assert frame.key is None
    assert frame.quality == 0
    assert np.isnan([frame.eyes, frame.size, frame.speed, frame.hand, frame.sharpness]).all()


def test_numbers_of_a_good_frame(tracked: Callable[..., list[FaceFrame]]) -> None:
    for frame in tracked(SINGLE, 0, 72)[::10]:
        assert frame.state == "ok"
        assert 90 < frame.size < 130  # outer-eye distance in pixels
        assert max(abs(frame.yaw), abs(frame.pitch)) < 20
        assert 0.1 < frame.eyes < 0.5
        assert 50 < frame.brightness < 220
        assert frame.speed < 1


def test_a_cut_to_another_scale_finds_the_face_again(
    film: Callable[..., Any], track: Callable[..., Any]
) -> None:
    shots = film(SINGLE, 0, 40)
    make = shot_like(shots)
    cut = []
    for shot in shots[20:]:
        zoomed = cv2.resize(shot.rgb, None, fx=1.7, fy=1.7, interpolation=cv2.INTER_CUBIC)
        cut.append(make(shot.index, shot.time, np.ascontiguousarray(zoomed[120:480, 200:840])))
    frames = track([*shots[:20], *cut])
    assert frames[19].state == "ok"
    again = [f for f in frames[20:] if f.state == "ok"]
    assert again[0].time - frames[19].time < 0.25
    assert len(again) >= 15
    before, after = frames[19], again[-1]
    assert after.size / before.size == pytest.approx(1.7, rel=0.08)
    assert after.key.number > before.key.number
    # what was measured before the cut must not be carried on
    assert not next(f.key for f in again if f.key is not before.key).continues


def test_after_a_gap_the_positions_do_not_carry_on(
    film: Callable[..., Any], track: Callable[..., Any]
) -> None:
    shots = film(SINGLE, 0, 40)
    make = shot_like(shots)
    black = [make(s.index, s.time, np.zeros_like(s.rgb)) for s in shots[15:22]]
    frames = track([*shots[:15], *black, *shots[22:]])
    assert [f.state for f in frames[16:22]] == ["lost"] * 6
    again = next(f for f in frames[22:] if f.state == "ok")
    assert again.index <= 25
    assert again.key.number > frames[14].key.number
    assert not again.key.continues


def test_grey_films_work(film: Callable[..., Any], track: Callable[..., Any]) -> None:
    shots = film(SINGLE, 0, 20)
    make = shot_like(shots)
    frames = track([make(s.index, s.time, s.gray) for s in shots])
    assert {f.state for f in frames} == {"ok"}
    colour = track(shots)
    assert [f.eyes for f in frames] == pytest.approx([f.eyes for f in colour], abs=0.03)


# ---------------------------------------------------------------------- states


def test_small(film: Callable[..., Any], track: Callable[..., Any]) -> None:
    shots = film(SINGLE, 0, 8)
    make = shot_like(shots)

    def reduced(factor: float) -> list[Any]:
        return [
            make(s.index, s.time, cv2.resize(s.rgb, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA))
            for s in shots
        ]

    assert {f.state for f in track(reduced(0.2))} == {"small"}
    assert {f.state for f in track(reduced(0.3))} == {"ok"}


def test_turned(film: Callable[..., Any], track: Callable[..., Any]) -> None:
    """No clip turns far enough: so the limit is moved to where this head is."""
    shots = film(SINGLE, 0, 6)
    pose = [max(abs(f.yaw), abs(f.pitch)) for f in track(shots)]
    assert {f.state for f in track(shots, TrackerSettings(turned_deg=min(pose) - 0.1))} == {"turned"}
    assert {f.state for f in track(shots, TrackerSettings(turned_deg=max(pose) + 0.1))} == {"ok"}


def test_shaken(film: Callable[..., Any], track: Callable[..., Any]) -> None:
    """12 px a frame at 30 frames/s past an outer-eye distance of 110 px: 3.3 a second."""
    still = film(SINGLE, 5, 6)[0]
    make = shot_like([still])
    shots = [
        make(i, i / 30, np.roll(still.rgb, 12 * max(0, min(i - 5, 6)), axis=1))
        for i in range(20)
    ]  # fmt: skip
    states = [f.state for f in track(shots)]
    assert states[1:6] == ["ok"] * 5
    assert states[6:12] == ["shaken"] * 6
    assert states[13:] == ["ok"] * 7


# ---------------------------------------------------------------------- the mesh


class Counting:
    """The mesh network, counting."""

    def __init__(self, network: Any) -> None:
        self._network, self.calls = network, 0

    def again(self, *args: Any) -> Any:
        self.calls += 1
        return self._network.again(*args)

    def from_detection(self, *args: Any) -> Any:
        self.calls += 1
        return self._network.from_detection(*args)


def with_calls(shots: list[Any], settings: TrackerSettings | None = None) -> tuple[list[FaceFrame], int]:
    tracker = FaceTracker(None, settings)
    tracker._mesh_network = counting = Counting(tracker._mesh_network)  # type: ignore[assignment]
    return [tracker.update(s) for s in shots], counting.calls


def test_the_mesh_is_asked_seldom_and_says_the_same(film: Callable[..., Any]) -> None:
    shots = film(SINGLE)
    seldom, few = with_calls(shots)
    always, many = with_calls(shots, TrackerSettings(mesh_s=0.0, mesh_rate=1e6))
    assert many == len(shots)
    assert few < 0.25 * len(shots)
    a, b = (np.array([f.eyes for f in frames]) for frames in (seldom, always))
    usual = np.median(b)
    assert np.abs(a - b).mean() < 0.03 * usual
    assert a.min() == pytest.approx(b.min(), abs=0.05 * usual)  # the blink's depth


def test_a_calm_face_needs_five_looks_a_second(paste: Callable[..., Any]) -> None:
    _, calls = with_calls(paste(3.5, 30.0, 2.0, 0.0).shots)
    assert calls <= 3.5 * 5 + 2


# ---------------------------------------------------------------------- which face


def two_faces(film: Callable[..., Any], n: int = 12) -> list[Any]:
    """A large face above, a smaller one below."""
    shots = film(SINGLE, 0, n)
    make, out = shot_like(shots), []
    for s in shots:
        both = np.zeros((720, 640, 3), np.uint8)
        both[:360] = s.rgb
        both[360:648, 64:576] = cv2.resize(s.rgb, None, fx=0.8, fy=0.8, interpolation=cv2.INTER_AREA)
        out.append(make(s.index, s.time, both))
    return out


def test_survey_orders_faces_by_size(film: Callable[..., Any], track: Callable[..., Any]) -> None:
    shots = two_faces(film)
    first, second = survey(shots)
    assert first is not None
    assert second is not None
    assert first.y < 300 < second.y
    sizes = {}
    for name, target in (("first", first), ("second", second)):
        frames = track(shots, None, target)
        assert {f.state for f in frames} == {"ok"}
        sizes[name] = frames[-1].size
    assert sizes["second"] / sizes["first"] == pytest.approx(0.8, abs=0.04)


def test_survey_passes_over_faces_that_come_and_go(film: Callable[..., Any]) -> None:
    """A poster that flashes up, larger than the person, is not the person."""
    shots = two_faces(film, 30)
    make = shot_like(shots)
    without = []
    for s in shots:
        picture = s.rgb.copy()
        if s.index >= 6:
            picture[:360] = 0
        without.append(make(s.index, s.time, picture))
    found = next(iter(survey(without)), None)
    assert found is not None
    assert found.y > 300


def test_survey_stops_reading(film: Callable[..., Any]) -> None:
    read = []

    def feed() -> Any:
        for shot in film(SINGLE):
            read.append(shot.index)
            yield shot

    assert survey(feed(), enough=3)
    assert len(read) <= 8  # a look every tenth of a second


def test_survey_of_nothing(film: Callable[..., Any]) -> None:
    assert survey(film("no_face.mp4", 0, 20)) == []
    assert survey([]) == []


def test_another_detector_will_do(film: Callable[..., Any]) -> None:
    class Once:
        def __init__(self) -> None:
            self.asked = 0

        def detect(self, rgb: np.ndarray) -> list[Any]:
            self.asked += 1
            return BlazeFace().detect(rgb)

    once = Once()
    tracker = FaceTracker(detector=once)
    assert [tracker.update(s).state for s in film(SINGLE, 0, 5)] == ["ok"] * 5
    assert once.asked == 1  # a face that is followed is not searched


# ---------------------------------------------------------------------- settle

NAN = float("nan")


def settled(states: str, sharpness: list[float] | None = None, hand: dict[int, float] | None = None) -> str:
    """States as letters: o(k), l(ost), b(lurred), c(overed), t(urned)."""
    words: dict[str, FaceState] = {
        "o": "ok", "l": "lost", "b": "blurred", "c": "covered", "t": "turned",
    }  # fmt: skip
    looks = np.full(len(states), NAN)
    for at, certainty in (hand or {}).items():
        looks[at] = certainty
    limits = TrackerSettings(covered=0.35, blurred=0.35)
    found = settle([words[s] for s in states], np.array(sharpness or [0.3] * len(states)), looks, limits)
    return "".join(s[0] for s in found)


def test_settle_blur_by_hand() -> None:
    # usual: .30; below .35 · .30 = .105 is blurred
    assert settled("oooooo", [0.3, 0.3, 0.11, 0.10, 0.3, 0.3]) == "ooobo" + "o"
    assert settled("olo", [0.3, NAN, 0.3]) == "olo"
    assert settled("lll", [NAN] * 3) == "lll"
    assert settled("ttoo", [0.01, 0.01, 0.3, 0.3]) == "ttoo"  # only what was ok is looked at


@pytest.mark.parametrize(
    ("states", "hand", "expected"),
    [
        ("oooooooo", {0: 0.0, 3: 0.1, 6: 0.0}, "oooooooo"),
        # sure at 4: from the look before (2) to the next look (6)
        ("oooooooo", {0: 0.0, 2: 0.0, 4: 0.5, 6: 0.0}, "ooccccoo"),
        # two looks of exactly 0 are two looks: nothing before frame 2 is covered
        ("oooooooo", {0: 0.0, 1: 0.0, 2: 0.0, 4: 0.9}, "oocccccc"),
        # half as sure keeps it so, less does not
        ("oooooooooo", {0: 0.0, 2: 0.5, 4: 0.2, 6: 0.18, 8: 0.17}, "ccccccccoo"),
        # half as sure does not begin it
        ("oooooo", {0: 0.0, 2: 0.2, 4: 0.2}, "oooooo"),
        # sure at the very first look, and again after a doubt
        ("ooooooo", {0: 0.4, 2: 0.0, 4: 0.4, 6: 0.0}, "cccccco"),
        # what is not ok keeps its own reason
        ("lltoot", {2: 0.0, 3: 0.6, 5: 0.0}, "lltcct"),
        ("llll", {}, "llll"),
    ],
)
def test_settle_hands_by_hand(states: str, hand: dict[int, float], expected: str) -> None:
    assert settled(states, hand=hand) == expected


def test_covered_comes_before_blurred() -> None:
    assert settled("oooo", [0.3, 0.01, 0.3, 0.3], {0: 0.9, 2: 0.0}) == "ccoo"


def test_the_hand_in_the_real_clip(tracked: Callable[..., list[FaceFrame]]) -> None:
    """A hand wipes over the face until frame 225 or so; then the face is free."""
    frames = tracked(WOLFGANG, 190, 400)
    states = settle(
        [f.state for f in frames], np.array([f.sharpness for f in frames]), np.array([f.hand for f in frames])
    )
    assert states[2:28] == ["covered"] * 26
    assert states[60:] == ["ok"] * (len(states) - 60)


class Looks:
    """Instead of the hand networks: what they say, one after the other."""

    def __init__(self, *looks: tuple[float, bool]) -> None:
        self._looks = iter(looks)

    def look(self, rgb: Any, matrix: Any) -> tuple[float, bool]:
        return next(self._looks)


def test_a_refuted_hand(
    monkeypatch: pytest.MonkeyPatch, paste: Callable[..., Any], track: Callable[..., list[FaceFrame]]
) -> None:
    """It does not begin, and one that was there stays for one look."""
    shots = paste(3.5, 30.0, 1.5, 1.0).shots[:105:15]  # seven, half a second apart
    looks = [(0.6, True), (0.6, False), (0.7, True), (0.5, True), (0.4, True), (0.15, False), (0.9, True)]
    monkeypatch.setattr("mien.face.tracking.HandFinder", lambda: Looks(*looks))
    frames = track(shots, TrackerSettings(hand_s=0.1))
    assert [f.hand for f in frames] == [0, 0.6, 0.6, 0, 0, 0.15, 0.15]


# ---------------------------------------------------------------------- whose face, and short losses


def side_by_side(shots: list[Any], *, hide_from: int) -> list[Any]:
    """Two people, the right one smaller; from ``hide_from`` on the right half is black."""
    pictures = []
    for shot in shots:
        small = cv2.resize(shot.rgb, None, fx=0.8, fy=0.8, interpolation=cv2.INTER_AREA)
        right = np.zeros_like(shot.rgb)
        right[: small.shape[0], : small.shape[1]] = small
        if shot.index >= hide_from:
            right[:] = 0
        pictures.append(shot_like(shots)(shot.index, shot.time, np.hstack([shot.rgb, right])))
    return pictures


def test_somebody_else_is_not_taken_for_ours(film: Callable[..., Any]) -> None:
    calm = film(SINGLE, 0, 14)
    shots = [shot_like(calm)(i, i / 10, calm[i % 14].rgb) for i in range(30)]
    shots = side_by_side(shots, hide_from=10)
    people = survey(shots)
    assert len(people) == 2
    ours = max(people, key=lambda d: d.x)
    assert ours.x > 640
    tracker = FaceTracker(ours, alone=False)
    frames = [tracker.update(shot) for shot in shots]
    assert [f.state for f in frames[:10]] == ["ok"] * 10
    assert {f.state for f in frames[12:]} == {"lost"}
    # where nobody else is known to be, it may be the same person who has moved
    tracker = FaceTracker(ours, alone=True)
    frames = [tracker.update(shot) for shot in shots]
    assert frames[-1].state == "ok"


def test_a_dropped_picture_does_not_break_the_chain(
    film: Callable[..., Any], track: Callable[..., Any]
) -> None:
    shots = list(film(SINGLE, 0, 16))
    shots[7] = shot_like(shots)(7, shots[7].time, np.zeros_like(shots[7].rgb))
    frames = track(shots)
    assert [f.state for f in frames] == ["ok"] * 7 + ["lost"] + ["ok"] * 8
    assert frames[8].key is frames[6].key


@pytest.mark.parametrize("fps", [200.0, 1000.0])
def test_noise_is_not_speed(paste: Callable[..., Any], track: Callable[..., Any], fps: float) -> None:
    frames = track(paste(60 / fps, fps, 6.0, 0.0).shots)
    assert {f.state for f in frames} == {"ok"}
    assert max(f.speed for f in frames) < 0.5
