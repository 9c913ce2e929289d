#!/bin/sh
# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
#
# In: the Debian packages of apt-packages.txt. Out: a browser for the tests of the page, installed
# when root, else named: those tests then skip. CHROMIUM=program names another one. Called by make test.

set -eu
cd "$(dirname "$0")"

say() { echo "browser: $*" >&2; }

if [ -n "${CHROMIUM:-}" ] || command -v chromium >/dev/null; then
    exit 0
fi
packages=$(tr '\n' ' ' <apt-packages.txt)
install="apt-get install --yes --no-install-recommends $packages"
if ! command -v apt-get >/dev/null; then
    say "no chromium: tests of the page will skip; install it, and a font with Chinese, by your system's means"
elif [ "$(id -u)" != 0 ]; then
    say "no chromium: tests of the page will skip; to run them: sudo $install"
else
    say "installing $packages"
    export DEBIAN_FRONTEND=noninteractive
    # shellcheck disable=SC2086
    { apt-get update -qq && $install -qq; } >&2 ||
        say "apt-get failed, see above: tests of the page will skip; it was: $install"
fi
