"""The nouns of the domain as frozen dataclasses; what storage returns and services pass on."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import NewType

from app.core.errors import Problem
from app.core.memory import MemoryPolicy

ConversationId = NewType("ConversationId", str)
MessageId = NewType("MessageId", str)
AttachmentId = NewType("AttachmentId", str)
FolderId = NewType("FolderId", str)


class Role(StrEnum):
    """Who wrote a message. The values reach the disk and are never reused."""

    USER = "user"
    ASSISTANT = "assistant"


class Status(StrEnum):
    """How far a message got. The values reach the disk and are never reused."""

    STREAMING = "streaming"  # being written now
    COMPLETE = "complete"  # the model ended by itself, or a person's message
    STOPPED = "stopped"  # the person pressed stop
    CUT_OFF = "cut_off"  # the token limit or the context ended it
    INTERRUPTED = "interrupted"  # the app or the worker ended while it was written
    FAILED = "failed"  # the request failed; the problem says why


class StopReason(StrEnum):
    """Why a generation ended."""

    END = "end"  # the model's own end of turn
    LIMIT = "limit"  # max tokens or a full context
    STOPPED = "stopped"  # asked to stop


@dataclass(frozen=True, slots=True)
class Statistics:
    """Numbers of one answer. Times in seconds, counts in tokens.

    They reach the disk: a field may be added, none changes its meaning.
    """

    prompt_tokens: int = 0
    reused_tokens: int = 0  # of the prompt, in the KV cache already or restored into it
    completion_tokens: int = 0
    ttft_s: float = 0.0  # from the request to the first text
    tokens_per_s: float = 0.0  # of writing, first token excluded
    context_tokens: int = 0  # tokens in the context after the answer
    load_s: float = 0.0  # loading the model, where this answer had to wait for it
    restored_tokens: int = 0  # of those reused: from a kept state
    restore_s: float = 0.0
    shifted_tokens: int = 0  # of those reused: moved up when older turns were dropped
    read_s: float = 0.0  # reading the rest of the prompt
    write_s: float = 0.0  # from the first token to the last
    stop_reason: str = ""  # a StopReason; empty in answers of before
    gpu_layers: int = 0
    layers: int = 0
    thinking_s: float = 0.0  # of writing: from the first to the last of the reasoning
    drafted_tokens: int = 0  # guessed by speculation, and of them how many were right
    accepted_tokens: int = 0
    dropped_turns: int = 0  # left out because the context was full


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a message; its bytes stay in the database until asked for.

    `text` is what the model reads of it, empty for an image, which a model with eyes sees itself.
    """

    id: AttachmentId
    name: str
    media_type: str  # such as image/png, text/plain
    size_bytes: int
    text: str = ""

    @property
    def is_image(self) -> bool:
        """Whether it is a picture."""
        return self.media_type.startswith("image/")


@dataclass(frozen=True, slots=True)
class Message:
    """One node of a conversation's tree. `created_at` is UTC.

    `sibling` is its place, from 1, among the `siblings` that follow the same message, those in the
    bin left out.
    """

    id: MessageId
    conversation_id: ConversationId
    parent_id: MessageId | None
    role: Role
    content: str
    status: Status
    created_at: datetime
    model: str = ""
    statistics: Statistics | None = None
    problem: Problem | None = None
    attachments: tuple[Attachment, ...] = ()
    sibling: int = 1
    siblings: int = 1


@dataclass(frozen=True, slots=True)
class Conversation:
    """One conversation without its messages. `head_id` is the leaf of the branch on show."""

    id: ConversationId
    title: str
    created_at: datetime
    updated_at: datetime
    head_id: MessageId | None = None
    system_prompt: str = ""
    model: str = ""
    folder_id: FolderId | None = None
    is_pinned: bool = False
    is_archived: bool = False
    tags: tuple[str, ...] = ()
    assistant_id: str = ""  # of app.core.prompts; empty without one
    memory: MemoryPolicy | None = None  # None: as the settings say
    sampling: SamplingParams | None = None  # None: as the settings say


@dataclass(frozen=True, slots=True)
class Folder:
    """A place for conversations in the sidebar."""

    id: FolderId
    name: str


@dataclass(frozen=True, slots=True)
class Draft:
    """What is being written and was not sent."""

    text: str = ""
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class SearchHit:
    """A conversation or a message that has the words. `message_id` is None for a title.

    `marks` are the places of the words in `excerpt`: start and length in characters.
    """

    conversation_id: ConversationId
    title: str
    message_id: MessageId | None
    role: Role | None
    excerpt: str
    marks: tuple[tuple[int, int], ...]
    created_at: datetime
    is_archived: bool = False


class BinnedKind(StrEnum):
    """What is in the bin."""

    CONVERSATION = "conversation"
    MESSAGE = "message"  # and what followed it
    PROMPT = "prompt"
    ASSISTANT = "assistant"


@dataclass(frozen=True, slots=True)
class Binned:
    """Something in the bin. `conversation_id` is the id of what it is, except of a message: there
    it is that of its conversation, and `message_id` its own."""

    conversation_id: ConversationId
    title: str
    message_id: MessageId | None
    excerpt: str
    deleted_at: datetime
    kind: BinnedKind = BinnedKind.CONVERSATION


@dataclass(frozen=True, slots=True)
class SamplingParams:
    """How tokens are chosen. `seed` -1 is random; `max_tokens` 0 is the rest of the context.

    Defaults are the project's (design, "Defaults"), every penalty and unusual sampler off. What the
    model itself recommends goes before them, but for the fields named in `pinned` and unless
    `is_own`. Ranges and meanings are llama.cpp's (common/common.h, common_params_sampling).
    """

    temperature: float = 0.7
    top_p: float = 0.95
    top_k: int = 40
    min_p: float = 0.05
    repeat_penalty: float = 1.0
    seed: int = -1
    max_tokens: int = 0
    stop: tuple[str, ...] = ()
    typical_p: float = 1.0
    frequency_penalty: float = 0.0
    presence_penalty: float = 0.0
    penalty_window: int = 64  # tokens that penalties look back; -1 the whole context
    mirostat: int = 0  # 1 or 2: in place of top-k, top-p, min-p and typical-p
    mirostat_tau: float = 5.0
    mirostat_eta: float = 0.1
    dry_multiplier: float = 0.0
    dry_base: float = 1.75
    dry_allowed_length: int = 2
    dry_window: int = -1
    xtc_probability: float = 0.0
    xtc_threshold: float = 0.1
    logit_bias: tuple[tuple[str, float], ...] = ()  # words and what is added to their tokens
    grammar: str = ""  # GBNF
    json_schema: str = ""  # instead of a grammar
    is_own: bool = False
    pinned: tuple[str, ...] = ()


PROCESSOR = "cpu"  # as LoadParams.device: no graphics card


@dataclass(frozen=True, slots=True)
class LoadParams:
    """How a model is loaded. Zero means: let the worker choose.

    `context_tokens` 0: the trained context, at most 8192. `gpu_layers` -1: as many as fit.
    `device` is a ggml name, empty for the graphics card with the most free memory, or 'cpu'.
    """

    context_tokens: int = 0
    batch_tokens: int = 512
    threads: int = 0
    gpu_layers: int = -1
    use_mmap: bool = True
    use_mlock: bool = False
    kv_type: str = "f16"  # or q8_0, q4_0: the type of keys and values in the KV cache
    flash_attention: str = "auto"  # or on, off
    device: str = ""
    is_experts_on_cpu: bool = False  # the expert tensors of a mixture of experts stay in memory


@dataclass(frozen=True, slots=True)
class KeepParams:
    """What is kept of conversations that were read, in bytes; 0 keeps nothing.

    Of memory a sixteenth of the computer's is taken at most. Without a `folder` the disk is left
    alone; with one and 0 bytes, what is there goes.
    """

    folder: Path | None = None
    memory_bytes: int = 1 << 30
    disk_bytes: int = 0


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One message as the model sees it.

    `key` is the message's id where it has one. `attached` says what `content` begins with: the id
    of each attached file and how many characters of `content` are its text. What `is_pinned` is
    never left out, nor what it belongs with: a question with its answer.
    """

    role: Role
    content: str
    images: tuple[bytes, ...] = ()  # encoded, such as PNG; only for models that can see
    key: str = ""
    attached: tuple[tuple[str, int], ...] = ()
    is_pinned: bool = False


@dataclass(frozen=True, slots=True)
class Device:
    """One compute device as ggml lists it; memory in bytes, 0 where it does not say."""

    name: str
    description: str
    kind: str  # cpu, gpu, igpu, accelerator
    total_bytes: int = 0
    free_bytes: int = 0

    @property
    def is_card(self) -> bool:
        """Whether layers of a model can be put on it."""
        return self.kind in ("gpu", "igpu")

    @property
    def has_own_memory(self) -> bool:
        """Whether its memory is not the computer's own."""
        return self.kind == "gpu"


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a loaded model is. Layers count the output layer, as llama.cpp does; bytes are those
    of weights, KV cache and buffers together. `device` is empty where all is in memory."""

    device: str = ""
    description: str = ""
    gpu_layers: int = 0
    layers: int = 0
    device_bytes: int = 0
    host_bytes: int = 0
    kv_type: str = "f16"
    is_flash: bool = False
    threads: int = 0


class FindingKind(StrEnum):
    """What the template doctor looks for."""

    NO_TEMPLATE = "no_template"
    BROKEN = "broken"  # it renders nothing, fails, or was stopped; `details` says why
    NO_GENERATION_PROMPT = "no_generation_prompt"
    DOUBLE_BOS = "double_bos"
    SYSTEM_IGNORED = "system_ignored"
    SYSTEM_REFUSED = "system_refused"
    MUST_ALTERNATE = "must_alternate"
    END_NOT_STOPPING = "end_not_stopping"  # `details` is the end of turn
    OPEN_THINK = "open_think"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing about a chat template. `is_handled`: Inglenook makes up for it by itself."""

    kind: FindingKind
    is_handled: bool = True
    details: str = ""


@dataclass(frozen=True, slots=True)
class ModelDescription:
    """What was loaded. Context sizes in tokens; `template_source` is 'model' or 'fallback'.

    `advice` is what the model recommends for sampling, by names of SamplingParams.
    """

    path: Path
    name: str
    architecture: str
    trained_context: int
    context: int
    template_source: str
    parameters: int = 0
    size_bytes: int = 0
    placement: Placement = field(default_factory=Placement)
    params: LoadParams = field(default_factory=LoadParams)
    load_s: float = 0.0
    advice: tuple[tuple[str, float], ...] = ()
    can_shift: bool = True
    can_roll_back: bool = True
    can_see: bool = False  # images go to it, through the projector beside its file
    findings: tuple[Finding, ...] = ()  # what is unusual about its chat template
    template_name: str = ""  # of a known good template in place of the model's own


@dataclass(frozen=True, slots=True)
class LocalModel:
    """A GGUF file found on disk; `problem` says why it cannot be used.

    `is_read` is false while its whole header was not read: it may yet turn out to be broken.
    """

    path: Path
    name: str
    size_bytes: int
    architecture: str = ""
    quantization: str = ""
    parameters: int = 0
    trained_context: int = 0
    has_chat_template: bool = False
    is_starter: bool = False
    is_read: bool = True
    problem: Problem | None = field(default=None)


def new_id() -> str:
    """A random identifier: 16 hexadecimal characters, 64 bits."""
    return secrets.token_hex(8)


def utc_now() -> datetime:
    """The present moment in UTC."""
    return datetime.now(UTC)
