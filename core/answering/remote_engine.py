"""Generation by any OpenAI-compatible endpoint, such as a vLLM cluster, behind the same seam."""

import hashlib
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from core.answering.engine import SEED, ChatMessage
from core.errors import EngineError
from core.models.profile import ChatModel
from core.settings import Settings
from core.types import ModelStatus

if TYPE_CHECKING:
    from openai import AsyncOpenAI

_CHARACTERS_PER_TOKEN = {True: 3.5, False: 1.2}
"""A cautious estimate, keyed by whether a text is ASCII: the endpoint's tokenizer is not here."""


class RemoteEngine:
    """A client of one endpoint, its model there and others that a variant may name."""

    def __init__(self, model: ChatModel, settings: Settings) -> None:
        self._model = model
        self._settings = settings
        self._client: AsyncOpenAI | None = None
        others = (each.strip() for each in settings.remote_models.split(","))
        self._models = tuple(dict.fromkeys(each for each in others if each not in ("", model.name)))
        self._salts = settings.remote_cache_salt == "always"
        self._status = ModelStatus("chat", model.name, "remote", "cold")

    @property
    def status(self) -> ModelStatus:
        """How the endpoint stood when it was last asked."""
        return self._status

    async def start(self) -> None:
        """Ask the endpoint for its models; afterwards the state is ready or failed."""
        from openai import AsyncOpenAI, OpenAIError

        self._set("loading")
        self._client = AsyncOpenAI(
            base_url=self._settings.remote_base_url,
            api_key=self._settings.remote_api_key.get_secret_value() or "none",
        )
        try:
            served = {model.id: model.owned_by async for model in self._client.models.list()}
        except OpenAIError as error:
            self._set("failed", f"The endpoint did not answer: {error}")
            return
        if self._model.name in served:
            if self._settings.remote_cache_salt == "auto":
                self._salts = served[self._model.name] == "vllm"
            self._models = tuple(each for each in self._models if each in served)
            self._set("ready")
        else:
            self._set("failed", f"The endpoint serves {', '.join(served) or 'no model'} only.")

    async def close(self) -> None:
        """Close the connections; idempotent."""
        if self._client is not None:
            await self._client.close()
            self._client = None
        self._set("cold")

    def count_tokens(self, text: str) -> int:
        """An estimate on the high side."""
        return int(len(text) / _CHARACTERS_PER_TOKEN[text.isascii()]) + 1

    @property
    def models(self) -> tuple[str, ...]:
        """The other models that the setting names, once started those that the endpoint serves."""
        return self._models

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
        """Yield text as the endpoint streams it; closing the generator closes the request.

        To vLLM the hash of ``salt`` is sent: only what was asked with the same one shares a prefix
        cache.  Other endpoints refuse the field.
        """
        from openai import OpenAIError, omit

        if self._client is None or self._status.state != "ready":
            raise EngineError("The endpoint is not ready.", self._status.detail)
        apart = {"cache_salt": hashlib.sha256(salt.encode()).hexdigest()} if self._salts else None
        prompt: Any = [{"role": each.role, "content": each.content} for each in messages]
        try:
            chunks = await self._client.chat.completions.create(
                model=model or self._model.name,
                messages=prompt,
                max_tokens=max_tokens,
                temperature=temperature,
                top_p=top_p,
                seed=SEED if temperature else omit,
                stream=True,
                extra_body=apart,
            )
            try:
                async for part in chunks:
                    if part.choices and part.choices[0].delta.content:
                        yield part.choices[0].delta.content
            finally:
                await chunks.close()
        except OpenAIError as error:
            raise EngineError(
                f"The endpoint failed: {error}", "Check PINCITE_REMOTE_BASE_URL and its log."
            ) from error

    def _set(self, state: str, detail: str = "") -> None:
        self._status = replace(self._status, state=state, detail=detail)
