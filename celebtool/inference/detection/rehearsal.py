"""Tell a photo that kills its workers from a lack of memory: do without it what takes as much."""

import numpy as np
from PIL import Image

from celebtool.inference.detection import crops, detector
from celebtool.inference.detection.detector import FaceDetector

MEMORY = 1 << 29  # bytes, as a photo of fifty million pixels takes while it is decoded


def take_memory(_: object) -> None:
    """Take the memory that a photo may take while it is decoded. Workers run this."""
    np.ones(MEMORY, np.uint8)


def rehearse(shard: object) -> None:
    """Take the memory that a photo may take while it is decoded and faces are found. Workers run this."""
    take_memory(shard)
    noise = np.random.default_rng(0).integers(0, 256, (crops.LONGEST, crops.LONGEST, 3), np.uint8)
    FaceDetector().detect(Image.fromarray(noise), detector.SMALLEST)
