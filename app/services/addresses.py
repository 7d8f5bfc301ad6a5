"""Addresses of hubs and proxies: which can be used, and which hub may be shown the access token."""

from __future__ import annotations

import os
import re
from urllib.parse import urlsplit

from app.core.hub_errors import BadAddress
from app.core.settings import Settings

HUB_EXAMPLE, PROXY_EXAMPLE = "https://hub.example.org", "http://proxy.example.org:3128"
HUB_HOST = "huggingface.co"
_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
# A name, an IPv4 or a bracketed IPv6 address, perhaps a port: nothing that two parsers could read
# in two ways, since the token goes by the answer
_PLACE = re.compile(r"(?P<host>[\w.-]+|\[[0-9a-fA-F:.]+\])(?::(?P<port>\d{1,5}))?")
_LOGIN = re.compile(r"[^\s/?#@]+@")


def clean_endpoint(text: str) -> str:
    """`text` as the hub's address: http(s), a host, no slash at the end; empty stays empty.

    An address without http:// or https:// gets https://. Raises BadAddress.
    """
    text = text.strip().rstrip("/")
    if not text:
        return ""
    address = text if "://" in text else f"https://{text}"
    if _parts(address) is None:
        raise BadAddress(example=HUB_EXAMPLE)
    return address


def clean_proxy(text: str) -> str:
    """`text` as a proxy's address, perhaps with name:password@; empty stays empty.

    An address without a scheme gets http://. Raises BadAddress, whose words hold no password.
    """
    text = text.strip().rstrip("/")
    if not text:
        return ""
    address = text if "://" in text else f"http://{text}"
    scheme, _, rest = address.partition("://")
    found = _parts(f"{scheme}://{_LOGIN.sub('', rest, count=1)}")
    if found is None or "/" in rest:
        raise BadAddress(example=PROXY_EXAMPLE)
    return address


def is_mirror(settings: Settings) -> bool:
    """Whether these settings lead to a hub that is neither Hugging Face nor on this machine."""
    found = _effective(settings)
    return found is None or not (found == ("https", HUB_HOST, 443) or found[1] in _LOOPBACK)


def is_overheard(settings: Settings) -> bool:
    """Whether others can read along: plain http to another machine; no token goes there at all."""
    found = _effective(settings)
    return found is not None and found[0] == "http" and found[1] not in _LOOPBACK


def may_have_token(settings: Settings) -> bool:
    """Whether the access token may go to the hub of these settings."""
    return not is_overheard(settings) and (settings.is_token_for_mirror or not is_mirror(settings))


def host_of(settings: Settings) -> str:
    """The hub's host, for people."""
    found = _effective(settings)
    return found[1] if found is not None else settings.hub_endpoint


def _effective(settings: Settings) -> tuple[str, str, int] | None:
    """Scheme, host and port of the hub; None where nobody can tell."""
    text = settings.hub_endpoint or os.environ.get("HF_ENDPOINT", "") or f"https://{HUB_HOST}"
    try:
        return _parts(clean_endpoint(text))
    except BadAddress:
        return None


def _parts(address: str) -> tuple[str, str, int] | None:
    """Scheme, host and port of an address that can be read in one way only, else None."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    place = _PLACE.fullmatch(parts.netloc)
    if parts.scheme not in ("http", "https") or place is None or re.search(r"[\s\\?#]", address):
        return None
    port = int(place["port"] or (443 if parts.scheme == "https" else 80))
    return (parts.scheme, place["host"].lower(), port) if 0 < port < 65536 else None
