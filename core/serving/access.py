"""The gate before every route: whose request it is, and whether it goes any further.

What is not named here or registered by the application itself does not exist.
"""

import time
from collections.abc import Sequence
from http.cookies import CookieError, SimpleCookie
from urllib.parse import quote, urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.database import Database
from core.serving.accounts import COOKIE, Accounts, is_loopback
from core.serving.events import Events, Refused, is_open
from core.settings import Settings
from core.types import LOCAL, Person

OPEN = (
    "/login", "/login/code", "/oidc/begin", "/oidc/done", "/healthz", "/readyz", "/manifest.json",
)  # fmt: skip
"""Answered to anyone: nothing of a matter, a person or a setting is in them."""
OPEN_FOLDERS = ("/icons/", "/look/")
PERSON = "pincite.person"
"""Where in the request's scope a route finds the person."""
_PROXIES = {b"via", b"x-real-ip", b"x-client-ip", b"true-client-ip", b"cf-connecting-ip"}
"""What a proxy may name itself or its client in, beside the ``Forwarded`` headers."""
_DOWNLOADS = ("/audit.", "/gradio_api/")
_OF_A_RUN = "/runs/"
"""No page of another site leads here: what comes is kept as a file, or noted in the log."""
RECHECKED_S = 2.0
"""How often a long answer asks whether its reader may still read."""

_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
_KEPT_BY_BROWSERS = ("/assets/", "/static/", "/svelte/", "/icons/", "/look/")


class Access:
    """ASGI middleware over the whole application.

    ``own`` are the application's own routes, without Gradio's.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        database: Database,
        accounts: Accounts,
        events: Events,
        own: Sequence[BaseRoute],
        settings: Settings,
    ) -> None:
        self._app = app
        self._database = database
        self._accounts = accounts
        self._events = events
        self._own = own
        self._settings = settings
        self._hosts = {each.strip().lower() for each in settings.hosts.split(",") if each.strip()}
        if is_loopback(settings.host):
            self._hosts |= {"localhost", "127.0.0.1", "::1", settings.host}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through to the application, or answer it here."""
        if scope["type"] == "lifespan":
            return await self._app(scope, receive, send)
        if scope["type"] != "http":
            return await send({"type": "websocket.close", "code": 1008})
        scope = self._seen(scope)
        guarded = _with_headers(scope, send)
        refusal = await self._refusal(scope)
        if refusal is not None:
            return await refusal(scope, receive, guarded)
        try:
            await self._pass(scope, receive, guarded)
        except Refused as refused:
            await JSONResponse({"detail": "Refused."}, refused.status)(scope, receive, guarded)
        return None

    async def _pass(self, scope: Scope, receive: Receive, send: Send) -> None:
        person: Person | None = scope[PERSON]
        if person is None:
            return await self._app(scope, receive, send)
        receive, send = self._rechecked(scope, person, receive, send)
        if not self._is_own(scope):
            scope, receive, send = await self._events.bind(person, scope, receive, send)
        return await self._app(scope, receive, send)

    def _seen(self, scope: Scope) -> Scope:
        """The request as its sender made it: what a proxy says counts where there is one."""
        client, scheme = (scope.get("client") or ("", 0))[0], scope["scheme"]
        forwarded = self._settings.behind_proxy or any(
            name in _PROXIES or name.startswith((b"x-forwarded", b"forwarded"))
            for name, _ in scope["headers"]
        )
        if self._settings.behind_proxy:
            headers = Headers(scope=scope)
            client = _last(headers, "x-forwarded-for") or client
            scheme = _last(headers, "x-forwarded-proto") or scheme
        kept = [
            (name, value)
            for name, value in scope["headers"]
            if not name.startswith((b"x-forwarded", b"forwarded", b"x-gradio"))
        ]
        own = {"headers": kept, "client": (client, 0), "scheme": scheme, PERSON: None}
        return {**scope, **own, "pincite.forwarded": forwarded}

    async def _refusal(self, scope: Scope) -> Response | None:
        """What answers instead of the application, if anything; finds the person on the way."""
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        try:
            name = urlsplit(f"//{host}").hostname
            foreign = _is_foreign(headers, host, scope)
        except ValueError:
            return PlainTextResponse("This is not the name of a machine.", 400)
        if self._hosts and name not in self._hosts:
            return PlainTextResponse("Pincite is not served under this name.", 421)
        if foreign:
            return PlainTextResponse("This request comes from another site.", 403)
        path, is_own = scope["path"], self._is_own(scope)
        if not is_own and not is_open(scope):
            return JSONResponse({"detail": "Not Found"}, 404)
        if is_own and (path in OPEN or path.startswith(OPEN_FOLDERS)):
            return None
        scope[PERSON] = await self._person(scope)
        return None if scope[PERSON] else await self._ask_to_log_in(scope)

    async def _person(self, scope: Scope) -> Person | None:
        """Who asks: by their cookie, or without any account whoever sits at this machine."""
        if cookie := cookie_of(scope):
            found = await self._accounts.person(cookie)
            if found:
                return found
        local = is_loopback(scope["client"][0]) and not scope["pincite.forwarded"]
        return LOCAL if local and not await self._database.has_people() else None

    async def _ask_to_log_in(self, scope: Scope) -> Response:
        if not await self._database.has_people():
            words = "Pincite has no accounts yet and is used from its own machine alone."
            return PlainTextResponse(words, 403)
        if scope["method"] == "GET" and "text/html" in Headers(scope=scope).get("accept", ""):
            there = scope["path"] if self._is_own(scope) else "/"
            return RedirectResponse(f"/login?next={quote(there)}", 303)
        return JSONResponse({"detail": "Log in."}, 401)

    def _is_own(self, scope: Scope) -> bool:
        return any(route.matches(scope)[0] is Match.FULL for route in self._own)

    def _rechecked(
        self, scope: Scope, person: Person, receive: Receive, send: Send
    ) -> tuple[Receive, Send]:
        """Ends an answer that goes on after its reader has been logged out."""
        asked, ended = time.monotonic(), False

        async def sending(message: Message) -> None:
            nonlocal asked, ended
            if ended:
                return
            if message.get("more_body") and time.monotonic() - asked > RECHECKED_S:
                asked = time.monotonic()
                ended = await self._person(scope) != person
                if ended:
                    message = {"type": "http.response.body", "body": b"", "more_body": False}
            await send(message)

        async def receiving() -> Message:
            return {"type": "http.disconnect"} if ended else await receive()

        return receiving, sending


def cookie_of(scope: Scope) -> str:
    """The session cookie that came with a request, or an empty string."""
    try:
        cookies = SimpleCookie(Headers(scope=scope).get("cookie", ""))
    except CookieError:
        return ""
    return cookies[COOKIE].value if COOKIE in cookies else ""


def _last(headers: Headers, name: str) -> str:
    """What the proxy itself wrote: the end of the last line, for some add one of their own."""
    return ",".join(headers.getlist(name)).rpartition(",")[2].strip()


def _is_foreign(headers: Headers, host: str, scope: Scope) -> bool:
    """Whether a page of another origin makes the request (Fetch metadata, RFC 6454).

    Following a link from elsewhere to a page is not foreign.  Raises ``ValueError`` for an
    ``Origin`` that is no address.
    """
    origin = headers.get("origin")
    if origin is not None:
        return urlsplit(origin).netloc.lower() != host.lower()
    if headers.get("sec-fetch-site", "none") in ("same-origin", "none"):
        return False
    followed = headers.get("sec-fetch-mode") == "navigate"
    followed &= headers.get("sec-fetch-dest") == "document"
    path: str = scope["path"]
    kept = path.startswith(_DOWNLOADS) or _OF_A_RUN in path
    return not (followed and scope["method"] in ("GET", "HEAD") and not kept)


def _with_headers(scope: Scope, send: Send) -> Send:
    """Adds what keeps browsers from framing, guessing at and keeping what they are sent."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            there = {name.lower() for name, _ in message.get("headers", ())}
            added = [each for each in _HEADERS if each[0] not in there]
            if not scope["path"].startswith(_KEPT_BY_BROWSERS):
                added.append((b"cache-control", b"no-store"))
            message = {**message, "headers": [*message.get("headers", ()), *added]}
        await send(message)

    return sending
