"""Random changes of pictures."""

from __future__ import annotations

import pytest
import torch

from mien.errors import InputError
from mien.training.augment import augmented
from mien.training.settings import Augment


def clip(count: int = 4, frames: int = 3, side: int = 32) -> torch.Tensor:
    draw = torch.Generator().manual_seed(1)
    return torch.rand(count, frames, 1, side, side, generator=draw)


def changed(how: Augment, pictures: torch.Tensor, seed: int = 0) -> torch.Tensor:
    return augmented(pictures, how, torch.Generator().manual_seed(seed))


def test_nothing_asked_nothing_done() -> None:
    pictures = clip()
    assert changed(Augment(), pictures) is pictures
    assert changed(Augment(p=0, rotate=20), pictures) is pictures
    assert not Augment().active
    assert Augment(strip=2).active


ALL = Augment(p=1, brightness=20, rotate=8, shift=0.05, smooth=6, crop=0.9, strip=2)


def test_shape_range_and_seed() -> None:
    pictures = clip()
    out = changed(ALL, pictures)
    assert out.shape == pictures.shape
    assert out.min() >= 0
    assert out.max() <= 1
    assert torch.equal(out, changed(ALL, pictures))
    assert not torch.equal(out, changed(ALL, pictures, seed=1))
    assert torch.equal(pictures, clip())  # the clips themselves are left alone


def test_frames_of_a_clip_are_changed_alike_and_clips_are_not() -> None:
    one = torch.rand(1, 1, 1, 24, 24, generator=torch.Generator().manual_seed(3))
    out = changed(ALL, one.expand(5, 4, 1, 24, 24))
    for frames in out:
        assert all(torch.equal(frame, frames[0]) for frame in frames)
    assert not torch.equal(out[0], out[1])


def test_brightness_is_bounded() -> None:
    grey = torch.full((200, 1, 8, 8), 0.5)
    out = changed(Augment(p=1, brightness=20), grey)[:, 0, 0, 0] - 0.5
    assert out.abs().max() <= 20 / 255
    assert out.min() < -15 / 255 < 15 / 255 < out.max()


def test_about_as_often_as_asked() -> None:
    grey = torch.full((400, 1, 4, 4), 0.5)
    out = changed(Augment(p=0.3, brightness=20), grey)[:, 0, 0, 0]
    assert 0.22 < float((out != 0.5).float().mean()) < 0.38


def test_a_shift_moves_by_what_was_asked_and_repeats_the_border() -> None:
    ramp = torch.linspace(0, 1, 41).expand(1, 1, 41, 41)
    out = torch.cat([changed(Augment(p=1, shift=0.1), ramp, seed) for seed in range(60)])
    moved = (out[:, 0, 20, 20] - 0.5) * 40  # pixels
    assert moved.abs().max() <= 4.1 + 1e-4
    assert moved.abs().max() > 3
    assert out.min() >= 0
    assert torch.isclose(out[:, 0, :, -1].max(), torch.tensor(1.0))


def test_a_turn_keeps_the_middle_and_is_a_turn_in_a_wide_picture_too() -> None:
    wide = torch.zeros(1, 1, 21, 61)
    wide[0, 0, 10, 30] = 1
    wide[0, 0, 10, 45] = 1  # 15 to the right
    for seed in range(20):
        out = changed(Augment(p=1, rotate=30), wide, seed)[0, 0]
        assert out[10, 30] > 0.9
        ys, xs = torch.nonzero(out > 0.2, as_tuple=True)
        far = ((xs - 30).double() ** 2 + (ys - 10).double() ** 2).sqrt().max()
        assert 13.5 < float(far) < 16.6


def test_smoothing_takes_away_detail_but_no_light() -> None:
    pictures = clip(count=8)
    out = changed(Augment(p=1, smooth=6), pictures)
    assert float(out.std()) < 0.6 * float(pictures.std())
    assert torch.allclose(out.mean(), pictures.mean(), atol=0.01)


def test_what_cannot_be() -> None:
    for wrong in ({"p": 1.5}, {"crop": 0.0}, {"crop": 2.0}, {"rotate": -1.0}):
        with pytest.raises(InputError):
            Augment(**wrong)
