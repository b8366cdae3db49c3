# Every task a person runs; bare `make` prints the list. Python >= 3.11 and make are all a machine needs.

PYTHON ?= python3
BIN := .venv/bin
UV := $(BIN)/uv
STAMP := .venv/.installed
WORKERS ?= $(if $(CONTAINERS),0,2)
MEMBERS := -e libs/common -e services/incident-intake -e services/escalation -e services/notifier -e services/postmortem

.DEFAULT_GOAL := help
.PHONY: help setup up demo settings test unit contract integration acceptance check lint types imports generated lock format chaos vectors zones bench

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

setup: $(STAMP) ## install everything from the lock into .venv

$(STAMP): requirements.lock libs/common/pyproject.toml $(wildcard services/*/pyproject.toml)
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Tocsin needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.11 ...")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@test -x $(UV) || $(BIN)/python -m pip install --quiet uv
	@$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps $(MEMBERS)
	@$(BIN)/python -m compileall -q -j 0 .venv/lib libs services dev || true # Else each start compiles, for seconds.
	@touch $@

up: setup ## set everything up and run the whole system (DATABASE=postgres, REPLICAS=2, BROKERS=3)
	@$(BIN)/python -m dev up

demo: setup ## tell the story of one outage in the terminal
	@$(BIN)/python -m dev demo

settings: ## make the secrets and settings of docker compose, once
	@$(PYTHON) -m dev settings

test: setup ## set everything up and run all tests, on a real Kafka and PostgreSQL (WORKERS=0: one by one; CONTAINERS=1: from a Docker engine)
	@$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadscope

unit: setup ## the pure cores, in seconds
	@$(BIN)/python -m pytest tests/unit

contract: setup ## one suite per port, every implementation
	@$(BIN)/python -m pytest tests/contract

integration: setup ## what only the real infrastructure can show
	@$(BIN)/python -m pytest tests/integration

acceptance: setup ## the system in prose
	@$(BIN)/python -m pytest tests/acceptance

check: lint types imports generated lock ## lint, types, imports, generated files, lock

lint: setup
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: setup
	@$(BIN)/mypy

imports: setup
	@$(BIN)/lint-imports --no-logo 2>/dev/null || $(BIN)/lint-imports

generated: setup
	@$(BIN)/python -m dev generate --check

lock: setup
	@$(BIN)/python -m dev lock --check

format: setup ## format, fix what is safe to fix, regenerate what is generated
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix . && $(BIN)/python -m dev generate && $(BIN)/python -m dev lock

chaos: setup ## break a whole system by a seed (SEED= MINUTES= DATABASE= REPLICAS= RATE= FAULTS= PACE=)
	@$(BIN)/python -m dev chaos

vectors: setup ## other systems' schedule cases against our schedules (DIR=)
	@$(BIN)/python -m dev vectors $(DIR)

zones: setup ## every change of every clock in 130 years against schedules; minutes
	@HYPOTHESIS_PROFILE=long $(BIN)/python -m pytest -q --numprocesses $(WORKERS) tests/unit/escalation/test_every_zone.py

bench: setup ## measure throughput, delay, drain, memory, start-up, plans (DATABASE= SCALE= ONLY= TABLE=1)
	@$(BIN)/python -m dev bench
