"""Files that appear whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from mien.errors import InputError
from mien.files import sweep, write_whole


def test_whole_and_nothing_beside_it(tmp_path: Path) -> None:
    write_whole(tmp_path / "a" / "b.txt", "one")
    write_whole(tmp_path / "a" / "b.txt", b"two")
    assert [(p.name, p.read_bytes()) for p in (tmp_path / "a").iterdir()] == [("b.txt", b"two")]


def test_a_writer_that_fails_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_whole(tmp_path / "b.txt", "one")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(InputError, match="No space left"):
        write_whole(tmp_path / "b.txt", "two")
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("b.txt", "one")]


def test_what_a_killed_writer_left_is_swept(tmp_path: Path) -> None:
    write_whole(tmp_path / "a" / "b.txt", "one")
    (tmp_path / "a" / ".b.txt.0123.tmp").write_text("tw")
    (tmp_path / "a" / "mine.tmp").write_text("not a draft")
    sweep(tmp_path)
    assert sorted(p.name for p in (tmp_path / "a").iterdir()) == ["b.txt", "mine.tmp"]


def test_a_place_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="cannot be written"):
        write_whole(tmp_path / "file" / "b.txt", "one")
