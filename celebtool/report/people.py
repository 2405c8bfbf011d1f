"""What a model holds of people beside its weights, as tables and as records."""

from celebtool.errors import count
from celebtool.formats.enrolment import MAX_EMBEDDINGS
from celebtool.formats.image_folder import UNKNOWN
from celebtool.formats.model_info import ModelInfo
from celebtool.report.prediction_records import Record
from celebtool.report.table import Table

MANY = 100
"""The largest number of people that are counted one by one; `--json` counts all."""


def facts(info: ModelInfo) -> dict[str, str]:
    """Return the rows of a model's table: means, embeddings and digests, as far as it has such."""
    digests = f"{count(len(info.origins), 'photo')} and {count(len(info.images), 'image')} made of them"
    return {
        "means": f"{count(len(info.centroids), 'mean embedding')}, one a class" if info.centroids else "",
        "embeddings": _embeddings(info),
        "strangers remembered": count(len(info.strangers), "image") if info.strangers else "",
        "digests": f"SHA-256 of {digests}" if info.origins else "",
    }


def table(info: ModelInfo) -> Table | None:
    """Count what is held of each person; None if the model does not list it, or for more than `MANY`."""
    rows = [tuple(map(str, row.values())) for row in records(info)]
    columns = ("class", "embeddings", "digests of images", "digests of photos")
    return Table("What the model holds of people", columns, rows) if 0 < len(rows) <= MANY else None


def records(info: ModelInfo) -> list[Record]:
    """Return a record per class, and one for the strangers that are remembered; nothing if the model does not list it."""
    if info.enrolment is None:
        return []
    held = [*zip(info.class_names, info.enrolment.people, strict=True)]
    held += [(UNKNOWN, info.enrolment.strangers)] if info.strangers else []
    return [
        {"class": name, "embeddings": each.embeddings, "images": len(each.images), "photos": len(each.photos)}
        for name, each in held
    ]


def _embeddings(info: ModelInfo) -> str:
    if info.enrolment is None:
        return "none: people can be neither added nor forgotten" if info.centroids else ""
    counts = [held.embeddings for held in info.enrolment.people]
    spread = str(min(counts)) if min(counts) == max(counts) else f"{min(counts)} to {max(counts)}"
    return f"{sum(counts):,}, {spread} a person (at most {MAX_EMBEDDINGS}): biometric data"
