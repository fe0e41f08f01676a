"""The recogniser that comes with mien, on the studio's faces: its label and the units beside it."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from mien.face import FaceTracker
from mien.inputs import Clip
from mien.labels import VOCABULARIES
from mien.recognition import ThreeEmotions, make_recognizer
from mien.recognition.three_emotions import SPEAKS, coarse, joined
from mien.records import Stream
from mien.synthesis.script import clip_script
from mien.video import Frame


@pytest.fixture(scope="module")
def clip() -> Clip:
    """The rise of somebody's smile, nobody of the training world."""
    script = clip_script(4, 2, 1, Stream("", 100.0, 256, 256), emotion="happiness", margin=2)
    (shown,) = script.take.expressions
    film, tracker, crops = script.film(), FaceTracker(), []
    for index in range(shown.apex + 3):
        face = tracker.update(Frame.from_array(index, index / 100, film.frame(index)))
        assert face.crop is not None
        assert face.key is not None
        crops.append(face.crop)
    return Clip(np.stack(crops), 100.0, shown.onset, shown.apex, shown.apex + 2, landmarks=face.key.mesh)


def test_it_knows_three_classes_and_says_who_it_is() -> None:
    recognizer = make_recognizer("three-emotions")
    assert isinstance(recognizer, ThreeEmotions)
    assert recognizer.labels == VOCABULARIES["three"].labels
    assert set(SPEAKS) == set(recognizer.labels)
    assert recognizer.name == "three-emotions"
    assert recognizer.kind == "model"
    assert "synthetic" in recognizer.statement
    assert "rules" in recognizer.statement


def test_rules_speak_of_three_classes() -> None:
    shares = coarse({"happiness": 0.6, "disgust": 0.1, "anger": 0.1, "others": 0.2})
    assert sum(shares.values()) == pytest.approx(1)
    assert max(shares, key=shares.__getitem__) == "positive"
    assert shares["negative"] == pytest.approx(0.25 / 0.95)
    assert list(coarse({"others": 1.0}).values()) == pytest.approx([1 / 3] * 3)


def test_two_witnesses() -> None:
    model, rules = np.array([[0.6, 0.3, 0.1]]), np.array([[0.1, 0.8, 0.1]])
    assert joined(model, rules, 1.0, 0.0) == pytest.approx(model)
    assert joined(model, rules, 0.0, 1.0) == pytest.approx(rules)
    both = joined(model, rules, 1.0, 1.0)
    assert both.argmax() == 1
    assert both.sum() == pytest.approx(1)
    assert both[0, 0] / both[0, 1] == pytest.approx(0.06 / 0.24)
    assert np.isfinite(joined(np.array([1.0, 0.0, 0.0]), rules[0], 1.0, 1.0)).all()


def test_covered_regions_change_what_the_model_says(clip: Clip) -> None:
    recognizer = ThreeEmotions()
    said = recognizer.recognize(clip).probabilities
    nothing = np.zeros((1, *clip.frames.shape[1:3]), np.float32)
    (same,) = recognizer.under(clip, nothing)
    assert same == pytest.approx(said, abs=1e-5)
    (other,) = recognizer.under(clip, nothing + 1)
    assert other != pytest.approx(said, abs=1e-3)


def test_a_smile_is_positive_and_the_units_are_measured_beside_it(clip: Clip) -> None:
    judged = make_recognizer("three-emotions").recognize(clip)
    assert max(judged.probabilities, key=judged.probabilities.__getitem__) == "positive"
    assert sum(judged.probabilities.values()) == pytest.approx(1)
    assert judged.action_units == make_recognizer("au-rules").recognize(clip).action_units
    assert judged.regions


def test_a_label_without_its_units_is_remarked(clip: Clip) -> None:
    still = Clip(np.repeat(clip.frames[:1], 5, axis=0), 100.0, 0, 2, 4, landmarks=clip.landmarks)
    judged = ThreeEmotions(undecided_below=0.0).recognize(still)
    assert not judged.action_units
    assert any("No action unit" in note for note in judged.notes)


def test_it_travels_to_other_processes(clip: Clip) -> None:
    recognizer = make_recognizer("three-emotions")
    before = recognizer.recognize(clip).probabilities
    assert pickle.loads(pickle.dumps(recognizer)).recognize(clip).probabilities == before
