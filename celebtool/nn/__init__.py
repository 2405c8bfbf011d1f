"""All that needs TensorFlow; nothing else imports it.

Importing this package starts TensorFlow, in silence: its C++ side prints lines on stderr that no setting stops.
"""

import os
import socket
import sys

from celebtool.system import streams


def _start() -> None:
    """Import TensorFlow with its start-up lines discarded, deterministic, and sparing with GPU memory."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if os.environ.get("CELEBTOOL_OFFLINE") == "1":
        socket.has_ipv6 = False  # urllib3, which Keras imports, would open a socket to find out
    os.environ["KERAS_BACKEND"] = "tensorflow"  # whatever ~/.keras/keras.json says
    sys.stderr.flush()
    with streams.without_stderr():
        import tensorflow as tf  # noqa: PLC0415

        tf.get_logger().setLevel("ERROR")

        for gpu in tf.config.list_physical_devices("GPU"):
            tf.config.experimental.set_memory_growth(gpu, True)
        tf.config.experimental.enable_op_determinism()


_start()
