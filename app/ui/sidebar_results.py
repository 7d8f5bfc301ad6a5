"""What a search found: conversations with the places in them, the found words marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import (
    QAbstractListModel,
    QDateTime,
    QLocale,
    QModelIndex,
    QPersistentModelIndex,
    QPointF,
    QRect,
    QSize,
    Qt,
)
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetrics,
    QPainter,
    QTextCharFormat,
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from app.core.entities import ConversationId, MessageId, Role, SearchHit
from app.ui.theme import GAP, SMALL, Theme, text_font
from app.ui.tips import tip

Index = QModelIndex | QPersistentModelIndex
RESULT_ROLE = int(Qt.ItemDataRole.UserRole)
Marks = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Result:
    """One row: a conversation's title, or (with `message_id`) a place in it.

    `marks` are the found words in `text`: start and length in characters.
    """

    conversation_id: ConversationId
    message_id: MessageId | None
    text: str
    marks: Marks
    note: str = ""  # when it changed, who wrote it
    role: Role | None = None


def results_of(hits: Sequence[SearchHit]) -> list[Result]:
    """Rows grouped by conversation, in the order in which the hits name these first."""
    groups: dict[ConversationId, list[SearchHit]] = {}
    for hit in hits:
        groups.setdefault(hit.conversation_id, []).append(hit)
    rows: list[Result] = []
    for conversation_id, found in groups.items():
        named = next((hit for hit in found if hit.message_id is None), None)
        newest = max(hit.created_at for hit in found)
        title, marks = (named.excerpt, named.marks) if named else (found[0].title, ())
        rows.append(_result(conversation_id, None, title, marks, _day_text(newest.timestamp())))
        rows += [
            _result(conversation_id, hit.message_id, hit.excerpt, hit.marks, role=hit.role)
            for hit in found
            if hit.message_id is not None
        ]
    return rows


def _result(
    conversation_id: ConversationId,
    message_id: MessageId | None,
    text: str,
    marks: Marks,
    note: str = "",
    role: Role | None = None,
) -> Result:
    """A row whose text has only spaces between its words; no character moves by that."""
    spaced = "".join(" " if character.isspace() else character for character in text)
    return Result(conversation_id, message_id, spaced, marks, note, role)


def _day_text(seconds: float) -> str:
    day = QDateTime.fromSecsSinceEpoch(int(seconds)).date()
    return QLocale().toString(day, QLocale.FormatType.ShortFormat)


class ResultList(QAbstractListModel):
    """The rows of a search."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._results: list[Result] = []

    def show(self, hits: Sequence[SearchHit]) -> None:
        """Show these instead."""
        self.beginResetModel()
        self._results = results_of(hits)
        self.endResetModel()

    def result(self, index: Index) -> Result | None:
        """What is in a row."""
        return self._results[index.row()] if index.isValid() else None

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self._results)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        result = self.result(index)
        if result is None:
            return None
        if role == RESULT_ROLE:
            return result
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            words = result.text.strip() or self.tr("Untitled")
            return tip(words) if role == Qt.ItemDataRole.ToolTipRole else words
        if role == Qt.ItemDataRole.AccessibleTextRole:
            words = self.tr("Conversation {text}, {date}")
            if result.role is Role.USER:
                words = self.tr("Your message: {text}")
            elif result.role is not None:
                words = self.tr("Answer: {text}")
            return words.replace("{date}", result.note).replace("{text}", result.text.strip())
        return None


class ResultPainter(QStyledItemDelegate):
    """A title in one line, a place in two, the found words on a marked ground."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        result = index.data(RESULT_ROLE)
        if not isinstance(result, Result):
            return
        colours, state = self._theme.colours, option.state
        rect: QRect = option.rect
        plate = rect.adjusted(GAP, 1, -GAP, -1)
        is_selected = bool(state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if is_selected or state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.selected if is_selected else colours.hover))
            painter.drawRoundedRect(plate, 6, 6)
        if state & QStyle.StateFlag.State_HasFocus:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QColor(colours.accent))
            painter.drawRoundedRect(plate, 6, 6)
        room = plate.adjusted(10, 4, -10, -4)
        if result.message_id is None:
            self._paint_title(painter, option, result, room)
        else:
            painter.setPen(QColor(colours.text if is_selected else colours.muted))
            inner = QStyle.visualRect(option.direction, room, room.adjusted(10, 0, 0, 0))
            self._paint_text(painter, option, result, inner, text_font(SMALL), 2)
        painter.restore()

    def _paint_title(
        self, painter: QPainter, option: QStyleOptionViewItem, result: Result, room: QRect
    ) -> None:
        small = text_font(SMALL)
        width = QFontMetrics(small).horizontalAdvance(result.note) + 2
        if room.width() >= 3 * width:  # in a narrow sidebar the title needs all of it
            place = QRect(room.right() + 1 - width, room.top(), width, room.height())
            place = QStyle.visualRect(option.direction, room, place)
            painter.setFont(small)
            is_selected = option.state & QStyle.StateFlag.State_Selected
            colours = self._theme.colours
            painter.setPen(QColor(colours.text if is_selected else colours.muted))
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, result.note)
            room = QStyle.visualRect(option.direction, room, room.adjusted(0, 0, -width - 6, 0))
        font = QFont(option.font)
        font.setWeight(QFont.Weight.DemiBold)
        painter.setPen(QColor(self._theme.colours.text))
        self._paint_text(painter, option, result, room, font, 1)

    def _paint_text(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        result: Result,
        room: QRect,
        font: QFont,
        lines: int,
    ) -> None:
        """The text in so many lines, the last one shortened; marks as far as they are seen."""
        metrics = QFontMetrics(font)
        starts, at = _line_starts(result.text, font, room.width(), lines), room.top()
        at += max(0, (room.height() - metrics.height() * len(starts)) // 2)
        for number, start in enumerate(starts):
            is_last = number == len(starts) - 1
            end = None if is_last else starts[number + 1]
            text = result.text[start:end].rstrip()
            shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, room.width())
            kept = len(shown) - 1 if shown != text and shown.endswith("…") else len(shown)
            line = QTextLayout(shown, font)
            line.setTextOption(_direction(option))
            line.setFormats(self._formats(shown, kept, start, result.marks))
            line.beginLayout()
            made = line.createLine()
            made.setLineWidth(room.width())
            line.endLayout()
            line.draw(painter, QPointF(room.left(), at))
            at += metrics.height()

    def _formats(
        self, shown: str, kept: int, start: int, marks: Marks
    ) -> list[QTextLayout.FormatRange]:
        """The found words in what is shown, in Qt's units of UTF-16."""
        colours = self._theme.colours
        ground = QColor(colours.accent)
        ground.setAlpha(56)
        formats = []
        for mark, length in marks:
            first, last = max(0, mark - start), min(kept, mark + length - start)
            if first >= last:
                continue
            found = QTextLayout.FormatRange()
            found.start = _units(shown[:first])
            found.length = _units(shown[first:last])
            form = QTextCharFormat()
            form.setForeground(QColor(colours.text))
            form.setBackground(ground)
            form.setFontWeight(QFont.Weight.DemiBold)
            found.format = form
            formats.append(found)
        return formats

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        result = index.data(RESULT_ROLE)
        if isinstance(result, Result) and result.message_id is None:
            return QSize(80, max(34, option.fontMetrics.height() + 14))
        font, lines = text_font(SMALL), 2
        if isinstance(result, Result):
            lines = len(_line_starts(result.text, font, option.rect.width() - 46, 2))
        return QSize(80, QFontMetrics(font).height() * lines + 12)


def _line_starts(text: str, font: QFont, width: int, lines: int) -> list[int]:
    """Where each line begins, in characters; at most `lines` of them."""
    layout = QTextLayout(text, font)
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    layout.setTextOption(option)
    starts: list[int] = []
    encoded = text.encode("utf-16-le")
    layout.beginLayout()
    while len(starts) < lines:
        line = layout.createLine()
        if not line.isValid():
            break
        line.setLineWidth(max(20, width))
        units = line.textStart()
        starts.append(len(encoded[: units * 2].decode("utf-16-le", "ignore")))
    layout.endLayout()
    return starts or [0]


def _direction(option: QStyleOptionViewItem) -> QTextOption:
    made = QTextOption()
    made.setWrapMode(QTextOption.WrapMode.NoWrap)
    made.setTextDirection(Qt.LayoutDirection.LayoutDirectionAuto)  # of the text, as it is found
    side = QStyle.visualAlignment(option.direction, Qt.AlignmentFlag.AlignLeft)
    made.setAlignment(side | Qt.AlignmentFlag.AlignAbsolute)
    return made


def _units(text: str) -> int:
    """The length as Qt counts it."""
    return len(text.encode("utf-16-le")) // 2
