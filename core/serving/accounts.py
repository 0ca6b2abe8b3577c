"""Getting in: passwords, sessions, and how often one may try."""

import asyncio
import hashlib
import hmac
import ipaddress
import os
import secrets
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from core.database import Database
from core.deeds import AuditEntry, Deed
from core.errors import LoginError, NotAllowed, PinciteError, SettingsError
from core.records.audit import AuditFilter
from core.records.people import name_key
from core.settings import Settings
from core.types import LOCAL, NOBODY, Person

if TYPE_CHECKING:
    from itsdangerous import URLSafeSerializer
    from pwdlib import PasswordHash

COOKIE = "pincite"
SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 1024
FREE_BY_NAME = 4
FREE_BY_ADDRESS = 20
"""Failures before waiting begins: many people may share an address."""
CODE_LASTS = timedelta(hours=24)
"""How long a code for a new password holds."""
RESETS_TOLD = 10
"""How many of others' changes to their password a person is shown."""
_CODE = "code "
"""What stands before a code's hash and end, in the place of a password's hash."""
_CODE_GROUPS = 6
"""Of 16 bits each: 96 are beyond guessing, and can be read out over the telephone."""
_HASHES_AT_ONCE = 2
"""Argon2 takes 64 MiB a time: more at once would let strangers exhaust the memory."""


class Accounts:
    """Who someone is: by name and password once, by a signed cookie from then on.

    The cookie holds a random secret, signed with the key in ``key_file``; the database keeps the
    secret's hash, so neither a copy of the database nor a guess opens a session.
    """

    def __init__(self, database: Database, key_file: Path, session_hours: float) -> None:
        self._database = database
        self._key_file = key_file
        self._session = timedelta(hours=session_hours)
        self._hashing = asyncio.Semaphore(_HASHES_AT_ONCE)

    @property
    def session_s(self) -> int:
        """How long a session lasts, in seconds."""
        return int(self._session.total_seconds())

    @cached_property
    def key(self) -> bytes:
        """The secret that cookies are signed with, made at its first use."""
        return _kept_key(self._key_file)

    async def login(self, name: str, password: str, address: str) -> Person:
        """The person of that name and password; raises ``LoginError``.

        An unknown name, a wrong password and an account that is shut give the same answer after
        the same work.
        """
        await self.attempt(address, name)
        decoy = await self._decoy()
        found = await self._database.person_named(name)
        person, kept = found or (NOBODY, "")
        usable = kept.startswith("$") and person.is_active and not person.is_external
        fits = await self._fits(password, kept if usable else decoy)
        if not (fits and usable):
            who = person if found else NOBODY
            await self._database.record(who, Deed.LOGIN_FAILED, address=address)
            raise LoginError("This name and password do not go together.", "Try again.")
        await self.forgive(address, name)
        return person

    async def attempt(self, address: str, name: str = "") -> None:
        """Count an attempt to get in before it is made; raises ``LoginError`` with a wait.

        Attempts at the same moment do not slip by.
        """
        free = {_by_address(address): FREE_BY_ADDRESS}
        if name:
            free[_by_name(name)] = FREE_BY_NAME
        if wait_s := await self._database.begin_attempt(free):
            error = LoginError("Too many attempts.", f"Try again in {wait_s} seconds.")
            error.wait_s = wait_s
            raise error

    async def forgive(self, address: str, name: str = "") -> None:
        """Take back an attempt that was a success."""
        await self._database.forgive_attempt(_by_name(name), _by_address(address))

    async def begin(self, person: Person, address: str) -> str:
        """Open a session; return the cookie's value."""
        secret = secrets.token_urlsafe(32)
        until = datetime.now(UTC) + self._session
        await self._database.open_session(_hashed(secret), person.id, until)
        await self._database.record(person, Deed.LOGIN, address=address)
        return str(self._signer.dumps(secret))

    async def person(self, cookie: str) -> Person | None:
        """Whose cookie it is; ``None`` for a forged, ended or expired one."""
        secret = self._secret(cookie)
        return await self._database.person_in_session(_hashed(secret)) if secret else None

    async def end(self, cookie: str) -> None:
        """End the cookie's session."""
        if secret := self._secret(cookie):
            await self._database.close_session(_hashed(secret))

    async def end_all(self, person: Person, address: str) -> None:
        """End every session of a person, wherever it was opened."""
        await self._database.close_sessions(person.id)
        await self._database.record(person, Deed.LOGOUT_EVERYWHERE, address=address)

    async def add(
        self,
        by: Person,
        name: str,
        password: str | None,
        *,
        is_admin: bool,
        is_external: bool = False,
    ) -> Person:
        """Add a person; raises ``PinciteError`` for a weak password or a name that is taken.

        With ``None`` for it they do not come in before there is a code for them.
        """
        none = is_external or password is None
        hashed = "" if none else await self._hashed(checked_password(password or "", name))
        made = await self._database.add_person(
            name, hashed, is_admin=is_admin, is_external=is_external
        )
        await self._database.record(made if by == LOCAL else by, Deed.PERSON_ADDED, "", made.id)
        return made

    async def set_password(self, by: Person, person: Person, password: str) -> None:
        """Give a person another password and end their sessions; raises ``PinciteError``."""
        if person.is_external:
            raise PinciteError("This person has no password here.", "They sign in elsewhere.")
        hashed = await self._hashed(checked_password(password, person.name))
        await self._database.change_person(person.id, password=hashed)
        await self._database.record(by, Deed.PASSWORD_CHANGED, "", person.id)

    async def reset(self, by: Person, person: Person) -> str:
        """End a person's password and sessions; return the code by which they choose another.

        It holds for ``CODE_LASTS``, for once, and until there is a newer one.
        Raises ``NotAllowed`` for one's own password, which the present one is asked for.
        """
        if person.is_external:
            raise PinciteError("This person has no password here.", "They sign in elsewhere.")
        if person.id == by.id:
            raise NotAllowed("Your own password is changed under “Account”.")
        code = "-".join(secrets.token_hex(2) for _ in range(_CODE_GROUPS))
        until = datetime.now(UTC) + CODE_LASTS
        # In the password's place: the old one ends with it, and it ends with the new one.
        await self._database.change_person(
            person.id, password=f"{_CODE}{_hashed(code)} {until.isoformat()}"
        )
        await self._database.record(by, Deed.PASSWORD_RESET, "", person.id)
        return code

    async def redeem(self, name: str, code: str, password: str, address: str) -> Person:
        """Choose a password by a code; raises ``PinciteError`` for a weak one and ``LoginError``.

        A wrong, a used and an expired code and an unknown name get the same answer.
        """
        checked_password(password, name)
        await self.attempt(address, name)
        person, kept = await self._database.person_named(name) or (NOBODY, "")
        known, _, until = kept.removeprefix(_CODE).partition(" ")
        hashed = _hashed("-".join(code.lower().replace("-", " ").split()))
        fits = kept.startswith(_CODE) and person.is_active and hmac.compare_digest(known, hashed)
        if fits and datetime.fromisoformat(until) > datetime.now(UTC):
            new = await self._hashed(password)
            if await self._database.replace_password(person.id, kept, new):
                await self.forgive(address, name)
                await self._database.record(
                    person, Deed.PASSWORD_CHANGED, "", person.id, address=address
                )
                return person
        await self._database.record(person, Deed.LOGIN_FAILED, address=address)
        raise LoginError("This name and code do not go together.", "Ask for a new code.")

    async def resets(self, person: Person) -> tuple[AuditEntry, ...]:
        """The last times that another than the person touched their password, newest first."""
        told = [
            each
            for deed in (Deed.PASSWORD_RESET, Deed.PASSWORD_CHANGED)
            for each in await self._database.entries(
                AuditFilter(deed=deed, object_id=person.id), RESETS_TOLD
            )
            if each.person_id != person.id
        ]
        return tuple(sorted(told, key=lambda each: -each.number)[:RESETS_TOLD])

    async def has_news(self, person: Person) -> bool:
        """Whether another has touched the person's password since their last login."""
        last = await self._database.entries(
            AuditFilter(deed=Deed.LOGIN, person_id=person.id), limit=1
        )
        resets = await self.resets(person)
        return bool(resets) and (not last or resets[0].number > last[0].number)

    async def change(
        self, by: Person, person: Person, *, active: bool | None = None, admin: bool | None = None
    ) -> None:
        """Open or shut an account, make or unmake an administrator; ends the person's sessions."""
        await self._database.change_person(person.id, is_active=active, is_admin=admin)
        if active is not None:
            deed = Deed.PERSON_ENABLED if active else Deed.PERSON_DISABLED
            await self._database.record(by, deed, "", person.id)
        if admin is not None:
            deed = Deed.PERSON_MADE_ADMINISTRATOR if admin else Deed.PERSON_NO_ADMINISTRATOR
            await self._database.record(by, deed, "", person.id)

    @cached_property
    def _passwords(self) -> "PasswordHash":
        from pwdlib import PasswordHash

        return PasswordHash.recommended()

    @cached_property
    def _signer(self) -> "URLSafeSerializer":
        from itsdangerous import URLSafeSerializer

        return URLSafeSerializer(self.key, salt="session")

    def _secret(self, cookie: str) -> str:
        from itsdangerous import BadData

        try:
            return str(self._signer.loads(cookie))
        except BadData:
            return ""

    async def _hashed(self, password: str) -> str:
        async with self._hashing:
            return await asyncio.to_thread(self._passwords.hash, password)

    async def _fits(self, password: str, kept: str) -> bool:
        async with self._hashing:
            return await asyncio.to_thread(
                self._passwords.verify, password[:LONGEST_PASSWORD], kept
            )

    async def _decoy(self) -> str:
        """A hash that no password fits, as costly to check as a real one."""
        if not self._decoy_hash:
            self._decoy_hash = await self._hashed(secrets.token_urlsafe(32))
        return self._decoy_hash

    _decoy_hash = ""


async def may_serve(database: Database, host: str) -> None:
    """Raises ``SettingsError`` where other machines could come in and no one administers."""
    if not is_loopback(host) and not await database.has_administrator():
        raise SettingsError(
            f"Pincite is not served on {host} before there is an administrator.",
            "Add one with: python app.py user add NAME --admin.",
        )


async def note_settings(database: Database, settings: Settings) -> None:
    """Note in the audit log that the settings differ from those of the last start."""
    fingerprint = hashlib.sha256(settings.model_dump_json().encode()).hexdigest()[:32]
    last = await database.entries(AuditFilter(deed=Deed.SETTINGS_CHANGED), limit=1)
    if not last or last[0].object_id != fingerprint:
        await database.record(LOCAL, Deed.SETTINGS_CHANGED, "", fingerprint)


def is_loopback(host: str) -> bool:
    """Whether an address is this machine's own and reached from nowhere else."""
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def network_of(address: str) -> str:
    """What attempts are counted by: an IPv4 address, or the 64 bits of an IPv6 one's network."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    known = getattr(known, "ipv4_mapped", None) or known
    return str(ipaddress.ip_network((known, 64), strict=False) if known.version == 6 else known)


def checked_password(password: str, name: str) -> str:
    """The password; raises ``PinciteError`` for one that is short, long or the name itself."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise PinciteError(
            f"A password has at least {SHORTEST_PASSWORD} characters.", "Choose a longer one."
        )
    beside_the_name = name_key(password).replace(name_key(name), "")
    if len(beside_the_name) < SHORTEST_PASSWORD // 2 or len(set(password)) < 5:
        raise PinciteError("This password is easily guessed.", "Choose another one.")
    return password


def _by_name(name: str) -> str:
    return "name:" + hashlib.sha256(name_key(name).encode()).hexdigest()


def _by_address(address: str) -> str:
    return f"address:{network_of(address)}"


def _hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _kept_key(path: Path) -> bytes:
    """The key in a file that only this account may read; written whole, once, if need be."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        made = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_bytes(32))
        with suppress(FileExistsError):  # where another process was first, its key stands
            os.link(made, path)
        made.unlink()
    key = path.read_bytes()
    if len(key) < 32:
        raise SettingsError(f"The key in {path} is too short.", "Delete it; everyone logs in anew.")
    return key
