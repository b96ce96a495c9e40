# Needs Python 3.11+ with pip and venv; PYTHON=python3.12 make demo takes another one.
PYTHON ?= python3
BIN := .venv/bin
ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
endif

.PHONY: demo test machine check mutations pictures torture lock clean

demo: .venv/runs
	$(BIN)/python -m livesell demo

test: .venv/tests
	$(BIN)/python -m pytest -q -n auto --dist loadfile

# 2,000 evenings made up by chance on each database, a quarter of them of each kind; half an hour.
machine: .venv/tests
	LIVESELL_RUNS=2000 $(BIN)/python -m pytest -q -s tests/test_machine.py

check: .venv/tests
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy
	$(BIN)/python -m pytest -q -n auto --dist loadfile

# A million broken frames over all decoders, 80,000 a platform; `make test` has 3,000 a platform.
mutations: export LIVESELL_MUTATIONS = 80000
mutations: .venv/tests
	$(BIN)/python -m pytest -q tests/test_adapters.py -k broken_frames --durations=3

# Every page, state and theme, into pictures/ (not committed); ONLY=review takes those of one page.
pictures: .venv/tests
	$(BIN)/python -m tests.pictures $(ONLY)

# Plugs pulled under load for a quarter of an hour; it prints what was lost, doubled, oversold or missing: nothing.
torture: .venv/tests
	$(BIN)/python -m tests.torture

.venv/made:
	@$(PYTHON) -c "import sys; sys.exit(None if sys.version_info >= (3, 11) else 'livesell needs Python 3.11 or newer; name one with PYTHON=python3.12')"
	$(PYTHON) -m venv .venv
	touch .venv/made

.venv/runs: .venv/made requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m compileall -q livesell adapters
	touch .venv/runs

.venv/tests: .venv/made requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/python -m compileall -q livesell adapters
	touch .venv/runs .venv/tests

# Both files name versions and hashes and no host, so that any mirror can serve them.
lock: .venv/tests
	$(BIN)/python -m uv pip compile --universal --generate-hashes --no-emit-index-url --no-header pyproject.toml -o requirements.lock
	$(BIN)/python -m uv pip compile --universal --generate-hashes --no-emit-index-url --no-header --all-extras pyproject.toml -o requirements-dev.lock

clean:
	rm -rf .venv build dist .mypy_cache .pytest_cache .ruff_cache
