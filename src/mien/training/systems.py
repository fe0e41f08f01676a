"""The networks as contenders of ``mien bench`` and recipes of ``mien train``: inputs and training of each.

Every system has two presets. ``paper``: sizes, filters and settings as published; what is not published is
ours and said so here. ``small``: the same idea with smaller inputs and fewer filters, trained with Adam for
minutes on two cores; its settings are ours, the same for all sets of data, and were not chosen on any test.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal, cast

from mien.contenders.options import Choice, Number, Whole, option, parse_options
from mien.contenders.recipe import ALIGN, Recipe, crop_of
from mien.errors import InputError, MienError
from mien.inputs import InputSpec, file_digest, key_of
from mien.inputs.loading import Align
from mien.inputs.pipeline import Packed, Prepare, Step
from mien.models import CARDS, PRESETS
from mien.motion import FLOW_METHODS
from mien.training.settings import Augment, Training
from mien.weights import SHIPPED, first_weights, name_of

if TYPE_CHECKING:
    from mien.training.estimators import NetworkClassifier, Port, TwoScales

__all__ = ["SYSTEMS", "System", "WeightsFile", "make_system", "need_torch", "people_of"]

SMALL: Final = Training(epochs=30, batch=16, optimizer="adam", lr=1e-3, schedule="cosine")
_FLOW_SIDE: Final = 128
"""Side of the crop that flow is measured on, pixels."""


@dataclass(frozen=True, slots=True)
class WeightsFile:
    """A file that is there, or the name of weights that come with mien."""

    allowed: ClassVar[str] = (
        "a .safetensors file, or one that comes with mien: "
        f"{', '.join(name for name, one in SHIPPED.items() if one.begin)}"
    )

    def parse(self, text: str) -> str:
        """The path."""
        if text in SHIPPED:
            return str(first_weights(text))
        if text and not Path(text).is_file():
            raise ValueError(text)
        return text

    def spell(self, value: Any) -> str:
        """The path, or the name."""
        return name_of(value)


@dataclass(frozen=True, kw_only=True)
class System(Recipe):
    """A network with its inputs and its training; a frozen dataclass whose fields are its options."""

    preset: str = field(
        default="small",
        metadata=option(Choice(PRESETS), "sizes and settings: for two cores, or as published"),
    )
    epochs: int = field(default=0, metadata=option(Whole(0), "of training; 0: the preset's"))
    lr: float | str = field(default="auto", metadata=option(Number(auto=True), "auto: the preset's"))
    patience: int = field(
        default=0,
        metadata=option(
            Whole(0), "stop after so many epochs without gain on inner validation people; 0: never"
        ),
    )
    align: Align = field(default="first", metadata=ALIGN)
    init: str = field(default="", metadata=option(WeightsFile(), "first weights, a .safetensors file"))
    device: str = field(default="cpu", metadata=option(Choice(("cpu", "cuda")), "where it is trained"))

    @abstractmethod
    def specs(self) -> tuple[tuple[str, InputSpec], ...]:
        """Port of the network -> what it gets."""

    @abstractmethod
    def settings(self) -> Training:
        """The preset's training."""

    def network_options(self) -> Mapping[str, Any]:
        """For the network's preset."""
        return {}

    @property
    def training(self) -> Training:
        """The training, with the options that were given."""
        how = replace(self.settings(), patience=self.patience)
        if self.epochs:
            how = replace(how, epochs=self.epochs)
        return how if self.lr == "auto" else replace(how, lr=float(self.lr))

    def digest(self) -> str:
        """Of the options, the inputs, the training and the first weights."""
        weights = file_digest(self.init) if self.init else ""
        names = [name for name, _ in self.specs()]
        options = {k: repr(v) for k, v in self.network_options().items()}
        steps = [step.digest() for step in self.steps()]
        own = (self.preset, self.seed_free(), names, options, weights)
        return key_of("system", self.base, own, self.training.digest(), steps)

    @property
    def seen(self) -> tuple[str, ...]:
        """Whom the first weights were trained on, as far as their file says so; nobody of them is tested."""
        return people_of(self.init)

    def seed_free(self) -> tuple[str, ...]:
        """Options that neither inputs, training nor network options speak of."""
        return ()

    def steps(self) -> tuple[Step, ...]:
        """The one step."""
        return (self.picture_step(),)

    def prepares(self) -> tuple[Prepare, ...]:
        """One a port."""
        return tuple(Prepare(spec, self.align) for _, spec in self.specs())

    def picture_step(self) -> Step:
        """What the network gets, from pictures."""
        parts = self.prepares()
        return parts[0] if len(parts) == 1 else Packed(parts)

    def ports(self) -> tuple[Port, ...]:
        """What X holds for each port."""
        from mien.training.estimators import Port

        return tuple(
            Port(
                name,
                (
                    1 if spec.part == "apex" else spec.frames,
                    spec.channels,
                    *spec.size,
                ),
                spec.content in ("frames", "flow_colour"),
            )
            for name, spec in self.specs()
        )

    def make(self, labels: tuple[str, ...], seed: int) -> Any:
        """A new estimator, unfitted."""
        need_torch()
        from mien.training.estimators import NetworkClassifier

        return NetworkClassifier(
            self.base,
            self.ports(),
            self.training,
            self.preset,
            tuple(self.network_options().items()),
            self.init,
            seed,
            self.device,
        )

    def _sides(self, paper: int, small: int) -> tuple[int, int]:
        side = paper if self.preset == "paper" else small
        return side, side

    def _apex(self, paper: int = 224, small: int = 96) -> InputSpec:
        return InputSpec(self._sides(paper, small), crop=crop_of(self.align), part="apex")


def people_of(weights: str) -> tuple[str, ...]:
    """Whom a file of weights was trained on; nobody without a file (``""``), or with one that is not mien's.

    Raises:
        InputError: it is mien's and does not say so.
    """
    if not weights:
        return ()
    need_torch()
    from mien.training.estimators import weights_words

    return tuple((weights_words(weights) or {}).get("subjects", ()))


def need_torch() -> None:
    """Raise :class:`MienError` unless torch and scikit-learn are installed."""
    from importlib.util import find_spec

    if find_spec("torch") is None or find_spec("sklearn") is None:
        raise MienError("networks learn with torch: pip install 'mien[train]'")


@dataclass(frozen=True, kw_only=True)
class DtscnnSystem(System):
    """Two 3-D streams over the clip's flow at two temporal scales.

    Paper: SGD with momentum .9, 10 clips a batch, learning rate 1e-4 divided by 10 every 10 epochs, dropout
    .5; epochs are not published (30 here). Its 500 clips a class are drawn again and again from the same
    clips, cut by two pixels at random; here as many as the commonest class has, in every epoch, cut clip by
    clip (the paper cuts frame by frame before the flow, which shakes it). Flow is DIS or TV-L1, not Liu's.
    """

    base: ClassVar[str] = "dtscnn"
    words: ClassVar[str] = "DTSCNN: two 3-D streams over flow at two temporal scales (Peng et al. 2017)"

    streams: str = field(
        default="both", metadata=option(Choice(("both", "short", "long")), "temporal scales")
    )
    head: str = field(
        default="svm", metadata=option(Choice(("svm", "softmax")), "what decides on each stream's features")
    )
    input: str = field(
        default="flow",
        metadata=option(Choice(("flow", "pixels")), "coloured flow, or the pictures themselves"),
    )
    flow: str = field(default="dis", metadata=option(Choice(tuple(FLOW_METHODS)), "optical flow"))

    def scales(self) -> tuple[int, ...]:
        """Fields of the streams that take part."""
        short, long = (64, 128) if self.preset == "paper" else (32, 64)
        return {"both": (short, long), "short": (short,), "long": (long,)}[self.streams]

    def specs(self) -> tuple[tuple[str, InputSpec], ...]:
        """One a scale."""
        size = (112, 96) if self.preset == "paper" else (48, 48)
        crop = crop_of(self.align)
        if self.input == "pixels":
            return tuple(
                ("clip", InputSpec(size, crop=crop, part="event", frames=n, colour="rgb"))
                for n in self.scales()
            )
        return tuple(
            (
                "clip",
                InputSpec(
                    size,
                    crop=crop,
                    content="flow_colour",
                    part="event",
                    frames=n,
                    flow=self.flow,
                    reference="previous",
                    flow_size=(_FLOW_SIDE, _FLOW_SIDE),
                ),
            )
            for n in self.scales()
        )

    def settings(self) -> Training:
        """As above."""
        cut = Augment(p=8 / 9, strip=2)
        if self.preset == "small":
            return replace(SMALL, augment=cut)
        return Training(epochs=30, batch=10, lr=1e-4, schedule="step", augment=cut)

    def seed_free(self) -> tuple[str, ...]:
        """The head."""
        return (self.head,)

    def make(self, labels: tuple[str, ...], seed: int) -> NetworkClassifier | TwoScales:
        """Both streams, or one."""
        need_torch()
        from mien.training.estimators import NetworkClassifier, OneScale, TwoScales

        made = [
            NetworkClassifier(
                "dtscnn",
                (port,),
                self.training,
                self.preset,
                (("frames", n),),
                self.init,
                seed,
                self.device,
            )
            for port, n in zip(self.ports(), self.scales(), strict=True)
        ]
        if len(made) == 2:
            return TwoScales(made[0], made[1], self.head)
        return cast("TwoScales", OneScale(made[0])) if self.head == "svm" else made[0]


@dataclass(frozen=True, kw_only=True)
class ApexSystem(System):
    """A network on the apex frame: training as the micro-attention paper gives it for all it compares.

    Paper (leave one subject out): SGD with momentum .9, 10 clips a batch, learning rate 1e-3 divided by 10
    every 10 epochs, weight decay 5e-4; the total of epochs is not published (30 here). Augmentation of its
    hold-out: brightness by up to 20 grey levels, turns by up to 8 degrees, each with probability .5.
    """

    def specs(self) -> tuple[tuple[str, InputSpec], ...]:
        """The apex frame, grey."""
        return (("apex", self._apex()),)

    def settings(self) -> Training:
        """As above."""
        change = Augment(brightness=20, rotate=8)
        if self.preset == "small":
            return replace(SMALL, augment=change)
        return Training(epochs=30, batch=10, lr=1e-3, weight_decay=5e-4, schedule="step", augment=change)


@dataclass(frozen=True, kw_only=True)
class Macro2MicroSystem(ApexSystem):
    """A ResNet10 on the apex frame; ``init`` gives it what it learned from macro-expressions."""

    base: ClassVar[str] = "macro2micro"
    words: ClassVar[str] = "ResNet10 on the apex frame, from macro-expressions (Peng et al. 2018)"


@dataclass(frozen=True, kw_only=True)
class MicroAttentionSystem(ApexSystem):
    """The same with an attention unit in every block."""

    base: ClassVar[str] = "micro_attention"
    words: ClassVar[str] = "ResNet10 with micro-attention on the apex frame (Wang et al. 2020)"


@dataclass(frozen=True, kw_only=True)
class AtnetSystem(System):
    """The apex frame beside direction and magnitude of the flow around it.

    Paper: SGD with momentum .9, learning rate .01 divided by 10 every 10 epochs, 50 epochs, weight decay
    5e-6; turns by up to 5 degrees and shifts by up to 10 of 224 pixels with probability .5 (the released code
    has them switched off). 16 clips a batch as in the released code.
    """

    base: ClassVar[str] = "atnet"
    words: ClassVar[str] = "ATNet: apex frame and flow around it (Peng et al. 2019)"

    stream: str = field(
        default="fusion",
        metadata=option(Choice(("fusion", "spatial", "temporal")), "both streams, or one"),
    )
    flow: str = field(default="dis", metadata=option(Choice(tuple(FLOW_METHODS)), "optical flow"))

    def network_options(self) -> Mapping[str, Any]:
        """The stream."""
        return {"stream": self.stream}

    def specs(self) -> tuple[tuple[str, InputSpec], ...]:
        """The apex frame, and 64 (small: 16) steps of 8×8 blocks around it."""
        paper = self.preset == "paper"
        motion = InputSpec(
            (8, 8),
            crop=crop_of(self.align),
            content="flow_blocks",
            part="around_apex",
            frames=64 if paper else 16,
            fps=None if paper else 50.0,
            flow=self.flow,
            reference="previous",
            flow_size=(224, 224) if paper else (_FLOW_SIDE, _FLOW_SIDE),
            normalisation="none",
        )
        both = (("apex", self._apex()), ("motion", motion))
        return {"fusion": both, "spatial": both[:1], "temporal": both[1:]}[self.stream]

    def settings(self) -> Training:
        """As above."""
        change = Augment(rotate=5, shift=10 / 224)
        if self.preset == "small":
            return replace(SMALL, augment=change)
        return Training(epochs=50, batch=16, lr=0.01, weight_decay=5e-6, schedule="step", augment=change)


@dataclass(frozen=True, kw_only=True)
class AkmnetSystem(System):
    """Magnified frames of any number, of which the network keeps those that agree with the whole.

    Paper: SGD with momentum .9, learning rate 1e-3 falling along a cosine to 1e-8, weight decay 5e-4, 8 clips
    a step, 40 epochs; a random part of 128 pixels from 144. The last epoch's weights are kept (the released
    code takes the epoch that does best on the test subject). Small: resampled to 50 frames a second.
    """

    base: ClassVar[str] = "akmnet"
    words: ClassVar[str] = "AKMNet: key frames that the network finds (Peng et al. 2020)"

    select: str = field(
        default="mine", metadata=option(Choice(("mine", "all", "random")), "frames that are read")
    )
    mining: str = field(
        default="123", metadata=option(Choice(("123", "12", "13", "23")), "steps of the mining that are used")
    )
    frames: int = field(
        default=0, metadata=option(Whole(0), "bring clips to so many frames by TIM; 0: as many as they have")
    )
    magnify: str = field(default="phase", metadata=option(Choice(("phase", "no")), "magnification of motion"))

    def network_options(self) -> Mapping[str, Any]:
        """The variant."""
        return {"select": self.select, "steps": self.mining}

    def digest(self) -> str:
        """As of all, and of how frames are chosen, which has changed: frames nearly alike count as alike."""
        return key_of(super().digest(), 2)

    def specs(self) -> tuple[tuple[str, InputSpec], ...]:
        """The event's frames, grey, magnified."""
        small = self.preset == "small"
        spec = InputSpec(
            self._sides(128, 64),
            crop=crop_of(self.align),
            part="event",
            fps=50.0 if small else None,
            magnify="phase" if self.magnify == "phase" else "",
        )
        if self.frames:
            spec = replace(spec, frames=self.frames, fps=None, interpolation="tim")
        return (("clip", spec),)

    def settings(self) -> Training:
        """As above."""
        change = Augment(crop=128 / 144)
        if self.preset == "small":
            return replace(SMALL, epochs=20, batch=8, augment=change)
        return Training(
            epochs=40, batch=8, lr=1e-3, weight_decay=5e-4, schedule="cosine", floor=1e-8, augment=change
        )


@dataclass(frozen=True, kw_only=True)
class _FlowSystem(System):
    """A shallow network on the flow from onset to apex, 28×28."""

    content: ClassVar[Literal["flow", "flow_strain"]]
    flow: str = field(
        default="dis", metadata=option(Choice(tuple(FLOW_METHODS)), "optical flow, where there are frames")
    )

    def specs(self) -> tuple[tuple[str, InputSpec], ...]:
        """Each map less its median, over its spread: so that flow pictures of others fit too."""
        return (
            (
                "flow",
                InputSpec(
                    (28, 28),
                    crop=crop_of(self.align),
                    content=self.content,
                    part="apex",
                    flow=self.flow,
                    reference="onset",
                    flow_size=(_FLOW_SIDE, _FLOW_SIDE),
                    normalisation="median",
                ),
            ),
        )

    def flow_picture_step(self) -> Step:
        """The picture, brought to size and normalised in the same way."""
        return self.picture_step()


@dataclass(frozen=True, kw_only=True)
class OffApexNetSystem(_FlowSystem):
    """Two streams, one a direction of the flow.

    Paper: Adam, learning rate 1e-4; epochs and batch are not known to us (100 and 32 here).
    """

    base: ClassVar[str] = "offapexnet"
    words: ClassVar[str] = "Off-ApexNet: both directions of the flow to the apex (Gan et al. 2019)"
    content = "flow"

    def settings(self) -> Training:
        """As above."""
        if self.preset == "small":
            return SMALL
        return Training(epochs=100, batch=32, optimizer="adam", lr=1e-4)


@dataclass(frozen=True, kw_only=True)
class StstnetSystem(_FlowSystem):
    """Three very shallow streams over flow and strain.

    Paper: learning rate 5e-5, 800 epochs (of the authors' PyTorch release; from memory), 256 clips a batch,
    Adam.
    """

    base: ClassVar[str] = "ststnet"
    words: ClassVar[str] = (
        "STSTNet: three shallow streams over flow and strain to the apex (Liong et al. 2019)"
    )
    content = "flow_strain"

    def settings(self) -> Training:
        """As above; small: 120 epochs, for it has next to no weights."""
        if self.preset == "small":
            return replace(SMALL, epochs=120, lr=3e-3)
        return Training(epochs=800, batch=256, optimizer="adam", lr=5e-5)


@dataclass(frozen=True, kw_only=True)
class MotionMapSystem(_FlowSystem):
    """mien's own network over flow and strain; ``init`` gives it what it learned from others' maps.

    Both presets: Adam, learning rate 1e-3, 30 epochs, 16 clips a batch.
    """

    base: ClassVar[str] = "motionmap"
    words: ClassVar[str] = "MotionMap: a levelled map of flow and strain, read at once and by convolutions"
    content = "flow_strain"

    def specs(self) -> tuple[tuple[str, InputSpec], ...]:
        """As of the other two, but each map less its mean, over its deviation.

        A picture of whole numbers in which one spot moves far has no spread about its median.
        """
        return tuple((port, replace(spec, normalisation="standard")) for port, spec in super().specs())

    def settings(self) -> Training:
        """As above."""
        return SMALL


SYSTEMS: Final[Mapping[str, type[System]]] = MappingProxyType(
    {
        cls.base: cls
        for cls in (
            DtscnnSystem,
            Macro2MicroSystem,
            MicroAttentionSystem,
            AtnetSystem,
            AkmnetSystem,
            OffApexNetSystem,
            StstnetSystem,
            MotionMapSystem,
        )
    }
)
"""Name -> recogniser."""


def make_system(text: str) -> System:
    """A recogniser from what a user writes: ``NAME`` or ``NAME:key=value,key=value``.

    Raises:
        InputError: no network of that name, or an option that does not exist or is not allowed.
    """
    name, colon, given = text.partition(":")
    name = name.strip().replace("-", "_")
    if name not in SYSTEMS:
        known = ", ".join(SYSTEMS)
        spotter = " (it spots: --protocol spotting)" if name in CARDS else ""
        raise InputError(f"there is no recogniser {name!r}{spotter}; choose one of {known}")
    cls = SYSTEMS[name]
    return cls(**parse_options(cls, name, given)) if colon else cls()
