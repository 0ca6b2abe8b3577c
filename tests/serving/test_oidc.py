"""Logging in with a provider, whose whole HTTP side is played here."""

import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import httpx2
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.routing import Mount

from core.database import Database
from core.records.audit import AuditFilter
from core.serving.accounts import COOKIE, FREE_BY_ADDRESS, Accounts
from core.serving.oidc import oidc_routes
from core.settings import Settings
from core.types import LOCAL, Person
from ui.pages import PAGES

ISSUER = "https://login.example"
PASSWORD = "lantern orchard staple"

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:authlib")


class Provider:
    """An OpenID Connect provider as one sees it over HTTP."""

    def __init__(self) -> None:
        self.key = RSAKey.generate_key(2048, {"kid": "k"})
        self.claims: dict[str, Any] = {
            "sub": "u-17", "email": "bo@firm.example", "email_verified": True,
        }  # fmt: skip
        self.nonce = ""
        self.forms: list[dict[str, list[str]]] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        path = request.url.path
        if path.endswith("openid-configuration"):
            return httpx2.Response(200, json={
                "issuer": ISSUER, "authorization_endpoint": f"{ISSUER}/authorize",
                "token_endpoint": f"{ISSUER}/token", "jwks_uri": f"{ISSUER}/keys",
                "id_token_signing_alg_values_supported": ["RS256"],
            })  # fmt: skip
        if path == "/keys":
            return httpx2.Response(200, json={"keys": [self.key.as_dict(private=False)]})
        assert path == "/token"
        self.forms.append(parse_qs(request.content.decode()))
        now = int(time.time())
        own = {"iss": ISSUER, "aud": "pincite", "iat": now, "exp": now + 60, "nonce": self.nonce}
        token = jwt.encode({"alg": "RS256", "kid": "k"}, own | self.claims, self.key)
        answer = {"access_token": "a", "token_type": "Bearer", "id_token": token}
        return httpx2.Response(200, content=json.dumps(answer))


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    made = Database(tmp_path / "pincite.db")
    await made.start()
    yield made
    await made.close()


@pytest.fixture
def provider() -> Provider:
    return Provider()


@pytest.fixture
async def bo(database: Database, tmp_path: Path) -> Person:
    accounts = Accounts(database, tmp_path / "session.key", 1)
    ada = await accounts.add(LOCAL, "Ada Marsh", PASSWORD, is_admin=True)
    return await accounts.add(ada, "Bo@Firm.example", "", is_admin=False, is_external=True)


@pytest.fixture
async def http(
    database: Database, provider: Provider, tmp_path: Path
) -> AsyncIterator[httpx.AsyncClient]:
    settings = Settings(
        _env_file=None, oidc_issuer=ISSUER, oidc_client_id="pincite",
        oidc_client_secret=SecretStr("s"),
    )  # type: ignore[call-arg]  # fmt: skip
    accounts = Accounts(database, tmp_path / "session.key", 1)
    routes = oidc_routes(settings, database, accounts, PAGES, httpx2.MockTransport(provider))
    app = Starlette(routes=[Mount("/oidc", routes)])
    transport = httpx.ASGITransport(app, client=("127.0.0.1", 5))
    async with httpx.AsyncClient(transport=transport, base_url="http://pincite.local") as made:
        yield made


async def come_back(http: httpx.AsyncClient, provider: Provider, **changes: str) -> httpx.Response:
    """Go to the provider and return from it."""
    sent = await http.get("/oidc/begin")
    assert sent.status_code == 302
    asked = {k: v[0] for k, v in parse_qs(urlsplit(sent.headers["location"]).query).items()}
    assert asked["redirect_uri"] == "http://pincite.local/oidc/done"
    assert asked["code_challenge_method"] == "S256"
    provider.nonce = changes.pop("nonce", asked["nonce"])
    return await http.get("/oidc/done", params={"code": "c", "state": asked["state"]} | changes)


async def test_an_external_person_comes_in_and_is_known_by_subject_from_then_on(
    http: httpx.AsyncClient, provider: Provider, database: Database, tmp_path: Path, bo: Person
) -> None:
    accounts = Accounts(database, tmp_path / "session.key", 1)
    answer = await come_back(http, provider)
    assert answer.status_code == 200
    assert "SameSite=strict" in answer.headers["set-cookie"]
    assert await accounts.person(http.cookies[COOKIE]) == bo
    assert "code_verifier" in provider.forms[0]
    provider.claims["email"] = "renamed@firm.example"
    await come_back(http, provider)
    assert await accounts.person(http.cookies[COOKIE]) == bo


@pytest.mark.parametrize(
    "claims",
    [
        {"email": "stranger@firm.example"},
        {"email": "Ada Marsh"},
        {"email_verified": False},
        {"sub": ""},
        {"iss": "https://other.example"},
        {"aud": "another"},
        {"exp": 1},
    ],
)
async def test_nobody_else_comes_in(
    http: httpx.AsyncClient, provider: Provider, database: Database, bo: Person,
    claims: dict[str, Any],
) -> None:  # fmt: skip
    provider.claims |= claims
    answer = await come_back(http, provider)
    assert answer.status_code == 401
    assert COOKIE not in http.cookies
    assert await database.count_entries(AuditFilter(deed="login_failed")) == 1


@pytest.mark.parametrize("change", [{"state": "forged"}, {"nonce": "replayed"}])
async def test_an_answer_to_another_question_is_refused(
    http: httpx.AsyncClient, provider: Provider, bo: Person, change: dict[str, str]
) -> None:
    assert (await come_back(http, provider, **change)).status_code == 401


async def test_another_subject_does_not_take_over_a_name(
    http: httpx.AsyncClient, provider: Provider, bo: Person
) -> None:
    assert (await come_back(http, provider)).status_code == 200
    provider.claims["sub"] = "u-99"
    assert (await come_back(http, provider)).status_code == 401


async def test_a_provider_that_cannot_be_reached_is_told_as_such(
    http: httpx.AsyncClient, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(self: Provider, request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("no route", request=request)

    monkeypatch.setattr(Provider, "__call__", away)
    answer = await http.get("/oidc/begin")
    assert answer.status_code == 503
    assert "cannot be reached" in answer.text


@pytest.mark.parametrize(
    "body", ["<html>Log in to the guests' network</html>", "[]", "{}", '{"issuer": 1}']
)
async def test_a_provider_that_answers_something_else_is_told_as_such(
    http: httpx.AsyncClient, provider: Provider, monkeypatch: pytest.MonkeyPatch, body: str
) -> None:
    def odd(self: Provider, request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, text=body)

    monkeypatch.setattr(Provider, "__call__", odd)
    assert (await http.get("/oidc/begin")).status_code == 503
    assert (await http.get("/oidc/done?state=a&code=b")).status_code == 401


async def test_whoever_comes_back_from_nowhere_waits_and_fills_no_log(
    http: httpx.AsyncClient, provider: Provider, database: Database, bo: Person
) -> None:
    answers = [await http.get(f"/oidc/done?state={number}&code=b") for number in range(40)]
    assert answers[0].status_code == 401
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) >= 1
    assert await database.count_entries(AuditFilter(deed="login_failed")) <= FREE_BY_ADDRESS + 2


async def test_who_logs_in_leaves_no_attempt_behind(
    http: httpx.AsyncClient, provider: Provider, bo: Person
) -> None:
    for _ in range(FREE_BY_ADDRESS + 2):
        assert (await come_back(http, provider)).status_code == 200


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_the_cookie_of_the_way_to_the_provider_is_secure_over_https(
    http: httpx.AsyncClient, provider: Provider, scheme: str
) -> None:
    answer = await http.get(f"{scheme}://pincite.local/oidc/begin")
    flags = answer.headers["set-cookie"].lower().split("; ")
    assert flags[0].startswith("pincite_oidc=")
    assert ("secure" in flags) == (scheme == "https")
