"""The wall, over every route: what is another's is neither told nor touched, by any request.

Two random walks of 60 requests each; ``PINCITE_WALL_STEPS`` makes them longer.
"""

import asyncio
import os
import random
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from world import PASSWORD, Case, Firm, Someone, fire, firm, join, read

from core.types import Role

pytestmark = [
    # Gradio counts its events with what pandas is about to drop.
    pytest.mark.filterwarnings("ignore:.*(no_silent_downcasting|copy keyword)"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:authlib"),
    pytest.mark.asyncio(loop_scope="module"),
]

SEEDS = (1, 2)
STEPS = int(os.environ.get("PINCITE_WALL_STEPS", "60"))

OPEN = {
    "GET /healthz", "GET /readyz", "GET /login", "POST /login", "GET /manifest.json",
    "GET /look/app.css", "GET /look/pages.css", "GET /look/pages.js", "GET /look/plotly.js",
    "GET /icons",
    "GET /login/code", "POST /login/code", "GET /oidc/begin", "GET /oidc/done",
}  # fmt: skip
"""Answered to anyone: the test holds them to tell nothing of anyone."""
OWN = {
    "POST /logout", "POST /logout/everywhere", "GET /account", "POST /account",
    "GET /matters", "GET /matters/{matter_id}", "POST /matters/{matter_id}",
    "POST /matters/{matter_id}/hold", "POST /matters/{matter_id}/members", "GET /people",
    "POST /people", "POST /people/{person_id}", "GET /audit", "GET /audit.{kind}",
    "POST /gradio_api/upload", "GET /oidc/", "GET /matters/{matter_id}/runs/{run_id}/{file}",
}  # fmt: skip
"""Our own routes behind the gate."""
PAGE = {
    "GET /", "HEAD /", "GET /theme.css", "GET /svelte/{path:path}", "GET /static/{path:path}",
    "GET /assets/{path:path}", "GET /favicon.ico", "GET /robots.txt", "GET /pwa_icon",
    "GET /pwa_icon/{size}", "GET /gradio_api/app_id",
    "GET /gradio_api/heartbeat/{session_hash}", "POST /gradio_api/queue/join",
    "GET /gradio_api/queue/data", "POST /gradio_api/cancel", "GET /gradio_api/upload_progress",
    "GET /gradio_api/file={path_or_url:path}", "HEAD /gradio_api/file={path_or_url:path}",
}  # fmt: skip
"""Gradio's routes that the page needs."""
CLOSED = {
    "GET /gradio_api/user", "GET /gradio_api/user/", "GET /gradio_api/login_check",
    "GET /gradio_api/login_check/", "GET /gradio_api/token", "GET /gradio_api/token/",
    "GET /gradio_api/app_id/", "GET /gradio_api/dev/reload", "POST /login/", "GET /logout",
    "GET /gradio_api/runs", "GET /gradio_api/runs/", "GET /gradio_api/deep_link",
    "GET /gradio_api/info", "GET /gradio_api/info/", "GET /gradio_api/openapi.json",
    "GET /config", "GET /config/",
    "GET /gradio_api/custom_component/{id}/{environment}/{type}/{file_name}",
    "GET /gradio_api/proxy={url_path:path}", "HEAD /gradio_api/proxy={url_path:path}",
    "POST /gradio_api/stream/{event_id}", "POST /gradio_api/stream/{event_id}/close",
    "GET /gradio_api/stream/{session_hash}/{run}/{component_id}/playlist.m3u8",
    "GET /gradio_api/stream/{session_hash}/{run}/{component_id}/{segment_id}.{ext}",
    "GET /gradio_api/stream/{session_hash}/{run}/{component_id}/playlist-file",
    "GET /gradio_api/file/{path:path}", "POST /gradio_api/reset", "POST /gradio_api/reset/",
    "POST /gradio_api/run/{api_name}", "POST /gradio_api/run/{api_name}/",
    "POST /gradio_api/api/{api_name}", "POST /gradio_api/api/{api_name}/",
    "POST /gradio_api/call/v2/{api_name}", "POST /gradio_api/call/v2/{api_name}/",
    "POST /gradio_api/call/{api_name}", "POST /gradio_api/call/{api_name}/",
    "GET /gradio_api/call/v2/{api_name}/{event_id}", "GET /gradio_api/call/{api_name}/{event_id}",
    "POST /gradio_api/component_server", "POST /gradio_api/component_server/",
    "GET /gradio_api/queue/status", "GET /gradio_api/startup-events", "GET /gradio_api/theme.css",
    "GET /monitoring", "GET /monitoring/summary", "GET /monitoring/{key}",
    "POST /gradio_api/process_recording", "POST /gradio_api/vibe-edit/",
    "POST /gradio_api/vibe-edit", "POST /gradio_api/undo-vibe-edit/",
    "POST /gradio_api/undo-vibe-edit", "GET /gradio_api/vibe-code/", "GET /gradio_api/vibe-code",
    "POST /gradio_api/vibe-code/", "POST /gradio_api/vibe-code",
    "POST /gradio_api/vibe-starter-queries/", "POST /gradio_api/vibe-starter-queries",
    "GET /openapi.json", "HEAD /openapi.json",
}  # fmt: skip
"""Gradio's routes that do not exist here."""
SHADOWED = {"POST /login", "POST /gradio_api/upload", "GET /manifest.json"}
"""Gradio has them too; ours stand before them."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Firm]:
    """One firm for all the tests that leave it as it is."""
    folder = tmp_path_factory.mktemp("firm")
    with pytest.MonkeyPatch.context() as patch:
        async with firm(folder, patch, SEEDS[0]) as made:
            yield made


@pytest_asyncio.fixture(loop_scope="module")
async def own_office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Firm]:
    """A firm of the test's own, whose people and papers it may change."""
    async with firm(tmp_path, monkeypatch, SEEDS[1]) as made:
        yield made


def routes(app: Any, under: str = "") -> Iterator[str]:
    """Every route of an application and of what is mounted in it, by method and path."""
    for route in app.routes:
        inner = getattr(route, "app", None)
        if getattr(route, "methods", None):
            yield from (f"{method} {under}{route.path}" for method in sorted(route.methods))
        elif getattr(inner, "routes", None):
            yield from routes(inner, under + route.path)
        elif hasattr(route, "path"):
            yield f"GET {under}{route.path}"


def listed(office: Firm) -> set[str]:
    heads = {f"HEAD {each.split()[1]}" for each in OPEN | OWN if each.startswith("GET")}
    return set(routes(office.app)) - heads


def secrets(office: Firm, who: Someone, path: str, sent: str) -> set[str]:
    """What must not stand in an answer to ``who``; what they sent themselves tells nothing."""
    hidden: set[str] = set()
    reads_the_log = who.person.is_admin and path.startswith("/audit")
    for case in office.foreign_to(who):
        hidden |= case.words if reads_the_log else case.words | case.ids
    for other in office.people:
        if other is not who:
            hidden |= {other.session, other.upload, Path(other.upload).stem}
            if not who.person.is_admin and not set(other.cases) & set(who.cases):
                hidden |= {other.person.name}
    return {each for each in hidden if each not in sent}


def check(office: Firm, who: Someone, path: str, sent: object, told: str) -> None:
    found = {each for each in secrets(office, who, path, f"{path} {sent}") if each in told}
    assert not found, f"{path} told {found}"


def foreign_event(case: Case, other: Someone, rng: random.Random) -> dict[str, object]:
    """Every value that an event of the page takes, each another's."""
    file = {"name": "mine.txt", "path": other.upload}
    own = (case.message, case.comparison, case.variant)
    return {
        "id": rng.choice([case.id, case.conversation, case.set, case.run, *own, *case.documents]),
        "document_id": rng.choice(case.documents),
        "question": "Who shall pay the rent each month?",
        "replaces": rng.choice(["", case.message]),
        "options": {"documents": rng.choice([[], case.documents])},
        "shown": case.documents,
        "start": 0, "end": 40, "page": 1, "marker": 1, "path": ["4"],
        "drop": "d1", "matter_id": case.id, "done": 1,
        "files": [file] if rng.random() < 0.2 else [],  # with it the event is refused whole
        "name": "The Tenant", "genre": "", "state": "",
        "text": "The Tenant", "language": "en", "a": "quotes", "b": "listing",
        "set_id": case.set, "version": 1, "run": case.run, "position": 0, "question_id": "q1",
        "first": rng.choice([f"{case.run}:0", "draft"]),
        "second": rng.choice([f"{case.run}:1", "quotes"]),
        "variant_0": "draft", "number": "3", "repeats": rng.choice(["", case.run]),
        "variants": ["quotes", "listing"], "blind": rng.choice(["on", ""]), "verdict": "0",
        "message_id": case.message, "vote_id": case.vote, "faults": ["style"], "note": "mine",
        "good": True, "retired": True, "kind": "csv", "worst_drop mrr": "1",
    }  # fmt: skip


def foreign_inputs(case: Case, other: Someone) -> list[object]:
    """Inputs of an event, each another's: the first is what the browser remembers."""
    file = {"path": other.upload, "meta": {"_type": "gradio.FileData"}}
    return [
        {"language": "en", "matter_id": case.id, "conversation_id": case.conversation},
        {"matter_id": case.id},
        [file],
        case.id,
    ]


async def test_every_route_is_classified(office: Firm) -> None:
    there = listed(office)
    known = OPEN | OWN | PAGE | CLOSED | SHADOWED
    assert there - known == set(), "decide what each of these tells, and to whom"
    assert known - there == set(), "these are gone"


async def test_what_is_closed_does_not_exist_even_for_administrators(office: Firm) -> None:
    boss, other = office.people[0], office.people[1]
    for route in sorted(CLOSED):
        method, path = route.split()
        for name, value in (("event_id", other.event or "e"), ("session_hash", other.session)):
            path = path.replace("{" + name + "}", value)
        path = path.replace("{path:path}", other.upload).replace("{url_path:path}", "http://x/")
        path = re.sub(r"\{\w+\}", "ask", path)
        body = {"data": [], "session_hash": other.session, "fn_index": 0, "fn_name": "x"}
        answer = await boss.http.request(method, path, json=body if method == "POST" else None)
        assert answer.status_code == 404, route
        check(office, boss, path, body, answer.text)


async def test_without_a_session_there_is_nothing_but_the_door(office: Firm) -> None:
    base = office.people[0].http.base_url
    case = next(iter(office.cases.values()))
    async with httpx.AsyncClient(base_url=base) as stranger:
        for route in sorted(OWN | PAGE | OPEN):
            method, path = route.split()
            path = path.replace("{matter_id}", case.id).replace(
                "{path_or_url:path}", office.people[1].upload
            )
            path = re.sub(r"\{kind\}", "csv", path).replace("{session_hash}", "abc")
            path = re.sub(r"\{\w+(:path)?\}", "192", path)
            answer = await stranger.request(method, path)
            if route in OPEN:
                assert answer.status_code in (200, 307, 400, 401, 404, 503), route
            else:
                assert answer.status_code in (401, 404), route
            nobody = Someone(office.people[0].person, stranger, "", {})
            for case in office.cases.values():
                assert not {w for w in case.words | case.ids if w in answer.text}, route
            assert nobody.cases == {}


@pytest.mark.parametrize("seed", SEEDS)
async def test_random_requests_tell_and_touch_nothing_of_anothers(office: Firm, seed: int) -> None:
    """60 requests by default, drawn from the seed, before and after everyone opens the page.

    Each of the page's events is among them, in the one walk or the other.
    """
    rng = office.rng = random.Random(seed)  # noqa: S311
    for who in office.people:
        check(office, who, "/", "", (await who.http.get("/")).text)
        told = await fire(office, who, "open_page", values=[{}])
        check(office, who, "open_page", "", told)
    before = await picture(office)
    events = sorted(office.fns)[SEEDS.index(seed) :: len(SEEDS)]
    for step in range(max(STEPS, len(events))):
        who = rng.choice(office.people)
        case = rng.choice(office.foreign_to(who))
        other = rng.choice([each for each in office.people if each is not who])
        if step < len(events):
            await raw_event(office, who, case, other, events[step])
            continue
        attack = rng.choice([raw_event, raw_session, raw_file, raw_page, raw_change])
        await attack(office, who, case, other)
    assert await picture(office) == before
    await asyncio.gather(*(slow_pages(office, who) for who in office.people))


async def slow_pages(office: Firm, who: Someone) -> None:
    """What takes Gradio seconds to draw, or to say that there is no such upload: once a walk."""
    links = [f"/?deep_link={case.id}" for case in office.foreign_to(who)]
    progress = "/gradio_api/upload_progress?upload_id="
    uploads = [progress + other.session for other in office.people if other is not who]
    for path in (*links, *uploads):
        check(office, who, path, "", (await who.http.get(path)).text)


async def raw_event(
    office: Firm, who: Someone, case: Case, other: Someone, meant: int | None = None
) -> None:
    """An event of the page, with everything in it another's, for the own or another's session.

    Without ``meant`` any event; the one that is meant runs: nothing in it is refused at the gate.
    """
    fn = office.rng.choice(sorted(office.fns)) if meant is None else meant
    event, count = foreign_event(case, other, office.rng), len(office.fns[fn].inputs)
    if meant is not None:
        event["files"] = []
    name = getattr(office.fns[fn].fn, "__name__", "")
    inputs: list[Any] = foreign_inputs(case, other)[:count] or []
    if meant is not None or office.rng.random() < 0.5:  # without the file, so that the event runs
        inputs = [None if isinstance(each, list) else each for each in inputs]
    session = office.rng.choice(["", other.session])
    answer = await join(office, who, fn, inputs, event, session)
    told = answer.text
    assert meant is None or answer.status_code == 200, name
    if answer.status_code == 200:
        told += await read(who, session)
    check(office, who, f"event {name}", (inputs, event, session), told)


async def raw_session(office: Firm, who: Someone, case: Case, other: Someone) -> None:
    """Another's stream while something is in it, their event and their heart."""
    await join(office, other, office.fn("open_page"), [{}])
    told = await read(who, other.session, 1.0)
    check(office, who, "queue/data", other.session, told)
    body = {"session_hash": other.session, "fn_index": 0, "event_id": other.event}
    answer = await who.http.post("/gradio_api/cancel", json=body)
    assert answer.status_code == 404
    twice = f"/gradio_api/queue/data?session_hash={who.session}&session_hash={other.session}"
    assert (await who.http.get(twice)).status_code == 400
    own = await read(other)
    assert any(word in own for key in other.cases for word in office.cases[key].words)


async def raw_file(office: Firm, who: Someone, case: Case, other: Someone) -> None:
    """Another's upload, by its path and by ways around it."""
    data = office.services.settings.data_dir
    mine = str(Path(who.upload).parent)
    for path in (
        other.upload, f"{mine}/../../{'/'.join(Path(other.upload).parts[-3:])}",
        str(data / "pincite.db"), str(data / "session.key"), "/etc/passwd", "app.py",
        "http://127.0.0.1:1/x", f"{who.upload}/../{Path(who.upload).name}",
    ):  # fmt: skip
        # Encoded, or the client would resolve the dots itself.
        answer = await who.http.get(f"/gradio_api/file={path.replace('..', '%2e%2e')}")
        assert answer.status_code == 404, path
    answer = await who.http.get(f"/gradio_api/file={who.upload}")
    assert (answer.status_code, Path(who.upload).stem in answer.text) == (200, True)


async def raw_page(office: Firm, who: Someone, case: Case, other: Someone) -> None:
    """Every page of ours, asked for another's matter."""
    for path in (
        "/matters", f"/matters/{case.id}", "/people", "/account",
        "/audit", f"/audit?matter={case.id}", "/audit.csv", "/audit.jsonl", "/readyz",
        f"/matters/{case.id}/runs/{case.run}/results.csv",
        f"/matters/{next(iter(who.cases))}/runs/{case.run}/results.jsonl",
        "/login/code", "/oidc/begin", f"/oidc/done?state={case.id}&code={case.id}",
    ):  # fmt: skip
        answer = await who.http.get(path)
        check(office, who, path, "", answer.text)
        if path == f"/matters/{case.id}" or "/runs/" in path:
            assert answer.status_code == 404
        if path.startswith(("/people", "/audit")) and not who.person.is_admin:
            assert answer.status_code == 403


async def raw_change(office: Firm, who: Someone, case: Case, other: Someone) -> None:
    """Every form, for another's matter or account."""
    forms = {
        f"/matters/{case.id}": {"name": "mine", "client": "me"},
        f"/matters/{case.id}/hold": {"hold": "1"},
        f"/matters/{case.id}/members": {"name": who.person.name, "role": "owner"},
    }
    if not who.person.is_admin:
        forms |= {
            "/people": {"name": "mole", "password": PASSWORD, "admin": "on"},
            f"/people/{who.person.id}": {"deed": "promote"},
            f"/people/{other.person.id}": {"deed": "password", "password": PASSWORD + "!"},
        }
    for path, form in forms.items():
        answer = await who.http.post(path, data=form)
        assert answer.status_code in (403, 404), path
        check(office, who, path, form, answer.text)


async def picture(office: Firm) -> object:
    """Everything that no request of the test may have changed."""
    database = office.services.database
    kept = []
    for case in office.cases.values():
        matter = await database.matter(case.id)
        documents = await database.documents(case.id)
        kept.append(
            (
                matter.client,
                matter.on_hold,
                await database.members(case.id),
                [(d.id, d.name) for d in documents if d.id in case.documents],
                [m.id for m in await database.messages(case.id, case.conversation)],
                await database.questions(case.id, case.set),
                await database.results(case.id, case.run),
                await database.comparison(case.id, case.comparison),
                [v for v in await database.votes(case.id) if v.id == case.vote],
                [v for v in await database.variants(case.id) if v.id == case.variant],
                await database.promotions(case.id),
                await database.limits(case.id),
            )
        )
    return kept, await database.people()


async def test_whoever_may_is_told_by_the_same_requests(own_office: Firm) -> None:
    """Else the tests above could pass with a page that tells nothing at all.

    In a firm of its own: on a walk an owner may rename what is theirs.
    """
    office = own_office
    told_by = dict.fromkeys(
        ("memory", "open_matter", "source", "search", "page", "set", "run", "file"), 0
    )
    for who in office.people:
        for key in who.cases:
            case = office.cases[key]
            memory = {"language": "en", "matter_id": key, "conversation_id": case.conversation}
            told = await fire(office, who, "open_page", values=[memory])
            told_by["memory"] += sum(word in told for word in case.words)
            told = await fire(office, who, "open_matter", {"id": key})
            told_by["open_matter"] += case.id in told
            event = {"document_id": case.documents[0], "start": 0, "end": 40}
            told = await fire(office, who, "show", event)
            told_by["source"] += any(word in told for word in case.words)
            told = await fire(office, who, "search_conversations", {"text": "zq"})
            told_by["search"] += case.conversation in told
            told_by["page"] += case.client in (await who.http.get(f"/matters/{key}")).text
            told = await fire(office, who, "open_set", {"id": case.set})
            told_by["set"] += any(word in told for word in case.words)
            told = await fire(office, who, "open_run", {"id": case.run})
            told_by["run"] += any(word in told for word in case.words)
            answer = await who.http.get(f"/matters/{key}/runs/{case.run}/results.csv")
            told_by["file"] += any(word in answer.text for word in case.words)
    pairs = sum(len(who.cases) for who in office.people)
    assert told_by.pop("memory") >= 5 * pairs
    assert set(told_by.values()) == {pairs}


async def test_a_reader_changes_nothing_and_an_editor_no_members(own_office: Firm) -> None:
    office = own_office
    key, case = next(iter(office.cases.items()))
    who = next(each for each in office.people if key in each.cases)
    database = office.services.database
    other = next(each for each in office.people if each is not who)
    await database.grant(key, other.person.id, Role.OWNER)
    for role in (Role.READER, Role.EDITOR):
        await database.grant(key, who.person.id, role)
        await fire(office, who, "open_page", values=[{"matter_id": key}])
        told = await fire(office, who, "delete_document", {"document_id": case.documents[0]})
        gone = case.documents[0] not in {d.id for d in await database.documents(key)}
        assert gone == (role is Role.EDITOR)
        assert ("takes the role of an editor" in told) == (role is Role.READER)
        before = len(await database.questions(key, case.set))
        told = await fire(office, who, "open_set", {"id": case.set})
        await fire(office, who, "save_question", {"question": "Who pays?"})
        more = len(await database.questions(key, case.set)) - before
        assert more == (role is Role.EDITOR)
        event = {"run": case.run, "position": 0, "reason": "Because."}
        told = await fire(office, who, "promote_variant", event)
        assert "takes the role of an owner" in told
        assert await database.promotions(key) == ()
        told = await fire(office, who, "set_limits", {"at_least mrr": "0"})
        assert "takes the role of an owner" in told
        assert await database.limits(key) == ()
        told = await fire(office, who, "delete_matter", {"id": key})
        assert "takes the role of an owner" in told
        answer = await who.http.post(f"/matters/{key}/members", data={"name": "x", "role": ""})
        assert answer.status_code == 403
    await database.grant(key, who.person.id, None)
    told = await fire(office, who, "tick")
    assert not {each for each in case.words | case.ids if each in told}, "revoked at once"


async def test_a_session_that_is_ended_everywhere_is_told_nothing_more(own_office: Firm) -> None:
    office = own_office
    who = office.people[1]
    assert (await who.http.get("/matters")).status_code == 200
    assert (await who.http.post("/logout/everywhere")).status_code == 303
    assert (await who.http.get("/matters")).status_code == 401
    answer = await join(office, who, office.fn("open_page"), [{}])
    assert answer.status_code == 401
