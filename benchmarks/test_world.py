"""Recognition on the frozen test world, three classes, onset and apex as annotated. Writes README.md.

The clips go the way of ``mien analyze``: the face is followed through the film, its steadied crops are given
to the recogniser. Beside the recognisers stands a classifier that is told the true action units (logistic
regression on their strengths, learned on the training world): what could be known at best. Nothing is
trained or chosen on these people; it is looked at, not tuned on. Finished people are kept under
.cache/test-world.
"""

from __future__ import annotations

import argparse
import io
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from report_table import put
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, recall_score

from mien.face import FaceTracker
from mien.files import write_whole
from mien.inputs import Clip
from mien.jobs import run_jobs
from mien.labels import VOCABULARIES, map_emotion
from mien.recognition import make_recognizer
from mien.synthesis import testworld, trainworld
from mien.synthesis.actions import UNITS
from mien.synthesis.script import Script, clip_script
from mien.video import Frame

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / ".cache" / "test-world"
CLASSES = VOCABULARIES["three"].labels
MARGIN = 2


def strengths(script: Script) -> list[float]:
    """Of each action unit in the truth, 0 where it does not show."""
    (shown,) = script.take.expressions
    told = {unit.au: unit.strength for unit in shown.units}
    return [told.get(unit, 0.0) for unit in UNITS]


def judged(script: Script) -> dict[str, Any]:
    """What each recogniser says of a clip; nothing where the face was not seen at onset or apex."""
    film, (shown,) = script.film(), script.take.expressions
    tracker, crops, mesh = FaceTracker(), [], None
    first = max(0, shown.onset - MARGIN)
    last = min(script.take.n_frames, shown.apex + 1 + MARGIN)
    for index in range(first, last):
        picture = np.ascontiguousarray(film.frame(index))
        face = tracker.update(Frame.from_array(index, index / script.take.fps, picture))
        if face.crop is None or face.key is None:
            return {}
        crops.append(face.crop)
        mesh = face.key.mesh if mesh is None else mesh
    at = shown.onset - first, shown.apex - first
    clip = Clip(np.stack(crops), script.take.fps, at[0], at[1], len(crops) - 1, landmarks=mesh)
    said = {}
    for name in ("three-emotions", "au-rules"):
        shares = make_recognizer(name).recognize(clip).probabilities
        three = dict.fromkeys(CLASSES, 0.0)
        for word, share in shares.items():
            label = word if word in three else map_emotion(word, "three")
            if label is not None:
                three[label] += share
        said[name] = max(three, key=three.__getitem__)
    return said


def person(order: tuple[str, int]) -> list[dict[str, Any]]:
    """All clips of a person of the test world."""
    domain, number = order
    cv2.setNumThreads(1)
    out = WORK / f"{domain}-{number}.json"
    if out.exists():
        return list(json.loads(out.read_text(encoding="utf-8")))
    rows = []
    d = testworld.DOMAINS[domain]
    for take in range(1, d.clips + 1):
        script = clip_script(testworld.SEED, number, take, d.stream, d.conditions)
        (shown,) = script.take.expressions
        if (label := map_emotion(shown.emotion, "three")) is not None:
            rows.append(
                {
                    "domain": domain,
                    "person": number,
                    "class": label,
                    "units": strengths(script),
                    "said": judged(script),
                }
            )
    write_whole(out, json.dumps(rows))
    return rows


def told_units() -> LogisticRegression:
    """Learned from the truth of 200 people of the training world."""
    X, y = [], []
    for who in range(1, 201):
        for number, wish in enumerate((*("happiness", "surprise") * 2, "anger", "disgust", "negative"), 1):
            script = trainworld.clip("wide", who, number, wish)
            X.append(strengths(script))
            y.append(map_emotion(script.take.expressions[0].emotion, "three"))
    return LogisticRegression(class_weight="balanced", max_iter=1000).fit(X, y)


def main() -> None:
    """Measure and write."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--jobs", type=int, default=2)
    given = options.parse_args()
    orders = [(domain, number) for domain in testworld.DOMAINS for number in testworld.people(domain)]
    rows = [row for _, one in run_jobs(person, orders, jobs=given.jobs) for row in one]
    best = told_units()
    table = io.StringIO()
    table.write("| domain | recogniser | clips | UF1 | UAR | accuracy |\n|---|---|---|---|---|---|")
    for domain in (*testworld.DOMAINS, "both"):
        here = [row for row in rows if domain in (row["domain"], "both") and row["said"]]
        truth = np.array([row["class"] for row in here])
        answers = {
            name: np.array([row["said"][name] for row in here]) for name in ("three-emotions", "au-rules")
        }
        answers["told the true action units"] = best.predict([row["units"] for row in here])
        for name, said in answers.items():
            uf1 = f1_score(truth, said, average="macro")
            uar = recall_score(truth, said, average="macro")
            right = (truth == said).mean()
            table.write(f"\n| {domain} | {name} | {len(here)} | {uf1:.3f} | {uar:.3f} | {right:.3f} |")
    unseen = sum(not row["said"] for row in rows)
    words = f"\n\n{unseen} of {len(rows)} clips left out: the face was not seen from onset to apex."
    put("test-world", table.getvalue() + words)


if __name__ == "__main__":
    main()
