"""The cache on disk: keys that mean one thing, entries that survive crashes and company."""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.inputs.cache import ArrayCache, default_cache_dir, file_digest, key_of

plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=4)
    | st.binary(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3).map(tuple) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)


def typed(value: object) -> object:
    """A stand-in that is equal exactly for equal values of equal types (0.0 and -0.0 apart)."""
    if isinstance(value, tuple):
        return ("tuple", *map(typed, value))
    if isinstance(value, dict):
        return ("dict", frozenset((k, typed(v)) for k, v in value.items()))
    return (type(value).__name__, repr(value))


@given(plain, plain)
def test_keys_are_equal_exactly_for_equal_parts(a: object, b: object) -> None:
    assert (key_of(a) == key_of(b)) == (typed(a) == typed(b))


def test_keys_are_typed_and_do_not_run_together() -> None:
    grid = np.arange(6, dtype=np.int32).reshape(2, 3)
    different = [
        (1,), (1.0,), ("1",), (True,), (b"1",), (None,), ("None",), (), ((),), ({},), ("",), (1, 2),
        ((1, 2),), (12,), ("ab", "c"), ("a", "bc"), ({"a": 1},), ({"a": "1"},), ({1: "a"},),
        (grid,), (grid.astype(np.int64),), (grid.reshape(3, 2),), (grid.T,),
        (np.zeros((0, 2)),), (np.zeros((2, 0)),), (np.array("ab"),),
    ]  # fmt: skip
    assert len({key_of(*parts) for parts in different}) == len(different)


def test_keys_ignore_what_does_not_matter() -> None:
    grid = np.arange(6, dtype=np.int32).reshape(2, 3)
    assert key_of({"a": 1, "b": [2]}) == key_of({"b": (2,), "a": 1})
    assert key_of(grid) == key_of(np.asfortranarray(grid)) == key_of(grid.astype(">i4"))
    assert key_of(np.float64(0.5), np.int8(3), np.True_) == key_of(0.5, 3, True)


def test_key_stays_what_it_was() -> None:
    assert (
        key_of("dis", {"scale": 1}, np.arange(3, dtype=np.uint8))
        == "9e5afb75def1c0d8a95253a24caa115b2f3d6fa7"
    )


def test_key_refuses_what_it_cannot_see_into() -> None:
    for part in (object(), {1}, Path("a"), np.array([object()]), np.zeros(2, "i4,f4")):
        with pytest.raises(TypeError, match="cache key"):
            key_of(part)


def test_file_digest(tmp_path: Path) -> None:
    a, b = tmp_path / "a", tmp_path / "b"
    a.write_bytes(b"x" * 300_000)
    b.write_bytes(b"x" * 299_999 + b"y")
    assert file_digest(a) == file_digest(str(a)) != file_digest(b)
    assert len(file_digest(b)) == 40


def test_what_goes_in_comes_out(tmp_path: Path) -> None:
    cache = ArrayCache(tmp_path / "c")
    key = key_of("clip")
    assert cache.get(key) is None
    arrays = {
        "file": np.arange(12, dtype=np.float16).reshape(3, 4),
        "empty": np.zeros((0, 2)),
        "word": np.array("x"),
        "a b": np.asfortranarray(np.ones((2, 3), np.uint8)),
    }
    cache.put(key, arrays)
    back = cache.get(key)
    assert back is not None
    assert list(back) == list(arrays)
    for name, array in arrays.items():
        np.testing.assert_array_equal(back[name], array)
        assert back[name].dtype == array.dtype
    assert [p.relative_to(cache.folder).parts for p in cache.folder.rglob("*") if p.is_file()] == [
        (key[:2], key[2:4], f"{key}.npz")
    ]


def test_fetch_makes_once(tmp_path: Path) -> None:
    cache = ArrayCache(tmp_path)
    calls = []

    def make() -> dict[str, np.ndarray]:
        calls.append(1)
        return {"x": np.arange(3)}

    for _ in range(3):
        assert cache.fetch(key_of(1), make)["x"].tolist() == [0, 1, 2]
    assert len(calls) == 1
    assert ArrayCache(tmp_path).fetch(key_of(1), make)["x"].tolist() == [0, 1, 2]
    assert len(calls) == 1


@pytest.mark.parametrize("damage", ["truncated", "empty", "flipped", "text", "foreign"])
def test_damaged_entries_are_made_again(tmp_path: Path, damage: str) -> None:
    cache = ArrayCache(tmp_path)
    key = key_of("k")
    cache.put(key, {"x": np.arange(1000)})
    path = cache.path(key)
    whole = path.read_bytes()
    path.write_bytes(
        {
            "truncated": whole[: len(whole) // 2],
            "empty": b"",
            "flipped": whole[:3000] + bytes([whole[3000] ^ 1]) + whole[3001:],
            "text": b"not an archive at all",
            "foreign": whole.replace(b"NUMPY", b"NUMPX"),
        }[damage]
    )
    assert cache.get(key) is None
    assert not path.exists()
    assert cache.fetch(key, lambda: {"x": np.arange(7)})["x"].tolist() == list(range(7))
    assert cache.get(key) is not None


def test_pickles_are_neither_written_nor_read(tmp_path: Path) -> None:
    cache = ArrayCache(tmp_path)
    with pytest.raises(ValueError, match="object"):
        cache.put(key_of(1), {"x": np.array([{}])})
    path = cache.path(key_of(2))
    path.parent.mkdir(parents=True)
    np.savez(path, x=np.array([{}], dtype=object))
    assert cache.get(key_of(2)) is None


def age(cache: ArrayCache, key: str, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(cache.path(key), (then, then))


def test_the_longest_unused_go_first(tmp_path: Path) -> None:
    cache = ArrayCache(tmp_path, max_bytes=10_500)
    keys = [key_of(i) for i in range(4)]
    for i, key in enumerate(keys[:3]):
        cache.put(key, {"x": np.zeros(3000, np.uint8)})
        age(cache, key, 1000 - 100 * i)
    assert cache.get(keys[0]) is not None  # used just now
    cache.put(keys[3], {"x": np.zeros(3000, np.uint8)})
    assert [cache.get(key) is not None for key in keys] == [True, False, False, True]
    assert cache.nbytes() <= 0.9 * 10_500


def test_bound_counts_what_others_wrote(tmp_path: Path) -> None:
    ours, theirs = ArrayCache(tmp_path, max_bytes=20_000), ArrayCache(tmp_path)
    for i in range(9):
        theirs.put(key_of("theirs", i), {"x": np.zeros(4000, np.uint8)})
        age(theirs, key_of("theirs", i), 500)
    ours.put(key_of("ours"), {"x": np.zeros(4000, np.uint8)})
    assert ours.nbytes() <= 20_000
    assert ours.get(key_of("ours")) is not None


def test_entries_beyond_the_bound_are_not_stored(tmp_path: Path) -> None:
    cache = ArrayCache(tmp_path, max_bytes=1000)
    cache.put(key_of("small"), {"x": np.zeros(10, np.uint8)})
    assert cache.fetch(key_of("big"), lambda: {"x": np.zeros(5000, np.uint8)})["x"].size == 5000
    assert cache.get(key_of("big")) is None
    assert cache.get(key_of("small")) is not None


def test_left_over_drafts_are_swept(tmp_path: Path) -> None:
    cache = ArrayCache(tmp_path, max_bytes=10_000)
    folder = cache.path(key_of(1)).parent
    folder.mkdir(parents=True)
    old, fresh = folder / ".old.tmp", folder / ".fresh.tmp"
    old.write_bytes(b"x")
    fresh.write_bytes(b"x")
    os.utime(old, (1, 1))
    cache.put(key_of(1), {"x": np.zeros(3)})
    assert not old.exists()
    assert fresh.exists()


def test_a_failed_write_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = ArrayCache(tmp_path)

    def full(*_: object, **__: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(np.lib.format, "write_array", full)
    with pytest.raises(OSError, match="no space"):
        cache.put(key_of(1), {"x": np.zeros(3)})
    assert not [p for p in tmp_path.rglob("*") if p.is_file()]
    with pytest.warns(RuntimeWarning, match="cannot be written"):
        assert cache.fetch(key_of(1), lambda: {"x": np.ones(2)})["x"].tolist() == [1, 1]


def test_clear_leaves_other_files(tmp_path: Path) -> None:
    cache = ArrayCache(tmp_path)
    cache.put(key_of(1), {"x": np.zeros(3)})
    (tmp_path / "readme.txt").write_text("mine")
    cache.clear()
    assert cache.nbytes() == 0
    assert (tmp_path / "readme.txt").exists()


def test_bad_arguments(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cache key"):
        ArrayCache(tmp_path).get("../../etc")
    with pytest.raises(ValueError, match="positive"):
        ArrayCache(tmp_path, max_bytes=0)


def _hammer(folder: str, worker: int) -> None:
    cache = ArrayCache(folder, max_bytes=200_000)
    for turn in range(60):
        i = (turn * 7 + worker) % 10
        found = cache.fetch(key_of(i), lambda i=i: {"x": np.full(4000, i)})
        assert (found["x"] == i).all()
        assert len(found["x"]) == 4000


def test_many_writers(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    workers = [context.Process(target=_hammer, args=(str(tmp_path), n)) for n in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
        assert worker.exitcode == 0
    assert not list(tmp_path.rglob("*.tmp"))


def test_default_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MIEN_CACHE", str(tmp_path / "own"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_cache_dir() == tmp_path / "own"
    monkeypatch.delenv("MIEN_CACHE")
    assert default_cache_dir() == tmp_path / "mien"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.delenv("LOCALAPPDATA", raising=False)
    for platform, place in (
        ("linux", ".cache/mien"),
        ("darwin", "Library/Caches/mien"),
        ("win32", "AppData/Local/mien/cache"),
    ):
        monkeypatch.setattr(sys, "platform", platform)
        assert default_cache_dir() == tmp_path / place
