"""The named colours of every theme and accent, and the contrast between two colours."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from PySide6.QtGui import QColor

TEXT_CONTRAST, PARTS_CONTRAST = 4.5, 3.0  # WCAG 2.2, level AA: text, and parts of controls
HIGH_CONTRAST = 7.0  # level AAA


@dataclass(frozen=True, slots=True)
class Colours:
    """Named colours of one theme; text on its ground has a contrast of at least 4.5 : 1.

    `border` divides what is apart anyhow, `frame` is the edge of what can be filled in or ticked.
    `edge` is the border of grounds that other themes tell apart by their colour alone.
    """

    is_dark: bool
    window: str
    sidebar: str
    surface: str
    text: str
    muted: str
    border: str
    frame: str
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
    edge: str = "transparent"
    is_high_contrast: bool = False
    focus_px: int = 1  # width of the frame around what has the keyboard

    def grounds(self) -> tuple[str, ...]:
        """Every colour that text stands on."""
        return (
            self.window,
            self.sidebar,
            self.surface,
            self.hover,
            self.selected,
            self.bubble,
            self.code,
        )


LIGHT = Colours(
    is_dark=False,
    window="#fbf9f6",
    sidebar="#f3efe9",
    surface="#ffffff",
    text="#2b2622",
    muted="#655c53",
    border="#e2dad0",
    frame="#83786d",
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
    muted="#a99d92",
    border="#3b3530",
    frame="#8a7e73",
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
CONTRAST_LIGHT = Colours(
    is_dark=False,
    window="#ffffff",
    sidebar="#ffffff",
    surface="#ffffff",
    text="#000000",
    muted="#2e2e2e",
    border="#000000",
    frame="#000000",
    hover="#e6e6e6",
    selected="#dcdcdc",
    bubble="#f2f2f2",
    code="#ffffff",
    accent="#7f3300",
    accent_hover="#5c2500",
    on_accent="#ffffff",
    danger="#7a0a00",
    danger_ground="#ffffff",
    link="#6b2b00",
    good="#0b4510",
    warn="#503200",
    edge="#000000",
    is_high_contrast=True,
    focus_px=3,
)
CONTRAST_DARK = Colours(
    is_dark=True,
    window="#000000",
    sidebar="#000000",
    surface="#000000",
    text="#ffffff",
    muted="#dedede",
    border="#ffffff",
    frame="#ffffff",
    hover="#262626",
    selected="#333333",
    bubble="#1a1a1a",
    code="#000000",
    accent="#ffa366",
    accent_hover="#ffc299",
    on_accent="#000000",
    danger="#ffb8ad",
    danger_ground="#000000",
    link="#ffb380",
    good="#b4f0a0",
    warn="#ffd98a",
    edge="#ffffff",
    is_high_contrast=True,
    focus_px=3,
)
# The hue of each accent; its lightness comes from the theme. The first one is in the themes
ACCENTS = {
    "orange": "",
    "red": "#c62f3c",
    "pink": "#c2307f",
    "purple": "#7f4fc9",
    "blue": "#2569c8",
    "teal": "#0f7f86",
    "green": "#33803a",
}


def contrast(one: str, other: str) -> float:
    """How far two colours are apart for the eye, from 1 to 21, as WCAG computes it."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def with_accent(colours: Colours, hue: str) -> Colours:
    """The theme with another accent: the hue of `hue`, as light or dark as it can be read there.

    Any hue may come, from the system too."""
    ratio = HIGH_CONTRAST if colours.is_high_contrast else TEXT_CONTRAST
    accent = _readable(QColor(hue), colours.grounds(), ratio, is_lighter=colours.is_dark)
    strong = QColor(accent).lighter(116) if colours.is_dark else QColor(accent).darker(118)
    hover = strong.name()
    on_accent = max(("#ffffff", colours.on_accent), key=lambda c: contrast(c, accent))
    return replace(colours, accent=accent, accent_hover=hover, on_accent=on_accent, link=accent)


def _readable(colour: QColor, grounds: Iterable[str], ratio: float, *, is_lighter: bool) -> str:
    """The nearest shade of `colour` that stands out enough from every one of `grounds`."""
    all_grounds = tuple(grounds)
    hue, saturation, lightness = colour.hslHueF(), colour.hslSaturationF(), colour.lightnessF()
    step = 0.01 if is_lighter else -0.01
    made = colour
    while min(contrast(made.name(), ground) for ground in all_grounds) < ratio:
        lightness += step
        if not 0 <= lightness <= 1:
            break
        made = QColor.fromHslF(max(hue, 0.0), saturation, min(max(lightness, 0.0), 1.0))
    return made.name()


def _luminance(colour: str) -> float:
    """Relative luminance, from 0 to 1."""
    made = QColor(colour)
    red, green, blue = (_linear(part) for part in (made.redF(), made.greenF(), made.blueF()))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)
