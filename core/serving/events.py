"""Gradio's routes: which of them are open at all, and how each is bound to one person.

Gradio trusts whoever knows a session's hash, an event's id or a file's path.  Here a hash and an
upload's id are namespaces of the person's own: what the browser sends is replaced by a keyed hash
of it and the person, so that another's cannot even be named.  An event may be cancelled only by
whom it was started for, and a file is read and handed to a handler only where it lies in the
person's own folder or was made by one of the person's events.

What is not on the list does not exist: running a function without the queue, calling it by name,
component functions, proxies, deep links, recordings, monitoring, histories and the rest.
"""

import hashlib
import hmac
import json
import os
import re
from collections import OrderedDict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.types import Message, Receive, Scope, Send

from core.types import Person

BODY_BYTES = 4 * 2**20
"""The largest event: files travel by themselves."""
REMEMBERED = 20_000
"""Events and files of which it is known whose they are; older ones are nobody's."""

OPEN = re.compile(
    r"/|/theme\.css|/(assets|static|svelte)/.+|/favicon\.ico|/robots\.txt|/pwa_icon(/(192|512))?"
    r"|/gradio_api/(app_id|upload_progress|queue/data)"
    r"|/gradio_api/heartbeat/[\w-]{1,64}|/gradio_api/file=.+",
    re.ASCII,
)
"""What may be read of Gradio's own routes, by path."""
WRITTEN = re.compile(r"/gradio_api/(queue/join|cancel)")
"""What may be posted to."""
KEPT = ("data", "event_data", "fn_index", "trigger_id")
"""What of an event reaches Gradio beside its session."""


class Refused(Exception):
    """The request is answered with this status and goes no further."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def is_open(scope: Scope) -> bool:
    """Whether a request is to one of the routes of Gradio that the page needs."""
    pattern = {"GET": OPEN, "HEAD": OPEN, "POST": WRITTEN}.get(scope["method"])
    return bool(pattern and pattern.fullmatch(scope["path"]))


class Events:
    """Binds Gradio's sessions, events and files to people.

    ``key`` is secret; ``folder`` is where Gradio keeps files.
    """

    def __init__(self, key: Callable[[], bytes], folder: Path) -> None:
        self._key = key
        self._folder = folder
        self._started: OrderedDict[str, str] = OrderedDict()
        self._made: OrderedDict[tuple[str, str], None] = OrderedDict()

    def own(self, person: Person, what: str, name: str) -> str:
        """The person's own name for what the browser calls ``name``: HMAC-SHA256 (RFC 2104)."""
        words = "\0".join((person.id, what, name)).encode()
        return hmac.new(self._key(), words, hashlib.sha256).hexdigest()[:40]

    def uploads(self, person: Person) -> Path:
        """The folder that the person's uploads are kept in."""
        return self._folder / f"of-{self.own(person, 'uploads', '')}"

    def may_read(self, person: Person, path: str) -> bool:
        """Whether a file was uploaded by the person or made by one of the person's events."""
        inside = path.startswith(f"{self.uploads(person)}{os.sep}") and path == os.path.normpath(
            path
        )
        return inside or (person.id, path) in self._made

    async def bind(
        self, person: Person, scope: Scope, receive: Receive, send: Send
    ) -> tuple[Scope, Receive, Send]:
        """The request with everything in it the person's own; raises ``Refused``."""
        path, asked = scope["path"], _query(scope)
        if path == "/gradio_api/queue/join":
            return await self._join(person, scope, receive, send)
        if path == "/gradio_api/cancel":
            return await self._cancel(person, scope, receive, send)
        if path == "/gradio_api/queue/data":
            mine = self.own(person, "session", _word(asked.get("session_hash")))
            return _plain(scope, {"session_hash": mine}), receive, self._watched(person, send)
        if path.startswith("/gradio_api/heartbeat/"):
            mine = self.own(person, "session", path.rpartition("/")[2])
            there = f"/gradio_api/heartbeat/{mine}"
            return _plain(scope, {}, there), receive, send
        if path == "/gradio_api/upload_progress":
            mine = self.own(person, "upload", _word(asked.get("upload_id")))
            return _plain(scope, {"upload_id": mine}), receive, send
        if path.startswith("/gradio_api/file="):
            if not self.may_read(person, path.removeprefix("/gradio_api/file=")):
                raise Refused(404)
            return scope, receive, send
        # A stored page or another's settings could be asked for by query.
        return _plain(scope, {}), receive, send

    async def _join(
        self, person: Person, scope: Scope, receive: Receive, send: Send
    ) -> tuple[Scope, Receive, Send]:
        body = await _json(receive)
        session = self.own(person, "session", _word(body.get("session_hash")))
        event = {name: body[name] for name in KEPT if name in body}
        if not all(self.may_read(person, path) for path in _paths(event)):
            raise Refused(404)
        watching = self._noting_event(person, send)
        return _plain(scope, {}), _sent(event | {"session_hash": session}), watching

    async def _cancel(
        self, person: Person, scope: Scope, receive: Receive, send: Send
    ) -> tuple[Scope, Receive, Send]:
        body = await _json(receive)
        event, fn = _word(body.get("event_id")), body.get("fn_index")
        if self._started.get(event) != person.id or not isinstance(fn, int):
            raise Refused(404)
        session = self.own(person, "session", _word(body.get("session_hash")))
        mine = {"session_hash": session, "fn_index": fn, "event_id": event}
        return _plain(scope, {}), _sent(mine), send

    def _noting_event(self, person: Person, send: Send) -> Send:
        """Remember whose the event is that Gradio answers with."""
        answer = bytearray()

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.body":
                answer.extend(message.get("body", b""))
                if not message.get("more_body") and answer.startswith(b'{"event_id"'):
                    _remember(self._started, json.loads(answer)["event_id"], person.id)
            await send(message)

        return noting

    def _watched(self, person: Person, send: Send) -> Send:
        """Remember whose the files are that an event's results name."""

        async def watching(message: Message) -> None:
            for line in message.get("body", b"").split(b"\n"):
                if line.startswith(b"data: ") and b"gradio.FileData" in line:
                    for path in _paths(json.loads(line.removeprefix(b"data: "))):
                        _remember(self._made, (person.id, path), None)
            await send(message)

        return watching


def _remember(known: "OrderedDict[Any, Any]", key: object, value: object) -> None:
    known[key] = value
    if len(known) > REMEMBERED:
        known.popitem(last=False)


def _query(scope: Scope) -> dict[str, str]:
    """The query's names and values; a name that comes twice is refused."""
    pairs = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    asked = dict(pairs)
    if len(asked) < len(pairs):
        raise Refused(400)
    return asked


def _word(value: object) -> str:
    """A name as browsers make them up; anything else is refused."""
    if isinstance(value, str) and re.fullmatch(r"[\w-]{1,64}", value, re.ASCII):
        return value
    raise Refused(400)


def _plain(scope: Scope, query: dict[str, str], path: str = "") -> Scope:
    """The request with this query; what comes back is not compressed, so that it can be read."""
    headers = [each for each in scope["headers"] if each[0] not in _DROPPED]
    if scope["method"] == "GET" and not scope["path"].startswith("/gradio_api/"):
        headers = scope["headers"]
    path = path or scope["path"]
    own = {"query_string": urlencode(query).encode(), "headers": headers}
    return {**scope, **own, "path": path, "raw_path": path.encode()}


_DROPPED = (b"accept-encoding", b"content-length", b"transfer-encoding")


async def _json(receive: Receive) -> dict[str, Any]:
    """The body as a JSON object; raises ``Refused`` for a larger or another one."""
    body, more = bytearray(), True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refused(400)
        body.extend(message.get("body", b""))
        more = message.get("more_body", False)
        if len(body) > BODY_BYTES:
            raise Refused(413)
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Refused(400) from error
    if not isinstance(value, dict):
        raise Refused(400)
    return value


def _sent(value: dict[str, Any]) -> Receive:
    """A body that was written anew: no two readers of it can disagree on what it says."""
    waiting = [{"type": "http.request", "body": json.dumps(value).encode(), "more_body": False}]

    async def receive() -> Message:
        if waiting:
            return waiting.pop()
        return {"type": "http.disconnect"}

    return receive


def _paths(value: object) -> Iterator[str]:
    """Every path of a file that a value names, however deep."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            waiting.extend(each.values())
            if isinstance(each.get("path"), str):
                yield each["path"]
        elif isinstance(each, list):
            waiting.extend(each)
