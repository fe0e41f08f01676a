"""The protocols by name, from samples to folds."""

from __future__ import annotations

import doctest
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from mien.datasets.manifest import Footage, Sample
from mien.errors import InputError
from mien.evaluation import PROTOCOLS, Plan, Selection, make_protocol, select_prepared, select_spotting
from mien.events import Event

Samples = Sequence[Sample]


def test_the_examples_in_the_docstrings() -> None:
    done = doctest.testmod(sys.modules["mien.evaluation.protocols"])
    assert (done.failed, done.attempted) == (0, 3)


def play(name: str, samples: Samples, **options: object) -> tuple[Selection, Plan]:
    protocol = make_protocol(name, **options)  # type: ignore[arg-type]
    assert protocol.select is not None
    selection = protocol.select(samples)
    return selection, protocol.splitter(selection).plan(selection.subjects, selection.classes)


def test_megc2019(casme2_2014: Samples, smic_samples: Samples, samm_samples: Samples) -> None:
    selection, plan = play("megc2019", [*smic_samples, *casme2_2014, *samm_samples])
    assert len(plan.folds) == 68
    assert sum(len(f.test) for f in plan.folds) == 442
    # CASME II's 10 and 18, and one of SAMM whose clips are all "other", have no fold
    assert plan.notes == tuple(
        f"{name} has no clip to test; the fold is skipped"
        for name in ("casme2/sub10", "casme2/sub18", "samm/025")
    )
    first = plan.folds[0]
    inner = first.inner(selection.subjects, share=0.2, seed=3, y=selection.classes)
    tested = {selection.subjects[i] for i in first.test}
    chosen_on = {selection.subjects[i] for i in inner.validation}
    assert not tested & chosen_on
    assert {s.split("/")[0] for s in chosen_on} == {"smic", "casme2", "samm"}


def test_cde_and_hde_2018(casme2_2014: Samples, samm_samples: Samples) -> None:
    samples = [*casme2_2014, *samm_samples]
    _, plan = play("cde2018", samples)
    assert len(plan.folds) == 47
    assert sum(len(f.test) for f in plan.folds) == 253
    _, plan = play("hde2018", samples)
    assert [(f.name, len(f.train), len(f.test)) for f in plan.folds] == [
        ("samm -> casme2", 68, 185),
        ("casme2 -> samm", 185, 68),
    ]
    assert make_protocol("hde2018").pooling == "folds"
    assert make_protocol("hde2018").headline == ("war", "uar")


def test_hde3(casme2_2014: Samples, smic_samples: Samples, samm_samples: Samples) -> None:
    _, plan = play("hde3", [*smic_samples, *casme2_2014, *samm_samples])
    assert [(f.name, len(f.train), len(f.test)) for f in plan.folds] == [
        ("smic", 145 + 133, 164),
        ("casme2", 164 + 133, 145),
        ("samm", 164 + 145, 133),
    ]


def test_protocols_with_a_rule_of_ones_own(casme2_2014: Samples) -> None:
    selection, plan = play("loso", casme2_2014, rule="casme2-five")
    assert len(selection) == 246
    assert len(plan.folds) == 26
    assert len(play("kfold", casme2_2014, n_splits=4, seed=1)[1].folds) == 4
    (fold,) = play("holdout", casme2_2014, share=0.5)[1].folds
    assert 0 < len(fold.test) < 255
    with pytest.raises(InputError, match="no clip to split"):
        play("loso", casme2_2014, kind="macro")


def test_test_is_the_data_sets_own_split(make_sample: Callable[..., Sample]) -> None:
    samples = [
        make_sample("dfme", f"sub{i:04d}", f"sub{i:04d}_01", part=part, emotion="fear")
        for i, part in enumerate(["training", "training", "testA", "testB"])
    ]
    _, plan = play("test", samples, rule="seven")
    assert {f.name: f.test.tolist() for f in plan.folds} == {"testA": [2], "testB": [3]}
    assert [f.train.tolist() for f in plan.folds] == [[0, 1], [0, 1]]
    _, plan = play("test", samples, rule="seven", test_parts=("testB",))
    assert [f.name for f in plan.folds] == ["testB"]


def test_lists_of_others(make_sample: Callable[..., Sample]) -> None:
    samples = [
        make_sample(d, s, "a", emotion=e, apex=None, apex_number=None)
        for d, s, e in (
            ("casme2", "sub01", "negative"),
            ("smic", "s01", "surprise"),
            ("samm", "006", "positive"),
        )
    ]
    selection, plan = play("megc2019", samples, select=select_prepared)
    assert len(selection) == 3
    assert len(plan.folds) == 3
    assert "no training clip is negative in fold casme2/sub01" in plan.notes[0]


def test_every_name_makes_a_protocol() -> None:
    for name, words in PROTOCOLS.items():
        protocol = make_protocol(name)
        assert (protocol.name, protocol.words) == (name, words)
        assert (protocol.select is None) == (protocol.task == "spotting")
    with pytest.raises(InputError, match="there is no protocol 'cde'; choose one of loso, cde2018"):
        make_protocol("cde")
    with pytest.raises(InputError, match="there is no label rule 'x'"):
        make_protocol("loso", rule="x")


# --- spotting -----------------------------------------------------------------------------------------------


def video(subject: str, name: str, dataset: str = "cas-me-2") -> Footage:
    files = tuple(f"img{i}.jpg" for i in range(1, 4))
    return Footage(dataset, "", f"{dataset}/{subject}", name, Path("/nowhere") / name, files, (1, 2, 3), 30.0)


def test_spotting_takes_all_videos(make_sample: Callable[..., Sample]) -> None:
    videos = [video("s15", "anger1"), video("s15", "quiet"), video("s16", "happy")]
    marked = make_sample("cas-me-2", "s15", "anger1_1", footage=videos[0].key, emotion="negative")
    samples = [
        replace(marked, clip="anger1_2", onset=90, offset=95, kind="macro", apex=None),
        marked,
        replace(marked, clip="gone", footage="cas-me-2/s15/gone"),
        replace(marked, clip="open", offset=None),
        replace(marked, clip="rest", kind=None),
        replace(marked, clip="back", onset=60),
    ]
    selection = select_spotting(videos, samples)
    assert [len(v.expressions) for v in selection.videos] == [2, 0, 0]
    first, second = selection.videos[0].expressions
    assert (first.onset, first.apex, first.kind, first.emotion) == (0, 20, "micro", "negative")
    assert (second.onset, second.apex, second.kind) == (90, None, "macro")
    assert {e.sample.clip: e.reason for e in selection.excluded} == {
        "gone": "its video cas-me-2/s15/gone is missing",
        "open": "its offset is not known",
        "rest": "a neutral take",
        "back": "it ends (50) before it begins (60)",
    }
    assert selection.notes == (
        "cas-me-2: 2 people, published are 22",
        "cas-me-2: 3 videos, published are 98",
        "cas-me-2: 1 macro-expressions, published are 300",
        "cas-me-2: 1 micro-expressions, published are 57",
    )
    plan = make_protocol("spotting").splitter(None).plan(selection.subjects)
    assert [(f.name, f.test.tolist()) for f in plan.folds] == [
        ("cas-me-2/s15", [0, 1]),
        ("cas-me-2/s16", [2]),
    ]


def test_a_spotters_score_from_a_selection(make_sample: Callable[..., Sample]) -> None:
    from mien.evaluation import spotting_scores

    one = video("s15", "anger1")
    selection = select_spotting([one], [make_sample("cas-me-2", "s15", "x", footage=one.key)])
    found = [Event(0, 20, 50, 0.0, 0.6, 1.6, "micro", 1.0)]
    scores = spotting_scores([(found, v.expressions) for v in selection.videos])
    assert scores.micro.f1 == 1.0


def test_everything_published_is_no_note(make_sample: Callable[..., Sample]) -> None:
    # 32 people, 147 videos, 343 macro- and 159 micro-expressions
    videos = [video(f"{i % 32:03d}", f"{i:03d}_1", "samm-lv") for i in range(147)]
    samples = [
        make_sample(
            "samm-lv", "006", str(i), footage=videos[i % 147].key, kind="macro" if i < 343 else "micro"
        )
        for i in range(343 + 159)
    ]
    selection = select_spotting(videos, samples)
    assert selection.notes == ()
    kinds = Counter(e.kind for v in selection.videos for e in v.expressions)
    assert kinds == {"macro": 343, "micro": 159}
