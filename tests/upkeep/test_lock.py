"""The data folder is one process's at a time, and one account's alone."""

import logging
import os
from pathlib import Path

import pytest

from core.database import Database
from core.errors import SettingsError
from core.upkeep.lock import LOCK, hold


def test_what_a_killed_process_had_signed_with_is_gone_once_another_holds_the_folder(
    tmp_path: Path,
) -> None:
    (tmp_path / LOCK).write_bytes(b"4194304999")
    with hold(tmp_path):
        assert (tmp_path / LOCK).read_bytes() == b""
    (tmp_path / LOCK).write_bytes(b"4194304999")
    with hold(tmp_path, signed=True):
        assert (tmp_path / LOCK).read_text() == str(os.getpid())


def test_whoever_is_refused_leaves_the_holders_signature_alone(tmp_path: Path) -> None:
    with hold(tmp_path, signed=True):
        with pytest.raises(SettingsError, match="Another Pincite"):
            hold(tmp_path, signed=True)
        assert (tmp_path / LOCK).read_text() == str(os.getpid())


async def test_folder_and_database_are_closed_to_other_accounts_also_where_they_were_open(
    tmp_path: Path,
) -> None:
    new, old = tmp_path / "new", tmp_path / "old"
    old.mkdir(mode=0o755)
    (old / "pincite.db").touch(mode=0o644)
    before = os.umask(0o022)
    try:
        for folder in (new, old):
            database = Database(folder / "pincite.db")
            await database.start()
            await database.create_matter("Heron")
            modes = {each.name: each.stat().st_mode & 0o777 for each in folder.glob("pincite.db*")}
            assert folder.stat().st_mode & 0o777 == 0o700
            assert modes.pop("pincite.db") == 0o600
            assert set(modes.values()) <= {0o600}
            await database.close()
    finally:
        os.umask(before)


def test_a_folder_that_is_another_accounts_is_used_with_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refused(_: Path, __: int) -> None:
        raise PermissionError

    tmp_path.chmod(0o755)
    monkeypatch.setattr(Path, "chmod", refused)
    with caplog.at_level(logging.WARNING), hold(tmp_path):
        assert "belongs to another account" in caplog.text
