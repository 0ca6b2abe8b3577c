from datetime import date
from pathlib import Path

import gradio as gr
import pytest
from desk_services import DeskServices, a_document, fired, handler, on_event, region

from core.documents.pace import Pace
from core.types import DocumentState
from ui.locale import texts_in
from ui.page import Desk
from ui.table import ROWS, render_documents, size


@pytest.fixture
async def desk(services: DeskServices) -> Desk:
    return Desk(matter_id=(await services.database.create_matter("Aldgate")).id)


def a_file(folder: Path, name: str) -> str:
    path = folder / name
    path.write_text(f"The lease {name}.", encoding="utf-8")
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
    document, _ = await services.database.put_document(desk.matter_id, "Scan.pdf", "0", 9)
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
        await services.database.put_document(desk.matter_id, f"{number}.txt", str(number), 1)
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


async def test_bytes_that_are_here_already_are_told_with_the_name_they_have(
    page: gr.Blocks, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    told: list[str] = []
    monkeypatch.setattr(gr, "Info", lambda words, **_: told.append(words))
    first, again = Path(a_file(tmp_path, "Lease.txt")), tmp_path / "<i>Copy.txt"
    again.write_text("The lease Lease.txt.", encoding="utf-8")
    drawn = await handler(page, "add")(desk, [str(first), str(again)])  # type: ignore[misc]
    assert region(page, drawn, "documents-table").count('data-testid="document"') == 1
    assert told == ["&lt;i&gt;Copy.txt is already here as Lease.txt."]


async def test_an_older_version_stands_under_the_one_that_is_searched(
    services: DeskServices, page: gr.Blocks, desk: Desk
):
    await services.database.put_document(desk.matter_id, "Lease.pdf", "first", 1)
    await services.database.put_document(desk.matter_id, "Lease.pdf", "second", 1)
    new, old = await services.database.documents(desk.matter_id)
    ready = {"state": DocumentState.READY}
    await services.database.update_document(desk.matter_id, new.id, ready)
    await services.database.update_document(desk.matter_id, old.id, ready | {"is_superseded": True})
    table = region(page, await handler(page, "tick")(desk), "documents-table")  # type: ignore[misc]
    assert table.index("Version 2") < table.index("Version 1, kept")
    assert table.count('data-event="ask_about"') == 1
    assert table.count('data-event="open_source"') == 2


async def test_a_protected_file_asks_for_its_password_and_hands_it_on(
    services: DeskServices, page: gr.Blocks, desk: Desk
):
    made, _ = await services.database.put_document(desk.matter_id, "Will.pdf", "0", 9)
    failed = {"state": DocumentState.FAILED, "reason": "It is protected.", "failure": "password"}
    await services.database.update_document(desk.matter_id, made.id, failed)
    table = region(page, await handler(page, "tick")(desk), "documents-table")  # type: ignore[misc]
    assert table.count('type="password"') == 1
    drawn = await on_event(page, "unlock_document")(
        desk, fired(document_id=made.id, password="Sesame <1>")
    )
    assert services.library.passwords == ["Sesame <1>"]
    assert 'type="password"' not in region(page, drawn, "documents-table")


async def test_what_is_on_its_way_tells_its_pages_and_can_be_cancelled(
    services: DeskServices, page: gr.Blocks, desk: Desk
):
    made, _ = await services.database.put_document(desk.matter_id, "Scan.pdf", "0", 9)
    reading = {"state": DocumentState.READING, "pages": 1200, "pages_done": 30, "progress": 0.025}
    await services.database.update_document(desk.matter_id, made.id, reading)
    services.library.speed = Pace(2.5, 20.0, 600.0, 1)
    drawn = await handler(page, "tick")(desk)  # type: ignore[misc]
    assert "30 of 1,200 pages" in region(page, drawn, "documents-table")
    told = region(page, drawn, "documents-pace")
    assert "1 document on its way · 2.5 pages a second" in told
    assert "about 10 minutes left" in told
    drawn = await on_event(page, "cancel_document")(desk, fired(document_id=made.id))
    assert 'data-state="failed"' in region(page, drawn, "documents-table")


async def test_the_table_is_narrowed_to_a_state_and_all_that_failed_is_tried_again(
    services: DeskServices, page: gr.Blocks, desk: Desk
):
    for name, state in (("A.txt", "failed"), ("B.txt", "failed"), ("C.txt", "ready")):
        made, _ = await services.database.put_document(desk.matter_id, name, name, 1)
        await services.database.update_document(desk.matter_id, made.id, {"state": state})
    narrow, table = on_event(page, "filter_states"), "documents-table"
    for state, shown in (("failed", 2), ("ready", 1), ("moving", 0), ("", 3)):
        markup = region(page, await narrow(desk, fired(text=state)), table)
        assert markup.count('data-testid="document"') == shown, state
    drawn = await handler(page, "tick")(desk)  # type: ignore[misc]
    assert "Try all 2 failed again" in region(page, drawn, "documents-pace")
    drawn = await on_event(page, "retry_failed")(desk, fired())
    assert region(page, drawn, table).count('data-state="queued"') == 2
    assert "Try all" not in region(page, drawn, "documents-pace")
