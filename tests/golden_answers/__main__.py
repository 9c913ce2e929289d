# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Shows what has changed on the wire, or records it: ``python -m tests.golden_answers --write``."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from tests.golden_answers.compare import differences
from tests.golden_answers.scenes import FIXTURES, SCENES, fixture, play, playable, recorded


def main() -> int:
    """Play all scenes; without ``--write``, the exit code 1 says that something differs."""
    parser = argparse.ArgumentParser(prog="python -m tests.golden_answers", description=__doc__)
    parser.add_argument("--write", action="store_true", help="record the answers of today")
    parser.add_argument("scenes", nargs="*", default=SCENES, help=f"of {', '.join(SCENES)}")
    arguments = parser.parse_args()
    found: list[str] = []
    for name in filter(playable, arguments.scenes):
        with tempfile.TemporaryDirectory() as directory:
            got = play(name, Path(directory))
        if arguments.write:
            FIXTURES.mkdir(exist_ok=True)
            text = json.dumps(got, ensure_ascii=False, indent=1)
            fixture(name).write_text(f"{text}\n", encoding="utf-8")
        else:
            found += [f"{name}: {line}" for line in differences(recorded(name), got)]
        print(f"{name}: {len(got['answers'])} answers")
    print("\n".join(found) or "no difference")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
