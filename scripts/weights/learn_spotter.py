"""How the spotter's network learns from recordings: one loop, changes of recordings, figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from bank import Bank
from numpy.typing import NDArray
from recordings import Recording, blank, mark
from sklearn.linear_model import LogisticRegression
from torch import Tensor, nn
from torch.nn import functional

from mien.anatomy import REGIONS
from mien.models.region_net import RegionNet, Told
from mien.spotting import RegionNet as RegionNetSpotter
from mien.spotting.apexes import Bump, bumps
from mien.spotting.region_input import CHANNELS, EVEN, HALTING, RATE, SEEN, mirrored, moved_rows, squeezed
from mien.spotting.region_net import LONGEST_S

Float = NDArray[np.float64]
LENGTH = 600
"""Moments of a training sample."""
GAP = 25
"""Moments of rest around an expression that is added."""
R = len(REGIONS)
SPEAKING = 0.5
"""Share of samples to which somebody's talking and swallowing is added."""
HELD = 0.6
"""Share of the samples of compressed films in which what is added is held, as compression would hold it."""
QUIET = 0.35
"""Share of samples from recordings in which nothing is expressed (but for what is added)."""
IOU = 0.5


class Samples:
    """Stretches of recordings, changed as another face and another camera might have given them."""

    def __init__(self, recordings: Sequence[Recording], bank: Bank, seed: int) -> None:
        self._others = [r for r in recordings if len(r.events)]
        self._quiet = [r for r in recordings if len(r.events) == 0]
        self._shown = {which: [one for one in bank.shown if one.micro == which] for which in (True, False)}
        self._spoken = bank.spoken
        self._rng = np.random.default_rng([20_261_130, seed])
        # rows are linear in positions: two matrices do for all stretches
        self._fast, self._slow = np.split(moved_rows(np.eye(LENGTH)), 2, axis=1)

    def batch(self, size: int) -> dict[str, Tensor]:
        """``x`` (B, C, T) and what the network should say."""
        made = [self._one() for _ in range(size)]
        return {name: torch.from_numpy(np.stack([one[name] for one in made])) for name in made[0]}

    def _one(self) -> dict[str, NDArray[np.float32]]:
        rng = self._rng
        some = self._quiet if self._quiet and rng.random() < QUIET else self._others
        recording = some[int(rng.integers(len(some)))]
        way = 0 if rng.random() < 0.5 else int(rng.integers(len(recording.ways)))
        part = self._stretch(recording.ways[way].shape[1])
        x = _taken(recording.ways[way], part)
        first, speed = part
        time = np.arange(LENGTH) / RATE
        told = blank(LENGTH)
        for event in recording.events:
            # seconds of the stretch, which is played at another speed
            at = (event[:3] - recording.start[way] - first / RATE) / speed
            mark(told, time, (*at, event[3]))
        for name in ("apex", "within", "weight"):
            told[name][:, x[SEEN] == 0] = 0
        if self._quiet and rng.random() < 0.25:
            x = self._and_quiet(x)
        position = np.zeros((LENGTH, 2 * R))
        if rng.random() < 0.7:
            position += self._shown_too(told, x[SEEN] > 0)
        if rng.random() < SPEAKING:
            position += self._spoken_too()
        if recording.crf and rng.random() < HELD:
            position = self._as_coded(position)
        if position.any():
            x = self._and_moved(x, position, recording.rates[way])
        x = self._changed(x)
        if rng.random() < 0.5:
            x = mirrored(x)
        return {"x": squeezed(x), **told}

    def _stretch(self, total: int) -> tuple[int, float]:
        """Where a sample begins, and its moments a moment."""
        speed = float(np.exp(self._rng.normal(0, 0.06)))
        first = int(self._rng.integers(-LENGTH // 4, max(1, total - 3 * LENGTH // 4)))
        return first, speed

    def _and_quiet(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """With what moves on somebody else's face, who shows no expression."""
        rng = self._rng
        other = self._quiet[int(rng.integers(len(self._quiet)))]
        more = _taken(other.ways[int(rng.integers(len(other.ways)))], self._stretch(x.shape[1]))
        size = float(rng.uniform(0.3, 1.0))
        joined = x + size * more
        joined[SEEN] = x[SEEN]
        joined[HALTING] = _halting(x, more[HALTING].max(), size * more[SEEN - 1].max())
        joined[SEEN - 2] = np.maximum(x[SEEN - 2], more[SEEN - 2])
        joined[SEEN - 1] = np.hypot(x[SEEN - 1], more[SEEN - 1])
        return np.where(x[SEEN] > 0, joined, x).astype(np.float32)

    def _shown_too(self, told: dict[str, NDArray[np.float32]], seen: NDArray[np.bool_]) -> Float:
        """Positions (LENGTH, 2·R) of further expressions, where there is none and the face is seen."""
        rng = self._rng
        position = np.zeros((LENGTH, 2 * R))
        free = seen & ~told["within"].any(axis=0)
        time = np.arange(LENGTH) / RATE
        for micro in [True] * (1 + int(rng.poisson(1.0))) + [False] * int(rng.random() < 0.25):
            one = self._shown[micro][int(rng.integers(len(self._shown[micro])))]
            speed = float(np.exp(rng.normal(0, 0.08)))
            speed = max(speed, (len(one.path) - 1) / (RATE * 0.5)) if micro else speed
            length = int((len(one.path) - 1) / speed) + 1
            room = np.convolve(~free, np.ones(length + 2 * GAP), "valid") == 0
            if not room.any():
                continue
            start = int(rng.choice(np.flatnonzero(room))) + GAP
            at = start + np.arange(length)
            source = np.arange(length) * speed
            position[at] += self._as_seen() * _between(one.path.reshape(len(one.path), -1), source)
            free[max(0, start - GAP) : start + length + GAP] = False
            ends = np.array([start, start + one.apex / speed, start + (len(one.path) - 1) / speed]) / RATE
            mark(told, time, (*ends, float(micro)))
        return position

    def _spoken_too(self) -> Float:
        """Positions (LENGTH, 2·R) of a mouth that talks and swallows, and of nothing that is expressed."""
        rng = self._rng
        one = self._spoken[int(rng.integers(len(self._spoken)))]
        first = rng.uniform(-LENGTH / 4, len(one) - LENGTH / 2)
        speed = float(np.exp(rng.normal(0, 0.2)))
        size = self._as_seen() * float(rng.uniform(0.3, 1.5))
        return size * _between(one.reshape(len(one), -1), first + speed * np.arange(LENGTH))

    def _as_seen(self) -> float:
        """What of a movement is measured: optical flow sees less than there is of small ones."""
        return float(np.exp(self._rng.normal(np.log(0.75), 0.2)))

    def _as_coded(self, position: Float) -> Float:
        """As a film's compression has it: a region stands still for a while, and then catches up at once."""
        renewed = self._rng.random((LENGTH, R)) < self._rng.uniform(0.1, 0.6)
        last = np.maximum.accumulate(np.where(renewed, np.arange(LENGTH)[:, None], 0), axis=0)
        return np.take_along_axis(position.reshape(LENGTH, R, 2), last[..., None], axis=0).reshape(LENGTH, -1)

    def _and_moved(self, x: NDArray[np.float32], position: Float, rate: float) -> NDArray[np.float32]:
        """With further movements, as a camera of ``rate`` frames a second would have seen them."""
        if rate < RATE:
            kept = np.arange(self._rng.uniform(0, RATE / rate), LENGTH - 1, RATE / rate)
            filmed = _between(position, kept)
            position = _between(filmed, (np.arange(LENGTH) - kept[0]) * rate / RATE)
        added = x.copy()
        added[: 2 * R] += (self._fast @ position).T
        added[2 * R : 4 * R] += (self._slow @ position).T
        return np.where(x[SEEN] > 0, added, x).astype(np.float32)

    def _changed(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """Stronger or weaker, noisier, with regions that go wrong."""
        rng = self._rng
        moved = SEEN - 3  # rows that are positions: of regions and of the head
        x = x.copy()
        gain = np.exp(rng.normal(0, 0.25) + rng.normal(0, 0.12, R)).astype(np.float32)
        both = np.tile(np.repeat(gain, 2), 2)
        x[: 4 * R] *= both[:, None]
        x[4 * R : moved] *= np.float32(np.exp(rng.normal(0, 0.3)))
        x[SEEN - 1] *= np.float32(np.median(gain))
        if rng.random() < 0.5:
            size = float(np.exp(rng.uniform(np.log(1e-4), np.log(1.2e-3))))
            each = size * np.exp(rng.normal(0, 0.3, (2 * R, 1)))
            x[: 2 * R] += (each * rng.standard_normal((2 * R, x.shape[1]))).astype(np.float32)
            x[HALTING] = _halting(x, EVEN, size * 1.4)
            x[SEEN - 1] = np.hypot(x[SEEN - 1], size * 1.4)
        if rng.random() < 0.3:
            lost = np.repeat(rng.random(R) < 0.15, 2)
            x[: 4 * R][np.tile(lost, 2)] = 0
        if rng.random() < 0.3:
            x[SEEN - 3] = 0  # the opening of the eyes is not known
        seen = x[SEEN] > 0
        x[:moved, ~seen] = 0
        return x


def _halting(x: NDArray[np.float32], other: float, noise: float) -> NDArray[np.float32]:
    """How haltingly rows (C, T) move once something of such noise that moves ``other`` is added, about."""
    mine, more = x[SEEN - 1] ** 2, noise**2
    share = mine / np.maximum(mine + more, 1e-12)
    return np.asarray(share * x[HALTING] + (1 - share) * other, np.float32)


def _between(values: NDArray[Any], at: NDArray[np.floating]) -> NDArray[np.float64]:
    """Rows of (n, C) at fractional places, those beyond the ends like the ends."""
    at = np.clip(at, 0, len(values) - 1)
    low = np.minimum(at.astype(int), max(0, len(values) - 2))
    share = (at - low)[:, None]
    return np.asarray(values[low] * (1 - share) + values[np.minimum(low + 1, len(values) - 1)] * share)


def _taken(values: NDArray[np.float32], part: tuple[int, float]) -> NDArray[np.float32]:
    """LENGTH moments of (C, G) from a place on, at a speed; 0 beyond the ends."""
    first, speed = part
    at = first + speed * np.arange(LENGTH)
    low = np.floor(at).astype(int)
    share = (at - low).astype(np.float32)
    inside = (low >= 0) & (low + 1 < values.shape[1])
    a = np.clip(low, 0, values.shape[1] - 1)
    b = np.clip(low + 1, 0, values.shape[1] - 1)
    made = values[:, a] * (1 - share) + values[:, b] * share
    made[:, ~inside] = 0
    return np.ascontiguousarray(made, np.float32)


def loss(out: Tensor, told: dict[str, Tensor], seen: Tensor) -> Tensor:
    """Focal loss of the apexes (Law & Deng, 2018), where they are, and how far their ends are."""
    logit, target = out[:, :2], told["apex"]
    p = torch.sigmoid(logit)
    sure = target > 0.9
    hit = -((1 - p) ** 2) * functional.logsigmoid(logit)
    miss = -((1 - target) ** 4) * p**2 * functional.logsigmoid(-logit)
    focal = (torch.where(sure, hit, miss) * seen).sum() / (sure.sum() + 4)
    within = functional.binary_cross_entropy_with_logits(out[:, 2:4], told["within"], reduction="none")
    weight = told["weight"].repeat_interleave(2, 1) * seen
    ends = (functional.smooth_l1_loss(out[:, 4:], told["ends"], reduction="none", beta=0.2) * weight).sum()
    return focal + 0.5 * (within * seen).mean() + ends / (weight.sum() + 1)


def learned(
    recordings: Sequence[Recording],
    bank: Bank,
    *,
    seed: int = 0,
    steps: int = 3000,
    batch: int = 16,
    rate: float = 3e-3,
    decay: float = 0.02,
    width: int = 56,
    dropout: float = 0.1,
    every: Any = None,
) -> RegionNet:
    """A network trained on recordings; its weights are a running mean."""
    torch.set_num_threads(1)  # networks are trained side by side, and the same bytes come out anywhere
    torch.manual_seed(seed)
    samples = Samples(recordings, bank, seed)
    network = RegionNet(CHANNELS, width, dropout=dropout).train()
    optimizer = torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps + 1)
    mean = torch.optim.swa_utils.AveragedModel(
        network, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.99), use_buffers=True
    )
    total = 0.0
    for step in range(steps):
        told = samples.batch(batch)
        x = told.pop("x")
        value = loss(network(x), told, x[:, SEEN : SEEN + 1])
        optimizer.zero_grad()
        value.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimizer.step()
        schedule.step()
        mean.update_parameters(network)
        total += value.item()
        if every and (step + 1) % 250 == 0:
            every(step + 1, total / 250, mean.module)
            total = 0.0
    result = mean.module
    assert isinstance(result, RegionNet)
    return result.eval()


def told_by(spotter: RegionNetSpotter, recordings: Sequence[Recording], way: int = 0) -> list[Any]:
    """What the file says, as :func:`told`."""
    found = []
    for recording in recordings:
        which = min(way, len(recording.ways) - 1)
        probability, spans = spotter.curves(recording.ways[which])
        found.append((probability, spans.reshape(4, -1) / RATE, recording.start[which]))
    return found


@torch.no_grad()
def told(saying: Told, recordings: Sequence[Recording], way: int = 0) -> list[Any]:
    """Of each recording: probabilities (2, G), seconds (4, G), of a way (or its last)."""
    saying = saying.eval()
    found = []
    for recording in recordings:
        which = min(way, len(recording.ways) - 1)
        x = recording.ways[which]
        x = x[:, : x.shape[1] // 2 * 2]
        apex, ends = saying(torch.from_numpy(squeezed(x))[None])
        curve = apex[0].numpy()
        curve[:, x[SEEN] == 0] = np.nan
        found.append((curve, ends[0].numpy(), recording.start[which]))
    return found


def events(one: Any, kind: int, bar: float) -> list[Bump]:
    """A recording's events of a kind, in moments."""
    curve, ends, _ = one
    return bumps(curve[kind], RATE * ends[2 * kind], RATE * ends[2 * kind + 1], bar, RATE * LONGEST_S[kind])


@dataclass
class Judged:
    """Every event that reaches a low bar, and what became of the true ones.

    Attributes:
        probability: (n,) of each event.
        right: (n,) whether it meets a true one, best first, one to one.
        apex_s: (n,) distance of the apexes where it does, seconds; NaN elsewhere.
        total: true events.
        minutes: of recording.
        quiet: (n,) whether its recording has no expression at all.
        quiet_minutes: of such recordings.
    """

    probability: NDArray[np.float64]
    right: NDArray[np.bool_]
    apex_s: NDArray[np.float64]
    total: int
    minutes: float
    quiet: NDArray[np.bool_]
    quiet_minutes: float

    def at(self, bar: float) -> dict[str, float]:
        """F1 and what it is made of, if events must reach a bar."""
        kept = self.probability >= bar
        hits = int((self.right & kept).sum())
        count = int(kept.sum())
        return {
            "f1": 2 * hits / max(1, count + self.total),
            "precision": hits / max(1, count),
            "recall": hits / max(1, self.total),
            "apex_ms": 1000 * float(np.nanmedian(self.apex_s[kept])) if hits else float("nan"),
            "false_a_minute": (count - hits) / self.minutes,
            "quiet_a_minute": float((kept & self.quiet).sum()) / max(self.quiet_minutes, 1e-9),
        }

    def best(self, quiet: float = np.inf) -> float:
        """The bar with the best F1, of those that invent at most so many a minute where nothing is shown."""
        bars = [b for b in np.unique(np.round(self.probability, 3)) if self.at(b)["quiet_a_minute"] <= quiet]
        return float(max(bars, key=lambda bar: self.at(bar)["f1"])) if bars else 1.0


def calibrated(one: Judged) -> tuple[float, float]:
    """Slope and shift of the logits with which probabilities say how often such events are right."""
    p = np.clip(one.probability, 1e-6, 1 - 1e-6)
    logit = np.log(p / (1 - p))
    fitted = LogisticRegression(C=1e3).fit(logit[:, None], one.right)
    return float(fitted.coef_[0, 0]), float(fitted.intercept_[0])


def judged(recordings: Sequence[Recording], said: Sequence[Any], kind: int, low: float = 0.02) -> Judged:
    """Match the events of a kind with the true ones, most probable first."""
    rows: list[tuple[float, bool, float, bool]] = []
    total, minutes, quiet_minutes = 0, 0.0, 0.0
    for recording, one in zip(recordings, said, strict=True):
        truths = [e for e in recording.events if e[3] == (kind == 0)]
        total += len(truths)
        minutes += recording.seconds / 60
        still = len(recording.events) == 0
        quiet_minutes += recording.seconds / 60 if still else 0.0
        free = list(range(len(truths)))
        for bump in sorted(events(one, kind, low), key=lambda b: -b.probability):
            a, p, b = (one[2] + place / RATE for place in (bump.onset, bump.apex, bump.offset))
            best, score = -1, IOU
            for i in free:
                t = truths[i]
                shared = min(b, t[2]) - max(a, t[0])
                iou = shared / (max(b, t[2]) - min(a, t[0]))
                if iou >= score:
                    best, score = i, iou
            if best >= 0:
                free.remove(best)
            far = abs(p - truths[best][1]) if best >= 0 else float("nan")
            rows.append((bump.probability, best >= 0, far, still))
    columns = np.array(rows, np.float64).reshape(-1, 4).T
    return Judged(columns[0], columns[1] > 0, columns[2], total, minutes, columns[3] > 0, quiet_minutes)
