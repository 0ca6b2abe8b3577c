"""Fixtures that tests of several packages share."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# Examples are drawn anew on a developer's machine; a check of a commit gives the same answer twice.
settings.register_profile("repeatable", derandomize=True, deadline=None)
if os.environ.get("CI"):
    settings.load_profile("repeatable")


@pytest.fixture(scope="session")
def eval_dir() -> Path:
    """The development data beside the checkout; a test that needs them is skipped without."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "eval"
    if not folder.is_dir():
        pytest.skip("the development data (../shared/eval beside the checkout) is absent")
    return folder
