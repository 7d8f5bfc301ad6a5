"""The person's own prompts, each with all its versions, the bin, and what was answered last."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from app.core.entities import new_id, utc_now
from app.core.prompt_documents import BadDocument, document_of, prompt_from
from app.core.prompt_errors import PromptNameTaken, PromptNotFound
from app.core.prompts import Prompt, PromptId
from app.storage.database import Database

_NEWEST = """SELECT id, name, folder, number, document, version.created_at AS changed_at, deleted_at
    FROM prompt JOIN prompt_version AS version ON prompt_id = id
    WHERE number = (SELECT max(number) FROM prompt_version WHERE prompt_id = prompt.id)"""


class Prompts:
    """Keeps prompts. Name and folder are the prompt's, the rest is a version's."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[Prompt]:
        """Those out of the bin in their newest version, by folder and title."""
        rows = self._database.rows(f"{_NEWEST} AND deleted_at IS NULL")
        return sorted(_readable(rows), key=_order)

    def get(self, prompt_id: PromptId) -> Prompt:
        """The newest version, also of one in the bin. Raises PromptNotFound."""
        found = _readable(self._database.rows(f"{_NEWEST} AND id = ?", (prompt_id,)))
        if not found:
            raise PromptNotFound(name=prompt_id)
        return found[0]

    def versions(self, prompt_id: PromptId) -> list[Prompt]:
        """All of them, the newest first."""
        rows = self._database.rows(
            "SELECT id, name, folder, number, document, version.created_at AS changed_at"
            " FROM prompt JOIN prompt_version AS version ON prompt_id = id"
            " WHERE id = ? ORDER BY number DESC",
            (prompt_id,),
        )
        return _readable(rows)

    def save(self, prompt: Prompt) -> Prompt:
        """Keep a new prompt, where it has no id, or a new version; returns it as it is kept.

        Only another name or folder makes no version; nor does what is as it was. Raises
        PromptNameTaken, PromptNotFound.
        """
        with self._database.transaction():
            self._check_name(prompt)
            if not prompt.id:
                return self._add(prompt)
            before = self.get(prompt.id)
            self._database.execute(
                "UPDATE prompt SET name = ?, folder = ?, deleted_at = NULL WHERE id = ?",
                (prompt.name, prompt.folder, prompt.id),
            )
            if _document(before) != _document(prompt):
                self._add_version(prompt, before.version + 1)
        return self.get(prompt.id)

    def restore(self, prompt_id: PromptId, version: int) -> Prompt:
        """What version `version` was becomes the newest. Raises PromptNotFound."""
        for old in self.versions(prompt_id):
            if old.version == version:
                return self.save(old)
        raise PromptNotFound(name=prompt_id)

    def import_all(self, prompts: Iterable[Prompt]) -> list[Prompt]:
        """Keep new prompts; where a name is taken it gets a number. All or none."""
        with self._database.transaction():
            taken = self._names()
            kept = []
            for prompt in prompts:
                name = unused_name(prompt.name, taken)
                taken.add(name.casefold())
                kept.append(self._add(replace(prompt, name=name)))
        return kept

    def delete(self, ids: Iterable[PromptId]) -> None:
        """Move prompts to the bin; their names are free again."""
        now = utc_now().isoformat()
        with self._database.transaction():
            self._database.many(
                "UPDATE prompt SET deleted_at = ? WHERE id = ? AND deleted_at IS NULL",
                [(now, each) for each in ids],
            )

    def take_out(self, ids: Iterable[PromptId]) -> None:
        """Take prompts out of the bin; where a name was given to another one, it gets a number."""
        with self._database.transaction():
            taken = self._names()
            for prompt_id in ids:
                rows = self._database.rows(
                    "SELECT name FROM prompt WHERE id = ? AND deleted_at IS NOT NULL", (prompt_id,)
                )
                if not rows:
                    continue
                name = unused_name(rows[0]["name"], taken)
                taken.add(name.casefold())
                self._database.execute(
                    "UPDATE prompt SET name = ?, deleted_at = NULL WHERE id = ?", (name, prompt_id)
                )

    def binned(self) -> list[tuple[Prompt, datetime]]:
        """What is in the bin and when it went there, the one deleted last first."""
        rows = self._database.rows(
            f"{_NEWEST} AND deleted_at IS NOT NULL ORDER BY deleted_at DESC, prompt.rowid DESC"
        )
        return [
            (prompt, datetime.fromisoformat(row["deleted_at"]))
            for row in rows
            for prompt in _readable([row])
        ]

    def purge(self, older_than_days: float) -> int:
        """Forget for good what has been in the bin that long; returns how many prompts."""
        limit = (utc_now() - timedelta(days=older_than_days)).isoformat()
        with self._database.transaction():
            rows = self._database.rows(
                "SELECT id FROM prompt WHERE deleted_at IS NOT NULL AND deleted_at < ?", (limit,)
            )
            doomed = [(row["id"],) for row in rows]
            self._database.many("DELETE FROM prompt_use WHERE prompt_id = ?", doomed)
            self._database.many("DELETE FROM prompt WHERE id = ?", doomed)
        if doomed:
            self._database.empty_log()
        return len(doomed)

    def erase(self, prompt_id: PromptId) -> None:
        """Forget one in the bin for good, with all its versions."""
        with self._database.transaction():
            gone = self._database.execute(
                "DELETE FROM prompt WHERE id = ? AND deleted_at IS NOT NULL", (prompt_id,)
            )
            if gone.rowcount:
                self._database.execute("DELETE FROM prompt_use WHERE prompt_id = ?", (prompt_id,))

    # what was answered

    def answers(self, prompt_id: PromptId) -> dict[str, str]:
        """What was written into its form the last time, by variable."""
        rows = self._database.rows(
            "SELECT answers FROM prompt_use WHERE prompt_id = ?", (prompt_id,)
        )
        found = json.loads(rows[0]["answers"]) if rows else {}
        return {str(name): str(value) for name, value in found.items()}

    def note_used(self, prompt_id: PromptId, answers: Mapping[str, str]) -> None:
        """Remember the answers, and that it was used now; built-in ones too."""
        self._database.execute(
            "INSERT INTO prompt_use VALUES (?, ?, ?) ON CONFLICT (prompt_id)"
            " DO UPDATE SET answers = excluded.answers, used_at = excluded.used_at",
            (prompt_id, json.dumps(dict(answers), ensure_ascii=False), utc_now().isoformat()),
        )

    def used(self) -> dict[PromptId, datetime]:
        """When each prompt was used last."""
        rows = self._database.rows("SELECT prompt_id, used_at FROM prompt_use")
        return {PromptId(row["prompt_id"]): datetime.fromisoformat(row["used_at"]) for row in rows}

    # inside

    def _check_name(self, prompt: Prompt) -> None:
        if prompt.name.casefold() in self._names(prompt.id):
            raise PromptNameTaken(name=prompt.name)

    def _names(self, but: str = "") -> set[str]:
        """The names of all out of the bin, casefolded."""
        rows = self._database.rows(
            "SELECT name FROM prompt WHERE deleted_at IS NULL AND id <> ?", (but,)
        )
        return {row["name"].casefold() for row in rows}

    def _add(self, prompt: Prompt) -> Prompt:
        made = replace(prompt, id=PromptId(new_id()), is_built_in=False)
        self._database.execute(
            "INSERT INTO prompt (id, name, folder, created_at) VALUES (?, ?, ?, ?)",
            (made.id, made.name, made.folder, utc_now().isoformat()),
        )
        self._add_version(made, 1)
        return self.get(made.id)

    def _add_version(self, prompt: Prompt, number: int) -> None:
        self._database.execute(
            "INSERT INTO prompt_version VALUES (?, ?, ?, ?)",
            (prompt.id, number, _document(prompt), utc_now().isoformat()),
        )


def unused_name(name: str, taken: set[str]) -> str:
    """`name`, or the first of name-2, name-3, ... that is not taken (casefolded)."""
    found, number = name, 1
    while found.casefold() in taken:
        number += 1
        ending = f"-{number}"
        found = name[: 64 - len(ending)] + ending
    return found


def _document(prompt: Prompt) -> str:
    kept = document_of(replace(prompt, name="", folder=""))
    return json.dumps(kept, ensure_ascii=False)


def _readable(rows: Iterable[sqlite3.Row]) -> list[Prompt]:
    """Of rows with id, name, folder, number, document, changed_at; what a newer Inglenook or a
    stranger wrote in another way is left out, and stays on the disk."""
    found = []
    for row in rows:
        try:
            prompt = prompt_from(json.loads(row["document"]), row["name"])
        except (BadDocument, ValueError, RecursionError):
            continue
        found.append(
            replace(
                prompt,
                id=PromptId(row["id"]),
                folder=row["folder"],
                version=row["number"],
                changed_at=datetime.fromisoformat(row["changed_at"]),
            )
        )
    return found


def _order(prompt: Prompt) -> tuple[str, str, str]:
    return prompt.folder.casefold(), prompt.title.casefold(), prompt.id
