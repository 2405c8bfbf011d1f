"""``export MODEL.h5 OUT.tflite|OUT.onnx``: the same answers without celebtool."""

from pathlib import Path
from typing import Annotated

import typer

from celebtool import console, options
from celebtool.errors import command_line, count, printable

SUFFIXES = (".tflite", ".onnx")


def export(
    model: options.Model,
    output: Annotated[
        Path,
        typer.Argument(
            metavar="OUT.tflite|OUT.onnx",
            callback=options.named(*SUFFIXES),
            help="File to write: .tflite for LiteRT, .onnx for ONNX Runtime.",
        ),
    ],
    check: Annotated[
        Path | None,
        typer.Option(
            "--check",
            metavar="FOLDER",
            help="Compare the answers on images of this folder, up to 32.",
            show_default="22 images cut from three photos that matplotlib and scikit-learn bring",
        ),
    ] = None,
    tolerance: Annotated[
        float,
        typer.Option(
            "--tolerance", min=0, max=1e-3, metavar="X", help="Allow the answers to differ by so much from the model's."
        ),
    ] = 1e-5,
    overwrite: options.Overwrite = False,
    quiet: options.Quiet = False,  # noqa: ARG001
) -> None:
    """Write a model as .onnx or .tflite, for other programs.

    Pixels of a crop go in; probabilities and the score that the threshold applies to come out. The class names, the
    threshold and how faces are cropped are inside the file. Before it is written, its answers are compared with the
    model's on photos.

    Example: celebtool export model.h5 model.onnx --check parts/val
    """
    from celebtool.inference import conversion, predictor
    from celebtool.inference.exporting import check as checking
    from celebtool.inference.exporting import content, photos
    from celebtool.system.output import new_file

    if model.suffix.lower() in SUFFIXES:
        swapped = f"; type {command_line('export', output, model)}" if output.suffix == ".h5" else ""
        raise typer.BadParameter(f"{printable(model)}: expected a .h5 model{swapped}", param_hint="MODEL.h5")
    content.check_packages(output)
    with (
        console.progress("export: reading the model") as progress,
        new_file(output, inputs=[model, *([check] if check else [])], overwrite=overwrite) as workspace,
    ):
        loaded = predictor.load(model)
        seen = photos.of_folder(check) if check else photos.of_packages()
        conversion.prepare(loaded.graphs, progress.say)
        progress.stage("converting the model")
        made = content.make(model, output, workspace.scratch)
        progress.stage("checking the answers", "images")
        difference = checking.largest_difference(made, output, loaded, seen, tolerance, progress)
        workspace.content.write_bytes(made)
    size = f"{count(len(loaded.info.class_names), 'class', 'classes')}, {len(made) / 1e6:.1f} MB"
    console.done(
        output, f"{size}; answers for {count(len(seen), 'image')} differ by at most {difference:.1g} from the model's"
    )
