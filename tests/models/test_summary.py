"""The table says of every network what its card says, and is not cut."""

from __future__ import annotations

from mien.models import CARDS
from mien.models.region_net import RegionNet
from mien.models.summary import HEADINGS, summary_table
from mien.spotting.region_input import CHANNELS
from mien.weights import SHIPPED


def test_one_line_a_network() -> None:
    heading, *lines, spotter = summary_table().splitlines()
    assert heading.split() == list(HEADINGS)
    assert spotter.split()[0] == SHIPPED["region-net"].name
    assert f"{sum(p.numel() for p in RegionNet(CHANNELS).parameters()):,}" in spotter
    assert [line.split()[0] for line in lines] == list(CARDS)
    for line, card in zip(lines, CARDS.values(), strict=True):
        assert line.endswith(card.paper)
        for cell in (card.task, card.eats, card.frames, f"{card.parameters:,}", str(card.year)):
            assert cell in line


def test_columns_stand_below_their_headings() -> None:
    heading, *lines = summary_table().splitlines()
    for word in HEADINGS:
        at = heading.index(word)
        assert all(line[at] != " " and (at == 0 or line[at - 1] == " ") for line in lines)


def test_the_known_counts() -> None:
    lines = {line.split()[0]: line for line in summary_table().splitlines()}
    assert "748,136 (4 classes)" in lines["dtscnn"]
    assert "1,683 (3 classes)" in lines["ststnet"]
    assert " L1 " in lines["dtscnn"]
    assert " - " in lines["ststnet"]
