"""How a report speaks: its words in the reader's language, and its numbers."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.evaluation.findings import Compared, Report
from core.evaluation.gate import Check, passes
from core.evaluation.outcomes import Mean
from core.evaluation.plots import Estimate
from core.types import Citation, Variant

_UNPRINTABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Words:
    """``texts(key, **values)`` gives a sentence of ``language``; keys begin with ``report.`` and
    ``metric.``.  ``said`` puts a sentence of the core's into that language.
    """

    texts: Callable[..., str]
    language: str = "en"
    said: Callable[[str], str] = str

    def __call__(self, key: str, **values: object) -> str:
        """The report's own words for ``key``."""
        return self.texts(f"report.{key}", **values)

    def metric(self, key: str) -> str:
        """What a metric is called."""
        return self.texts(f"metric.{key}")

    def verdict(self, checks: Sequence[Check], variant: str) -> str:
        """Whether the gate lets a variant pass."""
        if not passes(checks):
            return self("gate_closed", variant=variant)
        judged = all(each.is_judged for each in checks)
        return self("gate_open" if judged else "gate_open_judged", variant=variant)

    def check(self, check: Check) -> tuple[str, str, str]:
        """A check of the gate: of which metric, whether it passed, and why."""
        name = self.metric(check.rule.metric)
        verdict = self("passed" if check.passed else "failed")
        if not check.is_judged:
            verdict = self("not_judged")
        return name, verdict, check.told(name, self.said)

    def figure(self, value: float, unit: str = "share") -> str:
        """A value: shares with three digits, others with as many as tell."""
        return f"{value:.3f}" if unit == "share" else f"{value:.3g}"

    def mean(self, mean: Mean | None, unit: str) -> str:
        """A mean with its interval where it has one, a dash where there is no mean."""
        if mean is None:
            return "–"
        if mean.low is None or mean.high is None:
            return self.figure(mean.value, unit)
        ends = f"{self.figure(mean.low, unit)} – {self.figure(mean.high, unit)}"
        return f"{self.figure(mean.value, unit)} ({ends})"

    def signed(self, value: float, unit: str = "share") -> str:
        """A difference, with its sign."""
        return f"{'−' if value < 0 else '+'}{self.figure(abs(value), unit)}"

    def chance(self, p: float) -> str:
        """A p-value."""
        return "< 0.001" if p < 0.001 else f"{p:.3f}"

    def source(self, citation: Citation) -> str:
        """Where a citation is from."""
        page = "" if citation.page is None else self("page", page=citation.page)
        return ", ".join(filter(None, (citation.document_name, page, *citation.path[-1:])))

    def settings(self, variant: Variant) -> list[tuple[str, str]]:
        """What a variant sets, by the names that the settings have."""
        return [
            (self("setting.model"), variant.model or self("own")),
            (self("setting.style"), variant.style),
            (self("setting.prompt"), variant.prompt),
            (self("setting.mode"), variant.mode),
            (self("setting.rerank"), self("yes" if variant.rerank else "no")),
            (self("setting.top_k"), str(variant.top_k or self("own"))),
            (self("setting.temperature"), f"{variant.temperature:g}"),
            (self("setting.top_p"), f"{variant.top_p:g}"),
        ]

    def facts(self, report: Report) -> list[tuple[str, str]]:
        """What the report is of."""
        run, asked = report.run, report.question_set
        held_out = f" · {self('held_out')}" if asked.is_held_out else ""
        facts = [
            (self("set"), f"{asked.name} · {self('version', version=run.set_version)}{held_out}"),
            (self("begun"), f"{run.created_at.astimezone():%Y-%m-%d %H:%M}"),
            (self("state"), self(f"state.{run.state}") + f" · {run.done}/{run.total}"),
            (self("seconds"), f"{run.seconds:,.0f} s"),
            (self("tokens"), f"{self._tokens(report):,}"),
            (self("run"), run.id),
        ]
        return [*facts, (self("trouble"), self.said(run.trouble))] if run.trouble else facts

    @staticmethod
    def _tokens(report: Report) -> int:
        return sum(each.tokens for asked in report.asked for each in asked.results if each)


def estimated(label: str, mean: Mean) -> Estimate:
    """A mean as it is drawn: as a point where it has no interval."""
    low = mean.value if mean.low is None else mean.low
    high = mean.value if mean.high is None else mean.high
    return Estimate(label, mean.value, low, high)


def telling(compared: Compared, report: Report) -> str:
    """The share that tells most of a comparison: its metric, empty where there is none."""
    shares = {each.metric for each in report.measured if each.unit == "share"}
    found = [each for each in compared.differences if each.metric in shares]
    found.sort(key=lambda each: (each.adjusted, each.p))
    return found[0].metric if found else ""


def points(report: Report, compared: Compared, metric: str) -> list[tuple[str, float, float]]:
    """Each question with the values of the baseline and of the variant compared with it."""
    found = []
    for asked in report.asked:
        first, second = asked.results[report.baseline], asked.results[compared.position]
        if first and second and metric in first.metrics and metric in second.metrics:
            both = first.metrics[metric], second.metrics[metric]
            found.append((asked.question.question, *both))
    return found


def printable(words: str) -> str:
    """Words without the characters that XML, and so Word, does not allow."""
    return _UNPRINTABLE.sub("\ufffd", words)
