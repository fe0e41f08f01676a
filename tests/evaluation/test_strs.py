"""The spot-then-recognise score, sound and as the published script has it, quirk by quirk."""

from __future__ import annotations

import doctest
import math
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.errors import InputError
from mien.evaluation import Spotted, strs_scores
from mien.evaluation.strs import STRS


def row(onset: int, offset: int, emotion: str, video: str = "v", subject: str = "1") -> Spotted:
    return Spotted(subject, video, onset, offset, emotion)


def both(predicted: list[Spotted], truth: list[Spotted], **options: object) -> tuple[STRS, STRS]:
    return (
        strs_scores(predicted, truth, **options),  # type: ignore[arg-type]
        strs_scores(predicted, truth, official=True, **options),  # type: ignore[arg-type]
    )


def test_the_examples_in_the_docstrings() -> None:
    done = doctest.testmod(sys.modules["mien.evaluation.strs"])
    assert (done.failed, done.attempted > 4) == (0, True)


TRUTH = [row(0, 9, "neg"), row(20, 29, "neg"), row(40, 49, "sur"), row(60, 69, "sur")]
FOUND = [row(1, 9, "neg"), row(20, 29, "sur"), row(40, 49, "sur"), row(100, 109, "neg")]


def test_where_both_agree() -> None:
    # 3 of 4 predictions find 3 of 4 truths: F1 of spotting 0.75. Named: neg as neg, neg as sur, sur as sur.
    # neg: precision 1, recall 1/2; sur: precision 1/2, recall 1. Means 3/4 and 3/4, F1 3/4. 0.75² = 0.5625
    for result in both(FOUND, TRUTH):
        assert result.spotting.f1 == 0.75
        assert result.emotions == ("neg", "sur")
        assert result.precisions == (1.0, 0.5)
        assert result.recalls == (0.5, 1.0)
        assert result.analysis == 0.75
        assert result.score == 0.5625
        assert result.uf1 == pytest.approx(2 / 3)  # each has 2·½/1½ = 2/3: the mean of F1 is another number
        assert result.unseen == ()


def test_quirk_1_one_prediction_finds_two_truths() -> None:
    # The prediction has an IoU of exactly 0.5 with both
    truth = [row(0, 9, "neg"), row(10, 19, "sur"), row(50, 59, "sur")]
    found = [row(0, 19, "neg"), row(50, 59, "sur")]
    sound, official = both(found, truth)
    assert (sound.spotting.true_positives, sound.spotting.false_negatives) == (2, 1)
    assert sound.spotting.f1 == 0.8  # 2·2/(2 + 3)
    assert (official.spotting.true_positives, official.spotting.false_negatives) == (3, 0)
    assert official.spotting.f1 == 1.0


def test_quirk_1_first_come_first_served() -> None:
    # The first prediction has an IoU of 1 with the first truth and 1/2 with the second and takes both;
    # nothing is left for the second (4/5 with the second truth, 2/5 with the first)
    truth = [row(0, 9, "neg"), row(5, 9, "sur")]
    found = [row(0, 9, "neg"), row(5, 8, "sur")]
    sound, official = both(found, truth)
    assert sound.score == 1.0
    assert official.spotting.false_positives == 1
    assert official.precisions == (0.5, 0.0)
    # The other way round the second finds its own, and all is well
    assert strs_scores(found[::-1], truth, official=True).score == 1.0


def test_quirk_2_people_of_the_predictions_videos_of_the_truth() -> None:
    more_truth = [row(0, 9, "neg", subject="2")]  # nothing is predicted for subject 2
    more_found = [row(0, 9, "neg", video="empty")]  # nothing happens in this video
    sound, official = both([*FOUND, *more_found], [*TRUTH, *more_truth])
    assert (sound.spotting.predictions, sound.spotting.truths) == (5, 5)
    assert (official.spotting.predictions, official.spotting.truths) == (4, 4)
    assert sound.spotting.f1 == 0.6
    assert official.spotting.f1 == 0.75


def test_quirk_3_an_emotion_that_all_have_counts_as_zeros() -> None:
    truth = [row(0, 9, "neg"), row(20, 29, "neg")]
    sound, official = both(truth, truth)
    assert (sound.score, sound.precisions, sound.recalls) == (1.0, (1.0,), (1.0,))
    assert (official.precisions, official.recalls) == ((0.0,), (0.0,))
    assert math.isnan(official.score)


def test_quirk_4_uar_is_mean_precision() -> None:
    # neg as neg, neg as sur, sur as sur, sur as sur: precisions 1 and 2/3, recalls 1/2 and 1
    sound, official = both([*FOUND[:3], row(60, 69, "sur")], TRUTH)
    assert sound.uar == pytest.approx(0.75)
    assert official.uar == pytest.approx(5 / 6)


def test_quirk_5_nothing_named_rightly() -> None:
    swapped = [row(0, 9, "sur"), row(40, 49, "neg")]
    sound, official = both(swapped, TRUTH)
    assert (sound.analysis, sound.score) == (0.0, 0.0)
    assert math.isnan(official.analysis)
    assert math.isnan(official.score)


def test_silence() -> None:
    sound, official = both([], TRUTH)
    assert (sound.spotting.f1, sound.score) == (0.0, 0.0)
    assert sound.unseen == ("neg", "sur")
    assert math.isnan(official.score)  # the script stops with an error
    assert math.isnan(strs_scores([], [], emotions=["neg"]).score)  # nothing to measure


def test_an_emotion_nobody_found_counts_and_is_named() -> None:
    # Two of the four are found and named rightly; sur is not among them, so its precision and recall are 0
    for result in both([row(0, 9, "neg"), row(40, 49, "oth")], [*TRUTH[:2], row(40, 49, "oth"), TRUTH[3]]):
        assert result.emotions == ("neg", "oth", "sur")
        assert result.unseen == ("sur",)
        assert result.recalls == (1.0, 1.0, 0.0)
        assert result.analysis == pytest.approx(2 / 3)


def test_chosen_emotions_are_analysed_all_are_spotted() -> None:
    # "sur" is not analysed: one truth of it is found and left out
    for result in both(FOUND, TRUTH, emotions=["neg", "pos"]):
        assert result.spotting.true_positives == 3
        assert result.left_out == 1
        assert result.precisions[0] == 1.0
        assert result.recalls[0] == 0.5
        assert result.unseen == ("pos",)


def test_nothing_to_analyse() -> None:
    with pytest.raises(InputError, match="no emotion to analyse"):
        strs_scores(FOUND, [])


spans = st.tuples(st.integers(0, 20), st.integers(2, 8))
rows = st.lists(
    st.builds(
        lambda span, emotion, video, subject: row(span[0], sum(span), emotion, video, subject),
        spans,
        st.sampled_from(["neg", "pos", "sur"]),
        st.sampled_from("uv"),
        st.sampled_from("12"),
    ),
    min_size=1,
    max_size=8,
)


@settings(deadline=None)
@given(rows, rows)
def test_the_sound_score(predicted: list[Spotted], truth: list[Spotted]) -> None:
    result = strs_scores(predicted, truth)
    assert 0 <= result.score <= result.spotting.f1 <= 1
    assert result.spotting.predictions == len(predicted)
    assert result.spotting.truths == len(truth)
    turned = strs_scores(predicted[::-1], truth[::-1])
    assert turned.spotting == result.spotting
    official = strs_scores(predicted, truth, official=True)
    assert official.spotting.truths <= len(truth)
    assert official.spotting.false_positives <= len(predicted)


@settings(deadline=None)
@given(rows)
def test_who_says_the_truth_finds_all(truth: list[Spotted]) -> None:
    spread = [row(100 * i, 100 * i + 9, r.emotion, r.video, r.subject) for i, r in enumerate(truth)]
    assert strs_scores(spread, spread).score == 1.0
