#!/bin/sh
# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
#
# Makes a virtual environment that holds exactly the pins of one lock. There are two sets of locks:
# modern, for Python 3.12 or 3.13 with current packages (.venv), and card, for Python 3.9 with the
# packages of Paddle Serving 0.9 (.venv-card; .venv-gpu with a GPU). The Makefile and the Dockerfile
# call it; run again with nothing changed, it returns at once.
#
#   ./bootstrap.sh serving [cpu|gpu]            what serves
#   ./bootstrap.sh experiments|export|dev       what else modern has; dev holds all of it
#   ./bootstrap.sh train [cpu|gpu]              what trains and exports, of card
#   ./bootstrap.sh test                         what tests card, with what trains
#   ./bootstrap.sh sdks                         other re-rankers' SDKs, of modern (.venv-sdks)
#   ./bootstrap.sh serving-3.13                 what serves, on that Python (.venv-serving-3.13)
#   ./bootstrap.sh clients-3.10                 what an application has that calls the service, for
#                                               Python 3.9 to 3.13 (.venv-clients-3.10)
#   ./bootstrap.sh --find-python | --find-uv    print the program that would be used
#
# SET=card chooses card where both have a part; train, test and gpu are card's alone. VENV=dir puts
# the environment elsewhere. UV, PYTHON_MODERN and PYTHON_CARD name the programs to use.
# Exit status 3: there is no such Python, and none can be had.

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

# Minor versions of the Pythons that will do for the set $1, the best first.
minors_of() {
    case "$1" in
        modern) printf '%s\n' 12 13 ;;
        card) echo 9 ;;
        *) echo "${1#3.}" ;;
    esac
}

is_python_of() {
    versions=$(minors_of "$2" | sed 's/.*/(3, &),/')
    runs_as "$1" "sys.version_info[:2] in ($versions) and sys.implementation.name == 'cpython'"
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

# Programs that may be a Python of the set $1, the best first.
candidates() {
    for minor in $(minors_of "$1"); do on_path "python3.$minor"; done
    on_path python3
    on_path python
    for minor in $(minors_of "$1"); do pyenv_versions "$minor."; done
}

find_python() {
    case "$1" in
        modern) named=${PYTHON_MODERN:-} variable=PYTHON_MODERN wanted="CPython 3.12 or 3.13" ;;
        card) named=${PYTHON_CARD:-} variable=PYTHON_CARD wanted="CPython 3.9" ;;
        *) named= ;;
    esac
    if [ -n "$named" ]; then
        is_python_of "$named" "$1" || die "$variable=$named is not a $wanted that runs"
        echo "$named"
        return
    fi
    for python in $(candidates "$1"); do
        if is_python_of "$python" "$1"; then
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
    for python in $(candidates modern) $(candidates card) $(pyenv_versions ''); do
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

# The set that has part $1 for device $2.
set_of() {
    case "$1-$2" in
        serving-cpu) echo "${SET:-modern}" ;;
        experiments-cpu | export-cpu | dev-cpu | sdks-cpu) echo modern ;;
        clients-*-cpu | serving-3*-cpu) echo "${1#*-}" ;;
        *) echo card ;;
    esac
}

lock_of() {
    case "$1-$2" in
        serving-cpu) echo "requirements/$(set_of "$1" "$2")/serving.lock" ;;
        experiments-cpu | export-cpu | dev-cpu | sdks-cpu) echo "requirements/modern/$1.lock" ;;
        train-cpu | test-cpu) echo "requirements/card/$1.lock" ;;
        serving-gpu | train-gpu) echo "requirements/card/$1-gpu.lock" ;;
        clients-3.9-cpu | clients-3.1[0-3]-cpu) echo requirements/clients.lock ;;
        serving-3.1[23]-cpu) echo requirements/modern/serving.lock ;;
        *) die "there is no part '$1' for '$2': take serving, experiments, export, dev, sdks, clients-3.9 to -3.13, train or test for cpu, serving or train for gpu" ;;
    esac
}

environment_of() {
    case "$1-$2" in
        sdks-* | clients-* | serving-3*) echo ".venv-$1" ;;
        *-gpu) echo .venv-gpu ;;
        *) case "$(set_of "$1" "$2")" in card) echo .venv-card ;; *) echo .venv ;; esac ;;
    esac
}

# The parts that contain part $1 of the set $2, itself first.
parts_from() {
    case "$2-$1" in
        card-serving) printf '%s\n' serving train test ;;
        card-train) printf '%s\n' train test ;;
        modern-serving) printf '%s\n' serving export dev ;;
        modern-export | modern-experiments) printf '%s\n' "$1" dev ;;
        *) echo "$1" ;;
    esac
}

# The stamp is a copy of the lock, named by its part and written last: it says what was synced, and
# is absent after a sync that was cut short.
is_ready() {
    for part in $(parts_from "$1" "$SET"); do
        stamp="$VENV/synced-$part-$2.lock"
        if [ -f "$stamp" ] && cmp -s "$stamp" "$(lock_of "$part" "$2")"; then
            is_python_of "$VENV/bin/python" "$SET"
            return
        fi
    done
    return 1
}

has_had() { ls "$VENV"/sync*-"$1-$2.lock" >/dev/null 2>&1; }

# An environment keeps the largest part it has had, so that serve and test do not undo each other;
# only dev holds both what serves and what reads experiments.
largest_part() {
    largest=$1
    for part in $(parts_from "$1" "$SET"); do
        if has_had "$part" "$2"; then largest=$part; fi
    done
    case "$SET-$1" in
        modern-serving | modern-export) if has_had experiments "$2"; then largest=dev; fi ;;
        modern-experiments) if has_had serving "$2" || has_had export "$2"; then largest=dev; fi ;;
    esac
    echo "$largest"
}

check_libgomp() {
    [ "$(uname -s)" = Linux ] || die "paddle-serving has wheels for Linux only"
    "$1" -c "import ctypes; ctypes.CDLL('libgomp.so.1')" 2>/dev/null ||
        die "libgomp.so.1, which paddle loads, is missing: apt-get install libgomp1 (yum install libgomp)"
}

make_environment() {
    python=$(find_python "$SET")
    version=3.$(minors_of "$SET" | head -n 1)
    [ -n "$python" ] || say "no Python $version on this machine; uv looks for one to download"
    # an environment of another Python goes, packages and all; a folder that is none stays
    if [ -f "$VENV/pyvenv.cfg" ]; then how=--clear; else how=--allow-existing; fi
    "$1" venv --quiet $how --no-project --python "${python:-$version}" "$VENV" && return
    [ -z "$python" ] || die "$VENV could not be made with $python; see uv's message above"
    case "$SET" in
        modern) hint=", or name it with PYTHON_MODERN=/path/to/python$version (with Python 3.9 alone: make SET=card)" ;;
        card) hint=", or name it with PYTHON_CARD=/path/to/python$version" ;;
        *) hint= ;;
    esac
    say "no Python $version, and none to download: install one$hint"
    rmdir "$VENV" 2>/dev/null || true
    exit 3
}

build_lock() {
    case "$SET" in card) echo requirements/card/build.lock ;; *) echo requirements/modern/build.lock ;; esac
}

sync_part() {
    uv=$(find_uv)
    is_python_of "$VENV/bin/python" "$SET" || make_environment "$uv"
    case "$SET" in modern | card) check_libgomp "$VENV/bin/python" ;; esac
    lock=$(lock_of "$1" "$2")
    say "syncing $VENV to $lock"
    rm -f "$VENV"/sync*.lock
    cp "$lock" "$VENV/syncing-$1-$2.lock"
    "$uv" pip sync --quiet --python "$VENV/bin/python" --require-hashes \
        --build-constraints "$(build_lock)" --require-build-hashes \
        --preview-features build-dependency-hashes "$VENV/syncing-$1-$2.lock" ||
        die "the packages of $lock could not be installed; see uv's message above"
    mv "$VENV/syncing-$1-$2.lock" "$VENV/synced-$1-$2.lock"
}

main() {
    case "${SET:-}" in
        '' | modern | card) ;;
        *) die "there is no set '$SET': take modern or card" ;;
    esac
    case "${1:-}" in
        --find-python) find_python "${SET:-modern}"; return ;;
        --find-uv) find_uv; return ;;
    esac
    asked=${1:-serving}
    device=${2:-cpu}
    lock_of "$asked" "$device" >/dev/null
    SET=$(set_of "$asked" "$device")
    VENV=${VENV:-$(environment_of "$asked" "$device")}
    is_ready "$asked" "$device" && return
    mkdir -p "$VENV" .cache
    if command -v flock >/dev/null; then
        exec 9>.cache/bootstrap.flock
        flock -n 9 || { say "waiting for another bootstrap to end" && flock 9; }
        is_ready "$asked" "$device" && return
    fi
    sync_part "$(largest_part "$asked" "$device")" "$device"
}

main "$@"
