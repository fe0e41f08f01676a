"""How fast is ``mien analyze``, and does its memory stay put? Writes the table of benchmarks/README.md.

Ratios within one run are what counts: the machine's own speed cancels out. Every figure is the median of a
few runs, each in a process of its own. Run by ``make bench``; the checks of the spotter are in
``benchmarks/spotting.py``.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent
CLIPS = Path(os.environ.get("MIEN_CLIPS", REPOSITORY / ".cache" / "clips"))
RUNS = 3


def film(path: Path, seconds: float) -> None:
    """Real footage at 640×480 and 30 frames/s, played to and fro until it is long enough."""
    import cv2
    import numpy as np

    from mien.video import open_video, write_video

    with open_video(CLIPS / "single_face.mp4") as reader:
        real = [cv2.resize(f.rgb[:, 80:560], (640, 480), interpolation=cv2.INTER_AREA) for f in reader]

    def frames() -> Iterator[Any]:
        total = round(seconds * 30)
        order = [*range(len(real)), *range(len(real) - 2, 0, -1)]
        noise = np.random.default_rng(0).normal(0, 1.5, (480, 640, 1))
        for i in range(total):
            grain = np.roll(noise, (37 * i % 480, 101 * i % 640), axis=(0, 1))
            yield np.clip(real[order[i % len(order)]] + grain, 0, 255).astype(np.uint8)

    write_video(path, frames(), 30)


# ---------------------------------------------------------------------- what runs in a process of its own


def job(kind: str, path: str) -> dict[str, Any]:
    """One measured run: seconds, frames, seconds by stage and peak memory."""
    from mien.video import open_video

    stages: dict[str, float] = defaultdict(float)
    if kind == "decode":
        start = time.perf_counter()
        with open_video(path) as reader:
            frames = sum(1 for frame in reader if frame.gray is not None)
    else:
        import mien.analysis as analysis
        import mien.report
        from mien.spotting import RegionFlow

        measure(stages)
        # a trained spotter's file says which flow it wants; what measures with TV-L1 is the untrained one
        options: dict[str, Any] = {"spotter": RegionFlow(flow="tvl1")} if kind == "tvl1" else {}
        start = time.perf_counter()
        result = analysis.analyze(path, **options)
        frames = result.source.n_frames
        with tempfile.TemporaryDirectory() as folder:
            at = time.perf_counter()
            mien.report.save(result, Path(folder))
            stages["report"] += time.perf_counter() - at
    peak = peak_mb()
    return {"seconds": time.perf_counter() - start, "frames": frames, "stages": dict(stages), "peak_mb": peak}


def peak_mb() -> float:
    """Most memory this process ever held; with ``getrusage`` a child inherits its parent's on Linux."""
    status = Path("/proc/self/status")
    if status.exists():
        return next(
            float(x.split()[1]) / 1024 for x in status.read_text().splitlines() if x.startswith("VmHWM")
        )
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(stages: dict[str, float]) -> None:
    """Wrap the rooms' entrances with clocks."""
    import mien.analysis as analysis
    from mien.face import FaceTracker
    from mien.spotting.traces import RegionTraces

    def timed(name: str, function: Any) -> Any:
        def run(*args: Any, **kwargs: Any) -> Any:
            at = time.perf_counter()
            try:
                return function(*args, **kwargs)
            finally:
                stages[name] += time.perf_counter() - at

        return run

    FaceTracker.update = timed("face", FaceTracker.update)  # type: ignore[method-assign]
    RegionTraces.push = timed("motion and spotting", RegionTraces.push)  # type: ignore[method-assign]
    analysis.survey = timed("finding the face", analysis.survey)  # type: ignore[attr-defined]
    analysis._Film.decide = timed("deciding", analysis._Film.decide)  # type: ignore[method-assign]
    analysis._judge = timed("recognition and pictures", analysis._judge)
    analysis.digest = timed("digest", analysis.digest)  # type: ignore[attr-defined]


def measured(kind: str, path: Path, runs: int) -> dict[str, Any]:
    """The median run of several, each in a fresh process."""
    results = []
    for _ in range(runs):
        command = [sys.executable, __file__, "--job", kind, str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        results.append(json.loads(done.stdout.splitlines()[-1]))
    results.sort(key=lambda r: r["seconds"])
    middle: dict[str, Any] = results[len(results) // 2]
    middle["peak_mb"] = statistics.median(r["peak_mb"] for r in results)
    return middle


def machine() -> str:
    name = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        models = [
            line.split(":")[1].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line
        ]
        name = models[0] if models else name
    import cv2

    return f"{name}, {os.cpu_count()} cores, Python {platform.python_version()}, OpenCV {cv2.__version__}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--job", nargs=2, metavar=("KIND", "PATH"), help=argparse.SUPPRESS)
    parser.add_argument("--seconds", type=float, default=10.0, help="length of the shorter film")
    args = parser.parse_args()
    if args.job:
        print(json.dumps(job(*args.job)))
        return
    with tempfile.TemporaryDirectory() as folder:
        short, long = (Path(folder) / f"{n}.mp4" for n in ("short", "long"))
        film(short, args.seconds)
        film(long, 10 * args.seconds)
        decode = measured("decode", short, RUNS)
        whole = measured("analyze", short, RUNS)
        ten = measured("analyze", long, RUNS)
        slow = measured("tvl1", short, 1)

    def rate(r: dict[str, Any]) -> float:
        return float(r["frames"] / r["seconds"])

    lines = [
        f"640×480, 30 frames/s, H.264; {machine()}; median of {RUNS} runs in new processes, imports done.",
        "",
        "| what | frames | frames/s | peak memory |",
        "|---|---|---|---|",
        f"| decoding alone | {decode['frames']} | {rate(decode):.0f} | {decode['peak_mb']:.0f} MB |",
        f"| `mien analyze`, {whole['frames']} frames | {whole['frames']} | {rate(whole):.0f} | "
        f"{whole['peak_mb']:.0f} MB |",
        f"| `mien analyze`, ten times longer | {ten['frames']} | {rate(ten):.0f} | {ten['peak_mb']:.0f} MB |",
        f"| the same {slow['frames']} frames, `--spotter region-flow` on TV-L1 | {slow['frames']} "
        f"| {rate(slow):.2f} | "
        f"{slow['peak_mb']:.0f} MB |",
        "",
        f"- Ten times the length needs {ten['peak_mb'] / whole['peak_mb']:.3f} times the memory.",
        f"- {rate(whole) / rate(slow):.1f} times as fast as with TV-L1 on the same film.",
        "",
        "Seconds by stage on the long film:",
        "",
        "| stage | seconds | share |",
        "|---|---|---|",
    ]
    rest = ten["seconds"] - sum(ten["stages"].values())
    for name, seconds in [
        *sorted(ten["stages"].items(), key=lambda p: -p[1]),
        ("decoding and the rest", rest),
    ]:
        lines.append(f"| {name} | {seconds:.2f} | {100 * seconds / ten['seconds']:.0f} % |")
    text = "\n".join(lines)
    print(text)
    from report_table import put

    put("speed", text)


if __name__ == "__main__":
    main()
