"""An error of ours is a sentence that a lawyer may read, wherever it was raised."""

import pickle
import re

import pytest

from core import errors
from core.errors import DocumentError, PinciteError

CLASSES = [
    each
    for each in vars(errors).values()
    if isinstance(each, type) and issubclass(each, PinciteError)
]


def test_the_docstring_draws_exactly_the_classes_that_there_are() -> None:
    drawn = re.findall(r"[├└]── (\w+) +\S", errors.__doc__ or "")
    assert drawn == [each.__name__ for each in CLASSES if each is not PinciteError]
    below = {each.__name__: each.__bases__ for each in CLASSES if each is not PinciteError}
    assert below.pop("PasswordNeeded") == (DocumentError,)
    assert set(below.values()) == {(PinciteError,)}


@pytest.mark.parametrize("kind", CLASSES)
def test_an_error_crosses_a_process_border_whole(kind: type[PinciteError]) -> None:
    sent = kind("第5页无法阅读。", "Save it again.")
    received = pickle.loads(pickle.dumps(sent))  # noqa: S301  what a reader's process sends
    assert type(received) is kind
    assert (received.reason, received.remedy) == ("第5页无法阅读。", "Save it again.")
    assert str(received) == str(sent)


@pytest.mark.parametrize("kind", CLASSES)
def test_an_error_reads_as_its_reason_and_then_its_remedy(kind: type[PinciteError]) -> None:
    error = kind("This file is empty.", "Check the original.")
    assert str(error) == "This file is empty. Check the original."


def test_an_error_without_a_remedy_is_its_reason_alone() -> None:
    error = DocumentError("This file is empty.")
    assert str(error) == "This file is empty."
    assert error.remedy == ""
