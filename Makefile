# Everything is set up in .venv; nothing outside this folder is written except caches.
# A Python 3.11 or newer is looked for; name another one with `make PYTHON=/path/to/python ...`.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
LOCK := requirements-dev.lock
SCENARIO := workloads/scenarios/deepseek-v3-pretrain.yaml
REPORT := out/deepseek-v3-pretrain

# uv is fast; pip is always there. Either reads the same lock.
INSTALL = sh -c '{ [ -x $(BIN)/uv ] && UV_BUILD_CONSTRAINT=$(LOCK) $(BIN)/uv pip install -q --python $(BIN)/python "$$@"; } \
	|| PIP_CONSTRAINT=$(LOCK) $(BIN)/python -m pip install -q --disable-pip-version-check "$$@"' install

.PHONY: help demo test crosscheck bench lock clean

help:
	@echo "make demo        set up, simulate the shipped scenario, print where the report is"
	@echo "make test        set up, then ruff, mypy, import contracts, pytest"
	@echo "make crosscheck  compare with other programs and regenerate the committed fixtures"
	@echo "make bench       measure the speed promises"
	@echo "make lock        renew the pinned versions in $(LOCK)"
	@echo "make clean       remove what the other targets made"

demo: .venv/.product
	@$(BIN)/clustercast run $(SCENARIO) --out $(REPORT)
	@echo "Report: $(CURDIR)/$(REPORT)/report.html"

test: .venv/.tools
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict
	$(BIN)/lint-imports
	$(BIN)/pytest -n auto --dist worksteal

crosscheck: .venv/.tools .venv-torch/.made .venv-hta/.made
	.venv-torch/bin/python -m tests.crosscheck.make_transformers_fixtures
	$(BIN)/python -m tests.crosscheck.make_simgrid_fixtures
	$(BIN)/pytest tests/crosscheck -m "crosscheck or not crosscheck"

bench: .venv/.tools
	$(BIN)/pytest tests/benchmarks -s -rA

lock: .venv/.tools
	$(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --group dev --no-header --no-annotate \
		pyproject.toml -o $(LOCK)

clean:
	rm -rf .venv .venv-torch .venv-hta out dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Other programs need other versions than ours; they live apart. For torch's build without CUDA, which is much
# smaller, name its index or folder in PIP_EXTRA_INDEX_URL or PIP_FIND_LINKS.
.venv-torch/.made: .venv/.made tests/crosscheck/requirements.txt
	$(PYTHON) -m venv .venv-torch
	.venv-torch/bin/python -m pip install -q --disable-pip-version-check --requirement tests/crosscheck/requirements.txt
	@touch $@

.venv-hta/.made: tests/crosscheck/requirements-hta.txt
	$(PYTHON) -m venv .venv-hta
	.venv-hta/bin/python -m pip install -q --disable-pip-version-check --requirement tests/crosscheck/requirements-hta.txt
	@touch $@

.venv/.made:
	@[ -n "$(PYTHON)" ] && command -v "$(PYTHON)" >/dev/null || { echo "clustercast needs Python 3.11 or newer, and none was found on PATH." \
		"Install one, or name it: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "clustercast needs Python 3.11 or newer;" \
		"$(PYTHON) is `$(PYTHON) --version 2>&1`. Name another: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) cannot make a virtual environment:" \
		"the modules venv and ensurepip are missing. On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install -q --disable-pip-version-check uv || echo "uv could not be installed; pip does its work"
	@touch $@

.venv/.product: .venv/.made pyproject.toml $(LOCK)
	@echo "Installing clustercast into .venv"
	@$(INSTALL) --constraint $(LOCK) --editable .
	@touch $@

.venv/.tools: .venv/.product
	@echo "Installing the tools of \`make test\` into .venv"
	@$(INSTALL) --requirement $(LOCK)
	@touch $@
