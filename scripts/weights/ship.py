"""Train a recogniser on maps, measure it on people set apart, write what comes with mien: model and card."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from learn import Maps, by_group, learned, reliability, scores, tempered
from maps import CLASSES, NO_CLASS, dev
from numpy.typing import NDArray
from safetensors.torch import save
from torch import Tensor

from mien.files import write_whole
from mien.inputs import InputSpec, key_of
from mien.models import CARDS
from mien.synthesis import trainworld
from mien.training.estimators import METADATA
from mien.training.export import export
from mien.weights import SHIPPED

HERE = Path(__file__).resolve().parents[2] / "src" / "mien" / "weights"
_BANDS = {"age": (35, 50, 65), "skin": (4, 7)}


def options(words: str | None) -> argparse.Namespace:
    """What can be chosen."""
    parser = argparse.ArgumentParser(description=words)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--decay", type=float, default=0.1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--try", dest="trial", action="store_true", help="measure, but write nothing")
    return parser.parse_args()


def ship(
    name: str,
    spec: InputSpec,
    world: dict[str, NDArray[Any]],
    x: Tensor,
    other: Tensor,
    given: argparse.Namespace,
    words: tuple[str, str, str],
    tunables: Mapping[str, float] | None = None,
) -> None:
    """Train, measure, write.

    Args:
        name: a key of :data:`mien.weights.SHIPPED`.
        spec: of the maps.
        world: of each clip its class, person and groups.
        x: (N, V, 3, H, W) the maps, V ways of each clip, as the spec prepares them.
        other: (N, 3, H, W) the maps that the card's figures are of; of people set apart they are looked at.
        given: from :func:`options`.
        words: how the maps were made; how those of the figures; what the model cannot do.
        tunables: that go into the model file.
    """
    apart = np.array([dev(p) for p in world["person"]])
    three = world["y"] < NO_CLASS
    whole = Maps(x, world["y"], world["person"])
    own, held = whole.of(three & ~apart), whole.of(three & apart)
    other = other[torch.from_numpy(three & apart)]
    network = learned(own, len(CLASSES), seed=given.seed, epochs=given.epochs, decay=given.decay)
    temperature = tempered(network, held)
    ways = held.x.shape[1]
    known = scores(network, own.x.flatten(0, 1), np.repeat(own.y, ways))
    usual = scores(network, held.x.flatten(0, 1), np.repeat(held.y, ways))
    shown = scores(network, other, held.y)
    for what, one in (("known people", known), ("set apart", usual), ("for the card", shown)):
        print(f"{what}: UF1 {one['uf1']:.3f}, accuracy {one['accuracy']:.3f}", one["confusion"].tolist())
    print(f"temperature {temperature:.2f}", flush=True)
    if given.trial:
        return
    people = [len(set(one.person.tolist())) for one in (own, held)]
    recipe = key_of({key: getattr(given, key) for key in ("epochs", "decay", "seed")}, spec.digest())
    data = key_of("maps", trainworld.VERSION, world["person"].tolist(), float(world["maps"].sum()))
    export(
        network,
        {"flow": spec},
        CLASSES,
        HERE / SHIPPED[name].run,
        metrics={"uf1": shown["uf1"], "accuracy": shown["accuracy"]},
        metrics_on=f"{len(held.y)} clips of {people[1]} synthetic people who were set apart",
        recipe_digest=recipe,
        data_digest=data,
        licence=SHIPPED[name].licence,
        tunables=tunables,
        notes="Trained on synthetic people alone; its probabilities are calibrated on others of them.",
    )
    if SHIPPED[name].begin:
        told = {
            "network": "motionmap",
            "preset": "small",
            "labels": list(CLASSES),
            "recipe": recipe,
            "data_digest": data,
            "data": f"{len(own.y)} clips of {people[0]} synthetic people",
            "subjects": [],
        }
        tensors = {key: value.contiguous() for key, value in network.state_dict().items()}
        made = save(tensors, metadata={METADATA: json.dumps(told, sort_keys=True)})
        write_whole(HERE / SHIPPED[name].begin, made)
    here = {key: values[three & apart] for key, values in world.items()}
    grouped = {by: by_group(network, other, held.y, names) for by, names in _groups(here).items()}
    sure = reliability(network, other, held.y)
    write_whole(HERE / f"{name}.md", _card(name, own, people, usual, shown, grouped, sure, words))


def _groups(world: dict[str, NDArray[Any]]) -> dict[str, list[str]]:
    """Each clip's groups, by what divides them."""
    median = np.median(world["intensity"])

    def bands(values: NDArray[Any], edges: tuple[int, ...], what: str) -> list[str]:
        names = [f"{what} below {edges[0]}"]
        names += [f"{what} {a} to {b - 1}" for a, b in pairwise(edges)]
        names.append(f"{what} {edges[-1]} or more")
        return [names[int(i)] for i in np.digitize(values, edges)]

    return {
        "frame rate": [f"{fps:03g} frames/s" for fps in world["fps"]],
        "skin tone": bands(world["skin"], _BANDS["skin"], "skin tone (Monk)"),
        "age": bands(world["age"], _BANDS["age"], "age"),
        "sex": world["sex"].tolist(),
        "strength": ["weaker half" if v < median else "stronger half" for v in world["intensity"]],
    }


def _card(
    name: str,
    own: Maps,
    people: list[int],
    usual: dict[str, Any],
    shown: dict[str, Any],
    grouped: dict[str, dict[str, tuple[int, float]]],
    sure: list[tuple[str, int, float, float]],
    words: tuple[str, str, str],
) -> str:
    """What is to be known of the model, as Markdown."""
    one = SHIPPED[name]
    made, figures, limits = words
    lines = [
        f"# {name}",
        "",
        f"{one.words[0].upper()}{one.words[1:]}. Network: MotionMap "
        f"({CARDS['motionmap'].parameters:,} weights). Licence: {one.licence}. Made by "
        f"`{one.script}`, which writes this page, too.",
        "",
        f"**Data.** {len(own.y)} clips of {people[0]} synthetic people of the training world (version "
        f"{trainworld.VERSION}), {own.x.shape[1]} maps each: {made} No real face, no licensed data.",
        "",
        f"**Measured** on {people[1]} other people of that world; epochs, decay and temperature were chosen "
        "on them, so the figures flatter a little:",
        "",
        "| maps | UF1 | accuracy | of negative, positive, surprise right |",
        "|---|---|---|---|",
    ]
    for what, its in (("made as for training", usual), (figures, shown)):
        table = its["confusion"]
        right = ", ".join(f"{table[i, i] / table[i].sum():.2f}" for i in range(len(table)))
        lines.append(f"| {what} | {its['uf1']:.3f} | {its['accuracy']:.3f} | {right} |")
    lines += ["", f"How sure it says it is, and how often it is right, {figures}:", ""]
    lines += ["| probability of the label | clips | mean | right |", "|---|---|---|---|"]
    lines += [f"| {band} | {n} | {mean:.2f} | {right:.2f} |" for band, n, mean, right in sure]
    lines += ["", f"By group, {figures}:", "", "| | clips | mean recall |", "|---|---|---|"]
    for by in grouped.values():
        lines += [f"| {group.lstrip('0')} | {n} | {value:.2f} |" for group, (n, value) in by.items()]
    return "\n".join([*lines, "", f"**Limits.** {limits}", ""])
