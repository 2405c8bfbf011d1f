"""Tell a photo that kills the workers that crop it from a lack of memory: do without it what takes as much."""

import numpy as np
from PIL import Image

from celebtool.inference.detection import crops, detector
from celebtool.inference.detection.detector import FaceDetector

MEMORY = 1 << 29  # bytes, as a photo of fifty million pixels takes while it is decoded


def rehearse(_: object) -> None:
    """Take the memory that a photo may take. Workers run this."""
    np.ones(MEMORY, np.uint8)
    noise = np.random.default_rng(0).integers(0, 256, (crops.LONGEST, crops.LONGEST, 3), np.uint8)
    FaceDetector().detect(Image.fromarray(noise), detector.SMALLEST)
