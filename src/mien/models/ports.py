"""From what :func:`mien.inputs.prepare` gives to what a port takes; the same for training and export."""

from __future__ import annotations

from torch import Tensor

from mien.errors import InputError
from mien.models.base import Network

__all__ = ["port_input"]


def port_input(network: Network, port: str, array: Tensor) -> Tensor:
    """One port's tensor.

    * a port (C, H, W) takes the one frame or field: (B, 1, C, H, W) -> (B, C, H, W);
    * a port (C, T, H, W) has the time behind the channels: (B, T, C, H, W) -> (B, C, T, H, W);
    * a port (None, C, H, W) takes frames as they come: (B, n, C, H, W);
    * a port (T, D) takes blocks row by row, the channels of a block side by side:
      (B, T, C, h, w) -> (B, T, h·w·C), which is ATNet's order (direction, magnitude).

    Args:
        network: whose port it is.
        port: its name.
        array: float (B, n, C, H, W).

    Raises:
        InputError: the array does not fit the port.
    """
    shape = network.shapes[network.ports.index(port)]
    if array.ndim != 5:
        raise InputError(f"{port}: prepared clips are (B, n, C, H, W), not {tuple(array.shape)}")
    if len(shape) == 3:
        out = array[:, 0]
    elif len(shape) == 4 and shape[0] is not None:
        out = array.permute(0, 2, 1, 3, 4)
    elif len(shape) == 4:
        out = array
    else:
        out = array.permute(0, 1, 3, 4, 2).flatten(2)
    fits = len(out.shape) == len(shape) + 1 and all(
        want in (None, have) for want, have in zip(shape, out.shape[1:], strict=True)
    )
    if not fits or (len(shape) == 3 and array.shape[1] != 1):
        wanted = " × ".join("any" if n is None else str(n) for n in shape)
        raise InputError(f"{network.card.title}: port {port} takes {wanted}, not {tuple(array.shape[1:])}")
    return out
