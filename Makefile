# Everything here works on a fresh machine that has Python 3.11 or newer with venv, and make.
PYTHON ?= python3
VENV ?= .venv
HOST ?= 127.0.0.1
PORT ?= 8000
API ?= http
STAGE ?= $$default

bin := $(VENV)/bin

.PHONY: help serve chat test test-all lint format observe bench clean

help:
	@echo "make serve     the example app behind a local API: http://$(HOST):$(PORT)  (PORT=, API=http|rest|url|alb|lattice|edge, STAGE=)"
	@echo "make chat      the chat example's template, with its HTTP API and its WebSocket API: http://$(HOST):$(PORT)  (PORT=)"
	@echo "make test      lint, types, tests, coverage"
	@echo "make test-all  the tests on every Python 3.11+ that is installed"
	@echo "make observe   the recipes of docs/observability.md, with the real packages of every tool"
	@echo "make bench     the benchmark against other adapters; renews docs/benchmark.md and the charts"

serve: $(VENV)/.serve
	$(bin)/python -m bridge serve examples.fastapi_app.app:handler --host $(HOST) --port $(PORT) --api $(API) --stage '$(STAGE)'

chat: $(VENV)/.serve
	$(bin)/python -m bridge serve examples/chat/template.yaml --env-file examples/chat/local.env --host $(HOST) --port $(PORT)

test: lint
	$(bin)/coverage erase
	$(bin)/coverage run -m pytest --numprocesses auto
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

bench: $(VENV)/.dev
	$(bin)/python -m benchmarks

observe: $(VENV)/.observe
	OBSERVE=1 $(bin)/python -m pytest tests/observe --numprocesses auto

clean:
	rm -rf $(VENV) .venv-* .coverage* .mypy_cache .ruff_cache .pytest_cache .hypothesis dist

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
