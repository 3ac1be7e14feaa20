# napari-delineate: `make demo` shows what it does, `make test` checks it.

BIN := .venv/bin

.PHONY: help demo test test-slow lint manifest clean

help:
	@echo "make demo       do the main job on sample images, results in the folder demo"
	@echo "make test       run the tests, without a screen"
	@echo "make test-slow  run the slow tests too"
	@echo "make lint       check style and types"
	@echo "make manifest   write napari.yaml and the reference pages anew from the code"
	@echo "make clean      remove .venv and what was made"

demo:
	@PYTHON="$(PYTHON)" tools/prepare demo
	@$(BIN)/napari-delineate demo --output demo

test:
	@PYTHON="$(PYTHON)" tools/prepare test
	@tools/test -m "not slow" $(ARGUMENTS)

test-slow:
	@PYTHON="$(PYTHON)" tools/prepare test
	@tools/test -m slow $(ARGUMENTS)

lint:
	@$(BIN)/python -m pip install -q --group lint
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

manifest:
	@$(BIN)/python -m napari_delineate.manifest

clean:
	rm -rf .venv demo build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
