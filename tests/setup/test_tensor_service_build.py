# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""general_model_service/build.sh on a project of files that CMake copies, without network.

The real program is for make to build.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = Path("general_model_service/build.sh")
PACKAGES = Path("general_model_service/apt-packages.txt")
OPENVINO = "lib/python3.12/site-packages/openvino/cmake"

# each program is a shell script of the sources, copied; each configuration leaves a line
CMAKE_LISTS = """
cmake_minimum_required(VERSION 3.25)
project(stand_in NONE)
foreach(name tensor_service tensor_service_tests native_encoder first_fuzz second_fuzz)
  add_custom_target(${name} COMMAND cp ${CMAKE_SOURCE_DIR}/${name}.sh ${name}
    COMMAND chmod +x ${name})
endforeach()
install(PROGRAMS ${CMAKE_BINARY_DIR}/tensor_service DESTINATION .)
file(APPEND ${CMAKE_BINARY_DIR}/configurations
  "${OpenVINO_DIR} ${CMAKE_BUILD_TYPE} ${SANITIZE} ${FUZZ}\\n")
"""


class Checkout:
    """A copy of the script beside a project that builds in no time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.source = folder / SCRIPT.parent
        self.builds = folder / ".cache/tensor-service"
        (self.source / "fuzz").mkdir(parents=True)
        shutil.copy(ROOT / SCRIPT, self.source)
        (self.source / "CMakeLists.txt").write_text(CMAKE_LISTS)
        self.packages("cmake", "ninja-build")
        self.program("tensor_service", "echo served")
        self.program("tensor_service_tests", 'echo "tested in $(dirname "$0")"')
        self.program("native_encoder", "")
        for name in (".venv", "other"):
            (folder / name / OPENVINO).mkdir(parents=True)
        python = folder / ".venv/bin/python"
        python.parent.mkdir()
        python.write_text(
            '#!/bin/sh\n[ "$1" = -c ] || echo "pytest with ${TENSOR_SERVICE_BIN#"$PWD"/}"\n'
        )
        python.chmod(0o755)
        self.path = self._path()

    def packages(self, *names: str) -> None:
        (self.source / PACKAGES.name).write_text("".join(f"{name}\n" for name in names))

    def program(self, name: str, text: str) -> None:
        (self.source / f"{name}.sh").write_text(f"#!/bin/sh\n{text}\n")

    def _path(self) -> Path:
        """A folder for PATH with the system's programs, of which a test may replace some."""
        path = self.folder / "bin"
        path.mkdir()
        for folder in os.get_exec_path():
            for program in Path(folder).glob("*"):
                if program.name != "apt-get" and not (path / program.name).is_symlink():
                    (path / program.name).symlink_to(program)
        return path

    def replace(self, name: str, text: str) -> None:
        self.remove(name)
        (self.path / name).write_text(f"#!/bin/sh\n{text}\n")
        (self.path / name).chmod(0o755)

    def remove(self, name: str) -> None:
        (self.path / name).unlink(missing_ok=True)

    def configurations(self, build: str = "release") -> list[str]:
        return (self.builds / build / "configurations").read_text().splitlines()

    def build(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.source / SCRIPT.name, *arguments],
            cwd="/",
            env={"PATH": str(self.path), "HOME": str(self.folder), **variables},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def built(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        done = self.build(*arguments, **variables)
        assert done.returncode == 0, done.stderr
        return done


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


@pytest.mark.parametrize("environment", [".venv", ".venv-card", ".venv-gpu", "/opt/venv"])
def test_the_launcher_looks_where_the_script_builds(environment: str) -> None:
    """Both follow one rule, in two languages."""
    line = re.search(r"^VENV=.*?^esac$", (ROOT / SCRIPT).read_text(), re.MULTILINE | re.DOTALL)
    assert line is not None
    program = f'VENV={environment}/; {line[0]}\necho "$BUILDS"'
    shell = subprocess.check_output(["/bin/sh", "-c", program], text=True).strip()
    python = f"import sys; sys.prefix = {'/x/' + environment!r}\n" + (
        "from general_model_service.program import BUILT; print(BUILT.parent.parent.name)"
    )
    launcher = subprocess.check_output([sys.executable, "-c", python], cwd=ROOT, text=True).strip()
    assert shell == f".cache/{launcher}"


def test_a_second_run_configures_nothing(checkout: Checkout) -> None:
    assert "build: configuring" in checkout.built().stderr
    assert "configuring" not in checkout.built().stderr
    assert checkout.configurations() == [f"{checkout.folder}/.venv/{OPENVINO} Release  "]
    program = checkout.builds / "release/tensor_service"
    assert subprocess.check_output([program], text=True) == "served\n"


def test_another_openvino_or_another_package_configures_again(checkout: Checkout) -> None:
    checkout.built()
    checkout.built(VENV="other")
    checkout.packages("cmake", "ninja-build", "pkg-config")
    checkout.built(VENV="other")
    used = [line.split(f"/{OPENVINO}")[0] for line in checkout.configurations()]
    assert used == [f"{checkout.folder}/{name}" for name in (".venv", "other", "other")]


def test_the_module_is_built_for_the_python_of_the_environment(checkout: Checkout) -> None:
    checkout.built()
    module = checkout.builds / "release/native_encoder"
    assert module.is_file()
    stamp = (checkout.builds / "release/configured").read_text()
    assert f"BINDING_PYTHON={checkout.folder}/.venv/bin/python" in stamp


@pytest.mark.parametrize(
    ("lacks", "remedy"),
    [("import nanobind", "run make setup-serving"), ("Python.h", "install its headers")],
)
def test_without_what_the_module_needs_only_the_program_is_built(
    checkout: Checkout, lacks: str, remedy: str
) -> None:
    python = checkout.folder / ".venv/bin/python"
    python.write_text(f'#!/bin/sh\ncase "$2" in *"{lacks}"*) exit 1 ;; esac\n')
    done = checkout.built()
    (said,) = [line for line in done.stderr.splitlines() if "native_encoder" in line]
    assert said.startswith("build: without native_encoder: ")
    assert said.endswith(remedy)
    assert (checkout.builds / "release/tensor_service").is_file()
    assert not (checkout.builds / "release/native_encoder").exists()


def test_a_configuration_that_failed_is_shown_and_done_again(checkout: Checkout) -> None:
    lists = checkout.source / "CMakeLists.txt"
    good = lists.read_text()
    lists.write_text('message(FATAL_ERROR "no such library")')
    done = checkout.build()
    assert done.returncode == 1
    assert "no such library" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("build: CMake could not configure")
    lists.write_text(good)
    assert "configuring" in checkout.built().stderr


def test_the_status_of_the_tests_is_the_script_s(checkout: Checkout) -> None:
    assert checkout.built("tests").stdout == "tested in .cache/tensor-service/release\n"
    checkout.program("tensor_service_tests", "exit 3")
    assert checkout.build("tests").returncode == 3


def test_the_sanitizers_run_one_after_the_other(checkout: Checkout) -> None:
    expected = []
    for folder in (".cache/tensor-service/asan", ".cache/tensor-service/tsan"):
        expected += [f"tested in {folder}", f"pytest with {folder}/tensor_service"]
    assert checkout.built("sanitize").stdout.splitlines() == expected
    assert checkout.configurations("asan")[0].split()[1:] == ["address,undefined"]
    assert checkout.configurations("tsan")[0].split()[1:] == ["thread"]
    checkout.program("tensor_service_tests", "exit 66")
    assert checkout.build("sanitize").returncode == 66


def test_each_fuzzer_runs_on_its_corpus_and_a_crash_is_an_error(checkout: Checkout) -> None:
    checkout.replace("clang++", "exit 0")
    for name in ("first_fuzz", "second_fuzz"):
        (checkout.source / f"fuzz/{name}.cc").write_text("")
        checkout.program(name, 'echo "$@"')
    first, second = checkout.built("fuzz", "7").stdout.splitlines()
    assert "-max_total_time=7 " in first
    assert first.endswith("found/first_fuzz general_model_service/fuzz/corpus/first_fuzz")
    assert second.endswith("corpus/second_fuzz")
    assert "-max_total_time=600 " in checkout.built("fuzz").stdout
    checkout.program("first_fuzz", "exit 77")
    done = checkout.build("fuzz", "7")
    assert (done.returncode, done.stdout) == (1, "")
    assert "build: first_fuzz failed" in done.stderr


def test_install_puts_the_program_where_it_is_told(checkout: Checkout) -> None:
    checkout.built("install", str(checkout.folder / "opt"))
    assert (checkout.folder / "opt/tensor_service").is_file()


def test_missing_packages_are_one_command_for_who_is_not_root(checkout: Checkout) -> None:
    checkout.remove("ninja")
    checkout.replace("id", "echo 1000")
    checkout.replace("apt-get", "echo should not run")
    done = checkout.build()
    command = "sudo apt-get install --yes --no-install-recommends ninja-build"
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"build: packages are missing; run: {command}\n"


def test_root_installs_what_is_missing_and_nothing_else(checkout: Checkout) -> None:
    checkout.remove("ninja")
    checkout.replace("id", "echo 0")
    installed = f"ln -s {shutil.which('ninja')} {checkout.path}/ninja"
    checkout.replace("apt-get", f'echo "$@"; if [ "$1" = install ]; then {installed}; fi')
    done = checkout.built()
    assert "\nupdate -qq\ninstall --yes --no-install-recommends ninja-build -qq\n" in done.stderr
    assert (checkout.builds / "release/tensor_service").is_file()


def test_a_system_without_apt_is_told_the_names(checkout: Checkout) -> None:
    checkout.remove("ninja")
    done = checkout.build()
    assert done.returncode == 1
    assert done.stderr == "build: install, by the names your system has for them: ninja-build\n"


def test_headers_are_looked_for_with_the_compiler(checkout: Checkout) -> None:
    checkout.packages("cmake", "libboost-dev", "zlib1g-dev")
    checkout.replace("c++", "grep -q zlib.h && exit 1; exit 0")
    assert checkout.build().stderr.endswith("for them: zlib1g-dev\n")


def test_every_package_that_the_real_build_needs_is_known(checkout: Checkout) -> None:
    names = (ROOT / PACKAGES).read_text().split()
    checkout.packages(*names)
    checkout.replace("c++", "exit 0")
    checkout.built()
    checkout.packages(*names, "libother-dev")
    done = checkout.build()
    assert done.returncode == 1
    assert "does not know what the package libother-dev brings" in done.stderr


def test_an_environment_without_openvino_names_the_remedy(checkout: Checkout) -> None:
    shutil.rmtree(checkout.folder / ".venv")
    done = checkout.build()
    assert done.returncode == 1
    assert done.stderr == "build: no openvino in .venv: run make setup-serving\n"


@pytest.mark.skipif(shutil.which("flock") is None, reason="this machine has no flock")
def test_two_at_a_time_configure_once(checkout: Checkout) -> None:
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: checkout.built(), range(2)))
    assert len(checkout.configurations()) == 1


@pytest.mark.parametrize("arguments", [["everything"], ["install"], ["fuzz", "1", "2"]])
def test_an_unknown_argument_is_refused(checkout: Checkout, arguments: list[str]) -> None:
    done = checkout.build(*arguments)
    assert done.returncode == 1
    assert done.stderr.startswith("build: there is no")
    assert done.stderr.count("\n") == 1
