"""Paints the rows of the sidebar: headings, conversations, tags, and what a drag is over."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import QLineEdit, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from app.core.entities import Conversation, ConversationId
from app.ui.sidebar_model import NAME_LENGTH, ROW_ROLE, ConversationList
from app.ui.sidebar_rows import Heading, Section
from app.ui.sidebar_view import ConversationView, menu_rect
from app.ui.theme import GAP, SMALL, Theme, text_font
from app.ui.words import number_text

Index = QModelIndex | QPersistentModelIndex
ROW_HEIGHT = 34  # pixels at least
INSET = 10  # pixels from the plate's edge to the words
ICON = 16
TAG_ROOM = 250  # pixels of a row from which a tag is a word rather than a dot
SECTION_ICONS = {Section.PINNED: "pin", Section.ARCHIVE: "archive"}


class RowPainter(QStyledItemDelegate):
    """Rows as rounded plates, mirrored where the language is."""

    def __init__(self, theme: Theme, view: ConversationView, model: ConversationList) -> None:
        super().__init__(view)
        self._theme, self._view, self._model = theme, view, model
        self.open_id: ConversationId | None = None

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row = index.data(ROW_ROLE)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_plate(painter, option, index, row)
        if isinstance(row, Heading):
            self._paint_heading(painter, option, row)
        elif isinstance(row, Conversation):
            self._paint_conversation(painter, option, index, row)
        painter.restore()

    def _paint_plate(
        self, painter: QPainter, option: QStyleOptionViewItem, index: Index, row: object
    ) -> None:
        colours, plate = self._theme.colours, _plate(option)
        target, is_heading = self._view.target, isinstance(row, Heading)
        is_target = target is not None and target == self._model.heading_above(index.row())
        ground = ""
        if option.state & QStyle.StateFlag.State_Selected:
            ground = colours.selected
        elif is_target or (option.state & QStyle.StateFlag.State_MouseOver and target is None):
            ground = colours.hover
        if ground:
            painter.setBrush(QColor(ground))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.drawRoundedRect(plate, 6, 6)
        if (is_target and is_heading) or option.state & QStyle.StateFlag.State_HasFocus:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QColor(colours.accent))
            painter.drawRoundedRect(plate, 6, 6)

    def _paint_heading(self, painter: QPainter, option: QStyleOptionViewItem, row: Heading) -> None:
        colours, is_folder = self._theme.colours, row.section is Section.FOLDER
        state = option.state
        is_hovered = bool(state & QStyle.StateFlag.State_MouseOver)
        room, side = _Line(option), _icon_side(option)
        icon = SECTION_ICONS.get(row.section, "")
        if is_folder:
            icon = "folder" if row.is_collapsed else "folder-open"
        if icon:
            self._icon(painter, icon, self._quiet(option), room.take_start(side, 8))
        if is_hovered and is_folder:
            spot = menu_rect(option.rect, option.direction)
            self._icon(painter, "ellipsis", self._quiet(option), spot)
            room.take_end(28)
        elif not is_folder:  # of a folder the icon shows it
            place = room.take_end(side - 2, 4)
            if is_hovered or row.is_collapsed or state & QStyle.StateFlag.State_HasFocus:
                self._icon(painter, _chevron(option, row), self._quiet(option), place)
        painter.setPen(QColor(self._quiet(option)))
        is_counted = row.is_collapsed or is_folder or row.section is Section.ARCHIVE
        if is_counted and not (is_hovered and is_folder):
            painter.setFont(text_font(SMALL))
            count = number_text(row.count)
            width = QFontMetrics(painter.font()).horizontalAdvance(count)
            painter.drawText(room.take_end(width + 2, 6), _middle(option), count)
        if is_folder:
            painter.setFont(option.font)
            painter.setPen(QColor(colours.text))
        else:
            painter.setFont(text_font(SMALL, QFont.Weight.DemiBold))
        self._words(painter, option, room.rest(), self._model.heading_text(row))

    def _paint_conversation(
        self, painter: QPainter, option: QStyleOptionViewItem, index: Index, row: Conversation
    ) -> None:
        colours, room = self._theme.colours, _Line(option)
        if row.id == self.open_id:
            bar = room.mirrored(QRect(room.plate.left(), room.plate.top() + 8, 3, room.height - 16))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.accent))
            painter.drawRoundedRect(bar, 1.5, 1.5)
        heading = self._model.heading_above(index.row())
        if heading is not None and heading.section is Section.FOLDER:
            room.take_start(_icon_side(option), 8)
        if option.state & QStyle.StateFlag.State_MouseOver and self._view.target is None:
            spot = menu_rect(option.rect, option.direction)
            self._icon(painter, "ellipsis", self._quiet(option), spot)
            room.take_end(28)
        elif row.tags:
            self._paint_tags(painter, option, room, row.tags)
        painter.setFont(option.font)
        painter.setPen(QColor(self._quiet(option) if row.is_archived else colours.text))
        self._words(painter, option, room.rest(), self._model.title_text(row))

    def _paint_tags(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        room: _Line,
        tags: tuple[str, ...],
    ) -> None:
        """The first tag as a word where there is room, all others as dots."""
        colours = self._theme.colours
        small = text_font(SMALL)
        metrics = QFontMetrics(small)
        as_words = 1 if option.rect.width() >= TAG_ROOM * metrics.height() / 14 else 0
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for _ in tags[as_words : as_words + 3]:
            dot = room.take_end(6, 4)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(self._quiet(option)))
            painter.drawEllipse(QRect(dot.left(), dot.center().y() - 2, 6, 6))
        for name in tags[:as_words]:
            width = min(metrics.horizontalAdvance(name), room.rest().width() // 3) + 12
            chip = room.take_end(width, 4)
            height = metrics.height() + 2
            chip = QRect(chip.left(), chip.center().y() - height // 2, width, height)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QColor(colours.border))
            painter.drawRoundedRect(chip, 5, 5)
            painter.setFont(small)
            painter.setPen(QColor(self._quiet(option)))
            shown = metrics.elidedText(name, Qt.TextElideMode.ElideRight, width - 10)
            painter.drawText(chip, Qt.AlignmentFlag.AlignCenter, shown)

    def _quiet(self, option: QStyleOptionViewItem) -> str:
        """The colour of what is less important; on a selected row only the text's is readable."""
        is_selected = bool(option.state & QStyle.StateFlag.State_Selected)
        return self._theme.colours.text if is_selected else self._theme.colours.muted

    def _icon(self, painter: QPainter, name: str, colour: str, place: QRect) -> None:
        side = min(place.width(), place.height() - 4)
        spot = QRect(0, 0, side, side)
        spot.moveCenter(place.center())
        self._theme.icon(name, colour).paint(painter, spot)

    def _words(
        self, painter: QPainter, option: QStyleOptionViewItem, place: QRect, text: str
    ) -> None:
        metrics = QFontMetrics(painter.font())
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, place.width())
        # of the title's own direction: in another one its "…" would be at the wrong end
        painter.setLayoutDirection(Qt.LayoutDirection.LayoutDirectionAuto)
        painter.drawText(place, _middle(option) | Qt.TextFlag.TextSingleLine, shown)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(80, max(ROW_HEIGHT, option.fontMetrics.height() + 14))

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        editor = QLineEdit(parent)
        editor.setProperty("field", True)
        editor.setMaxLength(NAME_LENGTH)
        editor.setAccessibleName(self.tr("New name"))
        return editor

    def updateEditorGeometry(
        self, editor: QWidget, option: QStyleOptionViewItem, index: Index
    ) -> None:
        editor.setGeometry(option.rect.adjusted(GAP, 1, -GAP, -1))


class _Line:
    """The room in a row, taken from both ends, mirrored where the language is."""

    def __init__(self, option: QStyleOptionViewItem) -> None:
        self.plate = _plate(option)
        self._direction = option.direction
        self._start = self.plate.left() + INSET
        self._end = self.plate.right() + 1 - INSET

    @property
    def height(self) -> int:
        """Of the plate, in pixels."""
        return self.plate.height()

    def take_start(self, width: int, gap: int = 0) -> QRect:
        """Room where the line begins."""
        place = QRect(self._start, self.plate.top(), width, self.height)
        self._start += width + gap
        return self.mirrored(place)

    def take_end(self, width: int, gap: int = 0) -> QRect:
        """Room where the line ends."""
        place = QRect(self._end - width, self.plate.top(), width, self.height)
        self._end -= width + gap
        return self.mirrored(place)

    def rest(self) -> QRect:
        """What is left."""
        width = max(0, self._end - self._start)
        return self.mirrored(QRect(self._start, self.plate.top(), width, self.height))

    def mirrored(self, place: QRect) -> QRect:
        """The place as this language has it."""
        return QStyle.visualRect(self._direction, self.plate, place)


def _icon_side(option: QStyleOptionViewItem) -> int:
    """Pixels of an icon beside words of this size."""
    return max(ICON, option.fontMetrics.height())


def _chevron(option: QStyleOptionViewItem, row: Heading) -> str:
    if not row.is_collapsed:
        return "chevron-down"
    is_mirrored = option.direction == Qt.LayoutDirection.RightToLeft
    return "chevron-left" if is_mirrored else "chevron-right"


def _plate(option: QStyleOptionViewItem) -> QRect:
    rect: QRect = option.rect
    return rect.adjusted(GAP, 1, -GAP, -1)


def _middle(option: QStyleOptionViewItem) -> Qt.AlignmentFlag:
    side = QStyle.visualAlignment(option.direction, Qt.AlignmentFlag.AlignLeft)
    return side | Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignAbsolute
