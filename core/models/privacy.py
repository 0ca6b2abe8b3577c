"""Nothing leaves the machine: what the libraries read from the environment to stay silent."""

import os

from core.settings import Settings

_SILENT = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "VLLM_NO_USAGE_STATS": "1",
    "VLLM_DO_NOT_TRACK": "1",
    # vLLM otherwise learns its own address by connecting to a public one.
    "VLLM_HOST_IP": "127.0.0.1",
    "VLLM_LOOPBACK_IP": "127.0.0.1",
    "LANCEDB_TELEMETRY_DISABLED": "1",
    # For the child processes: vLLM warns of torch's own changes, which no user can act on.
    "PYTHONWARNINGS": "ignore::FutureWarning",
}


def keep_inside(settings: Settings) -> None:
    """Turn telemetry and hub look-ups off, before any of the libraries is imported."""
    os.environ.update(_SILENT)
    # The tokenizers' own threads and torch's compete for the same two cores.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    # Gradio keeps uploads in the system's temporary folder unless told; they are confidential.
    os.environ["GRADIO_TEMP_DIR"] = str(settings.data_dir / "uploads")
    offline = "0" if settings.allow_downloads else "1"
    os.environ.update({"HF_HUB_OFFLINE": offline, "TRANSFORMERS_OFFLINE": offline})
