"""The Hub's answers as entities: search, a repository's page, where a file lies, parts of it."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from app.core.errors import AppError
from app.core.hub_errors import (
    BadToken,
    HubError,
    HubOffline,
    HubTooSlow,
    HubUnreachable,
    NotAHub,
    RepoNotFound,
    RevisionNotFound,
    SearchNotSupported,
)
from app.core.models_entities import (
    HubAccess,
    ModelHit,
    RemoteFile,
    RepoDetails,
    SearchPage,
    SearchQuery,
)
from app.hub.answers import COMMIT, card_from, file_from, hit_from, is_repo_name
from app.hub.failures import About
from app.hub.files import group, safe_relative_path
from app.hub.http import READ_S, HubHttp, Params, check_status
from app.hub.searching import EXPAND, matches, search_params

if TYPE_CHECKING:
    import httpx2

ENOUGH_HITS, MOST_REQUESTS = 10, 4  # of a search that we must filter ourselves
LIST_BYTES, CARD_BYTES = 4 << 20, 256 << 10
TREE_PAGES = 20
MOST_RANGE = 16 << 20
_REVISION = re.compile(r"[\w./-]{1,200}", re.ASCII)
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Resolved:
    """Where a file lies now; `url` may be signed and expire. One of the hashes is mostly known."""

    url: str
    size_bytes: int
    sha256: str = ""
    git_sha1: str = ""


class HubClient:
    """Asks one hub in one way; every method waits for the network and raises HubErrors only."""

    def __init__(self, access: HubAccess, read_s: float = READ_S) -> None:
        self._http = HubHttp(access, read_s)
        self._resolved: dict[tuple[str, str, str], Resolved] = {}

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def search(self, query: SearchQuery) -> SearchPage:
        """One page of hits. A hit that does not say what is filtered by is left out.

        Raises SearchNotSupported where the hub is a mirror without search.
        """
        hits: list[ModelHit] = []
        cursor = query.cursor
        for _ in range(MOST_REQUESTS):
            try:
                items, following = self._list(search_params(query, cursor))
            except HubError:
                if hits:  # better these than none; the cursor asks again for the rest
                    break
                raise
            cursor = following
            found = (hit_from(item) for item in items)
            hits += (hit for hit in found if hit is not None and matches(hit, query))
            if not cursor or len(hits) >= ENOUGH_HITS:
                break
        return SearchPage(tuple(hits), cursor)

    def details(self, repo: str, revision: str = "main") -> RepoDetails:
        """A repository's page, pinned to the commit that `revision` is now."""
        about = self._about(repo, revision=revision)
        if not _REVISION.fullmatch(revision) or ".." in revision:
            raise RevisionNotFound("malformed", repo=repo, revision=revision)
        path = f"/api/models/{repo}"
        if revision != "main":
            path += f"/revision/{quote(revision, safe='')}"
        params = [("expand", key) for key in (*EXPAND, "sha", "cardData")]
        info, _ = self._http.get_json(path, about, LIST_BYTES, params)
        commit = info.get("sha") if isinstance(info, dict) else None
        if not isinstance(commit, str) or not COMMIT.fullmatch(commit):
            raise NotAHub(f"no commit: {str(info)[:300]}", host=self._http.host)
        hit = hit_from({**info, "id": repo}) or ModelHit(repo)
        files = self._tree(repo, commit)
        variants, projectors = group(files)
        return RepoDetails(
            repo=repo,
            commit=commit,
            variants=variants,
            projectors=projectors,
            card=self._card(repo, commit, files),
            licence=hit.licence,
            is_gated=hit.is_gated,
            downloads=hit.downloads,
            likes=hit.likes,
            updated_at=hit.updated_at,
            architecture=hit.architecture,
            parameters=hit.parameters,
            trained_context=hit.trained_context,
            url=about.page_url,
        )

    def resolve(self, repo: str, commit: str, path: str) -> Resolved:
        """Where `path` lies, how large it is, and its hash."""
        safe_relative_path(path, repo)
        about = self._about(repo, revision=commit, file=path)
        url = f"{self._http.endpoint}/{repo}/resolve/{quote(commit, safe='')}/{quote(path)}"
        with self._http.follow(url, about, method="HEAD", stay_home=True) as response:
            found = _resolved(response, commit, self._http.host)
        self._resolved[repo, commit, path] = found
        return found

    def read_range(self, repo: str, commit: str, path: str, start: int, length: int) -> bytes:
        """`length` bytes of a file from `start` on; fewer only where the file ends."""
        key = (repo, commit, path)
        is_fresh = key not in self._resolved
        known = self._resolved.get(key) or self.resolve(repo, commit, path)
        end = min(start + min(length, MOST_RANGE), known.size_bytes)
        if end <= start:
            return b""
        about = self._about(repo, revision=commit, file=path)
        try:
            return self._range(known.url, about, start, end)
        except HubError as error:
            if is_fresh or isinstance(error, HubUnreachable | HubTooSlow):
                raise
        # the address may have expired since
        return self._range(self.resolve(repo, commit, path).url, about, start, end)

    def user(self) -> str:
        """The name behind the token. Raises BadToken, also where there is none."""
        if not self._http.has_token:
            raise BadToken("there is none, or the hub's address is not https")
        answer, _ = self._http.get_json("/api/whoami-v2", self._http.about(), LIST_BYTES)
        name = answer.get("name") if isinstance(answer, dict) else None
        if not isinstance(name, str):
            raise NotAHub(f"no name: {str(answer)[:300]}", host=self._http.host)
        return "".join(c for c in name if c.isprintable())[:100]

    @contextmanager
    def stream(
        self,
        url: str,
        *,
        repo: str = "",
        file: str = "",
        headers: Mapping[str, str] | None = None,
        read_s: float = 0,
    ) -> Iterator[httpx2.Response]:
        """GET an address that `resolve` gave; the token goes along only to the hub itself.

        The answer's status is not looked at, its body not read. What the connection does wrong,
        also while the body is read, comes out as a HubError.
        """
        about = self._http.about(repo, file=file)
        with self._http.stream(url, about, headers=headers, read_s=read_s) as response:
            yield response

    def check_status(self, response: httpx2.Response, *, repo: str = "", file: str = "") -> None:
        """Raise the HubError of an answer from `stream` that is no success."""
        about = self._http.about(repo, file=file)
        check_status(response, self._http.about_at(str(response.url), about))

    def _about(self, repo: str, **more: Any) -> About:
        if not is_repo_name(repo):
            raise RepoNotFound("malformed", repo="".join(c for c in repo if c.isprintable())[:200])
        return self._http.about(repo, **more)

    def _list(self, params: Params) -> tuple[list[Any], str]:
        about = self._http.about(is_search=True)
        try:
            items, cursor = self._http.get_json("/api/models", about, LIST_BYTES, params)
        except NotAHub as error:
            if self._is_hub():
                raise SearchNotSupported(error.problem.details, host=self._http.host) from error
            raise
        if not isinstance(items, list):
            raise SearchNotSupported(str(items)[:300], host=self._http.host)
        return items, cursor

    def _is_hub(self) -> bool:
        """Whether other questions get the answers of a hub: then it is a mirror without search."""
        try:
            self._http.get_json("/api/whoami-v2", self._http.about(), LIST_BYTES)
        except (NotAHub, HubOffline):
            return False
        except AppError as error:
            return "HTTP 401" in error.problem.details
        return True

    def _tree(self, repo: str, commit: str) -> list[RemoteFile]:
        about = self._about(repo, revision=commit)
        files: list[RemoteFile] = []
        cursor = ""
        for _ in range(TREE_PAGES):
            params = [("recursive", "true"), ("expand", "false")]
            params += [("cursor", cursor)] if cursor else []
            path = f"/api/models/{repo}/tree/{commit}"
            items, cursor = self._http.get_json(path, about, LIST_BYTES, params)
            if not isinstance(items, list):
                raise NotAHub(f"no list of files: {str(items)[:300]}", host=self._http.host)
            found = [file_from(item) for item in items]
            files += [file for file in found if file is not None]
            if not cursor:
                break
        return files

    def _card(self, repo: str, commit: str, files: list[RemoteFile]) -> str:
        """The beginning of the README; the page is worth showing without it."""
        if not any(file.path == "README.md" for file in files):
            return ""
        try:
            about = self._about(repo, file="README.md")
            reply = self._http.get(f"/{repo}/resolve/{commit}/README.md", about, CARD_BYTES)
        except AppError as error:
            logger.info("no card of %s: %s", repo, error.problem.code)
            return ""
        return card_from(reply.body)

    def _range(self, url: str, about: About, start: int, end: int) -> bytes:
        wanted = {"Range": f"bytes={start}-{end - 1}"}
        with self._http.follow(url, about, headers=wanted) as response:
            said = response.headers.get("Content-Range", "")
            if response.status_code != 206 or not said.startswith(f"bytes {start}-{end - 1}/"):
                raise HubError(f"no range, but {response.status_code} {said}")
            if response.headers.get("Content-Encoding", "identity") != "identity":
                raise HubError("the range is packed")
            return _exactly(response, end - start)


def _exactly(response: httpx2.Response, length: int) -> bytes:
    body = bytearray()
    for piece in response.iter_raw():
        body += piece[: length - len(body)]
    if len(body) != length:
        raise HubError(f"{len(body)} of {length} bytes")
    return bytes(body)


def _resolved(response: httpx2.Response, commit: str, host: str) -> Resolved:
    """What the headers of a file's HEAD say. Raises NotAHub if they are not a hub's."""
    headers = response.headers
    said = headers.get("X-Repo-Commit", "")
    if not COMMIT.fullmatch(said) or (said != commit and COMMIT.fullmatch(commit)):
        raise NotAHub(f"commit {said!r} for {commit}", host=host)
    size = headers.get("X-Linked-Size", "")
    if not size and not response.is_redirect:
        size = headers.get("Content-Length", "")
    if not re.fullmatch(r"\d{1,18}", size, re.ASCII):
        raise NotAHub(f"size {size!r}", host=host)
    tag = str(headers.get("X-Linked-ETag") or headers.get("ETag", ""))
    tag = tag.removeprefix("W/").strip('"').lower()
    is_sha256 = re.fullmatch(r"[0-9a-f]{64}", tag) is not None
    is_git = COMMIT.fullmatch(tag) is not None
    url = str(response.url.join(headers["Location"]) if response.is_redirect else response.url)
    return Resolved(url, int(size), tag if is_sha256 else "", tag if is_git else "")
