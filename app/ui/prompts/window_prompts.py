"""Prompts in one window: `/` in its composer, its menus of selected text, the form, the note."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum, auto
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QMenu, QWidget

from app.core.entities import ConversationId
from app.core.errors import Problem
from app.core.prompts import Prompt, Rendered, VariableKind
from app.services.app import AppServices
from app.services.chat import Chat
from app.services.ports import ChatListener
from app.services.prompt_library import PromptListener
from app.ui.composer import Composer
from app.ui.drafts import Drafts
from app.ui.problem_view import Toast
from app.ui.prompts.alive import while_there
from app.ui.prompts.menu import add_prompt_menu
from app.ui.prompts.note import Going, going_with
from app.ui.prompts.targets import target_of
from app.ui.theme import Theme
from app.ui.transcript import Transcript

if TYPE_CHECKING:
    from app.ui.prompts.form import PromptForm


class Origin(Enum):
    """Where a prompt was started, which says what its question takes the place of."""

    SLASH = auto()  # all that is written
    COMPOSER = auto()  # what is selected there
    ELSEWHERE = auto()  # nothing: it goes below what is written


class WindowPrompts(QObject, PromptListener, ChatListener):
    """From the making of a window until `close`."""

    library_requested = Signal()

    def __init__(
        self,
        window: QWidget,
        widgets: tuple[Composer, Transcript, Toast],
        services: AppServices,
        theme: Theme,
        chat: Chat,
        drafts: Drafts,
        show_problem: Callable[[Problem], None],
    ) -> None:
        super().__init__(window)
        self._window, self._theme = window, theme
        self._composer, self._transcript, self._toast = widgets
        self._library, self._scheduler = services.prompts, services.scheduler
        self._drafts, self._show_problem = drafts, show_problem
        self._going: dict[str, Going] = {}  # by the key of the draft that it goes with
        self._sent: tuple[str, Going | None] | None = None
        self.form: PromptForm | None = None
        composer = self._composer
        composer.prompt_chosen.connect(lambda p, given: self.start(p, given, Origin.SLASH))
        composer.prompts.offered.connect(self._library.prepare)
        composer.submitted.connect(self._note_sending)
        composer.draft_changed.connect(self._draft_changed)
        composer.prompt_note.removed.connect(self._forget_going)
        composer.text.menu_made.connect(self._add_to_composer_menu)
        self._transcript.menu_made.connect(self._add_to_transcript_menu)
        drafts.loaded.connect(self._draft_shown)
        chat.add_listener(self)
        self._library.add_listener(self)
        self.prompts_changed(self._library.all)

    def close(self) -> None:
        """The window goes."""
        self._library.remove_listener(self)
        if self.form is not None:
            self.form.reject()

    # starting one

    def start(self, prompt: Prompt, given: str = "", origin: Origin = Origin.ELSEWHERE) -> None:
        """Fill in a prompt: at once where there is nothing to ask, else with its form."""
        variables, target = prompt.template.variables, target_of(prompt)
        if not variables:
            self._render(prompt, {}, origin)
        elif given and target is not None and len(variables) == 1:
            self._render(prompt, {target.name: given}, origin)
        else:
            self._open_form(prompt, given, origin)

    def start_anywhere(self, prompt_id: str) -> None:
        """Start a prompt from the palette or the library, with what is selected in the window."""
        prompt = next((p for p in self._library.all if p.id == prompt_id), None)
        if prompt is None:
            return
        takes = any(v.kind is VariableKind.SELECTION for v in prompt.template.variables)
        in_composer = self._composer.selected_text()
        if takes and in_composer:
            self._open_form(prompt, in_composer, Origin.COMPOSER)
        else:
            selected = self._transcript.selection.markdown() if takes else ""
            self._start_with(prompt, selected)

    def _start_with(self, prompt: Prompt, selected: str) -> None:
        if selected:
            self._open_form(prompt, selected, Origin.ELSEWHERE)
        else:
            self.start(prompt)

    def _render(self, prompt: Prompt, values: dict[str, str], origin: Origin) -> None:
        def done(rendered: Rendered) -> None:
            self._take(prompt, rendered, origin, is_sending=False)
            self._library.note_used(prompt.id, {})

        self._library.render(
            prompt.template, values, while_there(self, done), while_there(self, self._show_problem)
        )

    def _open_form(self, prompt: Prompt, given: str, origin: Origin) -> None:
        from app.ui.prompts.form import PromptForm

        form = self.form = PromptForm(
            self._theme, prompt, self._library, self._scheduler, self._window
        )
        self._library.prepare()
        form.give(given)
        form.take_clipboard()
        form.show_can_send(self._composer.is_free)
        form.answered.connect(lambda answers: self._library.note_used(prompt.id, answers))
        form.filled.connect(
            lambda rendered, is_sending: self._take(prompt, rendered, origin, is_sending=is_sending)
        )
        form.finished.connect(lambda _result: self._form_closed())
        self._library.last_answers(prompt.id, while_there(form, form.show_last))
        form.open()

    def _form_closed(self) -> None:
        self.form = None
        self._window.activateWindow()
        self._composer.setFocus()

    # what came of it

    def _take(
        self, prompt: Prompt, rendered: Rendered, origin: Origin, *, is_sending: bool
    ) -> None:
        composer = self._composer
        going = going_with(prompt.title, rendered)
        if composer.is_editing and not going.is_empty:
            words = self.tr("A message that is changed takes the question of a prompt only.")
            self._toast.show_text(words)
            going = Going(prompt.title)
        self._put(rendered.question, origin)
        if not composer.is_editing:
            self._note_going(going)
        if is_sending:
            composer.submit()

    def _put(self, question: str, origin: Origin) -> None:
        composer = self._composer
        written = composer.text.toPlainText()
        if origin is Origin.COMPOSER and composer.selected_text():
            composer.text.insertPlainText(question)
            composer.text.setFocus()
        elif origin is Origin.SLASH or not written.strip():
            composer.use_text(question)
        else:
            composer.use_text(f"{written.rstrip()}\n\n{question}")

    def _note_going(self, going: Going) -> None:
        self._composer.prompt_note.show_going(going)
        if going.is_empty:
            self._going.pop(self._drafts.key, None)
        else:
            self._going[self._drafts.key] = going

    def _forget_going(self) -> None:
        self._going.pop(self._drafts.key, None)

    def _draft_changed(self) -> None:
        if not self._composer.text.toPlainText():  # the note has gone with the text
            self._forget_going()

    def _draft_shown(self) -> None:
        going = self._going.get(self._drafts.key)
        self._composer.prompt_note.show_going(going if self._composer.draft().text else None)

    def _note_sending(self) -> None:
        self._sent = self._drafts.key, self._composer.prompt_note.going

    # menus of selected text

    def _add_to_transcript_menu(self, menu: QMenu) -> None:
        selection = self._transcript.selection

        def chosen(prompt: Prompt) -> None:
            self.start(prompt, selection.markdown())

        self._add_menu(menu, chosen, is_enabled=not selection.is_empty)

    def _add_to_composer_menu(self, menu: QMenu) -> None:
        def chosen(prompt: Prompt) -> None:
            self.start(prompt, self._composer.selected_text(), Origin.COMPOSER)

        self._add_menu(menu, chosen, is_enabled=bool(self._composer.selected_text()))

    def _add_menu(self, menu: QMenu, chosen: Callable[[Prompt], None], *, is_enabled: bool) -> None:
        add_prompt_menu(
            menu,
            self._library.all,
            is_enabled=is_enabled,
            chosen=chosen,
            more=self.library_requested.emit,
        )

    # news

    def prompts_changed(self, prompts: Sequence[Prompt]) -> None:
        self._composer.set_prompts(prompts)

    def message_accepted(self, conversation_id: ConversationId, text: str) -> None:
        sent, self._sent = self._sent, None
        if sent is None:
            return
        key, going = sent
        if self._going.get(key) is going:
            self._going.pop(key, None)
        if going is not None and self._composer.prompt_note.going is going:
            self._composer.prompt_note.show_going(None)
