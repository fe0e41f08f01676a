"""Samples as the readers would give them, with the published counts and anomalies of the challenge's data."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from mien.datasets.manifest import Sample

MEGC2019_CASME2 = (
    "1:3 2:9 3:5 4:2 5:6 6:4 7:5 8:1 9:10 11:4 12:11 13:2 14:3 15:3 16:3 17:31 19:11 20:2 21:1 22:2 23:8 "
    "24:3 25:5 26:11"
)
MEGC2019_SMIC = "1:6 2:6 3:39 4:19 5:2 6:4 8:13 9:4 11:7 12:9 13:10 14:10 15:4 18:7 19:2 20:22"
MEGC2019_SAMM = (
    "6:11 7:8 9:4 10:4 11:20 12:3 13:6 14:10 15:3 16:5 17:4 18:3 19:1 20:4 21:2 22:5 23:1 24:1 26:9 28:3 "
    "30:3 31:1 32:4 33:5 34:3 35:8 36:1 37:1"
)
MEGC2018_SAMM = (6, 7, 9, 11, 12, 14, 15, 16, 18, 19, 20, 21, 22, 26, 28, 30, 32, 33, 35, 36, 37)
"""Clips a subject in the composite of MEGC 2019, and the people of SAMM in that of MEGC 2018."""


OBJECTIVE = ("I", "II", "III", "IV", "V", "VI", "VII")


def per_subject(text: str) -> dict[int, int]:
    return {int(a): int(b) for a, b in (pair.split(":") for pair in text.split())}


def words(counts: dict[str, int]) -> list[str]:
    return [word for word, n in counts.items() for _ in range(n)]


def sample(dataset: str, subject: str, clip: str, **more: object) -> Sample:
    """A clip whose frame numbers start at 101 and positions at 0."""
    one = Sample(
        dataset=dataset,
        part="",
        subject=f"{dataset}/{subject}",
        clip=clip,
        footage=f"{dataset}/{subject}/{clip}",
        kind="micro",
        fps=200.0,
        onset=0,
        apex=20,
        offset=50,
        onset_number=101,
        apex_number=121,
        offset_number=151,
    )
    return replace(one, **more)  # type: ignore[arg-type]


def casme2(coding: str) -> list[Sample]:
    """255 rows: the 145 by subject, the two that fall for their apex, and 108 of other emotions."""
    counts = per_subject(MEGC2019_CASME2)
    counts[4] += 1  # EP12_01f
    counts[5] += 1  # EP09_05f
    owners = [subject for subject, n in counts.items() for _ in range(n)]
    # Both that fall are negative, 63 + 27 - 2 = 88, so the negative ones come first
    emotions = words({"disgust": 63, "repression": 27, "surprise": 25, "happiness": 32})
    clips: dict[int, list[str]] = {s: [f"EP{i:02d}_{s:02d}x" for i in range(n)] for s, n in counts.items()}
    clips[4][0], clips[5][0] = "EP12_01f", "EP09_05f"
    clips[5][1], clips[12][0], clips[20][0], clips[25][0] = "EP16_04f", "EP09_06", "EP16_01", "EP18_04f"
    place = {s: iter(names) for s, names in clips.items()}
    rows = []
    for subject, emotion in zip(owners, emotions, strict=True):
        clip = next(place[subject])
        marks: dict[str, object] = {}
        if clip == "EP12_01f":
            marks = {"apex": None, "apex_number": None}
        elif clip == "EP09_05f":
            marks = {"apex": 0, "apex_number": 101}
        elif clip in ("EP16_04f", "EP09_06", "EP16_01", "EP18_04f"):
            marks = {"apex": 50, "apex_number": 151}
        rows.append(sample("casme2", f"sub{subject:02d}", clip, emotion=emotion, **marks))
    moved = {"EP07_01", "EP07_04f", "EP10_03"}
    rows += [
        sample("casme2", "sub24", clip, emotion="surprise" if coding == "2019" else "sadness")
        for clip in sorted(moved)
    ]
    rest = words({"sadness": 4, "fear": 2, "others": 99})
    everyone = itertools.cycle(range(1, 27))
    rows += [
        sample("casme2", f"sub{s:02d}", f"EP19_{i:03d}", emotion=e)
        for i, (s, e) in enumerate(zip(everyone, rest, strict=False))
    ]
    # Everybody's first clips come first, so that all 26 have one of I to V
    numbers = (25, 15, 99, 26, 20, 1, 69)
    classes = words(dict(zip(OBJECTIVE, numbers, strict=True)))
    rank: Counter[str] = Counter()
    turns = []
    for row in rows:
        rank[row.subject] += 1
        turns.append((rank[row.subject], row.subject))
    order = sorted(range(255), key=lambda i: turns[i])
    for i, label in zip(order, classes, strict=True):
        rows[i] = replace(rows[i], objective=label)
    return sorted(rows, key=lambda row: row.key)


def smic() -> list[Sample]:
    """164 clips of the HS part without marks, and as a decoy some of VIS and NIR."""
    owners = [s for s, n in per_subject(MEGC2019_SMIC).items() for _ in range(n)]
    emotions = words({"negative": 70, "positive": 51, "surprise": 43})
    unmarked = {"apex": None, "onset_number": None, "apex_number": None, "offset_number": None}
    rows = [
        sample("smic", f"s{s:02d}", f"s{s:02d}_{i:03d}", part="HS", emotion=e, **unmarked)
        for i, (s, e) in enumerate(zip(owners, emotions, strict=True))
    ]
    return rows + [replace(row, part=part) for row in rows[:8] for part in ("VIS", "NIR")]


def samm() -> list[Sample]:
    """159 clips: the 133 by subject, and 26 others, one of them of a person with no other emotion (025)."""
    owners = [s for s, n in per_subject(MEGC2019_SAMM).items() for _ in range(n)]
    emotions = words(
        {"anger": 57, "contempt": 12, "disgust": 9, "fear": 8, "sadness": 6, "happiness": 26, "surprise": 15}
    )
    owners += [25, *itertools.islice(itertools.cycle(per_subject(MEGC2019_SAMM)), 25)]
    emotions += ["others"] * 26
    # I to V of the 21 people of MEGC 2018; VI and VII wherever there is room
    classes = words(dict(zip(("I", "II", "III", "IV", "V"), (24, 13, 20, 8, 3), strict=True)))
    rest = words({"VI": 7, "VII": 84})
    free = dict.fromkeys(MEGC2018_SAMM, 0)
    for s in owners:
        if s in free:
            free[s] += 1
    # Everyone of the 21 gets one of I to V, then whoever has clips left
    share = dict.fromkeys(free, 1)
    while sum(share.values()) < 68:
        share[max(free, key=lambda s: free[s] - share[s])] += 1
    rows = []
    for i, (s, emotion) in enumerate(zip(owners, emotions, strict=True)):
        takes = share.get(s, 0) > 0
        if takes:
            share[s] -= 1
        label = (classes if takes else rest).pop()
        rows.append(sample("samm", f"{s:03d}", f"{s:03d}_{i}", emotion=emotion, objective=label))
    return rows


@pytest.fixture(scope="session")
def make_sample() -> Callable[..., Sample]:
    return sample


@pytest.fixture(scope="session")
def casme2_2014() -> Sequence[Sample]:
    return tuple(casme2("2014"))


@pytest.fixture(scope="session")
def casme2_2019() -> Sequence[Sample]:
    return tuple(casme2("2019"))


@pytest.fixture(scope="session")
def smic_samples() -> Sequence[Sample]:
    return tuple(smic())


@pytest.fixture(scope="session")
def samm_samples() -> Sequence[Sample]:
    return tuple(samm())


@pytest.fixture(scope="session")
def clips_per_subject() -> dict[str, int]:
    """Clips of each subject in the composite of MEGC 2019, as published."""
    patterns = (
        ("casme2/sub{:02d}", MEGC2019_CASME2),
        ("smic/s{:02d}", MEGC2019_SMIC),
        ("samm/{:03d}", MEGC2019_SAMM),
    )
    return {name.format(s): n for name, text in patterns for s, n in per_subject(text).items()}


@pytest.fixture(scope="session")
def samm_people_2018() -> set[str]:
    return {f"samm/{s:03d}" for s in MEGC2018_SAMM}
