"""Finding models on the hub and judging whether they fit; waits for the network and the disk."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from app.core.entities import Device, LoadParams
from app.core.errors import AppError
from app.core.hub_errors import HubFileNotFound
from app.core.models_entities import (
    CatalogueEntry,
    DownloadJob,
    Fit,
    FitVerdict,
    HubAccess,
    RepoDetails,
    SearchPage,
    SearchQuery,
    Variant,
)
from app.core.settings import Settings
from app.hub.catalogue import load_catalogue
from app.hub.files import recommended
from app.hub.token import read_token
from app.models.fit import estimate, estimate_by_size
from app.models.gguf import GgufHeader
from app.models.hardware import free_ram_bytes
from app.models.memory import context_for
from app.models.remote_gguf import read_header_from
from app.services.addresses import may_have_token

if TYPE_CHECKING:
    from app.hub.client import HubClient


def access_from(settings: Settings) -> HubAccess:
    """How to reach the hub under these settings; asks the keyring for the token.

    A mirror gets it only where the person agreed.
    """
    is_wanted = not settings.is_offline and may_have_token(settings)
    token = read_token() if is_wanted else ""
    return HubAccess(settings.hub_endpoint, settings.proxy, token, settings.is_offline)


class ModelHub:
    """Search, pages of repositories and fit, by the settings in force at each call."""

    def __init__(
        self,
        access: Callable[[], HubAccess],
        devices: Callable[[], Sequence[Device]] = tuple,
        params: Callable[[], LoadParams] = LoadParams,
    ) -> None:
        self._access = access
        self._devices = devices
        self._params = params

    @contextlib.contextmanager
    def _client(self) -> Iterator[HubClient]:
        from app.hub.client import HubClient  # the window starts without it

        with contextlib.closing(HubClient(self._access())) as client:
            yield client

    def catalogue(self) -> tuple[CatalogueEntry, ...]:
        """The recommended models; needs no network."""
        return load_catalogue()

    def catalogue_fits(self) -> dict[str, Fit]:
        """Repository -> whether its recommended file fits, from its size alone."""
        return {
            entry.repo: self._by_size(entry.size_bytes, entry.parameters, entry.context)
            for entry in self.catalogue()
        }

    def search(self, query: SearchQuery) -> SearchPage:
        """One page of hits. Raises a HubError."""
        with self._client() as client:
            return client.search(query)

    def details(self, repo: str, revision: str = "main") -> RepoDetails:
        """A repository's page, pinned to its present commit. Raises a HubError."""
        with self._client() as client:
            return client.details(repo, revision)

    def fits(self, details: RepoDetails) -> dict[str, Fit]:
        """Variant -> fit. Reads the header of one file; without it sizes must do."""
        header = None
        with contextlib.suppress(AppError):
            header = self.header(details)
        return {variant.name: self._fit(variant, details, header) for variant in details.variants}

    def header(self, details: RepoDetails) -> GgufHeader | None:
        """The beginning of the smallest variant: all have the same layers."""
        complete = [variant for variant in details.variants if variant.is_complete]
        if not complete:
            return None
        first = complete[0].files[0]
        with self._client() as client:

            def read(start: int, length: int) -> bytes:
                return client.read_range(details.repo, details.commit, first.path, start, length)

            return read_header_from(read, first.size_bytes, first.path)

    def recommended(self, details: RepoDetails, fits: dict[str, Fit]) -> Variant | None:
        """The best variant that fits this machine."""
        return recommended(
            details.variants,
            lambda variant: (
                variant.name in fits and fits[variant.name].verdict is not FitVerdict.TOO_BIG
            ),
        )

    def _fit(self, variant: Variant, details: RepoDetails, header: GgufHeader | None) -> Fit:
        if header is None:
            return self._by_size(variant.size_bytes, details.parameters, details.trained_context)
        wanted = self._wanted(header.trained_context)
        return estimate(header, variant.size_bytes, wanted, free_ram_bytes(), self._devices())

    def _by_size(self, size_bytes: int, parameters: int, trained_context: int) -> Fit:
        return estimate_by_size(
            size_bytes,
            parameters,
            trained_context,
            self._wanted(trained_context),
            free_ram_bytes(),
            self._devices(),
        )

    def _wanted(self, trained: int) -> int:
        return context_for(self._params().context_tokens, trained)


def job_for(details: RepoDetails, variant: Variant) -> DownloadJob:
    """What to fetch: all files of `variant`, and the smallest projector where there is one."""
    projectors = sorted(details.projectors, key=lambda file: file.size_bytes)[:1]
    name = details.repo.rpartition("/")[2].removesuffix("-GGUF")
    return DownloadJob(
        id=hashlib.sha256(f"{details.repo}@{details.commit}:{variant.name}".encode()).hexdigest()[
            :24
        ],
        repo=details.repo,
        commit=details.commit,
        title=f"{name} · {variant.name}",
        files=(*variant.files, *projectors),
    )


def variant_named(details: RepoDetails, *, quantization: str = "", file: str = "") -> Variant:
    """The variant a person named. Raises HubFileNotFound."""
    for variant in details.variants:
        is_file = bool(file) and any(
            f.path == file or f.path.endswith(f"/{file}") for f in variant.files
        )
        if is_file or (quantization and variant.name.lower() == quantization.lower()):
            return variant
    raise HubFileNotFound(repo=details.repo, file=file or quantization)
