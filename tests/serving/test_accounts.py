"""Getting in: passwords, cookies, waiting, and what happens without any account."""

import asyncio
import re
import sqlite3
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from app import build_app
from core.database import Database
from core.deeds import Deed
from core.errors import LoginError, NotAllowed, PinciteError, SettingsError
from core.records.audit import AuditFilter
from core.records.people import LONGEST_WAIT_S, wait_after
from core.serving.accounts import (
    FREE_BY_NAME,
    Accounts,
    is_loopback,
    may_serve,
    network_of,
    note_settings,
)
from core.settings import Settings
from core.trials import Run
from core.types import LOCAL, ModelStatus, Person, Role

PASSWORD = "lantern orchard staple"
OTHER = "copper meadow sparrow"
HERE = "127.0.0.1"


class QuietRunner:
    """Nothing has changed since any run."""

    async def changes(self, run: Run) -> tuple[str, ...]:
        return ()


class QuietServices:
    """The database alone: what the pages before Gradio need."""

    def __init__(self, folder: Path) -> None:
        self.settings = Settings(data_dir=folder, _env_file=None)  # type: ignore[call-arg]
        self.database = Database(folder / "pincite.db")
        self.runner = QuietRunner()

    def status(self) -> tuple[()]:
        return ()


@pytest.fixture
async def services(tmp_path: Path) -> AsyncIterator[QuietServices]:
    made = QuietServices(tmp_path / "data")
    await made.database.start()
    yield made
    await made.database.close()


@pytest.fixture
def database(services: QuietServices) -> Database:
    return services.database


@pytest.fixture
def accounts(services: QuietServices) -> Accounts:
    return Accounts(services.database, services.settings.data_dir / "session.key", 1)


@pytest.fixture
async def ada(accounts: Accounts) -> Person:
    return await accounts.add(LOCAL, "Ada Marsh", PASSWORD, is_admin=True)


def app_of(services: QuietServices, **changes: object) -> FastAPI:
    settings = services.settings.model_copy(update=changes)
    return build_app(settings, services)  # type: ignore[arg-type]


def browser(app: FastAPI, address: str = HERE, host: str = "127.0.0.1:7860") -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, client=(address, 5))
    return httpx.AsyncClient(transport=transport, base_url=f"http://{host}")


@asynccontextmanager
async def entered(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with browser(app) as http:
        answer = await http.post("/login", data={"name": "ada marsh", "password": PASSWORD})
        assert answer.status_code == 303
        yield http


async def test_a_password_is_kept_as_argon2_alone(
    accounts: Accounts, database: Database, ada: Person
) -> None:
    found = await database.person_named(" ADA  marsh ")
    assert found is not None
    assert found[0] == ada
    assert found[1].startswith("$argon2id$")


@pytest.mark.parametrize(
    "password", ["short", "x" * 2000, "Ada MarshAda Marsh", "aaaaaaaaaaaaaaaa", "ada marsh 12"]
)
async def test_a_password_that_is_short_or_easily_guessed_is_refused(
    accounts: Accounts, password: str
) -> None:
    with pytest.raises(PinciteError):
        await accounts.add(LOCAL, "Ada Marsh", password, is_admin=True)


async def test_an_unknown_name_and_a_wrong_password_are_answered_alike(
    accounts: Accounts, database: Database, ada: Person
) -> None:
    shut = await accounts.add(ada, "Shut", PASSWORD, is_admin=False)
    await accounts.change(ada, shut, active=False)
    await accounts.add(ada, "Far", "", is_admin=False, is_external=True)
    said = set()
    for name, password in (
        ("nobody", PASSWORD), ("ada marsh", "wrong"), ("Shut", PASSWORD), ("Far", ""),
    ):  # fmt: skip
        with pytest.raises(LoginError) as caught:
            await accounts.login(name, password, HERE)
        said.add((str(caught.value), caught.value.wait_s))
    assert len(said) == 1


async def test_an_unknown_name_costs_the_same_work(
    accounts: Accounts, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str] = []
    fits = Accounts._fits

    async def counted(self: Accounts, password: str, kept: str) -> bool:
        checked.append(kept)
        return await fits(self, password, kept)

    monkeypatch.setattr(Accounts, "_fits", counted)
    for name in ("nobody", "ada marsh"):
        with pytest.raises(LoginError):
            await accounts.login(name, "wrong", HERE)
    assert len(checked) == 2
    assert checked[0].split("$")[:4] == checked[1].split("$")[:4], "with the same parameters"


def test_the_wait_doubles_up_to_a_quarter_of_an_hour() -> None:
    waits = [wait_after(failures, 4) for failures in range(20)]
    assert waits[:8] == [0, 0, 0, 0, 1, 2, 4, 8]
    assert waits[-1] == LONGEST_WAIT_S


async def test_after_some_failures_one_waits_even_with_the_right_password_and_after_a_restart(
    services: QuietServices, accounts: Accounts, ada: Person
) -> None:
    for _ in range(FREE_BY_NAME):
        with pytest.raises(LoginError):
            await accounts.login("ada marsh", "wrong", HERE)
    again = Accounts(services.database, services.settings.data_dir / "session.key", 1)
    with pytest.raises(LoginError, match="Too many attempts") as caught:
        await again.login("Ada Marsh", PASSWORD, "10.0.0.9")
    assert caught.value.wait_s >= 1
    await asyncio.sleep(1.1)
    assert await again.login("Ada Marsh", PASSWORD, HERE) == ada


async def test_attempts_at_the_same_moment_do_not_slip_by(accounts: Accounts, ada: Person) -> None:
    tries = [accounts.login("ada marsh", "wrong", HERE) for _ in range(12)]
    failed = await asyncio.gather(*tries, return_exceptions=True)
    assert sum("Too many" in str(each) for each in failed) >= 12 - FREE_BY_NAME - 1


async def test_one_s_own_login_does_not_buy_an_address_more_guesses(
    services: QuietServices, accounts: Accounts, ada: Person
) -> None:
    async def counted() -> int:
        with sqlite3.connect(services.settings.data_dir / "pincite.db") as sql:
            query = "SELECT failures FROM attempts WHERE key = 'address:10.0.0.9'"
            ((failures,),) = sql.execute(query).fetchall()
        sql.close()
        return int(failures)

    for number in range(3):
        with pytest.raises(LoginError):
            await accounts.login(f"guess {number}", "wrong", "10.0.0.9")
    assert await counted() == 3
    await accounts.login("ada marsh", PASSWORD, "10.0.0.9")
    assert await counted() == 3


def test_addresses_are_counted_by_the_network_that_one_has() -> None:
    assert network_of("10.0.0.9") == "10.0.0.9"
    assert network_of("2001:db8:1:2:3::4") == network_of("2001:db8:1:2:ffff::1")
    assert network_of("::ffff:10.0.0.9") == network_of("10.0.0.9")
    assert network_of("::ffff:10.0.0.9") != network_of("::ffff:10.0.0.8")


async def test_an_address_is_what_the_proxy_wrote_and_not_what_its_client_sent(
    services: QuietServices, ada: Person
) -> None:
    app = app_of(services, behind_proxy=True, hosts="pincite.example")
    form = {"name": "Ada Marsh", "password": PASSWORD}
    for lines in (["203.0.113.9"], ["6.6.6.6, 203.0.113.9"], ["6.6.6.6", "203.0.113.9"]):
        sent = [("x-forwarded-for", line) for line in lines]
        # A scheme that the client made up does not count either.
        sent += [("x-forwarded-proto", "https"), ("x-forwarded-proto", "http")]
        async with browser(app, host="pincite.example") as http:
            answer = await http.post("/login", data=form, headers=sent)
        assert "Secure" not in answer.headers["set-cookie"]
        (entry, *_) = await services.database.entries(AuditFilter(deed="login"))
        assert entry.address == "203.0.113.9"


async def test_a_cookie_is_for_this_site_alone_and_away_from_scripts(
    services: QuietServices, ada: Person
) -> None:
    app = app_of(services, behind_proxy=True, hosts="pincite.example")
    form = {"name": "Ada Marsh", "password": PASSWORD}
    async with browser(app, host="pincite.example") as http:
        https = {"x-forwarded-proto": "https", "x-forwarded-for": "10.0.0.7"}
        answer = await http.post("/login", data=form, headers=https)
        flags = answer.headers["set-cookie"]
        assert {"HttpOnly", "SameSite=strict", "Path=/", "Secure"} <= set(flags.split("; "))
        answer = await http.post("/login", data=form)
        assert "Secure" not in answer.headers["set-cookie"]


async def test_a_forged_an_expired_and_an_ended_cookie_open_nothing(
    services: QuietServices, accounts: Accounts, ada: Person, tmp_path: Path
) -> None:
    cookie = await accounts.begin(ada, HERE)
    assert await accounts.person(cookie) == ada
    other = Accounts(services.database, tmp_path / "other.key", 1)
    assert await other.person(cookie) is None
    # The last character of a signature has bits that mean nothing: one before it is changed.
    forged = cookie[:-5] + ("a" if cookie[-5] != "a" else "b") + cookie[-4:]
    assert await accounts.person(forged) is None
    past = Accounts(services.database, services.settings.data_dir / "session.key", -1)
    assert await accounts.person(await past.begin(ada, HERE)) is None
    await accounts.end(cookie)
    assert await accounts.person(cookie) is None


async def test_the_database_holds_no_cookie_and_the_key_is_for_the_owner_alone(
    services: QuietServices, accounts: Accounts, ada: Person
) -> None:
    cookie = await accounts.begin(ada, HERE)
    folder = services.settings.data_dir
    kept = b"".join(path.read_bytes() for path in folder.glob("pincite.db*"))
    secret = accounts._secret(cookie)
    assert secret
    assert secret.encode() not in kept
    assert cookie.encode() not in kept
    assert stat.S_IMODE((folder / "session.key").stat().st_mode) == 0o600


async def test_logging_out_everywhere_a_new_password_and_shutting_end_every_session(
    accounts: Accounts, ada: Person
) -> None:
    boss = await accounts.add(ada, "Boss", PASSWORD, is_admin=True)

    async def ends(step: object) -> bool:
        cookies = [await accounts.begin(ada, HERE) for _ in range(2)]
        await step  # type: ignore[misc]
        return [await accounts.person(each) for each in cookies] == [None, None]

    assert await ends(accounts.end_all(ada, HERE))
    assert await ends(accounts.set_password(boss, ada, PASSWORD + "!"))
    assert await ends(accounts.change(boss, ada, active=False))


def code_in(page: str) -> str:
    found = re.search(r"<code[^>]*>([0-9a-f-]+)</code>", page)
    assert found, "the page shows a code"
    return found[1]


def chosen(code: str, password: str = OTHER, name: str = "Bo Lin") -> dict[str, str]:
    return {"name": name, "code": code, "new": password, "again": password}


async def test_an_administrator_who_resets_a_password_does_not_come_to_know_one(
    services: QuietServices, accounts: Accounts, database: Database, ada: Person
) -> None:
    bo = await accounts.add(ada, "Bo Lin", PASSWORD, is_admin=False)
    matter = await database.create_matter("Lease", owner=bo)
    cookie, app = await accounts.begin(bo, HERE), app_of(services)
    async with entered(app) as boss, browser(app) as http:
        form = {"deed": "password", "password": "one of my own choice"}
        page = await boss.post(f"/people/{bo.id}", data=form)
        code = code_in(page.text)
        assert page.headers["cache-control"] == "no-store"
        assert await accounts.person(cookie) is None, "every session has ended"
        for password in ("one of my own choice", PASSWORD, code):
            answer = await http.post("/login", data={"name": "Bo Lin", "password": password})
            assert answer.status_code == 401
        assert code not in (await boss.get("/people")).text
        kept = b"".join(
            path.read_bytes() for path in services.settings.data_dir.glob("pincite.db*")
        )
        assert code.encode() not in kept
        (entry,) = await database.entries(AuditFilter(deed=Deed.PASSWORD_RESET))
        assert (entry.person, entry.object_id) == ("Ada Marsh", bo.id)
        answer = await http.post("/login/code", data=chosen(code.upper().replace("-", " ")))
        assert (answer.status_code, answer.headers["location"]) == (303, "/account?done=1")
        told = (await http.get("/account")).text
        assert "Your password was reset by Ada Marsh on" in told
        assert (await http.get(f"/matters/{matter.id}")).status_code == 200
        assert (await http.post("/login/code", data=chosen(code, PASSWORD))).status_code == 401
    assert await accounts.login("Bo Lin", OTHER, HERE) == bo


async def test_whom_an_administrator_adds_chooses_a_password_with_a_code(
    services: QuietServices, accounts: Accounts, ada: Person
) -> None:
    app = app_of(services)
    async with entered(app) as boss, browser(app) as http:
        page = await boss.post("/people", data={"name": "Bo Lin", "password": PASSWORD})
        form = {"name": "Bo Lin", "password": PASSWORD}
        assert (await http.post("/login", data=form)).status_code == 401
        answer = await http.post("/login/code", data=chosen(code_in(page.text)))
        assert answer.status_code == 303
        own = await boss.post(f"/people/{ada.id}", data={"deed": "password"})
        assert own.status_code == 403, "one's own takes the present one"
    assert (await accounts.login("Bo Lin", OTHER, HERE)).name == "Bo Lin"


async def test_a_code_is_for_one_person_once_and_for_a_day(
    accounts: Accounts, database: Database, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    bo = await accounts.add(ada, "Bo Lin", None, is_admin=False)
    cy = await accounts.add(ada, "Cy Orr", None, is_admin=False)
    older, code = await accounts.reset(ada, bo), await accounts.reset(ada, bo)
    said = set()
    for number, (name, tried) in enumerate(
        [("Bo Lin", older), ("Bo Lin", "0000"), ("Bo Lin", ""), ("Cy Orr", code), ("nobody", code)]
    ):
        with pytest.raises(LoginError) as caught:
            await accounts.redeem(name, tried, OTHER, f"10.0.0.{number}")
        said.add(str(caught.value))
    assert len(said) == 1
    with pytest.raises(PinciteError, match="at least"):
        await accounts.redeem("Bo Lin", code, "short", HERE)
    tries = [accounts.redeem("Bo Lin", code, f"{OTHER} {k}", HERE) for k in "ab"]
    done = await asyncio.gather(*tries, return_exceptions=True)
    assert [bo in done, sum(isinstance(each, LoginError) for each in done)] == [True, 1]
    code = await accounts.reset(ada, cy)
    await accounts.change(ada, cy, active=False)
    with pytest.raises(LoginError, match="do not go together"):
        await accounts.redeem("Cy Orr", code, OTHER, HERE)
    await accounts.change(ada, cy, active=True)
    monkeypatch.setattr("core.serving.accounts.CODE_LASTS", timedelta(seconds=-1))
    with pytest.raises(LoginError, match="do not go together"):
        await accounts.redeem("Cy Orr", await accounts.reset(ada, cy), OTHER, HERE)


async def test_guessing_at_codes_is_waited_for(
    services: QuietServices, accounts: Accounts, ada: Person
) -> None:
    bo = await accounts.add(ada, "Bo Lin", None, is_admin=False)
    code = await accounts.reset(ada, bo)
    async with browser(app_of(services)) as http:
        for _ in range(FREE_BY_NAME):
            assert (await http.post("/login/code", data=chosen("0000"))).status_code == 401
        answer = await http.post("/login/code", data=chosen(code))
    assert (answer.status_code, int(answer.headers["retry-after"]) >= 1) == (429, True)


async def test_who_logs_in_is_told_once_that_another_changed_their_password(
    services: QuietServices, accounts: Accounts, ada: Person
) -> None:
    await accounts.begin(ada, HERE)
    await accounts.set_password(Person("local:ops", "ops"), ada, OTHER)
    app, form = app_of(services), {"name": "Ada Marsh", "password": OTHER, "next": "/matters"}
    async with browser(app) as http:
        assert (await http.post("/login", data=form)).headers["location"] == "/account"
        assert "Your password was reset by ops on" in (await http.get("/account")).text
        assert (await http.post("/login", data=form)).headers["location"] == "/matters"
        own = {"old": OTHER, "new": PASSWORD, "again": PASSWORD}
        assert (await http.post("/account", data=own)).is_redirect
    assert len(await accounts.resets(ada)) == 1, "one's own changes are no news"


async def test_a_page_and_a_day_beyond_the_log_show_what_there_is(
    services: QuietServices, ada: Person
) -> None:
    async with entered(app_of(services)) as http:
        for query in (
            "page=99999999999999999999",
            "page=-3",
            "last=9999-12-31",
            "first=0001-01-01",
        ):
            answer = await http.get(f"/audit?{query}")
            assert answer.status_code == 200, query
            assert answer.text.count("<tr") > 2


async def test_someone_always_administers(accounts: Accounts, ada: Person) -> None:
    for change in ({"active": False}, {"admin": False}):
        with pytest.raises(NotAllowed, match="administer"):
            await accounts.change(ada, ada, **change)


async def test_the_first_person_administers_and_owns_what_was_here(
    accounts: Accounts, database: Database
) -> None:
    matter = await database.create_matter("Before")
    with pytest.raises(PinciteError, match="administrator"):
        await accounts.add(LOCAL, "Bo", PASSWORD, is_admin=False)
    ada = await accounts.add(LOCAL, "Ada Marsh", PASSWORD, is_admin=True)
    assert await database.role(matter.id, ada) is Role.OWNER
    bo = await accounts.add(ada, "Bo Lin", PASSWORD, is_admin=False)
    assert await database.matters(bo) == ()


async def test_a_matter_always_has_an_owner(database: Database, ada: Person) -> None:
    matter = await database.create_matter("Lease", owner=ada)
    with pytest.raises(NotAllowed, match="needs an owner"):
        await database.grant(matter.id, ada.id, None)
    assert await database.role(matter.id, ada) is Role.OWNER


async def test_a_name_that_is_taken_behind_a_wall_is_free_here(
    accounts: Accounts, database: Database, ada: Person
) -> None:
    bo = await accounts.add(ada, "Bo Lin", PASSWORD, is_admin=False)
    await database.create_matter("Project Heron", owner=ada)
    mine = await database.create_matter("Project Heron", owner=bo)
    assert await database.matters(bo) == (mine,)


async def test_without_accounts_this_machine_needs_none(services: QuietServices) -> None:
    async with browser(app_of(services)) as http:
        assert (await http.get("/matters")).status_code == 200
        assert (await http.get("/")).status_code == 200


async def test_without_accounts_no_other_machine_comes_in(services: QuietServices) -> None:
    app = app_of(services)
    for address, header in (
        ("10.0.0.7", ""), (HERE, "x-forwarded-for"), (HERE, "forwarded"), (HERE, "via"),
        (HERE, "x-real-ip"), (HERE, "x-forwarded-host"), (HERE, "x-forwarded-proto"),
    ):  # fmt: skip
        async with browser(app, address) as http:
            answer = await http.get("/matters", headers={header: "10.0.0.7"} if header else {})
        assert answer.status_code == 403, header
        assert "no accounts yet" in answer.text


async def test_once_there_is_an_account_everyone_logs_in(
    services: QuietServices, ada: Person
) -> None:
    app = app_of(services)
    async with browser(app) as http:
        answer = await http.get("/matters", headers={"accept": "text/html"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=/matters")
        assert (await http.get("/")).status_code == 401
        answer = await http.post("/login", data={"name": "Ada Marsh", "password": "wrong"})
        assert answer.status_code == 401
    async with entered(app) as http:
        assert (await http.get("/matters")).status_code == 200
        assert (await http.post("/logout")).status_code == 303
        assert (await http.get("/matters")).status_code == 401


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.1.2.3", "", "pincite.example"])  # noqa: S104
async def test_another_address_is_not_served_before_someone_administers(
    database: Database, accounts: Accounts, host: str
) -> None:
    assert not is_loopback(host)
    with pytest.raises(SettingsError, match=r"app\.py user add NAME --admin"):
        await may_serve(database, host)
    await accounts.add(LOCAL, "Ada Marsh", PASSWORD, is_admin=True)
    await may_serve(database, host)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.9", "::1", "localhost", "::ffff:127.0.0.1"])
async def test_this_machine_s_own_addresses_are_served(database: Database, host: str) -> None:
    await may_serve(database, host)


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:7861"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
async def test_another_site_s_page_changes_nothing(
    services: QuietServices, headers: dict[str, str]
) -> None:
    async with browser(app_of(services)) as http:
        answer = await http.post("/people", data={"name": "Mole"}, headers=headers)
    assert answer.status_code == 403
    assert not await services.database.has_people()


async def test_another_name_for_this_machine_is_not_answered(services: QuietServices) -> None:
    """DNS that an attacker changes would make their page's requests ours."""
    async with browser(app_of(services), host="evil.example") as http:
        assert (await http.get("/matters")).status_code == 421
    async with browser(app_of(services, hosts="pincite.example"), host="pincite.example") as http:
        assert (await http.get("/matters")).status_code == 200


async def test_without_accounts_nothing_comes_through_a_proxy_of_ours(
    services: QuietServices,
) -> None:
    """Not even where it says nothing of its client: then the machine's own address is its own."""
    async with browser(app_of(services, behind_proxy=True)) as http:
        assert (await http.get("/matters")).status_code == 403


ELSEWHERE = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}
FOLLOWED = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}


async def test_another_site_s_page_leads_to_a_page_and_takes_nothing(
    services: QuietServices,
) -> None:
    picture = ELSEWHERE | {"sec-fetch-dest": "image"}
    link, frame = FOLLOWED | {"sec-fetch-dest": "document"}, FOLLOWED | {"sec-fetch-dest": "iframe"}
    own = {"sec-fetch-site": "same-origin"}
    async with browser(app_of(services)) as http:
        for path, headers, status in (
            ("/audit.csv", picture, 403), ("/audit.csv", link, 403), ("/matters", frame, 403),
            ("/matters", picture | {"sec-fetch-site": "same-site"}, 403), ("/matters", link, 200),
        ):  # fmt: skip
            assert (await http.get(path, headers=headers)).status_code == status, (path, headers)
        assert await services.database.count_entries(AuditFilter()) == 0
        assert (await http.get("/audit.csv", headers=link | own)).status_code == 200


@pytest.mark.parametrize("hosts", ["", "pincite.example"])
async def test_a_name_that_is_none_is_refused_in_words(services: QuietServices, hosts: str) -> None:
    async with browser(app_of(services, host="0.0.0.0", hosts=hosts)) as http:  # noqa: S104
        for headers in ({"host": "["}, {"host": "[::1"}, {"origin": "http://["}):
            for path in ("/login", "/matters"):
                assert (await http.get(path, headers=headers)).status_code == 400


@pytest.mark.parametrize("there", ["//evil.example", "https://evil.example", "/\\evil", "x"])
async def test_a_login_leads_nowhere_else(services: QuietServices, ada: Person, there: str) -> None:
    async with browser(app_of(services)) as http:
        form = {"name": "Ada Marsh", "password": PASSWORD, "next": there}
        answer = await http.post("/login", data=form)
    assert answer.headers["location"] == "/"


@pytest.mark.parametrize(("state", "code"), [("ready", 200), ("loading", 503), ("failed", 503)])
async def test_a_program_that_watches_needs_no_session_and_is_told_a_state_alone(
    services: QuietServices, ada: Person, state: str, code: int
) -> None:
    model = ModelStatus("chat", "zqsecret-7b", "cuda:0", state, "zqsecret is not there", 3.5)
    services.status = lambda: (model,)  # type: ignore[assignment, method-assign, return-value]
    async with browser(app_of(services), address="10.0.0.7") as http:
        ready, lives = await http.get("/readyz"), await http.get("/healthz")
        assert (await http.get("/matters")).status_code == 401
    assert (lives.status_code, lives.json()) == (200, {"status": "ok"})
    told = {"status": "ready" if code == 200 else "not ready"}
    assert (ready.status_code, ready.json()) == (code, told)


async def test_a_legal_hold_keeps_the_matter(services: QuietServices, ada: Person) -> None:
    matter = await services.database.create_matter("Lease", owner=ada)
    async with entered(app_of(services)) as http:
        assert (await http.post(f"/matters/{matter.id}/hold", data={"hold": "1"})).is_redirect
        with pytest.raises(NotAllowed, match="legal hold"):
            await services.database.begin_matter_deletion(matter.id)
        page = (await http.get(f"/matters/{matter.id}")).text
        assert "On hold" in page
        assert (await http.post(f"/matters/{matter.id}/hold", data={})).is_redirect
    await services.database.begin_matter_deletion(matter.id)


async def test_owners_are_told_of_matters_past_their_retention_date(
    services: QuietServices, ada: Person
) -> None:
    matter = await services.database.create_matter("Old lease", owner=ada)
    async with entered(app_of(services)) as http:
        form = {"name": "Old lease", "client": "Aldgate", "retain_until": "2020-01-31"}
        assert (await http.post(f"/matters/{matter.id}", data=form)).is_redirect
        page = (await http.get("/matters")).text
    assert "1 matter is past its retention date" in page
    assert (await services.database.matter(matter.id)).client == "Aldgate"


async def test_pages_are_escaped_and_run_no_script_but_ours(
    services: QuietServices, ada: Person
) -> None:
    hostile = '"><script>alert(1)</script>'
    matter = await services.database.create_matter(hostile, owner=ada)
    async with entered(app_of(services)) as http:
        for path in ("/matters", f"/matters/{matter.id}", f"/audit?matter={hostile}"):
            answer = await http.get(path)
            assert "<script>alert" not in answer.text
            assert "default-src 'none'" in answer.headers["content-security-policy"]
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["x-frame-options"] == "DENY"


async def test_changed_settings_are_noted_once_and_no_secret_in_them(
    services: QuietServices,
) -> None:
    for top_k in (8, 8, 9, 9, 8):
        settings = services.settings.model_copy(update={"top_k": top_k})
        await note_settings(services.database, settings)
    entries = await services.database.entries(AuditFilter())
    assert len(entries) == 3
    assert all(len(each.object_id) == 32 for each in entries)


async def test_a_sample_that_comes_after_the_accounts_is_the_administrators(
    services: QuietServices, ada: Person
) -> None:
    from core.services import Services

    made = Services(services.settings)
    await made.database.start()
    await made._add_samples()
    assert [each.is_sample for each in await services.database.matters(ada)] == [True]
    await made.close()
