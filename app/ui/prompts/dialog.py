"""The dialog "Prompts": the list at the side, one prompt to read, to edit, or its versions."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDropEvent,
    QHideEvent,
    QKeyEvent,
    QKeySequence,
    QResizeEvent,
    QShortcut,
)
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.core.errors import Problem
from app.core.prompts import Prompt, PromptId, PromptMessage, PromptTemplate
from app.services.prompt_library import PromptLibrary
from app.ui.composer_text import files_in
from app.ui.focus_order import FocusOrder
from app.ui.models_parts import Placeholder, TextButton
from app.ui.problem_view import Banner, Toast
from app.ui.prompts.detail import PromptDetail
from app.ui.prompts.editor import PromptEditor
from app.ui.prompts.side import PromptSide
from app.ui.prompts.unsaved import NEW
from app.ui.prompts.versions import PromptVersions
from app.ui.prompts.words import copy_title
from app.ui.settings_part import line
from app.ui.sizes import text_scale
from app.ui.theme import GAP, Theme

WIDE, SIDE, WIDEST_SIDE = 680, 230, 340  # pixels at 100 % text
SIDE_SHARE = 0.34


class PromptDialog(FocusOrder, QDialog):
    """Not modal. Tells wishes; what was not saved yet stays with it, and is told of."""

    use_requested = Signal(str)
    save_requested = Signal(object)  # Prompt, as it is in the editor
    delete_requested = Signal(list)  # list[str]
    undo_requested = Signal()
    versions_requested = Signal(str)
    restore_requested = Signal(str, int)
    import_requested = Signal(list)  # list[Path]
    export_requested = Signal(list, object)  # list[str], the folder's Path
    moved = Signal(list, str)
    unsaved_changed = Signal()

    def __init__(self, theme: Theme, library: PromptLibrary, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Prompts"))
        self.setModal(False)
        self.setAcceptDrops(True)
        self._theme, self._library = theme, library
        self._prompts: list[Prompt] = []
        self.unsaved: dict[str, Prompt] = {}
        self._deleted: dict[str, Prompt] = {}  # unsaved changes of prompts that are in the bin
        self._discarded: Prompt | None = None  # what "Undo" brings back
        self._current = ""
        self._is_in_front = False  # the right side, where there is room for one only
        self.side = PromptSide(theme)
        self.detail = PromptDetail(theme)
        self.editor = PromptEditor(theme, library)
        self.versions = PromptVersions(theme)
        words = self.tr("Choose a prompt, or write one of your own.")
        self.nothing = Placeholder(theme, "scroll-text", words, self.tr("New prompt"))
        self.pages = QStackedWidget()
        for page in (self.nothing, self.detail, self.editor, self.versions):
            self.pages.addWidget(page)
        self.back = TextButton(theme, self.tr("Back to the list"), "arrow-left")
        self.banner = Banner(theme)
        self.toast = Toast()
        self.close_button = TextButton(theme, self.tr("Close"))
        self._make_layout()
        self._connect()
        room = self.screen().availableSize()
        self.resize(min(980, room.width()), min(680, int(room.height() * 0.9)))

    def _make_layout(self) -> None:
        self._bottom = QWidget()
        bottom = QHBoxLayout(self._bottom)
        bottom.setContentsMargins(GAP * 2, GAP, GAP * 2, GAP)
        bottom.setSpacing(GAP)
        bottom.addWidget(self.toast, 1)
        bottom.addStretch(0)
        bottom.addWidget(self.close_button, 0, Qt.AlignmentFlag.AlignRight)
        self._top = QWidget()  # what could not be done, whichever side is on show
        top = QVBoxLayout(self._top)
        top.setContentsMargins(GAP * 2, GAP, GAP * 2, GAP)
        top.addWidget(self.banner)
        self._top.hide()
        self.main = QWidget()
        right = QVBoxLayout(self.main)
        right.setContentsMargins(GAP * 2, GAP * 2, GAP * 2, GAP)
        right.setSpacing(GAP)
        right.addWidget(self.back, 0, Qt.AlignmentFlag.AlignLeft)
        right.addWidget(self.pages, 1)
        self._line = QFrame()
        self._line.setObjectName("splitLine")
        self._line.setFixedWidth(1)
        both = QHBoxLayout()
        both.setSpacing(0)
        both.addWidget(self.side)
        both.addWidget(self._line)
        both.addWidget(self.main, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._top)
        layout.addLayout(both, 1)
        layout.addWidget(line())
        layout.addWidget(self._bottom)

    def _connect(self) -> None:
        side, detail, editor = self.side, self.detail, self.editor
        side.chosen.connect(self._choose)
        side.opened.connect(self._open)
        side.new_requested.connect(self.begin_new)
        side.import_requested.connect(self._ask_what_to_import)
        side.export_requested.connect(self._ask_where_to_export)
        side.delete_requested.connect(self._delete)
        side.moved.connect(self.moved)
        side.query_changed.connect(self._fill_side)
        self.nothing.pressed.connect(self.begin_new)
        detail.use_requested.connect(lambda: self.use_requested.emit(self._current))
        detail.edit_requested.connect(self._edit)
        detail.duplicate_requested.connect(self._duplicate)
        detail.versions_requested.connect(lambda: self.versions_requested.emit(self._current))
        detail.export_requested.connect(lambda: self._ask_where_to_export([self._current]))
        detail.delete_requested.connect(lambda: self._delete([self._current]))
        editor.changed.connect(self._edited)
        editor.save_requested.connect(self._save)
        editor.revert_requested.connect(self._revert)
        self.versions.closed.connect(self._show_current)
        self.versions.restore_requested.connect(
            lambda number: self.restore_requested.emit(self._current, number)
        )
        self.back.clicked.connect(self._go_back)
        self.close_button.clicked.connect(self.close)
        self.toast.undone.connect(self._undo)
        self.banner.closed.connect(self._top.hide)
        self.banner.focus_left.connect(self.side.search.setFocus)
        for button in (self.back, self.close_button, self.nothing.button):
            button.setAutoDefault(False)
        QShortcut(QKeySequence(QKeySequence.StandardKey.New), self).activated.connect(
            self.begin_new
        )
        QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self).activated.connect(
            side.begin_search
        )

    def focus_parts(self) -> Sequence[QWidget]:
        return (self._top, self.side, self.main, self._bottom)

    # what there is

    def show_prompts(self, prompts: Sequence[Prompt]) -> None:
        """All of them; what is being edited stays as it is."""
        self._prompts = list(prompts)
        for prompt_id in [key for key in self._deleted if self._saved(key) is not None]:
            self.unsaved[prompt_id] = self._deleted.pop(prompt_id)
        self._fill_side()
        if self.pages.currentWidget() is self.editor and self._current in self.unsaved:
            return
        if self.pages.currentWidget() is not self.editor or self._find(self._current) is None:
            self._show_current()

    def show_unsaved(self, prompts: dict[str, Prompt]) -> None:
        """What was left unsaved the last time."""
        self.unsaved = {**prompts, **self.unsaved}
        self._fill_side()

    def show_prompt(self, prompt_id: str) -> None:
        """Make a prompt current."""
        self._current = prompt_id
        self._fill_side()
        self._show_current()
        self._bring_forward()

    def expect(self, prompt_id: str) -> None:
        """Show this one as soon as it is among the prompts again."""
        self._current = prompt_id

    def show_saved(self, asked: Prompt, kept: Prompt) -> None:
        """`asked` is on the disk as `kept`."""
        if self.unsaved.get(asked.id) == asked:
            del self.unsaved[asked.id]
            self.unsaved_changed.emit()
        if self._current == asked.id:
            self.show_prompt(kept.id)
            self.detail.edit.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self._fill_side()

    def show_not_saved(self, asked: Prompt, problem: Problem) -> None:
        """Why `asked` was not saved; it stays as it is."""
        if self._current == asked.id and self.pages.currentWidget() is self.editor:
            self.editor.show_problem(problem)
        else:
            self.show_problem(problem)

    def show_problem(self, problem: Problem) -> None:
        """Something that was asked for here could not be done."""
        self.banner.show_problem(problem)
        self._top.show()

    def show_versions(self, versions: Sequence[Prompt]) -> None:
        """All versions of the current prompt."""
        if versions and versions[0].id == self._current:
            self.versions.show_versions(versions)
            self.pages.setCurrentWidget(self.versions)

    def say(self, words: str, *, with_undo: bool = False) -> None:
        """Something was done."""
        self._discarded = None
        self.toast.show_text(words, with_undo=with_undo)

    def _saved(self, prompt_id: str) -> Prompt | None:
        return next((p for p in self._prompts if p.id == prompt_id), None)

    def _find(self, prompt_id: str) -> Prompt | None:
        return self.unsaved.get(prompt_id) or self._saved(prompt_id)

    def _fill_side(self) -> None:
        known = {prompt.id for prompt in self._prompts}
        new = [prompt for key, prompt in self.unsaved.items() if key not in known]
        shown = [*new, *(self.unsaved.get(p.id, p) for p in self._prompts)]
        self.side.show_prompts(shown, self.unsaved, self._current)

    def _show_current(self) -> None:
        prompt = self._find(self._current)
        if prompt is None:
            self._current = ""
            self.pages.setCurrentWidget(self.nothing)
            self._is_in_front = False
            self._arrange()
        elif self._current in self.unsaved:
            self._show_editor(prompt)
        else:
            self.detail.show_prompt(prompt)
            self.pages.setCurrentWidget(self.detail)

    def _show_editor(self, prompt: Prompt) -> None:
        self.editor.show_prompt(prompt, self._library.folders)
        self.editor.show_changed(self._current in self.unsaved)
        self.pages.setCurrentWidget(self.editor)

    # what the person does

    def begin_new(self) -> None:
        """An empty prompt, in the folder that is current."""
        template = PromptTemplate((PromptMessage("user", ""),))
        self._begin(Prompt(PromptId(""), "", "", template, folder=self.side.current_folder()))

    def _begin(self, prompt: Prompt) -> None:
        made = replace(prompt, id=PromptId(f"{NEW}{secrets.token_hex(8)}"))
        self._drop_if_empty(self._current)
        self.unsaved[made.id] = made
        self.unsaved_changed.emit()
        self.side.clear_search()
        self.show_prompt(made.id)
        self.editor.title.setFocus(Qt.FocusReason.OtherFocusReason)
        self.editor.title.selectAll()

    def _choose(self, prompt_id: str) -> None:
        if prompt_id and prompt_id != self._current:
            left, self._current = self._current, prompt_id
            self._show_current()
            self._drop_if_empty(left)

    def _drop_if_empty(self, prompt_id: str) -> None:
        """A new prompt into which nothing was written is left behind by going elsewhere."""
        prompt = self.unsaved.get(prompt_id)
        if prompt is None or self._saved(prompt_id) is not None:
            return
        texts = (prompt.title, prompt.name, *(m.text for m in prompt.template.messages))
        if not any(text.strip() for text in texts):
            del self.unsaved[prompt_id]
            self.unsaved_changed.emit()
            QTimer.singleShot(0, self, self._fill_side)  # the list is telling of the other one

    def _open(self, prompt_id: str) -> None:
        self._choose(prompt_id)
        self._bring_forward()
        page = self.pages.currentWidget()
        target = self.editor.title if page is self.editor else self.detail.use
        target.setFocus(Qt.FocusReason.OtherFocusReason)

    def _edit(self) -> None:
        prompt = self._find(self._current)
        if prompt is not None:
            self._show_editor(prompt)
            self.editor.title.setFocus(Qt.FocusReason.OtherFocusReason)

    def _duplicate(self) -> None:
        prompt = self._find(self._current)
        if prompt is not None:
            self._begin(replace(self._library.copy_of(prompt), title=copy_title(prompt)))

    def _edited(self) -> None:
        prompt = self.editor.prompt()
        if prompt is None or prompt.id != self._current:
            return
        before, saved = self.unsaved.get(prompt.id), self._saved(prompt.id)
        if saved is not None and _same(saved, prompt):
            self.unsaved.pop(prompt.id, None)
        else:
            self.unsaved[prompt.id] = prompt
        self.editor.show_changed(prompt.id in self.unsaved)
        looks = (before is None) != (prompt.id not in self.unsaved)
        if looks or before is None or before.title != prompt.title:
            self._fill_side()
        self.unsaved_changed.emit()

    def _save(self) -> None:
        prompt = self.editor.prompt()
        if prompt is not None and prompt.id in self.unsaved:
            self.unsaved[prompt.id] = prompt
            self.save_requested.emit(prompt)

    def _revert(self) -> None:
        """Back to what was saved; without changes just back."""
        gone = self.unsaved.pop(self._current, None)
        if gone is not None:
            self.unsaved_changed.emit()
            self.say(self.tr("The changes were discarded"), with_undo=True)
            self._discarded = gone
        self._fill_side()
        self._show_current()
        if self.pages.currentWidget() is self.detail:
            self.detail.edit.setFocus(Qt.FocusReason.OtherFocusReason)

    def _delete(self, ids: list[str]) -> None:
        for prompt_id in ids:
            prompt = self.unsaved.pop(prompt_id, None)
            if prompt is not None and self._saved(prompt_id) is not None:
                self._deleted[prompt_id] = prompt
            elif prompt is not None:
                self.say(self.tr("The changes were discarded"), with_undo=True)
                self._discarded = prompt
        self.unsaved_changed.emit()
        own = [p.id for p in self._prompts if p.id in ids and not p.is_built_in]
        if own:
            self.delete_requested.emit(own)
        else:
            self._fill_side()
            self._show_current()

    def _undo(self) -> None:
        gone, self._discarded = self._discarded, None
        if gone is None:
            self.undo_requested.emit()
            return
        self.unsaved[gone.id] = gone
        self.unsaved_changed.emit()
        self.show_prompt(gone.id)

    def _ask_what_to_import(self) -> None:
        words = self.tr("Prompts (*.prompt.yaml *.yaml *.yml *.zip)")
        dialog = QFileDialog(self, self.tr("Import prompts"), "", words)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.filesSelected.connect(
            lambda names: self.import_requested.emit([Path(name) for name in names])
        )
        dialog.open()

    def _ask_where_to_export(self, ids: list[str]) -> None:
        known = {prompt.id for prompt in self._prompts}
        chosen = [prompt_id for prompt_id in ids if prompt_id in known]
        if not chosen:
            return
        dialog = QFileDialog(self, self.tr("Where to"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(lambda name: self.export_requested.emit(chosen, Path(name)))
        dialog.open()

    # room

    def _bring_forward(self) -> None:
        self._is_in_front = bool(self._current)
        self._arrange()

    def _go_back(self) -> None:
        self._is_in_front = False
        self._arrange()
        self.side.tree.setFocus(Qt.FocusReason.OtherFocusReason)

    def _arrange(self) -> None:
        """Both sides, or one of them where there is too little room."""
        scale = text_scale()
        is_narrow = self.width() < WIDE * scale
        self.side.setVisible(not (is_narrow and self._is_in_front))
        self.main.setVisible(not is_narrow or self._is_in_front)
        self._line.setVisible(not is_narrow)
        self.back.setVisible(is_narrow)
        if is_narrow:
            self.side.setMinimumWidth(0)
            self.side.setMaximumWidth(16777215)
        else:
            wanted = int(self.width() * SIDE_SHARE)
            least, most = int(SIDE * scale), int(WIDEST_SIDE * scale)
            self.side.setFixedWidth(max(least, min(most, wanted)))

    def minimumSizeHint(self) -> QSize:
        return QSize(360, 320)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def hideEvent(self, event: QHideEvent) -> None:
        self._drop_if_empty(self._current)
        if self._current and self._find(self._current) is None:
            self._show_current()
        super().hideEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            QTimer.singleShot(0, self, self._arrange)
        super().changeEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter presses no button from afar. Esc ends a search, then goes back, then closes."""
        if event.key() == Qt.Key.Key_Escape:
            if self.side.clear_search():
                return
            if self.main.isVisible() and not self.side.isVisible():
                self._go_back()
                return
        if event.key() not in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if files_in(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        if files := files_in(event.mimeData()):
            event.acceptProposedAction()
            self.import_requested.emit(files)


def _same(one: Prompt, other: Prompt) -> bool:
    return replace(one, version=0, changed_at=None) == replace(other, version=0, changed_at=None)
