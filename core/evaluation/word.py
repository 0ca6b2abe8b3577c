"""A run's report as a Word document, with pictures for plots.

The pictures hold no words: those stand beside them in Word's own fonts, so that Chinese needs no
font of this machine.
"""

import json
from collections.abc import Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any

from core.evaluation.findings import Compared, Judged, Report
from core.evaluation.plots import COLOURS, interval_picture, scatter_picture
from core.evaluation.words import Words, estimated, points, printable, telling
from core.trials import Result

if TYPE_CHECKING:
    from docx.document import Document

_FONTS = {"en": ("Calibri", "Microsoft YaHei"), "zh": ("Calibri", "Microsoft YaHei")}
_PICTURE_CM = 5.2
_SCATTER_CM = 11.0
_MANIFEST = 20_000
"""Characters of the manifest that are printed; the HTML report has all."""


def docx_report(report: Report, words: Words) -> bytes:
    """The report as the bytes of a .docx file; blocking."""
    from docx import Document

    document = Document()
    _set_up(document, words)
    title = words("title", set=report.question_set.name)
    document.core_properties.title = printable(title)[:255]
    document.core_properties.author = "Pincite"
    document.add_heading(printable(title), 0)
    _table(document, [], words.facts(report))
    _variants(document, report, words)
    for judged in report.judged:
        _gate(document, judged, report, words)
    _figures(document, report, words)
    for compared in report.compared:
        _compared(document, compared, report, words)
    _latency(document, report, words)
    _answers(document, report, words)
    _heading(document, words("repeat"), words("repeat_more"))
    written = json.dumps(report.run.manifest, ensure_ascii=False, indent=2, default=str)
    document.add_paragraph(printable(written[:_MANIFEST]), style="No Spacing")
    file = BytesIO()
    document.save(file)
    return file.getvalue()


def _set_up(document: "Document", words: Words) -> None:
    from docx.enum.section import WD_ORIENT
    from docx.oxml.ns import qn
    from docx.shared import Cm, Pt

    section = document.sections[0]
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = Cm(29.7), Cm(21.0)
    section.left_margin = section.right_margin = Cm(2)
    latin, chinese = _FONTS.get(words.language, _FONTS["en"])
    for name in ("Normal", "Title", "Heading 1", "Heading 2"):
        style: Any = document.styles[name]
        style.font.name = latin
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        fonts.set(qn("w:eastAsia"), chinese)
        for theme in ("w:asciiTheme", "w:hAnsiTheme", "w:eastAsiaTheme", "w:cstheme"):
            fonts.attrib.pop(qn(theme), None)
    document.styles["Normal"].font.size = Pt(10)


def _heading(document: "Document", words: str, more: str = "", level: int = 1) -> None:
    document.add_heading(printable(words), level)
    if more:
        document.add_paragraph(printable(more))


def _table(document: "Document", head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A table of words and pictures (bytes of a PNG, with its words: ``(bytes, str)``)."""
    from docx.shared import Cm

    columns = len(head or rows[0])
    table = document.add_table(rows=0, cols=columns, style="Light List" if head else None)
    for row in ([head] if head else []) + list(rows):
        for cell, value in zip(table.add_row().cells, row, strict=True):
            if isinstance(value, tuple):
                picture, told = value
                run = cell.paragraphs[0].add_run()
                shape = run.add_picture(BytesIO(picture), width=Cm(_PICTURE_CM))
                shape._inline.docPr.set("descr", printable(told))
            else:
                cell.text = printable(str(value))
    document.add_paragraph()


def _variants(document: "Document", report: Report, words: Words) -> None:
    _heading(document, words("variants"))
    settings = [words.settings(each) for each in report.run.variants]
    rows = [
        [name, *(column[at][1] for column in settings)] for at, (name, _) in enumerate(settings[0])
    ]
    _table(document, ["", *(each.name for each in report.run.variants)], rows)


def _gate(document: "Document", judged: Judged, report: Report, words: Words) -> None:
    name = report.run.variants[judged.position].name
    verdict = words.verdict(judged.checks, name)
    _heading(document, words("gate"), verdict)
    rows = [words.check(check) for check in judged.checks]
    _table(document, ["", words("check"), words("why")], rows)


def _figures(document: "Document", report: Report, words: Words) -> None:
    _heading(document, words("figures"), words("figures_more"))
    rows: list[list[object]] = []
    for each in report.measured:
        drawn = {
            at: estimated(report.run.variants[at].name, mean)
            for at, mean in enumerate(each.means)
            if mean
        }
        highest = 1.0 if each.unit == "share" else max(e.high for e in drawn.values()) or 1.0
        lowest = min(0.0, *(estimate.low for estimate in drawn.values()))
        for at, estimate in drawn.items():
            told, label = words.mean(each.means[at], each.unit), words.metric(each.metric)
            picture = interval_picture(
                estimate, lowest=lowest, highest=highest, colour=COLOURS[at % len(COLOURS)]
            )
            rows.append(
                [label, estimate.label, told, (picture, f"{label}, {estimate.label}: {told}")]
            )
    if rows:
        _table(document, [words("metric"), words("variant"), words("mean"), ""], rows)


def _compared(document: "Document", compared: Compared, report: Report, words: Words) -> None:
    from docx.shared import Cm

    first, second = (report.run.variants[at].name for at in (report.baseline, compared.position))
    told = words("compared", first=first, second=second)
    _heading(document, told, words("compared_more"))
    units = {each.metric: each.unit for each in report.measured}
    rows = [
        [
            words.metric(each.metric),
            words.figure(each.first, units[each.metric]),
            words.figure(each.second, units[each.metric]),
            words.signed(each.difference, units[each.metric]),
            f"{words.signed(each.low, units[each.metric])} … "
            f"{words.signed(each.high, units[each.metric])}",
            words.chance(each.p),
            words.chance(each.adjusted),
            each.questions,
        ]
        for each in compared.differences
    ]
    keys = ("difference", "interval", "p", "adjusted", "questions")
    if rows:
        _table(document, [words("metric"), first, second, *(words(key) for key in keys)], rows)
    metric = telling(compared, report)
    if metric:
        pairs = [(one, other) for _, one, other in points(report, compared, metric)]
        shape = document.add_picture(BytesIO(scatter_picture(pairs)), width=Cm(_SCATTER_CM))
        shape._inline.docPr.set("descr", printable(told))
        name = words("scatter_plot", metric=words.metric(metric))
        axes = words("axes", first=first, second=second)
        document.add_paragraph(printable(f"{name}. {axes}"), style="Caption")


def _latency(document: "Document", report: Report, words: Words) -> None:
    timed = [each for each in report.measured if each.unit == "seconds"]
    if not timed:
        return
    _heading(document, words("latency"), words("latency_more"))
    rows = [
        [
            words.metric(each.metric),
            *(f"{mean.median:.3g} / {mean.p95:.3g}" if mean else "–" for mean in each.means),
        ]
        for each in timed
    ]
    _table(document, [words("metric"), *(each.name for each in report.run.variants)], rows)


def _answers(document: "Document", report: Report, words: Words) -> None:
    _heading(document, words("answers"))
    for asked in report.asked:
        _heading(document, asked.question.question, level=2)
        if asked.question.reference:
            told = f"{words('reference')}: {asked.question.reference}"
            document.add_paragraph(printable(told))
        for variant, result in zip(report.run.variants, asked.results, strict=True):
            paragraph = document.add_paragraph()
            paragraph.add_run(printable(f"{variant.name}: ")).bold = True
            paragraph.add_run(printable(_answer(result, words)))


def _answer(result: Result | None, words: Words) -> str:
    if result is None:
        return words("not_asked")
    if result.answer is None:
        return words.said(result.error)
    lines = [words("refused")] if result.answer.refused else []
    for statement in result.answer.statements:
        lines.append(f"{statement.text} [{words(f'verdict.{statement.verdict}')}]")
        lines += [f"“{each.quote}” ({words.source(each)})" for each in statement.citations]
    return "\n".join(lines)
