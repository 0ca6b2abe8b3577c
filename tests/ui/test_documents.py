from datetime import date
from pathlib import Path

import gradio as gr
import pytest
from desk_services import DeskServices, a_document, fired, handler, on_event, region

from core.types import DocumentState
from ui.locale import texts_in
from ui.page import Desk
from ui.table import ROWS, render_documents, size


@pytest.fixture
async def desk(services: DeskServices) -> Desk:
    return Desk(matter_id=(await services.database.create_matter("Aldgate")).id)


def a_file(folder: Path, name: str) -> str:
    path = folder / name
    path.write_text("The lease.", encoding="utf-8")
    return str(path)


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.glob("*.*")}


async def test_files_are_added_and_their_uploads_removed(
    page: gr.Blocks, desk: Desk, tmp_path: Path
):
    paths = [a_file(tmp_path, "Lease.txt"), a_file(tmp_path, "租赁合同.txt")]
    drawn = await handler(page, "add")(desk, paths)  # type: ignore[misc]
    table = region(page, drawn, "documents-table")
    assert "Lease.txt" in table
    assert "租赁合同.txt" in table
    assert not {"Lease.txt", "租赁合同.txt"} & names_in(tmp_path)


async def test_a_file_that_is_refused_does_not_keep_the_others_out(
    page: gr.Blocks, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    told: list[str] = []
    monkeypatch.setattr(gr, "Warning", lambda words, **_: told.append(words))
    paths = [a_file(tmp_path, "<b>.exe"), a_file(tmp_path, "Lease.txt")]
    drawn = await handler(page, "add")(desk, paths)  # type: ignore[misc]
    assert "Lease.txt" in region(page, drawn, "documents-table")
    assert told == ["&lt;b&gt;.exe: &lt;b&gt;.exe is not a document. Use a PDF."]
    assert not {"<b>.exe", "Lease.txt"} & names_in(tmp_path)


async def test_the_table_refreshes_only_while_a_document_is_on_its_way(
    services: DeskServices, page: gr.Blocks, desk: Desk, tmp_path: Path
):
    drawn = await handler(page, "add")(desk, [a_file(tmp_path, "Lease.txt")])  # type: ignore[misc]
    timer = next(each for each in drawn if isinstance(each, gr.Timer))
    assert drawn[timer].active is False
    document = (await services.database.documents(desk.matter_id))[0]
    drawn = await handler(page, "retry")(desk, fired(document_id=document.id))  # type: ignore[misc]
    assert drawn[timer].active is True


async def test_a_failed_document_says_why_and_what_to_do(
    services: DeskServices, page: gr.Blocks, desk: Desk
):
    document, _ = await services.database.put_document(desk.matter_id, "Scan.pdf", "0", 9, False)
    failed = {
        "state": DocumentState.FAILED,
        "reason": "No page has a word on it.",
        "remedy": "Scan it again.",
    }
    await services.database.update_document(desk.matter_id, document.id, failed)
    drawn = await handler(page, "tick")(desk)  # type: ignore[misc]
    table = region(page, drawn, "documents-table")
    assert "No page has a word on it. Scan it again." in table
    assert 'data-event="retry_document"' in table


async def test_searching_by_name_ignores_case(page: gr.Blocks, desk: Desk, tmp_path: Path):
    paths = [a_file(tmp_path, "Lease.txt"), a_file(tmp_path, "Will.txt")]
    await handler(page, "add")(desk, paths)  # type: ignore[misc]
    drawn = await on_event(page, "search_documents")(desk, fired(text=" LEA "))
    table = region(page, drawn, "documents-table")
    assert "Lease.txt" in table
    assert "Will.txt" not in table


async def test_a_document_says_what_it_is_and_what_to_beware_of(
    services: DeskServices, page: gr.Blocks, desk: Desk
):
    await a_document(
        services,
        desk.matter_id,
        "A7.pdf",
        title="Supply Agreement",
        parties=["Northwind Ltd.", "Aldgate plc"],
        dated=date(2021, 3, 4),
        genre="contract",
        blank_pages=6,
        warnings=["hidden_text", "invisible_characters", "instructions", "unreadable_pages"],
    )
    table = region(page, await handler(page, "tick")(desk), "documents-table")  # type: ignore[misc]
    assert "Supply Agreement" in table
    assert "Contract · 4 Mar 2021 · Northwind Ltd., Aldgate plc" in table
    assert "6 pages without text" in table
    assert table.count("<li>") == 5
    for words in ("hidden from view", "invisible characters", "never followed", "not be read"):
        assert words in table


async def test_a_document_of_which_nothing_is_known_says_nothing_of_itself(
    services: DeskServices, page: gr.Blocks, desk: Desk
):
    await a_document(services, desk.matter_id, "A7.pdf")
    table = region(page, await handler(page, "tick")(desk), "documents-table")  # type: ignore[misc]
    assert "document-identity" not in table
    assert "document-warnings" not in table


async def test_documents_are_found_by_kind_title_and_party(
    services: DeskServices, page: gr.Blocks, desk: Desk
):
    await a_document(
        services, desk.matter_id, "A7.pdf", title="Supply", parties=["Northwind"], genre="contract"
    )
    await a_document(services, desk.matter_id, "B8.pdf", title="Ruling", genre="judgment")
    search, by_genre = on_event(page, "search_documents"), on_event(page, "filter_documents")
    for call, words, found in (
        (search, "northw", "A7.pdf"),
        (search, "RULING", "B8.pdf"),
        (by_genre, "contract", "A7.pdf"),
        (by_genre, "judgment", "B8.pdf"),
    ):
        table = region(page, await call(desk, fired(text=words)), "documents-table")
        assert [name for name in ("A7.pdf", "B8.pdf") if name in table] == [found], words


async def test_a_long_list_is_drawn_in_part_and_says_so(services: DeskServices, desk: Desk):
    for number in range(ROWS + 3):
        await services.database.put_document(desk.matter_id, f"{number}.txt", str(number), 1, False)
    documents = await services.database.documents(desk.matter_id)
    markup = render_documents(documents, len(documents), texts_in("en"))
    assert markup.count('data-testid="document"') == ROWS
    assert "3 more" in markup


@pytest.mark.parametrize(
    ("size_bytes", "words"),
    [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KB"), (5 * 1024**2, "5.0 MB"), (1024**3, "1.0 GB")],
)
def test_sizes_are_told_in_the_largest_unit(size_bytes: int, words: str):
    assert size(size_bytes) == words
