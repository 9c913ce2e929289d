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

TYPED = $(wildcard contract clients experiments)
TESTS ?= tests
# where make models puts checkpoints, vocabulary and mined lists
OUT ?= .cache/small

LOCK = $$uv pip compile --quiet --generate-hashes --no-emit-index-url --no-emit-find-links \
	--python-version 3.9 --python-platform linux --custom-compile-command "make lock" $(UPGRADE)
LOCK_SET = $(LOCK) pyproject.toml

.DEFAULT_GOAL := help
.PHONY: help serve test lint format bench models lock clean setup-serving setup-train setup-dev

help: ## print this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{printf "%-22s %s\n", $$1, $$2}'

serve: setup-serving ## start both rankers: HTTP on 8088, RPC on 8089
	@exec $(PYTHON) -m pipeline.web_service --config config_nlp.yml

test: setup-dev ## run the tests; TESTS=tests/contract runs a part
	@$(TOOLS)/python -m pytest $(TESTS)

lint: setup-dev ## check style, types, shell scripts and the Dockerfile
	@$(TOOLS)/ruff check .
	@$(TOOLS)/ruff format --check --quiet . || { echo "run make format" >&2; exit 1; }
	@$(TOOLS)/python -m mypy $(TYPED)
	@$(TOOLS)/shellcheck bootstrap.sh .ci/run $(wildcard train/recipes/*.sh)
	@$(TOOLS)/hadolint Dockerfile

format: setup-dev ## format the code and mend what ruff can mend
	@$(TOOLS)/ruff check --fix-only --quiet .
	@$(TOOLS)/ruff format .

bench: setup-serving ## measure pairs/s through HTTP beside Paddle Inference called directly
	@$(PYTHON) -m benchmarks.run

models: setup-train ## train both rankers anew and export them to serving_models/
	@PYTHON=$(PYTHON) OUT=$(OUT) train/recipes/small.sh
	@for ranker in pairwise cross_encoder; do \
		$(PYTHON) -m export.publish --params_path $(OUT)/$$ranker/last \
			--model_card $(OUT)/$$ranker/MODEL_CARD.md --bundle serving_models/$$ranker || exit 1; done

lock: ## renew requirements/*.lock from pyproject.toml; UPGRADE=--upgrade takes newer versions
	@set -e; uv=$$(./bootstrap.sh --find-uv); \
	$(LOCK_SET) --extra serving -o requirements/serving.lock; \
	$(LOCK_SET) --extra serving --extra train -c requirements/serving.lock -o requirements/train.lock; \
	$(LOCK_SET) --extra dev -c requirements/train.lock -o requirements/dev.lock; \
	$(LOCK_SET) --extra gpu -c requirements/serving.lock -o requirements/gpu.lock; \
	$(LOCK_SET) --extra gpu --extra train -c requirements/train.lock -o requirements/train-gpu.lock; \
	$(LOCK) --group build -o requirements/build.lock; \
	$(LOCK) --group bootstrap -o requirements/bootstrap.lock

clean: ## remove environments, caches and logs
	rm -rf .venv .venv-gpu .cache .ruff_cache .mypy_cache .pytest_cache PipelineServingLogs \
		ProcessInfo.json workdir*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

setup-serving: ## make the environment that serves
	@./bootstrap.sh serving ${DEVICE}

setup-train: ## make the environment that trains and exports
	@./bootstrap.sh train ${DEVICE}

setup-dev: ## make the environment that tests and lints
	@./bootstrap.sh dev
