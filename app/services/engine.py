"""The worker's life: which model is loaded, what it is doing, and what to say when it dies."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from app.core import messages
from app.core.child_process import ChildProcess
from app.core.entities import (
    ChatMessage,
    Device,
    KeepParams,
    LoadParams,
    ModelDescription,
    SamplingParams,
)
from app.core.errors import (
    NoModelLoaded,
    Problem,
    ProtocolMismatch,
    WorkerDidNotStart,
    WorkerNotResponding,
)
from app.core.logs import tail
from app.core.memory import Memory
from app.core.paths import Paths
from app.models.memory import DEFAULT_CONTEXT
from app.services.ports import EngineListener, EngineState, Scheduler
from app.services.small_jobs import NO_MEMORY, SmallJobs
from app.services.worker_end import why_ended
from app.worker.main import run as run_worker

STOP_PATIENCE_S = 3.0  # then the worker is killed: stop always works


class Engine(SmallJobs):
    """Starts the worker, sends it commands and tells listeners; all methods on the main thread."""

    def __init__(self, paths: Paths, scheduler: Scheduler) -> None:
        self._paths = paths
        super().__init__(scheduler)
        self._listeners: list[EngineListener] = []
        self._child: ChildProcess | None = None
        self._load_id = 0
        self._template_id = 0
        self._path: Path | None = None
        self._params = LoadParams()
        self._keep = KeepParams()
        self._answers: dict[int, messages.Generate] = {}
        self._last_words: Problem | None = None
        self._is_greeted = False
        self.state = EngineState.STOPPED
        self.is_resting = False
        self.devices: tuple[Device, ...] = ()
        self.no_gpu: Problem | None = None  # why none of the devices is a graphics card
        self.engine_version = ""
        self.context_used = -1  # tokens in the KV cache, when they were counted last
        self.exit_code = 0  # of the process that died last; the number of a signal is negative

    def add_listener(self, listener: EngineListener) -> None:
        """Tell `listener` from now on."""
        self._listeners.append(listener)

    def remove_listener(self, listener: EngineListener) -> None:
        """Tell `listener` nothing more."""
        # another list: one that leaves while news are told must not make another one miss them
        self._listeners = [one for one in self._listeners if one is not listener]

    @property
    def model_path(self) -> Path | None:
        """The model that was asked for last."""
        return self._path

    @property
    def worker_pid(self) -> int | None:
        """The worker's process id while it lives."""
        return self._child.pid if self._child is not None else None

    def start(self) -> None:
        """Start the worker if there is none."""
        if self._child is not None:
            return
        child = ChildProcess(
            run_worker,
            (self._paths.worker_log,),
            on_event=lambda event: self._scheduler.post(lambda: self._take(child, event)),
            on_exit=lambda code: self._scheduler.post(lambda: self._exited(child, code)),
        )
        self._child = child
        self._last_words = None
        self._is_greeted = False
        self._set_state(EngineState.STARTING)
        child.start()

    @property
    def load_params(self) -> LoadParams:
        """How the model was asked for last."""
        return self._params

    def load(self, path: Path, params: LoadParams, keep: KeepParams | None = None) -> None:
        """Load `path` in place of what is loaded. A running answer is stopped first.

        `keep` is what may be kept of conversations; None leaves that as it was."""
        waiting = self._abandon_load()
        for request_id in self._answers:
            self.stop(request_id)
        self._path, self._params = path, params
        self._keep = keep or self._keep
        self.is_resting = False
        self.model = None
        self.start()
        choices = self._paths.template_choices
        load = messages.Load(next(self._ids), path, params, self._keep, choices)
        self._load_id = self._send(load)
        for command in waiting:
            self._answers[self._send(command)] = command
        self._set_state(EngineState.LOADING)
        for listener in self._listeners:
            listener.model_loading(path, 0.0)

    def keep_from_next_load(self, keep: KeepParams) -> None:
        """What may be kept of conversations, in force when a model is loaded the next time."""
        self._keep = keep

    def load_otherwise_after_rest(self, params: LoadParams) -> None:
        """How a model that rests is loaded by the next question."""
        if self.is_resting:
            self._params = params

    def reload(self) -> None:
        """The model that was asked for last, once more; in a new process if the old one died."""
        if self._path is not None:
            self.load(self._path, self._params)

    def generate(
        self,
        system: str,
        history: Sequence[ChatMessage],
        sampling: SamplingParams,
        conversation: str = "",
        *,
        is_gentle: bool = False,
        may_guess: bool = False,
        continues: str = "",
        memory: Memory = NO_MEMORY,
    ) -> int:
        """Answer the last of `history`; waits for a load in progress. Returns the request's id.

        All from `conversation` on are those of `messages.Generate`. Of a long history only what
        can fit into the context is sent."""
        if self._path is None:
            request_id = next(self._ids)
            problem = NoModelLoaded().problem
            self._scheduler.post(lambda: self._tell_failed(request_id, problem, died=False))
            return request_id
        if self._child is None or self._load_id == 0:
            self.reload()
        sent = self._sendable(history, memory)
        command = messages.Generate(
            next(self._ids),
            system,
            sent.messages,
            sampling,
            conversation,
            is_gentle,
            may_guess,
            continues,
            sent.omitted_turns,
            sent.omitted_weight,
            memory,
        )
        self._answers[self._send(command)] = command
        if self.state is EngineState.READY:
            self._set_state(EngineState.GENERATING)
        return command.request_id

    def stop(self, request_id: int) -> None:
        """End an answer soon; a worker that does not obey in time is ended."""
        child = self._child
        is_job = request_id in self._suggesting
        if child is None or not (request_id in self._answers or is_job):
            return
        self._send(messages.Stop(next(self._ids), request_id))

        def insist() -> None:
            loading = self.state is EngineState.LOADING
            # a title that waits for an answer is nothing to insist on
            is_title = request_id in self._suggesting and not self._answers
            is_going_on = request_id in self._answers or is_title
            if child is self._child and is_going_on and not loading:
                self._last_words = WorkerNotResponding().problem
                child.kill()

        self._scheduler.call_later(STOP_PATIENCE_S, insist)

    def forget(self, conversations: Sequence[str]) -> None:
        """Keep nothing more of them in the worker; their files are the caller's matter."""
        if self._child is not None:
            self._send(messages.Forget(next(self._ids), tuple(conversations)))

    def use_template(self, name: str) -> None:
        """Use the known good chat template `name` from now on, the model's own if it is empty.
        Listeners are told of the model as it is then."""
        if self.model is not None:
            self._template_id = self._send(messages.UseTemplate(next(self._ids), name))

    def unload(self) -> None:
        """Give the model's memory back; the process stays."""
        if self._child is not None:
            self._send(messages.Unload(next(self._ids)))
            self._load_id = 0

    def rest(self) -> None:
        """Unload because nobody asks anything; the next question loads the model again."""
        self.is_resting = self.model is not None
        self.unload()

    def _abandon_load(self) -> list[messages.Generate]:
        """A load in progress cannot be called off, its process can be ended: a huge file on a slow
        disk must not stand in the way of another one. Returns the questions that waited for it."""
        if self.state is not EngineState.LOADING or self._child is None:
            return []
        self._child.kill()
        self._child = None
        self._give_up_jobs(NoModelLoaded().problem)
        waiting, self._answers = self._answers, {}
        return list(waiting.values())

    def shut_down(self, timeout_s: float) -> None:
        """End the worker: ask, wait, kill."""
        child, self._child = self._child, None
        if self.state is EngineState.LOADING:
            timeout_s = min(timeout_s, 0.5)  # it does not listen meanwhile, and has nothing to keep
        if child is not None:
            child.send(messages.ShutDown(next(self._ids)))
            for request_id in self._answers:  # a running answer would delay the end
                child.send(messages.Stop(next(self._ids), request_id))
            if not self._is_greeted or not child.wait(timeout_s):  # one that starts has no ears yet
                child.kill()
                child.wait(5.0)
        self.state = EngineState.STOPPED

    def _send(self, command: messages.Command) -> int:
        """Pass it on; returns its id."""
        if self._child is not None:
            self._child.send(command)
        return command.request_id

    def _take(self, child: ChildProcess, event: messages.Event) -> None:  # noqa: C901 - one flat table
        """An event of the worker; one of a former process is dropped."""
        if child is not self._child:
            return
        match event:
            case messages.WorkerReady():
                self._greet(event)
            case messages.Loading(request_id, fraction) if request_id == self._load_id:
                for listener in self._listeners:
                    listener.model_loading(self._path or Path(), fraction)
            case messages.ModelLoaded(request_id, model) if request_id == self._load_id:
                self.model = model
                self._set_state(EngineState.GENERATING if self._answers else EngineState.READY)
                for listener in self._listeners:
                    listener.model_loaded(model)
            case messages.Reading() if event.request_id in self._answers:
                for listener in self._listeners:
                    listener.prompt_read(event)
            case messages.TextProduced() if event.request_id in self._answers:
                for listener in self._listeners:
                    listener.text_produced(event)
            case messages.Finished(request_id, reason, statistics) if request_id in self._answers:
                self._forget(request_id)
                for listener in self._listeners:
                    listener.generation_finished(request_id, reason, statistics)
            case messages.ModelLoaded(request_id, model) if request_id == self._template_id:
                self._change_template(model)
            case messages.Counted():
                self.context_used = event.context_used
                self._take_job(event)
            case messages.Suggested() | messages.Weighed() | messages.Inspected():
                self._take_job(event)
            case messages.ModelUnloaded() if not self._load_id:  # else another load followed
                self.model = None
                self._set_state(EngineState.IDLE)
            case messages.Failed():
                self._failed(event)

    def _greet(self, ready: messages.WorkerReady) -> None:
        self._is_greeted = True
        self.devices, self.no_gpu = ready.devices, ready.no_gpu
        self.engine_version = ready.engine_version
        if ready.protocol != messages.PROTOCOL_VERSION:
            self._last_words = ProtocolMismatch(
                ours=messages.PROTOCOL_VERSION, theirs=ready.protocol
            ).problem
            if self._child is not None:
                self._child.kill()
        elif self.state is EngineState.STARTING:
            self._set_state(EngineState.IDLE)

    def _failed(self, event: messages.Failed) -> None:
        if event.request_id == self._load_id:
            self._load_failed(event)
        elif event.request_id in self._answers:
            self._forget(event.request_id)
            self._tell_failed(event.request_id, event.problem, died=False)
        elif event.request_id == self._template_id and self.model is not None:
            for listener in self._listeners:
                listener.model_failed(self.model.path, event.problem)
        else:
            self._take_job(event)

    def _change_template(self, model: ModelDescription) -> None:
        if self.model is None or model.path != self.model.path:
            return  # another load followed
        self.model = model
        for listener in self._listeners:
            listener.model_loaded(model)

    def _context(self) -> int:
        """Tokens the context has, or will have once the model is loaded."""
        if self.model is not None:
            return self.model.context
        return self._params.context_tokens or DEFAULT_CONTEXT

    def _load_failed(self, event: messages.Failed) -> None:
        """Say so; the model from before goes on where the worker still has it."""
        wanted, kept = self._path or Path(), event.loaded
        if kept is None:
            self._load_id = 0
            self._set_state(EngineState.IDLE)
        else:
            self.model, self._path = kept, kept.path
            self._set_state(EngineState.READY)
        for listener in self._listeners:
            listener.model_failed(wanted, event.problem)
            if kept is not None:
                listener.model_loaded(kept)

    def _forget(self, request_id: int) -> None:
        del self._answers[request_id]
        if not self._answers and self.state is EngineState.GENERATING:
            self._set_state(EngineState.READY)

    def _exited(self, child: ChildProcess, code: int) -> None:
        if child is not self._child:
            return
        self.exit_code = code
        details = tail(self._paths.worker_log)
        problem = self._last_words or (
            why_ended(code, self._paths.worker_log)
            if self._is_greeted
            else WorkerDidNotStart(details).problem
        )
        was_loading = self.state is EngineState.LOADING
        answers, self._answers = self._answers, {}
        self._child, self._load_id, self.model = None, 0, None
        self._give_up_jobs(problem)
        self._set_state(EngineState.STOPPED)
        if was_loading and self._path is not None:
            for listener in self._listeners:
                listener.model_failed(self._path, problem)
        for request_id in answers:
            self._tell_failed(request_id, problem, died=True)
        for listener in self._listeners:
            listener.worker_died(problem)

    def _tell_failed(self, request_id: int, problem: Problem, *, died: bool) -> None:
        for listener in self._listeners:
            listener.generation_failed(request_id, problem, worker_died=died)

    def _set_state(self, state: EngineState) -> None:
        if state is not self.state:
            self.state = state
            for listener in self._listeners:
                listener.engine_changed(state)
