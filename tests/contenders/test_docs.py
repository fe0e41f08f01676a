"""docs/contenders.md says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mien.contenders import CONTENDERS, options_of

PAGE = (Path(__file__).parents[2] / "docs" / "contenders.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", CONTENDERS)
def test_every_option_and_its_default_stand_on_the_page(name: str) -> None:
    assert re.search(rf"^\| [^|]*`{name}`", PAGE, re.MULTILINE)
    section = PAGE.split(f"\n### `{name}`\n")[1].split("\n#")[0]
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \|", section, re.MULTILINE)
    assert rows == [(option.name, option.default) for option in options_of(name)]


def test_nothing_else_is_promised() -> None:
    assert re.findall(r"^### `([\w-]+)`$", PAGE, re.MULTILINE) == list(CONTENDERS)
