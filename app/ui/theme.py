"""The theme in force: colours, sizes of text, motion; and the icons in its colours."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QByteArray, QObject, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontDatabase, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

from app.core.paths import resources
from app.core.settings import Settings
from app.ui.palettes import (
    ACCENTS,
    CONTRAST_DARK,
    CONTRAST_LIGHT,
    DARK,
    LIGHT,
    Colours,
    with_accent,
)
from app.ui.sizes import BASE_FONT, rescale
from app.ui.style_sheet import FRAMED, framed_palette_of, palette_of, style_sheet_of
from app.ui.system_motion import ask_system

_HAS_SIZE = 0x0002  # QFont::SizeResolved, which PySide does not name
# Where Qt keeps the font that a widget was given, to bring it back with every new style sheet
_SAVED_FONT = "_q_styleSheetWidgetFont"
GAP = 8  # pixels between things that belong together; other distances are multiples of it
# The type scale, in parts of the system's font size
SMALL, READING, HEADING, TITLE = 0.9, 1.15, 1.1, 1.8
READING_WIDTH = 760  # pixels; about 80 characters, comfortable to read


class Theme(QObject):
    """The theme in force; tells when it becomes another one, in colours or in size."""

    changed = Signal()

    def __init__(self, application: QApplication) -> None:
        super().__init__(application)
        self._application = application
        self._choice = "system"
        self._accent = "orange"
        self._font_percent = 100
        self._reduced_motion = "system"
        self._is_system_still = False
        self._is_applied = False
        self._has_effects = application.isEffectEnabled(Qt.UIEffect.UI_General)  # the system
        self.colours = self.plain_colours = LIGHT  # plain: with the theme's own accent
        application.setStyle("Fusion")
        self.system_accent = _system_accent(application)  # empty: the system tells none
        if application.property(BASE_FONT) is None:
            application.setProperty(BASE_FONT, application.font())
        hints = application.styleHints()
        hints.colorSchemeChanged.connect(self._follow_system)
        hints.accessibility().contrastPreferenceChanged.connect(self._follow_system)
        ask_system(self, self._hear_motion)

    @property
    def is_motion_reduced(self) -> bool:
        """Whether things appear and go at once instead of moving or fading."""
        return self._reduced_motion == "on" or (
            self._reduced_motion == "system" and self._is_system_still
        )

    def apply(self, settings: Settings) -> None:
        """Look as the settings say; the same again costs nothing."""
        wanted = (
            settings.theme,
            settings.accent,
            settings.font_percent,
            settings.reduced_motion,
        )
        if not self._is_applied or wanted != self._chosen:
            self.choose(*wanted)

    def choose(
        self,
        choice: str,
        accent: str | None = None,
        font_percent: int | None = None,
        reduced_motion: str | None = None,
    ) -> None:
        """Use 'light', 'dark', 'contrast', or what the 'system' has; None leaves the others."""
        self._choice = choice
        self._accent = self._accent if accent is None else accent
        self._font_percent = self._font_percent if font_percent is None else font_percent
        self._reduced_motion = self._reduced_motion if reduced_motion is None else reduced_motion
        scheme = {"light": Qt.ColorScheme.Light, "dark": Qt.ColorScheme.Dark}.get(
            choice, Qt.ColorScheme.Unknown
        )
        self._application.styleHints().setColorScheme(scheme)
        self._apply()

    @property
    def _chosen(self) -> tuple[str, str, int, str]:
        return self._choice, self._accent, self._font_percent, self._reduced_motion

    def _follow_system(self) -> None:
        if self._is_applied and self._choice in ("system", "contrast"):
            self._apply()

    def _hear_motion(self, is_still: bool) -> None:
        if is_still != self._is_system_still:
            self._is_system_still = is_still
            self._move_or_not()
            self.changed.emit()

    def _move_or_not(self) -> None:
        """Menus, lists and tooltips of Qt slide and fade where the system has them do so."""
        if self._has_effects:
            is_moving = not self.is_motion_reduced
            self._application.setEffectEnabled(Qt.UIEffect.UI_General, is_moving)

    def _apply(self) -> None:
        self._is_applied = True
        self._move_or_not()
        self.colours = self._find_colours()
        _scale_fonts(self._application, self._font_percent)
        application = self._application
        application.setPalette(palette_of(self.colours))
        framed = framed_palette_of(self.colours)
        for name in FRAMED:
            application.setPalette(framed, name)  # type: ignore[arg-type]  # it takes no bytes
        application.setStyleSheet(style_sheet_of(self.colours))
        self.changed.emit()

    def _find_colours(self) -> Colours:
        hints = self._application.styleHints()
        is_dark = self._choice == "dark" or (
            self._choice != "light" and hints.colorScheme() == Qt.ColorScheme.Dark
        )
        is_strong = self._choice == "contrast" or (
            self._choice == "system"
            and hints.accessibility().contrastPreference() == Qt.ContrastPreference.HighContrast
        )
        if is_strong:
            colours = CONTRAST_DARK if is_dark else CONTRAST_LIGHT
        else:
            colours = DARK if is_dark else LIGHT
        self.plain_colours = colours
        hue = self.system_accent if self._accent == "system" else ACCENTS.get(self._accent, "")
        return with_accent(colours, hue) if hue else colours

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


def _system_accent(application: QApplication) -> str:
    """The accent colour of the desktop; empty where the style had to make one up."""
    application.setPalette(QPalette())  # what an earlier theme has set is not the system's
    accent = application.palette().color(QPalette.ColorRole.Accent)
    made_up = application.style().standardPalette().color(QPalette.ColorRole.Accent)
    return "" if accent == made_up else accent.name()


def _scale_fonts(application: QApplication, percent: int) -> None:
    """Every text becomes `percent` of the size that the system gives it.

    A font that a widget was given for itself does not follow the application's: it is found here.
    """
    before = application.font()
    font = QFont(application.property(BASE_FONT))
    font.setPointSizeF(font.pointSizeF() * percent / 100)
    factor = font.pointSizeF() / before.pointSizeF()
    if abs(factor - 1) < 0.001:
        return
    own = [w for w in application.allWidgets() if w.testAttribute(Qt.WidgetAttribute.WA_SetFont)]
    fonts = [QFont(widget.font()) for widget in own]
    application.setFont(font)
    for widget, old in zip(own, fonts, strict=True):
        if old.resolveMask() & _HAS_SIZE and old.pointSizeF() > 0:
            old.setPointSizeF(old.pointSizeF() * factor)
            widget.setFont(old)
            if widget.property(_SAVED_FONT) is not None:
                widget.setProperty(_SAVED_FONT, old)
    rescale(application)


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
