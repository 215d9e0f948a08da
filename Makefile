# Everything here works on a fresh machine that has Python 3.11 or newer with venv, and make.
PYTHON ?= python3
VENV ?= .venv
COMPAT_VENV ?= .venv-compat
HOST ?= 127.0.0.1
PORT ?= 8000
API ?= http
STAGE ?= $$default

bin := $(VENV)/bin

.PHONY: help serve chat test test-all lint format observe compat fuzz fuzz-guided endurance modes mutants docs bench clean

help:
	@echo "make serve     the example app behind a local API: http://$(HOST):$(PORT)  (PORT=, API=http|rest|url|alb|lattice|edge, STAGE=)"
	@echo "make chat      the chat example's template, with its HTTP API and its WebSocket API: http://$(HOST):$(PORT)  (PORT=)"
	@echo "make test      lint, types, tests, coverage"
	@echo "make test-all  the tests on every Python 3.11+ that is installed"
	@echo "make observe   the recipes of docs/observability.md, with the real packages of every tool"
	@echo "make fuzz      random input for everything that reads input (SECONDS=, SEED=); make fuzz-guided: by coverage"
	@echo "make endurance a million events in one process, and through the runtime (EVENTS=)"
	@echo "make modes     the core of the tests with -O, in development mode, with asyncio's debug mode, hash seeds, uvloop"
	@echo "make mutants   mistakes put into the code one by one: those that the tests do not see (MUTANTS='bridge._http.body*')"
	@echo "make compat    the tests with sixteen frameworks and what goes with them; renews docs/compatibility.md"
	@echo "make docs      the documentation site: http://$(HOST):$(PORT)"
	@echo "make bench     the benchmark against other adapters; renews docs/benchmark.md, the figures of README.md and the chart"

serve: $(VENV)/.serve
	$(bin)/python -m bridge serve examples.fastapi_app.app:handler --host $(HOST) --port $(PORT) --api $(API) --stage '$(STAGE)'

chat: $(VENV)/.serve
	$(bin)/python -m bridge serve examples/chat/template.yaml --env-file examples/chat/local.env --host $(HOST) --port $(PORT)

# Tests with real processes, sockets and times, beside each other on a busy machine: one that fails runs once more, alone.
ALONE := --last-failed --last-failed-no-failures none

test: lint
	$(bin)/coverage erase
	$(bin)/coverage run -m pytest --numprocesses auto || $(bin)/coverage run -m pytest $(ALONE)
	$(bin)/coverage combine -q
	$(bin)/coverage report

lint: $(VENV)/.dev
	$(bin)/ruff check .
	$(bin)/ruff format --check .
	$(bin)/mypy

format: $(VENV)/.dev
	$(bin)/ruff check --fix .
	$(bin)/ruff format .

test-all:
	.ci/test-all

compat: $(COMPAT_VENV)/.compat
	$(COMPAT_VENV)/bin/python -m pytest tests/compat -q -o filterwarnings=default --disable-warnings --compat-page docs/compatibility.md

bench: $(VENV)/.dev
	$(bin)/python -m benchmarks

observe: $(VENV)/.observe
	OBSERVE=1 $(bin)/python -m pytest tests/observe --numprocesses auto

SECONDS ?= 30
EVENTS ?= 1000000

fuzz: $(VENV)/.dev
	$(bin)/python -m tests.fuzz --seconds $(SECONDS) $(if $(SEED),--seed $(SEED))
	$(bin)/python -m tests.fuzz.differential $(if $(SEED),--seed $(SEED))

fuzz-guided: $(VENV)/.dev
	$(bin)/python -m pip install --quiet --group fuzz
	$(bin)/python -m tests.fuzz.guided --seconds $(SECONDS)

endurance: $(VENV)/.dev
	$(bin)/python -m tests.endurance --events $(EVENTS)

modes: $(VENV)/.dev
	$(bin)/python -m tests.modes

mutants: $(VENV)/.dev
	$(bin)/python -m pip install --quiet --group mutants
	$(bin)/python -m mutmut run $(foreach name,$(MUTANTS),'$(name)')
	$(bin)/python -m mutmut results
	$(bin)/python -m mutmut export-cicd-stats
	@cat mutants/mutmut-cicd-stats.json

docs: $(VENV)/.docs
	NO_MKDOCS_2_WARNING=1 $(VENV)/docs/bin/mkdocs build --strict --config-file site/mkdocs.yml
	NO_MKDOCS_2_WARNING=1 $(VENV)/docs/bin/mkdocs serve --config-file site/mkdocs.yml --dev-addr $(HOST):$(PORT)

$(VENV)/.docs: $(VENV)/.pip pyproject.toml
	$(PYTHON) -m venv $(VENV)/docs
	$(VENV)/docs/bin/python -m pip install --quiet --upgrade "pip>=25.1"
	$(VENV)/docs/bin/python -m pip install --quiet --editable . --group docs
	touch $@

clean:
	rm -rf $(VENV) mutants .venv-* .coverage* .mypy_cache .ruff_cache .pytest_cache .hypothesis dist

$(VENV)/.pip:
	$(PYTHON) -m venv $(VENV)
	$(bin)/python -m pip install --quiet --upgrade "pip>=25.1"
	touch $@

$(VENV)/.serve: $(VENV)/.pip pyproject.toml
	$(bin)/python -m pip install --quiet --editable ".[serve]" --group example
	touch $@

$(VENV)/.rie: $(VENV)/.pip .ci/rie
	$(bin)/python .ci/rie $(VENV)/rie
	touch $@

$(VENV)/.observe: $(VENV)/.pip pyproject.toml
	$(bin)/python -m pip install --quiet --editable ".[serve]" --group observe
	touch $@

$(VENV)/.dev: $(VENV)/.pip $(VENV)/.rie pyproject.toml
	$(bin)/python -m pip install --quiet --editable ".[serve]" --group dev
	touch $@ $(VENV)/.serve

$(COMPAT_VENV)/.compat: pyproject.toml
	$(PYTHON) -m venv $(COMPAT_VENV)
	$(COMPAT_VENV)/bin/python -m pip install --quiet --upgrade "pip>=25.1"
	$(COMPAT_VENV)/bin/python -m pip install --quiet --editable . --group compat
	touch $@
