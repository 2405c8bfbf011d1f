"""How large the images of a folder are, from their headers alone: thousands a second."""

from collections.abc import Callable
from dataclasses import dataclass

from celebtool.formats import images
from celebtool.formats.image_folder import ImageFolder
from celebtool.formats.images import ImageError


@dataclass(frozen=True)
class ImageSizes:
    """The (height, width) of every image that can be opened, in the folder's order, and the errors of the others."""

    sizes: tuple[tuple[int, int], ...]
    broken: tuple[ImageError, ...]


def read(folder: ImageFolder, progress: Callable[[int, int], None]) -> ImageSizes:
    """Read the header of every image of a folder; a file that is no image is listed, not raised."""
    sizes: list[tuple[int, int]] = []
    broken: list[ImageError] = []
    for done, sample in enumerate(folder.samples, start=1):
        try:
            photo = images.open_photo(folder.file(sample))
        except ImageError as error:
            broken.append(error)
        else:
            sizes.append((photo.height, photo.width))
        progress(done, len(folder.samples))
    return ImageSizes(tuple(sizes), tuple(broken))
