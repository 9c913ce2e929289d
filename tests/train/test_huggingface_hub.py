# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Names of the Hugging Face hub are downloaded from HF_ENDPOINT, here a server of the tests' own.

It speaks the hub's routes for files, ``/OWNER/NAME/resolve/REVISION/FILE``. The downloads run in
processes of their own, since huggingface_hub reads the environment once.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

import pytest

from train.model.huggingface.hub import is_hub_name

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "huggingface"
COMMIT = "0123456789" * 4
MODELS = {"owner/bert": "bert", "owner/xlm": "roberta"}
_ASKED: list[str] = []
_DOWNLOAD = """
import sys
from contract.errors import SetUpError
from train.model.huggingface.hub import download
try:
    print(download(sys.argv[1]))
except SetUpError as error:
    sys.exit(f"refused: {error}")
"""


class _Hub(BaseHTTPRequestHandler):
    """Files of the fixtures; the paths asked for are kept."""

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def _answer(self, body: bool) -> None:
        _ASKED.append(self.path)
        owner, name, _, revision, file = self.path.lstrip("/").split("/", 4)
        folder = MODELS.get(f"{owner}/{name}")
        found = FIXTURES / str(folder) / file
        known = folder is not None and revision in ("main", "v1")
        if not known or not found.is_file():
            code = "EntryNotFound" if known else "RepoNotFound"
            self.send_response(404)
            self.send_header("X-Error-Code", code)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        data = found.read_bytes()
        self.send_response(200)
        self.send_header("ETag", f'"{hashlib.sha1(data).hexdigest()}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if body:
            self.wfile.write(data)


class Mirror(NamedTuple):
    """Where the server is, where downloads go, and what was asked of it."""

    endpoint: str
    home: Path
    asked: list[str]

    def download(self, name: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run :func:`download` in a process of its own."""
        set_here = {"HF_ENDPOINT": self.endpoint, "HF_HOME": str(self.home), **environment}
        kept = {key: value for key, value in os.environ.items() if not key.startswith("HF_")}
        return subprocess.run(
            [sys.executable, "-c", _DOWNLOAD, name],
            env={**kept, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1", **set_here},
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[Mirror]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Hub)
    _ASKED.clear()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Mirror(f"http://127.0.0.1:{server.server_port}", tmp_path / "home", _ASKED)
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_name_is_downloaded_once_and_then_needs_no_network(mirror: Mirror) -> None:
    first = mirror.download("owner/bert")
    assert first.returncode == 0, first.stderr
    folder = Path(first.stdout.strip())
    for file in ("config.json", "vocab.txt", "model.safetensors", "tokenizer_config.json"):
        assert (folder / file).read_bytes() == (FIXTURES / "bert" / file).read_bytes()
    asked = len(mirror.asked)
    again = mirror.download("owner/bert", HF_HUB_OFFLINE="1")
    assert again.stdout == first.stdout, again.stderr
    assert len(mirror.asked) == asked
    unreachable = mirror.download("owner/bert", HF_ENDPOINT="http://127.0.0.1:9")
    assert unreachable.stdout == first.stdout, unreachable.stderr


def test_weights_in_several_files_come_whole(mirror: Mirror) -> None:
    done = mirror.download("owner/xlm@v1")
    assert done.returncode == 0, done.stderr
    there = {path.name for path in Path(done.stdout.strip()).iterdir()}
    assert {f"model-0000{i}-of-00003.safetensors" for i in (1, 2, 3)} <= there
    assert "sentencepiece.bpe.model" in there


@pytest.mark.parametrize(
    ("name", "environment", "reason"),
    [
        ("owner/none", {}, "the hub has no such model, or wants a token"),
        ("owner/bert@v9", {}, "the hub has no such model"),
        (
            "owner/bert",
            {"HF_HUB_OFFLINE": "1"},
            "HF_HUB_OFFLINE is set, and the cache below HF_HOME",
        ),
        ("owner/bert", {"HF_ENDPOINT": "http://127.0.0.1:9"}, "the hub did not answer"),
    ],
)
def test_what_cannot_be_had_is_told_in_one_line(
    mirror: Mirror, name: str, environment: dict[str, str], reason: str
) -> None:
    done = mirror.download(name, **environment)
    assert done.returncode == 1
    assert f"refused: model {name}: is no directory here" in done.stderr
    assert reason in done.stderr


def test_what_is_a_name_of_the_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "checkpoints").mkdir()
    assert is_hub_name("BAAI/bge-reranker-base")
    assert is_hub_name("nghuyong/ernie-3.0-base-zh@main")
    for other in ("checkpoints/best", "ernie-3.0-base-zh", "a/b/c", "./a", "/a", "a/b@"):
        assert not is_hub_name(other), other
