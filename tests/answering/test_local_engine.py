"""The engine's states, as far as they go without loading a model."""

import asyncio
import json
import re
import sys
from pathlib import Path

import pytest

from core.answering.local_engine import LocalEngine, _lora_options, adapters_of
from core.errors import EngineError, ModelError
from core.models.profile import ChatModel
from core.settings import load_settings
from tests.fakes import MortalEngine


def engine(folder: Path) -> LocalEngine:
    model = ChatModel("tiny", str(folder), "cpu", "float32", 4096, 900, 160, ("en",))
    return LocalEngine(model, load_settings(models_dir=folder.parent))


async def test_a_new_engine_is_cold_and_can_be_closed_again_and_again(tmp_path: Path) -> None:
    made = engine(tmp_path / "tiny")
    status = made.status
    assert (status.job, status.model, status.device, status.state) == (
        *("chat", "tiny", "cpu", "cold"),
    )
    await made.close()
    await made.close()
    assert made.status.state == "cold"


async def test_a_missing_folder_fails_the_start_with_its_name_and_the_remedy(
    tmp_path: Path,
) -> None:
    before = "vllm" in sys.modules
    made = engine(tmp_path / "tiny")
    await made.start()
    assert made.status.state == "failed"
    assert str(tmp_path / "tiny") in made.status.detail
    assert "Copy the folder again" in made.status.detail
    assert ("vllm" in sys.modules) == before, "the weights are looked at before vLLM is loaded"
    await made.close()
    assert made.status.state == "cold"


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json"])
async def test_an_empty_file_among_the_weights_is_told_before_anything_is_loaded(
    tmp_path: Path, name: str
) -> None:
    folder = tmp_path / "tiny"
    folder.mkdir()
    for each in ("config.json", "model.safetensors", "tokenizer.json"):
        (folder / each).write_text("" if each == name else "{}")
    made = engine(folder)
    await made.start()
    assert made.status.state == "failed"
    assert re.search(
        f"{re.escape(str(folder))} is broken: its .* missing or empty", made.status.detail
    )
    await made.close()


@pytest.mark.parametrize("failing", [0, 1])
async def test_an_engine_that_died_is_loading_until_it_is_there_again_or_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    monkeypatch.setattr("core.answering.local_engine._WATCH_S", 0.05)
    made = MortalEngine(load_settings(models_dir=tmp_path))
    await made.start()
    made.failing = failing
    made.die()
    assert made.status.detail == "The language model stopped and is being started again."
    assert await made.until("ready") == {"loading"}
    made.failing = 9
    made.die()
    await made.until("failed")
    await asyncio.sleep(0.2)
    assert made.status.detail.startswith("The language model keeps stopping.")
    await made.close()


async def test_no_tokens_are_counted_until_the_engine_is_ready(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="not ready") as raised:
        engine(tmp_path / "tiny").count_tokens("rent")
    assert raised.value.remedy


def test_adapters_are_those_of_the_folder_that_were_trained_on_the_model(tmp_path: Path) -> None:
    bases = {"leases": "/train/own", "deeds": "owner/own", "others": "Qwen3"}
    for name, base in bases.items():
        folder = tmp_path / "adapters" / name
        folder.mkdir(parents=True)
        config = {"base_model_name_or_path": base, "r": 12}
        (folder / "adapter_config.json").write_text(json.dumps(config))
    model = ChatModel("own", "own", "cpu", "float32", 4096, 900, 160, ("en",))
    found = adapters_of(model, tmp_path)
    assert list(found) == ["deeds", "leases"]
    assert _lora_options(found) == {"enable_lora": True, "max_loras": 2, "max_lora_rank": 16}
    assert _lora_options({}) == {}
    (tmp_path / "adapters" / "leases" / "adapter_config.json").write_text("{")
    with pytest.raises(ModelError, match="cannot be read"):
        adapters_of(model, tmp_path)
