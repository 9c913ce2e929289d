#!/bin/sh
# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
#
# In: the sources beside this file, the packages of apt-packages.txt, and the environment that
# bootstrap.sh made, whose openvino carries headers and libraries. Out: the program
# .cache/tensor-service/release/tensor_service and beside it native_encoder, a module for the Python of
# that environment (.cache/tensor-service-card for .venv-card and so on: the program runs with the
# openvino that it was built with). The Makefile and the Dockerfile call it; run again with nothing
# changed, it only asks Ninja.
#
#   general_model_service/build.sh                  build the program and the module
#   general_model_service/build.sh install DIR      put both, and Debian's libraries for the program, in DIR
#   general_model_service/build.sh bench            build both and the load generator
#   general_model_service/build.sh tests            build both and the tests, and run these
#   general_model_service/build.sh sanitize         run the tests with address,undefined, then thread
#   general_model_service/build.sh fuzz [SECONDS]   run each fuzz target that long [600]
#
# VENV=dir names another environment than .venv, JOBS=n another number of compilers than cores.

set -eu
cd "$(dirname "$0")/.."

SOURCE=general_model_service
VENV=${VENV:-.venv}
VENV=${VENV%/}
# as contract/environment/built.py has it
case "${VENV##*/}" in
    .venv-*) BUILDS=.cache/tensor-service-${VENV##*.venv-} ;;
    *) BUILDS=.cache/tensor-service ;;
esac

say() { echo "build: $*" >&2; }

die() {
    say "$*"
    exit 1
}

has_header() {
    printf '#if !__has_include(<%s>)\n#error\n#endif\n' "$1" | c++ -std=c++20 -E -x c++ - 2>/dev/null
}

has_libfuzzer() {
    echo 'extern "C" int LLVMFuzzerTestOneInput(const char*, unsigned long) { return 0; }' |
        clang++ -fsanitize=fuzzer -x c++ - -o /dev/null 2>/dev/null
}

# Looks for what a package brings, not for the package: other systems have it under other names,
# and some machines have a newer one than the system's.
is_there() {
    case "$1" in
        clang) command -v clang++ ;;
        cmake) command -v cmake ;;
        g++) command -v c++ ;;
        libb2-dev) has_header blake2.h ;;
        libboost-dev) has_header boost/asio.hpp ;;
        libclang-rt-dev) has_libfuzzer ;;
        libcli11-dev) has_header CLI/App.hpp ;;
        libgtest-dev) has_header gtest/gtest.h ;;
        libnghttp2-dev) has_header nghttp2/nghttp2.h ;;
        libprotobuf-dev) has_header google/protobuf/message.h ;;
        libsimdjson-dev) has_header simdjson.h ;;
        libssl-dev) has_header openssl/evp.h ;;
        libyaml-dev) has_header yaml.h ;;
        ninja-build) command -v ninja ;;
        pkg-config) command -v pkg-config ;;
        protobuf-compiler) command -v protoc ;;
        zlib1g-dev) has_header zlib.h ;;
        *) die "is_there() does not know what the package $1 brings: add it" ;;
    esac >/dev/null
}

missing_of() {
    missing=
    for package in "$@"; do
        is_there "$package" || missing="$missing $package"
    done
    echo "$missing"
}

# Installs what is missing of the packages, or ends with the one command that does.
need() {
    missing=$(missing_of "$@")
    [ -n "$missing" ] || return 0
    command -v apt-get >/dev/null ||
        die "install, by the names your system has for them:$missing"
    install="apt-get install --yes --no-install-recommends$missing"
    [ "$(id -u)" = 0 ] || die "packages are missing; run: sudo $install"
    say "installing$missing"
    export DEBIAN_FRONTEND=noninteractive
    # shellcheck disable=SC2086
    { apt-get update -qq && $install -qq; } >&2 || die "apt-get failed, see above; it was: $install"
}

openvino_cmake() {
    for folder in "$VENV"/lib/python3*/site-packages/openvino/cmake; do
        if [ -d "$folder" ]; then
            (cd "$folder" && pwd)
            return
        fi
    done
    die "no openvino in $VENV: run make setup-serving"
}

# The stamp says what the configuration that succeeded was made with; Ninja sees to all else.
configure() {
    folder=$1
    openvino=$(openvino_cmake)
    packages=$(cat "$SOURCE/apt-packages.txt")
    shift
    set -- -G Ninja -D "OpenVINO_DIR=$openvino" "$@"
    wanted="$* $packages"
    [ "$(cat "$folder/configured" 2>/dev/null)" != "$wanted" ] || return 0
    # shellcheck disable=SC2086
    need $packages
    say "configuring $folder"
    mkdir -p "$folder"
    rm -f "$folder/configured" "$folder/CMakeCache.txt"
    cmake -S "$SOURCE" -B "$folder" "$@" >"$folder/configure.log" 2>&1 || {
        cat "$folder/configure.log" >&2
        die "CMake could not configure $folder, see above"
    }
    echo "$wanted" >"$folder/configured"
}

# build FOLDER TARGETS ARGUMENTS...: the arguments are CMake's. One build at a time in a checkout.
build() (
    folder=$1
    targets=$2
    shift 2
    mkdir -p "$BUILDS"
    if command -v flock >/dev/null; then
        exec 9>"$BUILDS/build.flock"
        flock -n 9 || { say "waiting for another build to end" && flock 9; }
    fi
    configure "$folder" "$@"
    # shellcheck disable=SC2086
    cmake --build "$folder" --parallel "${JOBS:-$(getconf _NPROCESSORS_ONLN)}" --target $targets >&2
)

# The Python of the environment, if a module can be built for it; without, Python's own packages tokenize.
binding_python() {
    [ -x "$VENV/bin/python" ] || return 0
    if ! "$VENV/bin/python" -c 'import nanobind' 2>/dev/null; then
        say "without native_encoder: no nanobind in $VENV; run make setup-serving"
    elif ! "$VENV/bin/python" -c 'if 1:
        import os, sys, sysconfig
        sys.exit(not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")))'; then
        say "without native_encoder: the Python of $VENV has no Python.h; install its headers"
    else
        echo "$PWD/$VENV/bin/python"
    fi
}

build_release() {
    python=$(binding_python)
    build "$BUILDS/release" "$1${python:+ native_encoder}" \
        -D CMAKE_BUILD_TYPE=Release -D "BINDING_PYTHON=$python"
}

# The openvino package stays where it is: general_model_service/program.py tells the program where.
install_release() {
    build_release tensor_service
    cmake --install "$BUILDS/release" --prefix "$1" >&2
}

run_tests() {
    build_release "tensor_service tensor_service_tests"
    for library in "$PWD/$VENV"/lib/python3*/site-packages/onnxruntime/capi/libonnxruntime.so*; do
        [ ! -e "$library" ] || export ONNXRUNTIME_LIBRARY="$library"
    done
    "$BUILDS/release/tensor_service_tests" --gtest_brief=1
}

# The tests of the library, then Python's against the program: only these have sockets and threads.
# TBB, which OpenVINO brings, opens libraries in a way that AddressSanitizer cannot follow, unless told.
run_sanitized() {
    supp=$PWD/$SOURCE/tests
    export TBB_ENABLE_SANITIZERS=1
    export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
    export "LSAN_OPTIONS=suppressions=$supp/leaks.supp:use_tls=0"
    # what OpenVINO copies in its own threads looks like a race, and each one found costs milliseconds
    export "TSAN_OPTIONS=suppressions=$supp/races.supp:ignore_noninstrumented_modules=1"
    sanitize asan address,undefined
    sanitize tsan thread
}

sanitize() {
    build "$BUILDS/$1" "tensor_service tensor_service_tests" -D SANITIZE="$2"
    say "running the tests with $2"
    "$BUILDS/$1/tensor_service_tests" --gtest_brief=1
    # 80 bytes that a library of OpenVINO's wheel keeps cannot be told from others: it is unloaded by then
    TENSOR_SERVICE_BIN=$PWD/$BUILDS/$1/tensor_service ASAN_OPTIONS=detect_leaks=0 "$VENV/bin/python" -m pytest \
        tests/$SOURCE/test_abuse.py tests/$SOURCE/test_handover.py tests/$SOURCE/test_wire.py
}

# New inputs go to a corpus of the build; fuzz/corpus keeps those that are worth a commit.
fuzz_one() {
    found=$BUILDS/fuzz/found/$1
    kept=$SOURCE/fuzz/corpus/$1
    mkdir -p "$found" "$kept"
    say "fuzzing $1 for $2 s"
    "$BUILDS/fuzz/$1" -max_total_time="$2" -timeout=10 -artifact_prefix="$found-" \
        "$found" "$kept" || die "$1 failed; the input it failed on is named above"
}

run_fuzzers() {
    need clang libclang-rt-dev
    fuzzers=$(for source in "$SOURCE"/fuzz/*_fuzz.cc; do basename "$source" .cc; done)
    build "$BUILDS/fuzz" "$fuzzers" \
        -D CMAKE_CXX_COMPILER=clang++ -D FUZZ=ON -D SANITIZE=address,undefined
    for fuzzer in $fuzzers; do
        fuzz_one "$fuzzer" "$1"
    done
}

main() {
    case "${1:-program}-$#" in
        program-0) build_release tensor_service ;;
        install-2) install_release "$2" ;;
        bench-1) build_release "tensor_service tensor_service_bench" ;;
        tests-1) run_tests ;;
        sanitize-1) run_sanitized ;;
        fuzz-1) run_fuzzers 600 ;;
        fuzz-2) run_fuzzers "$2" ;;
        *) die "there is no '$*': give nothing, bench, install DIR, tests, sanitize or fuzz [SECONDS]" ;;
    esac
}

main "$@"
