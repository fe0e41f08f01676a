"""``mien train``: parse, compose, call, print."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from mien.errors import InputError

if TYPE_CHECKING:
    from mien.datasets import DataSet
    from mien.inputs import ArrayCache
    from mien.progress import ProgressHook
    from mien.training.produce import Produced
    from mien.training.spotters import SmeconvnetSpotting
    from mien.training.systems import System

    _Recipe = TypeVar("_Recipe", System, SmeconvnetSpotting)

__all__ = ["TRAIN_EPILOG", "train"]

TRAIN_EPILOG = """**Examples**

```
mien train ststnet --data flow=maps --out ststnet.onnx
mien train macro2micro --data ck-plus=CK+ --kind macro --rule seven --out macro.safetensors
mien train macro2micro --data casme2=CASME2 --rule casme2-five --init macro.safetensors --out apex.onnx
mien train smeconvnet --data samm-lv=SAMMLV --out spotter.onnx
mien analyze recording.avi --fps 200 --recognizer apex.onnx --spotter spotter.onnx
```

A training that was stopped goes on where it was when the same command is given again.
"""


def train(
    recipe: Annotated[
        str,
        typer.Argument(
            metavar="RECIPE",
            help="A network (`mien models`), with options: NAME[:OPTION=VALUE,...].",
            show_default=False,
        ),
    ],
    data: Annotated[
        list[str],
        typer.Option(
            metavar="NAME=ROOT",
            help="A data set and your copy of it; several may follow.",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(
            metavar="FILE",
            help="A model file (.onnx), to be run; or weights (.safetensors), to begin other training with.",
            show_default=False,
        ),
    ],
    rule: Annotated[str, typer.Option(metavar="NAME", help="Label rule: three, four, seven, ...")] = "three",
    kind: Annotated[
        str | None, typer.Option(metavar="KIND", help="Only micro or only macro.", show_default=False)
    ] = None,
    part: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="Only this part of a data set; may be repeated.", show_default=False
        ),
    ] = None,
    pictures: Annotated[
        str | None,
        typer.Option(metavar="WHICH", help="Which pictures, where there are several.", show_default=False),
    ] = None,
    init: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="First weights: a .safetensors file, or a name of some that come with mien.",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[int, typer.Option(metavar="S", help="Of weights, order and chance.")] = 0,
    licence: Annotated[
        str, typer.Option(metavar="WORDS", help="Licence of the model, for its card.", show_default=False)
    ] = "",
    jobs: Annotated[
        int, typer.Option(metavar="N", help="Clips that are prepared at once; -1: all cores.")
    ] = 1,
    cache: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Where prepared clips are kept.  [default: mien's own place]",
            show_default=False,
        ),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
) -> None:
    """Train a network on your copies of data sets, all people of them, into one file.

    How good it is on people that it has not seen, `mien bench` says; this command tests nothing. The file
    remembers whom it was trained on, and is refused where it would be tested on them.
    """
    from mien.training.produce import check_out, produce

    check_out(out)
    from mien.cli import Screen
    from mien.cli.bench import clip_cache, read_copy
    from mien.training.spotters import SmeconvnetSpotting

    name, colon, options = recipe.partition(":")
    if name.strip() == SmeconvnetSpotting.base:
        if rule != "three" or kind is not None:
            raise InputError(
                "--rule and --kind are for recognisers; smeconvnet learns all expressions, by their own words"
            )
        from mien.contenders.options import parse_options

        spotter = SmeconvnetSpotting(**parse_options(SmeconvnetSpotting, name, options) if colon else {})
        spotter = _begun_with(spotter, init)
        copies = [read_copy(text, None, pictures) for text in data]
        with Screen(quiet, several=False) as screen:
            spots, notes = _train_spotter(
                spotter, copies, part, out, seed, clip_cache(cache), jobs, licence, screen.progress
            )
        if not quiet:
            _tell(spotter.name, spots, "videos", (), notes)
        return
    from mien.evaluation import select, select_by_rule, select_prepared
    from mien.evaluation.selections import SELECTIONS
    from mien.training.systems import make_system

    system = _begun_with(make_system(recipe), init)
    copies = [read_copy(text, None, pictures) for text in data]
    samples = [sample for copy in copies for sample in copy.samples]
    if any(copy.form == "flow" for copy in copies):
        chosen = select_prepared(samples)
    elif rule in SELECTIONS:
        chosen = select(samples, rule)
    else:
        if kind not in (None, "micro", "macro"):
            raise InputError(f"--kind {kind}: micro or macro.")
        chosen = select_by_rule(samples, rule, kind=kind, parts=None if part is None else set(part))  # type: ignore[arg-type]
    of = {id(sample): copy for copy in copies for sample in copy.samples}
    sources, classes, subjects, unusable = [], [], [], []
    for sample, label in zip(chosen.samples, chosen.classes, strict=True):
        try:
            sources.append(of[id(sample)].source(sample))
        except InputError as error:
            unusable.append((sample.key, str(error)))
            continue
        classes.append(label)
        subjects.append(sample.subject)
    if not sources:
        raise InputError(f"No clip of these copies can be used under the rule {chosen.name}.")
    with Screen(quiet, several=False) as screen:
        made = produce(
            system,
            sources,
            classes,
            subjects,
            [label for label in chosen.labels if label in set(classes)],
            out,
            seed=seed,
            cache=clip_cache(cache),
            jobs=jobs,
            data=", ".join(f"{copy.name} ({len(copy.samples)} samples)" for copy in copies),
            licence=licence,
            progress=screen.progress,
        )
    if not quiet:
        _tell(system.name, made, "clips", unusable, chosen.notes)


def _begun_with(recipe: _Recipe, init: Path | None) -> _Recipe:
    """A recipe with first weights; not by way of its text, in which a path's comma would end it."""
    if init is None:
        return recipe
    from dataclasses import replace

    if recipe.init:
        raise InputError("--init and the recipe's own init: give one of them.")
    return replace(recipe, init=str(init))


def _train_spotter(
    contender: SmeconvnetSpotting,
    copies: Sequence[DataSet],
    parts: Sequence[str] | None,
    out: Path,
    seed: int,
    cache: ArrayCache,
    jobs: int,
    licence: str,
    progress: ProgressHook,
) -> tuple[Produced, tuple[str, ...]]:
    """All videos of the copies into one file; what was made, and what is to be said of the data."""
    from dataclasses import replace

    from mien.evaluation import recording_of, select_spotting
    from mien.training.produce import produce_spotter

    if ready := [copy.name for copy in copies if copy.form != "pictures"]:
        raise InputError(f"{ready[0]} holds no videos to search; give data sets of long videos.")
    footage = [f for copy in copies for f in copy.footage if parts is None or f.part in parts]
    samples = [s for copy in copies for s in copy.samples if parts is None or s.part in parts]
    selection = select_spotting(footage, samples)
    sources, truths, subjects, unusable = [], [], [], []
    for video in selection.videos:
        try:
            sources.append(recording_of(video.footage))
        except InputError as error:
            unusable.append((video.footage.key, str(error)))
            continue
        truths.append(video.expressions)
        subjects.append(video.footage.subject)
    made = produce_spotter(
        contender,
        sources,
        truths,
        subjects,
        out,
        seed=seed,
        cache=cache,
        jobs=jobs,
        data=", ".join(f"{copy.name} ({len(copy.footage)} videos)" for copy in copies),
        licence=licence,
        progress=progress,
    )
    unusable += [(e.sample.key, e.reason) for e in selection.excluded]
    return replace(made, left_out=(*unusable, *made.left_out)), selection.notes


def _tell(
    name: str, made: Produced, what: str, unusable: Sequence[tuple[str, str]], notes: Sequence[str]
) -> None:
    typer.echo(f"{name}: trained on {made.clips} {what} of {made.people} people.")
    for key, reason in (*unusable, *made.left_out):
        typer.echo(f"  left out: {key}: {reason}")
    for note in (*notes, *made.notes):
        typer.echo(f"  {note}")
    typer.echo(f"Model: {made.out}")
