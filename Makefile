# make demo    a day of a company on real servers, on this machine, nothing else needed
# make test    every test
# make lint    format, rules, types, layers
# make bench   the figures, one table
# Each does all of its own set-up, once. Another Python: make demo PYTHON=python3.12

PYTHON ?= python3
# where it is set, each of the many processes of demo and tests would compile every module again
unexport PYTHONDONTWRITEBYTECODE
BIN := .venv/bin
DONE := .make
ALL := -e '.[all,spark]'

# uv is three times as fast as pip; where it cannot be had, or does not get through, pip does
install = { [ -x $(BIN)/uv ] && UV_SYSTEM_CERTS=1 $(BIN)/uv pip install -q --python $(BIN)/python $(1); } || \
	$(BIN)/python -m pip install -q $(1)

.PHONY: help demo test lint bench clean
help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

$(DONE)/venv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "hub needs Python 3.11 or newer; name one: make PYTHON=python3.12 ..."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || \
		{ echo "no virtual environment could be made; on Debian: apt-get install python3-venv"; exit 1; }
	@mkdir -p $(DONE)
	@test -x $(BIN)/uv || $(BIN)/python -m pip install -q --upgrade pip uv || echo "without uv, pip installs"
	@touch $@

$(DONE)/demo: $(DONE)/venv pyproject.toml
	@echo "installing hub and the demo's servers"
	@$(call install,-e '.[demo]')
	@touch $@

$(DONE)/dev: $(DONE)/venv pyproject.toml
	@echo "installing hub, the demo's servers and the tools of development"
	@$(call install,$(ALL) --group dev)
	@touch $@ $(DONE)/demo

demo: $(DONE)/demo
	@$(BIN)/hub demo

test: $(DONE)/dev
	@$(BIN)/python -m pytest -n 4

lint: $(DONE)/dev
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/python -m pytest tests/test_layers.py

bench: $(DONE)/dev
	@$(BIN)/python benchmarks/run.py

clean:
	rm -rf .venv $(DONE) .mypy_cache .pytest_cache .ruff_cache dist
