"""Spotting on the frozen test world, and recognition of what was spotted. Writes README.md.

The recordings of the test world are filmed as the studio writes films and go through ``mien analyze``, with
the trained spotter and, on the same pass, the best untrained one. Beside each recording stands a shorter one
of the same person before the same camera in which nothing is expressed: whatever is found there is invented.
Nothing is trained or chosen on these people; it is looked at, not tuned on. Films and finished recordings are
kept under .cache/test-world, so it goes on where it was stopped.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
from rates import a_minute
from report_table import put
from several import Several

import mien
from mien.contenders.spotters import SPOTTING_VERSION
from mien.evaluation import (
    Spotted,
    SpottingCounts,
    SpottingScores,
    false_alarms_by_distractor,
    match_expressions,
    spotting_scores,
    strs_scores,
)
from mien.files import write_whole
from mien.jobs import run_jobs
from mien.labels import map_emotion
from mien.spotting import make_spotter, tunables_of
from mien.studio import write_film
from mien.synthesis import testworld
from mien.synthesis.script import Script, recording_script
from mien.weights import shipped

WORK = Path(__file__).resolve().parents[1] / ".cache" / "test-world"
SPOTTERS = ("region-net", "region-flow")
CLASSES = ("negative", "positive", "surprise")
DRAWS = 2000
STILL_S = 10.0
"""Length of the recordings in which nothing is expressed."""


def script_of(domain: str, number: int, *, expressive: bool) -> Script:
    """A person's recording, as it is in the test world or without any expression."""
    d = testworld.DOMAINS[domain]
    conditions = d.conditions
    if not expressive:
        still = replace(conditions.acting, micro_rate=0.0, macro_rate=0.0, at_least=0)
        conditions = replace(conditions, acting=still)
    seconds = d.seconds if expressive else STILL_S
    return recording_script(testworld.SEED, number, 101, d.stream, seconds, conditions)


def filmed(order: tuple[str, int, bool]) -> tuple[Script, Path, str]:
    """A recording's script, film and name."""
    domain, number, expressive = order
    name = f"{domain}-{number:03d}-{'all' if expressive else 'still'}"
    script = script_of(domain, number, expressive=expressive)
    film = WORK / "films" / f"{name}.{'mp4' if script.setting.crf else 'mkv'}"
    if not film.exists():
        film.parent.mkdir(parents=True, exist_ok=True)
        write_film(script, film)
    return script, film, name


def watched(order: tuple[str, int, bool]) -> dict[str, Any]:
    """What was found in a recording, and what there is to find."""
    domain, number, expressive = order
    cv2.setNumThreads(1)
    script, film, name = filmed(order)
    models = hashlib.sha256(b"".join(shipped(n).read_bytes() for n in ("region-net", "three-emotions")))
    models.update(f"{SPOTTING_VERSION} {[tunables_of(make_spotter(n)) for n in SPOTTERS]}".encode())
    out = WORK / "spotting" / f"{name}-{models.hexdigest()[:10]}.json"
    if out.exists():
        return dict(json.loads(out.read_text(encoding="utf-8")))
    both = Several(SPOTTERS)
    analysis = mien.analyze(film, spotter=both, pictures=False)
    take = script.take
    spans: dict[str, list[tuple[int, int]]] = {}
    for span in script.performance.spans:
        first, last = ((s - script.start_s) * take.fps for s in (span.start_s, span.end_s))
        if last >= 0 and first <= take.n_frames - 1 and span.kind not in ("sway", "breathing", "flicker"):
            spans.setdefault(span.kind, []).append((max(0, int(first)), min(take.n_frames - 1, int(last))))
    found = {
        key: [_plain(e) for e in (analysis.found if key == SPOTTERS[0] else both.results[key].events)]
        for key in SPOTTERS
    }
    told = {
        "domain": domain,
        "person": number,
        "expressive": expressive,
        "fps": take.fps,
        "seconds": take.n_frames / take.fps,
        "truth": [_plain(e) for e in take.expressions],
        "found": found,
        "spans": spans,
        "scored": float(np.isfinite(analysis.timeline.score).mean()),
    }
    write_whole(out, json.dumps(told))
    return told


def _plain(e: Any) -> dict[str, Any]:
    return {name: getattr(e, name) for name in ("onset", "apex", "offset", "kind", "emotion")}


def marks(rows: list[dict[str, Any]]) -> list[Any]:
    """Plain records as marks."""
    return [SimpleNamespace(**row) for row in rows]


def scores(rows: list[dict[str, Any]], spotter: str) -> SpottingScores:
    """Of some recordings."""
    return spotting_scores([(marks(r["found"][spotter]), marks(r["truth"])) for r in rows])


def interval(rows: list[dict[str, Any]], spotter: str, kind: str) -> tuple[float, float]:
    """Of F1, over people: each is drawn with all that was found in them."""
    each = [getattr(scores([r], spotter), kind) for r in rows]
    rng = np.random.default_rng(0)
    drawn = []
    for _ in range(DRAWS):
        counts = sum((each[i] for i in rng.integers(0, len(each), len(each))), SpottingCounts())
        drawn.append(counts.f1)
    low, high = np.percentile(drawn, [2.5, 97.5])
    return float(low), float(high)


def apex_ms(rows: list[dict[str, Any]], spotter: str) -> list[tuple[float, float]]:
    """Frames and milliseconds between true apex and that of the micro-expression which met it."""
    errors = []
    for r in rows:
        found, there = marks(r["found"][spotter]), marks(r["truth"])
        for i, j in match_expressions(found, there).pairs:
            if there[j].kind == "micro":
                off = abs(found[i].apex - there[j].apex)
                errors.append((float(off), 1000 * off / r["fps"]))
    return errors


def named(rows: list[dict[str, Any]]) -> tuple[str, float]:
    """How the spotted micro-expressions of three classes were named; the STRS."""
    predicted, truth = [], []
    for r in rows:
        where = str(r["person"]), r["domain"]
        predicted += [_row(where, e, e["emotion"]) for e in r["found"][SPOTTERS[0]] if e["kind"] == "micro"]
        truth += [
            _row(where, e, map_emotion(e["emotion"], "three") or "-")
            for e in r["truth"]
            if e["kind"] == "micro"
        ]
    strs = strs_scores(predicted, truth, emotions=CLASSES)
    words = (
        f"UF1 {strs.uf1:.3f}, UAR {strs.uar:.3f} over the micro-expressions of these classes that were "
        f"spotted; F1 of analysis {strs.analysis:.3f}, STRS {strs.score:.3f}"
    )
    return words, strs.score


def _row(where: tuple[str, str], event: dict[str, Any], emotion: str) -> Spotted:
    return Spotted(*where, event["onset"], event["offset"], emotion)


def rate(rows: list[dict[str, Any]], minutes: float) -> str:
    """How many micro-expressions are invented where nothing is expressed, in words."""
    found = [e for r in rows if not r["expressive"] for e in r["found"][SPOTTERS[0]]]
    count = sum(e["kind"] == "micro" for e in found)
    return f"{count} micro-expressions in them, {a_minute(count, 60 * minutes)} a minute."


def main() -> None:
    """Measure and write."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--people", type=int, default=24, help="of each domain, the first so many")
    options.add_argument("--quiet", type=int, default=24, help="the same, of those who express nothing")
    options.add_argument(
        "--after", type=int, default=0, help="of each domain leave out the first so many; prints only"
    )
    options.add_argument("--jobs", type=int, default=2)
    options.add_argument("--try", dest="trial", action="store_true", help="print, but write nothing")
    options.add_argument("--films", action="store_true", help="only film")
    given = options.parse_args()
    orders = [
        (domain, number, expressive)
        for expressive, people in ((True, given.people), (False, given.quiet))
        for place in range(given.after, people)
        for domain in testworld.DOMAINS
        for number in testworld.people(domain)[place : place + 1]
    ]
    if given.films:
        for done, (_, (_, film, _)) in enumerate(run_jobs(filmed, orders, jobs=given.jobs), 1):
            print(f"{done} of {len(orders)}: {film.name}", flush=True)
        return
    rows: list[dict[str, Any]] = []
    for done, (_, row) in enumerate(run_jobs(watched, orders, jobs=given.jobs), 1):
        rows.append(row)
        print(f"{done} of {len(orders)}", flush=True)
    rows.sort(key=lambda r: (r["domain"], r["person"], r["expressive"]))
    text = told(rows)
    print(text)
    if not given.trial and not given.after:
        put("test-world-spotting", text)


def told(rows: list[dict[str, Any]]) -> str:
    """The tables."""
    table = io.StringIO()
    table.write(
        "| domain | spotter | micro F1 | precision | recall | apex off by | macro F1 | invented a minute, "
        "nothing expressed: micro | macro |\n|---|---|---|---|---|---|---|---|---|"
    )
    for domain in (*testworld.DOMAINS, "both"):
        here = [r for r in rows if domain in (r["domain"], "both")]
        life, still = ([r for r in here if r["expressive"] == which] for which in (True, False))
        if not life:
            continue
        minutes = sum(r["seconds"] for r in still) / 60
        for spotter in SPOTTERS:
            found = scores(life, spotter)
            low, high = interval(life, spotter, "micro")
            off = np.median(apex_ms(life, spotter), axis=0) if apex_ms(life, spotter) else (np.nan, np.nan)
            alarms = [
                sum(e["kind"] == kind for r in still for e in r["found"][spotter]) / minutes
                for kind in ("micro", "macro")
            ]
            table.write(
                f"\n| {domain} | {spotter} | {found.micro.f1:.3f} ({low:.2f}–{high:.2f}) "
                f"| {found.micro.precision:.2f} | {found.micro.recall:.2f} "
                f"| {off[0]:.1f} frames, {off[1]:.0f} ms | {found.macro.f1:.3f} "
                f"| {alarms[0]:.2f} | {alarms[1]:.2f} |"
            )
    life = [r for r in rows if r["expressive"]]
    truth = [e for r in life for e in r["truth"]]
    micro = sum(e["kind"] == "micro" for e in truth)
    alarms = []
    for r in rows:
        found = marks(r["found"][SPOTTERS[0]])
        free = set(range(len(found))) - {i for i, _ in match_expressions(found, marks(r["truth"])).pairs}
        alarms.append(([found[i] for i in sorted(free)], r["spans"]))
    people = [len({(r["domain"], r["person"]) for r in rows if r["expressive"] == w}) for w in (True, False)]
    minutes = [sum(r["seconds"] for r in rows if r["expressive"] == which) / 60 for which in (True, False)]
    lines = [
        table.getvalue(),
        "",
        f"{people[0]} people, {micro} micro- and {len(truth) - micro} macro-expressions in "
        f"{minutes[0]:.1f} minutes; {people[1]} people who express nothing in {minutes[1]:.1f} minutes. "
        f"Intervals of F1: 95 %, over people. {SPOTTERS[0]} invents {rate(rows, minutes[1])} "
        f"{np.mean([r['scored'] for r in rows]):.0%} of the frames could be scored.",
        "",
        f"Of what {SPOTTERS[0]} found, named by three-emotions: {named(life)[0]}.",
        "",
        f"What {SPOTTERS[0]} takes for expressions:",
        "",
        "| during | spans | false alarms | credit |",
        "|---|---|---|---|",
    ]
    by = false_alarms_by_distractor(alarms)
    lines += [
        f"| {kind} | {int(row['spans'])} | {int(row['false_alarms'])} | {row['credit']:.1f} |"
        for kind, row in by.iterrows()
    ]
    lines += ["", f"Micro-expressions that {SPOTTERS[0]} invents where nothing is expressed:", ""]
    lines += ["| domain | person | second | while |", "|---|---|---|---|"]
    for r in rows:
        for e in r["found"][SPOTTERS[0]] if not r["expressive"] else ():
            if e["kind"] == "micro":
                beside = [
                    kind
                    for kind, spans in r["spans"].items()
                    if kind != "exposure" and any(a <= e["offset"] and e["onset"] <= b for a, b in spans)
                ]
                second = e["apex"] / r["fps"]
                lines.append(f"| {r['domain']} | {r['person']} | {second:.2f} | {', '.join(beside) or '–'} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
