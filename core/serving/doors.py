"""Logging in and out, and one's own account."""

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from core.database import Database
from core.deeds import Deed
from core.errors import LoginError, PinciteError
from core.serving.access import cookie_of
from core.serving.accounts import COOKIE, Accounts
from core.serving.pages import (
    LANGUAGE_COOKIE,
    Pages,
    address_of,
    back,
    form_of,
    local_path,
    look_of,
    shown,
)
from core.types import LOCAL, NOBODY, Person


def doors(database: Database, accounts: Accounts, pages: Pages, *, oidc: bool) -> APIRouter:
    """``/login``, ``/logout`` and ``/account``; ``oidc`` offers a provider's login beside."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/login")
    async def ask(request: Request, next: str = "/") -> Response:
        if not await database.has_people():
            return RedirectResponse("/", 303)
        look, there = look_of(request), local_path(next)
        response = shown(pages.login(look, name="", there=there, wrong=False, wait_s=0, oidc=oidc))
        if "language" in request.query_params:
            keep_language(response, look.language)
        return response

    @routes.post("/login")
    async def enter(request: Request) -> Response:
        form, address = await form_of(request), address_of(request)
        name, there = form.get("name", "")[:200], local_path(form.get("next", "/"))
        try:
            person = await accounts.login(name, form.get("password", ""), address)
        except LoginError as error:
            return refused_login(request, pages, error, oidc=oidc, name=name, there=there)
        there = "/account" if await accounts.has_news(person) else there
        return await _enter(request, person, there)

    @routes.get("/login/code")
    async def ask_code(request: Request) -> Response:
        return shown(pages.code(look_of(request), name=""))

    @routes.post("/login/code")
    async def redeem(request: Request) -> Response:
        form, look = await form_of(request), look_of(request)
        name, new = form.get("name", "")[:200], form.get("new", "")
        try:
            _same_twice(form)
            code = form.get("code", "")[:200]
            person = await accounts.redeem(name, code, new, address_of(request))
        except PinciteError as error:
            wait_s = getattr(error, "wait_s", 0)
            status = 401 if isinstance(error, LoginError) else 400
            page = pages.code(look, name=name, trouble=str(error))
            return _waiting(shown(page, 429 if wait_s else status), wait_s)
        return await _enter(request, person, "/account?done=1")

    async def _enter(request: Request, person: Person, there: str) -> Response:
        await accounts.end(cookie_of(request.scope))
        response = RedirectResponse(there, 303)
        await give_cookie(request, response, accounts, person)
        return response

    @routes.post("/logout")
    async def leave(request: Request) -> Response:
        await accounts.end(cookie_of(request.scope))
        person = look_of(request).person
        if person not in (NOBODY, LOCAL):
            await database.record(person, Deed.LOGOUT, address=address_of(request))
        return _shut(RedirectResponse("/login", 303))

    @routes.post("/logout/everywhere")
    async def leave_everywhere(request: Request) -> Response:
        await accounts.end_all(look_of(request).person, address_of(request))
        return _shut(RedirectResponse("/login", 303))

    @routes.get("/account")
    async def account(request: Request) -> Response:
        look = look_of(request)
        return shown(pages.account(look, await accounts.resets(look.person)))

    @routes.post("/account")
    async def set_password(request: Request) -> Response:
        form, look = await form_of(request), look_of(request)
        try:
            _same_twice(form)
            # Checked as a login is: a session that was left open must not serve to guess.
            old, address = form.get("old", ""), address_of(request)
            person = await accounts.login(look.person.name, old, address)
            await accounts.set_password(person, person, form.get("new", ""))
        except PinciteError as error:
            resets = await accounts.resets(look.person)
            return shown(pages.account(look, resets, trouble=str(error)), 400)
        response = back("/account")
        await give_cookie(request, response, accounts, person)
        return response

    return routes


def refused_login(
    request: Request,
    pages: Pages,
    error: LoginError | None = None,
    *,
    oidc: bool,
    name: str = "",
    there: str = "/",
) -> Response:
    """The door again, with what was wrong or how long to wait."""
    wait_s, look = error.wait_s if error else 0, look_of(request)
    page = pages.login(look, name=name, there=there, wrong=not wait_s, wait_s=wait_s, oidc=oidc)
    return _waiting(shown(page, 429 if wait_s else 401), wait_s)


def _waiting(response: Response, wait_s: int) -> Response:
    if wait_s:
        response.headers["retry-after"] = str(wait_s)
    return response


def _same_twice(form: dict[str, str]) -> None:
    if form.get("new") != form.get("again"):
        raise PinciteError("The new password was not typed the same way twice.")


async def give_cookie(
    request: Request, response: Response, accounts: Accounts, person: Person
) -> None:
    """Open a session and let the browser keep it: for this site alone, away from scripts."""
    response.set_cookie(
        COOKIE,
        await accounts.begin(person, address_of(request)),
        max_age=accounts.session_s,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )


def keep_language(response: Response, language: str) -> None:
    """Remember the language of the pages in this browser."""
    if language.isalpha() and len(language) == 2:
        response.set_cookie(LANGUAGE_COOKIE, language, max_age=31_536_000, samesite="strict")


def _shut(response: Response) -> Response:
    response.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return response
