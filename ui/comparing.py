"""Evaluation, side by side: one question, answered by two variants."""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing

import gradio as gr

from core.deeds import Deed
from core.errors import PinciteError
from core.evaluation.comparison import compare
from core.evaluation.variants import VARIANTS
from core.types import Answer, Variant, Verdict
from ui.locale import Texts
from ui.markup import Html, action, element, icon, text
from ui.page import Desk, Page, Tab, Updates, value_of
from ui.progress import Progress, paced
from ui.rendering import render_progress

CONCURRENT_COMPARISONS = 4
SIDES = ("a", "b")


def comparing_view(page: Page) -> Tab:
    """Build the view; both sides are one loop over two values, streamed together."""
    with gr.Column(elem_id="view-compare", elem_classes=["view"]):
        form = gr.HTML(elem_id="comparison-form", apply_default_css=False)
        sides = gr.HTML(elem_id="comparison", apply_default_css=False)

    async def draw(desk: Desk) -> Updates:
        return {form: render_form(desk), sides: render_empty(desk.texts)}

    async def run(desk: Desk, fired: gr.EventData) -> AsyncIterator[Updates]:
        question = value_of(fired, "question", str, "").strip()
        variants = [_variant(value_of(fired, side, str), desk) for side in SIDES]
        if not desk.matter_id:
            raise PinciteError(desk.texts("matter.none"))
        if not question:
            raise PinciteError(desk.texts("chat.no_question"))
        await page.record(desk, Deed.ANSWERS_COMPARED)
        both = [Progress(question) for _ in variants]
        yield {sides: render_sides(variants, both, desk.texts)}
        events = compare(page.services.answerer, desk.matter_id, question, variants)
        async with aclosing(paced(events)) as batches:
            async for batch in batches:
                for side, event in batch:
                    both[side] = both[side].after(event)
                drawn = render_sides(variants, both, desk.texts) if batch else gr.skip()
                yield {sides: drawn}

    async def cleared(desk: Desk) -> Updates:
        return {sides: render_empty(desk.texts)}

    running = page.on("compare", run, [sides], concurrency_limit=CONCURRENT_COMPARISONS)
    page.on_stop("stop_comparison", running, cleared, [sides])
    return Tab((form, sides), draw)


def _variant(name: str, desk: Desk) -> Variant:
    found = next((variant for variant in VARIANTS if variant.name == name), None)
    if found is None:
        raise PinciteError(desk.texts("evaluation.no_variant"))
    return found


def variant_label(variant: Variant, texts: Texts) -> str:
    """A variant's name in the reader's language, or as it is where it has none."""
    return texts.known("variant", variant.name)


def render_form(desk: Desk) -> Html:
    """The question and the two variants that answer it."""
    texts = desk.texts
    question = element(
        "textarea",
        name="question",
        rows=2,
        placeholder=texts("evaluation.placeholder"),
        aria_label=texts("evaluation.question"),
        data_submits=True,
        data_testid="comparison-question",
        dir="auto",
    )
    pickers = [_picker(side, position, texts) for position, side in enumerate(SIDES)]
    start = element(
        "button",
        text(texts("evaluation.run")),
        type="submit",
        class_="button",
        data_testid="compare",
    )
    stop = action(
        "stop_comparison",
        icon("stop"),
        element("span", text(texts("chat.stop"))),
        class_="button quiet stop",
        data_testid="stop-comparison",
    )
    return element(
        "form",
        element("h1", text(texts("evaluation.heading"))),
        element("p", text(texts("evaluation.lead")), class_="lead"),
        question,
        element("div", *pickers, start, stop, class_="row"),
        data_event="compare",
        data_testid="comparison-form",
    )


def _picker(side: str, chosen: int, texts: Texts) -> Html:
    options = [
        element(
            "option",
            text(variant_label(variant, texts)),
            value=variant.name,
            selected=position == chosen,
        )
        for position, variant in enumerate(VARIANTS)
    ]
    label = texts(f"evaluation.side.{side}")
    chooser = element("select", *options, name=side, data_testid=f"variant-{side}")
    return element("label", element("span", text(label)), chooser, class_="picker")


def render_empty(texts: Texts) -> Html:
    """What stands below the form before a comparison."""
    return element(
        "div",
        element("h2", text(texts("evaluation.empty"))),
        element("p", text(texts("evaluation.empty_more"))),
        class_="empty",
        data_testid="comparison-empty",
    )


def render_sides(variants: Sequence[Variant], both: Sequence[Progress], texts: Texts) -> Html:
    """Both answers, drawn alike."""
    sides = [
        element(
            "section",
            element("h2", text(variant_label(variant, texts))),
            element("p", text(_counts(progress.answer, texts)), class_="counts")
            if progress.answer
            else Html(""),
            render_progress(progress, texts),
            class_="side",
            data_testid=f"side-{name}",
        )
        for name, variant, progress in zip(SIDES, variants, both, strict=True)
    ]
    return element("div", *sides, class_="sides", data_testid="sides")


def _counts(answer: Answer, texts: Texts) -> str:
    each = Counter(statement.verdict for statement in answer.statements)
    verdicts = [
        texts("evaluation.count", count=each[verdict], verdict=texts(f"verdict.{verdict}"))
        for verdict in Verdict
    ]
    return texts.list_of_words(*verdicts)
