"""The look for a newer version: one request to a real server, its answer distrusted."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from app.core.build import Build
from app.core.errors import AppError
from app.core.paths import Paths
from app.core.settings import Settings
from app.services.updates import MOST_BYTES, look_for_release
from tests.app_window import AppWindow

RELEASE = {
    "tag_name": "v1.10.0",
    "html_url": "https://example.org/releases/v1.10.0",
    "published_at": "2026-11-25T20:00:00Z",
}


class Site:
    """A site of releases that notes each request."""

    def __init__(self) -> None:
        self.status, self.body = 200, json.dumps(RELEASE).encode()
        self.headers = {"Content-Type": "application/json"}
        self.requests: list[tuple[str, dict[str, str]]] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                names = {name.lower(): value for name, value in self.headers.items()}
                site.requests.append((self.path, names))
                self.send_response(site.status)
                for name, value in site.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                try:
                    self.wfile.write(site.body)
                except OSError:
                    return  # it was too much, and they hung up

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}/latest"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def build(self, version: str = "1.9.3") -> Build:
        return Build(version=version, releases=self.address)


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    made = Site()
    yield made
    made.close()


@pytest.mark.parametrize(
    ("ours", "tag", "is_newer"),
    [
        ("1.9.3", "v1.10.0", True),
        ("1.10", "1.10.0", False),
        ("1.10.0", "1.10", False),
        ("2.0.0", "v1.10.0", False),
        ("1.9.3.dev2", "v1.10.0", True),
        ("unknown", "v1.10.0", False),
    ],
)
def test_versions_are_compared_as_numbers(site: Site, ours: str, tag: str, is_newer: bool) -> None:
    site.body = json.dumps({**RELEASE, "tag_name": tag}).encode()
    release = look_for_release(site.build(ours), Settings())
    assert release is not None
    assert release.is_newer is is_newer
    assert release.version == tag.removeprefix("v")


def test_it_is_one_request_that_tells_nothing(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    assert look_for_release(site.build(), Settings()) is not None
    ((path, headers),) = site.requests
    assert path == "/latest"
    assert headers["user-agent"] == "Inglenook"
    assert set(headers) <= {"host", "user-agent", "accept", "accept-encoding", "connection"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"[" * 100_000,
        b"\xff",
        json.dumps({**RELEASE, "tag_name": "v1.10.0; rm"}).encode(),
        json.dumps({**RELEASE, "tag_name": 3}).encode(),
        json.dumps({**RELEASE, "html_url": "http://example.org/"}).encode(),
        json.dumps({**RELEASE, "html_url": "file:///etc/passwd"}).encode(),
        json.dumps({**RELEASE, "html_url": "https://a.org\\@b.org/"}).encode(),
        json.dumps({**RELEASE, "html_url": "https://a.org/\u202egpj"}).encode(),
        json.dumps({**RELEASE, "body": "x" * MOST_BYTES}).encode(),
    ],
)
def test_an_answer_that_makes_no_sense_is_none(site: Site, body: bytes) -> None:
    site.body = body
    assert look_for_release(site.build(), Settings()) is None
    assert len(site.requests) == 1


@pytest.mark.parametrize("day", [None, 3, "tomorrow", "9" * 5000])
def test_a_bad_date_is_left_out(site: Site, day: object) -> None:
    site.body = json.dumps({**RELEASE, "published_at": day}).encode()
    release = look_for_release(site.build(), Settings())
    assert release is not None
    assert release.day is None


@pytest.mark.parametrize("status", [301, 302, 404])
def test_it_goes_nowhere_else(site: Site, status: int) -> None:
    site.status = status
    site.headers["Location"] = f"{site.address}/elsewhere"
    assert look_for_release(site.build(), Settings()) is None
    assert len(site.requests) == 1


@pytest.mark.parametrize(("status", "code"), [(500, "hub.server"), (429, "hub.rate-limited")])
def test_a_site_in_trouble_is_said(site: Site, status: int, code: str) -> None:
    site.status = status
    with pytest.raises(AppError) as caught:
        look_for_release(site.build(), Settings())
    assert caught.value.problem.code == code


def test_the_proxy_of_the_settings_is_used(site: Site) -> None:
    proxy = site.address.removesuffix("/latest")
    build = Build(version="1.0.0", releases="http://127.0.0.1:9/latest")
    assert look_for_release(build, Settings(proxy=proxy)) is not None
    assert site.requests[0][0] == "http://127.0.0.1:9/latest"


# In the window


@pytest.fixture
def window(
    open_window: Callable[[Paths], AppWindow],
    paths: Paths,
    monkeypatch: pytest.MonkeyPatch,
    site: Site,
) -> AppWindow:
    """A window whose build knows the site; without a model, which is not needed."""
    monkeypatch.setenv("INGLENOOK_STARTER_DIR", str(paths.data / "none"))
    app = open_window(paths)
    app.controller.help.build = site.build()
    app.window.menu.about.trigger()
    return app


def test_a_newer_version_is_shown_with_its_address_before_it_is_opened(
    window: AppWindow, site: Site
) -> None:
    about = window.controller.help.about
    assert about is not None
    assert site.requests == [], "nobody has asked yet"
    opened: list[str] = []
    about.page_requested.disconnect()
    about.page_requested.connect(opened.append)
    window.click(about.look)
    window.until(about.page.isVisible)
    assert "1.10.0 is out" in about.answer.text()
    assert "2026" in about.answer.text()
    assert about.address.text().replace("\u200b", "") == RELEASE["html_url"]
    assert opened == []
    about.page.click()
    assert opened == [RELEASE["html_url"]]
    assert len(site.requests) == 1


def test_offline_nobody_is_asked(window: AppWindow, site: Site) -> None:
    about = window.controller.help.about
    assert about is not None
    window.window.menu.offline.trigger()
    window.click(about.look)
    window.until(lambda: "Offline is switched on" in about.answer.text())
    assert site.requests == []
    window.window.menu.offline.trigger()
    site.body = json.dumps({**RELEASE, "tag_name": "1.9.3"}).encode()
    window.click(about.look)
    window.until(lambda: "newest version" in about.answer.text())
    site.body = b"nonsense"
    window.click(about.look)
    window.until(lambda: "no version" in about.answer.text())
    assert not about.page.isVisible()
