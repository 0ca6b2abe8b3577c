"""A data folder with documents in it, made by the real services over ``FakeEncoders``."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from core.models.profile import ChatModel, EncoderModel, Profile
from core.services import Services
from core.settings import Settings
from core.types import Document
from tests.fakes import FakeEngine, LoadedEncoders

MODEL = "fake/encoder"
LEASE = "Lease\n\n1. Rent\n\nThe Tenant shall pay the rent on the first day of each month.\n"
NOTES = "Notes\n\nThe Seller keeps the archive in Rotterdam.\n"


def services_over(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Services:
    """Services of this test's own folder whose models need no preparing."""
    monkeypatch.setattr("core.services.Encoders", LoadedEncoders)
    chat = ChatModel("fake", "", "cpu", "", 4096, 900, 160, ("en",))
    profile = Profile("embedded", chat, EncoderModel(MODEL, "", "cpu"), None)
    settings = Settings(data_dir=data_dir, sample_matter=False, _env_file=None)  # type: ignore[call-arg]
    return Services(settings, profile, FakeEngine())


@asynccontextmanager
async def started(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Services]:
    """Services that have loaded and have nothing queued."""
    services = services_over(data_dir, monkeypatch)
    await services.start()
    try:
        await services.ready()
        await services.library.wait()
        yield services
    finally:
        await services.close()


async def add(services: Services, matter_id: str, name: str, content: str) -> Document:
    """Take a text in and return it as it stands once it is ready."""
    source = services.settings.data_dir.parent / "given.txt"
    source.write_text(content, encoding="utf-8")
    added = await services.library.add(matter_id, source, name)
    await services.library.wait()
    return await services.database.document(matter_id, added.id)


async def filled(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Document, Document]:
    """A folder of one matter with two documents, and Pincite ended."""
    async with started(data_dir, monkeypatch) as services:
        matter = await services.database.create_matter("Harbour Lane")
        lease = await add(services, matter.id, "Lease.txt", LEASE)
        notes = await add(services, matter.id, "Notes.txt", NOTES)
    assert {lease.state, notes.state} == {"ready"}
    return lease, notes
