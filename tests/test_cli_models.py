"""`inglenook models ...` as a person uses it: real processes against the stand-in hub."""

from __future__ import annotations

import json
import re
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.core.errors import ModelNotOurs
from app.core.hub_errors import (
    HubFileNotFound,
    HubOffline,
    HubUnreachable,
    NeedsLogin,
    RepoNotFound,
)
from app.core.paths import Paths
from tests.gguf_files import LLAMA, gguf
from tests.hub_clients import hub  # noqa: F401 - a fixture
from tests.local_hub import Fault, LocalHub
from tests.test_cli import Cli, assert_says, cli  # noqa: F401 - a fixture

REPO = "maker/tiny-GGUF"
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def shop(hub: LocalHub) -> LocalHub:  # noqa: F811
    """A hub with a real, if tiny, GGUF in two quantizations."""
    small = gguf(LLAMA) + bytes(300_000)
    files: dict[str, bytes | Path] = {
        "tiny-Q4_K_M.gguf": small,
        "tiny-Q8_0.gguf": small + bytes(200_000),
        "README.md": b"# Tiny",
    }
    hub.add_repo(REPO, files, downloads=1234, tags=["license:mit"])
    hub.add_repo("strict/gated-GGUF", files, gated="manual")
    return hub


@pytest.fixture
def online(tmp_path: Path, paths: Paths, shop: LocalHub) -> Iterator[Cli]:
    """The command line with the hub as its endpoint; it calls that hub and nobody else."""
    made = Cli(tmp_path, paths)
    paths.make()
    paths.settings.write_text(json.dumps({"hub_endpoint": shop.endpoint}))
    yield made
    made.end()
    allowed = {place.rpartition(":")[2] for place in (shop.endpoint, shop.cdn, NOWHERE)}
    calls = made.calls.read_text().splitlines() if made.calls.exists() else []
    ports = {re.search(r"127\.0\.0\.1', (\d+)", line) for line in calls if "connect" in line}
    assert {found[1] if found else "elsewhere" for found in ports} <= allowed


def said(cli: Cli, *arguments: str) -> str:  # noqa: F811
    """What a `models` command prints; all must go well."""
    done = cli.run("models", *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_search_and_files_say_what_there_is(online: Cli) -> None:
    assert f"{REPO} " in said(online, "search", "tiny")
    (hit,) = json.loads(said(online, "search", "tiny", "--json"))
    assert (hit["repo"], hit["downloads"], hit["licence"]) == (REPO, 1234, "mit")
    assert "Nothing was found" in said(online, "search", "no such model")
    listed = said(online, "files", REPO)
    assert re.search(r"^\* Q4_K_M .* KiB .*context up to 2,048", listed, re.M)
    assert re.search(r"^  Q8_0 ", listed, re.M)
    found = json.loads(said(online, "info", REPO, "--json"))
    assert found["recommended"] == "Q4_K_M"
    assert len(found["commit"]) == 40


def test_pull_list_verify_remove(online: Cli, shop: LocalHub) -> None:
    path = Path(json.loads(said(online, "pull", REPO, "--json"))["path"])
    assert path.name == "tiny-Q4_K_M.gguf"
    assert str(path) in said(online, "list")
    assert "verified" in said(online, "verify", str(path))
    before = shop.sent("tiny-Q4")
    said(online, "pull", REPO, "--quant", "q4_k_m")
    assert shop.sent("tiny-Q4") == before, "fetched what was there"
    assert "tiny-Q8_0.gguf" in said(online, "pull", REPO, "--file", "tiny-Q8_0.gguf")
    damaged = bytearray(path.read_bytes())
    damaged[-1] ^= 1
    path.write_bytes(damaged)
    bad = online.run("models", "verify")
    assert bad.returncode == 1
    assert re.search(r"^! .*tiny-Q4_K_M", bad.stdout, re.M)
    assert "free now" in said(online, "remove", str(path))
    assert not path.exists()


def test_ctrl_c_leaves_a_part_that_the_same_command_completes(
    online: Cli, shop: LocalHub, paths: Paths
) -> None:
    shop.faults.append(Fault(r"tiny-Q8_0", "slow", count=-1, rate=100_000, method="GET"))
    process = online.start("models", "pull", REPO, "--quant", "Q8_0")
    deadline = time.monotonic() + 30
    while not (parts := list(paths.models.rglob("*.part"))) or parts[0].stat().st_size < 50_000:
        assert time.monotonic() < deadline, "nothing arrived"
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=20)
    assert process.returncode == 130
    assert b"goes on from here" in error
    shop.faults.clear()
    kept = parts[0].stat().st_size
    sent = shop.sent("tiny-Q8_0")
    path = Path(json.loads(said(online, "pull", REPO, "--quant", "Q8_0", "--json"))["path"])
    whole = shop.file(REPO, "tiny-Q8_0.gguf").size
    assert path.stat().st_size == whole
    assert shop.sent("tiny-Q8_0") - sent <= whole - kept + 70_000  # the header, to see if it fits


def test_what_cannot_be_had_is_said_in_one_line(online: Cli, shop: LocalHub) -> None:
    url = f"{shop.endpoint}/strict/gated-GGUF"
    assert_says(
        online.run("models", "pull", "strict/gated-GGUF", "--quant", "Q8_0"),
        NeedsLogin(repo="strict/gated-GGUF", url=url),
    )
    assert_says(online.run("models", "files", "no/body"), RepoNotFound(repo="no/body"))
    assert_says(
        online.run("models", "pull", REPO, "--quant", "Q2_K"),
        HubFileNotFound(repo=REPO, file="Q2_K"),
    )
    nowhere = ("--endpoint", NOWHERE)
    host = HubUnreachable(host="127.0.0.1:9")
    assert_says(online.run("models", "search", "x", *nowhere), host)


@pytest.mark.parametrize("action", [("search", "x"), ("files", REPO), ("pull", REPO)])
def test_offline_nobody_is_called(cli: Cli, action: tuple[str, ...]) -> None:  # noqa: F811
    assert_says(cli.run("models", *action, "--offline"), HubOffline())


def test_offline_everything_local_works(cli: Cli, tmp_path: Path) -> None:  # noqa: F811
    cli.paths.make()
    cli.paths.settings.write_text(json.dumps({"is_offline": True}))
    mine = tmp_path / "mine.gguf"
    mine.write_bytes(gguf(LLAMA))
    copy = Path(json.loads(said(cli, "import", str(mine), "--json"))["path"])
    assert copy.read_bytes() == mine.read_bytes()
    assert "Tiny Llama" in said(cli, "info", str(mine))
    assert str(copy) in [model["path"] for model in json.loads(said(cli, "list", "--json"))]
    assert "no hash" in said(cli, "verify", str(copy))
    assert_says(
        cli.run("models", "remove", str(mine)),
        ModelNotOurs(path=mine),
    )
    shutil.rmtree(cli.paths.models)
