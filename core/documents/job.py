"""What the queue knows of a document on its way, from its file to its vectors."""

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from core.documents.intake import Intake
from core.types import Document, Passage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(eq=False)
class Job:
    """A document on its way, and what there is of it so far."""

    document: Document
    intake: Intake | None = None
    vectors: "list[NDArray[np.float32] | None]" = field(default_factory=list)
    embedded: int = 0
    pages: tuple[int, int] = (0, 0)
    told_at: float = 0.0
    is_dropped: bool = False
    reading: "asyncio.Task[Intake] | None" = None
    has_ended: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def passages(self) -> tuple[Passage, ...]:
        return self.intake.passages if self.intake else ()

    @property
    def matrix(self) -> "NDArray[np.float32]":
        """The vectors of a document that is wholly embedded, ``(len(passages), d)``."""
        import numpy as np

        return np.stack([each for each in self.vectors if each is not None])
