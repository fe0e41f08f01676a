"""A run: contenders against one another, on the same clips, under one protocol, into one folder.

>>> from mien.contenders import make_contender                                     # doctest: +SKIP
>>> from mien.datasets import read_dataset                                         # doctest: +SKIP
>>> from mien.evaluation import benchmark, make_protocol                           # doctest: +SKIP
>>> found = benchmark(                                                             # doctest: +SKIP
...     [make_contender("lbptop-svm")], [read_dataset("casme2", "CASME2")], make_protocol("loso"), "run"
... )
>>> found.summary                                                                  # doctest: +SKIP

The folder (see :mod:`mien.evaluation.tables` for the tables)::

    run.json           what was run: protocol, classes, data with digests, contenders with digests, notes
    store/             one file a fold (mien.evaluation.store)
    predictions.csv    one row a contender, seed and tested clip, with probabilities
    folds.csv          one row a contender, seed and fold
    classes.csv        precision, recall and F1 of each class
    confusion.csv      what was taken for what
    summary.csv        one row a contender and part: the result
    baselines.csv      the same without any model
    left_out.csv       clips that are not in it, each with its reason
    results.md, .tex   the tables to read and to print
    timings.csv        how long each fold took: the only thing that differs from run to run

A run that was stopped, however rudely, goes on where it was when it is started again, and ends with the same
bytes.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from mien._version import __version__
from mien.datasets.manifest import DataSet, Sample
from mien.errors import InputError, MienError
from mien.evaluation.chance import Chance, chance_scores
from mien.evaluation.contender import Contender, Features, fit, probabilities, stacked, taken
from mien.evaluation.guards import (
    check_strangers,
    check_unscaled,
    check_unseen,
    missing_classes,
    person_of,
)
from mien.evaluation.parts import parts_of, rows_of
from mien.evaluation.protocols import Protocol
from mien.evaluation.selections import Excluded, Selection
from mien.evaluation.splitters import Fold, Plan
from mien.evaluation.store import FoldResult, ResultsStore, digest_of_plain
from mien.files import sweep
from mien.inputs.cache import ArrayCache
from mien.inputs.pipeline import compute, digest_of
from mien.jobs import Engine, check_engine, run_jobs
from mien.progress import Progress, ProgressHook, silent
from mien.sources import FeatureFile, Source

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "STORE",
    "Benchmark",
    "Failure",
    "LeftOut",
    "annotated_but_broken",
    "benchmark",
    "check_same_run",
    "run_folder",
    "versions",
]

STORE: Final = "store"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A clip that is not in the result.

    Attributes:
        dataset, subject, clip: which.
        reason: why, in words.
        by: ``"protocol"``: its rule leaves it out; ``"copy"``: the reader of the data set could not make a
            sample of it; ``"data"``: it could not be used.
    """

    dataset: str
    subject: str
    clip: str
    reason: str
    by: str


@dataclass(frozen=True, slots=True)
class Failure:
    """A fold that a contender could not do.

    Attributes:
        contender: its name.
        seed: of the training.
        fold: its name.
        reason: in words.
    """

    contender: str
    seed: int
    fold: str
    reason: str


@dataclass(frozen=True)
class Benchmark:
    """What came out.

    Attributes:
        protocol: what was asked.
        labels: the classes.
        contenders: name -> what it is.
        results: of every fold that was done, by contender, seed and fold.
        chance: the lines under the table.
        folds: their names, in order.
        left_out: clips that are not in it.
        failures: folds that were not done.
        notes: what a reader should know.
        settings: everything else that decides the result, as plain data.
        level: confidence of the intervals.
        replicates: draws they are made of.
    """

    protocol: Protocol
    labels: tuple[str, ...]
    contenders: dict[str, str]
    results: tuple[FoldResult, ...]
    chance: tuple[Chance, ...]
    folds: tuple[str, ...]
    left_out: tuple[LeftOut, ...]
    failures: tuple[Failure, ...]
    notes: tuple[str, ...]
    settings: dict[str, Any] = field(default_factory=dict)
    level: float = 0.95
    replicates: int = 2000

    @cached_property
    def summary(self) -> pd.DataFrame:
        """One row a contender and part: see :func:`mien.evaluation.tables.summary`."""
        from mien.evaluation.tables import summary

        return summary(self)

    def table(self) -> str:
        """The result for a person, as plain text."""
        from mien.evaluation.tables import plain

        return plain(self)

    def save(self, folder: str | Path) -> None:
        """Write all tables into a folder."""
        from mien.evaluation.tables import write

        write(self, Path(folder))


def benchmark(
    contenders: Sequence[Contender],
    datasets: Sequence[DataSet],
    protocol: Protocol,
    out: str | Path | None = None,
    *,
    seeds: Sequence[int] = (0,),
    jobs: int = 1,
    engine: Engine = "local",
    cache: ArrayCache | None = None,
    oracle: bool = False,
    trust_features: bool = False,
    level: float = 0.95,
    replicates: int = 2000,
    progress: ProgressHook = silent,
) -> Benchmark:
    """Train and test contenders in every fold of a protocol.

    What is drawn, chosen or fitted is so within a fold's training clips; a contender that breaks this is
    refused (:mod:`mien.evaluation.guards`). All contenders are compared on the same clips: one that a
    contender cannot use is left out for all, and said to be.

    Args:
        contenders: of different names.
        datasets: copies as their readers give them.
        protocol: from :func:`mien.evaluation.make_protocol`; of recognition.
        out: the run's folder; what it holds of earlier runs is not computed again. Nothing is written if
            ``None``.
        seeds: every fold is done with each of them; scores are means over seeds.
        jobs: folds and clips at once; -1: one on each core.
        engine: ``"local"`` or ``"ray"``, see :mod:`mien.jobs`.
        cache: for the clips' inputs.
        oracle: score random guesses by their best epoch on the test clips too.
        trust_features: take feature files even if they look scaled over all clips.
        level: confidence of the intervals.
        replicates: draws for the intervals.
        progress: told about clips and folds.

    Raises:
        InputError: the protocol does not fit the data, no clip is left, a guard refuses, or ``out`` holds
            a run of other data or another protocol, whose tables would be lost.
        MienError: a worker died; what was finished is kept.
    """
    contenders = _checked(contenders, seeds)
    engine = check_engine(engine)
    if protocol.select is None:
        raise InputError(f"the protocol {protocol.name} is not about recognition")
    folder = None if out is None else run_folder(Path(out))
    samples = {id(s): d for d in datasets for s in d.samples}
    selection = protocol.select([s for d in datasets for s in d.samples])
    left_out = [_left_out(e.sample, e.reason, "protocol") for e in selection.excluded]
    left_out += annotated_but_broken(datasets)
    clips = _Clips(selection, left_out)
    clips.find(samples)
    if len(clips.selection) and any(getattr(one, "seen", ()) for one in contenders):
        # before anything is prepared; again below, where clips that turned out unusable may change the folds
        _check_tested(contenders, _plan(protocol, clips.selection, contenders), clips.selection)
    progress(Progress("reading clips", 0, len(clips.sources)))
    read = clips.digests(cache)
    asked = {
        "protocol": protocol.name,
        "classes": digest_of_plain(selection.name, list(selection.labels)),
        "folds": digest_of_plain(repr(protocol.splitter(clips.selection))),
        "data": digest_of_plain(
            sorted(
                [sample.key, label, digest]
                for sample, label, digest in zip(
                    clips.selection.samples, clips.selection.classes, read, strict=True
                )
            )
        ),
    }
    if folder is not None:
        check_same_run(folder, asked)
    X = {
        c.name: clips.describe(c, cache=cache, jobs=jobs, engine=engine, progress=progress)
        for c in contenders
    }
    clips.agree(X)
    clips.unify()
    if not len(clips.selection):
        first = left_out[0].reason if left_out else "there is none"
        raise InputError(
            f"no clip is left to be tested; of the {len(left_out)} that are left out, one: {first}"
        )
    inputs = {name: stacked([arrays[i] for i in clips.kept]) for name, arrays in X.items()}
    for contender in contenders:
        features = inputs[contender.name]
        if getattr(contender, "flat", False) and isinstance(features, np.ndarray):
            inputs[contender.name] = features.reshape(len(features), -1)
    if not trust_features and any(isinstance(s, FeatureFile) for s in clips.sources):
        for features in inputs.values():
            if isinstance(features, np.ndarray):
                check_unscaled(features)
    plan = _plan(protocol, clips.selection, contenders)
    _check_tested(contenders, plan, clips.selection)
    digests = [
        read[i] or digest_of(source, cache) for i, source in zip(clips.kept, clips.sources, strict=True)
    ]
    tasks = _tasks(contenders, seeds, plan, clips, digests, inputs)
    if trust_features and any(isinstance(s, FeatureFile) for s in clips.sources):
        clips.notes.append("features were taken without a look whether a scaler saw all clips")
    twins = _twins(digests, clips.selection.subjects)
    if twins:
        clips.notes.append(f"the same files are under two people, which is not honest: {twins}")
    results, failures = _run(tasks, folder, jobs, engine, progress)
    settings = {
        "mien": __version__,
        "protocol": protocol.name,
        "selection": clips.selection.name,
        "labels": list(clips.selection.labels),
        "data": [
            {"name": d.name, "samples": len(d.samples), "sheets": dict(sorted(d.sheets.items()))}
            for d in datasets
        ],
        "clips": digest_of_plain([[s.key for s in clips.selection.samples], digests]),
        "contenders": {c.name: c.digest() for c in contenders},
        "seeds": list(seeds),
        "splitter": repr(protocol.splitter(clips.selection)),
        "asked": asked,
        "trust_features": trust_features,
        "oracle": oracle,
        "left_out": [[one.subject, one.clip, one.by] for one in left_out],
        "intervals": {"level": level, "replicates": replicates},
        "versions": versions(),
    }
    found = Benchmark(
        protocol=protocol,
        labels=clips.selection.labels,
        contenders={c.name: c.words for c in contenders},
        results=tuple(results),
        chance=_chance(protocol, plan, clips.selection, oracle),
        folds=tuple(fold.name for fold in plan.folds),
        left_out=tuple(left_out),
        failures=tuple(failures),
        notes=_notes(plan, clips, datasets),
        settings=settings,
        level=level,
        replicates=replicates,
    )
    if folder is not None:
        found.save(folder)
    if failures and not results:
        raise InputError(f"no fold could be done; {failures[0].contender}: {failures[0].reason}")
    return found


# --- the clips ----------------------------------------------------------------------------------------------


class _Clips:
    """The selected clips, of which some turn out to be unusable."""

    def __init__(self, selection: Selection, left_out: list[LeftOut]) -> None:
        self.selection = selection
        self.left_out = left_out
        self.sources: list[Source] = []
        self.kept: list[int] = []
        self.notes: list[str] = []
        self._bad: dict[int, str] = {}

    def find(self, of: dict[int, DataSet]) -> None:
        """Where each clip lies."""
        found: list[Source] = []
        keep = []
        for i, sample in enumerate(self.selection.samples):
            try:
                found.append(of[id(sample)].source(sample))
                keep.append(i)
            except InputError as error:
                self.left_out.append(_left_out(sample, str(error), "data"))
        self.sources = found
        self._restrict(keep)
        self.kept = list(range(len(found)))

    def digests(self, cache: ArrayCache | None) -> list[str]:
        """Of what is in each clip's files; empty where they cannot be read, which a contender will say."""
        found = []
        for source in self.sources:
            try:
                found.append(digest_of(source, cache))
            except InputError:
                found.append("")
        return found

    def describe(
        self,
        contender: Contender,
        *,
        cache: ArrayCache | None,
        jobs: int,
        engine: Engine,
        progress: ProgressHook,
    ) -> list[NDArray[Any]]:
        """A contender's input of each clip; of a clip that it cannot use, nothing."""
        steps: dict[str, tuple[Any, list[int]]] = {}
        arrays: list[NDArray[Any]] = [np.empty(0)] * len(self.sources)
        for i, source in enumerate(self.sources):
            try:
                step = contender.step_for(source)
            except InputError as error:
                self._bad.setdefault(i, f"{contender.name}: {error}")
                continue
            steps.setdefault(step.digest(), (step, []))[1].append(i)
        if not steps and self.sources:
            raise InputError(next(iter(self._bad.values())))
        for step, which in steps.values():
            results = compute(
                [self.sources[i] for i in which],
                step,
                cache=cache,
                jobs=jobs,
                engine=engine,
                progress=progress,
                stage=f"preparing clips for {contender.name}",
            )
            for i, result in zip(which, results, strict=True):
                if isinstance(result, InputError):
                    self._bad.setdefault(i, f"{contender.name}: {result}")
                else:
                    arrays[i] = result
        return arrays

    def unify(self) -> None:
        """One person, one name: copies spell people in several ways."""
        names: dict[str, str] = {}
        samples = []
        for sample in self.selection.samples:
            first = names.setdefault(person_of(sample.subject), sample.subject)
            if first.partition("/")[0] != sample.dataset:
                raise InputError(
                    f"{sample.subject} and {first} are one person, who would be trained and tested on: "
                    f"{sample.dataset} shows the people of {first.partition('/')[0]}. Take one of them"
                )
            if first != sample.subject:
                self.notes.append(f"{sample.subject} and {first} are taken for one person")
                sample = replace(sample, subject=first)
            samples.append(sample)
        self.selection = replace(self.selection, samples=tuple(samples))

    def _odd(self, X: dict[str, list[NDArray[Any]]]) -> None:
        """Feature files whose matrix has another shape than most: no classifier takes both."""
        for name, arrays in X.items():
            own = [i for i, s in enumerate(self.sources) if isinstance(s, FeatureFile) and i not in self._bad]
            shapes = [arrays[i].shape for i in own]
            if len(set(shapes)) < 2:
                continue
            usual = max(dict.fromkeys(shapes), key=shapes.count)
            if 2 * shapes.count(usual) <= len(shapes):
                told = ", ".join("×".join(map(str, s)) for s in list(dict.fromkeys(shapes))[:4])
                raise InputError(
                    f"the clips' matrices differ in shape ({told}, ...): bring them to one length first"
                )
            for i, shape in zip(own, shapes, strict=True):
                if shape != usual:
                    ours, theirs = ("×".join(map(str, s)) for s in (shape, usual))
                    self._bad[i] = f"{name}: its matrix is {ours}, those of most clips are {theirs}"

    def agree(self, X: dict[str, list[NDArray[Any]]]) -> None:
        """Leave out, for everybody, what somebody cannot use."""
        self._odd(X)
        for i, reason in sorted(self._bad.items()):
            self.left_out.append(_left_out(self.selection.samples[i], reason, "data"))
        self.kept = [i for i in range(len(self.sources)) if i not in self._bad]
        self.sources = [self.sources[i] for i in self.kept]
        self._restrict(self.kept)

    def _restrict(self, keep: Sequence[int]) -> None:
        own = self.selection
        keep_set = set(keep)
        gone = tuple(Excluded(s, "it cannot be used") for i, s in enumerate(own.samples) if i not in keep_set)
        self.selection = replace(
            own,
            samples=tuple(own.samples[i] for i in keep),
            classes=tuple(own.classes[i] for i in keep),
            excluded=own.excluded + gone,
        )


def _left_out(sample: Sample, reason: str, by: str) -> LeftOut:
    return LeftOut(sample.dataset, sample.subject, sample.clip, reason, by)


def annotated_but_broken(datasets: Sequence[DataSet]) -> list[LeftOut]:
    """Annotated clips that a reader could not make a sample of."""
    found: dict[tuple[str, str], LeftOut] = {}
    for data in datasets:
        there = {(s.subject, s.clip) for s in data.samples}
        for problem in data.problems:
            who = (problem.subject, problem.clip)
            if problem.severity == "broken" and problem.clip and who not in there:
                dataset = problem.subject.partition("/")[0] or data.name
                found.setdefault(who, LeftOut(dataset, *who, problem.text, "copy"))
    return list(found.values())


def _plan(protocol: Protocol, selection: Selection, contenders: Sequence[Contender]) -> Plan:
    """The folds; one without training where nobody is trained and the data bring no parts of their own."""
    untrained = not any(c.needs_training for c in contenders)
    if protocol.name == "test" and untrained:
        try:
            return protocol.splitter(selection).plan(selection.subjects)
        except InputError:
            everything = np.arange(len(selection))
            return Plan((Fold("test", everything[:0], everything),), ())
    return protocol.splitter(selection).plan(selection.subjects, selection.classes)


def _check_tested(contenders: Sequence[Contender], plan: Plan, selection: Selection) -> None:
    """Refuse contenders that know somebody who is tested in any fold; whom they train on, they may know."""
    tested = {selection.subjects[i] for fold in plan.folds for i in fold.test.tolist()}
    for one in contenders:
        check_strangers(one.name, getattr(one, "seen", ()), tested)


# --- the folds ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Task:
    """One contender, one fold, one seed."""

    key: str
    contender: Contender
    seed: int
    fold: Fold
    labels: tuple[str, ...]
    X: Features
    classes: NDArray[np.str_]
    subjects: NDArray[np.str_]
    clips: tuple[str, ...]
    datasets: tuple[str, ...]


def _tasks(
    contenders: Sequence[Contender],
    seeds: Sequence[int],
    plan: Plan,
    clips: _Clips,
    digests: Sequence[str],
    inputs: dict[str, Features],
) -> list[_Task]:
    selection = clips.selection
    classes, subjects = np.array(selection.classes), np.array(selection.subjects)
    names = tuple(s.key for s in selection.samples)
    rows = [list(row) for row in zip(names, selection.subjects, selection.classes, digests, strict=True)]
    known = versions()  # another release of scikit-learn may give other numbers
    sides = [
        digest_of_plain(fold.name, [rows[i] for i in fold.train], [rows[i] for i in fold.test])
        for fold in plan.folds
    ]
    return [
        _Task(
            digest_of_plain(contender.digest(), contender.name, known, side, list(selection.labels), seed),
            contender,
            seed,
            fold,
            selection.labels,
            inputs[contender.name],
            classes,
            subjects,
            names,
            selection.datasets,
        )
        for contender in contenders
        for seed in seeds
        for fold, side in zip(plan.folds, sides, strict=True)
    ]


def _run(
    tasks: Sequence[_Task], folder: Path | None, jobs: int, engine: Engine, progress: ProgressHook
) -> tuple[list[FoldResult], list[Failure]]:
    """Every task's result, or the reason why there is none; what the store holds is not done again."""
    store = None if folder is None else ResultsStore(folder / STORE)
    results: dict[str, FoldResult] = {}
    if store is not None:
        for task in tasks:
            if (known := store.get(task.key)) is not None:
                results[task.key] = known
    failures: dict[str, Failure] = {}
    waiting = [task for task in tasks if task.key not in results]
    progress(Progress("folds", len(results), len(tasks)))
    for i, (result, reason, seconds) in run_jobs(_work, waiting, jobs=jobs, engine=engine):
        task = waiting[i]
        if result is None:
            failures[task.key] = Failure(task.contender.name, task.seed, task.fold.name, reason)
        else:
            results[task.key] = result
            if store is not None:
                store.put(task.key, result)
        if folder is not None:
            _note_time(folder / "timings.csv", task, seconds)
        progress(Progress("folds", len(results) + len(failures), len(tasks)))
    done = [results[task.key] for task in tasks if task.key in results]
    return done, [failures[task.key] for task in tasks if task.key in failures]


def _work(task: _Task) -> tuple[FoldResult | None, str, float]:
    """Train and test; runs anywhere."""
    began = time.perf_counter()
    train, test = task.fold.train, task.fold.test
    groups, y = task.subjects.tolist(), task.classes[train]
    notes: list[str] = []
    try:
        estimator = task.contender.make(task.labels, task.seed)
        if task.contender.needs_training:
            if not len(train):
                raise InputError("there is no clip to train on")
            if lacking := missing_classes(y.tolist(), task.labels):
                notes.append(f"no training clip is {' or '.join(lacking)}")
            fit(estimator, taken(task.X, train), y, task.subjects[train])
            chosen = getattr(estimator, "chosen_on_", None)
            if chosen is not None:
                check_unseen(f"{task.contender.name} chose its hyper-parameters", train[chosen], test, groups)
        rows = probabilities(estimator, taken(task.X, test), task.labels)
    except Exception as error:  # whatever one fold stumbles over, the others go on; it is reported by name
        words = " ".join(str(error).split()) or "no reason given"
        reason = words if isinstance(error, MienError) else f"{type(error).__name__}: {words}"
        return None, reason, time.perf_counter() - began
    result = FoldResult(
        contender=task.contender.name,
        seed=task.seed,
        fold=task.fold.name,
        labels=task.labels,
        clips=tuple(task.clips[i] for i in test),
        subjects=tuple(groups[i] for i in test),
        datasets=tuple(task.datasets[i] for i in test),
        truth=tuple(task.classes[test].tolist()),
        probabilities=tuple(tuple(map(float, row)) for row in rows.tolist()),
        trained_on=len(train) if task.contender.needs_training else 0,
        notes=tuple(notes),
    )
    return result, "", time.perf_counter() - began


def _note_time(path: Path, task: _Task, seconds: float) -> None:
    """Append a line; times live apart from results, which compare byte by byte."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = not path.exists()
    with path.open("a", encoding="utf-8") as file:
        if new:
            file.write("model,seed,fold,seconds\n")
        file.write(f'"{task.contender.name}",{task.seed},"{task.fold.name}",{seconds:.3f}\n')


# --- what came out ------------------------------------------------------------------------------------------


def _chance(protocol: Protocol, plan: Plan, selection: Selection, oracle: bool) -> tuple[Chance, ...]:
    rows = rows_of(plan.folds)
    parts = parts_of(
        [plan.folds[f].name for f in rows.fold],
        [selection.datasets[i] for i in rows.clip],
        by_fold=protocol.pooling == "folds",
        by_dataset=protocol.by_dataset,
    )
    return chance_scores(selection.classes, selection.labels, rows, parts, oracle=oracle)


def _notes(plan: Plan, clips: _Clips, datasets: Sequence[DataSet]) -> tuple[str, ...]:
    matched = [p.text.rstrip(".") for data in datasets for p in data.problems if p.topic == "matched"]
    notes = [*matched, *clips.selection.notes, *clips.notes, *plan.notes]
    unusable = sum(one.by == "data" for one in clips.left_out)
    if unusable:
        notes.append(
            f"{unusable} of {len(clips.selection) + unusable} clips could not be used and are left out for "
            "every model; left_out.csv says why"
        )
    if broken := sum(one.by == "copy" for one in clips.left_out):
        notes.append(
            f"{broken} annotated clips of these copies are broken (left_out.csv; `mien doctor` says more)"
        )
    return tuple(dict.fromkeys(notes))


def _checked(contenders: Sequence[Contender], seeds: Sequence[int]) -> Sequence[Contender]:
    if not contenders or not seeds:
        raise InputError("give at least one model and one seed")
    names = [c.name for c in contenders]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise InputError(f"two models are called {twice[0]}; their results could not be told apart")
    if len(set(seeds)) != len(seeds):
        raise InputError("a seed is named twice")
    return contenders


def _twins(digests: Sequence[str], subjects: Sequence[str]) -> str:
    """Some pairs of people under whose names the same files lie, in words."""
    first: dict[str, str] = {}
    pairs = []
    for digest, subject in zip(digests, subjects, strict=True):
        if first.setdefault(digest, subject) != subject:
            pairs.append(f"{first[digest]} and {subject}")
    return ", ".join(list(dict.fromkeys(pairs))[:5])


def run_folder(folder: Path) -> Path:
    """A run's folder, made; one that is ours, or empty, or was not there.

    Raises:
        InputError: it holds something else, or cannot be written.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file. Name a folder with --out.")
    try:
        strange = folder.is_dir() and any(folder.iterdir()) and not (folder / STORE).is_dir()
        if strange and not (folder / "run.json").is_file():
            raise InputError(f"{folder} holds something that is no run of mien's. Name another with --out.")
        (folder / STORE).mkdir(parents=True, exist_ok=True)
        sweep(folder)
    except OSError as error:
        raise InputError(f"Cannot write to {folder}: {(error.strerror or str(error)).lower()}.") from error
    return folder


_OTHER: Final = {
    "protocol": "under another protocol",
    "classes": "in other classes",
    "data": "on other data",
    "folds": "in other folds",
}
"""What may differ, in words; whoever takes other data has other folds, too."""


def check_same_run(folder: Path, asked: dict[str, str]) -> None:
    """Refuse to replace the tables of a run of something else; more models on the same may come.

    Args:
        folder: the run's, in which there may be no run yet.
        asked: a digest, or the name, of each of protocol, classes, folds and data.

    Raises:
        InputError: its ``run.json`` says that something else was asked, or cannot be read.
    """
    path = folder / "run.json"
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return
    except OSError as error:
        raise InputError(
            f"{path} cannot be read ({(error.strerror or str(error)).lower()}), so what was run there is not "
            "known. Give another --out."
        ) from error
    except ValueError:
        return  # damaged: there is nothing to be kept
    if not isinstance(told, dict):
        return
    before = told.get("asked")
    # older runs have the protocol alone
    earlier = {"protocol": told.get("protocol"), **(before if isinstance(before, dict) else {})}
    differ = [words for part, words in _OTHER.items() if earlier.get(part) not in (None, asked.get(part))]
    if differ:
        raise InputError(
            f"{folder} holds a run {differ[0]}, whose tables would be replaced. Give another --out (or "
            f"delete {path}, if they may go)."
        )


def versions() -> dict[str, str]:
    """Of what decides the numbers."""
    from importlib.metadata import PackageNotFoundError, version

    found = {}
    for name in ("numpy", "scipy", "opencv-contrib-python-headless", "scikit-learn", "onnxruntime", "torch"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
