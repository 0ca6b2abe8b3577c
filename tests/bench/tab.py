"""One browser tab without a browser: the page's events over Gradio's own queue and stream."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import requests

PATIENCE_S = 300.0
"""What takes longer is an error."""


class FailedError(Exception):
    """The page would have shown an error."""


class Tab:
    """One browser tab: a session of the page, whose events it fires as the browser does."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._http = requests.Session()
        self._session = uuid4().hex
        self._matter_id = ""
        config = self._config()
        self._events = {
            name: (each["id"], component, len(each["inputs"]))
            for each in config["dependencies"]
            for component, name in each["targets"]
        }

    def _config(self) -> dict[str, Any]:
        """What the page tells the browser of its events."""
        page = self._http.get(self._address, timeout=PATIENCE_S).text
        begin = page.index("{", page.index("window.gradio_config"))
        config: dict[str, Any] = json.JSONDecoder().raw_decode(page, begin)[0]
        return config

    def fire(self, name: str, data: object = None, first: object = None) -> Iterator[str]:
        """Fire an event and yield each message of its stream; raises ``FailedError``.

        ``data`` goes with the event, ``first`` is the last input's value; states stay away.
        """
        number, component, inputs = self._events[name]
        body = {
            "data": [*[None] * (inputs - 1), first][:inputs],
            "event_data": data,
            "fn_index": number,
            "trigger_id": component,
            "session_hash": self._session,
        }
        url = f"{self._address}/gradio_api"
        joined = self._http.post(f"{url}/queue/join", json=body, timeout=PATIENCE_S)
        joined.raise_for_status()
        event = joined.json()["event_id"]
        query = {"session_hash": self._session}
        with self._http.get(
            f"{url}/queue/data", params=query, stream=True, timeout=PATIENCE_S
        ) as stream:
            for line in stream.iter_lines(decode_unicode=True):
                if not line.startswith("data: "):
                    continue
                message = json.loads(line[6:])
                if message.get("event_id") not in (None, event):
                    continue
                if message["msg"] == "log" or message.get("success") is False:
                    raise FailedError(f"{name}: {line[:300]}")
                yield line
                if message["msg"] == "process_completed":
                    return
        raise FailedError(f"{name}: the stream ended early")

    def do(self, name: str, data: object = None, first: object = None) -> str:
        """Fire an event and return its last message."""
        last = list(self.fire(name, data, first))[-1]
        if opened := re.search(r'data-matter=\\"(\w+)', last):
            self._matter_id = opened[1]
        return last

    def drop(self, paths: list[Path]) -> None:
        """Upload files and let the page take them in, as a drop on the documents' tab does."""
        files = [("files", (path.name, path.read_bytes(), "text/plain")) for path in paths]
        url = f"{self._address}/gradio_api/upload"
        kept = self._http.post(url, files=files, timeout=PATIENCE_S).json()
        dropped = [{"name": path.name, "path": at} for at, path in zip(kept, paths, strict=True)]
        value = {"drop": "d", "matter_id": self._matter_id, "done": len(paths), "files": dropped}
        self.do("add_documents", value)
