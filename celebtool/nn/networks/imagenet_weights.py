"""ImageNet's weights: the official files of keras.applications, from Keras' cache or downloaded and checked."""

import contextlib
import hashlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import keras

from celebtool.errors import CelebtoolError

_WITHOUT = "use --weights none, or get the file elsewhere and give it with --weights FILE.h5"


@dataclass(frozen=True)
class Download:
    """An official file of keras.applications: where it is, and what tells that it is the right one.

    Keras publishes no digest of MobileNetV2's, so that one is told by its size and by its arrays' shapes.
    """

    path: str
    digest: str | None
    size: int | None = None

    @property
    def url(self) -> str:
        """Where Keras has it."""
        return f"https://storage.googleapis.com/tensorflow/keras-applications/{self.path}"

    @property
    def name(self) -> str:
        """What it is called in Keras' cache."""
        return self.path.rpartition("/")[2]


# Paths and MD5 digests as keras.applications 3.15 has them.
DOWNLOADS = {
    "inceptionv3": Download(
        "inception_v3/inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5", "bcbd6486424b2319ff4ef7d526e38f63"
    ),
    "mobilenetv2": Download(
        "mobilenet_v2/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5", None, 9406464
    ),
    "vgg16": Download("vgg16/vgg16_weights_tf_dim_ordering_tf_kernels.h5", "64373286793e3c8b2b4e3219cbf3544b"),
    "densenet121": Download(
        "densenet/densenet121_weights_tf_dim_ordering_tf_kernels_notop.h5", "30ee3e1110167f948a6b9946edeeb738"
    ),
    "resnet50": Download(
        "resnet/resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5", "4d473c1dd8becc155b73f8504c6f6626"
    ),
}


def file(name: str) -> Path:
    """Return the file of the architecture `name`.

    Raises:
        CelebtoolError: nothing to download, no network, or not the file expected.
    """
    if name not in DOWNLOADS:
        raise CelebtoolError("--weights imagenet", f"{name} has no ImageNet weights; leave the option out")
    return _downloaded(name, DOWNLOADS[name])


def _downloaded(name: str, download: Download) -> Path:
    """Return the file in Keras' cache; a download gets its name there only when it is whole and checked."""
    cache = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / "models"
    path = cache / download.name
    if _is_right(path, download):
        return path
    if os.environ.get("CELEBTOOL_OFFLINE") == "1":
        raise CelebtoolError(f"{name}'s ImageNet weights", f"not in {cache} and CELEBTOOL_OFFLINE is set; {_WITHOUT}")
    partial = f".{download.name}.{os.getpid()}"
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with contextlib.redirect_stdout(sys.stderr):  # where Keras says how far it is
            kept = keras.utils.get_file(partial, download.url, cache_dir=str(cache.parent), cache_subdir="models")
    except Exception as error:  # get_file raises bare Exception for every failed download
        problem = f"can't be downloaded from {download.url}; {_WITHOUT}"
        raise CelebtoolError(f"{name}'s ImageNet weights", problem) from error
    fetched = Path(kept)
    if not _is_right(fetched, download):
        fetched.unlink()
        raise CelebtoolError(download.url, f"gave another file than expected; {_WITHOUT}")
    fetched.replace(path)
    return path


def _is_right(path: Path, download: Download) -> bool:
    if not path.is_file() or download.size not in (None, path.stat().st_size):
        return False
    if download.digest is None:
        return True
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "md5").hexdigest() == download.digest
