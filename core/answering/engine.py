"""What generates text: the seam behind which vLLM, or an endpoint elsewhere, stands."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from core.types import ModelStatus


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One message of a prompt."""

    role: Literal["system", "user", "assistant"]
    content: str


class Engine(Protocol):
    """Cold at construction; ``start`` loads it, ``close`` ends it without a trace."""

    @property
    def status(self) -> ModelStatus:
        """How the engine stands now."""

    async def start(self) -> None:
        """Load and return when ready or failed; the state says which."""

    async def close(self) -> None:
        """End everything that was started; idempotent."""

    def count_tokens(self, text: str) -> int:
        """The tokens of ``text``, exact for this engine's tokenizer where it is known."""

    def stream(
        self, messages: Sequence[ChatMessage], *, max_tokens: int, temperature: float, salt: str
    ) -> AsyncGenerator[str, None]:
        """Yield text as it is generated; closing the generator aborts the request.

        ``salt`` keeps the prefix caches of two matters apart.  Raises ``EngineError``.
        """
