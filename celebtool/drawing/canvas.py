"""Load matplotlib, here and nowhere else.

matplotlib reads its settings from a file in the current directory, which may be untrusted, or in the user's home. It is
loaded from a directory without such a file and starts from its own defaults, so that equal values give equal pictures.
"""

import contextlib
from pathlib import Path

with contextlib.chdir(Path(__file__).parent):
    import matplotlib as mpl
    from matplotlib import font_manager
    from matplotlib.axes import Axes
    from matplotlib.collections import PolyCollection
    from matplotlib.figure import Figure
    from matplotlib.ft2font import FT2Font
    from matplotlib.ticker import MaxNLocator

mpl.rcdefaults()

__all__ = ["Axes", "FT2Font", "Figure", "MaxNLocator", "PolyCollection", "font_manager", "mpl"]
