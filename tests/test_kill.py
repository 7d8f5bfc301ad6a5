"""kill -9 at random moments of an answer: what was sent and written is on disk afterwards."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.core.entities import Role, Status
from app.core.paths import Paths
from app.storage.database import open_database
from app.storage.history import History

pytestmark = [pytest.mark.engine, pytest.mark.timeout(600)]
KILLS = 20
PROMISE_S = 1.0  # the growing answer is on disk at least once a second
ROOT = Path(__file__).parents[1]


@dataclass
class Seen:
    """What the window had shown at the moment of its death."""

    question: str
    text: str
    text_a_second_ago: str


def run_and_kill(paths: Paths, question: str, delay_s: float) -> Seen:
    """Start the real window, let it ask, and kill it `delay_s` after the question was stored."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.kill_target", str(paths.data), question],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "accepted\n"
    time.sleep(delay_s)
    killed_at = time.monotonic()
    process.send_signal(signal.SIGKILL)
    lines = process.stdout.read().splitlines()
    process.wait()
    process.stdout.close()
    text, text_a_second_ago = "", ""
    for line in lines:
        if line.count("\t") != 1:
            continue  # the last line may be cut in the middle
        when, piece = line.split("\t")
        text += piece.encode().decode("unicode_escape")
        if float(when) < killed_at - PROMISE_S:
            text_a_second_ago = text
    return Seen(question, text, text_a_second_ago)


@pytest.mark.timeout(300)  # twenty starts
def test_twenty_kills_lose_nothing(paths: Paths, starter: Path) -> None:
    dice = random.Random(20261124)
    seen = [
        run_and_kill(paths, f"Write a very long story about fox number {i}.", dice.uniform(0, 3.5))
        for i in range(KILLS)
    ]
    assert sum(bool(s.text_a_second_ago) for s in seen) >= KILLS // 3  # the dice were worth it
    history = History(open_database(paths.database))
    assert history.heal() <= 1  # each start healed what the one before had left
    stored = {}
    for conversation in history.conversations():
        question, answer = history.branch(conversation.id)
        assert (question.role, question.status) == (Role.USER, Status.COMPLETE)
        assert answer.role is Role.ASSISTANT
        assert answer.status in (Status.INTERRUPTED, Status.COMPLETE)  # a story may have an end
        stored[question.content] = answer.content
    assert set(stored) == {s.question for s in seen}
    for s in seen:
        assert stored[s.question].startswith(s.text_a_second_ago)
    history.close()


def test_no_worker_survives_its_window(paths: Paths, starter: Path) -> None:
    run_and_kill(paths, "Write a long story about a ghost.", 1.0)
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and _workers_of(paths):
        time.sleep(0.05)
    assert _workers_of(paths) == []


def _workers_of(paths: Paths) -> list[int]:
    """Processes whose log is the one in this data folder."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if (folder / "fd" / "2").readlink() == paths.worker_log:
                found.append(int(folder.name))
        except OSError:
            continue
    return found
