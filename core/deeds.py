"""What the audit log tells of; values, which import nothing of ours."""

from dataclasses import dataclass
from enum import StrEnum


class Deed(StrEnum):
    """What the audit log tells of: who did it, to what, and when; never what it said."""

    LOGIN = "login"
    LOGIN_FAILED = "login_failed"
    LOGOUT = "logout"
    LOGOUT_EVERYWHERE = "logout_everywhere"
    PERSON_ADDED = "person_added"
    PERSON_ENABLED = "person_enabled"
    PERSON_DISABLED = "person_disabled"
    PERSON_MADE_ADMINISTRATOR = "person_made_administrator"
    PERSON_NO_ADMINISTRATOR = "person_no_administrator"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105  the name of a deed
    PASSWORD_RESET = "password_reset"  # noqa: S105
    MEMBER_GRANTED = "member_granted"
    MEMBER_REVOKED = "member_revoked"
    MATTER_CREATED = "matter_created"
    MATTER_RENAMED = "matter_renamed"
    MATTER_CHANGED = "matter_changed"
    MATTER_HELD = "matter_held"
    MATTER_RELEASED = "matter_released"
    MATTER_DELETED = "matter_deleted"
    DOCUMENT_ADDED = "document_added"
    DOCUMENT_OPENED = "document_opened"
    DOCUMENT_DELETED = "document_deleted"
    DOCUMENT_RETRIED = "document_retried"
    DOCUMENT_CANCELLED = "document_cancelled"
    PASSAGES_SEARCHED = "passages_searched"
    CONVERSATION_RENAMED = "conversation_renamed"
    CONVERSATION_CUT = "conversation_cut"
    CONVERSATION_DELETED = "conversation_deleted"
    QUESTION_ASKED = "question_asked"
    ANSWERS_COMPARED = "answers_compared"
    VOTE_CAST = "vote_cast"
    VOTE_WITHDRAWN = "vote_withdrawn"
    ANSWER_RATED = "answer_rated"
    COMPARISON_DELETED = "comparison_deleted"
    VARIANT_MADE = "variant_made"
    VARIANT_RETIRED = "variant_retired"
    VARIANT_PROMOTED = "variant_promoted"
    LIMITS_CHANGED = "limits_changed"
    QUESTION_SET_MADE = "question_set_made"
    QUESTION_SET_CHANGED = "question_set_changed"
    QUESTION_SET_DELETED = "question_set_deleted"
    RUN_STARTED = "run_started"
    RUN_CANCELLED = "run_cancelled"
    RUN_DELETED = "run_deleted"
    EXPORTED = "exported"
    SETTINGS_CHANGED = "settings_changed"
    THRESHOLDS_FITTED = "thresholds_fitted"
    DATA_BACKED_UP = "data_backed_up"
    DATA_RESTORED = "data_restored"
    DATA_REPAIRED = "data_repaired"


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One line of the audit log; ``digest`` seals it together with the entry before it.

    ``object_id`` is a document, message, person or the like; ``address`` a network address.
    """

    number: int
    at: str
    person_id: str
    person: str
    deed: str
    matter_id: str
    object_id: str
    address: str
    before: str
    digest: str
