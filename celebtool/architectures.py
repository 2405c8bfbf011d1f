"""The table of architectures: the name, input and training recipe of each network.

The networks themselves are in `celebtool.nn.networks`, loaded when `celebtool.nn.networks.build` builds one.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from celebtool.errors import CelebtoolError
from celebtool.suggestions import did_you_mean

DEFAULT = "face-sface"
"""The architecture that `train` uses by default."""
EMBEDDER = DEFAULT
"""The network that computes the embeddings of `crop-faces`, by which `split` and `report` compare faces too."""
MAX_IMAGE_SIZE = 1024
HEAD = "head_"
"""Prefix of the names of the layers after the backbone."""
LAST_LAYER = f"{HEAD}probabilities"
"""The layer of every network whose outputs are the classes."""


@dataclass(frozen=True)
class Architecture:
    """A network and the recipe it is trained with.

    Args:
        name: what `--arch` takes.
        builder: where the function from image to features is, as ``module:function``.
        image_size: (height, width) of the input by default.
        face_side: how many pixels of the input are a side of dlib's mean face (see `celebtool.imaging.alignment`), for
            networks that want it in one size; 0: the input is the whole crop, whatever there is around the face.
        wide_builder: like `builder`, for inputs that are larger than the network's own because there is more around the face.
        minimum_size: the shortest side that the network can take.
        pretrained: where the backbone's weights come from: ``faces`` (a package), ``imagenet`` (a download), ``none``.
        features: how the head begins: ``pool`` (average), ``flatten``, ``normalise`` (length 1) or ``as they are``.
        backbone_parameters: how many parameters come before the head, at whatever image size.
        width: how many features the head gets; 0 if that depends on the image size.
        flattened: (stride, channels) of the feature map that is flattened, which ties weights to an image size.
        dense: units of the hidden layers of the head.
        dropout: share of the features dropped, after each hidden layer or, without one, before the last layer.
        drop_features: whether they are dropped before the first hidden layer too.
        l2: penalty on the kernels of the head.
        epochs, batch_size, learning_rate, optimizer, patience, reduce_lr: how `train` trains it.
        unfreeze: how many of the backbone's last layers `finetune` trains.
        finetune_epochs, finetune_learning_rate, finetune_optimizer: how.
        description: one line for `--arch list`.
    """

    name: str
    builder: str
    image_size: tuple[int, int]
    minimum_size: int
    pretrained: Literal["faces", "imagenet", "none"]
    features: Literal["pool", "flatten", "normalise", "as they are"]
    description: str
    backbone_parameters: int
    face_side: float = 0.0
    wide_builder: str = ""
    width: int = 0
    flattened: tuple[int, int] | None = None
    dense: tuple[int, ...] = ()
    dropout: float = 0.0
    drop_features: bool = False
    l2: float = 0.0
    epochs: int = 50
    batch_size: int = 32
    learning_rate: float = 1e-3
    optimizer: str = "adam"
    patience: int = 10
    reduce_lr: int = 0
    unfreeze: int | Literal["all"] = "all"
    finetune_epochs: int = 50
    finetune_learning_rate: float = 1e-5
    finetune_optimizer: str = "adam"

    def input_size(self, margin: float | None) -> tuple[int, int]:
        """Return the (height, width) that an aligned crop is resized to; `margin` as of `crop-faces`, None: not known."""
        if not self.face_side or margin is None:
            return self.image_size
        side = round(self.face_side * (1 + 2 * margin))
        return side, side

    def builder_for(self, image_size: tuple[int, int], margin: float | None) -> str:
        """Return which of its two builders builds a network for crops of a margin that are resized to `image_size`."""
        is_wide = image_size != self.image_size and image_size == self.input_size(margin)
        return self.wide_builder if self.wide_builder and is_wide else self.builder

    def parameters(self, image_size: tuple[int, int], dense: tuple[int, ...], class_count: int) -> int:
        """Return how many parameters a network has, without building it."""
        backbone, features = self.backbone_parameters, self.width
        if self.flattened:
            stride, channels = self.flattened
            flat = (image_size[0] // stride) * (image_size[1] // stride) * channels
            backbone += flat * self.width  # the kernel of a hidden layer of the backbone's own
            features = self.width or flat
        return backbone + sum((before + 1) * units for before, units in pairwise((features, *dense, class_count)))

    def summary(self) -> tuple[str, str, str, str, str]:
        """Return its row for `--arch list`: name, image size, weights, head, description."""
        head = [f"dense {units}" for units in self.dense] + ([f"dropout {self.dropout:g}"] if self.dropout else [])
        size = "x".join(map(str, self.image_size))
        return self.name, size, self.pretrained, ", ".join([*head, "softmax"]), self.description


_TABLE = (
    Architecture(
        name="face-sface",
        builder="celebtool.nn.networks.face_sface:features",
        image_size=(124, 124),
        minimum_size=69,
        face_side=68.7,
        pretrained="faces",
        features="normalise",
        backbone_parameters=9_629_632,
        width=128,
        l2=3e-6,
        optimizer="mean",
        unfreeze=15,
        finetune_epochs=20,
        finetune_learning_rate=1e-4,
        description="OpenCV Zoo's SFace, a MobileNet trained on faces; softmax on its embedding",
    ),
    Architecture(
        name="face-resnet29",
        builder="celebtool.nn.networks.face_resnet29:features",
        wide_builder="celebtool.nn.networks.face_resnet29:features_of_middle",
        image_size=(150, 150),
        face_side=100.0,
        minimum_size=103,
        pretrained="faces",
        features="normalise",
        backbone_parameters=5_607_488,
        width=128,
        l2=3e-6,
        optimizer="lbfgs",
        unfreeze=15,
        finetune_epochs=20,
        finetune_learning_rate=1e-4,
        description="dlib's face-recognition ResNet, trained on three million faces; needs the extra dlib",
    ),
    Architecture(
        name="cnn",
        builder="celebtool.nn.networks.cnn:features",
        image_size=(100, 100),
        minimum_size=8,
        pretrained="none",
        features="flatten",
        backbone_parameters=288_800,
        flattened=(8, 128),
        dense=(1024,),
        dropout=0.5,
        drop_features=True,
        epochs=30,
        description="six convolutions with batch normalisation, trained from random weights",
    ),
    Architecture(
        name="inceptionv3",
        builder="celebtool.nn.networks.imagenet:inceptionv3",
        image_size=(299, 299),
        minimum_size=75,
        pretrained="imagenet",
        features="pool",
        backbone_parameters=21_802_784,
        width=2048,
        dense=(1024,),
        unfreeze=63,
        finetune_learning_rate=1e-4,
        finetune_optimizer="sgd",
        description="InceptionV3 of keras.applications; head first, then its last 63 layers",
    ),
    Architecture(
        name="mobilenetv2",
        builder="celebtool.nn.networks.imagenet:mobilenetv2",
        image_size=(224, 224),
        minimum_size=32,
        pretrained="imagenet",
        features="pool",
        backbone_parameters=2_257_984,
        width=1280,
        dropout=0.2,
        unfreeze=54,
        description="MobileNetV2 of keras.applications, the smallest of the ImageNet networks",
    ),
    Architecture(
        name="vgg16",
        builder="celebtool.nn.networks.imagenet:vgg16",
        image_size=(224, 224),
        minimum_size=32,
        pretrained="imagenet",
        features="as they are",
        backbone_parameters=31_500_108,
        width=4096,
        flattened=(32, 512),
        batch_size=8,
        patience=5,
        unfreeze=7,
        description="VGG16 of keras.applications; only its last layer is replaced",
    ),
    Architecture(
        name="densenet121",
        builder="celebtool.nn.networks.imagenet:densenet121",
        image_size=(224, 224),
        minimum_size=32,
        pretrained="imagenet",
        features="pool",
        backbone_parameters=7_037_504,
        width=1024,
        dense=(256,),
        dropout=0.5,
        reduce_lr=3,
        unfreeze=30,
        description="DenseNet121 of keras.applications",
    ),
    Architecture(
        name="resnet50",
        builder="celebtool.nn.networks.imagenet:resnet50",
        image_size=(224, 224),
        minimum_size=32,
        pretrained="imagenet",
        features="pool",
        backbone_parameters=23_587_724,
        width=2048,
        dense=(256,),
        dropout=0.5,
        reduce_lr=3,
        unfreeze=33,
        description="ResNet50 of keras.applications",
    ),
)
ARCHITECTURES = {architecture.name: architecture for architecture in _TABLE}


def member_prefix(number: int) -> str:
    """Return the prefix of the layer names of an ensemble's member; members are counted from 1."""
    return f"member_{number}_"


def get(name: str) -> Architecture:
    """Return the row of the table, or say which names there are."""
    if name not in ARCHITECTURES:
        near = did_you_mean(name, ARCHITECTURES) or f"; choose one of {', '.join(ARCHITECTURES)}"
        raise CelebtoolError(name, f"no such architecture{near}")
    return ARCHITECTURES[name]
