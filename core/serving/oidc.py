"""Logging in with an OpenID Connect provider, where the settings name one; off by default.

The authorization code flow with PKCE and a nonce (OpenID Connect Core 1.0, RFC 7636), by Authlib.
Nobody gets an account by it: an administrator adds an external person first, and the first login
whose claim bears that name ties the provider's subject to the person for good.
"""

from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from core.database import Database
from core.deeds import Deed
from core.serving.accounts import Accounts
from core.serving.doors import give_cookie
from core.serving.pages import Pages, address_of, look_of, shown
from core.settings import Settings
from core.types import NOBODY, Person

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
        import httpx2  # what Authlib asks the provider with

        there = str(request.url.replace(path="/oidc/done", query=""))
        try:
            answer: Response = await provider.authorize_redirect(request, there)
        except httpx2.HTTPError:
            words = "The provider of logins cannot be reached. Try again later."
            return shown(pages.trouble(look_of(request), words), 503)
        return answer

    async def done(request: Request) -> Response:
        import httpx2
        from authlib.common.errors import AuthlibBaseError
        from joserfc.errors import JoseError

        try:
            claims = (await provider.authorize_access_token(request)).get("userinfo") or {}
        except (AuthlibBaseError, JoseError, httpx2.HTTPError):
            claims = {}
        person = await _person(settings, database, claims)
        if person is None or not person.is_active:
            address = address_of(request)
            await database.record(person or NOBODY, Deed.LOGIN_FAILED, address=address)
            look = look_of(request)
            return shown(
                pages.login(look, name="", there="/", wrong=True, wait_s=0, oidc=True), 401
            )
        response = HTMLResponse(_ON)
        await give_cookie(request, response, accounts, person)
        return response

    async def nowhere(_: Request) -> Response:
        return RedirectResponse("/login", 303)

    session = Middleware(
        SessionMiddleware,
        secret_key=accounts.key.hex(),
        session_cookie="pincite_oidc",
        same_site="lax",
        max_age=LASTS_S,
        path="/oidc",
    )
    routes = [Route("/begin", begin), Route("/done", done), Route("/", nowhere)]
    return Starlette(routes=routes, middleware=[session])


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
