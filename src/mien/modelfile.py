"""The file a trained model travels in: one ``.onnx`` with everything that is known of it inside.

The metadata stand as one JSON text under the key ``mien`` in the model's ``metadata_props``, so that the
file stays an ordinary ONNX model for every other tool. Reading needs ONNX Runtime alone; nothing pickled is
ever loaded.

What goes in and out is fixed, so that whoever runs a file need not know the network:

* **Each input** takes what :func:`mien.inputs.prepare` gives for its spec, with the batch in front:
  ``float32`` (B, n, C, H, W). Whatever the network wants instead (no axis of frames, channels first, rows of
  numbers) is done inside the graph. Where the spec takes a single frame or field, (B, C, H, W) is allowed as
  well. One clip is fed at a time (B = 1); B may be fixed to 1.
* **The first output** of a recogniser holds probabilities, (B, K) in the order of ``labels``, each row with
  sum 1; so does that of a spotter, with what it tells apart in single frames for labels (or a single curve
  of scores, which nothing here runs). A spotter's further output ``features``, (B, D), holds a row for each
  frame: what it finds, it finds in these (:class:`mien.spotting.ModelSpotter`).
* **A spotter over regions** has, instead of pictures, one input that ``regions`` describes, ``float32`` (B,
  rows, T), and gives (B, K, T) probabilities of an apex, one row a label, and (B, 2·K, T) seconds: back to
  the onset and on to the offset of each (:class:`mien.spotting.RegionNet`).
* **Further outputs** that ``evidence`` names say what the network looked at: maps (B, H, W) of 0 to 1 over
  the pictures of an input, or weights (B, n), one a frame of it. Others are nobody's business but the user's.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, NoReturn, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from mien._version import __version__
from mien.errors import InputError, MienError
from mien.inputs import InputSpec, RegionSpec

__all__ = ["KEY", "SCHEMA", "ModelFile", "ModelMetadata", "Port", "read", "write_metadata"]

KEY = "mien"
"""The entry of ``metadata_props`` that holds the JSON text."""
SCHEMA = 1
"""Version of that text; grows whenever an old reader would misread it."""

_SUM = 1e-3
"""How far from 1 the probabilities of a clip may sum up to."""

Task = Literal["spotting", "recognition"]
Shape: TypeAlias = tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class ModelMetadata:
    """What a model file says of itself.

    Attributes:
        name: short name, as in the zoo.
        task: ``"spotting"`` (probabilities and features a frame) or ``"recognition"`` (probabilities a clip).
        labels: the classes in the order of the last axis of the model's first output; for spotting what it
            tells apart in a frame.
        inputs: what the network eats: name of each input of the graph -> how it is prepared.
        regions: the same for an input of numbers over time.
        paper: whose network it is: authors, title, year.
        recipe_digest, data_digest: of the training recipe and of the data's manifest; empty where there was
            none.
        metrics: name -> value as measured, nothing rounded up; ``metrics_on`` says on what.
        metrics_on: data, protocol and fold the metrics come from, in words.
        licence: SPDX identifier or words, with the data's own terms where they bind the weights.
        tunables: name -> value fitted on development subjects (thresholds, windows).
        notes: anything else a user must know, in words.
        subjects: the people it was trained on or chosen with, named ``dataset/person``; nobody of them may be
            tested with it. Empty where nothing is known of them.
        evidence: name of a further output -> the input whose pictures or frames it speaks of.
        mien_version: the mien that wrote the file.
    """

    name: str
    task: Task
    labels: tuple[str, ...]
    inputs: Mapping[str, InputSpec]
    paper: str = ""
    recipe_digest: str = ""
    data_digest: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict)
    metrics_on: str = ""
    licence: str = ""
    tunables: Mapping[str, float | int | str | bool] = field(default_factory=dict)
    notes: str = ""
    subjects: tuple[str, ...] = ()
    evidence: Mapping[str, str] = field(default_factory=dict)
    mien_version: str = __version__
    regions: Mapping[str, RegionSpec] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "labels", tuple(self.labels))
        object.__setattr__(self, "subjects", tuple(self.subjects))
        if self.task not in get_args(Task):
            _refuse(f"task must be one of {', '.join(get_args(Task))}, not {self.task!r}")
        if not self.name:
            _refuse("a name is needed")
        if not self.labels or len(set(self.labels)) != len(self.labels):
            _refuse(f"labels must be different words, at least one, not {list(self.labels)}")
        if not all(isinstance(label, str) and label for label in self.labels):
            _refuse(f"labels must be words, not {list(self.labels)}")
        if self.task == "recognition" and len(self.labels) < 2:
            _refuse("a recogniser needs at least two labels")
        if not (self.inputs or self.regions):
            _refuse("inputs must name at least one input, with an InputSpec each")
        if not all(isinstance(spec, InputSpec) for spec in self.inputs.values()):
            _refuse("inputs must name at least one input, with an InputSpec each")
        if not all(isinstance(spec, RegionSpec) for spec in self.regions.values()):
            _refuse("regions must name inputs, with a RegionSpec each")
        if self.regions and (self.inputs or self.task != "spotting" or len(self.regions) != 1):
            _refuse("regions are the one input of a spotter")
        for subject in self.subjects:
            if not isinstance(subject, str) or not all(subject.partition("/")):
                _refuse(f"a subject must be named like 'casme2/sub01', not {subject!r}")
        for name, port in self.evidence.items():
            if port not in self.inputs:
                _refuse(f"evidence {name!r} speaks of an input {port!r}, which there is not")
        for name, value in self.metrics.items():
            if not _number(value):
                _refuse(f"metric {name!r} must be a finite number, not {value!r}")
        for name, tunable in self.tunables.items():
            if not isinstance(tunable, (str, bool)) and not _number(tunable):
                _refuse(f"tunable {name!r} must be a finite number, a word or true/false, not {tunable!r}")

    def to_json(self) -> str:
        """One JSON text with sorted keys, so that equal metadata give equal files."""
        plain = {f.name: getattr(self, f.name) for f in fields(self)}
        plain["inputs"] = {port: spec.to_dict() for port, spec in self.inputs.items()}
        # files of networks over pictures stay what they were
        plain["regions"] = {port: spec.to_dict() for port, spec in self.regions.items()}
        if not self.regions:
            del plain["regions"]
        plain |= {name: dict(getattr(self, name)) for name in ("metrics", "tunables", "evidence")}
        return json.dumps({"schema": SCHEMA, **plain}, sort_keys=True, ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> ModelMetadata:
        """The metadata that :meth:`to_json` wrote.

        Raises:
            InputError: not JSON, a newer schema, or entries that are missing, unknown or make no sense.
        """
        try:
            data = json.loads(text)
        except ValueError as error:
            raise InputError(f"model metadata: not readable as JSON ({error})") from None
        if not isinstance(data, dict):
            _refuse("not a JSON object")
        schema = data.pop("schema", None)
        if not isinstance(schema, int) or isinstance(schema, bool) or schema < 1:
            _refuse(f"its schema version is missing or wrong ({schema!r})")
        if schema > SCHEMA:
            wrote = data.get("mien_version", "a newer version")
            _refuse(f"schema {schema} (mien {wrote}) is newer than this mien reads ({SCHEMA}): update mien")
        known = {f.name: f for f in fields(cls)}
        if unknown := sorted(set(data) - set(known)):
            _refuse(f"unknown entries: {', '.join(unknown)}")
        if missing := [name for name in ("name", "task", "labels", "inputs") if name not in data]:
            _refuse(f"missing entries: {', '.join(missing)}")
        for name in ("inputs", "regions", "metrics", "tunables", "evidence"):
            if name in data and not isinstance(data[name], dict):
                _refuse(f"{name} must be an object")
        for name in ("labels", "subjects"):
            if not isinstance(data.get(name, []), list):
                _refuse(f"{name} must be a list")
        for name in (
            "name",
            "paper",
            "recipe_digest",
            "data_digest",
            "metrics_on",
            "licence",
            "notes",
            "mien_version",
        ):
            if not isinstance(data.get(name, ""), str):
                _refuse(f"{name} must be text")
        regions = data.pop("regions", {})
        for port, spec in (*data["inputs"].items(), *regions.items()):
            if not isinstance(spec, dict):
                _refuse(f"input {port!r} must be an object")
        return cls(
            **{
                **data,
                "inputs": {port: InputSpec.from_dict(spec) for port, spec in data["inputs"].items()},
                "regions": {port: RegionSpec.from_dict(spec) for port, spec in regions.items()},
                "labels": tuple(data["labels"]),
            }
        )


def _refuse(reason: str) -> NoReturn:
    raise InputError(f"model metadata: {reason}")


def _number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


@dataclass(frozen=True, slots=True)
class Port:
    """One input or output of the network.

    Attributes:
        name: as in the ONNX graph.
        shape: its axes; ``None`` where any length goes.
        dtype: NumPy's name of the element type, e.g. ``"float32"``.
    """

    name: str
    shape: Shape
    dtype: str


_DTYPES = {
    "tensor(float)": "float32",
    "tensor(double)": "float64",
    "tensor(float16)": "float16",
    "tensor(uint8)": "uint8",
    "tensor(int8)": "int8",
    "tensor(int32)": "int32",
    "tensor(int64)": "int64",
    "tensor(bool)": "bool",
}


class ModelFile:
    """A model that is ready to run. Made by :func:`read`; safe to call from several threads.

    Attributes:
        path: the file.
        metadata: what it says of itself.
        inputs, outputs: the network's ports in order.
    """

    def __init__(self, path: Path, metadata: ModelMetadata, session: Any) -> None:
        self.path = path
        self.metadata = metadata
        self.inputs = _ports(path, session.get_inputs())
        self.outputs = _ports(path, session.get_outputs())
        self._session = session

    def __repr__(self) -> str:
        return f"<{self.metadata.task} model {self.metadata.name!r} from {self.path}>"

    def run(self, arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """Run the network on the CPU.

        Args:
            arrays: input name -> array of the port's shape; numbers are brought to the port's type where that
                loses no kind (integers to floats, not floats to integers).

        Returns:
            Output name -> array.

        Raises:
            InputError: an input is missing, unknown, of another shape or type, or the network fails on it.
        """
        names = [port.name for port in self.inputs]
        if set(arrays) != set(names):
            given = ", ".join(arrays) or "none"
            raise InputError(f"{self.path.name} wants the inputs {', '.join(names)}, not {given}")
        feed = {port.name: self._fitted(port, np.asarray(arrays[port.name])) for port in self.inputs}
        try:
            results = self._session.run(None, feed)
        except Exception as error:  # ONNX Runtime's own exceptions share no public base class
            raise InputError(f"{self.path.name} cannot be run on this input: {_first_line(error)}") from error
        return {port.name: np.asarray(result) for port, result in zip(self.outputs, results, strict=True)}

    def judge(
        self, clip: Mapping[str, NDArray[Any]]
    ) -> tuple[NDArray[np.float64], dict[str, NDArray[np.float32]]]:
        """What a recogniser says of one clip.

        Args:
            clip: input name -> what :func:`mien.inputs.prepare` gives for its spec, ``float32`` (n, C, H, W).

        Returns:
            (K,) probabilities in the order of the labels, and the evidence by name: maps (H, W), weights
            (n,).

        Raises:
            InputError: an input is missing or of another shape, the network fails on it, or what it gives
                are no probabilities.
        """
        feed = {}
        for port in self.inputs:
            array = clip.get(port.name)
            if array is not None and len(port.shape) == 4:
                if len(array) != 1:
                    raise InputError(f"{self.path.name} takes a single frame or field, not {len(array)}")
                feed[port.name] = array
            elif array is not None:
                feed[port.name] = array[None]
        outputs = self.run(feed)
        shares = outputs[self.outputs[0].name].astype(np.float64).ravel()
        labels = self.metadata.labels
        if len(shares) != len(labels):
            raise InputError(f"{self.path.name} gave {len(shares)} numbers for {len(labels)} labels")
        if not (np.isfinite(shares).all() and (shares >= 0).all() and abs(shares.sum() - 1) <= _SUM):
            raise InputError(
                f"{self.path.name} gave {', '.join(f'{share:.3g}' for share in shares)}, which are no "
                "probabilities: the network must end in a softmax"
            )
        return shares, {name: outputs[name][0].astype(np.float32) for name in self.metadata.evidence}

    def check_recognizer(self) -> None:
        """Refuse what :meth:`judge` cannot run.

        Raises:
            InputError: it is no recogniser, or an input does not take clips as they are prepared.
        """
        name, metadata = self.path.name, self.metadata
        if metadata.task != "recognition":
            raise InputError(f"{name} is a model for {metadata.task}, not for recognition")
        for port in self.inputs:
            spec, shape = metadata.inputs[port.name], port.shape
            single = spec.frames == 1 or spec.part == "apex"
            if shape[:1] not in ((None,), (1,)) or not (len(shape) == 5 or (len(shape) == 4 and single)):
                written = " × ".join("any" if n is None else str(n) for n in shape) or "a single number"
                raise InputError(
                    f"{name}: its input {port.name!r} is of shape {written}; clips are fed one at a time, as "
                    "1 × frames × channels × height × width or, where the spec takes a single frame or "
                    "field, as 1 × channels × height × width"
                )

    def _fitted(self, port: Port, array: NDArray[Any]) -> NDArray[Any]:
        fits = len(array.shape) == len(port.shape) and all(
            want in (None, have) for want, have in zip(port.shape, array.shape, strict=True)
        )
        if not fits:
            wanted = " × ".join("any" if n is None else str(n) for n in port.shape)
            raise InputError(f"{self.path.name}: input {port.name!r} must be {wanted}, not {array.shape}")
        if not np.can_cast(array.dtype, port.dtype, "same_kind"):
            raise InputError(f"{self.path.name}: input {port.name!r} must be {port.dtype}, not {array.dtype}")
        return np.ascontiguousarray(array, port.dtype)


def _ports(path: Path, arguments: list[Any]) -> tuple[Port, ...]:
    for argument in arguments:
        if argument.type not in _DTYPES:
            raise InputError(f"{path}: {argument.name!r} is of type {argument.type}, which mien does not use")
    return tuple(
        Port(a.name, tuple(n if isinstance(n, int) else None for n in a.shape), _DTYPES[a.type])
        for a in arguments
    )


def _shape(value: Any) -> Shape:
    """Axes of an ``onnx.ValueInfoProto``."""
    axes = value.type.tensor_type.shape.dim
    return tuple(axis.dim_value if axis.HasField("dim_value") else None for axis in axes)


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def read(path: str | Path, *, threads: int = 1) -> ModelFile:
    """Open a model file.

    Args:
        path: an ``.onnx`` file that mien wrote.
        threads: CPU threads for one call; 0 leaves the choice to ONNX Runtime. One by default, since jobs run
            side by side; the numbers may differ in the last digits between thread counts.

    Returns:
        The model, ready to run.

    Raises:
        InputError: no such file; not an ONNX model (or damaged); an ONNX model without mien's metadata, or
            with ones of a newer schema; inputs or labels that do not fit the graph.
    """
    file = Path(path)
    if threads < 0:
        raise InputError(f"threads must be 0 or more, not {threads}")
    if not file.is_file():
        raise InputError(f"there is no model file {file}")
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = 4  # what goes wrong is raised; nothing is printed
    try:
        session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's own exceptions share no public base class
        raise InputError(f"{file} is no ONNX model, or a damaged one: {_first_line(error)}") from error
    text = session.get_modelmeta().custom_metadata_map.get(KEY)
    if text is None:
        raise InputError(
            f"{file} is an ONNX model, but not one of mien's: it says neither what it eats nor what it tells"
        )
    try:
        metadata = ModelMetadata.from_json(text)
    except InputError as error:
        raise InputError(f"{file}: {error}") from None
    model = ModelFile(file, metadata, session)
    _check(file, metadata, model.inputs, model.outputs)
    return model


def _check(where: object, metadata: ModelMetadata, inputs: Iterable[Port], outputs: Sequence[Port]) -> None:
    """The graph and the metadata must speak of the same inputs, picture sizes, labels and evidence.

    The first output's last axis must hold one number a label; a spotter of one curve may do without it.
    """
    output = outputs[0].shape
    ports = {port.name: port.shape for port in inputs}
    described = [*metadata.inputs, *metadata.regions]
    if set(ports) != set(described):
        raise InputError(
            f"{where}: its inputs are {', '.join(ports)}, but it describes {', '.join(described)}"
        )
    if metadata.regions:
        _check_regions(where, metadata, ports, outputs)
        return
    for name, spec in metadata.inputs.items():
        picture = ports[name][-2:]
        if len(ports[name]) >= 3 and any(
            n not in (None, want) for n, want in zip(picture, spec.size, strict=True)
        ):
            raise InputError(f"{where}: input {name!r} takes {picture}, but its spec prepares {spec.size}")
    further = {port.name: port.shape for port in outputs[1:]}
    for name in metadata.evidence:
        if len(further.get(name, ())) not in (2, 3):
            raise InputError(f"{where}: evidence {name!r} is no further output that holds maps or weights")
    wide = output[-1] if output else 1
    one_curve = metadata.task == "spotting" and len(metadata.labels) == 1
    if wide is not None and wide != len(metadata.labels) and not one_curve:
        raise InputError(
            f"{where}: its output has {wide} numbers, but it names {len(metadata.labels)} labels "
            f"({', '.join(metadata.labels)})"
        )


def _check_regions(
    where: object, metadata: ModelMetadata, ports: Mapping[str, Shape], outputs: Sequence[Port]
) -> None:
    """A graph over regions takes (B, rows, T) and gives (B, K, T) and (B, 2·K, T)."""
    ((name, spec),) = metadata.regions.items()
    k = len(metadata.labels)
    wanted = [(ports[name], spec.rows)]
    if len(outputs) == 2:
        wanted += [(outputs[0].shape, k), (outputs[1].shape, 2 * k)]
    if len(wanted) != 3 or any(
        len(shape) != 3 or shape[1] not in (None, n) or shape[2] is not None or shape[0] not in (None, 1)
        for shape, n in wanted
    ):
        raise InputError(
            f"{where}: a spotter over regions takes batch × {spec.rows} × moments and gives batch × {k} × "
            f"moments and batch × {2 * k} × moments"
        )


def write_metadata(model: str | Path | Any, metadata: ModelMetadata, out: str | Path) -> Path:
    """Write a model file: an ONNX model with mien's metadata inside, replacing older ones.

    Written beside its place and moved into it, so that ``out`` is never half a file. ``out`` may be the
    input.

    Args:
        model: path of an ONNX file, or an ``onnx.ModelProto`` (which is not changed).
        metadata: what to say of it.
        out: the file to write; its folder is made.

    Returns:
        ``out`` as a path.

    Raises:
        MienError: the ``onnx`` package is not installed.
        InputError: ``model`` is missing or no ONNX model, the inputs or labels do not fit it, or ``out``
            cannot be written.
    """
    try:
        import onnx
    except ImportError:
        raise MienError("writing model files needs the onnx package: pip install 'mien[train]'") from None
    if isinstance(model, (str, Path)):
        if not Path(model).is_file():
            raise InputError(f"there is no model file {model}")
        try:
            proto = onnx.load(str(model))
        except Exception as error:
            raise InputError(f"{model} is no ONNX model, or a damaged one: {_first_line(error)}") from error
    else:
        proto = onnx.ModelProto()
        proto.CopyFrom(model)
    if not proto.graph.output:
        raise InputError("this is no ONNX model that can be run: it has no outputs")
    stored = {weights.name for weights in proto.graph.initializer}
    ports = [Port(value.name, _shape(value), "") for value in proto.graph.input if value.name not in stored]
    _check(out, metadata, ports, [Port(value.name, _shape(value), "") for value in proto.graph.output])
    rest = [(p.key, p.value) for p in proto.metadata_props if p.key != KEY]
    del proto.metadata_props[:]
    for key, value in [*rest, (KEY, metadata.to_json())]:
        proto.metadata_props.add(key=key, value=value)
    target = Path(out)
    draft = target.with_name(f".{target.name}.{uuid.uuid4().hex}.tmp")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("wb") as file:
            file.write(proto.SerializeToString())
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)
    except OSError as error:
        raise InputError(f"{target} cannot be written: {error.strerror or error}") from error
    finally:
        with contextlib.suppress(OSError):
            draft.unlink()
    return target
