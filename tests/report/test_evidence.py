"""What a trained model went by, as the reader sees it."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from mien.anatomy import REGIONS
from mien.events import Analysis, Event, FrameWeights
from mien.report import to_html, to_json, words
from mien.report.face_drawing import attention_map, hangs_on
from mien.report.strip import strips

ALIKE = dict.fromkeys((r.key for r in REGIONS), 0.004)
MADE = ALIKE | {"mouth_corner_left": 0.34, "cheek_left": 0.05, "brow_outer_left": -0.06}
TIMES = (2.3, 2.34, 2.38, 2.42, 2.46)
ALPHA = FrameWeights("alpha", TIMES, (0.1, 0.2, 0.8, 0.4, 0.1))
CHOSEN = FrameWeights("chosen", TIMES, (0.0, 0.0, 1.0, 1.0, 0.0))


@pytest.fixture
def judged(make) -> Analysis:
    """The first event with all evidence that a model can give."""
    made = make()
    event = replace(made.found[0], sensitivity=MADE, frame_weights=(ALPHA, CHOSEN))
    y, x = np.mgrid[:64, :64]
    bump = (0.45 + 0.2 * np.exp(-((x - 40) ** 2 + (y - 45) ** 2) / 60)).astype(np.float16)
    bump[:8] = 0
    maps = {"block1": bump, "block2": np.full((64, 64), 0.5, np.float16), "attention": bump}
    pictures = replace(made.pictures[0], maps=maps)
    return replace(made, found=(event, *made.found[1:]), pictures=(pictures, *made.pictures[1:]))


def plain(page: str) -> str:
    text = re.sub(r"<(script|style).*?</\1>|<[^>]*>", " ", page, flags=re.DOTALL)
    return " ".join(text.split()).replace("\N{NO-BREAK SPACE}", " ")


def test_everything_in_order(judged: Analysis) -> None:
    text, at = plain(to_html(judged)), 0
    for phrase in (
        "Event 1:",
        "What it may express",
        "What the model went by",
        "With the left mouth corner covered, happiness falls from 62 % to 28 %.",
        "With the left cheek covered, happiness falls from 62 % to 57 %.",
        "With the outer left eyebrow covered, happiness rises from 62 % to 68 %.",
        "in pictures by plain grey, in motion by stillness",
        "not what the person felt",
        "Where it looked at the apex",
        "Block 1 0.45 0.65",
        "Block 2 even: 0.50 everywhere",
        "Mean of all maps 0.45 0.65",
        "a bright place is no sign of emotion",
        "Attention to each frame by itself (α), from 0.100 to 0.800",
        "dotted lines mark onset, apex and offset",
        "The model chose 2 of 5 frames by itself",
        "Event 2:",
    ):
        found = text.find(phrase, at)
        assert found >= 0, phrase
        at = found
    assert text.count("What the model went by") == 1


def test_without_faces_no_map_but_the_numbers(judged: Analysis) -> None:
    page = to_html(judged, faces=False)
    text = plain(page)
    assert "Where it looked" not in text
    assert "base64" not in re.sub(r"<script>.*?</script>", "", page, flags=re.DOTALL)
    assert "With the left mouth corner covered" in text
    assert "The model chose 2 of 5 frames" in text
    assert to_html(replace(judged, pictures=()), faces=False) == page


def test_rules_have_no_such_section(make) -> None:
    assert "What the model went by" not in to_html(make())


def test_json_has_the_numbers(judged: Analysis) -> None:
    event = to_json(judged)["events"][0]
    assert event["sensitivity"] == MADE
    assert event["frame_weights"] == [
        {"name": "alpha", "times_s": list(TIMES), "weights": list(ALPHA.weights)},
        {"name": "chosen", "times_s": list(TIMES), "weights": list(CHOSEN.weights)},
    ]
    assert "maps" not in str(to_json(judged))
    assert to_json(judged)["events"][1]["frame_weights"] == []


def test_no_single_region(make_event) -> None:
    event = make_event(2, 0.3, 100, sensitivity=ALIKE)
    assert words.hangs_on(event) == (
        "No single region: covering any one of them changes the probability of happiness "
        "(62\N{NO-BREAK SPACE}%) by less than two points.",
    )
    assert hangs_on(ALIKE, 1) == ""
    assert words.hangs_on(make_event(2, 0.3, 100)) == ()


def test_equal_falls_are_equally_dark_everywhere() -> None:
    def shade(drop: float, **others: float) -> str:
        found = re.search(r'fill-opacity="([^"]*)" cx="40"', hangs_on({"cheek_left": drop, **others}, 1))
        assert found
        return found[1]

    assert shade(0.15) == shade(0.15, chin=0.6) == "0.40"
    assert shade(0.3) == shade(0.9) == "0.70"
    rising = hangs_on({"cheek_left": -0.15}, 1)
    assert 'class="rises"' in rising
    assert "fill-opacity" not in rising
    assert "no single region" in rising


def bars(svg: str, look: str) -> list[float]:
    """Heights of the bars of a kind."""
    found = re.search(rf'class="{look}" d="([^"]*)"', svg)
    return [float(h) for h in re.findall(r"h[\d.]+v([\d.]+)h", found[1])] if found else []


def test_bars_begin_at_nought_and_chosen_ones_are_dark(make_event) -> None:
    event = make_event(2.4, 0.2, 100, frame_weights=(ALPHA, CHOSEN))
    ((title, svg),) = strips(event, 1)
    assert title.startswith("Attention to each frame")
    inside, outside = bars(svg, "bar-in"), bars(svg, "bar-out")
    assert len(inside) == 2
    assert len(outside) == 3
    assert inside[1] / inside[0] == pytest.approx(0.5, abs=0.01)
    assert outside[1] / inside[0] == pytest.approx(0.25, abs=0.01)
    assert "nan" not in svg


def test_weights_nearly_alike_are_called_so(make_event) -> None:
    close = replace(ALPHA, weights=(0.999, 0.998, 0.9985, 0.999, 0.998))
    ((title, _),) = strips(make_event(2.4, 0.2, 100, frame_weights=(close,)), 1)
    assert title.endswith("from 0.998 to 0.999, hardly different from frame to frame")


@pytest.mark.parametrize(
    ("weights", "n"),
    [
        ((CHOSEN,), 1),  # the choice itself, where there is nothing else
        ((replace(ALPHA, weights=(0.0,) * 5),), 1),
        ((replace(ALPHA, weights=(-0.5, 0.1, 0.2, 0.3, -0.9)),), 1),
        ((FrameWeights("time", (2.4,), (1.0,)),), 1),
        ((FrameWeights("time", (), ()),), 0),
        ((replace(ALPHA, weights=(float("nan"),) * 5),), 0),
        ((), 0),
    ],
)
def test_odd_weights(weights: tuple[FrameWeights, ...], n: int, make_event) -> None:
    event: Event = make_event(2.4, 0.2, 100, frame_weights=weights)
    drawn = strips(event, 1)
    assert len(drawn) == n
    assert not re.search(r"\b(nan|inf)\b", "".join(svg for _, svg in drawn))


def test_maps_and_garbage(judged: Analysis) -> None:
    pictures = judged.pictures[0]
    drawn = attention_map(pictures, "attention", 1)
    assert drawn is not None
    assert (drawn.low, drawn.high) == (pytest.approx(0.45, abs=0.01), pytest.approx(0.65, abs=0.01))
    # a few hundredths are not stretched over all colours
    faint = (0.5 + (pictures.maps["attention"] - 0.45) / 10) * (pictures.maps["attention"] > 0)
    dull = attention_map(replace(pictures, maps={"x": faint}), "x", 1)
    assert dull is not None
    assert (dull.low, dull.high) == (pytest.approx(0.5, abs=0.002), pytest.approx(0.6, abs=0.002))
    even = attention_map(pictures, "block2", 1)
    assert even is not None
    assert even.svg == ""
    for maps in ({"x": np.zeros((8, 8))}, {"x": np.full((8, 8), np.nan)}, {"x": np.ones(8)}):
        assert attention_map(replace(pictures, maps=maps), "x", 1) is None
    assert attention_map(replace(pictures, apex=b""), "attention", 1) is None


def test_names_that_nobody_knows_are_only_text(judged: Analysis) -> None:
    nasty = "<script>alert(1)</script>"
    event = replace(judged.found[0], frame_weights=(replace(ALPHA, name=nasty),))
    pictures = replace(judged.pictures[0], maps={nasty: judged.pictures[0].maps["block1"]})
    page = to_html(replace(judged, found=(event,), pictures=(pictures,)))
    assert nasty not in page
    assert nasty.capitalize() not in page
    assert "&lt;script&gt;" in page.lower()


def test_a_trained_spotters_score_is_not_called_motion(make) -> None:
    made = make()
    by_rules = plain(to_html(made))
    for words_of_motion in ("how much the face moves", "Moved most", "how much the face itself moves"):
        assert words_of_motion in by_rules
    bare = tuple(replace(event, regions=()) for event in made.found)
    settings = {**made.settings, "spotter": {"name": "spotter.onnx", "sha256": "ab" * 32}}
    page = to_html(replace(made, found=bare, settings=settings))
    text = plain(page)
    for phrase in (
        "how much the face moves",
        "Moved most",
        "how much the face itself moves",
        "No single region",
    ):
        assert phrase not in text
    assert "score: how much a frame stands out to the trained model" in text
    assert "does not say which part of the face moved" in text
    table = re.search(r'<table class="events">.*?</table>', page, re.DOTALL)
    assert table
    assert {len(re.findall(r"<t[hd][ >]", row)) for row in table[0].split("<tr>")[1:]} == {8}
    # a recogniser may know the regions all the same
    assert "Moved most" in plain(to_html(replace(made, settings=settings)))
