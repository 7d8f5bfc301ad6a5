"""How the stand-in hub talks: sockets, and everything that can go wrong on them."""

from __future__ import annotations

import base64
import contextlib
import socket
import struct
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tests.local_hub_answers import cdn_answer, expired, hub_answer
from tests.local_hub_data import Answer, Asked, Fault, Seen

if TYPE_CHECKING:
    from tests.local_hub import LocalHub

PIECE = 1 << 16
HTML = b"<!doctype html><html><body><h1>Welcome to the hotel</h1></body></html>"


class Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no news."""


class _Gone(Exception):
    """This connection is over."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    hub: LocalHub
    own_origin: str

    def setup(self) -> None:
        super().setup()
        with self.hub.lock:
            self.hub.sockets.add(self.connection)

    def finish(self) -> None:
        with self.hub.lock:
            self.hub.sockets.discard(self.connection)
        with contextlib.suppress(OSError):
            super().finish()

    def log_message(self, format: str, *args: Any) -> None:
        """Silence: what arrived is in `requests`."""

    def do_GET(self) -> None:
        """Every method goes the same way."""
        origin, target = self._target()
        length = int(self.headers.get("Content-Length") or 0)
        headers = {name.lower(): value for name, value in self.headers.items()}
        seen = Seen(origin, self.command, target, headers)
        with self.hub.lock:
            self.hub.requests.append(seen)
        asked = Asked(self.command, target, headers, self.rfile.read(length))
        try:
            self._answer(asked, seen)
        except (_Gone, OSError):
            self.close_connection = True

    do_HEAD = do_POST = do_GET  # noqa: N815

    def _target(self) -> tuple[str, str]:
        if not self.path.startswith("http"):
            return self.own_origin, self.path
        parts = urlsplit(self.path)  # we are used as a proxy
        is_cdn = parts.netloc == urlsplit(self.hub.cdn).netloc
        return "cdn" if is_cdn else "hub", self.path.split(parts.netloc, 1)[1] or "/"

    def _answer(self, asked: Asked, seen: Seen) -> None:
        fault = self.hub.take_fault(seen)
        kind = fault.kind if fault else ""
        if kind == "rst":
            self._reset()
        if kind == "close":
            raise _Gone
        if kind == "hang":
            self.hub.stopping.wait(120)
            raise _Gone
        self._send(self._made(asked, seen, fault), seen, fault)

    def _made(self, asked: Asked, seen: Seen, fault: Fault | None) -> Answer:
        kind = fault.kind if fault else ""
        if fault and kind == "status":
            return Answer(
                fault.status, {"Content-Type": "application/json"} | fault.headers, fault.body
            )
        if kind == "html":
            return Answer(200, {"Content-Type": "text/html"}, HTML)
        if self.path.startswith("http") and not self._may_use_proxy():
            return Answer(407, {"Proxy-Authenticate": 'Basic realm="proxy"'}, b"")
        if kind == "ignore_range":
            asked.headers.pop("range", None)
        if seen.origin == "cdn":
            return expired() if kind == "expired" else cdn_answer(self.hub, asked)
        return hub_answer(self.hub, asked, kind)

    def _may_use_proxy(self) -> bool:
        wanted = "Basic " + base64.b64encode(self.hub.proxy_login.encode()).decode()
        return not self.hub.proxy_login or self.headers.get("Proxy-Authorization") == wanted

    def _send(self, answer: Answer, seen: Seen, fault: Fault | None) -> None:
        seen.status = answer.status
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if "Content-Length" not in answer.headers:
            self.send_header("Content-Length", str(answer.size))
        self.end_headers()
        if self.command != "HEAD":
            self._send_body(answer, seen, fault)

    def _send_body(self, answer: Answer, seen: Seen, fault: Fault | None) -> None:
        kind = fault.kind if fault else ""
        piece = max(1, min(PIECE, fault.rate // 20)) if fault and kind == "slow" else PIECE
        at = answer.start
        for data in answer.pieces(piece):
            if (
                fault
                and kind in ("cut", "cut_rst", "stall")
                and seen.sent + len(data) > fault.after
            ):
                self._write(data[: fault.after - seen.sent], seen)
                self._break(kind)
            if fault and kind == "flip" and at <= fault.after < at + len(data):
                place = fault.after - at
                data = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
            self._write(data, seen)
            at += len(data)
            if fault and kind == "slow":
                self.hub.stopping.wait(len(data) / fault.rate)
            if self.hub.stopping.is_set():
                raise _Gone

    def _write(self, data: bytes, seen: Seen) -> None:
        with self.hub.lock:
            seen.sent += len(data)  # first, so that whoever has received it can rely on it
        self.wfile.write(data)

    def _break(self, kind: str) -> None:
        if kind == "stall":
            self.hub.stopping.wait(120)
        if kind == "cut_rst":
            time.sleep(0.05)  # what was written arrives first: a reset discards the rest
            self._reset()
        raise _Gone

    def _reset(self) -> None:
        """End the connection by RST, as a failing router does."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # the reader and the writer hold the descriptor open: only without them close() closes it
        self.rfile.close()
        with contextlib.suppress(OSError):
            self.wfile.close()
        self.connection.close()
        raise _Gone
