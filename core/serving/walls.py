"""What a person may do in a matter: the one place where that is decided.

A matter that a person is no member of does not exist for them: the answer is the same as for an
id that was never given.  Administrators are no exception; they manage people, not matters.
"""

from core.database import Database
from core.errors import NotAllowed, NotFound
from core.types import NOBODY, Matter, Person, Role


class Walls:
    """Membership and role, asked for anew with every request: what is revoked ends at once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def person(self, person_id: str) -> Person:
        """The person of that id, if they may still come in; raises ``NotAllowed``."""
        try:
            person = await self._database.person(person_id)
        except NotFound:
            person = NOBODY
        if not person.is_active:
            raise NotAllowed("You are not logged in any more.", "Reload the page.")
        return person

    async def role(self, person: Person, matter_id: str) -> Role | None:
        """The person's role in the matter; ``None`` where they have none."""
        return await self._database.role(matter_id, person) if matter_id else None

    async def matters(self, person: Person) -> tuple[Matter, ...]:
        """The matters that the person sees, by name."""
        return await self._database.matters(person)

    async def require(self, person: Person, matter_id: str, need: Role) -> Role:
        """The person's role; raises ``NotFound`` for none and ``NotAllowed`` for too little."""
        role = await self.role(person, matter_id)
        if role is None:
            raise NotFound("This matter does not exist.", "It may have been deleted.")
        return allowed(role, need)


def allowed(role: Role | None, need: Role) -> Role:
    """The role if it is enough; raises ``NotAllowed`` in words for the reader."""
    if role is not None and role.allows(need):
        return role
    raise NotAllowed(
        f"In this matter that takes the role of {_ROLES[need]}.", "Ask an owner of the matter."
    )


_ROLES = {Role.READER: "a reader", Role.EDITOR: "an editor", Role.OWNER: "an owner"}
