"""Matching and the metrics that rest on it: worked by hand, against brute force, and published counts."""

from __future__ import annotations

import doctest
import itertools
import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.errors import InputError
from mien.evaluation import (
    Matching,
    SpottingCounts,
    SpottingScores,
    apex_scores,
    attribute_false_alarms,
    false_alarms_by_distractor,
    false_alarms_per_minute,
    iou,
    match_expressions,
    match_intervals,
    metrics,
    spotting_scores,
)
from mien.events import Event, EventKind
from mien.records import Expression

Pair = tuple[int, int]


@dataclass(frozen=True)
class Mark:
    """The least that is asked of a prediction or a truth."""

    onset: int
    offset: int
    kind: EventKind = "micro"
    apex: int = 0


def fraction(a: Pair, b: Pair) -> Fraction:
    """IoU by counting frames."""
    ours, theirs = set(range(a[0], a[1] + 1)), set(range(b[0], b[1] + 1))
    return Fraction(len(ours & theirs), len(ours | theirs))


def best(predicted: list[Pair], truth: list[Pair], threshold: Fraction) -> tuple[int, Fraction]:
    """Most pairs, then largest total IoU, of all one-to-one assignments."""
    slots = [*range(len(truth)), *[None] * len(predicted)]
    top = (0, Fraction(0))
    for choice in set(itertools.permutations(slots, len(predicted))):
        values = [fraction(p, truth[j]) for p, j in zip(predicted, choice, strict=True) if j is not None]
        values = [v for v in values if v >= threshold]
        top = max(top, (len(values), sum(values, Fraction(0))))
    return top


interval = st.tuples(st.integers(-5, 30), st.integers(0, 12)).map(lambda x: (x[0], x[0] + x[1]))
intervals = st.lists(interval, max_size=6)
# Close together, so that they compete for one another
crowded = st.tuples(st.integers(0, 6), st.integers(0, 8)).map(lambda x: (x[0], x[0] + x[1]))
crowd, few = st.lists(crowded, max_size=6), st.lists(crowded, max_size=4)
thresholds = st.sampled_from([Fraction(1, 10), Fraction(1, 3), Fraction(1, 2), Fraction(3, 4), Fraction(1)])
marks = st.lists(
    st.builds(lambda x, kind: Mark(*x, kind=kind), interval, st.sampled_from(["micro", "macro"])), max_size=6
)


def test_the_examples_in_the_docstrings() -> None:
    done = doctest.testmod(metrics)
    assert done.failed == 0
    assert done.attempted > 20


# --- IoU ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ((0, 9), (0, 9), 1.0),
        ((5, 5), (5, 5), 1.0),  # one frame is a length of 1, not of 0
        ((0, 9), (9, 18), 1 / 19),  # frame 9 is in both: 1 of 10 + 10 - 1
        ((0, 9), (10, 19), 0.0),  # neighbours share nothing
        ((0, 9), (0, 4), 0.5),  # 5 of 10; with exclusive ends it would be 4 of 9
        ((0, 9), (3, 12), 7 / 13),  # 3..9 of 0..12
        ((0, 99), (40, 49), 0.1),  # one inside the other
        ((-3, 1), (0, 4), 2 / 8),  # before the recording: 0..1 of -3..4, nothing is cut
    ],
)
def test_iou_by_hand(a: Pair, b: Pair, expected: float) -> None:
    assert iou(a, b) == expected
    assert iou(a, b).shape == ()


def test_iou_of_arrays_broadcasts() -> None:
    a = np.array([(0, 9), (0, 4)])
    b = np.array([(0, 9), (5, 9), (20, 29)])
    assert iou(a[:, None], b[None]).tolist() == [[1.0, 0.5, 0.0], [0.5, 0.0, 0.0]]
    assert iou(a, (0, 9)).tolist() == [1.0, 0.5]
    assert iou([], np.empty((0, 2))).shape == (0,)
    assert iou(a.astype(np.float32), a).tolist() == [1.0, 1.0]


def test_iou_takes_events_and_expressions() -> None:
    event = Event(0, 4, 9, 0.0, 0.1, 0.3, "micro", 2.0)
    truth = Expression(0, 2, 4, "micro", "surprise", ())
    assert iou(event, truth) == 0.5
    assert iou([event, event], [truth, event]).tolist() == [0.5, 1.0]


@settings(deadline=None)
@given(interval, interval)
def test_iou_counts_frames_and_is_symmetric(a: Pair, b: Pair) -> None:
    value = float(iou(a, b))
    assert value == float(fraction(a, b)) == float(iou(b, a))
    assert 0 <= value <= 1
    assert (value == 1) == (a == b)


@settings(deadline=None)
@given(interval, interval, st.integers(-1000, 1000))
def test_iou_does_not_depend_on_where_counting_starts(a: Pair, b: Pair, shift: int) -> None:
    assert iou(a, b) == iou((a[0] + shift, a[1] + shift), (b[0] + shift, b[1] + shift))


BAD = [
    ([(3, 5), (20, 10)], r"interval 1 \(20 to 10\) ends before it begins"),
    ([(math.nan, 5)], r"interval 0 \(nan to 5\) has no proper frame numbers"),
    ([(3, math.inf)], "no proper frame numbers"),
    ([(3, 1e300)], "no proper frame numbers"),
    ([(3, None)], r"interval 0 \(3 to nan\)"),
    ([(0.5, 5)], "fractions of frames"),
    ([(1, 2, 3)], "must be first and last frames"),
    ([(1, 2), (3,)], "must be first and last frames"),
    ([("a", "b")], "must be first and last frames"),
    ([Mark(1, 2), (3, 4)], "must be first and last frames"),
    ([Mark(5, 2)], "ends before it begins"),
    (7, "must be first and last frames"),
]


@pytest.mark.parametrize(("bad", "says"), BAD)
def test_bad_intervals_are_refused(bad: object, says: str) -> None:
    with pytest.raises(InputError, match=says):
        iou(bad, (0, 9))
    with pytest.raises(InputError, match=f"predicted.*{says}"):
        match_intervals(bad, [(0, 9)])
    with pytest.raises(InputError, match=f"true.*{says}"):
        match_intervals([(0, 9)], bad)


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(InputError, match="all pairs"):
        iou([(0, 1)] * 3, [(0, 1)] * 4)
    for single in ((0, 9), Mark(0, 9)):
        with pytest.raises(InputError, match="list of them"):
            match_intervals(single, [(0, 9)])


# --- matching -----------------------------------------------------------------------------------------------


def test_one_half_counts_and_less_does_not() -> None:
    # 5 of 10 frames; 5 of 11
    assert match_intervals([(0, 4)], [(0, 9)]).pairs == ((0, 0),)
    assert match_intervals([(0, 4)], [(0, 10)]).pairs == ()


@pytest.mark.parametrize("tenths", range(1, 11))
def test_equality_counts_at_any_threshold(tenths: int) -> None:
    # n frames of ten: IoU n/10, as a decimal a user would type
    assert match_intervals([(0, tenths - 1)], [(0, 9)], iou=float(f"{tenths / 10:.1f}")).pairs == ((0, 0),)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_greedy_trap(order: Pair) -> None:
    # IoU          T1 (0, 9)   T2 (4, 13)
    # P1 (3, 12)     7/13        9/11       greedy takes P1-T2, the largest of all,
    # P2 (7, 16)     3/17        7/13       and P2 and T1 are both left over
    predicted, truth = [(3, 12), (7, 16)], [(0, 9), (4, 13)]
    matching = match_intervals([predicted[i] for i in order], truth)
    assert {(order[i], j) for i, j in matching.pairs} == {(0, 0), (1, 1)}
    assert matching.ious == (7 / 13, 7 / 13)
    assert matching.counts == SpottingCounts(2, 2, 2)


def test_greedy_trap_with_one_prediction_over_two_truths() -> None:
    # P1 fills both truths half (10 of 20); P2 fits T1 only. First come, first served gives P1 T1.
    matching = match_intervals([(0, 19), (0, 9)], [(0, 9), (10, 19)])
    assert matching.pairs == ((0, 1), (1, 0))
    assert matching.ious == (0.5, 1.0)


def test_more_pairs_come_before_more_overlap() -> None:
    # IoU            T1 (4, 13)   T2 (10, 19)
    # P1 (10, 19)      4/16           1         the perfect pair alone has the larger sum,
    # P2 (16, 25)       0            4/16       but then P2 and T1 are lost
    matching = match_intervals([(10, 19), (16, 25)], [(4, 13), (10, 19)], iou=0.25)
    assert matching.pairs == ((0, 0), (1, 1))


def test_a_tie_is_decided_by_the_intervals() -> None:
    # both lie five frames off the truth: 15 of 25
    early, late, truth = (5, 24), (15, 34), [(10, 29)]
    found = [
        predicted[match_intervals(predicted, truth).pairs[0][0]]
        for predicted in ([early, late], [late, early])
    ]
    assert found[0] == found[1]


def test_of_equally_many_pairs_the_larger_overlap() -> None:
    # P (0, 9) against T1 (0, 13): 10/14; T2 (0, 11): 10/12; only one can be found
    assert match_intervals([(0, 9)], [(0, 13), (0, 11)]).pairs == ((0, 1),)
    # straight 10/12 + 12/14 = 1.690; crossed 10/14 + 12/12 = 1.714
    assert match_intervals([(0, 9), (0, 11)], [(0, 11), (0, 13)]).pairs == ((0, 1), (1, 0))


def test_one_prediction_over_two_truths_counts_once() -> None:
    matching = match_intervals([(0, 19)], [(0, 9), (10, 19)])
    assert matching.counts == SpottingCounts(1, 1, 2)
    assert len(matching.unmatched_truths) == 1


def test_two_predictions_on_one_truth_count_once() -> None:
    matching = match_intervals([(0, 9), (0, 8)], [(0, 9)])
    assert matching == Matching(((0, 0),), (1.0,), (1,), ())


def test_truth_at_the_end_of_the_recording() -> None:
    # 100 frames, 0 to 99; the last two belong to the truth. A prediction of ten frames that runs four past
    # the end counts in full: 94..103 against 94..99 is 6 of 10.
    assert match_intervals([(98, 99)], [(98, 99)]).ious == (1.0,)
    assert match_intervals([(99, 99)], [(98, 99)]).ious == (0.5,)
    assert match_intervals([(94, 103)], [(94, 99)]).ious == (0.6,)


def test_nothing_to_match() -> None:
    assert match_intervals([], []) == Matching((), (), (), ())
    assert match_intervals(np.empty((0, 2)), [(0, 9)]) == Matching((), (), (), (0,))
    assert match_intervals([(0, 9), (3, 4)], ()) == Matching((), (), (0, 1), ())
    assert match_intervals([], []).counts == SpottingCounts()


def test_found_by() -> None:
    matching = match_intervals([(50, 59), (0, 9)], [(0, 9), (20, 29), (50, 59)])
    assert matching.found_by == (1, None, 0)


@pytest.mark.parametrize("threshold", [0, -0.5, 1.01, math.nan])
def test_thresholds_out_of_range_are_refused(threshold: float) -> None:
    for call in (match_intervals, match_expressions):
        with pytest.raises(InputError, match="smallest IoU"):
            call([], [], iou=threshold)
    with pytest.raises(InputError, match="smallest IoU"):
        spotting_scores([], iou=threshold)


@settings(deadline=None)
@given(few, few, thresholds)
def test_no_matching_is_better(predicted: list[Pair], truth: list[Pair], threshold: Fraction) -> None:
    matching = match_intervals(predicted, truth, iou=float(threshold))
    count, total = best(predicted, truth, threshold)
    assert len(matching.pairs) == count
    assert math.isclose(sum(matching.ious), total, abs_tol=1e-9)


@settings(deadline=None)
@given(intervals, intervals, thresholds)
def test_one_to_one_and_complete(predicted: list[Pair], truth: list[Pair], threshold: Fraction) -> None:
    matching = match_intervals(predicted, truth, iou=float(threshold))
    ours, theirs = [i for i, _ in matching.pairs], [j for _, j in matching.pairs]
    assert ours == sorted(ours)
    assert sorted([*ours, *matching.unmatched_predictions]) == list(range(len(predicted)))
    assert sorted([*theirs, *matching.unmatched_truths]) == list(range(len(truth)))
    assert len(matching.pairs) <= min(len(predicted), len(truth))
    for (i, j), value in zip(matching.pairs, matching.ious, strict=True):
        assert value == float(fraction(predicted[i], truth[j])) >= float(threshold)
    assert [(i, j) for j, i in enumerate(matching.found_by) if i is not None] == sorted(
        matching.pairs, key=lambda pair: pair[1]
    )


@settings(deadline=None)
@given(st.data(), crowd, crowd, thresholds)
def test_the_order_of_the_arguments_does_not_matter(
    data: st.DataObject, predicted: list[Pair], truth: list[Pair], threshold: Fraction
) -> None:
    def pairs(ours: list[Pair], theirs: list[Pair]) -> list[tuple[Pair, Pair]]:
        matching = match_intervals(ours, theirs, iou=float(threshold))
        return sorted((ours[i], theirs[j]) for i, j in matching.pairs)

    shuffled = data.draw(st.permutations(predicted)), data.draw(st.permutations(truth))
    assert pairs(*shuffled) == pairs(predicted, truth)


@settings(deadline=None)
@given(intervals, intervals)
def test_changing_sides_finds_as_much(predicted: list[Pair], truth: list[Pair]) -> None:
    there, back = match_intervals(predicted, truth), match_intervals(truth, predicted)
    assert len(there.pairs) == len(back.pairs)
    assert math.isclose(sum(there.ious), sum(back.ious), abs_tol=1e-9)


@settings(deadline=None)
@given(intervals)
def test_everything_finds_itself(truth: list[Pair]) -> None:
    matching = match_intervals(truth, truth)
    assert matching.ious == (1.0,) * len(truth)


# --- kinds and scores ---------------------------------------------------------------------------------------


def test_kinds_do_not_meet() -> None:
    truth = [Mark(0, 9, "micro"), Mark(20, 59, "macro")]
    found = [Mark(0, 9, "macro"), Mark(22, 59, "macro"), Mark(20, 59, "micro")]
    matching = match_expressions(found, truth)
    assert matching == Matching(((1, 1),), (38 / 40,), (0, 2), (0,))
    scores = spotting_scores([(found, truth)])
    assert scores.micro == SpottingCounts(0, 1, 1)
    assert scores.macro == SpottingCounts(1, 2, 1)
    assert scores.overall == matching.counts == SpottingCounts(1, 3, 2)


def test_events_are_scored_against_expressions() -> None:
    event = Event(10, 15, 29, 0.1, 0.15, 0.29, "micro", 2.0)
    truth = Expression(12, 20, 29, "micro", "surprise", ())
    assert spotting_scores([((event,), (truth,))]).micro == SpottingCounts(1, 1, 1)


def test_unknown_kinds_are_refused() -> None:
    with pytest.raises(InputError, match="true interval 1 must have a kind that is 'micro' or 'macro'"):
        match_expressions([Mark(0, 1)], [Mark(0, 1), Mark(0, 1, "ME")])  # type: ignore[arg-type]
    with pytest.raises(InputError, match="video 1: predicted interval 0 must have a kind"):
        spotting_scores([([], []), ([(0, 9)], [])])  # type: ignore[list-item]


def test_a_bad_interval_is_named_by_its_place_among_both_kinds() -> None:
    with pytest.raises(InputError, match=r"video 0: predicted interval 1 \(9 to 0\) ends before it begins"):
        spotting_scores([([Mark(0, 9, "macro"), Mark(9, 0, "micro")], [])])


def test_scores_are_pooled_not_averaged() -> None:
    # Video A: 1 of 1 found, nothing false: F1 1. Video B: 1 of 3 found, 3 false: F1 2·1/(4 + 3) = 2/7.
    # Mean of the two 0.643; pooled 2·2/(5 + 4) = 0.444.
    truth_b = [Mark(0, 9), Mark(20, 29), Mark(40, 49)]
    found_b = [Mark(0, 9), Mark(100, 109), Mark(120, 129), Mark(140, 149)]
    scores = spotting_scores([([Mark(0, 9)], [Mark(0, 9)]), (found_b, truth_b)])
    assert scores.micro == SpottingCounts(2, 5, 4)
    assert scores.micro.precision == 2 / 5
    assert scores.micro.recall == 2 / 4
    assert scores.micro.f1 == 4 / 9


def test_the_same_frames_of_different_videos_do_not_meet() -> None:
    assert spotting_scores([([Mark(0, 9)], []), ([], [Mark(0, 9)])]).overall == SpottingCounts(0, 1, 1)


# What the organisers of MEGC 2020 published for their baseline (MEGC2020_results.txt of their project):
# true positives, predictions and truths by kind, and the scores that follow.
CASME_SQUARED = SpottingScores(SpottingCounts(21, 5035, 57), SpottingCounts(109, 1523, 300))
SAMM_LONG = SpottingScores(SpottingCounts(29, 1436, 159), SpottingCounts(22, 356, 343))


@pytest.mark.parametrize(
    ("counts", "recall", "precision", "f1"),
    [
        (CASME_SQUARED.micro, 0.3684210526315789, 0.004170804369414101, 0.008248232521602514),
        (CASME_SQUARED.macro, 0.36333333333333334, 0.07156927117531188, 0.11958310477235326),
        (CASME_SQUARED.overall, 0.3641456582633053, 0.01982311680390363, 0.03759942154736081),
        (SAMM_LONG.micro, 0.18238993710691823, 0.0201949860724234, 0.03636363636363636),
        (SAMM_LONG.macro, 0.0641399416909621, 0.06179775280898876, 0.06294706723891273),
        (SAMM_LONG.overall, 0.10159362549800798, 0.028459821428571428, 0.04446381865736704),
    ],
)
def test_published_scores_follow_from_published_counts(
    counts: SpottingCounts, recall: float, precision: float, f1: float
) -> None:
    assert counts.recall == pytest.approx(recall, rel=1e-12)
    assert counts.precision == pytest.approx(precision, rel=1e-12)
    assert counts.f1 == pytest.approx(f1, rel=1e-12)


def test_nothing_below_the_line_is_nan() -> None:
    empty, silent, noisy = SpottingCounts(), SpottingCounts(0, 0, 3), SpottingCounts(0, 4, 0)
    assert [math.isnan(x) for x in (empty.precision, empty.recall, empty.f1)] == [True, True, True]
    assert math.isnan(silent.precision)
    assert (silent.recall, silent.f1) == (0.0, 0.0)
    assert math.isnan(noisy.recall)
    assert (noisy.precision, noisy.f1) == (0.0, 0.0)
    assert math.isnan(spotting_scores([]).overall.f1)


@pytest.mark.parametrize("impossible", [(2, 1, 5), (2, 5, 1), (-1, 3, 3), (0, -1, 0), (0, 0, -1)])
def test_impossible_counts_are_refused(impossible: tuple[int, int, int]) -> None:
    with pytest.raises(InputError, match="each truth is found at most once"):
        SpottingCounts(*impossible)


@settings(deadline=None)
@given(st.lists(st.tuples(marks, marks), max_size=4))
def test_counts_add_up(videos: list[tuple[list[Mark], list[Mark]]]) -> None:
    scores = spotting_scores(videos)
    apart = sum((spotting_scores([video]) for video in videos), SpottingScores())
    matched = sum((match_expressions(p, t).counts for p, t in videos), SpottingCounts())
    assert scores == apart
    assert scores.overall == matched
    assert scores.overall.predictions == sum(len(p) for p, _ in videos)
    assert scores.micro.truths == sum(one.kind == "micro" for _, t in videos for one in t)
    for counts in (scores.micro, scores.macro, scores.overall):
        assert counts.true_positives + counts.false_positives == counts.predictions
        assert counts.true_positives + counts.false_negatives == counts.truths
        if counts.true_positives:
            p, r = counts.precision, counts.recall
            assert math.isclose(counts.f1, 2 * p * r / (p + r))


@settings(deadline=None)
@given(marks, marks)
def test_kinds_only_ever_cost_pairs(predicted: list[Mark], truth: list[Mark]) -> None:
    matching = match_expressions(predicted, truth)
    assert all(predicted[i].kind == truth[j].kind for i, j in matching.pairs)
    assert len(matching.pairs) <= len(match_intervals(predicted, truth).pairs)


# --- apex ---------------------------------------------------------------------------------------------------


def test_apex_by_hand() -> None:
    truth = [Mark(10, 30, apex=20), Mark(0, 8, apex=4), Mark(100, 140, apex=110), Mark(200, 240, apex=220)]
    # errors 2, 4, 9; the second lies on the offset and is not inside; the fourth was missed
    scores = apex_scores([18, 8, 119, None], truth, fps=[200, 200, 100, 100])
    assert (scores.cases, scores.missed, scores.inside) == (4, 1, 2)
    assert scores.asr == 2 / 4
    assert scores.mae_frames == 5.0
    # deviations -3, -1, 4: variance (9 + 1 + 16) / 2 = 13
    assert scores.se_frames == pytest.approx(math.sqrt(13 / 3))
    # seconds 0.01, 0.02, 0.09: mean 0.04, deviations -0.03, -0.02, 0.05: variance 0.0038 / 2
    assert scores.mae_s == pytest.approx(0.04)
    assert scores.se_s == pytest.approx(math.sqrt(0.0019 / 3))


def test_one_frame_rate_for_all() -> None:
    truth = [Mark(10, 30, apex=20), Mark(0, 8, apex=4)]
    one, each = (apex_scores([18, 5], truth, fps=fps) for fps in (50, [50, 50]))
    assert one == each
    assert (one.mae_frames, one.mae_s) == (1.5, 0.03)


@pytest.mark.parametrize(("apex", "inside"), [(9, 0), (10, 0), (10.5, 1), (11, 1), (19, 1), (20, 0), (21, 0)])
def test_inside_is_strict(apex: float, inside: int) -> None:
    assert apex_scores([apex], [Mark(10, 20, apex=15)], fps=100).inside == inside


def test_an_expression_of_two_frames_has_no_inside() -> None:
    assert apex_scores([10, 11], [Mark(10, 11, apex=10)] * 2, fps=100).asr == 0


def test_too_few_apexes_are_nan() -> None:
    none = apex_scores([], [], fps=100)
    assert all(math.isnan(x) for x in (none.asr, none.mae_frames, none.se_frames, none.mae_s, none.se_s))
    missed = apex_scores([None], [Mark(0, 9)], fps=100)
    assert (missed.asr, missed.missed) == (0.0, 1)
    assert math.isnan(missed.mae_s)
    single = apex_scores([3], [Mark(0, 9)], fps=100)
    assert single.mae_frames == 3.0
    assert math.isnan(single.se_frames)


@pytest.mark.parametrize(
    ("predicted", "truth", "fps", "says"),
    [
        ([1], [], 100, "1 predicted apexes for 0 expressions"),
        ([1, 2], [Mark(0, 9)] * 2, [100], "give one, or one each"),
        ([1], [Mark(0, 9)], 0, "above 0"),
        ([1], [Mark(0, 9)], math.nan, "above 0"),
        ([math.nan], [Mark(0, 9)], 100, "predicted apex 0 is not a number"),
        ([None, math.inf], [Mark(0, 9)] * 2, 100, "predicted apex 1 is not a number"),
        ([1], [Mark(0, 9, apex=None)], 100, "annotated apex 0 is not a number"),  # type: ignore[arg-type]
        ([1], [Mark(0, 9, apex=math.nan)], 100, "annotated apex 0 is not a number"),  # type: ignore[arg-type]
        ([1], [Mark(5, 9, apex=-1)], 100, r"expression 0 \(5 to 9\) is annotated with the apex -1"),
        ([1], [Mark(9, 5, apex=7)], 100, "ends before it begins"),
    ],
)
def test_bad_apexes_are_refused(
    predicted: list[float | None], truth: list[Mark], fps: float, says: str
) -> None:
    with pytest.raises(InputError, match=says):
        apex_scores(predicted, truth, fps=fps)


# --- false alarms -------------------------------------------------------------------------------------------


def test_false_alarms_per_minute() -> None:
    # 7 - 4 false alarms in 45 s
    assert false_alarms_per_minute(SpottingCounts(4, 7, 9), 45) == 4.0
    assert false_alarms_per_minute(SpottingCounts(), 45) == 0.0
    for duration in (0, -1, math.nan, math.inf):
        with pytest.raises(InputError, match="duration in seconds"):
            false_alarms_per_minute(SpottingCounts(), duration)


def test_false_alarms_fall_to_what_they_overlap() -> None:
    table = attribute_false_alarms(
        [(0, 9), (20, 23), (50, 59)],
        # two blinks that overlap: 0..3 is counted once; speech touches the first alarm's last frame
        {"blink": [(-5, 2), (1, 3)], "speech": [(9, 30)], "head": [(60, 70)], "gaze": []},
    )
    assert list(table.itertuples(index=False, name=None)) == [
        (0, 0, 9, "blink", 0.4, 0.4 / 0.5),
        (0, 0, 9, "speech", 0.1, 0.1 / 0.5),
        (1, 20, 23, "speech", 1.0, 1.0),
        (2, 50, 59, "none", 1.0, 1.0),
    ]


def test_small_shares_can_be_passed_over() -> None:
    alarms, distractors = [(0, 9), (20, 29)], {"blink": ((8, 9),), "head": [(20, 22)]}
    table = attribute_false_alarms(alarms, distractors, min_share=0.3)  # 2 of 10 is less, 3 of 10 is not
    assert list(table[["distractor", "share", "credit"]].itertuples(index=False, name=None)) == [
        ("none", 0.8, 1.0),
        ("head", 0.3, 1.0),
    ]


def test_no_false_alarms_make_an_empty_table_of_the_same_types() -> None:
    full, empty = attribute_false_alarms([(0, 9)], {"blink": [(0, 1)]}), attribute_false_alarms([], {})
    assert len(empty) == 0
    assert empty.dtypes.equals(full.dtypes)
    summary = false_alarms_by_distractor([])
    assert list(summary.index) == ["none"]
    assert summary.dtypes.equals(false_alarms_by_distractor([([(0, 9)], {})]).dtypes)


def test_false_alarms_of_several_recordings() -> None:
    found, truth = [Mark(0, 9), Mark(50, 59, "macro"), Mark(90, 99)], [Mark(0, 9), Mark(50, 59)]
    matching = match_expressions(found, truth)
    alarms = [found[i] for i in matching.unmatched_predictions]
    summary = false_alarms_by_distractor(
        [
            (alarms, {"expression": truth, "swallow": [(95, 120)]}),
            ([(0, 9)], {"blink": [(0, 4), (30, 34)], "swallow": [(5, 7)]}),
            ([], {"blink": [(7, 9)]}),
        ]
    )
    # alarms: 50..59 wholly in an expression; 90..99 half in a swallow; 0..9 half blink, 0.3 swallow
    assert list(summary.index) == ["expression", "swallow", "blink", "none"]
    assert summary["spans"].tolist() == [2, 2, 3, 0]
    assert summary["false_alarms"].tolist() == [1, 2, 1, 0]
    assert summary["credit"].tolist() == pytest.approx([1, 1 + 0.375, 0.625, 0])
    assert summary["mean_share"].tolist() == pytest.approx([1, 0.4, 0.5, math.nan], nan_ok=True)


def test_bad_distractors_are_refused() -> None:
    with pytest.raises(InputError, match="may be called 'none'"):
        attribute_false_alarms([], {"none": []})
    with pytest.raises(InputError, match=r"video 1: 'blink' interval 0 .*ends before"):
        false_alarms_by_distractor([([], {}), ([], {"blink": [(5, 3)]})])
    for share in (-0.1, 1.1, math.nan):
        with pytest.raises(InputError, match="share from 0 to 1"):
            attribute_false_alarms([], {}, min_share=share)


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(intervals, st.dictionaries(st.sampled_from(["blink", "gaze", "head"]), intervals)),
        max_size=3,
    ),
    st.sampled_from([0.0, 0.25, 1.0]),
)
def test_every_false_alarm_hands_out_one(
    videos: list[tuple[list[Pair], dict[str, list[Pair]]]], min_share: float
) -> None:
    for alarms, distractors in videos:
        table = attribute_false_alarms(alarms, distractors, min_share=min_share)
        assert table.groupby("false_alarm")["credit"].sum().tolist() == pytest.approx([1.0] * len(alarms))
        for row in table[table["distractor"] != "none"].itertuples():
            frames = set(range(row.onset, row.offset + 1))
            there = {f for a, b in distractors[row.distractor] for f in range(a, b + 1)}
            assert row.share == len(frames & there) / len(frames) > 0
    summary = false_alarms_by_distractor(videos, min_share=min_share)
    assert summary["credit"].sum() == pytest.approx(sum(len(alarms) for alarms, _ in videos))
    assert summary["spans"].sum() == sum(len(s) for _, d in videos for s in d.values())
