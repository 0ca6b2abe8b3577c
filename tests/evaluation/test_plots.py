"""Figures hold what they are given, and no name in them is ever a script, a tag or a link."""

import json
import shutil
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import sync_playwright

from core.evaluation.plots import (
    Estimate,
    as_html,
    interval_picture,
    intervals_figure,
    latencies,
    scatter,
    scatter_picture,
    script_path,
)
from core.settings import ROOT

CHROMIUM = shutil.which("chromium")
HOSTILE = "<a href='javascript:alert(1)'>x</a><img src=x onerror=alert(2)>\"{{1}}${2}`3`中文"
FIGURES = {
    "intervals": intervals_figure(
        {HOSTILE: [Estimate(HOSTILE, 0.8, 0.7, 0.9)], "b": [Estimate("mrr", 0.5, 0.4, 0.7)]},
        title=HOSTILE,
        axis="share",
    ),
    "scatter": scatter([(HOSTILE, 0.2, 0.5)], first=HOSTILE, second="b", title=HOSTILE),
    "latencies": latencies({HOSTILE: {HOSTILE: [1.0, 2.0, 3.0]}}, title=HOSTILE, axis="s"),
}  # fmt: skip


class Elements(HTMLParser):
    """The elements of a fragment with their attributes."""

    def __init__(self, fragment: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(fragment)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_becomes_one_element_that_holds_all_of_it_and_its_name(name: str) -> None:
    fragment = as_html(FIGURES[name])
    ((tag, attributes),) = Elements(fragment).found
    assert tag == "div"
    assert attributes["aria-label"] == HOSTILE
    assert json.loads(attributes["data-figure"] or "") == json.loads(FIGURES[name].to_json())
    assert not set("{}$`") & set(fragment), "what a template might evaluate"


def test_values_and_intervals_are_drawn_as_given() -> None:
    figure = intervals_figure({"a": [Estimate("mrr", 0.5, 0.4, 0.7)]}, title="Figures")
    (bar,) = figure.data
    assert (list(bar.x), list(bar.y)) == ([0.5], ["mrr"])
    assert list(bar.error_x.array) == pytest.approx([0.2])
    assert list(bar.error_x.arrayminus) == pytest.approx([0.1])


def test_pictures_are_drawn_to_scale() -> None:
    def coloured(value: float) -> float:
        png = interval_picture(
            Estimate("x", value, value, value), lowest=0, highest=1, colour="#ff0000"
        )
        picture = Image.open(BytesIO(png)).convert("RGB")
        row = [picture.getpixel((x, 16)) for x in range(picture.width)]
        return sum(pixel == (255, 0, 0) for pixel in row) / (picture.width - 24)

    assert coloured(0.5) == pytest.approx(0.5, abs=0.02)
    assert coloured(1.0) == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize("points", [[], [(0.0, 0.0)], [(0.2, 1.0), (30.0, 4.0)]])
def test_any_points_give_a_picture(points: list[tuple[float, float]]) -> None:
    assert Image.open(BytesIO(scatter_picture(points))).size == (900, 900)


@pytest.mark.e2e
@pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium on this machine")
def test_a_browser_draws_every_figure_and_runs_nothing_of_a_name(tmp_path: Path) -> None:
    scripts = script_path().read_text("utf-8"), (ROOT / "assets" / "plots.js").read_text("utf-8")
    page = tmp_path / "plots.html"
    page.write_text(
        "<!doctype html><meta charset=utf-8><body>"
        + "".join(map(as_html, FIGURES.values()))
        + "".join(f"<script>{script}</script>" for script in scripts),
        encoding="utf-8",
    )
    said: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        shown = browser.new_page()
        shown.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
        shown.on("pageerror", lambda error: said.append(str(error)))
        shown.on("request", lambda request: said.append(request.url))
        shown.goto(page.as_uri())
        shown.wait_for_function(f"document.querySelectorAll('.plot svg.main-svg').length >= {5}")
        assert shown.locator(".plot a, .plot img").count() == 0
        drawn = shown.locator(".plot").first.inner_text() + shown.locator("svg").first.inner_html()
        assert "中文" in drawn
    assert said == [page.as_uri()]
