"""Fixtures that tests of several packages share."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def eval_dir() -> Path:
    """The development data beside the checkout; a test that needs them is skipped without."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "eval"
    if not folder.is_dir():
        pytest.skip("the development data (../shared/eval beside the checkout) is absent")
    return folder
