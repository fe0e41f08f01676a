"""One model from all the clips or videos that are given: what ``mien train`` does."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mien.errors import InputError
from mien.files import write_whole
from mien.inputs import ArrayCache, key_of
from mien.inputs.pipeline import compute, digest_of
from mien.progress import ProgressHook, silent
from mien.sources import Recording, Source
from mien.spotting.feature_window import LONGEST_S
from mien.training.estimators import METADATA, NetworkClassifier, TwoScales
from mien.training.spotters import SHARE, FeatureSpotter, SmeconvnetSpotting
from mien.training.systems import System

__all__ = ["ENDINGS", "Produced", "check_out", "produce", "produce_spotter"]

ENDINGS = (".onnx", ".safetensors")
"""What is written: a model file, to be run; or weights, to begin other training with."""
_BELOW = 1 - 1e-4
"""A bar is the score of an event of a training video: in the file, whose numbers are not torch's to the last
digit, it lies so far below that the event still reaches it."""


@dataclass(frozen=True)
class Produced:
    """What was trained.

    Attributes:
        out: the file.
        clips: how many clips or videos it was trained on.
        people: how many people they show.
        left_out: clips, videos and expressions that could not be used: key and reason.
        notes: what became of first weights, the epoch that was kept.
    """

    out: Path
    clips: int
    people: int
    left_out: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]


def check_out(out: Path) -> None:
    """Refuse a file that could not be written, before anything is trained.

    Raises:
        InputError: another ending, or a folder of that name.
    """
    if out.suffix not in ENDINGS:
        raise InputError(f"--out {out}: the file ends in {' or '.join(ENDINGS)}.")
    if out.is_dir():
        raise InputError(f"--out {out}: is a folder; name a file.")


def produce(
    system: System,
    sources: Sequence[Source],
    classes: Sequence[str],
    subjects: Sequence[str],
    labels: Sequence[str],
    out: str | Path,
    *,
    seed: int = 0,
    cache: ArrayCache | None = None,
    jobs: int = 1,
    data: str = "",
    licence: str = "",
    progress: ProgressHook = silent,
) -> Produced:
    """Train on all of them and write the model.

    Training is kept in ``OUT.checkpoint`` after each epoch (of DTSCNN's two streams in
    ``OUT.short.checkpoint`` and ``OUT.long.checkpoint``); started again with the same settings and clips, it
    goes on from there. The file goes when the model is written.

    Args:
        system: what is trained.
        sources: where the clips lie.
        classes: of each.
        subjects: whose each is.
        labels: the vocabulary.
        out: a file that ends in one of :data:`ENDINGS`.
        seed: of the training.
        cache: for the clips' inputs.
        jobs: clips that are prepared at once.
        data: the data in words, for the model's card.
        licence: of the model.
        progress: told about clips and epochs.

    Raises:
        InputError: no clip can be used, a class has none, a checkpoint is of other training, or the file
            cannot be written or does not hold what is trained.
    """
    out = Path(out)
    check_out(out)
    estimator = system.make(tuple(labels), seed)
    _check_fits(estimator, out, system)
    seen = system.seen  # first weights have seen people, too
    step = system.step_for(sources[0])
    arrays = compute(sources, step, cache=cache, jobs=jobs, progress=progress)
    bad = tuple(
        (source.key, str(array))
        for source, array in zip(sources, arrays, strict=True)
        if isinstance(array, InputError)
    )
    kept = [i for i, array in enumerate(arrays) if not isinstance(array, InputError)]
    if not kept:
        raise InputError(f"no clip can be used. {bad[0][1] if bad else ''}")
    X: list[Any] = [arrays[i] for i in kept]
    y, groups = np.array([classes[i] for i in kept]), np.array([subjects[i] for i in kept])
    if lacking := [label for label in labels if label not in set(y)]:
        raise InputError(f"no clip is {' or '.join(lacking)}: there is nothing to learn it from")
    rows = [[sources[i].key, classes[i], subjects[i], digest_of(sources[i], cache)] for i in kept]
    data_digest = key_of(rows)
    recipe = key_of(system.digest(), seed)
    checkpoint = out.with_name(f"{out.name}.checkpoint")
    estimator.fit(X, y, groups, checkpoint=checkpoint, progress=progress)
    people = sorted(set(groups.tolist()))
    known = sorted({*people, *seen})
    if out.suffix == ".safetensors":
        _write_weights(estimator, out, system, known, recipe, data_digest, data)
    else:
        _write_model(estimator, out, system, known, recipe, data_digest, data, licence)
    for file in (checkpoint, *TwoScales.checkpoints(checkpoint)):
        file.unlink(missing_ok=True)
    return Produced(out, len(kept), len(people), bad, tuple(_notes(estimator)))


def produce_spotter(
    contender: SmeconvnetSpotting,
    sources: Sequence[Recording],
    truths: Sequence[Sequence[Any]],
    subjects: Sequence[str],
    out: str | Path,
    *,
    seed: int = 0,
    cache: ArrayCache | None = None,
    jobs: int = 1,
    data: str = "",
    licence: str = "",
    progress: ProgressHook = silent,
) -> Produced:
    """Train a spotter on long videos and write the model; training is kept as in :func:`produce`.

    A share of the people is set apart, on whom the noise floor and the bars are chosen. These travel as the
    file's tunables (:class:`mien.spotting.ModelSpotter`).

    Args:
        contender: what is trained.
        sources: where the videos lie.
        truths: the expressions of each, with onset, apex, offset, kind, emotion and clip.
        subjects: whose each is.
        out: a file that ends in one of :data:`ENDINGS`.
        seed: of the training, and of whom is set apart.
        cache: for the videos' faces.
        jobs: videos that are prepared at once.
        data: the data in words, for the model's card.
        licence: of the model.
        progress: told about videos and epochs.

    Raises:
        InputError: a foil, no usable video, fewer than two people, no expression with an emotion, or the file
            cannot be written.
    """
    out = Path(out)
    check_out(out)
    if contender.rule != "window":
        raise InputError(
            f"{contender.name}: a foil is there to be compared with (mien bench); train with rule=window"
        )
    if not sources:
        raise InputError("there is no video to learn from")
    seen = contender.seen  # first weights have seen people, too
    step = contender.step_for(sources[0])
    arrays = compute(sources, step, cache=cache, jobs=jobs, progress=progress)
    left_out, X, known, groups, rows = [], [], [], [], []
    for source, array, its, subject in zip(sources, arrays, truths, subjects, strict=True):
        if isinstance(array, InputError):
            left_out.append((source.key, str(array)))
            continue
        inside = [t for t in its if 0 <= t.onset <= t.offset < len(array)]
        left_out += [
            (
                f"{source.key}, {t.clip}",
                f"it lies from {t.onset} to {t.offset}, and its video from 0 to {len(array) - 1}",
            )
            for t in its
            if t not in inside
        ]
        X.append(array)
        known.append(inside)
        groups.append(subject)
        told = [[t.onset, t.apex, t.offset, t.kind, t.emotion] for t in inside]
        rows.append([source.key, subject, told, digest_of(source, cache)])
    if not X:
        raise InputError(f"no video can be used. {left_out[0][1]}")
    spotter = contender.make(seed)
    checkpoint = out.with_name(f"{out.name}.checkpoint")
    spotter.fit(X, known, groups, checkpoint=checkpoint, progress=progress)
    people, chosen_on = sorted(set(groups)), {groups[i] for i in spotter.chosen_on_}
    names = sorted({*people, *seen})
    recipe, data_digest = key_of(contender.digest(), seed), key_of(rows)
    if out.suffix == ".safetensors":
        _write_weights(spotter.classifier, out, contender, names, recipe, data_digest, data)
    else:
        from mien.training.export import export

        notes = f"Floor and bars chosen on {len(chosen_on)} of {len(people)} people."
        export(
            spotter.classifier.network_,
            {"frame": step.spec},
            [str(c) for c in spotter.classifier.classes_],
            out,
            subjects=names,
            recipe_digest=recipe,
            data_digest=data_digest,
            licence=licence,
            notes=f"Trained on {data}. {notes}" if data else notes,
            tunables=_tunables(spotter),
        )
    checkpoint.unlink(missing_ok=True)
    micro, macro = spotter.bars_.bars_
    told_of = (
        *_notes(spotter.classifier),
        f"noise floor {spotter.floor_:.3g}; micro-expressions from {micro:.2f} floors on, macro-expressions "
        f"from {macro:.2f}, chosen on {len(chosen_on)} people who were not trained on",
    )
    return Produced(out, len(X), len(people), tuple(left_out), told_of)


def _tunables(spotter: FeatureSpotter) -> dict[str, Any]:
    """What :class:`mien.spotting.ModelSpotter` reads."""
    micro, macro = spotter.bars_.bars_
    return {
        "floor": spotter.floor_,
        "share": SHARE,
        "micro_bar": micro * _BELOW,
        "macro_bar": macro * _BELOW,
        "window_s": LONGEST_S,
        "frames": spotter.frames,
        "rows": spotter.rows,
    }


def _check_fits(estimator: Any, out: Path, system: System) -> None:
    """Refuse what the file could not hold, before anything is prepared."""
    if isinstance(estimator, NetworkClassifier):
        return
    if not isinstance(estimator, TwoScales) or estimator.head != "softmax":
        raise InputError(
            f"{system.name}: a support vector machine is no network and does not go into a file; train with "
            "head=softmax"
        )
    if out.suffix == ".safetensors":
        raise InputError(
            f"{system.name} is two networks, which one file of weights cannot hold: train its streams one by "
            "one (streams=short, streams=long, each with head=softmax), or write a .onnx file"
        )


def _write_weights(
    estimator: Any,
    out: Path,
    system: System | SmeconvnetSpotting,
    people: Sequence[str],
    recipe: str,
    data_digest: str,
    data: str,
) -> None:
    from safetensors.torch import save

    words = {
        "network": system.base,
        "preset": system.preset,
        "labels": [str(c) for c in estimator.classes_],
        "recipe": recipe,
        "data_digest": data_digest,
        "data": data,
        "subjects": list(people),
    }
    tensors = {name: value.contiguous() for name, value in estimator.network_.state_dict().items()}
    # one entry: the order of several is not the same from run to run
    write_whole(out, save(tensors, metadata={METADATA: json.dumps(words, sort_keys=True)}))


def _write_model(
    estimator: Any,
    out: Path,
    system: System,
    people: Sequence[str],
    recipe: str,
    data_digest: str,
    data: str,
    licence: str,
) -> None:
    from mien.training.export import SCALES, export

    specs = [spec for _, spec in system.specs()]
    if isinstance(estimator, NetworkClassifier):
        network: Any = estimator.network_
        ports = [port.name for port in estimator.ports]
    else:
        network, ports = tuple(stream.network_ for stream in estimator.streams_), list(SCALES)
    notes = f"Trained on {data}." if data else ""
    export(
        network,
        dict(zip(ports, specs, strict=True)),
        [str(c) for c in estimator.classes_],
        out,
        subjects=people,
        recipe_digest=recipe,
        data_digest=data_digest,
        licence=licence,
        notes=notes,
    )


def _notes(estimator: Any) -> list[str]:
    fitted = estimator.streams_ if isinstance(estimator, TwoScales) else [estimator]
    notes: list[str] = []
    for one in fitted:
        if (report := getattr(one, "init_report_", None)) is not None:
            notes += report.lines()
        if (history := getattr(one, "history_", None)) is not None:
            count = len(history.loss)
            notes.append(
                f"{count} epoch{'s' if count > 1 else ''}, the weights of epoch {history.best + 1}; "
                f"training loss {history.loss[0]:.3f} to {history.loss[history.best]:.3f}"
            )
    return notes
