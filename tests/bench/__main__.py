"""``make bench``: retrieval quality, ingest rate and latencies, with the models of this machine.

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
from core.retrieval.indexing import embedded_text
from core.services import SAMPLES, Services, sample_questions
from core.settings import ROOT, load_settings
from core.types import Delta, Done, Retrieved

EVAL = ROOT.parent / "shared" / "eval"
KEYS = ("hit@1", "hit@10", "nDCG@10", "recall@8000chars", "wrong_doc@10")
TO_BEAT = {
    "en_contracts": {"hit@10": 0.847, "nDCG@10": 0.593, "recall@8000chars": 0.796},
    "zh_statutes scenario": {"hit@1": 0.719, "hit@10": 0.924, "nDCG@10": 0.826},
    "zh_statutes citation": {"hit@1": 0.344, "hit@10": 0.814},
}
"""Document-aware dense search (English), reciprocal rank fusion (Chinese), with these models."""


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
        texts += [embedded_text(each) for each in passages]
    texts = texts[:: max(1, len(texts) // sample)]
    started = time.perf_counter()
    async for _ in services.encoders.embed_passages(texts):
        pass
    return round(len(texts) / (time.perf_counter() - started), 2)


async def quality(
    services: Services, matter_id: str, questions: Sequence[dict[str, Any]], scratch: Path
) -> tuple[dict[str, float], list[float]]:
    """The scores of ``score.py`` over 64 passages a question, and the seconds of each search."""
    gold, run = scratch / "gold.jsonl", scratch / "run.jsonl"
    gold.write_text("\n".join(json.dumps(each) for each in questions), encoding="utf-8")
    seconds, lines = [], []
    for each in questions:
        started = time.perf_counter()
        found = await services.search.find(matter_id, each["question"], limit=64)
        seconds.append(time.perf_counter() - started)
        results = [
            {"doc": hit.passage.document_name, "start": hit.passage.start, "end": hit.passage.end}
            for hit in found.hits
        ]
        lines.append(json.dumps({"id": each["id"], "results": results}))
    run.write_text("\n".join(lines), encoding="utf-8")
    scored = await asyncio.to_thread(
        subprocess.check_output, [sys.executable, EVAL / "score.py", gold, run]
    )
    scores = json.loads(scored)
    return {key: scores[key] for key in KEYS}, seconds


def questions_of(name: str, kind: str = "") -> list[dict[str, Any]]:
    """The questions of a development set, with gold documents named as they are ingested."""
    lines = (EVAL / name / "queries.jsonl").read_text(encoding="utf-8").splitlines()
    questions = [json.loads(line) for line in lines]
    for each in questions:
        for span in each["gold"]:
            span["doc"] = span["doc"].removeprefix("docs_txt/")
    return [each for each in questions if kind in each.get("kind", "")]


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
    """Print each set's scores above the figures to beat."""
    rows: list[Sequence[object]] = [("", *KEYS)]
    for name, own in scores.items():
        rows.append((name, *(own[key] for key in KEYS)))
        rows.append(("  to beat", *(TO_BEAT[name].get(key, "") for key in KEYS)))
    table("Retrieval on the development data", rows)


async def development_data(services: Services, scratch: Path) -> dict[str, Any]:
    """Ingest both sets, score both, and time ingestion and search."""
    report: dict[str, Any] = {"ingest": {}, "quality": {}, "search_ms": {}}
    sets = (
        ("en_contracts", "docs_txt", {"en_contracts": ""}),
        ("zh_statutes", "docs", {"scenario": "scenario", "citation": "citation"}),
    )
    for name, folder, kinds in sets:
        matter_id, rate = await ingest(services, name, EVAL / name / folder)
        rate["raw_passages_per_s"] = await raw_rate(services, matter_id)
        rate["share_of_raw"] = round(rate["passages_per_s"] / rate["raw_passages_per_s"], 2)
        report["ingest"][name] = rate
        for label, kind in kinds.items():
            title = name if not kind else f"{name} {label}"
            asked = questions_of(name, kind)
            scores, seconds = await quality(services, matter_id, asked, scratch)
            report["quality"][title] = scores
            report["search_ms"][title] = round(1000 * statistics.median(seconds), 1)
    return report


async def bench() -> dict[str, Any]:
    """Run everything over a scratch folder and return the report."""
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(data_dir=Path(folder) / "data", sample_matter=False)
        keep_inside(settings)
        services = Services(settings, choose(settings, detect_machine()))
        await services.start()
        try:
            await services.ready()
            report: dict[str, Any] = {"machine": machine()}
            report["latency_s"] = await latencies(services)
            if EVAL.is_dir():
                report |= await development_data(services, Path(folder))
            return report
        finally:
            await services.close()


def main() -> None:
    """Print the tables, then the JSON line."""
    logging.basicConfig(level="ERROR")
    report = asyncio.run(bench())
    print(json.dumps(report["machine"], indent=2))
    stages = ("passages", "first_token", "answer")
    rows: list[Sequence[object]] = [("median seconds", *stages)]
    for side, values in report["latency_s"].items():
        rows.append((side, *(values.get(stage, "") for stage in stages)))
    table("A question, from asking to the whole answer", rows)
    if "quality" in report:
        tell(report["quality"])
        rates = report["ingest"]
        heads = list(next(iter(rates.values())))
        table("Ingestion", [("", *heads), *((n, *rate.values()) for n, rate in rates.items())])
        table("Median milliseconds of a search", list(report["search_ms"].items()))
    else:
        print("\nThe development data (../shared/eval) is absent: quality was not measured.")
    print(json.dumps(report, ensure_ascii=False))


if __name__ == "__main__":
    main()
