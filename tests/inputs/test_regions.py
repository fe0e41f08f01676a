"""The spec of a network over regions."""

from __future__ import annotations

import pytest

from mien.errors import InputError
from mien.inputs import RegionSpec

SPEC = RegionSpec(82, 100.0, ("chin", "glabella"), "dis_lk")


def test_there_and_back() -> None:
    assert RegionSpec.from_dict(SPEC.to_dict()) == SPEC


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"rows": 0}, "above 0"),
        ({"rate": True}, "above 0"),
        ({"regions": "chin"}, "list of words"),
        ({"content": "frames"}, "content"),
        ({"more": 1}, "it must say"),
    ],
)
def test_what_makes_no_sense(change: dict[str, object], words: str) -> None:
    with pytest.raises(InputError, match=words):
        RegionSpec.from_dict({**SPEC.to_dict(), **change})
