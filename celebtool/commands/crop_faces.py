"""``crop-faces PHOTOS FACES``: find the faces in photos, align them and cut them out."""

import os
from pathlib import Path
from typing import Annotated, Literal

import typer

from celebtool import console, options
from celebtool.errors import CelebtoolError
from celebtool.output import new_directory


def crop_faces(
    photos: Annotated[
        Path, typer.Argument(metavar="PHOTOS", help="Photos, flat, as PHOTOS/<class>/<photo>, or split in parts.")
    ],
    faces: Annotated[Path, typer.Argument(metavar="FACES", help="Image folder to write.")],
    size: Annotated[int, typer.Option("--size", min=16, max=2048, help="Side of the crops in pixels.")] = 224,
    margin: Annotated[
        float, typer.Option("--margin", min=0, max=4, help="Room around the face, as a share of its side.")
    ] = 0.25,
    align: Annotated[
        bool, typer.Option("--align/--no-align", help="Bring eyes, nose and mouth to the same places.")
    ] = True,
    select: Annotated[
        Literal["largest", "center", "confident", "only", "all"],
        typer.Option("--select", help="Which face of a photo with several; only: such a photo is left out."),
    ] = "largest",
    min_face: Annotated[int, typer.Option("--min-face", min=20, help="Smallest face in pixels of the photo.")] = 20,
    min_confidence: Annotated[
        float, typer.Option("--min-confidence", min=0.8, max=1, help="How sure the detector must be.")
    ] = 0.9,
    format: Annotated[  # noqa: A002
        Literal["jpg", "png"], typer.Option("--format", help="File format of the crops.")
    ] = "jpg",
    jobs: Annotated[
        int, typer.Option("--jobs", "-j", min=1, help="Worker processes.", show_default="one per processor")
    ] = os.cpu_count() or 1,
    update: Annotated[
        bool, typer.Option("--update", help="Keep an earlier output's crops of photos that haven't changed.")
    ] = False,
    overwrite: options.Overwrite = False,
    quiet: options.Quiet = False,  # noqa: ARG001
    dry_run: options.DryRun = False,
) -> None:
    """Find the faces in photos, pick the right one, align it and cut it out.

    Every photo is a crop or a row in FACES/manifest.csv that says why not.

    Example: celebtool crop-faces photos/ faces/
    """
    from celebtool import cropping, processes
    from celebtool.formats import image_folder, manifest, provenance

    folder = image_folder.read(photos)
    if not folder.samples:
        raise CelebtoolError(photos, "holds no files; expected photos, or class directories of photos")
    if dry_run:
        console.note(f"would crop faces from {len(folder.samples)} files into {faces}")
        return
    settings = cropping.Settings(size, margin, align, select, min_face, min_confidence, format)
    recipe = provenance.recipe("crop-faces", cropping.parameters(settings), photos)
    keep = update and cropping.is_earlier_run(faces, recipe)
    with (
        new_directory(faces, recipe=recipe, inputs=[photos], overwrite=overwrite or keep) as workspace,
        console.progress("crop-faces", "photos") as progress,
    ):
        tasks = cropping.plan(folder)
        rows, remaining = cropping.reuse(tasks, settings, faces, workspace.content) if keep else ([], tasks)
        shards = cropping.shards(remaining, settings, workspace.content)
        for number, done in enumerate(processes.run("celebtool.nn.face_crops:crop_shard", shards, jobs), 1):
            rows += done
            progress(min(number * cropping.SHARD, len(remaining)), len(remaining))
        manifest.write(workspace.content, rows, cropping.COLUMNS)
    console.note(cropping.summary(rows))
