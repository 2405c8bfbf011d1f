"""Name what a file is that was expected to be something else, by its first bytes, and say what to do about it."""

import re

LENGTH = 32
"""Bytes of a file's beginning that tell."""

_KINDS = {
    rb"version https://git-lfs": "is a pointer of Git LFS; git lfs pull gets the file itself",
    rb"\s*<(!doctype html|html|head)": "is a web page, as a failed download leaves; download it again",
    rb"\0+$": "begins with zeros only, as an unfinished download does; get it again",
    rb"(II\*\0|MM\0\*)": "is a TIFF, or a camera's raw photo; save it as JPEG or PNG",
    rb".{4}jP|\xff\x4f\xff\x51": "is a JPEG 2000; save it as JPEG or PNG",
    rb".{4}ftyp(qt|isom|iso\d|mp4|avc1|m4v|3g|msnv)": "is a film",
    rb"%PDF": "is a PDF",
    rb"\0\x05\x16[\0\x07]": "is what macOS notes of another file",
    rb"\x1f\x8b": "is compressed by gzip; unpack it first",
    rb"PK\x03\x04": "is a ZIP archive, as Keras' .keras and PyTorch's .pt are",
    rb".{4}TFL3": "is a TensorFlow Lite model",
    rb"\x08[\x01-\x14](\x12|:|\x42)": "is an ONNX model",
    rb"\x80[\x02-\x05]": "is a pickle of Python's",
    rb".{7}\0\{\"": "is a file of safetensors",
}


def named(head: bytes) -> str:
    """Return what a file is that begins like this, as ``is a film``; "" if that is not known."""
    if not head:
        return "is an empty file"
    found = (said for begins, said in _KINDS.items() if re.match(begins, head[:LENGTH], re.DOTALL | re.IGNORECASE))
    return next(found, "")
