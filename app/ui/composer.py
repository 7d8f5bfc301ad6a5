"""Where the person writes: a text that grows, attachments, prompts, earlier messages."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from PySide6.QtCore import QEvent, QMimeData, Qt, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDropEvent,
    QImage,
    QKeyEvent,
    QMoveEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.core.entities import Attachment, Draft
from app.core.prompts import Prompt
from app.ui.composer_attachments import AttachmentArea
from app.ui.composer_button import SIDE, SendButton
from app.ui.composer_notes import Note
from app.ui.composer_prompts import PromptList
from app.ui.composer_text import ComposerText, has_attachable
from app.ui.composer_tokens import TokenCount
from app.ui.models_parts import IconButton
from app.ui.prompts.note import PromptNote
from app.ui.sizes import fix_size
from app.ui.theme import GAP, READING, Theme, text_font

LEAST_LINES, MOST_LINES = 3, 9
TEXT_PART, CHIPS_PART = 0.38, 0.25  # of the window's height, at most


class Composer(QFrame):
    """Text, what is attached, and a button, which sends, or stops while the model writes.

    It keeps one draft; whoever switches conversations takes it (`draft`) and gives the other one
    (`set_draft`). Files are read by others: it asks (`attach_requested`, `image_requested`,
    `text_requested`), shows which are being read (`show_reading`) and what came of them
    (`show_attachments`).
    """

    submitted = Signal(str)
    stop_requested = Signal()
    draft_changed = Signal()  # by the person; not while an earlier message is edited
    attach_requested = Signal(list)  # list[Path]
    image_requested = Signal(bytes, str)  # PNG, a name for it
    text_requested = Signal(str, str)  # a long pasted text, a name for its file
    detach_requested = Signal(str)  # the attachment's id
    thumbnail_wanted = Signal(str)  # an attachment's id, for `show_thumbnail`
    edit_last_requested = Signal()
    edit_submitted = Signal(str)
    edit_cancelled = Signal()
    count_wanted = Signal(str)  # the text and those attached; `show_tokens` is to be told theirs
    prompt_chosen = Signal(object, str)  # Prompt, the text written after its name

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("composerFrame")
        self._theme = theme
        self._is_answering = False
        self._can_send = True
        self._is_showing = False  # another draft is being shown: nobody has typed it
        self._kept: Draft | None = None  # the draft of before, while a message is edited
        self._sent: tuple[Attachment, ...] = ()
        self.text = ComposerText()
        self.text.take_key = self._take_key
        self.text.wants_escape = self._wants_escape
        self.button = SendButton(theme)
        self.attach_button = IconButton(theme, "paperclip", "")
        fix_size(self.attach_button, SIDE, SIDE)
        self.edit_bar = Note(theme, "pencil")
        self.prompt_note = PromptNote(theme)
        self.area = AttachmentArea(theme)
        self.tokens = TokenCount()
        self.prompts = PromptList(theme, self)
        self._make_layout()
        self._connect()
        self.setAcceptDrops(True)
        self.setFocusProxy(self.text)
        self._say()
        self._restyle()

    def _make_layout(self) -> None:
        below = QHBoxLayout()
        below.setSpacing(GAP)
        below.addWidget(self.attach_button)
        below.addWidget(self.tokens, 1)
        below.addWidget(self.button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, GAP, GAP, GAP)
        layout.setSpacing(4)
        for part in (self.edit_bar, self.prompt_note, self.area, self.text):
            layout.addWidget(part)
        layout.addLayout(below)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        notes = (self.edit_bar.button, self.prompt_note.button)
        order = (*notes, self.area, self.text, self.attach_button, self.button)
        for before, after in pairwise(order):
            QWidget.setTabOrder(before, after)

    def _connect(self) -> None:
        self.text.submitted.connect(self._submit)
        self.text.focus_changed.connect(self._show_focus)
        self.text.textChanged.connect(self._text_changed)
        self.text.composing_changed.connect(self._fit)
        self.text.edit_last_requested.connect(self._edit_last)
        self.text.files_given.connect(self.area.add_files)
        self.text.picture_given.connect(self.area.add_picture)
        self.text.long_text_given.connect(self.area.add_text)
        self.text.document().documentLayout().documentSizeChanged.connect(self._fit)
        self.button.clicked.connect(self._press)
        self.attach_button.clicked.connect(self.area.ask_for_files)
        self.edit_bar.pressed.connect(self._cancel_edit)
        self.area.attach_requested.connect(self.attach_requested)
        self.area.image_requested.connect(self.image_requested)
        self.area.text_requested.connect(self.text_requested)
        self.area.detach_requested.connect(self.detach_requested)
        self.area.thumbnail_wanted.connect(self.thumbnail_wanted)
        self.area.insert_wanted.connect(self._insert)
        self.area.changed.connect(self._content_changed)
        self.area.emptied.connect(self.text.setFocus)
        self.tokens.wanted.connect(self._want_count)
        self.prompts.chosen.connect(self.prompt_chosen)
        self._theme.changed.connect(self._restyle)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()
            self._show_button()

    def _say(self) -> None:
        """Every text that stands here all the time."""
        self._say_hint()
        self.text.setAccessibleName(self.tr("Message"))
        self.attach_button.rename("paperclip", self.tr("Attach files"))
        self.edit_bar.say(self.tr("Editing a message"), self.tr("Cancel"))

    def _say_hint(self) -> None:
        """In an empty message; shorter where it would go over two lines."""
        hint = self.tr("Write a message, or / for a prompt")
        room = self.text.viewport().width() - 2 * self.text.document().documentMargin()
        fits = self.text.fontMetrics().horizontalAdvance(hint) <= room
        is_whole = fits and self.prompts.has_prompts
        self.text.setPlaceholderText(hint if is_whole else self.tr("Write a message"))

    # what is told from outside

    def set_answering(self, is_answering: bool) -> None:
        """Whether the model writes: the button stops it then."""
        self._is_answering = is_answering
        self._show_button()

    def set_can_send(self, can_send: bool) -> None:
        """Whether there is a model to answer; typing is always possible."""
        self._can_send = can_send
        self._show_button()

    def set_send_key(self, choice: str) -> None:
        """'enter' (Shift+Enter breaks the line) or 'ctrl_enter' (Enter breaks it)."""
        self.text.sends_with_ctrl = choice == "ctrl_enter"
        self._show_button()

    def set_prompts(self, prompts: Sequence[Prompt]) -> None:
        """What `/` offers at the start of an empty message."""
        self.prompts.set_prompts(prompts)
        self._say()

    def draft(self) -> Draft:
        """What is being written; while an earlier message is edited, the draft of before."""
        return self._kept or Draft(self.text.toPlainText(), self.attachments())

    def set_draft(self, draft: Draft) -> None:
        """Another conversation's draft, with no history of this one's; editing ends."""
        was_editing = self._stop_editing() is not None
        self.prompt_note.show_going(None)
        self._show(draft)
        if was_editing:
            self.edit_cancelled.emit()

    def use_text(self, text: str, caret: int = -1) -> None:
        """Put `text` in the place of what is written, so that it can be undone."""
        self.text.replace_all(text, caret)
        self.text.setFocus()

    def forget(self, text: str) -> None:
        """`text` is safe on disk, with what was attached; keep what was typed since."""
        if self.text.toPlainText().strip() != text:
            return
        if self.is_editing:
            self.end_edit()
            return
        self.text.replace_all("")
        sent, self._sent = self._sent, ()
        self.area.forget(sent)

    def attachments(self) -> tuple[Attachment, ...]:
        """What goes with the message."""
        return self.area.attachments

    def show_attachments(self, attachments: Sequence[Attachment]) -> None:
        """What is attached now."""
        self.area.show_attachments(attachments)

    def show_reading(self, names: Sequence[str]) -> None:
        """Files that are being read; the message waits for them."""
        self.area.show_reading(names)
        self._show_button()

    def show_thumbnail(self, attachment_id: str, image: QImage) -> None:
        """The picture of an attachment, see `composer_chips.thumbnail`."""
        self.area.chips.show_thumbnail(attachment_id, image)

    def show_tokens(self, count: int, room: int) -> None:
        """How many tokens it is, and how many there is room for (0: not known)."""
        self.tokens.show_count(count, room)

    def _want_count(self) -> None:
        attached = [attachment.text for attachment in self.attachments() if attachment.text]
        self.count_wanted.emit("\n\n".join([*attached, self.text.toPlainText()]))

    # editing a message that was sent

    @property
    def is_editing(self) -> bool:
        """Whether what is written is an earlier message."""
        return self._kept is not None

    def begin_edit(self, text: str, attachments: Sequence[Attachment] = ()) -> None:
        """Change an earlier message; the draft comes back afterwards."""
        if self._kept is None:
            self._kept = self.draft()
        self.edit_bar.show()
        self.prompt_note.set_aside(True)
        self._show(Draft(text, tuple(attachments)))
        self.text.setFocus()

    def end_edit(self) -> None:
        """The changed message is safe on disk: back to the draft of before."""
        draft = self._stop_editing()
        if draft is not None:
            self._show(draft)

    def _cancel_edit(self) -> None:
        self.end_edit()
        self.text.setFocus()
        self.edit_cancelled.emit()

    def _stop_editing(self) -> Draft | None:
        draft, self._kept = self._kept, None
        self.edit_bar.hide()
        self.prompt_note.set_aside(False)
        self._show_button()
        return draft

    def _edit_last(self) -> None:
        if not (self.is_editing or self.attachments() or self.area.is_reading):
            self.edit_last_requested.emit()

    # what is given to attach

    def files_dropped(self, files: Sequence[Path]) -> None:
        """Files were dropped or pasted, here or anywhere on the window."""
        self.area.add_files(files)

    def image_pasted(self, png: bytes) -> None:
        """A picture was dropped or pasted, here or anywhere on the window."""
        self.area.add_picture(png)

    def take(self, source: QMimeData) -> bool:
        """Attach the files or the picture in it; False if there are none."""
        return self.area.take(source)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if has_attachable(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        if self.take(event.mimeData()):
            event.acceptProposedAction()

    def _insert(self, text: str) -> None:
        self.text.insertPlainText(text)
        self.text.setFocus()

    # sending

    def _press(self) -> None:
        if self._is_answering:
            self.stop_requested.emit()
        else:
            self._submit()

    def submit(self) -> None:
        """Send what is written, as the button does, if that is possible now."""
        self._submit()

    @property
    def is_free(self) -> bool:
        """Whether a message could be sent now."""
        return self._can_send and not self._is_answering and not self.area.is_reading

    def selected_text(self) -> str:
        """What is selected of what is written."""
        return self.text.textCursor().selectedText().replace("\u2029", "\n")

    def _can_submit(self) -> bool:
        has_content = bool(self.text.toPlainText().strip() or self.attachments())
        return has_content and self.is_free

    def _submit(self) -> None:
        if not self._can_submit():
            return
        text = self.text.toPlainText().strip()
        if self.is_editing:
            self.edit_submitted.emit(text)
        else:
            self._sent = self.attachments()
            self.submitted.emit(text)

    def _take_key(self, event: QKeyEvent) -> bool:
        if self.prompts.take_key(event):
            return True
        if event.key() == Qt.Key.Key_Escape and self.is_editing:
            self._cancel_edit()
            return True
        return False

    def _wants_escape(self) -> bool:
        return self.prompts.isVisible() or self.is_editing

    # what is shown

    def _show(self, draft: Draft) -> None:
        """Text and attachments that nobody has typed just now."""
        self._is_showing = True
        self.prompts.hide()
        self.text.show_anew(draft.text)
        self.area.show_anew(draft.attachments)
        self._is_showing = False
        self._content_changed(is_typed=False)

    def _text_changed(self) -> None:
        if not self._is_showing:
            self.prompts.offer_for(self.text.toPlainText())
            self._content_changed()

    def _content_changed(self, *, is_typed: bool = True) -> None:
        self._show_button()
        length = self.text.document().characterCount()
        self.tokens.content_changed(length + sum(len(a.text) for a in self.attachments()))
        if is_typed and not self.is_editing:
            if length == 1:  # cleared, but for the mark of its one paragraph
                self.prompt_note.show_going(None)
            self.draft_changed.emit()

    def _show_button(self) -> None:
        self.button.show_state(
            is_answering=self._is_answering,
            is_editing=self.is_editing,
            can_send=self._can_submit(),
            sends_with_ctrl=self.text.sends_with_ctrl,
        )

    def _show_focus(self, has_focus: bool) -> None:
        if not has_focus:
            self.prompts.hide()
        self.setProperty("focused", has_focus)
        self.style().unpolish(self)
        self.style().polish(self)

    def _restyle(self) -> None:
        self.text.setFont(text_font(READING))
        self._show_button()
        self._fit()

    def _fit(self) -> None:
        # at twice the font size in a low window the conversation must not vanish
        height = self.window().height()
        line = self.text.fontMetrics().lineSpacing()
        most = max(LEAST_LINES, min(MOST_LINES, int(height * TEXT_PART / line)))
        self.text.setFixedHeight(max(36, self.text.height_of_lines(most) + 12))
        self.area.chips.limit_height(int(height * CHIPS_PART))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._say_hint()
        self._fit()

    def moveEvent(self, event: QMoveEvent) -> None:
        super().moveEvent(event)
        self._fit()  # the window has become higher or lower
