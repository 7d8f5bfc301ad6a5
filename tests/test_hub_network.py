"""What the network, proxies and certificates do to the real client, told to people."""

from __future__ import annotations

import datetime
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest

from app.core.errors import AppError
from app.core.hub_errors import (
    HubError,
    HubNotTrusted,
    HubOffline,
    HubServerError,
    HubTooSlow,
    HubUnreachable,
    NotAHub,
    ProxyFailed,
    RateLimited,
)
from app.core.models_entities import HubAccess
from app.hub import http
from app.hub.client import HubClient
from app.hub.http import HubHttp
from tests.hub_clients import (
    ALL,
    MODEL,
    REPO,
    Asking,
    client,
    connect,
    hub,
    params,
    read,
    search,
)
from tests.local_hub import Fault, LocalHub

__all__ = ["client", "connect", "hub"]


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault("", "close", -1), HubUnreachable),
        (Fault("", "rst", -1), HubUnreachable),
        (Fault("", "hang", -1), HubTooSlow),
        (Fault("", "html", -1), NotAHub),
        (Fault("", "status", -1, status=500), HubServerError),
        (Fault("", "status", -1, status=503, body=b"<html>busy"), HubServerError),
        (Fault("", "status", -1, status=429), RateLimited),
        (Fault("", "status", -1, status=407), ProxyFailed),
        (Fault("", "status", -1, status=511), NotAHub),
        (Fault("", "status", -1, status=400, body=b'["odd"]'), HubError),
        (Fault("", "status", -1, status=418, body=b"\xff\xfe"), HubError),
        (Fault("", "status", -1, status=302, headers={"Location": "/x"}), NotAHub),
        (Fault("", "status", -1, status=302, headers={"Location": "ftp://x/"}), NotAHub),
        (Fault("", "status", -1, status=302, headers={"Location": "http://[x/"}), NotAHub),
    ],
    ids=lambda value: f"{value.kind}{value.status}" if isinstance(value, Fault) else "",
)
@pytest.mark.parametrize("asking", ALL)
def test_each_failure_is_told_to_people(
    hub: LocalHub,
    connect: Callable[..., HubClient],
    asking: Asking,
    fault: Fault,
    kind: type[AppError],
) -> None:
    hub.faults = [fault]
    began = time.monotonic()
    with pytest.raises(kind) as caught:
        asking(connect(read_s=0.3))
    assert type(caught.value) is kind
    params(caught)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("kind", ["cut", "cut_rst", "stall"])
def test_an_answer_that_breaks_off_is_told(
    hub: LocalHub, connect: Callable[..., HubClient], kind: str
) -> None:
    hub.faults = [Fault("/api/models", kind, -1, after=20)]
    with pytest.raises(HubTooSlow if kind == "stall" else HubUnreachable):
        search(connect(read_s=0.3))


def test_an_answer_that_drips_ends(
    hub: LocalHub, client: HubClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "ANSWER_S", 0.3)
    hub.faults = [Fault("/api/models", "slow", -1, rate=40)]
    with pytest.raises(HubTooSlow):
        search(client)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"RateLimit": '"api";r=0;t=17'}, "17"),
        ({"Retry-After": "42"}, "42"),
        ({"Retry-After": "9999999999"}, "60"),
        ({"Retry-After": "86400"}, "3600"),
        ({"Retry-After": "Mon, 01 Jan 2001 00:00:00 GMT"}, "1"),
        ({"Retry-After": "soon"}, "60"),
        ({}, "60"),
    ],
)
def test_a_hub_that_asks_to_wait_is_quoted_within_reason(
    hub: LocalHub, client: HubClient, headers: dict[str, str], seconds: str
) -> None:
    hub.faults = [Fault("/api/models", "status", status=429, headers=headers)]
    with pytest.raises(RateLimited) as caught:
        search(client)
    assert params(caught)["seconds"] == seconds


def test_nobody_listens(connect: Callable[..., HubClient]) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{unused.getsockname()[1]}"
    with pytest.raises(HubUnreachable) as caught:
        search(connect(endpoint=f"http://{address}"))
    assert params(caught)["host"] == address


def test_a_name_that_does_not_exist(
    connect: Callable[..., HubClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(HubUnreachable) as caught:
        search(connect(endpoint="https://hub.invalid/"))
    assert params(caught)["host"] == "hub.invalid"


@pytest.mark.parametrize(
    "endpoint", ["ftp://x", "https://", "http://[x", "http://a b", "https://x/?q=1"]
)
def test_an_address_that_is_none(connect: Callable[..., HubClient], endpoint: str) -> None:
    with pytest.raises(NotAHub):
        search(connect(endpoint=endpoint))


def test_a_slash_at_the_end_of_the_address_does_no_harm(
    hub: LocalHub, connect: Callable[..., HubClient]
) -> None:
    assert read(connect(endpoint=f" {hub.endpoint}/ ")) == MODEL[:100]


@pytest.mark.parametrize("how", ["setting", "environment"])
@pytest.mark.parametrize("asking", [*ALL, HubClient.user])
def test_offline_asks_nothing_of_the_network(
    connect: Callable[..., HubClient],
    monkeypatch: pytest.MonkeyPatch,
    asking: Asking,
    how: str,
) -> None:
    touched: list[str] = []
    if how == "environment":
        monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    client = connect(endpoint="https://hub.invalid", token="t", is_offline=how == "setting")
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: touched.append("dns"))
    monkeypatch.setattr(socket, "socket", lambda *_, **__: touched.append("socket"))
    with pytest.raises(HubOffline):
        asking(client)
    assert touched == []


def test_all_goes_through_the_proxy(hub: LocalHub, connect: Callable[..., HubClient]) -> None:
    hub.proxy_login = "me:pass word"
    proxy = hub.endpoint.replace("://", "://me:pass%20word@")
    client = connect(endpoint="http://hub.invalid", proxy=proxy)
    assert client.details(REPO).variants
    assert read(client) == MODEL[:100]


@pytest.mark.parametrize(
    "proxy", ["http://127.0.0.1:1", "ftp://x:1", "nonsense", "socks5://127.0.0.1:1"]
)
def test_a_proxy_that_does_not_work_is_named_as_the_cause(
    connect: Callable[..., HubClient], proxy: str
) -> None:
    with pytest.raises(ProxyFailed):
        search(connect(proxy=proxy))


def test_a_wrong_password_for_the_proxy(hub: LocalHub, connect: Callable[..., HubClient]) -> None:
    hub.proxy_login = "me:right"
    proxy = hub.endpoint.replace("://", "://me:wrong-one@")
    with pytest.raises(ProxyFailed) as caught:
        search(connect(endpoint="http://hub.invalid", proxy=proxy))
    assert "wrong-one" not in caught.value.problem.details


def test_a_server_that_does_not_speak_tls(hub: LocalHub, connect: Callable[..., HubClient]) -> None:
    with pytest.raises((NotAHub, HubUnreachable)):
        search(connect(endpoint=hub.endpoint.replace("http:", "https:")))


def self_signed(folder: Path) -> Path:
    """A certificate for 127.0.0.1 that nobody vouches for, and its key, in one file."""
    x509 = pytest.importorskip("cryptography.x509")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(address, critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain = serialization.NoEncryption()
    private = key.private_bytes(pem, serialization.PrivateFormat.TraditionalOpenSSL, plain)
    path = folder / "server.pem"
    path.write_bytes(private + made.public_bytes(pem))
    return path


def test_a_certificate_that_nobody_vouches_for(
    connect: Callable[..., HubClient], tmp_path: Path
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                try:
                    context.wrap_socket(connection, server_side=True).close()
                except (OSError, ssl.SSLError):
                    return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        with pytest.raises(HubNotTrusted) as caught:
            search(connect(endpoint=f"https://{address}"))
        thread.join(5)
    assert params(caught)["host"] == address


def test_a_secret_road_does_not_lead_to_an_open_one(hub: LocalHub) -> None:
    secure = HubHttp(HubAccess("https://hub.invalid", token="hf_secret"))
    answer = httpx2.Response(302, headers={"Location": f"{hub.cdn}/file"})
    with pytest.raises(NotAHub):
        secure._target("https://hub.invalid/file", answer, secure.about())
