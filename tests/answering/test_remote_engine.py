"""The endpoint's prefix cache: one matter's prompts are told apart from another's."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from core.answering.engine import ChatMessage
from core.answering.remote_engine import RemoteEngine
from core.models.profile import ChatModel
from core.settings import Settings


@asynccontextmanager
async def endpoint(owner: str) -> AsyncIterator[tuple[str, list[dict[str, Any]]]]:
    """An OpenAI-compatible endpoint as one sees it over HTTP; yields its address and its mail."""
    asked: list[dict[str, Any]] = []
    word = {"choices": [{"index": 0, "delta": {"content": "Yes."}}]}
    own = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "big"}
    served = [{"id": each, "object": "model", "owned_by": owner} for each in ("big", "small")]
    models = {"object": "list", "data": served}

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        kind, body = "application/json", json.dumps(models)
        if head.startswith("post"):
            size = int(head.split("content-length:")[1].split()[0])
            asked.append(json.loads(await reader.readexactly(size)))
            kind, body = "text/event-stream", f"data: {json.dumps(own | word)}\n\ndata: [DONE]\n\n"
        lines = f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}"
        writer.write(f"{lines}\r\nconnection: close\r\n\r\n{body}".encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", asked


async def salts_sent(owner: str, setting: str) -> list[str | None]:
    """What the endpoint is told for two matters, the first of them twice."""
    async with endpoint(owner) as (address, asked):
        settings = Settings(
            _env_file=None, remote_base_url=address, chat_model="big", remote_cache_salt=setting
        )  # type: ignore[call-arg]
        engine = RemoteEngine(
            ChatModel("big", "big", "remote", "", 8192, 4096, 512, ("en",)), settings
        )
        await engine.start()
        for matter in ("heron", "heron", "otter"):
            words = engine.stream(
                [ChatMessage("user", "Who pays?")], max_tokens=9, temperature=0, salt=matter
            )
            assert [each async for each in words] == ["Yes."]
        await engine.close()
    assert not any("heron" in json.dumps(each) for each in asked), "the id itself stays here"
    return [each.get("cache_salt") for each in asked]


@pytest.mark.parametrize(("owner", "setting"), [("vllm", "auto"), ("firm", "always")])
async def test_matters_do_not_share_the_prefix_cache_of_a_remote_vllm(
    owner: str, setting: str
) -> None:
    first, again, other = await salts_sent(owner, setting)
    assert first
    assert other
    assert first == again != other


@pytest.mark.parametrize(("owner", "setting"), [("openai", "auto"), ("vllm", "never")])
async def test_an_endpoint_that_may_refuse_the_field_does_not_get_it(
    owner: str, setting: str
) -> None:
    assert await salts_sent(owner, setting) == [None, None, None]


async def test_a_variant_may_name_another_model_that_the_endpoint_serves() -> None:
    async with endpoint("vllm") as (address, asked):
        settings = Settings(
            _env_file=None, remote_base_url=address, remote_models="big, small, absent"
        )  # type: ignore[call-arg]
        engine = RemoteEngine(
            ChatModel("big", "big", "remote", "", 8192, 4096, 512, ("en",)), settings
        )
        await engine.start()
        assert engine.models == ("small",)
        options: list[dict[str, Any]] = [
            {"temperature": 0, "model": "small"},
            {"temperature": 0.8, "top_p": 0.9},
        ]
        for each in options:
            words = engine.stream([ChatMessage("user", "Who?")], max_tokens=9, salt="m", **each)
            assert [word async for word in words] == ["Yes."]
        await engine.close()
    first, second = asked
    assert (first["model"], first["top_p"], "seed" in first) == ("small", 1.0, False)
    assert (second["model"], second["top_p"], second["seed"]) == ("big", 0.9, 0)
