"""The real client against the stand-in hub: pages of repositories, files, token and access."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from app.core.hub_errors import (
    BadToken,
    HubError,
    HubFileNotFound,
    HubUnreachable,
    NeedsAccess,
    NeedsLogin,
    NotAHub,
    RepoDisabled,
    RepoNotFound,
    RevisionNotFound,
    UnsafeName,
)
from app.core.models_entities import SearchQuery
from app.hub.client import HubClient
from tests.hub_clients import (
    ALL,
    CARD,
    FILES,
    MODEL,
    REPO,
    Asking,
    client,
    connect,
    details,
    hub,
    params,
    read,
    search,
)
from tests.local_hub import Fault, LocalHub

__all__ = ["client", "connect", "hub"]


def test_the_page_of_a_repository_is_pinned_and_grouped(hub: LocalHub, client: HubClient) -> None:
    found = client.details(REPO)
    assert found.commit == hub.repos[REPO].head
    assert [(v.name, len(v.files), v.is_complete) for v in found.variants] == [
        ("Q4_K_M", 1, True),
        ("Q8_0", 2, True),
    ]
    file = found.variants[0].files[0]
    assert (file.size_bytes, file.sha256) == (len(MODEL), hub.file(REPO, file.path).real_sha256)
    assert [file.path for file in found.projectors] == ["vision/mmproj-F16.gguf"]
    assert found.card == "# Tiny\n\nA model."
    assert (found.licence, found.downloads, found.parameters) == ("mit", 1234, 135_000_000)
    assert found.url == f"{hub.endpoint}/{REPO}"


def test_an_older_commit_can_be_opened(hub: LocalHub, client: HubClient) -> None:
    old = hub.repos[REPO].head
    hub.add_repo(REPO, {"new-Q4_0.gguf": b"GGUF"})
    assert [v.name for v in client.details(REPO).variants] == ["Q4_0"]
    found = client.details(REPO, old)
    assert (found.commit, [v.name for v in found.variants]) == (old, ["Q4_K_M", "Q8_0"])


def test_a_tree_in_pages_is_read_to_its_end(hub: LocalHub, client: HubClient) -> None:
    listed: dict[str, bytes | Path] = {f"part{n}/m{n}-Q4_0.gguf": b"x" for n in range(600)}
    hub.add_repo("maker/forest", listed)
    assert len(client.details("maker/forest").variants) == 600
    assert len(hub.asked("/tree/")) == 2


def test_the_card_is_cut_and_is_not_needed(hub: LocalHub, client: HubClient) -> None:
    hub.add_repo("maker/long", {"m-Q4_0.gguf": b"x", "README.md": b"# " + b"x" * 3_000_000})
    assert len(client.details("maker/long").card) == 256 << 10
    hub.faults = [Fault("README.md", "status", status=503)]
    found = client.details(REPO)
    assert found.card == ""
    assert found.variants


def test_files_with_unsafe_names_are_not_offered(hub: LocalHub, client: HubClient) -> None:
    listed: dict[str, bytes | Path] = {
        "../up-Q4_0.gguf": b"x",
        "NUL.gguf": b"x",
        "ok-Q8_0.gguf": b"x",
    }
    hub.add_repo("maker/evil", listed)
    assert [v.name for v in client.details("maker/evil").variants] == ["Q8_0"]


@pytest.mark.parametrize("body", [b"[]", b'"x"', b"{}", b'{"sha": "main"}', b'{"sha": 5}', b"nope"])
def test_a_page_that_is_no_hubs_is_called_that(
    hub: LocalHub, client: HubClient, body: bytes
) -> None:
    hub.faults = [Fault("/api/models/", "status", status=200, body=body)]
    with pytest.raises(NotAHub):
        client.details(REPO)


@pytest.mark.parametrize("name", ["", "a/b/c", "../x", "a b/c", "a/..", "a/nul", "a\nb/c", "/x"])
def test_a_malformed_name_is_refused_without_a_request(
    hub: LocalHub, client: HubClient, name: str
) -> None:
    with pytest.raises(RepoNotFound):
        client.details(name)
    assert hub.requests == []


def test_a_file_resolves_to_address_size_and_hash(hub: LocalHub, client: HubClient) -> None:
    commit = hub.repos[REPO].head
    big = client.resolve(REPO, commit, "tiny-Q4_K_M.gguf")
    assert big.url.startswith(hub.cdn)
    assert (big.size_bytes, big.sha256) == (len(MODEL), hub.file(REPO, "tiny-Q4_K_M.gguf").sha256)
    small = client.resolve(REPO, commit, "README.md")
    assert small.url.startswith(hub.endpoint)
    assert (small.size_bytes, small.sha256) == (len(CARD), "")
    assert small.git_sha1 == hub.file(REPO, "README.md").git_sha1


def test_a_mirror_without_redirects_works_too(hub: LocalHub, client: HubClient) -> None:
    hub.redirects = False
    found = client.resolve(REPO, "main", "tiny-Q4_K_M.gguf")
    assert (found.size_bytes, found.sha256) == (
        len(MODEL),
        hub.file(REPO, "tiny-Q4_K_M.gguf").sha256,
    )
    assert client.read_range(REPO, "main", "tiny-Q4_K_M.gguf", 4, 5) == MODEL[4:9]


def test_names_with_spaces_and_accents_arrive(hub: LocalHub, client: HubClient) -> None:
    name = "dossier 1/modèle #1 100%.gguf"
    hub.add_repo("maker/odd", {name: b"GGUF!"})
    assert client.read_range("maker/odd", "main", name, 0, 10) == b"GGUF!"


def test_a_range_is_exact_and_costs_no_more(hub: LocalHub, client: HubClient) -> None:
    def part(start: int, length: int) -> bytes:
        return client.read_range(REPO, "main", "tiny-Q4_K_M.gguf", start, length)

    assert part(0, 64) == MODEL[:64]
    assert part(1000, 5000) == MODEL[1000:6000]
    assert part(len(MODEL) - 3, 100) == MODEL[-3:]
    assert part(len(MODEL), 100) == b""
    assert hub.sent("/blobs/") == 64 + 5000 + 3
    assert len(hub.asked("/resolve/", "HEAD")) == 1, "the address is asked for once"


@pytest.mark.parametrize(
    "fault",
    [
        Fault("/blobs/", "ignore_range"),
        Fault("/blobs/", "html"),
        Fault("/blobs/", "cut", after=10),
        Fault("/blobs/", "cut_rst", after=10),
        Fault("/blobs/", "status", status=206, headers={"Content-Range": "bytes 9-19/20"}),
        Fault("/blobs/", "status", status=416),
        Fault(
            "/blobs/",
            "status",
            status=200,
            headers={"Content-Range": f"bytes 0-99999/{len(MODEL)}"},
            body=MODEL[:100_000],
        ),
    ],
    ids=lambda fault: fault.kind,
)
def test_a_range_that_is_not_what_was_asked_is_refused(
    hub: LocalHub, client: HubClient, fault: Fault
) -> None:
    hub.faults = [fault]
    with pytest.raises(HubError):
        client.read_range(REPO, "main", "tiny-Q4_K_M.gguf", 0, 100_000)


def test_an_expired_address_is_renewed(hub: LocalHub, client: HubClient) -> None:
    hub.url_lifetime = 0.2
    read(client)
    time.sleep(0.3)
    assert client.read_range(REPO, "main", "tiny-Q4_K_M.gguf", 4, 4) == MODEL[4:8]
    assert [seen.status for seen in hub.asked("/blobs/")] == [206, 403, 206]


@pytest.mark.parametrize("path", ["../x.gguf", "/x.gguf", "c:x.gguf", "nul.gguf"])
def test_an_unsafe_name_is_refused_without_a_request(
    hub: LocalHub, client: HubClient, path: str
) -> None:
    with pytest.raises(UnsafeName):
        client.resolve(REPO, "main", path)
    assert hub.requests == []


def test_another_commit_than_the_pinned_one_is_refused(hub: LocalHub, client: HubClient) -> None:
    headers = {"X-Repo-Commit": "b" * 40, "X-Linked-Size": "5"}
    hub.faults = [Fault("/resolve/", "status", status=200, headers=headers)]
    with pytest.raises(NotAHub):
        client.resolve(REPO, "a" * 40, "tiny-Q4_K_M.gguf")


def test_a_full_disk_while_streaming_is_not_blamed_on_the_hub(client: HubClient) -> None:
    address = client.resolve(REPO, "main", "tiny-Q4_K_M.gguf").url
    with pytest.raises(OSError, match="No space left"), client.stream(address):
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_stream_that_is_cut_says_so(hub: LocalHub, client: HubClient) -> None:
    hub.faults = [Fault("/blobs/", "cut_rst", after=1000)]
    address = client.resolve(REPO, "main", "tiny-Q4_K_M.gguf").url
    arrived: list[bytes] = []
    with pytest.raises(HubUnreachable) as caught, client.stream(address) as response:
        arrived.extend(response.iter_raw())
    assert b"".join(arrived) == MODEL[:1000]
    assert params(caught)["host"] in hub.cdn, "the one that failed is named"


def test_the_token_is_shown_to_the_hub_and_never_to_the_cdn(
    hub: LocalHub, connect: Callable[..., HubClient]
) -> None:
    hub.tokens["hf_secret"] = {REPO}
    hub.add_repo(REPO, FILES, gated="manual")
    client = connect(token="hf_secret")
    assert client.details(REPO).is_gated
    assert client.read_range(REPO, "main", "tiny-Q4_K_M.gguf", 0, 4) == b"GGUF"
    with client.stream(client.resolve(REPO, "main", "tiny-Q4_K_M.gguf").url) as response:
        assert response.read() == MODEL
    assert {seen.headers.get("authorization") for seen in hub.asked("", origin="hub")} == {
        "Bearer hf_secret"
    }
    at_cdn = hub.asked("", origin="cdn")
    assert len(at_cdn) == 2
    assert "hf_secret" not in str(at_cdn)


def test_a_redirect_to_elsewhere_does_not_get_the_token(
    hub: LocalHub, connect: Callable[..., HubClient]
) -> None:
    hub.tokens["hf_secret"] = set()
    headers = {"Location": f"{hub.cdn}/login"}
    hub.faults = [Fault("/api/", "status", status=302, headers=headers, count=-1)]
    client = connect(token="hf_secret")
    for asking in (search, details):
        with pytest.raises(HubError):
            asking(client)
    assert "hf_secret" not in str(hub.asked("", origin="cdn"))


def test_a_token_does_not_travel_in_clear(hub: LocalHub, connect: Callable[..., HubClient]) -> None:
    client = connect(endpoint="http://hub.invalid", proxy=hub.endpoint, token="hf_secret")
    client.search(SearchQuery())
    assert len(hub.requests) == 1
    assert "hf_secret" not in str(hub.requests)


def test_who_the_token_belongs_to(hub: LocalHub, connect: Callable[..., HubClient]) -> None:
    hub.tokens["hf_1234"] = set()
    assert connect(token="hf_1234").user() == "user-1234"
    for token in ("hf_wrong", ""):
        with pytest.raises(BadToken):
            connect(token=token).user()


@pytest.mark.parametrize("token", ["hf_wrong", "two words", "näive", "line\nbreak"])
@pytest.mark.parametrize("asking", ALL)
def test_a_token_that_is_not_accepted_is_named_as_the_cause(
    connect: Callable[..., HubClient], asking: Asking, token: str
) -> None:
    with pytest.raises(BadToken) as caught:
        asking(connect(token=token))
    assert token not in caught.value.problem.details


def test_gated_files_need_a_login_then_access(
    hub: LocalHub, connect: Callable[..., HubClient]
) -> None:
    hub.add_repo(REPO, FILES, gated="manual")
    hub.tokens["hf_other"] = set()
    page = f"{hub.endpoint}/{REPO}"
    for token, kind in (("", NeedsLogin), ("hf_other", NeedsAccess)):
        client = connect(token=token)
        found = client.details(REPO)
        assert found.is_gated, "the page can be looked at"
        assert found.variants
        with pytest.raises(kind) as caught:
            client.resolve(REPO, found.commit, "tiny-Q4_K_M.gguf")
        assert params(caught) == {"repo": REPO, "url": page}


@pytest.mark.parametrize("token", ["", "hf_known"])
def test_what_is_missing_is_named(
    hub: LocalHub, connect: Callable[..., HubClient], token: str
) -> None:
    hub.tokens["hf_known"] = set()
    client = connect(token=token)
    with pytest.raises(RepoNotFound) as no_repo:
        client.details("maker/gone")
    assert params(no_repo)["repo"] == "maker/gone"
    with pytest.raises(RevisionNotFound) as no_revision:
        client.details(REPO, "v9")
    assert params(no_revision)["revision"] == "v9"
    with pytest.raises(HubFileNotFound) as no_file:
        client.resolve(REPO, "main", "gone.gguf")
    assert params(no_file) == {"repo": REPO, "file": "gone.gguf"}


def test_private_and_closed_repositories(hub: LocalHub, client: HubClient) -> None:
    hub.add_repo("maker/private", FILES, private=True)
    hub.add_repo("maker/closed", FILES, disabled=True)
    with pytest.raises(RepoNotFound):
        client.details("maker/private")
    with pytest.raises(RepoDisabled):
        client.details("maker/closed")


def test_nothing_but_what_was_asked_leaves_the_computer(hub: LocalHub, client: HubClient) -> None:
    """No telemetry of the library, no names of programs, no cookies."""
    details(client)
    read(client)
    paths = [seen.path.split("?")[0] for seen in hub.requests]
    commit = hub.repos[REPO].head
    assert paths[:4] == [
        f"/api/models/{REPO}",
        f"/api/models/{REPO}/tree/{commit}",
        f"/{REPO}/resolve/{commit}/README.md",
        f"/api/resolve-cache/models/{REPO}/{commit}/README.md",
    ]
    assert len(paths) == 6
    for seen in hub.requests:
        assert seen.headers["user-agent"].startswith("inglenook/")
        assert not {"cookie", "authorization", "referer"} & set(seen.headers)
