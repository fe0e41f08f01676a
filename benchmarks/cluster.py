"""One run on one core, on two, on a Ray cluster of two nodes, and interrupted. Writes its part of README.

Needs the extra ``cluster``. A run is interrupted in two ways: the whole of it is killed (``kill -9``) and
started again until it ends, and one of the cluster's two nodes is killed while it works.
"""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from report_table import put

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tests.cluster import cluster, kill_tree
from tests.test_jobs import labelled, results

MODELS = ("logreg", "svm", "svm:kernel=rbf", "svm:kernel=poly")


def words(data: Path, out: Path, *more: str) -> list[str]:
    """The command."""
    start = [sys.executable, "-m", "mien.cli", "bench", "--data", f"features={data}", "--key", "x"]
    start += ["--protocol", "loso", "--model", *MODELS, "--out", str(out), "--quiet"]
    return [*start, "--cache", str(out.with_name(f"{out.name}-cache")), *more]


def timed(command: list[str], env: dict[str, str] | None = None) -> float:
    """Seconds that a run takes."""
    start = time.perf_counter()
    subprocess.run(command, env=env, check=True)
    return time.perf_counter() - start


def killed(command: list[str], seed: int) -> int:
    """Kill a run again and again at random moments until it has ended; how often it was killed."""
    draw = random.Random(seed)
    for count in range(1000):
        run = subprocess.Popen(command)
        try:
            assert run.wait(timeout=draw.uniform(1.5, 5)) == 0
            return count
        except subprocess.TimeoutExpired:
            kill_tree(run.pid)
            run.wait()
    raise SystemExit("it never ended")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        data = labelled(root / "data")
        one = timed(words(data, root / "one"))
        whole = results(root / "one")
        folds = sum(name.startswith("store/") for name in whole)
        two = timed(words(data, root / "two", "--jobs", "2"))
        assert results(root / "two") == whole
        times = killed(words(data, root / "killed", "--jobs", "2"), 7)
        assert results(root / "killed") == whole
        with cluster(root) as nodes:
            ray = timed(words(data, root / "ray", "--engine", "ray", "--jobs", "-1"), nodes.env)
            assert results(root / "ray") == whole
            run = subprocess.Popen(
                words(data, root / "lost", "--engine", "ray", "--jobs", "-1"), env=nodes.env
            )
            while run.poll() is None and len(list((root / "lost").rglob("*.json"))) < folds // 3:
                time.sleep(0.05)
            assert run.poll() is None, "it ended before a node could be killed"
            done = len(list((root / "lost").rglob("*.json")))
            nodes.kill_second()
            assert run.wait() == 0
            assert results(root / "lost") == whole
    put(
        "cluster",
        f"{len(MODELS)} classifiers, leave one subject out, {folds} folds of three numbers a clip: jobs "
        "of milliseconds, so that this shows the cost of sending them, not what a cluster is good for.\n\n"
        f"| run | seconds | results |\n|---|---|---|\n| one job | {one:.1f} | – |\n"
        f"| two jobs | {two:.1f} | the same bytes |\n"
        f"| two jobs, killed (`kill -9`) {times} times at random moments and started again | – | the same "
        "bytes |\n"
        f"| Ray, two nodes of one core | {ray:.1f} | the same bytes |\n"
        f"| Ray, one node killed after {done} of {folds} folds | – | the same bytes |",
    )


if __name__ == "__main__":
    main()
