"""Turns what the network, the Hub and its library can throw at us into errors for people."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from app.core.errors import AppError
from app.core.hub_errors import (
    BadToken,
    HubError,
    HubFileNotFound,
    HubNotTrusted,
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
    SearchNotSupported,
    UnsafeName,
)

DEFAULT_WAIT_S, LONGEST_WAIT_S = 60, 3600
_BAD_TOKEN = ("invalid credentials in authorization header", "invalid user token")


@dataclass(frozen=True, slots=True)
class About:
    """What was being asked when it failed."""

    host: str
    repo: str = ""
    file: str = ""
    revision: str = ""
    page_url: str = ""  # of the repository, for people
    has_token: bool = False
    is_proxied: bool = False
    is_search: bool = False


@contextmanager
def hub_errors(about: About) -> Iterator[None]:
    """What is raised inside comes out as an AppError."""
    try:
        yield
    except foreign_errors() as error:
        raise translate(error, about) from error


@contextmanager
def http_errors(about: About) -> Iterator[None]:
    """As `hub_errors`, for what the HTTP client raises only."""
    import httpx2

    try:
        yield
    except (httpx2.HTTPError, httpx2.StreamError) as error:
        raise translate(error, about) from error


def foreign_errors() -> tuple[type[Exception], ...]:
    """All that the HTTP client and the Hub library raise on purpose."""
    import httpx2

    return (
        httpx2.HTTPError,
        httpx2.InvalidURL,
        httpx2.StreamError,
        OSError,
        ValueError,
        ImportError,
    )


def translate(error: BaseException, about: About) -> AppError:
    """The error for people behind a foreign one."""
    import httpx2

    if isinstance(error, AppError):
        return error
    response = getattr(error, "response", None)
    if isinstance(response, httpx2.Response):
        return from_status(response.status_code, response.headers, _body(response), about)
    for make in (_from_library, _from_transport, _from_value):
        if (found := make(error, about)) is not None:
            return found
    return HubError(_words(error))


def from_status(status: int, headers: Mapping[str, str], body: str, about: About) -> AppError:
    """The error behind an answer that is no success. `body`: its beginning."""
    said = f"{headers.get('X-Error-Message', '')} {body[:2000]}".strip()
    details = f"HTTP {status}: {said}"
    if status == 407:
        return ProxyFailed(details)
    if status == 429:
        return RateLimited(details, seconds=wait_seconds(headers))
    if status == 511 or (status < 500 and _is_page(headers, about)):
        return NotAHub(details, host=about.host)
    if status >= 500:
        return HubServerError(details, host=about.host, status=status)
    if status in (401, 403, 404) and (code := headers.get("X-Error-Code", "")):
        found = _from_code(code, status, details, about)
        if found is not None:
            return found
    return _from_number(status, said.lower(), details, about)


def _is_page(headers: Mapping[str, str], about: About) -> bool:
    """A page for people where data was asked for: a portal, or some other site."""
    has_code = "X-Error-Code" in headers or "X-Error-Message" in headers
    return "html" in headers.get("Content-Type", "").lower() and not (has_code or about.is_search)


def _from_code(code: str, status: int, details: str, about: About) -> AppError | None:
    if code == "GatedRepo":
        if status == 403 and about.has_token:
            return NeedsAccess(details, repo=about.repo, url=about.page_url)
        return NeedsLogin(details, repo=about.repo, url=about.page_url)
    if code == "RepoNotFound" and about.is_search:  # a mirror takes the list for a repository
        return SearchNotSupported(details, host=about.host)
    if code == "RepoNotFound":
        return RepoNotFound(details, repo=about.repo)
    if code == "RevisionNotFound":
        return RevisionNotFound(details, repo=about.repo, revision=about.revision)
    if code == "EntryNotFound":
        return HubFileNotFound(details, repo=about.repo, file=about.file)
    return None


def _from_number(status: int, said: str, details: str, about: About) -> AppError:
    if "access to this resource is disabled" in said:
        return RepoDisabled(details, repo=about.repo)
    if status == 401 and (about.has_token or any(words in said for words in _BAD_TOKEN)):
        return BadToken(details)
    if about.is_search and status in (401, 404):
        return SearchNotSupported(details, host=about.host)
    if status == 403 and about.repo and about.has_token:
        return NeedsAccess(details, repo=about.repo, url=about.page_url)
    if status == 404 and about.file:
        return HubFileNotFound(details, repo=about.repo, file=about.file)
    if status in (401, 404) and about.repo:
        return RepoNotFound(details, repo=about.repo)
    if status in (404, 405):
        return NotAHub(details, host=about.host)
    return HubError(details)


def wait_seconds(headers: Mapping[str, str]) -> int:
    """How long a 429 asks to wait: between 1 second and an hour."""
    if match := re.search(r"\bt=(\d{1,6})\b", headers.get("RateLimit", "")):
        return _bounded(int(match[1]))
    asked = headers.get("Retry-After", "").strip()
    if asked.isdecimal() and len(asked) < 7:
        return _bounded(int(asked))
    try:
        return _bounded((parsedate_to_datetime(asked) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return DEFAULT_WAIT_S


def _bounded(seconds: float) -> int:
    return int(min(max(seconds, 1), LONGEST_WAIT_S))


def _from_library(error: BaseException, about: About) -> AppError | None:
    from huggingface_hub import errors

    if isinstance(error, errors.OfflineModeIsEnabled):
        return HubOffline(_words(error))
    if isinstance(error, errors.LocalEntryNotFoundError):
        cause = error.__cause__
        return translate(cause, about) if cause else HubUnreachable(_words(error), host=about.host)
    if isinstance(error, errors.LocalTokenNotFoundError):
        return BadToken(_words(error))
    if isinstance(error, errors.FileMetadataError):
        return NotAHub(_words(error), host=about.host)
    if isinstance(error, errors.HFValidationError):
        return RepoNotFound(_words(error), repo=about.repo)
    return None


def _from_transport(error: BaseException, about: About) -> AppError | None:
    import httpx2

    if isinstance(error, httpx2.TimeoutException):
        return HubTooSlow(_words(error), host=about.host)
    if isinstance(error, httpx2.ProxyError):
        return ProxyFailed(_words(error))
    if isinstance(error, httpx2.TooManyRedirects | httpx2.DecodingError | httpx2.InvalidURL):
        return NotAHub(_words(error), host=about.host)
    if isinstance(error, httpx2.UnsupportedProtocol):
        return NotAHub(_words(error), host=about.host)
    if isinstance(error, httpx2.TransportError | OSError):
        return _from_tls(error, about) or _from_connection(error, about)
    return None


def _from_tls(error: BaseException, about: About) -> AppError | None:
    words = " ".join(f"{type(link).__name__} {link}" for link in _chain(error))
    is_certificate = any(isinstance(link, ssl.SSLCertVerificationError) for link in _chain(error))
    if is_certificate or "CERTIFICATE_VERIFY_FAILED" in words:
        return HubNotTrusted(_words(error), host=about.host)
    if "WRONG_VERSION_NUMBER" in words:  # it speaks, but not TLS
        return NotAHub(_words(error), host=about.host)
    return None


def _from_connection(error: BaseException, about: About) -> AppError:
    import httpx2

    if about.is_proxied and isinstance(error, httpx2.ConnectError):
        return ProxyFailed(_words(error))  # the proxy is all that was connected to
    return HubUnreachable(_words(error), host=about.host)


def _from_value(error: BaseException, about: About) -> AppError | None:
    if isinstance(error, ImportError):
        return ProxyFailed(_words(error)) if "socks" in str(error).lower() else None
    if isinstance(error, ValueError) and "filename" in str(error).lower():
        return UnsafeName(_words(error), repo=about.repo, file=about.file)
    if isinstance(error, ValueError):  # no JSON
        return NotAHub(_words(error), host=about.host)
    return None


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what it came from."""
    link: BaseException | None = error
    for _ in range(10):
        if link is None:
            return
        yield link
        link = link.__cause__ or link.__context__


def _words(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:2000]


def _body(response: object) -> str:
    """What has been read of the answer; nothing is read here: it may be endless."""
    content = getattr(response, "_content", b"")
    return content[:2000].decode("utf-8", "replace") if isinstance(content, bytes) else ""
