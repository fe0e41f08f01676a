"""The claims page: what a verdict is, what a killed run loses, and that the page is made of its results."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def claims_by_path(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    yield
    for name in [n for n in sys.modules if n == "claims" or n.startswith("claims.")]:
        del sys.modules[name]


def made(difference: float, people: int = 12, seeds: int = 3) -> dict[str, Any]:
    """Results in which ``good`` is right more often than ``poor`` by a share of each person's 10 clips."""
    items = [
        {"key": f"p{p}-{n}", "person": f"p{p}", "domain": "fast", "truth": "ab"[n % 2]}
        for p in range(people)
        for n in range(10)
    ]
    wrong = round(10 * difference)
    truth = [n % 2 for _ in range(people) for n in range(10)]
    poor = [t if n % 10 >= wrong + (n // 10) % 2 else 1 - t for n, t in enumerate(truth)]
    good = [t if n % 10 >= (n // 10) % 2 else 1 - t for n, t in enumerate(truth)]
    runs = [
        {"configuration": name, "seed": seed, "said": "".join(map(str, said))}
        for name, said in (("good", good), ("poor", poor))
        for seed in range(seeds)
    ]
    return {"experiment": "X", "classes": ["a", "b"], "items": items, "runs": runs}


# --- verdicts -------------------------------------------------------------------------------------------


def test_a_difference_on_one_side_of_zero_decides() -> None:
    from claims.verdict import compared, recognised, verdict

    results = made(0.4)
    good, poor = (recognised(results, name) for name in ("good", "poor"))
    assert verdict(compared(poor, good)) == "confirmed"
    assert verdict(compared(good, poor)) == "not confirmed"
    assert verdict(compared(good, good)) == "undecided"
    assert verdict(compared(good, None)) == "not run"


def test_the_interval_is_that_of_the_people() -> None:
    from claims.verdict import compared, recognised

    results = made(0.4)
    found = compared(recognised(results, "poor"), recognised(results, "good"))
    assert found is not None
    assert (found.people, found.seeds, found.items) == (12, 3, 120)
    assert found.low <= found.value <= found.high
    assert 0.3 < found.value < 0.5


def test_too_few_seeds_give_no_verdict() -> None:
    from claims.verdict import compared, recognised, verdict

    results = made(0.4, seeds=2)
    found = compared(recognised(results, "poor"), recognised(results, "good"))
    assert verdict(found) == "not run"
    assert verdict(found, seeds=1) == "confirmed"


def test_what_is_not_random_counts_for_every_seed() -> None:
    from claims.verdict import compared, recognised

    results = made(0.4)
    results["runs"] = [r for r in results["runs"] if r["configuration"] == "good" or r["seed"] == 0]
    found = compared(recognised(results, "poor"), recognised(results, "good"))
    assert found is not None
    assert found.seeds == 3


def test_seeds_that_differ_widen_the_interval() -> None:
    from claims.verdict import interval, recognised

    same = made(0.4)
    mixed = made(0.4)
    for run in mixed["runs"]:
        if run["configuration"] == "good" and run["seed"] == 2:
            run["said"] = next(r["said"] for r in mixed["runs"] if r["configuration"] == "poor")
    widths = []
    for results in (same, mixed):
        one = recognised(results, "good")
        assert one is not None
        found = interval(one)
        widths.append(found.high - found.low)
    assert widths[1] > widths[0] + 0.05


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        (["confirmed", "confirmed"], "confirmed"),
        (["confirmed", "undecided"], "undecided"),
        (["confirmed", "not confirmed", "undecided"], "not confirmed"),
        (["confirmed", "not run"], "not run"),
        (["not confirmed", "not run"], "not confirmed"),
        ([], "not run"),
    ],
)
def test_a_claim_is_confirmed_if_all_its_parts_are(parts: list[str], said: str) -> None:
    from claims.verdict import whole

    assert whole(parts) == said


def test_what_is_read_from_curves() -> None:
    from claims.tell_l1 import late, nine_tenths, variation

    falls = np.array([2.0, 1.0, 0.5, 0.1, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0])
    rises = np.array([1.0, 1.1, 1.2, 1.3, 1.2, 1.3, 1.4, 1.3, 1.4, 1.5, 1.0])
    sums = np.stack([falls, rises])
    assert late(sums) == pytest.approx([0.0, 1.38])
    assert nine_tenths(sums).tolist() == [3, 10]  # never: all epochs and one
    assert variation(sums)[0] == 0
    assert variation(sums)[1] == pytest.approx(0.1)
    assert late(2 * sums) == pytest.approx(late(sums))


# --- the store ------------------------------------------------------------------------------------------


def experiment(done: list[str], settings: int = 1) -> Any:
    from claims.store import Cell, Experiment

    def work(cell: Cell) -> Any:
        done.append(cell.name)
        return {
            "one": {"probabilities": {f"clip{cell.fold}": [0.2, 0.5, 0.3]}, "apex": {f"clip{cell.fold}": 7}}
        }

    return Experiment(
        "L9-test",
        tuple(Cell("L9-test", "a part", seed, fold) for seed in (0, 1) for fold in (0, 1)),
        work,
        lambda: [
            {"key": f"clip{n}", "person": f"p{n}", "domain": "fast", "truth": "positive"} for n in range(2)
        ],
        lambda jobs: None,
        {"settings": settings},
        classes=("negative", "positive", "surprise"),
    )


def test_a_finished_cell_is_not_done_again(tmp_path: Path) -> None:
    from claims.store import Store

    done: list[str] = []
    one, store = experiment(done), Store(tmp_path)
    for cell in one.cells[:2]:
        store.put(one, cell, one.work(cell))
    left = store.missing(one)
    assert [c.name for c in left] == ["a-part-s1-f0", "a-part-s1-f1"]
    store.path(one.cells[0]).write_text('{"digest": "half a fi')  # as a full disk leaves it
    assert len(store.missing(one)) == 3
    assert len(store.missing(experiment([], settings=2))) == 4


def test_a_seed_gets_into_the_results_when_all_its_folds_are_done(tmp_path: Path) -> None:
    from claims.store import Store, read_results, write_results

    one, store = experiment([]), Store(tmp_path / "cells")
    for cell in one.cells[:3]:
        store.put(one, cell, one.work(cell))
    write_results(store.packed(one), tmp_path / "results")
    (run,) = read_results(tmp_path / "results")["L9-test"]["runs"]
    assert run["seed"] == 0
    assert run["said"] == "11"
    assert run["thousandths"] == [200, 500, 300] * 2
    assert run["apex"] == [7, 7]
    store.put(one, one.cells[3], one.work(one.cells[3]))
    write_results(store.packed(one), tmp_path / "results")
    assert len(read_results(tmp_path / "results")["L9-test"]["runs"]) == 2


def test_nothing_is_written_of_what_has_not_run(tmp_path: Path) -> None:
    from claims.store import Store, read_results, write_results

    write_results(Store(tmp_path / "cells").packed(experiment([])), tmp_path / "results")
    assert read_results(tmp_path / "results") == {}


# --- the page -------------------------------------------------------------------------------------------


def test_without_results_every_claim_is_not_run(tmp_path: Path) -> None:
    from claims.page import page_of, sections, write_page

    told = sections({})
    assert [one.key for one in told] == ["L1", "L2", "L3", "L4", "L5", "L6"]
    assert {one.verdict for one in told} == {"not run"}
    assert not any(one.figures for one in told)
    text = page_of(told)
    assert text.count("**Verdict: not run.**") == 6
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "l1-old.svg").write_text("<svg/>")
    write_page(tmp_path / "claims.md", tmp_path / "images", {})
    assert (tmp_path / "claims.md").read_text(encoding="utf-8") == text
    assert not list((tmp_path / "images").iterdir())


def test_the_words_say_what_the_code_does() -> None:
    from claims import data, l4, l6, tell_l1, verdict
    from claims.telling import TEXT

    words = {path.stem: path.read_text(encoding="utf-8") for path in TEXT.glob("*.md")}
    counts = {3: "three", 4: "four", 12: "twelve"}
    assert f"bootstrap of {verdict.REPLICATES} draws" in words["head"]
    assert f"mean of the last {tell_l1.LATE} epochs" in words["L1"]
    assert all(f"people in {counts[data.FOLDS]} parts" in words[claim] for claim in ("L1", "L2", "L5"))
    assert f"people in {counts[l4.FOLDS]} parts" in words["L4"]
    assert f"first {counts[l6.PEOPLE]} people" in words["L6"]
    assert f"in {counts[data.FOLDS]} parts, {counts[l6.FOLDS]} of which are tested" in words["L6"]


def across(winner: str) -> dict[str, Any]:
    """L5's results, made by hand: one stream is always right, the others now and then."""
    items = [
        {
            "key": f"{d}-{p}-{n}",
            "person": f"{d}-{p}",
            "domain": d,
            "truth": ("negative", "positive", "surprise")[n],
        }
        for d in ("fast", "slow")
        for p in range(8)
        for n in range(3)
    ]
    right = "".join(str(n % 3) for n in range(len(items)))
    rank = {"temporal": 0, "fusion": 2, "spatial": 6} if winner == "temporal" else {}
    runs = []
    for stream in ("fusion", "spatial", "temporal"):
        wrong = rank.get(stream, 3)
        said = "".join("0" if i // 3 % 8 < wrong else c for i, c in enumerate(right))
        runs += [{"configuration": f"across, {stream}", "seed": s, "said": said} for s in range(3)]
    classes = ["negative", "positive", "surprise"]
    return {"experiment": "L5-across", "classes": classes, "items": items, "runs": runs}


def test_a_claim_is_told_from_its_results(tmp_path: Path) -> None:
    from claims.page import sections, write_page

    results = {"L5-across": across("temporal")}
    told = {one.key: one for one in sections(results)}
    assert told["L5"].verdict == "confirmed"
    assert told["L1"].verdict == "not run"
    write_page(tmp_path / "claims.md", tmp_path / "images", results)
    text = (tmp_path / "claims.md").read_text(encoding="utf-8")
    assert "| across: temporal − fusion | +0." in text
    assert "| across, temporal | 1.000 | [1.000, 1.000] | 3 | 16 | 48 |" in text
    drawn = (tmp_path / "images" / "l5-streams.svg").read_text(encoding="utf-8")
    assert drawn.startswith("<svg")
    assert "across, fusion" in drawn
    assert {one.key: one for one in sections({"L5-across": across("none")})}["L5"].verdict == "undecided"


def test_the_page_is_what_the_results_give(tmp_path: Path) -> None:
    from claims.page import IMAGES, PAGE, write_page

    write_page(tmp_path / "claims.md", tmp_path / "images")
    assert PAGE.read_text(encoding="utf-8") == (tmp_path / "claims.md").read_text(encoding="utf-8")
    ours = {p.name: p.read_bytes() for p in (tmp_path / "images").glob("*.svg")}
    kept = {p.name: p.read_bytes() for p in IMAGES.glob("*.svg")}
    assert ours == kept


def test_results_are_small_and_name_no_machine() -> None:
    from claims.store import RESULTS

    files = list(RESULTS.glob("*.json"))
    assert sum(path.stat().st_size for path in files) < 2e6
    for path in files:
        text = path.read_text(encoding="utf-8")
        assert "/work" not in text
        assert "/home" not in text
        assert json.loads(text)["runs"]


def test_cells_are_told_apart() -> None:
    from claims.registry import EXPERIMENTS, claims_of

    assert {claim for name in EXPERIMENTS for claim in claims_of(name)} == {f"L{n}" for n in range(1, 7)}
    for one in EXPERIMENTS.values():
        names = [cell.name for cell in one.cells]
        assert len(set(names)) == len(names)
        assert all(cell.experiment == one.name and cell.seconds > 0 for cell in one.cells)


def test_a_fold_leaves_out_whom_it_tests() -> None:
    from claims.data import Order, Shot
    from claims.learning import fitted, within

    class Learner:
        def fit(self, X: Any, y: Any, groups: Any) -> None:
            self.people = set(groups)

    shots = [Shot(Order("fast", p, n), None, ()) for p in range(1, 9) for n in range(1, 7)]
    learner, held = fitted(Learner(), shots, list(range(len(shots))), within(1))
    assert {shots[i].order.person for i in held} == {2, 6}
    assert learner.people == {f"fast-{p:02d}" for p in (1, 3, 4, 5, 7, 8)}
    with pytest.raises(ValueError, match="trained on and tested"):
        fitted(Learner(), shots, list(range(len(shots))), lambda s: s.order.number == 1)
