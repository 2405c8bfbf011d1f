"""Build the network of an ensemble: all members' inputs, and the average of their probabilities."""

import keras
from keras import layers

from celebtool.architectures import HEAD, LAST_LAYER, member_prefix
from celebtool.formats import crops
from celebtool.formats.model_info import ModelInfo
from celebtool.nn.networks import build as networks


def assemble(info: ModelInfo) -> keras.Model:
    """Build the flat graph of an ensemble with random weights; members of one image size share their input."""
    inputs = {name: keras.Input((*size, 3), name=name) for name, size in info.inputs.items()}
    by_size = {size: inputs[name] for name, size in info.inputs.items()}
    outputs = []
    for number, (member, share) in enumerate(zip(info.members, info.shares, strict=True), start=1):
        model = build(member, by_size[member.image_size])
        for layer in model.layers[1:]:  # all but the input, which may be another member's too
            layer.name = f"{member_prefix(number)}{layer.name}"
        outputs.append(layers.Rescaling(share, name=f"{HEAD}share_{number}")(model.output))
    average = layers.Add(name=LAST_LAYER)(outputs)
    return keras.Model(list(inputs.values()), average, name="ensemble")


def build(info: ModelInfo, image: keras.KerasTensor | None = None) -> keras.Model:
    """Build the network of a single model's description, upon a given input if there is one."""
    return networks.build(
        info.architecture,
        len(info.class_names),
        image_size=info.image_size,
        margin=crops.margin(info.crops),
        dense=info.dense,
        dropout=info.dropout,
        l2=info.l2,
        seed=info.seed,
        image=image,
    )
