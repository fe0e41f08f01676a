"""Networks in scikit-learn's manner."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from sklearn.base import clone

from mien.errors import InputError
from mien.training.estimators import METADATA, NetworkClassifier, OneScale, Port, TwoScales, split_people
from mien.training.settings import Training
from mien.training.systems import make_system

HOW = Training(epochs=25, batch=8, optimizer="adam", lr=3e-3)
WORDS = np.array(["negative", "positive", "surprise"])


def maps(n: int = 24, seed: int = 0) -> tuple[NDArray[np.float32], NDArray[Any], NDArray[Any]]:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 1, 3, 28, 28)).astype(np.float32)
    label = np.arange(n) % 3
    for i, k in enumerate(label):
        X[i, 0, :2, 8 * k : 8 * k + 8, 4:20] += 2
    return X, WORDS[label], np.array([f"x/{i // 6}" for i in range(n)])


def ststnet(**more: Any) -> NetworkClassifier:
    return NetworkClassifier("ststnet", (Port("flow", (1, 3, 28, 28), False),), HOW, **more)


def test_fit_predict_and_probabilities() -> None:
    X, y, groups = maps()
    made = ststnet().fit(X, y, groups)
    rows = made.predict_proba(X)
    assert made.classes_.tolist() == sorted(WORDS)
    assert rows.shape == (24, 3)
    assert np.allclose(rows.sum(axis=1), 1)
    other, truth, _ = maps(seed=4)
    assert (made.predict(other) == truth).mean() > 0.7
    assert made.features(X).shape[0] == 24


def test_the_same_seed_gives_the_same_rows_and_a_clone_is_unfitted() -> None:
    X, y, _ = maps()
    a, b, c = (ststnet(seed=seed).fit(X, y).predict_proba(X) for seed in (0, 0, 1))
    assert np.array_equal(a, b)
    assert not np.array_equal(a, c)
    made = ststnet(seed=3).fit(X, y)
    fresh = clone(made)
    assert fresh.get_params() == made.get_params()
    with pytest.raises(Exception, match="not fitted"):
        fresh.predict(X)
    assert fresh.set_params(seed=5).seed == 5


def test_one_class_and_two() -> None:
    X, y, _ = maps()
    only = ststnet().fit(X[y == "negative"], y[y == "negative"])
    assert only.predict_proba(X[:3]).tolist() == [[1.0]] * 3
    assert set(only.predict(X[:3])) == {"negative"}
    two = y != "positive"
    assert ststnet().fit(X[two], y[two]).classes_.tolist() == ["negative", "surprise"]


def test_the_epoch_is_chosen_on_people_of_the_training_part() -> None:
    X, y, groups = maps()
    from dataclasses import replace

    made = ststnet().set_params(training=replace(HOW, patience=3)).fit(X, y, groups)
    held = set(groups[made.chosen_on_])
    assert held
    assert held < set(groups)
    assert set(made.chosen_on_) == {i for i, g in enumerate(groups) if g in held}
    with pytest.raises(InputError, match="subjects"):
        clone(made).fit(X, y)
    with pytest.raises(InputError, match="two training people"):
        clone(made).fit(X[:6], y[:6], groups[:6])


def test_people_are_split_whole() -> None:
    groups = [f"x/{i // 3}" for i in range(30)]
    own, held = split_people(groups, 0.2, 0)
    assert sorted(own + held) == list(range(30))
    assert {groups[i] for i in own}.isdisjoint(groups[i] for i in held)
    assert len({groups[i] for i in held}) == 2
    assert split_people(groups, 0.2, 0) == (own, held)
    assert split_people(groups, 0.2, 1) != (own, held)


def test_clips_of_any_length() -> None:
    rng = np.random.default_rng(0)
    X = [rng.random((n, 1, 64, 64)).astype(np.float32) for n in (3, 1, 4, 2)]
    port = Port("clip", (None, 1, 64, 64), True)
    made = NetworkClassifier("akmnet", (port,), Training(epochs=1, batch=2))
    assert made.fit(X, WORDS[[0, 1, 0, 1]]).predict_proba(X).shape == (4, 2)


def test_several_ports_in_a_row() -> None:
    rng = np.random.default_rng(0)
    ports = (Port("apex", (1, 1, 96, 96), True), Port("motion", (16, 2, 8, 8), False))
    X = rng.random((6, 96 * 96 + 16 * 128)).astype(np.float32)
    made = NetworkClassifier("atnet", ports, Training(epochs=1, batch=4))
    assert made.fit(X, WORDS[[0, 1, 2] * 2]).predict_proba(X).shape == (6, 3)
    with pytest.raises(InputError, match="numbers a clip"):
        made.predict(X[:, 1:])


def test_the_surer_of_two_scales_decides() -> None:
    rng = np.random.default_rng(0)
    shapes = ((32, 3, 48, 48), (64, 3, 48, 48))
    streams = [
        NetworkClassifier(
            "dtscnn",
            (Port("clip", s, True),),
            Training(epochs=2, batch=4, optimizer="adam"),
            options=(("frames", s[0]),),
        )
        for s in shapes
    ]
    y = WORDS[[0, 1] * 4]
    X = rng.random((8, sum(int(np.prod(s)) for s in shapes))).astype(np.float32)
    X[y == "positive"] += 1
    for head in ("svm", "softmax"):
        made = TwoScales(*streams, head=head).fit(X, y)
        first, second = made.probabilities(X)
        fused = made.predict_proba(X)
        for a, b, row in zip(first, second, fused, strict=True):
            assert row.tolist() == (a if a.max() >= b.max() else b).tolist()
        assert (made.predict(X) == y).all()
    short = [x[: int(np.prod(shapes[0]))].reshape(shapes[0]) for x in X]
    assert (OneScale(streams[0]).fit(short, y).predict(short) == y).all()


def test_two_scales_go_on_where_they_were_stopped(tmp_path: Path) -> None:
    shapes = ((32, 3, 48, 48), (64, 3, 48, 48))
    how = Training(epochs=2, batch=2, optimizer="adam")
    streams = [
        NetworkClassifier("dtscnn", (Port("clip", s, True),), how, options=(("frames", s[0]),))
        for s in shapes
    ]
    y = WORDS[[0, 1] * 2]
    X = np.random.default_rng(0).random((4, sum(int(np.prod(s)) for s in shapes))).astype(np.float32)
    whole = TwoScales(*streams, head="softmax").fit(X, y).predict_proba(X)
    told: list[int] = []

    def stop(progress: Any) -> None:
        told.append(progress.done)
        if told == [1, 2, 1]:  # in the long stream
            raise KeyboardInterrupt

    file = tmp_path / "m.onnx.checkpoint"
    with pytest.raises(KeyboardInterrupt):
        TwoScales(*streams, head="softmax").fit(X, y, checkpoint=file, progress=stop)
    kept = ["m.onnx.long.checkpoint", "m.onnx.short.checkpoint"]
    assert sorted(p.name for p in tmp_path.iterdir()) == kept
    rest: list[int] = []
    again = TwoScales(*streams, head="softmax").fit(
        X, y, checkpoint=file, progress=lambda progress: rest.append(progress.done)
    )
    assert rest == [2]  # the last epoch of the long stream alone
    assert np.array_equal(again.predict_proba(X), whole)


@pytest.mark.parametrize(
    ("labels", "same"), [(list(WORDS), True), (["anger", "fear", "joy"], False), (None, False)]
)
def test_a_last_layer_of_other_classes_is_put_back_and_listed(
    tmp_path: Path, labels: list[str] | None, same: bool
) -> None:
    X, y, _ = maps()
    first = ststnet().fit(X, y)
    file = weights(first, tmp_path / "w.safetensors", labels)
    still = NetworkClassifier("ststnet", first.ports, replace(HOW, epochs=1, lr=1e-12), init=str(file))
    report = still.fit(X, y).init_report_
    before, after = (made.network_.last.weight.detach().numpy() for made in (first, still))
    assert np.allclose(before, after, atol=1e-6) == same
    total = len(first.network_.state_dict())
    lines = report.lines()
    assert lines[0] == f"w.safetensors: {total if same else total - 2} of {total} tensors taken"
    assert len(report.loaded) == (total if same else total - 2)
    assert report.fresh == report.other
    assert [line.split()[0] for line in lines[1:]] == ([] if same else ["left:", "left:", "fresh:", "fresh:"])


def test_whom_first_weights_know(tmp_path: Path) -> None:
    X, y, _ = maps()
    file = weights(ststnet().fit(X, y), tmp_path / "w.safetensors", list(WORDS), ["x/1", "x/2"])
    assert make_system(f"ststnet:init={file}").seen == ("x/1", "x/2")
    assert make_system("ststnet").seen == ()
    foreign = weights(ststnet().fit(X, y), tmp_path / "f.safetensors", None)
    assert make_system(f"ststnet:init={foreign}").seen == ()


@pytest.mark.parametrize(
    "told", ['{"subjects": null}', '{"subjects": "x/1"}', '{"subjects": ["x/1", 2]}', "{}", "[]", "null"]
)
def test_weights_that_do_not_say_whom_they_know_are_refused(tmp_path: Path, told: str) -> None:
    """Of mien's own, such a file would count as having seen nobody."""
    file = tmp_path / "w.safetensors"
    save_file({"x": torch.zeros(1)}, file, metadata={METADATA: told})
    with pytest.raises(InputError, match=r"does not say whom .* train them again"):
        _ = make_system(f"ststnet:init={file}").seen


def weights(made: NetworkClassifier, file: Path, labels: list[str] | None, people: Any = ()) -> Path:
    """As ``mien train`` writes them; without labels: somebody else's."""
    words = {} if labels is None else {METADATA: json.dumps({"labels": labels, "subjects": list(people)})}
    tensors = {name: value.contiguous() for name, value in made.network_.state_dict().items()}
    save_file(tensors, file, metadata=words)
    return file


def test_a_checkpoint_of_other_clips_is_refused(tmp_path: Path) -> None:
    """It would give a model that was not trained on what it names."""
    X, y, groups = maps()
    how = replace(HOW, epochs=2)
    first = weights(ststnet().set_params(training=how).fit(X, y), tmp_path / "first.safetensors", None)
    file = tmp_path / "m.checkpoint"
    made = NetworkClassifier("ststnet", (Port("flow", (1, 3, 28, 28), False),), how)
    rows = made.fit(X, y, groups, checkpoint=file).predict_proba(X)
    assert np.array_equal(clone(made).fit(X, y, groups, checkpoint=file).predict_proba(X), rows)
    turned = X.copy()
    turned[5, 0, 2, 3, 4] += 1
    people = groups.copy()
    people[0] = "y/0"
    for clips, words, subjects, init in (
        (maps(seed=1)[0], y, groups, ""),
        (turned, y, groups, ""),
        (X, np.roll(y, 1), groups, ""),
        (X, np.char.add(y, "s"), groups, ""),
        (X, y, people, ""),
        (X, y, groups, str(first)),
    ):
        with pytest.raises(InputError, match="other training, or of other clips"):
            clone(made).set_params(init=init).fit(clips, words, subjects, checkpoint=file)


def test_clips_of_another_shape_are_refused() -> None:
    X, y, _ = maps()
    with pytest.raises(InputError, match="takes clips of 1×3×28×28"):
        ststnet().fit(X[:, :, :2], y)
    with pytest.raises(InputError, match="classes for"):
        ststnet().fit(X, y[:-1])
