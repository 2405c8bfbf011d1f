"""Start the app: ``celebtool``, or ``python -m celebtool``."""

import os
import signal
import sys
import warnings


def main() -> None:
    """Run the command line; Ctrl-C while the app is still being loaded ends the process without a word."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    warnings.simplefilter("ignore")  # those of libraries are not for users; PYTHONWARNINGS=error would end TensorFlow
    from celebtool import cli  # noqa: PLC0415 - the app takes longer to load than it takes to press Ctrl-C

    cli.main()


if __name__ == "__main__":
    # `python -m` looks for modules in the current directory first, which may be an untrusted folder.
    here = os.getcwd()  # noqa: PTH109
    if os.path.dirname(os.path.dirname(os.path.abspath(__file__))) != here:  # noqa: PTH100, PTH120
        sys.path[:] = [entry for entry in sys.path if entry not in ("", here)]
    main()
