# Every target works in a fresh clone; `make demo` needs nothing but Python 3.11 or newer.
.DEFAULT_GOAL := help
SHELL := /bin/bash -euo pipefail
.PHONY: help setup runtime demo test check audit format bench chaos soak guide docs lock compliance clean

BIN := .venv/bin
CODE := esik schemas edge_agent cloud simulators hardware tests
ARGS ?=
# Tests start hundreds of programs: none of them shall compile the same modules anew.
unexport PYTHONDONTWRITEBYTECODE
# Five test processes by default: two cores are what a small machine has, and tests wait for real servers a while.
JOBS ?= 5
# Compiles every test once, beside mypy; else each of the test processes of a fresh clone compiles all of them for itself.
COLLECT := $(BIN)/pytest --collect-only -q --ignore tests/repo | tail -n 1

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## install everything that checks and tests need
	@requirements/install.sh dev

runtime:
	@requirements/install.sh runtime

demo: runtime ## run a whole school on this machine (ARGS="..." go to `esik demo`)
	@exec $(BIN)/esik demo $(ARGS)

test: check ## check, then run every test (ARGS="..." go to pytest)
	@$(BIN)/pytest -n $(JOBS) --dist loadgroup --ignore tests/repo $(ARGS)

check: setup ## lint, format, types, who imports whom, tidiness, known holes of libraries
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy $(CODE) & types=$$!; others=0; \
	{ $(BIN)/lint-imports --no-logo && $(BIN)/pytest -q tests/repo && $(COLLECT) && $(BIN)/python -m tests.repo.audit; } || others=$$?; \
	wait $$types && exit $$others

audit: setup ## look for known holes in what is installed; here silence of a registry is a failure
	@$(BIN)/python -m tests.repo.audit --strict

bench: setup ## measure, print one table, write build/bench.json
	@$(BIN)/python -m tests.bench $(ARGS)

chaos: setup ## kill agents, brokers, workers and databases for some minutes
	@$(BIN)/pytest -m chaos $(ARGS)

soak: setup ## hours of simulated worlds and real kills
	@$(BIN)/pytest -m soak -s $(ARGS)

format: setup ## format and mend what ruff can mend by itself
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix-only .

guide: setup ## write the printed guide to build, wire and enrol, in three languages, into build/guide
	@$(BIN)/python -m hardware

docs: setup ## build the documentation site into build/site; it opens without a server
	@$(BIN)/python -m tests.repo.site $(ARGS)

compliance: setup ## write docs/compliance.md from the tests' markers
	@$(BIN)/python -m tests.repo.compliance

lock: setup ## choose versions anew after requirements/*.in or package.json changed
	@requirements/lock.sh

clean: ## remove everything that was made, .venv and node_modules too
	@rm -rf .venv node_modules build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
