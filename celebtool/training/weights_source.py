"""Where the weights of a backbone come from, and what tells them apart."""

from pathlib import Path

from celebtool.errors import CelebtoolError
from celebtool.formats import manifest


def digest(source: str) -> str:
    """Return what tells a backbone's weights apart in a recipe: the word, or the SHA-256 of the file.

    Raises:
        CelebtoolError: there is no such file, or it is a .keras file.
    """
    file = file_of(source)
    if file is None:
        return source
    if not file.is_file():
        raise CelebtoolError(source, "no such file; expected imagenet, none or a .h5 with weights")
    if file.suffix == ".keras":
        saved = file.with_suffix(".weights.h5").name
        typed = f"keras.models.load_model({file.name!r}).save_weights({saved!r})"
        raise CelebtoolError(source, f"is in Keras' own format; expected a .h5, which {typed} writes in Python")
    return manifest.sha256(file)


def file_of(source: str) -> Path | None:
    """Return the file that a backbone's weights come from, None if a word says what they are."""
    return None if source in ("faces", "imagenet", "none") else Path(source)
