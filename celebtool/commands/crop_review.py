"""``crop-faces --review``: contact sheets, or a page on which a person decides."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from celebtool import console
from celebtool.errors import command_line, count
from celebtool.system.places import check_file, check_places

if TYPE_CHECKING:
    from celebtool.cropping.plan import Task


@dataclass(frozen=True)
class Reviewed:
    """What is reviewed: where the photos and their crops are, the photos' SHA-256, how faces were picked and whether sorted."""

    photos: Path
    faces: Path
    digests: Mapping[str, str]
    select: str
    group: bool = False


def files(file: Path | None, tasks: Sequence["Task"], reviewed: Reviewed) -> list[Path]:
    """Return the files that a run may write, none if none is asked, or say what is wrong with their places."""
    from celebtool.cropping import plan

    if file is None:
        return []
    check_file(file, overwrite=True)
    labels = [task.label for task in tasks]
    if is_page(file):
        from celebtool.report import review_page

        all_faces = reviewed.select == "all"
        wanted = review_page.files(file, labels, len(tasks), are_known=not reviewed.group, all_faces=all_faces)
    else:
        wanted = list(plan.sheet_files(file, labels).values())
    for each in wanted:
        check_places([reviewed.faces, each], [reviewed.photos])
    return wanted


def is_page(file: Path) -> bool:
    """Say whether a page is asked for, and no pictures."""
    return file.suffix.lower() in {".html", ".htm"}


def write(file: Path, reviewed: Reviewed, *, overwrite: bool) -> None:
    """Write the page or the sheets of a finished output, and say where they are."""
    if is_page(file):
        _write_page(file, reviewed, overwrite=overwrite)
    else:
        _write_sheets(file, reviewed, overwrite=overwrite)


def _write_page(file: Path, reviewed: Reviewed, *, overwrite: bool) -> None:
    from celebtool.report import review_page

    review = review_page.Review(
        reviewed.photos,
        reviewed.faces,
        reviewed.digests,
        all_faces=reviewed.select == "all",
        any_label=reviewed.group,
    )
    with console.progress("review", "photos") as progress:
        pages = review_page.write(review, file, progress, overwrite=overwrite)
    what = "a page to decide on; it saves decisions.csv"
    if len(pages) > 1:
        what = f"an index, and {count(len(pages) - 1, 'page')} to decide on, one per class; they save decisions.csv"
    group = ["--group"] if reviewed.group else []
    line = ("crop-faces", reviewed.photos, reviewed.faces, *group, "--update", "--decisions", "decisions.csv")
    apply = command_line(*line)
    console.done(file, what, apply)


def _write_sheets(file: Path, reviewed: Reviewed, *, overwrite: bool) -> None:
    from celebtool.cropping import plan
    from celebtool.drawing import crop_review
    from celebtool.formats import manifest

    rows = manifest.read_all(reviewed.faces)
    crop_review.draw(rows, reviewed.photos, reviewed.faces, file, overwrite=overwrite)
    sheets = list(plan.sheet_files(file, (row.label for row in rows)).values())
    if len(sheets) > 1:
        console.done(
            f"{sheets[0]} … {sheets[-1]}", f"{len(sheets)} contact sheets, one per class in the order of names"
        )
