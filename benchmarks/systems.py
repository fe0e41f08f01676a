"""The nine networks, `small` preset, person by person on synthetic data. Writes README.md and docs/systems/.

Two collections of the studio in SAMM's layouts are made under .cache/systems-bench (a quarter of an hour on
two cores) and kept; so are the runs, which go on where they were stopped. The recognisers are compared on
clips in three classes, SMEConvNet with its foils on long videos. Which settings are good was not looked for
here: the presets are what they are.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import pandas as pd
from report_table import put

from mien.files import write_whole

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
WORK = ROOT / ".cache" / "systems-bench"
PAGES = ROOT / "docs" / "systems"
NETWORKS = (
    *("dtscnn", "macro2micro", "micro_attention", "atnet", "akmnet", "offapexnet", "ststnet"),
    "motionmap",
)
BASELINES = ("flow-logreg", "lbptop-svm")
SPOTTERS = (
    *("smeconvnet", "smeconvnet:rule=apex", "smeconvnet:rule=first", "smeconvnet:rule=middle"),
    "region-flow",
)
CLIPS = ("--subjects", "12", "--takes", "12", "--emotions", "seven", "--scale", "0.35", "--seed", "5")
VIDEOS = (
    *("--single", "--subjects", "12", "--takes", "2", "--seconds", "3"),
    *("--scale", "0.25", "--seed", "9"),
)


def mien(*words: str) -> None:
    """A command of mien's, in a process of its own."""
    print("mien", *words, flush=True)
    subprocess.run([sys.executable, "-m", "mien.cli", *words], check=True, cwd=WORK)


def timed(what: str, *words: str) -> None:
    """A command that makes ``what``; its minutes are kept if it made all of it at once."""
    begun = (WORK / what).exists()
    start = time.monotonic()
    if what.endswith(".onnx") and begun:
        return
    mien(*words)
    if not begun:
        kept = took() | {what: (time.monotonic() - start) / 60}
        write_whole(WORK / "minutes.json", json.dumps(kept, indent=1))


def took() -> dict[str, float]:
    """Minutes of what was made at once."""
    file = WORK / "minutes.json"
    return dict(json.loads(file.read_text(encoding="utf-8"))) if file.exists() else {}


def minutes() -> str:
    """How long it all took, in words."""
    kept = took()
    trained = [kept.get(f"{name}.onnx") for name in (*NETWORKS, "smeconvnet")]
    parts = {"`mien bench` of the recognisers": kept.get("run"), "of the spotters": kept.get("strangers-run")}
    parts["`mien train` of all nine"] = None if None in trained else sum(t for t in trained if t)
    said = [f"{words} {'not timed' if value is None else f'{value:.0f}'}" for words, value in parts.items()]
    total = "" if None in parts.values() else f", together {sum(v for v in parts.values() if v):.0f}"
    return f"Minutes on two cores, clips and videos prepared anew: {', '.join(said)}{total}."


def seconds(run: Path) -> dict[str, float]:
    """Mean seconds a fold of each model."""
    took = defaultdict(list)
    with (run / "timings.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            took[row["model"]].append(float(row["seconds"]))
    return {model: sum(each) / len(each) for model, each in took.items()}


def score(row: Any, name: str) -> str:
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    return f"{row[name]:.3f}" + ("" if low != low or low == high else f" [{low:.3f}, {high:.3f}]")


def recognisers(run: Path) -> tuple[str, dict[str, str]]:
    """The table, and each network's line."""
    table, chance = (pd.read_csv(run / f"{name}.csv") for name in ("summary", "baselines"))
    took = seconds(run)
    rows = ["| model | UF1 | UAR | accuracy | seconds a fold |", "|---|---|---|---|---|"]
    lines = {}
    for frame in (table, chance):
        for row in frame[frame["part"] == "all"].to_dict("records"):
            time = f"{took[row['model']]:.0f}" if row["model"] in took else "–"
            cells = [score(row, name) for name in ("uf1", "uar", "war")]
            rows.append(f"| {row['model']} | {' | '.join(cells)} | {time} |")
            lines[row["model"]] = f"UF1 {cells[0]}, UAR {cells[1]}, accuracy {cells[2]}"
    n, people = int(table["n"].iloc[0]), int(table["subjects"].iloc[0])
    head = (
        f"{n} clips of {people} synthetic people at 200 frames a second (negative, positive, surprise), "
        "leave one subject out, `small` presets, one seed, fixed epochs. Intervals over people, 95 %.\n\n"
    )
    return head + "\n".join(rows), lines


def spotters(run: Path) -> str:
    """How well the apex is found, and events."""
    apex = pd.read_csv(run / "apex.csv")
    summary = pd.read_csv(run / "summary.csv")
    rows = [
        "| model | videos with one expression | apex within it (ASR) | mean error, frames | standard error |",
        "|---|---|---|---|---|",
    ]
    for row in apex[apex["part"] == "all"].to_dict("records"):
        cells = [row[c] for c in ("videos", "asr", "apex_mae_frames", "apex_se_frames")]
        rows.append(f"| {row['model']} | " + " | ".join(f"{c:.3g}" for c in cells) + " |")
    rows += [
        "",
        "| model | kind | true | found | right | F1 | false alarms a minute |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in summary[summary["part"] == "all"].to_dict("records"):
        cells = [row["kind"], row["truths"], row["found"], row["tp"], score(row, "f1")]
        alarms = f"{row['false_alarms_per_minute']:.1f}"
        rows.append(f"| {row['model']} | " + " | ".join(map(str, cells)) + f" | {alarms} |")
    return "\n".join(rows)


def on_page(name: str, text: str) -> None:
    """Between the markers of a system's page."""
    page = PAGES / f"{name}.md"
    if not page.exists():
        return
    marker = re.compile(rf"(<!-- measured {name} -->\n).*?(<!-- /measured {name} -->)", re.DOTALL)
    old = page.read_text(encoding="utf-8")
    write_whole(page, marker.sub(lambda m: f"{m[1]}\n{text}\n\n{m[2]}", old))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--jobs", default="2")
    options.add_argument("--tables", action="store_true", help="only write what the runs hold")
    given = options.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    jobs = ("--jobs", given.jobs, "-q")
    if not given.tables:
        mien("synth", "clips", "--out", "clips", "--layout", "samm", *CLIPS, *jobs)
        mien("synth", "recordings", "--out", "strangers", "--layout", "samm-lv", *VIDEOS, *jobs)
        where = ("--cache", "cache", *jobs)
        clips, videos = ("--data", "samm=clips"), ("--data", "samm-lv=strangers")
        models = ("--model", *BASELINES, *NETWORKS)
        timed("run", "bench", *clips, "--protocol", "loso", *models, "--out", "run", *where)
        spotting = ("--protocol", "spotting", "--model", *SPOTTERS, "--out", "strangers-run")
        timed("strangers-run", "bench", *videos, *spotting, *where)
        for name in (*NETWORKS, "smeconvnet"):
            data = videos if name == "smeconvnet" else clips
            recipe = "dtscnn:head=softmax" if name == "dtscnn" else name
            timed(f"{name}.onnx", "train", recipe, *data, "--out", f"{name}.onnx", *where)
    table, lines = recognisers(WORK / "run")
    found = spotters(WORK / "strangers-run")
    videos = f"SMEConvNet and its foils on long videos, one person left out:\n\n{found}"
    put("systems", f"{table}\n\n{videos}\n\n{minutes()}")
    floor = f"Majority: {lines['majority']}. Stratified random: {lines['stratified-random']}."
    for name in NETWORKS:
        on_page(
            name,
            f"On synthetic clips in three classes, leave one subject out, `small` preset: {lines[name]}. "
            f"{floor} [The whole table](../../benchmarks/README.md#the-systems).",
        )
    on_page("smeconvnet", f"On synthetic long videos, one person left out:\n\n{found}")


if __name__ == "__main__":
    main()
