# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
#
# Every command of the project, the same on a laptop, in CI and in the image.
# Each target first makes its environment ready (bootstrap.sh). Variables: SET=modern|card, the set of
# packages that serves; DEVICE=cpu|gpu, where a GPU takes card.

SET ?= modern
DEVICE ?= cpu
MODERN = .venv
CARD = .venv-card
SERVING_modern_cpu = $(MODERN)
SERVING_card_cpu = $(CARD)
SERVING_modern_gpu = .venv-gpu
SERVING_card_gpu = .venv-gpu
SERVING = $(SERVING_$(SET)_$(DEVICE))
ifeq ($(SERVING),)
$(error SET=$(SET) DEVICE=$(DEVICE): take SET=modern or card, DEVICE=cpu or gpu)
endif
# of bootstrap.sh and build.sh: a value from outside would put every environment in one place
unexport VENV
PYTHON = $(SERVING)/bin/python
TRAINING_cpu = $(CARD)
TRAINING_gpu = .venv-gpu
TRAINING = $(TRAINING_$(DEVICE))/bin/python
TOOLS = $(MODERN)/bin

# without tests, which hand wrong types over on purpose
TYPED = $(wildcard benchmarks child_services clients contract experiments export general_model_service pipeline train)
CPP = $(wildcard $(addprefix general_model_service/,*/*.h */*.cc src/*/*.h src/*/*.cc))
BUILD_TENSOR_SERVICE = VENV=$(SERVING) general_model_service/build.sh
TESTS ?= tests
# 1: make test also counts the statements that the tests of modern run, against the floor in
# pyproject.toml; a part of the tests has no floor
COVERAGE ?=
# of make test-card: what card's packages do, and what has to go on working with them
CARD_TESTS ?= tests/contract tests/train tests/export tests/clients/ranker/test_key_value_clients.py \
	tests/clients/ranker/test_pipeline_wire.py tests/clients/tensor/test_wire.py tests/benchmarks/test_hf_export.py \
	tests/benchmarks/test_fine_tuning.py tests/benchmarks/test_split_ranker.py \
	tests/general_model_service/test_wire.py tests/pipeline/test_answers.py tests/pipeline/dag/test_dag.py \
	tests/pipeline/engines/test_auto.py tests/pipeline/engines/test_openvino.py tests/pipeline/engines/test_paddle.py \
	tests/pipeline/engines/test_graphs.py tests/pipeline/test_life.py tests/setup/test_bootstrap.py \
	tests/setup/test_locks.py tests/setup/test_sets.py
NEWEST = 3.13
CLIENT_PYTHONS = 3.9 3.10 3.11 3.12 3.13
PAGE_BROWSER = tests/pipeline/edges/http/page/browser.sh
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
	--custom-compile-command "make lock" $(UPGRADE)
LOCK_MODERN = $(LOCK) --python-version 3.12 --python-platform linux
LOCK_CARD = $(LOCK) --python-version 3.9 --python-platform linux
SERVING_ONLY = --override requirements/serving-overrides.txt
IN_MODERN = requirements/modern
IN_CARD = requirements/card

.DEFAULT_GOAL := help
.PHONY: help serve rank-service tensor-service test test-modern coverage test-card leave-out-card audit sanitize fuzz \
	fuzz-http abuse lint format bench models lock clean setup-serving setup-train setup-export \
	setup-experiments setup-dev setup-card setup-newer setup-clients setup-sdks setup-peers \
	build-tensor-service bench-routing bench-encoding bench-tensor-service bench-training bench-edge bench-overload

help: ## print this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{printf "%-22s %s\n", $$1, $$2}'

serve: setup-serving ## start both rankers: HTTP on 8088, RPC on 8089
	@exec $(PYTHON) -m pipeline.web_service --config config_nlp.yml

rank-service: build-tensor-service ## start both rankers in one C++ process, by config_nlp.yml: HTTP on 8088, RPC on 8089
	@exec $(PYTHON) -m general_model_service.rank_service --config config_nlp.yml

tensor-service: build-tensor-service ## start the C++ tensor services: pairwise on 8600, cross_encoder on 8601
	@exec $(PYTHON) -m general_model_service.several \
		serving_models/pairwise=8600 serving_models/cross_encoder=8601 -- $(FLAGS)

# environments that only these tests use
OF_SDKS = $(filter tests tests/sdks% tests/pipeline tests/pipeline/edges%,$(TESTS))
OF_SETUP = $(filter tests tests/setup%,$(TESTS))
OF_CLIENTS = $(filter tests tests/clients%,$(TESTS))

test: ## run all tests, of C++ and Python; TESTS=tests/contract runs a part of Python's; SET=card those of card only
ifeq ($(SET),card)
	@$(MAKE) --no-print-directory test-card $(if $(filter tests,$(TESTS)),,CARD_TESTS="$(TESTS)")
else
	@$(MAKE) --no-print-directory test-modern
	@$(if $(filter tests,$(TESTS)),if ./bootstrap.sh test; then $(MAKE) --no-print-directory test-card; else \
		$(MAKE) --no-print-directory leave-out-card STATUS=$$?; fi)
endif

# reads as well what services left that the tests started
REPORT_COVERAGE = $(TOOLS)/coverage combine --quiet && \
	$(TOOLS)/coverage report --skip-covered --sort=cover $(if $(filter tests,$(TESTS)),,--fail-under=0)

test-modern: setup-dev $(if $(OF_SDKS),setup-sdks) $(if $(OF_CLIENTS),setup-clients) $(if $(OF_SETUP),setup-newer) ## run the tests of modern
	@VENV=$(MODERN) general_model_service/build.sh $(if $(filter tests,$(TESTS)),tests)
	@$(if $(filter tests,$(TESTS))$(findstring page,$(TESTS)),$(PAGE_BROWSER))
	@$(if $(COVERAGE),$(TOOLS)/coverage erase)
	@TENSOR_SERVICE_BUILT=1 $(TOOLS)/python $(if $(COVERAGE),-m coverage run) -m pytest $(TESTS)
	@$(if $(COVERAGE),$(REPORT_COVERAGE))

coverage: ## run the tests of modern and list what they do not run; TESTS=tests/contract takes a part
	@$(MAKE) --no-print-directory test-modern COVERAGE=1

test-card: setup-card ## run the tests of card: training, export, the main path, upstream's client
	@VENV=$(CARD) general_model_service/build.sh
	@TENSOR_SERVICE_BUILT=1 $(CARD)/bin/python -m pytest $(CARD_TESTS)

# 3 of bootstrap.sh: there is no Python 3.9, and none can be had; .ci/run takes no such excuse
leave-out-card:
	@if [ "$(STATUS)" = 3 ] && [ -z "$(ALL_SETS)" ]; then \
		echo "make test: the tests of card are left out: no Python 3.9 (make test-card)"; \
	else exit $(STATUS); fi

sanitize: setup-dev ## run the tensor service's tests with address, undefined and thread sanitizers
	@VENV=$(MODERN) general_model_service/build.sh sanitize

fuzz: setup-serving ## run each fuzz target for FUZZ_SECONDS (600)
	@$(BUILD_TENSOR_SERVICE) fuzz $(FUZZ_SECONDS)

fuzz-http: setup-dev ## hold the service to its OpenAPI document for FUZZ_SECONDS (600)
	@$(TOOLS)/python -m tests.pipeline.edges.http.openapi_fuzz --seconds $(FUZZ_SECONDS)

abuse: setup-dev ## send COUNT (10000) hostile requests, longest texts, RPC floods and bombs, and see what they leave
	@VENV=$(MODERN) general_model_service/build.sh
	@$(TOOLS)/python -m tests.pipeline.edges.http.abuse --count $(COUNT)
	@$(TOOLS)/python -m tests.pipeline.edges.http.heavy_texts
	@$(TOOLS)/python -m tests.pipeline.edges.rpc_abuse --count $(COUNT)
	@$(TOOLS)/python -m tests.general_model_service.abuse

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

bench-edge: build-tensor-service ## measure HTTP beside RPC, of both services, and with 1,000 idle connections
	@$(PYTHON) -m benchmarks.http_and_rpc $(BENCH_FLAGS)

bench-overload: build-tensor-service ## measure twice the load that the service can carry
	@$(PYTHON) -m benchmarks.overload $(BENCH_FLAGS)

bench-encoding: setup-serving ## measure the encoder in C++ beside the packages that tokenize
	@$(BUILD_TENSOR_SERVICE) bench
	@$(PYTHON) -m benchmarks.encoding $(BENCH_FLAGS)

bench-tensor-service: setup-serving ## measure the C++ tensor service beside its engine called in process
	@$(BUILD_TENSOR_SERVICE) bench
	@$(PYTHON) -m benchmarks.tensor_service $(BENCH_FLAGS)

bench-training: setup-train setup-peers ## measure a step of training beside a plain PyTorch loop
	@$(TRAINING) -m benchmarks.training $(BENCH_FLAGS)

models: setup-train setup-export ## make both rankers from the development data, and publish them to serving_models/
	@UNTIL= PYTHON=$(TRAINING) TEACHER_PYTHON=$(MODERN)/bin/python DEVICE=$(DEVICE) OUT=$(OUT) train/recipes/small.sh
	@for ranker in pairwise cross_encoder; do \
		$(TRAINING) -m export.publish --params_path $(OUT)/$$ranker/scaled --max_seq_length 384 \
			--model_card $(OUT)/$$ranker/MODEL_CARD.md --bundle serving_models/$$ranker || exit 1; done

lock: ## renew requirements/ from pyproject.toml; UPGRADE=--upgrade takes newer versions
	@set -e; uv=$$(./bootstrap.sh --find-uv); \
	$(LOCK_MODERN) pyproject.toml --extra serving $(SERVING_ONLY) -o $(IN_MODERN)/serving.lock; \
	$(LOCK_MODERN) pyproject.toml --extra serving --extra export $(SERVING_ONLY) \
		-c $(IN_MODERN)/serving.lock -o $(IN_MODERN)/export.lock; \
	$(LOCK_MODERN) pyproject.toml --extra experiments $(SERVING_ONLY) -c $(IN_MODERN)/export.lock \
		-o $(IN_MODERN)/experiments.lock; \
	$(LOCK_MODERN) pyproject.toml --extra dev -c $(IN_MODERN)/export.lock -c $(IN_MODERN)/experiments.lock \
		-o $(IN_MODERN)/dev.lock; \
	$(LOCK_MODERN) --group sdks -o $(IN_MODERN)/sdks.lock; \
	$(LOCK_MODERN) --group build -o $(IN_MODERN)/build.lock; \
	$(LOCK_CARD) pyproject.toml --extra serving -o $(IN_CARD)/serving.lock; \
	$(LOCK_CARD) pyproject.toml --extra serving --extra train -c $(IN_CARD)/serving.lock -o $(IN_CARD)/train.lock; \
	$(LOCK_CARD) pyproject.toml --extra test -c $(IN_CARD)/train.lock -o $(IN_CARD)/test.lock; \
	$(LOCK_CARD) pyproject.toml --extra gpu -c $(IN_CARD)/serving.lock -o $(IN_CARD)/serving-gpu.lock; \
	$(LOCK_CARD) pyproject.toml --extra gpu --extra train -c $(IN_CARD)/train.lock -o $(IN_CARD)/train-gpu.lock; \
	$(LOCK_CARD) --group build-card -o $(IN_CARD)/build.lock; \
	$(LOCK) --universal --python-version 3.9 --no-config requirements/clients.in -o requirements/clients.lock; \
	$(LOCK) --universal --python-version 3.9 --group bootstrap -o requirements/bootstrap.lock

audit: ## look for known vulnerabilities of what serves; needs the network
	@uv=$$(./bootstrap.sh --find-uv); $$uv tool run --quiet pip-audit --strict \
		-r $(IN_MODERN)/serving.lock --no-deps --disable-pip

clean: ## remove environments, caches and logs
	rm -rf .venv .venv-* .cache .ruff_cache .mypy_cache .pytest_cache PipelineServingLogs \
		ProcessInfo.json workdir*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

setup-serving: ## make the environment that serves
	@SET=${SET} ./bootstrap.sh serving ${DEVICE}

setup-peers: ## make the environment of the systems that bench compares with (2 GB)
	@benchmarks/peers/setup.sh

build-tensor-service: setup-serving ## build the C++ tensor service, and the encoder in C++ for Python
	@$(BUILD_TENSOR_SERVICE)

setup-train: ## make the environment that trains and exports
	@./bootstrap.sh train ${DEVICE}

setup-experiments: ## make the environment that reads experiments
	@./bootstrap.sh experiments

setup-export: ## make the environment that turns PaddlePaddle 3's programs into bundles
	@./bootstrap.sh export

setup-card: ## make the environment that tests what card has
	@./bootstrap.sh test

setup-newer: ## make the environment that serves on the newest Python that modern takes, for its test
	@./bootstrap.sh serving-$(NEWEST) || { [ $$? = 3 ] && [ -z "$(ALL_SETS)" ]; }

# a Python that is not there is said, and its test skips
setup-clients: ## make the environments of applications that call the service, on Python 3.9 to 3.13
	@for version in $(CLIENT_PYTHONS); do \
		./bootstrap.sh clients-$$version || { [ $$? = 3 ] && [ -z "$(ALL_SETS)" ]; } || exit 1; done

setup-dev: ## make the environment that tests and lints
	@./bootstrap.sh dev

setup-sdks: ## make the environment of other re-rankers' SDKs, which tests call the service with (330 MB)
	@./bootstrap.sh sdks
