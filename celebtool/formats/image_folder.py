"""Image folders: ``FOLDER/<class>/<image>``, or ``FOLDER/{train,val,test}/<class>/<image>`` once split.

The directory decides what is in the folder, and not its manifest. Every file in it is an input, image or not, except
hidden files, what operating systems, storage boxes and programs for photos leave behind, and celebtool's own tables.
Symbolic links are followed to files inside the folder only, so that nothing outside the named folder is read.
"""

import os
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from celebtool.errors import CelebtoolError
from celebtool.formats import layout
from celebtool.suggestions import did_you_mean_path
from celebtool.system.output import RECIPE_FILE

PARTS = ("train", "val", "test")
UNKNOWN = "unknown"
"""The directory of strangers: images of other people than the classes; never a class itself."""

UNGROUPED = "ungrouped"
"""The directory of the faces that `crop-faces --group` found no others of."""

MAX_CLASSES = 10_000
"""The most classes of a model and of a table of predictions: a confusion matrix has a cell for every two."""

SIDECARS = frozenset({"manifest.csv", RECIPE_FILE, "faces.csv", "decisions.csv"})
JUNK = (
    frozenset(  # in any case: of Windows, macOS, Synology and QNAP, Linux, and of programs for pictures, in this order
        {"thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "iconcache.db", "desktop.ini"}
        | {"$recycle.bin", "system volume information", "found.000"}
        | {"icon\r", "__macosx", "network trash folder", "temporary items", "thevolumesettingsfolder"}
        | {"@eadir", "@synoresource", "#recycle", "#snapshot", "@recycle", "@recently-snapshot"}
        | {"lost+found", "aquota.user", "aquota.group"}
        | {"picasa.ini", "zbthumbnail.info", "pspbrwse.jbf", "sync.ffs_db"}
    )
)
"""Files and directories that are never inputs."""
_STREAM = re.compile(
    r".*([:\uf022](zone\.identifier|encryptable|smartscreen|afp_\w+|com\.[\w.]+)(:\$data)?|@synoeastream)"
)
"""What Windows, macOS and Synology note of a file, as a file of its own on other systems; Samba may replace the colon."""

_NOTES = re.compile(r".+\.(xmp|aae|pp3|dop)|.+\.(jpe?g|png|webp|avif|heic|gif|bmp)(\.s[a-z-]*)?(\(\d+\))?\.json")
"""What programs note of a photo in a file beside it: Lightroom and darktable, iPhones, RawTherapee, DxO, Google Takeout."""


@dataclass(frozen=True)
class Sample:
    """An image of a folder: its path relative to the root ('/' between names), its label and its part."""

    path: str
    label: str | None
    part: str | None = None


@dataclass(frozen=True)
class ImageFolder:
    """The samples of a directory, sorted by path."""

    root: Path
    samples: tuple[Sample, ...]

    @cached_property
    def class_names(self) -> tuple[str, ...]:
        """The labels in sorted order, without `UNKNOWN`: the order of a model's outputs."""
        return tuple(sorted({s.label for s in self.samples if s.label is not None} - {UNKNOWN}))

    @cached_property
    def by_class(self) -> dict[str, tuple[Sample, ...]]:
        """The samples of each class, in the order of `class_names`."""
        found: dict[str, list[Sample]] = {label: [] for label in self.class_names}
        for sample in self.samples:
            if sample.label in found:
                found[sample.label].append(sample)
        return {label: tuple(own) for label, own in found.items()}

    @cached_property
    def parts(self) -> tuple[str, ...]:
        """Which of train, val and test there are; empty for a folder that is not split."""
        present = {sample.part for sample in self.samples}
        return tuple(part for part in PARTS if part in present)

    def of_part(self, part: str | None) -> tuple[Sample, ...]:
        """The samples of one part."""
        return tuple(sample for sample in self.samples if sample.part == part)

    def file(self, sample: Sample) -> Path:
        """Where the sample's image is."""
        return self.root / sample.path

    def counts(self, part: str | None = None) -> Counter[str]:
        """Images per label, of one part or (None) of the whole folder."""
        return Counter(s.label for s in self.samples if s.label is not None and part in (None, s.part))


def read(root: Path) -> ImageFolder:
    """List a directory of images, labelled or not.

    Raises:
        CelebtoolError: there is no such directory, it can't be read, or a link in it leads outside.
    """
    if not root.is_dir():
        raise CelebtoolError(root, _why_no_directory(root))
    files = sorted(_files(root, root.resolve()))
    directories = {path.split("/", 1)[0] for path in files if "/" in path}
    is_split = bool(directories) and directories <= set(PARTS)
    return ImageFolder(root, tuple(_sample(path, is_split=is_split) for path in files))


def _why_no_directory(root: Path) -> str:
    if not root.exists():
        return f"no such directory{did_you_mean_path(root) or '; expected a folder of images'}"
    return f"is a file; expected a directory of images{f', such as {root.parent}' if root.name in SIDECARS else ''}"


def read_labelled(root: Path, *, strangers_suffice: bool = False) -> ImageFolder:
    """List a directory of class directories; `strangers_suffice`: unknown/ may be the only one.

    Raises:
        CelebtoolError: as `read` and `check_layout`; or there is no class directory, an empty one, or an image outside
            them.
    """
    folder = read(root)
    check_layout(folder)
    if not folder.class_names and not (strangers_suffice and any(each.label == UNKNOWN for each in folder.samples)):
        raise CelebtoolError(root, "has no class directories; expected FOLDER/<class>/<image>")
    for sample in folder.samples:
        if sample.label is None:
            raise CelebtoolError(root / sample.path, "lies in no class directory; expected FOLDER/<class>/<image>")
    for directory in _class_directories(folder):
        if not any(_files(directory, root.resolve())):
            raise CelebtoolError(directory, "is an empty class; put images into it or remove it")
    return folder


def check_layout(folder: ImageFolder) -> None:
    """Check that the directories of a folder, if there are any, are people and not something else; see `layout`.

    Raises:
        CelebtoolError: they are not.
    """
    layout.check(folder.root, (sample.path for sample in folder.samples), folder.parts)


def sidecar(root: Path, name: str) -> Path | None:
    """Return the file of celebtool's own that a folder has under a name, if it has one.

    Raises:
        CelebtoolError: it is a link that leads outside the folder.
    """
    file = root / name
    if not file.is_file():  # nor a pipe, which would keep its reader waiting
        return None
    _check_link(file, root.resolve())
    return file


def _class_directories(folder: ImageFolder) -> Iterator[Path]:
    for parent in [folder.root / part for part in folder.parts] or [folder.root]:
        with os.scandir(parent) as entries:
            yield from (Path(e.path) for e in entries if e.is_dir(follow_symlinks=False) and not is_junk(e.name))


def _sample(path: str, *, is_split: bool) -> Sample:
    names = path.split("/")
    part = names.pop(0) if is_split and len(names) > 1 else None
    return Sample(path, unicodedata.normalize("NFC", names[0]) if len(names) > 1 else None, part)


def _files(directory: Path, root: Path) -> Iterator[str]:
    waiting = [(directory, "")]  # untrusted directories may be deeper than Python's stack
    while waiting:
        place, prefix = waiting.pop()
        with os.scandir(place) as entries:
            listed = [entry for entry in entries if not is_junk(entry.name)]
            is_ours = not prefix or any(entry.name == RECIPE_FILE for entry in listed)
            for entry in listed:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append((Path(entry.path), f"{prefix}{entry.name}/"))
                    continue
                if _NOTES.fullmatch(entry.name.casefold()):
                    continue
                if entry.is_symlink():
                    _check_link(Path(entry.path), root)
                if not (is_ours and entry.name in SIDECARS):
                    yield prefix + entry.name


def is_junk(name: str) -> bool:
    """Say whether a file or directory is hidden, or what an operating system or a storage box leaves behind."""
    folded = name.casefold()
    return name.startswith((".", "~$")) or folded in JUNK or _STREAM.fullmatch(folded) is not None


def _check_link(file: Path, root: Path) -> None:
    real = Path(os.path.realpath(file))
    if file.is_symlink() and root not in (real, *real.parents):  # a link to the folder itself is no way out of it
        what = "directory" if real.is_dir() else "file"
        raise CelebtoolError(file, f"is a link that leads outside the folder; copy the {what} instead")
