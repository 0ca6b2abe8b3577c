"""Which models serve, by what the machine has and what the settings say."""

import re
from pathlib import Path

import pytest

from core.errors import ModelError, PinciteError, SettingsError
from core.models.profile import Machine, check_weights, choose, detect_machine, find_weights
from core.settings import Settings, load_settings

LAPTOP = Machine()
SERVER = Machine("NVIDIA A100", 70.0, True)


def settings(folder: Path, **values: object) -> Settings:
    return load_settings(models_dir=folder, **values)


def weights(folder: Path) -> Path:
    folder.mkdir(parents=True)
    for name in ("config.json", "model.safetensors", "tokenizer.json"):
        (folder / name).write_text("{}")
    return folder


def test_a_laptop_gets_the_embedded_models(tmp_path: Path) -> None:
    profile = choose(settings(tmp_path), LAPTOP)
    assert (profile.name, profile.chat.device, profile.chat.dtype) == ("embedded", "cpu", "float32")
    assert profile.reranking is None


def test_a_cpu_with_bfloat16_uses_it(tmp_path: Path) -> None:
    profile = choose(settings(tmp_path), Machine(cpu_bfloat16=True))
    assert (profile.chat.dtype, profile.embedding.half_precision) == ("bfloat16", True)


def test_a_gpu_without_weights_runs_the_embedded_models_on_it(tmp_path: Path) -> None:
    profile = choose(settings(tmp_path), SERVER)
    assert (profile.name, profile.chat.device, profile.embedding.device) == (
        "embedded",
        "cuda",
        "cuda",
    )


@pytest.mark.parametrize(
    ("free_gib", "chat"), [(70.0, "Qwen3-32B-AWQ"), (24.0, "Qwen3-14B-AWQ"), (9.0, "Qwen3-8B-AWQ")]
)
def test_a_gpu_with_weights_is_a_workstation_of_its_size(
    tmp_path: Path, free_gib: float, chat: str
) -> None:
    for name in (chat, "bge-m3", "bge-reranker-v2-m3"):
        weights(tmp_path / name)
    profile = choose(settings(tmp_path), Machine("NVIDIA GPU", free_gib, True))
    assert (profile.name, profile.chat.name) == ("workstation", chat)
    assert profile.embedding.source == str(tmp_path / "bge-m3")
    assert profile.reranking is not None
    assert profile.reranking.half_precision


def test_with_downloads_allowed_a_hub_name_stands_for_a_missing_folder(tmp_path: Path) -> None:
    profile = choose(settings(tmp_path, allow_downloads=True), SERVER)
    assert profile.name == "workstation"
    assert (profile.chat.source, profile.embedding.source) == ("Qwen/Qwen3-32B-AWQ", "BAAI/bge-m3")


def test_an_endpoint_makes_the_profile_remote(tmp_path: Path) -> None:
    endpoint = {"remote_base_url": "http://127.0.0.1:1/v1", "chat_model": "big"}
    profile = choose(settings(tmp_path, **endpoint), LAPTOP)
    assert (profile.name, profile.chat.device, profile.chat.source) == ("remote", "remote", "big")


@pytest.mark.parametrize(
    ("values", "error", "says"),
    [
        ({"profile": "workstation"}, ModelError, "PINCITE_PROFILE"),
        ({"profile": "remote"}, SettingsError, "PINCITE_REMOTE_BASE_URL"),
        ({"chat_model": "absent"}, ModelError, "absent"),
        ({"embedding_model": "absent"}, ModelError, "absent"),
        ({"reranking_model": "absent"}, ModelError, "PINCITE_ALLOW_DOWNLOADS"),
    ],
)
def test_what_is_missing_is_said_with_the_remedy(
    tmp_path: Path, values: dict[str, str], error: type[PinciteError], says: str
) -> None:
    with pytest.raises(error, match=says):
        choose(settings(tmp_path, **values), LAPTOP)


@pytest.mark.parametrize("lost", ["config.json", "model.safetensors", "tokenizer.json"])
def test_a_broken_folder_is_named_with_what_it_lacks(tmp_path: Path, lost: str) -> None:
    folder = weights(tmp_path / "mine")
    (folder / lost).unlink()
    with pytest.raises(ModelError, match=re.escape(str(folder))) as raised:
        find_weights(settings(tmp_path), "mine")
    assert raised.value.remedy
    (folder / lost).touch()
    with pytest.raises(ModelError, match="missing or empty"):
        check_weights(folder)


def test_this_machine_can_be_asked() -> None:
    assert detect_machine().gpu_free_gib >= 0
