"""What the server-rendered pages share: who looks in which language, forms, safe answers."""

from dataclasses import dataclass
from typing import Protocol
from urllib.parse import parse_qsl

from fastapi import Request
from starlette.responses import HTMLResponse, RedirectResponse

from core.deeds import AuditEntry
from core.errors import NotAllowed, NotFound, PinciteError
from core.records.audit import AuditFilter, AuditVerdict
from core.serving.access import PERSON
from core.types import NOBODY, Matter, Member, Person, Role

FORM_BYTES = 32_768
LANGUAGE_COOKIE = "pincite_language"
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    "manifest-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)


@dataclass(frozen=True, slots=True)
class Look:
    """Who looks at a page, where, and what they and their browser say of languages."""

    person: Person
    path: str
    language: str
    accepts: str
    done: bool = False


class Pages(Protocol):
    """The pages, drawn by the interface. ``trouble`` is a sentence on what went wrong."""

    def login(
        self, look: Look, *, name: str, there: str, wrong: bool, wait_s: int, oidc: bool
    ) -> str:
        """The form for name and password."""

    def code(self, look: Look, *, name: str, trouble: str = "") -> str:
        """The form for a code that an administrator handed over, and a password of one's own."""

    def account(self, look: Look, resets: tuple[AuditEntry, ...], *, trouble: str = "") -> str:
        """One's own account: password, what others did to it (``resets``), and sessions."""

    def matters(self, look: Look, listed: tuple[tuple[Matter, Role], ...]) -> str:
        """One's matters, those past their retention date first."""

    def matter(
        self,
        look: Look,
        matter: Matter,
        role: Role,
        members: tuple[Member, ...],
        *,
        trouble: str = "",
    ) -> str:
        """What a matter is about, and who is in it."""

    def people(
        self,
        look: Look,
        listed: tuple[Person, ...],
        *,
        trouble: str = "",
        code: str = "",
        whose: str = "",
    ) -> str:
        """Everyone with an account; ``code`` is shown once, to be handed to ``whose`` it is."""

    def audit(
        self,
        look: Look,
        entries: tuple[AuditEntry, ...],
        people: tuple[Person, ...],
        names: dict[str, str],
        wanted: AuditFilter,
        page: int,
        count: int,
        verdict: AuditVerdict | None,
    ) -> str:
        """The audit log; ``names`` are those of matters that the reader is a member of."""

    def trouble(self, look: Look, sentence: str) -> str:
        """A page that says why there is no page."""


def look_of(request: Request) -> Look:
    """Who looks at the page that the request is for."""
    return Look(
        person=request.scope.get(PERSON) or NOBODY,
        path=request.url.path,
        language=request.query_params.get("language") or request.cookies.get(LANGUAGE_COOKIE, ""),
        accepts=request.headers.get("accept-language", ""),
        done="done" in request.query_params,
    )


def address_of(request: Request) -> str:
    """The network address that a request comes from."""
    return request.client.host if request.client else ""


def shown(markup: str, status: int = 200) -> HTMLResponse:
    """A page that runs no script and shows no image but our own."""
    return HTMLResponse(markup, status, {"content-security-policy": _POLICY})


def back(path: str) -> RedirectResponse:
    """To a page that says that it is done."""
    return RedirectResponse(f"{path}?done=1", 303)


def status_of(error: Exception) -> int:
    """The HTTP status that an error of ours is answered with."""
    return 404 if isinstance(error, NotFound) else 403 if isinstance(error, NotAllowed) else 400


async def form_of(request: Request) -> dict[str, str]:
    """The fields of a form; raises ``PinciteError`` for more than a form of ours sends."""
    body = bytearray()
    async for part in request.stream():
        body.extend(part)
        if len(body) > FORM_BYTES:
            raise PinciteError("The form is too large.", "Shorten what you wrote.")
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))


def local_path(path: str) -> str:
    """A place on this site to go on to; the page itself for anything else."""
    inside = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if inside and "\\" not in path else "/"
