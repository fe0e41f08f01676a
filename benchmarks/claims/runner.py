"""Does the cells that are missing, in the registry's order, and packs what they found."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial

import cv2

from claims.data import WORK
from claims.registry import EXPERIMENTS, claims_of
from claims.store import Cell, Experiment, Store, write_results
from mien.jobs import run_jobs

STORE = Store(WORK / "cells")


def wanted(only: Sequence[str]) -> list[Experiment]:
    """The experiments of some claims; of all, where none is named."""
    return [e for e in EXPERIMENTS.values() if not only or set(only) & set(claims_of(e.name))]


def do_cell(cell: Cell, store: Store = STORE) -> tuple[Cell, float]:
    """One training, kept; how many seconds it took."""
    cv2.setNumThreads(1)
    experiment = EXPERIMENTS[cell.experiment]
    began = time.perf_counter()
    store.put(experiment, cell, experiment.work(cell))
    return cell, time.perf_counter() - began


def plan(only: Sequence[str], jobs: int, store: Store = STORE) -> None:
    """Print what is left to do and how long it should take."""
    print("experiment         cells  left  minutes (prepare + train, all cores together)")
    total = 0.0
    for one in wanted(only):
        left = store.missing(one)
        seconds = sum(c.seconds for c in left)
        ready = one.seconds if left else 0.0
        total += seconds + ready
        print(f"{one.name:<18} {len(one.cells):>5} {len(left):>5}  {ready / 60:5.1f} + {seconds / 60:5.1f}")
    print(f"about {total / 60 / max(1, jobs):.0f} minutes with {jobs} jobs")


def run_all(
    only: Sequence[str], jobs: int, store: Store = STORE, after: Callable[[], object] = lambda: None
) -> None:
    """Run what is missing; after each experiment results are packed and ``after`` is called."""
    began = time.perf_counter()
    for one in wanted(only):
        left = store.missing(one)
        if left:
            print(f"{one.name}: preparing", flush=True)
            one.prepare(jobs)
        for done, (_, (cell, seconds)) in enumerate(
            run_jobs(partial(do_cell, store=store), left, jobs=jobs), 1
        ):
            minutes = (time.perf_counter() - began) / 60
            print(
                f"{one.name}: {cell.name} in {seconds:.0f} s ({done} of {len(left)}; {minutes:.0f} min)",
                flush=True,
            )
        write_results(store.packed(one))
        after()  # page and results belong together, also where the run is stopped
