"""The map of a folder's faces: who is near to whom, which images are on it, and when there is none."""

import numpy as np
import pytest
import threadpoolctl

from celebtool.folders import embedding_map
from celebtool.folders.suspects import Portrait, Suspect, Why
from tests.support import people


def portraits(count, classes=4):
    """`count` images of each class, of people that lie far apart."""
    return [
        Portrait(f"{n}/{i}.jpg", str(n), people.face(n).astype(np.float32))
        for n in range(classes)
        for i in range(count)
    ]


def suspect(image):
    return Suspect(image.path, "", image.label, "x", 0.5, Why.OTHER_PERSON, "")


def nearest_labels(laid_out):
    """The label of every mark, and that of the mark next to it."""
    places = np.array([(mark.x, mark.y) for mark in laid_out.marks])
    apart = np.linalg.norm(places[:, None] - places[None], axis=2) + np.eye(len(places)) * 9
    labels = [mark.portrait.label for mark in laid_out.marks]
    return [(own, labels[other]) for own, other in zip(labels, apart.argmin(axis=1), strict=True)]


@pytest.mark.parametrize(("count", "method"), [(3, "PCA"), (15, "PCA, then t-SNE")])
def test_faces_of_one_person_lie_together(count, method):
    laid_out = embedding_map.lay_out(portraits(count), [])
    assert (laid_out.method, laid_out.images, laid_out.unknown, laid_out.problem) == (method, 4 * count, 0, "")
    assert all(own == other for own, other in nearest_labels(laid_out))
    assert min(min(mark.x, mark.y) for mark in laid_out.marks) == pytest.approx(0)
    assert max(max(mark.x, mark.y) for mark in laid_out.marks) == pytest.approx(1)


def test_neither_threads_nor_a_second_run_change_it():
    images = portraits(15)
    with threadpoolctl.threadpool_limits(2):
        first = embedding_map.lay_out(images, [])
    with threadpoolctl.threadpool_limits(1):
        assert embedding_map.lay_out(images, []) == first


def test_suspects_come_last_so_that_they_lie_above_the_others():
    images = portraits(3)
    laid_out = embedding_map.lay_out(images, [suspect(images[5]), suspect(images[1])])
    assert [mark.portrait for mark in laid_out.marks[-2:]] == [images[1], images[5]]
    assert [mark.suspect is not None for mark in laid_out.marks] == [False] * 10 + [True] * 2


def test_of_many_images_the_suspects_and_a_share_of_every_class_are_shown(monkeypatch):
    monkeypatch.setattr(embedding_map, "MOST", 18)
    images = portraits(24, classes=3) + portraits(12, classes=4)[36:]
    suspects = [suspect(images[number]) for number in (7, 50, 30)]
    laid_out = embedding_map.lay_out(images, suspects)
    assert (len(laid_out.marks), laid_out.images) == (18, 84)
    assert {mark.portrait.path for mark in laid_out.marks if mark.suspect} == {each.path for each in suspects}
    others = [mark.portrait.label for mark in laid_out.marks if not mark.suspect]
    assert [others.count(label) for label in "0123"] in ([4, 4, 4, 3], [5, 4, 4, 2], [4, 5, 4, 2], [4, 4, 5, 2])
    shuffled = embedding_map.lay_out(images[::-1], suspects)
    assert {mark.portrait.path for mark in shuffled.marks} == {mark.portrait.path for mark in laid_out.marks}


def test_of_too_many_suspects_the_surest_are_shown(monkeypatch):
    monkeypatch.setattr(embedding_map, "MOST", 4)
    images = portraits(3)
    suspects = [suspect(image) for image in (*images[6:], *images[:6])]
    laid_out = embedding_map.lay_out(images, suspects)
    assert [mark.portrait for mark in laid_out.marks] == images[6:10]


def test_equal_embeddings_lie_at_one_place():
    images = [*portraits(1), Portrait("copy.jpg", "0", None)]
    images[-1] = Portrait("copy.jpg", "1", images[0].embedding)
    places = {mark.portrait.path: (mark.x, mark.y) for mark in embedding_map.lay_out(images, []).marks}
    assert places["copy.jpg"] == places["0/0.jpg"]
    assert len(set(places.values())) == 4


@pytest.mark.parametrize(
    ("images", "unknown", "problem"),
    [
        ([], 0, "no embedding of a face is known; crop-faces writes them, and --suspects computes them"),
        (
            [Portrait("1", "a", None)],
            1,
            "no embedding of a face is known; crop-faces writes them, and --suspects computes them",
        ),
        (portraits(1, classes=1) * 40, 0, "it takes 3 different faces, and there is 1"),
        (portraits(1, classes=2), 0, "it takes 3 different faces, and there are 2"),
    ],
)
def test_there_may_be_no_map(images, unknown, problem):
    laid_out = embedding_map.lay_out(images, [])
    assert (laid_out.marks, laid_out.unknown, laid_out.problem) == ((), unknown, problem)
