import pytest

from celebtool.formats import crops

OWN = {"margin": 0.25, "size": 224, "align": True, "format": "jpg"}
WANTED = {"margin": 0.4, "size": 224, "align": True, "format": "png"}


def test_crops_that_differ_are_said_with_the_command_that_makes_them_alike() -> None:
    assert crops.difference(OWN, WANTED) == (
        "the crops have margin 0.25 instead of the model's 0.4, so answers can be worse; "
        "crop the photos again with `celebtool crop-faces PHOTOS FACES --margin 0.4 --size 224`"
    )
    unaligned = crops.difference(OWN, {"margin": 0.25, "size": 100, "align": False})
    assert unaligned == (
        "the crops have size 224 instead of the model's 100, alignment yes instead of the model's no, so answers can be worse; "
        "crop the photos again with `celebtool crop-faces PHOTOS FACES --margin 0.25 --size 100 --no-align`"
    )


@pytest.mark.parametrize(
    ("own", "wanted"),
    [(OWN, OWN), (None, WANTED), (OWN, None), (OWN, {}), ({"size": 224}, WANTED), (WANTED, {"size": 224})],
)
def test_crops_that_do_not_differ_in_what_is_known_are_not_mentioned(own: dict | None, wanted: dict | None) -> None:
    assert crops.difference(own, wanted) is None
