"""The eight networks: their sizes, their layers as keras.applications counts them, and what freezing freezes."""

import keras
import numpy as np
import pytest

from celebtool.architectures import ARCHITECTURES
from celebtool.errors import CelebtoolError
from celebtool.nn.networks import build

# At 14 classes. The published sums of keras.applications without their tops, plus the head, plus 12 for the
# fixed convolution that swaps channels (vgg16, resnet50).
PARAMETERS = {
    "cnn": 19_178_542,
    "face-resnet29": 5_607_488 + 128 * 14 + 14,
    "face-sface": 9_629_632 + 128 * 14 + 14,
    "inceptionv3": 21_802_784 + 2048 * 1024 + 1024 + 1024 * 14 + 14,
    "mobilenetv2": 2_257_984 + 1280 * 14 + 14,
    "vgg16": 138_357_544 - 4_097_000 + 4096 * 14 + 14 + 12,
    "densenet121": 7_037_504 + 1024 * 256 + 256 + 256 * 14 + 14,
    "resnet50": 23_587_712 + 2048 * 256 + 256 + 256 * 14 + 14 + 12,
}
APPLICATIONS = {
    "inceptionv3": keras.applications.InceptionV3,
    "mobilenetv2": keras.applications.MobileNetV2,
    "densenet121": keras.applications.DenseNet121,
    "resnet50": keras.applications.ResNet50,
}


def trainable(model: keras.Model) -> int:
    return sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)


@pytest.mark.slow
@pytest.mark.parametrize("name", PARAMETERS)
def test_parameters(name: str) -> None:
    model = build.build(name, 14)
    assert model.count_params() == PARAMETERS[name]
    assert model.input_shape == (None, *ARCHITECTURES[name].image_size, 3)
    assert model.output_shape == (None, 14)


@pytest.mark.slow
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_parameters_are_known_without_building(name: str) -> None:
    """At an odd size, with hidden layers: nothing of a model's file is built before they are compared."""
    architecture = ARCHITECTURES[name]
    for size, dense in ((architecture.image_size, architecture.dense), ((121, 107), ()), ((107, 150), (5, 7))):
        built = build.build(name, 3, image_size=size, dense=dense)
        assert architecture.parameters(size, dense, 3) == built.count_params()
        keras.utils.clear_session()


def test_the_small_network_is_the_published_one() -> None:
    model = build.build("cnn", 14)
    assert model.count_params() == 19_178_542
    assert trainable(model) == 19_177_646


@pytest.mark.slow
@pytest.mark.parametrize("name", APPLICATIONS)
def test_layers_are_counted_as_keras_applications_counts_them(name: str) -> None:
    model = build.build(name, 3, image_size=(96, 96))
    keras.utils.clear_session()
    official = APPLICATIONS[name](include_top=False, weights=None, input_shape=(96, 96, 3))
    assert [layer.name for layer in build.backbone(model)] == [layer.name for layer in official.layers[1:]]


@pytest.mark.parametrize("name", ["mobilenetv2", "face-resnet29", "face-sface"])
def test_graphs_are_flat_and_standard(name: str) -> None:
    for layer in build.build(name, 3).layers:
        assert type(layer).__module__.startswith("keras.")
        assert not isinstance(layer, keras.Model | keras.layers.Lambda)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "preprocess"),
    [
        ("mobilenetv2", keras.applications.mobilenet_v2.preprocess_input),
        ("inceptionv3", keras.applications.inception_v3.preprocess_input),
        ("resnet50", keras.applications.resnet.preprocess_input),
        ("vgg16", keras.applications.vgg16.preprocess_input),
        ("densenet121", keras.applications.densenet.preprocess_input),
    ],
)
def test_preprocessing_is_keras_own(name: str, preprocess: object) -> None:
    model = build.build(name, 2, image_size=(75, 75))
    image = np.random.default_rng(0).integers(0, 256, (1, 75, 75, 3)).astype(np.float32)
    ours = keras.ops.convert_to_numpy(model.get_layer("preprocess")(image))
    np.testing.assert_allclose(ours, preprocess(image.copy()), atol=2e-5)


def test_the_same_seed_gives_the_same_network() -> None:
    first = build.build("cnn", 3, image_size=(16, 16), dense=(4,), seed=5)
    same = build.build("cnn", 3, image_size=(16, 16), dense=(4,), seed=5)
    other = build.build("cnn", 3, image_size=(16, 16), dense=(4,), seed=6)
    assert first.to_json() == same.to_json()
    assert all(np.array_equal(a, b) for a, b in zip(first.get_weights(), same.get_weights(), strict=True))
    assert not np.array_equal(first.get_weights()[0], other.get_weights()[0])


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("cnn", {}, ["flatten", "dropout_0", "dense_1", "dropout_1", "probabilities"]),
        ("cnn", {"dropout": 0.0, "dense": ()}, ["flatten", "probabilities"]),
        ("mobilenetv2", {}, ["pool", "dropout_0", "probabilities"]),
        (
            "mobilenetv2",
            {"dense": (8, 4), "dropout": 0.1},
            ["pool", "dense_1", "dropout_1", "dense_2", "dropout_2", "probabilities"],
        ),
        ("face-resnet29", {}, ["normalise", "probabilities"]),
    ],
)
def test_heads(name: str, arguments: dict[str, object], expected: list[str]) -> None:
    size = {"cnn": (16, 16), "mobilenetv2": (32, 32), "face-resnet29": (150, 150)}[name]
    model = build.build(name, 3, image_size=size, **arguments)  # type: ignore[arg-type]
    assert [layer.name for layer in build.head(model)] == [f"head_{name}" for name in expected]


def test_the_penalty_is_on_the_kernels_of_the_head() -> None:
    model = build.build("mobilenetv2", 3, image_size=(32, 32), dense=(4,), l2=0.01)
    penalised = [layer.name for layer in model.layers if getattr(layer, "kernel_regularizer", None) is not None]
    assert penalised == ["head_dense_1", "head_probabilities"]


@pytest.mark.slow
def test_freezing_leaves_the_head_and_unfreezing_takes_the_last_layers_but_batch_norm() -> None:
    model = build.build("mobilenetv2", 3, image_size=(32, 32))
    build.freeze(model)
    assert trainable(model) == 1280 * 3 + 3
    build.unfreeze(model, 4)  # block_16_project_BN, Conv_1, Conv_1_bn, out_relu
    assert [layer.name for layer in build.backbone(model) if layer.trainable] == ["Conv_1", "out_relu"]
    build.unfreeze(model, "all")
    frozen = {type(layer).__name__ for layer in build.backbone(model) if not layer.trainable}
    assert frozen == {"BatchNormalization"}


@pytest.mark.slow
def test_batch_norm_stays_in_inference_mode_inside_fit() -> None:
    model = build.build("mobilenetv2", 2, image_size=(32, 32), dropout=0.0)
    build.unfreeze(model, "all")
    statistics = [weight for weight in model.weights if "moving" in weight.path]
    before = [weight.numpy() for weight in statistics]
    model.compile("sgd", "sparse_categorical_crossentropy")
    images = np.random.default_rng(0).integers(0, 256, (8, 32, 32, 3)).astype(np.float32)
    model.fit(images, np.array([0, 1] * 4), verbose=0)
    assert all(np.array_equal(a, b.numpy()) for a, b in zip(before, statistics, strict=True))


def test_too_many_layers_to_unfreeze_is_an_error() -> None:
    model = build.build("cnn", 3, image_size=(16, 16), dense=(4,))
    with pytest.raises(CelebtoolError, match="--unfreeze 99: the backbone has 15 layers; give 0 to 15"):
        build.unfreeze(model, 99)


@pytest.mark.parametrize("name", ["face-sface", "face-resnet29", "cnn", "mobilenetv2"])
def test_the_smallest_size_builds_and_one_less_is_an_error(name: str) -> None:
    smallest = ARCHITECTURES[name].minimum_size
    build.build(name, 2, image_size=(smallest, smallest))
    with pytest.raises(CelebtoolError, match=f"{name} takes from {smallest} to 1024 pixels a side"):
        build.build(name, 2, image_size=(smallest, smallest - 1))


def test_sizes_that_are_no_square() -> None:
    assert build.build("mobilenetv2", 3, image_size=(96, 112)).input_shape == (None, 96, 112, 3)
    assert build.build("face-resnet29", 3, image_size=(150, 121)).input_shape == (None, 150, 121, 3)


def test_an_unknown_name_lists_the_known() -> None:
    with pytest.raises(CelebtoolError, match="choose one of face-sface, face-resnet29, cnn"):
        build.build("alexnet", 3)
