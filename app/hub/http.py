"""One HTTP client for one way of reaching the hub: timeouts always, offline before any socket,
the token to the hub's own origin only, answers never larger than asked for."""

from __future__ import annotations

import json
import re
import threading
import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from app import __version__
from app.core.hub_errors import BadToken, HubOffline, HubTooSlow, NotAHub, ProxyFailed
from app.core.models_entities import HubAccess
from app.hub.env import is_switched_offline, prepare
from app.hub.failures import About, from_status, http_errors, hub_errors

if TYPE_CHECKING:
    import httpx2

CONNECT_S, READ_S = 10.0, 15.0
ANSWER_S = 60.0  # for a whole answer that drips
ERROR_BYTES = 1 << 16  # of an answer that is no success
MOST_REDIRECTS = 5
_PORTS = {"http": 80, "https": 443}
_TOKEN = re.compile(r"[\x21-\x7e]{1,4096}")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")

Params = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Reply:
    """A successful answer, read to its end or to the limit."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str
    is_whole: bool  # False: there is more than the limit


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port: who is asked. Raises ValueError."""
    parts = urlsplit(url)
    return parts.scheme, (parts.hostname or "").lower(), parts.port or _PORTS.get(parts.scheme, 0)


def host_of(url: str) -> str:
    """The host for people, with its port if that is not the usual one."""
    return urlsplit(url).netloc.rpartition("@")[2] or url


class HubHttp:
    """Requests to the hub and to where it points; safe to use from several threads."""

    def __init__(self, access: HubAccess, read_s: float = READ_S) -> None:
        prepare()
        self._access, self._read_s = access, read_s
        self._lock = threading.Lock()
        self._client: httpx2.Client | None = None
        self.endpoint = _endpoint(access.endpoint)
        self.host = host_of(self.endpoint)
        self.has_token = bool(access.token) and _is_private(self.endpoint)

    def close(self) -> None:
        """Give the connections back."""
        client, self._client = self._client, None
        if client is not None:
            client.close()

    def about(self, repo: str = "", **more: Any) -> About:
        """What is asked, for the errors."""
        page_url = f"{self.endpoint}/{repo}" if repo else ""
        about = About(self.host, repo, page_url=page_url, has_token=self.has_token)
        return replace(about, is_proxied=self._is_proxied(), **more)

    def about_at(self, url: str, about: About) -> About:
        """The same, of whom `url` asks: another host is named, and was shown no token."""
        if self.is_own(url):
            return about
        return replace(about, host=host_of(url), has_token=False, is_search=False)

    def is_own(self, url: str) -> bool:
        """Whether `url` is at the hub itself: only there the token goes."""
        return origin(url) == origin(self.endpoint)

    @contextmanager
    def stream(
        self,
        url: str,
        about: About,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        read_s: float = 0,
    ) -> Iterator[httpx2.Response]:
        """One request; the answer's body is not read. Redirects and errors come back as they are.

        Raises a HubError for all that goes wrong on the way, also while the body is read inside.
        """
        import httpx2

        self._check_offline()
        about = self.about_at(url, about)
        timeout = httpx2.Timeout(read_s or self._read_s, connect=CONNECT_S)
        sent = {"Accept-Encoding": "identity"} | self._headers(url) | dict(headers or {})
        with ExitStack() as stack:
            with hub_errors(about):
                opening = self._opened().stream(method, url, headers=sent, timeout=timeout)
                response = stack.enter_context(opening)
            with http_errors(about):  # not more: the caller may write to a disk meanwhile
                yield response

    @contextmanager
    def follow(
        self,
        url: str,
        about: About,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        stay_home: bool = False,
    ) -> Iterator[httpx2.Response]:
        """As `stream`, through redirects; `stay_home` gives back one that leaves the hub.

        Raises a HubError also for an answer that is no success.
        """
        for _ in range(MOST_REDIRECTS):
            with self.stream(url, about, method=method, headers=headers) as response:
                target = self._target(url, response, about)
                if not target or (stay_home and not self.is_own(target)):
                    check_status(response, self.about_at(url, about))
                    yield response
                    return
            url = target
        raise NotAHub("too many redirects", host=self.host)

    def get(self, path: str, about: About, limit: int, params: Params = ()) -> Reply:
        """GET `path` of the hub, at most `limit` bytes of the answer."""
        import httpx2

        url = str(httpx2.URL(f"{self.endpoint}{path}", params=list(params)))
        with self.follow(url, about, headers={"Accept-Encoding": "gzip"}) as response:
            body = read_at_most(response, limit + 1, about)
            url = str(response.url)
        headers = response.headers
        return Reply(response.status_code, headers, body[:limit], url, len(body) <= limit)

    def get_json(self, path: str, about: About, limit: int, params: Params = ()) -> tuple[Any, str]:
        """The JSON that GET `path` answers, and the cursor of the next page (or empty).

        Raises NotAHub for what is no JSON, larger than `limit`, or from another site.
        """
        reply = self.get(path, about, limit, params)
        if not reply.is_whole:
            raise NotAHub(f"more than {limit} bytes", host=self.host)
        if not self.is_own(reply.url):
            raise NotAHub(f"it leads to {host_of(reply.url)}", host=self.host)
        try:
            value = json.loads(reply.body)
        except (ValueError, RecursionError) as error:
            details = f"{type(error).__name__}: {error}: {reply.body[:200]!r}"
            raise NotAHub(details, host=self.host) from error
        return value, _cursor(reply.headers.get("Link", ""))

    def _opened(self) -> httpx2.Client:
        import httpx2

        with self._lock:
            if self._client is None:
                try:
                    self._client = httpx2.Client(proxy=self._access.proxy.strip() or None)
                except (ValueError, httpx2.InvalidURL):
                    # no more details: its password may be in them
                    raise ProxyFailed("the proxy's address is malformed") from None
            return self._client

    def _headers(self, url: str) -> dict[str, str]:
        from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]

        token: str | bool = False
        if self.has_token and self.is_own(url):
            token = self._access.token
            if not _TOKEN.fullmatch(token):  # it would break the header
                raise BadToken("it has characters that no token has")
        return build_hf_headers(token=token, library_name="inglenook", library_version=__version__)

    def _check_offline(self) -> None:
        if self._access.is_offline or is_switched_offline():
            raise HubOffline

    def _is_proxied(self) -> bool:
        from urllib.request import getproxies, proxy_bypass

        if self._access.proxy:
            return True
        scheme, host, _ = origin(self.endpoint)
        proxies = getproxies()
        return bool(proxies.get(scheme) or proxies.get("all")) and not proxy_bypass(host)

    def _target(self, url: str, response: httpx2.Response, about: About) -> str:
        """Where the answer sends us; empty if it does not."""
        location = response.headers.get("Location", "")
        if response.status_code not in (301, 302, 303, 307, 308) or not location:
            return ""
        with hub_errors(about):
            target = urljoin(url, location)
            scheme, host, _ = origin(target)
        if scheme not in _PORTS or not host or (url.startswith("https:") and scheme == "http"):
            raise NotAHub(f"it redirects to {target[:500]}", host=self.host)
        return target


def check_status(response: httpx2.Response, about: About) -> None:
    """Raise the HubError of an answer that is neither a success nor a redirect."""
    if response.status_code >= 400 or response.status_code < 200:
        body = read_at_most(response, ERROR_BYTES, about).decode("utf-8", "replace")
        raise from_status(response.status_code, response.headers, body, about)


def read_at_most(response: httpx2.Response, limit: int, about: About) -> bytes:
    """The beginning of the body, unpacked: neither endless answers nor bombs fill the memory."""
    until = time.monotonic() + ANSWER_S
    is_packed = response.headers.get("Content-Encoding", "").lower() == "gzip"
    unpack = zlib.decompressobj(31) if is_packed else None
    body = bytearray()
    try:
        for piece in response.iter_raw():
            left = limit - len(body)
            body += unpack.decompress(piece, left) if unpack else piece[:left]
            if len(body) >= limit:
                break
            if time.monotonic() > until:
                raise HubTooSlow(f"{len(body)} bytes in {ANSWER_S} s", host=about.host)
    except zlib.error as error:
        raise NotAHub(f"gzip: {error}", host=about.host) from error
    return bytes(body)


def _endpoint(asked: str) -> str:
    """The address of the hub: scheme, host, port, perhaps a path; no slash at its end."""
    from huggingface_hub import constants

    text = asked.strip() or str(constants.ENDPOINT)
    if "://" not in text:
        text = f"https://{text}"
    try:
        scheme, host, _ = origin(text)
        is_plain = not urlsplit(text).query and not re.search(r"[\s\x00-\x1f]", text)
    except ValueError as error:
        raise NotAHub(str(error), host=asked) from error
    if scheme not in _PORTS or not host or not is_plain:
        raise NotAHub("no address of a web site", host=asked)
    return text.rstrip("/")


def _is_private(endpoint: str) -> bool:
    """Whether others cannot listen in: a token is never sent in clear over a network."""
    scheme, host, _ = origin(endpoint)
    return scheme == "https" or host in _LOOPBACK


def _cursor(link: str) -> str:
    """The cursor in a Link header. Only it is taken: the address may lead anywhere."""
    match = re.search(r'<([^<>]*)>\s*;\s*rel="?next"?', link)
    found = re.search(r"[?&]cursor=([^&#]*)", match[1]) if match else None
    if found is None:
        return ""
    from urllib.parse import unquote_plus

    return unquote_plus(found[1])
