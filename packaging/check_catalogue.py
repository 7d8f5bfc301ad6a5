"""Checks the catalogue of models against a hub: `python packaging/check_catalogue.py`.

Asks for every repository, prints what differs, and ends with 1 if anything does (2: an entry could
not be checked at all). With --write it takes over what the hub says and removes it from
`unverified`; what only a person can judge (name, languages, summaries) stays as it is.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from app.core.errors import AppError
from app.core.hub_errors import RepoNotFound
from app.core.models_entities import CatalogueEntry, HubAccess, RepoDetails, Variant
from app.hub.catalogue import VERSION, load_catalogue
from app.hub.client import HubClient

CATALOGUE = Path(__file__).parents[1] / "resources" / "catalogue.json"
SAME, DIFFERENT, NOT_CHECKED = 0, 1, 2


def main(arguments: list[str] | None = None) -> int:
    """Check, print, perhaps write; returns the exit code."""
    parser = argparse.ArgumentParser(description="Check the catalogue against a model hub.")
    parser.add_argument("--endpoint", default="", help="address of the hub or of a mirror")
    parser.add_argument("--write", action="store_true", help="take over what the hub says")
    parser.add_argument("--catalogue", type=Path, default=CATALOGUE, help="the file to check")
    options = parser.parse_args(arguments)
    try:
        entries = load_catalogue(options.catalogue)
        client = HubClient(HubAccess(endpoint=options.endpoint))
    except AppError as error:
        print(f"{error} {error.problem.details}")
        return NOT_CHECKED
    results = [check(client, entry) for entry in entries]
    client.close()
    if options.write:
        write(options.catalogue, [entry for entry, _ in results])
    worst = max((code for _, code in results), default=SAME)
    good = sum(1 for _, code in results if code == SAME)
    print(f"{good} of {len(results)} entries are as the hub says.")
    return worst


def check(client: HubClient, entry: CatalogueEntry) -> tuple[CatalogueEntry, int]:
    """The entry as the hub says it is, and how it compares; prints the differences."""
    try:
        details = client.details(entry.repo)
    except RepoNotFound as error:  # the hub's word on the entry, not a failure of the check
        print(f"{entry.repo}: {error}")
        return entry, DIFFERENT
    except AppError as error:
        print(f"{entry.repo}: not checked: {error}")
        return entry, NOT_CHECKED
    known = known_facts(entry, details)
    if "file" not in known:
        print(f"{entry.repo}: no file {entry.file}; there are {', '.join(files_of(details))}")
    changes = dict(differences(entry, known))
    for name, value in changes.items():
        print(f"{entry.repo}: {name} is {value!r}, not {getattr(entry, name)!r}")
    left = tuple(name for name in entry.unverified if name not in known)
    is_same = "file" in known and not changes
    return replace(entry, **known, unverified=left), SAME if is_same else DIFFERENT


def known_facts(entry: CatalogueEntry, details: RepoDetails) -> dict[str, Any]:
    """Fields on which the hub has a word, with it."""
    known: dict[str, Any] = {"repo": entry.repo, "is_gated": details.is_gated}
    if details.licence:
        known["licence"] = details.licence
    if details.parameters:
        known["parameters"] = details.parameters
    if details.trained_context:
        known["context"] = details.trained_context
    variant = find_variant(entry, details)
    if variant is not None:
        known |= {"file": entry.file, "size_bytes": variant.size_bytes}
    return known


def find_variant(entry: CatalogueEntry, details: RepoDetails) -> Variant | None:
    """The complete variant whose first file is the entry's."""
    for variant in details.variants:
        if variant.is_complete and variant.files and variant.files[0].path == entry.file:
            return variant
    return None


def files_of(details: RepoDetails) -> list[str]:
    """The first file of each variant."""
    return [variant.files[0].path for variant in details.variants if variant.files]


def differences(entry: CatalogueEntry, known: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Fields in which the hub's word is another than the entry's."""
    for name, value in known.items():
        if getattr(entry, name) != value:
            yield name, value


def write(path: Path, entries: list[CatalogueEntry]) -> None:
    """Put the entries into the file, laid out as it is in the repository."""
    listed = [asdict(entry) for entry in entries]
    document = {"version": VERSION, "entries": listed}
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
