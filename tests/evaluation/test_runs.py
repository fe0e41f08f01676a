"""Runs: hand-worked scores, resuming, guards, and everything that may go wrong in a fold."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mien.errors import InputError, MienError
from mien.evaluation import Own, benchmark, make_protocol, select_prepared
from tests.evaluation.made import LARGEST, Flat, Largest, Named, feature_set, first_weights, people

LOSO = make_protocol("loso", select=select_prepared)


def logistic(name: str = "lr", **parameters: Any) -> Own:
    return Own(name, make_pipeline(StandardScaler(), LogisticRegression(**parameters)), Flat())


def files(folder: Path) -> dict[str, bytes]:
    """Everything in a run but the times."""
    return {
        p.relative_to(folder).as_posix(): p.read_bytes()
        for p in sorted(folder.rglob("*"))
        if p.is_file() and p.name != "timings.csv"
    }


# Two people; the contender takes the class with the largest number.
BY_HAND = [
    ("casme2", "a", "negative", (3, 0, 0)),
    ("casme2", "a", "positive", (3, 0, 0)),  # taken for negative
    ("casme2", "b", "negative", (2, 0, 1)),
    ("casme2", "b", "surprise", (0, 1, 5)),
]


def by_hand(root: Path) -> Any:
    return feature_set(root, [c[:3] for c in BY_HAND], [c[3] for c in BY_HAND])


def test_scores_by_hand(tmp_path: Path) -> None:
    found = benchmark([LARGEST], [by_hand(tmp_path / "x")], LOSO, tmp_path / "run")
    row = pd.read_csv(tmp_path / "run" / "summary.csv").iloc[0]
    # F1 negative 2·2/(2·2+1) = .8, positive 0, surprise 1
    assert (row["model"], row["protocol"], row["part"], row["n"]) == ("largest", "loso", "all", 4)
    assert row["uf1"] == pytest.approx(0.6, abs=1e-6)
    assert row["uar"] == pytest.approx(2 / 3, abs=1e-6)
    assert row["war"] == 0.75
    assert row["uf1_low"] <= row["uf1"] <= row["uf1_high"]
    assert found.folds == ("casme2/a", "casme2/b")
    said = pd.read_csv(tmp_path / "run" / "predictions.csv")
    assert said["predicted"].tolist() == ["negative", "negative", "negative", "surprise"]
    assert said["clip"].tolist() == [f"casme2/{p}/c{i:02d}" for i, p in enumerate("aabb")]
    assert said["p_surprise"].tolist() == [0, 0, 0, 1]
    matrix = pd.read_csv(tmp_path / "run" / "confusion.csv").query("n > 0")
    cells = {(r.truth, r.predicted): r.n for r in matrix.itertuples() if r.part == "all"}
    assert cells == {
        ("negative", "negative"): 2,
        ("positive", "negative"): 1,
        ("surprise", "surprise"): 1,
    }


def test_chance_stands_under_the_table(tmp_path: Path) -> None:
    found = benchmark([LARGEST], [by_hand(tmp_path / "x")], LOSO, tmp_path / "run", oracle=True)
    under = pd.read_csv(tmp_path / "run" / "baselines.csv").set_index("model")
    assert list(under.index) == ["majority", "stratified-random", "random-oracle"]
    # trained on b: negative or surprise, of equals the first; trained on a: negative
    assert under.loc["majority", "war"] == 0.5
    assert under.loc["random-oracle", "war"] > under.loc["stratified-random", "war"] + 0.2
    for name in under.index:
        assert name in found.table()
        assert name in (tmp_path / "run" / "results.md").read_text()
        assert name in (tmp_path / "run" / "results.tex").read_text()


def test_hold_out_of_data_sets_is_the_mean_of_directions(tmp_path: Path) -> None:
    clips = [("casme2", "a", "negative"), ("casme2", "b", "positive"), ("samm", "a", "negative")]
    data = feature_set(tmp_path / "x", clips, [(1, 0, 0), (1, 0, 0), (1, 0, 0)])
    benchmark([LARGEST], [data], make_protocol("hde3", select=select_prepared), tmp_path / "run")
    table = pd.read_csv(tmp_path / "run" / "summary.csv").set_index("part")
    assert list(table.index) == ["all", "casme2", "samm"]
    assert table["war"].tolist() == [0.75, 0.5, 1.0]
    assert table["n"].tolist() == [3, 2, 1]


def test_parts_are_of_the_same_predictions(tmp_path: Path) -> None:
    data = feature_set(tmp_path / "x", people(3, 2, ("casme2", "samm")))
    found = benchmark([logistic()], [data], LOSO, tmp_path / "run")
    table = found.summary.set_index("part")
    assert list(table.index) == ["all", "casme2", "samm"]
    assert table["n"].tolist() == [36, 18, 18]
    assert table.loc["all", "war"] == pytest.approx(table.loc[["casme2", "samm"], "war"].mean(), abs=1e-6)
    assert table.loc["all", "uf1"] > 0.5  # the classes are there to be found


def test_jobs_do_not_change_a_byte(tmp_path: Path) -> None:
    data = feature_set(tmp_path / "x", people(4, 2))
    for jobs in (1, 2):
        benchmark([logistic(), LARGEST], [data], LOSO, tmp_path / f"run{jobs}", jobs=jobs, seeds=(0, 1))
    assert files(tmp_path / "run1") == files(tmp_path / "run2")
    assert len(list((tmp_path / "run1" / "store").rglob("*.json"))) == 2 * 2 * 4


class Stopping(Largest):
    """Stops the run in its third fold, once."""

    left = 2

    def fit(self, X: Any, y: Any, groups: Any = None) -> Stopping:
        if Stopping.left == 0:
            Stopping.left = -1
            raise KeyboardInterrupt
        Stopping.left -= 1
        return self


def test_a_stopped_run_goes_on_and_ends_with_the_same_bytes(tmp_path: Path) -> None:
    data = feature_set(tmp_path / "x", people(4, 1))
    contender = Named("stopping", Stopping)
    Stopping.left = 2
    with pytest.raises(KeyboardInterrupt):
        benchmark([contender], [data], LOSO, tmp_path / "run")
    stored = sorted((tmp_path / "run" / "store").rglob("*.json"))
    assert len(stored) == 2
    assert not (tmp_path / "run" / "summary.csv").exists()
    Stopping.left = 2  # the two folds that are left may be fitted, a third would stop it again
    benchmark([contender], [data], LOSO, tmp_path / "run")
    Stopping.left = 100
    benchmark([contender], [data], LOSO, tmp_path / "whole")
    assert files(tmp_path / "run") == files(tmp_path / "whole")
    Stopping.left = 0  # a finished run computes nothing
    benchmark([contender], [data], LOSO, tmp_path / "run")


def test_what_changes_is_computed_again(tmp_path: Path) -> None:
    clips = people(3, 1)
    data = feature_set(tmp_path / "x", clips)
    benchmark([logistic()], [data], LOSO, tmp_path / "run")
    first = files(tmp_path / "run")
    other = feature_set(tmp_path / "y", clips, seed=9)
    with pytest.raises(InputError, match=r"holds a run on other data.* another --out"):
        benchmark([logistic()], [other], LOSO, tmp_path / "run")
    assert files(tmp_path / "run") == first
    (tmp_path / "run" / "run.json").unlink()  # its tables may go
    benchmark([logistic()], [other], LOSO, tmp_path / "run")
    assert files(tmp_path / "run")["predictions.csv"] != first["predictions.csv"]
    benchmark([logistic(C=0.01)], [other], LOSO, tmp_path / "run")
    assert len(list((tmp_path / "run" / "store").rglob("*.json"))) == 9


def test_tables_are_not_replaced_by_those_of_something_else(tmp_path: Path) -> None:
    data, more = feature_set(tmp_path / "x", people(3, 1)), feature_set(tmp_path / "y", people(4, 1))
    benchmark([LARGEST], [data], LOSO, tmp_path / "run")
    first = files(tmp_path / "run")
    three, four = make_protocol("kfold", n_splits=3), make_protocol("kfold", n_splits=2)
    for refused, protocol, words in (
        (data, three, "under another protocol"),
        (more, LOSO, "on other data"),
        (data, make_protocol("loso", rule="four"), "in other classes"),
    ):
        with pytest.raises(InputError, match=words):
            benchmark([LARGEST], [refused], protocol, tmp_path / "run")
        assert files(tmp_path / "run") == first
    benchmark([LARGEST], [data], three, tmp_path / "folds")
    with pytest.raises(InputError, match="in other folds"):
        benchmark([LARGEST], [data], four, tmp_path / "folds")
    # more models on the same, and other seeds, may come; so may a run whose account is damaged
    found = benchmark([LARGEST, logistic()], [data], LOSO, tmp_path / "run", seeds=(0, 1))
    assert found.summary["model"].unique().tolist() == ["largest", "lr"]
    for damaged in ("{", "[]", '"loso"', "null", '{"asked": null}', '{"protocol": "loso", "asked": [1]}'):
        (tmp_path / "run" / "run.json").write_text(damaged)
        benchmark([LARGEST], [data], LOSO, tmp_path / "run")
        assert files(tmp_path / "run")["summary.csv"] == first["summary.csv"]
    # what was run cannot be known, and its tables may be worth something
    (tmp_path / "run" / "run.json").unlink()
    (tmp_path / "run" / "run.json").mkdir()
    with pytest.raises(InputError, match=r"run\.json cannot be read"):
        benchmark([LARGEST], [data], LOSO, tmp_path / "run")


def test_a_damaged_result_is_computed_again(tmp_path: Path) -> None:
    data = feature_set(tmp_path / "x", people(3, 1))
    benchmark([LARGEST], [data], LOSO, tmp_path / "run")
    whole = files(tmp_path / "run")
    one = next((tmp_path / "run" / "store").rglob("*.json"))
    one.write_bytes(one.read_bytes()[:40])
    benchmark([LARGEST], [data], LOSO, tmp_path / "run")
    assert files(tmp_path / "run") == whole


def test_seeds_are_averaged(tmp_path: Path) -> None:
    class Coin(Largest):
        pass

    data = by_hand(tmp_path / "x")
    one = benchmark([LARGEST], [data], LOSO).summary
    two = benchmark([LARGEST], [data], LOSO, seeds=(0, 1, 2)).summary
    assert two["n"].tolist() == one["n"].tolist()
    assert two["uf1"].tolist() == one["uf1"].tolist()
    assert two["uf1_low"].tolist() == one["uf1_low"].tolist()
    assert two["seeds"].tolist() == [3]


# --- what goes wrong ----------------------------------------------------------------------------------------


def test_a_clip_that_cannot_be_used_is_left_out_for_all_and_named(tmp_path: Path) -> None:
    data = feature_set(tmp_path / "x", people(3, 2))
    (tmp_path / "x" / "c03.npz").write_bytes(b"no matrix")
    np.savez(tmp_path / "x" / "c05.npz", x=np.array([[1.0, np.nan, 0.0]]))
    found = benchmark([LARGEST, logistic()], [data], LOSO, tmp_path / "run")
    table = pd.read_csv(tmp_path / "run" / "left_out.csv")
    assert table["clip"].tolist() == ["c03", "c05"]
    assert table["by"].tolist() == ["data", "data"]
    assert table["subject"].tolist() == ["casme2/p0", "casme2/p0"]
    assert found.summary["n"].tolist() == [16, 16]
    assert any("2 of 18 clips" in note for note in found.notes)


def test_a_person_without_a_clip_left_is_said(tmp_path: Path) -> None:
    data = feature_set(tmp_path / "x", people(3, 1))
    for i in range(3):
        (tmp_path / "x" / f"c{i:02d}.npz").unlink()
    found = benchmark([LARGEST], [data], LOSO, tmp_path / "run")
    assert found.folds == ("casme2/p1", "casme2/p2")
    assert any("casme2/p0" in note and "skipped" in note for note in found.notes)


def test_a_class_that_nobody_can_learn_is_said(tmp_path: Path) -> None:
    clips = [("casme2", "a", "negative"), ("casme2", "a", "surprise"), ("casme2", "b", "negative")]
    clips += [("casme2", "b", "positive"), ("casme2", "c", "negative")]
    found = benchmark([logistic()], [feature_set(tmp_path / "x", clips)], LOSO)
    assert any("surprise" in note and "casme2/a" in note for note in found.notes)
    assert found.summary["n"].tolist() == [5]


class Picky(Largest):
    def fit(self, X: Any, y: Any, groups: Any = None) -> Picky:
        assert groups is not None
        if "casme2/p1" not in groups:
            raise ValueError("cannot do without p1")
        return self


def test_a_fold_that_fails_is_named_and_the_others_go_on(tmp_path: Path) -> None:
    data = feature_set(tmp_path / "x", people(3, 1))
    found = benchmark([Named("picky", Picky), LARGEST], [data], LOSO, tmp_path / "run", jobs=2)
    assert [(f.contender, f.fold, f.reason) for f in found.failures] == [
        ("picky", "casme2/p1", "ValueError: cannot do without p1")
    ]
    assert found.summary.set_index("model")["n"].to_dict() == {"picky": 6, "largest": 9}
    assert "cannot do without p1" in (tmp_path / "run" / "folds.csv").read_text()
    assert "cannot do without p1" in found.table()


class Silent(Largest):
    def predict_proba(self, X: Any) -> Any:
        return np.full((len(X), 3), np.nan)


class Foreign(Largest):
    def __init__(self, labels: tuple[str, ...]) -> None:
        self.classes_ = np.array(["joy", "grief"])


def test_nonsense_from_an_estimator_is_no_result(tmp_path: Path) -> None:
    data = feature_set(tmp_path / "x", people(2, 1))
    found = benchmark([Named("silent", Silent), Named("foreign", Foreign), LARGEST], [data], LOSO)
    assert {f.contender for f in found.failures} == {"silent", "foreign"}
    assert any("'joy'" in f.reason for f in found.failures)
    assert any("no probability" in f.reason for f in found.failures)


def test_nothing_left_is_an_error(tmp_path: Path) -> None:
    data = feature_set(tmp_path / "x", people(2, 1))
    for i in range(6):
        (tmp_path / "x" / f"c{i:02d}.npz").write_bytes(b"")
    with pytest.raises(InputError, match="no clip is left"):
        benchmark([LARGEST], [data], LOSO, tmp_path / "run")


def test_names_seeds_and_folders_are_checked(tmp_path: Path) -> None:
    data = feature_set(tmp_path / "x", people(2, 1))
    with pytest.raises(InputError, match="two models are called largest"):
        benchmark([LARGEST, LARGEST], [data], LOSO)
    with pytest.raises(InputError, match="seed"):
        benchmark([LARGEST], [data], LOSO, seeds=(1, 1))
    with pytest.raises(InputError, match="no run of mien's"):
        benchmark([LARGEST], [data], LOSO, tmp_path / "x")
    with pytest.raises(InputError, match="is a file"):
        benchmark([LARGEST], [data], LOSO, tmp_path / "x" / "c00.npz")
    with pytest.raises(InputError, match="not about recognition"):
        benchmark([LARGEST], [data], make_protocol("spotting"))
    with pytest.raises(MienError, match="engine"):
        benchmark([LARGEST], [data], LOSO, engine="abacus")  # type: ignore[arg-type]


# --- guards -------------------------------------------------------------------------------------------------


def test_a_scaler_that_has_seen_everything_is_refused() -> None:
    X = np.random.default_rng(0).normal(size=(20, 3))
    seen = StandardScaler().fit(X)
    with pytest.raises(InputError, match="fitted already"):
        Own("lr", make_pipeline(seen, LogisticRegression()), Flat())
    chosen = SelectKBest(k=2).fit(X, np.arange(20) % 2)
    with pytest.raises(InputError, match="fitted already"):
        Own("lr", make_pipeline(chosen, LogisticRegression()), Flat())
    with pytest.raises(InputError, match="fitted already"):
        Own("lr", LogisticRegression().fit(X, np.arange(20) % 2), Flat())


def test_features_scaled_over_all_clips_are_refused(tmp_path: Path) -> None:
    clips = people(4, 1)
    values = np.random.default_rng(0).normal(3, 2, (12, 5))
    scaled = StandardScaler().fit_transform(values)
    data = feature_set(tmp_path / "x", clips, scaled.tolist())
    with pytest.raises(InputError, match="scaler was fitted on training and test"):
        benchmark([logistic()], [data], LOSO, tmp_path / "run")
    assert benchmark([logistic()], [data], LOSO, trust_features=True).summary["n"].tolist() == [12]
    plain = feature_set(tmp_path / "y", clips, values.tolist())
    assert benchmark([logistic()], [plain], LOSO).summary["n"].tolist() == [12]


class Peeking(Largest):
    def fit(self, X: Any, y: Any, groups: Any = None) -> Peeking:
        self.chosen_on_ = np.arange(len(X))
        return self


def test_choosing_on_training_people_is_allowed_and_on_others_refused(tmp_path: Path) -> None:
    from mien.evaluation import check_unseen

    data = feature_set(tmp_path / "x", people(3, 1))
    assert not benchmark([Named("peeking", Peeking)], [data], LOSO).failures
    with pytest.raises(InputError, match="who is tested in this fold"):
        check_unseen("the epoch was chosen", [0, 1], [2], ["x/a", "x/b", "x/b"])


def test_what_comes_trained_is_tested_on_everything(tmp_path: Path) -> None:
    data = feature_set(tmp_path / "x", people(2, 2))
    how = make_protocol("test", select=select_prepared)
    ready = Named("ready", Largest, needs_training=False)
    found = benchmark([ready], [data], how, tmp_path / "run")
    assert found.summary["n"].tolist() == [12]
    assert found.folds == ("test",)
    assert json.loads((tmp_path / "run" / "run.json").read_text())["protocol"] == "test"
    with pytest.raises(InputError, match="trained on"):
        benchmark([logistic()], [data], how)


def test_a_model_that_has_seen_a_tested_person_is_refused(tmp_path: Path) -> None:
    class Knowing(Named):
        seen = ("casme2/p1", "samm/p7")

    data = feature_set(tmp_path / "x", people(2, 1))
    with pytest.raises(InputError, match="has seen casme2/p1"):
        benchmark([Knowing("knowing", Largest)], [data], LOSO)


def test_whom_a_model_knows_may_stand_in_the_training_part(tmp_path: Path) -> None:
    """Trained on one part of a data set, it is tested on the other, in which nobody is known."""
    data = feature_set(tmp_path / "x", people(4, 1))
    parts = {"casme2/p0": "training", "casme2/p1": "training"}
    samples = tuple(replace(s, part=parts.get(s.subject, "test")) for s in data.samples)
    data = replace(data, samples=samples)

    class Knowing(Named):
        seen = tuple(parts)

    how = make_protocol("test", select=select_prepared)
    for needs_training in (False, True):
        found = benchmark([Knowing("knowing", Largest, needs_training=needs_training)], [data], how)
        assert {s for r in found.results for s in r.subjects} == {"casme2/p2", "casme2/p3"}
    held = make_protocol("holdout", select=select_prepared, share=0.5)
    tested = set(benchmark([LARGEST], [data], held).results[0].subjects)
    others, one = {s.subject for s in samples} - tested, Named("one", Largest)
    object.__setattr__(one, "seen", tuple(others))
    assert set(benchmark([one], [data], held).results[0].subjects) == tested
    object.__setattr__(one, "seen", (*others, min(tested)))
    with pytest.raises(InputError, match=f"has seen {min(tested)}"):
        benchmark([one], [data], held)

    class Other(Named):
        seen = ("casme2/p3",)

    with pytest.raises(InputError, match="has seen casme2/p3"):
        benchmark([Other("other", Largest, needs_training=False)], [data], how)


def test_first_weights_that_know_a_tested_person_are_refused(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="networks need the extra 'train'")
    from mien.datasets import read_dataset
    from mien.training.systems import make_system
    from tests.test_cli_bench import maps

    data = read_dataset("flow", maps(tmp_path / "flow", people=2))
    known = data.samples[0].subject
    for told, refused in (([known], True), (["x/1"], False)):
        file = first_weights(tmp_path / "w.safetensors", "ststnet", told)
        contender = make_system(f"ststnet:init={file},epochs=1")
        if refused:
            with pytest.raises(InputError, match=rf"ststnet.* has seen {known}"):
                benchmark([contender], [data], LOSO)
        else:
            assert benchmark([contender], [data], LOSO).failures == ()


# --- one person, however spelled ----------------------------------------------------------------------------


def test_a_person_is_one_however_copies_spell_it(tmp_path: Path) -> None:
    from mien.evaluation.guards import person_of

    assert person_of("samm/006") == person_of("samm/6") == person_of("samm-lv/06")
    assert person_of("smic/s1") == person_of("smic/s01") == person_of("smic-e-long/S01")
    assert person_of("casme2/sub01") == person_of("casme2/1") != person_of("casme2/sub10")
    clips = [("samm", "006", "negative"), ("samm", "006", "positive"), ("samm", "007", "negative")]
    one = feature_set(tmp_path / "x", clips)
    other = feature_set(tmp_path / "y", [("samm", "6", "surprise"), ("samm", "7", "positive")], seed=1)
    found = benchmark([LARGEST], [one, other], LOSO)
    assert found.folds == ("samm/006", "samm/007")
    assert any("samm/6 and samm/006 are taken for one person" in note for note in found.notes)


def test_data_sets_of_the_same_people_are_not_mixed(tmp_path: Path) -> None:
    one = feature_set(tmp_path / "x", [("samm", "006", "negative"), ("samm", "007", "positive")])
    other = feature_set(tmp_path / "y", [("samm-lv", "006", "surprise")], seed=1)
    with pytest.raises(InputError, match="one person, who would be trained and tested on"):
        benchmark([LARGEST], [one, other], LOSO)


def test_what_was_seen_is_known_by_any_spelling(tmp_path: Path) -> None:
    class Knowing(Named):
        seen = ("samm/006",)

    data = feature_set(tmp_path / "x", [("samm", "6", "negative"), ("samm", "7", "positive")])
    with pytest.raises(InputError, match="has seen samm/6"):
        benchmark([Knowing("knowing", Largest)], [data], LOSO)


def test_the_same_file_under_two_names_is_said(tmp_path: Path) -> None:
    values = [(1, 0, 0), (0, 1, 0), (1, 0, 0), (0, 0, 1)]
    clips = [
        ("x1", "a", "negative"),
        ("x1", "a", "positive"),
        ("x1", "b", "negative"),
        ("x1", "b", "surprise"),
    ]
    found = benchmark([LARGEST], [feature_set(tmp_path / "x", clips, values)], LOSO)
    assert any("x1/a and x1/b" in note for note in found.notes)


def test_a_matrix_of_another_shape_is_left_out_by_name(tmp_path: Path) -> None:
    data = feature_set(tmp_path / "x", people(3, 2))
    np.savez(tmp_path / "x" / "c04.npz", x=np.ones((1, 4)))
    found = benchmark([logistic(), LARGEST], [data], LOSO, tmp_path / "run")
    table = pd.read_csv(tmp_path / "run" / "left_out.csv")
    assert table["clip"].tolist() == ["c04"]
    assert "4" in table["reason"][0]
    assert found.summary["n"].tolist() == [17, 17]
    for i in range(9):
        np.savez(tmp_path / "x" / f"c{i:02d}.npz", x=np.ones((1, 4)))
    with pytest.raises(InputError, match="differ in shape"):
        benchmark([LARGEST], [data], LOSO)


def test_a_guard_that_was_switched_off_is_written_down(tmp_path: Path) -> None:
    data = feature_set(tmp_path / "x", people(2, 2))
    found = benchmark([LARGEST], [data], LOSO, tmp_path / "run", trust_features=True)
    assert json.loads((tmp_path / "run" / "run.json").read_text())["trust_features"] is True
    assert any("without a look" in note for note in found.notes)
    how = make_protocol("holdout", select=select_prepared, share=0.5, seed=3)
    benchmark([LARGEST], [data], how, tmp_path / "held")
    assert "share=0.5, seed=3" in json.loads((tmp_path / "held" / "run.json").read_text())["splitter"]


def test_a_min_max_scaler_over_all_clips_is_refused_too(tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(3, 2, (12, 5))
    scaled = (values - values.min(axis=0)) / np.ptp(values, axis=0)
    data = feature_set(tmp_path / "x", people(4, 1), scaled.tolist())
    with pytest.raises(InputError, match="least 0 and greatest 1"):
        benchmark([logistic()], [data], LOSO)


def test_an_estimator_of_ones_own_on_matrices(tmp_path: Path) -> None:
    from mien.inputs.pipeline import ReadMatrix

    data = feature_set(tmp_path / "x", people(3, 2))
    found = benchmark([Own("own", LogisticRegression(), ReadMatrix())], [data], LOSO)
    assert found.summary["n"].tolist() == [18]
    with pytest.raises(InputError, match="no fold could be done"):
        benchmark([Own("own", LogisticRegression(), ReadMatrix(), flat=False)], [data], LOSO)


def test_large_arrays_among_parameters_count_whole() -> None:
    from sklearn.preprocessing import FunctionTransformer

    one, other = np.zeros(5000), np.zeros(5000)
    other[2500] = 1
    made = [
        Own(
            "p",
            make_pipeline(FunctionTransformer(kw_args=None), LogisticRegression(class_weight=None)),
            Flat(),
        )
        for _ in range(2)
    ]
    assert made[0].digest() == made[1].digest()
    weighted = [Own("p", _Weighted(w), Flat()).digest() for w in (one, one.copy(), other)]
    assert weighted[0] == weighted[1] != weighted[2]


class _Weighted(LogisticRegression):
    def __init__(self, w: Any = None) -> None:
        super().__init__()
        self.w = w
