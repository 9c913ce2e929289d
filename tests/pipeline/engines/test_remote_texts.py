# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Texts handed to real tensor services: the rows and logits that this process would have made."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from child_services.child import free_port
from child_services.tensor_process import TensorProcess
from contract.bundle import Bundle
from contract.cuts import cuts_of
from contract.errors import (
    BundleError,
    CallerGone,
    DeadlineExceeded,
    InferenceFailed,
    InvalidField,
    Overloaded,
    RequestTooLarge,
    SetUpError,
)
from contract.rankers import CROSS_ENCODER, PAIRWISE, RANKERS
from contract.wire.request import RankRequest
from contract.wire.request_rows import rows_of
from pipeline.engines.remote.endpoints import FAILURES_TO_OPEN, Endpoints
from pipeline.engines.remote.source import RemoteEngines
from pipeline.engines.remote.texts import RemoteTexts, check_texts
from pipeline.request.cancel import Cancel
from tests.bundles import SENTENCES
from tests.clients.peers import Serve, hang
from tests.general_model_service.text_cases import TEXTS
from tests.pipeline.engines.remote_services import LIMIT_S, endpoint, golden_check, kill
from tests.tensor_service import StartTensorService

MANY_TOKENS = 1_000_000
WITH_WORDS = [case for case in TEXTS if case[0].strip(" \u3000\u2028\x1c\u200b\u00ad")]
OPTIONS: list[dict[str, Any]] = [
    {},
    {"max_chunks_per_doc": 3},
    {"max_chunks_per_doc": 64},
    {"max_tokens_per_doc": 5, "max_chunks_per_doc": 4},
    {"max_tokens_per_doc": 7},
]


@pytest.fixture(scope="module", params=RANKERS)
def served(
    request: pytest.FixtureRequest,
    tensor_program: Path,
    bundles: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Any:
    """A bundle, and an engine and texts that ask its service."""
    bundle = Bundle.open(bundles / request.param)
    directory = tmp_path_factory.mktemp("texts")
    with TensorProcess(bundle.root, directory, "--pad_dynamic") as service:
        source = RemoteEngines(
            [endpoint(service)],
            bundle,
            timeout_s=LIMIT_S,
            admit=golden_check(bundle),
            texts_of=(bundle.encoder(), MANY_TOKENS),
        )
        engine = source.open()
        yield bundle, engine, source.texts
        engine.close()


def texts_of(bundle: Bundle, *endpoints: str, max_tokens: int = MANY_TOKENS) -> RemoteTexts:
    """Of services that nobody has probed."""
    asked = Endpoints(endpoints)
    for one in asked.all:
        one.passed("taken as it is")
    return RemoteTexts(bundle, asked, LIMIT_S, max_tokens)


def request_of(query: str, titles: list[str], **options: Any) -> RankRequest:
    return RankRequest(tuple((query, title) for title in titles), **options)


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize(("query", "titles"), WITH_WORDS)
def test_rows_and_logits_are_those_of_tensors(
    served: Any, query: str, titles: list[str], options: dict[str, Any]
) -> None:
    bundle, engine, texts = served
    request = request_of(query, titles, **options)
    encoder = bundle.encoder()
    ours = rows_of(request, encoder)
    got = texts.score(request)
    assert got.logits.dtype == np.float32
    assert len(got.rows.rows) == len(ours.rows)
    owners = range(len(ours.rows)) if ours.owners is None else ours.owners
    assert tuple(got.rows.owners or owners) == tuple(owners)
    assert got.rows.truncated == ours.truncated
    assert cuts_of(got.rows.rows, got.rows.owners) == cuts_of(ours.rows, ours.owners)
    assert [len(row.input_ids) for row in got.rows.rows] == [len(r.input_ids) for r in ours.rows]
    np.testing.assert_allclose(got.logits, engine.run(encoder.pad(ours.rows)), atol=1e-5)
    assert got.tokenize_ms > 0
    assert got.queue_ms >= 0
    assert got.compute_ms > 0


def test_one_row_has_the_very_bits_of_tensors(served: Any) -> None:
    """No number is written as text on the way: a batch of the same shape gives the same logits."""
    bundle, engine, texts = served
    encoder = bundle.encoder()
    for title in SENTENCES:
        request = request_of(SENTENCES[0], [title])
        ours = engine.run(encoder.pad(rows_of(request, encoder).rows))
        assert texts.score(request).logits.tobytes() == ours.tobytes()


def test_pairs_with_queries_of_their_own(served: Any) -> None:
    bundle, engine, texts = served
    pairs = tuple((query, title) for query in SENTENCES[:3] for title in ("", "it's", "😀 \x00 a"))
    request = RankRequest(pairs, query_field="{}.query")
    encoder = bundle.encoder()
    ours = engine.run(encoder.pad(rows_of(request, encoder).rows))
    np.testing.assert_allclose(texts.score(request).logits, ours, atol=1e-5)


@pytest.mark.parametrize(
    ("pairs", "field"),
    [
        ((("\u200b", "a"), ("\u200b", "b")), "query"),
        ((("a", "a"), ("b", "b"), ("\u200b", "c")), "{}.query"),
    ],
)
def test_a_query_without_tokens_is_the_callers_mistake(served: Any, pairs: Any, field: str) -> None:
    bundle, _, texts = served
    request = RankRequest(pairs, query_field=field)
    with pytest.raises(InvalidField) as ours:
        rows_of(request, bundle.encoder())
    with pytest.raises(InvalidField) as theirs:
        texts.score(request)
    assert str(theirs.value) == str(ours.value)
    assert texts.score(request_of("a", ["b"])).logits.size


@pytest.mark.parametrize("options", [{}, {"max_chunks_per_doc": 2}])
def test_too_many_tokens_are_told_as_here(served: Any, options: dict[str, Any]) -> None:
    bundle, _, probed = served
    asked = probed._endpoints
    texts = RemoteTexts(bundle, asked, LIMIT_S, 20)
    with pytest.raises(RequestTooLarge, match=r"documents: (more than )?\d+ tokens, at most 20"):
        texts.score(request_of("a b c", ["a b c d e"] * 9, **options))


def test_more_documents_than_the_service_takes_are_the_callers_mistake(
    bundles: Path, tensor_service: StartTensorService
) -> None:
    bundle = Bundle.open(bundles / PAIRWISE)
    service = tensor_service(bundle.root, "--max_documents", "2", "--max_document_chars", "5")
    texts = texts_of(bundle, endpoint(service))
    with pytest.raises(RequestTooLarge, match="documents: 3 documents, at most 2 allowed"):
        texts.score(request_of("a", ["b"] * 3))
    with pytest.raises(RequestTooLarge, match=r"documents\[1\]: 6 characters, at most 5 allowed"):
        texts.score(request_of("a", ["b", "c" * 6]))


def test_many_threads_have_a_connection_each(served: Any) -> None:
    _, _, texts = served
    expected = texts.score(request_of("a", ["b"])).logits
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: texts.score(request_of("a", ["b"])).logits, range(200)))
    for logits in found:
        np.testing.assert_allclose(logits, expected, atol=1e-5)
    assert len(texts._free) <= 9


def test_a_deadline_ends_the_wait(served: Any) -> None:
    _, _, texts = served
    with pytest.raises(DeadlineExceeded):
        texts.score(request_of("a", ["a b c d " * 50] * 200), time.monotonic() + 0.001)
    with pytest.raises(DeadlineExceeded):
        texts.score(request_of("a", ["b"]), time.monotonic() - 1)


def test_impatient_callers_open_no_circuit(served: Any) -> None:
    _, _, texts = served
    for _ in range(2 * FAILURES_TO_OPEN):
        with pytest.raises(DeadlineExceeded):
            texts.score(request_of("a", ["a b c d " * 50] * 200), time.monotonic() + 0.001)
        assert texts._endpoints.in_order(), "it is still asked"
    assert texts.score(request_of("a", ["b"])).logits.size


def test_a_caller_that_goes_ends_the_call(bundles: Path, serve: Serve) -> None:
    """The peer takes the call and never answers."""
    bundle = Bundle.open(bundles / PAIRWISE)
    texts = texts_of(bundle, f"127.0.0.1:{serve(hang)}")
    cancel = Cancel()
    threading.Timer(0.3, cancel.tell).start()
    with pytest.raises(CallerGone):
        texts.score(request_of("a", ["b"]), cancel=cancel)
    gone = Cancel()
    gone.tell()
    with pytest.raises(CallerGone):
        texts.score(request_of("a", ["b"]), cancel=gone)


def test_one_killed_is_left_for_another(bundles: Path, tensor_service: StartTensorService) -> None:
    bundle = Bundle.open(bundles / PAIRWISE)
    services = [tensor_service(bundle.root), tensor_service(bundle.root)]
    texts = texts_of(bundle, *(endpoint(service) for service in services))
    kill(services[0])
    for _ in range(6):
        assert texts.score(request_of("a", ["b"])).logits.size
    kill(services[1])
    with pytest.raises(InferenceFailed, match="no tensor service answers"):
        texts.score(request_of("a", ["b"]))


def test_a_full_queue_is_told_as_such(bundles: Path, tensor_service: StartTensorService) -> None:
    bundle = Bundle.open(bundles / CROSS_ENCODER)
    flags = ("--queue_floor", "1", "--queue_factor", "1")
    texts = texts_of(bundle, endpoint(tensor_service(bundle.root, *flags)))
    large = request_of("a", ["a b c d " * 60] * 300)

    def ask(_: int) -> str:
        try:
            texts.score(large)
        except Overloaded:
            return "full"
        return "answered"

    with ThreadPoolExecutor(12) as pool:
        assert set(pool.map(ask, range(24))) == {"full", "answered"}


def test_a_service_that_takes_no_texts_is_refused(
    bundles: Path, tensor_service: StartTensorService, tmp_path: Path
) -> None:
    bundle = Bundle.open(bundles / PAIRWISE)
    bare = tmp_path / "bare"
    bare.mkdir()
    for file in (bundle.root / "serving_server").iterdir():
        (bare / file.name).write_bytes(file.read_bytes())
    source = RemoteEngines(
        [endpoint(tensor_service(bare))],
        bundle,
        timeout_s=LIMIT_S,
        texts_of=(bundle.encoder(), MANY_TOKENS),
    )
    with pytest.raises(SetUpError, match="texts are not answered"):
        source.open()


def test_a_service_that_encodes_otherwise_is_refused(served: Any) -> None:
    bundle, _, texts = served
    encoder = bundle.encoder()
    check_texts(encoder, texts)
    manifest = replace(bundle.manifest, max_seq_length=8)
    shorter = Bundle(manifest, bundle.server_dir, bundle.tokenizer_dir).encoder()
    with pytest.raises(BundleError, match="makes other rows of a text than this service"):
        check_texts(shorter, texts)


def test_nobody_there_stops_the_start(bundles: Path) -> None:
    bundle = Bundle.open(bundles / PAIRWISE)
    source = RemoteEngines(
        [f"127.0.0.1:{free_port()}"],
        bundle,
        timeout_s=LIMIT_S,
        texts_of=(bundle.encoder(), MANY_TOKENS),
    )
    with pytest.raises(SetUpError, match="no tensor service answers"):
        source.open()
