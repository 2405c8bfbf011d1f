"""The settings of `crop-faces` that decide what a crop looks like, as the JSON of a folder or a model holds them."""

from collections.abc import Mapping

from celebtool.formats.json_checks import Check, flag, number, one_of, some_of, whole

FIELDS: dict[str, Check] = {
    "size": whole(16, 2048),
    "margin": number(0, 4),
    "align": flag,
    "format": one_of("jpg", "png"),
}
"""The fields and their bounds, which are those of the command's options."""

check = some_of(FIELDS)
"""Check an object of these fields; a missing field has the default of `celebtool.cropping.plan.CropSettings`."""


def margin(crops: Mapping[str, object] | None) -> float | None:
    """Return the room around the faces as a share of their side; None if it is not known."""
    value = (crops or {}).get("margin")
    return float(value) if isinstance(value, int | float) else None
