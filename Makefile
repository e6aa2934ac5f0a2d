# Everything stays inside the checkout: .venv/ (Python packages) and build/ (all else). `make help` lists
# the targets. A second run of any of them does only what changed since.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.NOTPARALLEL:
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

JOBS ?= $(shell nproc)
WERROR ?= ON
PYTHON ?= python3
TORCH ?= 2.13.0
# "skip" when the packages of scripts/system_packages.sh are there, but not from Debian.
CARTON_SYSTEM_PACKAGES ?= install

VENV := .venv
PY := $(VENV)/bin/python
DEV := build/wheel
STAMPS := build/stamps

# The checkout has runners and a cache of its own; a home directory need not exist.
export CARTON_RUNNER_DIR := $(CURDIR)/build/runners
export CARTON_RUNNER_DATA_DIR := $(CURDIR)/build/runner_data
export CARTON_CACHE_DIR := $(CURDIR)/build/cache
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export CMAKE_BUILD_PARALLEL_LEVEL := $(JOBS)
unexport CARTON_CONFIG_PATH PYTHONPATH PYTHONHOME

CCACHE := $(shell command -v ccache)
ifneq ($(CCACHE),)
# Read by CMake for every build below, the runner's too.
export CMAKE_C_COMPILER_LAUNCHER := $(CCACHE)
export CMAKE_CXX_COMPILER_LAUNCHER := $(CCACHE)
ifeq ($(HOME),)
export CCACHE_DIR := $(CURDIR)/build/ccache
endif
endif

# One build tree serves the package and the C++ tests: the core is compiled once.
PIP_BUILD := --no-build-isolation --no-deps --force-reinstall \
  --config-settings build-dir=$(DEV) --config-settings cmake.build-type=RelWithDebInfo \
  --config-settings cmake.define.CARTON_BUILD_TESTS=ON --config-settings cmake.define.CARTON_WERROR=$(WERROR)
SOURCES = CMakeLists.txt pyproject.toml $(shell find cmake core runners bindings/cpp python/cartonml python/ext \
  -type f -not -name '*.pyc' -not -path '*/tests/*' -not -name '*.md')
CXX_FILES = $(shell git ls-files -co --exclude-standard '*.h' '*.hpp' '*.c' '*.cpp')

.PHONY: help demo test setup build runner check fix test-core test-runners test-cpp test-python \
  bench sanitize clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

demo: setup ## set up everything, then pack a model and run it from Python, C and C++
	@$(PY) examples/demo.py

test: check test-core test-runners test-cpp test-python ## all checks and tests

setup: build runner ## packages, virtual environment, Carton itself, and its TorchScript runner

# ---- Set-up ------------------------------------------------------------------------------------------

$(STAMPS)/system: scripts/system_packages.sh
	@mkdir -p $(@D)
	@[ "$(CARTON_SYSTEM_PACKAGES)" = skip ] || scripts/system_packages.sh
	@touch $@

$(STAMPS)/venv: $(STAMPS)/system pyproject.toml scripts/requirements.py
	@echo "== Python environment ($(VENV)): build tools, test tools, torch $(TORCH)"
	@[ -x $(PY) ] || $(PYTHON) -m venv $(VENV)
	@$(PY) scripts/requirements.py > build/requirements.txt
	@$(PY) -m pip install --quiet -r build/requirements.txt torch==$(TORCH)
	@touch $@

$(STAMPS)/build: $(STAMPS)/venv $(SOURCES)
	@echo "== Carton: libcarton and the Python package"
	@$(PY) -m pip install --quiet $(PIP_BUILD) .
	@touch $@

build: $(STAMPS)/build ## compile and install Carton into .venv

# Fast when nothing changed: the command compares sources and torch with what is installed.
runner: $(STAMPS)/build
	@$(VENV)/bin/carton runner build torchscript --jobs $(JOBS)
	@mkdir -p $(CARTON_RUNNER_DIR)/noop
	@cp -u --remove-destination $$($(PY) -c "import cartonml._paths as p; print(p.noop_dir())")/* $(CARTON_RUNNER_DIR)/noop/

# ---- Checks ------------------------------------------------------------------------------------------

check: $(STAMPS)/venv ## formatting, lint, types
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy
	@if ! command -v clang-format-14 >/dev/null; then \
	  echo "clang-format-14 is not installed: formatting of C and C++ not checked"; \
	else \
	  bad=$$(clang-format-14 --dry-run $(CXX_FILES) 2>&1 | grep -oE '^[^ :]+:[0-9]+' | sort -u -t: -k1,1 || true); \
	  [ -z "$$bad" ] || { echo "not formatted, first line of each file (make fix formats them):"; echo "$$bad"; exit 1; }; \
	fi

fix: $(STAMPS)/venv ## apply formatting and the lint's own repairs
	@$(VENV)/bin/ruff check --fix .
	@$(VENV)/bin/ruff format .
	@clang-format-14 -i $(CXX_FILES)

# ---- Tests -------------------------------------------------------------------------------------------

test-core: setup ## C and C++ tests of the core
	@cmake --build $(DEV) --parallel $(JOBS)
	@ctest --test-dir $(DEV)/core/tests --output-on-failure --timeout 300

test-cpp: setup ## tests of the C++ binding, and the headers in every dialect
	@cmake --build $(DEV) --parallel $(JOBS)
	@ctest --test-dir $(DEV)/bindings/cpp --output-on-failure --timeout 300

test-runners: setup ## tests of the runners, on libtorch
	@cmake -S runners/torchscript -B build/torchscript -G Ninja --log-level=WARNING \
	  -DCMAKE_BUILD_TYPE=Release -DCARTON_WERROR=$(WERROR) -DTEST_PYTHON=$(CURDIR)/$(PY) \
	  -DTORCH_DIR="$$($(PY) -c 'import cartonml._paths as p; print(p.installed_torch())')"
	@cmake --build build/torchscript --parallel $(JOBS)
	@ctest --test-dir build/torchscript --output-on-failure --timeout 300

test-python: setup ## tests of the Python package
	@$(PY) -m pytest -q

sanitize: $(STAMPS)/venv ## core tests under ASan + UBSan, then under TSan
	@for preset in asan-ubsan tsan; do \
	  cmake --preset $$preset --log-level=WARNING; \
	  cmake --build --preset $$preset --parallel $(JOBS); \
	  ctest --preset $$preset; \
	done

bench: setup ## the benchmarks; results in benchmarks/results/
	@$(PY) -m benchmarks

clean: ## remove what was built; .venv stays
	@rm -rf build
