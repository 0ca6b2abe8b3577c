"""A report stands alone, says what the run came to, and shows hostile words as words."""

import re
import shutil
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from docx import Document
from playwright.sync_api import sync_playwright
from reported import HOSTILE, QUESTIONS, a_report

from core.evaluation.findings import Report, report
from core.evaluation.gate import Check
from core.evaluation.reports import Words, docx_report, html_report
from core.evaluation.words import printable
from core.trials import Rule, RunState
from ui.locale import texts_in

CHROMIUM = shutil.which("chromium")
METRIC_NAMES = {"recall@10": "Recall", "ndcg@10": "nDCG", "supported": "Support"}


@pytest.fixture(scope="module")
def made() -> Report:
    return a_report()


def words(language: str) -> Words:
    """The page's own words; the names of metrics are the page's as well, and stand in here."""
    texts = texts_in(language)

    def say(key: str, **values: object) -> str:
        if key.startswith("metric.") and key not in texts.sentences:
            name = key.removeprefix("metric.")
            return METRIC_NAMES.get(name, name)
        return texts(key, **values)

    return Words(say, language, texts.said)


def body(html: str) -> str:
    """The report without the scripts that it brings along."""
    return re.sub(r"<script>.*?</script>", "", html, flags=re.DOTALL)


def test_findings_are_those_of_the_results(made: Report) -> None:
    assert [each.metric for each in made.measured] == [
        "recall@10",
        "ndcg@10",
        "supported",
        "seconds",
    ]
    recall = made.measured[0]
    first, second = recall.means
    assert first is not None
    assert second is not None
    assert (first.questions, second.questions) == (QUESTIONS, QUESTIONS - 1)
    assert first.low < first.value < first.high < second.value
    values = sorted(each.results[0].metrics["recall@10"] for each in made.asked if each.results[0])
    assert first.value == pytest.approx(sum(values) / QUESTIONS)
    assert first.median == pytest.approx((values[11] + values[12]) / 2)
    (compared,) = made.compared
    assert compared.position == 1
    assert compared.differences[0].questions == QUESTIONS - 1
    assert compared.differences[0].difference > 0.1
    assert [each.position for each in made.judged] == [1]


def test_a_run_that_has_no_results_yet_is_reported_as_such(made: Report) -> None:
    waiting = replace(made.run, state=RunState.RUNNING, done=0, trouble="")
    questions = [each.question for each in made.asked]
    empty = report(waiting, [], made.question_set, questions)
    html = body(html_report(empty, words("en")))
    assert html.count("Not asked yet.") == 2 * QUESTIONS
    assert "running · 0/48" in html
    assert docx_report(empty, words("en"))[:2] == b"PK"


def test_a_mean_of_one_question_has_no_interval(made: Report) -> None:
    asked = [made.asked[0]]
    results = [each for each in asked[0].results if each]
    once = report(made.run, results, made.question_set, [asked[0].question])
    first, _ = once.measured[0].means
    assert first is not None
    assert (first.low, first.high, first.questions) == (None, None, 1)
    shown = body(html_report(once, words("en")))
    assert f">{first.value:.3f}<" in shown
    assert f"{first.value:.3f} (" not in shown
    assert docx_report(once, words("en"))[:2] == b"PK"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_html_report_shows_hostile_words_as_words(made: Report, language: str) -> None:
    html = html_report(made, words(language))
    shown = body(html)
    assert html.count("<script>") == 2, "plotly's and ours"
    assert "alert(1)" in shown
    assert "<script" not in shown
    assert f'lang="{language}"' in shown


def test_the_html_report_asks_for_nothing(made: Report) -> None:
    shown = body(html_report(made, words("en")))
    assert "default-src 'none'" in shown
    assert not re.search(r"""\b(src|href|action|srcset)\s*=|url\(|@import""", shown)


def test_the_html_report_says_what_the_run_came_to(made: Report) -> None:
    shown = body(html_report(made, words("en")))
    for told in ("Leases", "version 2", "held out", "finished · 48/48", "dense", "The engine died"):
        assert told in shown
    assert shown.count("data-figure=") == 3
    assert shown.count("<details>") == QUESTIONS
    assert "does not pass" in shown
    assert "Questions answered is 0.958, below the 0.980 asked for." in shown
    assert "not judged" in shown
    assert "The documents do not hold an answer." in shown
    assert "p. 3" in shown


def test_a_gate_that_passes_says_whether_everything_could_be_judged() -> None:
    kept = Check(Rule("recall@10", worst_drop=0.02), 0.9, 0.9, True, "")
    unjudged = replace(kept, is_judged=False)
    lost = replace(kept, passed=False)
    assert words("en").verdict([kept], "dense") == "dense passes."
    assert "could be judged" in words("en").verdict([kept, unjudged], "dense")
    assert "does not pass" in words("en").verdict([lost, unjudged], "dense")


def test_the_report_speaks_chinese(made: Report) -> None:
    shown = body(html_report(made, words("zh")))
    for told in ("评估报告", "未通过", "低于要求的0.980", "逐题回答", "第 3 页", "有依据"):
        assert told in shown
    assert "已回答的问题为0.958" in shown
    assert "未评判" in shown
    assert "below the" not in shown
    assert "Figures" not in shown


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_word_report_opens_with_tables_pictures_and_words(made: Report, language: str) -> None:
    document = Document(BytesIO(docx_report(made, words(language))))
    told = "\n".join(paragraph.text for paragraph in document.paragraphs)
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    assert printable(HOSTILE) in told
    assert "\x07" not in told
    assert "“quote <script>" in told
    assert "When is rent 23 due?" in told
    assert any(
        cell.startswith(words(language).metric("answered") + {"en": " is", "zh": "为"}[language])
        for cell in cells
    )
    assert any("0.958" in cell for cell in cells)
    # One a metric and variant, and the questions as points.
    pictures = [each for each in document.part.rels.values() if "image" in each.reltype]
    assert (
        len(document.inline_shapes) + len(document.element.body.findall(".//{*}tbl//{*}drawing"))
        >= 9
    )
    assert len(pictures) >= 8
    described = document.element.body.findall(".//{*}docPr")
    assert all(each.get("descr") for each in described)


@pytest.mark.e2e
@pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium on this machine")
@pytest.mark.parametrize(("scheme", "width"), [("light", 1200), ("dark", 390)])
def test_a_browser_shows_the_whole_report_without_a_request(
    made: Report, tmp_path: Path, scheme: str, width: int
) -> None:
    page = tmp_path / "report.html"
    page.write_text(html_report(made, words("zh")), encoding="utf-8")
    said: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        shown = browser.new_page(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,  # type: ignore[arg-type]
        )
        shown.on("console", lambda message: said.append(message.text))
        shown.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
        shown.on("pageerror", lambda error: said.append(str(error)))
        shown.on("request", lambda request: said.append(request.url))
        shown.goto(page.as_uri())
        shown.wait_for_function("document.querySelectorAll('.plot[data-drawn]').length == 3")
        wide = shown.evaluate("document.documentElement.scrollWidth")
        ink = shown.evaluate("getComputedStyle(document.body).color")
        text = shown.locator(".plot svg .xtick text").first.evaluate(
            "it => getComputedStyle(it).fill"
        )
    assert said == [page.as_uri()]
    assert wide == width, "nothing sticks out of the page"
    assert text == ink, "plots are written in the page's ink"
