"""Every setting is described, checked when it is read and fixed from then on."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from core.errors import SettingsError
from core.settings import ROOT, Settings, example_env, load_settings


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"PINCITE_{name.upper()}", raising=False)
    monkeypatch.setitem(Settings.model_config, "env_file", tmp_path / ".env")


def test_settings_do_not_change_once_they_are_read() -> None:
    settings = load_settings()
    with pytest.raises(ValidationError, match="frozen"):
        settings.port = 1


def test_the_example_file_is_what_the_settings_describe() -> None:
    assert (ROOT / ".env.example").read_text(encoding="utf-8") == example_env()


def test_every_setting_has_a_description_that_ends_like_a_sentence() -> None:
    for name, field in Settings.model_fields.items():
        assert (field.description or "").endswith("."), name


def test_the_example_file_uncommented_is_the_default(tmp_path: Path) -> None:
    settings = [line[2:] for line in example_env().splitlines() if line.startswith("# PINCITE_")]
    assert len(settings) == len(Settings.model_fields)
    (tmp_path / ".env").write_text("\n".join(settings), encoding="utf-8")
    read, default = load_settings(), load_settings(_env_file=None)
    for name, value in default.model_dump().items():
        expected = value.relative_to(ROOT) if isinstance(value, Path) else value
        assert getattr(read, name) == expected, name


def test_the_environment_wins_over_the_file_and_an_override_over_both(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("PINCITE_TOP_K=3\nPINCITE_RETRIEVE=30\nPINCITE_PORT=1\n")
    monkeypatch.setenv("PINCITE_RETRIEVE", "40")
    monkeypatch.setenv("PINCITE_PORT", "2")
    settings = load_settings(port=3)
    assert (settings.top_k, settings.retrieve, settings.port) == (3, 40, 3)


def test_an_empty_variable_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PINCITE_PORT", "")
    assert load_settings().port == 7860


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PINCITE_PORT", "65536"),
        ("PINCITE_PORT", "seven"),
        ("PINCITE_PROFILE", "huge"),
        ("PINCITE_OPEN_WINDOW", "perhaps"),
        ("PINCITE_GPU_MEMORY_FRACTION", "0"),
        ("PINCITE_PASSAGE_CHARACTERS", "100"),
        ("PINCITE_READING_TIMEOUT_S", "-1"),
    ],
)
def test_a_wrong_value_is_answered_with_a_sentence_that_names_the_setting(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert caught.value.reason.startswith(f"The setting {name} is wrong: ")
    assert str(caught.value).endswith(".env.example describes every setting.")
    assert "\n" not in str(caught.value)


def test_a_key_is_not_shown_where_settings_are_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PINCITE_REMOTE_API_KEY", "sk-confidential")
    settings = load_settings()
    assert settings.remote_api_key.get_secret_value() == "sk-confidential"
    assert "sk-confidential" not in f"{settings} {settings!r} {settings.model_dump()}"
    assert "sk-confidential" not in example_env()
