#!/bin/sh
# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
#
# In: requirements/peers.txt. Out: .venv-peers, the environment of the systems that `make bench`
# compares with. Called by `make setup-peers`; run again with nothing changed, it returns at once.
# PYTHON311 names a Python 3.11 to use.

set -eu
cd "$(dirname "$0")/../.."

VENV=.venv-peers
LIST=requirements/peers.txt

say() { echo "setup-peers: $*" >&2; }

# A pyenv shim is an executable file that fails; only running it tells.
is_python311() {
    [ -x "$1" ] && "$1" -c "import ssl, sys, venv; sys.exit(sys.version_info[:2] != (3, 11))" >/dev/null 2>&1
}

find_python() {
    for python in "${PYTHON311:-}" "$(command -v python3.11 || true)" "$(command -v python3 || true)" \
        "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.11*/bin/python3; do
        if is_python311 "$python"; then
            echo "$python"
            return
        fi
    done
}

main() {
    if [ -f "$VENV/synced.txt" ] && cmp -s "$VENV/synced.txt" "$LIST"; then return; fi
    python=$(find_python)
    [ -n "$python" ] || { say "no Python 3.11 that runs: install one, or name it with PYTHON311"; exit 1; }
    rm -rf "$VENV"
    "$python" -m venv "$VENV"
    say "installing the peers into $VENV (2 GB, some minutes)"
    # --no-deps: Infinity asks for sentence-transformers below 4, whose CrossEncoder has no OpenVINO,
    # and for a CUDA build's torchvision; the list is what was run together
    "$VENV/bin/python" -m pip install --quiet --no-deps --disable-pip-version-check -r "$LIST"
    cp "$LIST" "$VENV/synced.txt"
}

main "$@"
