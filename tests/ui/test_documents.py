import os
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path

import gradio as gr
import pytest
from desk_services import DeskServices, a_document, fired, handler, on_event, region

from core.documents.pace import Pace
from core.types import DocumentState
from ui.documents import TROUBLES
from ui.locale import texts_in
from ui.page import Desk
from ui.receipt import Receipt
from ui.table import ROWS, render_documents, size


@pytest.fixture
async def desk(services: DeskServices) -> Desk:
    return Desk(matter_id=(await services.database.create_matter("Aldgate")).id)


Add = Callable[..., Awaitable[dict[object, object]]]


@pytest.fixture
def uploads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the browser's uploads are kept."""
    folder = tmp_path / "uploads"
    folder.mkdir()
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(folder))
    return folder


@pytest.fixture
def add(page: gr.Blocks, desk: Desk, uploads: Path) -> Add:
    """Add files by name, as one group of a drop."""

    async def group(*names: str, words: str = "", **more: object) -> dict[object, object]:
        files = []
        for number, name in enumerate(names):
            path = uploads / f"d1-{number}"
            path.write_text(words or f"The lease {name}.", encoding="utf-8")
            files.append({"name": name, "path": str(path)})
        value: dict[str, object] = {"drop": "d1", "matter_id": desk.matter_id, "done": len(files)}
        before = more.pop("before", Receipt())
        event = fired(**(value | {"files": files} | more))
        return await on_event(page, "add_documents")(desk, before, event)  # type: ignore[no-any-return]

    return group


async def test_files_are_added_and_their_uploads_removed(page: gr.Blocks, add: Add, uploads: Path):
    drawn = await add("Lease.txt", "租赁合同.txt")
    table = region(page, drawn, "documents-table")
    assert "Lease.txt" in table
    assert "租赁合同.txt" in table
    assert "2 documents added" in region(page, drawn, "documents-receipt")
    assert os.listdir(uploads) == []


async def test_a_file_in_a_folder_keeps_the_folder_in_its_name(page: gr.Blocks, add: Add):
    table = region(page, await add("2024/Leases/A.txt", "2025/A.txt"), "documents-table")
    assert 'data-name="2024/Leases/A.txt"' in table
    assert 'data-name="2025/A.txt"' in table


async def test_a_file_that_is_refused_does_not_keep_the_others_out(
    page: gr.Blocks, add: Add, uploads: Path
):
    drawn = await add("<b>.exe", "Lease.txt")
    assert "Lease.txt" in region(page, drawn, "documents-table")
    receipt = region(page, drawn, "documents-receipt")
    assert "1 document added · 1 not added" in receipt
    assert "&lt;b&gt;.exe: &lt;b&gt;.exe is not a document. Use a PDF." in receipt
    assert os.listdir(uploads) == []


async def test_a_receipt_goes_on_with_the_next_group_of_its_drop_and_ends_with_it(
    page: gr.Blocks, add: Add
):
    def kept(drawn: dict[object, object]) -> Receipt:
        return next(each for each in drawn.values() if isinstance(each, Receipt))

    first = kept(await add("A.txt", "B.exe"))
    second = kept(await add("C.txt", before=first, done=3))
    assert (second.done, second.added, len(second.refused)) == (3, 2, 1)
    other = kept(await add("D.txt", before=second, drop="d2"))
    assert (other.done, other.added, other.refused) == (1, 1, ())


async def test_what_the_browser_could_not_send_is_told_with_the_rest(page: gr.Blocks, add: Add):
    files = [{"name": f"{trouble}.pdf", "trouble": trouble} for trouble in TROUBLES]
    receipt = region(page, await add(files=files, done=len(files)), "documents-receipt")
    assert f"0 documents added · {len(files)} not added" in receipt
    assert "too_large.pdf: It is larger than a file may be." in receipt


async def test_a_drop_does_not_follow_its_person_into_another_matter(
    services: DeskServices, page: gr.Blocks, desk: Desk, add: Add, uploads: Path,
    monkeypatch: pytest.MonkeyPatch,
):  # fmt: skip
    told: list[str] = []
    monkeypatch.setattr(gr, "Warning", told.append)
    await add("Lease.txt", matter_id="the one that was open")
    assert await services.database.documents(desk.matter_id) == ()
    assert "Another matter was opened" in told[0]
    assert os.listdir(uploads) == []


@pytest.mark.parametrize("inside", ["../Will.txt", "../uploads/../Will.txt"])
async def test_only_an_upload_is_ever_taken_and_removed(
    services: DeskServices, desk: Desk, add: Add, uploads: Path, inside: str,
    monkeypatch: pytest.MonkeyPatch,
):  # fmt: skip
    monkeypatch.setattr(gr, "Warning", lambda _: None)
    own = uploads.parent / "Will.txt"
    own.write_text("My will.", encoding="utf-8")
    await add(files=[{"name": "Will.txt", "path": f"{uploads}/{inside}"}])
    assert own.exists()
    assert await services.database.documents(desk.matter_id) == ()


async def test_the_table_refreshes_only_while_a_document_is_on_its_way(
    services: DeskServices, page: gr.Blocks, desk: Desk, add: Add
):
    drawn = await add("Lease.txt")
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


async def test_searching_by_name_ignores_case(page: gr.Blocks, desk: Desk, add: Add):
    await add("Lease.txt", "Will.txt")
    drawn = await on_event(page, "search_documents")(desk, fired(name=" LEA "))
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
    search = on_event(page, "search_documents")
    for words, genre, found in (
        ("northw", "", "A7.pdf"),
        ("RULING", "", "B8.pdf"),
        ("", "contract", "A7.pdf"),
        ("pdf", "judgment", "B8.pdf"),
    ):
        drawn = await search(desk, fired(name=words, genre=genre, state="ready"))
        table = region(page, drawn, "documents-table")
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
    page: gr.Blocks, add: Add
):
    drawn = await add("Lease.txt", "<i>Copy.txt", words="The lease.")
    assert region(page, drawn, "documents-table").count('data-testid="document"') == 1
    receipt = region(page, drawn, "documents-receipt")
    assert "1 document added · 1 here already" in receipt
    assert "&lt;i&gt;Copy.txt is here as Lease.txt." in receipt


async def test_an_older_version_stands_under_the_one_that_is_searched(
    services: DeskServices, page: gr.Blocks, desk: Desk
):
    await services.database.put_document(desk.matter_id, "Lease.pdf", "first", 1)
    await services.database.put_document(desk.matter_id, "Lease.pdf", "second", 1)
    new, old = await services.database.documents(desk.matter_id)
    table = region(page, await handler(page, "tick")(desk), "documents-table")  # type: ignore[misc]
    assert table.index("Version 2") < table.index("Version 1")
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
    table = region(page, drawn, "documents-table")
    assert "Cancelled" in table
    assert "document-failure" not in table
    assert 'data-event="retry_document"' in table


async def test_the_table_is_narrowed_to_a_state_and_all_that_failed_is_tried_again(
    services: DeskServices, page: gr.Blocks, desk: Desk
):
    for name, state in (("A.txt", "failed"), ("B.txt", "failed"), ("C.txt", "ready")):
        made, _ = await services.database.put_document(desk.matter_id, name, name, 1)
        await services.database.update_document(desk.matter_id, made.id, {"state": state})
    made, _ = await services.database.put_document(desk.matter_id, "D.txt", "D.txt", 1)
    cancelled = {"state": "failed", "failure": "cancelled"}
    await services.database.update_document(desk.matter_id, made.id, cancelled)
    narrow, table = on_event(page, "search_documents"), "documents-table"
    for state, shown in (("failed", 2), ("ready", 1), ("moving", 0), ("cancelled", 1), ("", 4)):
        markup = region(page, await narrow(desk, fired(state=state)), table)
        assert markup.count('data-testid="document"') == shown, state
    drawn = await handler(page, "tick")(desk)  # type: ignore[misc]
    assert "Try all 2 failed again" in region(page, drawn, "documents-pace")
    drawn = await on_event(page, "retry_failed")(desk, fired())
    assert region(page, drawn, table).count('data-state="queued"') == 2
    assert "Try all" not in region(page, drawn, "documents-pace")
