"""Oulu-CASIA: cameras and lights as folders, originals and cut-out faces."""

from __future__ import annotations

import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest

from mien.datasets.oulu_casia import OuluCasiaLayout
from mien.errors import InputError

b = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("builders_b.py"))))


def takes(emotions: tuple[str, ...] = ("anger", "surprise")) -> list:
    layout = OuluCasiaLayout()
    return [t for s in range(6) for t in b.poses(layout, 3, emotions, stream=s)]


def test_contract(tmp_path: Path) -> None:
    b.check_contract(OuluCasiaLayout(), takes(), tmp_path)
    b.check_refusals(OuluCasiaLayout(), takes()[0])


def test_tree(tmp_path: Path) -> None:
    b.write(OuluCasiaLayout(), takes(), tmp_path)
    expected = {
        f"{part}/{light}/P00{who}/{emotion}/{n:03d}.jpeg"
        for part in (
            *("OriginalImg/VL", "OriginalImg/NI"),
            *("PreProcess_Img/VL_Acropped", "PreProcess_Img/NI_Acropped"),
        )
        for light in ("Strong", "Weak", "Dark")
        for who in (1, 2, 3)
        for emotion in ("Anger", "Surprise")
        for n in range(6)  # neutral to the peak, which is frame 5 of 0 to 9
    }
    assert set(b.files(tmp_path)) == expected


def test_pictures(tmp_path: Path) -> None:
    b.write(OuluCasiaLayout(), takes(), tmp_path)
    visible = tmp_path / "OriginalImg/VL/Weak/P002/Anger/005.jpeg"
    infrared = tmp_path / "PreProcess_Img/NI_Acropped/Dark/P002/Anger/005.jpeg"
    assert b.read(visible).shape == (b.HEIGHT, b.WIDTH, 3)
    assert b.shows(visible, b.shade(5, 2))
    assert b.read(infrared).shape == (b.HEIGHT, b.WIDTH)
    assert b.shows(infrared, b.shade(5, 2) + 100)


def test_each_emotion_once_a_person() -> None:
    layout = OuluCasiaLayout()
    fear = b.expression(1, 5, 8, "fear", kind="macro")
    with pytest.raises(InputError, match="another fear"):
        layout.plan([b.take(layout, 1, 1, fear), b.take(layout, 1, 2, fear)])
    with pytest.raises(InputError, match="neutral"):
        layout.plan([b.take(layout, 1, 1)])
    assert len(layout.plan([b.take(layout, 1, 1, fear), b.take(layout, 1, 1, fear, stream=3)])) == 2
