"""Commands on accounts, roles in matters, and the audit log."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.deeds import Deed
from core.errors import NotFound, PinciteError
from core.evaluation.records import whole_file
from core.session import AsJson, MatterName, matter_named, note, operator, run
from core.types import Person, Role

if TYPE_CHECKING:
    from core.services import Services
    from core.serving.accounts import Accounts

user = typer.Typer(help="Accounts: add, list, password, disable, enable.", no_args_is_help=True)
matter = typer.Typer(help="Roles in matters: list, grant, revoke.", no_args_is_help=True)
audit = typer.Typer(help="The audit log: verify, export.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The person's name.")]
FromInput = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input.")
]


@user.command("add")
def add(
    name: Name,
    admin: Annotated[bool, typer.Option("--admin", help="Let them manage people.")] = False,
    external: Annotated[
        bool, typer.Option("--external", help="They log in with the OpenID Connect provider.")
    ] = False,
    password_stdin: FromInput = False,
) -> None:
    """Add a person; the first is an administrator and owns the matters that are here."""

    async def work(services: "Services") -> int:
        secret = "" if external else _password(password_stdin)
        accounts = _accounts(services)
        made = await accounts.add(operator(), name, secret, is_admin=admin, is_external=external)
        owned = len(await services.database.matters(made))
        print(f"added\t{made.name}\t{made.id}" + (f"\towns {owned} matters" if owned else ""))
        return 0

    run(work, load=False)


@user.command("list")
def people(as_json: AsJson = False) -> None:
    """List everyone with an account."""

    async def work(services: "Services") -> int:
        listed = await services.database.people()
        if as_json:
            rows = [{**asdict(each), "created_at": str(each.created_at)} for each in listed]
            print(json.dumps({"people": rows}, ensure_ascii=False, indent=2))
        for each in () if as_json else listed:
            facts = ["administrator" if each.is_admin else "person"]
            facts += ["external"] if each.is_external else []
            facts += [] if each.is_active else ["disabled"]
            print(f"{each.name}\t{', '.join(facts)}\t{each.id}")
        return 0

    run(work, load=False)


@user.command("password")
def password(name: Name, password_stdin: FromInput = False) -> None:
    """Give a person another password; they are logged out everywhere."""

    async def work(services: "Services") -> int:
        person = await _person(services, name)
        await _accounts(services).set_password(operator(), person, _password(password_stdin))
        print(f"changed\t{person.name}")
        return 0

    run(work, load=False)


@user.command("disable")
def disable(name: Name) -> None:
    """Shut a person's account; they are logged out everywhere. What they did stays."""
    _set_active(name, False)


@user.command("enable")
def enable(name: Name) -> None:
    """Open a person's account again."""
    _set_active(name, True)


@matter.command("list")
def matters() -> None:
    """List every matter with its id and members."""

    async def work(services: "Services") -> int:
        for each in await services.database.matters():
            members = await services.database.members(each.id)
            told = ", ".join(f"{member.person.name} ({member.role})" for member in members)
            print(f"{each.name}\t{each.id}\t{told or 'no members'}")
        return 0

    run(work, load=False)


@matter.command("grant")
def grant(
    name: Name,
    matter: MatterName,
    role: Annotated[Role, typer.Option(help="What they may do.")] = Role.READER,
) -> None:
    """Give a person a role in a matter."""
    _set_role(name, matter, role)


@matter.command("revoke")
def revoke(name: Name, matter: MatterName) -> None:
    """Take a person's role in a matter away."""
    _set_role(name, matter, None)


@audit.command("verify")
def verify(
    kept: Annotated[str, typer.Option(help="A digest kept from an earlier check.")] = "",
) -> None:
    """Check every entry; exit code 1 if the log was tampered with."""

    async def work(services: "Services") -> int:
        verdict = await services.database.verify_audit(kept)
        print(f"{verdict.trouble or 'whole'}\t{verdict.entries} entries\t{verdict.head}")
        return 1 if verdict.trouble else 0

    run(work, load=False)


@audit.command("export")
def export(
    out: Annotated[Path, typer.Option(help="Where to write; .csv or .jsonl.")],
) -> None:
    """Write the whole log to a file, the oldest entry first."""

    async def work(services: "Services") -> int:
        from core.records.audit import AuditFilter
        from core.serving.administration import as_csv, as_json_lines

        write = {".csv": as_csv, ".jsonl": as_json_lines}.get(out.suffix)
        if write is None:
            raise PinciteError(f"{out} is neither .csv nor .jsonl.", "Name the file so.")
        await note(services, Deed.EXPORTED, "", f"audit{out.suffix}")
        entries = await services.database.entries(AuditFilter())
        with whole_file(out) as file:
            file.write(write(reversed(entries)))
        print(f"written\t{out}\t{len(entries)} entries")
        return 0

    run(work, load=False)


def _set_active(name: str, active: bool) -> None:
    async def work(services: "Services") -> int:
        person = await _person(services, name)
        await _accounts(services).change(operator(), person, active=active)
        print(f"{'enabled' if active else 'disabled'}\t{person.name}")
        return 0

    run(work, load=False)


def _set_role(name: str, matter_name: str, role: Role | None) -> None:
    async def work(services: "Services") -> int:
        target = await matter_named(services, matter_name)
        person = await _person(services, name)
        await services.database.grant(target.id, person.id, role)
        deed = Deed.MEMBER_GRANTED if role else Deed.MEMBER_REVOKED
        await note(services, deed, target.id, person.id)
        print(f"{role or 'revoked'}\t{person.name}\t{target.name}")
        return 0

    run(work, load=False)


def _accounts(services: "Services") -> "Accounts":
    from core.serving.accounts import Accounts

    settings = services.settings
    key_file = settings.data_dir / "session.key"
    return Accounts(services.database, key_file, settings.session_hours)


async def _person(services: "Services", name: str) -> Person:
    found = await services.database.person_named(name)
    if found is None:
        raise NotFound(f"There is no person named “{name}”.", "List them with: user list.")
    return found[0]


def _password(from_input: bool) -> str:
    """A password typed twice, or the first line of standard input; never an argument."""
    if from_input:
        return sys.stdin.readline().rstrip("\r\n")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
