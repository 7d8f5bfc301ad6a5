"""A stand-in for the model hub and its CDN on this machine, with faults to order.

Two ports of 127.0.0.1 are two origins, as the real hub and its CDN are. It speaks what the real
one was seen to speak: JSON lists paged by Link, redirects for big files with X-Linked-*, error
codes in headers, signed addresses that expire. A CDN that is shown a token answers 400.
It also answers as a forward proxy (an absolute address in the request line).
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import socket
import threading
from collections.abc import Mapping
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.local_hub_data import Fault, Repo, RepoFile, Seen, make_file
from tests.local_hub_server import Handler, Server

__all__ = ["Fault", "LocalHub", "Seen"]


class LocalHub:
    """The stand-in; a context manager. Change its public attributes at any time.

    `tokens`: token -> repositories it may fetch; an unknown token is refused everywhere.
    `redirects=False`: a mirror, which serves big files from its own origin.
    """

    def __init__(self, redirects: bool = True) -> None:
        self.redirects = redirects
        self.repos: dict[str, Repo] = {}
        self.tokens: dict[str, set[str]] = {}
        self.faults: list[Fault] = []
        self.requests: list[Seen] = []
        self.url_lifetime = 3600.0  # seconds that a CDN address stays good
        self.searches = True  # False: a mirror without search
        self.proxy_login = ""  # name:password, demanded when it is used as a proxy
        self.stopping = threading.Event()
        self.lock = threading.Lock()
        self.sockets: set[socket.socket] = set()
        self._servers: list[ThreadingHTTPServer] = []
        self.endpoint = self._serve("hub")
        self.cdn = self._serve("cdn")

    def __enter__(self) -> LocalHub:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End all connections and both servers."""
        self.stopping.set()
        with self.lock:
            for sock in self.sockets:
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def add_repo(
        self,
        repo: str,
        files: Mapping[str, bytes | Path],
        gated: str | bool = False,
        **meta: Any,
    ) -> str:
        """Publish `files` as the new head of `repo`; returns the commit. Earlier ones stay.

        `meta` goes into the answers as it is: downloads, likes, tags, gguf, lastModified, ...
        """
        known = self.repos.setdefault(repo, Repo(repo))
        known.gated, known.meta = gated, known.meta | meta
        listed = {path: make_file(path, data) for path, data in files.items()}
        text = f"{repo}{len(known.commits)}{[(f.path, f.sha256) for f in listed.values()]}"
        commit = hashlib.sha1(text.encode()).hexdigest()
        known.commits[commit] = listed
        known.head = commit
        return commit

    def file(self, repo: str, path: str) -> RepoFile:
        """A file of the head; set its `sha256` or `announced_size` to make the hub lie."""
        known = self.repos[repo]
        return known.commits[known.head][path]

    def asked(self, part: str, method: str = "", origin: str = "") -> list[Seen]:
        """Requests whose path and query contain `part`."""
        with self.lock:
            return [
                seen
                for seen in self.requests
                if part in seen.path and method in seen.method and origin in seen.origin
            ]

    def sent(self, part: str) -> int:
        """Bytes of bodies that went out for paths that contain `part`, GET only."""
        return sum(seen.sent for seen in self.asked(part, "GET"))

    def take_fault(self, seen: Seen) -> Fault | None:
        """The first fault that is due for this request."""
        with self.lock:
            for fault in self.faults:
                is_due = fault.count and fault.method in ("", seen.method)
                if is_due and re.search(fault.path, seen.path):
                    fault.count -= fault.count > 0
                    return fault
        return None

    def _serve(self, origin: str) -> str:
        hub = self

        class Bound(Handler):
            pass

        Bound.hub, Bound.own_origin = hub, origin
        server = Server(("127.0.0.1", 0), Bound)
        self._servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return f"http://127.0.0.1:{server.server_address[1]}"
