"""A report as one page for a browser: plots, pictures, style and script inside, nothing loaded from anywhere."""

from collections.abc import Iterator

from celebtool.drawing import contact_sheets, fonts, plots
from celebtool.drawing.fonts import Lettering
from celebtool.formats.image_folder import ImageFolder
from celebtool.formats.subject import Subjects
from celebtool.rendering import album, gallery, markup, matrix, overview, remarks, terminal
from celebtool.rendering.judging import Judged, Report
from celebtool.rendering.markup import escape

MISTAKES = 100  # so many are on a page, or --limit if that is more
WHOLE = 10_000  # characters: no name is shortened


def build(report: Report, pictures: ImageFolder | None, limit: int) -> str:
    """Write the page.

    Args:
        report: everything it shows.
        pictures: the folder that was predicted, for thumbnails; None: there are none.
        limit: so many mistakes, if that is more than 100.

    Raises:
        CelebtoolError: a mistake's image is not in `pictures`.
    """
    lettering = fonts.lettering(gallery.all_names(report, pictures))
    sections = list(_sections(report, pictures, lettering, max(limit, MISTAKES)))
    links = "".join(f'<a href="#s{n}">{escape(title)}</a>' for n, (title, _) in enumerate(sections))
    body = [
        f"<header><h1>celebtool report</h1>\n<nav>{links}</nav></header>",
        *(f'<p class="alarm" role="alert">{escape(warning)}</p>' for warning in remarks.warnings(report)),
        *_demands(report),
        markup.bullets(remarks.of_report(report)),
        *(
            f'<section>\n<h2 id="s{n}">{escape(title)}</h2>\n{content}</section>'
            for n, (title, content) in enumerate(sections)
        ),
        _legend(lettering),
    ]
    titles = ", ".join(title for title, _ in sections)
    return markup.document(f"celebtool: {titles}", "\n".join(filter(None, body)))


def _demands(report: Report) -> Iterator[str]:
    if report.verdicts:
        yield markup.table(terminal.verdicts(report.verdicts), "demands")
    if report.comparisons:
        made = [(one, remarks.verdict(one)) for one in report.comparisons]
        yield markup.table(terminal.comparisons(made), "comparisons")


def _sections(
    report: Report, pictures: ImageFolder | None, lettering: Lettering, limit: int
) -> Iterator[tuple[str, str]]:
    """Every section's title and content."""
    subjects = report.subjects
    for n, (name, one) in enumerate(report.judged.items()):
        part = f" ({one.evaluation.part})" if one.evaluation.part else ""
        yield name + part, _predictions(name, one, pictures, lettering, limit, f"p{n}")
    curves = [markup.plot(plots.png(figure), file) for file, figure in gallery.curves(subjects)]
    if curves:
        yield "Training", f'<div class="side">{"".join(curves)}</div>'
    for n, (name, epochs) in enumerate(subjects.histories.items()):
        yield name, markup.table(overview.epochs("History", epochs), f"h{n}")
    yield from _folders(subjects, lettering)
    for n, (name, info) in enumerate(subjects.models.items()):
        run = markup.table(overview.epochs("History", info.history), f"r{n}") if info.history else ""
        described = markup.table(overview.model("Model", info), f"m{n}")
        yield name, described + run + markup.table(overview.layers(info), f"l{n}")


def _predictions(
    name: str, one: Judged, pictures: ImageFolder | None, lettering: Lettering, limit: int, key: str
) -> str:
    evaluation = one.evaluation
    if not evaluation.images:
        return markup.table(terminal.called(evaluation, WHOLE), f"{key}-called")
    look = gallery.look_into(pictures) if pictures else None
    diagram = plots.png(plots.calibration(evaluation)) if evaluation.calibration.images else b""
    content = [
        markup.cards(_headline(one)),
        markup.table(terminal.parts(one.parts), f"{key}-parts") if len(one.parts) > 1 else "",
        album.mistakes(evaluation, look, limit, f"{key}-mistakes"),
        album.strangers(evaluation, look, limit, f"{key}-strangers"),
        "<h3>Confusion</h3>",
        markup.plot(plots.png(plots.confusion(evaluation, lettering)), "confusion matrix"),
        markup.table(matrix.confused_pairs(evaluation, WHOLE, WHOLE), f"{key}-pairs"),
        markup.table(terminal.per_class(evaluation), f"{key}-classes"),
        '<div class="side"><div>',
        markup.table(terminal.summary([evaluation], [name]), f"{key}-figures"),
        "</div><div><h3>Reliability</h3>",
        markup.plot(diagram, "reliability diagram") if diagram else "",
        "</div></div>",
        markup.table(terminal.calibration(evaluation), f"{key}-calibration"),
    ]
    return "\n".join(content)


def _headline(one: Judged) -> dict[str, tuple[str, str]]:
    evaluation = one.evaluation
    accuracy, f1, rejection = evaluation.accuracy, evaluation.macro.f1, evaluation.rejection
    figures = {
        "accuracy": (terminal.number(accuracy.value), f"95 %: {accuracy.low:.3f}–{accuracy.high:.3f}"),
        "macro F1": (terminal.number(f1.value), f"95 %: {f1.low:.3f}–{f1.high:.3f}"),
        "images": (str(evaluation.images), f"of {len(evaluation.class_names)} classes"),
        "mistakes": (str(len(evaluation.mistakes)), f"and {sum(evaluation.failures.values())} failed"),
        "calibration error": (terminal.number(evaluation.calibration.error), "0 is as sure as right"),
    }
    if rejection and rejection.strangers:
        figures["strangers accepted"] = terminal.number(rejection.false_accepts.value), f"of {rejection.strangers}"
        figures["known accepted"] = terminal.number(rejection.accepted.value), f"of {evaluation.images}"
    return figures


def _folders(subjects: Subjects, lettering: Lettering) -> Iterator[tuple[str, str]]:
    for n, (name, (folder, seen)) in enumerate(subjects.folders.items()):
        content = [
            markup.table(table, f"f{n}-{m}") for m, table in enumerate(overview.folder("Images", folder, seen, WHOLE))
        ]
        if folder.class_names:
            counts = {part or "": folder.counts(part) for part in folder.parts or (None,)}
            by_class = {label: [s for s in folder.samples if s.label == label] for label in folder.class_names}
            bars = plots.distribution(counts, folder.class_names, lettering)
            content.append(markup.plot(plots.png(bars), "images per class"))
            sheet = contact_sheets.samples(by_class, gallery.look_into(folder), lettering)
            content.append(markup.plot(plots.png(sheet), "samples of each class", kind="plot sheet"))
        yield name, "\n".join(content)


def _legend(lettering: Lettering) -> str:
    rows = [(f"#{number}", name) for name, number in lettering.legend.items()]
    if not rows:
        return ""
    return markup.table(terminal.Table("Names that no installed font can draw in plots", ("", "name"), rows), "legend")
