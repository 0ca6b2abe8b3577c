"""The exceptions that Pincite raises on purpose.

    PinciteError
    ├── SettingsError      a setting is wrong or two settings contradict each other
    ├── DocumentError      a file cannot be taken in: unreadable, empty, too large
    │   └── PasswordNeeded the file is protected and the password is missing or wrong
    ├── ModelError         weights are missing or broken, or a model cannot be loaded
    ├── EngineError        the generation engine is not ready, died or refused a request
    ├── NotFound           no such matter, document, conversation or message in this matter
    └── StoreError         the search index cannot be opened or written

``str(error)`` is one sentence that a lawyer may read; ``remedy`` is the next step, if there is one.
They are caught at the edges only: the interface, HTTP, the ingestion queue, the command line.
"""


class PinciteError(Exception):
    """A failure with a sentence for the reader and, where there is one, a remedy."""

    def __init__(self, reason: str, remedy: str = "") -> None:
        super().__init__(f"{reason} {remedy}".strip())
        self.reason = reason
        self.remedy = remedy

    def __reduce__(self) -> tuple[type["PinciteError"], tuple[str, str]]:
        """Errors cross process borders: readers run in a process of their own."""
        return type(self), (self.reason, self.remedy)


class SettingsError(PinciteError):
    """A setting is wrong or two settings contradict each other."""


class DocumentError(PinciteError):
    """A file cannot be taken in."""


class PasswordNeeded(DocumentError):
    """A file is protected by a password, and none or a wrong one was given."""


class ModelError(PinciteError):
    """Weights are missing or broken, or a model cannot be loaded."""


class EngineError(PinciteError):
    """The generation engine is not ready, died or refused a request."""


class NotFound(PinciteError):
    """No such thing in this matter."""


class StoreError(PinciteError):
    """The search index cannot be opened or written."""
