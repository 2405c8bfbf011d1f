"""Write a report as one page for a browser, with plots, pictures, style and script inside."""

from collections.abc import Iterator

from celebtool.drawing import contact_sheets, fonts, plots
from celebtool.drawing.fonts import Lettering
from celebtool.evaluation.judge import Judged
from celebtool.formats.image_folder import ImageFolder
from celebtool.report import html, matrix, page_mistakes, plot_files, prediction_tables, remarks, subject_tables
from celebtool.report.html import escape
from celebtool.report.subjects import Report, Subjects
from celebtool.report.table import Table

MISTAKES = 100  # on a page, or --limit if that is more
WHOLE = 10_000  # characters: no name is shortened


def build(report: Report, pictures: ImageFolder | None, limit: int) -> str:
    """Write the page.

    Args:
        report: everything it shows.
        pictures: the folder that was predicted, for thumbnails; None: there are none.
        limit: how many mistakes to show, if that is more than 100.

    Raises:
        CelebtoolError: a mistake's image is not in `pictures`.
    """
    lettering = fonts.lettering(plot_files.all_names(report, pictures))
    sections = list(_sections(report, pictures, lettering, max(limit, MISTAKES)))
    links = "".join(f'<a href="#s{n}">{escape(title)}</a>' for n, (title, _) in enumerate(sections))
    body = [
        f"<header><h1>celebtool report</h1>\n<nav>{links}</nav></header>",
        *(f'<p class="alarm" role="alert">{escape(warning)}</p>' for warning in remarks.warnings(report)),
        *_demands(report),
        html.bullets(remarks.of_report(report)),
        *(
            f'<section>\n<h2 id="s{n}">{escape(title)}</h2>\n{content}</section>'
            for n, (title, content) in enumerate(sections)
        ),
        _legend(lettering),
    ]
    titles = ", ".join(title for title, _ in sections)
    return html.document(f"celebtool: {titles}", "\n".join(filter(None, body)))


def _demands(report: Report) -> Iterator[str]:
    if report.judgement.verdicts:
        yield html.table(prediction_tables.verdicts(report.judgement.verdicts), "demands")
    if report.judgement.comparisons:
        made = [(one, remarks.verdict(one)) for one in report.judgement.comparisons]
        yield html.table(prediction_tables.comparisons(made), "comparisons")


def _sections(
    report: Report, pictures: ImageFolder | None, lettering: Lettering, limit: int
) -> Iterator[tuple[str, str]]:
    """Every section's title and content."""
    subjects = report.subjects
    for n, (name, one) in enumerate(report.judged.items()):
        part = f" ({one.evaluation.part})" if one.evaluation.part else ""
        yield name + part, _predictions(name, one, pictures, lettering, limit, f"p{n}")
    curves = [html.plot(plots.png(figure), file) for file, figure in plot_files.curves(subjects)]
    if curves:
        yield "Training", f'<div class="side">{"".join(curves)}</div>'
    for n, (name, epochs) in enumerate(subjects.histories.items()):
        yield name, html.table(subject_tables.epochs("History", epochs), f"h{n}")
    yield from _folders(subjects, lettering)
    for n, (name, info) in enumerate(subjects.models.items()):
        run = html.table(subject_tables.epochs("History", info.history), f"r{n}") if info.history else ""
        described = html.table(subject_tables.model("Model", info), f"m{n}")
        yield name, described + run + html.table(subject_tables.layers(info), f"l{n}")


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
        html.table(matrix.confused_pairs(evaluation, WHOLE, WHOLE), f"{key}-pairs"),
        html.table(prediction_tables.per_class(evaluation), f"{key}-classes"),
        '<div class="side"><div>',
        html.table(prediction_tables.summary([evaluation], [name]), f"{key}-figures"),
        "</div><div><h3>Reliability</h3>",
        html.plot(diagram, "reliability diagram") if diagram else "",
        "</div></div>",
        html.table(prediction_tables.calibration(evaluation), f"{key}-calibration"),
    ]
    return "\n".join(content)


def _headline(one: Judged) -> dict[str, tuple[str, str]]:
    evaluation = one.evaluation
    accuracy, f1, rejection = evaluation.accuracy, evaluation.macro.f1, evaluation.rejection
    figures = {
        "accuracy": (prediction_tables.number(accuracy.value), f"95 %: {accuracy.low:.3f}–{accuracy.high:.3f}"),
        "macro F1": (prediction_tables.number(f1.value), f"95 %: {f1.low:.3f}–{f1.high:.3f}"),
        "images": (str(evaluation.images), f"of {len(evaluation.class_names)} classes"),
        "mistakes": (str(len(evaluation.mistakes)), f"and {sum(evaluation.failures.values())} failed"),
        "calibration error": (prediction_tables.number(evaluation.calibration.error), "0: as confident as right"),
    }
    if rejection and rejection.strangers:
        figures["strangers accepted"] = (
            prediction_tables.number(rejection.false_accepts.value),
            f"of {rejection.strangers}",
        )
        figures["known accepted"] = prediction_tables.number(rejection.accepted.value), f"of {evaluation.images}"
    return figures


def _folders(subjects: Subjects, lettering: Lettering) -> Iterator[tuple[str, str]]:
    for n, (name, (folder, seen)) in enumerate(subjects.folders.items()):
        content = [
            html.table(table, f"f{n}-{m}")
            for m, table in enumerate(subject_tables.folder("Images", folder, seen, WHOLE))
        ]
        if folder.class_names:
            counts = {part or "": folder.counts(part) for part in folder.parts or (None,)}
            by_class = {label: [s for s in folder.samples if s.label == label] for label in folder.class_names}
            bars = plots.distribution(counts, folder.class_names, lettering)
            content.append(html.plot(plots.png(bars), "images per class"))
            sheet = contact_sheets.samples(by_class, plot_files.thumbnails(folder), lettering)
            content.append(html.plot(plots.png(sheet), "samples of each class", kind="plot sheet"))
        yield name, "\n".join(content)


def _legend(lettering: Lettering) -> str:
    rows = [(f"#{number}", name) for name, number in lettering.legend.items()]
    if not rows:
        return ""
    return html.table(Table("Names that no installed font can draw in plots", ("", "name"), rows), "legend")
