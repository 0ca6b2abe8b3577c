# make run, make test, make check and make bench are all that anyone needs.

PYTHON ?= python3
BIN := .venv/bin
GPU := $(shell nvidia-smi -L >/dev/null 2>&1 && echo yes)
LOCK ?= $(if $(GPU),requirements.txt,requirements-cpu.txt)
TORCH := 2.13.0
UV := 0.13.9
# Named after the lock and its content: another lock, or a changed one, is installed anew.
INSTALLED := .venv/$(notdir $(LOCK))-$(shell sha256sum $(LOCK) | cut -c1-12).installed

.PHONY: run test check format bench lock chromium
.DEFAULT_GOAL := run

run: $(INSTALLED)
	@$(BIN)/python app.py prepare
	@$(BIN)/python app.py serve

test: check chromium
	$(BIN)/python app.py prepare
	$(BIN)/python -m pytest -m "not e2e" -n 2 --dist worksteal
	$(BIN)/python -m pytest -m e2e

check: .venv/tested
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: .venv/tested
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: .venv/tested
	$(BIN)/python app.py prepare
	$(BIN)/python -m tests.bench $(PARTS)

# The stamp is written last, so an interrupted installation is taken up again.
$(INSTALLED):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Pincite needs Python 3.11 or newer. Name one: make run PYTHON=python3.12"; exit 1; }
	@echo "Installing $(LOCK): $(if $(GPU),this machine has an NVIDIA GPU,no NVIDIA GPU was found)."
	@echo "About 3.5 GB, some minutes; a second start skips this."
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || { \
	  echo "Python cannot make a virtual environment; on Debian install python3-venv."; exit 1; }
ifeq ($(LOCK),requirements-cpu.txt)
	@$(BIN)/python -m pip install --quiet --no-deps "torch==$(TORCH)+cpu" 2>.venv/torch.log || { \
	  echo "pip knows no CPU build of torch here; uv fetches it from PyTorch's own index."; \
	  $(BIN)/python -m pip install --quiet --no-deps "uv==$(UV)" && \
	  $(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --torch-backend cpu \
	    "torch==$(TORCH)"; } || { \
	  echo "No CPU build of torch $(TORCH) could be fetched. Point PIP_FIND_LINKS at a folder with"; \
	  echo "its wheel, or PIP_EXTRA_INDEX_URL at PyTorch's CPU index, and try again."; exit 1; }
endif
	$(BIN)/python -m pip install --quiet --no-deps -r $(LOCK)
ifeq ($(LOCK),requirements-cpu.txt)
	@$(BIN)/python -c 'import sys, torch; sys.exit(torch.version.cuda is not None)' || { \
	  echo "A CUDA build of torch was installed on a machine without a GPU."; \
	  echo "Remove .venv and try again."; exit 1; }
endif
	@rm -f .venv/*.installed .venv/tested
	@touch $@

.venv/tested: $(INSTALLED) tests/requirements.txt
	$(BIN)/python -m pip install --quiet --no-deps -r tests/requirements.txt
	@touch $@

# The browser of the end-to-end test: one that is there, else Debian's, else Playwright's own.
chromium: .venv/tested
	@if command -v "$${PINCITE_CHROMIUM:-chromium}" >/dev/null; then \
	  echo "The end-to-end test uses $$(command -v $${PINCITE_CHROMIUM:-chromium})."; \
	elif command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
	  echo "Installing chromium and fonts-noto-cjk with apt-get for the end-to-end test."; \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
	    apt-get install -y -qq chromium fonts-noto-cjk >/dev/null; \
	else \
	  echo "Installing Playwright's Chromium for the end-to-end test."; \
	  $(BIN)/playwright install chromium; \
	fi

# Needs a machine whose uv finds the CPU build of torch (UV_FIND_LINKS, UV_EXTRA_INDEX_URL).
NEVER := llm llama-cpp-python opencv-python
NEVER_ON_CPU := $(NEVER) torchvision torchaudio torchcodec triton
COMPILE = $(BIN)/uv pip compile --quiet --python-version 3.11 --no-annotate --no-header \
  --python-platform x86_64-manylinux_2_35
lock: .venv/tested
	$(BIN)/python -m pip install --quiet --no-deps "uv==$(UV)"
	(echo "setuptools>=80.9"; printf "%s; sys_platform == 'never'\n" $(NEVER_ON_CPU)) >.venv/cpu.txt
	printf "%s; sys_platform == 'never'\n" $(NEVER) >.venv/gpu.txt
	$(COMPILE) --extra cpu --override .venv/cpu.txt pyproject.toml >.venv/cpu.lock
	grep -vE '^(torch|apache-tvm-ffi)=' .venv/cpu.lock >.venv/same.txt
	$(COMPILE) --extra gpu --override .venv/gpu.txt -c .venv/same.txt pyproject.toml >.venv/gpu.lock
	$(COMPILE) --group dev -c .venv/same.txt >.venv/dev.lock
	(sed '/^[^#]/,$$d' requirements.txt; cat .venv/gpu.lock) >.venv/new && cp .venv/new requirements.txt
	(sed '/^[^#]/,$$d' requirements-cpu.txt; sed 's/^\(torch==.*\)+cpu/\1/' .venv/cpu.lock) \
	  >.venv/new && cp .venv/new requirements-cpu.txt
	(sed '/^[^#]/,$$d' tests/requirements.txt; cat .venv/dev.lock) \
	  >.venv/new && cp .venv/new tests/requirements.txt
