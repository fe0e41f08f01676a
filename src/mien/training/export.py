"""From a trained network to the model file: one ONNX graph that eats what ``prepare`` gives.

The graph is the network between two seams. In front, each port's prepared clips (B, n, C, H, W) become what
the port takes (:func:`mien.models.ports.port_input`). Behind, logits become probabilities, and whatever the
network says of what it looked at becomes further outputs. A spotting network's second output is
``features`` (:data:`mien.spotting.FEATURES`), a row a frame; the probabilities stay in front, since they are
what the labels name. ONNX Runtime runs the file without torch.

DTSCNN is two networks: both go into one graph, with an input for each scale, and the stream that is surer by
its *softmax* decides, clip by clip. The SVMs that the paper puts on each stream's features are no network and
stay in Python: a file can do what was trained with ``head="softmax"``, not what was trained with
``head="svm"``.
"""

from __future__ import annotations

import contextlib
import copy
import logging
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from mien.errors import InputError, MienError
from mien.inputs import InputSpec
from mien.modelfile import ModelMetadata, write_metadata
from mien.models.base import Network
from mien.models.dtscnn import DTSCNN, surer
from mien.models.ports import Prepared, port_input, prepared_shape
from mien.spotting import FEATURES

if TYPE_CHECKING:
    import onnx

__all__ = ["OPSET", "SCALES", "TOLERANCE", "export"]

OPSET = 18
SCALES = ("short", "long")
"""Inputs of a file that holds DTSCNN's two streams."""
TOLERANCE = 1e-4
"""How far a number of the file may be from torch's."""

_PROBABILITIES = "probabilities"
_LENGTHS = (6, 1, 11)
"""Frames of the clips on which a file is tried that takes any number; the first is also traced."""


def export(
    network: Network | tuple[DTSCNN, DTSCNN],
    specs: Mapping[str, InputSpec],
    labels: Sequence[str],
    out: str | Path,
    *,
    subjects: Sequence[str] = (),
    metrics: Mapping[str, float] | None = None,
    metrics_on: str = "",
    recipe_digest: str = "",
    data_digest: str = "",
    licence: str = "",
    tunables: Mapping[str, float | int | str | bool] | None = None,
    notes: str = "",
) -> Path:
    """Write a model file.

    Before anything is written, the graph is run on random clips, of several lengths and several at once where
    it takes these, and compared with torch.

    Args:
        network: trained; it is not changed. Or DTSCNN's two streams, the short one first.
        specs: what each port gets; of two streams :data:`SCALES`.
        labels: the classes in the order of the logits.
        out: the file, replaced as a whole.
        subjects: everybody it was trained on or chosen with, named ``dataset/person``.
        metrics: name -> value as measured. This and what follows is as in
            :class:`mien.modelfile.ModelMetadata`.
        metrics_on: data, protocol and fold the metrics come from, in words.
        recipe_digest: of the training recipe.
        data_digest: of the data's manifest.
        licence: SPDX identifier or words.
        tunables: name -> value fitted on development subjects (``undecided_below`` for one).
        notes: anything else a user must know.

    Returns:
        ``out`` as a path.

    Raises:
        InputError: specs or labels do not fit the network, what the file says differs from torch by more than
            :data:`TOLERANCE`, or it cannot be written.
        MienError: onnx or onnxscript is not installed.
    """
    streams = network if isinstance(network, tuple) else (network,)
    ports = SCALES if isinstance(network, tuple) else network.ports
    shapes = _shapes(streams, ports, specs)
    whole = _Whole(tuple(copy.deepcopy(stream).cpu().float() for stream in streams)).eval()
    variable = any(stream.variable for stream in streams)
    with torch.no_grad():
        traced = _example(shapes, 1 if variable else 2, _LENGTHS[0], seed=0)
        evidence = whole.evidence_of(*traced)
        given = whole(*traced)
    if given[0].shape[1] != len(labels):
        raise InputError(f"the network tells {given[0].shape[1]} classes apart, not {len(labels)}")
    card = streams[0].card
    metadata = ModelMetadata(
        name=card.name,
        task=card.task,
        labels=tuple(labels),
        inputs={port: specs[port] for port in ports},
        paper=card.paper,
        recipe_digest=recipe_digest,
        data_digest=data_digest,
        metrics=dict(metrics or {}),
        metrics_on=metrics_on,
        licence=licence,
        tunables=dict(tunables or {}),
        notes=notes,
        subjects=tuple(sorted(set(subjects))),
        evidence={name: _speaks_of(value, ports, traced) for name, value in evidence.items()},
    )
    names = [_PROBABILITIES, *([FEATURES] if card.task == "spotting" else []), *evidence]
    proto = _proto(whole, traced, list(ports), names, variable)
    _name_axes(proto, given, variable)
    _compare(proto, whole, shapes, variable)
    return write_metadata(proto, metadata, out)


class _Whole(nn.Module):
    """Prepared clips in; probabilities and evidence out."""

    def __init__(self, streams: tuple[Network, ...]) -> None:
        super().__init__()
        self.streams = nn.ModuleList(streams)

    def forward(self, *arrays: Tensor) -> tuple[Tensor, ...]:
        """(B, n, C, H, W) for each port to (B, K) probabilities and the evidence."""
        first = cast("Network", self.streams[0])
        if len(self.streams) == 1:
            inputs = _inputs(first, arrays)
            features = (first.features(*inputs),) if first.card.task == "spotting" else ()
            return torch.softmax(first(*inputs), 1), *features, *first.evidence(*inputs).values()
        both = (
            torch.softmax(stream(*_inputs(cast("Network", stream), (array,))), 1)
            for stream, array in zip(self.streams, arrays, strict=True)
        )
        return (surer(*both),)

    def evidence_of(self, *arrays: Tensor) -> dict[str, Tensor]:
        """By name."""
        first = cast("Network", self.streams[0])
        return first.evidence(*_inputs(first, arrays)) if len(self.streams) == 1 else {}


def _inputs(network: Network, arrays: Sequence[Tensor]) -> tuple[Tensor, ...]:
    return tuple(port_input(network, port, array) for port, array in zip(network.ports, arrays, strict=True))


def _shapes(
    streams: tuple[Network, ...], ports: Sequence[str], specs: Mapping[str, InputSpec]
) -> list[Prepared]:
    """(n, C, H, W) of each input's clips; n is ``None`` where the network takes any number."""
    title = streams[0].card.title
    if set(specs) != set(ports):
        raise InputError(f"{title} has the inputs {', '.join(ports)}, not {', '.join(specs) or 'none'}")
    if len(streams) == 1:
        wanted = [prepared_shape(streams[0], port) for port in ports]
    else:
        wanted = [prepared_shape(stream, stream.ports[0]) for stream in streams]
    for port, shape in zip(ports, wanted, strict=True):
        made = specs[port].shape
        if made[1:] != shape[1:] or (shape[0] is not None and made[0] != shape[0]):
            raise InputError(
                f"{title} takes {_written(shape)} at {port!r}, but its spec prepares {_written(made)} "
                "(frames × channels × height × width)"
            )
    return wanted


def _written(shape: Prepared) -> str:
    return " × ".join("any" if n is None else str(n) for n in shape)


def _example(shapes: Sequence[Prepared], batch: int, length: int, seed: int) -> tuple[Tensor, ...]:
    """Random clips; of those with any number of frames, each frame is brighter than the one before.

    A network that chooses among frames then chooses some; of frames as alike as noise it keeps all.
    """
    generator = torch.Generator().manual_seed(seed)
    return tuple(
        torch.randn(batch, n, *rest, generator=generator)
        if n is not None
        else torch.rand(batch, length, *rest, generator=generator)
        * torch.linspace(0.2, 1, length).reshape(-1, *(1 for _ in rest))
        for n, *rest in shapes
    )


def _speaks_of(value: Tensor, ports: Sequence[str], arrays: Sequence[Tensor]) -> str:
    """The input whose pictures (B, H, W) or frames (B, n) a piece of evidence is of."""
    for port, array in zip(ports, arrays, strict=True):
        wanted = array.shape[-2:] if value.ndim == 3 else array.shape[1:2]
        if value.shape[1:] == wanted and (value.ndim == 3 or array.shape[1] > 1):
            return port
    raise ValueError(f"evidence of shape {tuple(value.shape)} speaks of no input")


# ---------------------------------------------------------------------- torch to ONNX


def _proto(
    whole: _Whole, arrays: tuple[Tensor, ...], ports: list[str], names: list[str], variable: bool
) -> onnx.ModelProto:
    """The graph, nothing but what is needed to run it."""
    try:
        import onnx
        import onnxscript  # noqa: F401
    except ImportError:
        raise MienError("exporting needs onnx and onnxscript: pip install 'mien[train]'") from None
    common: dict[str, Any] = {"input_names": ports, "output_names": names, "opset_version": OPSET}
    with _quiet():
        # the newer exporter follows what depends on the numbers (which frames are chosen) for one clip only
        made = None if variable else _newer(whole, arrays, common)
        if made is None:
            axes = {name: {1: "frames"} if variable else {0: "batch"} for name in (*ports, *names)}
            if variable:
                del axes[_PROBABILITIES]
            with tempfile.TemporaryDirectory() as folder:
                file = Path(folder, "graph.onnx")
                torch.onnx.export(whole, arrays, file, dynamo=False, dynamic_axes=axes, **common)
                made = onnx.load(str(file))
    _strip(made)
    return made


def _newer(whole: _Whole, arrays: tuple[Tensor, ...], common: Mapping[str, Any]) -> onnx.ModelProto | None:
    """By PyTorch's newer exporter; ``None`` where it refuses."""
    batch = torch.export.Dim("batch")
    shapes = (tuple({0: batch} for _ in arrays),)
    try:
        program = torch.onnx.export(
            whole, arrays, dynamo=True, dynamic_shapes=shapes, verbose=False, **common
        )
    except Exception:  # its own exceptions share no public base class; the older exporter says what is wrong
        return None
    return None if program is None else program.model_proto


def _strip(proto: onnx.ModelProto) -> None:
    """Take out what tells of the machine it was made on: equal networks give equal files."""
    proto.doc_string = proto.graph.doc_string = ""
    for part in (proto.graph, *proto.functions):
        for node in part.node:
            node.doc_string = ""
            del node.metadata_props[:]
        for value in part.value_info:
            value.doc_string = ""
            del value.metadata_props[:]
        del part.metadata_props[:]
    for value in (*proto.graph.input, *proto.graph.output, *proto.graph.initializer):
        value.doc_string = ""
        del value.metadata_props[:]
    del proto.metadata_props[:]


def _name_axes(proto: onnx.ModelProto, given: Sequence[Tensor], variable: bool) -> None:
    """Outputs' shapes as they are known here: the exporters lose some."""
    for value, tensor in zip(proto.graph.output, given, strict=True):
        kind = value.type.tensor_type
        kind.ClearField("shape")
        for i, n in enumerate(tensor.shape):
            axis = kind.shape.dim.add()
            if i == 0 and not variable:
                axis.dim_param = "batch"
            elif i == 1 and variable and value.name != _PROBABILITIES:
                axis.dim_param = "frames"
            else:
                axis.dim_value = n


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """The exporters talk of their own affairs."""
    before = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


# ---------------------------------------------------------------------- does it say the same?


def _compare(proto: onnx.ModelProto, whole: _Whole, shapes: Sequence[Prepared], variable: bool) -> None:
    """Refuse a graph that does not say what torch says."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(
        proto.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    ports = [port.name for port in session.get_inputs()]
    names = [port.name for port in session.get_outputs()]
    for seed in range(3):
        arrays = _example(shapes, 1 if variable else seed + 1, _LENGTHS[seed], seed + 1)
        with torch.no_grad():
            ours = [tensor.numpy() for tensor in whole(*arrays)]
        feed = {port: array.numpy() for port, array in zip(ports, arrays, strict=True)}
        for name, mine, theirs in zip(names, ours, session.run(None, feed), strict=True):
            apart = np.abs(mine - theirs).max() if mine.shape == theirs.shape else np.inf
            if not apart <= TOLERANCE:
                raise InputError(
                    f"the exported graph differs from the network by {apart:.2g} in {name!r}; no file was "
                    "written. Export a network whose numbers are finite and of moderate size, or report this."
                )
