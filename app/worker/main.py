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
from collections.abc import Sequence
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from app.core.entities import Device, LoadParams, ModelDescription, Statistics, StopReason
from app.core.errors import (
    AppError,
    InternalError,
    ModelCannotWrite,
    ModelFileDamaged,
    NoModelLoaded,
)
from app.core.logs import redirect_native_output
from app.core.messages import (
    PROTOCOL_VERSION,
    Command,
    Count,
    Event,
    Failed,
    Finished,
    Forget,
    Generate,
    Inspect,
    Inspected,
    Load,
    Loading,
    ModelLoaded,
    ModelUnloaded,
    ShutDown,
    Stop,
    Suggest,
    Suggested,
    Unload,
    UseTemplate,
    Weigh,
    Weighed,
    WorkerReady,
)
from app.models.hardware import free_ram_bytes, give_back_memory
from app.models.memory import WITHOUT_CACHE, context_for, memory_bytes
from app.models.parts import fingerprint, read_model_header
from app.models.projector import projector_of
from app.worker.counting import Counter
from app.worker.keeping import Keeper
from app.worker.loading import check_memory, describe, load_error, special_token

if TYPE_CHECKING:
    from app.core.entities import Placement
    from app.models.gguf import GgufHeader
    from app.worker.llm import StreamingLlamaCpp
    from app.worker.loaded import Loaded
    from app.worker.looking import Onlooker
    from app.worker.model_template import InUse, ModelTemplate
    from app.worker.states import States
    from app.worker.vision import Eyes

LOG_LINES = 40  # that an error shows
LOG_KEPT = 2000  # pieces of a load's log: its buffers are read from it
IDLE_S = 30.0  # without a question, then the conversation is written for after a restart
TELL_LOAD_S = 0.1
GOES_FIRST = (
    Generate,
    Load,
    Unload,
    UseTemplate,
    ShutDown,
)  # a side job ends at once when one of these comes
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
        self._send_lock = threading.Lock()  # counts are sent by a thread of their own
        self._model_lock = threading.Lock()  # held while tokens are counted
        self._running = 0
        self._is_side_job = False  # what is running
        self._waiting = 0  # commands that go before side jobs
        self._stopped: set[int] = set()
        self._loaded: Loaded | None = None
        self._template: ModelTemplate | None = None
        self._onlooker: Onlooker | None = None
        self._devices: tuple[Device, ...] = ()
        self._engine_version = ""
        self._load_s = 0.0  # of a load that no answer has waited for yet
        self._log: list[str] = []
        self._log_callback = collect_log(self._keep_line)

    def serve(self) -> None:
        """Announce, then handle commands until ShutDown."""
        import llama_cpp

        from app.worker.devices import list_devices, why_no_gpu

        version = f"llama-cpp-python {llama_cpp.__version__}"
        self._engine_version, self._devices = version, list_devices()
        no_gpu = why_no_gpu(self._devices, "".join(self._log))
        self._send(WorkerReady(PROTOCOL_VERSION, version, self._devices, no_gpu))
        self._counter = Counter(self._count, self._send, self._weigh, self._inspect)
        threading.Thread(target=self._listen, name="commands", daemon=True).start()
        while not isinstance(command := self._next(), ShutDown):
            try:
                self._handle(command)
            except AppError as error:
                self._send(Failed(command.request_id, error.problem, self._description))
            except Exception:  # noqa: BLE001 - whatever it is, the window must hear of it
                problem = InternalError(traceback.format_exc()).problem
                self._send(Failed(command.request_id, problem, self._description))
        self._unload()
        self._leave()

    def _next(self) -> Command:
        """The next command; a conversation that rests meanwhile is written to the disk."""
        try:
            command = self._commands.get(timeout=IDLE_S)
        except queue.Empty:
            if self._loaded is not None:
                with contextlib.suppress(MemoryError):  # no harm: it will be read again
                    self._loaded.keeper.save()
            command = self._commands.get()
        if isinstance(command, GOES_FIRST):
            with self._lock:
                self._waiting -= 1
        return command

    def _listen(self) -> None:
        """Take commands while the main thread is inside llama.cpp; end with the pipe."""
        with contextlib.suppress(EOFError, OSError):
            while True:
                command: Command = self._connection.recv()
                if isinstance(command, Stop):
                    self._stop(command.target_id)
                elif isinstance(command, Count | Weigh | Inspect):
                    self._counter.put(command)
                else:
                    if isinstance(command, GOES_FIRST):
                        self._make_way()
                    self._commands.put(command)
        self._leave()

    def _make_way(self) -> None:
        """Something comes that a person waits for."""
        with self._lock:
            self._waiting += 1
            if self._running and self._is_side_job:
                self._flag.set()

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
                try:
                    self._load(command)
                finally:
                    if self._loaded is None:
                        self._drop_template()
            case UseTemplate():
                self._use_template(command)
            case Generate():
                self._generate(command)
            case Forget():
                if self._loaded is not None:
                    self._loaded.keeper.forget(command.conversations)
            case Suggest():
                self._suggest(command)
            case Unload():
                self._unload()
                self._send(ModelUnloaded(command.request_id))

    def _load(self, command: Load) -> None:
        from app.worker import llm
        from app.worker.devices import list_devices
        from app.worker.model_template import ModelTemplate
        from app.worker.placement import buffers_of, placed

        self._send(Loading(command.request_id, 0.0))
        header = read_model_header(command.path)  # a bad file leaves the loaded model alone
        if header.architecture in WITHOUT_CACHE:
            raise ModelCannotWrite(name=command.path.name, architecture=header.architecture)
        context = context_for(command.params.context_tokens, header.trained_context)
        params = command.params
        if memory_bytes(header, params, context) > self._room(params):
            self._unload()  # what it held may be what is missing
            check_memory(command.path, header, params, context, self._room(params))
        self._unload()
        self._devices = list_devices()  # other programs take and free a card's memory meanwhile
        self._template = ModelTemplate(command.path, header, command.choices)
        began, told = time.monotonic(), 0.0

        def tell(done: float) -> None:
            nonlocal told
            if done > 0 and time.monotonic() - told >= TELL_LOAD_S:
                told = time.monotonic()
                self._send(Loading(command.request_id, done))

        try:
            self._flag.clear()
            loaded, device = llm.load(
                command.path, command.params, context, self._flag, self._devices, self._log, tell
            )
        except ValueError as error:
            details = f"{error}\n{self._tail()}"
            raise load_error(command.path, header, params, context, details) from None
        if not loaded.cache_.has_memory:
            loaded.close()
            raise ModelCannotWrite(name=command.path.name, architecture=header.architecture)
        if not loaded.pieces.has_words:
            loaded.close()
            raise ModelFileDamaged("it has no vocabulary", name=command.path.name)
        self._send(Loading(command.request_id, 1.0))
        threads = llm.thread_count(command.params.threads)
        placement = placed(command.params, device, buffers_of("".join(self._log)), threads)
        loaded.eyes = self._open_eyes(loaded, command, header, placement)
        description = describe(command, header, loaded, placement, time.monotonic() - began)
        loaded.states = self._open_states(command, placement)
        self._loaded = self._together(loaded, description)
        # only an answer that waits already has waited for it
        self._load_s = 0.0 if self._commands.empty() else description.load_s
        gc.freeze()  # what was imported stays: no search for garbage in it while tokens are due
        self._send(ModelLoaded(command.request_id, self._loaded.description))

    def _room(self, params: LoadParams) -> int:
        """Bytes there are for a model: the computer's, and those of the card it goes to."""
        from app.models.fit import SPARE
        from app.worker.placement import choose_device

        device = choose_device(params, self._devices)
        own = device.free_bytes if device is not None and device.has_own_memory else 0
        return free_ram_bytes() + int(own * SPARE)

    def _open_states(self, command: Load, placement: Placement) -> States:
        """What was kept of conversations with just this model, loaded so."""
        from app.worker.states import States, folder_key

        key = folder_key(
            self._engine_version,
            fingerprint(command.path),
            placement.kv_type,
            placement.is_flash,
        )
        return States(command.keep, key)

    def _together(self, llm: StreamingLlamaCpp, description: ModelDescription) -> Loaded:
        """All that belongs to the model."""
        from app.worker.loaded import Loaded

        found = self._template_for(llm)
        description = replace(description, findings=found.findings, template_name=found.name)
        keeper = Keeper(llm.cache_, llm.states)
        return Loaded(llm, found.template, description, found.stop_texts, keeper)

    def _template_for(self, llm: StreamingLlamaCpp) -> InUse:
        """What answers are asked with, the choice included."""
        if self._template is None:
            raise NoModelLoaded
        client = llm.client
        bos, eos = (special_token(client, t) for t in (client.token_bos(), client.token_eos()))
        return self._template.in_use(bos, eos)

    def _use_template(self, command: UseTemplate) -> None:
        loaded = self._model()
        if self._template is not None:
            self._template.use(command.name)
        found = self._template_for(loaded.llm)
        with self._model_lock:  # other threads look at it
            loaded.template, loaded.stop_texts = found.template, found.stop_texts
            loaded.description = replace(
                loaded.description, findings=found.findings, template_name=found.name
            )
        self._send(ModelLoaded(command.request_id, loaded.description))

    def _drop_template(self) -> None:
        template, self._template = self._template, None
        if template is not None:
            template.close()

    def _open_eyes(
        self, llm: StreamingLlamaCpp, command: Load, header: GgufHeader, placement: Placement
    ) -> Eyes | None:
        """For a model with a projector beside its file; nothing is read of it yet."""
        from app.worker.vision import Eyes

        projector = projector_of(command.path, header.embedding_length)
        if projector is None:
            return None
        return Eyes(
            llm.client,
            projector,
            threads=placement.threads,
            batch=llm.cache_.batch,
            card=placement.device,
            is_stopped=lambda: self._flag.is_set,
            log_callback=self._log_callback,
            log_tail=self._tail,
        )

    def _generate(self, command: Generate) -> None:
        loaded = self._model()
        if not self._begin(command.request_id):
            self._send(Finished(command.request_id, StopReason.STOPPED, Statistics()))
            return
        try:
            loaded.generate(command, self._send, self._load_s)
            self._load_s = 0.0  # the next answer does not wait for it
        finally:
            self._end()

    def _suggest(self, command: Suggest) -> None:
        loaded = self._model()
        if not self._begin(command.request_id, is_side_job=True):
            self._send(Suggested(command.request_id, command.begun, is_whole=False))
            return
        try:
            found = loaded.suggest(command, lambda: not self._flag.is_set)
        finally:
            self._end()
        self._send(found)

    def _count(self, texts: Sequence[str]) -> tuple[int, int]:
        with self._model_lock:  # so long the model is not closed
            return (-1, -1) if self._loaded is None else self._loaded.count(texts)

    def _weigh(self, command: Weigh) -> Weighed:
        with self._model_lock:
            if self._loaded is None:
                return Weighed(command.request_id, (), 0, -1, 0)
            return self._looking_at(self._loaded).weigh(command)

    def _inspect(self, command: Inspect) -> Inspected:
        with self._model_lock:
            return self._looking_at(self._model()).inspect(command)

    def _looking_at(self, loaded: Loaded) -> Onlooker:
        """What looks at this model; on the counting thread."""
        from app.worker.looking import Onlooker

        if self._onlooker is None or self._onlooker.loaded is not loaded:
            self._onlooker = Onlooker(loaded)
        return self._onlooker

    def _begin(self, request_id: int, *, is_side_job: bool = False) -> bool:
        """False if it was stopped while it waited, or something waits that goes first."""
        with self._lock:
            if request_id in self._stopped or (is_side_job and self._waiting):
                return False
            self._stopped = {target for target in self._stopped if target > request_id}
            self._running, self._is_side_job = request_id, is_side_job
            self._flag.clear()
            return True

    def _end(self) -> None:
        with self._lock:
            self._running = 0
            self._flag.clear()

    def _model(self) -> Loaded:
        if self._loaded is None:
            raise NoModelLoaded
        return self._loaded

    @property
    def _description(self) -> ModelDescription | None:
        """Of what is loaded."""
        return self._loaded.description if self._loaded is not None else None

    def _unload(self) -> None:
        """Give the memory back, to the system too."""
        with self._model_lock:
            loaded, self._loaded = self._loaded, None
            self._onlooker = None
        if loaded is not None:
            loaded.close()
            self._drop_template()
            del loaded
            gc.collect()
            give_back_memory()

    def _tail(self) -> str:
        """The last lines of llama.cpp's log."""
        return "\n".join("".join(self._log).splitlines()[-LOG_LINES:])

    def _keep_line(self, text: str) -> None:
        self._log.append(text)
        del self._log[:-LOG_KEPT]
        with contextlib.suppress(OSError):  # a full disk must not end an answer
            self._log_file.write(text.encode())

    def _send(self, event: Event) -> None:
        try:
            with self._send_lock:
                self._connection.send(event)
        except OSError:
            self._leave()
