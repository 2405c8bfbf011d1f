"""Where the weights of a backbone come from, and what tells them apart."""

from pathlib import Path

from celebtool.errors import CelebtoolError
from celebtool.formats import manifest
from celebtool.formats.hdf5 import reader


def digest(source: str) -> str:
    """Return what tells a backbone's weights apart in a recipe: the word, or the SHA-256 of the file.

    Raises:
        CelebtoolError: there is no such file, or it is one of another kind than .h5 and .onnx.
    """
    file = file_of(source)
    if file is None:
        return source
    if not file.is_file():
        raise CelebtoolError(source, f"{_missing(file)}; expected imagenet, none or a .h5 with weights")
    if file.suffix.lower() == ".keras":
        saved = file.with_suffix(".weights.h5").name
        typed = f"keras.models.load_model({file.name!r}).save_weights({saved!r})"
        raise CelebtoolError(source, f"is in Keras' own format; expected a .h5, which {typed} writes in Python")
    if file.suffix.lower() != ".onnx":
        with reader.open_file(file):  # raises what is wrong with it, before TensorFlow takes its seconds to load
            pass
    return manifest.sha256(file)


def _missing(file: Path) -> str:
    """Say what is there instead of a file: a directory, or TensorFlow's checkpoint, which is several files."""
    saved = "load it in Python and call save_weights('w.weights.h5')"
    if (file / "saved_model.pb").exists():
        return f"is a SavedModel of TensorFlow, a directory; {saved}"
    if file.with_name(f"{file.name}.index").exists():
        return f"is a checkpoint of TensorFlow, several files; {saved}"
    return "is no regular file" if file.exists() else "no such file"


def file_of(source: str) -> Path | None:
    """Return the file that a backbone's weights come from, None if a word says what they are."""
    return None if source in ("faces", "imagenet", "none") else Path(source)
