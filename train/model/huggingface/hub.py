# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Downloads a model of the Hugging Face hub, or of a mirror that ``HF_ENDPOINT`` names.

Files go to the cache below ``HF_HOME``; with ``HF_HUB_OFFLINE=1`` only that is asked.
"""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Optional

from contract.encoding import TOKENIZER_CONFIG_FILE, VOCAB_FILE
from contract.errors import SetUpError
from contract.text.unigram import UNIGRAM_FILE
from train.model.huggingface.tokenizer import TOKENIZER_FILE
from train.model.huggingface.weights import WEIGHTS_FILES, shards_of

CONFIG_FILE = "config.json"
_NAME = re.compile(r"(?P<repository>[\w.-]+/[\w.-]+)(@(?P<revision>[\w.-]+))?", re.ASCII)
_TOKENIZER_FILES = (VOCAB_FILE, UNIGRAM_FILE, TOKENIZER_FILE, TOKENIZER_CONFIG_FILE)


def is_hub_name(name: str) -> bool:
    """Whether it is ``OWNER/NAME``, or ``OWNER/NAME@REVISION``, and no path below what is here."""
    return bool(_NAME.fullmatch(name)) and not Path(name.partition("/")[0]).exists()


def download(name: str) -> Path:
    """Bring a model's files into the cache.

    Args:
        name: of the hub.

    Returns:
        The directory that holds them.

    Raises:
        SetUpError: there is no such model, no network, or not all files can be had.
    """
    hub = _Hub(name)
    config = hub.get(CONFIG_FILE)
    if config is None:
        raise SetUpError(f"has no {CONFIG_FILE} on the hub", field=f"model {name}")
    for file in _TOKENIZER_FILES:
        hub.get(file)
    found = next(filter(None, map(hub.get, WEIGHTS_FILES)), None)
    if found is None:
        raise SetUpError(
            f"has none of {', '.join(WEIGHTS_FILES)} on the hub, or they could not be had",
            field=f"model {name}",
        )
    for shard in shards_of(found):
        if hub.get(shard.name) is None:
            raise SetUpError(f"has no {shard.name} on the hub", field=f"model {name}")
    return config.parent


class _Hub:
    """One model of the hub."""

    def __init__(self, name: str) -> None:
        match = _NAME.fullmatch(name)
        if match is None:
            raise SetUpError("is no OWNER/NAME of the hub", field=f"model {name}")
        self._name = name
        self._repository, self._revision = match["repository"], match["revision"]
        self._failed: Optional[Exception] = None

    def get(self, file: str) -> Optional[Path]:
        """A file from the cache or the hub; ``None`` where the model has none of this name."""
        try:
            from huggingface_hub import errors
        except ImportError as error:
            raise SetUpError(
                f"cannot be downloaded; make setup-train, or pip install huggingface_hub ({error})",
                field=f"model {self._name}",
            ) from error
        try:
            return self._from_hub(file) or self._from_cache(file)
        except errors.LocalEntryNotFoundError as error:
            # without a network, what a model has not is what was not downloaded
            if file != CONFIG_FILE:
                return None
            raise self._unavailable(self._failed or error) from error
        except errors.EntryNotFoundError:
            return None
        except (errors.HfHubHTTPError, errors.HFValidationError) as error:
            raise self._unavailable(error) from error

    def _from_hub(self, file: str) -> Optional[Path]:
        """``None`` where the hub cannot be reached; it is not tried again."""
        from httpx import HTTPError
        from huggingface_hub import errors, hf_hub_download

        if self._failed is not None:
            return None
        try:
            return Path(hf_hub_download(self._repository, file, revision=self._revision))
        except (errors.EntryNotFoundError, errors.HfHubHTTPError, errors.HFValidationError):
            raise
        # huggingface_hub 1.8 goes on with a client that it has closed
        except (HTTPError, OSError, RuntimeError) as error:
            self._failed = error
            return None

    def _from_cache(self, file: str) -> Path:
        from huggingface_hub import hf_hub_download

        return Path(
            hf_hub_download(self._repository, file, revision=self._revision, local_files_only=True)
        )

    @staticmethod
    def _is_offline() -> bool:
        from huggingface_hub import constants

        return bool(constants.HF_HUB_OFFLINE)

    def _unavailable(self, error: Exception) -> SetUpError:
        logging.getLogger(__name__).debug("download of %s", self._name, exc_info=error)
        status = getattr(getattr(error, "response", None), "status_code", None)
        if status in (401, 403, 404):
            reason = "the hub has no such model, or wants a token (HF_TOKEN) for it"
        elif self._is_offline():
            reason = "HF_HUB_OFFLINE is set, and the cache below HF_HOME does not hold it"
        else:
            reason = "the hub did not answer; HF_ENDPOINT may name a mirror"
        return SetUpError(
            f"is no directory here, and could not be downloaded: {reason}",
            field=f"model {self._name}",
        )
