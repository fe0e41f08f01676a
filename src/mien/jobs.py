"""Independent jobs on this machine's cores or on a Ray cluster, results as they come.

Every job runs on one thread, wherever it runs: numbers may not depend on how many jobs there are, and jobs
that each take all cores only get in one another's way.
"""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, TypeAlias, TypeVar, get_args

from mien.errors import InputError, MienError

__all__ = ["ENGINES", "Engine", "check_engine", "one_thread", "run_jobs", "workers"]

Engine: TypeAlias = Literal["local", "ray"]
ENGINES: tuple[str, ...] = get_args(Engine)

_ROUNDS = 4
"""Jobs for each worker that are sent to Ray at once: results come back when all of them are done."""
_TRIES = 5
"""How often a round is sent again after a node was lost, before giving up."""

Item = TypeVar("Item")
Result = TypeVar("Result")


def check_engine(engine: str) -> Engine:
    """The engine, if there is one of that name and it is installed.

    Raises:
        InputError: there is none.
        MienError: Ray is not installed.
    """
    if engine not in ENGINES:
        raise InputError(f"There is no engine {engine!r}; choose one of {', '.join(ENGINES)}.")
    if engine == "ray":
        from importlib.util import find_spec

        if find_spec("ray") is None:
            raise MienError("Jobs on a cluster need Ray: pip install 'mien[cluster]'.")
        return "ray"
    return "local"


def workers(jobs: int) -> int:
    """How many jobs run at once on this machine.

    Args:
        jobs: 1 or more, or -1: as many as there are processor cores.

    Raises:
        InputError: it makes no sense.
    """
    if jobs == -1:
        import joblib

        return int(joblib.cpu_count())
    if jobs < 1:
        raise InputError(
            f"--jobs {jobs}: give how many to run at once, 1 or more, or -1 for one on each core."
        )
    return jobs


def run_jobs(
    work: Callable[[Item], Result], items: Sequence[Item], *, jobs: int = 1, engine: Engine = "local"
) -> Iterator[tuple[int, Result]]:
    """Do ``work`` on every item.

    Args:
        work: can be pickled; what it raises ends the iteration.
        items: can be pickled.
        jobs: at once; -1: one on each core (of the cluster, on Ray).
        engine: ``"local"``: processes of this machine, by joblib; with one job, this process. ``"ray"``: the
            cluster that ``RAY_ADDRESS`` names or that this machine is a node of, else one of this machine
            alone. Its nodes need mien installed. If a node is lost, its jobs are done again elsewhere.

    Yields:
        Position of the item and its result, in any order, each as soon as it is there.

    Raises:
        MienError: a worker process died, or Ray kept losing nodes.
    """
    if not items:
        return
    if engine == "ray":
        yield from _on_ray(work, items, jobs)
        return
    count = min(workers(jobs), len(items))
    if count == 1:
        for i, item in enumerate(items):
            yield _numbered(work, i, item)
        return
    import joblib
    from joblib.externals.loky.process_executor import BrokenProcessPool, TerminatedWorkerError

    try:
        with joblib.parallel_config(backend="loky", inner_max_num_threads=1), warnings.catch_warnings():
            # a worker that has grown is replaced by a new one, which concerns nobody
            warnings.filterwarnings("ignore", message="A worker stopped while some jobs")
            yield from joblib.Parallel(
                n_jobs=count, return_as="generator_unordered", batch_size=1, pre_dispatch="2*n_jobs"
            )(joblib.delayed(_numbered)(work, i, item) for i, item in enumerate(items))
    except (BrokenProcessPool, TerminatedWorkerError) as error:
        raise MienError(
            "A worker process died, perhaps for lack of memory. What was finished is kept: start again with "
            "fewer --jobs."
        ) from error


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Hold the numerical libraries to one thread: jobs run side by side, and sums keep their order."""
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(ImportError):
            from threadpoolctl import threadpool_limits

            stack.enter_context(threadpool_limits(1))
        import cv2

        before = cv2.getNumThreads()
        cv2.setNumThreads(1)
        stack.callback(cv2.setNumThreads, before)
        yield


def _numbered(work: Callable[[Item], Result], i: int, item: Item) -> tuple[int, Result]:
    with one_thread():
        return i, work(item)


def _on_ray(work: Callable[[Item], Result], items: Sequence[Item], jobs: int) -> Iterator[tuple[int, Result]]:
    """In rounds, since joblib's Ray backend hands results over only when all of a call are there."""
    from importlib import import_module

    import joblib

    ray: Any = import_module("ray")
    lost: type[Exception] = import_module("ray.exceptions").RayError
    import_module("ray.util.joblib").register_ray()
    if not ray.is_initialized():
        _join(ray)
    waiting = list(range(len(items)))
    tries = 0
    while waiting:
        cores = int(ray.cluster_resources().get("CPU", 1))  # anew each time: nodes come and go
        count = max(1, cores if jobs == -1 else min(jobs, cores))
        try:
            with (
                joblib.parallel_config(backend="ray"),
                joblib.Parallel(n_jobs=count, batch_size=1) as parallel,
            ):
                while waiting:
                    batch = waiting[: _ROUNDS * count]
                    done = parallel(joblib.delayed(_numbered)(work, i, items[i]) for i in batch)
                    waiting, tries = waiting[len(batch) :], 0
                    yield from done
        except lost as error:
            cause: Any = getattr(error, "cause", None)
            if isinstance(cause, Exception):
                raise cause from error  # the work itself failed, not the cluster
            tries += 1
            if tries > _TRIES:
                raise MienError(
                    f"Ray lost workers {tries} times in a row ({type(error).__name__}). What was finished is "
                    "kept: look at the cluster (`ray status`) and start again."
                ) from error


def _join(ray: Any) -> None:
    """Connect to the cluster, or make one of this machine."""
    quiet = {"log_to_driver": False, "logging_level": "ERROR", "include_dashboard": False}
    address = os.environ.get("RAY_ADDRESS")
    try:
        ray.init(address=address or "auto", **{k: v for k, v in quiet.items() if k != "include_dashboard"})
    except (ConnectionError, OSError) as error:
        if address:
            raise MienError(
                f"No Ray cluster answers at {address} (RAY_ADDRESS). Start one with `ray start --head`; if "
                "it wants a token, as newer ones do, set RAY_AUTH_MODE=token and RAY_AUTH_TOKEN too."
            ) from error
        ray.init(**quiet)
