"""Film recordings of the training world and keep what a spotter sees of them: a file each, in .cache/world.

The pictures themselves go the way of ``mien analyze``: the face is followed, and the positions of its regions
are measured in every steadied frame (:class:`mien.spotting.traces.RegionTraces`). Kept are these positions,
the eyes' openings, the eyelid closures that were found, each frame's state, and the truth. Stop it and start
it again as you like.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Iterator
from itertools import islice

import cv2
import numpy as np
from film_clips import WORLD, compressed

from mien.contenders.spotters import settled
from mien.face import FaceTracker, find_blinks, survey
from mien.face.tracking import TrackerSettings
from mien.files import write_whole
from mien.jobs import run_jobs
from mien.spotting.traces import RegionTraces
from mien.synthesis import trainworld
from mien.video import Frame

SECONDS = 10.0


def film_recording(order: tuple[str, int, int]) -> str:
    """One recording into a file; its name."""
    domain, person, number = order
    cv2.setNumThreads(1)
    out = WORLD / "recordings" / f"{domain}-{person:05d}-{number}.npz"
    if out.exists():
        return out.name
    script = trainworld.recording(domain, person, number, SECONDS)
    film, take = script.film(), script.take
    rng = np.random.default_rng([trainworld.SEED, 5, person, number])
    quality = int(rng.integers(55, 97)) if rng.random() < 0.5 else 0

    def frame(index: int) -> Frame:
        picture = compressed(film.frame(index), quality)
        return Frame.from_array(index, index / take.fps, np.ascontiguousarray(picture))

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
        card=np.array([take.stream.colour, f"{script.setting.camera.eye_px:.1f}", str(quality)]),
    )
    write_whole(out, held.getvalue())
    return out.name


def quiet(domain: str, takes: int) -> Iterator[tuple[str, int, int]]:
    """Further recordings of people set apart in which nothing is expressed: what is found there is invented.

    They tell how high the bars must be; among the others there are too few of them for that.
    """
    for number in range(takes + 1, 1000):
        for person in range(5, 201, 5):
            if not trainworld.recording(domain, person, number, SECONDS).take.expressions:
                yield domain, person, number


def main() -> None:
    """Film them."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--domain", default="wide", choices=list(trainworld.DOMAINS))
    options.add_argument("--people", type=int, default=117)
    options.add_argument("--takes", type=int, default=1)
    options.add_argument(
        "--quiet",
        type=int,
        default=24,
        help="further recordings, of people set apart, without any expression",
    )
    options.add_argument("--jobs", type=int, default=2)
    given = options.parse_args()
    orders = [
        (given.domain, person, number)
        for number in range(1, given.takes + 1)
        for person in range(1, given.people + 1)
    ]
    orders += islice(quiet(given.domain, given.takes), given.quiet)
    for done, (_, name) in enumerate(run_jobs(film_recording, orders, jobs=given.jobs), 1):
        print(done, name, flush=True)


if __name__ == "__main__":
    main()
