from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from mien.errors import InputError
from mien.events import Analysis, Span, TrueExpression, Truth
from mien.report import to_html, truth_table
from mien.report.curve import close_up, score_curve
from mien.report.tables import TRUTH_COLUMNS
from mien.report.truth import compare, distractor, late

KNOWN = "This recording is synthetic: what really happens in it is known. "


def plain(markup: str) -> str:
    return " ".join(re.sub("<[^>]*>", " ", markup).split()).replace("\N{NO-BREAK SPACE}", " ")


# Who found what


def test_pairs(recording, known):
    told = compare(recording, known)
    assert [p and (p.truth, p.event, p.iou) for p in told.found] == [(1, 1, 0.94), (2, 2, 0.87), None, None]
    assert [p and p.truth for p in told.real] == [1, 2, None]
    assert told.found[0].late_s == pytest.approx(-0.01)
    assert told.found[1].late_s == pytest.approx(0.1)
    assert [n for n, _ in told.invented] == [3]


def test_what_is_in_no_pair_is_missed_or_invented(recording, known):
    told = compare(recording, replace(known, matches=((1, 1, 0.87),)))
    assert [p is None for p in told.found] == [True, False, True, True]
    assert [n for n, _ in told.invented] == [1, 3]


@pytest.mark.parametrize(
    ("matches", "message"),
    [
        (((4, None, 0.0),), "expression 4, counted from 0, and there are 4"),
        (((0, 3, 0.6),), "event 3, counted from 0, and there are 3"),
        (((-1, 0, 0.6),), "expression -1"),
        (((0, 0, 0.9), (0, 1, 0.6)), "expression 0 twice"),
        (((0, 0, 0.9), (None, 0, 0.0)), "event 0 twice"),
    ],
)
def test_truth_of_another_recording_is_refused(recording, known, matches, message):
    with pytest.raises(InputError, match=message):
        to_html(recording, truth=replace(known, matches=matches))


# Words


@pytest.mark.parametrize(
    ("expressions", "matches", "text"),
    [
        (4, ((0, 0), (1, 1), (3, 2)), "Of 4 expressions 3 were found, 1 was missed, none was invented."),
        (4, ((0, 0),), "Of 4 expressions 1 was found, 3 were missed, 2 were invented."),
        (3, (), "Of 3 expressions none was found, 3 were missed, 3 were invented."),
        (1, ((0, 0),), "Its only expression was found, 2 were invented."),
        (1, (), "Its only expression was missed, 3 were invented."),
        (0, (), "There is no expression in it, and 3 were invented."),
    ],
)
def test_summary(recording, known, expressions, matches, text):
    truth = Truth(known.expressions[:expressions], (), tuple((i, j, 0.7) for i, j in matches))
    assert compare(recording, truth).summary == KNOWN + text


def test_summary_of_nothing(make):
    assert (
        compare(make(events=()), Truth(())).summary
        == KNOWN + "There is no expression in it, and none was found."
    )


def test_late():
    assert late(0.012) == "12\N{NO-BREAK SPACE}ms late"
    assert late(-0.008) == "8\N{NO-BREAK SPACE}ms early"
    assert late(0.0004) == late(-0.0) == "exact"


def test_what_an_event_really_was(recording, known):
    told = compare(recording, known)
    assert plain(told.story(1)) == (
        "Expression T1: a micro-expression (happiness; AU12). Its apex was found 10 ms early; "
        "the IoU is 0.94."
    )
    assert told.story(3) == (
        "The event is invented. No expression was there. It overlaps a blink and a shift of gaze."
    )
    assert compare(recording, replace(known, spans=())).story(3) == (
        "The event is invented. Nothing was there: no expression, and nothing else that is known."
    )


def test_invented_over_an_expression(recording, known):
    event = recording.found[2]
    n = event.offset - event.onset + 1
    there = TrueExpression(
        *(event.onset, event.apex, event.offset + n),
        *(event.onset_s, event.apex_s, event.offset_s + 0.2),
        *("macro", "", ""),
    )
    told = compare(recording, replace(known, expressions=(there,), matches=()))
    assert told.instead(3) == (
        "It overlaps T1, a macro-expression, with an IoU of 0.50, but was not paired with it. "
        "It also overlaps a blink and a shift of gaze."
    )
    assert (
        told.rows[0].remark == "event 3 overlaps it, with an IoU of 0.50; during a blink and a shift of gaze"
    )


def test_ends_count_as_overlap_and_neighbours_do_not(recording):
    event = recording.found[2]
    for last, blamed in ((event.onset, True), (event.onset - 1, False)):
        truth = Truth((), (Span(event.onset - 9, last, 0.0, 0.1, "swallow"),))
        assert ("swallowing" in compare(recording, truth).instead(3)) == blamed


def test_why_it_was_missed(recording, known):
    remarks = [row.remark for row in compare(recording, known).rows]
    assert remarks == ["", "", "not scored: no face was found", "during speech"]


def test_what_never_stops_is_not_blamed(recording, known):
    line = recording.timeline
    steady = Span(int(line.frame[0]), int(line.frame[-1]), 0.0, float(line.time[-1]), "breathing")
    told = compare(recording, replace(known, spans=(steady,)))
    assert "Nothing was there" in told.instead(3)
    assert list(told.lanes) == ["breathing"]


def test_lanes_and_their_words(recording, known):
    told = compare(recording, known)
    assert list(told.lanes) == ["blinks", "gaze", "head", "speech", "swallowing", "light flicker"]
    assert len(told.lanes["blinks"]) == 6
    assert distractor("blink", 2) == "2 blinks"
    assert distractor("speech", 2) == "speech"
    assert distractor("light_flicker") == "light flicker"
    assert distractor("{odd}", 2) == "{odd}"


# The drawing


def drawn(analysis: Analysis, truth: Truth) -> str:
    return str(score_curve(analysis, compare(analysis, truth)).svg)


def test_curve_shows_truth_and_distractors(recording, known):
    svg = drawn(recording, known)
    assert len(re.findall(r'<circle class="hit micro"', svg)) == 1
    assert len(re.findall(r'<circle class="miss micro"', svg)) == 2
    assert len(re.findall(r'<rect class="hit macro"', svg)) == 2  # its bar and its apex
    assert [f'href="#truth-{n}"' in svg for n in range(1, 6)] == [True] * 4 + [False]
    titles = [plain(t) for t in re.findall(r"<title>(.*?)</title>", svg)]
    assert (
        "T1: a micro-expression (happiness; AU12), apex at 2.410 s: found, event 1, apex 10 ms early"
        in titles
    )
    assert "T4: a micro-expression (disgust; AU4 + L AU7), apex at 17.050 s: missed" in titles
    assert "A shift of gaze, 3.00 s to 3.30 s: to the left" in titles
    assert any(t.startswith("Event 3 is invented. No expression was there.") for t in titles)
    for name in ("truth", "invented", *compare(recording, known).lanes):
        assert f">{name}</text>" in svg


def test_apex_lies_under_its_time(recording, known):
    svg = drawn(recording, known)
    x = float(re.findall(r'<circle class="hit micro" cx="([\d.]+)"', svg)[0])
    last = float(recording.timeline.time[-1])
    assert x == pytest.approx(84 + 2.41 / last * (1000 - 84 - 22), abs=0.1)


def test_rows_share_the_truth_out(make, known):
    analysis = make(duration_s=90.0, with_pictures=False)
    across = TrueExpression(2950, 3010, 3080, 29.5, 30.1, 30.8, "macro", "anger", "AU4")
    svg = drawn(analysis, replace(known, expressions=(*known.expressions, across)))
    first, second, third = svg.split("<svg")[1:4]
    assert 'href="#truth-5"' in first
    assert 'href="#truth-5"' in second
    assert ">T5</text>" not in first  # the apex is in the next row
    assert ">T5</text>" in second
    assert "#truth-" not in third


def test_neighbours_do_not_cover_each_other(recording):
    crowd = tuple(
        TrueExpression(n, n + 5, n + 9, n / 100, (n + 5) / 100, (n + 9) / 100, "micro", "others")
        for n in range(100, 200, 10)
    )
    svg = drawn(recording, Truth(crowd))
    labels = [float(x) for x in re.findall(r'<text class="tick" x="([\d.]+)"[^>]*>T\d+</text>', svg)]
    assert 1 < len(labels) < 10
    assert min(np.diff(labels)) >= 20
    assert svg.count('class="miss micro"') == 20


def test_nothing_leaves_the_drawing(recording):
    line = recording.timeline
    n, end = int(line.frame[-1]), float(line.time[-1])
    edge = TrueExpression(n - 1, n, n + 50, end - 0.01, end, end + 0.5, "micro", "fear")
    outside = TrueExpression(n + 60, n + 70, n + 80, end + 1, end + 1.1, end + 1.2, "micro", "fear")
    svg = drawn(recording, Truth((edge, outside), (Span(0, n + 99, -1.0, end + 1, "speech"),)))
    assert "#truth-2" not in svg
    for x, width in re.findall(
        r'<rect class="(?:miss micro|blink)" x="([\d.-]+)" y="[\d.]+" width="([\d.]+)"', svg
    ):
        assert 84 <= float(x) <= float(x) + float(width) <= 978.01
    label = re.search(r'<text class="tick" x="([\d.]+)"[^>]*text-anchor="(\w+)">T1</text>', svg)
    assert label[2] == "end"


def test_close_up_has_only_the_lanes_it_needs(recording, known):
    told = compare(recording, known)
    first, third = (close_up(recording, recording.found[i], told) for i in (0, 2))
    assert ">T1</text>" in first
    assert ">invented</text>" not in first
    assert ">blinks</text>" not in first
    assert "<a " not in first
    assert ">invented</text>" in third
    assert ">blinks</text>" in third
    assert ">gaze</text>" in third


# The table


def test_truth_table(recording, known):
    table = truth_table(recording, known)
    assert dict(table.dtypes.astype(str)) == TRUTH_COLUMNS
    assert table["number"].tolist() == [1, 2, 3, 4]
    assert table["action_units"].tolist() == ["AU12", "AU1 + L AU2", "AU20", "AU4 + L AU7"]
    assert table["found_event"].tolist() == [1, 2, pd.NA, pd.NA]
    np.testing.assert_allclose(table["iou"], [0.94, 0.87, np.nan, np.nan])
    np.testing.assert_allclose(table["apex_error_s"], [-0.01, 0.1, np.nan, np.nan])


def test_truth_table_of_nothing_has_its_columns(recording):
    table = truth_table(recording, Truth(()))
    assert len(table) == 0
    assert dict(table.dtypes.astype(str)) == TRUTH_COLUMNS
