"""A Ray cluster of two nodes on one machine, of which one can be killed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

RAY = Path(sys.executable).with_name("ray")


class Cluster:
    """Two nodes with one processor each.

    Attributes:
        address: for ``RAY_ADDRESS``.
        env: for whoever works with it.
    """

    def __init__(self, folder: Path) -> None:
        port = _free_port()
        self.address = f"127.0.0.1:{port}"
        # Ray gives a cluster a token of its own; this one lasts a minute
        self.env = {**os.environ, "RAY_AUTH_MODE": "disabled", "RAY_USAGE_STATS_ENABLED": "0"}
        self._log = (folder / "ray.log").open("wb")
        where = ["--temp-dir", f"/tmp/mien-ray-{port}"]  # a socket's path must be short
        head = ["--head", f"--port={port}", "--include-dashboard=false", *where]
        self.head = self._start(head)
        self._wait(1)
        self.second = self._start([f"--address={self.address}"])
        self._wait(2)

        self.env["RAY_ADDRESS"] = self.address

    def _start(self, words: list[str]) -> subprocess.Popen[bytes]:
        common = ["--num-cpus=1", "--object-store-memory=200000000", "--block", "--disable-usage-stats"]
        return subprocess.Popen(
            [str(RAY), "start", *words, *common],
            env=self.env,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
        )

    def _wait(self, nodes: int) -> None:
        ask = (
            f"import ray; ray.init(address={self.address!r}, log_to_driver=False, logging_level='ERROR'); "
            "print(sum(n['Alive'] for n in ray.nodes()))"
        )
        for _ in range(6):
            found = subprocess.run(
                [sys.executable, "-c", ask], env=self.env, capture_output=True, text=True, check=False
            )
            if found.stdout.strip() == str(nodes):
                return
            time.sleep(2)
        raise RuntimeError(f"the cluster does not get {nodes} nodes: {found.stderr[-800:]}")

    def kill_second(self) -> None:
        """The second node is gone from one moment to the next, with all its processes."""
        kill_tree(self.second.pid)
        self.second.wait()

    def stop(self) -> None:
        """Everything."""
        for node in (self.second, self.head):
            kill_tree(node.pid)
            node.wait()
        self._log.close()


def kill_tree(pid: int) -> None:
    """A process and all that it started, at once."""
    import psutil

    try:
        first = psutil.Process(pid)
        family = [*first.children(recursive=True), first]
    except psutil.NoSuchProcess:
        return
    for one in family:
        try:
            one.send_signal(signal.SIGKILL)
        except psutil.NoSuchProcess:
            continue


def _free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    """Two nodes, stopped afterwards."""
    made = Cluster(folder)
    try:
        yield made
    finally:
        made.stop()
