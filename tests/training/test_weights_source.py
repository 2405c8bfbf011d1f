from pathlib import Path

import pytest

from celebtool.errors import CelebtoolError
from celebtool.training import weights_source


def test_weights_are_told_apart_by_their_content(tmp_path: Path) -> None:
    (tmp_path / "w.h5").write_bytes(b"abc")
    assert weights_source.digest(str(tmp_path / "w.h5")).startswith("ba7816bf")
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
