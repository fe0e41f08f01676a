"""The loop: it learns, it repeats itself to the bit, it goes on where it was."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from mien.errors import InputError
from mien.models import make_network
from mien.models.base import Network
from mien.training.loop import Clips, predict, train
from mien.training.settings import Training

HOW = Training(epochs=12, batch=6, optimizer="adam", lr=3e-3, schedule="cosine")


def clips(n: int = 24, classes: int = 3, seed: int = 0) -> Clips:
    """Flow maps in which each class moves a corner of its own."""
    draw = torch.Generator().manual_seed(seed)
    y = torch.arange(n) % classes
    maps = torch.randn(n, 3, 28, 28, generator=draw)
    for i, label in enumerate(y.tolist()):
        maps[i, :2, 8 * label : 8 * label + 8, 4:20] += 2
    return Clips((list(maps),), y, (False,))


def network(seed: int = 0) -> Network:
    return make_network("ststnet", classes=3, preset="small", seed=seed)


def weights(net: Network) -> list[torch.Tensor]:
    return [value.clone() for value in net.state_dict().values()]


def same(a: Network, b: Network) -> bool:
    return all(torch.equal(x, y) for x, y in zip(weights(a), weights(b), strict=True))


def test_it_learns() -> None:
    net = network()
    history = train(net, clips(), replace(HOW, epochs=40))
    assert history.loss[-1] < 0.5 * history.loss[0]
    assert history.best == 39
    rows = predict(net, clips(seed=5))
    assert torch.allclose(rows.sum(dim=1), torch.ones(24), atol=1e-5)
    assert float((rows.argmax(dim=1) == clips().y).float().mean()) > 0.8
    assert not net.training


def test_the_same_seed_the_same_bits() -> None:
    nets = [network() for _ in range(3)]
    for net, seed, threads in zip(nets, (0, 0, 1), (1, 2, 1), strict=True):
        torch.set_num_threads(threads)
        torch.rand(7)  # what others drew does not matter
        train(net, clips(), HOW, seed=seed)
        assert torch.get_num_threads() == threads
    torch.set_num_threads(1)
    assert same(nets[0], nets[1])
    assert not same(nets[0], nets[2])


class StopHereError(Exception):
    pass


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
@pytest.mark.parametrize("patience", [0, 3])
def test_training_that_was_interrupted_ends_with_the_same_bits(
    tmp_path: Path, optimizer: str, patience: int
) -> None:
    how = replace(HOW, optimizer=optimizer, patience=patience)
    held = clips(9, seed=7) if patience else None
    whole = network()
    one = train(whole, clips(), how, validation=held)
    halves, file = network(), tmp_path / "c.safetensors"

    def stop(progress: object) -> None:
        if getattr(progress, "done", 0) == 5:
            raise StopHereError

    with pytest.raises(StopHereError):
        train(halves, clips(), how, validation=held, checkpoint=file, progress=stop)
    again = network(seed=9)  # its weights come from the checkpoint
    two = train(again, clips(), how, validation=held, checkpoint=file)
    assert same(whole, again)
    assert one == two


def test_a_checkpoint_of_something_else_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "c.safetensors"
    train(network(), clips(), replace(HOW, epochs=1), checkpoint=file)
    with pytest.raises(InputError, match="other training"):
        train(network(), clips(), HOW, checkpoint=file)
    other = make_network("offapexnet", classes=3, preset="small")
    pair = Clips(([m[:2] for m in clips().ports[0]],), clips().y, (False,))
    with pytest.raises(InputError, match="another network"):
        train(other, pair, replace(HOW, epochs=1), checkpoint=file)
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(InputError, match="damaged"):
        train(network(), clips(), replace(HOW, epochs=1), checkpoint=file)


def test_the_epoch_is_chosen_on_other_people_and_its_weights_are_kept() -> None:
    # Held-out clips with other labels: the longer it learns, the worse it gets there
    held = clips(12, seed=3)
    wrong = Clips(held.ports, (held.y + 1) % 3, held.pictures)
    net = network()
    how = replace(HOW, epochs=40, patience=4)
    history = train(net, clips(), how, validation=wrong)
    assert history.best == history.validation.index(min(history.validation))
    assert len(history.loss) == history.best + 1 + 4
    stopped = network()
    train(stopped, clips(), replace(how, patience=0, schedule="constant"))
    with pytest.raises(InputError, match="validation"):
        train(network(), clips(), how)


def test_every_class_is_seen_as_often() -> None:
    from mien.training.loop import _batches, _order

    y = torch.tensor([0] * 7 + [1] * 2 + [2])
    draw = torch.Generator().manual_seed(0)
    order = _order(y, "oversample", draw)
    assert torch.bincount(y[order]).tolist() == [7, 7, 7]
    assert {i for i in order if y[i] == 0} == set(range(7))
    assert sorted(_order(y, "none", draw)) == list(range(10))
    assert [len(b) for b in _batches(order, 5)] == [5, 5, 5, 6]
    assert [len(b) for b in _batches(order, 1)] == [1] * 21


def test_clips_of_any_length_one_by_one() -> None:
    draw = torch.Generator().manual_seed(0)
    frames = [torch.rand(n, 1, 64, 64, generator=draw) for n in (3, 5, 1, 4)]
    data = Clips((frames,), torch.tensor([0, 1, 0, 1]), (True,))
    net = make_network("akmnet", classes=2, preset="small")
    history = train(net, data, Training(epochs=2, batch=2, lr=1e-3))
    assert all(map(float, history.loss))
    assert predict(net, data).shape == (4, 2)


def test_a_loss_that_runs_away_is_said() -> None:
    data = clips()
    broken = Clips(([m * float("nan") for m in data.ports[0]],), data.y, (False,))
    with pytest.raises(InputError, match="learning rate"):
        train(network(), broken, HOW)
    with pytest.raises(InputError, match="no clip"):
        train(network(), data.take([]), HOW)
