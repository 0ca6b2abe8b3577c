"""``make bench``: verification, retrieval, refusal, ingest rate and latencies on this machine.

``make bench PARTS="verification retrieval"`` measures some of it.

Prints tables for people and one JSON line last.  Quality needs the development data beside the
checkout (../shared/eval).  Every comparison is made within the run: ours against the raw embedder
on the same texts, ours against raw vLLM on the same prompts.
"""

import asyncio
import json
import logging
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from core.answering.engine import ChatMessage
from core.evaluation.variants import variant_named
from core.models.privacy import keep_inside
from core.models.profile import choose, detect_machine
from core.retrieval.rows import Scored, searched_text
from core.services import SAMPLES, Services, sample_questions
from core.settings import load_settings
from core.types import Delta, Done, Retrieved
from tests.bench import ingestion, refusal, retrieval, scale, verification
from tests.bench.asked import EVAL, questions_of
from tests.bench.retrieval import KEYS

SOURCE = 4000
"""Passages, at most, that the many of ``scale`` are made from."""
PARTS = (
    "verification", "latency", "ingestion", "retrieval", "clauses", "scale", "load",
)  # fmt: skip
TO_REACH = {
    "contracts": {
        "hit@10": 0.88, "nDCG@10": 0.68, "recall@8000chars": 0.84, "wrong_doc@10": 0.02,
    },
    "statutes, scenario": {"hit@1": 0.80, "hit@10": 0.97, "nDCG@10": 0.88},
    "statutes, article look-up": {"hit@1": 0.99},
}  # fmt: skip
"""What Pincite set out to reach with the embedded models."""


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        names = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        cpu = names[0].split(":", 1)[1].strip() if names else cpu
    packages = ("torch", "transformers", "FlagEmbedding", "lancedb", "llama-index-core", "gradio")
    return {
        "cpu": cpu,
        "cores": os.cpu_count(),
        "gpu": detect_machine().gpu or "none",
        "bfloat16": detect_machine().cpu_bfloat16,
        "python": platform.python_version(),
        "versions": {package: version(package) for package in packages},
    }


async def ingest(services: Services, name: str, folder: Path) -> tuple[str, dict[str, float]]:
    """Take a folder in; return the matter's id and how fast it went."""
    matter = await services.database.create_matter(name)
    started = time.perf_counter()
    for path in await asyncio.to_thread(lambda: sorted(folder.rglob("*"))):
        if path.is_file():
            await services.library.add(matter.id, path, path.relative_to(folder).as_posix())
    await services.library.wait()
    seconds = time.perf_counter() - started
    documents = await services.database.documents(matter.id)
    failed = [each.name for each in documents if each.state != "ready"]
    if failed:
        raise SystemExit(f"not taken in: {failed}")
    passages = sum(each.passages for each in documents)
    return matter.id, {
        "documents": len(documents),
        "passages": passages,
        "seconds": round(seconds, 1),
        "passages_per_s": round(passages / seconds, 2),
    }


async def raw_rate(services: Services, matter_id: str, sample: int = 200) -> float:
    """Passages a second of the embedder alone, in the same batches, on a sample of the texts."""
    texts: list[str] = []
    for document in await services.database.documents(matter_id):
        passages = await services.store.passages(matter_id, document.id)
        texts += [searched_text(each) for each in passages]
    texts = texts[:: max(1, len(texts) // sample)]
    started = time.perf_counter()
    async for _ in services.encoders.embed_passages(texts):
        pass
    return round(len(texts) / (time.perf_counter() - started), 2)


async def latencies(services: Services) -> dict[str, dict[str, float]]:
    """Median seconds of each stage over the sample questions, and raw vLLM on the same prompts."""
    matter = await services.database.create_matter("samples")
    for path in await asyncio.to_thread(lambda: sorted(SAMPLES.iterdir())):
        if path.suffix != ".json":
            await services.library.add(matter.id, path, path.name)
    await services.library.wait()
    prompts: list[Sequence[ChatMessage]] = []
    stream = services.engine.stream

    def recorded(messages: Sequence[ChatMessage], **options: Any) -> Any:
        prompts.append(messages)
        return stream(messages, **options)

    services.engine.stream = recorded  # type: ignore[method-assign]
    ours: dict[str, list[float]] = {"passages": [], "first_token": [], "answer": []}
    for language, question in sample_questions():
        if language not in services.profile.chat.languages:
            continue
        started = time.perf_counter()
        first = True
        async for event in services.answerer.stream(
            matter.id, question, (), variant_named("draft")
        ):
            elapsed = time.perf_counter() - started
            if isinstance(event, Retrieved):
                ours["passages"].append(elapsed)
            elif isinstance(event, Delta) and first:
                ours["first_token"].append(elapsed)
                first = False
            elif isinstance(event, Done):
                ours["answer"].append(elapsed)
    raw: dict[str, list[float]] = {"first_token": [], "answer": []}
    for messages in prompts:
        started = time.perf_counter()
        first = True
        options = {"max_tokens": services.profile.chat.answer_tokens, "temperature": 0.0}
        async for _ in stream(messages, salt="raw", **options):
            if first:
                raw["first_token"].append(time.perf_counter() - started)
                first = False
        raw["answer"].append(time.perf_counter() - started)
    return {
        side: {stage: round(statistics.median(values), 3) for stage, values in stages.items()}
        for side, stages in (("ours", ours), ("raw_vllm", raw))
    }


def table(title: str, rows: Iterable[Sequence[object]]) -> None:
    """Print rows in columns that are as wide as they need."""
    cells = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    print(f"\n{title}")
    for row in cells:
        print("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)))


def tell(scores: dict[str, dict[str, float]]) -> None:
    """Print each set's scores above the figures to reach."""
    rows: list[Sequence[object]] = [("", *KEYS)]
    for name, own in scores.items():
        rows.append((name, *(own[key] for key in KEYS)))
        if name in TO_REACH:
            rows.append(("  to reach", *(TO_REACH[name].get(key, "") for key in KEYS)))
    table("Retrieval on the development data", rows)


async def development(services: Services, scratch: Path) -> dict[str, Any]:
    """Ingest both sets, score every wording, measure refusal, and time ingestion and search."""
    report: dict[str, Any] = {"ingest": {}, "quality": {}, "search_ms": {}, "refusal": {}}
    for name, folder, language in (
        ("en_contracts", "docs_txt", "en"),
        ("zh_statutes", "docs", "zh"),
    ):
        matter_id, rate = await ingest(services, name, EVAL / name / folder)
        rate["raw_passages_per_s"] = await raw_rate(services, matter_id)
        rate["share_of_raw"] = round(rate["passages_per_s"] / rate["raw_passages_per_s"], 2)
        report["ingest"][name] = rate
        for title, asked in retrieval.sets(name).items():
            scores, seconds = await retrieval.quality(services, matter_id, asked, scratch)
            report["quality"][title] = scores
            report["search_ms"][title] = round(1000 * statistics.median(seconds), 1)
        ids = {each.name: each.id for each in await services.database.documents(matter_id)}
        measured = await refusal.measure(services.answerer, matter_id, ids, language)
        report["refusal"][language] = measured
    report["points_lost"] = retrieval.worst_loss(report["quality"])
    return report


async def scaled(services: Services, scratch: Path) -> list[dict[str, float]]:
    """Search latency over 10,000 and 100,000 passages, made from those taken in before."""
    if not (matters := await services.database.matters()):
        await ingest(services, "en_contracts", EVAL / "en_contracts" / "docs_txt")
        matters = await services.database.matters()
    source: list[Scored] = []
    for matter in matters:
        for document in await services.store.documents(matter.id):
            vector = await services.encoders.embed_query(document.identity.opening[:200])
            source += await services.store.dense(matter.id, vector, 50, [document.document_id])
    source = source[:SOURCE]
    asked = questions_of("en_contracts")[::10] + questions_of("zh_statutes", "scenario")[::9]
    questions = [each["question"] for each in asked]
    return [
        await scale.latency(
            scratch / str(number),
            services.encoders,
            len(source[0].vector),
            source,
            number,
            questions,
        )
        for number in (10_000, 100_000)
    ]


def load() -> dict[str, Any]:
    """Ten minutes of many people, in a process of its own: Locust makes sockets cooperative."""
    command = [sys.executable, "-m", "tests.bench.load"]
    run = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    *table, line = run.stdout.splitlines() or [""]
    print("\n".join(table))
    if not line.startswith("{"):
        raise SystemExit("The load could not be measured; what is above says why.")
    report: dict[str, Any] = json.loads(line)
    return report


async def bench(parts: Sequence[str]) -> dict[str, Any]:
    """Run the named parts over a scratch folder and return the report."""
    report: dict[str, Any] = {"machine": machine()}
    if "verification" in parts:
        report["verification"] = await asyncio.to_thread(verification.measure)
    if "load" in parts:
        report["load"] = await asyncio.to_thread(load)
    if not set(parts) - {"verification", "load"}:
        return report
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(data_dir=Path(folder) / "data", sample_matter=False)
        keep_inside(settings)
        services = Services(settings, choose(settings, detect_machine()))
        await services.start(generate="latency" in parts)
        try:
            await services.ready()
            if "latency" in parts:
                report["latency_s"] = await latencies(services)
            if "ingestion" in parts:
                contracts = sorted((EVAL / "en_contracts" / "docs_txt").glob("*.txt"))[:4]
                statutes = sorted((EVAL / "zh_statutes" / "docs").rglob("*.*"))[:30]
                asked = [each["question"] for each in questions_of("en_contracts")[::8]]
                (code,) = (EVAL / "ingest" / "zh_pdf").glob("*民法典*.pdf")
                report["ingestion"] = await ingestion.measure(
                    services, contracts, statutes, code, asked
                )
            if "retrieval" in parts:
                report |= await development(services, Path(folder))
            if "clauses" in parts:
                report["clauses"] = await retrieval.clauses(services)
            if "scale" in parts:
                report["scale"] = await scaled(services, Path(folder))
            return report
        finally:
            await services.close()


def show(report: dict[str, Any]) -> None:
    """Print the tables of what was measured."""
    print(json.dumps(report["machine"], indent=2))
    if "verification" in report:
        verification.tell(report["verification"])
    if "latency_s" in report:
        stages = ("passages", "first_token", "answer")
        rows: list[Sequence[object]] = [("median seconds", *stages)]
        for side, values in report["latency_s"].items():
            rows.append((side, *(values.get(stage, "") for stage in stages)))
        table("A question, from asking to the whole answer", rows)
    if "ingestion" in report:
        table("Ingestion", list(report["ingestion"].items()))
    if "quality" in report:
        tell(report["quality"])
        table("Points of hit@10 lost", list(report["points_lost"].items()))
        rows = [("", "wrongly answered", "wrongly refused", "questions")]
        for language, own in report["refusal"].items():
            rows.append(
                (language, own["wrongly_answered"], own["wrongly_refused"], own["questions"])
            )
        table("Refusal", rows)
        kinds = [
            (f"{language}, {kind}", share)
            for language, own in report["refusal"].items()
            for kind, share in own["by_kind"].items()
        ]
        table("Refusal, by kind of question", [("", "share that went wrong"), *kinds])
        rates = report["ingest"]
        heads = list(next(iter(rates.values())))
        table("Ingestion", [("", *heads), *((n, *rate.values()) for n, rate in rates.items())])
        table("Median milliseconds of a search", list(report["search_ms"].items()))
    if "clauses" in report:
        table("Clauses, graded, inside their pools", list(report["clauses"].items()))
    if "scale" in report:
        rows = [tuple(report["scale"][0]), *(tuple(each.values()) for each in report["scale"])]
        table("A search over many passages", rows)


def main(parts: Sequence[str]) -> None:
    """Print the tables, then the JSON line."""
    logging.basicConfig(level="ERROR")
    if unknown := set(parts) - set(PARTS):
        raise SystemExit(f"There is no part {', '.join(sorted(unknown))}; there are: {PARTS}")
    wanted = list(parts) or list(PARTS)
    if not EVAL.is_dir():
        print("The development data (../shared/eval) is absent: only latency is measured.")
        wanted = ["latency"]
    report = asyncio.run(bench(wanted))
    show(report)
    print(json.dumps(report, ensure_ascii=False))


if __name__ == "__main__":
    main(sys.argv[1:])
