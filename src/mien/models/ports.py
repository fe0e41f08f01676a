"""From prepared clips to what a network's ports take: the same function for training, export and tests.

Everything that prepares a clip for a network gives (n, C, H, W): n frames or fields of C channels. Networks
differ in what they make of that, and their ``shapes`` say in what:

======================  ==========================  ==========================================================
shape of a port         prepared clip               what is done
======================  ==========================  ==========================================================
(C, H, W)               (1, C, H, W)                the axis of frames goes
(any, C, H, W)          (T, C, H, W)                nothing
(C, T, H, W)            (T, C, H, W)                channels in front, as 3-D convolutions have them
(T, 2 · b²)             (T, 2, b, b)                one row a step: block by block, both numbers of each
======================  ==========================  ==========================================================
"""

from __future__ import annotations

import math

from torch import Tensor

from mien.errors import InputError
from mien.models.base import Network

__all__ = ["port_input", "prepared_shape"]

Prepared = tuple[int | None, int, int, int]


def prepared_shape(network: Network, port: str) -> Prepared:
    """The (n, C, H, W) that a clip prepared for a port has; n is ``None`` where any number of frames goes.

    Raises:
        InputError: the network has no such port.
    """
    shape = _shape(network, port)
    if len(shape) == 3:
        channels, height, width = map(_fixed, shape)
        return 1, channels, height, width
    if len(shape) == 2:
        steps, numbers = map(_fixed, shape)
        side = math.isqrt(numbers // 2)
        if 2 * side * side == numbers:
            return steps, 2, side, side
    elif len(shape) == 4:
        first, second, height, width = shape[0], *map(_fixed, shape[1:])
        return (None, second, height, width) if first is None else (second, first, height, width)
    raise ValueError(f"nobody knows how a clip becomes {shape}")


def port_input(network: Network, port: str, array: Tensor) -> Tensor:
    """Prepared clips as a port takes them.

    Args:
        network: whose port it is.
        port: its name.
        array: float (B, n, C, H, W), clips of one length.

    Returns:
        Float (B, *shape), a view where that is possible; can be exported.

    Raises:
        InputError: the network has no such port.
    """
    shape = _shape(network, port)
    if len(shape) == 3:
        return array.squeeze(1)
    if len(shape) == 2:
        return array.permute(0, 1, 3, 4, 2).flatten(2)
    return array if shape[0] is None else array.transpose(1, 2)


def _shape(network: Network, port: str) -> tuple[int | None, ...]:
    if port not in network.ports:
        raise InputError(f"{network.card.title} has no input {port!r}; it has {', '.join(network.ports)}.")
    return network.shapes[network.ports.index(port)]


def _fixed(n: int | None) -> int:
    if n is None:
        raise ValueError("only the first axis may have any length")
    return n
