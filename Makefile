# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
#
# Every command of the project, the same on a laptop, in CI and in the image.
# Each target first makes its environment ready (bootstrap.sh); variables: DEVICE=cpu|gpu.

DEVICE ?= cpu
VENV_cpu = .venv
VENV_gpu = .venv-gpu
PYTHON = $(VENV_$(DEVICE))/bin/python
TOOLS = $(VENV_cpu)/bin

TYPED = $(wildcard contract clients experiments general_model_service)
CPP = $(wildcard general_model_service/*/*.h general_model_service/*/*.cc)
BUILD_TENSOR_SERVICE = VENV=$(VENV_$(DEVICE)) general_model_service/build.sh
TESTS ?= tests
PAGE_BROWSER = tests/pipeline/http_edge/page/browser.sh
# of make bench, such as --shape small --quick --systems ours peers
BENCH ?=
# of make tensor-service, such as --precision auto
FLAGS ?= --pad_dynamic
# of make fuzz, for each target
FUZZ_SECONDS ?= 600
# of make abuse
COUNT ?= 10000
# where make models puts checkpoints, vocabulary and mined lists
OUT ?= .cache/small

LOCK = $$uv pip compile --quiet --generate-hashes --no-emit-index-url --no-emit-find-links \
	--python-version 3.9 --python-platform linux --custom-compile-command "make lock" $(UPGRADE)
LOCK_SET = $(LOCK) pyproject.toml

.DEFAULT_GOAL := help
.PHONY: help serve tensor-service test sanitize fuzz fuzz-http abuse lint format bench models lock clean \
	setup-serving setup-train setup-experiments setup-dev setup-sdks setup-peers build-tensor-service bench-routing \
	bench-tensor-service bench-edge bench-overload

help: ## print this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{printf "%-22s %s\n", $$1, $$2}'

serve: setup-serving ## start both rankers: HTTP on 8088, RPC on 8089
	@exec $(PYTHON) -m pipeline.web_service --config config_nlp.yml

tensor-service: build-tensor-service ## start the C++ tensor services: pairwise on 8600, cross_encoder on 8601
	@exec $(PYTHON) -m general_model_service.several \
		serving_models/pairwise=8600 serving_models/cross_encoder=8601 -- $(FLAGS)

test: setup-dev setup-sdks ## run all tests, of C++ and Python; TESTS=tests/contract runs a part of Python's
	@VENV=$(VENV_cpu) general_model_service/build.sh $(if $(filter tests,$(TESTS)),tests)
	@$(if $(filter tests,$(TESTS))$(findstring page,$(TESTS)),$(PAGE_BROWSER))
	@$(TOOLS)/python -m pytest $(TESTS)

sanitize: setup-dev ## run the tensor service's tests with address, undefined and thread sanitizers
	@$(BUILD_TENSOR_SERVICE) sanitize

fuzz: setup-serving ## run each fuzz target for FUZZ_SECONDS (600)
	@$(BUILD_TENSOR_SERVICE) fuzz $(FUZZ_SECONDS)

fuzz-http: setup-dev ## hold the service to its OpenAPI document for FUZZ_SECONDS (600)
	@$(TOOLS)/python -m benchmarks.fuzz_http --seconds $(FUZZ_SECONDS)

abuse: setup-dev ## send COUNT (10000) hostile requests to the service, and see what they leave behind
	@$(TOOLS)/python -m benchmarks.abuse_http --count $(COUNT)

lint: setup-dev ## check style, types, C++ format, shell scripts and the Dockerfile
	@$(TOOLS)/ruff check .
	@$(TOOLS)/ruff format --check --quiet . || { echo "run make format" >&2; exit 1; }
	@$(TOOLS)/python -m mypy $(TYPED)
	@$(TOOLS)/clang-format --dry-run -Werror $(CPP) || { echo "run make format" >&2; exit 1; }
	@$(TOOLS)/shellcheck bootstrap.sh .ci/run general_model_service/build.sh benchmarks/peers/setup.sh \
		$(PAGE_BROWSER) $(wildcard train/recipes/*.sh)
	@$(TOOLS)/hadolint Dockerfile

format: setup-dev ## format the code and mend what ruff can mend
	@$(TOOLS)/ruff check --fix-only --quiet .
	@$(TOOLS)/ruff format .
	@$(TOOLS)/clang-format -i $(CPP)

bench: setup-dev ## measure this beside the services a user would take instead; BENCH="--shape small --quick"
	@$(TOOLS)/python -m benchmarks.run $(BENCH)

bench-routing: setup-serving ## measure what routing, records and a shadow cost
	@$(PYTHON) -m benchmarks.routing $(BENCH_FLAGS)

bench-edge: setup-serving ## measure HTTP beside RPC, and with 1,000 idle connections
	@$(PYTHON) -m benchmarks.edge $(BENCH_FLAGS)

bench-overload: setup-serving ## measure twice the load that the service can carry
	@$(PYTHON) -m benchmarks.overload $(BENCH_FLAGS)

bench-tensor-service: setup-serving ## measure the C++ tensor service beside its engine called in process
	@$(BUILD_TENSOR_SERVICE) bench
	@$(PYTHON) -m benchmarks.tensor_service $(BENCH_FLAGS)

models: setup-train ## train both rankers anew and export them to serving_models/
	@PYTHON=$(PYTHON) OUT=$(OUT) train/recipes/small.sh
	@for ranker in pairwise cross_encoder; do \
		$(PYTHON) -m export.publish --params_path $(OUT)/$$ranker/last \
			--model_card $(OUT)/$$ranker/MODEL_CARD.md --bundle serving_models/$$ranker || exit 1; done

lock: ## renew requirements/*.lock from pyproject.toml; UPGRADE=--upgrade takes newer versions
	@set -e; uv=$$(./bootstrap.sh --find-uv); \
	$(LOCK_SET) --extra serving -o requirements/serving.lock; \
	$(LOCK_SET) --extra serving --extra train -c requirements/serving.lock -o requirements/train.lock; \
	$(LOCK_SET) --extra experiments -c requirements/serving.lock -o requirements/experiments.lock; \
	$(LOCK_SET) --extra dev -c requirements/train.lock -c requirements/experiments.lock \
		-o requirements/dev.lock; \
	$(LOCK_SET) --extra gpu -c requirements/serving.lock -o requirements/gpu.lock; \
	$(LOCK_SET) --extra gpu --extra train -c requirements/train.lock -o requirements/train-gpu.lock; \
	$(LOCK) --group sdks -o requirements/sdks.lock; \
	$(LOCK) --group build -o requirements/build.lock; \
	$(LOCK) --group bootstrap -o requirements/bootstrap.lock

clean: ## remove environments, caches and logs
	rm -rf .venv .venv-gpu .venv-sdks .venv-peers .cache .ruff_cache .mypy_cache .pytest_cache PipelineServingLogs \
		ProcessInfo.json workdir*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

setup-serving: ## make the environment that serves
	@./bootstrap.sh serving ${DEVICE}

setup-peers: ## make the environment of the systems that bench compares with (2 GB)
	@benchmarks/peers/setup.sh

build-tensor-service: setup-serving ## build the C++ tensor service
	@$(BUILD_TENSOR_SERVICE)

setup-train: ## make the environment that trains and exports
	@./bootstrap.sh train ${DEVICE}

setup-experiments: ## make the environment that reads experiments
	@./bootstrap.sh experiments

setup-dev: ## make the environment that tests and lints
	@./bootstrap.sh dev

setup-sdks: ## make the environment of other re-rankers' SDKs, which tests call the service with (280 MB)
	@./bootstrap.sh sdks
