"""Film recordings of the training world and keep what a spotter sees of them: a file each, in .cache/world.

The pictures themselves go the way of ``mien analyze``: the face is followed, and the positions of its regions
are measured in every steadied frame (:class:`mien.spotting.traces.RegionTraces`). Kept are these positions,
the eyes' openings, the eyelid closures that were found, each frame's state, and the truth. Stop it and start
it again as you like.
"""

from __future__ import annotations

import argparse
import io
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
from film_clips import WORLD
from maps import dev

from mien.contenders.spotters import settled
from mien.face import FaceTracker, find_blinks, survey
from mien.face.tracking import TrackerSettings
from mien.files import write_whole
from mien.jobs import run_jobs
from mien.spotting.traces import RegionTraces
from mien.studio import write_film
from mien.synthesis import trainworld
from mien.synthesis.script import Script
from mien.video import Frame, open_video

SECONDS = 10.0
CRF = (16, 33)
"""Strengths of x264's compression, of half of the recordings."""


def shot(script: Script, crf: int) -> Callable[[int], Frame]:
    """Frames of a recording by number: as they are, or from a film that was compressed.

    A film's compression is not that of its pictures: where little moves it stands still for a while, and then
    catches up at once, which looks like a movement of the face.
    """
    film, fps = script.film(), script.take.fps
    if not crf:
        return lambda index: Frame.from_array(index, index / fps, np.ascontiguousarray(film.frame(index)))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film.mp4"
        write_film(replace(script, setting=replace(script.setting, crf=crf)), path)
        with open_video(path, fps=fps) as reader:
            return list(reader).__getitem__


def film_recording(order: tuple[str, int, int]) -> str:
    """One recording into a file; its name."""
    domain, person, number = order
    cv2.setNumThreads(1)
    out = WORLD / "recordings" / f"{domain}-{person:05d}-{number}.npz"
    if out.exists():
        return out.name
    script = trainworld.recording(domain, person, number, SECONDS)
    take = script.take
    rng = np.random.default_rng([trainworld.SEED, 5, person, number])
    crf = int(rng.integers(*CRF)) if rng.random() < 0.5 else 0
    frame = shot(script, crf)
    people = survey(frame(index) for index in range(0, take.n_frames, max(1, take.n_frames // 10)))
    tracker = FaceTracker(people[0] if people else None, TrackerSettings(), alone=True)
    traces = RegionTraces(take.fps)
    faces = []
    for index in range(take.n_frames):
        face = tracker.update(frame(index))
        traces.push(face)
        faces.append((face.state, face.eyes, face.sharpness, face.hand, face.time))
    traces.flush()
    states, eyes, sharpness, hand, time = zip(*faces, strict=True)
    final = settled(list(states), sharpness, hand)
    _, blinks = find_blinks(np.array(eyes, np.float64), np.arange(take.n_frames), np.array(time))
    held = io.BytesIO()
    np.savez_compressed(
        held,
        fps=take.fps,
        time=np.array(time),
        good=np.array([state == "ok" for state in final]),
        eyes=np.array(eyes, np.float32),
        sampled=np.array(traces.time),
        span=np.array(traces.span),
        position=np.array(traces.position, np.float32),
        head=np.array(traces.head, np.float32),
        chain=np.array(traces.chain),
        blinks=np.array([(b.start_s, b.end_s, b.reason == "blink") for b in blinks]).reshape(-1, 3),
        events=np.array(
            [(e.onset, e.apex, e.offset, e.kind == "micro", e.intensity) for e in take.expressions]
        ).reshape(-1, 5),
        emotions=np.array([e.emotion for e in take.expressions], str),
        true_blinks=np.array(take.blinks).reshape(-1, 2),
        card=np.array([take.stream.colour, f"{script.setting.camera.eye_px:.1f}", str(crf)]),
    )
    write_whole(out, held.getvalue())
    return out.name


def quiet(domain: str, takes: int, *, apart: bool) -> Iterator[tuple[str, int, int]]:
    """Further recordings in which nothing is expressed: what is found there is invented.

    Those of people set apart tell how high the bars must be, the others teach what is no expression; among
    the first recordings there are too few of them for either.
    """
    people = range(5, 201, 5) if apart else [n for n in range(1, 401) if not dev(n)]
    for number in range(takes + 1, 1000):
        for person in people:
            if not trainworld.recording(domain, person, number, SECONDS).take.expressions:
                yield domain, person, number


def main() -> None:
    """Film them."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--domain", default="wide", choices=list(trainworld.DOMAINS))
    options.add_argument("--people", type=int, default=240)
    options.add_argument("--takes", type=int, default=1)
    options.add_argument(
        "--quiet",
        type=int,
        default=39,
        help="further recordings, of people set apart, without any expression",
    )
    options.add_argument(
        "--quiet-own",
        type=int,
        default=60,
        help="further recordings without any expression, of people to learn from",
    )
    options.add_argument("--jobs", type=int, default=2)
    given = options.parse_args()
    orders = [
        (given.domain, person, number)
        for number in range(1, given.takes + 1)
        for person in range(1, given.people + 1)
    ]
    orders += islice(quiet(given.domain, given.takes, apart=True), given.quiet)
    orders += islice(quiet(given.domain, given.takes, apart=False), given.quiet_own)
    for done, (_, name) in enumerate(run_jobs(film_recording, orders, jobs=given.jobs), 1):
        print(done, name, flush=True)


if __name__ == "__main__":
    main()
