"""Films what is missing, measures what is missing, and packs what was found."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import cv2

from mien.jobs import run_jobs
from robustness.films import SECONDS, WISHES, WORK, Take, film, take_of
from robustness.levels import AXES
from robustness.measure import recognised, spotted
from robustness.store import PEOPLE_OF, Cell, Store, all_levels, write_results

STORE = Store(WORK / "cells")
TASKS: dict[str, Callable[..., dict[str, Any]]] = {"spotting": spotted, "recognition": recognised}


def wanted(only: Sequence[str]) -> list[tuple[str, list[Cell]]]:
    """Tasks and their cells, level by level; of all tasks and curves, where none is named."""
    tasks = [task for task in TASKS if task in only] or list(TASKS)
    return [
        (task, [Cell(task, person, level) for level in all_levels(only) for person in PEOPLE_OF[task]])
        for task in tasks
    ]


def do_cell(cell: Cell, store: Store = STORE) -> tuple[Cell, float]:
    """One person at one level, kept; how many seconds it took."""
    cv2.setNumThreads(1)
    began = time.perf_counter()
    store.put(cell, TASKS[cell.task](cell.person, cell.level))
    return cell, time.perf_counter() - began


def seconds_of(cell: Cell) -> float:
    """What a cell is thought to take on one core."""
    if cell.task == "recognition":
        return 0.55 * len(WISHES)
    frames = SECONDS * cell.level.fps
    return (0.019 if cell.level.axis == "noise" else 0.0125) * frames


def _left(cells: Sequence[Cell], store: Store) -> tuple[list[Cell], list[Take]]:
    """Cells that have not run, and films that they need and that are not there."""
    left = [cell for cell in cells if store.get(cell) is None]
    takes = dict.fromkeys(take_of(cell.task, cell.person, cell.level) for cell in left)
    return left, [take for take in takes if not take.path.exists()]


def plan(only: Sequence[str], jobs: int, store: Store = STORE) -> None:
    """Print what is left to do and how long it should take."""
    print("curve                     cells  left  minutes (film + measure, all cores together)")
    total, told = 0.0, set[Take]()
    for task, cells in wanted(only):
        for axis in ("", *AXES):
            own = [cell for cell in cells if cell.level.axis == axis]
            if not own:
                continue
            left, takes = _left(own, store)
            filming = sum(t.seconds for t in takes if t not in told)
            measuring = sum(seconds_of(c) for c in left)
            told.update(takes)
            total += filming + measuring
            name = f"{task}, {axis or 'reference'}"
            print(f"{name:<27}{len(own):>4} {len(left):>5}  {filming / 60:5.1f} + {measuring / 60:5.1f}")
    print(f"about {total / 60:.0f} minutes of one core, {total / 60 / max(1, jobs):.0f} with {jobs} jobs")


def run_all(only: Sequence[str], jobs: int, store: Store = STORE) -> None:
    """Film and measure what is missing; what is whole is packed, also when it is stopped."""
    began = time.perf_counter()

    def say(words: str) -> None:
        print(f"{words} ({(time.perf_counter() - began) / 60:.0f} min)", flush=True)

    for task, cells in wanted(only):
        left, takes = _left(cells, store)
        for done, (_, key) in enumerate(run_jobs(film, takes, jobs=jobs), 1):
            say(f"filmed {key}, {done} of {len(takes)}")
        try:
            for done, (_, (cell, seconds)) in enumerate(
                run_jobs(partial(do_cell, store=store), left, jobs=jobs), 1
            ):
                say(f"{task}: {cell.level.key} {cell.person} in {seconds:.0f} s, {done} of {len(left)}")
        finally:
            write_results(store.packed(task))
