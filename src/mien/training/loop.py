"""The loop: epochs of batches, on one thread, the same bits for the same seed on a CPU.

Every epoch draws from a generator of its own (seed and number), so that training that was interrupted goes on
as if it had not been. What is chosen (the epoch) is chosen on inner validation people or not at all.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from mien.errors import InputError
from mien.files import write_whole
from mien.models.base import Network
from mien.progress import Progress, ProgressHook, silent
from mien.training.augment import augmented
from mien.training.settings import Training

__all__ = ["Clips", "History", "predict", "repeatable", "train"]


@dataclass(frozen=True)
class Clips:
    """Clips as a network's ports take them.

    Attributes:
        ports: for each port one float tensor a clip, without the batch's axis.
        y: int64 (N,) classes.
        pictures: for each port, whether it shows pictures, which augmentation may change.
    """

    ports: tuple[Sequence[Tensor], ...]
    y: Tensor
    pictures: tuple[bool, ...]

    def __len__(self) -> int:
        return len(self.y)

    def take(self, which: Sequence[int]) -> Clips:
        """Some of them."""
        ports = tuple([port[i] for i in which] for port in self.ports)
        return Clips(ports, self.y[list(which)], self.pictures)

    def batch(self, which: Sequence[int]) -> tuple[Tensor, ...]:
        """Clips of one length, stacked."""
        return tuple(torch.stack([port[i] for i in which]) for port in self.ports)


@dataclass
class History:
    """What happened, epoch by epoch.

    Attributes:
        loss: mean training loss.
        validation: mean loss on the inner validation clips, where there are any.
        best: the epoch whose weights were kept, from 0.
    """

    loss: list[float] = field(default_factory=list)
    validation: list[float] = field(default_factory=list)
    best: int = -1


@contextlib.contextmanager
def repeatable(seed: int) -> Iterator[None]:
    """One thread, deterministic algorithms and the seed, for torch; all put back afterwards."""
    threads, strict = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            yield
    finally:
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(strict)


def train(
    network: Network,
    clips: Clips,
    how: Training,
    *,
    seed: int = 0,
    validation: Clips | None = None,
    device: str = "cpu",
    checkpoint: Path | None = None,
    what: str = "",
    progress: ProgressHook = silent,
) -> History:
    """Train a network where it stands.

    Args:
        network: is changed; ends on the CPU, in evaluation mode.
        clips: to train on.
        how: the settings.
        seed: of the order, the augmentation and dropout.
        validation: clips of other people, which ``how.patience`` needs.
        device: ``"cpu"``, ``"cuda"``; on a GPU in mixed precision.
        checkpoint: a ``.safetensors`` file, written after each epoch; training goes on from one.
        what: a digest of all that is trained and of what it learns from (clips, classes, people, first
            weights); a checkpoint of anything else is refused.
        progress: told about epochs.

    Raises:
        InputError: nothing to train on, a checkpoint of other training, or a loss that is no number.
    """
    if not len(clips):
        raise InputError("there is no clip to train on")
    if how.patience and (validation is None or not len(validation)):
        raise InputError("stopping early needs inner validation people")
    classes = int(clips.y.max()) + 1
    counts = torch.bincount(clips.y, minlength=classes).float()
    weight = None
    if how.balance == "weights":
        weight = (len(clips) / (counts > 0).sum() / counts.clamp(min=1)).to(device)
    with repeatable(seed):
        network.to(device).train()
        optimizer = _optimizer(network, how)
        history, best = History(), None
        if checkpoint is not None and checkpoint.exists():
            history, best = _resume(checkpoint, network, optimizer, how, seed, what)
        for epoch in range(len(history.loss), how.epochs):
            if how.patience and epoch - history.best > how.patience:
                break
            torch.manual_seed(_seed(seed, epoch))
            _set_rate(optimizer, how, epoch)
            history.loss.append(_epoch(network, clips, how, optimizer, weight, _seed(seed, epoch), device))
            if how.patience and validation is not None:
                history.validation.append(_loss(network, validation, how.batch, device))
                if history.validation[-1] == min(history.validation):
                    history.best, best = epoch, _copied(network)
            if checkpoint is not None:
                _save(checkpoint, network, optimizer, history, best, how, seed, what)
            progress(Progress("training", epoch + 1, how.epochs, network.card.title))
        if best is not None:
            network.load_state_dict(best)
        elif history.loss:
            history.best = len(history.loss) - 1
        network.to("cpu").eval()
    return history


def predict(network: Network, clips: Clips, *, batch: int = 32, device: str = "cpu") -> Tensor:
    """Probabilities, float (N, K)."""
    with repeatable(0), torch.inference_mode():
        network.to(device).eval()
        rows: list[Tensor] = []
        for which in _batches(list(range(len(clips))), 1 if network.variable else batch):
            inputs = tuple(x.to(device) for x in clips.batch(which))
            rows.append(network(*inputs).softmax(dim=1).cpu())
        network.to("cpu")
    return torch.cat(rows)


def _epoch(
    network: Network,
    clips: Clips,
    how: Training,
    optimizer: torch.optim.Optimizer,
    weight: Tensor | None,
    seed: int,
    device: str,
) -> float:
    """One pass; the mean loss."""
    draw = torch.Generator().manual_seed(seed)
    order = _order(clips.y, how.balance, draw)
    total = 0.0
    network.train()
    for which in _batches(order, how.batch):
        optimizer.zero_grad()
        # clips of different lengths go one by one, their gradients added up
        groups = [[i] for i in which] if network.variable else [which]
        for group in groups:
            inputs = [
                augmented(x, how.augment, draw) if shows else x
                for x, shows in zip(clips.batch(group), clips.pictures, strict=True)
            ]
            with torch.autocast(device, enabled=device != "cpu"):
                loss = network.loss(
                    tuple(x.to(device) for x in inputs), clips.y[group].to(device), weight
                ) * (len(group) / len(which))
            if not torch.isfinite(loss):
                raise InputError(f"{network.card.title}: the loss is no number; try a smaller learning rate")
            loss.backward()  # type: ignore[no-untyped-call]
            total += float(loss.detach()) * len(which)
        optimizer.step()
    return total / len(order)


def _loss(network: Network, clips: Clips, batch: int, device: str) -> float:
    """Mean loss without training."""
    network.eval()
    total = 0.0
    with torch.no_grad():
        for which in _batches(list(range(len(clips))), 1 if network.variable else batch):
            inputs = tuple(x.to(device) for x in clips.batch(which))
            total += float(network.loss(inputs, clips.y[which].to(device))) * len(which)
    return total / len(clips)


def _order(y: Tensor, balance: str, draw: torch.Generator) -> list[int]:
    """The clips of an epoch, shuffled; with oversampling each class as often as the commonest."""
    if balance != "oversample":
        return [int(i) for i in torch.randperm(len(y), generator=draw)]
    most = int(torch.bincount(y).max())
    drawn: list[int] = []
    for label in torch.unique(y).tolist():
        own = torch.nonzero(y == label)[:, 0]
        rounds = [own[torch.randperm(len(own), generator=draw)] for _ in range(-(-most // len(own)))]
        drawn += torch.cat(rounds)[:most].tolist()
    return [drawn[int(i)] for i in torch.randperm(len(drawn), generator=draw)]


def _batches(order: Sequence[int], size: int) -> list[list[int]]:
    """Batches; a single clip that is left over joins the last, for batch normalisation needs company."""
    batches = [list(order[i : i + size]) for i in range(0, len(order), size)]
    if size > 1 and len(batches) > 1 and len(batches[-1]) == 1:
        alone = batches.pop()
        batches[-1] += alone
    return batches


def _optimizer(network: nn.Module, how: Training) -> torch.optim.Optimizer:
    parameters = [p for p in network.parameters() if p.requires_grad]
    if how.optimizer == "adam":
        return torch.optim.Adam(parameters, lr=how.lr, weight_decay=how.weight_decay)
    return torch.optim.SGD(parameters, lr=how.lr, momentum=how.momentum, weight_decay=how.weight_decay)


def _set_rate(optimizer: torch.optim.Optimizer, how: Training, epoch: int) -> None:
    rate = how.lr
    if how.schedule == "step":
        rate = how.lr * how.factor ** (epoch // how.step)
    elif how.schedule == "cosine":
        rate = how.floor + (how.lr - how.floor) * (1 + np.cos(np.pi * epoch / how.epochs)) / 2
    for group in optimizer.param_groups:
        group["lr"] = rate


def _seed(seed: int, epoch: int) -> int:
    return int(np.random.SeedSequence([seed, epoch]).generate_state(1)[0])


def _copied(network: nn.Module) -> dict[str, Tensor]:
    return {name: value.detach().cpu().clone() for name, value in network.state_dict().items()}


# --- checkpoints --------------------------------------------------------------------------------------------


def _save(
    path: Path,
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    history: History,
    best: dict[str, Tensor] | None,
    how: Training,
    seed: int,
    what: str,
) -> None:
    from safetensors.torch import save

    tensors = {f"network.{k}": v for k, v in _copied(network).items()}
    tensors |= {f"best.{k}": v for k, v in (best or {}).items()}
    for number, state in optimizer.state_dict()["state"].items():
        for name, value in state.items():
            if isinstance(value, Tensor):
                tensors[f"optimizer.{number}.{name}"] = value.detach().cpu().clone().contiguous()
    words = {
        "training": how.digest(),
        "seed": str(seed),
        "what": what,
        "history": json.dumps([history.loss, history.validation, history.best]),
    }
    write_whole(path, save({k: v.contiguous() for k, v in tensors.items()}, metadata=words))


def _resume(
    path: Path, network: nn.Module, optimizer: torch.optim.Optimizer, how: Training, seed: int, what: str
) -> tuple[History, dict[str, Tensor] | None]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            words: dict[str, Any] = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no dict)
    except (OSError, SafetensorError) as error:
        raise InputError(f"{path} is no checkpoint, or a damaged one: remove it to begin anew.") from error
    told = (words.get("training"), words.get("seed"), words.get("what"))
    if told != (how.digest(), str(seed), what):
        raise InputError(
            f"{path} is a checkpoint of other training, or of other clips: remove it, or name another."
        )

    def own(prefix: str) -> dict[str, Tensor]:
        return {k[len(prefix) :]: v for k, v in tensors.items() if k.startswith(prefix)}

    try:
        network.load_state_dict(own("network."))
    except RuntimeError as error:
        raise InputError(f"{path} is a checkpoint of another network: remove it, or name another.") from error
    state = optimizer.state_dict()
    loaded: dict[int, dict[str, Tensor]] = {}
    for key, value in own("optimizer.").items():
        number, _, name = key.partition(".")
        loaded.setdefault(int(number), {})[name] = value
    optimizer.load_state_dict({"state": loaded, "param_groups": state["param_groups"]})
    loss, validation, best = json.loads(words["history"])
    return History(loss, validation, best), own("best.") or None
