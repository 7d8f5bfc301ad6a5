"""The worker's loop: commands in, events out. Heavy imports happen inside, after the start."""

from __future__ import annotations

import contextlib
import gc
import os
import queue
import signal
import socket
import sys
import threading
import time
import traceback
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from app.core.entities import ModelDescription, Statistics, StopReason
from app.core.errors import (
    AppError,
    InternalError,
    ModelFileDamaged,
    NoModelLoaded,
    NotEnoughMemory,
    UnsupportedArchitecture,
)
from app.core.logs import redirect_native_output
from app.core.messages import (
    PROTOCOL_VERSION,
    Command,
    CountTokens,
    Event,
    Failed,
    Finished,
    Generate,
    Load,
    Loading,
    ModelLoaded,
    ModelUnloaded,
    ShutDown,
    Stop,
    TextProduced,
    TokensCounted,
    Unload,
    WorkerReady,
)
from app.core.sizes import size_words
from app.models.gguf import GgufHeader, read_header
from app.models.hardware import free_ram_bytes
from app.models.memory import memory_bytes

if TYPE_CHECKING:
    from app.worker.llm import StreamingLlamaCpp
    from app.worker.prompting import ChatTemplate

# Text is sent at most this often, a slow model's at once: eight times a second reads as continuous,
# and on two cores each wake-up of the window makes both of llama.cpp's threads wait (painting 16
# times a second: 0.89 of the speed of llama.cpp alone; 8 times: 0.97)
GATHER_S = 0.12
LOG_LINES = 40
# How often libgomp looks again before a thread that waits for the others goes to sleep. Its default
# is 'practically for ever' while there are as many cores as threads: then any other busy program
# makes each of some hundred waits a token last a time slice (measured: 2 instead of 100 tokens/s
# beside a second llama.cpp). 5000 costs 1 % alone and 1000 costs 3 %; beside one busy program the
# smallest model writes 17 and 33 tokens/s; without any bound 6.
SPIN_COUNT = "5000"


def run(connection: Connection, log_path: Path) -> None:
    """Entry of the process: serve `connection` until it closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in a terminal is for the parent
    log = redirect_native_output(log_path)
    os.environ.update(  # before any import that looks at them: the worker never uses the network
        LANGCHAIN_TRACING_V2="false", LANGSMITH_TRACING="false", HF_HUB_OFFLINE="1"
    )
    # LangChain brings urllib3, which opens a socket at import to see whether there is IPv6
    socket.has_ipv6 = False
    os.environ.setdefault("GOMP_SPINCOUNT", SPIN_COUNT)
    Worker(connection, log).serve()


class Worker:
    """One loaded model, one request at a time; a thread of its own listens for Stop."""

    def __init__(self, connection: Connection, log_file: BinaryIO) -> None:
        from app.worker.llm import AbortFlag, collect_log

        self._log_file = log_file

        self._connection = connection
        self._commands: queue.SimpleQueue[Command] = queue.SimpleQueue()
        self._flag = AbortFlag()
        self._lock = threading.Lock()
        self._running = 0
        self._stopped: set[int] = set()
        self._llm: StreamingLlamaCpp | None = None
        self._template: ChatTemplate | None = None
        self._description: ModelDescription | None = None
        self._stop_texts: tuple[str, ...] = ()
        self._log: list[str] = []
        self._log_callback = collect_log(self._keep_line)

    def serve(self) -> None:
        """Announce, then handle commands until ShutDown."""
        import llama_cpp

        from app.worker.devices import list_devices, why_no_gpu

        version = f"llama-cpp-python {llama_cpp.__version__}"
        devices = list_devices()
        no_gpu = why_no_gpu(devices, "".join(self._log))
        self._send(WorkerReady(PROTOCOL_VERSION, version, devices, no_gpu))
        threading.Thread(target=self._listen, name="commands", daemon=True).start()
        while not isinstance(command := self._commands.get(), ShutDown):
            try:
                self._handle(command)
            except AppError as error:
                self._send(Failed(command.request_id, error.problem, self._description))
            except Exception:  # noqa: BLE001 - whatever it is, the window must hear of it
                problem = InternalError(traceback.format_exc()).problem
                self._send(Failed(command.request_id, problem, self._description))
        self._unload()
        self._leave()

    def _listen(self) -> None:
        """Take commands while the main thread is inside llama.cpp; end with the pipe."""
        with contextlib.suppress(EOFError, OSError):
            while True:
                command: Command = self._connection.recv()
                if isinstance(command, Stop):
                    self._stop(command.target_id)
                else:
                    self._commands.put(command)
        self._leave()

    @staticmethod
    def _leave() -> None:
        """End without finalizers: llama.cpp may be busy on another thread."""
        sys.stdout.flush()
        os._exit(0)

    def _stop(self, target: int) -> None:
        with self._lock:
            self._stopped.add(target)
            if target == self._running:
                self._flag.set()

    def _handle(self, command: Command) -> None:
        match command:
            case Load():
                self._load(command)
            case Generate():
                self._generate(command)
            case CountTokens():
                tokens = self._model().client.tokenize(
                    command.text.encode(), add_bos=False, special=False
                )
                self._send(TokensCounted(command.request_id, len(tokens)))
            case Unload():
                self._unload()
                self._send(ModelUnloaded(command.request_id))

    def _load(self, command: Load) -> None:
        from app.worker import llm
        from app.worker.prompting import FALLBACK_STOP, FALLBACK_TEMPLATE, ChatTemplate

        self._send(Loading(command.request_id, 0.0))
        header = read_header(command.path)  # a bad file leaves the loaded model alone
        context = llm.context_for(command.params, header.trained_context)
        if memory_bytes(header, context) > free_ram_bytes():
            self._unload()  # what it held may be what is missing
            _check_memory(command.path, header, context)
        self._unload()
        self._log.clear()
        try:
            self._flag.clear()
            loaded = llm.load(command.path, command.params, context, self._flag)
        except ValueError as error:
            raise self._load_error(command.path, header, str(error)) from None
        client = loaded.client
        self._llm = loaded
        self._template = ChatTemplate(
            source=header.chat_template or FALLBACK_TEMPLATE,
            bos=_special_token(client, client.token_bos()),
            eos=_special_token(client, client.token_eos()),
            model_name=command.path.name,
        )
        self._stop_texts = () if header.chat_template else FALLBACK_STOP
        self._send(Loading(command.request_id, 1.0))
        self._description = _describe(command, header, client)
        gc.freeze()  # what was imported stays: no search for garbage in it while tokens are due
        self._send(ModelLoaded(command.request_id, self._description))

    def _load_error(self, path: Path, header: GgufHeader, text: str) -> AppError:
        """llama.cpp's words as one of ours."""
        log = "".join(self._log[-LOG_LINES:])
        details = f"{text}\n{log}".strip()
        lowered = details.lower()
        if "unknown model architecture" in lowered:
            return UnsupportedArchitecture(
                details, name=path.name, architecture=header.architecture
            )
        if "failed to allocate" in lowered or "out of memory" in lowered:
            return _memory_error(path, header, header.trained_context, details)
        return ModelFileDamaged(details, name=path.name)

    def _generate(self, command: Generate) -> None:
        from app.worker.prompting import fit_prompt

        llm = self._model()
        if not self._begin(command.request_id):
            self._send(Finished(command.request_id, StopReason.STOPPED, Statistics()))
            return
        try:
            assert self._template is not None
            prompt = fit_prompt(
                command.system, command.messages, self._template, llm.count, llm.client.n_ctx()
            )
            self._stream(llm, prompt, command)
        finally:
            with self._lock:
                self._running = 0
                self._flag.clear()

    def _begin(self, request_id: int) -> bool:
        """False if it was stopped while it waited."""
        with self._lock:
            if request_id in self._stopped:
                return False
            self._stopped = {target for target in self._stopped if target > request_id}
            self._running = request_id
            self._flag.clear()
            return True

    def _stream(self, llm: StreamingLlamaCpp, prompt: str, command: Generate) -> None:
        from app.worker.llm import AnswerEnd

        pieces: list[str] = []
        tokens, sent_at, end = 0, 0.0, AnswerEnd()

        def send_text() -> None:
            if joined := "".join(pieces):
                context = llm.client.n_tokens
                self._send(TextProduced(command.request_id, joined, tokens, context))
            pieces.clear()

        answer = llm.stream(
            prompt,
            {"callbacks": [end]},
            stop=[*command.sampling.stop, *self._stop_texts],
            sampling=command.sampling,
        )
        try:
            for text in answer:
                tokens += 1
                pieces.append(text)
                now = time.monotonic()
                if now - sent_at >= GATHER_S:
                    send_text()
                    sent_at = now
        finally:
            send_text()  # also what came before a failure
        self._send(Finished(command.request_id, end.reason, end.statistics))

    def _model(self) -> StreamingLlamaCpp:
        if self._llm is None:
            raise NoModelLoaded
        return self._llm

    def _unload(self) -> None:
        if self._llm is not None:
            self._llm.client.close()
            self._llm = None
            self._template = None
            self._description = None

    def _keep_line(self, text: str) -> None:
        self._log.append(text)
        del self._log[:-200]
        with contextlib.suppress(OSError):  # a full disk must not end an answer
            self._log_file.write(text.encode())

    def _send(self, event: Event) -> None:
        try:
            self._connection.send(event)
        except OSError:
            self._leave()


def _special_token(client: object, token: int) -> str:
    text = client._model.token_get_text(token) if token >= 0 else ""  # type: ignore[attr-defined]  # noqa: SLF001
    return str(text)


def _describe(command: Load, header: GgufHeader, client: object) -> ModelDescription:
    return ModelDescription(
        path=command.path,
        name=header.name,
        architecture=header.architecture,
        trained_context=header.trained_context,
        context=client.n_ctx(),  # type: ignore[attr-defined]
        template_source="model" if header.chat_template else "fallback",
        parameters=header.parameters,
        size_bytes=header.file_size,
    )


def _check_memory(path: Path, header: GgufHeader, context: int) -> None:
    if memory_bytes(header, context) > free_ram_bytes():
        raise _memory_error(path, header, context, "")


def _memory_error(path: Path, header: GgufHeader, context: int, details: str) -> NotEnoughMemory:
    need = memory_bytes(header, context)
    return NotEnoughMemory(
        details, name=path.name, need=size_words(need), have=size_words(free_ram_bytes())
    )
