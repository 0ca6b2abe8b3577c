"""What Gradio keeps of a tab: each component once, not once for every event.

Whenever an event leaves a component as it is, Gradio 6.31 puts a new instance with a new id in its
place (``Blocks.postprocess_data``), and the next value is kept under that id as well, for as long
as the tab is known: a third of a MiB with each question (found in the heap of a process under
``make bench PARTS=load``, whose growth it was).  So an instance takes the id of the one whose place
it takes.
"""

from typing import Any

from gradio.blocks import Block
from gradio.state_holder import SessionState

_put = SessionState.__setitem__


def keep_ids() -> None:
    """Have every session of this process keep its components' ids; idempotent."""
    SessionState.__setitem__ = _put_in_place  # type: ignore[method-assign]


def _put_in_place(session: SessionState, key: int, value: Any) -> None:
    if isinstance(value, Block):
        value._id = key
    _put(session, key, value)
