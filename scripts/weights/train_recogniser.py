"""Make three-emotions: negative, positive or surprise of an event that ``mien analyze`` has found.

It learns from the steadied crops that ``mien analyze`` makes (scripts/weights/crops.py), onset and apex as
annotated and a little beside. Then it is weighed against the rules' action units (weigh.py); ``--weigh`` does
only that, with the clips of people set apart alone.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from itertools import pairwise

import numpy as np
import torch
from crops import SPEC, load
from ship import HERE, options, ship
from sklearn.metrics import f1_score
from weigh import WEIGHTS, joined, told_apart, weighed

from mien.files import write_whole
from mien.modelfile import read, write_metadata
from mien.recognition.model import UNDECIDED_BELOW
from mien.weights import shipped

NAME = "three-emotions"
BANDS = (0.0, 0.5, 0.7, 0.9, 1.001)
HEADING = "**With the rules.**"

WORDS = (
    "flow from onset to apex of the steadied face, both as annotated and a little beside.",
    "onset and apex as annotated",
    "What it does on real faces is not measured here. It knows three classes; an event that is no expression "
    "is called one of them all the same, or left undecided.",
)


def weigh() -> None:
    """Fit the weights of model and rules, put them into the file, and say on the card what they do."""
    theirs, ours, y, who = told_apart()
    both = weighed(theirs, ours, y)
    together = np.zeros_like(theirs)
    for part in range(5):  # what they do for people who had no say in the weights
        here = (who // 5) % 5 == part
        together[here] = joined(theirs[here], ours[here], *weighed(theirs[~here], ours[~here], y[~here]))
    path = shipped(NAME)
    told = read(path).metadata
    tunables = {**told.tunables, **dict(zip(WEIGHTS, (round(w, 3) for w in both), strict=True))}
    said = together.argmax(1)
    metrics = {"uf1": float(f1_score(y, said, average="macro")), "accuracy": float((said == y).mean())}
    words = (
        f"{len(y)} clips of {len(set(who))} synthetic people set apart, onset and apex as annotated, "
        "model and rules together"
    )
    write_metadata(path, replace(told, tunables=tunables, metrics=metrics, metrics_on=words), path)
    lines = [
        f"{HEADING} `mien analyze` joins its shares with those of the rules' action units, as a weighted "
        f"geometric mean (exponents {both[0]:.2f} and {both[1]:.2f}): on synthetic faces they add nothing, "
        "but on real ones they may, for they learned from no synthetic face. Here they cost a little: "
        f"{len(y)} clips of {len(set(who))} people set apart, onset and apex "
        "as annotated, weights chosen on four fifths of the people and tried on the others:",
        "",
        "| | UF1 | accuracy | of negative, positive, surprise right |",
        "|---|---|---|---|",
    ]
    for words, shares in (("model", theirs), ("rules", ours), ("both", together)):
        said = shares.argmax(1)
        right = ", ".join(f"{(said[y == c] == c).mean():.2f}" for c in range(3))
        lines.append(
            f"| {words} | {f1_score(y, said, average='macro'):.3f} | {(said == y).mean():.3f} | {right} |"
        )
    sure, said = together.max(1), together.argmax(1)
    lines += ["", "| probability of both | clips | mean | right |", "|---|---|---|---|"]
    for low, high in pairwise(BANDS):
        here = (sure >= low) & (sure < high)
        if here.any():
            lines.append(
                f"| {low:.0%} to {min(high, 1):.0%} | {int(here.sum())} | {sure[here].mean():.2f} "
                f"| {(said == y)[here].mean():.2f} |"
            )
    page = HERE / f"{NAME}.md"
    text = page.read_text(encoding="utf-8")
    before, limits = text.split("**Limits.**")
    before = before.split(HEADING)[0]
    write_whole(page, before + "\n".join([*lines, "", "**Limits.**"]) + limits)
    print("\n".join(lines))


def main() -> None:
    """Train, measure, weigh, write."""
    if sys.argv[1:] == ["--weigh"]:
        weigh()
        return
    given = options(__doc__)
    world = load(jobs=given.jobs)
    x = torch.from_numpy(world["maps"])
    ship(NAME, SPEC, world, x, x[:, 0], given, WORDS, {UNDECIDED_BELOW: 0.5})
    if not given.trial:
        weigh()


if __name__ == "__main__":
    main()
