"""A mirror that others wrote, between our client and the stand-in: what people with `olah` meet.

It also proves the stand-in, since another client of the hub understands it.
"""

from __future__ import annotations

import json
import random
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.core.errors import AppError
from app.core.hub_errors import (
    HubFileNotFound,
    HubUnreachable,
    NeedsLogin,
    RepoNotFound,
    SearchNotSupported,
)
from app.core.models_entities import DownloadJob, HubAccess, SearchQuery
from app.core.paths import Paths
from app.hub import transfer as transfer_module
from app.hub.client import HubClient
from app.hub.speed import SpeedLimit
from app.hub.transfer import Means, Transfer
from tests.gguf_files import LLAMA, gguf
from tests.hub_clients import SAID
from tests.local_hub import Fault, LocalHub
from tests.olah_mirror import CannotFetch, Mirror, installed
from tests.test_cli import Cli, assert_says

REPO, GATED, NAME = "maker/tiny-GGUF", "strict/gated-GGUF", "tiny-Q4_K_M.gguf"
MODEL = gguf(LLAMA) + random.Random(1).randbytes(1_500_000)
TOKEN = "hf_" + "a" * 30
FILES: dict[str, bytes | Path] = {
    NAME: MODEL,
    "tiny-Q8_0.gguf": MODEL + b"8",
    "README.md": b"# Tiny\n\nA model.\n",
}


@pytest.fixture(scope="session")
def olah() -> Path:
    """The Python that has it."""
    try:
        return installed()
    except CannotFetch as error:
        pytest.skip(f"pip cannot fetch olah: {error}")


@pytest.fixture(scope="module")
def upstream() -> Iterator[LocalHub]:
    with LocalHub() as made:
        made.tokens[TOKEN] = {GATED}
        made.add_repo(REPO, FILES, **SAID)
        made.add_repo(GATED, FILES, gated="manual")
        yield made


@pytest.fixture(scope="module")
def mirror(
    olah: Path, upstream: LocalHub, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mirror]:
    with Mirror(olah, tmp_path_factory.mktemp("olah"), upstream.endpoint) as made:
        yield made


@pytest.fixture(autouse=True)
def plain(upstream: LocalHub, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No proxy of this machine is in the way; what went wrong in one test is over in the next."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    yield
    upstream.faults.clear()


@pytest.fixture
def connect(mirror: Mirror) -> Iterator[Callable[..., HubClient]]:
    """Makes clients of the mirror, or of the hub named; they are closed at the end."""
    made: list[HubClient] = []

    def one(token: str = "", endpoint: str = mirror.endpoint) -> HubClient:
        made.append(HubClient(HubAccess(endpoint=endpoint, token=token), 10))
        return made[-1]

    yield one
    for client in made:
        client.close()


@pytest.fixture
def plain_client(upstream: LocalHub) -> Iterator[HubClient]:
    """One of the stand-in itself."""
    client = HubClient(HubAccess(endpoint=upstream.endpoint))
    yield client
    client.close()


# the client


def test_a_page_is_the_same_as_at_the_hub(
    connect: Callable[..., HubClient], mirror: Mirror, upstream: LocalHub
) -> None:
    through = connect().details(REPO)
    direct = connect(endpoint=upstream.endpoint).details(REPO)
    assert through.url == f"{mirror.endpoint}/{REPO}"
    assert replace(through, url="") == replace(direct, url="")
    assert through.card.startswith("# Tiny")
    assert [variant.name for variant in through.variants] == ["Q4_K_M", "Q8_0"]


def test_parts_of_a_file_come_by_range(connect: Callable[..., HubClient], mirror: Mirror) -> None:
    client = connect()
    commit = client.details(REPO).commit
    found = client.resolve(REPO, commit, NAME)
    assert found.url.startswith(mirror.endpoint)  # the mirror has the file itself, no CDN
    assert (found.size_bytes, len(found.sha256)) == (len(MODEL), 64)
    for start, length in ((0, 100), (70_000, 200_000), (len(MODEL) - 5, 50)):
        got = client.read_range(REPO, commit, NAME, start, length)
        assert got == MODEL[start : start + length]


def test_searching_is_what_it_cannot(connect: Callable[..., HubClient], mirror: Mirror) -> None:
    for client in (connect(), connect(TOKEN)):
        with pytest.raises(SearchNotSupported) as caught:
            client.search(SearchQuery("tiny"))
        assert dict(caught.value.problem.params) == {"host": mirror.endpoint.split("/")[2]}


def test_a_search_that_is_taken_for_a_repository(
    upstream: LocalHub, plain_client: HubClient
) -> None:
    """As olah 0.5.4 answers, for where pip cannot fetch it."""
    headers = {"X-Error-Code": "RepoNotFound", "X-Error-Message": "Repository not found"}
    upstream.faults.append(Fault("/api/models[?]", "status", status=401, headers=headers))
    with pytest.raises(SearchNotSupported):
        plain_client.search(SearchQuery("tiny"))


def test_what_is_not_there_is_named(connect: Callable[..., HubClient]) -> None:
    client = connect()
    with pytest.raises(RepoNotFound):
        client.details("no/body")
    with pytest.raises(HubFileNotFound):
        client.resolve(REPO, client.details(REPO).commit, "gone.gguf")


def test_gated_files_need_the_token(connect: Callable[..., HubClient]) -> None:
    for _ in range(2):
        anonymous, known = connect(), connect(TOKEN)
        details = anonymous.details(GATED)
        assert details.is_gated
        with pytest.raises(NeedsLogin) as caught:
            anonymous.read_range(GATED, details.commit, NAME, 0, 4)
        assert dict(caught.value.problem.params)["repo"] == GATED
        # and what one has fetched the mirror does not give to all
        assert known.read_range(GATED, details.commit, NAME, 0, 4) == b"GGUF"


# a download


class Fetch:
    """A download of the model through the mirror, on a thread of its own."""

    def __init__(self, client: HubClient, root: Path, repo: str = REPO) -> None:
        details = client.details(repo)
        (file,) = details.variants[1].files
        self.part = root / repo / f"{file.path}.part"
        self.final = root / repo / file.path
        self.waits: list[AppError] = []
        self.ended: Path | BaseException | None = None
        job = DownloadJob("job", repo, details.commit, "Model", (file,))
        means = Means(client, SpeedLimit(), None, 0, 10.0)
        self._transfer = Transfer(
            job, file, root, means, retrying=lambda _until, error: self.waits.append(error)
        )
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        try:
            self.ended = self._transfer.run()
        except BaseException as error:  # noqa: BLE001
            self.ended = error

    def until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 20
        while not condition():
            assert time.monotonic() < deadline, f"{self.ended} after {self.waits}"
            time.sleep(0.02)


def size_of(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def test_a_download_goes_on_after_the_mirror_died(
    connect: Callable[..., HubClient],
    mirror: Mirror,
    upstream: LocalHub,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[int] = []
    stream = HubClient.stream

    def watched(self: HubClient, url: str, **how: object) -> object:
        headers = how.get("headers")
        said = str(headers.get("Range", "")) if isinstance(headers, dict) else ""
        asked.append(int((re.findall(r"\d+", said) or ["0"])[0]))
        return stream(self, url, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(HubClient, "stream", watched)
    monkeypatch.setattr(transfer_module, "FIRST_WAIT_S", 0.2)
    upstream.faults.append(Fault("/blobs/", "slow", count=-1, rate=400_000, method="GET"))
    fetch = Fetch(connect(), tmp_path)
    fetch.until(lambda: size_of(fetch.part) > 300_000)
    mirror.kill()
    fetch.until(lambda: bool(fetch.waits))
    kept = size_of(fetch.part)
    upstream.faults.clear()
    mirror.start()
    fetch.until(lambda: fetch.ended is not None)
    assert fetch.ended == fetch.final
    assert fetch.final.read_bytes() == MODEL + b"8"
    assert isinstance(fetch.waits[0], HubUnreachable)
    assert asked[0] == 0
    assert asked[-1] >= kept > 300_000, "what had arrived was fetched again"


def test_a_download_is_whole_though_the_hub_breaks_off(
    connect: Callable[..., HubClient],
    upstream: LocalHub,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The mirror's own upstream is cut: whoever notices, the file is right in the end."""
    monkeypatch.setattr(transfer_module, "FIRST_WAIT_S", 0.2)
    whole = MODEL[::-1]
    upstream.add_repo("maker/cut-GGUF", {NAME: MODEL, "tiny-Q8_0.gguf": whole})
    fault = Fault("/blobs/", "cut", count=3, after=30_000, method="GET")
    upstream.faults.append(fault)
    fetch = Fetch(connect(), tmp_path, "maker/cut-GGUF")
    fetch.until(lambda: fetch.ended is not None)
    assert fetch.ended == fetch.final
    assert fetch.final.read_bytes() == whole
    assert fault.count == 0
    assert fetch.waits, "the client noticed nothing"
    assert {type(error) for error in fetch.waits} == {HubUnreachable}


# the command line


@pytest.fixture
def cli(tmp_path: Path, paths: Paths, mirror: Mirror) -> Iterator[Cli]:
    """The command line with the mirror as its hub; it calls that and nobody else."""
    made = Cli(tmp_path, paths)
    paths.settings.write_text(json.dumps({"hub_endpoint": mirror.endpoint}))
    yield made
    made.end()
    port = mirror.endpoint.rpartition(":")[2]
    calls = [line for line in made.calls.read_text().splitlines() if "connect" in line]
    assert calls
    assert all(f"'127.0.0.1', {port})" in line for line in calls)


def said(cli: Cli, *arguments: str) -> str:
    done = cli.run("models", *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_files_and_pull(cli: Cli) -> None:
    listed = said(cli, "files", REPO)
    # the context is in the file's header, which was read by range
    assert re.search(r"^\* Q4_K_M .*context up to 2,048", listed, re.M)
    path = Path(json.loads(said(cli, "pull", REPO, "--quant", "Q4_K_M", "--json"))["path"])
    assert path.read_bytes() == MODEL
    assert "verified" in said(cli, "verify", str(path))


def test_pull_of_a_gated_model(cli: Cli, mirror: Mirror) -> None:
    pull = ("pull", GATED, "--quant", "Q4_K_M", "--json")
    refused = NeedsLogin(repo=GATED, url=f"{mirror.endpoint}/{GATED}")
    assert_says(cli.run("models", *pull), refused)
    cli.environment["HF_TOKEN"] = TOKEN
    assert Path(json.loads(said(cli, *pull))["path"]).read_bytes() == MODEL


def test_search_points_to_the_name(cli: Cli, mirror: Mirror) -> None:
    host = mirror.endpoint.split("/")[2]
    assert_says(cli.run("models", "search", "tiny"), SearchNotSupported(host=host))
