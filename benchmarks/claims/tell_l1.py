"""What the page says of L1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from claims.figures import COLOURS, Series, curves, dots
from claims.telling import Part, Results, Section, dot_rows, guesses, score_table
from claims.verdict import Measured, compared, recognised, runs_of

HANDCRAFTED = {"lbptop-svm": "LBP-TOP", "hoof-svm": "HOOF", "mdmo-svm": "MDMO", "hog3d-svm": "3-D HOG"}
LATE = 5
"""Epochs at the end whose mean is the final loss."""
LEAST = 0.01
"""A loss that is not so far below that of guessing says that nothing was learned."""


def late(sums: NDArray[Any]) -> NDArray[Any]:
    """Final loss of curves: (..., epochs + 2), the last column counts the clips."""
    return _curve(sums)[..., -LATE:].mean(axis=-1)


def nine_tenths(sums: NDArray[Any]) -> NDArray[Any]:
    """Epochs until 90 % of the way to the final loss are gone."""
    curve = _curve(sums)
    begin, final = curve[..., :1], curve[..., -LATE:].mean(axis=-1, keepdims=True)
    there = curve <= begin - 0.9 * (begin - final)
    epochs = curve.shape[-1]
    first = np.where(there.any(axis=-1), there.argmax(axis=-1), epochs)
    return np.where(final[..., 0] < begin[..., 0], first, epochs).astype(float)


def variation(sums: NDArray[Any]) -> NDArray[Any]:
    """Mean absolute change from epoch to epoch, second half."""
    curve = _curve(sums)
    return np.asarray(np.abs(np.diff(curve[..., curve.shape[-1] // 2 :], axis=-1)).mean(axis=-1))


def _curve(sums: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(sums[..., :-1] / np.maximum(sums[..., -1:], 1e-12))


def falls(results: Mapping[str, Any] | None, part: str) -> bool:
    """Whether the mean curve falls below what guessing has: what learns nothing does not converge."""
    runs = runs_of(results, part)
    if not runs or results is None:
        return True
    curve = np.mean([one for run in runs for one in run["losses"] if one], axis=0)
    return bool(curve[-LATE:].mean() < np.log(len(results["classes"])) - LEAST)


def losses(results: Mapping[str, Any] | None, part: str, statistic: Any) -> Measured | None:
    """The curves of flow or pixels, with what is read from them."""
    runs = runs_of(results, part)
    if not runs or results is None:
        return None
    rows = [(i, item) for i, item in enumerate(results["items"]) if all(r["losses"][i] for r in runs)]
    values = np.array([[[*run["losses"][i], 1.0] for i, _ in rows] for run in runs])
    keys, people, domains = (tuple(item[name] for _, item in rows) for name in ("key", "person", "domain"))
    return Measured(keys, people, domains, values, statistic)


def section(results: Results) -> Section:
    scales, hand, curve, slow = (
        results.get(f"L1-{n}") for n in ("scales", "handcrafted", "curves", "thinned")
    )
    fused = recognised(scales, "pooled, fused")
    rows: list[tuple[str, Measured | None]] = []
    for where in ("fast", "slow", "pooled"):
        name = {"fast": "200 frames/s", "slow": "60 frames/s"}.get(where, where)
        rows += [(f"{name}, {s}", recognised(scales, f"{where}, {s}")) for s in ("short", "long", "fused")]
        rows += [
            (f"{name}, {said}", recognised(hand, f"{where}, {key}")) for key, said in HANDCRAFTED.items()
        ]
    thinned = {s: recognised(slow, f"pooled, first thinned, {s}") for s in ("short", "long", "fused")}
    one_rate = recognised(scales, "pooled, one rate")
    rows += [(f"pooled, first thinned, {s}", one) for s, one in thinned.items()]
    rows.append(("pooled, one rate, one stream", one_rate))
    parts = [
        Part(f"pooled: fused − {s}", compared(recognised(scales, f"pooled, {s}"), fused))
        for s in ("short", "long")
    ]
    parts += [
        Part(f"pooled: fused − {said}", compared(recognised(hand, f"pooled, {key}"), fused))
        for key, said in HANDCRAFTED.items()
    ]
    parts += [
        Part("pooled: fused − first thinned, fused", compared(thinned["fused"], fused)),
        Part("pooled: fused − one rate, one stream", compared(one_rate, fused)),
    ]
    measures = {"final loss": late, "epochs to 90 %": nine_tenths, "variation": variation}
    converge = all(falls(curve, part) for part in ("flow", "pixels"))
    parts += [
        Part(
            f"{words}: pixels − flow",
            compared(losses(curve, "flow", of), losses(curve, "pixels", of)),
            counts=converge or of is late,
        )
        for words, of in measures.items()
    ]
    told = [
        (f"{part}, {words}", losses(curve, part, of))
        for words, of in measures.items()
        for part in ("flow", "pixels")
    ]
    uf1 = [(f"{part}, UF1 after the last epoch", recognised(curve, part)) for part in ("flow", "pixels")]
    figures, captions = {}, {}
    if drawn := dot_rows([r for r in rows if r[0].startswith("pooled")]):
        figures["l1-scales.svg"] = dots("UF1, both domains pooled", drawn)
        captions["l1-scales.svg"] = "UF1 on both domains pooled, with 95 % intervals"
    if all(runs_of(curve, part) for part in ("flow", "pixels")):
        figures["l1-curves.svg"] = curves("Loss on people who were not trained on", _series(curve), "epoch")
        captions["l1-curves.svg"] = "Validation loss by epoch: each seed thin, their mean thick"
    return Section(
        "L1",
        (score_table(rows), score_table([*told, *uf1], "value"), guesses([*rows, *uf1])),
        parts,
        figures,
        captions,
    )


def _series(curve: Mapping[str, Any] | None) -> list[Series]:
    drawn = []
    for part, colour in zip(("flow", "pixels"), COLOURS, strict=False):
        each = [
            np.mean([one for one in run["losses"] if one], axis=0).tolist() for run in runs_of(curve, part)
        ]
        drawn += [Series("", one, colour, faint=True) for one in each]
        drawn.append(Series(part, np.mean(each, axis=0).tolist(), colour))
    return drawn
