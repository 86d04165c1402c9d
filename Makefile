# `make help` says what there is. Works with GNU make 3.81 (macOS) and later.
PYTHON ?= python3
PORT ?=
HOST ?=
TORCH_INDEX ?=
export PORT HOST TORCH_INDEX

VENV_PYTHON := .venv/bin/python
# Quick when .venv is already right, and then needs no network.
environment = @$(PYTHON) scripts/environment.py

.DEFAULT_GOAL := help
.PHONY: help lab test test-slow check bench format clean

help: ## say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "  PYTHON=python3.12      the Python to build .venv with (3.11 or later)"
	@echo "  PORT=9000 HOST=0.0.0.0 where JupyterLab listens; a container needs the HOST"
	@echo "  CNNVIZ_MODEL=alexnet   the network the lectures open"
	@echo "  TORCH_INDEX=URL        take torch from this index: on Linux pip brings CUDA's, 5 GB; the address of"
	@echo "                         the much smaller CPU build is on PyTorch's page 'Start locally'"

lab: ## open the lectures in JupyterLab (builds .venv the first time)
	$(environment) lab
	@$(VENV_PYTHON) scripts/lab.py

test: ## unit tests, every lecture, the browser; all three even if one fails
	$(environment) test
	@$(VENV_PYTHON) scripts/verify.py unit lectures browser

test-slow: ## every torchvision classifier, and the other slow tests
	$(environment) test
	@$(VENV_PYTHON) scripts/verify.py slow

check: ## format, lint, types and fast tests, in under 2 minutes
	$(environment) dev
	@$(VENV_PYTHON) scripts/verify.py format lint types fast

bench: ## time what must be quick
	$(environment) test
	@$(VENV_PYTHON) -m pytest tests/benchmarks -o python_files='bench_*.py' -p no:cacheprovider -q -s

format: ## let ruff write the code its way
	$(environment) dev
	@$(VENV_PYTHON) -m ruff format .
	@$(VENV_PYTHON) -m ruff check --fix .

clean: ## remove .venv and every cache
	rm -rf .venv .venv.lock .pytest_cache .mypy_cache .ruff_cache .hypothesis .benchmarks build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	find lectures -name .ipynb_checkpoints -type d -prune -exec rm -rf {} +
