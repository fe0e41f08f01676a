"""`mien models`: what it prints, and that torch stays asleep."""

from __future__ import annotations

import subprocess
import sys

import pytest

from mien.cli import main
from mien.models.summary import summary_table


def test_models(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models"]) == 0
    out, err = capsys.readouterr()
    assert out == f"{summary_table()}\n"
    assert err == ""


def test_models_needs_no_torch() -> None:
    code = (
        "import sys; sys.modules['torch'] = None; from mien.cli import main; "  # importing it would fail
        "sys.exit(main(['models']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("name ")


def test_models_stands_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    assert "models" in capsys.readouterr().out
