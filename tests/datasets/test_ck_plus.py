"""CK+: sequences up to the peak, text files named after it, missing labels, gaps."""

from __future__ import annotations

import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from mien.datasets.ck_plus import CkPlusLayout
from mien.datasets.layout import write_pictures
from mien.labels import normalise_emotion

b = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("builders_b.py"))))

WORDS = ("anger", "contempt", "disgust", "fear", "happiness", "sadness", "surprise")


def test_contract(tmp_path: Path) -> None:
    layout = CkPlusLayout()
    takes = b.poses(layout, 3, WORDS[:3])
    b.check_contract(layout, takes, tmp_path)
    b.check_refusals(layout, takes[0])


def test_sequences_end_at_the_peak(tmp_path: Path) -> None:
    layout = CkPlusLayout()
    shots = b.write(layout, b.poses(layout, 3, WORDS[:2]), tmp_path)
    assert [s.subject for s in shots] == ["S005", "S005", "S010", "S010", "S011", "S011"]
    for shot in shots:
        folder = tmp_path / "cohn-kanade-images" / shot.subject / shot.clip
        names = sorted(p.name for p in folder.iterdir())
        stem = f"{shot.subject}_{shot.clip}"
        assert names[0] == f"{stem}_00000001.png"
        assert names[-1] == f"{stem}_00000006.png"  # the apex is frame 5 of 0 to 9
        peak = b.read(folder / names[-1])
        assert peak.shape == (b.HEIGHT, b.WIDTH)
        assert (peak == b.shade(5, shot.take.person.number)).all()


def test_text_files_are_named_after_the_peak(tmp_path: Path) -> None:
    layout = CkPlusLayout()
    shots = layout.plan(b.poses(layout, 20, WORDS))
    layout.annotate(shots, tmp_path)
    labelled = 0
    for shot in shots:
        place = f"{shot.subject}/{shot.clip}"
        stem = f"{shot.subject}_{shot.clip}_00000006"
        facs = np.loadtxt(tmp_path / "FACS" / place / f"{stem}_facs.txt")
        assert facs.tolist() == [[1, 3], [2, 3], [12, 3]]
        assert [p.name for p in (tmp_path / "FACS" / place).iterdir()] == [f"{stem}_facs.txt"]
        labels = list((tmp_path / "Emotion" / place).iterdir())
        for label in labels:
            assert label.name == f"{stem}_emotion.txt"
            code = WORDS.index(shot.take.expressions[0].emotion) + 1
            assert label.read_text() == f"   {code}.0000000e+00\n"
            assert normalise_emotion(label.read_text(), "ck-plus") == shot.take.expressions[0].emotion
        labelled += len(labels)
    assert 140 * 0.6 <= labelled <= 140 * 0.9


def test_facs_lines_are_written_as_in_the_set(tmp_path: Path) -> None:
    layout = CkPlusLayout()
    shots = layout.plan([b.take(layout, 1, 1, b.expression(1, 10, 11, "fear", "4 20", "macro"), n=12)])
    layout.annotate(shots, tmp_path)
    path = tmp_path / "FACS/S005/001/S005_001_00000011_facs.txt"
    assert path.read_text() == "   4.0000000e+00   3.0000000e+00\n   2.0000000e+01   3.0000000e+00\n"


def test_some_sequences_have_a_gap_inside(tmp_path: Path) -> None:
    layout = CkPlusLayout()
    shots = layout.plan(b.poses(layout, 20, WORDS))
    gaps = [shot for shot in shots if len(shot.pictures[0].frames) == 5]
    assert 5 <= len(gaps) <= 35
    for shot in shots:
        frames = shot.pictures[0].frames
        assert frames[0] == 0
        assert frames[-1] == 5
        assert len(frames) in (5, 6)
    write_pictures(gaps[0], b.views(gaps[0]), tmp_path)
    for frame, name in zip(gaps[0].pictures[0].frames, gaps[0].pictures[0].paths, strict=True):
        assert int(Path(name).stem[-8:]) == gaps[0].number(frame)
        assert (b.read(tmp_path / name) == b.shade(frame, gaps[0].take.person.number)).all()


def test_where_nothing_happens_there_is_no_label(tmp_path: Path) -> None:
    layout = CkPlusLayout()
    layout.annotate(layout.plan([b.take(layout, 1, n) for n in range(1, 9)]), tmp_path)
    assert not list((tmp_path / "Emotion").rglob("*.txt"))
    assert [p.stat().st_size for p in (tmp_path / "FACS").rglob("*.txt")] == [0] * 8


def test_people_are_the_real_ones() -> None:
    layout = CkPlusLayout()
    subjects = [s.subject for s in layout.plan(b.poses(layout, 123, ("fear",)))]
    assert len(set(subjects)) == 123
    assert subjects == sorted(subjects)
    assert {"S005", "S138", "S506", "S895", "S999"} <= set(subjects)
    assert "S123" not in subjects
