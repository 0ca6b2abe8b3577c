"""A run's report as one HTML file that stands alone: nothing in it is fetched from anywhere.

Its own policy forbids every request; plotly's script, five megabytes, is written into it.
"""

import json
from collections.abc import Iterable, Sequence
from html import escape

from core.evaluation.findings import Asked, Compared, Judged, Report, report
from core.evaluation.gate import passes
from core.evaluation.plots import (
    as_html,
    intervals_figure,
    latencies,
    scatter,
    script_path,
)
from core.evaluation.word import docx_report
from core.evaluation.words import Words, estimated, points, telling
from core.settings import ROOT
from core.trials import Result
from core.types import Citation, Statement

__all__ = ["Judged", "Report", "Words", "docx_report", "html_report", "report"]

_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "img-src data: blob:; base-uri 'none'; form-action 'none'"
)


def html_report(report: Report, words: Words) -> str:
    """The report as the text of an HTML file; blocking, it reads plotly's script."""
    title = words("title", set=report.question_set.name)
    sections = (
        _head(title, report, words),
        *(_gate(each, report, words) for each in report.judged),
        _figures(report, words),
        *(_compared(each, report, words) for each in report.compared),
        _latency(report, words),
        _answers(report, words),
        _repeat(report, words),
    )
    style, draws = (
        (ROOT / "assets" / name).read_text(encoding="utf-8") for name in ("report.css", "plots.js")
    )
    plotly = script_path().read_text(encoding="utf-8")
    return (
        f'<!doctype html>\n<html lang="{_text(words.language)}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{_text(title)}</title><style>{style}</style></head><body>{''.join(sections)}"
        f"<script>{plotly}</script><script>{draws}</script></body></html>\n"
    )


def _head(title: str, report: Report, words: Words) -> str:
    variants = report.run.variants
    settings = [words.settings(each) for each in variants]
    rows = [
        [name, *(column[at][1] for column in settings)] for at, (name, _) in enumerate(settings[0])
    ]
    facts = "".join(
        f"<dt>{_text(name)}</dt><dd>{_text(value)}</dd>" for name, value in words.facts(report)
    )
    names = [""] + [each.name for each in variants]
    return (
        f"<header><h1>{_text(title)}</h1><dl>{facts}</dl></header>"
        f"<section><h2>{_text(words('variants'))}</h2>{_table(names, _cells(rows))}</section>"
    )


def _gate(judged: Judged, report: Report, words: Words) -> str:
    name = report.run.variants[judged.position].name
    is_open = passes(judged.checks)
    verdict = words.verdict(judged.checks, name)
    rows = []
    for check in judged.checks:
        metric, kept, why = words.check(check)
        marked = _mark(check.passed, kept) if check.is_judged else _text(kept)
        rows.append([_text(metric), marked, _text(why)])
    head = ["", words("check"), words("why")]
    return (
        f"<section><h2>{_text(words('gate'))}</h2><p>{_mark(is_open, verdict)}</p>"
        f"{_table(head, rows)}</section>"
    )


def _figures(report: Report, words: Words) -> str:
    names = [each.name for each in report.run.variants]
    rows = []
    for each in report.measured:
        there = [mean.value for mean in each.means if mean]
        best = max(there) if each.higher_is_better else min(there)
        label = f'<span title="{_text(each.source)}">{_text(words.metric(each.metric))}</span>'
        row = [f"{label}<br><small>{_text(each.source)}</small>"]
        for mean in each.means:
            told = _text(words.mean(mean, each.unit))
            is_best = len(there) > 1 and mean is not None and mean.value == best
            row.append(f'<span class="best">{told}</span>' if is_best else told)
        rows.append(row)
    series = {
        name: [
            estimated(words.metric(each.metric), mean)
            for each in report.measured
            if each.unit == "share" and (mean := each.means[at])
        ]
        for at, name in enumerate(names)
    }
    plot = ""
    if any(series.values()):
        plot = as_html(intervals_figure(series, title=words("figures_plot")))
    return (
        f"<section><h2>{_text(words('figures'))}</h2>"
        f'<p class="aside">{_text(words("figures_more"))}</p>'
        f"{_table([words('metric'), *names], rows)}{plot}</section>"
    )


def _compared(compared: Compared, report: Report, words: Words) -> str:
    first = report.run.variants[report.baseline].name
    second = report.run.variants[compared.position].name
    better = {each.metric: each.higher_is_better for each in report.measured}
    units = {each.metric: each.unit for each in report.measured}
    rows = []
    for each in compared.differences:
        unit = units[each.metric]
        gap = _text(words.signed(each.difference, unit))
        if each.adjusted < 0.05:
            gap = _mark((each.difference > 0) == better[each.metric], gap, escaped=True)
        ends = f"{words.signed(each.low, unit)} … {words.signed(each.high, unit)}"
        plain = [words.metric(each.metric), words.figure(each.first, unit)]
        plain.append(words.figure(each.second, unit))
        rest = [ends, words.chance(each.p), words.chance(each.adjusted), str(each.questions)]
        rows.append([*_cells([plain])[0], gap, *_cells([rest])[0]])
    head = [
        words(key) for key in ("metric", "difference", "interval", "p", "adjusted", "questions")
    ]
    head[1:1] = [first, second]
    return (
        f"<section><h2>{_text(words('compared', first=first, second=second))}</h2>"
        f'<p class="aside">{_text(words("compared_more"))}</p>{_table(head, rows)}'
        f"{_scattered(compared, report, words)}</section>"
    )


def _scattered(compared: Compared, report: Report, words: Words) -> str:
    metric = telling(compared, report)
    if not metric:
        return ""
    pairs = points(report, compared, metric)
    first, second = (report.run.variants[at].name for at in (report.baseline, compared.position))
    title = words("scatter_plot", metric=words.metric(metric))
    return as_html(scatter(pairs, first=first, second=second, title=title))


def _latency(report: Report, words: Words) -> str:
    timed = [each for each in report.measured if each.unit == "seconds"]
    if not timed:
        return ""
    names = [each.name for each in report.run.variants]
    rows = [
        [
            words.metric(each.metric),
            *(f"{mean.median:.3g} / {mean.p95:.3g}" if mean else "–" for mean in each.means),
        ]
        for each in timed
    ]
    spread = {
        name: {
            words.metric(each.metric): [
                result.metrics[each.metric]
                for asked in report.asked
                if (result := asked.results[at]) and each.metric in result.metrics
            ]
            for each in timed
        }
        for at, name in enumerate(names)
    }
    plot = as_html(latencies(spread, title=words("latency_plot"), axis="s"))
    return (
        f"<section><h2>{_text(words('latency'))}</h2>"
        f'<p class="aside">{_text(words("latency_more"))}</p>'
        f"{_table([words('metric'), *names], _cells(rows))}{plot}</section>"
    )


def _answers(report: Report, words: Words) -> str:
    asked = "".join(_asked(each, report, words) for each in report.asked)
    return f"<section><h2>{_text(words('answers'))}</h2>{asked}</section>"


def _asked(asked: Asked, report: Report, words: Words) -> str:
    reference = ""
    if asked.question.reference:
        told = f"{words('reference')}: {asked.question.reference}"
        reference = f'<p class="aside">{_text(told)}</p>'
    sides = "".join(
        f"<div><h3>{_text(variant.name)}</h3>{_answer(result, words)}</div>"
        for variant, result in zip(report.run.variants, asked.results, strict=True)
    )
    return (
        f"<details><summary>{_text(asked.question.question)}</summary>{reference}"
        f'<div class="sides">{sides}</div></details>'
    )


def _answer(result: Result | None, words: Words) -> str:
    if result is None:
        return f'<p class="aside">{_text(words("not_asked"))}</p>'
    if result.answer is None:
        return f'<p class="bad">{_text(words.said(result.error))}</p>'
    answer = result.answer
    notice = f'<p class="aside">{_text(words.said(answer.notice))}</p>' if answer.notice else ""
    refused = f"<p>{_text(words('refused'))}</p>" if answer.refused else ""
    statements = "".join(_statement(each, words) for each in answer.statements)
    figures = " · ".join(
        f"{words.metric(key)} {value:.3g}" for key, value in result.metrics.items()
    )
    return f"{notice}{refused}{statements}<small>{_text(figures)}</small>"


def _statement(statement: Statement, words: Words) -> str:
    verdict = words(f"verdict.{statement.verdict}")
    sources = "".join(_source(each, words) for each in statement.citations)
    return f"<p>{_text(statement.text)} <small>{_text(verdict)}</small></p>{sources}"


def _source(citation: Citation, words: Words) -> str:
    return (
        f"<blockquote>{_text(citation.quote)}<br>"
        f"<small>{_text(words.source(citation))}</small></blockquote>"
    )


def _repeat(report: Report, words: Words) -> str:
    written = json.dumps(report.run.manifest, ensure_ascii=False, indent=2, default=str)
    return (
        f"<section><h2>{_text(words('repeat'))}</h2>"
        f'<p class="aside">{_text(words("repeat_more"))}</p><pre>{_text(written)}</pre></section>'
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; the cells of ``rows`` are markup already, those of the head are not."""
    top = "".join(f'<th scope="col">{_text(each)}</th>' for each in head)
    body = "".join(
        f'<tr><th scope="row">{row[0]}</th>{"".join(f"<td>{cell}</td>" for cell in row[1:])}</tr>'
        for row in rows
    )
    table = f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
    return f'<div class="wide">{table}</div>'


def _cells(rows: Iterable[Sequence[str]]) -> list[list[str]]:
    return [[_text(cell) for cell in row] for row in rows]


def _mark(is_good: bool, words: str, *, escaped: bool = False) -> str:
    name, sign = ("good", "▲") if is_good else ("bad", "▼")
    return f'<span class="{name}">{sign} {words if escaped else _text(words)}</span>'


def _text(words: object) -> str:
    return escape(str(words), quote=True)
