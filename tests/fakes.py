"""Hand-written stand-ins for the outside seams: the engine and the encoders."""

import asyncio
import hashlib
import re
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import pairwise
from time import sleep
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.answering.engine import ChatMessage
from core.answering.local_engine import LocalEngine
from core.errors import EngineError
from core.models.profile import ChatModel, EncoderModel
from core.settings import Settings
from core.types import ModelStatus

DIMENSIONS = 256


class FakeEngine:
    """Streams scripted words; remembers its prompts and how its streams ended."""

    def __init__(
        self, words: Sequence[str] = (), state: str = "ready", fails: bool = False
    ) -> None:
        self.words = list(words)
        self.state = state
        self.fails = fails
        self.prompts: list[Sequence[ChatMessage]] = []
        self.salts: list[str] = []
        self.ends: list[str] = []
        self.asked: list[tuple[float, float, str]] = []
        self.models: tuple[str, ...] = ()

    @property
    def status(self) -> ModelStatus:
        return ModelStatus("chat", "fake", "cpu", self.state)

    async def start(self) -> None:
        self.state = "ready"

    async def close(self) -> None:
        self.state = "cold"

    def count_tokens(self, text: str) -> int:
        return len(text.split())

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
        self.prompts.append(messages)
        self.salts.append(salt)
        self.asked.append((temperature, top_p, model))
        try:
            for word in self.words:
                await asyncio.sleep(0)
                yield word
            if self.fails:
                raise EngineError("The language model stopped while writing.")
        except GeneratorExit:
            self.ends.append("aborted")
            raise
        else:
            self.ends.append("finished")


class MortalEngine(LocalEngine):
    """An engine over a model that dies when it is told to, and does not load ``failing`` times."""

    def __init__(self, settings: Settings) -> None:
        model = ChatModel("tiny", "tiny", "cpu", "float32", 4096, 900, 160, ("en",))
        super().__init__(model, settings)
        self.failing = 0

    def die(self) -> None:
        self._engine.errored = True  # type: ignore[union-attr,misc]

    async def until(self, state: str) -> set[str]:
        """The states seen on the way to one."""
        seen = set()
        async with asyncio.timeout(10):
            while True:
                if self.status.state == state:
                    return seen
                seen.add(self.status.state)
                await asyncio.sleep(0.001)

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    def _build(self) -> None:
        sleep(0.05)
        if self.failing:
            self.failing -= 1
            raise RuntimeError("There is no room.")
        self._engine = SimpleNamespace(  # type: ignore[assignment]
            errored=False, output_handler=None, shutdown=lambda: sleep(0.4)
        )


class FakeEncoders:
    """Vectors by hashed words and pairs of Chinese characters: alike texts are near each other."""

    model_name = "fake"
    reranks = False
    statuses: tuple[ModelStatus, ...] = ()

    async def start(self) -> int:
        return DIMENSIONS

    async def close(self) -> None:
        """Nothing was started."""

    @asynccontextmanager
    async def asking(self) -> AsyncIterator[None]:
        yield

    async def embed_query(self, text: str) -> NDArray[np.float32]:
        return embedded(text)

    async def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.stack([embedded(text) for text in texts])

    async def embed_passages(
        self, texts: Sequence[str]
    ) -> AsyncIterator[tuple[Sequence[int], NDArray[np.float32]]]:
        for index, text in enumerate(texts):
            yield [index], np.stack([embedded(text)])

    async def rerank(self, question: str, texts: Sequence[str]) -> tuple[float, ...]:
        asked = embedded(question)
        return tuple(float(embedded(text) @ asked) for text in texts)


class LoadedEncoders(FakeEncoders):
    """The same, made as the services make theirs."""

    def __init__(self, embedding: EncoderModel, reranking: EncoderModel | None) -> None:
        self.model_name = embedding.name


def embedded(text: str) -> NDArray[Any]:
    """A unit vector ``(DIMENSIONS,)`` of the words of a text."""
    words = re.findall(r"[a-z]{3,}", text.lower())
    words += map("".join, pairwise(re.findall(r"[\u4e00-\u9fff]", text)))
    vector = np.full(DIMENSIONS, 1e-3, np.float32)
    for word in words or [text]:
        vector[int.from_bytes(hashlib.sha256(word.encode()).digest()[:4]) % DIMENSIONS] += 1
    return vector / np.linalg.norm(vector)
