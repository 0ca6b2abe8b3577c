"""Evaluation, question sets: made, filled from files, answers and drafts, and read by version."""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from uuid import uuid4

import gradio as gr

from core.deeds import Deed
from core.errors import NotFound, PinciteError
from core.evaluation.drafting import draft_questions
from core.evaluation.set_rows import set_rows
from core.evaluation.sets import FIELDS, checked, preview
from core.trials import QuestionSet, SetQuestion
from core.types import Document
from ui.documents import sent_file
from ui.markup import text
from ui.options import searchable
from ui.page import Desk, Page, Tab, Updates, value_of
from ui.questions import asked_in, render_editor, render_set, unshown, version_read
from ui.ratings import KINDS, kind_sent, render_download
from ui.shelf import Upload, render_preview, render_shelf

MOST_DRAFTS = 20
CONCURRENT_DRAFTS = 2


def sets_view(page: Page) -> Tab:
    """Build the view: the list of sets, or the one that is open; a file's preview stands above."""
    database = page.services.database
    with gr.Column(elem_id="view-sets", elem_classes=["view"]):
        slip = gr.HTML(elem_id="set-preview", apply_default_css=False)
        shelf = gr.HTML(elem_id="question-sets", apply_default_css=False)
        export = gr.HTML(elem_id="set-export", apply_default_css=False)
    pending = gr.State(None)

    async def documents_of(desk: Desk) -> Sequence[Document]:
        return searchable(await database.documents(desk.matter_id)) if desk.matter_id else ()

    async def opened(desk: Desk) -> tuple[QuestionSet, tuple[SetQuestion, ...]] | None:
        """The set that is open, unless somebody has deleted it, in the version that is read."""
        with suppress(NotFound):
            if desk.set_id:
                held = await database.question_set(desk.matter_id, desk.set_id)
                version = version_read(held, desk)
                return held, await database.questions(desk.matter_id, held.id, version)
        return None

    async def draw_sets(desk: Desk, drafting: str = "") -> Updates:
        found = await opened(desk)
        if found:
            documents = await documents_of(desk)
            return {shelf: render_set(*found, documents, desk, drafting)}
        sets = await database.question_sets(desk.matter_id) if desk.matter_id else ()
        return {shelf: render_shelf(sets, desk)}

    async def draw(desk: Desk) -> Updates:
        return {slip: "", pending: None, export: ""} | await draw_sets(desk)

    async def changed(desk: Desk, deed: Deed, set_id: str) -> Updates:
        await page.record(desk, deed, set_id)
        return {page.dialog: ""} | await draw_sets(desk)

    async def added(
        desk: Desk,
        set_id: str,
        asked: Sequence[SetQuestion],
        corrects: Mapping[str, Collection[str]] | None = None,
    ) -> None:
        """Put questions into a set; how many stand there as they are is said."""
        held, left_out = await database.add_questions(desk.matter_id, set_id, asked, corrects)
        if left_out < len(asked):
            await page.record(desk, Deed.QUESTION_SET_CHANGED, held.id)
        if left_out:
            gr.Info(text(desk.texts("sets.left_out", count=left_out)))

    async def open_set(desk: Desk, fired: gr.EventData) -> Updates:
        desk = replace(
            desk,
            set_id=value_of(fired, "id", str, ""),
            set_version=value_of(fired, "version", int, 0),
            question_search="",
        )
        return {page.desk: desk} | await draw_sets(desk)

    async def create_set(desk: Desk, fired: gr.EventData) -> Updates:
        made = await database.create_question_set(desk.matter_id, value_of(fired, "text", str))
        desk = replace(desk, set_id=made.id, set_version=0, question_search="")
        return {page.desk: desk} | await changed(desk, Deed.QUESTION_SET_MADE, made.id)

    async def describe_set(desk: Desk, fired: gr.EventData) -> Updates:
        set_id, name = value_of(fired, "id", str), value_of(fired, "name", str)
        description = value_of(fired, "description", str, "")
        held_out = value_of(fired, "held_out", str, "") == "on"
        await database.describe_question_set(desk.matter_id, set_id, name, description, held_out)
        return await changed(desk, Deed.QUESTION_SET_CHANGED, set_id)

    async def delete_set(desk: Desk, fired: gr.EventData) -> Updates:
        set_id = value_of(fired, "id", str)
        await database.delete_question_set(desk.matter_id, set_id)
        desk = replace(desk, set_id="", set_version=0)
        return {page.desk: desk} | await changed(desk, Deed.QUESTION_SET_DELETED, set_id)

    async def search_questions(desk: Desk, fired: gr.EventData) -> Updates:
        desk = replace(desk, question_search=value_of(fired, "text", str, "").strip())
        return {page.desk: desk} | await draw_sets(desk)

    async def look_into(desk: Desk, before: Upload | None, fired: gr.EventData) -> Updates:
        """Read an uploaded file and show what would be taken; nothing is kept yet."""
        sent = value_of(fired, "files", list)
        if len(sent) != 1:
            raise PinciteError(desk.texts("sets.one_file"))
        name, path, trouble = sent_file(sent[0])
        if path is None:
            raise PinciteError(desk.texts(f"receipt.{trouble}"))
        if before is not None:
            before.path.unlink(missing_ok=True)
        try:
            seen = await page.services.library.apart(preview, path, name)
        except PinciteError:
            path.unlink(missing_ok=True)
            raise
        upload = Upload(path, name, seen, value_of(fired, "set_id", str, ""))
        return {pending: upload, slip: render_preview(upload, desk.texts)}

    async def map_columns(desk: Desk, upload: Upload | None, fired: gr.EventData) -> Updates:
        upload = _there(upload, desk)
        chosen = {name: value_of(fired, f"column_{name}", str, "") for name in FIELDS}
        mapping = {name: column for name, column in chosen.items() if column}
        seen = await page.services.library.apart(preview, upload.path, upload.name, mapping)
        upload = replace(upload, preview=seen)
        return {pending: upload, slip: render_preview(upload, desk.texts)}

    async def take(desk: Desk, upload: Upload | None, fired: gr.EventData) -> Updates:
        """Keep what the preview shows: in the set that it was opened for, or in a new one."""
        upload = _there(upload, desk)
        asked = upload.preview.questions
        if not asked:
            raise PinciteError(desk.texts("sets.nothing_to_take"))
        if set_id := upload.set_id:
            await added(desk, set_id, asked, upload.preview.told)
        else:
            name = value_of(fired, "name", str)
            held_out = value_of(fired, "held_out", str, "") == "on"
            held = await database.create_question_set(
                desk.matter_id, name, is_held_out=held_out, asked=asked
            )
            set_id = held.id
            await page.record(desk, Deed.QUESTION_SET_MADE, set_id)
        upload.path.unlink(missing_ok=True)
        desk = replace(desk, set_id=set_id, set_version=0, question_search="")
        taken = {page.desk: desk, page.dialog: "", pending: None, slip: ""}
        return taken | await draw_sets(desk)

    async def drop(desk: Desk, upload: Upload | None, _: gr.EventData) -> Updates:
        if upload is not None:
            upload.path.unlink(missing_ok=True)
        return {pending: None, slip: ""}

    async def edit_question(desk: Desk, fired: gr.EventData) -> Updates:
        wanted = value_of(fired, "id", str, "")
        there = await database.questions(desk.matter_id, desk.set_id)
        found = next((each for each in there if each.id == wanted), None)
        asked = found or SetQuestion("", "")
        return {page.dialog: render_editor(asked, found, await documents_of(desk), desk.texts)}

    async def save_question(desk: Desk, fired: gr.EventData) -> Updates:
        """Add a question or put it in the place of an earlier one; a draft is accepted by it."""
        there = await database.questions(desk.matter_id, desk.set_id)
        wanted = value_of(fired, "id", str, "")
        before = next((each for each in there if each.id == wanted), None)
        asked = asked_in(fired, before)
        try:
            if not asked.question:
                raise PinciteError(desk.texts("chat.no_question"))
            if before is None:
                new = [checked(replace(asked, id=uuid4().hex))]
                _, left_out = await database.add_questions(desk.matter_id, desk.set_id, new)
                if left_out:
                    raise PinciteError(desk.texts("sets.asked_already"))
            else:
                whole = replace(asked, gold=(*asked.gold, *unshown(before)))
                await database.change_question(desk.matter_id, desk.set_id, checked(whole))
        except PinciteError as error:
            said = desk.texts.said(error.reason, error.remedy)
            documents = await documents_of(desk)
            return {page.dialog: render_editor(asked, before, documents, desk.texts, said)}
        return await changed(desk, Deed.QUESTION_SET_CHANGED, desk.set_id)

    async def accept_question(desk: Desk, fired: gr.EventData) -> Updates:
        there = await database.questions(desk.matter_id, desk.set_id)
        wanted = value_of(fired, "id", str)
        draft = next((each for each in there if each.id == wanted), None)
        if draft is None:
            raise NotFound("This question is not in the set any more.", "Reload the page.")
        accepted = checked(replace(draft, is_draft=False))
        await database.change_question(desk.matter_id, desk.set_id, accepted)
        return await changed(desk, Deed.QUESTION_SET_CHANGED, desk.set_id)

    async def remove_question(desk: Desk, fired: gr.EventData) -> Updates:
        wanted = value_of(fired, "id", str)
        await database.remove_questions(desk.matter_id, desk.set_id, [wanted])
        return await changed(desk, Deed.QUESTION_SET_CHANGED, desk.set_id)

    async def draft(desk: Desk, fired: gr.EventData) -> AsyncIterator[Updates]:
        """Have the engine write questions on a document; each waits for a person to accept it."""
        document_id = value_of(fired, "document_id", str)
        number = _number(value_of(fired, "number", str, ""), desk)
        document = await database.document(desk.matter_id, document_id)
        yield await draw_sets(desk, drafting=document.name)
        try:
            drafts = await draft_questions(
                page.services.store,
                page.services.engine,
                page.services.profile.chat,
                desk.matter_id,
                document.id,
                number,
            )
            await added(desk, desk.set_id, drafts)
        except PinciteError as error:
            gr.Warning(text(desk.texts.said(error.reason, error.remedy)))
        yield await draw_sets(desk)

    async def export_set(desk: Desk, fired: gr.EventData) -> Updates:
        """Give the accepted questions of the version that is read as a file."""
        kind, set_id = kind_sent(fired), value_of(fired, "id", str)
        held = await database.question_set(desk.matter_id, set_id)
        version = version_read(held, desk)
        asked = await database.questions(desk.matter_id, set_id, version)
        write, mime = KINDS[kind]
        rows = await asyncio.to_thread(set_rows, asked, every_place=kind == "jsonl")
        written = await asyncio.to_thread(write, rows)
        await page.record(desk, Deed.EXPORTED, f"{set_id}/{version}.{kind}")
        name = f"pincite-questions-{set_id[:8]}-{version}.{kind}"
        return {export: render_download(written, name, mime)}

    own = [page.desk, page.dialog, shelf]
    for event, run in {
        "open_set": open_set,
        "create_set": create_set,
        "describe_set": describe_set,
        "delete_set": delete_set,
        "save_question": save_question,
        "accept_question": accept_question,
        "remove_question": remove_question,
    }.items():
        # What is pressed while another is drawn counts as well.
        page.on(event, run, own, trigger_mode="multiple")
    page.on("search_questions", search_questions, own, trigger_mode="always_last")
    page.on("edit_question", edit_question, [page.dialog])
    page.on("preview_questions", look_into, [pending, slip], [pending])
    page.on("map_questions", map_columns, [pending, slip], [pending], trigger_mode="always_last")
    page.on("take_questions", take, [*own, pending, slip], [pending])
    page.on("drop_preview", drop, [pending, slip], [pending])
    page.on("export_set", export_set, [export])
    page.on("draft_questions", draft, [shelf], concurrency_limit=CONCURRENT_DRAFTS)
    return Tab((slip, shelf, export, pending), draw)


def _there(upload: Upload | None, desk: Desk) -> Upload:
    if upload is None or not upload.path.exists():
        raise PinciteError(desk.texts("sets.upload_gone"))
    return upload


def _number(words: str, desk: Desk) -> int:
    if not words.isdecimal() or not 1 <= int(words) <= MOST_DRAFTS:
        raise PinciteError(desk.texts("sets.how_many", most=MOST_DRAFTS))
    return int(words)
