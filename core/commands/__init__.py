"""The command line's work on matters: everything but the web application.

Each command builds the services, does one thing and ends; an error of ours is one sentence and
exit code 2.
"""

import typer

from core.commands.answers import ask, calibrate, check, search
from core.commands.documents import delete, documents, ingest
from core.commands.evaluation import evaluate
from core.commands.people import audit, matter, user
from core.commands.upkeep import backup, doctor, restore
from core.commands.watch import watch


def _command_line() -> typer.Typer:
    made = typer.Typer(
        help="Pincite: answers about your documents in which every statement carries a pincite.",
        add_completion=False,
        pretty_exceptions_enable=False,
        no_args_is_help=False,
    )
    for command in (
        ingest, watch, ask, search, check, calibrate, evaluate, documents, delete, backup, restore,
        doctor,
    ):  # fmt: skip
        made.command()(command)
    for name, group in (("user", user), ("matter", matter), ("audit", audit)):
        made.add_typer(group, name=name)
    return made


cli = _command_line()
