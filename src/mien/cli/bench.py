"""``mien bench``: parse, compose, call, print."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mien.errors import InputError

if TYPE_CHECKING:
    from mien.cli import Screen
    from mien.datasets import DataSet
    from mien.evaluation import Benchmark, Contender, Protocol, SpottingBenchmark, SpottingContender
    from mien.inputs import ArrayCache

__all__ = ["EPILOG", "SEVERAL", "bench", "spread"]

SEVERAL = ("--data", "--model", "--compare")
"""Options that may be followed by several values."""

EPILOG = """**Examples**

```
mien bench --data casme2=CASME2 --protocol loso --rule casme2-five --model lbptop-svm hoof-svm --out run
mien bench --data smic=SMIC casme2=CASME2 samm=SAMM --protocol megc2019 --model flow-logreg --out run --jobs 2
mien bench --data flow=maps --protocol megc2019 --model flow-logreg --out run --oracle
mien bench --data features=mine --key lbptop --protocol loso --model svm:kernel=poly --out run
mien bench --data flow=maps --protocol test --model flow-image --out run
mien bench --data cas-me-2=CASME2LONG samm-lv=SAMMLV --protocol spotting --model region-flow mdmd --out run
mien bench --data samm-lv=SAMMLV --protocol spotting --model spotter.onnx region-flow --out run
mien bench --compare run-a run-b
```

A run that was stopped goes on where it was when the same command is given again.
"""


def spread(arguments: Sequence[str]) -> list[str]:
    """``--model a b`` as ``--model a --model b``: what stands alone comes first in these verbs."""
    if not arguments or arguments[0] not in ("bench", "train"):
        return list(arguments)
    out: list[str] = []
    current = ""
    fresh = False
    for word in arguments[1:]:
        if word.startswith("-") and word != "-":
            current = word if word in SEVERAL else ""
            fresh = True
            out.append(word)
        elif current and not fresh:
            out += [current, word]
        else:
            out.append(word)
            fresh = False
    return [arguments[0], *out]


_About = "What is asked"
_How = "Running"


def bench(
    data: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=ROOT",
            help="A data set and your copy of it (`mien datasets` lists the names); several may follow.",
            show_default=False,
            rich_help_panel=_About,
        ),
    ] = None,
    protocol: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="loso, cde2018, hde2018, megc2019, hde3, kfold, holdout, test or spotting.",
            show_default=False,
            rich_help_panel=_About,
        ),
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME[:OPTION=VALUE,...]",
            help="What to compare: a baseline, or a model file (.onnx); several may follow.",
            show_default=False,
            rich_help_panel=_About,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="The run's folder; what it holds already is not computed again.",
            show_default=False,
            rich_help_panel=_About,
        ),
    ] = None,
    rule: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Label rule of protocols that have no classes of their own: three, four, casme2-five, ...  "
            "[default: three]",
            show_default=False,
            rich_help_panel=_About,
        ),
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option(
            metavar="KIND", help="Only micro or only macro.", show_default=False, rich_help_panel=_About
        ),
    ] = None,
    part: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Only this part of a data set (HS, A, ...); may be repeated.",
            show_default=False,
            rich_help_panel=_About,
        ),
    ] = None,
    key: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="The matrix to take from feature files.",
            show_default=False,
            rich_help_panel=_About,
        ),
    ] = None,
    pictures: Annotated[
        str | None,
        typer.Option(
            metavar="WHICH",
            help="Which pictures of a data set, where it has several: raw, cropped.",
            show_default=False,
            rich_help_panel=_About,
        ),
    ] = None,
    folds: Annotated[int, typer.Option(metavar="K", help="Of kfold.", rich_help_panel=_About)] = 5,
    share: Annotated[
        float, typer.Option(metavar="S", help="Of the people tested in holdout.", rich_help_panel=_About)
    ] = 0.2,
    seeds: Annotated[
        int,
        typer.Option(metavar="N", help="Train with so many seeds; scores are means.", rich_help_panel=_About),
    ] = 1,
    compare: Annotated[
        list[str] | None,
        typer.Option(
            metavar="RUN",
            help="Compare with these earlier runs, person by person; without --data only that.",
            show_default=False,
            rich_help_panel=_About,
        ),
    ] = None,
    oracle: Annotated[
        bool,
        typer.Option(
            "--oracle",
            help="Also score random guesses by their best epoch on the test clips.",
            rich_help_panel=_About,
        ),
    ] = False,
    trust_features: Annotated[
        bool,
        typer.Option(
            "--trust-features",
            help="Take feature files that look scaled over all clips.",
            rich_help_panel=_About,
        ),
    ] = False,
    jobs: Annotated[
        int,
        typer.Option(metavar="N", help="At once; -1 for one on each processor core.", rich_help_panel=_How),
    ] = 1,
    engine: Annotated[
        str, typer.Option(metavar="NAME", help="local, or ray for a cluster.", rich_help_panel=_How)
    ] = "local",
    cache: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Where prepared clips are kept.  [default: mien's own place]",
            show_default=False,
            rich_help_panel=_How,
        ),
    ] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print nothing but errors.", rich_help_panel=_How)
    ] = False,
) -> None:
    """Train and test models on your copies of data sets, and say how sure the numbers are.

    Every model is trained anew in each fold of a protocol, on the fold's training people only, and tested on
    the others. Results, predictions and tables go to --out; what no model at all would score stands under the
    table. `mien bench --compare` sets runs side by side.
    """
    if not data:
        if not compare:
            raise InputError("Say what to compare on: --data NAME=ROOT (and --protocol, --model, --out).")
        if len(compare) < 1 or model or out:
            raise InputError("Without --data, --compare only takes the folders of earlier runs.")
        _compare(compare)
        return
    wanted = {"--protocol": protocol, "--model": model, "--out": out}
    if missing := [flag for flag, value in wanted.items() if not value]:
        raise InputError(f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing.")
    assert protocol is not None
    assert model is not None
    assert out is not None
    if key is not None and not any(text.startswith("features=") for text in data):
        raise InputError("--key is for feature files (--data features=ROOT).")
    if compare:
        from mien.evaluation.compare import read_run

        for folder in compare:
            read_run(folder)  # before hours of work
    copies = [read_copy(text, key, pictures) for text in data]
    _check_applies(protocol, copies, {"--rule": rule, "--kind": kind, "--part": part})
    how = _protocol(
        protocol, copies, rule=rule or "three", kind=kind, parts=part, n_splits=folds, share=share
    )
    if seeds < 1:
        raise InputError(f"--seeds {seeds}: one at least.")
    from mien.cli import Screen

    found: Benchmark | SpottingBenchmark
    with Screen(quiet, several=False) as screen:
        if how.task == "spotting":
            if kind or oracle or compare:
                raise InputError("--kind, --oracle and --compare are for recognition, not for spotting.")
            options: dict[str, Any] = {"parts": part, "seeds": range(seeds), "jobs": jobs, "engine": engine}
            found = _spot(model, copies, how, out, screen, cache, **options)
        else:
            found = _run(
                model,
                copies,
                how,
                out,
                screen,
                cache,
                seeds=range(seeds),
                jobs=jobs,
                engine=engine,
                oracle=oracle,
                trust_features=trust_features,
            )
    if not quiet:
        typer.echo(found.table())
        typer.echo(f"\nEverything: {out}")
    if compare:
        _compare([str(out), *compare])
    if found.failures:
        one = found.failures[0]
        raise InputError(
            f"{len(found.failures)} folds could not be done, for instance {one.contender} in fold "
            f"{one.fold}: {one.reason}. The others are in {out}; "
            f"{'videos' if how.task == 'spotting' else 'folds'}.csv lists all."
        )


def _check_applies(protocol: str, copies: Sequence[DataSet], given: Mapping[str, Any]) -> None:
    """Refuse options that would be ignored: a table must be of what was asked."""
    from mien.evaluation import SELECTIONS

    flags = [flag for flag, value in given.items() if value]
    ready = any(copy.form != "pictures" for copy in copies)
    if flags and protocol != "spotting" and (ready or protocol in ("cde2018", "hde2018", "megc2019", "hde3")):
        why = "clips that others prepared bring their classes" if ready else f"{protocol} has its own clips"
        raise InputError(f"{' and '.join(flags)} cannot be used here: {why}.")
    if given["--rule"] in SELECTIONS and flags != ["--rule"]:
        raise InputError(
            f"--rule {given['--rule']} is a list of its own; --kind and --part do not go with it."
        )


def read_copy(text: str, key: str | None, pictures: str | None) -> DataSet:
    """A copy of a data set, from ``NAME=ROOT``."""
    import inspect

    from mien.datasets import READERS, reader_of

    name, equals, root = text.partition("=")
    if not equals or not root:
        raise InputError(
            f"--data {text}: write the data set's name and its folder, as in casme2=/data/CASME2."
        )
    if name not in READERS:
        raise InputError(f"--data {text}: there is no data set {name!r}; choose one of {', '.join(READERS)}.")
    reader = reader_of(name)
    takes = inspect.signature(reader).parameters
    options: dict[str, Any] = {}
    if key is not None and "key" in takes:
        options["key"] = key
    if pictures is not None and "pictures" in takes:
        options["pictures"] = pictures
    return reader(Path(root).expanduser(), **options)


def _protocol(name: str, copies: Sequence[DataSet], **options: Any) -> Protocol:
    """The protocol; of clips that others prepared, their labels are the classes."""
    from mien.evaluation import make_protocol, select_prepared
    from mien.labels import VOCABULARIES

    ready = [copy for copy in copies if copy.form != "pictures"]
    if not ready:
        return make_protocol(name, **options)
    if len(ready) < len(copies):
        raise InputError(
            "Flow pictures or feature files and data sets of faces cannot be in one run: their classes and "
            "clips were chosen by others. Compare two runs instead (--compare)."
        )
    if name.endswith("2018"):
        raise InputError(
            f"{name} goes by objective classes, and these clips are labelled "
            f"{', '.join(VOCABULARIES['three'].labels)}. Take megc2019, hde3 or loso."
        )
    like = "megc2019" if name in ("megc2019", "hde3") else ""
    return make_protocol(name, select=partial(select_prepared, like=like), **options)


def _run(
    models: Sequence[str],
    copies: Sequence[DataSet],
    protocol: Protocol,
    out: Path,
    screen: Screen,
    cache: Path | None,
    *,
    engine: str,
    **how: Any,
) -> Benchmark:
    from mien.evaluation import benchmark
    from mien.jobs import check_engine

    return benchmark(
        [contender(text) for text in models],
        copies,
        protocol,
        out,
        cache=clip_cache(cache),
        engine=check_engine(engine),
        progress=screen.progress,
        **how,
    )


def clip_cache(folder: Path | None) -> ArrayCache:
    """The cache of prepared clips, by default in mien's own place."""
    from mien.inputs import ArrayCache, default_cache_dir

    return ArrayCache(folder or default_cache_dir() / "clips", max_bytes=CACHE_BYTES)


def contender(text: str) -> Contender:
    """A baseline, a model file or a network, by what the user writes.

    Raises:
        InputError: there is none of that name; the message lists them all.
    """
    from mien.contenders import CONTENDERS, make_contender
    from mien.models import MODELS
    from mien.weights import SHIPPED

    name = text.partition(":")[0].strip()
    if name.replace("-", "_") in MODELS:
        from mien.training.systems import make_system

        return make_system(text)
    if name not in (*CONTENDERS, *SHIPPED) and not text.lower().endswith(".onnx"):
        raise InputError(
            f"There is no model {name!r}. Baselines: {', '.join(CONTENDERS)}; networks: {', '.join(MODELS)}; "
            f"trained models that come with mien: {', '.join(SHIPPED)}; "
            "or the path of a model file, which ends in .onnx."
        )
    return make_contender(text)


def _spot(
    models: Sequence[str],
    copies: Sequence[DataSet],
    protocol: Protocol,
    out: Path,
    screen: Screen,
    cache: Path | None,
    *,
    engine: str,
    **how: Any,
) -> SpottingBenchmark:
    from mien.evaluation import benchmark_spotting
    from mien.jobs import check_engine

    return benchmark_spotting(
        [spotting_contender(text) for text in models],
        copies,
        protocol,
        out,
        cache=clip_cache(cache),
        engine=check_engine(engine),
        progress=screen.progress,
        **how,
    )


def spotting_contender(text: str) -> SpottingContender:
    """A spotter, trained or not, by what the user writes.

    Raises:
        InputError: there is none of that name (the message lists them all), or the file is no spotter.
    """
    if text.lower().endswith(".onnx"):
        from mien.contenders.model import open_spotter

        return open_spotter(text)
    from mien.contenders.spotters import SPOTTING_CONTENDERS, make_spotting_contender

    name, colon, given = text.partition(":")
    if name.strip() == "smeconvnet":
        from mien.contenders.options import parse_options
        from mien.training.spotters import SmeconvnetSpotting

        return SmeconvnetSpotting(**parse_options(SmeconvnetSpotting, "smeconvnet", given) if colon else {})
    if name.strip() not in SPOTTING_CONTENDERS:
        raise InputError(
            f"{name!r} cannot find expressions in long videos; choose one of "
            f"{', '.join((*SPOTTING_CONTENDERS, 'smeconvnet'))}, or give a spotter's model file, which ends "
            "in .onnx."
        )
    return make_spotting_contender(text)


def _compare(folders: Sequence[str]) -> None:
    from mien.evaluation.compare import comparison, read_run

    table = comparison([read_run(folder) for folder in folders])
    rows = [["score", "first", "second", "first", "second", "difference [95%]", "p", "clips", "people", ""]]
    rows += [
        [
            str(r["score"]).upper(),
            str(r["first"]),
            str(r["second"]),
            f"{r['first_value']:.3f}",
            f"{r['second_value']:.3f}",
            f"{r['difference']:+.3f} [{r['low']:+.3f}, {r['high']:+.3f}]",
            "-" if r["p"] != r["p"] else f"{r['p']:.3f}",
            str(r["n"]),
            str(r["subjects"]),
            str(r["note"]),
        ]
        for r in table.to_dict("records")
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        typer.echo("  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip())


CACHE_BYTES = 30 * 2**30
"""Bound of the cache of prepared clips: CASME II, SAMM and SMIC at 256 pixels take a sixth of it."""
