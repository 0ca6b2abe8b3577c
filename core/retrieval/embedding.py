"""FlagEmbedding: text to vectors, and pairs to scores.

Torch is not reentrant with itself on two cores, so one thread owns both models and nothing else
computes there.  Questions go before passages: a batch of passages gives way between two layers of
the model, computes what a question needs, and rests while questions are searched for.
"""

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from core.errors import EngineError, ModelError, PinciteError
from core.models.profile import EncoderModel, check_weights
from core.types import ModelStatus

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

log = logging.getLogger(__name__)
T = TypeVar("T")

_MAX_TOKENS = 512
_PATIENCE_S = 0.5
"""How long a batch rests for questions between two layers: ingestion slows, and never stands."""


class Encoders:
    """The embedding model and, where the profile has one, the reranking model."""

    def __init__(self, embedding: EncoderModel, reranking: EncoderModel | None) -> None:
        self._embedding = embedding
        self._reranking = reranking
        self._thread = ThreadPoolExecutor(1, "encoders")
        self._turns = _Turns()
        self._embedder: Any = None
        self._reranker: Any = None
        self._statuses = {
            job: ModelStatus(job, model.name, model.device, "cold")
            for job, model in (("embedding", embedding), ("reranking", reranking))
            if model is not None
        }

    @property
    def statuses(self) -> tuple[ModelStatus, ...]:
        """How each model stands now."""
        return tuple(self._statuses.values())

    @property
    def model_name(self) -> str:
        """The embedding model's name: vectors of two models never meet in one index."""
        return self._embedding.name

    @property
    def reranks(self) -> bool:
        """Whether ``rerank`` can be called."""
        return self._reranker is not None

    async def start(self) -> int:
        """Load the models, some 15 s on a CPU; return the length of a vector.

        Raises ``ModelError`` when the embedding model cannot be loaded; a reranking model that
        cannot be loaded leaves its state failed and the search without it.
        """
        self._embedder = await self._load("embedding", self._embedding, _load_embedder)
        _between_layers(self._embedder.model, self._turns.give_way)
        if self._reranking is not None:
            try:
                self._reranker = await self._load("reranking", self._reranking, _load_reranker)
            except ModelError as error:
                log.error("searching without a reranker: %s", error)
        return int((await self.embed_query("test")).shape[0])

    async def close(self) -> None:
        """Let go of the models; idempotent."""
        await asyncio.to_thread(self._thread.shutdown, wait=True, cancel_futures=True)
        self._embedder = self._reranker = None

    @asynccontextmanager
    async def asking(self) -> AsyncIterator[None]:
        """While a question is searched for: passages rest, so that it has the machine."""
        self._turns.asked(1)
        try:
            yield
        finally:
            self._turns.asked(-1)

    async def embed_query(self, text: str) -> "NDArray[np.float32]":
        """The unit vector ``(d,)`` of a question."""
        vectors = await self._compute(self._ready().encode_queries, [text])
        first: NDArray[np.float32] = _float32(vectors)[0]
        return first

    async def embed_queries(self, texts: Sequence[str]) -> "NDArray[np.float32]":
        """The unit vectors ``(len(texts), d)`` of several questions, in one batch."""
        return _float32(await self._compute(self._ready().encode_queries, list(texts)))

    async def embed_passages(
        self, texts: Sequence[str]
    ) -> "AsyncIterator[tuple[Sequence[int], NDArray[np.float32]]]":
        """Yield ``(indices, vectors)`` batch by batch, longest texts first to save padding.

        The next batch is under way while one is taken in, so that the model never waits.
        """
        order = sorted(range(len(texts)), key=lambda index: -len(texts[index]))
        size = self._embedding.batch_size
        batches = [order[at : at + size] for at in range(0, len(order), size)]
        ahead: deque[asyncio.Future[Any]] = deque()
        try:
            for number, indices in enumerate(batches):
                for each in batches[number + len(ahead) : number + 2]:
                    ahead.append(self._batch([texts[index] for index in each]))
                yield indices, _float32(await ahead.popleft())
        finally:
            for left in ahead:
                left.cancel()

    def _batch(self, texts: list[str]) -> "asyncio.Future[Any]":
        encode = self._ready().encode_corpus
        return asyncio.get_running_loop().run_in_executor(
            self._thread, self._turns.passages, encode, texts
        )

    async def rerank(self, question: str, texts: Sequence[str]) -> tuple[float, ...]:
        """The relevance of each text to the question; only where ``reranks``."""
        pairs = [(question, text) for text in texts]
        scores = await self._compute(self._reranker.compute_score, pairs)
        return tuple(map(float, scores))

    async def _compute(self, function: Callable[..., T], *args: Any) -> T:
        future = self._turns.ahead(function, *args)
        self._thread.submit(self._turns.answer)  # where no batch is under way to give way
        return await asyncio.wrap_future(future)

    def _ready(self) -> Any:
        if self._embedder is None:
            raise EngineError(
                "The embedding model is not ready.", "Wait until the status line says so."
            )
        return self._embedder

    async def _load(
        self, job: str, model: EncoderModel, load: Callable[[EncoderModel], Any]
    ) -> Any:
        self._statuses[job] = replace(self._statuses[job], state="loading")
        try:
            loaded = await self._compute(load, model)
        except Exception as error:
            reason = _load_failure(model, error)
            self._statuses[job] = replace(self._statuses[job], state="failed", detail=str(reason))
            raise reason from error
        memory = await asyncio.to_thread(_memory_gib, loaded)
        self._statuses[job] = replace(self._statuses[job], state="ready", memory_gib=memory)
        return loaded


class _Turns:
    """Whose turn it is on the encoders' thread."""

    def __init__(self) -> None:
        self._urgent: deque[tuple[Future[Any], Callable[..., Any], tuple[Any, ...]]] = deque()
        self._questions = 0
        self._is_passages = False
        self._changed = threading.Event()

    def asked(self, step: int) -> None:
        """Count a question in (1) or out (-1)."""
        self._questions += step
        self._changed.set()

    def ahead(self, function: Callable[..., T], *args: Any) -> "Future[T]":
        """Have a question's work done before any passage."""
        future: Future[T] = Future()
        self._urgent.append((future, function, args))
        self._changed.set()
        return future

    def passages(self, encode: Callable[[list[str]], T], texts: list[str]) -> T:
        """Encode passages, giving way before and between; on the encoders' thread."""
        self._is_passages = True
        try:
            self.give_way()
            return encode(texts)
        finally:
            self._is_passages = False

    def give_way(self) -> None:
        """Between two layers of a batch of passages: let questions go first."""
        if not self._is_passages:
            return
        until = time.monotonic() + _PATIENCE_S
        while True:
            self.answer()
            left = until - time.monotonic()
            if not self._questions or left <= 0:
                return
            self._changed.wait(left)
            self._changed.clear()

    def answer(self) -> None:
        """Do what questions wait for; on the encoders' thread."""
        was, self._is_passages = self._is_passages, False
        try:
            while self._urgent:
                future, function, args = self._urgent.popleft()
                if not future.set_running_or_notify_cancel():
                    continue
                try:
                    future.set_result(function(*args))
                except BaseException as error:  # noqa: BLE001  carried over to the asker
                    future.set_exception(error)
        finally:
            self._is_passages = was


def _between_layers(model: Any, give_way: Callable[[], None]) -> None:
    """Call ``give_way`` before each layer of a BERT-like model."""
    for layer in getattr(getattr(model, "encoder", None), "layer", ()):
        layer.register_forward_pre_hook(lambda *_: give_way())


def _load_failure(model: EncoderModel, error: Exception) -> PinciteError:
    if isinstance(error, PinciteError):
        return error
    return ModelError(
        f"The model in {model.source} could not be loaded: {type(error).__name__}: {error}.",
        "Remove the folder so that it is prepared anew, or copy the weights again.",
    )


def _options(model: EncoderModel) -> dict[str, Any]:
    """What both kinds of model share.

    FlagEmbedding turns a model on a device named ``cpu`` back into float32; ``cpu:0`` is the same
    device and keeps bfloat16.
    """
    bfloat16_on_cpu = model.half_precision and model.device == "cpu"
    return {
        "use_fp16": model.half_precision and model.device != "cpu",
        "use_bf16": bfloat16_on_cpu,
        "devices": ["cpu:0" if bfloat16_on_cpu else model.device],
        # One more than is ever sent: FlagEmbedding draws a progress bar for a full batch.
        "batch_size": model.batch_size + 1,
    }


def _load_embedder(model: EncoderModel) -> Any:
    if (folder := Path(model.source)).is_absolute():
        check_weights(folder)
    _quiet()
    from FlagEmbedding.inference.embedder.encoder_only.base import BaseEmbedder
    from FlagEmbedding.inference.embedder.encoder_only.m3 import M3Embedder

    if model.name.lower().startswith("bge-m3"):
        return _M3(M3Embedder(model.source, passage_max_length=1024, **_options(model)))
    return _without_probe(BaseEmbedder)(
        model.source,
        pooling_method=model.pooling,
        query_instruction_for_retrieval=model.query_prefix,
        passage_instruction_for_retrieval=model.passage_prefix,
        query_max_length=_MAX_TOKENS,
        passage_max_length=_MAX_TOKENS,
        **_options(model),
    )


def _without_probe(base: type[Any]) -> type[Any]:
    """FlagEmbedding's embedder without its trial run.

    Its own ``encode_single_device`` computes the first batch twice, to find a batch size that
    fits a GPU; with the small batches used here that doubles the cost of everything.
    """

    class Embedder(base):  # type: ignore[misc]
        def encode_single_device(self, sentences: Any, max_length: int = 512, **_: Any) -> Any:
            import torch

            device = self.target_devices[0]
            self.model.to(device).eval()
            with torch.inference_mode():
                inputs = self.tokenizer(
                    list(sentences),
                    truncation=True,
                    max_length=max_length,
                    padding=True,
                    return_tensors="pt",
                ).to(device)
                hidden = self.model(**inputs, return_dict=True).last_hidden_state
                pooled = self.pooling(hidden, inputs["attention_mask"])
                return torch.nn.functional.normalize(pooled, dim=-1).float().cpu().numpy()

    return Embedder


class _M3:
    """BGE-M3 answers with a dictionary of vectors; Pincite stores the dense ones."""

    def __init__(self, model: Any) -> None:
        self.model = model.model
        self._m3 = model

    def encode_queries(self, texts: Sequence[str]) -> Any:
        return self._m3.encode_queries(list(texts))["dense_vecs"]

    def encode_corpus(self, texts: Sequence[str]) -> Any:
        return self._m3.encode_corpus(list(texts))["dense_vecs"]


def _load_reranker(model: EncoderModel) -> Any:
    if (folder := Path(model.source)).is_absolute():
        check_weights(folder)
    _quiet()
    from FlagEmbedding.inference.reranker.encoder_only.base import BaseReranker

    return BaseReranker(model.source, normalize=True, max_length=1024, **_options(model))


def _quiet() -> None:
    """Progress bars and load reports are for notebooks."""
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()
    transformers_logging.set_verbosity_error()


def _memory_gib(loaded: Any) -> float:
    weights = loaded.model.parameters()
    return round(float(sum(each.numel() * each.element_size() for each in weights)) / 2**30, 1)


def _float32(vectors: Any) -> "NDArray[np.float32]":
    import numpy as np

    return np.asarray(vectors, np.float32)
