"""What is needed to repeat a run, and what of it differs now."""

import hashlib
import json
import re
import subprocess
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from uuid import uuid4

from core.answering.engine import SEED
from core.answering.prompt import prompt_digest
from core.models.profile import ChatModel, EncoderModel, Profile
from core.retrieval.refusal import Threshold
from core.settings import ROOT, Settings
from core.trials import QuestionSet
from core.types import Document, DocumentState, Variant

_WEIGHTS = ("*.safetensors", "*.bin", "*.gguf", "*.pt", "*.model", "*.json", "*.jinja", "*.txt")
"""Weights, and what they are used by: configurations, an adapter's too, tokenizers, templates."""
_SETTINGS = (
    "retrieve", "top_k", "passage_characters", "passage_tokens", "context_tokens", "answer_tokens",
)  # fmt: skip
CHANGES = ("set", "documents", "models", "prompts", "settings", "seed", "code")
"""The keys of a manifest that may differ now; the set by its version."""


def manifest(
    settings: Settings,
    profile: Profile,
    asked: QuestionSet,
    documents: Iterable[Document],
    variants: Sequence[Variant],
    thresholds: Mapping[str, Threshold],
) -> dict[str, object]:
    """What a run begun now would rest on.  Blocks: weights are read where they are new.

    ``thresholds`` are those that refusals rest on, of which the digest is kept.  Raises
    ``PinciteError`` for a version of the prompt that is not known.
    """
    return {
        "set": {"id": asked.id, "version": asked.version},
        "documents": [
            {"id": each.id, "name": each.name, "version": each.version, "sha256": each.sha256}
            for each in sorted(documents, key=lambda each: (each.name, each.version))
            if each.state is DocumentState.READY and not each.is_superseded
        ],
        "models": _models(settings, profile, variants),
        "prompts": {each: prompt_digest(each) for each in sorted({v.prompt for v in variants})},
        "settings": {name: getattr(settings, name) for name in _SETTINGS}
        | {"thresholds": _digest(thresholds)},
        "seed": SEED,
        "code": code_revision(),
    }


def changes(then: Mapping[str, object], now: Mapping[str, object]) -> tuple[str, ...]:
    """The keys of ``CHANGES`` in which two manifests differ."""
    before, after = (json.loads(json.dumps(each)) for each in (then, now))
    return tuple(key for key in CHANGES if before.get(key) != after.get(key))


def changed_meanwhile(then: Mapping[str, object]) -> tuple[str, ...]:
    """The keys of ``CHANGES`` in which a run's manifest held no more before the run was over."""
    changed = then.get("changed")
    return tuple(key for key in CHANGES if isinstance(changed, list) and key in changed)


def code_revision() -> str:
    """The commit of this checkout, marked where files differ from it, or Pincite's version."""
    try:
        told = subprocess.run(  # noqa: S603  a fixed command
            ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--abbrev=40"],  # noqa: S607
            capture_output=True, text=True, timeout=20, check=True,
        )  # fmt: skip
        return told.stdout.strip()
    except (OSError, subprocess.SubprocessError):
        project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
        return str(project["project"]["version"])


def _digest(thresholds: Mapping[str, Threshold]) -> str:
    plain = {language: asdict(each) for language, each in sorted(thresholds.items())}
    return hashlib.sha256(json.dumps(plain).encode()).hexdigest() if plain else ""


def _models(
    settings: Settings, profile: Profile, variants: Sequence[Variant]
) -> dict[str, dict[str, str]]:
    """Every model that the variants use, by what it does, with the digest of its weights.

    What an endpoint serves, or a hub's name that was never a folder, has no digest here; of the
    endpoint the address is kept, without a name and password in it.
    """
    digests = Digests(settings.data_dir / "digests.json")
    jobs: dict[str, ChatModel | EncoderModel] = {
        "chat": profile.chat,
        "embedding": profile.embedding,
    }
    if profile.reranking is not None:
        jobs["reranking"] = profile.reranking
    told = {
        job: {
            "name": model.name,
            "device": model.device,
            "digest": digests.folder(Path(model.source)),
        }
        for job, model in jobs.items()
    }
    if profile.chat.device == "remote":
        told["chat"]["address"] = re.sub("//[^/]*@", "//", settings.remote_base_url)
    for name in sorted({each.model for each in variants} - {"", profile.chat.name}):
        folder = settings.models_dir / "adapters" / name
        told[f"chat {name}"] = {
            "name": name, "device": profile.chat.device, "digest": digests.folder(folder),
        }  # fmt: skip
    digests.keep()
    return told


class Digests:
    """SHA-256 of weights, remembered by path, size and time of the files."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._known: dict[str, str] = dict(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            self._known = {}  # it is read anew: nothing but time is lost

    def folder(self, folder: Path) -> str:
        """The digest of a model's files, ``""`` where they are not here."""
        if not folder.is_absolute() or not folder.is_dir():
            return ""
        files = sorted({path for pattern in _WEIGHTS for path in folder.glob(pattern)})
        lines = [f"{path.name} {self._file(path)}" for path in files]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()

    def keep(self) -> None:
        """Write what is known for the next time."""
        # A name of its own: the pages' threads and other processes do the same.
        partial = self._path.with_suffix(f".{uuid4().hex}.partial")
        try:
            partial.write_text(json.dumps(self._known), encoding="utf-8")
            partial.replace(self._path)
        finally:
            partial.unlink(missing_ok=True)

    def _file(self, path: Path) -> str:
        state = path.stat()
        key = f"{path} {state.st_size} {state.st_mtime_ns}"
        if key not in self._known:
            with path.open("rb") as file:
                self._known[key] = hashlib.file_digest(file, "sha256").hexdigest()
        return self._known[key]
