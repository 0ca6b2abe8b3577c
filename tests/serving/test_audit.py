"""The audit log: whole, or found not to be."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import fields
from datetime import date
from pathlib import Path

import pytest

from core.database import Database
from core.deeds import AuditEntry, Deed
from core.records.audit import START, AuditFilter
from core.serving.administration import as_csv, as_json_lines
from core.types import LOCAL, Person

ADA = Person("a1", "Ada Marsh")


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    made = Database(tmp_path / "pincite.db")
    await made.start()
    for number in range(5):
        await made.record(ADA, Deed.DOCUMENT_OPENED, f"m{number % 2}", f"d{number}", address="::1")
    yield made
    await made.close()


def tamper(folder: Path, *statements: str) -> None:
    """Change the file behind the application's back, its triggers gone."""
    with sqlite3.connect(folder / "pincite.db") as sql:
        for (name,) in sql.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall():
            sql.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            sql.execute(statement)
    sql.close()


async def test_a_log_that_nobody_touched_is_whole(database: Database) -> None:
    verdict = await database.verify_audit()
    newest, *_, oldest = await database.entries(AuditFilter())
    assert (verdict.entries, verdict.head, verdict.trouble) == (5, newest.digest, "")
    assert oldest.before == START
    assert (await database.verify_audit(oldest.digest)).trouble == ""


async def test_an_empty_log_is_whole(tmp_path: Path) -> None:
    empty = Database(tmp_path / "empty.db")
    await empty.start()
    assert (await empty.verify_audit()).trouble == ""
    await empty.close()


@pytest.mark.parametrize("column", [each.name for each in fields(AuditEntry)])
async def test_a_change_of_any_field_is_found(
    database: Database, tmp_path: Path, column: str
) -> None:
    value = "99" if column == "number" else "'x'"
    tamper(tmp_path, f"UPDATE audit SET {column} = {value} WHERE number = 3")  # noqa: S608
    assert (await database.verify_audit()).trouble


@pytest.mark.parametrize(
    "statements",
    [
        ["DELETE FROM audit WHERE number = 1"],
        ["DELETE FROM audit WHERE number = 3"],
        ["DELETE FROM audit WHERE number = 5"],
        ["DELETE FROM audit"],
        ["DELETE FROM audit WHERE number = 3",
         "UPDATE audit SET number = number - 1 WHERE number > 3"],
        ["UPDATE audit SET number = 9 WHERE number = 2",
         "UPDATE audit SET number = 2 WHERE number = 3",
         "UPDATE audit SET number = 3 WHERE number = 9"],
        ["INSERT INTO audit SELECT 6, at, person_id, person, deed, matter_id, object_id, address,"
         " 'y', digest FROM audit WHERE number = 5"],
    ],
)  # fmt: skip
async def test_a_removal_another_order_and_an_addition_are_found(
    database: Database, tmp_path: Path, statements: list[str]
) -> None:
    tamper(tmp_path, *statements)
    assert (await database.verify_audit()).trouble


async def test_a_log_that_was_written_anew_is_found_against_a_digest_that_was_kept(
    database: Database, tmp_path: Path
) -> None:
    kept = (await database.verify_audit()).head
    tamper(tmp_path, "DELETE FROM audit", "DELETE FROM sqlite_sequence WHERE name = 'audit'")
    await database.record(ADA, Deed.LOGIN)
    assert (await database.verify_audit()).trouble == ""
    assert "kept" in (await database.verify_audit(kept)).trouble


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET person = 'x' WHERE number = 3",
        "DELETE FROM audit WHERE number = 5",
        "INSERT OR REPLACE INTO audit SELECT 5, at, person_id, person, deed, matter_id,"
        " object_id, address, 'z', digest FROM audit WHERE number = 5",
    ],
)
async def test_the_table_refuses_to_be_changed(
    database: Database, tmp_path: Path, statement: str
) -> None:
    sql = sqlite3.connect(tmp_path / "pincite.db")
    with pytest.raises(sqlite3.DatabaseError, match="only appended"):
        sql.execute(statement)
    sql.close()


async def test_two_programs_append_to_one_chain(database: Database, tmp_path: Path) -> None:
    other = Database(tmp_path / "pincite.db")
    await other.start()
    both = [
        (database, other)[k % 2].record(LOCAL, Deed.QUESTION_ASKED, "m", str(k)) for k in range(40)
    ]
    await asyncio.gather(*both)
    await other.close()
    verdict = await database.verify_audit()
    assert (verdict.entries, verdict.trouble) == (45, "")


async def test_a_look_at_the_same_thing_again_is_one_entry(database: Database) -> None:
    for _ in range(3):
        await database.record(ADA, Deed.DOCUMENT_OPENED, "m9", "d9", at_most_every_s=600)
    assert await database.count_entries(AuditFilter(matter_id="m9")) == 1


async def test_entries_are_filtered(database: Database) -> None:
    await database.record(LOCAL, Deed.LOGIN)
    count = database.count_entries
    assert await count(AuditFilter()) == 6
    assert await count(AuditFilter(matter_id="m0")) == 3
    assert await count(AuditFilter(deed=Deed.LOGIN)) == 1
    assert await count(AuditFilter(person_id="a1")) == 5
    (newest, *_) = await database.entries(AuditFilter(), limit=1)
    today = date.fromisoformat(newest.at[:10])
    assert await count(AuditFilter(first=today, last=today)) == 6
    assert await count(AuditFilter(last=today.replace(year=today.year - 1))) == 0


async def test_an_export_runs_in_no_spreadsheet(database: Database) -> None:
    await database.record(Person("p", "=HYPERLINK(1)"), Deed.LOGIN, address="@x")
    entries = await database.entries(AuditFilter())
    lines = as_csv(entries).splitlines()
    assert lines[0].startswith("\ufeffnumber,at,")
    assert "'=HYPERLINK(1)" in lines[1]
    assert "'@x" in lines[1]
    assert as_json_lines(entries).count("\n") == 6
