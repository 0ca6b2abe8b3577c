"""The page over hand-written services and the real database."""

from collections.abc import AsyncIterator
from pathlib import Path

import gradio as gr
import pytest
from desk_services import DeskServices


@pytest.fixture
async def services(tmp_path: Path) -> AsyncIterator[DeskServices]:
    made = DeskServices(tmp_path)
    await made.database.start()
    yield made
    await made.database.close()


@pytest.fixture
async def page(services: DeskServices) -> gr.Blocks:
    # Built on the running loop: outside of one Gradio makes loops of its own and leaves them open.
    from ui.layout import build_ui

    return build_ui(services)  # type: ignore[arg-type]
