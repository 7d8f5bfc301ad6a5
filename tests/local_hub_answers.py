"""What the stand-in hub and its CDN say: from a request and the repositories to status, headers
and body. No sockets here."""

from __future__ import annotations

import hashlib
import json
import re
import time
from email.utils import formatdate
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from tests.local_hub_data import Answer, Asked, Repo, RepoFile

if TYPE_CHECKING:
    from tests.local_hub import LocalHub


def as_json(value: object, **headers: str) -> Answer:
    """A JSON answer; underscores of header names are hyphens."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    body = json.dumps(value).encode()
    return Answer(200, {"Content-Type": "application/json; charset=utf-8"} | named, body)


def error(status: int, message: str, code: str = "", **headers: str) -> Answer:
    """An error as the hub words it."""
    answer = as_json({"error": message}, X_Error_Message=message, **headers)
    answer.status = status
    if code:
        answer.headers["X-Error-Code"] = code
    return answer


def expired() -> Answer:
    """The CDN's answer to an address that is no longer good."""
    body = b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>"
    return Answer(403, {"Content-Type": "application/xml"}, body)


def hub_answer(hub: LocalHub, asked: Asked, fault: str = "") -> Answer:
    """What the hub's own origin says."""
    if asked.token and asked.token not in hub.tokens:
        return error(401, "Invalid credentials in Authorization header")
    if asked.path == "/api/whoami-v2":
        return _whoami(asked)
    if asked.path == "/api/models":
        return _search(hub, asked)
    if match := re.fullmatch(r"/api/models/([^/]+/[^/]+)(?:/(.*))?", asked.path):
        return _model(hub, asked, match[1], match[2] or "", fault)
    if match := re.fullmatch(r"/api/resolve-cache/models/([^/]+/[^/]+)/([^/]+)/(.+)", asked.path):
        return _small(hub, asked, match[1], match[2], match[3])
    if match := re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", asked.path):
        return _resolve(hub, asked, match[1], match[2], match[3], fault)
    return error(404, "Sorry, we can't find the page you are looking for.")


def _whoami(asked: Asked) -> Answer:
    if not asked.token:
        return error(401, "Invalid username or password.")
    return as_json({"type": "user", "name": f"user-{asked.token[-4:]}", "fullname": "Somebody"})


def _search(hub: LocalHub, asked: Asked) -> Answer:
    if not hub.searches:
        return Answer(200, {"Content-Type": "text/html"}, b"<html>mirror</html>")
    words = asked.one("search").lower()
    wanted = set(asked.query.get("filter", []))
    sort, limit = asked.one("sort", "trendingScore"), int(asked.one("limit", "1000"))
    most = asked.one("num_parameters").partition("max:")[2]
    infos = [
        repo.info()
        for repo in hub.repos.values()
        if words in repo.name.lower() and wanted <= set(repo.tags) and _is_small(repo, most)
    ]
    infos.sort(key=lambda info: (info[sort], info["id"]), reverse=True)
    at = int(asked.one("cursor", "0"))
    keys = {"id", *asked.query.get("expand", [])}
    page = [{k: v for k, v in info.items() if k in keys} for info in infos[at : at + limit]]
    answer = as_json(page)
    if at + limit < len(infos):
        query = asked.query | {"cursor": [str(at + limit)]}
        address = f"{hub.endpoint}/api/models?{urlencode(query, doseq=True)}"
        answer.headers["Link"] = f'<{address}>; rel="next"'
    return answer


def _is_small(repo: Repo, most: str) -> bool:
    if not most:
        return True
    factor = {"K": 10**3, "M": 10**6, "B": 10**9}.get(most[-1], 1)
    number = float(most.rstrip("KMB")) * factor
    return 0 < int(repo.meta.get("gguf", {}).get("total", 0)) <= number


def _find(hub: LocalHub, asked: Asked, name: str, revision: str) -> tuple[Repo, str] | Answer:
    """The repository and the commit, or the error."""
    repo = hub.repos.get(name)
    if repo is None or (repo.meta.get("private") and name not in hub.tokens.get(asked.token, ())):
        return error(404 if asked.token else 401, "Repository not found", "RepoNotFound")
    if repo.meta.get("disabled"):
        return error(403, "Access to this resource is disabled.")
    commit = repo.head if revision == "main" else revision
    if commit not in repo.commits:
        return error(404, f"Invalid rev id: {revision}", "RevisionNotFound")
    return repo, commit


def _model(hub: LocalHub, asked: Asked, name: str, rest: str, fault: str) -> Answer:
    what, _, revision = rest.partition("/")
    found = _find(hub, asked, name, revision.split("/")[0] or "main")
    if isinstance(found, Answer):
        return found
    repo, commit = found
    if what == "tree":
        return _tree(hub, asked, repo, commit, fault)
    if what == "paths-info":
        return _paths_info(asked, repo, commit, fault)
    if what == "auth-check":
        return _refused(hub, asked, repo) or as_json({})
    if what not in ("", "revision"):
        return error(404, "Not found")
    files = repo.commits[commit].values()
    blobs = asked.one("blobs") == "true"
    siblings: list[dict[str, Any]] = [{"rfilename": file.path} for file in files]
    if blobs:
        for entry, file in zip(siblings, files, strict=True):
            entry |= {"size": file.said_size, "blobId": file.git_sha1}
    info = repo.info() | {"sha": commit, "siblings": siblings}
    if expand := asked.query.get("expand"):
        info = {key: value for key, value in info.items() if key in {"id", *expand}}
    return as_json(info)


def _tree(hub: LocalHub, asked: Asked, repo: Repo, commit: str, fault: str) -> Answer:
    entries: list[dict[str, Any]] = []
    folders: set[str] = set()
    for file in repo.commits[commit].values():
        folder = file.path.rpartition("/")[0]
        if folder and folder not in folders:
            folders.add(folder)
            entries.append({"type": "directory", "oid": "0" * 40, "size": 0, "path": folder})
        entries.append(_entry(file, fault))
    at, limit = int(asked.one("cursor", "0")), int(asked.one("limit", "1000"))
    answer = as_json(entries[at : at + limit], X_Repo_Commit=commit)
    if at + limit < len(entries):
        query = urlencode(asked.query | {"cursor": [str(at + limit)]}, doseq=True)
        path = quote(asked.path)
        answer.headers["Link"] = f'<{hub.endpoint}{path}?{query}>; rel="next"'
    return answer


def _entry(file: RepoFile, fault: str) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "type": "file",
        "oid": file.git_sha1,
        "size": file.said_size,
        "path": file.path,
    }
    if file.is_lfs:
        sha256 = "0" * 64 if fault == "wrong_sha" else file.sha256
        entry["lfs"] = {"oid": sha256, "size": file.said_size, "pointerSize": 134}
    return entry


def _paths_info(asked: Asked, repo: Repo, commit: str, fault: str) -> Answer:
    """The files that are named in a form or in JSON; unknown ones are left out."""
    if "json" in asked.headers.get("content-type", ""):
        paths = json.loads(asked.body)["paths"]
    else:
        paths = parse_qs(asked.body.decode()).get("paths", [])
    files = repo.commits[commit]
    return as_json([_entry(files[path], fault) for path in paths if path in files])


def _refused(hub: LocalHub, asked: Asked, repo: Repo) -> Answer | None:
    """The error for somebody who may not have the files."""
    if not repo.gated or repo.name in hub.tokens.get(asked.token, ()):
        return None
    text = f"Access to model {repo.name} is restricted."
    return error(403 if asked.token else 401, text, "GatedRepo")


def _resolve(
    hub: LocalHub, asked: Asked, name: str, revision: str, path: str, fault: str
) -> Answer:
    found = _find(hub, asked, name, revision)
    if isinstance(found, Answer):
        return found
    repo, commit = found
    if refused := _refused(hub, asked, repo):
        return refused
    file = repo.commits[commit].get(path)
    if file is None:
        return error(404, "Entry not found", "EntryNotFound", X_Repo_Commit=commit)
    if not file.is_lfs:
        place = f"/api/resolve-cache/models/{name}/{commit}/{quote(path)}"
        etag = f'"{file.git_sha1}"'
        headers = {"Location": place, "X-Repo-Commit": commit, "ETag": etag, "X-Linked-ETag": etag}
        return Answer(307, headers | {"X-Linked-Size": str(file.said_size)}, b"redirecting")
    size = file.said_size + 1 if fault == "wrong_length" else file.said_size
    sha256 = "0" * 64 if fault == "wrong_sha" else file.sha256
    headers = {
        "X-Repo-Commit": commit,
        "X-Linked-Size": str(size),
        "X-Linked-ETag": f'"{sha256}"',
        "ETag": f'"{file.git_sha1}"',
        "Accept-Ranges": "bytes",
    }
    if not hub.redirects:
        answer = ranged(file, asked)
        answer.headers |= {"X-Repo-Commit": commit, "ETag": f'"{sha256}"'}
        return answer
    headers["Location"] = signed(hub, file, -10 if fault == "expired" else hub.url_lifetime)
    return Answer(302, headers, b"Found. Redirecting")


def _small(hub: LocalHub, asked: Asked, name: str, commit: str, path: str) -> Answer:
    found = _find(hub, asked, name, commit)
    if isinstance(found, Answer):
        return found
    file = found[0].commits[commit][path]
    answer = ranged(file, asked)
    answer.headers |= {"X-Repo-Commit": commit, "ETag": f'"{file.git_sha1}"'}
    return answer


def signed(hub: LocalHub, file: RepoFile, lifetime: float) -> str:
    """An address at the CDN that is good for `lifetime` seconds."""
    path = f"/blobs/{file.real_sha256}/{quote(file.path)}"
    until = f"{time.time() + lifetime:.3f}"
    return f"{hub.cdn}{path}?Expires={until}&Signature={_signature(path, until)}"


def _signature(path: str, until: str) -> str:
    return hashlib.sha256(f"secret {path} {until}".encode()).hexdigest()


def cdn_answer(hub: LocalHub, asked: Asked) -> Answer:
    """What the CDN says."""
    if "authorization" in asked.headers:
        return Answer(400, {"Content-Type": "text/plain"}, b"Only one auth mechanism allowed")
    path, until = urlsplit(asked.target).path, asked.one("Expires", "0")
    if asked.one("Signature") != _signature(path, until) or float(until) < time.time():
        return expired()
    name = asked.path.split("/", 3)[3]
    for repo in hub.repos.values():
        for listed in repo.commits.values():
            file = listed.get(name)
            if file and file.real_sha256 in path:
                return ranged(file, asked)
    return Answer(404, {"Content-Type": "application/xml"}, b"<Error/>")


def ranged(file: RepoFile, asked: Asked) -> Answer:
    """The file, or the part of it that Range asks for."""
    headers = {"Accept-Ranges": "bytes", "Content-Type": "application/octet-stream"}
    headers["Last-Modified"] = formatdate(0, usegmt=True)
    match = re.fullmatch(r"bytes=(\d+)-(\d*)", asked.headers.get("range", ""))
    if match is None:
        return Answer(200, headers, file.data, 0, file.size)
    start, last = int(match[1]), min(int(match[2] or file.size - 1), file.size - 1)
    if start > last:
        return Answer(416, headers | {"Content-Range": f"bytes */{file.size}"}, b"")
    headers["Content-Range"] = f"bytes {start}-{last}/{file.size}"
    return Answer(206, headers, file.data, start, last - start + 1)
