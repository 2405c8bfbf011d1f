import numpy as np
import pytest

from celebtool.nn.training.batches import Batches


def batches(count: int = 7, **given: object) -> Batches:
    rng = np.random.default_rng(0)
    return Batches(
        **{
            "inputs": [rng.integers(0, 256, (count, 8, 8, 3)).astype("uint8")],
            "class_ids": np.arange(count) % 3,
            "class_count": 3,
            "sample_weights": np.ones(count, "float32"),
            "batch_size": 3,
            "seed": 5,
            **given,
        }
    )


def test_every_epoch_has_every_sample_once_in_another_order() -> None:
    data = batches()
    made = [data.shuffled(number) for number in range(2 * data.steps)]
    assert [len(labels) for _, labels, _ in made] == [3, 3, 1, 3, 3, 1]
    epochs = [np.concatenate([x for x, _, _ in made[start : start + 3]]) for start in (0, 3)]
    assert not np.array_equal(*epochs)
    for epoch in epochs:
        assert sorted(image.tobytes() for image in epoch) == sorted(image.tobytes() for image in data.inputs[0])


def test_labels_and_weights_go_with_their_images() -> None:
    data = batches(sample_weights=np.arange(7, dtype="float32"))
    images, labels, weights = data.shuffled(4)
    rows = [next(i for i, image in enumerate(data.inputs[0]) if np.array_equal(image, x)) for x in images]
    assert labels.argmax(axis=1).tolist() == [row % 3 for row in rows]
    assert weights.tolist() == rows


@pytest.mark.parametrize("redraw", [False, True])
def test_a_dataset_that_begins_later_goes_on_the_same(redraw: bool) -> None:
    data = batches(redraw=redraw)
    whole, late = list(data.training(0, 3)), list(data.training(2, 3))
    assert len(whole) == 9
    for (x, y, _), (x2, y2, _) in zip(whole[6:], late, strict=True):
        assert np.array_equal(x, x2)
        assert np.array_equal(y, y2)


def test_redrawn_images_differ_from_epoch_to_epoch() -> None:
    data = batches(count=1, redraw=True)
    assert not np.array_equal(data.shuffled(0)[0], data.shuffled(1)[0])


def test_evaluation_takes_the_samples_as_they_are_in_order() -> None:
    data = batches(redraw=True)
    assert np.array_equal(np.concatenate([x for x, _, _ in data.evaluation()]), data.inputs[0])


def test_originals_leave_the_variants_out() -> None:
    data = batches(count=8, variants=3, sample_weights=np.arange(8, dtype="float32"))
    plain = data.originals()
    assert np.array_equal(plain.inputs[0], data.inputs[0][[0, 4]])
    assert (plain.class_ids.tolist(), plain.sample_weights.tolist()) == ([0, 1], [0, 4])
    assert (plain.steps, plain.variants) == (1, 0)


def test_several_inputs() -> None:
    data = batches(inputs=[np.zeros((7, 2), "float32"), np.ones((7, 4, 3), "float32")])
    (first, second), labels, _ = next(iter(data.training(0, 1)))
    assert (first.shape, second.shape, labels.shape) == ((3, 2), (3, 4, 3), (3, 3))
