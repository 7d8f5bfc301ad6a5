"""Whether there is a newer release: one request, only when a person asks; waits for the network."""

from __future__ import annotations

import contextlib
import json
import re
import time
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from app.core.build import Build, is_private
from app.core.hub_errors import HubTooSlow, NotAHub
from app.core.models_entities import HubAccess
from app.core.settings import Settings

MOST_BYTES = 256 * 1024
TIMEOUT_S = 10.0
_VERSION = re.compile(r"v?(\d{1,6})\.(\d{1,6})(?:\.(\d{1,6}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Release:
    """The newest release as its makers announce it. `url` is https; `day` None: not said."""

    version: str
    url: str
    day: date | None
    is_newer: bool


def look_for_release(build: Build, settings: Settings) -> Release | None:
    """Ask `build.releases` once, without a token and through the proxy of the settings.

    None: what came back describes no release. Raises a HubError: offline, or nobody answered.
    """
    from app.hub.http import HubHttp, check_status  # the window starts without it

    access = HubAccess(build.releases, settings.proxy, token="", is_offline=settings.is_offline)
    try:
        http = HubHttp(access, TIMEOUT_S)
        about = http.about()
        # a name is asked for by some sites, and ours tells nothing about the person's computer
        headers = {"user-agent": "Inglenook", "Accept": "application/json"}
        with contextlib.closing(http), http.stream(http.endpoint, about, headers=headers) as reply:
            check_status(reply, about)
            if reply.status_code != 200:  # no second request: a redirect is not followed
                return None
            body = _read(reply, http.host)
    except NotAHub:
        return None
    return _release(body, build.version)


def _read(reply: Any, host: str) -> bytes:
    """The body, or as much as shows that it is too large. Raises HubTooSlow."""
    until = time.monotonic() + TIMEOUT_S
    body = bytearray()
    for piece in reply.iter_raw():
        body += piece
        if len(body) > MOST_BYTES:
            return b""
        if time.monotonic() > until:
            raise HubTooSlow(f"{len(body)} bytes in {TIMEOUT_S} s", host=host)
    return bytes(body)


def _release(body: bytes, ours: str) -> Release | None:
    """The release in GitHub's form; every field may be anything."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(data, dict):
        return None
    tag, url = data.get("tag_name"), data.get("html_url")
    if not isinstance(tag, str) or not isinstance(url, str):
        return None
    found = _VERSION.fullmatch(tag)
    if found is None or not url.startswith("https://") or not is_private(url):
        return None
    mine = _VERSION.match(ours)
    is_newer = mine is not None and _numbers(found) > _numbers(mine)
    return Release(tag.removeprefix("v"), url, _day(data.get("published_at")), is_newer)


def _numbers(version: re.Match[str]) -> tuple[int, ...]:
    return tuple(int(part or 0) for part in version.groups())


def _day(text: object) -> date | None:
    if isinstance(text, str):
        with contextlib.suppress(ValueError):
            return datetime.fromisoformat(text).date()
    return None
