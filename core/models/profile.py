"""Which model serves which job on this machine.

``workstation`` loads full weights on an NVIDIA GPU, ``embedded`` the bundled ones anywhere,
``remote`` asks an OpenAI-compatible endpoint for generation.  ``choose`` picks by what it finds.
"""

import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path

from core.errors import ModelError, SettingsError
from core.models import bundled
from core.settings import Settings

_BF16_FLAGS = {"avx512_bf16", "amx_bf16"}
"""Without one of these a CPU emulates bfloat16: vLLM read a prompt 5 times slower (measured)."""

_CHAT_BY_FREE_GIB = ((40.0, "Qwen3-32B-AWQ"), (20.0, "Qwen3-14B-AWQ"), (0.0, "Qwen3-8B-AWQ"))
_HUB_OWNER = {"Qwen3": "Qwen", "bge": "BAAI"}


@dataclass(frozen=True, slots=True)
class Machine:
    """What matters of the hardware: the GPU's name and free GiB, if any, and the CPU's formats."""

    gpu: str = ""
    gpu_free_gib: float = 0.0
    cpu_bfloat16: bool = False


@dataclass(frozen=True, slots=True)
class ChatModel:
    """The generating model. ``languages`` are those in which it can be trusted to write at all.

    ``source`` is a folder, a hub name or, with ``device == "remote"``, the endpoint's model.
    """

    name: str
    source: str
    device: str
    dtype: str
    context_tokens: int
    passage_tokens: int
    answer_tokens: int
    languages: tuple[str, ...]
    is_weak: bool = False


@dataclass(frozen=True, slots=True)
class EncoderModel:
    """An embedding or reranking model. ``pooling`` and prefixes are the model card's."""

    name: str
    source: str
    device: str
    pooling: str = "cls"
    query_prefix: str = ""
    passage_prefix: str = ""
    half_precision: bool = False
    batch_size: int = 8


@dataclass(frozen=True, slots=True)
class Profile:
    """The models of this start. ``reranking`` is ``None`` where the machine cannot pay for one."""

    name: str
    chat: ChatModel
    embedding: EncoderModel
    reranking: EncoderModel | None


@cache
def detect_machine() -> Machine:
    """Ask the driver and the kernel; no GPU library is imported."""
    gpu, free = "", 0.0
    program = shutil.which("nvidia-smi")
    if program and not version("torch").endswith("+cpu"):
        query = "--query-gpu=name,memory.free"
        listed = subprocess.run(  # noqa: S603  a fixed command
            [program, query, "--format=csv,noheader,nounits"],
            capture_output=True, text=True, timeout=20, check=False,
        )  # fmt: skip
        if listed.returncode == 0 and listed.stdout.strip():
            gpu, mebibytes = listed.stdout.splitlines()[0].rsplit(",", 1)
            free = float(mebibytes) / 1024 if mebibytes.strip().isdecimal() else 0.0
    cpuinfo = Path("/proc/cpuinfo")
    flags = set(cpuinfo.read_text().split()) if cpuinfo.is_file() else set()
    return Machine(gpu.strip(), free, bool(flags & _BF16_FLAGS))


def choose(settings: Settings, machine: Machine) -> Profile:
    """The profile that the settings name, or the best that this machine can serve.

    Raises ``SettingsError`` when ``remote`` lacks its endpoint, and ``ModelError`` when
    ``workstation`` was asked for and its GPU or weights are missing.
    """
    name = _best(settings, machine) if settings.profile == "auto" else settings.profile
    if name == "remote":
        return _remote(settings, machine)
    return _workstation(settings, machine) if name == "workstation" else _embedded(settings, machine)


def _best(settings: Settings, machine: Machine) -> str:
    if settings.remote_base_url:
        return "remote"
    if not machine.gpu:
        return "embedded"
    chat = settings.chat_model or _chat_for(machine)
    reranking = settings.reranking_model or "bge-reranker-v2-m3"
    names = (chat, settings.embedding_model or "bge-m3", reranking)
    present = all(_local(settings, name) for name in names)
    return "workstation" if present or settings.allow_downloads else "embedded"


def _embedded(settings: Settings, machine: Machine) -> Profile:
    device = "cuda" if machine.gpu else "cpu"
    fast = bool(machine.gpu) or machine.cpu_bfloat16
    own = settings.chat_model
    chat = ChatModel(
        name=Path(own).name if own else bundled.CHAT,
        source=find_weights(settings, own) if own else str(settings.models_dir / bundled.CHAT),
        device=device,
        dtype="bfloat16" if fast else "float32",
        context_tokens=settings.context_tokens or 4096,
        passage_tokens=settings.passage_tokens or (2400 if fast else 900),
        answer_tokens=settings.answer_tokens or 160,
        languages=("en",),
        is_weak=not own,
    )
    return Profile("embedded", chat, _small_embedding(settings, device, fast), _reranking(settings, device))


def _small_embedding(settings: Settings, device: str, fast: bool) -> EncoderModel:
    if settings.embedding_model:
        return _encoder(settings, settings.embedding_model, device)
    return EncoderModel(
        name=bundled.EMBEDDING,
        source=str(settings.models_dir / bundled.EMBEDDING),
        device=device,
        pooling="mean",
        query_prefix="query: ",
        passage_prefix="passage: ",
        half_precision=fast,
        batch_size=64 if device == "cuda" else 8,
    )


def _reranking(settings: Settings, device: str) -> EncoderModel | None:
    named = settings.reranking_model
    return _encoder(settings, named, device) if named else None


def _workstation(settings: Settings, machine: Machine) -> Profile:
    if not machine.gpu:
        raise ModelError(
            "The workstation profile needs an NVIDIA GPU, and nvidia-smi shows none.",
            "Set PINCITE_PROFILE=embedded or remote, or install the GPU's driver.",
        )
    chat_name = settings.chat_model or _chat_for(machine)
    chat = ChatModel(
        name=Path(chat_name).name,
        source=find_weights(settings, chat_name),
        device="cuda",
        dtype="auto",
        context_tokens=settings.context_tokens or 16384,
        passage_tokens=settings.passage_tokens or 8000,
        answer_tokens=settings.answer_tokens or 1024,
        languages=("en", "zh"),
    )
    return Profile(
        "workstation",
        chat,
        _encoder(settings, settings.embedding_model or "bge-m3", "cuda"),
        _encoder(settings, settings.reranking_model or "bge-reranker-v2-m3", "cuda"),
    )


def _remote(settings: Settings, machine: Machine) -> Profile:
    if not settings.remote_base_url or not settings.chat_model:
        raise SettingsError(
            "The remote profile needs an endpoint and the name of its model.",
            "Set PINCITE_REMOTE_BASE_URL (ending in /v1) and PINCITE_CHAT_MODEL.",
        )
    chat = ChatModel(
        name=settings.chat_model,
        source=settings.chat_model,
        device="remote",
        dtype="",
        context_tokens=settings.context_tokens or 16384,
        passage_tokens=settings.passage_tokens or 8000,
        answer_tokens=settings.answer_tokens or 1024,
        languages=("en", "zh"),
    )
    device = "cuda" if machine.gpu else "cpu"
    fast = bool(machine.gpu) or machine.cpu_bfloat16
    return Profile("remote", chat, _small_embedding(settings, device, fast), _reranking(settings, device))


def _chat_for(machine: Machine) -> str:
    return next(name for free, name in _CHAT_BY_FREE_GIB if machine.gpu_free_gib >= free)


def _encoder(settings: Settings, name: str, device: str) -> EncoderModel:
    return EncoderModel(
        name=Path(name).name,
        source=find_weights(settings, name),
        device=device,
        half_precision=device == "cuda",
        batch_size=64 if device == "cuda" else 8,
    )


def _local(settings: Settings, name: str) -> Path | None:
    """The folder that ``name`` means: a path, or a folder of that name under ``models_dir``."""
    for folder in (Path(name).expanduser(), settings.models_dir / Path(name).name):
        if folder.is_dir():
            return folder
    return None


def find_weights(settings: Settings, name: str) -> str:
    """The folder, or with downloads allowed the hub name, that ``name`` is loaded from.

    Raises ``ModelError`` naming the folder and the remedy when it is missing or broken.
    """
    folder = _local(settings, name)
    if folder is not None:
        check_weights(folder)
        return str(folder)
    if settings.allow_downloads:
        owner = next((o for prefix, o in _HUB_OWNER.items() if name.startswith(prefix)), "")
        return name if "/" in name or not owner else f"{owner}/{name}"
    raise ModelError(
        f"There are no weights in {settings.models_dir / Path(name).name}.",
        "Put the model's folder there, or set PINCITE_ALLOW_DOWNLOADS=true to fetch it from a hub.",
    )


def check_weights(folder: Path) -> None:
    """Raise ``ModelError`` naming ``folder`` unless it holds a configuration, weights, tokenizer."""
    wanted = {
        "its configuration (config.json)": ("config.json",),
        "its weights (*.safetensors or *.bin)": ("*.safetensors", "*.bin"),
        "its tokenizer (tokenizer.json or *.model)": ("tokenizer.json", "*.model", "vocab.txt"),
    }
    for what, patterns in wanted.items():
        found = [path for pattern in patterns for path in folder.glob(pattern)]
        if not any(path.stat().st_size for path in found):
            raise ModelError(
                f"The model folder {folder} is broken: {what} is missing or empty.",
                "Copy the folder again, or remove it so that it is prepared anew.",
            )
