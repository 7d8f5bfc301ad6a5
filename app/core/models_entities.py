"""Models as the world has them: hits of a search, a repository's variants, downloads, fit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.core.entities import ConversationId
from app.core.errors import Problem


class SearchSort(StrEnum):
    """Order of search results; the values are the Hub's words for it."""

    TRENDING = "trendingScore"
    DOWNLOADS = "downloads"
    LIKES = "likes"
    NEWEST = "createdAt"


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """What to look for. Empty texts and 0 do not filter; `cursor` continues an earlier page."""

    text: str = ""
    sort: SearchSort = SearchSort.TRENDING
    licence: str = ""  # the Hub's identifier, such as apache-2.0
    language: str = ""  # ISO 639-1
    architecture: str = ""  # GGUF's word, such as llama
    max_parameters: int = 0
    cursor: str = ""


@dataclass(frozen=True, slots=True)
class ModelHit:
    """One repository in a list. `parameters` and `trained_context` (tokens) 0: not said."""

    repo: str
    downloads: int = 0
    likes: int = 0
    updated_at: datetime | None = None
    licence: str = ""
    is_gated: bool = False
    architecture: str = ""
    parameters: int = 0
    trained_context: int = 0


@dataclass(frozen=True, slots=True)
class SearchPage:
    """Some hits; `next_cursor` is empty after the last."""

    hits: tuple[ModelHit, ...]
    next_cursor: str = ""


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """One file of a repository; `sha256` is empty for small files kept in git."""

    path: str
    size_bytes: int
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Variant:
    """One quantization: one file, or all parts of a split model in order."""

    name: str  # Q4_K_M; the file's name where none can be read from it
    files: tuple[RemoteFile, ...]
    is_complete: bool = True  # all parts are there

    @property
    def size_bytes(self) -> int:
        """Of all parts together."""
        return sum(file.size_bytes for file in self.files)


@dataclass(frozen=True, slots=True)
class RepoDetails:
    """A repository's page. `commit` has 40 hexadecimal digits; `card` is Markdown, untrusted."""

    repo: str
    commit: str
    variants: tuple[Variant, ...]
    projectors: tuple[RemoteFile, ...] = ()  # mmproj: what lets a model see pictures
    card: str = ""
    licence: str = ""
    is_gated: bool = False
    downloads: int = 0
    likes: int = 0
    updated_at: datetime | None = None
    architecture: str = ""
    parameters: int = 0
    trained_context: int = 0
    url: str = ""  # of its page, where terms are accepted


class FitVerdict(StrEnum):
    """Whether a model fits this computer."""

    GPU = "gpu"  # all of it in the memory of a graphics device
    PARTLY = "partly"  # some layers on the device, the rest in memory
    MEMORY = "memory"  # in memory, on the processor: slow
    TOO_BIG = "too_big"


@dataclass(frozen=True, slots=True)
class Fit:
    """The verdict and the numbers behind it, in bytes; contexts in tokens."""

    verdict: FitVerdict
    weights_bytes: int
    kv_cache_bytes: int
    buffers_bytes: int
    context: int
    largest_context: int  # that fits, at most what the model was trained for; 0 where none does
    free_ram_bytes: int
    free_device_bytes: int = 0
    gpu_layers: int = 0
    is_exact: bool = True  # False: from the size alone, the header is not known

    @property
    def needed_bytes(self) -> int:
        """All of it together."""
        return self.weights_bytes + self.kv_cache_bytes + self.buffers_bytes


class DownloadState(StrEnum):
    """How far a download got. The values reach the disk and are never reused."""

    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"  # for the next try
    PAUSED = "paused"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class DownloadJob:
    """One model to fetch: all files of a variant, and its projector; pinned to a commit."""

    id: str
    repo: str
    commit: str
    title: str  # for people: repository's name and quantization
    files: tuple[RemoteFile, ...]


@dataclass(frozen=True, slots=True)
class Download:
    """A job and how far it is. Bytes over all files; `speed` in bytes per second, 0: not known."""

    job: DownloadJob
    state: DownloadState
    done_bytes: int = 0
    speed: float = 0.0
    problem: Problem | None = None
    path: str = ""  # of the model's first file, once it is DONE

    @property
    def total_bytes(self) -> int:
        """Of all files together."""
        return sum(file.size_bytes for file in self.job.files)

    @property
    def seconds_left(self) -> float | None:
        """At the present speed; None where there is none."""
        return (self.total_bytes - self.done_bytes) / self.speed if self.speed > 0 else None


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """One recommended model. `context` in tokens; `unverified` names fields nobody checked."""

    repo: str
    file: str  # the recommended quantization's file name
    name: str
    family: str
    parameters: int
    context: int
    size_bytes: int
    licence: str
    languages: tuple[str, ...]
    kinds: tuple[str, ...]  # chat, code, reasoning, multilingual, vision, embedding
    summary: str
    summary_zh_CN: str = ""  # noqa: N815 - a locale's name; never empty in the catalogue's file
    is_gated: bool = False
    unverified: tuple[str, ...] = ()
    original: str = ""  # the makers' own repository; it may be gated where `repo` is not


@dataclass(frozen=True, slots=True)
class HubAccess:
    """How to reach the hub: from the settings; the token from the keyring."""

    endpoint: str = ""  # empty: the Hub library's own
    proxy: str = ""
    token: str = ""
    is_offline: bool = False


@dataclass(frozen=True, slots=True)
class ModelUsage:
    """Where a model answered: (id, title) of each conversation, the one changed last first.

    `last_used` is UTC and counts conversations in the bin too; None: never.
    """

    last_used: datetime | None = None
    conversations: tuple[tuple[ConversationId, str], ...] = ()
