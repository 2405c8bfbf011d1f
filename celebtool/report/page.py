"""Write a report as one page for a browser, with plots, pictures, style and script inside."""

from collections.abc import Iterator

from celebtool.drawing import contact_sheets, fonts, plots
from celebtool.drawing.fonts import Lettering
from celebtool.errors import count, listed
from celebtool.evaluation.evaluate import Evaluation
from celebtool.evaluation.intervals import Estimate
from celebtool.evaluation.judge import Judged
from celebtool.formats.image_folder import ImageFolder
from celebtool.report import (
    compose,
    html,
    matrix,
    page_map,
    page_mistakes,
    page_runs,
    page_suspects,
    plot_files,
    prediction_tables,
    remarks,
    subject_tables,
)
from celebtool.report.html import escape
from celebtool.report.prediction_tables import WHOLE
from celebtool.report.subjects import Report, Subjects
from celebtool.report.table import Table

PEOPLE = 12  # named at the top of a page
SUBJECTS = 5  # in the title
MISTAKES = 100  # and suspects on a page, or --limit if that is more
ROWS = 1000  # of a table of classes or of confused pairs: a browser takes seconds for many more


def build(report: Report, pictures: ImageFolder | None, limit: int) -> str:
    """Write the page.

    Args:
        report: everything it shows.
        pictures: the folder that was predicted, for thumbnails; None: there are none.
        limit: how many mistakes and suspects to show, if that is more than 100.

    Raises:
        CelebtoolError: a mistake's image is not in `pictures`.
    """
    lettering = fonts.lettering(plot_files.all_names(report, pictures))
    sections = list(_sections(report, pictures, lettering, max(limit, MISTAKES)))
    title = _title(report, pictures)
    links = "".join(f'<a href="#s{n}">{escape(heading)}</a>' for n, (heading, _) in enumerate(sections))
    body = [
        f'<header><h1>{escape(title)}</h1>\n<p class="people">{escape(_people(report, pictures))}</p>\n',
        f"<nav>{links}</nav></header>",
        *(f'<p class="alarm" role="alert">{escape(warning)}</p>' for warning in remarks.warnings(report)),
        *_demands(report),
        html.bullets(remarks.of_report(report)),
        *(
            f'<section>\n<h2 id="s{n}">{escape(heading)}</h2>\n{content}</section>'
            for n, (heading, content) in enumerate(sections)
        ),
        _legend(lettering),
    ]
    return html.document(title, "\n".join(filter(None, body)))


def _title(report: Report, pictures: ImageFolder | None) -> str:
    """Name what the page is about: models with their networks, folders, tables."""
    subjects = report.subjects
    models = [f"{name} ({info.architecture})" for name, info in subjects.models.items()]
    images = [str(pictures.root)] if pictures else []
    named = dict.fromkeys([*models, *subjects.folders, *subjects.predictions, *subjects.histories, *images])
    return f"{listed(list(named), SUBJECTS)} \u2013 celebtool report"


def _people(report: Report, pictures: ImageFolder | None) -> str:
    """``20 people: Amir Khan, Angelina Jolie and 18 more``; nothing for a history."""
    names = plot_files.all_names(report, pictures)
    return f"{count(len(names), 'person', 'people')}: {listed(names, PEOPLE)}" if names else ""


def _demands(report: Report) -> Iterator[str]:
    if report.judgement.verdicts:
        yield html.table(prediction_tables.verdicts(report.judgement.verdicts), "demands")
    if report.judgement.comparisons and not report.judgement.are_several:
        yield html.table(compose.compared(report), "comparisons")


def _sections(
    report: Report, pictures: ImageFolder | None, lettering: Lettering, limit: int
) -> Iterator[tuple[str, str]]:
    """Every section's title and content."""
    subjects = report.subjects
    curves = [html.plot(plots.png(figure), file) for file, figure in plot_files.curves(subjects)]
    training = [("Training", f'<div class="side">{"".join(curves)}</div>')] if curves else []
    if report.judgement.runs:
        yield "Runs", page_runs.section(report, report.judgement.runs, pictures, limit)
    yield from training if report.judgement.are_several else []
    for n, (name, one) in enumerate(report.judged.items()):
        part = f" ({one.evaluation.part})" if one.evaluation.part else ""
        yield name + part, _predictions(name, one, pictures, lettering, limit, f"p{n}")
    yield from [] if report.judgement.are_several else training
    for n, (name, epochs) in enumerate(subjects.histories.items()):
        yield name, html.table(subject_tables.epochs("History", epochs), f"h{n}")
    yield from _folders(subjects, lettering, limit)
    for n, (name, info) in enumerate(subjects.models.items()):
        run = html.table(subject_tables.epochs("History", info.history), f"r{n}") if info.history else ""
        described = html.table(subject_tables.model("Model", info), f"m{n}")
        layers = subject_tables.layers(info)
        yield name, described + run + html.folded(layers.title, html.table(layers, f"l{n}"))


def _predictions(
    name: str, one: Judged, pictures: ImageFolder | None, lettering: Lettering, limit: int, key: str
) -> str:
    evaluation = one.evaluation
    if not evaluation.images:
        return html.table(prediction_tables.predicted(evaluation, WHOLE), f"{key}-predicted")
    thumbnail = plot_files.thumbnails(pictures) if pictures else None
    diagram = plots.png(plots.calibration(evaluation)) if evaluation.calibration.images else b""
    content = [
        html.cards(_headline(one)),
        html.table(prediction_tables.parts(one.parts), f"{key}-parts") if len(one.parts) > 1 else "",
        page_mistakes.mistakes(evaluation, thumbnail, limit, f"{key}-mistakes"),
        page_mistakes.strangers(evaluation, thumbnail, limit, f"{key}-strangers"),
        "<h3>Confusion</h3>",
        html.plot(plots.png(plots.confusion(evaluation, lettering)), "confusion matrix"),
        html.table(matrix.confused_pairs(evaluation, ROWS, WHOLE), f"{key}-pairs"),
        html.table(prediction_tables.per_class(evaluation, ROWS), f"{key}-classes"),
        html.table(prediction_tables.per_class_of_parts(one.parts, WHOLE, ROWS), f"{key}-parts-classes")
        if len(one.parts) > 1
        else "",
        '<div class="side"><div>',
        html.table(prediction_tables.summary([evaluation], [name]), f"{key}-figures"),
        "</div><div><h3>Reliability</h3>",
        html.plot(diagram, "reliability diagram") if diagram else "",
        "</div></div>",
        html.table(prediction_tables.calibration(evaluation), f"{key}-calibration"),
        *_thresholds(evaluation, key),
    ]
    return "\n".join(content)


def _thresholds(evaluation: Evaluation, key: str) -> Iterator[str]:
    for figure in plot_files.thresholds(evaluation):
        yield "<h3>Known faces and strangers</h3>"
        yield html.plot(plots.png(figure), "shares of known faces and strangers that thresholds accept")
        yield html.table(prediction_tables.choices(evaluation), f"{key}-thresholds")


def _headline(one: Judged) -> dict[str, tuple[str, str]]:
    evaluation = one.evaluation
    rejection = evaluation.rejection
    figures = {
        "accuracy": _estimate(evaluation.accuracy),
        "macro F1": _estimate(evaluation.macro.f1),
        "images": (str(evaluation.images), f"of {count(len(evaluation.class_names), 'class', 'classes')}"),
        "mistakes": (str(len(evaluation.mistakes)), f"and {sum(evaluation.failures.values())} failed"),
        "calibration error": (prediction_tables.number(evaluation.calibration.error), "0: as confident as right"),
    }
    if rejection:
        figures["known faces accepted"] = _estimate(rejection.accepted)
    if rejection and rejection.strangers:
        figures["strangers accepted"] = _estimate(rejection.false_accepts)
    return figures


def _estimate(figure: Estimate) -> tuple[str, str]:
    return prediction_tables.number(figure.value), f"95 %: {figure.low:.3f}–{figure.high:.3f}"


def _folders(subjects: Subjects, lettering: Lettering, limit: int) -> Iterator[tuple[str, str]]:
    for n, (name, (folder, seen)) in enumerate(subjects.folders.items()):
        rejects = subjects.rejects.get(name, ())
        thumbnail = plot_files.thumbnails(folder)
        content = [page_suspects.section(seen.suspects, thumbnail, limit, f"f{n}-suspects")]
        content += [page_map.section(seen.map, thumbnail, f"f{n}-map")] if folder.class_names else []
        content += [
            html.table(table, f"f{n}-{m}")
            for m, table in enumerate(subject_tables.folder("Images", folder, seen, rejects, WHOLE))
        ]
        if seen.copies:
            content.append(html.table(subject_tables.copies(seen), f"f{n}-copies"))
        if rejects:
            content.append(html.table(subject_tables.rejects(rejects), f"f{n}-rejects"))
        if folder.class_names:
            bars = plot_files.distribution(folder, lettering)
            content.append(html.plot(plots.png(bars), "images per class"))
            sheet = contact_sheets.samples(folder.by_class, thumbnail, lettering)
            content.append(html.plot(plots.png(sheet), "samples of each class", kind="plot sheet"))
        yield name, "\n".join(content)


def _legend(lettering: Lettering) -> str:
    rows = [(f"#{number}", name) for name, number in lettering.legend.items()]
    if not rows:
        return ""
    return html.table(Table("Names that no installed font can draw in plots", ("", "name"), rows), "legend")
