"""Why the networks on pictures are weak, and what macro-expressions give them. Writes README.md.

The clips of benchmarks/systems.py, made here if they are not there, and posed expressions of other synthetic
people in CK+'s layout, under .cache/systems-bench. People are held out three at a time, so that a setting
takes four trainings in place of twelve. Each training is kept: a run that was stopped goes on where it was.
Presets are `small`, as they are; nothing is chosen here.
"""

from __future__ import annotations

import argparse
import copy
import json
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from report_table import put
from systems import CLIPS, WORK

from mien.datasets import read_dataset
from mien.evaluation import Scores, confusion, select_by_rule
from mien.files import write_whole
from mien.inputs import ArrayCache, file_digest, key_of
from mien.inputs.pipeline import Prepare, compute, digest_of
from mien.training.systems import System, make_system

MACRO = ("--subjects", "60", "--takes", "7", "--scale", "0.5", "--seed", "7")
POSED = ("macro2micro", "--data", "ck-plus=macro", "--kind", "macro", "--rule", "seven")
PARTS = 4
CHANGE = 1
"""Grows whenever :meth:`Clips.arrays` makes other numbers of what has changed."""


def weights() -> Path:
    """What was learned from these posed expressions by this training; others lie in another file."""
    return WORK / f"macro-{key_of(file_digest(WORK / 'macro' / 'studio.json'), POSED)[:12]}.safetensors"


@dataclass(frozen=True)
class Setting:
    """One line of the table.

    Attributes:
        recipe: of the network.
        words: what is different.
        change: whether it gets what has changed since the first picture, in place of the pictures.
        init: whether it begins with what it learned from posed expressions.
    """

    recipe: str
    words: str
    change: bool = False
    init: bool = False

    def system(self) -> System:
        colon = "," if ":" in self.recipe else ":"
        return make_system(self.recipe + (f"{colon}init={weights()}" if self.init else ""))


SETTINGS = (
    Setting("macro2micro", "apex frame, fresh weights"),
    Setting("macro2micro", "apex frame, from posed expressions", init=True),
    Setting("macro2micro", "apex less onset frame, fresh weights", change=True),
    Setting("micro_attention", "apex frame, fresh weights"),
    Setting("micro_attention", "apex frame, from posed expressions", init=True),
    Setting("micro_attention", "apex less onset frame, fresh weights", change=True),
    Setting("akmnet", "as it is"),
    Setting("akmnet", "frames less the first", change=True),
    Setting("akmnet:magnify=no", "frames less the first, not magnified", change=True),
    Setting("akmnet:select=all", "all frames"),
    Setting("akmnet:magnify=no", "not magnified"),
)

POSED_SETTINGS = (
    Setting("macro2micro", "the peak"),
    Setting("macro2micro", "the peak less the first picture", change=True),
    Setting("macro2micro:align=frame", "the peak, cropped by itself"),
)


def mien(*words: str) -> None:
    """A command of mien's, in a process of its own."""
    print("mien", *words, flush=True)
    subprocess.run([sys.executable, "-m", "mien.cli", *words, "-q"], check=True, cwd=WORK)


@dataclass(frozen=True)
class Clips:
    """Clips of a collection, with class and person."""

    sources: list[Any]
    y: NDArray[np.str_]
    people: NDArray[np.str_]

    @classmethod
    def read(cls, layout: str, folder: str, rule: str, kind: str) -> Clips:
        there = read_dataset(layout, WORK / folder)
        chosen = select_by_rule(there.samples, rule, kind=kind)  # type: ignore[arg-type]
        sources = [there.source(sample) for sample in chosen.samples]
        people = [sample.subject for sample in chosen.samples]
        return cls(sources, np.array(chosen.classes), np.array(people))

    def part(self, number: int) -> NDArray[np.bool_]:
        """Clips of every fourth person."""
        return np.isin(self.people, np.unique(self.people)[number::PARTS])

    def arrays(self, setting: Setting, cache: ArrayCache) -> list[NDArray[np.float32]]:
        """What the network gets; a change is halved and grey .5 is none, to stay within 0 to 1."""
        system = setting.system()
        ((_, spec),) = system.specs()
        if setting.change and spec.part == "apex":
            spec = replace(spec, part="rise", frames=2)
        found = compute(self.sources, Prepare(spec, system.align), cache=cache)
        X = [array for array in found if not isinstance(array, Exception)]
        assert len(X) == len(found)
        if setting.change:
            X = [0.5 + (array - array[:1])[min(1, len(array) - 1) :] / 2 for array in X]
        return X


def taken(X: list[Any], which: NDArray[np.bool_]) -> list[Any]:
    return [array for array, there in zip(X, which, strict=True) if there]


def trial(
    clips: Clips, setting: Setting, number: int, cache: ArrayCache, kept_only: bool
) -> dict[str, Any] | None:
    """One training: what it says of the people held out, and how well it knows those it was trained on."""
    system, held = setting.system(), clips.part(number)
    told = [[source.key, digest_of(source, cache)] for source in clips.sources]
    rows = [[*one, str(y), str(who)] for one, y, who in zip(told, clips.y, clips.people, strict=True)]
    key = key_of(system.digest(), CHANGE if setting.change else 0, number, rows)
    file = WORK / "transfer" / f"{key}.json"
    if file.exists():
        return dict(json.loads(file.read_text()))
    if kept_only:
        return None
    began, X = time.perf_counter(), clips.arrays(setting, cache)
    estimator = system.make(tuple(np.unique(clips.y)), 0)
    estimator.fit(taken(X, ~held), clips.y[~held], clips.people[~held])
    result = {
        "truth": clips.y[held].tolist(),
        "said": estimator.predict(taken(X, held)).tolist(),
        "known": float(np.mean(estimator.predict(taken(X, ~held)) == clips.y[~held])),
        "loss": estimator.history_.loss,
    }
    if estimator.network_.variable:
        result["said by itself"] = by_itself(estimator, taken(X, held))
    file.parent.mkdir(exist_ok=True)
    write_whole(file, json.dumps(result).encode())
    seconds = time.perf_counter() - began
    right = np.mean(np.array(result["truth"]) == result["said"])
    print(f"{setting.recipe}, {setting.words}, part {number}: {right:.3f} ({seconds:.0f} s)", flush=True)
    return result


def by_itself(estimator: Any, X: list[NDArray[np.float32]]) -> list[str]:
    """What a network says where batch norm goes by the clip that it is shown, as it does in training."""
    import torch

    network, said = copy.deepcopy(estimator.network_).eval(), []
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.train().momentum = 0.0
    with torch.inference_mode():
        for array in X:
            logits = network(torch.from_numpy(array)[None])
            said.append(str(estimator.classes_[int(logits.argmax())]))
    return said


def scored(trials: list[dict[str, Any]], key: str = "said") -> Scores:
    """The scores of all together."""
    truth = [word for one in trials for word in one["truth"]]
    return confusion(truth, [word for one in trials for word in one[key]], sorted(set(truth))).scores()


def row(setting: Setting, trials: dict[int, dict[str, Any]], foil: dict[int, dict[str, Any]]) -> str:
    """A line of the table; ``foil``: the trials of the network's first setting. Both by part."""
    scores = scored(list(trials.values()))
    known, first, last = (
        np.mean([f(one) for one in trials.values()])
        for f in (lambda t: t["known"], lambda t: t["loss"][0], lambda t: t["loss"][-1])
    )
    count = sum(len(one["truth"]) for one in trials.values())
    cells = [setting.recipe, setting.words, str(count), f"{known:.2f}", f"{first:.2f} to {last:.2f}"]
    negative = np.mean([word == "negative" for one in trials.values() for word in one["truth"]])
    cells += [f"{scores.uf1:.3f}", f"{scores.uar:.3f}", f"{scores.war:.3f} ({negative:.3f})"]
    gained = lost = 0
    for number in trials.keys() & foil.keys():
        new, old = (np.array(t[number]["said"]) == t[number]["truth"] for t in (trials, foil))
        gained, lost = gained + int((new & ~old).sum()), lost + int((old & ~new).sum())
    return "| " + " | ".join([*cells, "–" if trials is foil else f"+{gained} −{lost}"]) + " |"


def posed(cache: ArrayCache, kept_only: bool) -> str:
    """How well posed expressions are told on people who were not trained on."""
    clips = Clips.read("ck-plus", "macro", "seven", "macro")
    told = []
    for setting in POSED_SETTINGS:
        one = trial(clips, setting, 0, cache, kept_only)
        if one is not None:
            scores = scored([one])
            told.append(
                f"{setting.words} {one['known']:.2f} on the others, {scores.war:.2f} on them (UF1 "
                f"{scores.uf1:.2f})"
            )
    if not told:
        return ""
    return (
        f"Posed expressions of {len(np.unique(clips.people))} other people ({len(clips.y)} sequences with a "
        f"label), seven classes, a fourth of the people held out; accuracy of {'; of '.join(told)}. First "
        "weights come from the peaks of all of them."
    )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--parts", type=int, default=PARTS, help="of the people, held out in turn")
    options.add_argument("--akmnet-parts", type=int, default=PARTS, help="the same for akmnet, which is slow")
    options.add_argument("--jobs", default="1")
    options.add_argument("--tables", action="store_true", help="train nothing, only write what was kept")
    given = options.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    jobs = ("--jobs", given.jobs)
    if not given.tables:
        mien("synth", "clips", "--out", "clips", "--layout", "samm", *CLIPS, *jobs)
        mien("synth", "macro", "--out", "macro", "--layout", "ck-plus", *MACRO, *jobs)
        if not weights().exists():
            mien("train", *POSED, "--out", weights().name, "--cache", "cache", *jobs)
    elif not weights().exists():
        raise SystemExit("nothing was kept of which a table could be written; run it without --tables")
    cache = ArrayCache(WORK / "cache")
    told = posed(cache, given.tables)
    clips = Clips.read("samm", "clips", "three", "micro")
    trials: dict[Setting, dict[int, dict[str, Any]]] = {setting: {} for setting in SETTINGS}
    for number in range(PARTS):
        for setting, done in trials.items():
            slow = setting.recipe.startswith("akmnet")
            wanted = number < (given.akmnet_parts if slow else given.parts)
            found = trial(clips, setting, number, cache, given.tables or not wanted)
            if found is not None:
                done[number] = found
    if not any(trials.values()):
        raise SystemExit("nothing was kept of which a table could be written; run it without --tables")
    lines = [
        "| network | what it gets | clips | known people | training loss | UF1 | UAR | "
        "accuracy (always negative) | changed |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    first: dict[str, dict[int, dict[str, Any]]] = {}
    for setting, done in trials.items():
        if done:
            foil = first.setdefault(setting.recipe.partition(":")[0], done)
            lines.append(row(setting, done, foil))
    alone = [
        f"{setting.recipe}, {setting.words}: UF1 {scores.uf1:.3f}, accuracy {scores.war:.3f}"
        for setting, done in trials.items()
        if done and all("said by itself" in one for one in done.values())
        for scores in [scored(list(done.values()), "said by itself")]
    ]
    if alone:
        lines += ["", f"Batch norm by the tested clip itself, as in training: {'; '.join(alone)}."]
    slow, rest = (
        max(len(done) for one, done in trials.items() if one.recipe.startswith("akmnet") is akmnet)
        for akmnet in (True, False)
    )
    parts = "".join(
        f" --{name} {count}" for name, count in (("parts", rest), ("akmnet-parts", slow)) if count != PARTS
    )
    head = (
        f"Made by `python benchmarks/transfer.py{parts}`. Clips as above, {len(np.unique(clips.people))} "
        "people, three of them held out at a time (trained on nine; above, on eleven), one seed. *Clips*: "
        "those of the people held out so far. *Known people*: accuracy on the clips trained on. *Changed*: "
        "clips told rightly that the network's first line gets wrong, and the other way round."
    )
    put("transfer", f"{head}\n\n{told}\n\n" + "\n".join(lines))


if __name__ == "__main__":
    main()
