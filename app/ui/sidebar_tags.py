"""The row of tags above the list: each narrows the list, and tags what is dropped on it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QMenu, QWidget

from app.ui.flow import FlowLayout
from app.ui.models_parts import IconButton, chain_tabs
from app.ui.sidebar_drop import DropChip
from app.ui.theme import GAP, SMALL, Theme, text_font
from app.ui.tips import tip
from app.ui.words import number_text

FIRST_SHOWN = 4  # chips; the other tags are in a menu
CHIP_WIDTH = 110  # pixels at most of a chip's words


class TagChip(DropChip):
    """One tag, shortened where it is long; what is chosen is told by the row, not by itself."""

    def __init__(self, name: str, count: int) -> None:
        super().__init__()
        self.name = name
        self.setFont(text_font(SMALL))
        self.setCheckable(True)
        self.show_count(count)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._fit()

    def _fit(self) -> None:
        self.setFixedHeight(self.fontMetrics().height() + 12)  # whatever font its script needs
        shown = QFontMetrics(self.font()).elidedText(
            self.name, Qt.TextElideMode.ElideRight, CHIP_WIDTH
        )
        self.setText(shown.replace("&", "&&"))

    def show_count(self, count: int) -> None:
        """Its number of conversations, for the tooltip."""
        self._fit()
        words = self.tr("Tag {name}: {count}").replace("{count}", number_text(count))
        self.setToolTip(tip(words.replace("{name}", self.name)))
        self.setAccessibleName(words.replace("{name}", self.name))


class TagRow(QWidget):
    """The most used tags as chips; hidden where there are none."""

    chosen = Signal(object)  # set[str]: show only conversations with all of them
    dropped = Signal(object, str)  # list[str] of conversations, tag

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._tags: list[tuple[str, int]] = []
        self._chosen: set[str] = set()
        self.chips: list[TagChip] = []
        self.more = IconButton(theme, "ellipsis", "")
        self.more.clicked.connect(self._show_more)
        self._flow = FlowLayout(self)
        self._flow.setSpacing(4)
        self._flow.setContentsMargins(0, 0, 0, 0)
        self._flow.addWidget(self.more)
        self._translate()
        self.hide()

    def show_tags(self, tags: Sequence[tuple[str, int]], chosen: Collection[str]) -> None:
        """The tags, the most used first, and those in force."""
        self._tags, self._chosen = list(tags), set(chosen)
        names = [name for name, _ in tags]
        # a chosen tag is always in sight: else one could not see why conversations are missing
        shown = sorted(names[:FIRST_SHOWN] + [n for n in names[FIRST_SHOWN:] if n in chosen])
        counts = dict(tags)
        if [chip.name for chip in self.chips] != shown:
            self._make_chips(shown, counts)
        for chip in self.chips:
            chip.show_count(counts[chip.name])
            chip.setChecked(chip.name in self._chosen)
        self.more.setVisible(len(names) > len(shown))
        self.setVisible(bool(names))
        self.updateGeometry()

    def _make_chips(self, names: Sequence[str], counts: dict[str, int]) -> None:
        focused = next((chip.name for chip in self.chips if chip.hasFocus()), "")
        for chip in self.chips:
            self._flow.removeWidget(chip)
            chip.hide()
            chip.deleteLater()
        self.chips = [TagChip(name, counts[name]) for name in names]
        self._flow.removeWidget(self.more)
        for chip in self.chips:
            self._flow.addWidget(chip)
            chip.show()
            chip.clicked.connect(lambda _checked, name=chip.name: self._toggle(name))
            chip.dropped.connect(lambda ids, name=chip.name: self.dropped.emit(ids, name))
            if chip.name == focused:
                chip.setFocus()
        self._flow.addWidget(self.more)
        chain_tabs(*self.chips, self.more)

    def _toggle(self, name: str) -> None:
        self._chosen ^= {name}
        self.show_tags(self._tags, self._chosen)
        self.chosen.emit(set(self._chosen))

    def _show_more(self) -> None:
        """The tags that have no chip."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        shown = {chip.name for chip in self.chips}
        for name, _ in sorted(self._tags, key=lambda tag: tag[0].casefold()):
            if name not in shown:
                action = menu.addAction(name.replace("&", "&&"))
                action.triggered.connect(lambda _checked, name=name: self._toggle(name))
        menu.popup(self.more.mapToGlobal(self.more.rect().bottomLeft()))

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._flow.heightForWidth(width)

    def sizeHint(self) -> QSize:
        return QSize(GAP, self._flow.heightForWidth(max(1, self.width())))

    def minimumSizeHint(self) -> QSize:
        return QSize(GAP, 0)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self.updateGeometry()
        elif event.type() == QEvent.Type.LanguageChange:
            self._translate()

    def _translate(self) -> None:
        self.setAccessibleName(self.tr("Tags"))
        self.more.rename("ellipsis", self.tr("More tags"))
