# syntax=docker/dockerfile:1
# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
#
# Both rankers behind HTTP (8088) and RPC (8089). The bundles of serving_models/ are inside; mount
# other ones over /app/serving_models.
#
#   docker build -t ranking-stack .
#   docker build -t ranking-stack:gpu --build-arg DEVICE=gpu .
#
# To pin the base, give it with its digest:
#
#   docker build -t ranking-stack --build-arg PYTHON_IMAGE=python:3.12-slim-bookworm@sha256:... .
#
# The C++ tensor service is inside too; the health check is the rankers' and does not know its port:
#
#   docker run --no-healthcheck -p 8600:8600 ranking-stack \
#     python -m general_model_service --model serving_models/pairwise/serving_server --port 8600

# the two stages named by it have tags above; hadolint's DL3006 cannot see that
ARG DEVICE=cpu
ARG PYTHON_IMAGE=python:3.12-slim-bookworm

# hadolint ignore=DL3006
FROM ${PYTHON_IMAGE} AS base-cpu
# paddle loads libgomp
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libgomp1=12.* \
    && rm -rf /var/lib/apt/lists/*

# paddlepaddle-gpu 2.6.2 is built for CUDA 11.8 with cuDNN 8 and loads the unversioned libcudnn.so,
# which only the devel image has. It takes the set card, whose Python 3.9 comes with uv, which pip
# fetches.
FROM nvidia/cuda:11.8.0-cudnn8-devel-ubuntu22.04 AS base-gpu
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libgomp1=12.* python3-pip=22.* \
    && rm -rf /var/lib/apt/lists/*

# hadolint ignore=DL3006
FROM base-${DEVICE} AS environment
ARG DEVICE
ARG SET=modern
WORKDIR /build
ENV VENV=/opt/venv \
    UV_PYTHON_INSTALL_DIR=/opt/python \
    UV_COMPILE_BYTECODE=1 \
    UV_NO_CACHE=1
COPY bootstrap.sh ./
COPY requirements requirements
RUN SET=${SET} ./bootstrap.sh serving ${DEVICE}

# Debian's compiler for both devices: its program needs no newer C library than Ubuntu 22.04 has. The
# module for Python needs the headers of the environment's, which may be uv's.
FROM base-cpu AS tensor-service
WORKDIR /build
ENV VENV=/opt/venv
COPY --from=environment /opt /opt
COPY contract/text/*_table.txt contract/text/
COPY general_model_service general_model_service
RUN general_model_service/build.sh install /opt/tensor-service

# hadolint ignore=DL3006
FROM base-${DEVICE}
# its home takes the engine cache: without one, each start times the engines again
RUN useradd --uid 10001 --create-home --shell /usr/sbin/nologin ranker \
    && install --directory --owner=ranker /app
WORKDIR /app
COPY --from=environment /opt /opt
COPY --from=tensor-service /opt/tensor-service /opt/tensor-service
COPY --from=tensor-service /build/general_model_service/*.py general_model_service/
COPY LICENSE config_nlp.yml ./
COPY contract contract
COPY pipeline pipeline
COPY serving_models serving_models
ENV PATH=/opt/venv/bin:$PATH \
    HOME=/home/ranker \
    PYTHONUNBUFFERED=1
USER 10001
EXPOSE 8088 8089
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8088/health', timeout=4)"]
CMD ["python", "-m", "pipeline.web_service", "--config", "config_nlp.yml"]
