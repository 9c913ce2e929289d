# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""One working copy, and one set of services, for the tests of all pages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.docs.blocks import Block, all_blocks
from tests.docs.page_runner import PageRunner
from tests.docs.working_copy import WorkingCopy


@pytest.fixture(scope="session")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkingCopy]:
    """A clean one."""
    made = WorkingCopy(tmp_path_factory.mktemp("working_copy"))
    yield made
    made.stop()


@pytest.fixture(scope="session")
def runner(copy: WorkingCopy, request: pytest.FixtureRequest) -> Iterator[PageRunner]:
    """Runs the pages of the blocks that this session tests."""
    parameters = [getattr(item, "callspec", None) for item in request.session.items]
    blocks = [spec.params.get("block") for spec in parameters if spec is not None]
    wanted = {block.page for block in blocks if isinstance(block, Block)}
    made = PageRunner(copy, all_blocks(), wanted)
    yield made
    made.stop()
