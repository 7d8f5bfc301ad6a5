"""Two other programs that hold a conversation: llama-server over HTTP and node-llama-cpp."""

from __future__ import annotations

import http.client
import json
import queue
import socket
import subprocess
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Protocol, Self

from benchmarks import peers
from benchmarks.report import MeasurementFailed, NothingToMeasure
from benchmarks.screen import wait_until

PATIENCE_S = 120.0
NODE_SCRIPT = Path(__file__).with_name("node_chat.mjs")


@dataclass(frozen=True, slots=True)
class Setup:
    """How everyone loads: the same file, threads and tokens of context. Flash attention is left to
    all of them ("auto", as in LoadParams), and all turn it on where the model allows it."""

    model: Path
    threads: int
    context: int
    max_tokens: int


class ChatPeer(Protocol):
    """Something that answers turn by turn, greedily."""

    def begin(self, system: str) -> None:
        """Start a conversation that has nothing in common with the one before."""

    def ask(self, question: str) -> float:
        """Seconds until the first text of the answer, which is then read to its end."""


class LlamaServer:
    """llama-server on loopback, its OpenAI endpoint, streamed; a context manager. The clock is
    here: from before the connection until the first piece that has text."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._stack = ExitStack()
        self._port = _free_port()
        self._turns: list[dict[str, str]] = []

    def __enter__(self) -> Self:
        given = self._setup
        words = [str(peers.tool("llama-server")), "-m", str(given.model), "-c", str(given.context)]
        words += ["-t", str(given.threads), "-tb", str(given.threads), "-np", "1", "-ngl", "0"]
        words += ["-b", "512", "-ub", "512", "-fa", "auto"]
        # what it would keep of the conversation before is not measured for us either
        words += ["--cache-ram", "0", "--host", "127.0.0.1", "--port", str(self._port)]
        _start(self._stack, words, None)
        try:
            wait_until(self._is_ready, "llama-server does not start")
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def begin(self, system: str) -> None:
        """See ChatPeer."""
        self._turns = [{"role": "system", "content": system}]

    def ask(self, question: str) -> float:
        """See ChatPeer."""
        self._turns.append({"role": "user", "content": question})
        body = json.dumps(
            {
                "messages": self._turns,
                "stream": True,
                "cache_prompt": True,
                "temperature": 0.0,
                "max_tokens": self._setup.max_tokens,
            }
        )
        began, first, text = time.perf_counter(), 0.0, ""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE_S)
        connection.request(
            "POST", "/v1/chat/completions", body, {"Content-Type": "application/json"}
        )
        answer = connection.getresponse()
        for line in answer:
            if not line.startswith(b"data: {"):
                continue
            found = json.loads(line[len(b"data: ") :])
            if not found.get("choices"):
                continue
            piece = found["choices"][0]["delta"].get("content") or ""
            if piece and not first:
                first = time.perf_counter()
            text += piece
        connection.close()
        if not first:
            raise MeasurementFailed(f"llama-server answered {answer.status} without a text.")
        self._turns.append({"role": "assistant", "content": text})
        return first - began

    def _is_ready(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=5)
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status == http.HTTPStatus.OK
        except OSError:
            return False
        finally:
            connection.close()


class NodeChat:
    """node-llama-cpp's LlamaChatSession in a process of its own; a context manager. The clock is
    inside that process, around its `prompt`."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._stack = ExitStack()
        self._lines: queue.Queue[str] = queue.Queue()
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        given, folder = self._setup, peers.node_project()
        words = ["node", str(NODE_SCRIPT), str(given.model.resolve())]
        words += [str(number) for number in (given.threads, given.context, given.max_tokens)]
        self._process = _start(self._stack, words, folder)
        threading.Thread(target=self._read, args=(self._process.stdout,), daemon=True).start()
        if "ready" not in self._line():
            self._stack.close()
            raise NothingToMeasure("node-llama-cpp's ready-made library does not start here.")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def begin(self, system: str) -> None:
        """See ChatPeer."""
        self._tell({"system": system})

    def ask(self, question: str) -> float:
        """See ChatPeer."""
        seconds = self._tell({"ask": question}).get("ttft_s")
        if not isinstance(seconds, float) or seconds <= 0:
            raise MeasurementFailed("node-llama-cpp gave an answer without a text.")
        return seconds

    def _tell(self, what: dict[str, str]) -> dict[str, object]:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(what) + "\n")
        self._process.stdin.flush()
        answer = self._line()
        if not answer:
            raise MeasurementFailed("node-llama-cpp ended while it answered.")
        return answer

    def _line(self) -> dict[str, object]:
        """What it says next; nothing if it has ended."""
        try:
            line = self._lines.get(timeout=PATIENCE_S)
        except queue.Empty:
            raise MeasurementFailed("node-llama-cpp says nothing.") from None
        found: dict[str, object] = json.loads(line) if line.startswith("{") else {}
        return found

    def _read(self, out: IO[str]) -> None:
        for line in out:
            if line.startswith("{"):
                self._lines.put(line)
        self._lines.put("")


def _start(stack: ExitStack, words: list[str], folder: Path | None) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        words,
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE if folder else subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    stack.callback(process.wait)
    stack.callback(process.kill)
    return process


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port
