from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from mien.events import Timeline, Truth
from mien.report import to_html
from mien.report.curve import score_curve
from mien.report.face_drawing import motion_map

VOID = {"meta", "img", "input", "br", "hr", "link", "col"}
ALONE = {"path", "rect", "circle", "image"}


class Page(HTMLParser):
    """Checks that tags are balanced and collects what tests ask about."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        assert tag in ALONE
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("script", "style"):
            self.text += data

    def all(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def page(recording):
    return to_html(recording)


def test_well_formed_with_unique_ids(page):
    parsed = Page(page)
    ids = [a["id"] for _, a in parsed.tags if "id" in a]
    assert len(ids) == len(set(ids))
    for _, attributes in parsed.tags:
        target = attributes.get("href") or ""
        if target.startswith("#"):
            assert target[1:] in ids
        for label in (attributes.get("aria-labelledby") or "").split():
            assert label in ids


def test_asks_nothing_of_the_network(page, recording):
    for text in (page, to_html(recording, faces=False)):
        assert not re.search(
            r"https?:|//[a-z]", re.sub(r"base64,[^\"]*|\[\"[^\]]*\]", "", text), re.IGNORECASE
        )
        for _, attributes in Page(text).tags:
            for name in ("src", "href", "srcset", "action", "data", "poster", "xlink:href"):
                assert re.match(r"#|data:image/jpeg;base64,", attributes.get(name) or "#")
        assert all(u.startswith("#") for u in re.findall(r"url\(([^)]*)\)", text))
        assert "@import" not in text
        policy = next(a for a in Page(text).all("meta") if a.get("http-equiv") == "Content-Security-Policy")
        assert policy["content"].startswith("default-src 'none'; img-src data:;")


def test_says_everything_in_order(page):
    text = " ".join(Page(page).text.split()).replace("\N{NO-BREAK SPACE}", " ")
    order = [
        "interview 3",
        "2 micro-expressions and 1 macro-expression in 19.7 s",
        "Before you read on",
        "say so with --fps",
        "The recording at a glance",
        "no face was found (4.0 s)",
        "What was found",
        "Event 1: Micro-expression",
        "frame 224",
        "2.1 % of the outer-eye distance",
        "AU 12, lip corner puller, both sides",
        "happiness (62 %)",
        "fixed rules on facial motion",
        "Event 2: Macro-expression",
        "A blink falls into this event",
        "Event 3: Micro-expression",
        "ends inside this event",
        "Gaps and blinks",
        "6 blinks",
        "Is the recording good enough?",
        "Needs attention",
        "Worth knowing",
        "In good order",
        "recordings/interview 3.mp4",
        "does and does not show",
        "It does not show that someone lies",
        "It does not prove a hidden emotion",
        "false alarms",
        "hiring, policing",
        "How this report was made",
        "mien analyze 'interview 3.mp4' --fps 100",
        "region-motion",
        "noise_floor",
        "mien/analysis, version 1",
        "Computer software",
    ]
    # each phrase after the one before it, scanning forwards
    at = 0
    for phrase in order:
        found = text.find(phrase, at)
        assert found >= 0, phrase
        at = found


def test_pictures_have_alternative_texts(page):
    parsed = Page(page)
    assert len(parsed.all("img")) == 9
    assert all(image["alt"] for image in parsed.all("img"))
    for tag, attributes in parsed.tags:
        if attributes.get("role") == "img":
            assert attributes.get("aria-label"), tag
    assert len(parsed.all("canvas")) == 3


def test_nasty_names_are_only_text(make):
    nasty = "<script>alert(1)</script>"
    analysis = make(name=nasty, settings={"command": nasty, nasty: {nasty: '"><img src=x onerror=alert(1)>'}})
    analysis = replace(
        analysis, found=(replace(analysis.found[0], emotion=nasty, notes=(nasty,)),), pictures=()
    )
    text = to_html(analysis)
    assert nasty not in text
    assert "&lt;script&gt;" in text
    assert len(Page(text).all("script")) == 1
    assert not Page(text).all("img")


def test_without_faces_no_picture_at_all(recording):
    text = to_html(recording, faces=False)
    parsed = Page(text)
    assert "image/jpeg" not in text
    assert "base64" not in re.sub(r"<script>.*?</script>", "", text, flags=re.DOTALL)
    assert not parsed.all("img")
    assert not parsed.all("image")
    assert not parsed.all("canvas")
    assert "Pictures of the person were left out" in text
    assert len([a for a in parsed.all("svg") if a.get("class") == "schematic"]) == 3
    # nothing computed from the pictures either: the page is the same as if there had been none
    stripped = to_html(replace(recording, pictures=()), faces=False)
    assert stripped == text


def test_no_pictures_kept(make):
    text = to_html(make(with_pictures=False))
    assert "No pictures were kept" in text
    assert "image/jpeg" not in text


def test_no_events(make):
    text = to_html(make(events=()))
    parsed = Page(text)
    assert "No expression was found." in parsed.text
    assert "not proof" in parsed.text
    assert "Event 1" not in parsed.text


def test_one_micro_expression_only(make, make_event):
    parsed = Page(to_html(make(events=(make_event(3, 0.3, 100),))))
    assert "1 micro-expression and no macro-expressions" in parsed.text
    assert "macro-expression (square number)" not in parsed.text


def test_settings_and_findings_missing(make):
    bare = replace(make(settings={}), findings=(), unscored=(), blinks=())
    parsed = Page(to_html(bare))
    assert "The settings were not recorded" in parsed.text
    assert "No blinks were seen" in parsed.text
    assert Page(to_html(replace(bare, settings={"recognizer": "rules", "spotter": None})))


def test_not_one_frame_scored(make):
    parsed = Page(to_html(make(events=(), lost=((0, 99),))))
    assert "says nothing about the face" in parsed.text


def test_empty_timeline_and_unusable_threshold(make):
    line = make().timeline
    empty = Timeline(
        *(getattr(line, f)[:0] for f in ("frame", "time", "score", "state", "quality")),
        *(getattr(line, f)[:0] for f in ("eye_openness", "region_motion", "regions", "threshold")),
    )
    analysis = replace(make(events=()), timeline=empty)
    assert Page(to_html(analysis))
    flat = replace(line, threshold=np.full_like(line.threshold, np.nan))
    curve = score_curve(replace(make(), timeline=flat))
    assert not curve.relative
    assert "threshold" not in curve.svg
    assert "nan" not in curve.svg


def test_unknown_numbers_do_not_reach_the_drawings(recording):
    event = recording.found[0]
    regions = (replace(event.regions[0], dx=float("nan"), strength=float("nan")), event.regions[1])
    odd = replace(recording, found=(replace(event, regions=regions), *recording.found[1:]))
    assert not re.search(r'(?:d|cx|cy|r|x|y)="[^"]*\b(?:nan|inf)\b', to_html(odd))


def test_equal_analyses_give_equal_pages(make):
    assert to_html(make()) == to_html(make())


def test_long_recording_stays_small(make, make_event):
    events = [make_event(float(t), 0.3, 200.0) for t in range(20, 3600, 40)]
    analysis = make(duration_s=3600.0, fps=200.0, events=events, with_pictures=False)
    curve = score_curve(analysis)
    assert curve.rows == 12
    assert len(curve.svg) < 300_000
    assert all(f'href="#event-{n}"' in curve.svg for n in range(1, len(events) + 1))
    # every peak survives thinning out: its top is drawn near the top of its row
    assert curve.svg.count("<svg") == 12


def test_thinning_keeps_a_single_high_frame(make):
    analysis = make(duration_s=50.0, fps=200.0, events=(), lost=())
    analysis.timeline.score[7777] = 0.1
    curve = score_curve(analysis)
    drawn = re.search(r'class="score" d="([^"]*)"', curve.svg)
    assert drawn
    points = [tuple(map(float, p.split())) for p in re.split("[ML]", drawn[1])[1:]]
    assert len(points) < 4000
    x, y = min(points, key=lambda p: p[1])
    low = np.median([p[1] for p in points])
    assert x == pytest.approx(46 + (1000 - 46 - 22) * 7777 / 9999, abs=0.2)
    assert low - y > 100


def test_gap_breaks_the_line(make):
    drawn = re.search(r'class="score" d="([^"]*)"', score_curve(make(events=())).svg)
    assert drawn
    assert drawn[1].count("M") == 2


def test_motion_map_scale_and_garbage(recording):
    pictures = recording.pictures[0]
    drawn = motion_map(pictures, 1)
    assert drawn is not None
    assert drawn.top == pytest.approx(0.0208, rel=0.1)
    assert motion_map(replace(pictures, apex=b"no picture"), 1) is None
    assert motion_map(replace(pictures, apex=b""), 1) is None
    assert motion_map(replace(pictures, motion=np.zeros((8, 8, 2), np.float16)), 1) is None
    assert motion_map(replace(pictures, motion=np.full((8, 8, 2), np.nan, np.float16)), 1) is None


def test_player_marks(make):
    analysis = make()
    marked = replace(analysis.pictures[0], marks=(1, 4, 7))
    page = to_html(replace(analysis, pictures=(marked, *analysis.pictures[1:])))
    for name, place in (("onset", 1), ("apex", 4), ("offset", 7)):
        assert f'data-place="{place}">{name}</button>' in page


def test_file_name_outside_unicode(make):
    analysis = make()
    odd = replace(analysis, source=replace(analysis.source, name="a\udcff", path=Path("a\udcff.mp4")))
    assert to_html(odd).encode("utf-8")


# With the truth


def test_truth_near_the_top_and_in_every_card(recording, known):
    text = " ".join(Page(to_html(recording, truth=known)).text.split()).replace("\N{NO-BREAK SPACE}", " ")
    order = [
        "Before you read on",
        "Compared with the truth",
        "what really happens in it is known. Of 4 expressions 2 were found, 2 were missed, 1 was invented.",
        "T1 micro happiness AU12 1.8 % 2.250 s 2.410 s 2.570 s event 1 10 ms early 0.94",
        "T2 macro surprise AU1 + L AU2",
        "T3 micro fear AU20",
        "missed, not scored: no face was found",
        "missed, during speech",
        "Invented",
        "Event 3, a micro-expression at 14.550 s. No expression was there. It overlaps a blink and",
        "The recording at a glance",
        "true expression, missed (empty)",
        "what else happens, a lane each",
        "What was found",
        "Event 1: Micro-expression",
        "What really happens here. Expression T1",
        "Event 3: Micro-expression",
        "What really happens here. The event is invented.",
        "truth.csv (one row a true expression)",
    ]
    at = 0
    for phrase in order:
        found = text.find(phrase, at)
        assert found >= 0, phrase
        at = found


def test_with_truth_well_formed_and_on_its_own(recording, known, make):
    for page in (
        to_html(recording, truth=known),
        to_html(recording, faces=False, truth=known),
        to_html(make(events=()), truth=replace(known, matches=())),
        to_html(recording, truth=Truth(())),
        recording.to_html(truth=replace(known, expressions=known.expressions * 5, matches=())),
    ):
        test_well_formed_with_unique_ids(page)
        assert not re.search(r"https?:", page)
        assert all(u.startswith("#") for u in re.findall(r"url\(([^)]*)\)", page))


def test_without_truth_no_trace_of_it(recording, page, known):
    assert page == to_html(recording, truth=None) == recording.to_html()
    assert "truth" not in page.replace("tell the truth", "")
    assert to_html(recording, truth=known) == to_html(recording, truth=known) != page


def test_many_expressions_fold_away(recording, known, make, make_event):
    page = to_html(recording, truth=replace(known, expressions=known.expressions * 4))
    assert "<summary>All 16 true expressions</summary>" in page
    events = [make_event(float(t), 0.3, 100.0) for t in range(1, 19, 2)]
    assert "<summary>All 9 invented events</summary>" in to_html(make(events=events), truth=Truth(()))


def test_nasty_words_in_the_truth_are_only_text(recording, known):
    nasty = "<script>alert(1)</script>"
    expressions = (replace(known.expressions[0], emotion=nasty, action_units=nasty),)
    spans = (replace(known.spans[0], reason=nasty, note=nasty),)
    page = to_html(recording, faces=False, truth=Truth(expressions, spans, ((0, 0, 0.9),)))
    assert nasty not in page
    assert len(Page(page).all("script")) == 1
