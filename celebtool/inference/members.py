"""Take a model apart: each member's network up to the features that its last layer reads, and that layer's arrays.

The networks run on LiteRT; the last layer is a product of matrices. So models that differ in it alone, such as all that
`train` makes of face-sface, share one converted network.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from celebtool.architectures import LAST_LAYER, get, member_prefix
from celebtool.errors import CelebtoolError, printable
from celebtool.formats import crops
from celebtool.formats.model_info import Array, Arrays, ModelInfo, of_last_layer
from celebtool.inference.conversion import Graph

BUILDER = "celebtool.nn.networks.answering:of_model"


@dataclass(frozen=True)
class Member:
    """A single network of a model.

    Args:
        info: its description.
        arrays: its weights without the last layer's.
        kernel, bias: the last layer's, (d, classes) and (classes,).
        share: what its probabilities count.
    """

    info: ModelInfo
    arrays: Arrays
    kernel: npt.NDArray[np.float32]
    bias: npt.NDArray[np.float32]
    share: float = 1.0

    @property
    def all_arrays(self) -> Arrays:
        """The weights with the last layer's."""
        return {**self.arrays, **of_last_layer(self.kernel, self.bias)}

    @cached_property
    def digest(self) -> str:
        """SHA-256 over names, shapes and bytes of the arrays."""
        total = hashlib.sha256()
        for array, values in self.arrays.items():
            total.update(f"{array.layer}\n{array.name}\n{array.shape}\n".encode("utf-8", "surrogatepass"))
            total.update(np.ascontiguousarray(values).data)
        return total.hexdigest()

    @property
    def arguments(self) -> Mapping[str, object]:
        """What the network depends on beside its arrays."""
        info = self.info
        network = get(info.architecture).builder_for(info.image_size, crops.margin(info.crops))
        return {"network": network, "image_size": list(info.image_size), "dense": list(info.dense)}

    def graph(self, path: Path) -> Graph:
        """Return what converts the network, from RGB (n, height, width, 3) uint8 to features (n, d), of a model's file."""
        return Graph(self.info.architecture, BUILDER, self.digest, self.arguments, str(path.absolute()))


def of(info: ModelInfo, arrays: Arrays, path: Path) -> tuple[Member, ...]:
    """Return the members of an ensemble, or the model itself as the only one; errors name `path`.

    Raises:
        CelebtoolError: an array is nobody's, or the last layer's are not there.
    """
    if not info.members:
        return (_member(info, arrays, 1.0, path),)
    found = []
    for number, (member, share) in enumerate(zip(info.members, info.shares, strict=True), start=1):
        prefix = member_prefix(number)
        own = {_without(prefix, array): values for array, values in arrays.items() if array.layer.startswith(prefix)}
        found.append(_member(member, own, share, path))
    if sum(len(member.arrays) + 2 for member in found) != len(arrays):
        raise wrong_arrays(
            path, info.architecture, {array for array in arrays if not array.layer.startswith("member_")}
        )
    return tuple(found)


def wrong_arrays(path: Path, architecture: str, arrays: set[Array]) -> CelebtoolError:
    """Return the error that some arrays are missing or more than a network has."""
    names = ", ".join(sorted(printable(f"{array.layer} {array.name}") for array in arrays)[:3])
    return CelebtoolError(path, f"has not the arrays of a {architecture} ({names}); expected a model .h5")


def _member(info: ModelInfo, arrays: Arrays, share: float, path: Path) -> Member:
    kernel, bias = (Array(LAST_LAYER, f"{LAST_LAYER}/{name}", ()) for name in ("kernel", "bias"))
    last = {replace(array, shape=()): values for array, values in arrays.items() if array.layer == LAST_LAYER}
    classes = len(info.class_names)
    if set(last) != {kernel, bias} or last[kernel].shape[1:] != (classes,) or last[bias].shape != (classes,):
        raise wrong_arrays(path, info.architecture, {array for array in arrays if array.layer == LAST_LAYER})
    others = {array: values for array, values in arrays.items() if array.layer != LAST_LAYER}
    return Member(info, others, last[kernel], last[bias], share)


def _without(prefix: str, array: Array) -> Array:
    return replace(array, layer=array.layer.removeprefix(prefix))
