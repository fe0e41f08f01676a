"""Draw the nine networks and what each is given, into docs/images/systems/.

`NAME.svg` is the architecture of the `paper` preset. Every shape in it is what came out of the layer when the
network was run on an example, and every number of parameters is counted; together the boxes must hold all the
network's parameters, or nothing is drawn. `NAME-input.svg` is the network's input, as the pipeline makes it
from one clip of the studio.
"""
# ruff: noqa: D102, D103 (one function a figure)

from __future__ import annotations

import argparse
import base64
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from mien.inputs import Clip, prepare
from mien.inputs.pipeline import load_clip
from mien.models import CARDS, make_network
from mien.models.base import Network
from mien.motion.colour import flow_colours
from mien.records import Stream
from mien.sources import PictureClip, Recording
from mien.spotting.feature_window import apex_of, window_of, window_scores
from mien.synthesis.distractors import DistractorSettings
from mien.synthesis.performance import PerformanceSettings
from mien.synthesis.script import Conditions, clip_script
from mien.training.spotters import FaceFrames
from mien.training.systems import make_system

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "docs" / "images" / "systems"

INK, PALE, LINE, BLUE, RED, GREEN = "#222222", "#666666", "#9aa5ad", "#1f6f8b", "#b4482f", "#2e8540"
LENGTH = 13
"""Frames of the example clip of a network that takes any number; drawn as T."""

# ------------------------------------------------------------ what the network says of itself


@dataclass(frozen=True)
class Box:
    """A step: its words, its shape, its parameters.

    Attributes:
        words: the first line.
        shape: of its output, without the batch.
        parameters: how many it has; ``None`` for a step without a layer.
        kind: ``"input"``, ``"layer"``, ``"step"`` (nothing to learn) or ``"output"``.
    """

    words: str
    shape: str = ""
    parameters: int | None = None
    kind: str = "layer"


class Seen:
    """A network that was run once, with the shapes of all its layers."""

    def __init__(self, name: str, **options: Any) -> None:
        self.network: Network = make_network(name, classes=CARDS[name].classes, **options).eval()
        self.inputs: dict[str, tuple[int, ...]] = {}
        self.outputs: dict[str, tuple[int, ...]] = {}
        self.drawn = 0
        for path, module in self.network.named_modules():
            module.register_forward_hook(self._remember(path))
        with torch.inference_mode():
            self.network(*self.network.example(1, length=LENGTH))

    def _remember(self, path: str) -> Callable[[nn.Module, Any, Any], None]:
        def hook(_: nn.Module, given: Any, result: Any) -> None:
            while not isinstance(result, torch.Tensor):
                result = result[0]
            self.inputs[path], self.outputs[path] = tuple(given[0].shape), tuple(result.shape)

        return hook

    def shape(self, path: str, *, into: bool = False, first: str = "") -> str:
        """Of a layer's output or input, the batch aside; ``first`` names the first axis instead."""
        shape = (self.inputs if into else self.outputs)[path]
        return written((first, *shape[1:]) if first else shape[1:])

    def box(self, path: str, *more: str, words: str = "", after: str = "", first: str = "") -> Box:
        """The box of one layer, or of several one after another; the last one's output is its shape."""
        modules = [self.network.get_submodule(one) for one in (path, *more)]
        count = sum(p.numel() for module in modules for p in module.parameters() if p.requires_grad)
        self.drawn += count
        text = words or " · ".join(described(module) for module in modules)
        kind = "layer" if count else "step"
        return Box(text + after, self.shape((path, *more)[-1], first=first), count, kind)

    def port(self, number: int, words: str) -> Box:
        """The box of an input."""
        shape = self.network.shapes[number]
        return Box(words, written(["T" if n is None else n for n in shape]), kind="input")

    def check(self) -> None:
        """Whether all parameters are in the boxes."""
        if self.drawn != self.network.n_parameters:
            key, there = self.network.key, self.network.n_parameters
            raise SystemExit(f"{key}: the boxes hold {self.drawn:,} of its {there:,} parameters")


def written(shape: Sequence[object]) -> str:
    return " × ".join(map(str, shape))


def described(module: nn.Module) -> str:
    """A layer's own settings in a few words."""
    if isinstance(module, (nn.Conv2d, nn.Conv3d)):
        kernel, stride = "×".join(map(str, module.kernel_size)), tuple(module.stride)
        text = f"conv {kernel}, {module.out_channels} filters"
        if set(stride) == {1}:
            return text
        return f"{text}, stride {stride[0] if len(set(stride)) == 1 else ','.join(map(str, stride))}"
    if isinstance(module, (nn.MaxPool2d, nn.MaxPool3d, nn.AvgPool2d)):
        size = module.kernel_size
        kernel = [size] * 2 if isinstance(size, int) else list(size)
        if isinstance(module, nn.MaxPool3d) and isinstance(size, int):
            kernel = [size] * 3
        stride = "" if module.stride == size else f", stride {module.stride}"
        return f"{'mean' if isinstance(module, nn.AvgPool2d) else 'max'} {'×'.join(map(str, kernel))}{stride}"
    if isinstance(module, nn.Linear):
        return f"fully connected, {module.out_features}"
    if isinstance(module, (nn.LSTM, nn.GRU)):
        ways = " a direction" if module.bidirectional else ""
        return f"{type(module).__name__}, {module.num_layers} layers of {module.hidden_size}{ways}"
    names: dict[type[nn.Module], str] = {
        nn.BatchNorm2d: "batch norm",
        nn.ReLU: "ReLU",
        nn.Flatten: "in a row",
    }
    if isinstance(module, nn.Dropout):
        return f"dropout {module.p:g}"
    return names[type(module)]


# ------------------------------------------------------------ the sheet


class Sheet:
    """An SVG that grows by boxes and arrows."""

    tall, gap = 44.0, 17.0

    def __init__(self, width: float) -> None:
        self.width = width
        self.parts: list[str] = []
        self.bottom = 0.0

    def text(self, x: float, y: float, words: str, colour: str = INK, **more: object) -> None:
        attributes = "".join(f' {k.replace("_", "-")}="{v}"' for k, v in more.items())
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}"{attributes}>{escape(words)}</text>')
        self.bottom = max(self.bottom, y + 8)

    def box(self, x: float, y: float, width: float, box: Box) -> None:
        fill = {"input": "#eaf3f6", "layer": "#ffffff", "step": "#f6f6f4", "output": "#e9f4ea"}[box.kind]
        edge = {"input": BLUE, "layer": LINE, "step": "#cfcfca", "output": GREEN}[box.kind]
        self.parts.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{self.tall}" rx="5" fill="{fill}" '
            f'stroke="{edge}"/>'
        )
        alone = not box.shape and not box.parameters
        self.text(x + 12, y + (27 if alone else 18), box.words)
        if box.shape:
            self.text(x + 12, y + 35, box.shape, BLUE)
        if box.parameters:
            self.text(x + width - 12, y + 35, f"{box.parameters:,}", PALE, text_anchor="end")
        self.bottom = max(self.bottom, y + self.tall)

    def arrow(self, x1: float, y1: float, x2: float, y2: float) -> None:
        """Downwards, with a step half way where the ends are not below each other."""
        half = y2 - 9
        self.parts.append(
            f'<path d="M{x1:.1f} {y1:.1f}V{half:.1f}H{x2:.1f}V{y2 - 1:.1f}" fill="none" stroke="{LINE}"/>'
            f'<path d="M{x2 - 3.5:.1f} {y2 - 6:.1f}L{x2:.1f} {y2 - 1:.1f}L{x2 + 3.5:.1f} {y2 - 6:.1f}" '
            f'fill="none" stroke="{LINE}"/>'
        )

    def column(self, x: float, y: float, width: float, boxes: Sequence[Box]) -> float:
        """Boxes below each other; returns where the last one ends."""
        for i, box in enumerate(boxes):
            if i:
                self.arrow(x + width / 2, y - self.gap, x + width / 2, y)
            self.box(x, y, width, box)
            y += self.tall + self.gap
        return y - self.gap

    def across(self, x1: float, x2: float, y: float) -> None:
        """An arrow to the right."""
        self.parts.append(
            f'<path d="M{x1:.1f} {y:.1f}H{x2 - 1:.1f}M{x2 - 6:.1f} {y - 3.5:.1f}L{x2 - 1:.1f} {y:.1f}'
            f'L{x2 - 6:.1f} {y + 3.5:.1f}" fill="none" stroke="{LINE}"/>'
        )

    def picture(self, x: float, y: float, width: float, height: float, pixels: NDArray[np.uint8]) -> None:
        """A picture of the sheet, RGB or grey; small ones keep their pixels."""
        small = pixels.shape[1] < width
        photo = not small and pixels.shape[0] > 48
        coded = pixels[..., ::-1] if pixels.ndim == 3 else pixels
        ok, data = cv2.imencode(
            ".jpg" if photo else ".png", coded, [cv2.IMWRITE_JPEG_QUALITY, 88] if photo else []
        )
        assert ok
        kind, text = "jpeg" if photo else "png", base64.b64encode(data.tobytes()).decode()
        how = ' style="image-rendering:pixelated"' if small else ""
        self.parts.append(
            f'<image x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" '
            f'preserveAspectRatio="none"{how} href="data:image/{kind};base64,{text}"/>'
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="none" '
            f'stroke="#d0d0d0"/>'
        )
        self.bottom = max(self.bottom, y + height)

    def write(self, path: Path) -> None:
        height = self.bottom + 14
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width:g} {height:g}" '
            f'width="{self.width:g}" height="{height:g}" font-family="system-ui, sans-serif" font-size="13">'
        )
        ground = f'<rect width="{self.width:g}" height="{height:g}" fill="#ffffff"/>'
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join([head, ground, *self.parts, "</svg>"]) + "\n", encoding="utf-8")


def begin(width: float, name: str, total: int) -> Sheet:
    """A sheet with the title."""
    sheet, card = Sheet(width), CARDS[name]
    sheet.text(20, 26, card.title, font_weight=600)
    classes = f"{total:,} parameters with {card.classes} classes"
    sheet.text(width - 20, 26, classes, PALE, text_anchor="end")
    return sheet


def output(seen: Seen, path: str, *more: str) -> Box:
    """The last box."""
    return replace(seen.box(path, *more), kind="output")


TOP = 44.0

# ------------------------------------------------------------ the nine


def draw_dtscnn() -> Sheet:
    streams = [Seen("dtscnn", frames=n) for n in (64, 128)]
    sheet = begin(860, "dtscnn", sum(seen.network.n_parameters for seen in streams))
    ends = []
    for k, seen in enumerate(streams):
        x = 20 + k * 420
        boxes = [seen.port(0, f"coloured flow, {seen.network.shapes[0][1]} fields")]
        boxes += [seen.box(f"stream.{i}", f"stream.{i + 1}", f"stream.{i + 2}") for i in (0, 3, 6, 9)]
        boxes.append(replace(seen.box("stream.12"), words="pool4 in a row: to a linear SVM", kind="step"))
        boxes.append(output(seen, "dropout", "fc"))
        seen.check()
        ends.append((x + 200, sheet.column(x, TOP, 400, boxes)))
    y = ends[0][1] + 26
    for x, end in ends:
        sheet.arrow(x, end, 430, y)
    sheet.box(
        230,
        y,
        400,
        Box("the surer stream decides: SVM, or softmax", str(CARDS["dtscnn"].classes), kind="step"),
    )
    return sheet


def trunk(seen: Seen, at: str = "trunk") -> list[Box]:
    """A ResNet10's boxes, up to the mean over places."""
    boxes = [
        seen.box(f"{at}.data_bn", words="batch norm of the pixels"),
        seen.box(f"{at}.conv1", f"{at}.bn1", after=" · ReLU"),
        seen.box(f"{at}.pool"),
    ]
    for i in (1, 2, 3, 4):
        block: Any = seen.network.get_submodule(f"{at}.block{i}")
        kernel = "×".join(map(str, block.conv1.kernel_size))
        unit = ", attention unit" if block.unit is not None else ""
        words = f"block {i}: two conv {kernel}, {block.conv1.out_channels} filters{unit}"
        boxes.append(seen.box(f"{at}.block{i}", words=words))
    boxes.append(seen.box(f"{at}.last_bn", after=" · ReLU"))
    return [*boxes, Box("mean over places", seen.shape(at), kind="step")]


def draw_macro2micro() -> Sheet:
    seen = Seen("macro2micro")
    sheet = begin(440, "macro2micro", seen.network.n_parameters)
    sheet.column(20, TOP, 400, [seen.port(0, "apex frame, grey"), *trunk(seen), output(seen, "fc")])
    seen.check()
    return sheet


def draw_micro_attention() -> Sheet:
    seen = Seen("micro_attention")
    sheet = begin(800, "micro_attention", seen.network.n_parameters)
    sheet.column(20, TOP, 400, [seen.port(0, "apex frame, grey"), *trunk(seen), output(seen, "fc")])
    seen.check()
    unit = "trunk.block4.unit"
    count = sum(p.numel() for p in seen.network.get_submodule(unit).parameters())
    of, joined = seen.shape(unit), seen.shape(f"{unit}.squeeze", into=True)
    places = written(seen.outputs[unit][2:])
    y = TOP + 4 * (sheet.tall + sheet.gap)
    sheet.text(460, y - 12, "its parameters are among the block's", PALE)
    sheet.text(460, y - 34, "The attention unit, here of block 4", INK, font_weight=600)
    boxes = [
        Box("a: the way round · b: middle · c: end", f"{of}, each", kind="input"),
        Box("side by side", joined, kind="step"),
        Box("conv 1×1, no bias", seen.shape(f"{unit}.squeeze"), count),
        Box("mean over channels · sigmoid: the map M", f"1 × {places}", kind="step"),
        Box("T · M + T,  T = a + c", of, kind="output"),
    ]
    sheet.column(460, y, 320, boxes)
    return sheet


def draw_smeconvnet() -> Sheet:
    seen = Seen("smeconvnet")
    sheet = begin(760, "smeconvnet", seen.network.n_parameters)
    boxes = [seen.port(0, "a frame, grey")]
    boxes += [seen.box(f"describe.{i}", f"describe.{i + 1}", f"describe.{i + 2}") for i in (0, 3, 6, 9)]
    boxes += [
        seen.box("describe.13", "describe.14"),
        seen.box("describe.15", "describe.16", after=": the feature"),
    ]
    sheet.column(20, TOP, 370, [*boxes, output(seen, "classify")])
    seen.check()
    y = TOP + (len(boxes) - 1) * (sheet.tall + sheet.gap)
    sheet.across(390, 430, y + sheet.tall / 2)
    steps = [
        Box("one row a frame: the feature matrix X", f"F × {seen.shape('describe.16')}", kind="step"),
        Box("½ (|X(t) − X(t−h)| + |X(t) − X(t+h)|)", "F;  h: half a window of 0.5 s", kind="step"),
        Box("where it is highest: the apex", "every bump above the noise: an event", kind="output"),
    ]
    sheet.text(430, y - 14, "All F frames of a video", INK, font_weight=600)
    sheet.column(430, y, 310, steps)
    return sheet


def draw_atnet() -> Sheet:
    seen = Seen("atnet")
    sheet = begin(780, "atnet", seen.network.n_parameters)
    left = sheet.column(
        20,
        TOP,
        360,
        [
            seen.port(0, "apex frame, grey"),
            *trunk(seen),
            Box("brought to length 1", seen.shape("trunk"), kind="step"),
        ],
    )
    right = sheet.column(
        400,
        TOP,
        360,
        [
            seen.port(1, "direction and magnitude, step by block"),
            seen.box("lstm"),
            Box("mean over steps", written(seen.outputs["lstm"][2:]), kind="step"),
            Box("brought to length 1", written(seen.outputs["lstm"][2:]), kind="step"),
        ],
    )
    y = left + 30
    sheet.arrow(200, left, 390, y)
    sheet.arrow(580, right, 390, y)
    sheet.column(
        210,
        y,
        360,
        [Box("side by side", seen.shape("dropout", into=True), kind="step"), output(seen, "dropout", "fc")],
    )
    seen.check()
    return sheet


def draw_akmnet() -> Sheet:
    seen = Seen("akmnet")
    sheet = begin(830, "akmnet", seen.network.n_parameters)
    network: Any = seen.network
    stages: list[tuple[str, ...]] = []
    for i, block in enumerate(network.body):
        if block.path[0].stride != (1, 1) or not stages:
            stages.append(())
        stages[-1] += (f"body.{i}",)
    boxes = [
        seen.port(0, "magnified frames, grey, any number T"),
        seen.box(*(f"stem.{i}" for i in range(3)), first="T"),
        seen.box("stem.3", first="T"),
    ]
    for k, blocks in enumerate(stages, 1):
        conv = network.get_submodule(blocks[0]).path[0]
        words = (
            f"stage {k}: {len(blocks)} blocks of two conv {written(conv.kernel_size)}, {conv.out_channels}"
        )
        boxes.append(seen.box(*blocks, words=words.replace(" × ", "×"), first="T"))
    end = sheet.column(20, TOP, 430, boxes)
    places, chosen, channels = seen.inputs["gru"]
    assert 0 < chosen < LENGTH
    top = TOP + 3 * (sheet.tall + sheet.gap)
    sheet.text(490, top - 14, "Mining: which frames matter", INK, font_weight=600)
    mining = [
        Box(
            "mean over places",
            f"T × {channels}",
            kind="step",
        ),
        seen.box("attention", words="(1) α: fully connected · sigmoid"),
        Box("(2) β: cosine to the sum of α · frame", "T", kind="step"),
        Box("(3) 1 where β is above its mean, else 0", "T, of which N are 1", kind="step"),
    ]
    mining[1] = replace(mining[1], shape="T × " + str(seen.outputs["attention"][-1]))
    across = top + sheet.tall / 2
    last = sheet.column(490, top, 320, mining)
    bend = end - sheet.tall / 2
    sheet.parts.append(
        f'<path d="M450 {bend:.1f}H470V{across:.1f}H489M484 {across - 3.5:.1f}L489 {across:.1f}'
        f'L484 {across + 3.5:.1f}" fill="none" stroke="{LINE}"/>'
    )
    y = last + 30
    sheet.arrow(235, end, 415, y)
    sheet.arrow(650, last, 415, y)
    tail = [
        Box("the N frames, at each place", f"{places} × N × {channels}", kind="step"),
        seen.box("gru"),
        Box("mean over the N frames, in a row", seen.shape("dropout", into=True), kind="step"),
        output(seen, "dropout", "classify"),
    ]
    tail[1] = replace(tail[1], shape=f"{places} × N × {seen.outputs['gru'][-1]}")
    sheet.column(225, y, 380, tail)
    seen.check()
    return sheet


def draw_offapexnet() -> Sheet:
    seen = Seen("offapexnet")
    sheet = begin(760, "offapexnet", seen.network.n_parameters)
    ends = []
    one = written((1, *seen.network.shapes[0][1:]))
    for k, (stream, words) in enumerate((("horizontal", "flow to the right"), ("vertical", "flow down"))):
        boxes = [Box(words, one, kind="input")]
        boxes += [seen.box(f"{stream}.{i}", f"{stream}.{i + 1}", f"{stream}.{i + 2}") for i in (0, 3)]
        boxes.append(Box("in a row", seen.shape(f"{stream}.6"), kind="step"))
        x = 20 + k * 370
        ends.append((x + 175, sheet.column(x, TOP, 350, boxes)))
    y = ends[0][1] + 26
    for x, end in ends:
        sheet.arrow(x, end, 380, y)
    tail = [
        Box("side by side", seen.shape("broad", into=True), kind="step"),
        seen.box("broad.0", "broad.1", "broad.2"),
        seen.box("broad.3", "broad.4", "dropout"),
        output(seen, "fc"),
    ]
    sheet.column(190, y, 380, tail)
    seen.check()
    return sheet


def draw_ststnet() -> Sheet:
    seen = Seen("ststnet")
    sheet = begin(820, "ststnet", seen.network.n_parameters)
    sheet.box(250, TOP, 320, seen.port(0, "flow to the right, flow down, strain"))
    y = TOP + sheet.tall + 26
    network: Any = seen.network
    ends = []
    for k in range(len(network.streams)):
        at, x = f"streams.{k}", 20 + k * 265.0
        sheet.arrow(410, TOP + sheet.tall, x + 125, y)
        boxes = [
            seen.box(f"{at}.0", f"{at}.1"),
            seen.box(f"{at}.2"),
            seen.box(f"{at}.3", f"{at}.4"),
        ]
        ends.append((x + 125, sheet.column(x, y, 250, boxes)))
    y = ends[0][1] + 26
    for x, end in ends:
        sheet.arrow(x, end, 410, y)
    tail = [
        Box("side by side", seen.shape("together", into=True), kind="step"),
        seen.box("together.0", "together.1"),
        output(seen, "fc"),
    ]
    sheet.column(250, y, 320, tail)
    seen.check()
    return sheet


def draw_motionmap() -> Sheet:
    seen = Seen("motionmap")
    sheet = begin(760, "motionmap", seen.network.n_parameters)
    level = Box("levelled: median off, signed root, unit spread", seen.shape("map", into=True), kind="step")
    y = sheet.column(190, TOP, 380, [seen.port(0, "flow to the right, flow down, strain"), level])
    sides = (
        [
            seen.box("map"),
            Box("in a row", str(int(np.prod(seen.outputs["map"][1:]))), kind="step"),
        ],
        [
            seen.box("body.0", "body.1", "body.2"),
            seen.box("body.3"),
            seen.box("body.4", "body.5", "body.6"),
            seen.box("body.7", "body.8", "body.9"),
        ],
    )
    ends = []
    for k, boxes in enumerate(sides):
        x = 20 + k * 370.0
        sheet.arrow(380, y, x + 175, y + 26)
        ends.append((x + 175, sheet.column(x, y + 26, 350, boxes)))
    y = max(end for _, end in ends) + 26
    for x, end in ends:
        sheet.arrow(x, end, 380, y)
    tail = [Box("side by side", seen.shape("fc", into=True), kind="step"), output(seen, "fc")]
    sheet.column(190, y, 380, tail)
    seen.check()
    return sheet


# ------------------------------------------------------------ the inputs


@dataclass(frozen=True)
class Filmed:
    """The example clip."""

    source: PictureClip

    def given(self, name: str, port: int = 0) -> NDArray[np.float32]:
        """What a network's port gets, by the `paper` preset."""
        system = make_system(f"{name}:preset=paper")
        return system.prepares()[port](self.source)

    @property
    def clip(self) -> Clip:
        return load_clip(self.source, side=512)


KEPT = tempfile.TemporaryDirectory(prefix="mien-draw-")
FOLDER = Path(KEPT.name) / "clip"


@cache
def filmed() -> Filmed:
    """A smile of a quarter of a second, 200 pictures a second, by a sensor without noise."""
    conditions = Conditions(
        acting=PerformanceSettings(distractors=DistractorSettings.none()),
        noise=False,
        compression=False,
        face=(0.3, 0.34),
    )
    stream = Stream("", 200.0, 320, 320)
    script = clip_script(11, 5, 3, stream, conditions, margin=50, kind="micro", emotion="happiness")
    event, film = script.take.expressions[0], script.film()
    FOLDER.mkdir()
    files = tuple(FOLDER / f"{i:03}.png" for i in range(script.take.n_frames))
    for i, file in enumerate(files):
        cv2.imwrite(str(file), film.frame(i)[..., ::-1])
    assert event.apex is not None
    return Filmed(PictureClip("studio/clip", files, stream.fps, event.onset, event.apex, event.offset))


def pixels(array: NDArray[np.floating], low: float = 0.0, high: float = 1.0) -> NDArray[np.uint8]:
    return ((np.clip(array, low, high) - low) / (high - low) * 255).round().astype(np.uint8)


def strip(
    sheet: Sheet, y: float, title: str, pictures: Sequence[tuple[str, NDArray[np.uint8]]], width: float,
    height: float, gap: float = 12.0,
) -> float:  # fmt: skip
    """A title, pictures beside each other, words below each; returns where it ends."""
    sheet.text(20, y + 14, title, INK, font_weight=600)
    for i, (words, picture) in enumerate(pictures):
        x = 20 + i * (width + gap)
        sheet.picture(x, y + 24, width, height, picture)
        sheet.text(x + width / 2, y + 24 + height + 17, words, PALE, text_anchor="middle")
    return y + 24 + height + 34


def plain() -> tuple[list[int], list[NDArray[np.uint8]]]:
    """Places in the event, onset to offset, and the clip's tight crops at them."""
    source = filmed().source
    spec = make_system("akmnet:preset=paper,magnify=no").prepares()[0]
    frames = spec(source)
    at = np.linspace(0, len(frames) - 1, 6).round().astype(int).tolist()
    apex = (source.apex or 0) - source.onset
    at[int(np.abs(np.array(at) - apex).argmin())] = apex
    return at, [pixels(frames[i, 0]) for i in at]


def named(at: int) -> str:
    """A place in the event in words."""
    source = filmed().source
    where = {0: "onset", (source.apex or 0) - source.onset: "apex", source.offset - source.onset: "offset"}
    return f"{where[at]}, frame {at}" if at in where else f"frame {at}"


def input_dtscnn() -> Sheet:
    sheet, y = Sheet(760), 8.0
    at, frames = plain()
    y = strip(sheet, y, "The clip, onset to offset", list(zip(map(named, at), frames, strict=True)), 110, 110)
    for port, fields in enumerate((64, 128)):
        colours = filmed().given("dtscnn", port)
        assert len(colours) == fields
        which = np.linspace(0, fields - 1, 6).round().astype(int)
        pictures = [(f"field {i + 1}", pixels(np.moveaxis(colours[i], 0, -1))) for i in which]
        title = f"Stretched to {fields + 1} frames: {fields} fields of flow, each as a colour picture"
        y = strip(sheet, y, title, pictures, 96, 112, 26)
    wheel = np.stack(np.meshgrid(np.linspace(-1, 1, 121), np.linspace(-1, 1, 121)), -1)
    wheel[np.hypot(*np.moveaxis(wheel, -1, 0)) > 1] = 0
    sheet.picture(20, y + 4, 60, 60, flow_colours(wheel, 1.0))
    sheet.text(94, y + 30, "The hue is the direction, its strength the distance moved;")
    sheet.text(
        94,
        y + 48,
        "what does not move is white. Full colour: the field's largest motion, 0.2 pixels at least.",
    )
    return sheet


def grey_apex(name: str) -> NDArray[np.uint8]:
    return pixels(filmed().given(name)[0, 0])


def input_macro2micro() -> Sheet:
    sheet = Sheet(760)
    source, clip = filmed().source, filmed().clip
    tight = make_system("macro2micro:preset=paper").prepares()[0]
    onset = pixels(prepare(replace(clip, apex=clip.onset), tight.spec)[0, 0])
    apex = grey_apex("macro2micro")
    difference = apex.astype(float) - onset
    film = cv2.imread(str(source.files[source.apex or 0]))[..., ::-1]
    pictures = [
        ("the apex as it was filmed", np.ascontiguousarray(film)),
        ("224 × 224: what the network sees", apex),
        ("what it does not: change, 4 times", pixels(0.5 + difference * 4 / 255)),
    ]
    strip(sheet, 8, "The apex frame, found, cropped, in grey", pictures, 224, 224, 24)
    return sheet


def input_smeconvnet() -> Sheet:
    sheet, source = Sheet(760), filmed().source
    side = 224
    rows = FaceFrames(side)(Recording(source.key, source.files, source.fps or 0.0))
    faces = rows[:, : side * side].reshape(-1, side, side)
    network = make_network("smeconvnet", classes=8).eval()
    with torch.inference_mode():
        parts = [
            network.features(torch.from_numpy(part[:, None].astype(np.float32) / 255))
            for part in np.array_split(faces, max(1, len(faces) // 16))
        ]
    features = torch.cat(parts).numpy()
    window, total = window_of(source.fps or 0.0), len(faces)
    score = window_scores(features, window)
    at = np.linspace(0, total - 1, 6).round().astype(int)
    pictures = [(f"frame {i}", faces[i]) for i in at]
    y = strip(sheet, 8, "A recording, its frames found, steadied, in grey", pictures, 110, 110)
    sheet.text(
        20, y + 14, "The feature matrix: a column a frame, the 60 features that vary most", font_weight=600
    )
    left, right = 20.0, 740.0
    wide = features[:, np.argsort(features.std(0))[::-1][:60]]
    wide = (wide - wide.min(0)) / np.maximum(np.ptp(wide, axis=0), 1e-9)
    matrix = cv2.resize(pixels(wide.T), (720, 120), interpolation=cv2.INTER_NEAREST)
    sheet.picture(left, y + 24, right - left, 120, matrix)
    y += 24 + 120 + 26

    def x(frame: float) -> float:
        return left + (frame + 0.5) / total * (right - left)

    sheet.text(
        20,
        y + 14,
        f"How far each is from those half a window ({window // 2} frames) before and after it",
        font_weight=600,
    )
    top, bottom = y + 30, y + 130
    heights = np.interp(score, [0, float(np.nanmax(score))], [bottom, top])
    true, found = source.apex or 0, apex_of(score)
    sheet.parts.append(
        f'<line x1="{x(true):.1f}" x2="{x(true):.1f}" y1="{top}" y2="{bottom}" stroke="{GREEN}" '
        'stroke-width="1.5" stroke-dasharray="4 3"/>'
        f'<line x1="{left}" x2="{right}" y1="{bottom}" y2="{bottom}" stroke="#444"/><polyline points="'
        + " ".join(f"{x(i):.1f},{h:.1f}" for i, h in enumerate(heights) if np.isfinite(h))
        + f'" fill="none" stroke="{BLUE}" stroke-width="2"/>'
        f'<circle cx="{x(found):.1f}" cy="{heights[found]:.1f}" r="4.5" fill="{BLUE}"/>'
    )
    ends = (max(0, found - window // 2), min(total - 1, found + window // 2))
    sheet.parts.append(
        f'<path d="M{x(ends[0]):.1f} {bottom + 6}v6H{x(ends[1]):.1f}v-6" fill="none" stroke="{PALE}"/>'
    )
    sheet.text(
        x(found), bottom + 28, f"the window at frame {found}, where it is highest", BLUE, text_anchor="middle"
    )
    sheet.text(x(found), bottom + 46, f"true apex: frame {true}", GREEN, text_anchor="middle")
    sheet.text(20, bottom + 72, "First weights: this network has learned nothing yet.", PALE)
    return sheet


def input_atnet() -> Sheet:
    sheet = Sheet(760)
    motion = filmed().given("atnet", 1)  # (64, 2, 8, 8)
    strip(sheet, 8, "The apex frame", [("224 × 224", grey_apex("atnet"))], 224, 224)
    steps = len(motion)
    angle = motion[:, 0].reshape(steps, -1).T
    size = motion[:, 1].reshape(steps, -1).T
    most = float(np.quantile(size, 0.995))
    x, width, height = 290.0, 450.0, 150.0
    moves = size > 0
    directions = flow_colours(np.stack([np.cos(angle) * moves, np.sin(angle) * moves], -1), 1.0)
    y = 8.0
    for title, picture in (
        ("Mean direction of the flow: 64 blocks down, 64 steps across", directions),
        (
            f"Mean magnitude: black 0, white {most:.2f} pixels a step or more",
            pixels(size, 0, most),
        ),
    ):
        sheet.text(x, y + 14, title, font_weight=600)
        sheet.picture(x, y + 24, width, height, picture)
        y += 24 + height + 14
    sheet.text(
        x + width / 2, y + 8, "steps in which nothing moves stand in front", PALE, text_anchor="middle"
    )
    sheet.text(20, 300, "Hue: direction, as in DTSCNN's figure.", PALE)
    sheet.text(20, 318, "Blocks: row by row, downwards.", PALE)
    return sheet


def input_akmnet() -> Sheet:
    sheet = Sheet(760)
    at, frames = plain()
    magnified = filmed().given("akmnet")
    large = [pixels(magnified[i, 0]) for i in at]
    y = strip(sheet, 8, "The clip as it is", list(zip(map(named, at), frames, strict=True)), 110, 110)
    words = [""] * len(at)
    y = strip(
        sheet,
        y,
        "What the network sees: motion magnified 16 times (α = 15)",
        list(zip(words, large, strict=True)),
        110,
        110,
    )
    sheet.text(20, y - 6, f"128 × 128, grey, all {len(magnified)} frames from onset to offset", PALE)
    return sheet


def maps(name: str, titles: Sequence[str], how: str = "each map less its median, over its spread") -> Sheet:
    """Signed maps in two colours."""
    sheet = Sheet(760)
    given = filmed().given(name)[0]
    pictures = []
    for title, one in zip(titles, given, strict=True):
        most = float(np.abs(one).max())
        share = np.clip(one / most, -1, 1)[..., None]
        ends = np.where(share > 0, [180, 72, 47], [31, 111, 139])
        picture = (255 + np.abs(share) * (ends - 255)).round().astype(np.uint8)
        pictures.append((f"{title}, to ±{most:.1f}", picture))
    side = {2: 196, 3: 168}[len(pictures)]
    apex = [("the apex", grey_apex("macro2micro"))]
    strip(sheet, 8, "", apex, side, side)
    inner = Sheet(760)
    strip(inner, 8, "", pictures, side, side)
    title = f"Onset to apex, 28 × 28, {how} (red: positive, blue: negative)"
    sheet.text(20, 22, title, font_weight=600)
    sheet.parts.append(f'<g transform="translate({side + 14},0)">' + "\n".join(inner.parts) + "</g>")
    return sheet


def input_offapexnet() -> Sheet:
    return maps("offapexnet", ("to the right", "down"))


def input_ststnet() -> Sheet:
    return maps("ststnet", ("to the right", "down", "strain"))


def input_motionmap() -> Sheet:
    how = "each map less its mean, over its deviation"
    return maps("motionmap", ("to the right", "down", "strain"), how)


DRAWN: dict[str, tuple[Callable[[], Sheet], Callable[[], Sheet]]] = {
    "dtscnn": (draw_dtscnn, input_dtscnn),
    "macro2micro": (draw_macro2micro, input_macro2micro),
    "micro_attention": (draw_micro_attention, input_macro2micro),
    "smeconvnet": (draw_smeconvnet, input_smeconvnet),
    "atnet": (draw_atnet, input_atnet),
    "akmnet": (draw_akmnet, input_akmnet),
    "offapexnet": (draw_offapexnet, input_offapexnet),
    "ststnet": (draw_ststnet, input_ststnet),
    "motionmap": (draw_motionmap, input_motionmap),
}


def main() -> None:
    """Draw what is asked for, or all."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(DRAWN)}; none: all")
    options.add_argument("--no-inputs", action="store_true", help="only the architectures")
    given = options.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    for name in given.names or DRAWN:
        architecture, inputs = DRAWN[name]
        architecture().write(OUT / f"{name}.svg")
        if not given.no_inputs:
            inputs().write(OUT / f"{name}-input.svg")
        print(name, flush=True)


if __name__ == "__main__":
    main()
