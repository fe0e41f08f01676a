"""A spotting run: who finds the expressions in long videos, on the same videos, into one folder.

>>> from mien.contenders.spotters import make_spotting_contender                   # doctest: +SKIP
>>> from mien.datasets import read_dataset                                         # doctest: +SKIP
>>> from mien.evaluation import benchmark_spotting, make_protocol                  # doctest: +SKIP
>>> found = benchmark_spotting(                                                    # doctest: +SKIP
...     [make_spotting_contender("region-flow")], [read_dataset("samm-lv", "SAMM")],
...     make_protocol("spotting"), "run",
... )
>>> found.summary                                                                  # doctest: +SKIP

All footage of the data sets is searched, also that in which nothing happens. A contender that learns nothing
sees every video by itself; one that learns is trained anew in each fold. Its folder (see
:mod:`mien.evaluation.spotting_tables`)::

    run.json           what was run: protocol, data and contenders with digests, notes
    store/             one file a video (of those that learn: a fold) with the events
    predictions.csv    one row an event, with the expression that it found
    expressions.csv    one row a contender and expression, found or missed
    videos.csv         one row a contender and video: counts
    summary.csv        one row a contender, part and kind: the result
    apex.csv           the apex in videos with exactly one expression
    baselines.csv      random intervals
    left_out.csv       videos and expressions that are not in it, each with its reason
    results.md, .tex   the tables to read and to print
    timings.csv        how long each video or fold took: the only thing that differs from run to run

A run that was stopped, however rudely, goes on where it was and ends with the same bytes.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from mien._version import __version__
from mien.datasets.manifest import DataSet, Footage
from mien.errors import InputError, MienError
from mien.evaluation.contender import SpottingContender
from mien.evaluation.guards import check_strangers, check_unseen
from mien.evaluation.protocols import Protocol
from mien.evaluation.runs import (
    STORE,
    Failure,
    LeftOut,
    annotated_but_broken,
    check_same_run,
    run_folder,
    versions,
)
from mien.evaluation.splitters import Fold
from mien.evaluation.spotting_chance import RandomIntervals, random_intervals
from mien.evaluation.spotting_lists import SpottingVideo, recording_of, select_spotting
from mien.evaluation.spotting_results import (
    Matched,
    SearchedVideo,
    SpottingResult,
    SpottingStore,
    found_expressions,
)
from mien.evaluation.store import digest_of_plain
from mien.events import MICRO_MAX_S
from mien.inputs.cache import ArrayCache
from mien.inputs.pipeline import Step, compute, digest_of
from mien.jobs import Engine, check_engine, run_jobs
from mien.progress import Progress, ProgressHook, silent
from mien.sources import Recording

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["SpottingBenchmark", "benchmark_spotting"]


@dataclass(frozen=True)
class SpottingBenchmark:
    """What came out.

    Attributes:
        protocol: what was asked.
        contenders: name -> what it is.
        videos: that everybody searched.
        results: by contender, seed and video or fold.
        chance: what random intervals score.
        left_out: videos and expressions that are not in it.
        failures: folds that were not done.
        notes: what a reader should know.
        settings: everything else that decides the result, as plain data.
        level: confidence of the intervals.
        replicates: draws they are made of.
    """

    protocol: Protocol
    contenders: dict[str, str]
    videos: tuple[SearchedVideo, ...]
    results: tuple[SpottingResult, ...]
    chance: tuple[RandomIntervals, ...]
    left_out: tuple[LeftOut, ...]
    failures: tuple[Failure, ...]
    notes: tuple[str, ...]
    settings: dict[str, Any] = field(default_factory=dict)
    level: float = 0.95
    replicates: int = 2000

    @cached_property
    def matched(self) -> tuple[Matched, ...]:
        """Every contender's events beside the expressions, by contender, seed and video."""
        place = {video.key: i for i, video in enumerate(self.videos)}
        rank = {name: i for i, name in enumerate(self.contenders)}
        found = [
            Matched(r.contender, r.seed, r.fold, self.videos[place[key]], events)
            for r in self.results
            for key, events in zip(r.videos, r.events, strict=True)
        ]
        return tuple(sorted(found, key=lambda m: (rank[m.contender], m.seed, place[m.video.key])))

    @cached_property
    def summary(self) -> pd.DataFrame:
        """One row a contender, part and kind: see :func:`mien.evaluation.spotting_tables.summary`."""
        from mien.evaluation.spotting_tables import summary

        return summary(self)

    def table(self) -> str:
        """The result for a person, as plain text."""
        from mien.evaluation.spotting_tables import plain

        return plain(self)

    def save(self, folder: str | Path) -> None:
        """Write all tables into a folder."""
        from mien.evaluation.spotting_tables import write

        write(self, Path(folder))


def benchmark_spotting(
    contenders: Sequence[SpottingContender],
    datasets: Sequence[DataSet],
    protocol: Protocol,
    out: str | Path | None = None,
    *,
    parts: Sequence[str] | None = None,
    seeds: Sequence[int] = (0,),
    jobs: int = 1,
    engine: Engine = "local",
    cache: ArrayCache | None = None,
    level: float = 0.95,
    replicates: int = 2000,
    progress: ProgressHook = silent,
) -> SpottingBenchmark:
    """Let contenders look for expressions in every video of data sets.

    All contenders are compared on the same videos: one that a contender cannot use is left out for all, with
    its expressions, and said to be.

    Args:
        contenders: of different names.
        datasets: copies as their readers give them; long videos, or clips with one expression each.
        protocol: ``make_protocol("spotting")``.
        out: the run's folder; what it holds of earlier runs is not computed again. Nothing is written if
            ``None``.
        parts: only these parts of data sets.
        seeds: contenders that learn do every fold with each of them; scores are means over seeds.
        jobs: videos and folds at once; -1: one on each core.
        engine: ``"local"`` or ``"ray"``, see :mod:`mien.jobs`.
        cache: for what is made of the videos.
        level: confidence of the intervals.
        replicates: draws for the intervals.
        progress: told about videos and folds.

    Raises:
        InputError: the protocol or a contender is not about spotting, the data are no videos, no video is
            left, a guard refuses, or ``out`` holds a run of other data or another protocol, whose tables
            would be lost.
        MienError: a worker died; what was finished is kept.
    """
    engine = check_engine(engine)
    _check(contenders, datasets, protocol, seeds)
    footage = [f for d in datasets for f in d.footage if parts is None or f.part in parts]
    samples = [s for d in datasets for s in d.samples if parts is None or s.part in parts]
    selection = select_spotting(footage, samples)
    left_out = [
        LeftOut(e.sample.dataset, e.sample.subject, e.sample.clip, e.reason, "protocol")
        for e in selection.excluded
    ]
    left_out += annotated_but_broken(datasets)
    videos = _Videos(selection.videos, left_out)
    videos.find(cache, progress)
    for one in contenders:
        check_strangers(one.name, getattr(one, "seen", ()), [v.subject for v in videos.searched])
    folder = None if out is None else run_folder(Path(out))
    asked = {
        "protocol": protocol.name,
        "folds": digest_of_plain(repr(protocol.splitter(None))),
        "data": digest_of_plain(
            sorted(
                [v.key, digest, [asdict(e) for e in v.expressions]]
                for v, digest in zip(videos.searched, videos.digests, strict=True)
            )
        ),
    }
    if folder is not None:
        check_same_run(folder, asked)
    how = _How(folder, jobs, engine, cache, progress)
    untrained = [c for c in contenders if not c.needs_training]
    trained = [c for c in contenders if c.needs_training]
    results = _search(untrained, videos, how)
    X = {c.name: _describe(c, videos, how) for c in trained}
    digests = videos.agree()
    if not videos.searched:
        reasons = "; ".join(dict.fromkeys(one.reason for one in left_out[:200]))
        raise InputError(f"no video is left to be searched. {reasons[:600]}")
    kept = {video.key for video in videos.searched}
    results = [r for r in results if r.videos[0] in kept]
    learned, failures, plan_notes = _learn(trained, X, videos, digests, protocol, seeds, how)
    expressions = [[asdict(e) for e in v.expressions] for v in videos.searched]
    settings = {
        "mien": __version__,
        "protocol": protocol.name,
        "data": [
            {"name": d.name, "footage": len(d.footage), "sheets": dict(sorted(d.sheets.items()))}
            for d in datasets
        ],
        "asked": asked,
        "parts": None if parts is None else sorted(parts),
        "videos": digest_of_plain([[v.key for v in videos.searched], digests, expressions]),
        "contenders": {c.name: c.digest() for c in contenders},
        "seeds": list(seeds),
        "intervals": {"level": level, "replicates": replicates},
        "versions": versions(),
    }
    found = SpottingBenchmark(
        protocol=protocol,
        contenders={c.name: c.words for c in contenders},
        videos=tuple(videos.searched),
        results=tuple(results + learned),
        chance=random_intervals(videos.searched),
        left_out=tuple(left_out),
        failures=tuple(failures),
        notes=tuple(dict.fromkeys([*selection.notes, *plan_notes, *_notes(videos, left_out)])),
        settings=settings,
        level=level,
        replicates=replicates,
    )
    if folder is not None:
        found.save(folder)
    return found


# --- the videos ---------------------------------------------------------------------------------------------


class _Videos:
    """The selected videos, of which some turn out to be unusable."""

    def __init__(self, selected: Sequence[SpottingVideo], left_out: list[LeftOut]) -> None:
        self.left_out = left_out
        self.searched: list[SearchedVideo] = []
        self.sources: list[Recording] = []
        self.digests: list[str] = []
        self.bad: dict[int, str] = {}
        self._selected = selected

    def find(self, cache: ArrayCache | None, progress: ProgressHook) -> None:
        """Where each video lies, and what is in its files."""
        for i, one in enumerate(self._selected):
            progress(Progress("reading videos", i, len(self._selected), one.footage.key))
            try:
                source = recording_of(one.footage)
                digest = digest_of(source, cache)
            except InputError as error:
                self._leave_out(one.footage, len(one.expressions), str(error))
                continue
            self.sources.append(source)
            self.digests.append(digest)
            self.searched.append(self._searched(one, source))
        progress(Progress("reading videos", len(self._selected), len(self._selected)))

    def _searched(self, one: SpottingVideo, source: Recording) -> SearchedVideo:
        f, last = one.footage, len(source.files) - 1
        inside = []
        for e in one.expressions:
            if 0 <= e.onset <= e.offset <= last:
                inside.append(e)
                continue
            reason = f"it lies from {e.onset} to {e.offset}, and its video {f.name} from 0 to {last}"
            self.left_out.append(LeftOut(f.dataset, f.subject, e.clip, reason, "data"))
        return SearchedVideo(
            *(f.key, f.dataset, f.part, f.subject, f.name),
            *(source.fps, len(source.files), source.seconds, tuple(inside)),
        )

    def agree(self) -> list[str]:
        """Leave out, for everybody, what somebody cannot use; digests of the rest."""
        for i, reason in sorted(self.bad.items()):
            video = self.searched[i]
            self._leave_out(video, len(video.expressions), reason)
        keep = [i for i in range(len(self.searched)) if i not in self.bad]
        self.searched = [self.searched[i] for i in keep]
        self.sources = [self.sources[i] for i in keep]
        self.digests = [self.digests[i] for i in keep]
        return self.digests

    def _leave_out(self, video: Footage | SearchedVideo, expressions: int, reason: str) -> None:
        if expressions:
            reason += f" ({expressions} annotated expression{'s' * (expressions > 1)} left out with it)"
        self.left_out.append(LeftOut(video.dataset, video.subject, video.name, reason, "data"))


# --- searching ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _How:
    """How jobs are done and where their results go."""

    folder: Path | None
    jobs: int
    engine: Engine
    cache: ArrayCache | None
    progress: ProgressHook


@dataclass(frozen=True)
class _Search:
    """One contender that learns nothing, one video."""

    key: str
    contender: SpottingContender
    step: Step
    source: Recording
    cache: ArrayCache | None

    @property
    def name(self) -> tuple[str, int, str]:
        return self.contender.name, 0, self.source.key

    def do(self) -> SpottingResult:
        array = compute([self.source], self.step, cache=self.cache)[0]
        if isinstance(array, InputError):
            raise array
        events = found_expressions(
            self.contender.make(0).predict([array]), [self.source.key], [len(self.source.files)]
        )
        return SpottingResult(self.contender.name, 0, self.source.key, (self.source.key,), events)


@dataclass(frozen=True)
class _Train:
    """One contender that learns, one seed, one fold."""

    key: str
    contender: SpottingContender
    seed: int
    fold: Fold
    X: list[NDArray[Any]]
    videos: tuple[SearchedVideo, ...]

    @property
    def name(self) -> tuple[str, int, str]:
        return self.contender.name, self.seed, self.fold.name

    def do(self) -> SpottingResult:
        train, test = self.fold.train.tolist(), self.fold.test.tolist()
        subjects = [v.subject for v in self.videos]
        estimator = self.contender.make(self.seed)
        estimator.fit(
            [self.X[i] for i in train],
            [self.videos[i].expressions for i in train],
            [subjects[i] for i in train],
        )
        chosen = getattr(estimator, "chosen_on_", None)
        if chosen is not None:
            what = f"{self.contender.name} chose its hyper-parameters"
            check_unseen(what, self.fold.train[chosen], self.fold.test, subjects)
        keys = [self.videos[i].key for i in test]
        sizes = [self.videos[i].n_frames for i in test]
        events = found_expressions(estimator.predict([self.X[i] for i in test]), keys, sizes)
        return SpottingResult(
            self.contender.name, self.seed, self.fold.name, tuple(keys), events, trained_on=len(train)
        )


def _search(contenders: Sequence[SpottingContender], videos: _Videos, how: _How) -> list[SpottingResult]:
    """What contenders that learn nothing find; videos that one cannot use are noted."""
    tasks: list[_Search] = []
    where: dict[str, int] = {}
    known = versions()
    for contender in contenders:
        for i, (source, digest) in enumerate(zip(videos.sources, videos.digests, strict=True)):
            try:
                step = contender.step_for(source)
            except InputError as error:
                videos.bad.setdefault(i, f"{contender.name}: {error}")
                continue
            own = [contender.name, contender.digest(), step.digest()]
            key = digest_of_plain("spotting", own, known, source.key, digest)
            tasks.append(_Search(key, contender, step, source, how.cache))
            where[key] = i
    results, reasons = _run(tasks, how, "searching videos")
    for task in tasks:
        if task.key in reasons:
            videos.bad.setdefault(where[task.key], f"{task.contender.name}: {reasons[task.key]}")
    return [results[task.key] for task in tasks if task.key in results]


def _describe(contender: SpottingContender, videos: _Videos, how: _How) -> dict[str, NDArray[Any]]:
    """Video -> a contender's input; videos that it cannot use are noted."""
    found: dict[str, NDArray[Any]] = {}
    steps: dict[str, tuple[Step, list[int]]] = {}
    for i, source in enumerate(videos.sources):
        try:
            step = contender.step_for(source)
        except InputError as error:
            videos.bad.setdefault(i, f"{contender.name}: {error}")
            continue
        steps.setdefault(step.digest(), (step, []))[1].append(i)
    for step, which in steps.values():
        sources = [videos.sources[i] for i in which]
        arrays = compute(
            sources,
            step,
            cache=how.cache,
            jobs=how.jobs,
            engine=how.engine,
            progress=how.progress,
            stage=f"preparing videos for {contender.name}",
        )
        for i, array in zip(which, arrays, strict=True):
            if isinstance(array, InputError):
                videos.bad.setdefault(i, f"{contender.name}: {array}")
            else:
                found[videos.sources[i].key] = array
    return found


def _learn(
    contenders: Sequence[SpottingContender],
    X: dict[str, dict[str, NDArray[Any]]],
    videos: _Videos,
    digests: Sequence[str],
    protocol: Protocol,
    seeds: Sequence[int],
    how: _How,
) -> tuple[list[SpottingResult], list[Failure], tuple[str, ...]]:
    """What contenders that learn find in each fold's test videos."""
    if not contenders:
        return [], [], ()
    searched = tuple(videos.searched)
    plan = protocol.splitter(None).plan([v.subject for v in searched])
    rows = [
        [v.key, v.subject, digest, [asdict(e) for e in v.expressions]]
        for v, digest in zip(searched, digests, strict=True)
    ]
    known = versions()
    tasks = []
    for contender in contenders:
        arrays = [X[contender.name][v.key] for v in searched]
        for seed in seeds:
            for fold in plan.folds:
                sides = [[rows[i] for i in fold.train], [rows[i][:3] for i in fold.test]]
                own = [contender.name, contender.digest(), seed, fold.name]
                key = digest_of_plain("spotting fold", own, known, sides)
                tasks.append(_Train(key, contender, seed, fold, arrays, searched))
    results, reasons = _run(tasks, how, "folds")
    failures = [Failure(*task.name, reasons[task.key]) for task in tasks if task.key in reasons]
    return [results[task.key] for task in tasks if task.key in results], failures, plan.notes


def _run(
    tasks: Sequence[_Search | _Train], how: _How, stage: str
) -> tuple[dict[str, SpottingResult], dict[str, str]]:
    """Results, and reasons why there is none, by the tasks' keys; what the store holds is not done again."""
    store = None if how.folder is None else SpottingStore(how.folder / STORE)
    results: dict[str, SpottingResult] = {}
    reasons: dict[str, str] = {}
    if store is not None:
        for task in tasks:
            if (known := store.get(task.key)) is not None:
                results[task.key] = known
    waiting = [task for task in tasks if task.key not in results]
    how.progress(Progress(stage, len(results), len(tasks)))
    for i, (result, reason, seconds) in run_jobs(_work, waiting, jobs=how.jobs, engine=how.engine):
        task = waiting[i]
        if result is None:
            reasons[task.key] = reason
        else:
            results[task.key] = result
            if store is not None:
                store.put(task.key, result)
        if how.folder is not None:
            _note_time(how.folder / "timings.csv", task.name, seconds)
        how.progress(Progress(stage, len(results) + len(reasons), len(tasks), task.name[2]))
    return results, reasons


def _work(task: _Search | _Train) -> tuple[SpottingResult | None, str, float]:
    """Do a task; runs anywhere."""
    began = time.perf_counter()
    try:
        return task.do(), "", time.perf_counter() - began
    except Exception as error:  # whatever one stumbles over, the others go on; it is reported by name
        words = " ".join(str(error).split()) or "no reason given"
        reason = words if isinstance(error, MienError) else f"{type(error).__name__}: {words}"
        return None, reason, time.perf_counter() - began


def _note_time(path: Path, name: tuple[str, int, str], seconds: float) -> None:
    """Append a line; times live apart from results, which compare byte by byte."""
    new = not path.exists()
    with path.open("a", encoding="utf-8") as file:
        if new:
            file.write("model,seed,video_or_fold,seconds\n")
        file.write(f'"{name[0]}",{name[1]},"{name[2]}",{seconds:.3f}\n')


# --- checks and remarks -------------------------------------------------------------------------------------


def _check(
    contenders: Sequence[SpottingContender],
    datasets: Sequence[DataSet],
    protocol: Protocol,
    seeds: Sequence[int],
) -> None:
    if protocol.task != "spotting":
        raise InputError(f"the protocol {protocol.name} is not about spotting")
    if not contenders or not seeds:
        raise InputError("give at least one model and one seed")
    for contender in contenders:
        if getattr(contender, "task", "recognition") != "spotting":
            raise InputError(
                f"{contender.name} names expressions in clips and cannot find them in videos; take a "
                "spotter, such as region-flow"
            )
    names = [c.name for c in contenders]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise InputError(f"two models are called {twice[0]}; their results could not be told apart")
    if len(set(seeds)) != len(seeds):
        raise InputError("a seed is named twice")
    for data in datasets:
        if data.form != "pictures":
            raise InputError(
                f"{data.name} holds no videos to search; spotting needs the data sets themselves"
            )


def _notes(videos: _Videos, left_out: Sequence[LeftOut]) -> list[str]:
    notes = []
    for dataset in dict.fromkeys(v.dataset for v in videos.searched):
        its = [(v, e) for v in videos.searched if v.dataset == dataset for e in v.expressions]
        odd = sum((e.kind == "micro") != ((e.offset - e.onset) / v.fps <= MICRO_MAX_S + 1e-9) for v, e in its)
        if odd:
            notes.append(
                f"{dataset}: {odd} of {len(its)} expressions are called micro and last longer than "
                f"{MICRO_MAX_S:g} s, or macro and do not; a spotter that goes by duration cannot find them"
            )
    unusable = sum(one.by == "data" for one in left_out)
    if unusable:
        notes.append(
            f"{unusable} videos or expressions could not be used and are left out for every model; "
            "left_out.csv says why"
        )
    if unlisted := sum(one.by == "protocol" for one in left_out):
        notes.append(
            f"{unlisted} annotated expressions have no interval that could be looked for (left_out.csv); "
            "what is found there counts as a false alarm"
        )
    if broken := sum(one.by == "copy" for one in left_out):
        notes.append(
            f"{broken} annotated clips of these copies are broken (left_out.csv; `mien doctor` says more)"
        )
    return notes
