"""The command line's work on matters: everything but the web application.

Each command builds the services, does one thing and ends; an error of ours is one sentence and
exit code 2.
"""

import asyncio
import json
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from core.errors import PinciteError
from core.evaluation.records import (
    answer_record,
    hit_records,
    read_calibration,
    read_pairs,
    read_questions,
    whole_file,
    write_line,
)
from core.session import document_named, matter_named, run, scope_of, sentences_for_errors
from core.types import EVERYTHING, Genre, Scope

if TYPE_CHECKING:
    from core.services import Services
    from core.types import Answer, Citation, Document, Variant

cli = typer.Typer(
    help="Pincite: answers about your documents in which every statement carries a pincite.",
    add_completion=False,
    pretty_exceptions_enable=False,
    no_args_is_help=False,
)
MatterName = Annotated[str, typer.Option("--matter", help="The matter's name.")]
VariantName = Literal["draft", "quotes", "listing", "dense", "lexical"]
Mode = Literal["hybrid", "dense", "lexical"]
Top = Annotated[int, typer.Option("--top", min=1, max=1000, help="Passages for each question.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Documents = Annotated[
    list[str] | None, typer.Option("--document", help="Only this document; may be repeated.")
]
Kinds = Annotated[
    list[Genre] | None, typer.Option("--kind", help="Only documents of this kind; may be repeated.")
]
From = Annotated[
    datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="Only dated then or later.")
]
To = Annotated[
    datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Only dated then or earlier.")
]


@cli.command()
def ingest(paths: list[Path], matter: MatterName) -> None:
    """Take files and folders into a matter, which is made if need be; a line for each file."""

    async def work(services: "Services") -> int:
        target = await matter_named(services, matter, create=True)
        failed = 0
        added: dict[str, str] = {}
        for path, name in _files(paths):
            try:
                if name in added.values():
                    raise PinciteError("Another file of this name was given.", "Rename one.")
                document = await services.library.add(target.id, path, name, replace=True)
                added[document.id] = name
            except PinciteError as error:
                failed += 1
                print(f"failed\t{name}\t{error}", flush=True)
        async for document in _finished(services, target.id, set(added)):
            failed += document.state == "failed"
            print(_line(document), flush=True)
        return 1 if failed else 0

    run(work)


@cli.command()
def ask(
    question: Annotated[str, typer.Argument(help="One question.")] = "",
    matter: MatterName = "",
    questions: Annotated[Path | None, typer.Option(help="A JSONL file of questions.")] = None,
    out: Annotated[Path | None, typer.Option(help="Where the answers go, as JSONL.")] = None,
    variant: Annotated[VariantName, typer.Option(help="How to answer.")] = "draft",
    top: Annotated[int, typer.Option("--top", min=0, max=50, help="Passages read; 0: as set.")] = 0,
    document: Documents = None,
    kind: Kinds = None,
    dated_from: From = None,
    dated_to: To = None,
    as_json: AsJson = False,
) -> None:
    """Answer one question, or every question of a file."""

    async def work(services: "Services") -> int:
        from core.evaluation.variants import variant_named

        chosen = replace(variant_named(variant), top_k=top)
        target = await matter_named(services, matter)
        scope = await scope_of(services, target.id, document, kind, dated_from, dated_to)
        if questions is None:
            answer = await _answer(services, target.id, question, chosen, scope)
            print(
                json.dumps(answer_record(answer), ensure_ascii=False) if as_json else _told(answer)
            )
            return 0
        asked = read_questions(questions)
        with whole_file(out) as lines:
            for line in _counted(asked):
                answer = await _answer(services, target.id, line["question"], chosen, scope)
                write_line(lines, {"id": line["id"], **answer_record(answer)})
        return 0

    if bool(question.strip()) == bool(questions) or bool(questions) != bool(out):
        raise typer.BadParameter("Give one QUESTION, or --questions together with --out.")
    run(work, generate=variant == "draft", ingest=False)


@cli.command()
def search(
    questions: Annotated[Path, typer.Option(help="A JSONL file of questions.")],
    matter: MatterName,
    out: Annotated[Path, typer.Option(help="Where the passages go, as JSONL.")],
    top: Top = 64,
    mode: Annotated[Mode, typer.Option(help="How to search.")] = "hybrid",
    every: Annotated[bool, typer.Option("--every", help="Every passage that matches.")] = False,
    document: Documents = None,
    kind: Kinds = None,
    dated_from: From = None,
    dated_to: To = None,
) -> None:
    """Find the passages for every question of a file; no text is generated."""

    async def work(services: "Services") -> int:
        target = await matter_named(services, matter)
        scope = await scope_of(services, target.id, document, kind, dated_from, dated_to)
        asked = read_questions(questions)
        with whole_file(out) as lines:
            for line in _counted(asked):
                if every:
                    found = await services.search.every(target.id, line["question"], (), scope)
                else:
                    found = await services.search.find(
                        target.id, line["question"], mode, limit=top, scope=scope
                    )
                write_line(lines, {"id": line["id"], "results": hit_records(found.hits)})
        return 0

    run(work, ingest=False)


@cli.command()
def check(
    pairs: Annotated[Path, typer.Option("--in", help="A JSONL file of statements.")],
    out: Annotated[Path, typer.Option(help="Where the verdicts go, as JSONL.")],
) -> None:
    """Judge statements against passages: supported, partly or unsupported, and why."""
    from core.answering.verification import check as judged

    with sentences_for_errors():
        asked = read_pairs(pairs)
        with whole_file(out) as lines:
            for line in _counted(asked):
                verdict, reason = judged(line["statement"], line["passages"])
                write_line(lines, {"id": line["id"], "verdict": verdict, "reason": reason})


@cli.command()
def calibrate(
    questions: Annotated[Path, typer.Option(help='JSONL with "question" and "answerable".')],
    matter: MatterName,
) -> None:
    """Fit the thresholds of refusal for this embedding model on questions about a matter."""

    async def work(services: "Services") -> int:
        from core.answering.answerer import language_of
        from core.retrieval.refusal import Evidence, fit, save, thresholds
        from core.services import CALIBRATION

        target = await matter_named(services, matter)
        seen: dict[str, list[tuple[Evidence, bool]]] = {}
        by_name: Counter[str] = Counter()
        for line in _counted(read_calibration(questions)):
            scope = await scope_of(services, target.id, line["documents"], None, None, None)
            found = await services.search.find(target.id, line["question"], scope=scope)
            language = language_of(line["question"])
            if found.absent and not found.named:  # refused without thresholds
                by_name[language] += not line["answerable"]
            else:
                seen.setdefault(language, []).append((found.evidence, line["answerable"]))
        folder = services.settings.data_dir / CALIBRATION
        model = services.encoders.model_name
        fitted = thresholds(model, folder)
        for language, examples in seen.items():
            evidence, answerable = zip(*examples, strict=True)
            fitted[language] = fit(evidence, answerable, by_name[language])
            print(f"{language}\t{fitted[language]}")
        print(f"written\t{save(fitted, model, folder)}")
        return 0

    run(work, ingest=False)


@cli.command()
def documents(matter: MatterName, as_json: AsJson = False) -> None:
    """List the documents of a matter."""

    async def work(services: "Services") -> int:
        target = await matter_named(services, matter)
        listed = await services.database.documents(target.id)
        if as_json:
            rows = [
                {
                    "id": each.id,
                    "name": each.name,
                    "state": each.state,
                    "reason": " ".join(filter(None, [each.reason, each.remedy])),
                    "pages": each.pages,
                    "passages": each.passages,
                    "title": each.identity.title,
                    "parties": each.identity.parties,
                    "dated": each.identity.dated and each.identity.dated.isoformat(),
                    "genre": each.identity.genre,
                    "blank_pages": each.blank_pages,
                    "warnings": each.warnings,
                    "added_at": each.added_at.isoformat(),
                }
                for each in listed
            ]
            print(json.dumps({"documents": rows}, ensure_ascii=False, indent=2))
        else:
            print("\n".join(map(_line, listed)) or "The matter has no documents.")
        return 0

    run(work, load=False)


@cli.command()
def delete(
    names: Annotated[list[str] | None, typer.Argument(help="Documents' names or ids.")] = None,
    matter: MatterName = "",
    whole_matter: Annotated[bool, typer.Option(help="Delete the matter itself.")] = False,
) -> None:
    """Delete documents of a matter, or with --whole-matter everything in it."""

    async def work(services: "Services") -> int:
        target = await matter_named(services, matter)
        if whole_matter:
            await services.delete_matter(target.id)
            return 0
        for name in names or []:
            chosen = await document_named(services, target.id, name)
            await services.library.delete(target.id, chosen.id)
            print(f"deleted\t{chosen.name}")
        await services.store.optimize()
        return 0

    if bool(names) == whole_matter:
        raise typer.BadParameter("Name documents, or give --whole-matter.")
    run(work)


def _files(paths: list[Path]) -> Iterator[tuple[Path, str]]:
    """Each file with its name: relative to the folder that was given, or its own."""
    for path in paths:
        if not path.is_dir():
            yield path, path.name
            continue
        for found in sorted(path.rglob("*")):
            inside = found.relative_to(path)
            if found.is_file() and not any(part.startswith(".") for part in inside.parts):
                yield found, inside.as_posix()


async def _finished(
    services: "Services", matter_id: str, waiting: set[str]
) -> "AsyncIterator[Document]":
    """Each awaited document as it becomes ready or fails."""
    while waiting:
        for document in await services.database.documents(matter_id):
            if document.id in waiting and document.state in ("ready", "failed"):
                waiting.discard(document.id)
                yield document
        if waiting:
            await asyncio.sleep(0.2)


def _line(document: "Document") -> str:
    if document.state == "failed":
        return f"failed\t{document.name}\t{document.reason} {document.remedy}".rstrip()
    pages = f"{document.pages} pages, " if document.pages else ""
    return f"{document.state}\t{document.name}\t{pages}{document.passages} passages"


async def _answer(
    services: "Services",
    matter_id: str,
    question: str,
    variant: "Variant",
    scope: Scope = EVERYTHING,
) -> "Answer":
    from core.types import Done

    async for event in services.answerer.stream(matter_id, question, (), variant, scope):
        if isinstance(event, Done):
            return event.answer
    raise PinciteError("The answer ended before it was done.", "Ask again.")


def _told(answer: "Answer") -> str:
    """An answer for a terminal: statements with their marks, then the pincites.

    Documents' words are untrusted: what would steer the terminal is left out.
    """
    lines = [f"({answer.notice.replace('_', ' ')})"] if answer.notice else []
    if answer.absent:
        lines.append(f"Nothing here is called: {', '.join(answer.absent)}")
    lines.append(
        f"Searched {answer.searched.documents} documents, {answer.searched.passages} passages; "
        f"used {answer.passages_used}."
    )
    lines += [f"Nearest: {each.quote} ({each.document_name})" for each in answer.nearest]
    cited: dict[int, Citation] = {}
    for statement in answer.statements:
        marks = "".join(f" [{each.marker}]" for each in statement.citations)
        doubt = "" if statement.verdict == "supported" else f" ({statement.verdict})"
        lines.append(f"{statement.text}{marks}{doubt}")
        cited |= {each.marker: each for each in statement.citations}
    for marker, each in sorted(cited.items()):
        page = f", p. {each.page}" if each.page else ""
        clause = f", {each.path[-1]}" if each.path else ""
        lines.append(f"[{marker}] {each.document_name}{page}{clause}")
    told = "\n".join(lines)
    return "".join(each for each in told if each.isprintable() or each == "\n")


def _counted(asked: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(asked, 1):
        yield line
        if sys.stderr.isatty():
            print(f"\r{number} of {len(asked)}", end="", file=sys.stderr, flush=True)
    if sys.stderr.isatty():
        print(file=sys.stderr)
