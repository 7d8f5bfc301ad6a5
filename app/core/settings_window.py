"""Settings of the window: how it looks, how a conversation is written, and its keys."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.settings_declaration import settings_of

_look = settings_of("appearance")
_write = settings_of("conversation")
_reach = settings_of("window")


@dataclass(frozen=True)
class WindowSettings:
    """The person's choices about the window."""

    theme: str = _look(
        "system",
        "Theme",
        "Light, dark, or as the system has it. High contrast follows the system too.",
        choices=(
            ("system", "Follow the system"),
            ("light", "Light"),
            ("dark", "Dark"),
            ("contrast", "High contrast"),
        ),
    )
    accent: str = _look(
        "orange",
        "Accent colour",
        "The colour of buttons, links and what is chosen.",
        choices=(
            ("orange", "Orange"),
            ("red", "Red"),
            ("pink", "Pink"),
            ("purple", "Purple"),
            ("blue", "Blue"),
            ("teal", "Teal"),
            ("green", "Green"),
            ("system", "The system's colour"),
        ),
    )
    font_percent: int = _look(
        100,
        "Text size",
        "All text in the window, as a part of the system's size.",
        minimum=80,
        maximum=200,
        step=10,
        unit=" %",
    )
    reduced_motion: str = _look(
        "system",
        "Less motion",
        "Things appear and go at once instead of moving or fading.",
        choices=(("system", "Follow the system"), ("on", "On"), ("off", "Off")),
    )
    language: str = _look(
        "system",
        "Language",
        "The language of the window.",
        choices=(("system", "Follow the system"), ("en", "English"), ("zh_CN", "简体中文")),
    )

    send_key: str = _write(
        "enter",
        "Send with",
        "The other one begins a new line.",
        choices=(("enter", "Enter"), ("ctrl_enter", "Ctrl+Enter")),
    )
    is_code_wrapped: bool = _write(
        False, "Wrap long lines of code", "Otherwise they are scrolled sideways."
    )
    title_source: str = _write(
        "words",
        "Titles of conversations",
        "Taken from your first words, or written by the model after its first answer.",
        choices=(("words", "From the first words"), ("model", "By the model")),
    )

    is_tray: bool = _reach(
        False,
        "Icon in the system tray",
        "The window can be closed to it, and opened from it.",
    )
    quick_ask_shortcut: str = _reach(
        "",  # the desktop may ask for its leave: not at somebody's first start
        "Shortcut for a quick question",
        "Opens a small window from anywhere, such as Ctrl+Alt+Space; empty is off.",
        form="shortcut",
    )
    model_path: str = _reach(
        "", "Model", "The model that is loaded when the window opens.", hidden=True
    )
