"""Logging in with an OpenID Connect provider, where the settings name one; off by default.

The authorization code flow with PKCE and a nonce (OpenID Connect Core 1.0, RFC 7636), by Authlib.
Nobody gets an account by it: an administrator adds an external person first, and the first login
whose claim bears that name ties the provider's subject to the person for good.
"""

import logging
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from core.database import Database
from core.deeds import Deed
from core.errors import LoginError
from core.serving.accounts import Accounts
from core.serving.doors import give_cookie, refused_login
from core.serving.pages import Pages, address_of, look_of, shown
from core.settings import Settings
from core.types import NOBODY, Person

log = logging.getLogger(__name__)

LASTS_S = 600
"""How long someone may take at the provider's."""

_ON = '<!doctype html><meta http-equiv="refresh" content="0;url=/"><a href="/">Pincite</a>'
# A redirect that another site began would not carry our strict cookie; a page of ours does.


def oidc_routes(
    settings: Settings,
    database: Database,
    accounts: Accounts,
    pages: Pages,
    transport: object | None = None,
) -> Starlette:
    """``begin`` sends to the provider, ``done`` comes back. ``transport`` stands for the net."""
    provider = _provider(settings, transport)

    async def begin(request: Request) -> Response:
        there = str(request.url.replace(path="/oidc/done", query=""))
        try:
            answer: Response = await provider.authorize_redirect(request, there)
        except _broken() as error:
            log.warning("the provider of logins did not answer as one: %s", type(error).__name__)
            provider.server_metadata.pop("_loaded_at", None)  # what it said is asked for anew
            words = "The provider of logins cannot be reached. Try again later."
            return shown(pages.trouble(look_of(request), words), 503)
        return answer

    async def done(request: Request) -> Response:
        address = address_of(request)
        try:
            await accounts.attempt(address)
        except LoginError as error:
            return refused_login(request, pages, error, oidc=True)
        try:
            claims = (await provider.authorize_access_token(request)).get("userinfo") or {}
        except _broken() as error:
            log.info("a login with the provider failed: %s", type(error).__name__)
            claims = {}
        person = await _person(settings, database, claims)
        if person is None or not person.is_active:
            await database.record(person or NOBODY, Deed.LOGIN_FAILED, address=address)
            return refused_login(request, pages, oidc=True)
        await accounts.forgive(address)
        response = HTMLResponse(_ON)
        await give_cookie(request, response, accounts, person)
        return response

    async def nowhere(_: Request) -> Response:
        return RedirectResponse("/login", 303)

    def session(app: ASGIApp) -> ASGIApp:
        plain, secure = (
            SessionMiddleware(
                app,
                secret_key=accounts.key.hex(),
                session_cookie="pincite_oidc",
                same_site="lax",
                max_age=LASTS_S,
                path="/oidc",
                https_only=https,
            )
            for https in (False, True)
        )

        async def by_scheme(scope: Scope, receive: Receive, send: Send) -> None:
            kept = secure if scope.get("scheme") == "https" else plain
            await kept(scope, receive, send)

        return by_scheme

    routes = [Route("/begin", begin), Route("/done", done), Route("/", nowhere)]
    return Starlette(routes=routes, middleware=[Middleware(session)])


def _broken() -> tuple[type[Exception], ...]:
    """How it shows that a provider is away, answers something else or does not vouch."""
    import httpx2  # what Authlib asks the provider with
    from authlib.common.errors import AuthlibBaseError
    from joserfc.errors import JoseError

    # An answer that is no JSON, no object, or lacks an address: Authlib takes it as it comes.
    unlike = (ValueError, TypeError, AttributeError, RuntimeError, KeyError)
    return (AuthlibBaseError, JoseError, httpx2.HTTPError, httpx2.InvalidURL, *unlike)


def _provider(settings: Settings, transport: object | None) -> Any:
    from authlib.integrations.starlette_client import OAuth

    own: dict[str, object] = {"scope": "openid email profile", "code_challenge_method": "S256"}
    if transport is not None:
        own["transport"] = transport
    return OAuth().register(
        "provider",
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret.get_secret_value(),
        server_metadata_url=f"{settings.oidc_issuer.rstrip('/')}/.well-known/openid-configuration",
        client_kwargs=own,
    )


async def _person(settings: Settings, database: Database, claims: dict[str, Any]) -> Person | None:
    """The external person that the claims tell of; an unconfirmed e-mail tells of no one."""
    name, subject = claims.get(settings.oidc_claim), claims.get("sub")
    unsure = settings.oidc_claim == "email" and claims.get("email_verified") is not True
    if not isinstance(name, str) or not isinstance(subject, str) or not subject or unsure:
        return None
    return await database.person_of_subject(f"{claims.get('iss')} {subject}", name)
