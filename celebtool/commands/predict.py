"""``predict MODEL.h5 IMAGES…``: a row per image, or per face, on stdout or in a file."""

from collections.abc import Iterator, Sequence
from itertools import chain, tee
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from celebtool import console, options
from celebtool.commands import predict_outputs as outputs
from celebtool.errors import listed as joined
from celebtool.system.places import check_places

if TYPE_CHECKING:
    from celebtool.formats.model_info import ModelInfo
    from celebtool.formats.sources import Source


def predict(
    model: options.Model,
    images: Annotated[
        list[str], typer.Argument(metavar="IMAGES…", help="Directories, files, or - for a list of files on stdin.")
    ],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write here instead of to stdout.")
    ] = None,
    null: Annotated[
        bool, typer.Option("--null", "-0", help="Names on stdin end with NUL, as find -print0 prints them.")
    ] = False,
    faces: Annotated[
        bool | None,
        typer.Option(
            "--faces/--no-faces",
            help="Find the faces in photos first and crop them as in training, or take each image for a crop.",
            show_default="--faces if the model was trained on crops and the images are none",
        ),
    ] = None,
    top: Annotated[
        int | None,
        typer.Option(
            "--top",
            min=1,
            metavar="K",
            help="The K best guesses of each image only, instead of a column for each class.",
            show_default="all classes; on a terminal 1",
        ),
    ] = None,
    threshold: Annotated[
        str | None,
        typer.Option(
            "--threshold",
            metavar="X|none",
            help="Call faces with a lower score unknown; none: never.",
            show_default="the model's own",
        ),
    ] = None,
    closed_set: Annotated[
        bool, typer.Option("--closed-set", help="Never answer unknown; the same as --threshold none.")
    ] = False,
    mirror: Annotated[
        bool, typer.Option("--mirror", help="Average the answers for each image and its mirror image; twice the work.")
    ] = False,
    max_failures: Annotated[
        str | None,
        typer.Option(
            "--max-failures", metavar="SHARE", help="Exit with 3 if a larger share of the images fails, as 5%."
        ),
    ] = None,
    format: Annotated[  # noqa: A002
        Literal["csv", "jsonl"] | None,
        typer.Option("--format", help="Table to write.", show_default="csv; on a terminal, a table to read"),
    ] = None,
    annotate: Annotated[
        Path | None,
        typer.Option(
            "--annotate", metavar="DIR", help="Draw boxes and names on copies of the photos; with faces found."
        ),
    ] = None,
    sort: options.SortInto = None,
    link: Annotated[bool, typer.Option("--link", help="With --sort, hard-link the photos instead of copying.")] = False,
    batch_size: options.BatchSize = 32,
    jobs: options.Jobs = options.PROCESSORS,
    dask: options.Dask = None,
    overwrite: options.Overwrite = False,
    quiet: options.Quiet = False,  # noqa: ARG001
) -> None:
    """Say who is in each image.

    A face that is too far from everybody is called unknown. An image that can't be read keeps its row, with the reason.

    Example: celebtool predict model.h5 parts/test | celebtool report --confusion
    """
    from celebtool.api import prediction as api
    from celebtool.api.processes import Processes
    from celebtool.cropping import plan
    from celebtool.evaluation.coverage import Coverage
    from celebtool.folders import sorting
    from celebtool.formats import model_file, sources
    from celebtool.inference import prediction, predictor
    from celebtool.system import workers

    options.check_dask(dask)
    if dask and not output:
        raise typer.BadParameter("needs --output; the workers leave their results beside it", param_hint="--dask")
    most = options.parse_share(max_failures, "--max-failures")
    sources.check_order(model, images)
    info = model_file.read_info(model)
    limit = _threshold(threshold, info, closed_set=closed_set)
    listed = sources.of_arguments(images, info.class_names, b"\0" if null else b"\n")
    for line in api.doubts_of_labels(images, info.class_names):
        console.warn(line)
    find, listed = _find_faces(faces, info, listed, images)
    _check_outputs(annotate, sort, find=find, link=link)
    for folder, said in [] if find else sources.other_crops(images, info.crops):
        console.warn(f"{folder}: {said}")
    inputs = [model, *(Path(name) for name in images if name != "-")]
    check_places([annotate, sort, output], inputs)
    settings = prediction.Settings(limit, plan.settings_of(info.crops) if find else None, mirror, batch_size)
    coverage = Coverage()
    with (
        outputs.directory(annotate, {"annotate": True}, info, inputs, overwrite=overwrite) as pictures,
        outputs.directory(sort, {"sort": True, "link": link}, info, inputs, overwrite=overwrite) as people,
        outputs.stream(output, inputs, overwrite=overwrite) as (stream, scratch),
        console.progress("predict: reading the model", hidden=stream.isatty() and format is not None) as progress,
    ):
        loaded = predictor.load(model)
        total = sources.count(images)
        processes = Processes(jobs, dask, workers.inline if total == 1 else workers.local)
        found = api.answers(loaded, listed, settings, processes, scratch, progress, total)
        named, *again = tee(found, 1 + bool(pictures) + bool(people))
        photos = [(source for source, _ in each) for each in again]
        rows = coverage.counted(row for _, row in named)
        if annotate and pictures:
            rows = outputs.annotated(rows, photos.pop(), info, annotate, pictures)
        if people:
            rows = sorting.sort(rows, photos.pop(), info.class_names, people, link=link)
        outputs.write(rows, info, stream, format, top, limit, boxes=find)
        coverage.check_any(joined(images))
    outputs.end(output, annotate, sort, coverage.summary(faces=find))
    coverage.check_share(most, output or "predictions")


def _check_outputs(annotate: Path | None, sort: Path | None, *, find: bool, link: bool) -> None:
    if annotate and not find:
        raise typer.BadParameter("needs --faces, which finds what it draws", param_hint="--annotate")
    if link and not sort:
        raise typer.BadParameter("links the photos of --sort DIR; add that", param_hint="--link")


def _threshold(text: str | None, info: "ModelInfo", *, closed_set: bool) -> float | None:
    """Return the score under which a face is called unknown; None never does."""
    from celebtool.api.prediction import problem_of_threshold

    if closed_set and text not in {None, "none"}:
        raise typer.BadParameter("contradicts --closed-set; give one of them", param_hint="--threshold")
    if closed_set or text == "none":
        return None
    if text is None:
        return info.threshold
    value = options.parse_number(text)
    if problem := problem_of_threshold(value, info):
        raise typer.BadParameter(f"{text}: {problem}", param_hint="--threshold")
    return value


def _find_faces(
    wanted: bool | None, info: "ModelInfo", listed: "Iterator[Source]", images: Sequence[str]
) -> "tuple[bool, Iterator[Source]]":
    """Decide once for the whole input whether faces are to be found first; return that and the sources."""
    from celebtool.api.prediction import LOOKED_AT, are_crops
    from celebtool.formats import sources

    if wanted is not None or info.crops is None:
        return bool(wanted), listed
    first = sources.beginning(listed, 1 if "-" in images else LOOKED_AT)  # a list on stdin may be typed by hand
    there = [source for source in first if not source.is_missing]
    names = [str(source.file) for source in there] if "-" in images else images
    cropped = are_crops(names, there, info.crops)
    if not cropped:
        console.note("the images are no crops of crop-faces: finding faces first, as in training (--no-faces: don't)")
    return not cropped, chain(first, listed)
