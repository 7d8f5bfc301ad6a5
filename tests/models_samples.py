"""Made-up models, fits and downloads for the tests of the Models page."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from app.core.entities import LocalModel
from app.core.errors import ModelFileTruncated
from app.core.models_entities import (
    CatalogueEntry,
    Download,
    DownloadJob,
    DownloadState,
    Fit,
    FitVerdict,
    ModelHit,
    RemoteFile,
    RepoDetails,
    Variant,
)

GIB = 1 << 30
FOLDER = Path("/models")

CARD = """---
license: apache-2.0
---
<!-- a comment -->
<div align="center">
    <img src="https://tracker.example/pixel.png">
</div>

# About it

![a picture](https://tracker.example/other.png) Some **prose** <br> here.

- one
  - nested

```html
<b>code stays</b>
```
"""


def fit(verdict: FitVerdict, *, is_exact: bool = True) -> Fit:
    """7 GiB needed, 16 free in memory, 8 on a GPU."""
    return Fit(
        verdict=verdict,
        weights_bytes=5 * GIB,
        kv_cache_bytes=1 * GIB,
        buffers_bytes=1 * GIB,
        context=8192,
        largest_context=16384,
        free_ram_bytes=16 * GIB,
        free_device_bytes=8 * GIB,
        gpu_layers=21,
        is_exact=is_exact,
    )


def entry(
    repo: str, name: str, *kinds: str, languages: tuple[str, ...] = ("en",)
) -> CatalogueEntry:
    """A recommended model of 5 GiB."""
    return CatalogueEntry(
        repo=repo,
        file="m-Q4_K_M.gguf",
        name=name,
        family=name.split(maxsplit=1)[0],
        parameters=7_600_000_000,
        context=32768,
        size_bytes=5 * GIB,
        licence="apache-2.0",
        languages=languages,
        kinds=kinds,
        summary=f"About {name}",
    )


CATALOGUE = (
    entry("acme/owl-GGUF", "Owl 7B", "chat", "multilingual", languages=("en", "zh")),
    entry("acme/wren-GGUF", "Wren Coder", "chat", "code"),
    entry("acme/heron-GGUF", "Heron", "reasoning"),
)
FITS = {
    "acme/owl-GGUF": fit(FitVerdict.GPU),
    "acme/wren-GGUF": fit(FitVerdict.PARTLY),
    "acme/heron-GGUF": fit(FitVerdict.TOO_BIG),
}


def variant(name: str, gib: int, *, is_complete: bool = True) -> Variant:
    """One file."""
    return Variant(name, (RemoteFile(f"m-{name}.gguf", gib * GIB, "a" * 64),), is_complete)


def details(
    repo: str = "acme/owl-GGUF", *, is_gated: bool = False, card: str = CARD
) -> RepoDetails:
    """A repository with three variants, one of them incomplete."""
    return RepoDetails(
        repo=repo,
        commit="c" * 40,
        variants=(
            variant("Q2_K", 3),
            variant("Q4_K_M", 5),
            variant("BF16", 15, is_complete=False),
        ),
        card=card,
        licence="apache-2.0",
        is_gated=is_gated,
        downloads=1_234_567,
        likes=12,
        updated_at=datetime(2026, 5, 9, tzinfo=UTC),
        architecture="owl",
        parameters=7_600_000_000,
        trained_context=32768,
        url=f"https://hub.example/{repo}",
    )


VARIANT_FITS = {"Q2_K": fit(FitVerdict.GPU), "Q4_K_M": fit(FitVerdict.MEMORY, is_exact=False)}
HITS = (
    ModelHit("acme/owl-GGUF", downloads=1_200_000, licence="mit", parameters=135_000_000),
    ModelHit("acme/wren-GGUF", is_gated=True),
)


def download(
    number: int, state: DownloadState, done_gib: float = 0, speed: float = 0, **more: object
) -> Download:
    """Of 10 GiB."""
    job = DownloadJob(
        id=f"job{number}",
        repo="acme/owl-GGUF",
        commit="c" * 40,
        title=f"Owl {number}",
        files=(RemoteFile(f"m-{number}.gguf", 10 * GIB),),
    )
    return Download(job, state, int(done_gib * GIB), speed, **more)  # type: ignore[arg-type]


def local(name: str, gib: int = 4, *, is_broken: bool = False) -> LocalModel:
    """A file in the models folder."""
    problem = ModelFileTruncated(name=f"{name}.gguf", have="1", need="2").problem
    return LocalModel(
        path=FOLDER / f"{name}.gguf",
        name=name,
        size_bytes=gib * GIB,
        architecture="owl",
        quantization="Q4_K_M",
        parameters=7_600_000_000,
        trained_context=32768,
        problem=problem if is_broken else None,
    )
