"""How faces were cropped, as the JSON of a folder or a model says it."""

from celebtool.formats.json_checks import Check, flag, number, one_of, some_of, whole

FIELDS: dict[str, Check] = {
    "size": whole(16, 2048),
    "margin": number(0, 4),
    "align": flag,
    "format": one_of("jpg", "png"),
}
"""What of the settings of `crop-faces` decides what a crop looks like; the bounds are those of its options."""

check = some_of(FIELDS)
"""Accept an object of these fields; what is missing is the default of `celebtool.cropping.plan.CropSettings`."""
