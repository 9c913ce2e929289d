#!/bin/sh
# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
#
# In: a requirements set (serving, train, experiments, dev, sdks) and a device (cpu, gpu). Out: the
# virtual environment .venv (.venv-gpu; .venv-sdks for sdks), holding exactly the pins of that set
# or of a larger one. The Makefile and the Dockerfile call it; run again with nothing changed, it
# returns at once.
#
#   ./bootstrap.sh serving|train|experiments|dev|sdks [cpu|gpu]    make the environment ready
#   ./bootstrap.sh --find-python | --find-uv                       print the program that would be used
#
# VENV=dir puts the environment elsewhere. UV and PYTHON39 name a uv and a Python 3.9 to use.

set -eu
cd "$(dirname "$0")"

UV_HOME=.cache/uv
# Lists below have one item a line, so that a folder's name may hold a space.
IFS='
'

say() { echo "bootstrap: $*" >&2; }

die() {
    say "$*"
    exit 1
}

# A pyenv shim is an executable file that fails; only running it tells.
runs_as() {
    [ -x "$1" ] && "$1" -c "import ssl, sys; sys.exit(not ($2))" >/dev/null 2>&1
}

is_python39() {
    runs_as "$1" "sys.version_info[:2] == (3, 9) and sys.implementation.name == 'cpython'"
}

# Every file of that name on PATH, in PATH's order, not the first alone: the first may be a shim.
on_path() {
    (
        IFS=:
        for folder in $PATH; do
            if [ -x "${folder:-.}/$1" ]; then echo "${folder:-.}/$1"; fi
        done
    )
}

pyenv_versions() {
    ls -d "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3."$1"*/bin/python3 2>/dev/null || true
}

candidates() {
    on_path python3.9
    on_path python3
    on_path python
    pyenv_versions 9.
}

find_python() {
    if [ -n "${PYTHON39:-}" ]; then
        is_python39 "$PYTHON39" || die "PYTHON39=$PYTHON39 is not a CPython 3.9 that runs"
        echo "$PYTHON39"
        return
    fi
    for python in $(candidates); do
        if is_python39 "$python"; then
            echo "$python"
            return
        fi
    done
}

# Older ones cannot check the hashes of what builds the packages that have no wheel.
is_uv() {
    [ -x "$1" ] && "$1" pip sync --help 2>/dev/null | grep -q -e --require-build-hashes
}

known_uv() {
    if [ -n "${UV:-}" ]; then
        is_uv "$UV" || die "UV=$UV is not a uv, 0.13 or later, that runs"
        echo "$UV"
        return
    fi
    for uv in $(on_path uv) "$UV_HOME/bin/uv"; do
        if is_uv "$uv"; then
            echo "$uv"
            return
        fi
    done
}

# Any Python from 3.8 on may have the pip that fetches uv; Debian's may have neither pip nor ensurepip.
fetch_uv() {
    for python in $(candidates) $(pyenv_versions ''); do
        runs_as "$python" "sys.version_info >= (3, 8)" || continue
        if ! "$python" -m pip --version >/dev/null 2>&1; then
            "$python" -m venv "$UV_HOME.venv" >/dev/null 2>&1 || continue
            python="$UV_HOME.venv/bin/python"
        fi
        say "fetching uv with $python"
        if "$python" -m pip install -qq --disable-pip-version-check --no-cache-dir --no-deps \
            --require-hashes --upgrade --target "$UV_HOME" -r requirements/bootstrap.lock >&2; then
            break
        fi
    done
    rm -rf "$UV_HOME.venv"
}

find_uv() {
    uv=$(known_uv)
    if [ -z "$uv" ]; then
        fetch_uv
        uv=$(known_uv)
    fi
    [ -n "$uv" ] || die "no uv 0.13 or later, and no python3 with pip to fetch it: install uv or python3-pip"
    echo "$uv"
}

lock_of() {
    case "$1-$2" in
        serving-cpu | train-cpu | experiments-cpu | dev-cpu | sdks-cpu) echo "requirements/$1.lock" ;;
        serving-gpu) echo requirements/gpu.lock ;;
        train-gpu) echo requirements/train-gpu.lock ;;
        *) die "there is no set '$1' for '$2': take serving, train, experiments, dev or sdks for cpu, serving or train for gpu" ;;
    esac
}

# The sets that contain set $1, itself first.
sets_from() {
    case "$1" in
        serving) printf '%s\n' serving train dev ;;
        train) printf '%s\n' train dev ;;
        experiments) printf '%s\n' experiments dev ;;
        *) echo "$1" ;;
    esac
}

# The stamp is a copy of the lock, named by its set and written last: it says what was synced, and
# is absent after a sync that was cut short.
is_ready() {
    for set in $(sets_from "$1"); do
        stamp="$VENV/synced-$set-$2.lock"
        if [ -f "$stamp" ] && cmp -s "$stamp" "$(lock_of "$set" "$2")"; then
            runs_as "$VENV/bin/python" True
            return
        fi
    done
    return 1
}

has_had() { ls "$VENV"/sync*-"$1-$2.lock" >/dev/null 2>&1; }

# An environment keeps the largest set it has had, so that serve and test do not undo each other;
# only dev holds both what serves or trains and what reads experiments.
largest_set() {
    largest=$1
    for set in $(sets_from "$1"); do
        if has_had "$set" "$2"; then largest=$set; fi
    done
    case "$1" in
        serving | train) if has_had experiments "$2"; then largest=dev; fi ;;
        experiments) if has_had serving "$2" || has_had train "$2"; then largest=dev; fi ;;
    esac
    echo "$largest"
}

check_libgomp() {
    [ "$(uname -s)" = Linux ] || die "paddle-serving has wheels for Linux only"
    "$1" -c "import ctypes; ctypes.CDLL('libgomp.so.1')" 2>/dev/null ||
        die "libgomp.so.1, which paddle loads, is missing: apt-get install libgomp1 (yum install libgomp)"
}

sync_set() {
    uv=$(find_uv)
    if ! is_python39 "$VENV/bin/python"; then
        python=$(find_python)
        [ -n "$python" ] || say "no Python 3.9 on this machine; uv looks for one to download"
        "$uv" venv --quiet --allow-existing --no-project --python "${python:-3.9}" "$VENV" ||
            die "no Python 3.9: install one, or name it with PYTHON39=/path/to/python3.9"
    fi
    check_libgomp "$VENV/bin/python"
    lock=$(lock_of "$1" "$2")
    say "syncing $VENV to $lock"
    rm -f "$VENV"/sync*.lock
    cp "$lock" "$VENV/syncing-$1-$2.lock"
    "$uv" pip sync --quiet --python "$VENV/bin/python" --require-hashes \
        --build-constraints requirements/build.lock --require-build-hashes \
        --preview-features build-dependency-hashes "$VENV/syncing-$1-$2.lock" ||
        die "the packages of $lock could not be installed; see uv's message above"
    mv "$VENV/syncing-$1-$2.lock" "$VENV/synced-$1-$2.lock"
}

main() {
    case "${1:-}" in
        --find-python) find_python; return ;;
        --find-uv) find_uv; return ;;
    esac
    set_name=${1:-serving}
    device=${2:-cpu}
    lock_of "$set_name" "$device" >/dev/null
    if [ "$set_name" = sdks ]; then VENV=${VENV:-.venv-sdks}; elif [ "$device" = gpu ]; then VENV=${VENV:-.venv-gpu}; else VENV=${VENV:-.venv}; fi
    is_ready "$set_name" "$device" && return
    mkdir -p "$VENV" .cache
    if command -v flock >/dev/null; then
        exec 9>.cache/bootstrap.flock
        flock -n 9 || { say "waiting for another bootstrap to end" && flock 9; }
        is_ready "$set_name" "$device" && return
    fi
    sync_set "$(largest_set "$set_name" "$device")" "$device"
}

main "$@"
