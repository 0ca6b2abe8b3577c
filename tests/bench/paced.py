"""The application as it is served, with an engine that keeps a real one's pace.

``python -m tests.bench.paced DATA PORT``; ``tests.bench.load`` starts it and asks.
"""

import asyncio
import re
import sys
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path

import uvicorn

from app import build_app
from core.answering.engine import ChatMessage
from core.models.privacy import keep_inside
from core.services import Services
from core.settings import load_settings
from core.types import ModelStatus

FIRST_TOKEN_S = 4.3
"""vLLM's median with the bundled model and prompts of this application on two cores (README)."""
TOKENS_PER_S = 34.0
"""What each of eight concurrent requests got there: 270 tokens a second together."""
_TOKENS = 90
_PASSAGE = re.compile(r"<passage [^>]*>\n(.*?)\n</passage>", re.S)
_TOKEN = re.compile(r"[\u4e00-\u9fff]{1,2}|[^\s\u4e00-\u9fff]{1,5}\s*|\s+")


class PacedEngine:
    """Writes the first passages' own words, so that verification has its work, token by token."""

    def __init__(self) -> None:
        self._state = "cold"

    @property
    def status(self) -> ModelStatus:
        return ModelStatus("chat", "paced", "cpu", self._state)

    async def start(self) -> None:
        self._state = "ready"

    async def close(self) -> None:
        self._state = "cold"

    def count_tokens(self, text: str) -> int:
        return len(text) // 4

    models: tuple[str, ...] = ()

    async def stream(
        self,
        messages: Sequence[ChatMessage],
        *,
        max_tokens: int,
        temperature: float,
        salt: str,
        top_p: float = 1.0,
        model: str = "",
    ) -> AsyncGenerator[str, None]:
        """The pace is that of a request of its own: questions that are queued wait elsewhere."""
        passages = _PASSAGE.findall(messages[-1].content)[:2]
        sentences = (f"{text[:160].strip()} [{n}]. " for n, text in enumerate(passages, 1))
        await asyncio.sleep(FIRST_TOKEN_S)
        for token in _TOKEN.findall("".join(sentences))[: min(_TOKENS, max_tokens)]:
            yield token
            await asyncio.sleep(1 / TOKENS_PER_S)


def serve(data_dir: Path, port: int) -> None:
    """Serve until interrupted, from an empty folder."""
    settings = load_settings(data_dir=data_dir, sample_matter=False)
    keep_inside(settings)
    services = Services(settings, engine=PacedEngine())
    app = build_app(settings, services)
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning", timeout_graceful_shutdown=3)


if __name__ == "__main__":
    serve(Path(sys.argv[1]), int(sys.argv[2]))
