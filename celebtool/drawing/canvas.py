"""Load matplotlib, in one place.

matplotlib takes settings from files in the current directory, which may be untrusted, and in the user's home, and from
environment variables; Jupyter, for one, sets a backend that exists only in a notebook. Here it starts from its own
defaults, so that the same values give the same pictures.
"""

import contextlib
import logging
import os
from pathlib import Path

from celebtool.system import environment

logging.getLogger("matplotlib").setLevel(logging.ERROR)  # else it says where it keeps its cache if there is no home
_OWN = {"MPLBACKEND": "agg", "MATPLOTLIBRC": os.devnull}

# only while matplotlib reads it: a notebook that this process starts has a backend of its own
with environment.changed(_OWN), contextlib.chdir(Path(__file__).parent):
    import matplotlib as mpl

    try:
        mpl.get_cachedir()
    except OSError:  # no directory can be written, not even a temporary one: fonts are looked up anew
        mpl.get_cachedir = mpl.get_configdir = lambda: os.devnull
    from matplotlib import font_manager
    from matplotlib.axes import Axes
    from matplotlib.collections import PolyCollection
    from matplotlib.figure import Figure
    from matplotlib.ft2font import FT2Font
    from matplotlib.ticker import MaxNLocator

mpl.rcdefaults()

__all__ = ["Axes", "FT2Font", "Figure", "MaxNLocator", "PolyCollection", "font_manager", "mpl"]
