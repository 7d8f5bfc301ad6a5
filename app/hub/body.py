"""One answer that carries a file, or what is missing of it: asked for, checked, read in pieces."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from app.core.errors import AppError
from app.core.hub_errors import HubServerError, NotAHub, WrongContent
from app.hub.stopping import StopSwitch

if TYPE_CHECKING:
    import httpx2

    from app.hub.client import HubClient

MOST_REDIRECTS = 5
_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")


class AddressExpired(Exception):
    """The signed address is refused; `problem` says it to people, where a new one does not help."""

    def __init__(self, problem: AppError) -> None:
        self.problem = problem


class NothingMore(Exception):
    """The server says that there is nothing beyond what we have (416)."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which bytes: from `start` to the end of a file of `size` bytes at `url`."""

    url: str
    repo: str
    name: str
    size: int
    start: int = 0


@contextlib.contextmanager
def opened(
    client: HubClient, wanted: Wanted, switch: StopSwitch, read_s: float
) -> Iterator[tuple[bool, Iterator[bytes]]]:
    """Ask; gives whether the answer begins at byte 0 of the file, and the pieces of it.

    Raises AddressExpired, NothingMore, Cancelled, WrongContent (longer than announced) and what
    the network does, as HubError. `read_s`: longest silence, in seconds.
    """
    headers = {"Accept-Encoding": "identity"}
    if wanted.start:
        headers["Range"] = f"bytes={wanted.start}-"
    url = wanted.url
    for _ in range(MOST_REDIRECTS):
        asking = client.stream(
            url, repo=wanted.repo, file=wanted.name, headers=headers, read_s=read_s
        )
        response = switch.call(asking.__enter__, too_late=lambda late: late.close())
        with contextlib.ExitStack() as stack:
            stack.push(asking.__exit__)
            stack.enter_context(switch.reading(response))
            if response.is_redirect:
                url = _target(url, response)
                continue
            begins_at_zero = _begins_at_zero(client, response, wanted)
            yield begins_at_zero, _pieces(response, switch)
            return
    raise NotAHub("too many redirects", host=_host(url))


def _pieces(response: httpx2.Response, switch: StopSwitch) -> Iterator[bytes]:
    try:
        for piece in response.iter_raw():
            switch.check()
            yield piece
    except Exception:
        switch.check()  # a cut connection is the consequence of a stop
        raise
    switch.check()


def _target(url: str, response: httpx2.Response) -> str:
    """Where the answer sends us; never from a secret road to an open one."""
    target = urljoin(url, response.headers["Location"])
    allowed = ("https://",) if url.startswith("https://") else ("https://", "http://")
    if not target.startswith(allowed):
        raise NotAHub(f"it redirects to {target[:500]}", host=_host(url))
    return target


def _begins_at_zero(client: HubClient, response: httpx2.Response, wanted: Wanted) -> bool:
    """Check the head of the answer."""
    status, host = response.status_code, _host(str(response.url))
    if response.headers.get("Content-Encoding", "identity") != "identity" and status < 300:
        raise NotAHub("the file comes packed", host=host)
    if status == 206:
        _check_range(response.headers.get("Content-Range", ""), wanted, host)
        return False
    if status == 200:
        _check_length(response, wanted, host)
        return True
    if status == 416:
        raise NothingMore
    try:
        client.check_status(response, repo=wanted.repo, file=wanted.name)
    except AppError as error:
        if status in (401, 403):
            raise AddressExpired(error) from error
        raise
    raise HubServerError("no status that carries a file", host=host, status=status)


def _check_range(said: str, wanted: Wanted, host: str) -> None:
    match = _RANGE.fullmatch(said.strip())
    if match is None or int(match[1]) != wanted.start:
        # such an answer comes from a broken cache; the next one may be another
        raise HubServerError(f"Content-Range: {said[:200]}", host=host, status=206)
    if match[3] != "*" and int(match[3]) != wanted.size:
        raise WrongContent(f"it has {match[3]} bytes, not {wanted.size}", file=wanted.name)


def _check_length(response: httpx2.Response, wanted: Wanted, host: str) -> None:
    """Before anything is thrown away for it: may this be the whole file?"""
    said = response.headers.get("Content-Length", "")
    if "html" in response.headers.get("Content-Type", "").lower():
        raise NotAHub("a page instead of a file", host=host)
    if said.isdecimal() and int(said) > wanted.size:
        raise WrongContent(f"it has {said} bytes, not {wanted.size}", file=wanted.name)
    if said.isdecimal() and int(said) < wanted.size:
        raise HubServerError(f"only {said} of {wanted.size} bytes", host=host, status=200)


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""
