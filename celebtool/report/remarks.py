"""Say what figures leave out, and which rest on too little: a sentence each."""

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from celebtool import suggestions
from celebtool.errors import command_line, count, listed
from celebtool.evaluation.comparison import SIGNIFICANT, Comparison
from celebtool.evaluation.evaluate import FEW, Evaluation
from celebtool.evaluation.judge import Judged
from celebtool.evaluation.rejection import FALSE_ACCEPTS, Rejection
from celebtool.evaluation.runs import Runs
from celebtool.formats.image_folder import UNKNOWN, ImageFolder, Sample
from celebtool.formats.model_info import ModelInfo
from celebtool.formats.reasons import words
from celebtool.formats.text import natural_key
from celebtool.report import subject_records
from celebtool.report.subjects import Report

if TYPE_CHECKING:  # it loads SciPy, which a report on a table has no need of
    from celebtool.folders.inspection import Inspection


def of_report(report: Report) -> list[str]:
    """Return all remarks on a report, its subjects in their order."""
    said = [f"{names}: {remark}" for remark, names in _by_remark(report.judged).items()]
    for folder, seen in report.subjects.folders.values():
        said += of_folder(folder, seen)
    for name, info in report.subjects.models.items():
        said += [f"{name}: {remark}" for remark in of_model(info)]
    if report.subjects.models and report.subjects.folders and not report.judged:
        model, images = next(iter(report.subjects.models)), next(iter(report.subjects.folders))
        line = f"{command_line('predict', model, images)} | {command_line('report')}"
        said.append(f"to measure the model on the folder's images: {line}")
    runs = report.judgement.runs
    if runs and report.judgement.are_several:
        return said + of_runs(runs)
    for each in report.judgement.comparisons:
        said += of_comparison(each)
    return said


def _by_remark(judged: Mapping[str, Judged]) -> dict[str, str]:
    """Remark → the tables that it holds for, so that what holds for several is said once."""
    found: dict[str, list[str]] = {}
    for name, one in judged.items():
        for remark in _of_judged(one):
            found.setdefault(remark, []).append(name)
    return {remark: ", ".join(names) for remark, names in found.items()}


def warnings(report: Report) -> list[str]:
    """Return the warnings that every form of a report begins with if its figures rest on a leak."""
    return [
        f"{name}: {_leak(report.judged[name], len(paths))}"
        for name, paths in report.judgement.leaks.items()
        if name in report.judged
    ]


def _leak(one: Judged, known: int) -> str:
    """Return the sentence on figures that rest on a leak: on so many images that the model was trained on."""
    return (
        f"{known} of the {sum(bool(row.label) for row in one.predictions.rows)} labelled images were trained on "
        "(--allow-leak): these figures say nothing about new photos"
    )


def of_evaluation(evaluation: Evaluation) -> list[str]:
    """Say what is left out of the figures of one part, and which of them rest on too few images."""
    said = []
    if evaluation.failures:
        reasons = ", ".join(f"{number} {words(reason)}" for reason, number in evaluation.failures.items())
        said.append(
            f"{sum(evaluation.failures.values())} of {evaluation.rows} images failed and count as wrong: {reasons}"
        )
    if evaluation.rejection and evaluation.strangers:
        said += _of_rejection(evaluation.rejection)
    unlabelled = evaluation.rows - evaluation.images - evaluation.strangers
    if unlabelled:
        said.append(f"{unlabelled} of {evaluation.rows} images have no label and are left out of all figures")
    if evaluation.images and evaluation.absent:
        said.append(f"no image of {listed(evaluation.absent)}: these classes are in no average")
    few = [figures.name for figures in evaluation.classes if 0 < figures.support < FEW]
    if few:
        of = listed(sorted(few, key=natural_key)) if len(few) < len(evaluation.classes) else "every class"
        said.append(f"fewer than {FEW} images of {of}: figures of single classes say little")
    if evaluation.untold:
        said.append(
            f"the table does not say of {count(evaluation.untold, 'image')} whether the model was trained on them"
        )
    return said


def of_folder(folder: ImageFolder, seen: "Inspection") -> list[str]:
    """Say what is wrong with a folder and its images."""
    said = [f"{error.where}: {error.problem}" for error in seen.broken]
    unlabelled = sum(sample.label is None for sample in folder.samples)
    if unlabelled and folder.class_names:
        said.append(f"in no class directory: {count(unlabelled, 'image')}")
    for part in folder.parts:
        counts = folder.counts(part)
        absent = [name for name in folder.class_names if not counts[name]]
        if absent:
            said.append(f"no image in {part}/ of {', '.join(absent)}")
    if seen.largest_only:
        said.append(
            f"of {count(seen.largest_only, 'image')} only the largest face was compared, because crop-faces has not cropped "
            "the folder; it looks at all faces of a photo"
        )
    if seen.straddling:
        said.append(f"{_sets(seen.straddling)} lie in several parts, so a test is of images that were trained on")
    if seen.conflicts:
        said.append(f"{_sets(seen.conflicts)} lie in several classes, so one of the labels is wrong")
    return said


def of_model(info: ModelInfo) -> list[str]:
    """Warn of a model whose own figures rest on a leak."""
    if subject_records.allowed_leak(info):
        return [
            "trained with --allow-leak: it was measured on photos that it was trained on, and its figures flatter it"
        ]
    return []


def of_comparison(one: Comparison) -> list[str]:
    """Say that two compared tables are not of the same images, if so."""
    if one.only_in_one:
        return [
            f"{one.first} and {one.second} are not of the same images: {one.images} are in both, {one.only_in_one} in one only"
        ]
    return []


def of_runs(runs: Runs) -> list[str]:
    """Say which images only some of several compared tables have judged, and which tables are not compared."""
    said = []
    if runs.in_some:
        said.append(
            f"the {len(runs.only_wrong)} tables are not of the same images: {runs.in_all} are in all, {runs.in_some} in "
            f"some only; each table is compared with {runs.base} on the images that both have"
        )
    if runs.apart:
        said.append(
            f"not compared, because they have no labelled image in common with {runs.base}: {listed(runs.apart)}"
        )
    return said


def verdict(one: Comparison, p_value: float | None = None) -> str:
    """Return the verdict of McNemar's test in words; `p_value` is its own, corrected for several comparisons."""
    if (one.p_value if p_value is None else p_value) >= SIGNIFICANT:
        return "no significant difference"
    return f"{one.second if one.gain > 0 else one.first} is better"


def _of_judged(one: Judged) -> list[str]:
    known = one.predictions.class_names
    strangers = {PurePosixPath(row.path).parent.name for row in one.predictions.rows if row.label == UNKNOWN}
    misspelt = suggestions.misspelt(strangers - {"", UNKNOWN}, known)
    spelling = f"images of {misspelt} count as strangers; name their folder as the model names the person"
    from_parts = f"in no part, and left out of all figures: {count(one.partless, 'image')}"
    said = [from_parts] * bool(one.partless) + [spelling] * bool(misspelt)
    return [*of_evaluation(one.evaluation), *said]


def _of_rejection(figures: Rejection) -> list[str]:
    few = [share for share in FALSE_ACCEPTS if figures.strangers * share < 1]
    if few:
        shares = _either([f"{100 * share:g} %" for share in few])
        takes = _either([f"{1 / share:,.0f}" for share in few])
        strangers = (
            f"{count(figures.strangers, 'image')} of strangers {'is' if figures.strangers == 1 else 'are'} too few"
        )
        return [f"{strangers} to measure {shares} of false accepts; that takes {takes}"]
    if not figures.at:
        return ["without scores there are no true accepts at a share of false accepts"]
    return []


def _either(words: Sequence[str]) -> str:
    """Return ``5 %, 1 % or 0.1 %``."""
    *others, last = words
    return f"{', '.join(others)} or {last}" if others else last


def _sets(sets: Sequence[Sequence[Sample]]) -> str:
    first = " = ".join(sample.path for sample in sets[0][:3])
    return f"copies of {count(len(sets), 'picture')} ({first}{', …' if len(sets) > 1 else ''})"
