"""The settings of `crop-faces` that decide what a crop looks like, as the JSON of a folder or a model holds them."""

from collections.abc import Iterator, Mapping

from celebtool.errors import command_line
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


def difference(own: Mapping[str, object] | None, wanted: Mapping[str, object] | None) -> str | None:
    """Say in what crops differ from a model's, and how to crop as for the model; None: in nothing that is known.

    Args:
        own: how the crops at hand were made.
        wanted: how those were made that a model was trained on.
    """
    told = [
        f"{word} {_word(own[name])} instead of the model's {_word(wanted[name])}"
        for name, word in (("margin", "margin"), ("size", "size"), ("align", "alignment"))
        if own and wanted and None not in (own.get(name), wanted.get(name)) and own[name] != wanted[name]
    ]
    if not told or not wanted:
        return None
    again = command_line("crop-faces", "PHOTOS", "FACES", *_options(wanted))
    return f"the crops have {', '.join(told)}, so answers can be worse; crop the photos again with `{again}`"


def _word(value: object) -> str:
    return ("no", "yes")[value] if isinstance(value, bool) else str(value)


def _options(wanted: Mapping[str, object]) -> Iterator[object]:
    for name in ("margin", "size"):
        if name in wanted:
            yield from (f"--{name}", wanted[name])
    if wanted.get("align") is False:
        yield "--no-align"
