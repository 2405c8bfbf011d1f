"""The one place where matplotlib is loaded.

matplotlib takes its settings from a file in the current directory, which may be a stranger's, or in the user's home:
here it is loaded where there is none, and starts from its own defaults, so that the same values give the same pictures.
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
