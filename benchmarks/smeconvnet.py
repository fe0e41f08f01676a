"""Why SMEConvNet finds what it finds: what it is fed with, and what the window slides over. Into README.md.

On long videos of other people than those of systems.py (made under .cache/systems-bench and kept; the small
preset was shaped on them), people left out by fours: each network is trained once on raw frames (also for
four times the epochs) and once on what differs from the video's usual face; the window then slides over its
last hidden layer and over its probabilities. Read beside: which frames near an apex it tells from neutral
ones, on people it was trained on and on others; and what the window makes of the true course of each
expression, which no network can give better.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from report_table import put
from systems import VIDEOS, WORK, mien

from mien.datasets import read_dataset
from mien.evaluation.spotting_lists import recording_of, select_spotting
from mien.inputs import ArrayCache
from mien.inputs.pipeline import compute
from mien.spotting.feature_window import (
    apex_of,
    bumps,
    first_frame_scores,
    rate_of,
    window_of,
    window_scores,
)
from mien.training.spotters import NEUTRAL, FaceFrames, FeatureSpotter, SmeconvnetSpotting, times_of

SHAPED_ON = (*VIDEOS[:-1], "6")
"""As in systems.py, but of the people of another seed: its figures are of people who had no say."""
FOLDS = 3
FED = {
    "raw": SmeconvnetSpotting(frames="raw"),
    "raw, 60 epochs": SmeconvnetSpotting(frames="raw", epochs=60),
    "change": SmeconvnetSpotting(frames="change"),
}


def window_length(video: NDArray[np.uint8]) -> int:
    return window_of(rate_of(times_of(video)))


def told_apart(
    spotter: FeatureSpotter, probabilities: NDArray[np.float64], truth: Any, window: int
) -> tuple[float, float]:
    """Share of frames near the apex that are called an emotion, and of frames far from it called neutral.

    Near is within a quarter window, far half a window outside the expression.
    Frames that do not show the face count as neither; NaN where there are none.
    """
    seen = np.isfinite(probabilities).all(axis=1)
    calm = np.zeros(len(seen), bool)
    calm[seen] = np.asarray(spotter.classifier.classes_)[probabilities[seen].argmax(axis=1)] == NEUTRAL
    at = np.arange(len(calm))
    near = (abs(at - truth.apex) <= window // 4) & (truth.onset <= at) & (at <= truth.offset)
    far = (at < truth.onset - window // 2) | (at > truth.offset + window // 2)
    return _share(~calm[near & seen]), _share(calm[far & seen])


def _share(right: NDArray[np.bool_]) -> float:
    return float(right.mean()) if len(right) else np.nan


def overlap(a: tuple[int, int], b: tuple[int, int]) -> float:
    shared = min(a[1], b[1]) - max(a[0], b[0]) + 1
    return max(0, shared) / (max(a[1], b[1]) - min(a[0], b[0]) + 1)


def course(frames: int, truth: Any) -> NDArray[np.float64]:
    """One feature: how far the expression is, from onset to apex to offset."""
    rise = np.interp(np.arange(frames), [truth.onset, truth.apex, truth.offset], [0, 1, 0])
    return (0.5 - 0.5 * np.cos(np.pi * rise))[:, None]


def apex_cells(apexes: list[tuple[int, Any]]) -> str:
    within = np.mean([t.onset < apex < t.offset for apex, t in apexes])
    error = np.mean([abs(apex - t.apex) for apex, t in apexes])
    return f"{within:.2f} | {error:.0f}"


def main() -> None:
    WORK.mkdir(parents=True, exist_ok=True)
    mien("synth", "recordings", "--out", "singles", "--layout", "samm-lv", *SHAPED_ON, "-q")
    data = read_dataset("samm-lv", WORK / "singles")
    videos = select_spotting(data.footage, data.samples).videos
    step = FaceFrames(SmeconvnetSpotting().side)
    arrays = compute([recording_of(v.footage) for v in videos], step, cache=ArrayCache(WORK / "cache"))
    pairs = [(v, x) for v, x in zip(videos, arrays, strict=True) if isinstance(x, np.ndarray)]
    X = [x for _, x in pairs]
    truths = [v.expressions for v, _ in pairs]
    alone = [its[0] for its in truths]
    groups = [v.footage.subject for v, _ in pairs]
    people = sorted(set(groups))
    windows = [window_length(x) for x in X]
    frames: dict[tuple[str, str], list[tuple[float, float]]] = {}
    apexes: dict[tuple[str, str, str, str], list[tuple[int, Any]]] = {}
    for fed, contender in FED.items():
        for fold in range(FOLDS):
            own = [i for i, g in enumerate(groups) if people.index(g) % FOLDS != fold]
            spotter = contender.make(0)
            spotter.share = 0.1
            spotter.fit([X[i] for i in own], [truths[i] for i in own], [groups[i] for i in own])
            trained = [i for k, i in enumerate(own) if k not in set(spotter.chosen_on_.tolist())]
            others = [i for i in range(len(X)) if i not in own]
            for i in sorted([*trained[::2], *others]):
                x, whose = X[i], "trained on" if i in own else "others"
                spotter.rows = "classes"
                probabilities = spotter.features(x)
                frames.setdefault((fed, whose), []).append(
                    told_apart(spotter, probabilities, alone[i], windows[i])
                )
                spotter.rows = "hidden"
                for rows, matrix in (("hidden", spotter.features(x)), ("classes", probabilities)):
                    scores = {
                        "window": window_scores(matrix, windows[i]),
                        "first": first_frame_scores(matrix),
                    }
                    for rule, score in scores.items():
                        key = (fed, whose, rows, rule)
                        apexes.setdefault(key, []).append((apex_of(score), alone[i]))
            print(fed, fold, flush=True)
    text = [
        f"{len(X)} videos of {len(people)} people, one expression each; {len(people) // FOLDS} people at a "
        "time are left out.",
        "",
        "| fed with | people | apex frames called an emotion | frames outside called neutral |",
        "|---|---|---|---|",
    ]
    for (fed, whose), both in sorted(frames.items()):
        near, far = np.nanmean(both, axis=0)
        text.append(f"| {fed} | {whose} | {near:.2f} | {far:.2f} |")
    text += [
        "",
        "| fed with | people | rows | rule | apex within the expression (ASR) | mean error, frames |",
        "|---|---|---|---|---|---|",
    ]
    text += [f"| {' | '.join(key)} | {apex_cells(its)} |" for key, its in sorted(apexes.items())]
    middle = [((len(x) - 1) // 2, truth) for x, truth in zip(X, alone, strict=True)]
    text.append(f"| – | – | – | middle | {apex_cells(middle)} |")
    found = []
    for x, truth, window in zip(X, alone, windows, strict=True):
        best = max(
            bumps(window_scores(course(len(x), truth), window), window, floor=0.05), key=lambda b: b.score
        )
        found.append((best, truth))
    text.append(f"| the true course | – | – | window | {apex_cells([(b.apex, t) for b, t in found])} |")
    fits = np.mean([overlap((b.onset, b.offset), (t.onset, t.offset)) >= 0.5 for b, t in found])
    text += ["", f"From the true course, {fits:.2f} of the events overlap their expression by a half."]
    put("smeconvnet", "\n".join(text))
    print("\n".join(text))


if __name__ == "__main__":
    main()
