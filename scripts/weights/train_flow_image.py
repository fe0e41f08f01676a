"""Make flow-image: negative, positive or surprise from a map of flow and strain, whoever made the map.

It learns from the maps of scripts/weights/maps.py, which are made in many ways. Every fifth person is set
apart: epochs, decay and temperature were chosen on them, and the figures in the card are theirs.
"""

from __future__ import annotations

import argparse
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from learn import Maps, by_group, learned, scores, tempered
from maps import CLASSES, dev, load
from numpy.typing import NDArray
from safetensors.torch import save
from torch import Tensor

from mien.files import write_whole
from mien.inputs import InputSpec, key_of
from mien.inputs.spec import normalised_flow
from mien.models import CARDS
from mien.synthesis import trainworld
from mien.training.estimators import METADATA
from mien.training.export import export
from mien.weights import SHIPPED

NAME = "flow-image"
HERE = Path(__file__).resolve().parents[2] / "src" / "mien" / "weights"
SPEC = InputSpec(
    (28, 28),
    crop="tight",
    content="flow_strain",
    part="apex",
    flow="dis",
    reference="onset",
    flow_size=(128, 128),
    normalisation="standard",
)
EDGES = {"age": (35, 50, 65), "skin": (4, 7)}


def prepared(maps: NDArray[np.float32]) -> Tensor:
    """(…, 3, 28, 28) as the spec normalises them."""
    flat = maps.reshape(-1, *maps.shape[-3:])
    return torch.from_numpy(normalised_flow(flat, SPEC.normalisation).reshape(maps.shape))


def groups(world: dict[str, NDArray[Any]]) -> dict[str, list[str]]:
    """Each clip's groups, by what divides them."""
    median = np.median(world["intensity"])

    def bands(values: NDArray[Any], edges: tuple[int, ...], what: str) -> list[str]:
        names = [f"{what} below {edges[0]}"]
        names += [f"{what} {a} to {b - 1}" for a, b in pairwise(edges)]
        names.append(f"{what} {edges[-1]} or more")
        return [names[int(i)] for i in np.digitize(values, edges)]

    return {
        "frame rate": [f"{fps:g} fps" for fps in world["fps"]],
        "skin tone (Monk)": bands(world["skin"], EDGES["skin"], "tone"),
        "age": bands(world["age"], EDGES["age"], "age"),
        "sex": world["sex"].tolist(),
        "strength": ["weaker half" if v < median else "stronger half" for v in world["intensity"]],
    }


def card(figures: dict[str, Any], told: dict[str, dict[str, tuple[int, float]]], command: str) -> str:
    """What is to be known of the model, as Markdown."""
    held, other = figures["set apart"], figures["made otherwise"]
    lines = [
        f"# {NAME}",
        "",
        f"{SHIPPED[NAME].words[0].upper()}{SHIPPED[NAME].words[1:]}. Network: MotionMap "
        f"({CARDS['motionmap'].parameters:,} weights). Licence: {SHIPPED[NAME].licence}. "
        f"Made by `{command}`.",
        "",
        f"**Data.** {figures['clips']} clips of {figures['people']} synthetic people (training world, "
        f"version {trainworld.VERSION}), {figures['ways']} maps each by four flow algorithms, in cuts, "
        "sizes, scalings and number formats drawn at random. No real face, no licensed data.",
        "",
        f"**Measured** on {figures['held']} other synthetic people, on whom the temperature was fitted:",
        "",
        "| maps | UF1 | accuracy | of negative, positive, surprise right |",
        "|---|---|---|---|",
    ]
    for words, one in (
        ("made as in training", held),
        ("TV-L1, not steadied, whole numbers: never trained on", other),
    ):
        table = one["confusion"]
        right = ", ".join(f"{table[i, i] / table[i].sum():.2f}" for i in range(len(table)))
        lines.append(f"| {words} | {one['uf1']:.3f} | {one['accuracy']:.3f} | {right} |")
    lines += [
        "",
        "Mean recall over classes, of the maps never trained on:",
        "",
        "| | clips | recall |",
        "|---|---|---|",
    ]
    for by in told.values():
        lines += [f"| {name} | {n} | {value:.3f} |" for name, (n, value) in by.items()]
    lines += [
        "",
        "**Limits.** What it does on real faces is not measured here. Three classes only; a face that shows "
        "nothing is called one of them all the same. Its maps go from onset to apex: with a wrong onset they "
        "show something else.",
        "",
    ]
    return "\n".join(lines)


def main() -> None:
    """Train, measure, write."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--epochs", type=int, default=20)
    options.add_argument("--decay", type=float, default=0.1)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--jobs", type=int, default=2)
    options.add_argument("--try", dest="trial", action="store_true", help="measure, but write nothing")
    given = options.parse_args()
    world = load(jobs=given.jobs)
    apart = np.array([dev(p) for p in world["person"]])
    three = world["y"] < len(CLASSES)
    whole = Maps(prepared(world["maps"]), world["y"], world["person"])
    own, held = whole.of(three & ~apart), whole.of(three & apart)
    other = prepared(world["other"])[torch.from_numpy(three & apart)]
    network = learned(own, len(CLASSES), seed=given.seed, epochs=given.epochs, decay=given.decay)
    temperature = tempered(network, held)
    ways = held.x.shape[1]
    figures: dict[str, Any] = {
        "known people": scores(network, own.x.flatten(0, 1), np.repeat(own.y, ways)),
        "set apart": scores(network, held.x.flatten(0, 1), np.repeat(held.y, ways)),
        "made otherwise": scores(network, other, held.y),
    }
    for name, one in figures.items():
        print(f"{name}: UF1 {one['uf1']:.3f}, accuracy {one['accuracy']:.3f}", one["confusion"].tolist())
    print(f"temperature {temperature:.2f}")
    if given.trial:
        return
    figures |= {"clips": len(own.y), "people": len(set(own.person.tolist())), "ways": ways}
    figures["held"] = len(set(held.person.tolist()))
    here = {name: values[three & apart] for name, values in world.items()}
    told = {by: by_group(network, other, held.y, names) for by, names in groups(here).items()}
    recipe = {name: getattr(given, name) for name in ("epochs", "decay", "seed")}
    data = key_of("flow maps", trainworld.VERSION, world["person"].tolist(), float(world["maps"].sum()))
    export(
        network,
        {"flow": SPEC},
        CLASSES,
        HERE / SHIPPED[NAME].run,
        metrics={"uf1": figures["made otherwise"]["uf1"], "accuracy": figures["made otherwise"]["accuracy"]},
        metrics_on=f"{len(held.y)} clips of {figures['held']} synthetic people set apart, TV-L1 maps",
        recipe_digest=key_of(recipe),
        data_digest=data,
        licence=SHIPPED[NAME].licence,
        notes="Trained on synthetic people alone; its probabilities are calibrated on others of them.",
    )
    words = {
        "network": "motionmap",
        "preset": "small",
        "labels": list(CLASSES),
        "recipe": key_of(recipe),
        "data_digest": data,
        "data": f"{len(own.y)} clips of synthetic people",
        "subjects": [],
    }
    tensors = {name: value.contiguous() for name, value in network.state_dict().items()}
    write_whole(
        HERE / SHIPPED[NAME].begin, save(tensors, metadata={METADATA: json.dumps(words, sort_keys=True)})
    )
    write_whole(HERE / f"{NAME}.md", card(figures, told, "python scripts/weights/train_flow_image.py"))


if __name__ == "__main__":
    main()
