"""What an empty conversation suggests is answered by the documents of the matter that is open."""

import json
import re
from hashlib import sha256
from types import SimpleNamespace

import gradio as gr
import pytest
from desk_services import DeskServices, a_document, fired, on_event, region

from core.services import SAMPLES
from core.types import LOCAL, Document
from ui.page import Desk
from ui.suggestions import suggestions

CONTRACT = (
    "This Agreement is governed by the laws of Kenya and ends on termination by either party."
)
JUDGMENT = "驳回原告的诉讼请求。判决如下：被告返还货款。" * 40


@pytest.fixture
async def desk(services: DeskServices) -> Desk:
    return Desk(matter_id=(await services.database.create_matter("Aldgate")).id)


async def a_sample(
    services: DeskServices, matter_id: str, name: str, renamed: str = ""
) -> Document:
    """A sample document, under its own or another name."""
    digest = sha256((SAMPLES / name).read_bytes()).hexdigest()
    document = await a_document(services, matter_id, renamed or name)
    await services.database.update_document(matter_id, document.id, {"sha256": digest})
    return document


async def suggested(services: DeskServices, desk: Desk, words: str = "") -> list[str]:
    async def text(matter_id: str, document_id: str) -> str:
        return words

    services.library.text = text  # type: ignore[method-assign]
    documents = await services.database.documents(desk.matter_id)
    return await suggestions(SimpleNamespace(services=services), desk, documents)  # type: ignore[arg-type]


async def test_only_the_questions_of_sample_documents_that_are_there_are_suggested(
    services: DeskServices, desk: Desk
):
    listed = json.loads((SAMPLES / "questions.json").read_text("utf-8"))
    names = {each["document"] for each in listed}
    assert len(names) == 3
    for name in names:
        own = await services.database.create_matter(name)
        await a_sample(services, own.id, name, "renamed.pdf")
        found = await suggested(services, Desk(matter_id=own.id))
        assert found == [each["question"] for each in listed if each["document"] == name]


async def test_a_document_that_only_has_a_sample_s_name_is_no_sample(
    services: DeskServices, desk: Desk
):
    await a_document(services, desk.matter_id, "Office Lease - Harbour Lane.pdf")
    assert await suggested(services, desk, CONTRACT) == []


async def test_a_contract_is_asked_only_what_its_words_answer(services: DeskServices, desk: Desk):
    await a_document(
        services, desk.matter_id, "A/B7.pdf", genre="contract", title="Tea Supply", parties=["Kip"]
    )
    assert await suggested(services, desk, CONTRACT) == [
        "Who are the parties to “Tea Supply”?",
        "How long does “Tea Supply” run, and how does it end?",
        "Which law governs “Tea Supply”?",
    ]
    assert await suggested(services, desk, "Nothing.") == ["Who are the parties to “Tea Supply”?"]


async def test_a_chinese_document_is_asked_about_in_chinese(services: DeskServices, desk: Desk):
    await a_document(services, desk.matter_id, "判决书.docx", genre="judgment")
    assert await suggested(services, desk, JUDGMENT) == ["《判决书.docx》中法院作出了什么判决？"]


async def test_documents_of_one_title_are_told_apart_by_their_names(
    services: DeskServices, desk: Desk
):
    for name in ("A.pdf", "B.pdf"):
        await a_document(services, desk.matter_id, name, genre="contract", title="Lease")
    assert await suggested(services, desk, CONTRACT) == [
        "How long does “A.pdf” run, and how does it end?",
        "Which law governs “A.pdf”?",
    ]


async def test_the_welcome_offers_what_is_suggested_and_nothing_else(
    services: DeskServices, page: gr.Blocks, desk: Desk
):
    await a_document(services, desk.matter_id, "Notes.txt")
    drawn = await on_event(page, "refresh_welcome", LOCAL.id)(desk, fired())
    assert "example-question" not in region(page, drawn, "turns")
    await a_sample(services, desk.matter_id, "Office Lease - Harbour Lane.pdf")
    drawn = await on_event(page, "refresh_welcome", LOCAL.id)(desk, fired())
    markup = region(page, drawn, "turns")
    assert len(re.findall("example-question", markup)) == 2
    assert "break notice" in markup
