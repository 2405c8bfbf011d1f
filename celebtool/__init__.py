"""celebtool: Unix-style commands that turn folders of photos into a face classifier one can trust.

The Python interface (docs/python.md) is loaded when it is used: ``import celebtool`` alone takes no time.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from celebtool.api.figures import Figures, evaluate
    from celebtool.api.model import Model, load
    from celebtool.api.results import Crops, Face, Parts, Photo, Predictions
    from celebtool.api.verbs import crop_faces, cross_validate, find_faces, split, train
    from celebtool.errors import CelebtoolError, CelebtoolWarning, SystemFaultError
    from celebtool.formats.prediction_row import Prediction

__version__ = "0.2.0"

_HOMES = {
    "CelebtoolError": "errors",
    "CelebtoolWarning": "errors",
    "Crops": "api.results",
    "Face": "api.results",
    "Figures": "api.figures",
    "Model": "api.model",
    "Parts": "api.results",
    "Photo": "api.results",
    "Prediction": "formats.prediction_row",
    "Predictions": "api.results",
    "SystemFaultError": "errors",
    "crop_faces": "api.verbs",
    "cross_validate": "api.verbs",
    "evaluate": "api.figures",
    "find_faces": "api.verbs",
    "load": "api.model",
    "split": "api.verbs",
    "train": "api.verbs",
}

__all__ = [
    "CelebtoolError",
    "CelebtoolWarning",
    "Crops",
    "Face",
    "Figures",
    "Model",
    "Parts",
    "Photo",
    "Prediction",
    "Predictions",
    "SystemFaultError",
    "crop_faces",
    "cross_validate",
    "evaluate",
    "find_faces",
    "load",
    "split",
    "train",
]


if not TYPE_CHECKING:  # or else a misspelt name would have a type

    def __getattr__(name: str) -> object:
        """Load what is asked for."""
        if name not in _HOMES:
            raise AttributeError(f"module 'celebtool' has no attribute {name!r}")
        value: object = getattr(importlib.import_module(f"celebtool.{_HOMES[name]}"), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    """List what can be asked for, too."""
    return sorted({*globals(), *__all__})
