"""Where the access token is kept: the keyring, else the Hub library's file, never our settings."""

from __future__ import annotations

import stat
from pathlib import Path

import keyring
import keyring.backend
import keyring.errors
import pytest

from app.core.paths import Paths
from app.hub.token import read_token, store_token


class Ring(keyring.backend.KeyringBackend):
    """A keyring in memory."""

    priority = 1  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[(service, username)] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[(service, username)]


class NoRing(Ring):
    """What a computer without a keyring service has."""

    def get_password(self, service: str, username: str) -> str | None:
        raise keyring.errors.NoKeyringError

    def set_password(self, service: str, username: str, password: str) -> None:
        raise keyring.errors.NoKeyringError


@pytest.fixture
def token_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    from huggingface_hub import constants

    path = tmp_path / "hub" / "token"
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(path))
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.delenv("HUGGING_FACE_HUB_TOKEN", raising=False)
    return path


@pytest.fixture
def ring(monkeypatch: pytest.MonkeyPatch) -> Ring:
    before, ring = keyring.get_keyring(), Ring()
    keyring.set_keyring(ring)
    yield ring  # type: ignore[misc]
    keyring.set_keyring(before)


def test_a_token_is_kept_in_the_keyring_and_nowhere_else(
    ring: Ring, token_file: Path, paths: Paths
) -> None:
    assert store_token(" hf_secret \n") == "keyring"
    assert read_token() == "hf_secret"
    assert not token_file.exists()
    assert store_token("") == "keyring"
    assert read_token() == ""
    assert ring.kept == {}


def test_without_a_keyring_the_hub_librarys_file_holds_it(ring: Ring, token_file: Path) -> None:
    keyring.set_keyring(NoRing())
    assert store_token("hf_secret") == "file"
    assert read_token() == "hf_secret"
    assert stat.S_IMODE(token_file.stat().st_mode) == 0o600
    store_token("")
    assert read_token() == ""
    assert not token_file.exists()


def test_a_token_other_tools_left_is_used(ring: Ring, token_file: Path) -> None:
    token_file.parent.mkdir()
    token_file.write_text("hf_theirs\n")
    assert read_token() == "hf_theirs"
    store_token("hf_ours")
    assert read_token() == "hf_ours"
    assert token_file.read_text() == "hf_theirs\n"
