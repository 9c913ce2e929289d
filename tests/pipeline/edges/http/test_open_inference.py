# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The Open Inference Protocol: texts and token rows get the scores that other paths give."""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Optional
from urllib.parse import urlsplit

import httpx
import numpy as np
import pytest

from child_services.running_service import RunningService
from clients.http_client import HttpRankerClient
from contract.bundle import Bundle
from contract.encoding import INPUT_IDS, TOKEN_TYPE_IDS
from contract.rankers import CROSS_ENCODER, PAIRWISE, RANKERS
from contract.scoring import SCORE_FUNCTIONS
from contract.wire.request import Limits
from pipeline.edges.http.routes.open_inference import Infer
from pipeline.request.call import Arrival
from tests.bundles import SENTENCES, rehash, relist
from tests.conftest import REPOSITORY
from tests.pipeline.dag.test_sort import SATURATED, TARGET, sort
from tests.pipeline.engines.remote_services import endpoint, opened
from tests.pipeline.telemetry.test_metrics import scrape
from tests.services import running_service
from tests.tensor_service import StartTensorService

QUERY, TITLES = SENTENCES[0], list(SENTENCES[1:])
LENGTH = "Inference-Header-Content-Length"
SDKS = REPOSITORY / ".venv-sdks" / "bin" / "python"


@pytest.fixture(scope="module")
def edge(bundles: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    with running_service(
        bundles,
        tmp_path_factory.mktemp("inference"),
        model_aliases={"rerank": CROSS_ENCODER},
        limits={"max_body_bytes": 200_000, "max_documents": 50, "max_tokens": 700},
    ) as service:
        yield service


def text(name: str, values: list[str]) -> dict[str, Any]:
    return {"name": name, "shape": [len(values)], "datatype": "BYTES", "data": values}


def tensor(name: str, array: Any, *, flat: bool = False) -> dict[str, Any]:
    array = np.asarray(array)
    data = array.reshape(-1) if flat else array
    return {
        "name": name,
        "shape": list(array.shape),
        "datatype": "INT64",
        "data": data.tolist(),
    }


def texts(titles: Optional[list[str]] = None) -> dict[str, Any]:
    return {"inputs": [text("query", [QUERY]), text("title", titles or TITLES)]}


def rows(ids: Any, types: Any = None) -> dict[str, Any]:
    types = np.zeros_like(np.asarray(ids)) if types is None else types
    return {"inputs": [tensor(INPUT_IDS, ids), tensor(TOKEN_TYPE_IDS, types)]}


def infer(edge: RunningService, body: Any, model: str = PAIRWISE, **headers: str) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    url = f"{edge.url}/v2/models/{model}/infer"
    return httpx.post(url, content=content, headers=headers, timeout=30)


def scores(response: httpx.Response) -> list[float]:
    assert response.status_code == 200, response.text
    (output,) = response.json()["outputs"]
    assert (output["name"], output["datatype"]) == ("score", "FP32")
    assert output["shape"] == [len(output["data"])]
    return list(output["data"])


def expected(edge: RunningService, ranker: str, titles: list[str]) -> Any:
    with HttpRankerClient(edge.url) as client:
        results = client.rank(QUERY, titles, ranker=ranker).results
    by_index = {result.index: result.score for result in results}
    return pytest.approx([by_index[i] for i in range(len(titles))], abs=1e-6)


def encoded(bundles: Path, ranker: str, titles: list[str]) -> dict[str, Any]:
    encoder = Bundle.open(bundles / ranker).encoder()
    return encoder.pad(encoder.encode(QUERY, titles))


def as_binary(feed: dict[str, Any], **parameters: Any) -> tuple[bytes, str]:
    described, data = [], b""
    for name, array in feed.items():
        raw = array.astype("<i8").tobytes()
        size = {"binary_data_size": len(raw)}
        shape = list(array.shape)
        described.append({"name": name, "shape": shape, "datatype": "INT64", "parameters": size})
        data += raw
    head = json.dumps({"inputs": described, "parameters": parameters}).encode()
    return head + data, str(len(head))


@pytest.mark.parametrize("ranker", RANKERS)
def test_texts_and_token_rows_have_the_scores_of_rank(
    edge: RunningService, bundles: Path, ranker: str
) -> None:
    want = expected(edge, ranker, TITLES)
    assert scores(infer(edge, texts(), ranker)) == want
    feed = encoded(bundles, ranker, TITLES)
    assert scores(infer(edge, rows(**_named(feed)), ranker)) == want
    wider = {name: np.pad(array, ((0, 0), (0, 9))) for name, array in feed.items()}
    assert scores(infer(edge, rows(**_named(wider)), ranker)) == want


def _named(feed: dict[str, Any]) -> dict[str, Any]:
    return {"ids": feed[INPUT_IDS], "types": feed[TOKEN_TYPE_IDS]}


def test_the_tensor_service_gives_the_same_scores(
    edge: RunningService, bundles: Path, tensor_service: StartTensorService
) -> None:
    bundle = Bundle.open(bundles / CROSS_ENCODER)
    feed = encoded(bundles, CROSS_ENCODER, TITLES)
    engine = opened(bundle, endpoint(tensor_service(bundle.root)))
    want = pytest.approx(bundle.score(engine.run(feed)).tolist(), abs=1e-5)
    engine.close()
    assert scores(infer(edge, rows(**_named(feed)), CROSS_ENCODER)) == want


def test_binary_tensors_in_and_out(edge: RunningService, bundles: Path) -> None:
    want = expected(edge, PAIRWISE, TITLES)
    body, length = as_binary(encoded(bundles, PAIRWISE, TITLES), binary_data_output=True)
    response = infer(edge, body, **{LENGTH: length})
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/octet-stream"
    end = int(response.headers[LENGTH])
    (output,) = json.loads(response.content[:end])["outputs"]
    assert output["parameters"]["binary_data_size"] == 4 * len(TITLES)
    assert "data" not in output
    assert np.frombuffer(response.content[end:], "<f4").tolist() == want


def test_both_names_of_the_output_may_be_asked_for(edge: RunningService) -> None:
    body = {**texts(), "outputs": [{"name": "predict"}, {"name": "score"}]}
    first, second = infer(edge, body).json()["outputs"]
    assert (first["name"], second["name"]) == ("predict", "score")
    assert first["data"] == second["data"]


@pytest.mark.parametrize("ranker", RANKERS)
def test_logits_come_where_they_are_asked_for(
    edge: RunningService, bundles: Path, ranker: str
) -> None:
    """Of texts and token rows, and after the JSON too."""
    asked = {"query": QUERY, "documents": TITLES, "model": ranker, "raw_scores": True}
    reranked = httpx.post(f"{edge.url}/v1/rerank", json=asked, timeout=30).json()["results"]
    raw = {result["index"]: result["relevance_score"] for result in reranked}
    want = pytest.approx([raw[i] for i in range(len(TITLES))], abs=1e-5)
    outputs = [{"name": "logit"}, {"name": "score"}]
    for body in (texts(), rows(**_named(encoded(bundles, ranker, TITLES)))):
        response = infer(edge, {**body, "outputs": outputs}, ranker)
        assert response.status_code == 200, response.text
        logit, score = response.json()["outputs"]
        assert (logit["name"], logit["datatype"], logit["data"]) == ("logit", "FP32", want)
        assert logit["shape"] == [len(TITLES)]
        of_logit = 1 / (1 + np.exp(-np.array(logit["data"])))
        assert score["data"] == pytest.approx(of_logit.tolist(), abs=1e-6)
    outputs = [{"name": "logit", "parameters": {"binary_data": True}}]
    response = infer(edge, {**texts(), "outputs": outputs}, ranker)
    assert np.frombuffer(response.content[int(response.headers[LENGTH]) :], "<f4").tolist() == want


def answer_of(logits: list[list[float]], function: str, *outputs: str) -> Any:
    """What the route makes of a DAG's outcome with these logits."""
    has_logits = SCORE_FUNCTIONS[function].has_logits
    titles = [f"title {i}" for i in range(len(logits))]
    body = {**texts(titles), **({"outputs": [{"name": o} for o in outputs]} if outputs else {})}
    content = json.dumps(body).encode()
    route = Infer(PAIRWISE, TARGET, has_logits, Limits(), content, None)
    call = route.read(Arrival("test", "", time.monotonic()))
    response = json.loads(route.write(sort({TARGET: logits}, function), call).body)
    return [one["data"] for one in response["outputs"]], response["parameters"].get("warnings", "")


def test_logits_order_what_scores_of_1_hide() -> None:
    """A float32 has no room between 1 and the score of a logit of 17."""
    scores, warnings = answer_of(SATURATED, "sigmoid")
    assert scores == [[1.0] * 4]
    assert warnings == (
        "4 documents have the score 1 in FP32, and their logits differ; the output logit has them"
    )
    (_, logits), warnings = answer_of(SATURATED, "sigmoid", "score", "logit")
    assert logits == pytest.approx([24.30, 24.32, 23.74, 24.13], rel=1e-6)
    assert warnings == ""
    for apart in ([[24.3], [2.0]], [[24.3], [24.3]], [[1.0], [2.0]]):
        assert "FP32" not in answer_of(apart, "sigmoid")[1]


def test_a_bundle_without_logits_refuses_them(bundles: Path, tmp_path: Path) -> None:
    """A pair-wise graph of ours has its scores as an output, as older exports had them alone."""
    shutil.copytree(bundles, tmp_path / "models")
    root = relist(
        tmp_path / "models" / PAIRWISE, score_function="identity", logits="predict", graphs=[]
    )
    golden = root / "golden.jsonl"
    pairs = [json.loads(line) for line in golden.read_text(encoding="utf-8").splitlines()]
    lines = [json.dumps({**pair, "logits": [pair["score"]]}) + "\n" for pair in pairs]
    golden.write_text("".join(lines), encoding="utf-8")
    rehash(root)
    with running_service(tmp_path / "models", tmp_path) as service:
        assert len(scores(infer(service, texts()))) == len(TITLES)
        response = infer(service, {**texts(), "outputs": [{"name": "logit"}]})
        assert response.status_code == 422
        assert "returns scores and no logits; ask for score, or export" in response.json()["error"]
        model = httpx.get(f"{service.url}/v2/models/{PAIRWISE}").json()
        assert [output["name"] for output in model["outputs"]] == ["score"]
        outputs = httpx.get(f"{service.url}/v2/models/{CROSS_ENCODER}").json()["outputs"]
        assert [output["name"] for output in outputs] == ["score", "logit"]


def test_each_title_may_have_its_query(edge: RunningService) -> None:
    queries = [QUERY, TITLES[2]]
    body = {"inputs": [text("query", queries), text("documents", TITLES[:2])]}
    body["inputs"][0]["shape"] = [2, 1]
    both = scores(infer(edge, body))
    alone = {"inputs": [text("query", queries[1:]), text("title", TITLES[1:2])]}
    assert both[1:] == pytest.approx(scores(infer(edge, alone)), abs=1e-6)
    assert both[:1] == expected(edge, PAIRWISE, TITLES[:1])


def test_what_is_served_is_told(edge: RunningService, bundles: Path) -> None:
    version = Bundle.open(bundles / CROSS_ENCODER).manifest.version

    def get(path: str) -> tuple[int, Any]:
        response = httpx.get(f"{edge.url}/v2{path}")
        return response.status_code, response.json()

    assert get("")[1]["extensions"] == ["binary_tensor_data"]
    assert get("/health/live") == (200, {"live": True})
    assert get("/health/ready") == (200, {"ready": True})
    status, model = get("/models/rerank")
    assert (status, model["name"], model["versions"]) == (200, "rerank", [version])
    assert [output["name"] for output in model["outputs"]] == ["score", "logit"]
    assert get(f"/models/rerank/versions/{version}/ready") == (
        200,
        {"name": "rerank", "ready": True},
    )
    for path in ("/models/x", "/models/x/ready", "/models/rerank/versions/1", "/models/a/b/c"):
        status, body = get(path)
        assert status == 404
        assert isinstance(body["error"], str)
    titles = infer(edge, texts(), f"rerank/versions/{version}").json()
    assert (titles["model_name"], titles["model_version"]) == ("rerank", version)


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        (b"{", 400, "body: not JSON"),
        ({}, 400, "inputs: must be a list"),
        ({"inputs": []}, 422, "inputs: must be query and title"),
        ({"inputs": [], "x": 1}, 422, "x: unknown"),
        ({"inputs": [text("query", ["q"]), text("query", ["q"])]}, 400, "query stands twice"),
        ({"inputs": [{**text("q", ["q"]), "datatype": "FP32"}]}, 422, "must be INT64 or BYTES"),
        ({"inputs": [{**text("q", ["q"]), "shape": [-1]}]}, 422, "inputs[0].shape"),
        ({"inputs": [{**text("q", ["q"]), "shape": [2]}]}, 422, "holds 1 values"),
        ({"inputs": [{**text("q", ["q"]), "data": [1]}]}, 422, "must hold strings"),
        ({"inputs": [text("query", ["a", "b"]), text("title", ["a"])]}, 422, "query: must hold"),
        ({"inputs": [text("query", [" "]), text("title", ["a"])]}, 422, "query[0]: must not be"),
        ({"inputs": [text("query", ["q"]), text("title", ["a"] * 51)]}, 413, "title: 51"),
        (
            {"inputs": [text("query", ["q"]), text("title", ["很长" * 200] * 20)]},
            413,
            "at most 700",
        ),
        (rows([[1.5]], [[0]]), 422, "whole numbers"),
        (rows([[True]], [[0]]), 422, "whole numbers"),
        (rows([[2**63]], [[0]]), 422, "whole numbers"),
        (rows([[1, 10**9]]), 422, "input_ids[0][1]: must be from 0 to"),
        (rows([[1, 2**33]]), 422, "input_ids[0][1]: must be from 0 to"),
        (rows([[1, -1]]), 422, "input_ids[0][1]: must be from 0 to"),
        (rows([[1]], [[2]]), 422, "token_type_ids[0][0]: must be from 0 to 1"),
        (rows([[1], [0]]), 422, "input_ids[1]: the row is all padding"),
        (rows([[1, 2]], [[0]]), 422, "token_type_ids: has the shape [1, 1]"),
        (rows([[1] * 513]), 413, "input_ids[0]: 513 tokens"),
        (rows([1]), 422, "shape [rows, length]"),
        ({**texts(), "outputs": [{"name": "x"}]}, 422, "no output 'x'"),
        ({**texts(), "id": "a b"}, 422, "request_id"),
        (b" " * 200_001, 413, "more than 200000 bytes"),
    ],
)
def test_what_is_wrong_is_named(edge: RunningService, body: Any, status: int, message: str) -> None:
    response = infer(edge, body)
    assert (response.status_code, list(response.json())) == (status, ["error"])
    assert message in response.json()["error"]
    assert infer(edge, texts()).status_code == 200


def test_binary_data_that_is_wrong_is_named(edge: RunningService) -> None:
    def ask(size: Any, data: bytes, length: Optional[str] = None) -> httpx.Response:
        one = {**text("query", ["q"]), "parameters": {"binary_data_size": size}}
        del one["data"]
        head = json.dumps({"inputs": [one]}).encode()
        return infer(edge, head + data, **{LENGTH: length or str(len(head))})

    good = struct.pack("<I", 1) + b"q"
    assert "inputs: must be" in ask(5, good).json()["error"]
    for size, data, status in [
        (5, good + b"x", 400),
        (9, good, 400),
        (True, good, 400),
        (5, struct.pack("<I", 2**32 - 1) + b"q", 400),
        (5, struct.pack("<I", 1) + b"\xff", 400),
        (10, good * 2, 422),
        (0, b"", 422),
    ]:
        assert ask(size, data).status_code == status, (size, data)
    assert ask(5, good, "9999").status_code == 400
    assert ask(5, good, "x").status_code == 400


def test_headers_in_and_out(edge: RunningService) -> None:
    named = infer(edge, texts(), **{"x-request-id": "from-header"})
    assert named.headers["x-request-id"] == named.json()["id"] == "from-header"
    named = infer(edge, {**texts(), "id": "from-body"}, **{"x-request-id": "from-header"})
    assert named.headers["x-request-id"] == named.json()["id"] == "from-body"
    assert infer(edge, texts(["b"] * 20), **{"x-timeout-ms": "0.01"}).status_code == 504
    assert infer(edge, texts(), **{"content-encoding": "gzip"}).status_code == 422


def test_rows_are_counted_as_those_of_texts(edge: RunningService, bundles: Path) -> None:
    series = 'ranking_rows_total{outcome="computed",ranker="pairwise"}'
    before = scrape(edge.url)[series]
    feed = encoded(bundles, PAIRWISE, TITLES)
    twice = {name: np.concatenate([array, array]) for name, array in feed.items()}
    assert len(scores(infer(edge, rows(**_named(twice))))) == 2 * len(TITLES)
    assert scrape(edge.url)[series] - before == len(set(TITLES))


def test_ready_tells_of_each_ranker(edge: RunningService) -> None:
    body = httpx.get(f"{edge.url}/ready").json()
    assert {k: body[k] for k in ("err_no", "err_msg", "key", "value", "tensors")} == {
        "err_no": 0,
        "err_msg": "",
        "key": [],
        "value": [],
        "tensors": [],
    }
    assert body["service"]["accepting"] is True
    assert [ranker["ranker"] for ranker in body["rankers"]] == list(RANKERS)
    for ranker in body["rankers"]:
        assert (ranker["ready"], ranker["up"], ranker["golden_pairs"]) == (True, True, "passed")


def test_tritonclient_works_unchanged(edge: RunningService, bundles: Path) -> None:
    if not SDKS.exists() or subprocess.run([SDKS, "-c", "import tritonclient.http"]).returncode:
        pytest.skip("no tritonclient in .venv-sdks; make setup-sdks")
    feed = encoded(bundles, PAIRWISE, TITLES)
    asked = {"query": QUERY, "titles": TITLES, **{k: v.tolist() for k, v in feed.items()}}
    script = Path(__file__).with_name("triton_calls.py")
    done = subprocess.run(
        [SDKS, script, urlsplit(edge.url).netloc],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert (seen["live"], seen["ready"], seen["model_ready"]) == (True, True, True)
    assert (seen["other_ready"], seen["id"]) == (False, "r-1")
    assert seen["model"]["name"] == PAIRWISE
    assert len(seen["scores"]) == 8
    want = expected(edge, PAIRWISE, TITLES)
    assert all(one == want for one in seen["scores"])
    assert "no model 'no-such'" in seen["error"][1]
