"""Collections: the same bytes however they are made, whole after an interruption, true to their scripts."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
import pytest

import mien.studio
from mien.datasets import LAYOUTS, make_layout
from mien.datasets.layout import unit_string
from mien.errors import InputError
from mien.progress import Progress
from mien.records import Stream
from mien.studio import (
    CARD,
    SWITCHES,
    Collection,
    Order,
    conditions,
    write_collection,
    write_film,
    write_preview,
)
from mien.synthesis.distractors import Blinks, DistractorSettings
from mien.synthesis.performance import PerformanceSettings
from mien.synthesis.script import Conditions, clip_script
from mien.video import Frame, open_video, probe

Make = Callable[..., tuple[Path, Collection]]

FILMS = Collection("clips", people=2, takes=2, fps=50, width=64, height=64, flow=True)
CASME2 = Collection("clips", people=2, takes=2, layout="casme2", scale=0.1, fps=50)
CAS_ME_3 = Collection("recordings", people=2, takes=1, layout="cas-me-3", scale=0.07, seconds=2)
SMALL = {"films": FILMS, "casme2": CASME2, "cas-me-3": CAS_ME_3}


def files(root: Path) -> dict[str, str]:
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def written_at(root: Path) -> dict[str, int]:
    return {p.relative_to(root).as_posix(): p.stat().st_mtime_ns for p in root.rglob("*") if p.is_file()}


def frames_of(path: Path) -> list[Frame]:
    with open_video(path) as video:
        return list(video)


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text())))


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Each of the small collections, made once, in one process."""
    made: dict[str, Path] = {}

    def write(name: str) -> Path:
        if name not in made:
            made[name] = tmp_path_factory.mktemp("studio") / name
            write_collection(SMALL[name], made[name])
        return made[name]

    return write


# ------------------------------------------------------------ the same bytes


@pytest.mark.parametrize("name", SMALL)
def test_the_number_of_jobs_changes_no_byte(
    name: str, written: Callable[[str], Path], tmp_path: Path
) -> None:
    write_collection(SMALL[name], tmp_path / name, jobs=2)
    assert files(tmp_path / name) == files(written(name))


def test_another_seed_is_another_collection(written: Callable[[str], Path], tmp_path: Path) -> None:
    one = replace(FILMS, people=1, takes=1)
    write_collection(one, tmp_path / "one")
    write_collection(replace(one, seed=1), tmp_path / "two")
    of_one, of_two, of_all = files(tmp_path / "one"), files(tmp_path / "two"), files(written("films"))
    film = "films/p001-t01.mp4"
    assert of_one[film] != of_two[film]
    # and a person's films are the same in a smaller collection
    for path in (film, "truth/p001-t01.json", "flow/p001-t01-1.npz"):
        assert of_one[path] == of_all[path]


@pytest.mark.parametrize(("width", "ending"), [(98, "mp4"), (64, "mkv")])
def test_a_film_is_the_same_whatever_the_threads(width: int, ending: str, tmp_path: Path) -> None:
    how = Conditions(compression=ending == "mp4")
    script = clip_script(0, 1, 1, Stream("", 50.0, width, 66), how)
    done: list[tuple[int, int]] = []
    three = write_film(
        script, tmp_path / f"three.{ending}", threads=3, progress=lambda n, of: done.append((n, of))
    )
    assert done[-1] == (script.take.n_frames, script.take.n_frames)
    for _ in range(4 if ending == "mp4" else 1):  # x264 may be different now and then
        assert write_film(script, tmp_path / f"one.{ending}").read_bytes() == three.read_bytes()


@pytest.mark.parametrize("colour", ["rgb", "grey"])
def test_without_compression_the_film_is_what_the_camera_saw(colour: str, tmp_path: Path) -> None:
    stream = Stream("", 50.0, 64, 48, colour)  # type: ignore[arg-type]
    script = clip_script(0, 1, 1, stream, Conditions(compression=False), margin=2)
    path = write_film(script, tmp_path / "film.mkv")
    film, frames = script.film(), frames_of(path)
    assert len(frames) == script.take.n_frames
    for i in (0, 5, len(frames) - 1):
        seen = film.frame(i)
        assert (frames[i].rgb == (seen if colour == "rgb" else seen[..., None])).all()


# ------------------------------------------------------------ interruptions

_KILLED = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from test_studio import SMALL
from mien.studio import write_collection
from mien.synthesis.film import Film

left, draw = int(sys.argv[4]), Film.frame

def frame(self, index):
    global left
    left -= 1
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)
    return draw(self, index)

Film.frame = frame
write_collection(SMALL[sys.argv[1]], Path(sys.argv[2]))
"""


@pytest.mark.parametrize(("name", "frames"), [("films", 60), ("casme2", 50)])
def test_a_killed_run_goes_on_where_it_stopped(
    name: str, frames: int, written: Callable[[str], Path], tmp_path: Path
) -> None:
    out, here = tmp_path / name, str(Path(__file__).parent)
    run = subprocess.run([sys.executable, "-c", _KILLED, name, str(out), here, str(frames)])
    assert run.returncode == -signal.SIGKILL
    whole = files(written(name))
    before, then = files(out), written_at(out)
    finished = {path for path in before if whole.get(path) == before[path]}
    assert len(finished) > 1
    assert set(before) - finished  # and something half-written
    calls: list[Progress] = []
    write_collection(SMALL[name], out, progress=calls.append)
    assert files(out) == whole
    assert {p: t for p, t in written_at(out).items() if p in finished} == {p: then[p] for p in finished}
    filming = [call for call in calls if call.stage == "filming"]
    assert 1 <= filming[0].done < 4
    assert calls[-1].done == calls[-1].total == 4


def _die(order: Order, out: Path, flow: bool) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_helper_that_dies_is_said_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mien.studio, "_make_film", _die)
    with pytest.raises(InputError, match="fewer --jobs; what is finished is kept"):
        write_collection(FILMS, tmp_path / "out", jobs=2)
    monkeypatch.undo()
    write_collection(replace(FILMS, people=1), tmp_path / "again", jobs=2)


@pytest.mark.parametrize("name", SMALL)
def test_what_is_missing_is_made_again_and_only_that(
    name: str, written: Callable[[str], Path], tmp_path: Path
) -> None:
    out = tmp_path / name
    shutil.copytree(written(name), out)
    whole = files(out)
    gone = [p for p in whole if p != CARD][:: max(2, len(whole) // 3)]
    for path in gone:
        (out / path).unlink()
    kept = {p: t for p, t in written_at(out).items() if not p.endswith((".csv", ".xlsx", ".xls"))}
    write_collection(SMALL[name], out)
    assert files(out) == whole
    after = written_at(out)
    touched = {p for p, t in kept.items() if after[p] != t}
    assert len(touched) < len(kept)
    if name == "films":  # a film goes with its truth and its flow
        assert {Path(p).name[:8] for p in touched} <= {Path(p).name[:8] for p in gone}


def test_a_finished_collection_is_left_alone(written: Callable[[str], Path]) -> None:
    out = written("casme2")
    before = written_at(out)
    calls: list[Progress] = []
    takes = write_collection(CASME2, out, progress=calls.append)
    assert [c.done for c in calls if c.stage == "filming"] == [len(takes)]
    after = written_at(out)
    assert {p: t for p, t in before.items() if p.endswith(".jpg")} == {
        p: t for p, t in after.items() if p.endswith(".jpg")
    }


def test_a_run_killed_at_its_very_start_does_not_block_the_folder(tmp_path: Path) -> None:
    (tmp_path / f".{CARD}.0123abcd").write_text("{")
    write_collection(replace(FILMS, people=1, takes=1), tmp_path)
    assert not list(tmp_path.glob(f".{CARD}.*"))


# ------------------------------------------------------------ folders


def test_a_folder_with_another_collection_is_refused(written: Callable[[str], Path]) -> None:
    out = written("films")
    before = written_at(out)
    for other in (replace(FILMS, seed=3), replace(FILMS, people=3), CASME2):
        with pytest.raises(InputError, match="another collection"):
            write_collection(other, out)
    assert written_at(out) == before


def test_a_folder_with_anything_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("dear")
    with pytest.raises(InputError, match="not empty"):
        write_collection(FILMS, tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.txt"]
    with pytest.raises(InputError, match=r"thesis\.txt is a file"):
        write_collection(FILMS, tmp_path / "thesis.txt")
    with pytest.raises(InputError, match="cannot write there"):
        write_collection(FILMS, tmp_path / "thesis.txt" / "below")


@pytest.mark.parametrize(
    "impossible",
    [
        replace(CAS_ME_3, takes=14, people=1),  # 13 videos a person
        Collection(
            "recordings",
            people=1,
            seconds=2,
            conditions=Conditions(acting=PerformanceSettings(at_least=9)),  # no room
        ),
    ],
    ids=["takes", "seconds"],
)
def test_what_cannot_be_planned_leaves_nothing_behind(impossible: Collection, tmp_path: Path) -> None:
    with pytest.raises(InputError):
        write_collection(impossible, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"people": 0}, "--subjects 0: at least one"),
        ({"takes": 0}, "--takes 0: give 1"),
        ({"seed": -1}, "--seed -1: give a whole number from 0 to 4294967295"),
        ({"seed": 2**32}, "--seed 4294967296"),
        ({"fps": 24}, "--fps 24: the studio films 25 to 500"),
        ({"fps": 501}, "--fps 501"),
        ({"fps": float("nan")}, "--fps nan"),
        ({"width": 32}, "--size: width 32 is not between"),
        ({"height": 5000}, "--size: height 5000 is not between"),
        ({"width": 65}, "--size: width 65 is odd"),
        ({"scale": 0.0}, "--scale 0: give 0.02 to 2"),
        ({"scale": float("nan")}, "--scale nan"),
        ({"seconds": 1.9}, "--seconds 1.9: recordings last from 2 s"),
        ({"scale": 0.5}, "--scale 0.5 is for the pictures of a --layout; give --size."),
        ({"colour": "red"}, "--colour red: choose rgb, grey or nir"),
        ({"layout": "casme9"}, "no data set 'casme9'"),
        ({"layout": "samm-lv"}, "samm-lv holds recordings: use `mien synth recordings --layout samm-lv`"),
        ({"layout": "casme2", "people": 27}, "--subjects 27: casme2 has 26 people"),
        ({"single": True}, "--single is for recordings; clips show one expression anyway"),
        ({"layout": "casme2", "flow": True}, "--flow: casme2 has no place for it"),
    ],
)
def test_wrong_settings_say_what_to_do(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as error:
        Collection("clips", **settings)
    text = str(error.value)
    assert message in text
    assert text.endswith(".")
    assert "\n" not in text


def test_a_preview_has_a_collection_s_seed(tmp_path: Path) -> None:
    for seed in (-1, 2**32):
        with pytest.raises(InputError, match=f"--seed {seed}: give a whole number from 0 to 4294967295"):
            write_preview(tmp_path / "out", seed)
    assert not (tmp_path / "out").exists()


def test_a_table_without_rows_has_its_columns(tmp_path: Path) -> None:
    calm = replace(FILMS, people=1, takes=1, conditions=conditions(without=["all"]))
    write_collection(calm, tmp_path / "calm")
    assert (tmp_path / "calm/distractors.csv").read_text() == "take,kind,first,last\n"
    assert pd.read_csv(tmp_path / "calm/distractors.csv").empty


def test_a_wrong_product_says_where_the_layout_belongs() -> None:
    with pytest.raises(InputError, match="mien synth clips --layout smic"):
        Collection("recordings", layout="smic")
    with pytest.raises(InputError, match="mien synth macro --layout mug"):
        Collection("recordings", layout="mug")
    with pytest.raises(InputError, match="mien synth clips --layout casme2"):
        Collection("macro", layout="casme2")


@pytest.mark.parametrize("jobs", [0, -2])
def test_wrong_jobs(jobs: int, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=f"--jobs {jobs}"):
        write_collection(FILMS, tmp_path / "out", jobs=jobs)
    assert not (tmp_path / "out").exists()


def test_switches() -> None:
    usual = conditions()
    assert usual == Conditions()
    none = conditions(without=["all"])
    assert none.acting.distractors == type(none.acting.distractors).none()
    assert (none.noise, none.compression, none.motion_blur) == (False, False, False)
    some = conditions(without=["blinks", "noise"], also=["speech"], emotions="samm")
    assert not some.acting.distractors.blinks.on
    assert some.acting.distractors.gaze.on
    assert some.acting.distractors.speech.on
    assert (some.noise, some.compression) == (False, True)
    assert some.acting.frequencies == "samm"
    assert not SWITCHES["speech"]
    with pytest.raises(InputError, match=r"no 'blink' to switch; choose from blinks, "):
        conditions(without=["blink"])
    with pytest.raises(InputError, match="--emotions sam"):
        conditions(emotions="sam")


# ------------------------------------------------------------ films and their truth


def test_films_come_with_their_truth(written: Callable[[str], Path]) -> None:
    out = written("films")
    takes = rows(out / "takes.csv")
    assert [t["take"] for t in takes] == ["p001-t01", "p001-t02", "p002-t01", "p002-t02"]
    expressions = {e["take"]: e for e in rows(out / "expressions.csv")}
    assert {p["number"] for p in rows(out / "people.csv")} == {"1", "2"}
    for order, row in zip(FILMS.orders(), takes, strict=True):
        script = order.script()
        take, (e,) = script.take, script.take.expressions
        truth = json.loads((out / f"truth/{take.key}.json").read_text())
        assert truth == json.loads(json.dumps({**script.describe(), "film": row["film"]}))
        info = probe(out / row["film"])
        assert (info.width, info.height, info.n_frames) == (64, 64, take.n_frames)
        assert info.fps == pytest.approx(50)
        said = expressions[take.key]
        assert [int(said[k]) for k in ("onset", "apex", "offset")] == [e.onset, e.apex, e.offset]
        assert said["action_units"] == unit_string(e.units)
        assert float(said["apex_s"]) == pytest.approx(e.apex / 50)
        with np.load(out / f"flow/{take.key}-1.npz") as data:
            flow, seen = script.film().flow(e.onset, e.apex)
            assert (data["flow"] == flow.astype(np.float16)).all()
            assert (data["seen"] == seen).all()


def test_the_film_shows_what_the_script_says(written: Callable[[str], Path]) -> None:
    script = FILMS.orders()[2].script()
    film, path = script.film(), written("films") / "films/p002-t01.mp4"
    for i, frame in enumerate(frames_of(path)):
        if i % 12 == 0:
            error = np.abs(frame.rgb.astype(int) - film.frame(i)).mean()
            assert error < 6  # what compression leaves
            assert error < 0.5 * np.abs(frame.rgb.astype(int) - 127).mean()


def test_the_card_states_every_setting(written: Callable[[str], Path]) -> None:
    card = json.loads((written("films") / CARD).read_text())
    assert card["seed"] == 0
    assert card["fps"] == 50
    assert card["conditions"]["acting"]["micro_rate"] == 12
    assert set(card) == {*FILMS.__dataclass_fields__, "mien"} - {"single"}


@pytest.mark.parametrize("layout", [None, "samm-lv"])
def test_single_recordings_hold_one_micro_expression(layout: str | None) -> None:
    usual = Collection("recordings", people=4, takes=2, seconds=8, layout=layout)
    single = replace(usual, single=True)
    assert single.describe()["single"] is True
    for collection, alone in ((usual, False), (single, True)):
        held = [[e.kind for e in order.script().take.expressions] for order in collection.orders()]
        assert all(kinds == ["micro"] for kinds in held) is alone


def test_the_distractors_of_a_recording_are_listed_in_its_frames(tmp_path: Path) -> None:
    often = PerformanceSettings(distractors=DistractorSettings(blinks=Blinks(rate=60)))
    how = Conditions(often)
    collection = Collection("recordings", people=1, fps=25, width=64, height=64, seconds=6, conditions=how)
    (take,) = write_collection(collection, tmp_path)
    others = rows(tmp_path / "distractors.csv")
    assert {"blink", "breathing", "sway"} <= {o["kind"] for o in others}
    assert all(0 <= int(o["first"]) <= int(o["last"]) < take.n_frames for o in others)
    blinks = [(int(o["first"]), int(o["last"])) for o in others if o["kind"] == "blink"]
    assert len(blinks) >= len(take.blinks) > 0
    for first, last in take.blinks:
        assert any(a <= first + 1 and last - 1 <= b for a, b in blinks)
    assert rows(tmp_path / "takes.csv")[0]["n_blinks"] == str(len(take.blinks))


def test_poses_go_through_the_seven_emotions(tmp_path: Path) -> None:
    takes = [o.script().take for o in Collection("macro", people=1, fps=25, width=64, height=64).orders()]
    assert [t.expressions[0].emotion for t in takes] == [
        *("anger", "contempt", "disgust", "fear", "happiness", "sadness", "surprise")
    ]
    assert {t.expressions[0].kind for t in takes} == {"macro"}


def test_orders_are_small_enough_to_travel() -> None:
    import pickle

    for order in (*FILMS.orders(), *CAS_ME_3.orders()):
        assert len(pickle.dumps(order)) < 5000
        assert pickle.loads(pickle.dumps(order)) == order


# ------------------------------------------------------------ real data sets' layouts

_ALWAYS = {"casme2", "smic", "cas-me-2", "jaffe", "flow", "features"}


@pytest.mark.parametrize(
    "name", [n if n in _ALWAYS else pytest.param(n, marks=pytest.mark.slow) for n in LAYOUTS]
)
def test_every_layout_is_written_whole(name: str, tmp_path: Path) -> None:
    filming = make_layout(name).filming
    side = min(min(s.width, s.height) for s in filming.streams)
    collection = Collection(
        filming.product,
        people=2,
        takes=2 if name in ("jaffe", "flow", "features") else 1,
        layout=name,
        scale=round(50 / side, 4),
        seconds=2 if filming.product == "recordings" else None,
    )
    takes = write_collection(collection, tmp_path)
    assert {t.person.number for t in takes} == {1, 2}
    assert {t.stream.key for t in takes} <= {s.key for s in filming.streams}
    shots = make_layout(name).plan(takes)
    listed = {p for shot in shots for pictures in shot.pictures for p in pictures.paths}
    found = files(tmp_path)
    assert listed <= set(found)
    assert not [p for p in found if Path(p).name.startswith(".")]
    assert all((tmp_path / p).stat().st_size > 0 for p in found)
    for path in sorted(listed)[:: max(1, len(listed) // 20)]:
        if path.endswith((".jpg", ".png", ".bmp", ".jpeg", ".tiff")):
            picture = cv2.imread(str(tmp_path / path), cv2.IMREAD_UNCHANGED)
            assert picture is not None, path
            assert picture.std() > 1, path
    books = [pd.read_excel(book, header=None) for book in tmp_path.rglob("*.xls*")]
    assert not books or any(len(book) > 1 for book in books)  # some lists are empty for so few people
    # emotions and kinds are the data set's own
    for take in takes:
        for e in take.expressions:
            assert e.emotion in filming.emotions
            assert e.kind in (("macro",) if filming.product == "macro" else filming.kinds)


def test_the_workbook_says_what_the_script_says(written: Callable[[str], Path]) -> None:
    out = written("casme2")
    takes = tuple(order.script().take for order in CASME2.orders())
    shots = make_layout("casme2").plan(takes)
    sheet = pd.read_excel(next(out.glob("CASME2-coding*.xlsx")), dtype=str, keep_default_na=False)
    assert len(sheet) == len(takes) == 4
    by_name = {(row["Subject"], row["Filename"]): row for _, row in sheet.iterrows()}
    for shot in shots:
        (e,), row = shot.take.expressions, by_name[shot.subject, shot.clip]
        numbers = [int(row[f"{k}Frame"]) for k in ("Onset", "Apex", "Offset")]
        assert numbers == [shot.number(f) for f in (e.onset, e.apex, e.offset)]
        assert row["Action Units"] == unit_string(e.units)
        assert row["Estimated Emotion"] == e.emotion
        clip = out / f"CASME2_RAW_selected/sub{shot.subject}/{shot.clip}"
        on_disk = sorted(int(p.stem.removeprefix("img")) for p in clip.iterdir())
        assert on_disk == list(range(numbers[0], numbers[2] + 1))


def test_the_pictures_are_the_frames_and_their_crops(written: Callable[[str], Path]) -> None:
    out, order = written("casme2"), CASME2.orders()[1]
    script = order.script()
    shots = make_layout("casme2").plan(tuple(o.script().take for o in CASME2.orders()))
    shot = next(s for s in shots if s.take.key == script.take.key)
    film = script.film()
    full, face = shot.pictures
    for pictures in (full, face):
        i = len(pictures.frames) // 2
        picture = cv2.imread(str(out / pictures.paths[i]))[..., ::-1].astype(int)
        expected = film.frame(pictures.frames[i])
        if pictures is face:
            height, width = picture.shape[:2]
            expected = film.cut(expected, film.face_crop(width, height), width, height)
        assert np.abs(picture - expected).mean() < 4  # JPEG


def test_depth_is_millimetres_of_the_same_frames(written: Callable[[str], Path]) -> None:
    out = written("cas-me-3")
    order = CAS_ME_3.orders()[0]
    folder = next((out / "part_A/data/part_A").glob("*/a"))
    assert {p.stem for p in (folder / "color").iterdir()} == {p.stem for p in (folder / "depth").iterdir()}
    depth = cv2.imread(str(folder / "depth/7.png"), cv2.IMREAD_UNCHANGED)
    assert depth.dtype == np.uint16
    assert (depth == order.script().film().depth(6)).all()


def test_cameras_of_a_layout_see_the_same_performance(tmp_path: Path) -> None:
    takes = [o.script().take for o in Collection("clips", people=1, takes=1, layout="smic").orders()]
    by_camera = {t.stream.key: t for t in takes}
    assert set(by_camera) == {"HS", "VIS", "NIR"}
    assert len({t.expressions[0].units for t in takes}) == 1
    assert by_camera["NIR"].stream.colour == "nir"
    seconds = [(t.expressions[0].apex - t.expressions[0].onset) / t.fps for t in takes]
    assert max(seconds) - min(seconds) <= 2 / 25


def test_the_flow_layouts_have_no_motion_where_there_is_none(tmp_path: Path) -> None:
    still = conditions(without=["all"])
    for intensity, name in ((0.0, "none"), (1.0, "some")):
        how = replace(still, intensity=intensity)
        collection = Collection(
            "clips", people=1, takes=1, layout="features", scale=0.2, fps=50, conditions=how
        )
        write_collection(collection, tmp_path / name)
    moved = {}
    for name in ("none", "some"):
        (path,) = (tmp_path / name / "features").iterdir()
        with np.load(path) as data:
            moved[name] = float(np.abs(data["flow"]).max())
    assert moved["none"] == 0
    assert moved["some"] > 0.05


@pytest.mark.parametrize("layout", ["ck-plus", "jaffe"])
def test_posed_layouts_may_be_asked_for_as_clips(layout: str) -> None:
    both = [Collection(p, people=1, takes=3, layout=layout).orders() for p in ("clips", "macro")]  # type: ignore[arg-type]
    assert both[0] == both[1]
    assert {o.product for o in both[0]} == {"macro"}


def test_a_recording_may_be_longer_or_faster_than_the_data_sets(tmp_path: Path) -> None:
    order: Order = Collection("recordings", people=1, layout="cas-me-2", fps=60, seconds=7).orders()[0]
    take = order.script().take
    assert (take.fps, take.n_frames) == (60, 420)


def test_a_folder_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("mien.studio.write_film", full)
    with pytest.raises(InputError, match="No space left on device"):
        write_collection(replace(FILMS, people=1, takes=1), tmp_path / "out")
