# make demo and make test need nothing but Python 3.11+ and make; both set up what they use.
PYTHON ?= python3
BIN := .venv/bin
SOURCES := pipelines models dags plugins tests
export PYTHONPATH := $(CURDIR):$(CURDIR)/dags
export AIRFLOW_HOME := $(CURDIR)
export PYTHON

.PHONY: help setup setup-dev demo up test check fix bench schedules models evaluate simulate pictures lock

help:
	@echo "make demo      set up, and run the whole main job through Airflow on an invented town"
	@echo "make test      set up, and pass all tests"
	@echo "make setup     the set-up alone, into .venv"
	@echo "make up        the Airflow UI on this machine, with your practices or the demo's"
	@echo "make check     style, types, SQL, architecture; changes nothing (make fix does)"
	@echo "make bench     measure speed and memory, printed as JSON"
	@echo "make schedules kill the sender in 20,000 random schedules of faults; the tests do it in 2,000"
	@echo "make models    train the packaged models anew; needs the data that models/manifest.toml names"
	@echo "make evaluate  measure every judgement on the same data, and write docs/accuracy.md"
	@echo "make simulate  say how often words and ranges are right, on invented practices; writes docs/simulation.md"
	@echo "make pictures  the pictures of README and docs/operators.md, from the demo"
	@echo "make lock      resolve the dependencies anew"

setup:
	@sh setup.sh requirements.lock

setup-dev:
	@sh setup.sh requirements-dev.lock

demo: setup
	@$(BIN)/rapport demo

up: setup
	@$(BIN)/rapport up

test: setup-dev
	@$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder

check: setup-dev
	@$(BIN)/ruff format --check $(SOURCES)
	@$(BIN)/ruff check $(SOURCES)
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@cd sql && ../$(BIN)/sqlfluff lint --disable-progress-bar .

fix: setup-dev
	@$(BIN)/ruff check --fix $(SOURCES)
	@$(BIN)/ruff format $(SOURCES)
	@$(BIN)/python -m tests.numbers_page
	@$(BIN)/python -m tests.sources_table
	@$(BIN)/python -m tests.catalogue
	@cd sql && ../$(BIN)/sqlfluff fix --disable-progress-bar .

bench: setup-dev
	@$(BIN)/python -m tests.bench

schedules: setup-dev
	@RAPPORT_TEST_SCHEDULES=20000 $(BIN)/python -m pytest -n 0 -s tests/test_send_crashes.py

models: setup-dev
	@$(BIN)/python -m models.train

evaluate: setup-dev
	@$(BIN)/python -m models.evaluate

# ARGS="--practices 50" is quicker, and writes no page.
simulate: setup-dev
	@$(BIN)/python -m tests.simulate $(ARGS)

pictures: setup-dev
	@$(BIN)/python -m tests.pictures

# Needs uv (https://docs.astral.sh/uv/). The locks hold hashes and name no index.
LOCK := uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --quiet
lock:
	@$(LOCK) -o requirements.lock
	@$(LOCK) --group dev -c requirements.lock -o requirements-dev.lock
