"""Everything that crosses the pipe between the window's process and the worker.

Frozen dataclasses, pickled by `multiprocessing.Pipe` between our own two processes only.
Every command carries its own `request_id`; events that answer it carry the same one.
A changed meaning bumps `PROTOCOL_VERSION`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from app.core.entities import (
    ChatMessage,
    Device,
    KeepParams,
    LoadParams,
    ModelDescription,
    SamplingParams,
    Statistics,
    StopReason,
)
from app.core.errors import Problem
from app.core.memory import Memory, Part, Piece

PROTOCOL_VERSION = 4


# Commands: window -> worker


@dataclass(frozen=True, slots=True)
class Load:
    """Load `path` in place of what is loaded. Answers: Loading*, ModelLoaded or Failed.

    `choices` is the file that says for which models (by hash) a known good chat template is used
    in place of their own.
    """

    request_id: int
    path: Path
    params: LoadParams
    keep: KeepParams = field(default_factory=KeepParams)
    choices: Path | None = None


@dataclass(frozen=True, slots=True)
class UseTemplate:
    """Use the known good chat template `name` from now on; empty: the model's own.
    Answers: ModelLoaded or Failed."""

    request_id: int
    name: str


@dataclass(frozen=True, slots=True)
class Generate:
    """Answer the last of `messages`. Answers: Reading*, TextProduced*, then Finished or Failed.

    `conversation` names what is kept of it for later; empty where nothing shall be. `is_gentle`
    halves the threads while there is no mains; `may_guess` allows speculation.

    `continues` is what was written of the answer already: the model goes on in the middle of it,
    and TextProduced carries only what is new. `omitted_turns` messages from the beginning of the
    conversation were not sent, because they cannot fit; `omitted_weight` is what
    `app.core.history.weight` made of them.
    """

    request_id: int
    system: str
    messages: tuple[ChatMessage, ...]
    sampling: SamplingParams
    conversation: str = ""
    is_gentle: bool = False
    may_guess: bool = False
    continues: str = ""
    omitted_turns: int = 0
    omitted_weight: int = 0
    memory: Memory = field(default_factory=Memory)


@dataclass(frozen=True, slots=True)
class Weigh:
    """Say what the next prompt would be made of, with `draft` as the last question (attached files
    as `ChatMessage.attached`; None: nothing is being written). Also while an answer is written.
    Answers: Weighed, unless another Weigh follows before it was begun: only the newest is answered.
    """

    request_id: int
    system: str
    messages: tuple[ChatMessage, ...]
    draft: ChatMessage | None = None
    omitted_turns: int = 0
    omitted_weight: int = 0
    memory: Memory = field(default_factory=Memory)


@dataclass(frozen=True, slots=True)
class Inspect:
    """Show the prompt that Generate would read for the same contents. Answers: Inspected or Failed,
    also while an answer is written."""

    request_id: int
    system: str
    messages: tuple[ChatMessage, ...]
    continues: str = ""
    omitted_turns: int = 0
    omitted_weight: int = 0
    memory: Memory = field(default_factory=Memory)


@dataclass(frozen=True, slots=True)
class Forget:
    """Keep nothing more of these conversations, without any of none at all; no event of its own."""

    request_id: int
    conversations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stop:
    """End the generation `target_id` soon; no event of its own. Unknown targets are ignored."""

    request_id: int
    target_id: int


@dataclass(frozen=True, slots=True)
class Suggest:
    """Say something about the conversation, and forget that it was asked. `kind`: a "title", a
    "summary", or "facts" about the person worth keeping, one a line. Answers: Suggested or Failed.

    It is asked at the end of what the model read of the conversation, which is left as it was. A
    Generate that arrives ends it at once, and so does Stop: then `is_whole` is false, and the text
    is what there is of a summary, else empty. `begun` is what there was of it before.
    """

    request_id: int
    system: str
    history: tuple[ChatMessage, ...]
    kind: str = "title"
    conversation: str = ""
    omitted_turns: int = 0
    omitted_weight: int = 0
    memory: Memory = field(default_factory=Memory)
    begun: str = ""


@dataclass(frozen=True, slots=True)
class Count:
    """Count the tokens of these texts together, also while an answer is written. Answers: Counted,
    unless another Count follows before it was begun: only the newest is answered."""

    request_id: int
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unload:
    """Free the model. Answers: ModelUnloaded."""

    request_id: int


@dataclass(frozen=True, slots=True)
class ShutDown:
    """End the process. The pipe closes; no event."""

    request_id: int


Command = (
    Load
    | UseTemplate
    | Generate
    | Weigh
    | Inspect
    | Forget
    | Stop
    | Suggest
    | Count
    | Unload
    | ShutDown
)


# Events: worker -> window


@dataclass(frozen=True, slots=True)
class WorkerReady:
    """First event of every worker. `no_gpu` says why there is no graphics card among `devices`."""

    protocol: int
    engine_version: str
    devices: tuple[Device, ...]
    no_gpu: Problem | None = None


@dataclass(frozen=True, slots=True)
class Loading:
    """The model is being read; `fraction` from 0 to 1."""

    request_id: int
    fraction: float


@dataclass(frozen=True, slots=True)
class ModelLoaded:
    """The model answers from now on."""

    request_id: int
    model: ModelDescription


@dataclass(frozen=True, slots=True)
class Reading:
    """The prompt is being read: `done` of `total` tokens that are not in the KV cache yet."""

    request_id: int
    done: int
    total: int
    seconds_left: float


@dataclass(frozen=True, slots=True)
class TextProduced:
    """The next piece of the answer. Tokens: of the answer so far, and in the context."""

    request_id: int
    text: str
    completion_tokens: int
    context_tokens: int


@dataclass(frozen=True, slots=True)
class Finished:
    """The answer is over."""

    request_id: int
    reason: StopReason
    statistics: Statistics


@dataclass(frozen=True, slots=True)
class Suggested:
    """The answer to Suggest, cleaned; empty where it was ended or nothing sensible came."""

    request_id: int
    text: str
    is_whole: bool = True


@dataclass(frozen=True, slots=True)
class Weighed:
    """The answer to Weigh; -1 for `context` without a model.

    `parts` in the order of the prompt, messages that were not sent left out. `dropped` are the keys
    of messages that the prompt of before the draft still had, and that make room for it now.
    `is_full`: something has to be left out (or would have to, where the policy is to ask).
    `room` is what is kept free for the answer at least, in tokens; `total` is the whole prompt.
    """

    request_id: int
    parts: tuple[Part, ...]
    total: int
    context: int
    room: int
    dropped: tuple[str, ...] = ()
    is_full: bool = False


@dataclass(frozen=True, slots=True)
class Inspected:
    """The prompt as it is: `reused` of its `total` tokens would come from the KV cache now."""

    request_id: int
    pieces: tuple[Piece, ...]
    total: int
    reused: int
    context: int
    template_name: str = ""  # of a known good template; empty for the model's own


@dataclass(frozen=True, slots=True)
class Counted:
    """The answer to Count; -1 without a model. `context_used` is what the KV cache holds now."""

    request_id: int
    tokens: int
    context_used: int = -1


@dataclass(frozen=True, slots=True)
class ModelUnloaded:
    """The model's memory was given back."""

    request_id: int


@dataclass(frozen=True, slots=True)
class Failed:
    """The request failed. `loaded` is the model that a failed Load left in place, if any."""

    request_id: int
    problem: Problem
    loaded: ModelDescription | None = None


@dataclass(frozen=True, slots=True)
class WorkerExited:
    """Made by the parent when the process is gone. `exit_code` is negative for a signal."""

    exit_code: int
    log_tail: str


Event = (
    WorkerReady
    | Loading
    | ModelLoaded
    | Reading
    | TextProduced
    | Finished
    | Suggested
    | Counted
    | Weighed
    | Inspected
    | ModelUnloaded
    | Failed
    | WorkerExited
)
