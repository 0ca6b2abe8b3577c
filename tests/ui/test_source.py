from datetime import UTC, datetime

import gradio as gr
import pytest
from desk_services import DeskServices, fired, handler, region

from core.documents.view import PageView, TextView
from core.errors import PinciteError
from core.types import Box, Document, DocumentState
from ui.locale import texts_in
from ui.page import Desk
from ui.source import Place, render_source

LEASE = Document("d1", "m1", "Lease.pdf", "pdf", DocumentState.READY, datetime.now(UTC), 1)


async def ready(services: DeskServices, matter: str) -> tuple[Desk, str]:
    desk = Desk(matter_id=(await services.database.create_matter(matter)).id)
    document, _ = await services.database.put_document(desk.matter_id, "Lease.pdf", "0", 9)
    state = {"state": DocumentState.READY}
    await services.database.update_document(desk.matter_id, document.id, state)
    return desk, document.id


async def test_the_cited_words_are_marked_and_quoted(services: DeskServices, page: gr.Blocks):
    desk, document_id = await ready(services, "Aldgate")
    place = fired(document_id=document_id, page=0, start=4, end=10, marker=2, path=["Article 4"])
    drawn = await handler(page, "show")(desk, place)  # type: ignore[misc]
    panel = region(page, drawn, "source")
    assert '<mark data-testid="source-mark">Tenant</mark>' in panel
    assert "Article 4" in panel


async def test_a_document_of_another_matter_is_not_shown(
    services: DeskServices, page: gr.Blocks, monkeypatch: pytest.MonkeyPatch
):
    told: list[str] = []
    monkeypatch.setattr(gr, "Warning", told.append)
    _, document_id = await ready(services, "Aldgate")
    other, _ = await ready(services, "Other")
    show = handler(page, "show")
    drawn = await show(other, fired(document_id=document_id, start=0, end=9))  # type: ignore[misc]
    assert drawn == gr.skip()
    assert told == ["This document is not in the matter. It may have been deleted."]


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"document_id": 7},
        {"document_id": "d", "start": -1, "end": 2},
        {"document_id": "d", "start": 5, "end": 2},
        {"document_id": "d", "page": "1"},
        {"document_id": "d", "start": True},
    ],
)
def test_a_place_that_is_none_is_refused(sent: dict[str, object]):
    with pytest.raises(PinciteError):
        Place.wanted(fired(**sent))


def test_a_page_shows_boxes_over_the_cited_words_and_its_neighbours():
    view = PageView(b"png", 100, 200, 3, 9, (Box(0.1, 0.25, 0.5, 0.3),))
    markup = render_source(LEASE, Place("d1", 3, 0, 9), view, "nine char", texts_in("en"))
    assert 'style="left:10.000%;top:25.000%;width:40.000%;height:5.000%"' in markup
    assert "Page 3 of 9" in markup
    assert "&quot;page&quot;: 4" in markup.replace("&#123;", "").replace("&#125;", "")


def test_the_first_page_has_no_page_before_it():
    view = PageView(b"png", 100, 200, 1, 1, ())
    markup = render_source(LEASE, Place("d1", 1, 0, 0), view, "", texts_in("en"))
    assert markup.count(" disabled") == 2


def test_hostile_text_around_a_citation_stays_text():
    view = TextView("<script>a</script>", "<b>", "</div>")
    markup = render_source(LEASE, Place("d1", 0, 1, 2), view, "<b>", texts_in("en"))
    assert "<script" not in markup
    assert "<b>" not in markup
