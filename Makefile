# Needs only Python 3.11+, a shell and make.  PYTHON=python3.13 picks another interpreter; ARGS='...' reaches pytest or edu-hv.
BIN := .venv/bin
PYTHON ?=
ARGS ?=

.PHONY: help run repl test lint transcripts engine fuzz fuzz-cp fuzz-law bench conformance wheel lock clean venv
.DEFAULT_GOAL := help

help:
	@echo "make run    start edu-hv on lesson 1, in the full-screen view"
	@echo "make repl   start edu-hv's command line"
	@echo "make test   run the whole test suite, on all cores (ARGS='-k psw' picks some; ARGS='-n 0': on one)"
	@echo "make lint   check style, format and types"
	@echo "make transcripts  play the transcripts of the documents again, and put in what is answered now"
	@echo "make conformance  compare instructions with Hercules (ARGS='--cases 500 --seed 7': 500 of each; needs hercules)"
	@echo "make engine make the interpreter's module anew, after a change of what it is made from"
	@echo "make fuzz   run random programs by compiled code and without (ARGS='--programs 5000 --seed 7')"
	@echo "make fuzz-cp  run random guests and commands under CP (ARGS='--scenes 200 --twins 500 --seed 7')"
	@echo "make fuzz-law  check that all can be undone: instructions, devices, random guests (ARGS='--seeds 20 --programs 200 --seed 7')"
	@echo "make bench  instructions a second, beside Hercules where it is installed (ARGS='--rounds 9')"
	@echo "make wheel  build the wheel and the source archive into dist/"
	@echo "make lock   write uv.lock and requirements.lock anew, after a change of dependencies (needs uv)"
	@echo "make clean  remove .venv and all that was built"

run: venv
	@$(BIN)/edu-hv $(ARGS)

repl: venv
	@$(BIN)/edu-hv repl $(ARGS)

test: venv
	$(BIN)/python -m pytest $(ARGS)

lint: venv
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

transcripts: venv
	$(BIN)/python -m tools.transcripts $(ARGS)

# Many thousand random cases an instruction set; the frozen ones of tests/machine/vectors run in make test.
conformance: venv
	$(BIN)/python -m tools.conformance $(ARGS)

engine: venv
	$(BIN)/python -m edu_hv.engine.artifact

fuzz: venv
	$(BIN)/python -m tools.fuzz $(ARGS)

fuzz-cp: venv
	$(BIN)/python -m tools.fuzz_cp $(ARGS)

fuzz-law: venv
	$(BIN)/python -m tools.fuzz_law $(ARGS)

bench: venv
	$(BIN)/python -m tools.bench $(ARGS)
	$(BIN)/python -m tools.bench_cp
	$(BIN)/python -m tools.bench_debugger

wheel: venv
	@rm -rf dist
	$(BIN)/python -m build --no-isolation

# The lock names the public index whatever index this machine is set up with.
lock:
	uv lock --no-config --default-index https://pypi.org/simple
	@echo "# Every package for running and developing edu_hv, with its hash.  Written by 'make lock' from uv.lock." >requirements.lock
	uv export --quiet --no-config --frozen --all-groups --no-emit-project --no-header >>requirements.lock

clean:
	rm -rf .venv build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

venv:
	@PYTHON='$(PYTHON)' tools/venv.sh
