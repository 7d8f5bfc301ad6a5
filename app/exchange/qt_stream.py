"""Reads what Qt's QDataStream wrote: big endian, lengths before contents; never trusts a length."""

from __future__ import annotations

import struct

from app.exchange.reading import Bad

_NULL = 0xFFFFFFFF  # as a length: nothing at all
_LONG = 0xFFFFFFFE  # as a length: the real one follows in 64 bits
_LIST, _STRING, _MAP = 9, 10, 8  # types of a QVariant
_DEEPEST = 16


class QtStream:
    """A place in some bytes that moves on with what is read. Everything raises Bad at the end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 0

    @property
    def is_at_end(self) -> bool:
        """Whether everything was read."""
        return self.at == len(self._data)

    def take(self, size: int) -> bytes:
        """So many bytes."""
        if size < 0 or size > len(self._data) - self.at:
            raise Bad(f"{size} bytes are declared, {len(self._data) - self.at} are left")
        self.at += size
        return self._data[self.at - size : self.at]

    def number(self, code: str) -> int:
        """A number in the code of `struct`, such as i or q."""
        return int(struct.unpack(f">{code}", self.take(struct.calcsize(f">{code}")))[0])

    def flag(self) -> bool:
        """A bool, one byte of 0 or 1."""
        value = self.number("B")
        if value > 1:
            raise Bad(f"{value} is no bool")
        return bool(value)

    def blob(self) -> bytes:
        """A QByteArray, or a QUrl, which is written as one."""
        return self.take(self._length())

    def text(self) -> str:
        """A QString: UTF-16, its length in bytes."""
        length = self._length()
        if length % 2:
            raise Bad("half a character")
        return self.take(length).decode("utf-16-be", "replace")

    def count(self, code: str = "q", least: int = 1) -> int:
        """How many entries follow, each of at least so many bytes."""
        value = self.number(code)
        if value < 0 or value * least > len(self._data) - self.at:
            raise Bad(f"{value} entries are declared")
        return value

    def texts(self) -> list[str]:
        """A QList of QString."""
        return [self.text() for _ in range(self.count("I", 4))]

    def skip_variant(self, depth: int = 0) -> None:
        """A QVariant of the types that JSON can hold."""
        kind = self.number("I")
        self.flag()  # whether it is null
        if depth > _DEEPEST:
            raise Bad("nested too deep")
        if size := {0: 0, 1: 1, 2: 4, 3: 4, 4: 8, 5: 8, 6: 8, 51: 0}.get(kind):
            self.take(size)
        elif kind == _STRING:
            self.text()
        elif kind in (_LIST, _MAP):
            for _ in range(self.count("I", 4)):
                if kind == _MAP:
                    self.text()
                self.skip_variant(depth + 1)
        elif kind not in (0, 51):
            raise Bad(f"a value of the type {kind}")

    def _length(self) -> int:
        length = self.number("I")
        if length == _NULL:
            return 0
        return self.number("q") if length == _LONG else length
