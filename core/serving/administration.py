"""The administrators' pages: people, and the audit log with its exports."""

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import asdict, fields
from datetime import date

from fastapi import APIRouter, Request
from starlette.responses import Response

from core.database import Database
from core.deeds import AuditEntry, Deed
from core.errors import NotAllowed, PinciteError
from core.records.audit import AuditFilter
from core.serving.accounts import Accounts
from core.serving.pages import Pages, address_of, back, form_of, look_of, shown, status_of
from core.types import LOCAL, Person

ENTRIES = 100
"""Audit entries on a page."""


def administration(database: Database, accounts: Accounts, pages: Pages) -> APIRouter:
    """``/people`` and ``/audit``: for administrators, who see no matter by that."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/people")
    async def people(request: Request) -> Response:
        _administrator(request)
        return shown(pages.people(look_of(request), await database.people()))

    @routes.post("/people")
    async def add(request: Request) -> Response:
        by, form = _administrator(request), await form_of(request)
        external, admin = "external" in form, "admin" in form
        # Only whoever sits at the machine chooses a password, and it is their own.
        password = form.get("password", "") if by == LOCAL else None
        try:
            made = await accounts.add(
                by, form.get("name", ""), password, is_admin=admin, is_external=external
            )
        except PinciteError as error:
            return await _people_again(request, error)
        if by == LOCAL or external:
            return back("/people")
        return await _with_code(request, made, await accounts.reset(by, made))

    @routes.post("/people/{person_id}")
    async def change(request: Request, person_id: str) -> Response:
        by, form = _administrator(request), await form_of(request)
        try:
            person = await database.person(person_id)
            if form.get("deed") == "password":
                return await _with_code(request, person, await accounts.reset(by, person))
            await _change(accounts, by, person, form)
        except PinciteError as error:
            return await _people_again(request, error)
        return back("/people")

    async def _with_code(request: Request, person: Person, code: str) -> Response:
        """Shown here and now alone: no address holds it, and the database only its hash."""
        listed = await database.people()
        return shown(pages.people(look_of(request), listed, code=code, whose=person.name))

    async def _people_again(request: Request, error: PinciteError) -> Response:
        page = pages.people(look_of(request), await database.people(), trouble=str(error))
        return shown(page, status_of(error))

    @routes.get("/audit")
    async def audit(request: Request, page: int = 1, check: str = "") -> Response:
        by, wanted = _administrator(request), _wanted(request)
        count = await database.count_entries(wanted)
        page = max(1, min(page, -(-count // ENTRIES)))
        entries = await database.entries(wanted, ENTRIES, (page - 1) * ENTRIES)
        return shown(
            pages.audit(
                look_of(request),
                entries,
                await database.people(),
                {matter.id: matter.name for matter in await database.matters(by)},
                wanted,
                page,
                count,
                await database.verify_audit() if check else None,
            )
        )

    @routes.get("/audit.{kind}")
    async def export(request: Request, kind: str) -> Response:
        by, write = _administrator(request), {"csv": as_csv, "jsonl": as_json_lines}.get(kind)
        if write is None:
            return Response(status_code=404)
        await database.record(by, Deed.EXPORTED, "", f"audit.{kind}", address=address_of(request))
        body = write(reversed(await database.entries(_wanted(request))))
        name = {"content-disposition": f'attachment; filename="pincite-audit.{kind}"'}
        media = "text/csv; charset=utf-8" if kind == "csv" else "application/jsonl"
        return Response(body, media_type=media, headers=name)

    return routes


async def _change(accounts: Accounts, by: Person, person: Person, form: dict[str, str]) -> None:
    if form.get("deed") in ("enable", "disable"):
        await accounts.change(by, person, active=form["deed"] == "enable")
    elif form.get("deed") in ("promote", "demote"):
        await accounts.change(by, person, admin=form["deed"] == "promote")
    else:
        raise PinciteError("The page sent something that cannot be read.", "Reload the page.")


def _administrator(request: Request) -> Person:
    person = look_of(request).person
    if not person.is_admin:
        raise NotAllowed("This page is for administrators.", "Ask one.")
    return person


def _wanted(request: Request) -> AuditFilter:
    asked = request.query_params
    return AuditFilter(
        asked.get("person", ""),
        asked.get("deed", ""),
        asked.get("matter", "").strip(),
        _day(asked.get("first", "")),
        _day(asked.get("last", "")),
    )


def _day(words: str) -> date | None:
    try:
        return date.fromisoformat(words) if words else None
    except ValueError as error:
        raise PinciteError(f"“{words[:20]}” is not a day.", "Write it as 2026-01-31.") from error


def as_json_lines(entries: Iterable[AuditEntry]) -> str:
    """One JSON object a line, every field of an entry in it."""
    return "".join(json.dumps(asdict(each), ensure_ascii=False) + "\n" for each in entries)


def as_csv(entries: Iterable[AuditEntry]) -> str:
    """Comma-separated (RFC 4180) with a byte order mark; no cell is taken for a formula."""
    out = io.StringIO()
    out.write("\ufeff")
    writer = csv.writer(out)
    writer.writerow(each.name for each in fields(AuditEntry))
    writer.writerows(map(_cell, asdict(entry).values()) for entry in entries)
    return out.getvalue()


def _cell(value: object) -> str:
    """A cell that spreadsheets show and never run (OWASP, CSV injection)."""
    words = str(value)
    return (
        f"'{words}"
        if words.startswith(("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"))
        else words
    )
