"""Every setting of Pincite, in one frozen, described class."""

import logging
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from core.errors import SettingsError

log = logging.getLogger(__name__)

ROOT = Path(__file__).resolve().parent.parent
"""The folder of this checkout: data, models and assets stand in it unless a setting says else."""


class Settings(BaseSettings):
    """Read from ``PINCITE_…`` in the environment, then from ``.env`` beside ``app.py``."""

    model_config = SettingsConfigDict(
        env_prefix="PINCITE_",
        env_file=ROOT / ".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
    )

    data_dir: Path = Field(ROOT / "data", description="Documents, index and database live here.")
    models_dir: Path = Field(ROOT / "models", description="The bundled models, once prepared.")
    host: str = Field("127.0.0.1", description="The address that the page is served on.")
    port: int = Field(7860, ge=0, le=65535, description="The port; 0 takes any free one.")
    hosts: str = Field(
        "",
        description="Other names that the page is reached by, separated by commas; "
        "any name where it is served on an address of the network and this is empty.",
    )
    behind_proxy: bool = Field(
        False,
        description="A proxy of ours stands before the page: believe its X-Forwarded headers.",
    )
    session_hours: float = Field(12.0, gt=0, description="How long one stays logged in.")
    oidc_issuer: str = Field(
        "", description="The address of an OpenID Connect provider to log in with; empty has none."
    )
    oidc_client_id: str = Field("", description="What that provider calls Pincite.")
    oidc_client_secret: SecretStr = Field(SecretStr(""), description="Its secret for Pincite.")
    oidc_claim: str = Field(
        "email", description="The claim that holds a person's name in Pincite, at the first login."
    )
    open_window: bool = Field(False, description="Open a browser window once the page answers.")
    sample_matter: bool = Field(True, description="Fill a fresh start with a sample matter.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="How much is logged; document text never is."
    )

    profile: Literal["auto", "embedded", "workstation", "remote"] = Field(
        "auto", description="Which models serve: auto takes what this machine can."
    )
    chat_model: str = Field(
        "", description="Chat weights: a folder or a hub name (workstation), a model name (remote)."
    )
    embedding_model: str = Field(
        "", description="Embedding weights: a folder or a hub name; empty takes the profile's own."
    )
    reranking_model: str = Field(
        "", description="Reranking weights: a folder or a hub name; empty takes the profile's own."
    )
    allow_downloads: bool = Field(
        False, description="Let a model be fetched from a hub by name. Off: nothing leaves."
    )
    remote_base_url: str = Field(
        "", description="An OpenAI-compatible endpoint, ending in /v1 (remote)."
    )
    remote_api_key: SecretStr = Field(SecretStr(""), description="The key of that endpoint.")
    remote_models: str = Field(
        "",
        description="Other models of that endpoint that a variant may use, separated by commas.",
    )
    remote_cache_salt: Literal["auto", "always", "never"] = Field(
        "auto",
        description="Keep matters apart in the endpoint's prefix cache by vLLM's cache_salt: "
        "auto where the endpoint says that it is vLLM; others refuse the field.",
    )

    context_tokens: int = Field(
        0, ge=0, description="The engine's context length; 0 takes the profile's own."
    )
    passage_tokens: int = Field(
        0, ge=0, description="Tokens of passages in one prompt; 0 takes the profile's own."
    )
    answer_tokens: int = Field(0, ge=0, description="The longest draft; 0 takes the profile's own.")
    kv_cache_gib: int = Field(1, ge=1, description="Memory for the engine's cache on a CPU.")
    gpu_memory_fraction: float = Field(
        0.6, gt=0, le=1, description="The share of GPU memory that the engine may take."
    )

    passage_characters: int = Field(
        1000, ge=200, le=4000, description="The size that a passage is cut to, at most."
    )
    retrieve: int = Field(50, ge=1, le=1000, description="Passages found before reranking.")
    top_k: int = Field(8, ge=1, le=50, description="Passages shown to the reader and the engine.")

    file_size_mib: int = Field(200, ge=1, description="The largest file taken in.")
    readers: int = Field(
        0, ge=0, le=16, description="Processes that read files; 0 takes half the cores, at most 4."
    )
    reading_timeout_s: float = Field(
        120.0, gt=0, description="The longest stretch of reading a file without progress."
    )


def load_settings(**overrides: object) -> Settings:
    """Read the settings; ``overrides`` win over the environment.

    Raises ``SettingsError`` with a sentence that names the setting and what it takes.
    """
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        name = "PINCITE_" + "_".join(str(part) for part in first["loc"]).upper()
        raise SettingsError(
            f"The setting {name} is wrong: {first['msg']}.",
            "Correct it in the environment or in .env; .env.example describes every setting.",
        ) from error


def private_folder(folder: Path) -> None:
    """Make a folder that only this account looks into, if need be of one that is there."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    keep_private(folder)


def keep_private(path: Path) -> None:
    """Take a file or folder away from every other account.

    One that belongs to another account is left as it is, with a warning in the log.
    """
    mode = path.stat().st_mode
    if mode & 0o077:
        try:
            path.chmod(mode & 0o700)
        except PermissionError:  # a mounted volume may belong to whoever runs the machine
            log.warning("others may read %s, which belongs to another account", path)


def example_env() -> str:
    """The text of ``.env.example``: every setting with its description and default."""
    lines = ["# Every setting of Pincite with its default. Copy to .env and change what you need."]
    for name, field in Settings.model_fields.items():
        default = field.default
        if isinstance(default, Path):
            default = default.relative_to(ROOT)
        if isinstance(default, SecretStr):
            default = default.get_secret_value()
        if isinstance(default, bool):
            default = str(default).lower()
        lines += ["", f"# {field.description}", f"# PINCITE_{name.upper()}={default}"]
    return "\n".join(lines) + "\n"
