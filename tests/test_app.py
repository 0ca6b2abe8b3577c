"""The program: its help comes at once."""

import resource
import subprocess
import sys

from core.settings import ROOT

HEAVY = ("torch", "vllm", "gradio", "lancedb", "FlagEmbedding", "llama_index", "transformers",
         "sqlalchemy", "pypdf", "docx", "fastapi", "numpy")  # fmt: skip
COMMANDS = (
    "prepare", "serve", "ingest", "ask", "search", "check", "calibrate", "documents", "delete",
    "user", "matter", "audit",
)  # fmt: skip


def test_help_comes_at_once_and_loads_nothing_heavy() -> None:
    program = (
        "import runpy, sys\n"
        "sys.argv = ['app.py', '--help']\n"
        "try:\n"
        "    runpy.run_path('app.py', run_name='__main__')\n"
        "except SystemExit as ended:\n"
        "    code = ended.code\n"
        f"print('LOADED', sorted(set({HEAVY!r}) & set(sys.modules)), code)\n"
    )
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 2
    assert done.stdout.splitlines()[-1] == "LOADED [] 0"
    for command in COMMANDS:
        assert f" {command} " in done.stdout
