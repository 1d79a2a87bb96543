# make demo    set up, then the main job: train, build, flash, verify a real model
# make test    set up, then every test
# make fuzz-frames  set up, then the frame parser for ten minutes under libFuzzer (clang)
# make faults  set up, then 10,000 verifications over damaged lines, and a table
# make test-converters  set up, then what converts models of ONNX and PyTorch, and its tests; 5 GB
# make check   set up, then linters, types, import rules, format, warnings, sanitizers
# make fuzz    set up, then 100,000 damaged files of every kind, and a table; SHARE=0.01 for less
# make bounds  set up, then the main job with the lowest and the newest dependencies
# make bench   set up, then measure bench.json again: all models, boards, engines, kernels
# make against  set up, then hold every model, on every core with kernels of its own, against portable
# make docs    set up, then the documentation as a site, in build/site
# make coverage  set up, then build and verify small models of each kind, both engines; hours
# make readme  set up, then write again what is generated in README.md and docs

BIN := .venv/bin
DEMO := build/demo
JOBS := $(shell nproc)

.PHONY: demo test test-converters check lint sanitize faults fuzz fuzz-frames bounds bench against coverage readme docs setup setup-all clean

setup:
	@scripts/setup.sh

setup-all:
	@scripts/setup.sh all

demo: setup
	@$(BIN)/tinygen demo --out $(DEMO)

test: setup-all
	$(BIN)/tinygen setup qat
	$(BIN)/python -m pytest -q -n $(JOBS) --dist worksteal

check: lint sanitize

lint: setup-all
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/clang-format --dry-run -Werror $$(find firmware tests \( -name '*.[ch]' -o -name '*.[ch]pp' -o -name '*.cc' \) -not -path '*/example_model/*' -not -path '*/.pio/*')
	scripts/compile-firmware.sh

# What converts models of ONNX and PyTorch, and the tests that need it: minutes and 5 GB the first time.
test-converters: setup-all
	$(BIN)/tinygen setup onnx
	$(BIN)/tinygen setup torch
	$(BIN)/python -m pytest -q -n $(JOBS) tests/convert

# The kernels and the protocol, compiled for the host under AddressSanitizer and UBSan.
sanitize: setup-all
	$(BIN)/python -m pytest -q -n $(JOBS) tests/ops tests/protocol

# 10,000 verifications over lines that drop, double, flip, delay, split and invent bytes, and break.
faults: setup-all
	$(BIN)/python -m tests.faults.laboratory 10000

# Inputs that go wrong are made smaller and kept in build/fuzz. Hours.
SHARE := 1
fuzz: setup-all
	$(BIN)/python -W ignore -m tests.fuzz --jobs $(JOBS) --share $(SHARE)

bounds: setup
	$(BIN)/python -m scripts.bounds

# The firmware's frame parser and what answers frames, under libFuzzer (clang) for ten minutes.
fuzz-frames: setup-all
	$(BIN)/python -m tests.protocol.fuzz 600

against: setup-all
	$(BIN)/python -m tests.bench.against

bench: setup-all
	$(BIN)/python -m tests.bench

coverage: setup-all
	$(BIN)/python -W ignore -m tests.coverage

readme: setup-all
	$(BIN)/python -m scripts.readme

docs: setup-all
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

clean:
	rm -rf build .tinygen
