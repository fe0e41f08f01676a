"""L4: SMEConvNet. A sliding window against the largest difference; the lecture's blink."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from claims.data import (
    CACHE,
    FILMS,
    SECONDS,
    SEEDS,
    VIDEO_PEOPLE,
    Shot,
    film_all,
    fold_of,
    people_of,
    shots,
    write,
)
from claims.learning import arrays, cells, prepared
from claims.store import Cell, Experiment, Found
from mien.inputs.pipeline import compute
from mien.jobs import run_jobs
from mien.sources import Recording
from mien.spotting.feature_window import (
    apex_of,
    first_frame_scores,
    rate_of,
    window_of,
    window_scores,
)
from mien.training.spotters import FaceFrames, SmeconvnetSpotting, times_of

FOLDS = 4
SYSTEM = SmeconvnetSpotting()
FACES = FaceFrames(SYSTEM.side)
EXAMPLES = (201, 202, 203, 204)
"""People of the lecture's example; the first is drawn."""
APEX, CLOSED = 91, 152


def window(video: NDArray[np.uint8]) -> int:
    return window_of(rate_of(times_of(video)))


def pixels(video: NDArray[np.uint8]) -> NDArray[np.float64]:
    """The frames themselves as features, NaN where the face was not seen."""
    side = SYSTEM.side**2
    rows: NDArray[np.float64] = video[:, :side].astype(np.float64) / 255
    rows[~np.isfinite(times_of(video))] = np.nan
    return rows


def curves(features: NDArray[Any], raw: NDArray[Any], length: int) -> dict[str, NDArray[Any]]:
    """A score for each frame, in every way that is compared."""
    return {
        "network, window": window_scores(features, length),
        "network, largest difference": first_frame_scores(features),
        "pixels, window": window_scores(raw, length),
        "pixels, largest difference": first_frame_scores(raw),
    }


def trained(some: list[Shot], X: list[Any], seed: int, own: list[int]) -> Any:
    spotter = SYSTEM.make(seed)
    # its threshold is not used here, so that few people are set apart for it
    spotter.share = 0.1
    people = people_of(some)
    return spotter.fit([X[i] for i in own], [some[i].expressions for i in own], [str(people[i]) for i in own])


def spot(cell: Cell) -> Found:
    """The frame that each way takes for the apex, in every video of the people left out."""
    some, X = arrays(shots("video"), FACES)
    held = [i for i, s in enumerate(some) if fold_of(s, FOLDS) == cell.fold]
    spotter = trained(some, X, cell.seed, [i for i in range(len(some)) if i not in held])
    ways: dict[str, dict[str, int]] = {}
    for i in held:
        key, features, length = some[i].order.key, spotter.features(X[i]), window(X[i])
        raw = pixels(X[i])
        for way, score in curves(features, raw, length).items():
            ways.setdefault(way, {})[key] = apex_of(score)
        ways.setdefault("middle", {})[key] = (len(X[i]) - 1) // 2
    return {way: {"apex": its} for way, its in ways.items()}


def prepare(jobs: int) -> None:
    film_all(("video",), jobs)
    prepared(shots("video"), [FACES], jobs)


SETTINGS = {"system": SYSTEM.digest(), "people": VIDEO_PEOPLE, "seconds": SECONDS, "folds": FOLDS}

SPOTTING = Experiment(
    "L4-spotting",
    cells("L4-spotting", {"videos": 30.0}, folds=FOLDS),
    spot,
    lambda: [s.item for s in shots("video")],
    prepare,
    SETTINGS,
    seconds=600.0,
)


# ------------------------------------------------------------ the lecture's example


def example(person: int) -> Recording:
    """200 frames, the apex at 91, the eyes closed by a blink at 152; filmed if it is not there."""
    from synthetic_spotting import blink_script

    folder: Path = FILMS / f"blink-{person}"
    script = blink_script(person)
    if not folder.is_dir():
        write(script, folder, folder.name)
    return Recording(folder.name, tuple(sorted(folder.glob("*.png"))), script.take.fps)


def blink(cell: Cell) -> Found:
    """Scores of every frame of the examples, by a network that was trained on all videos of others."""
    some, X = arrays(shots("video"), FACES)
    spotter = trained(some, X, cell.seed, list(range(len(some))))
    found: dict[str, dict[str, Any]] = {}
    for person in EXAMPLES:
        (video,) = compute([example(person)], FACES, cache=CACHE)
        if not isinstance(video, np.ndarray):
            continue
        features, length, raw = spotter.features(video), window(video), pixels(video)
        for way, score in curves(features, raw, length).items():
            curve = [None if not np.isfinite(v) else round(float(v), 4) for v in score]
            found.setdefault(way, {})[f"blink-{person}"] = curve
    return {way: {"scores": its} for way, its in found.items()}


def film_example(person: int) -> str:
    """Only made, so that no two trainings make it at once."""
    return example(person).key


def prepare_blink(jobs: int) -> None:
    prepare(jobs)
    for _ in run_jobs(film_example, EXAMPLES, jobs=jobs):
        pass
    compute([example(person) for person in EXAMPLES], FACES, cache=CACHE, jobs=jobs)


BLINK = Experiment(
    "L4-blink",
    cells("L4-blink", {"examples": 38.0}, seeds=SEEDS, folds=1),
    blink,
    lambda: [
        {"key": f"blink-{p}", "person": str(p), "domain": "blink", "apex": APEX, "closed": CLOSED}
        for p in EXAMPLES
    ],
    prepare_blink,
    SETTINGS,
    seconds=30.0,
)

EXPERIMENTS = (SPOTTING, BLINK)
