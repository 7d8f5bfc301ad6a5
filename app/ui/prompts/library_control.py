"""Joins the dialog "Prompts" to the library, and keeps what was not saved yet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QWidget

from app.core.errors import Problem
from app.core.prompts import Prompt, PromptId
from app.services.app import AppServices
from app.services.ports import Lane
from app.services.prompt_library import ImportedPrompts, PromptListener
from app.ui.prompts.alive import while_there
from app.ui.prompts.unsaved import load_unsaved, save_unsaved
from app.ui.theme import Theme
from app.ui.words import action_of, summary_of

if TYPE_CHECKING:
    from app.ui.prompts.dialog import PromptDialog

SAVE_MS = 1000


class LibraryControl(QObject, PromptListener):
    """The dialog is made when it is asked for the first time."""

    def __init__(
        self,
        services: AppServices,
        window: QWidget,
        theme: Theme,
        start: Callable[[str], None],
        show_problem: Callable[[Problem], None],
    ) -> None:
        """`start` begins a prompt by its id, in the window."""
        super().__init__(window)
        self._library, self._scheduler = services.prompts, services.scheduler
        self._file = services.paths.unsaved_prompts
        self._window, self._theme = window, theme
        self._start, self._show_problem = start, show_problem
        self._deleted: list[PromptId] = []
        self._is_loaded = False
        self._language = ""
        self.dialog: PromptDialog | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SAVE_MS)
        self._timer.timeout.connect(self._keep_unsaved)
        self._library.add_listener(self)

    def start(self, language: str) -> None:
        """Read the prompts; in another language the dialog is made anew."""
        self._library.start(language)
        was, self._language = self._language, language
        dialog = self.dialog if was not in ("", language) else None
        if dialog is not None:
            was_open, unsaved = dialog.isVisible(), dialog.unsaved
            dialog.hide()
            dialog.deleteLater()
            made = self._make(unsaved)
            if was_open:
                made.show()

    def open(self, prompt_id: str = "") -> None:
        """Show the dialog, at a prompt."""
        dialog = self.dialog or self._make({})
        if prompt_id:
            dialog.show_prompt(prompt_id)
        if not self._is_loaded:
            self._is_loaded = True
            self._load_unsaved(dialog)
        dialog.show()
        dialog.raise_()
        dialog.activateWindow()
        self._library.prepare()

    def close(self) -> None:
        """At quit: what was not saved yet is kept."""
        if self._timer.isActive():
            self._timer.stop()
            self._keep_unsaved()

    def _make(self, unsaved: dict[str, Prompt]) -> PromptDialog:
        from app.ui.prompts.dialog import PromptDialog

        dialog = self.dialog = PromptDialog(self._theme, self._library, self._window)
        dialog.use_requested.connect(self._use)
        dialog.save_requested.connect(self._save)
        dialog.delete_requested.connect(self._delete)
        dialog.undo_requested.connect(self._undo)
        dialog.versions_requested.connect(self._find_versions)
        dialog.restore_requested.connect(self._restore)
        dialog.import_requested.connect(self._import)
        dialog.export_requested.connect(self._export)
        dialog.moved.connect(self._move)
        dialog.unsaved_changed.connect(self._keep_soon)
        dialog.unsaved = dict(unsaved)
        dialog.show_prompts(self._library.all)
        return dialog

    # what is not saved yet

    def _load_unsaved(self, dialog: PromptDialog) -> None:
        file = self._file
        self._scheduler.run(
            Lane.DISK,
            lambda: load_unsaved(file),
            while_there(dialog, dialog.show_unsaved),
            self._show_problem,
        )

    def _keep_soon(self) -> None:
        if not self._timer.isActive():  # also while somebody goes on writing
            self._timer.start()

    def _keep_unsaved(self) -> None:
        if self.dialog is None:
            return
        file, prompts = self._file, dict(self.dialog.unsaved)

        def work() -> None:
            try:
                save_unsaved(file, prompts)
            except OSError:
                return  # it is still in the editor; saving it into the database says what is wrong

        self._scheduler.run(Lane.DISK, work, lambda _: None, self._show_problem)

    # what the person does

    def _use(self, prompt_id: str) -> None:
        if self.dialog is not None:
            self.dialog.close()
        self._start(prompt_id)

    def _save(self, prompt: Prompt) -> None:
        dialog = self.dialog
        if dialog is None:
            return
        is_known = self._library.find(prompt.id) is not None
        given = prompt if is_known else replace(prompt, id=PromptId(""))
        self._library.save(
            given,
            while_there(dialog, lambda kept: dialog.show_saved(prompt, kept)),
            while_there(dialog, lambda problem: dialog.show_not_saved(prompt, problem)),
        )

    def _move(self, ids: list[str], folder: str) -> None:
        dialog = self.dialog
        if dialog is None:
            return
        for prompt_id in ids:
            prompt = self._library.find(PromptId(prompt_id))
            if prompt is not None and prompt.folder != folder:
                changed = dialog.unsaved.get(prompt_id)
                if changed is not None:
                    dialog.unsaved[prompt_id] = replace(changed, folder=folder)
                self._library.save(
                    replace(prompt, folder=folder), lambda _kept: None, dialog.show_problem
                )

    def _delete(self, ids: list[str]) -> None:
        self._deleted = [PromptId(prompt_id) for prompt_id in ids]
        titles = [p.title for p in self._library.all if p.id in ids]
        for prompt_id in self._deleted:
            self._library.delete(prompt_id)
        if self.dialog is not None:
            if len(titles) == 1:
                words = self.tr("Deleted “{title}”").replace("{title}", titles[0])
            else:
                words = self.tr("Deleted %n prompts", "", len(titles))
            self.dialog.say(words, with_undo=True)

    def _undo(self) -> None:
        deleted, self._deleted = self._deleted, []
        if deleted and self.dialog is not None:
            self.dialog.expect(deleted[0])
        for prompt_id in deleted:
            self._library.take_out(prompt_id)

    def _find_versions(self, prompt_id: str) -> None:
        dialog = self.dialog
        if dialog is not None:
            self._library.versions(PromptId(prompt_id), while_there(dialog, dialog.show_versions))

    def _restore(self, prompt_id: str, version: int) -> None:
        dialog = self.dialog
        if dialog is None:
            return

        def done(kept: Prompt) -> None:
            dialog.show_prompt(kept.id)
            words = self.tr("Version {number} is in use again")
            dialog.say(words.replace("{number}", str(version)))

        self._library.restore(PromptId(prompt_id), version, while_there(dialog, done))

    # files

    def _import(self, paths: list[Path]) -> None:
        dialog = self.dialog
        if dialog is None:
            return

        def done(found: ImportedPrompts) -> None:
            if found.problems:
                dialog.show_problem(_together(found.problems))
            if found.prompts:
                dialog.show_prompt(found.prompts[0].id)
                if len(found.prompts) == 1:
                    words = self.tr("Imported “{title}”")
                    dialog.say(words.replace("{title}", found.prompts[0].title))
                else:
                    dialog.say(self.tr("Imported %n prompts", "", len(found.prompts)))

        dialog.banner.clear()
        self._library.read_files(
            paths, while_there(dialog, done), while_there(dialog, dialog.show_problem)
        )

    def _export(self, ids: list[str], folder: Path) -> None:
        dialog = self.dialog
        if dialog is None:
            return

        def done(written: list[Path]) -> None:
            if len(written) == 1:
                words = self.tr("Exported to {path}").replace("{path}", str(written[0]))
            else:
                words = self.tr("Exported %n prompts to {folder}", "", len(written))
                words = words.replace("{folder}", str(folder))
            dialog.say(words)

        self._library.export(
            [PromptId(prompt_id) for prompt_id in ids],
            folder,
            while_there(dialog, done),
            while_there(dialog, dialog.show_problem),
        )

    # news

    def prompts_changed(self, prompts: Sequence[Prompt]) -> None:
        if self.dialog is not None:
            self.dialog.show_prompts(prompts)


def _together(problems: Sequence[Problem]) -> Problem:
    """The first one; the others are in its details, a line each."""
    first = problems[0]
    if len(problems) == 1:
        return first
    lines = [f"{summary_of(p)} {action_of(p)} {p.details}".strip() for p in problems]
    return replace(first, details="\n".join(lines))
