"""What the Hub's own library raises against the stand-in hub, in words for people."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator

import httpx2
import pytest
from huggingface_hub import HfApi, get_hf_file_metadata, hf_hub_url
from huggingface_hub.errors import LocalEntryNotFoundError, OfflineModeIsEnabled

from app.core.errors import AppError
from app.core.hub_errors import (
    BadToken,
    HubError,
    HubFileNotFound,
    HubOffline,
    HubServerError,
    HubTooSlow,
    HubUnreachable,
    NeedsAccess,
    NeedsLogin,
    NotAHub,
    ProxyFailed,
    RateLimited,
    RepoDisabled,
    RepoNotFound,
    RevisionNotFound,
    UnsafeName,
)
from app.hub.failures import About, hub_errors
from tests.local_hub import Fault, LocalHub

REPO = "maker/tiny-GGUF"
Asking = Callable[[LocalHub], object]


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalHub]:
    """A hub with an open, a gated and a closed repository."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    with LocalHub() as made:
        made.add_repo(REPO, {"m-Q4_0.gguf": b"GGUF"})
        made.add_repo("maker/gated", {"m-Q4_0.gguf": b"GGUF"}, gated="auto")
        made.add_repo("maker/closed", {"m-Q4_0.gguf": b"GGUF"}, disabled=True)
        made.tokens["hf_known"] = set()
        yield made


def head(repo: str, file: str = "m-Q4_0.gguf", token: str | bool = False) -> Asking:
    """The library's HEAD of a file."""

    def ask(hub: LocalHub) -> object:
        url = hf_hub_url(repo, file, endpoint=hub.endpoint)
        return get_hf_file_metadata(url, token=token, endpoint=hub.endpoint, timeout=0.3)

    return ask


def info(repo: str, revision: str = "main", token: str | bool = False) -> Asking:
    """The library's question for a repository."""

    def ask(hub: LocalHub) -> object:
        return HfApi(endpoint=hub.endpoint, token=token).model_info(
            repo, revision=revision, timeout=0.3
        )

    return ask


def identity(hub: LocalHub) -> object:
    """The library's question for the token's owner."""
    return HfApi(endpoint=hub.endpoint).whoami(token="hf_wrong")


def told(hub: LocalHub, ask: Asking, **about: object) -> AppError:
    """The AppError that comes out."""
    page = f"{hub.endpoint}/{REPO}"
    known = About("host:1", REPO, "m.gguf", "v9", page_url=page, **about)  # type: ignore[arg-type]
    with pytest.raises(AppError) as caught, hub_errors(known):
        ask(hub)
    text = caught.value.problem.summary_text + caught.value.problem.action_text
    assert "{" not in text, "everything that the message names is known"
    return caught.value


@pytest.mark.parametrize(
    ("ask", "kind"),
    [
        (head("maker/gated"), NeedsLogin),
        (head("maker/gone"), RepoNotFound),
        (head(REPO, "gone.gguf"), HubFileNotFound),
        (head("maker/closed"), RepoDisabled),
        (head(REPO, token="hf_wrong"), BadToken),
        (identity, BadToken),
        (info("maker/gone"), RepoNotFound),
        (info("maker/gone", token="hf_known"), RepoNotFound),
        (info(REPO, "v9"), RevisionNotFound),
        (info("maker/closed"), RepoDisabled),
        (info("a/b/c"), RepoNotFound),
    ],
)
def test_an_exception_of_the_library_is_told_to_people(
    hub: LocalHub, ask: Asking, kind: type[AppError]
) -> None:
    assert type(told(hub, ask)) is kind


def test_gated_with_a_token_that_was_not_let_in(hub: LocalHub) -> None:
    assert type(told(hub, head("maker/gated", token="hf_known"), has_token=True)) is NeedsAccess


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault("", "status", status=500), HubServerError),
        (Fault("", "status", status=429), RateLimited),
        (Fault("", "status", status=400), HubError),
        (Fault("", "status", status=416), HubError),
        (Fault("", "status", status=407), ProxyFailed),
        (Fault("", "hang"), HubTooSlow),
        (Fault("", "close"), HubUnreachable),
        (Fault("", "rst"), HubUnreachable),
        (Fault("", "html"), NotAHub),
    ],
    ids=lambda value: f"{value.kind}{value.status}" if isinstance(value, Fault) else "",
)
def test_what_breaks_under_the_library_is_told_to_people(
    hub: LocalHub, fault: Fault, kind: type[AppError]
) -> None:
    fault.count = -1
    hub.faults = [fault]
    assert type(told(hub, info(REPO))) is kind


def caused(error: Exception) -> Exception:
    """The library's wrapper around another failure."""
    wrapper = LocalEntryNotFoundError("not cached")
    wrapper.__cause__ = error
    return wrapper


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (OfflineModeIsEnabled("offline"), HubOffline),
        (caused(OfflineModeIsEnabled("offline")), HubOffline),
        (caused(httpx2.ReadTimeout("slow")), HubTooSlow),
        (LocalEntryNotFoundError("not cached"), HubUnreachable),
        (httpx2.ProxyError("407 no"), ProxyFailed),
        (httpx2.TooManyRedirects("20"), NotAHub),
        (httpx2.UnsupportedProtocol("ftp"), NotAHub),
        (
            ImportError("Using SOCKS proxy, but the 'socksio' package is not installed."),
            ProxyFailed,
        ),
        (ValueError("Invalid filename: cannot contain '..'"), UnsafeName),
    ],
)
def test_what_cannot_be_provoked_here_is_told_too(
    hub: LocalHub, error: Exception, kind: type[AppError]
) -> None:
    def ask(_: LocalHub) -> object:
        raise error

    assert type(told(hub, ask)) is kind


def test_an_unreachable_proxy_is_not_mistaken_for_an_unreachable_hub(hub: LocalHub) -> None:
    def ask(_: LocalHub) -> object:
        raise httpx2.ConnectError("[Errno 111] Connection refused")

    assert type(told(hub, ask, is_proxied=True)) is ProxyFailed
    assert type(told(hub, ask)) is HubUnreachable


def test_a_mistake_of_ours_is_not_blamed_on_the_hub(hub: LocalHub) -> None:
    with pytest.raises(ZeroDivisionError), hub_errors(About("host")):
        raise ZeroDivisionError


@pytest.mark.parametrize(
    "first", ["", "import huggingface_hub.constants", "from huggingface_hub import get_token"]
)
def test_the_library_sends_nothing_of_its_own_whoever_imports_it_first(first: str) -> None:
    code = (
        f"{first or 'pass'}\n"
        "from app.hub.env import prepare\n"
        "prepare()\n"
        "from huggingface_hub import constants\n"
        "print(constants.HF_HUB_DISABLE_TELEMETRY, constants.HF_HUB_DISABLE_XET,"
        " constants.HF_HUB_DISABLE_IMPLICIT_TOKEN)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "True", "True"]
