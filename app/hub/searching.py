"""A search in the Hub's words, and what the Hub does not filter by."""

from __future__ import annotations

from app.core.models_entities import ModelHit, SearchQuery

PAGE_SIZE = 25
EXPAND = ("downloads", "likes", "gated", "gguf", "lastModified", "createdAt", "tags")


def search_params(query: SearchQuery, cursor: str) -> list[tuple[str, str]]:
    """The parameters of GET /api/models for one page."""
    params = [("filter", "gguf")]
    if query.licence:
        params.append(("filter", f"license:{query.licence}"))
    if query.language:
        params.append(("filter", query.language))
    if query.text.strip():
        params.append(("search", query.text.strip()[:200]))
    if query.max_parameters:
        params.append(("num_parameters", f"max:{_rounded(query.max_parameters)}"))
    params += [("sort", query.sort.value), ("limit", str(PAGE_SIZE))]
    params += [("expand", key) for key in EXPAND]
    return params + ([("cursor", cursor)] if cursor else [])


def _rounded(parameters: int) -> str:
    """As the Hub writes it: 8B, 500M."""
    factor, unit = (10**9, "B") if parameters >= 10**9 else (10**6, "M")
    return f"{parameters / factor:g}{unit}"


def matches(hit: ModelHit, query: SearchQuery) -> bool:
    """Whether what the Hub cannot filter by, or a mirror did not, is right too."""
    if query.architecture and hit.architecture.lower() != query.architecture.lower():
        return False
    return not query.max_parameters or 0 < hit.parameters <= query.max_parameters
