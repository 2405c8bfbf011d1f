"""Everything that needs TensorFlow; nothing else imports it.

Importing this package starts TensorFlow, in silence: its C++ side prints lines on stderr that no setting stops.
"""

import contextlib
import os
import socket
import sys
from collections.abc import Iterator

from celebtool.system import environment, streams

_CHANGES_NUMBERS = ("KERAS_", "TF_", "XLA_", "NVIDIA_TF32_OVERRIDE")


def _start() -> None:
    """Import TensorFlow and Keras in silence, deterministic, sparing with GPU memory, and with their own defaults."""
    if os.environ.get("CELEBTOOL_OFFLINE") == "1":
        socket.has_ipv6 = False  # urllib3, which Keras imports, would open a socket to find out
    sys.stderr.flush()
    with streams.without_stderr(), _own_settings():
        import keras  # noqa: PLC0415 - imported here, because it reads its settings when it is first imported
        import tensorflow as tf  # noqa: PLC0415

        tf.get_logger().setLevel("ERROR")
        keras.config.set_image_data_format("channels_last")  # if Keras was imported before, as by a sitecustomize
        keras.config.set_floatx("float32")
        keras.config.set_dtype_policy("float32")
        keras.config.set_epsilon(1e-7)

        for gpu in tf.config.list_physical_devices("GPU"):
            tf.config.experimental.set_memory_growth(gpu, True)
        tf.config.experimental.enable_op_determinism()


@contextlib.contextmanager
def _own_settings() -> Iterator[None]:
    """Keep the settings of other programs away: a float type, an order of axes or a compiler flag changes every number.

    They come from ``~/.keras/keras.json`` and from environment variables. The latter are dropped for good, because
    TensorFlow reads some of them later. Where Keras keeps downloaded weights is no such setting and stays.
    """
    with environment.changed({"KERAS_HOME": os.devnull}):
        for name in [name for name in os.environ if name.startswith(_CHANGES_NUMBERS) and name != "KERAS_HOME"]:
            del os.environ[name]
        os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": "tensorflow"}
        yield


_start()
