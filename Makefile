# Inglenook's daily commands. Each says what it does, may be interrupted and repeated,
# and does nothing twice.
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
STARTER := resources/starter/SmolLM2-135M-Instruct.Q4_1.gguf
LISTS := packaging/debian-packages.txt
SCREEN_LISTS := $(LISTS) packaging/debian-packages-screen.txt

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test check setup bench screenshots monkey translations package package-test format clean system screen

help:  ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/:/' | column -t -s:

run: setup  ## Set up what is missing, then open the window
	@$(PY) -m app

test: setup  ## Set up what is missing, then run every test, headless
	@PYTHON=$(PYTHON) packaging/system_packages.sh packaging/debian-packages-test.txt >/dev/null || true
	@$(PY) -m pytest $(PYTEST_ARGS)

check: setup  ## Formatting, lint, types, translations
	@$(PY) -m ruff format --check .
	@$(PY) -m ruff check .
	@$(PY) -m mypy
	@$(PY) packaging/translations.py --check

format: setup  ## Bring the code into shape
	@$(PY) -m ruff format .
	@$(PY) -m ruff check --fix .

bench: setup screen  ## Measure speed and memory, side by side in one run
	@$(PY) -m benchmarks

screenshots: setup screen  ## Pictures of the real window for docs/screenshots
	@$(PY) docs/make_screenshots.py

monkey: setup screen  ## Ten minutes of random clicks and keys on the real window
	@$(PY) -m tests.monkey --screen --seconds 600

package: setup  ## The frozen program, the .deb, the archive and the AppDir, into dist/
	@PYTHON=$(PYTHON) packaging/system_packages.sh packaging/debian-packages-package.txt
	@$(PY) packaging/package.py $(PACKAGE_ARGS)

package-test: package  ## Install and use the packages on a bare Debian 12 and 13
	@PYTHON=$(PYTHON) packaging/system_packages.sh packaging/debian-packages-package.txt \
		packaging/debian-packages-screen.txt
	@$(PY) -m pytest tests/test_gpu.py
	@packaging/package_test.sh

translations: setup  ## Take new texts into resources/translations, compile them
	@$(PY) packaging/translations.py

setup: system $(VENV)/.installed $(STARTER)  ## Set up everything without starting anything

system:
	@PYTHON=$(PYTHON) packaging/system_packages.sh $(LISTS)

screen:
	@PYTHON=$(PYTHON) packaging/system_packages.sh $(SCREEN_LISTS)

$(VENV)/.python: | system
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
	{ echo "setup: Inglenook needs Python 3.11 to 3.13; name one: make PYTHON=python3.11"; exit 1; }
	@echo "setup: making the virtual environment $(VENV)"
	@$(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(VENV)/.installed: $(VENV)/.python pyproject.toml packaging/constraints.txt
	@echo "setup: installing the pinned packages (llama.cpp is compiled once: about 4 minutes)"
	@$(PY) -m pip install -qq --disable-pip-version-check \
		--constraint packaging/constraints.txt --editable '.[dev,package]'
	@touch $@

$(STARTER): | $(VENV)/.installed
	@$(PY) -m app starter --into $(dir $@)

clean:  ## Remove what was set up here
	@rm -rf $(VENV) resources/starter .pytest_cache .mypy_cache .ruff_cache benchmarks/latest.json
