# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The texts of a file, kept outside of memory and found by their numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Union, overload

from train.data.storage import BytesWriter, Pieces, Storage

_NAME = "texts"
# of the texts that are recognised when they come again, about: in bytes of memory
_REMEMBERED = 64 << 20
_COST_OF_ONE = 150


class TextWriter:
    """Numbers texts as they come; one that comes again soon has its number already.

    How many are remembered is bounded, so a text that comes again much later may be kept twice.
    """

    def __init__(self, storage: Storage, *, remembers: bool = True) -> None:
        """Write to this place; without remembering, every text gets the next number."""
        self._pieces = BytesWriter(storage, _NAME)
        self._remembers = remembers
        self._numbers: dict[str, int] = {}
        self._count = 0
        self._cost = 0

    def number(self, text: str) -> int:
        """Of a text, in which no character is half of a pair."""
        found = self._numbers.get(text)
        if found is not None:
            return found
        self._pieces.append(text.encode())
        if self._cost > _REMEMBERED:
            self._numbers.clear()
            self._cost = 0
        self._count += 1
        if self._remembers:
            self._numbers[text] = self._count - 1
            self._cost += _COST_OF_ONE + 2 * len(text)
        return self._count - 1

    def close(self) -> None:
        """Be done."""
        self._pieces.close()


class Texts(Sequence[str]):
    """Texts by number, read from where :class:`TextWriter` wrote them.

    Attributes:
        storage: where they lie.
        tokens: of all of them, by the fingerprint of what made them.
    """

    def __init__(self, storage: Storage) -> None:
        """Open them."""
        self.storage = storage
        self.tokens: dict[str, Any] = {}
        self._pieces = Pieces(storage, _NAME)

    @property
    def size(self) -> int:
        """In bytes."""
        return int(self._pieces.ends[-1]) if len(self) else 0

    def __len__(self) -> int:
        """Number of texts."""
        return len(self._pieces)

    @overload
    def __getitem__(self, index: int) -> str: ...

    @overload
    def __getitem__(self, index: slice) -> list[str]: ...

    def __getitem__(self, index: Union[int, slice]) -> Union[str, list[str]]:
        """One text, or those of a slice."""
        if isinstance(index, slice):
            first, last, step = index.indices(len(self))
            if step != 1:
                return [self[i] for i in range(first, last, step)]
            found = self._pieces.read_many(first, max(first, last))
            return [piece.decode() for piece in found]
        number = int(index)
        if not -len(self) <= number < len(self):
            raise IndexError(number)
        return self._pieces.read(number % len(self)).decode()

    def __iter__(self) -> Iterator[str]:
        """All, some at a time."""
        for first in range(0, len(self), 1024):
            yield from self[first : first + 1024]

    def __eq__(self, other: object) -> bool:
        """Whether another sequence has the same texts."""
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]
