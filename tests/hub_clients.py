"""What the tests of the hub's client share: a hub with a repository, clients, questions to ask."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.core.errors import (
    AppError,
)
from app.core.models_entities import HubAccess, SearchQuery
from app.hub.client import HubClient
from tests.local_hub import LocalHub

REPO = "maker/tiny-GGUF"
MODEL = b"GGUF" + bytes(range(256)) * 2000
CARD = b"---\nlicense: mit\n---\n# Tiny\n\nA model.\n"
FILES: dict[str, bytes | Path] = {
    "tiny-Q4_K_M.gguf": MODEL,
    "tiny-Q8_0-00001-of-00002.gguf": MODEL + b"1",
    "tiny-Q8_0-00002-of-00002.gguf": MODEL + b"2",
    "vision/mmproj-F16.gguf": MODEL + b"3",
    "README.md": CARD,
    "config.json": b"{}",
}
SAID = {
    "downloads": 1234,
    "likes": 56,
    "tags": ["license:mit", "en"],
    "gguf": {"architecture": "llama", "total": 135_000_000, "context_length": 2048},
}
Asking = Callable[[HubClient], object]


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalHub]:
    """A hub with one repository; no proxy of this machine is in the way."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    with LocalHub() as made:
        made.add_repo(REPO, FILES, **SAID)
        yield made


@pytest.fixture
def connect(hub: LocalHub) -> Iterator[Callable[..., HubClient]]:
    """Makes clients of the hub; they are closed at the end."""
    made: list[HubClient] = []

    def one(read_s: float = 5, **access: Any) -> HubClient:
        access.setdefault("endpoint", hub.endpoint)
        made.append(HubClient(HubAccess(**access), read_s))
        return made[-1]

    yield one
    for client in made:
        client.close()


@pytest.fixture
def client(connect: Callable[..., HubClient]) -> HubClient:
    """One without token."""
    return connect()


def search(client: HubClient) -> object:
    return client.search(SearchQuery())


def details(client: HubClient) -> object:
    return client.details(REPO)


def resolve(client: HubClient) -> object:
    return client.resolve(REPO, "main", "tiny-Q4_K_M.gguf")


def read(client: HubClient) -> object:
    return client.read_range(REPO, "main", "tiny-Q4_K_M.gguf", 0, 100)


ALL: list[Asking] = [search, details, resolve, read]


def params(error: pytest.ExceptionInfo[AppError]) -> dict[str, str]:
    """What the message to the person names; and the message is complete."""
    problem = error.value.problem
    assert not re.search(r"\{\w+\}", problem.summary_text + problem.action_text)
    return dict(problem.params)
