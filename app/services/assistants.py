"""Assistants: those that come with Inglenook and the person's own; who a conversation is with."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from app.core.assistant_errors import AssistantError, AssistantsNotOpen
from app.core.assistants import (
    BUILT_IN,
    MOST_NAME,
    BadAssistant,
    assistant_from,
    document_of,
    is_built_in,
    literal_template,
    numbered,
    one_line,
    system_text,
)
from app.core.entities import Conversation, ConversationId, Role, SamplingParams, new_id
from app.core.errors import Problem
from app.core.paths import resources
from app.core.presets import OWN
from app.core.prompts import Assistant, AssistantId, Rendered
from app.core.settings import Settings
from app.exchange import assistant_files
from app.services.chat import Beginning
from app.services.conversations import Conversations
from app.services.ports import ConversationsListener, Lane, Scheduler
from app.services.prompt_library import PromptLibrary
from app.storage.storage import Storage

ENDING = assistant_files.ENDING
file_name = assistant_files.file_name
Done = Callable[[Assistant], None]
Failed = Callable[[Problem], None]
Own = tuple[list[Assistant], list[Assistant]]  # in use, in the bin


class AssistantsListener:
    """News of assistants, for every window."""

    def assistants_changed(self, assistants: Sequence[Assistant]) -> None:
        """All of them, the person's own first."""

    def assistant_deleted(self, assistant: Assistant) -> None:
        """Moved to the bin; offer to undo."""


class Assistants(ConversationsListener):
    """What every window shares of the assistants; main thread only."""

    def __init__(
        self,
        conversations: Conversations,
        prompts: PromptLibrary,
        scheduler: Scheduler,
        settings: Callable[[], Settings],
    ) -> None:
        self._conversations = conversations
        self._prompts = prompts
        self._scheduler = scheduler
        self._settings = settings
        self._listeners: list[AssistantsListener] = []
        self._built_in: tuple[Assistant, ...] = ()
        self._own: list[Assistant] = []
        self._binned: list[Assistant] = []
        self._deleted: Assistant | None = None  # what `undo` brings back
        conversations.add_listener(self)

    def add_listener(self, listener: AssistantsListener) -> None:
        """Tell `listener` from now on."""
        self._listeners.append(listener)

    def remove_listener(self, listener: AssistantsListener) -> None:
        """Tell it nothing more."""
        self._listeners.remove(listener)

    def start(self, language: str) -> None:
        """Read those that come with Inglenook, in `language` such as 'zh_CN'; also for another
        language later. The person's own follow when the database is open."""

        def show(found: tuple[Assistant, ...]) -> None:
            self._built_in = found
            self._tell_changed()

        self._scheduler.run(
            Lane.DISK, lambda: built_in(language), show, self._conversations.complain
        )

    @property
    def all(self) -> list[Assistant]:
        """The person's own by name, then those that come with Inglenook."""
        return [*sorted(self._own, key=lambda a: a.name.casefold()), *self._built_in]

    def recent(self, count: int) -> list[Assistant]:
        """At most so many, those first that the newest conversations are with."""
        everybody = {assistant.id: assistant for assistant in self.all}
        used = dict.fromkeys(c.assistant_id for c in self._conversations.all if c.assistant_id)
        found = [everybody.pop(each) for each in map(AssistantId, used) if each in everybody]
        return [*found, *everybody.values()][:count]

    def find(self, assistant_id: str) -> Assistant | None:
        """One of them, also from the bin: conversations with it still are."""
        everybody = (*self._own, *self._built_in, *self._binned)
        return next((a for a in everybody if a.id == assistant_id), None)

    def is_taken(self, name: str, but: str = "") -> bool:
        """Whether another than the one with the id `but` is called so."""
        return any(a.name.casefold() == name.casefold() and a.id != but for a in self.all)

    # changing

    def save(self, assistant: Assistant, done: Done, failed: Failed) -> None:
        """Keep it, a new one or in place of what has its id. One that comes with Inglenook stays
        as it is: what is saved is a copy."""
        if is_built_in(assistant.id):
            assistant = replace(assistant, id=AssistantId(new_id()))
        try:
            assistant_from(document_of(assistant), assistant.id)
        except BadAssistant as error:
            failed(AssistantError(str(error), name=assistant.name).problem)
            return

        def work(storage: Storage) -> tuple[Assistant, Own]:
            return storage.assistants.save(assistant), _read(storage)

        def saved(result: tuple[Assistant, Own]) -> None:
            self._show(result[1])
            done(result[0])

        if not self._conversations.run(work, saved, failed):
            failed(AssistantsNotOpen().problem)

    def duplicate(self, assistant: Assistant, done: Done, failed: Failed) -> None:
        """A copy of it under a name with a number."""
        copy = replace(
            assistant,
            id=AssistantId(new_id()),
            name=numbered(assistant.name, {a.name.casefold() for a in self.all}),
        )
        self.save(copy, done, failed)

    def delete(self, assistant_id: AssistantId) -> None:
        """Move one of the person's own to the bin; conversations with it stay as they are."""
        gone = next((a for a in self._own if a.id == assistant_id), None)
        if gone is None:
            return

        def work(storage: Storage) -> Own:
            storage.assistants.delete(assistant_id)
            return _read(storage)

        def done(own: Own) -> None:
            self._deleted = gone
            self._show(own)
            for listener in list(self._listeners):
                listener.assistant_deleted(gone)

        self._conversations.run(work, done)

    def undo(self) -> None:
        """Take what was deleted last out of the bin."""
        deleted, self._deleted = self._deleted, None
        if deleted is None:
            return

        def work(storage: Storage) -> Own:
            storage.assistants.restore(deleted.id)
            return _read(storage)

        self._conversations.run(work, self._show)

    # files

    def share(
        self, assistant: Assistant, target: Path, done: Callable[[Path], None], failed: Failed
    ) -> None:
        """Write it to one file."""

        def work() -> Path:
            assistant_files.write(assistant, target)
            return target

        self._scheduler.run(Lane.DISK, work, done, failed)

    def read_file(self, path: Path, done: Done, failed: Failed) -> None:
        """Take in the assistant of a file; where its name is taken it gets a number."""
        self._scheduler.run(
            Lane.DISK,
            lambda: assistant_files.read(path),
            lambda found: self.duplicate(found, done, failed),
            failed,
        )

    # conversations

    def begin(
        self,
        assistant: Assistant,
        answers: dict[str, str],
        done: Callable[[Beginning], None],
        failed: Failed,
    ) -> None:
        """How a conversation with it begins, its system prompt filled in with `answers`.

        It is filled in once: what the model is told first stays the same then, and need not be
        read again. What is changed of the assistant later does not reach the conversation.
        """

        def rendered(result: Rendered) -> None:
            done(self.beginning(assistant, result))

        if system_text(assistant):
            self._prompts.render(assistant.template, answers, rendered, failed)
        else:
            rendered(Rendered(""))

    def beginning(self, assistant: Assistant, rendered: Rendered) -> Beginning:
        """The same where the system prompt was filled in already."""
        if is_built_in(assistant.id):  # a conversation is only with one that the database has
            self._conversations.run(lambda s: s.assistants.save(assistant), lambda _: None)
        return Beginning(
            system=rendered.system or None,
            assistant_id=assistant.id,
            memory=assistant.memory,
            sampling=sampling_of(assistant, self._settings()),
            lead=((Role.ASSISTANT.value, assistant.opening),) if assistant.opening else (),
            model=assistant.model,
        )

    def from_conversation(self, conversation: Conversation, name: str) -> Assistant:
        """A new one, not saved yet, with what this conversation was told and how it answers."""
        sampling = conversation.sampling
        return Assistant(
            id=AssistantId(new_id()),
            name=one_line(name)[:MOST_NAME],
            template=literal_template(conversation.system_prompt),
            model=conversation.model,
            preset=OWN if sampling is not None else "",
            sampling=sampling,
            memory=conversation.memory,
        )

    # news and inside

    def storage_ready(self) -> None:
        self._conversations.run(_read, self._show)

    def bin_restored(self, ids: Sequence[ConversationId]) -> None:
        self.storage_ready()

    def contents_erased(self, ids: Sequence[ConversationId]) -> None:
        self.storage_ready()

    def _show(self, own: Own) -> None:
        self._own = [a for a in own[0] if not is_built_in(a.id)]
        self._binned = own[1]
        self._tell_changed()

    def _tell_changed(self) -> None:
        everybody = self.all
        for listener in list(self._listeners):
            listener.assistants_changed(everybody)


def _read(storage: Storage) -> Own:
    return storage.assistants.all(), storage.assistants.binned()


def sampling_of(assistant: Assistant, settings: Settings) -> SamplingParams | None:
    """How its answers are sampled: its own values, its preset with what else the settings say, or
    None for as the settings say."""
    if assistant.preset == OWN:
        return assistant.sampling
    return settings.changed(preset=assistant.preset).sampling_params() if assistant.preset else None


@lru_cache(maxsize=4)
def built_in(language: str) -> tuple[Assistant, ...]:
    """Those that come with Inglenook, in `language`; English where there is no translation."""
    file = resources() / "assistants" / "built-in.json"
    document = json.loads(file.read_text(encoding="utf-8"))
    return tuple(
        assistant_from(entry.get(language, entry["en"]), AssistantId(f"{BUILT_IN}{entry['id']}"))
        for entry in document["assistants"]
    )
