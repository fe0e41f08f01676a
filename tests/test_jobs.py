"""Jobs here and on a cluster."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from mien.errors import InputError, MienError
from mien.jobs import check_engine, one_thread, run_jobs, workers
from tests.cluster import RAY, cluster
from tests.evaluation.made import feature_set, people


def square(x: int) -> int:
    return x * x


def refuse(x: int) -> int:
    raise ValueError(f"no {x}")


def die(x: int) -> int:
    if x == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return x


@pytest.mark.parametrize("jobs", [1, 2])
def test_every_item_once_with_its_place(jobs: int) -> None:
    found = list(run_jobs(square, range(7), jobs=jobs))
    assert sorted(found) == [(i, i * i) for i in range(7)]
    assert list(run_jobs(square, [], jobs=jobs)) == []


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_the_work_raises_is_raised(jobs: int) -> None:
    with pytest.raises(ValueError, match="no "):
        list(run_jobs(refuse, [1, 2], jobs=jobs))


def test_one_job_is_done_one_at_a_time() -> None:
    # so that what is finished can be stored before the next begins
    seen: list[int] = []

    def note(x: int) -> int:
        seen.append(x)
        return x

    jobs = run_jobs(note, [1, 2, 3])
    assert next(jobs) == (0, 1)
    assert seen == [1]


@pytest.mark.skipif(os.name == "nt", reason="needs signals")
def test_a_worker_that_dies_is_a_clear_error() -> None:
    with pytest.raises(MienError, match="start again with"):
        list(run_jobs(die, range(8), jobs=2))


def test_numbers_of_jobs() -> None:
    assert workers(3) == 3
    assert workers(-1) >= 1
    for wrong in (0, -2):
        with pytest.raises(InputError, match="--jobs"):
            workers(wrong)
    assert check_engine("local") == "local"
    with pytest.raises(InputError, match="no engine"):
        check_engine("abacus")


def test_one_thread_is_put_back() -> None:
    import cv2

    cv2.setNumThreads(2)
    with one_thread():
        assert cv2.getNumThreads() == 1
        assert np.isfinite(np.ones((4, 4)) @ np.ones(4)).all()
    assert cv2.getNumThreads() == 2


def bench(data: Path, out: Path, *more: str, address: str = "") -> list[str]:
    words = [sys.executable, "-m", "mien.cli", "bench", "--data", f"features={data}", "--key", "x"]
    words += ["--protocol", "loso", "--model", "logreg", "svm", "svm:kernel=rbf", "--out", str(out)]
    return [*words, "--cache", str(out.parent / f"{out.name}-cache"), "--quiet", *more]


def results(folder: Path) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes()
        for p in folder.rglob("*")
        if p.is_file() and p.name != "timings.csv"
    }


def labelled(root: Path) -> Path:
    """Feature files as researchers pass them on."""
    import pandas as pd

    clips = people(20, 1)
    feature_set(root / "features", clips)
    pd.DataFrame(
        {
            "dataset": [c[0] for c in clips],
            "sub": [c[1] for c in clips],
            "filename_o": [f"c{i:02d}" for i in range(len(clips))],
            "label": [("negative", "positive", "surprise").index(c[2]) for c in clips],
            "imagename": [f"c{i:02d}.png" for i in range(len(clips))],
        }
    ).to_csv(root / "labels.csv", index=False)
    return root


@pytest.mark.slow
@pytest.mark.skipif(not RAY.exists(), reason="Ray is not installed (extra: cluster)")
def test_a_cluster_gives_the_same_bytes_and_a_lost_node_costs_nothing(tmp_path: Path) -> None:
    data = labelled(tmp_path / "data")
    subprocess.run(bench(data, tmp_path / "here"), check=True)
    subprocess.run(bench(data, tmp_path / "two", "--jobs", "2"), check=True)
    whole = results(tmp_path / "here")
    assert results(tmp_path / "two") == whole
    with cluster(tmp_path) as nodes:
        words = ["--engine", "ray", "--jobs", "-1"]
        subprocess.run(bench(data, tmp_path / "ray", *words), env=nodes.env, check=True)
        assert results(tmp_path / "ray") == whole
        run = subprocess.Popen(bench(data, tmp_path / "lost", *words), env=nodes.env)
        while run.poll() is None and len(list((tmp_path / "lost").rglob("*.json"))) < 5:
            time.sleep(0.05)
        assert run.poll() is None, "finished before a node could be killed"
        nodes.kill_second()
        assert run.wait(timeout=300) == 0
        assert results(tmp_path / "lost") == whole
