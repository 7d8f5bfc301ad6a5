"""The dialog "Assistants": the list, and the editor of the one that is chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QMimeData, Qt, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QFont,
    QKeyEvent,
    QKeySequence,
    QResizeEvent,
    QShortcut,
)
from PySide6.QtWidgets import QDialog, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from app.core.assistants import is_built_in
from app.core.errors import Problem
from app.core.prompts import Assistant, Prompt
from app.ui.announce import announce
from app.ui.assistants.editor import AssistantEditor, Surroundings
from app.ui.assistants.rows import AssistantRows
from app.ui.assistants.unsaved import changed
from app.ui.flow import FlowLayout
from app.ui.focus_order import FocusOrder
from app.ui.models_parts import Confirm, Placeholder, TextButton, label
from app.ui.models_split import WIDE, DetailPane, ListAndDetail
from app.ui.problem_view import Toast
from app.ui.sizes import text_scale
from app.ui.theme import GAP, HEADING, Theme
from app.ui.tips import tip
from app.ui.words import action_of, summary_of

LIST_WIDTH = 230  # pixels


class AssistantsDialog(FocusOrder, QDialog):
    """Not modal. Tells wishes; whoever fulfils them shows the assistants again."""

    begin_requested = Signal(object)  # Assistant: a conversation with it
    new_requested = Signal()
    save_requested = Signal(object)  # Assistant
    duplicate_requested = Signal(object)  # Assistant
    delete_requested = Signal(str)  # its id
    undo_requested = Signal()
    import_requested = Signal()
    share_requested = Signal(object)  # Assistant
    files_dropped = Signal(list)  # Paths, of assistants
    unsaved_changed = Signal()

    def __init__(self, theme: Theme, around: Surroundings, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Assistants"))
        self._theme = theme
        self._all: dict[str, Assistant] = {}
        self._agreed: Callable[[], object] | None = None
        self.rows = AssistantRows(theme)
        self.rows.currentItemChanged.connect(lambda *_: self._row_chosen())
        for picked in (self.rows.itemClicked, self.rows.itemActivated):
            picked.connect(lambda _item: self._row_picked())
        self.editor = AssistantEditor(theme, around)
        self.editor.changed.connect(self._show_state)
        self.confirm = Confirm(theme)
        self.confirm.confirmed.connect(self._do)
        self.confirm.declined.connect(self._stay)
        self.problem = label(role="bad")
        self.problem.hide()
        self.toast = Toast()
        self.toast.undone.connect(self.undo_requested)
        QShortcut(QKeySequence(QKeySequence.StandardKey.Undo), self).activated.connect(
            self.toast.undo
        )
        self.setAcceptDrops(True)
        self._make_buttons()
        self._make_layout()
        room = self.screen().availableSize()
        self.resize(min(860, room.width()), min(680, int(room.height() * 0.9)))

    def _make_buttons(self) -> None:
        t = self._theme
        self.new = TextButton(t, self.tr("New"), "plus")
        self.import_ = TextButton(t, self.tr("Import…"), "download")
        self.begin = TextButton(t, self.tr("Begin"), "message-square", is_primary=True)
        self.begin.setToolTip(self.tr("A new conversation with this assistant"))
        self.save = TextButton(t, self.tr("Save"), "check")
        self.duplicate = TextButton(t, self.tr("Duplicate"), "copy")
        self.share = TextButton(t, self.tr("Share…"), "upload")
        self.delete = TextButton(t, self.tr("Delete"), "trash-2")
        self.close_button = TextButton(t, self.tr("Close"))
        for button, signal in (
            (self.begin, self.begin_requested),
            (self.duplicate, self.duplicate_requested),
            (self.share, self.share_requested),
        ):
            button.clicked.connect(lambda _on=False, s=signal: self._ask(s.emit))
        self.new.clicked.connect(lambda: self._leave(self.new_requested.emit))
        self.import_.clicked.connect(lambda: self._leave(self.import_requested.emit))
        self.save.clicked.connect(self._save)
        self.delete.clicked.connect(self._delete)
        self.close_button.clicked.connect(self.close)
        self._of_one = (self.begin, self.save, self.duplicate, self.share, self.delete)
        for button in (*self._of_one, self.new, self.import_, self.close_button):
            button.setAutoDefault(False)

    def _make_actions(self) -> QWidget:
        """What can be done with the one on show, below the editor."""
        actions = QWidget()
        around = QVBoxLayout(actions)
        around.setContentsMargins(GAP * 3, GAP, 0, 0)
        around.setSpacing(GAP)
        around.addWidget(self.confirm)
        flow = FlowLayout()
        for button in self._of_one:
            flow.addWidget(button)
        around.addLayout(flow)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        actions.setSizePolicy(policy)
        return actions

    def _make_layout(self) -> None:
        hint = Placeholder(self._theme, "message-square", self.tr("Choose an assistant."))
        self._detail = _Detail(self._theme, hint)
        self._detail.fill(self.editor)
        self._detail.show_hint()
        side = QWidget()
        left = QVBoxLayout(side)
        left.setContentsMargins(0, 0, 0, 0)
        left.setSpacing(GAP)
        left.addWidget(self.rows, 1)
        buttons = FlowLayout()
        for button in (self.new, self.import_):
            buttons.addWidget(button)
        left.addLayout(buttons)
        right = self._detail.layout()
        assert isinstance(right, QVBoxLayout)
        self._actions = self._make_actions()
        right.addWidget(self._actions)
        self.sides = _Sides(side, self.rows, self._detail)
        bottom = QHBoxLayout()
        bottom.setSpacing(GAP)
        bottom.addWidget(self.toast, 1)
        bottom.addStretch(0)
        bottom.addWidget(self.close_button, 0, Qt.AlignmentFlag.AlignRight)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GAP * 3, GAP * 2, GAP * 3, GAP * 2)
        layout.setSpacing(GAP + 4)
        heading = label(self.tr("Assistants"), size=HEADING * 1.1, weight=QFont.Weight.DemiBold)
        layout.addWidget(heading)
        layout.addWidget(self.sides, 1)
        layout.addWidget(self.problem)
        layout.addLayout(bottom)
        self._show_state()

    def focus_parts(self) -> Sequence[QWidget]:
        return (self.sides, self.toast, self.close_button)

    # what it shows

    def show_assistants(self, assistants: Sequence[Assistant]) -> None:
        """All there are. The one on show stays, with what was changed of it."""
        self._all = {assistant.id: assistant for assistant in assistants}
        self.rows.show_assistants(assistants)
        shown = self.editor.shown
        if shown is not None and shown.id in self._all:
            self.editor.keep(self._all[shown.id])
            self._show_state()
        elif shown is not None:
            self.confirm.decline()
            ids = self.rows.ids()
            self.choose(ids[0] if ids else "")
            self.sides.close_detail()
            self.rows.setFocus(Qt.FocusReason.OtherFocusReason)
        elif shown is None and assistants and not self.sides.is_narrow:
            self.choose(assistants[0].id)

    def choose(self, assistant_id: str) -> None:
        """Show this one in the editor; what was changed of another is gone."""
        assistant = self._all.get(assistant_id)
        if assistant is None:
            self._detail.show_hint()
        else:
            self.rows.select(assistant_id)
            self.editor.show_assistant(assistant)
            self._detail.show_top()
            self.problem.hide()
            self._detail.show_column()
        self._show_state()

    def open_at(self, assistant_id: str, *, is_new: bool = False) -> None:
        """Show this one, also where list and editor are not side by side; a new one is named.
        What was changed of another is given up only when the person says so."""

        def show() -> None:
            self.choose(assistant_id)
            self.sides.open_detail()
            if is_new:
                self.editor.name.setFocus(Qt.FocusReason.OtherFocusReason)
                self.editor.name.selectAll()

        shown = self.editor.shown
        if self.editor.is_changed():
            self.sides.open_detail()
        if not (self.editor.is_changed() and shown is not None and shown.id == assistant_id):
            self._leave(show)

    @property
    def unsaved(self) -> Assistant | None:
        """The one on show with what was changed of it; None where nothing was."""
        return self.editor.value() if self.editor.is_changed() else None

    def show_unsaved(self, kept: Prompt) -> None:
        """What was left unsaved the last time, unless something else is changed already."""
        assistant = self._all.get(kept.id)
        if assistant is not None and not self.editor.is_changed():
            self.choose(assistant.id)
            self.editor.show_changed(changed(assistant, kept))
            self._show_state()

    def say(self, words: str, *, with_undo: bool = False) -> None:
        """That something was done."""
        self.problem.hide()
        self.toast.show_text(words, with_undo=with_undo)

    def show_problem(self, problem: Problem) -> None:
        """Something that was asked for here could not be done."""
        self.problem.setText(f"{summary_of(problem)} {action_of(problem)}")
        self.problem.setToolTip(tip(problem.details) if problem.details else "")
        self.problem.show()
        announce(self, self.problem.text())

    def _show_state(self) -> None:
        shown = self.editor.shown
        is_there = shown is not None and shown.id in self._all
        is_own = shown is not None and not is_built_in(shown.id)
        self._actions.setVisible(is_there)
        self.save.setVisible(is_own)
        self.delete.setVisible(is_own)
        is_changed = is_there and self.editor.is_changed()
        self.save.setEnabled(is_changed and not self.editor.complaint())
        self.unsaved_changed.emit()

    # what the person wants

    def _row_chosen(self) -> None:
        chosen = self.rows.current_id()
        if chosen and (self.editor.shown is None or chosen != self.editor.shown.id):
            self._leave(lambda: self.choose(chosen))

    def _row_picked(self) -> None:
        """With the mouse or Enter: the editor comes forward where it is not beside the list."""
        shown = self.editor.shown
        if shown is not None and shown.id == self.rows.current_id():
            self.sides.open_detail()

    def _ask(self, emit: Callable[[Assistant], None]) -> None:
        """Something about the one on show; what was changed of it is kept first."""
        if self.editor.is_changed() and self.editor.complaint():
            shown = self.editor.shown
            self._leave(lambda: emit(shown) if shown is not None else None)
            return

        def settled() -> None:
            if self.editor.is_changed():
                self.save_requested.emit(self.editor.value())
            emit(self.editor.value())

        self.editor.settle(settled)

    def _save(self) -> None:
        self.editor.settle(lambda: self.save_requested.emit(self.editor.value()))

    def _delete(self) -> None:
        shown = self.editor.shown
        if shown is not None:
            self.delete_requested.emit(shown.id)

    def _leave(self, then: Callable[[], object]) -> None:
        """Do something for which the editor has to give up what was changed in it."""
        if not self.editor.is_changed():
            then()
            return
        self._agreed = then
        name = self.editor.shown.name if self.editor.shown is not None else ""
        words = self.tr("Give up what you changed of “{name}”?").replace("{name}", name)
        self.confirm.ask(words, self.tr("Give it up"))

    def _do(self) -> None:
        agreed, self._agreed = self._agreed, None
        if self.editor.shown is not None:
            self.choose(self.editor.shown.id)  # as it is kept
        if agreed is not None:
            agreed()

    def _stay(self) -> None:
        self._agreed = None
        if self.editor.shown is not None:
            self.rows.select(self.editor.shown.id)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            if self.confirm.isVisible():
                self.confirm.decline()
            elif not self.sides.covers_list or not self.sides.go_back():
                self.close()
            return
        if event.key() == Qt.Key.Key_S and event.modifiers() == Qt.KeyboardModifier.ControlModifier:
            self.save.click()
            return
        super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _assistants_in(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        files = _assistants_in(event.mimeData())
        if files:
            event.acceptProposedAction()
            self._leave(lambda: self.files_dropped.emit(files))

    def closeEvent(self, event: QCloseEvent) -> None:
        if self.editor.is_changed():
            event.ignore()
            self.sides.open_detail()
            self._leave(self.close)
            return
        super().closeEvent(event)


def _assistants_in(data: QMimeData) -> list[Path]:
    """The files of assistants that are dragged."""
    paths = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
    return [path for path in paths if path.suffix.lower() == ".json"]


class _Detail(DetailPane):
    """With one thing in its column."""

    def fill(self, widget: QWidget) -> None:
        """Put it there."""
        self._column.items.addWidget(widget)

    def show_top(self) -> None:
        """From its beginning."""
        self._column.verticalScrollBar().setValue(0)


class _Sides(ListAndDetail):
    """With a list that is no wider than names need; large type needs more room for the two."""

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._is_narrow = event.size().width() < WIDE * text_scale()
        self._arrange()

    def _arrange(self) -> None:
        super()._arrange()
        if not self.is_narrow:
            self._side.setFixedWidth(round(LIST_WIDTH * text_scale()))
