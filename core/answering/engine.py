"""What generates text: the seam behind which vLLM, or an endpoint elsewhere, stands."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from core.types import ModelStatus

SEED = 0
"""What sampling starts from: the same prompt gets the same draft, as far as the engine can."""


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

    @property
    def models(self) -> tuple[str, ...]:
        """The names, beside its own model's, that ``stream`` takes for ``model``."""

    def stream(
        self,
        messages: Sequence[ChatMessage],
        *,
        max_tokens: int,
        temperature: float,
        salt: str,
        top_p: float = 1.0,
        model: str = "",
    ) -> AsyncGenerator[str, None]:
        """Yield text as it is generated; closing the generator aborts the request.

        ``salt`` keeps the prefix caches of two matters apart.  ``model`` is one of ``models`` or
        empty.  What is sampled is drawn with ``SEED``.  Raises ``EngineError``.
        """
