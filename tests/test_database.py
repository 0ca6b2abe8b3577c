"""What is recorded comes back whole, and only inside its own matter."""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import fields, replace
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa

from core.database import Database
from core.errors import NotAllowed, NotFound, PinciteError
from core.records.transactions import metadata
from core.types import (
    LOCAL,
    NOBODY,
    Answer,
    AnswerKind,
    Citation,
    DocumentState,
    Genre,
    Identity,
    Person,
    Role,
    Scope,
    Searched,
    Statement,
    Verdict,
)

QUOTE = "租赁期限不得超过二十年。"
ANSWER = Answer(
    question="How long may a lease be?",
    kind=AnswerKind.DRAFT,
    verdict=Verdict.PARTLY,
    statements=(
        Statement(
            "A lease may run for at most 20 years.",
            Verdict.SUPPORTED,
            (
                Citation(1, "d1", "民法典.pdf", 88, ("第三编", "第七百零五条"), 10, 22, QUOTE),
                Citation(2, "d2", "Notes.txt", None, (), 0, 5, "twent"),
            ),
        ),
        Statement("It “renews” itself.", Verdict.UNSUPPORTED, reason="No passage says so."),
    ),
    notice="partly_supported",
    draft='He said "yes" \\ and\nleft\u2028the room. 𠮷',
    model="SmolLM2",
    searched=Searched(3, 40, 2, 5),
    nearest=(Citation(1, "d2", "Notes.txt", None, (), 0, 5, "twent"),),
    absent=("Zebulon", "反垄断法"),
    passages_used=6,
    passages_cut=2,
    sources=("d1", "d2"),
    timings={"retrieve": 0.125, "total": 1.5},
    variant="quotes",
    scope=Scope(("d1",), (Genre.STATUTE,), date(2020, 1, 1), None, True),
    tokens=21,
)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    made = Database(tmp_path / "data" / "pincite.db")
    await made.start()
    yield made
    await made.close()


async def put(database: Database, matter_id: str, name: str, sha256: str):
    return await database.put_document(matter_id, name, sha256, len(sha256))


async def answered(database: Database, matter_id: str, ids: dict[str, str]) -> Answer:
    """``ANSWER`` resting on documents that are there, of these ids."""
    for old, new in ids.items():
        await database.put_document(matter_id, f"{old}.pdf", new, 2, new)

    def renamed(citations: tuple[Citation, ...]) -> tuple[Citation, ...]:
        return tuple(replace(each, document_id=ids[each.document_id]) for each in citations)

    return replace(
        ANSWER,
        statements=tuple(replace(s, citations=renamed(s.citations)) for s in ANSWER.statements),
        nearest=renamed(ANSWER.nearest),
        sources=tuple(ids[each] for each in ANSWER.sources),
    )


def columns_of(inspector: sa.Inspector, table: str) -> dict[str, tuple[str, bool, int]]:
    return {
        each["name"]: (str(each["type"]), each["nullable"], each["primary_key"])
        for each in inspector.get_columns(table)
    }


def constraints_of(inspector: sa.Inspector, table: str) -> set[tuple[object, ...]]:
    unique = {("unique", *each["column_names"]) for each in inspector.get_unique_constraints(table)}
    indices = {
        ("index", each["name"], *each["column_names"]) for each in inspector.get_indexes(table)
    }
    foreign = {
        (
            "foreign",
            *each["constrained_columns"],
            each["referred_table"],
            *each["referred_columns"],
            each["options"].get("ondelete"),
        )
        for each in inspector.get_foreign_keys(table)
    }
    return unique | indices | foreign


async def test_the_migrations_make_exactly_the_tables_that_the_code_declares(
    database: Database, tmp_path: Path
) -> None:
    migrated = sa.create_engine(f"sqlite:///{tmp_path / 'data' / 'pincite.db'}")
    declared = sa.create_engine("sqlite://")
    try:
        metadata.create_all(declared)
        mine, wanted = sa.inspect(migrated), sa.inspect(declared)
        assert set(mine.get_table_names()) == {*wanted.get_table_names(), "alembic_version"}
        for table in metadata.tables:
            assert columns_of(mine, table) == columns_of(wanted, table), table
            assert constraints_of(mine, table) == constraints_of(wanted, table), table
    finally:
        migrated.dispose()
        declared.dispose()


async def test_autogenerate_finds_nothing_left_to_migrate(
    database: Database, tmp_path: Path
) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    engine = sa.create_engine(f"sqlite:///{tmp_path / 'data' / 'pincite.db'}")
    try:
        with engine.connect() as connection:
            assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    finally:
        engine.dispose()


async def test_a_second_start_keeps_what_the_first_recorded(tmp_path: Path) -> None:
    for names in ((), ("Harbour Lane",)):
        database = Database(tmp_path / "pincite.db")
        await database.start()
        assert tuple(each.name for each in await database.matters()) == names
        if not names:
            await database.create_matter("Harbour Lane")
        await database.close()
        await database.close()


async def test_a_matter_comes_back_as_it_was_made(database: Database) -> None:
    made = await database.create_matter("  Harbour \n Lane ", is_sample=True)
    assert made.name == "Harbour Lane"
    assert made.is_sample
    assert made.created_at.tzinfo is not None
    assert await database.matter(made.id) == made
    assert await database.matters() == (made,)


@pytest.mark.parametrize("name", ["", "   ", "\n\t", "x" * 121])
async def test_a_matter_needs_a_name_of_1_to_120_characters(database: Database, name: str) -> None:
    with pytest.raises(PinciteError, match="1 to 120 characters"):
        await database.create_matter(name)
    assert await database.matters() == ()


async def test_two_matters_never_share_a_name(database: Database) -> None:
    lease = await database.create_matter("Lease")
    merger = await database.create_matter("Merger")
    with pytest.raises(PinciteError, match="“Lease” exists already"):
        await database.create_matter(" Lease ")
    with pytest.raises(PinciteError, match="“Lease” exists already"):
        await database.rename_matter(merger.id, "Lease")
    await database.rename_matter(lease.id, "Lease")
    await database.rename_matter(merger.id, "Merger of 2026")
    assert [each.name for each in await database.matters()] == ["Lease", "Merger of 2026"]


async def test_a_name_is_text_and_never_a_statement(database: Database) -> None:
    name = "Robert'); DROP TABLE matters;-- %_"
    made = await database.create_matter(name)
    document, _ = await put(database, made.id, name, "a")
    assert (await database.matters())[0].name == name
    assert (await database.document(made.id, document.id)).name == name


async def test_an_answer_comes_back_whole(database: Database) -> None:
    matter = await database.create_matter("Lease")
    conversation = await database.create_conversation(matter.id, "  Term ", LOCAL)
    assert conversation.title == "Term"
    asked = await database.add_message(matter.id, conversation.id, ANSWER.question, LOCAL)
    assert asked.answer is None
    await answered(database, matter.id, {"d1": "d1", "d2": "d2"})
    await database.finish_message(matter.id, asked.id, ANSWER)
    (kept,) = await database.messages(matter.id, conversation.id)
    assert kept.answer == ANSWER
    for each in fields(Answer):
        before, after = getattr(ANSWER, each.name), getattr(kept.answer, each.name)
        assert type(after) is type(before), each.name
        assert before, f"the example leaves {each.name} empty, so it proves nothing"


async def test_messages_keep_their_order_and_are_removed_from_one_on(database: Database) -> None:
    matter = await database.create_matter("Lease")
    first = await database.create_conversation(matter.id, "First", LOCAL)
    other = await database.create_conversation(matter.id, "Other", LOCAL)
    asked = [await database.add_message(matter.id, first.id, f"Q{n}", LOCAL) for n in range(4)]
    await database.add_message(matter.id, other.id, "Elsewhere", LOCAL)
    await database.delete_messages_from(matter.id, asked[2].id, LOCAL)
    again = await database.add_message(matter.id, first.id, "Q2 again", LOCAL)
    questions = [each.question for each in await database.messages(matter.id, first.id)]
    assert questions == ["Q0", "Q1", "Q2 again"]
    assert again.id not in {each.id for each in asked}
    assert len(await database.messages(matter.id, other.id)) == 1


async def members(database: Database, matter_id: str) -> dict[str, Person]:
    """A person of each role in the matter, and two who are not in it: any more, and at all."""
    made = {}
    for name in ("owner", "editor", "reader", "author", "revoked", "stranger"):
        person = await database.add_person(name, "x", is_admin=not made, is_external=False)
        role = {"author": Role.READER, "revoked": None, "stranger": None}.get(name, name)
        await database.grant(matter_id, person.id, Role(role) if role else None)
        made[name] = person
    return made | {"nobody": NOBODY}


async def test_a_conversation_is_changed_by_its_author_and_by_owners_and_read_by_all(
    database: Database,
) -> None:
    matter = await database.create_matter("Lease")
    people = await members(database, matter.id)

    async def refused(conversation_id: str, message_id: str, person: Person) -> list[bool]:
        attempts = (
            database.rename_conversation(matter.id, conversation_id, "Mine", person),
            database.add_message(matter.id, conversation_id, "And when?", person),
            database.delete_messages_from(matter.id, message_id, person),
            database.delete_conversation(matter.id, conversation_id, person),
        )
        found = []
        for attempt in attempts:
            try:
                await attempt
                found.append(False)
            except NotAllowed:
                found.append(True)
        return found

    for author in ("author", "revoked", "owner", "nobody"):
        for name, person in people.items():
            made = await database.create_conversation(matter.id, "Rent", people[author])
            asked = await database.add_message(matter.id, made.id, "When?", LOCAL)
            may = name == "owner" or (name == author == "author")
            assert await refused(made.id, asked.id, person) == [not may] * 4, (author, name)
            left = await database.messages(matter.id, made.id)
            assert left == (() if may else (asked,))


async def test_a_matter_whose_deletion_was_begun_exists_for_nobody(database: Database) -> None:
    matter = await database.create_matter("Lease")
    owner = (await members(database, matter.id))["owner"]
    document, _ = await put(database, matter.id, "Lease.pdf", "a")
    assert await database.begin_matter_deletion(matter.id) == (document.id,)
    for person in (LOCAL, owner):
        assert await database.matters(person) == ()
        assert await database.role(matter.id, person) is None
        assert (await database.create_matter("Lease", owner=person)).id != matter.id
    assert await database.documents(matter.id) == ()
    for attempt in (
        database.matter(matter.id),
        database.begin_matter_deletion(matter.id),
        put(database, matter.id, "Other.pdf", "b"),
        database.create_conversation(matter.id, "Rent", LOCAL),
    ):
        with pytest.raises(NotFound):
            await attempt
    assert await database.deleting_matters() == (matter,)


async def test_no_deletion_is_begun_in_a_matter_on_legal_hold(database: Database) -> None:
    matter = await database.create_matter("Lease")
    document, _ = await put(database, matter.id, "Lease.pdf", "a")
    await database.describe_matter(matter.id, {"on_hold": True})
    for attempt in (
        database.begin_deletion(matter.id, document.id),
        database.begin_matter_deletion(matter.id),
    ):
        with pytest.raises(NotAllowed, match="legal hold"):
            await attempt
    assert await database.documents(matter.id) == (document,)
    await database.describe_matter(matter.id, {"on_hold": False})
    assert await database.begin_deletion(matter.id, document.id) == (document.id,)


async def test_conversations_are_found_by_title_and_by_question_newest_first(
    database: Database,
) -> None:
    matter = await database.create_matter("Lease")
    rent = await database.create_conversation(matter.id, "Rent at 100%", LOCAL)
    term = await database.create_conversation(matter.id, "Term", LOCAL)
    await database.add_message(matter.id, rent.id, "Wann ist die MIETE fällig?", LOCAL)
    assert [each.id for each in await database.conversations(matter.id)] == [rent.id, term.id]
    assert [each.id for each in await database.conversations(matter.id, "miete")] == [rent.id]
    assert [each.id for each in await database.conversations(matter.id, " TERM ")] == [term.id]
    assert [each.id for each in await database.conversations(matter.id, "0%")] == [rent.id]
    assert await database.conversations(matter.id, "_") == ()
    with pytest.raises(PinciteError, match="needs a title"):
        await database.rename_conversation(matter.id, rent.id, "  ", LOCAL)
    await database.rename_conversation(matter.id, rent.id, " Payment ", LOCAL)
    assert [each.title for each in await database.conversations(matter.id)] == ["Payment", "Term"]


async def test_nothing_crosses_from_one_matter_into_another(database: Database) -> None:
    own = await database.create_matter("Own")
    other = await database.create_matter("Other")
    document, _ = await put(database, own.id, "Lease.pdf", "a")
    conversation = await database.create_conversation(own.id, "Rent", LOCAL)
    message = await database.add_message(own.id, conversation.id, "When is rent due?", LOCAL)

    with pytest.raises(NotFound):
        await database.document(other.id, document.id)
    with pytest.raises(NotFound):
        await database.add_message(other.id, conversation.id, "And now?", LOCAL)
    with pytest.raises(NotFound):
        await database.delete_messages_from(other.id, message.id, LOCAL)
    assert await database.documents(other.id) == ()
    assert await database.conversations(other.id, "rent") == ()
    assert await database.messages(other.id, conversation.id) == ()

    await database.update_document(other.id, document.id, {"state": DocumentState.FAILED})
    await database.delete_document(other.id, document.id)
    with pytest.raises(NotFound):
        await database.conversation(other.id, conversation.id)
    with pytest.raises(NotFound):
        await database.rename_conversation(other.id, conversation.id, "Taken", LOCAL)
    with pytest.raises(NotFound):
        await database.delete_conversation(other.id, conversation.id, LOCAL)
    await database.finish_message(other.id, message.id, ANSWER)

    assert await database.documents(own.id) == (document,)
    assert [each.title for each in await database.conversations(own.id)] == ["Rent"]
    assert await database.messages(own.id, conversation.id) == (message,)


async def test_the_same_file_in_two_matters_is_two_documents(database: Database) -> None:
    own = await database.create_matter("Own")
    other = await database.create_matter("Other")
    first, _ = await put(database, own.id, "Lease.pdf", "a")
    second, is_new = await put(database, other.id, "Lease.pdf", "a")
    assert is_new
    assert first.id != second.id


async def test_a_matter_takes_everything_in_it_along(database: Database) -> None:
    own = await database.create_matter("Own")
    document, _ = await put(database, own.id, "Lease.pdf", "a")
    conversation = await database.create_conversation(own.id, "Rent", LOCAL)
    await database.add_message(own.id, conversation.id, "When is rent due?", LOCAL)
    await database.delete_matter(own.id)
    assert await database.matter(own.id) == own, "only what was marked for deletion goes"
    await database.begin_matter_deletion(own.id)
    await database.delete_matter(own.id)
    with pytest.raises(NotFound):
        await database.matter(own.id)
    with pytest.raises(NotFound):
        await database.document(own.id, document.id)
    assert await database.unfinished_documents() == ()
    assert await database.conversations(own.id) == ()
    assert await database.messages(own.id, conversation.id) == ()


async def test_the_same_bytes_are_the_same_document_unless_it_failed(database: Database) -> None:
    matter = await database.create_matter("Lease")
    first, is_new = await put(database, matter.id, "Lease.pdf", "a")
    assert is_new
    again, is_new = await put(database, matter.id, "Lease.pdf", "a")
    assert (again, is_new) == (first, False)
    await database.update_document(
        matter.id, first.id, {"state": DocumentState.FAILED, "reason": "Broken.", "remedy": "Mend."}
    )
    retried, is_new = await put(database, matter.id, "Lease.pdf", "a")
    assert is_new
    assert (retried.id, retried.state) == (first.id, DocumentState.QUEUED)
    assert (retried.reason, retried.remedy) == ("", "")


async def test_the_same_bytes_under_another_name_are_the_same_document(
    database: Database,
) -> None:
    matter = await database.create_matter("Lease")
    first, _ = await put(database, matter.id, "Lease.pdf", "a")
    assert await put(database, matter.id, "Copy.pdf", "a") == (first, False)


async def test_other_bytes_under_a_name_are_its_next_version(database: Database) -> None:
    matter = await database.create_matter("Lease")
    made = [(await put(database, matter.id, "Lease.pdf", sha))[0] for sha in "abc"]
    assert [each.version for each in made] == [1, 2, 3]
    assert [each.id for each in await database.versions(matter.id, made[0].id)] == [
        each.id for each in reversed(made)
    ]
    same, is_new = await put(database, matter.id, "Lease.pdf", "c")
    assert (same.id, is_new) == (made[2].id, False)
    back, is_new = await put(database, matter.id, "Lease.pdf", "a")
    assert (back.version, is_new) == (4, True)
    assert back.id not in {each.id for each in made}
    assert (await database.document(matter.id, made[0].id)).version == 1


async def test_two_processes_that_add_the_same_file_at_once_record_it_once(tmp_path: Path) -> None:
    path = tmp_path / "data" / "pincite.db"
    both = (Database(path), Database(path))
    for each in both:
        await each.start()
    matter = await both[0].create_matter("Lease")
    for number in range(40):
        name = f"{number}.pdf"
        await asyncio.gather(*(put(each, matter.id, name, f"same {number}") for each in both))
        await asyncio.gather(
            put(both[0], matter.id, name, f"one {number}"),
            put(both[1], matter.id, name, f"two {number}"),
        )
    listed = await both[0].documents(matter.id)
    assert len({each.sha256 for each in listed}) == len(listed) == 120
    assert len({(each.name, each.version) for each in listed}) == 120
    for each in both:
        await each.close()


async def test_what_the_database_refuses_is_not_told_with_its_words(database: Database) -> None:
    matter = await database.create_matter("Lease")
    with pytest.raises(sa.exc.IntegrityError) as refused:
        await database.update_document(
            matter.id, (await put(database, matter.id, "a.pdf", "a"))[0].id,
            {"title": "PRIVILEGED TITLE", "state": None},
        )  # fmt: skip
    assert "PRIVILEGED" not in str(refused.value)


async def test_an_answer_that_is_finished_after_its_document_went_keeps_no_word_of_it(
    database: Database,
) -> None:
    matter = await database.create_matter("Lease")
    kept, _ = await put(database, matter.id, "Kept.pdf", "a")
    gone, _ = await put(database, matter.id, "Gone.pdf", "b")
    conversation = await database.create_conversation(matter.id, "Rent", LOCAL)
    message = await database.add_message(matter.id, conversation.id, "When?", LOCAL)
    first, second = ANSWER.statements[0].citations
    cited = (replace(first, document_id=kept.id), replace(second, document_id=gone.id))
    answer = replace(
        ANSWER,
        statements=tuple(Statement(f"{c.quote} it says.", Verdict.SUPPORTED, (c,)) for c in cited),
        nearest=(),
    )
    await database.begin_deletion(matter.id, gone.id)
    await database.finish_message(matter.id, message.id, answer)
    (told,) = await database.messages(matter.id, conversation.id)
    assert told.answer is not None
    assert told.answer.draft == ""
    assert [each.text for each in told.answer.statements] == [f"{first.quote} it says.", "[…]"]


async def test_a_deleted_conversation_is_in_no_file_of_the_database_and_a_hold_keeps_it(
    database: Database, tmp_path: Path
) -> None:
    matter = await database.create_matter("Lease")
    conversation = await database.create_conversation(matter.id, "Rent", LOCAL)
    message = await database.add_message(matter.id, conversation.id, "CANARY of a question", LOCAL)

    def there() -> bool:
        files = (tmp_path / "data").glob("pincite.db*")
        return any(b"CANARY" in path.read_bytes() for path in files)

    assert there()
    await database.describe_matter(matter.id, {"on_hold": True})
    with pytest.raises(NotAllowed, match="legal hold"):
        await database.delete_conversation(matter.id, conversation.id, LOCAL)
    with pytest.raises(NotAllowed, match="legal hold"):
        await database.delete_messages_from(matter.id, message.id, LOCAL)
    await database.describe_matter(matter.id, {"on_hold": False})
    await database.delete_conversation(matter.id, conversation.id, LOCAL)
    assert not database.has_remains
    assert not there()


async def test_a_reader_of_another_process_delays_the_scrubbing_and_is_remembered(
    database: Database, tmp_path: Path
) -> None:
    matter = await database.create_matter("Lease")
    conversation = await database.create_conversation(matter.id, "Rent", LOCAL)
    with closing(sqlite3.connect(tmp_path / "data" / "pincite.db")) as other:
        other.execute("BEGIN")
        other.execute("SELECT * FROM conversations").fetchall()
        await database.delete_conversation(matter.id, conversation.id, LOCAL)
        assert database.has_remains
    await database.scrub()
    assert not database.has_remains


async def test_bytes_that_are_only_in_an_older_version_are_taken_in_under_another_name(
    database: Database,
) -> None:
    matter = await database.create_matter("Lease")
    old, _ = await put(database, matter.id, "Lease.pdf", "a")
    await put(database, matter.id, "Lease.pdf", "b")
    await database.update_document(matter.id, old.id, {"is_superseded": True, "state": "ready"})
    copy, is_new = await put(database, matter.id, "Copy.pdf", "a")
    assert is_new
    assert copy.id != old.id


async def test_nothing_is_recorded_in_a_matter_that_is_gone(database: Database) -> None:
    with pytest.raises(NotFound, match="matter does not exist"):
        await put(database, "gone", "Lease.pdf", "a")
    with pytest.raises(NotFound, match="matter does not exist"):
        await database.create_conversation("gone", "Rent", LOCAL)


async def test_a_document_is_claimed_once_oldest_first(database: Database) -> None:
    matter = await database.create_matter("Lease")
    made = [(await put(database, matter.id, n, n))[0].id for n in "abc"]
    claimed = [await database.claim_document(but=made[1:2]) for _ in range(3)]
    assert [each and each.id for each in claimed] == [made[0], made[2], None]
    assert claimed[0] is not None
    assert claimed[0].state == DocumentState.READING


async def test_a_document_deleted_meanwhile_is_not_called_ready(database: Database) -> None:
    matter = await database.create_matter("Lease")
    kept, gone = [(await put(database, matter.id, n, n))[0].id for n in "ab"]
    for each in (kept, gone):
        await database.update_document(matter.id, each, {"state": DocumentState.INDEXING})
    assert await database.begin_deletion(matter.id, gone) == (gone,)
    assert (await database.finish_documents([kept, gone])).ready == {kept}
    assert [each.id for each in await database.documents(matter.id)] == [kept]
    with pytest.raises(NotFound):
        await database.document(matter.id, gone)


@pytest.mark.parametrize("sources", [("d1", "d2"), ()])
async def test_what_an_answer_does_not_cite_goes_with_what_it_was_written_from(
    database: Database, sources: tuple[str, ...]
) -> None:
    """With () as answers were recorded before their sources were."""
    matter = await database.create_matter("Lease")
    made = await answered(database, matter.id, {"d1": "d1", "d2": "d2"})
    conversation = await database.create_conversation(matter.id, "Term", LOCAL)
    asked = await database.add_message(matter.id, conversation.id, "How long?", LOCAL)
    held = Statement("Rent is due.", Verdict.SUPPORTED, made.nearest)
    wrong = Statement("“Canary”, it says.", Verdict.UNSUPPORTED, reason="no_citation")
    answer = replace(made, statements=(held, wrong), sources=sources, draft="Canary.")
    await database.finish_message(matter.id, asked.id, answer)
    await database.begin_deletion(matter.id, "d1")
    await database.strike_quotes(matter.id, ["d1"])
    (message,) = await database.messages(matter.id, conversation.id)
    assert message.answer is not None
    assert message.answer.statements[0] == held
    assert "Canary" not in repr(message.answer)
    late = await database.add_message(matter.id, conversation.id, "And then?", LOCAL)
    await database.finish_message(matter.id, late.id, replace(answer, sources=("d1", "d2")))
    assert "Canary" not in repr((await database.messages(matter.id, conversation.id))[1].answer)


async def test_answers_lose_the_words_of_a_deleted_document_and_no_others(
    database: Database, tmp_path: Path
) -> None:
    matter, other = [await database.create_matter(name) for name in ("Lease", "Other")]
    kept = []
    theirs = await answered(database, other.id, {"d1": "e1", "d2": "e2"})
    own = await answered(database, matter.id, {"d1": "d1", "d2": "d2"})
    for each, answer in ((matter, own), (other, theirs)):
        conversation = await database.create_conversation(each.id, "Term", LOCAL)
        asked = await database.add_message(each.id, conversation.id, "How long?", LOCAL)
        await database.finish_message(each.id, asked.id, answer)
        kept.append(conversation.id)
    assert await database.strike_quotes(matter.id, ["d1"]) == 1
    (message,) = await database.messages(matter.id, kept[0])
    assert message.answer is not None
    first, second = message.answer.statements
    assert (first.text, first.reason) == ("[…]", "source_deleted")
    assert [(each.document_name, each.quote) for each in first.citations] == [
        ("民法典.pdf", ""),
        ("Notes.txt", "twent"),
    ]
    assert second.text == "[…]"  # it cites nothing, so nobody can tell where its words are from
    assert message.answer.draft == ""
    assert message.answer.nearest == ANSWER.nearest
    assert (await database.messages(other.id, kept[1]))[0].answer == theirs
    assert await database.strike_quotes(matter.id, ["d1"]) == 0


async def test_the_queue_holds_the_unfinished_of_every_matter_oldest_first(
    database: Database,
) -> None:
    own = await database.create_matter("Own")
    other = await database.create_matter("Other")
    placed = [(own.id, "z"), (other.id, "y"), (own.id, "x"), (other.id, "w")]
    made = [(await put(database, matter_id, name, name))[0] for matter_id, name in placed]
    await database.update_document(other.id, made[1].id, {"state": DocumentState.READY})
    await database.update_document(own.id, made[2].id, {"state": DocumentState.FAILED})
    await database.update_document(other.id, made[3].id, {"state": DocumentState.EMBEDDING})
    queue = await database.unfinished_documents()
    assert [each.id for each in queue] == [made[0].id, made[3].id]


async def test_after_a_start_what_was_under_way_or_lost_by_the_index_is_queued_again(
    database: Database,
) -> None:
    matter = await database.create_matter("Lease")
    states = ("ready", "ready", "failed", "reading", "embedding", "indexing")
    made = [(await put(database, matter.id, n, n))[0].id for n in "abcdef"]
    for each, state in zip(made, states, strict=True):
        await database.update_document(matter.id, each, {"state": state, "progress": 0.5})
    assert await database.requeue(frozenset({made[0]})) == 1
    queued = await database.unfinished_documents()
    assert [each.id for each in queued] == [made[1], *made[3:]]
    assert {(each.state, each.progress) for each in queued} == {(DocumentState.QUEUED, 0.0)}


async def test_a_document_that_is_gone_stays_gone(database: Database) -> None:
    matter = await database.create_matter("Lease")
    document, _ = await put(database, matter.id, "Lease.pdf", "a")
    await database.delete_document(matter.id, document.id)
    await database.update_document(matter.id, document.id, {"state": DocumentState.READY})
    assert await database.documents(matter.id) == ()


async def test_what_a_document_is_called_and_about_comes_back(database: Database) -> None:
    matter = await database.create_matter("Lease")
    document, _ = await put(database, matter.id, "Lease.pdf", "a")
    assert (document.identity, document.blank_pages, document.warnings) == (Identity(), 0, ())
    read = {
        "title": "LEASE of “Harbour Lane” 租约",
        "parties": ("Quay Estates, Ltd", "承租人"),
        "dated": date(2020, 5, 1),
        "genre": Genre.CONTRACT,
        "blank_pages": 3,
        "warnings": ("hidden_text", "instructions"),
    }
    await database.update_document(matter.id, document.id, read)
    (kept,) = await database.documents(matter.id)
    assert kept.identity == Identity(
        "LEASE of “Harbour Lane” 租约",
        ("Quay Estates, Ltd", "承租人"),
        date(2020, 5, 1),
        Genre.CONTRACT,
    )
    assert (kept.blank_pages, kept.warnings) == (3, ("hidden_text", "instructions"))


FIRST_VERSION = """
CREATE TABLE matters (id VARCHAR NOT NULL, name VARCHAR NOT NULL, created_at VARCHAR NOT NULL,
    is_sample BOOLEAN NOT NULL, PRIMARY KEY (id), UNIQUE (name));
CREATE TABLE documents (id VARCHAR NOT NULL, matter_id VARCHAR NOT NULL, name VARCHAR NOT NULL,
    kind VARCHAR NOT NULL, sha256 VARCHAR NOT NULL, size_bytes INTEGER NOT NULL,
    state VARCHAR NOT NULL, reason TEXT NOT NULL, remedy TEXT NOT NULL, pages INTEGER,
    passages INTEGER NOT NULL, characters INTEGER NOT NULL, progress FLOAT NOT NULL,
    added_at VARCHAR NOT NULL, PRIMARY KEY (id), UNIQUE (matter_id, name),
    FOREIGN KEY(matter_id) REFERENCES matters (id) ON DELETE CASCADE);
CREATE TABLE conversations (id VARCHAR NOT NULL, matter_id VARCHAR NOT NULL,
    title VARCHAR NOT NULL, updated_at VARCHAR NOT NULL, PRIMARY KEY (id),
    FOREIGN KEY(matter_id) REFERENCES matters (id) ON DELETE CASCADE);
CREATE INDEX ix_conversations_matter_id ON conversations (matter_id);
CREATE TABLE messages (id VARCHAR NOT NULL, conversation_id VARCHAR NOT NULL,
    position INTEGER NOT NULL, question TEXT NOT NULL, answer TEXT, created_at VARCHAR NOT NULL,
    PRIMARY KEY (id), FOREIGN KEY(conversation_id) REFERENCES conversations (id)
    ON DELETE CASCADE);
CREATE INDEX ix_messages_conversation_id ON messages (conversation_id);
CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL,
    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num));
INSERT INTO alembic_version VALUES ('0001');
INSERT INTO matters VALUES ('m', 'Harbour Lane', '2026-01-01T09:00:00+00:00', 0);
INSERT INTO documents VALUES ('d', 'm', 'Lease.pdf', 'pdf', 'abc', 1234, 'ready', '', '', 12, 40,
    30000, 1.0, '2026-01-02T09:00:00+00:00');
INSERT INTO conversations VALUES ('c', 'm', 'Rent', '2026-01-03T09:00:00+00:00');
"""
"""A file as the first version left it, with a document and a conversation in it."""

FIRST_ANSWER = {
    "question": "When is rent due?",
    "kind": "quotes",
    "verdict": "supported",
    "statements": [
        {
            "text": "Rent is due.",
            "verdict": "supported",
            "citations": [
                {
                    "marker": 1,
                    "document_id": "d",
                    "document_name": "Lease.pdf",
                    "page": 2,
                    "path": ["4 Rent"],
                    "start": 10,
                    "end": 22,
                    "quote": "Rent is due.",
                }
            ],
            "reason": "verbatim",
        }
    ],
    "notice": "quotes_chosen",
    "draft": "",
    "model": "",
    "searched_documents": 3,
    "timings": {"total": 0.5},
}


@pytest.fixture
async def upgraded(tmp_path: Path) -> AsyncIterator[Database]:
    """A database that the first version wrote, started by this one."""
    path = tmp_path / "pincite.db"
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.begin() as sql:
        for statement in FIRST_VERSION.split(";\n"):
            if statement.strip():
                sql.exec_driver_sql(statement)
        sql.exec_driver_sql(
            "INSERT INTO messages VALUES ('q', 'c', 0, 'When is rent due?', ?, ?)",
            (json.dumps(FIRST_ANSWER), "2026-01-03T09:00:00+00:00"),
        )
    engine.dispose()
    made = Database(path)
    await made.start()
    yield made
    await made.close()


async def test_a_file_of_the_first_version_is_upgraded_with_its_documents(
    upgraded: Database, tmp_path: Path
) -> None:
    (document,) = await upgraded.documents("m")
    assert (document.id, document.name, document.pages) == ("d", "Lease.pdf", 12)
    assert (document.state, document.passages) == (DocumentState.READY, 40)
    assert (document.identity, document.blank_pages, document.warnings) == (Identity(), 0, ())
    await upgraded.update_document("m", "d", {"title": "LEASE", "parties": ("Quay Estates",)})
    (document,) = await upgraded.documents("m")
    assert document.identity == Identity("LEASE", ("Quay Estates",))
    new, _ = await put(upgraded, "m", "New.pdf", "b")
    assert new.identity == Identity()
    assert (document.version, document.is_superseded) == (1, False)
    assert await upgraded.requeue(frozenset()) == 1


async def test_a_file_of_the_first_version_becomes_what_the_code_declares(
    upgraded: Database, tmp_path: Path
) -> None:
    migrated = sa.create_engine(f"sqlite:///{tmp_path / 'pincite.db'}")
    declared = sa.create_engine("sqlite://")
    try:
        metadata.create_all(declared)
        mine, wanted = sa.inspect(migrated), sa.inspect(declared)
        for table in metadata.tables:
            assert columns_of(mine, table) == columns_of(wanted, table), table
            assert constraints_of(mine, table) == constraints_of(wanted, table), table
    finally:
        migrated.dispose()
        declared.dispose()


async def test_an_answer_of_the_first_version_is_still_read(upgraded: Database) -> None:
    (message,) = await upgraded.messages("m", "c")
    assert message.answer is not None
    assert (message.answer.kind, message.answer.verdict) == (AnswerKind.QUOTES, Verdict.SUPPORTED)
    (statement,) = message.answer.statements
    assert statement.citations == (
        Citation(1, "d", "Lease.pdf", 2, ("4 Rent",), 10, 22, "Rent is due."),
    )
    assert (message.answer.searched, message.answer.nearest) == (Searched(), ())
    await answered(upgraded, "m", {"d1": "d1", "d2": "d2"})
    await upgraded.finish_message("m", "q", ANSWER)
    (message,) = await upgraded.messages("m", "c")
    assert message.answer == ANSWER


async def test_what_was_there_before_accounts_survives_their_coming(tmp_path: Path) -> None:
    """Migration 0003 makes the table of matters anew; nothing that refers to it may go."""
    import sqlite3

    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory

    from core.settings import ROOT

    folder = str(ROOT / "core" / "migrations")
    scripts = ScriptDirectory(folder, version_locations=[folder])
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'old.db'}")

    def upgrade(revision: object, _: object) -> object:
        return scripts._upgrade_revs("0002", revision)  # type: ignore[arg-type]

    with (
        engine.begin() as connection,
        EnvironmentContext(Config(), scripts, fn=upgrade) as environment,
    ):
        environment.configure(connection=connection)
        with environment.begin_transaction():
            environment.run_migrations()
    engine.dispose()
    sql = sqlite3.connect(tmp_path / "old.db")
    with sql:
        sql.execute("INSERT INTO matters VALUES ('m1', 'Lease', '2026-01-01T00:00:00+00:00', 0)")
        sql.execute(
            "INSERT INTO conversations VALUES ('c1', 'm1', 'Rent', '2026-01-01T00:00:00+00:00')"
        )
    sql.close()
    database = Database(tmp_path / "old.db")
    await database.start()
    assert [each.name for each in await database.matters()] == ["Lease"]
    (kept,) = await database.conversations("m1")
    assert (kept.id, kept.author_id) == ("c1", "")
    await database.begin_matter_deletion("m1")
    await database.delete_matter("m1")
    assert await database.conversations("m1") == (), "the reference holds again"
    await database.close()
