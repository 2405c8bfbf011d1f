"""The settings of `crop-faces` that decide what a crop looks like, as the JSON of a folder or a model holds them."""

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
