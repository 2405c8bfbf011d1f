import hashlib
from pathlib import Path

import h5py
import pytest

from celebtool.errors import CelebtoolError
from celebtool.training import weights_source


def test_weights_are_told_apart_by_their_content(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "w.h5", "w", libver=("earliest", "v108")):
        pass
    digest = hashlib.sha256((tmp_path / "w.h5").read_bytes()).hexdigest()
    assert weights_source.digest(str(tmp_path / "w.h5")) == digest
    assert weights_source.digest("imagenet") == "imagenet"
    (tmp_path / "w.keras").write_bytes(b"PK")
    with pytest.raises(CelebtoolError) as caught:
        weights_source.digest(str(tmp_path / "w.keras"))
    assert str(caught.value) == (
        f"{tmp_path}/w.keras: is in Keras' own format; expected a .h5, which "
        "keras.models.load_model('w.keras').save_weights('w.weights.h5') writes in Python"
    )
    with pytest.raises(CelebtoolError, match="imagent: no such file; expected imagenet, none or a .h5 with weights"):
        weights_source.digest("imagent")


def test_what_is_no_file_of_weights_is_told_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "saved").mkdir()
    (tmp_path / "saved" / "saved_model.pb").write_bytes(b"")
    (tmp_path / "checkpoint-7.index").write_bytes(b"")
    (tmp_path / "w.pt").write_bytes(b"PK\x03\x04" + b"x" * 200)
    for name, problem in {
        "saved": "is a SavedModel of TensorFlow, a directory; load it in Python and call save_weights('w.weights.h5')",
        "checkpoint-7": "is a checkpoint of TensorFlow, several files; load it in Python and call save_weights",
        ".": "is no regular file; expected imagenet, none or a .h5 with weights",
        "w.pt": "is a ZIP archive, as Keras' .keras and PyTorch's .pt are; expected a model .h5",
    }.items():
        with pytest.raises(CelebtoolError) as caught:
            weights_source.digest(str(tmp_path / name))
        assert problem in str(caught.value)
