"""What a file is that was expected to be something else."""

import io
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from celebtool.errors import CelebtoolError
from celebtool.formats import file_kinds, images, model_file


def encoded(kind: str) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (8, 8)).save(stream, kind)
    return stream.getvalue()


def zipped() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("config.json", "{}" * 99)
    return stream.getvalue()


FILES = {
    "tiff": (encoded("TIFF"), "is a TIFF, or a camera's raw photo; save it as JPEG or PNG"),
    "jpeg 2000": (encoded("JPEG2000"), "is a JPEG 2000; save it as JPEG or PNG"),
    "pdf": (encoded("PDF"), "is a PDF"),
    "lfs": (b"version https://git-lfs.github.com/spec/v1\noid", "is a pointer of Git LFS; git lfs pull gets the file"),
    "web page": (b"\n<!DOCTYPE html><title>404", "is a web page, as a failed download leaves; download it again"),
    "zeros": (bytes(200), "begins with zeros only, as an unfinished download does; get it again"),
    "film": (b"\0\0\0\x14ftypqt  \0\0\2\0qt  " + b"x" * 99, "is a film"),
    "keras": (zipped(), "is a ZIP archive, as Keras' .keras and PyTorch's .pt are"),
    "tflite": (b"\x20\0\0\0TFL3" + b"x" * 99, "is a TensorFlow Lite model"),
    "safetensors": (b'\x40\0\0\0\0\0\0\0{"__metadata__"' + b"x" * 99, "is a file of safetensors"),
}


@pytest.mark.parametrize("kind", FILES)
def test_a_file_of_another_kind_is_named(tmp_path: Path, kind: str) -> None:
    content, said = FILES[kind]
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(CelebtoolError, match=f"PPM; it {said}"):
        images.read(tmp_path / "x")
    with pytest.raises(CelebtoolError, match=rf"x: {said}.*; expected a model \.h5"):
        model_file.read_info(tmp_path / "x")


def test_what_is_not_known_is_not_named() -> None:
    assert file_kinds.named(b"no model\n") == ""
    assert file_kinds.named(b"") == "is an empty file"
    assert file_kinds.named(b"\xff\xd8\xff\xe0") == ""
