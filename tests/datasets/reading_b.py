"""Ways to look at what a reader returns. Not a test module; loaded from its path like ``builders_b``."""

from __future__ import annotations

from mien.datasets.manifest import DataSet, Footage, Sample
from mien.labels import parse_action_units
from mien.records import Expression


def by_name(data: DataSet) -> dict[tuple[str, str], Sample]:
    """Samples by subject and clip, which have to be unique; so have the keys."""
    told = {(s.subject, s.clip): s for s in data.samples}
    assert len({s.key for s in data.samples}) == len(data.samples)
    assert len({f.key for f in data.footage}) == len(data.footage)
    assert {s.footage for s in data.samples} <= {"", *(f.key for f in data.footage)}
    return told


def footage(data: DataSet) -> dict[str, Footage]:
    return {f.key: f for f in data.footage}


def told(data: DataSet, *without: str) -> list[tuple[str, str, str, str]]:
    """Severity, topic, subject and clip of every problem but those of some topics."""
    return [(p.severity, p.topic, p.subject, p.clip) for p in data.problems if p.topic not in without]


def words(data: DataSet, topic: str) -> str:
    """The text of the one problem of a topic."""
    (problem,) = [p for p in data.problems if p.topic == topic]
    return problem.text


def units(sample: Sample) -> set[tuple[int, str]]:
    """Unit and side, without those that do not move."""
    return {(t.au, t.side) for t in parse_action_units(sample.units) if t.au and not t.remark}


def true_units(event: Expression) -> set[tuple[int, str]]:
    return {(u.au, u.side) for u in event.units}
