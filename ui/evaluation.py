"""The Evaluation tab: its views side by side, one of them open."""

from collections.abc import Callable
from dataclasses import replace

import gradio as gr

from core.errors import NotFound, PinciteError
from ui.comparing import comparing_view
from ui.keeping import keeping
from ui.markup import Html, action, element, text
from ui.page import Desk, Page, Tab, Updates, value_of
from ui.question_sets import sets_view
from ui.ratings import ratings_view
from ui.runs import runs_view
from ui.variants import variants_view

VIEWS: dict[str, Callable[[Page], Tab]] = {
    "compare": comparing_view,
    "ratings": ratings_view,
    "variants": variants_view,
    "sets": sets_view,
    "runs": runs_view,
}
"""The views in the order of their names on the page, with what builds each."""


def evaluation_tab(page: Page) -> Tab:
    """Build the tab. The browser shows one view at a time; only that one is drawn."""
    with gr.Column(elem_id="evaluation", elem_classes=["tab-panel"]):
        names = gr.HTML(elem_id="evaluation-views", apply_default_css=False)
        views = {name: build(page) for name, build in VIEWS.items()}

    keeping(page)

    async def draw(desk: Desk) -> Updates:
        return {names: render_views(desk)} | await views[desk.view].draw(desk)

    async def open_view(desk: Desk, fired: gr.EventData) -> Updates:
        name = value_of(fired, "view", str)
        if name not in views:
            raise PinciteError("There is no such view.", "Reload the page.")
        desk = replace(desk, view=name)
        return {page.desk: desk} | await draw(desk)

    async def compare_with(desk: Desk, fired: gr.EventData) -> Updates:
        """Go to the comparison with the question of an answer in the chat."""
        wanted = value_of(fired, "id", str)
        messages = await page.services.database.messages(desk.matter_id, desk.conversation_id)
        found = next((each for each in messages if each.id == wanted), None)
        if found is None:
            raise NotFound(desk.texts("chat.turn_gone"))
        desk = replace(
            desk,
            view="compare",
            comparison_id="",
            comparing=found.question,
            comparing_message=found.id,
        )
        return {page.desk: desk} | await draw(desk)

    regions = tuple(region for view in views.values() for region in view.regions)
    page.on("open_view", open_view, [page.desk, names, *regions])
    page.on("compare_with", compare_with, [page.desk, names, *regions])
    return Tab((names, *regions), draw)


def render_views(desk: Desk) -> Html:
    """The names of the views; the open one is shown."""
    texts = desk.texts
    buttons = [
        action(
            "open_view",
            text(texts(f"view.{name}")),
            value={"view": name},
            aria_current="page" if name == desk.view else None,
            data_testid=f"view-{name}",
        )
        for name in VIEWS
    ]
    return element(
        "nav", *buttons, class_="views", aria_label=texts("evaluation.views"), data_open=desk.view
    )
