"""Make region-net: the spotter of ``mien analyze``, from recordings of the training world.

``film_recordings.py`` makes the recordings. People set apart choose the bars and the calibration, and give
the card its figures; so these flatter a little. benchmarks/test_world_spotting.py is about people who had no
say.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from bank import Bank, bank
from learn_spotter import Judged, RegionNetSpotter, calibrated, judged, learned, told, told_by
from numpy.typing import NDArray
from recordings import Recording, load

from mien.adequacy import MUCH, SOME
from mien.anatomy import REGIONS
from mien.files import write_whole
from mien.inputs import RegionSpec, key_of
from mien.jobs import run_jobs
from mien.modelfile import ModelMetadata, read, write_metadata
from mien.models.region_net import KINDS, RegionNet, Told
from mien.spotting.region_input import CHANNELS, HALTING, RATE, VERSION, mirrored
from mien.synthesis import trainworld
from mien.weights import SHIPPED

NAME = "region-net"
HERE = Path(__file__).resolve().parents[2] / "src" / "mien" / "weights"
INVENTED = 0.5
"""Most events of a kind a minute that may be found where nothing is expressed, on people set apart; counted
with one event more than there are, for in a few minutes one more or less is chance. Half of what is to be
kept elsewhere: other faces and other cameras are harder."""
EQUAL = 0.01
"""F1 that differ by less are the same: where many bars do equally well, none at the edge is taken."""
NETWORKS = 4
"""Trained each on its own and averaged."""
BARS = tuple(np.round(np.arange(0.05, 0.991, 0.01), 2).tolist())
OPSET = 18
PAPER = "mien's own; after Bai, Kolter & Koltun (2018) and Zhou, Wang & Krähenbühl, Objects as Points (2019)"


def exported(saying: Told, out: Path, metadata: ModelMetadata) -> None:
    """Write the model file, and see that it says what torch says."""
    saying = saying.eval()
    x = torch.randn(1, CHANNELS, 400, generator=torch.Generator().manual_seed(0))
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder) / "draft.onnx"
        torch.onnx.export(
            saying,
            (x,),
            str(draft),
            input_names=["positions"],
            output_names=["apex", "ends"],
            dynamic_axes={"positions": {0: "b", 2: "t"}, "apex": {0: "b", 2: "t"}, "ends": {0: "b", 2: "t"}},
            opset_version=OPSET,
            dynamo=False,
        )
        write_metadata(draft, metadata, out)
    model = read(out)
    for length in (400, 60, 1002):
        x = torch.randn(1, CHANNELS, length, generator=torch.Generator().manual_seed(length))
        with torch.no_grad():
            mine = saying(x)
        theirs = model.run({"positions": x.numpy()})
        for name, values in zip(("apex", "ends"), mine, strict=True):
            off = float(np.abs(values.numpy() - theirs[name]).max())
            if off > 1e-4:
                raise SystemExit(f"{name} of the file is {off:.1e} from torch's")


def network(order: tuple[int, int, list[Recording], Bank]) -> RegionNet:
    """One of the networks, by its seed."""
    seed, steps, own, added = order

    def figures(step: int, value: float, _: RegionNet) -> None:
        print(f"network {seed}, step {step}: loss {value:.3f}", flush=True)

    return learned(own, added, seed=seed, steps=steps, every=figures)


def main() -> None:
    """Train, measure, write."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--steps", type=int, default=2500)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--people", type=int, default=400, help="whose exact expressions are added")
    options.add_argument("--jobs", type=int, default=2)
    options.add_argument(
        "--bars",
        action="store_true",
        help="only choose the bars and write the card anew, for the file there is",
    )
    options.add_argument("--try", dest="trial", action="store_true", help="measure, but write nothing")
    given = options.parse_args()
    torch.set_num_threads(1)  # the same bytes from any machine with any number of jobs
    recordings = load()
    own = [r for r in recordings if not r.apart]
    apart = [r for r in recordings if r.apart]
    held = [r for r in apart if r.take == 1]
    print(
        f"{len(own)} recordings to learn from; of people set apart {len(held)}, and {len(apart) - len(held)} "
        "more in which they express nothing"
    )
    if given.bars:
        finished(own, held, apart, given.people * 4 // 5)
        return

    added = bank(given.people, given.jobs)
    orders = [(given.seed + number, given.steps, own, added) for number in range(NETWORKS)]
    networks = [
        one for _, one in sorted(run_jobs(network, orders, jobs=given.jobs), key=lambda pair: pair[0])
    ]
    mirror = torch.from_numpy(mirrored(np.eye(CHANNELS, dtype=np.float32)))
    said = told(Told(networks, mirror=mirror), held)
    fits = [calibrated(judged(held, said, k)) for k in (0, 1)]
    saying = Told(networks, [a for a, _ in fits], [b for _, b in fits], mirror)
    if given.trial:
        rest = [r for r in apart if not len(r.events)]
        here, still = (told(saying, some) for some in (held, rest))
        for k, kind in enumerate(KINDS):
            one, other = judged(held, here, k), judged(rest, still, k)
            bar = bar_of(one, other)
            words = ", ".join(f"{name} {value:.2f}" for name, value in one.at(bar).items())
            quiet = other.at(bar)["false_a_minute"]
            print(f"{kind}, bar {bar}: {words}; where nothing is expressed: {quiet:.2f}")
        return
    spec = RegionSpec(CHANNELS, RATE, tuple(region.key for region in REGIONS), "dis_lk", VERSION)
    metadata = ModelMetadata(
        name=NAME,
        task="spotting",
        labels=KINDS,
        inputs={},
        regions={"positions": spec},
        paper=PAPER,
        recipe_digest=key_of(
            {"steps": given.steps, "seed": given.seed, "people": given.people, "networks": NETWORKS}
        ),
        data_digest=key_of(
            "recordings", trainworld.VERSION, [(r.person, float(np.abs(r.ways[0]).sum())) for r in recordings]
        ),
        licence=SHIPPED[NAME].licence,
        tunables={"micro_bar": 0.5, "macro_bar": 0.5},
        notes="Trained on synthetic people alone; its probabilities are calibrated on others of them.",
    )
    exported(saying, HERE / SHIPPED[NAME].run, metadata)
    finished(own, held, apart, given.people * 4 // 5)


def bar_of(one: Judged, still: Judged) -> float:
    """The bar of a kind: of those that invent few enough, the middle one of those with the best F1.

    Args:
        one: events of the kind in recordings of people set apart.
        still: the same where nothing is expressed; few enough: :data:`INVENTED`.
    """
    f1 = {b: one.at(b)["f1"] for b in BARS if still.at(b)["false_a_minute"] + 1 / still.minutes <= INVENTED}
    if not f1:
        raise SystemExit("No bar invents few enough events: film more recordings without any (--quiet).")
    best = [b for b, value in f1.items() if value >= max(f1.values()) - EQUAL]
    return best[len(best) // 2]


def finished(
    own: Sequence[Recording], held: Sequence[Recording], apart: Sequence[Recording], people: int
) -> None:
    """Choose the bars for the file there is, put them and its figures into it, and write its card.

    Bars: :func:`bar_of`.
    """
    path = HERE / SHIPPED[NAME].run
    spotter = RegionNetSpotter(path)
    every = [judged(held, told_by(spotter, held), k) for k in (0, 1)]
    rest = [r for r in apart if not len(r.events)]
    quiet = [judged(rest, told_by(spotter, rest), k) for k in (0, 1)]
    bars = [bar_of(one, still) for one, still in zip(every, quiet, strict=True)]
    told_of = read(path).metadata
    metrics = {
        f"{kind}_f1": round(one.at(b)["f1"], 4) for kind, one, b in zip(KINDS, every, bars, strict=True)
    }
    words = f"{len(held)} recordings of as many synthetic people who were set apart"
    tunables = {f"{kind}_bar": float(bar) for kind, bar in zip(KINDS, bars, strict=True)}
    write_metadata(path, replace(told_of, metrics=metrics, metrics_on=words, tunables=tunables), path)
    write_whole(HERE / f"{NAME}.md", card(own, held, rest, people))


# --- the card -----------------------------------------------------------------------------------------------


def _row(words: str, one: Judged, bar: float) -> str:
    at = one.at(bar)
    return (
        f"| {words} | {one.total} | {at['f1']:.3f} | {at['precision']:.2f} | {at['recall']:.2f} "
        f"| {at['apex_ms']:.0f} ms | {at['false_a_minute']:.2f} |"
    )


def compression(r: Recording) -> str:
    """How hard a recording's film was compressed, in words."""
    return ("not compressed", "x264, crf 16 to 24", "x264, crf 25 to 32")[int(np.digitize(r.crf, (1, 25)))]


def halting(recordings: Sequence[Recording]) -> NDArray[np.float32]:
    """(n,) how haltingly the face moves, in every recording at every frame rate (once each)."""
    each = {(r.person, r.take): r for r in recordings}.values()
    return np.array([way[HALTING].max() for r in each for way in r.ways])


def _groups(held: Sequence[Recording]) -> dict[str, Callable[[Recording], str]]:
    who = {r.person: trainworld.recording("wide", r.person, 1, 10.0).actor.person for r in held}

    def band(value: float, edges: tuple[int, ...], what: str) -> str:
        names = [f"{what} below {edges[0]}"]
        names += [f"{what} {a} to {b - 1}" for a, b in pairwise(edges)]
        names.append(f"{what} {edges[-1]} or more")
        return names[int(np.digitize(value, edges))]

    return {
        "camera": lambda r: f"filmed at {float(r.card[0]):03g} frames/s",
        "eyes": lambda r: band(float(r.card[2]), (60, 90), "outer eye corners apart, pixels:"),
        "compression": compression,
        "skin": lambda r: band(int(who[r.person].skin), (4, 7), "skin tone (Monk)"),
        "age": lambda r: band(float(who[r.person].age), (35, 50), "age"),
        "sex": lambda r: str(who[r.person].sex),
    }


def card(own: Sequence[Recording], held: Sequence[Recording], rest: Sequence[Recording], people: int) -> str:
    """What is to be known of the model, as Markdown; measured with the file that ships."""
    spotter = RegionNetSpotter()
    bars = (float(spotter.micro_bar or 0), float(spotter.macro_bar or 0))
    one = SHIPPED[NAME]
    weights = sum(p.numel() for p in RegionNet(CHANNELS).parameters())
    minutes = [sum(r.seconds for r in some) / 60 for some in (own, held)]
    who = len({r.person for r in own})
    count = [
        [int(sum((r.events[:, 3] == micro).sum() for r in some)) for micro in (1, 0)] for some in (own, held)
    ]
    quiet = [judged(rest, told_by(spotter, rest), k) for k in (0, 1)]
    lines = [
        f"# {NAME}",
        "",
        f"{one.words[0].upper()}{one.words[1:]}. {NETWORKS} networks RegionNet ({weights:,} weights each), "
        "each trained on its own; what they say of the face and of the face in a mirror is averaged. "
        "Licence: "
        f"{one.licence}. Made by `{one.script}`, which writes this page, too.",
        "",
        f"**Data.** {len(own)} recordings ({minutes[0]:.0f} minutes, {count[0][0]} micro- and {count[0][1]} "
        f"macro-expressions) of {who} synthetic people of the training world (version "
        f"{trainworld.VERSION}), at 30 to 100 frames a second and thinned out to as few as 25; in half of "
        f"them the person speaks, in {sum(not len(r.events) for r in own)} nothing is expressed. Exact "
        f"movements of further expressions, of speech and of swallowing of {people} people, none of them set "
        "apart, were added in training. No real face, no licensed data.",
        "",
        f"**Measured** on {len(held)} recordings ({minutes[1]:.0f} minutes) of other people of that world. "
        "The bars and the calibration were chosen on them, so the figures flatter a little. An event is "
        "right if its IoU with a true one is .5 at least. Events are the peaks of the network's curves that "
        "reach their bar; the spotter also asks that some region moves (its floor): not applied here.",
        "",
        "| | true | F1 | precision | recall | apex off by | invented a minute |",
        "|---|---|---|---|---|---|---|",
    ]
    said = told_by(spotter, held)
    every = [judged(held, said, k) for k in (0, 1)]
    lines += [_row(f"{kind}-expressions", j, b) for kind, j, b in zip(KINDS, every, bars, strict=True)]
    rates = sorted({round(rate) for r in held for rate in r.rates[1:]})
    for rate in rates:
        slow = [(r, r.rates[1:].index(x) + 1) for r in held for x in r.rates[1:] if round(x) == rate]
        slow = list({r.person: (r, way) for r, way in slow}.values())
        some = judged([r for r, _ in slow], [told_by(spotter, [r], way)[0] for r, way in slow], 0)
        if some.total:
            lines.append(_row(f"micro, frames left out until {rate} a second are left", some, bars[0]))
    for by in _groups(held).values():
        for name in sorted({by(r) for r in held}):
            which = [i for i, r in enumerate(held) if by(r) == name]
            some = judged([held[i] for i in which], [said[i] for i in which], 0)
            if some.total:
                lines.append(_row(f"micro, {name.replace('at 0', 'at ')}", some, bars[0]))
    lines += [
        "",
        f"Where nothing is expressed ({len(rest)} recordings of people set apart, "
        f"{sum(r.seconds for r in rest) / 60:.1f} minutes): "
        + ", ".join(
            f"{j.at(b)['false_a_minute']:.2f} {k}-expressions"
            for k, j, b in zip(KINDS, quiet, bars, strict=True)
        )
        + f" a minute are invented; with one event more than there are it was to be {INVENTED:g} at most. "
        "Micro-expressions by compression: "
        + ", ".join(
            f"{judged(some, told_by(spotter, some), 0).at(bars[0])['false_a_minute']:.2f} ({name})"
            for name in sorted({compression(r) for r in rest})
            for some in [[r for r in rest if compression(r) == name]]
        )
        + ".",
        "",
        f"How haltingly the face moves, by compression: reaches {SOME:g} and {MUCH:g}, from where on "
        "`mien analyze` speaks of compression and warns of it, at all frame rates above: "
        + "; ".join(
            f"{(some >= SOME).sum()} and {(some >= MUCH).sum()} of {len(some)} ({name})"
            for name in sorted({compression(r) for r in [*own, *held, *rest]})
            for some in [halting([r for r in [*own, *held, *rest] if compression(r) == name])]
        )
        + ".",
        "",
        "How probable it says an event is, and how often it is right:",
        "",
        "| probability | micro: events | mean | right | macro: events | mean | right |",
        "|---|---|---|---|---|---|---|",
    ]
    for low, high in pairwise((0.1, 0.3, 0.5, 0.7, 0.9, 1.001)):
        cells: list[Any] = []
        for j in every:
            here = (j.probability >= low) & (j.probability < high)
            cells += [int(here.sum())]
            cells += [f"{v[here].mean():.2f}" if here.any() else "–" for v in (j.probability, j.right)]
        lines.append(f"| {low:.0%} to {min(high, 1):.0%} | {' | '.join(map(str, cells))} |")
    lines += [
        "",
        "**Limits.** What it does on real faces is not measured here, and real faces do more than these. In "
        "life micro-expressions are far rarer than in these recordings: a larger share of what is found "
        "there is something else, and the probabilities say too much. Its bars can be chosen anew on "
        "annotated recordings (`mien bench --protocol spotting --model "
        "region-net:threshold=auto,micro_bar=0.05,macro_bar=0.05`).",
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
