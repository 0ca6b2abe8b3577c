"""vLLM's ``AsyncLLM`` in this process, on a GPU or a CPU.

The engine's core and its workers are child processes.  When one dies the engine is dead: requests
under way fail with a sentence, the state says so, and the engine is loaded again.
"""

import asyncio
import gc
import json
import logging
import os
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from core.answering.engine import SEED, ChatMessage
from core.errors import EngineError, ModelError, PinciteError
from core.models.profile import ChatModel, check_weights
from core.settings import Settings
from core.types import ModelStatus

if TYPE_CHECKING:
    from vllm.lora.request import LoRARequest
    from vllm.v1.engine.async_llm import AsyncLLM

log = logging.getLogger(__name__)

_RESTARTS = 3
"""Loads in a row that may follow a death before the engine stays failed."""
_LORA_RANKS = (8, 16, 32, 64, 128, 256, 320, 512)
"""The ranks that vLLM makes room for."""
_AGAIN = "The language model stopped and is being started again."
_WATCH_S = 1.0
_STEADY_S = 600.0
"""A life that long wipes out the deaths before it."""


class LocalEngine:
    """One vLLM engine for one chat model."""

    def __init__(self, model: ChatModel, settings: Settings) -> None:
        self._model = model
        self._settings = settings
        self._adapters = adapters_of(model, settings.models_dir)
        self._engine: AsyncLLM | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._closing = False
        self._others: frozenset[int] = frozenset()
        self._status = ModelStatus("chat", model.name, model.device, "cold")

    @property
    def status(self) -> ModelStatus:
        """How the engine stands now: one that has just died is loading before that is noticed."""
        if self._engine is not None and self._engine.errored and self._status.state == "ready":
            return replace(self._status, state="loading", detail=_AGAIN)
        return self._status

    async def start(self) -> None:
        """Load the weights, about 50 s on a CPU; afterwards the state is ready or failed."""
        await self._load()
        if self._engine is not None and not self._closing:
            self._watcher = asyncio.create_task(self._watch(), name="engine-watcher")

    async def close(self) -> None:
        """End the engine and its processes; a load under way is broken off."""
        self._closing = True
        if self._watcher is not None:
            self._watcher.cancel()
            await asyncio.gather(self._watcher, return_exceptions=True)
            self._watcher = None
        await self._shut_down()
        self._set("cold")

    def count_tokens(self, text: str) -> int:
        """The tokens of ``text`` in this engine's tokenizer; raises ``EngineError`` until ready."""
        return len(self._ready().get_tokenizer().encode(text, add_special_tokens=False))

    @property
    def models(self) -> tuple[str, ...]:
        """The LoRA adapters of the model that are in the models folder."""
        return tuple(self._adapters)

    async def stream(
        self,
        messages: Sequence[ChatMessage],
        *,
        max_tokens: int,
        temperature: float,
        salt: str,
        top_p: float = 1.0,
        model: str = "",
    ) -> AsyncGenerator[str, None]:
        """Yield text as vLLM generates it; closing the generator aborts the request."""
        engine = self._ready()
        if model not in ("", self._model.name, *self._adapters):
            raise EngineError(f"The language model has no adapter “{model}”.")
        from vllm import SamplingParams
        from vllm.inputs import TokensPrompt
        from vllm.sampling_params import RequestOutputKind
        from vllm.v1.engine.exceptions import EngineDeadError, EngineGenerateError

        request_id = uuid4().hex
        tokens = self._tokens(engine, messages)
        prompt = TokensPrompt(prompt_token_ids=tokens, cache_salt=salt)
        sampling = SamplingParams(
            max_tokens=max_tokens,
            temperature=temperature,
            top_p=top_p,
            seed=SEED if temperature else None,
            output_kind=RequestOutputKind.DELTA,
        )
        adapter = self._lora(model)
        finished = False
        try:
            async for output in engine.generate(
                prompt, sampling, request_id=request_id, lora_request=adapter
            ):
                finished = output.finished
                if output.outputs[0].text:
                    yield output.outputs[0].text
        except EngineDeadError as error:
            raise EngineError(
                "The language model stopped while writing.",
                "It is being started again; ask once more in a minute.",
            ) from error
        except (EngineGenerateError, ValueError) as error:
            raise EngineError(f"The language model refused the request: {error}.") from error
        finally:
            if not finished and not engine.errored:
                await engine.abort(request_id)

    def _lora(self, name: str) -> "LoRARequest | None":
        if name not in self._adapters:
            return None
        from vllm.lora.request import LoRARequest

        number = list(self._adapters).index(name) + 1
        return LoRARequest(name, number, str(self._adapters[name]))

    def _tokens(self, engine: "AsyncLLM", messages: Sequence[ChatMessage]) -> list[int]:
        tokenizer: Any = engine.get_tokenizer()
        rendered = tokenizer.apply_chat_template(
            [{"role": message.role, "content": message.content} for message in messages],
            tokenize=False,
            add_generation_prompt=True,
            enable_thinking=False,
        )
        tokens: list[int] = tokenizer.encode(rendered, add_special_tokens=False)
        return tokens

    def _ready(self) -> "AsyncLLM":
        if self._engine is None or self._engine.errored:
            raise EngineError(
                "The language model is not ready.", "Wait until the status line says so."
            )
        return self._engine

    def _set(self, state: str, detail: str = "") -> None:
        self._status = replace(self._status, state=state, detail=detail)

    async def _load(self, detail: str = "") -> None:
        self._set("loading", detail)
        self._others = _children()
        loading = asyncio.create_task(asyncio.to_thread(self._build))
        try:
            await asyncio.shield(loading)
        except asyncio.CancelledError:
            await self._break_off(loading)
            raise
        except PinciteError as error:
            self._set("failed", str(error))
        except Exception as error:  # noqa: BLE001  vLLM raises anything at all; the state tells
            log.error("engine failed to load: %s", error)
            self._set(
                "failed",
                f"The language model could not be loaded: {type(error).__name__}: {error}.",
            )
        else:
            memory = _memory_gib(self._model, self._settings)
            self._status = replace(self._status, state="ready", detail="", memory_gib=memory)

    def _build(self) -> None:
        """Set the engine; returned through the thread's future it would never be let go of."""
        if (folder := Path(self._model.source)).is_absolute():
            check_weights(folder)
        os.environ.setdefault("VLLM_LOGGING_LEVEL", "ERROR")
        os.environ["VLLM_CPU_KVCACHE_SPACE"] = str(self._settings.kv_cache_gib)
        from vllm.engine.arg_utils import AsyncEngineArgs
        from vllm.v1.engine.async_llm import AsyncLLM

        self._engine = AsyncLLM.from_engine_args(
            AsyncEngineArgs(
                model=self._model.source,
                dtype=self._model.dtype,  # type: ignore[arg-type]
                max_model_len=self._model.context_tokens,
                gpu_memory_utilization=self._settings.gpu_memory_fraction,
                enforce_eager=self._model.device == "cpu",
                enable_prefix_caching=True,
                disable_log_stats=True,
                use_tqdm_on_load=False,
                **_lora_options(self._adapters),
            )
        )

    async def _break_off(self, loading: "asyncio.Task[None]") -> None:
        """Nothing stops vLLM's loading from inside but the death of its processes."""
        import psutil

        while not loading.done():
            for child in psutil.Process().children(recursive=True):
                if child.pid not in self._others:
                    with suppress(psutil.Error):
                        child.kill()
            await asyncio.wait([loading], timeout=0.2)
        loading.exception()
        await self._shut_down()

    async def _shut_down(self) -> None:
        engine, self._engine = self._engine, None
        if engine is not None:
            await _stop_reading(engine)
            await asyncio.to_thread(engine.shutdown)
            del engine
            # AsyncLLM's finalizer prints a traceback when the interpreter runs it at exit.
            gc.collect()

    async def _watch(self) -> None:
        """Notice a dead engine, say so, and load it again; give up after deaths in a row.

        Until then it is loading: a run waits for what is coming back, and ends with what failed.
        """
        deaths, loaded_at = 0, monotonic()
        while True:
            await asyncio.sleep(_WATCH_S)
            if self._engine is not None and not self._engine.errored:
                deaths = 0 if monotonic() - loaded_at > _STEADY_S else deaths
                continue
            if deaths == _RESTARTS:
                break
            deaths += 1
            self._set("loading", _AGAIN)
            log.error("engine died; restart %d of %d", deaths, _RESTARTS)
            try:
                await self._shut_down()
            except Exception:
                log.exception("the dead engine did not end cleanly")
            await self._load(_AGAIN)
            if self._engine is None and deaths < _RESTARTS:
                self._set("loading", _AGAIN)
            loaded_at = monotonic()
        self._set("failed", "The language model keeps stopping. Restart Pincite; see its log.")


def adapters_of(model: ChatModel, models_dir: Path) -> dict[str, Path]:
    """The LoRA adapters of ``models_dir/adapters`` that were trained on this model, by name.

    An adapter's ``adapter_config.json`` names its model: by the last part, whatever the folder.
    """
    found = {}
    for folder in sorted((models_dir / "adapters").glob("*/adapter_config.json")):
        base = str(_json(folder).get("base_model_name_or_path", ""))
        if Path(base).name == model.name:
            found[folder.parent.name] = folder.parent
    return found


def _lora_options(adapters: dict[str, Path]) -> dict[str, Any]:
    """What vLLM has to know at its start; its memory for adapters is by the highest rank."""
    if not adapters:
        return {}
    ranks = [int(_json(each / "adapter_config.json")["r"]) for each in adapters.values()]
    rank = next((each for each in _LORA_RANKS if each >= max(ranks)), max(ranks))
    return {"enable_lora": True, "max_loras": len(adapters), "max_lora_rank": rank}


def _json(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise ModelError(
            f"The adapter's {path} cannot be read.", "Copy the adapter again, or remove it."
        ) from error


async def _stop_reading(engine: "AsyncLLM") -> None:
    """End what reads the engine's output, or it reports the end of the process as a death."""
    reader: asyncio.Task[None] | None = engine.output_handler
    if reader is not None and not reader.done():
        from vllm.v1.engine.exceptions import EngineDeadError

        reader.cancel()
        await asyncio.wait([reader])
        engine.output_processor.propagate_error(EngineDeadError())


def _children() -> frozenset[int]:
    """The child processes that there are, readers of documents among them."""
    import psutil

    return frozenset(child.pid for child in psutil.Process().children(recursive=True))


def _memory_gib(model: ChatModel, settings: Settings) -> float | None:
    """Weights and cache on a CPU; on a GPU vLLM takes its share, which the setting names."""
    folder = Path(model.source)
    if model.device != "cpu" or not folder.is_dir():
        return None
    stored = sum(path.stat().st_size for path in folder.glob("*.safetensors"))
    scale = 2 if model.dtype == "float32" else 1
    return round(stored * scale / 2**30 + settings.kv_cache_gib, 1)
