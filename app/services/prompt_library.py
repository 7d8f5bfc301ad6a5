"""The library of prompts: those that come with Inglenook and the person's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from app.core.entities import ConversationId
from app.core.errors import AppError, Problem
from app.core.prompt_checks import checked
from app.core.prompt_errors import PromptError, PromptNotFound, PromptsNotOpen
from app.core.prompts import Prompt, PromptId, PromptTemplate, Rendered, VariableKind
from app.services.built_in_prompts import ENGLISH, built_in
from app.services.conversations import Conversations
from app.services.ports import ConversationsListener, Lane, Scheduler
from app.services.prompt_rendering import PromptRenderer, shared_renderer, surroundings
from app.services.prompt_transfer import ImportedPrompts, read_all, write_files, write_zip
from app.storage.prompts import unused_name
from app.storage.storage import Storage

__all__ = ["ImportedPrompts", "PromptLibrary", "PromptListener", "find_prompt"]

T = TypeVar("T")
Failed = Callable[[Problem], None]
# what is worth offering again: not the text that a prompt was used on
_REMEMBERED = (VariableKind.TEXT, VariableKind.CHOICE, VariableKind.NUMBER)
_MOST_ANSWER = 500  # characters


class PromptListener:
    """News of the prompts, for every window."""

    def prompts_changed(self, prompts: Sequence[Prompt]) -> None:
        """All of them: the person's own by folder and title, then those of Inglenook."""

    def prompt_deleted(self, prompt: Prompt) -> None:
        """Moved to the bin; offer to undo."""


class PromptLibrary(ConversationsListener):
    """What every window shares of the prompts; main thread only. `model` is the loaded model's
    name, empty without one."""

    def __init__(
        self,
        conversations: Conversations,
        scheduler: Scheduler,
        model: Callable[[], str],
        renderer: PromptRenderer | None = None,
    ) -> None:
        self._conversations = conversations
        self._scheduler = scheduler
        self._model = model
        self._own_renderer = renderer
        self._language = ENGLISH
        self._listeners: list[PromptListener] = []
        self._built_in: tuple[Prompt, ...] = ()
        self._own: list[Prompt] = []
        self._deleted: PromptId | None = None
        self.used: dict[PromptId, datetime] = {}  # when each was used last
        conversations.add_listener(self)

    @property
    def all(self) -> list[Prompt]:
        """The person's own by folder and title, then those of Inglenook in their order."""
        return [*self._own, *self._built_in]

    @property
    def folders(self) -> list[str]:
        """The folders that the person's own prompts lie in, by name."""
        return sorted({prompt.folder for prompt in self._own if prompt.folder}, key=str.casefold)

    def add_listener(self, listener: PromptListener) -> None:
        """Tell `listener` from now on."""
        self._listeners.append(listener)

    def remove_listener(self, listener: PromptListener) -> None:
        """Tell it nothing more."""
        self._listeners.remove(listener)

    def start(self, language: str) -> None:
        """Read those of Inglenook in `language`, such as 'zh_CN'. The person's own follow when
        the database is open."""
        self._language = language

        def done(found: tuple[Prompt, ...]) -> None:
            if language == self._language:
                self._built_in = found
                self._tell_changed()

        self._scheduler.run(
            Lane.DISK, lambda: built_in(language), done, self._conversations.complain
        )
        if self._conversations.is_ready:
            self.refresh()

    def set_language(self, language: str) -> None:
        """The window speaks another language now."""
        if language != self._language:
            self.start(language)

    def refresh(self) -> None:
        """Read the person's own again."""

        def show(found: tuple[list[Prompt], dict[PromptId, datetime]]) -> None:
            self._own, self.used = found
            self._tell_changed()

        self._conversations.run(lambda s: (s.prompts.all(), s.prompts.used()), show)

    def storage_ready(self) -> None:
        self.refresh()

    def bin_restored(self, ids: Sequence[ConversationId]) -> None:
        self.refresh()

    def contents_erased(self, ids: Sequence[ConversationId]) -> None:
        self.refresh()

    def find(self, prompt_id: PromptId) -> Prompt | None:
        """The one with that id, None if it is gone."""
        return next((prompt for prompt in self.all if prompt.id == prompt_id), None)

    # changing

    def copy_of(self, prompt: Prompt) -> Prompt:
        """A new prompt like it, not saved yet, under a name that no other has."""
        taken = {other.name.casefold() for other in self.all}
        name = unused_name(prompt.name, taken)
        folder = "" if prompt.is_built_in else prompt.folder
        return replace(
            prompt,
            id=PromptId(""),
            name=name,
            folder=folder,
            is_built_in=False,
            version=1,
            changed_at=None,
        )

    def save(self, prompt: Prompt, done: Callable[[Prompt], None], failed: Failed) -> None:
        """Keep a new prompt, one without id, or a new version of it; `done` hears what is kept.

        Another name or folder alone makes no version. A text with a mistake is kept: `check`
        finds it.
        """
        try:
            prompt = checked(prompt)
        except PromptError as error:
            self._refuse(error, failed)
            return
        self._change(lambda s: s.prompts.save(prompt), done, failed)

    def delete(self, prompt_id: PromptId) -> None:
        """Move one of the person's own to the bin."""
        prompt = self.find(prompt_id)
        if prompt is None or prompt.is_built_in:
            return

        def done(_: object) -> None:
            self._deleted = prompt_id
            self._tell(lambda li: li.prompt_deleted(prompt))

        self._change(lambda s: s.prompts.delete([prompt_id]), done)

    def undo(self) -> None:
        """Take what was deleted last out of the bin."""
        prompt_id, self._deleted = self._deleted, None
        if prompt_id is not None:
            self.take_out(prompt_id)

    def find_binned(self, done: Callable[[list[tuple[Prompt, datetime]]], None]) -> None:
        """Tell `done` what is in the bin, and since when, deleted last first."""
        self._run(lambda s: s.prompts.binned(), done)

    def take_out(self, prompt_id: PromptId) -> None:
        """Take a prompt out of the bin."""
        self._change(lambda s: s.prompts.take_out([prompt_id]), lambda _: None)

    def versions(self, prompt_id: PromptId, done: Callable[[list[Prompt]], None]) -> None:
        """Tell `done` all versions, the newest first."""
        self._run(lambda s: s.prompts.versions(prompt_id), done)

    def restore(
        self, prompt_id: PromptId, version: int, done: Callable[[Prompt], None] = lambda _: None
    ) -> None:
        """Make a new version of what an old one was."""
        self._change(lambda s: s.prompts.restore(prompt_id, version), done)

    # files

    def export(
        self,
        ids: Sequence[PromptId],
        folder: Path,
        done: Callable[[list[Path]], None],
        failed: Failed,
    ) -> None:
        """A file each into `folder`, beside what is there; `done` hears their paths."""
        chosen = [prompt for prompt in self.all if prompt.id in set(ids)]
        self._scheduler.run(Lane.DISK, lambda: write_files(chosen, folder), done, failed)

    def export_all(self, target: Path, done: Callable[[int], None], failed: Failed) -> None:
        """All of the person's own in one .zip; `done` hears how many."""
        chosen = list(self._own)
        self._scheduler.run(Lane.DISK, lambda: write_zip(chosen, target), done, failed)

    def read_files(
        self, paths: Sequence[Path], done: Callable[[ImportedPrompts], None], failed: Failed
    ) -> None:
        """Keep the prompts of files and .zip archives; a name that is taken gets a number.

        A bad file is a problem in what `done` hears; `failed` hears of what the database says.
        """

        def keep(found: ImportedPrompts) -> None:
            if not found.prompts:
                done(found)
                return
            self._change(
                lambda s: s.prompts.import_all(found.prompts),
                lambda kept: done(ImportedPrompts(tuple(kept), found.problems)),
                failed,
            )

        self._scheduler.run(Lane.BULK, lambda: read_all(paths), keep, failed)

    # using

    def render(
        self,
        template: PromptTemplate,
        values: Mapping[str, str],
        done: Callable[[Rendered], None],
        failed: Failed,
    ) -> None:
        """Fill a template in. A mistake in it, a value that is missing, an endless loop: `failed`
        hears a problem in words, at the latest after a few seconds."""
        language, model, given = self._language, self._model(), dict(values)
        renderer = self._renderer

        def work() -> Rendered:
            return renderer.render(template, given, surroundings(language, model))

        self._scheduler.run(Lane.TEMPLATES, work, done, failed)

    def check(
        self,
        template: PromptTemplate,
        done: Callable[[Problem | None, tuple[str, ...]], None],
    ) -> None:
        """Tell `done` the mistake in a template, None if there is none, and the names it uses."""
        renderer = self._renderer
        self._scheduler.run(
            Lane.TEMPLATES,
            lambda: renderer.variables(template),
            lambda names: done(None, names),
            lambda problem: done(problem, ()),
        )

    def prepare(self) -> None:
        """A form opens: start the template process, so that filling in takes no second."""
        renderer = self._renderer
        self._scheduler.run(
            Lane.TEMPLATES,
            lambda: renderer.variables(PromptTemplate(())),
            lambda _: None,
            lambda _: None,  # who renders hears of it
        )

    def last_answers(self, prompt_id: PromptId, done: Callable[[dict[str, str]], None]) -> None:
        """Tell `done` what was written into the prompt's form the last time, by variable."""
        self._run(lambda s: s.prompts.answers(prompt_id), done)

    def note_used(self, prompt_id: PromptId, answers: Mapping[str, str]) -> None:
        """Remember that it was used, and the short answers: not texts, files and what was
        selected."""
        prompt = self.find(prompt_id)
        if prompt is None:
            return
        kinds = {variable.name: variable.kind for variable in prompt.template.variables}
        kept = {
            name: text
            for name, text in answers.items()
            if kinds.get(name) in _REMEMBERED and len(text) <= _MOST_ANSWER
        }

        def work(storage: Storage) -> dict[PromptId, datetime]:
            storage.prompts.note_used(prompt_id, kept)
            return storage.prompts.used()

        def show(used: dict[PromptId, datetime]) -> None:
            self.used = used

        self._conversations.run(work, show)

    def close(self) -> None:
        """At quit: nothing waits for a template that goes on and on."""
        self._renderer.close()

    # inside

    @property
    def _renderer(self) -> PromptRenderer:
        return self._own_renderer or shared_renderer()

    def _run(self, work: Callable[[Storage], T], done: Callable[[T], None]) -> None:
        if not self._conversations.run(work, done):
            self._conversations.complain(PromptsNotOpen().problem)

    def _change(
        self,
        work: Callable[[Storage], T],
        done: Callable[[T], None],
        failed: Failed | None = None,
    ) -> None:
        def change(storage: Storage) -> tuple[T, list[Prompt]]:
            return work(storage), storage.prompts.all()

        def show(result: tuple[T, list[Prompt]]) -> None:
            self._own = result[1]
            self._tell_changed()
            done(result[0])

        failed = failed or self._conversations.complain
        if not self._conversations.run(change, show, failed):
            self._refuse(PromptsNotOpen(), failed)

    def _refuse(self, error: AppError, failed: Failed) -> None:
        self._scheduler.post(lambda: failed(error.problem))

    def _tell_changed(self) -> None:
        prompts = self.all
        self._tell(lambda li: li.prompts_changed(prompts))

    def _tell(self, what: Callable[[PromptListener], None]) -> None:
        for listener in list(self._listeners):
            what(listener)


def find_prompt(storage: Storage | None, name: str, language: str = ENGLISH) -> Prompt:
    """The prompt of that name for the command line: the person's own goes before those of
    Inglenook, which have their English names in every language. Raises PromptNotFound."""
    wanted = name.strip().lstrip("/").casefold()
    own = storage.prompts.all() if storage is not None else []
    candidates = [*own, *built_in(language)]
    found = next((p for p in candidates if p.name.casefold() == wanted), None)
    if found is None:
        english = next((p.id for p in built_in(ENGLISH) if p.name.casefold() == wanted), None)
        found = next((p for p in candidates if p.id == english), None)
    if found is None:
        raise PromptNotFound(name=name)
    return found
