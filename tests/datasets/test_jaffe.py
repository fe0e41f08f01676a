"""JAFFE: one flat folder, the real set's numbers and gaps."""

from __future__ import annotations

import runpy
from pathlib import Path
from types import SimpleNamespace

from mien.datasets.jaffe import JaffeLayout
from mien.labels import normalise_emotion

b = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("builders_b.py"))))

WORDS = ("anger", "disgust", "fear", "happiness", "neutral", "sadness", "surprise")


def test_contract(tmp_path: Path) -> None:
    layout = JaffeLayout()
    takes = b.poses(layout, 3, WORDS * 2)
    b.check_contract(layout, takes, tmp_path)
    b.check_refusals(layout, takes[0])


def test_names_are_those_of_the_real_set(tmp_path: Path) -> None:
    layout = JaffeLayout()
    b.write(layout, b.poses(layout, 3, WORDS), tmp_path)
    assert b.files(tmp_path) == [
        *("KA.AN1.39.tiff", "KA.DI1.42.tiff", "KA.FE1.45.tiff", "KA.HA1.29.tiff"),
        *("KA.NE1.26.tiff", "KA.SA1.33.tiff", "KA.SU1.36.tiff"),
        *("KL.AN1.167.tiff", "KL.DI1.170.tiff", "KL.FE1.174.tiff", "KL.HA1.158.tiff"),
        *("KL.NE1.155.tiff", "KL.SA1.161.tiff", "KL.SU1.164.tiff"),
        *("KM.AN1.17.tiff", "KM.DI1.20.tiff", "KM.FE1.23.tiff", "KM.HA1.4.tiff"),
        *("KM.NE1.1.tiff", "KM.SA1.9.tiff", "KM.SU1.14.tiff"),
    ]


def test_pictures_show_the_peak_in_grey(tmp_path: Path) -> None:
    layout = JaffeLayout()
    b.write(layout, b.poses(layout, 1, WORDS), tmp_path)
    happy, neutral = b.read(tmp_path / "KA.HA1.29.tiff"), b.read(tmp_path / "KA.NE1.26.tiff")
    assert happy.shape == (b.HEIGHT, b.WIDTH)
    assert (happy == b.shade(5, 1)).all()
    assert (neutral == b.shade(9, 1)).all()


def test_takes_that_the_set_left_out_are_left_out() -> None:
    layout = JaffeLayout()
    takes = b.poses(layout, 7, ("sadness",) * 4 + ("disgust",) * 2)
    names = {shot.clip for shot in layout.plan(takes)}
    assert {"KM.SA3.11", "KM.SA5.13", "KM.DI1.20", "KM.DI3.22", "NM.DI3.109", "KA.SA4.36"} <= names
    assert not {"KM.SA4.12", "KM.DI2.21", "NM.DI2.108"} & names


def test_name_gives_the_emotion() -> None:
    layout = JaffeLayout()
    for shot in layout.plan(b.poses(layout, 10, WORDS)):
        who, code, _ = shot.clip.split(".")
        truth = shot.take.expressions[0].emotion if shot.take.expressions else "neutral"
        assert normalise_emotion(code[:2], "jaffe") == truth
        assert who == shot.subject
