"""The recognisers by name."""

from __future__ import annotations

import pytest

from mien.errors import InputError
from mien.recognition import RECOGNIZERS, AuRules, Recognition, ThreeEmotions, make_recognizer
from mien.spotting import tunables_of


def test_the_first_is_the_default() -> None:
    assert next(iter(RECOGNIZERS)) == ThreeEmotions.label == "three-emotions"
    assert make_recognizer() == ThreeEmotions()
    assert make_recognizer("au-rules") == AuRules()


def test_an_unknown_name_is_told_what_there_is() -> None:
    with pytest.raises(
        InputError, match=r"no recogniser 'mind-reader'; choose one of three-emotions, au-rules"
    ):
        make_recognizer("mind-reader")


@pytest.mark.parametrize("name", RECOGNIZERS)
def test_every_recogniser_says_what_it_is(name: str) -> None:
    recognizer = make_recognizer(name)
    assert recognizer.name == name
    assert recognizer.kind in ("rules", "model")
    assert recognizer.statement.endswith(".")
    assert len(set(recognizer.labels)) == len(recognizer.labels) > 1
    assert "undecided" not in recognizer.labels
    assert set(tunables_of(recognizer)).isdisjoint({"name", "kind", "statement"})


def test_rules_do_not_claim_more_than_they_are() -> None:
    assert AuRules.kind == "rules"
    assert "not trained" in AuRules.statement
    assert "accuracy is unknown" in AuRules.statement


def test_a_recognition_needs_no_evidence() -> None:
    bare = Recognition({"others": 1.0}, "undecided", 0.0)
    assert (bare.action_units, bare.regions, bare.notes) == ((), (), ())
