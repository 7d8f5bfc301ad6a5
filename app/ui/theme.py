"""Colours, type sizes and icons of the window, light and dark."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from PySide6.QtCore import QByteArray, QObject, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

from app.core.paths import resources


@dataclass(frozen=True, slots=True)
class Colours:
    """Named colours of one theme; text on its ground has a contrast of at least 4.5 : 1."""

    is_dark: bool
    window: str
    sidebar: str
    surface: str
    text: str
    muted: str
    border: str
    hover: str
    selected: str
    bubble: str
    code: str
    accent: str
    accent_hover: str
    on_accent: str
    danger: str
    danger_ground: str
    link: str
    good: str
    warn: str


LIGHT = Colours(
    is_dark=False,
    window="#fbf9f6",
    sidebar="#f3efe9",
    surface="#ffffff",
    text="#2b2622",
    muted="#6f655c",
    border="#e2dad0",
    hover="#eae4db",
    selected="#e3dbd0",
    bubble="#f1ebe2",
    code="#f5f1eb",
    accent="#b84e14",
    accent_hover="#9d410f",
    on_accent="#ffffff",
    danger="#a3261c",
    danger_ground="#fbece9",
    link="#a04410",
    good="#2c6631",
    warn="#754a00",
)
DARK = Colours(
    is_dark=True,
    window="#1f1c1a",
    sidebar="#181614",
    surface="#282421",
    text="#ece5dc",
    muted="#a69a8f",
    border="#3b3530",
    hover="#2b2623",
    selected="#38322d",
    bubble="#322c28",
    code="#171513",
    accent="#e8804a",
    accent_hover="#f09a6a",
    on_accent="#1f1c1a",
    danger="#ff9d8f",
    danger_ground="#3a2421",
    link="#f0a070",
    good="#98c985",
    warn="#e3b565",
)

GAP = 8  # pixels between things that belong together; other distances are multiples of it
# The type scale, in parts of the system's font size
SMALL, READING, HEADING, TITLE = 0.9, 1.15, 1.1, 1.8
READING_WIDTH = 760  # pixels; about 80 characters, comfortable to read


class Theme(QObject):
    """The theme in force; tells when it becomes another one."""

    changed = Signal()

    def __init__(self, application: QApplication) -> None:
        super().__init__(application)
        self._application = application
        self._choice = "system"
        self.colours = LIGHT
        application.setStyle("Fusion")
        application.styleHints().colorSchemeChanged.connect(self._follow_system)

    def choose(self, choice: str) -> None:
        """Use 'light', 'dark', or what the 'system' has."""
        self._choice = choice
        scheme = {"light": Qt.ColorScheme.Light, "dark": Qt.ColorScheme.Dark}.get(
            choice, Qt.ColorScheme.Unknown
        )
        self._application.styleHints().setColorScheme(scheme)
        self._apply()

    def _follow_system(self) -> None:
        if self._choice == "system":
            self._apply()

    def _apply(self) -> None:
        scheme = self._application.styleHints().colorScheme()
        is_dark = self._choice == "dark" or (
            self._choice == "system" and scheme == Qt.ColorScheme.Dark
        )
        self.colours = DARK if is_dark else LIGHT
        self._application.setPalette(_palette(self.colours))
        self._application.setStyleSheet(_style_sheet(self.colours))
        self.changed.emit()

    def icon(self, name: str, colour: str | None = None) -> QIcon:
        """The icon `name` in `colour` (default: the text's), greyed where disabled."""
        return _icon(name, colour or self.colours.text, self.colours.border)


def text_font(size: float, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    """The system's font at one step of the type scale."""
    font = QFont(QApplication.font())
    font.setPointSizeF(font.pointSizeF() * size)
    font.setWeight(weight)
    return font


def code_font() -> QFont:
    """The system's fixed-width font at reading size; a little smaller, as it looks larger."""
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    font.setPointSizeF(QApplication.font().pointSizeF() * READING * 0.93)
    return font


def app_icon() -> QIcon:
    """The icon of the program, from its SVG at the usual sizes."""
    svg = (resources() / "icons" / "inglenook.svg").read_bytes()
    icon = QIcon()
    for size in (16, 32, 64, 128, 256):
        icon.addPixmap(_render(svg, QSize(size, size)))
    return icon


@lru_cache(maxsize=256)
def _icon(name: str, colour: str, disabled: str) -> QIcon:
    source = (resources() / "icons" / f"{name}.svg").read_text(encoding="utf-8")
    icon = QIcon()
    for mode, tint in ((QIcon.Mode.Normal, colour), (QIcon.Mode.Disabled, disabled)):
        svg = source.replace("currentColor", tint).encode()
        for size in (16, 20, 24, 40, 48):
            icon.addPixmap(_render(svg, QSize(size, size)), mode)
    return icon


def _render(svg: bytes, size: QSize) -> QPixmap:
    renderer = QSvgRenderer(QByteArray(svg))
    pixmap = QPixmap(size)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    renderer.render(painter, QRectF(0, 0, size.width(), size.height()))
    painter.end()
    return pixmap


def _palette(c: Colours) -> QPalette:
    palette = QPalette()
    role = QPalette.ColorRole
    for name, value in {
        role.Window: c.window,
        role.Base: c.surface,
        role.AlternateBase: c.sidebar,
        role.Text: c.text,
        role.WindowText: c.text,
        role.ButtonText: c.text,
        role.Button: c.surface,
        role.ToolTipBase: c.surface,
        role.ToolTipText: c.text,
        role.Highlight: c.accent,
        role.HighlightedText: c.on_accent,
        role.Link: c.link,
        role.PlaceholderText: c.muted,
        role.Accent: c.accent,
        role.Mid: c.border,
    }.items():
        palette.setColor(name, QColor(value))
    for name in (role.Text, role.WindowText, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, name, QColor(c.muted))
    return palette


def _style_sheet(c: Colours) -> str:
    return f"""
    QToolTip {{ border: 1px solid {c.border}; padding: 4px 6px; background: {c.surface};
                color: {c.text}; }}
    QMenu {{ background: {c.surface}; border: 1px solid {c.border}; padding: 4px; }}
    QMenu::item {{ padding: 6px 28px 6px 24px; border-radius: 4px; color: {c.text}; }}
    QMenu::item:selected {{ background: {c.hover}; }}
    QMenu::item:disabled {{ color: {c.muted}; }}
    QMenu::separator {{ height: 1px; background: {c.border}; margin: 4px 8px; }}
    QToolButton {{ border: none; border-radius: 6px; padding: 6px; color: {c.text}; }}
    QToolButton:hover, QToolButton:pressed {{ background: {c.hover}; }}
    QToolButton:focus {{ border: 1px solid {c.accent}; padding: 5px; }}
    QToolButton::menu-indicator {{ image: none; }}
    QPushButton {{ border: 1px solid {c.border}; border-radius: 6px; padding: 6px 14px;
                   background: {c.surface}; color: {c.text}; }}
    QPushButton:hover {{ background: {c.hover}; }}
    QPushButton:focus {{ border-color: {c.accent}; }}
    QPushButton[primary="true"] {{ background: {c.accent}; color: {c.on_accent};
                                   border-color: {c.accent}; }}
    QPushButton[primary="true"]:hover {{ background: {c.accent_hover}; }}
    QScrollBar:vertical {{ background: transparent; width: 10px; margin: 0; }}
    QScrollBar:horizontal {{ background: transparent; height: 10px; margin: 0; }}
    QScrollBar::handle {{ background: {c.border}; border-radius: 4px; margin: 1px; }}
    QScrollBar::handle:vertical {{ min-height: 32px; }}
    QScrollBar::handle:horizontal {{ min-width: 32px; }}
    QScrollBar::handle:hover {{ background: {c.muted}; }}
    QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
    QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
    #sidebar, #sidebarHead {{ background: {c.sidebar}; }}
    #conversationList {{ background: {c.sidebar}; border: none; outline: none; }}
    #topBar {{ border-bottom: 1px solid {c.border}; }}
    #composerFrame {{ background: {c.surface}; border: 1px solid {c.border};
                      border-radius: 14px; }}
    #composerFrame[focused="true"] {{ border-color: {c.accent}; }}
    #composerText {{ background: transparent; border: none; color: {c.text}; }}
    #sendButton {{ background: {c.accent}; border-radius: 8px; }}
    #sendButton:hover {{ background: {c.accent_hover}; }}
    #sendButton:disabled {{ background: {c.hover}; }}
    #bubble {{ background: {c.bubble}; border-radius: 12px; }}
    #codeBlock {{ background: {c.code}; border: 1px solid {c.border}; border-radius: 8px; }}
    #codeText {{ background: transparent; border: none; color: {c.text}; }}
    #banner, #messageProblem {{ background: {c.danger_ground}; border: 1px solid {c.border};
               border-radius: 8px; }}
    #toast {{ background: {c.text}; border-radius: 8px; }}
    #toast QLabel {{ color: {c.window}; }}
    #toast QPushButton {{ background: transparent; border: none; color: {c.window};
                          font-weight: 600; text-decoration: underline; }}
    QLabel[role="muted"] {{ color: {c.muted}; }}
    QPushButton:disabled {{ color: {c.muted}; background: transparent; }}
    QPushButton[danger="true"] {{ color: {c.danger}; }}
    QPushButton[chip="true"] {{ border-radius: 11px; padding: 4px 12px; background: transparent; }}
    QPushButton[chip="true"]:hover {{ background: {c.hover}; }}
    QPushButton[chip="true"]:checked {{ background: {c.selected}; border-color: {c.selected}; }}
    QPushButton[chip="true"]:focus {{ border-color: {c.accent}; }}
    QLineEdit[field="true"], QComboBox {{ border: 1px solid {c.border}; border-radius: 6px;
                 padding: 5px 8px; background: {c.surface}; color: {c.text}; }}
    QLineEdit[field="true"]:focus, QComboBox:focus {{ border-color: {c.accent}; }}
    QComboBox::drop-down {{ border: none; width: 20px; }}
    QComboBox::down-arrow {{ image: none; }}
    QComboBox QAbstractItemView {{ background: {c.surface}; border: 1px solid {c.border};
                 color: {c.text}; selection-background-color: {c.hover};
                 selection-color: {c.text}; outline: none; }}
    #modelsBar {{ border-bottom: 1px solid {c.border}; }}
    #modelsTabs::tab {{ padding: 9px 10px 8px 10px; color: {c.muted}; background: transparent;
                 border: none; border-bottom: 2px solid transparent; }}
    #modelsTabs::tab:hover {{ color: {c.text}; }}
    #modelsTabs::tab:selected {{ color: {c.text}; border-bottom-color: {c.accent}; }}
    #modelsTabs::tab:focus {{ background: {c.hover}; }}
    #splitLine {{ background: {c.border}; }}
    #rowList {{ background: transparent; border: none; outline: none; }}
    #panel {{ background: {c.surface}; border: 1px solid {c.border}; border-radius: 10px; }}
    #panel[role="recommended"] {{ border-color: {c.accent}; }}
    #confirm {{ background: {c.danger_ground}; border: 1px solid {c.border};
                border-radius: 8px; }}
    #note {{ background: {c.code}; border: 1px solid {c.border}; border-radius: 8px; }}
    #dropHint {{ background: {c.surface}; border: 2px dashed {c.accent}; border-radius: 12px; }}
    QProgressBar {{ background: {c.hover}; border: none; border-radius: 3px; }}
    QProgressBar::chunk {{ background: {c.accent}; border-radius: 3px; }}
    QProgressBar[role="done"]::chunk {{ background: {c.good}; }}
    QProgressBar[role="idle"]::chunk {{ background: {c.muted}; }}
    QLabel[role="good"] {{ color: {c.good}; }}
    QLabel[role="warn"] {{ color: {c.warn}; }}
    QLabel[role="bad"] {{ color: {c.danger}; }}
    QLabel[role="tag"] {{ color: {c.muted}; border: 1px solid {c.border}; border-radius: 5px;
                 padding: 0 6px; }}
    #modelsEntry {{ text-align: left; padding: 8px 10px; }}
    #modelsEntry:checked {{ background: {c.selected}; }}
    QLabel[role="danger"] {{ color: {c.danger}; font-weight: 600; }}
    QSplitter::handle {{ background: {c.border}; }}
    """
