"""Searching the stand-in hub with the real client: pages, filters, answers not to be believed."""

from __future__ import annotations

import datetime
import json

import pytest

from app.core.hub_errors import NotAHub, SearchNotSupported
from app.core.models_entities import SearchQuery, SearchSort
from app.hub.client import HubClient
from app.hub.searching import PAGE_SIZE
from tests.hub_clients import REPO, client, connect, hub, params
from tests.local_hub import Fault, LocalHub

__all__ = ["client", "connect", "hub"]


def test_a_search_says_what_people_choose_by(client: HubClient) -> None:
    page = client.search(SearchQuery(text="tiny"))
    (hit,) = page.hits
    assert (hit.repo, hit.downloads, hit.likes, hit.licence) == (REPO, 1234, 56, "mit")
    assert (hit.architecture, hit.parameters, hit.trained_context) == ("llama", 135_000_000, 2048)
    assert hit.updated_at == datetime.datetime(2025, 5, 1, 10, tzinfo=datetime.UTC)
    assert not hit.is_gated
    assert page.next_cursor == ""


def test_a_search_that_finds_nothing_is_an_empty_page(client: HubClient) -> None:
    assert client.search(SearchQuery(text="no such thing")).hits == ()


def test_pages_follow_each_other_without_gap_or_repetition(
    hub: LocalHub, client: HubClient
) -> None:
    for number in range(60):
        hub.add_repo(f"many/m{number:02}", {"m-Q4_0.gguf": b"x"}, downloads=number)
    query = SearchQuery(text="many/", sort=SearchSort.DOWNLOADS)
    names: list[str] = []
    for expected in (PAGE_SIZE, PAGE_SIZE, 10):
        page = client.search(query)
        assert len(page.hits) == expected
        names += [hit.repo for hit in page.hits]
        query = SearchQuery(text="many/", sort=SearchSort.DOWNLOADS, cursor=page.next_cursor)
    assert names == [f"many/m{number:02}" for number in reversed(range(60))]
    assert page.next_cursor == ""


def test_filters_reach_the_hub_and_hold(hub: LocalHub, client: HubClient) -> None:
    def add(name: str, licence: str, language: str, architecture: str, size: int) -> None:
        gguf = {"architecture": architecture, "total": size}
        tags = [f"license:{licence}", language]
        hub.add_repo(f"f/{name}", {"m-Q4_0.gguf": b"x"}, tags=tags, gguf=gguf)

    add("right", "apache-2.0", "de", "qwen3", 8 * 10**9)
    add("licence", "other", "de", "qwen3", 8 * 10**9)
    add("language", "apache-2.0", "fr", "qwen3", 8 * 10**9)
    add("architecture", "apache-2.0", "de", "llama", 8 * 10**9)
    add("size", "apache-2.0", "de", "qwen3", 9 * 10**9)
    hub.add_repo("f/not-gguf", {"model.safetensors": b"x"}, tags=["license:apache-2.0", "de"])
    query = SearchQuery("f/", SearchSort.LIKES, "apache-2.0", "de", "qwen3", 8 * 10**9)
    assert [hit.repo for hit in client.search(query).hits] == ["f/right"]


def test_a_mirror_that_ignores_filters_is_not_believed(hub: LocalHub, client: HubClient) -> None:
    items = [{"id": "a/big", "gguf": {"total": 70 * 10**9}}, {"id": "a/unknown"}]
    hub.faults = [Fault("/api/models", "status", status=200, body=json.dumps(items).encode())]
    assert client.search(SearchQuery(max_parameters=8 * 10**9)).hits == ()


def test_hits_are_not_lost_because_a_later_page_fails(hub: LocalHub, client: HubClient) -> None:
    for number in range(60):
        gguf = {"architecture": "rare" if number in (0, 40) else "llama"}
        hub.add_repo(f"many/m{number:02}", {"m-Q4_0.gguf": b"x"}, gguf=gguf)
    query = SearchQuery(text="many/", architecture="rare")
    hub.faults = [Fault("cursor=50", "status", status=500)]
    page = client.search(query)
    assert [hit.repo for hit in page.hits] == ["many/m40"]
    again = client.search(SearchQuery("many/", architecture="rare", cursor=page.next_cursor))
    assert [hit.repo for hit in again.hits] == ["many/m00"]


def test_malformed_entries_are_left_out_and_the_rest_is_shown(
    hub: LocalHub, client: HubClient
) -> None:
    bad: list[object] = [
        *(None, 7, "text", [], {}, {"id": 3}, {"id": "../up"}, {"id": "a/../b"}, {"id": "a/con"}),
        *(
            {"id": "a/b/c"},
            {"id": "<script>/x"},
            {"id": "x" * 500},
            {"id": "a/off", "disabled": True},
        ),
    ]
    odd = {
        "id": "odd/one",
        "downloads": "many",
        "likes": -1,
        "gguf": [],
        "tags": "x",
        "gated": "auto",
    }
    odd |= {"lastModified": "yesterday", "createdAt": 5}
    huge = {"id": "odd/huge", "downloads": 10**40, "gguf": {"total": True, "architecture": "a\nb"}}
    body = json.dumps([*bad, odd, huge]).encode()
    hub.faults = [Fault("/api/models", "status", status=200, body=body)]
    one, two = client.search(SearchQuery()).hits
    assert (one.repo, one.downloads, one.likes, one.updated_at) == ("odd/one", 0, 0, None)
    assert one.is_gated
    assert (two.repo, two.downloads, two.parameters, two.architecture) == ("odd/huge", 0, 0, "")


def test_a_next_page_at_another_site_is_not_asked(hub: LocalHub, client: HubClient) -> None:
    headers = {"Link": '<http://127.0.0.1:9/api/models?cursor=0>; rel="next"'}
    hub.faults = [Fault("/api/models", "status", status=200, body=b"[]", headers=headers)]
    page = client.search(SearchQuery())
    assert [hit.repo for hit in page.hits] == [REPO]
    second = hub.asked("cursor=0")
    assert len(second) == 1, "the second page is asked of the hub itself"


def test_an_answer_of_100_mb_is_not_read(hub: LocalHub, client: HubClient) -> None:
    body = b"[" + b'{"id": "a/b"},' * 7_500_000
    hub.faults = [Fault("/api/models", "status", status=200, body=body)]
    with pytest.raises((NotAHub, SearchNotSupported)):
        client.search(SearchQuery())
    assert hub.sent("/api/models") < 16 << 20


def test_a_packed_bomb_is_not_unpacked(hub: LocalHub, client: HubClient) -> None:
    import tracemalloc
    import zlib

    packer = zlib.compressobj(9, wbits=31)
    body = b"".join(packer.compress(bytes(1 << 20)) for _ in range(200)) + packer.flush()
    assert len(body) < 1 << 20
    headers = {"Content-Encoding": "gzip"}
    hub.faults = [Fault("/api/models", "status", status=200, body=body, headers=headers)]
    tracemalloc.start()
    with pytest.raises((NotAHub, SearchNotSupported)):
        client.search(SearchQuery())
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 40 << 20


def test_json_nested_without_end_is_an_error_for_people(hub: LocalHub, client: HubClient) -> None:
    hub.faults = [Fault("/api/models", "status", status=200, body=b"[" * 200_000)]
    with pytest.raises((NotAHub, SearchNotSupported)):
        client.search(SearchQuery())


def test_a_mirror_without_search_says_so_and_its_repositories_open(
    hub: LocalHub, client: HubClient
) -> None:
    hub.searches = False
    with pytest.raises(SearchNotSupported) as caught:
        client.search(SearchQuery())
    assert params(caught)["host"] in hub.endpoint
    assert client.details(REPO).variants
