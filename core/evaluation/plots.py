"""Plots of figures: plotly's for the page and the HTML report, small pictures for Word.

A figure is drawn in the browser by plotly's own script, which comes with the package and is served
from this machine or written into the report: nothing is fetched.  Colours stand out on light and on
dark paper alike; the ink is set where the figure is drawn (``assets/plots.js``).  Turning plotly's
figures into images takes a browser, so Word gets pictures without words, drawn here with Pillow,
beside words in Word's own fonts.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape, unescape
from importlib.util import find_spec
from io import BytesIO
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import ImageDraw
    from plotly.graph_objects import Figure

COLOURS = ("#4a6fa5", "#b07d2b", "#4d8f6b", "#8e5a8e", "#a4504f", "#5f7480")
_WASH = "rgba(128, 128, 128, 0.10)"
_GREY = "#8a8f99"
_ENTITIES = str.maketrans({"{": "&#123;", "}": "&#125;", "$": "&#36;", "`": "&#96;"})
# As in the page's own markup: templates that Gradio might evaluate.


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with its 95 % interval, under the name that it has on its axis."""

    label: str
    value: float
    low: float
    high: float


def intervals_figure(
    series: Mapping[str, Sequence[Estimate]], *, title: str, axis: str = ""
) -> "Figure":
    """Values with their intervals, side by side in as many colours as there are series."""
    figure = _figure(title, height=120 + 26 * sum(map(len, series.values())))
    for (name, estimates), colour in zip(series.items(), cycle(COLOURS), strict=False):
        figure.add_bar(
            name=_plain(name),
            orientation="h",
            y=[_plain(each.label) for each in estimates],
            x=[each.value for each in estimates],
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [each.high - each.value for each in estimates],
                "arrayminus": [each.value - each.low for each in estimates],
                "thickness": 1.5,
                "width": 4,
            },
            marker={"color": colour, "opacity": 0.85},
            hovertemplate="%{y}: %{x:.4g}<extra></extra>",
        )
    figure.update_layout(barmode="group", showlegend=len(series) > 1, bargap=0.3)
    figure.update_xaxes(title=axis)
    figure.update_yaxes(autorange="reversed", showgrid=False)
    return figure


def scatter(
    points: Sequence[tuple[str, float, float]], *, first: str, second: str, title: str
) -> "Figure":
    """One point a question, ``(its words, value of the first, of the second)``.

    Above the diagonal the second did better, where more is better.
    """
    ends = [value for _, *both in points for value in both] or [0.0, 1.0]
    low, high = min(0.0, *ends), max(1.0 if max(ends) <= 1 else 0.0, *ends)
    figure = _figure(title, height=460)
    figure.add_scatter(
        x=[low, high], y=[low, high], mode="lines", hoverinfo="skip",
        line={"color": _GREY, "width": 1, "dash": "dot"},
    )  # fmt: skip
    figure.add_scatter(
        x=[one for _, one, _ in points],
        y=[other for _, _, other in points],
        text=[_plain(words[:120]) for words, *_ in points],
        mode="markers",
        marker={"color": COLOURS[0], "size": 9, "opacity": 0.55},
        hovertemplate="%{text}<br>%{x:.4g} → %{y:.4g}<extra></extra>",
    )
    figure.update_layout(showlegend=False)
    figure.update_xaxes(title=_plain(first))
    figure.update_yaxes(title=_plain(second))
    return figure


def latencies(
    seconds: Mapping[str, Mapping[str, Sequence[float]]], *, title: str, axis: str
) -> "Figure":
    """How the seconds of each stage are spread: variant -> stage -> one value a question."""
    figure = _figure(title, height=360)
    for (name, stages), colour in zip(seconds.items(), cycle(COLOURS), strict=False):
        spread = [(stage, value) for stage, values in stages.items() for value in values]
        figure.add_box(
            name=_plain(name),
            x=[_plain(stage) for stage, _ in spread],
            y=[value for _, value in spread],
            marker={"color": colour, "size": 4},
            line={"width": 1.5},
            boxpoints="outliers",
        )
    figure.update_layout(boxmode="group", showlegend=len(seconds) > 1)
    figure.update_yaxes(title=axis, rangemode="tozero")
    figure.update_xaxes(showgrid=False)
    return figure


def as_html(figure: "Figure") -> str:
    """The figure as an element that ``assets/plots.js`` draws in; nothing in it is a script."""
    label = escape(unescape(figure.layout.title.text or ""), quote=True).translate(_ENTITIES)
    drawn = escape(figure.to_json(), quote=True).translate(_ENTITIES)
    return (
        f'<div class="plot" role="img" aria-label="{label}" data-figure="{drawn}" '
        f'style="min-height: {figure.layout.height:.0f}px"></div>'
    )


def script_path() -> Path:
    """Where plotly's script lies on this machine; plotly itself need not be imported for that."""
    found = find_spec("plotly")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("plotly is not installed")
    return Path(found.origin).parent / "package_data" / "plotly.min.js"


def interval_picture(estimate: Estimate, *, lowest: float, highest: float, colour: str) -> bytes:
    """A bar with its interval between two ends that a table's rows share, as PNG."""
    width, height = 720, 66
    draw, finished = _canvas(width, height)
    reach = (highest - lowest) or 1.0

    def across(value: float) -> float:
        return 12 + (width - 24) * (min(max(value, lowest), highest) - lowest) / reach

    draw.rectangle((12, 12, width - 12, height - 12), fill="#f1eee7")
    zero = across(0.0)
    ends = sorted((zero, across(estimate.value)))
    draw.rectangle((ends[0], 12, ends[1], height - 12), fill=colour)
    low, high, middle = across(estimate.low), across(estimate.high), height / 2
    draw.line((low, middle, high, middle), fill="#1a2336", width=4)
    for end in (low, high):
        draw.line((end, middle - 11, end, middle + 11), fill="#1a2336", width=4)
    return finished()


def scatter_picture(points: Sequence[tuple[float, float]]) -> bytes:
    """One point a question between 0 and the largest value on both axes, as PNG."""
    size, edge = 900, 40
    draw, finished = _canvas(size, size)
    ends = [value for both in points for value in both]
    low, high = min([0.0, *ends]), max([1e-9, *ends])

    def across(value: float) -> float:
        return edge + (size - 2 * edge) * (value - low) / (high - low)

    draw.rectangle((edge, edge, size - edge, size - edge), outline="#cfc7b6", width=3)
    draw.line((edge, size - edge, size - edge, edge), fill="#cfc7b6", width=3)
    for one, other in points:
        x, y = across(one), size - across(other)
        draw.ellipse((x - 11, y - 11, x + 11, y + 11), outline=COLOURS[0], width=4)
    return finished()


def _canvas(width: int, height: int) -> "tuple[ImageDraw.ImageDraw, Callable[[], bytes]]":
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (width, height), "white")

    def finished() -> bytes:
        written = BytesIO()
        image.save(written, "PNG", optimize=True)
        return written.getvalue()

    return ImageDraw.Draw(image), finished


def _figure(title: str, *, height: int) -> "Figure":
    from plotly.graph_objects import Figure

    figure = Figure()
    figure.update_layout(
        template="none",
        title={"text": _plain(title), "x": 0, "xref": "paper", "font": {"size": 15}},
        height=height,
        margin={"l": 8, "r": 16, "t": 56, "b": 44},
        paper_bgcolor="rgba(0, 0, 0, 0)",
        plot_bgcolor="rgba(0, 0, 0, 0)",
        legend={"orientation": "h", "y": 1, "yanchor": "bottom", "x": 1, "xanchor": "right"},
        hovermode="closest",
    )
    figure.update_xaxes(automargin=True, zeroline=False)
    figure.update_yaxes(automargin=True, zeroline=False)
    return figure


def _plain(words: str) -> str:
    """Words as plotly shows them, which takes tags and links in any text of a figure for markup."""
    return escape(words, quote=False)
