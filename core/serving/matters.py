"""The pages of matters: one's own, and what one is about and who is in it."""

from datetime import date

from fastapi import APIRouter, Request
from starlette.responses import Response

from core.database import Database
from core.deeds import Deed
from core.errors import NotFound, PinciteError
from core.serving.pages import Pages, back, form_of, look_of, shown, status_of
from core.serving.walls import Walls
from core.types import Matter, Person, Role

LANGUAGES = ("", "en", "zh")
LONGEST = {"client": 200, "description": 4000}


def matter_routes(database: Database, pages: Pages) -> APIRouter:
    """``/matters`` and ``/matters/{id}``: read by members, changed by owners."""
    routes = APIRouter(include_in_schema=False)
    walls = Walls(database)

    @routes.get("/matters")
    async def matters(request: Request) -> Response:
        look = look_of(request)
        listed = [
            (matter, await walls.require(look.person, matter.id, Role.READER))
            for matter in await walls.matters(look.person)
        ]
        return shown(pages.matters(look, tuple(listed)))

    @routes.get("/matters/{matter_id}")
    async def matter(request: Request, matter_id: str) -> Response:
        return await _page(request, matter_id)

    @routes.post("/matters/{matter_id}")
    async def describe(request: Request, matter_id: str) -> Response:
        person = await _owner(request, matter_id)
        try:
            fields = _described(await form_of(request))
            await database.rename_matter(matter_id, str(fields.pop("name")), person)
            await database.describe_matter(matter_id, fields)
        except PinciteError as error:
            return await _page(request, matter_id, error)
        await database.record(person, Deed.MATTER_CHANGED, matter_id)
        return back(f"/matters/{matter_id}")

    @routes.post("/matters/{matter_id}/hold")
    async def hold(request: Request, matter_id: str) -> Response:
        person = await _owner(request, matter_id)
        on_hold = "hold" in await form_of(request)
        await database.describe_matter(matter_id, {"on_hold": on_hold})
        deed = Deed.MATTER_HELD if on_hold else Deed.MATTER_RELEASED
        await database.record(person, deed, matter_id)
        return back(f"/matters/{matter_id}")

    @routes.post("/matters/{matter_id}/members")
    async def members(request: Request, matter_id: str) -> Response:
        person = await _owner(request, matter_id)
        try:
            await _set_member(database, person, matter_id, await form_of(request))
        except PinciteError as error:
            return await _page(request, matter_id, error)
        # Whoever has taken away their own role goes back to where they still may be.
        still = await walls.role(person, matter_id)
        return back(f"/matters/{matter_id}" if still else "/matters")

    async def _owner(request: Request, matter_id: str) -> Person:
        person = look_of(request).person
        await walls.require(person, matter_id, Role.OWNER)
        return person

    async def _page(
        request: Request, matter_id: str, error: PinciteError | None = None
    ) -> Response:
        look = look_of(request)
        role = await walls.require(look.person, matter_id, Role.READER)
        found: Matter = await database.matter(matter_id)
        markup = pages.matter(
            look, found, role, await database.members(matter_id), trouble=str(error or "")
        )
        return shown(markup, status_of(error) if error else 200)

    return routes


async def _set_member(database: Database, by: Person, matter_id: str, form: dict[str, str]) -> None:
    """Give the named person a role, or take theirs away."""
    found = await database.person_named(form.get("name", ""))
    if found is None:
        raise NotFound("There is no person of this name.", "Ask an administrator for theirs.")
    wanted = form.get("role", "")
    if wanted not in ("", *Role):
        raise PinciteError("There is no such role.", "Reload the page.")
    role = Role(wanted) if wanted else None
    await database.grant(matter_id, found[0].id, role)
    deed = Deed.MEMBER_GRANTED if role else Deed.MEMBER_REVOKED
    await database.record(by, deed, matter_id, found[0].id)


def _described(form: dict[str, str]) -> dict[str, object]:
    """The fields of a matter; raises ``PinciteError`` for one that is none."""
    for name, longest in LONGEST.items():
        if len(form.get(name, "")) > longest:
            raise PinciteError("This is too long.", f"Use at most {longest} characters.")
    if form.get("language", "") not in LANGUAGES:
        raise PinciteError("There is no such language here.", "Reload the page.")
    try:
        until = date.fromisoformat(form["retain_until"]) if form.get("retain_until") else None
    except ValueError as error:
        raise PinciteError("This is not a day.", "Write it as 2026-01-31.") from error
    return {
        "name": form.get("name", ""),
        "client": " ".join(form.get("client", "").split()),
        "description": form.get("description", "").strip(),
        "language": form.get("language", ""),
        "retain_until": until,
    }
