"""What the stand-in hub holds and hears: repositories, files, requests, answers, faults."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

BIG = 1 << 20  # from here on, and for every .gguf, a file lies in LFS
DEFAULT_META: dict[str, Any] = {
    "downloads": 0,
    "likes": 0,
    "trendingScore": 0,
    "lastModified": "2025-05-01T10:00:00.000Z",
    "createdAt": "2025-04-01T10:00:00.000Z",
    "tags": [],
    "private": False,
    "pipeline_tag": "text-generation",
}


@dataclass
class Asked:
    """One request."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes = b""

    @property
    def path(self) -> str:
        return unquote(urlsplit(self.target).path)

    @property
    def query(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.target).query)

    def one(self, name: str, default: str = "") -> str:
        """The first value of a query parameter."""
        return self.query.get(name, [default])[0]

    @property
    def token(self) -> str:
        return self.headers.get("authorization", "").removeprefix("Bearer ")


@dataclass
class Answer:
    """Status, headers, body; a body on disk is read from `start` for `length` bytes."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | Path = b""
    start: int = 0
    length: int = -1

    @property
    def size(self) -> int:
        """Bytes of the body."""
        if self.length >= 0:
            return self.length
        return len(self.body) if isinstance(self.body, bytes) else self.body.stat().st_size

    def pieces(self, at_most: int) -> Iterator[bytes]:
        """The body, in pieces."""
        left = self.size
        if isinstance(self.body, bytes):
            for at in range(self.start, self.start + left, at_most):
                yield self.body[at : min(at + at_most, self.start + left)]
            return
        with self.body.open("rb") as file:
            file.seek(self.start)
            while left and (data := file.read(min(at_most, left))):
                left -= len(data)
                yield data


@dataclass
class RepoFile:
    """One file; `sha256` and `announced_size` are what the hub says of it."""

    path: str
    data: bytes | Path
    size: int
    sha256: str
    git_sha1: str  # of the file itself, or of its LFS pointer
    is_lfs: bool
    real_sha256: str
    announced_size: int = -1

    @property
    def said_size(self) -> int:
        return self.size if self.announced_size < 0 else self.announced_size


@dataclass
class Repo:
    """A repository: commits (path -> file) and the present head of main."""

    name: str
    commits: dict[str, dict[str, RepoFile]] = field(default_factory=dict)
    head: str = ""
    gated: str | bool = False
    meta: dict[str, Any] = field(default_factory=dict)

    @property
    def tags(self) -> list[str]:
        tags = list(self.meta.get("tags", []))
        names = self.commits[self.head] if self.head else {}
        return [*tags, *(["gguf"] if any(name.endswith(".gguf") for name in names) else [])]

    def info(self) -> dict[str, Any]:
        """All the hub says about it, without files."""
        said = {"id": self.name, "modelId": self.name, "author": self.name.split("/")[0]}
        return (
            DEFAULT_META
            | said
            | {"sha": self.head, "gated": self.gated}
            | self.meta
            | {"tags": self.tags}
        )


def make_file(path: str, data: bytes | Path) -> RepoFile:
    """Hash `data` as git and LFS do."""
    sha256 = hashlib.sha256()
    size = len(data) if isinstance(data, bytes) else data.stat().st_size
    blob = hashlib.sha1(b"blob %d\0" % size)
    for piece in Answer(200, {}, data).pieces(1 << 20):
        sha256.update(piece)
        blob.update(piece)
    is_lfs = path.endswith(".gguf") or size >= BIG
    if is_lfs:
        pointer = (
            "version https://git-lfs.github.com/spec/v1\n"
            f"oid sha256:{sha256.hexdigest()}\nsize {size}\n"
        ).encode()
        blob = hashlib.sha1(b"blob %d\0" % len(pointer) + pointer)
    real = sha256.hexdigest()
    return RepoFile(path, data, size, real, blob.hexdigest(), is_lfs, real)


@dataclass
class Fault:
    """What goes wrong with requests whose path and query contain the regular expression `path`.

    kind: status (`status`, `headers`, `body`), close and rst (no answer at all), hang (nothing is
    ever said), cut and cut_rst (the connection ends after `after` bytes of the body), stall (says
    nothing more after `after` bytes), slow (`rate` bytes/s), ignore_range (200 with everything),
    flip (the byte at `after` of the file is wrong), expired (403 by the CDN; from the hub an
    address that has expired), html (200, a login page), wrong_sha and wrong_length (the hub
    announces a hash or size that is not the file's).
    """

    path: str
    kind: str
    count: int = 1  # this many requests, then it is over; -1: for good
    after: int = 0
    rate: int = 0
    status: int = 503
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"{}"
    method: str = ""  # only these requests: GET, HEAD, POST; empty: all


@dataclass
class Seen:
    """One request as it arrived. `sent`: bytes of the body that were written so far."""

    origin: str  # hub or cdn
    method: str
    path: str  # with query
    headers: dict[str, str]  # names in small letters
    status: int = 0
    sent: int = 0

    @property
    def range(self) -> str:
        """The Range header, or empty."""
        return self.headers.get("range", "")
