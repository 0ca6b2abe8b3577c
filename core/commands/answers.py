"""Commands that ask, search, check statements and fit the thresholds of refusal."""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from core.deeds import Deed
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
from core.session import (
    AsJson,
    MatterName,
    matter_named,
    note,
    run,
    scope_of,
    sentences_for_errors,
    variant_named,
)
from core.types import EVERYTHING, AnswerKind, Genre, Scope

if TYPE_CHECKING:
    from core.services import Services
    from core.types import Answer, Citation, Variant

Mode = Literal["hybrid", "dense", "lexical"]
Top = Annotated[int, typer.Option("--top", min=1, max=1000, help="Passages for each question.")]
OnlyDocuments = Annotated[
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
OldVersions = Annotated[
    bool, typer.Option("--old-versions", help="Also what a newer version has superseded.")
]


def ask(
    question: Annotated[str, typer.Argument(help="One question.")] = "",
    matter: MatterName = "",
    questions: Annotated[Path | None, typer.Option(help="A JSONL file of questions.")] = None,
    out: Annotated[Path | None, typer.Option(help="Where the answers go, as JSONL.")] = None,
    variant: Annotated[
        str, typer.Option(help="How to answer: a variant's name; without, the one in force.")
    ] = "",
    top: Annotated[int, typer.Option("--top", min=0, max=50, help="Passages read; 0: as set.")] = 0,
    document: OnlyDocuments = None,
    kind: Kinds = None,
    dated_from: From = None,
    dated_to: To = None,
    old_versions: OldVersions = False,
    as_json: AsJson = False,
) -> None:
    """Answer one question, or every question of a file."""

    async def work(services: "Services") -> int:
        target = await matter_named(services, matter)
        chosen = await variant_named(services, target.id, variant)
        chosen = replace(chosen, top_k=top) if top else chosen
        if chosen.style is AnswerKind.DRAFT:
            await services.engine.start()
        dates = dated_from, dated_to
        scope = await scope_of(services, target.id, document, kind, *dates, old_versions)
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
    run(work, ingest=False)


def search(
    questions: Annotated[Path, typer.Option(help="A JSONL file of questions.")],
    matter: MatterName,
    out: Annotated[Path, typer.Option(help="Where the passages go, as JSONL.")],
    top: Top = 64,
    mode: Annotated[Mode, typer.Option(help="How to search.")] = "hybrid",
    every: Annotated[bool, typer.Option("--every", help="Every passage that matches.")] = False,
    document: OnlyDocuments = None,
    kind: Kinds = None,
    dated_from: From = None,
    dated_to: To = None,
    old_versions: OldVersions = False,
) -> None:
    """Find the passages for every question of a file; no text is generated."""

    async def work(services: "Services") -> int:
        target = await matter_named(services, matter)
        dates = dated_from, dated_to
        scope = await scope_of(services, target.id, document, kind, *dates, old_versions)
        asked = read_questions(questions)
        with whole_file(out) as lines:
            for line in _counted(asked):
                if every:
                    found = await services.search.every(target.id, line["question"], (), scope)
                else:
                    found = await services.search.find(
                        target.id, line["question"], mode, limit=top, scope=scope
                    )
                await note(services, Deed.PASSAGES_SEARCHED, target.id)
                write_line(lines, {"id": line["id"], "results": hit_records(found.hits)})
        return 0

    run(work, ingest=False)


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
            await note(services, Deed.PASSAGES_SEARCHED, target.id)
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
        await note(services, Deed.THRESHOLDS_FITTED, target.id)
        print(f"written\t{save(fitted, model, folder)}")
        return 0

    run(work, ingest=False)


async def _answer(
    services: "Services",
    matter_id: str,
    question: str,
    variant: "Variant",
    scope: Scope = EVERYTHING,
) -> "Answer":
    from core.types import Done

    await note(services, Deed.QUESTION_ASKED, matter_id)
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
