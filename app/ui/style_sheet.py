"""What Qt draws with under a theme: the palettes of the widgets and the style sheet."""

from __future__ import annotations

from PySide6.QtGui import QColor, QPalette

from app.ui.palettes import Colours

# The style draws the frames of these from the ground behind them, darker by this percentage
FRAMED = (
    "QCheckBox",
    "QRadioButton",
    "QSpinBox",
    "QDoubleSpinBox",
    "QDateEdit",
    "QKeySequenceEdit",
)
FRAME_DARKER = 140


def palette_of(c: Colours) -> QPalette:
    """The palette of all widgets."""
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


def framed_palette_of(c: Colours) -> QPalette:
    """The palette of what has a frame drawn by the style: one that can be seen on any ground."""
    palette = palette_of(c)
    palette.setColor(QPalette.ColorRole.Window, QColor(c.frame).lighter(FRAME_DARKER))
    return palette


def style_sheet_of(c: Colours) -> str:
    """The style sheet of the application."""
    return _usual(c) + (_high_contrast(c) if c.is_high_contrast else "")


def _usual(c: Colours) -> str:
    return f"""
    QToolTip {{ border: 1px solid {c.border}; padding: 4px 6px; background: {c.surface};
                color: {c.text}; }}
    QMenu {{ background: {c.surface}; border: 1px solid {c.border}; padding: 4px; }}
    QMenu::item {{ padding: 6px 28px 6px 12px; border-radius: 4px; color: {c.text}; }}
    QMenu::icon {{ padding-left: 10px; }}
    QMenu::indicator {{ width: 14px; height: 14px; left: 8px; }}
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
    #composerText {{ background: transparent; border: none; color: {c.text};
                     placeholder-text-color: {c.muted}; }}
    #sendButton {{ background: {c.accent}; border-radius: 8px; }}
    #sendButton:hover {{ background: {c.accent_hover}; }}
    #sendButton:disabled {{ background: {c.hover}; }}
    #bubble {{ background: {c.bubble}; border-radius: 12px; }}
    #assistantBadge {{ background: transparent; border-color: transparent; padding: 3px 8px; }}
    #assistantBadge:hover {{ background: {c.hover}; }}
    #assistantBadge:focus {{ border-color: {c.accent}; }}
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
    QLineEdit[field="true"], QComboBox {{ border: 1px solid {c.frame}; border-radius: 6px;
                 padding: 5px 8px; background: {c.surface}; color: {c.text};
                 placeholder-text-color: {c.muted}; }}
    QLineEdit[field="true"]:focus, QComboBox:focus {{ border-color: {c.accent}; }}
    QPlainTextEdit[field="true"], QKeySequenceEdit QLineEdit {{ border: 1px solid {c.frame};
                 border-radius: 6px; padding: 3px 4px; background: {c.surface};
                 color: {c.text}; }}
    QPlainTextEdit[field="true"]:focus, QKeySequenceEdit QLineEdit:focus {{
                 border-color: {c.accent}; }}
    QToolButton[role="link"] {{ color: {c.link}; padding: 0 4px; }}
    QToolButton[role="link"]:hover {{ background: {c.hover}; }}
    QToolButton[role="link"]:focus {{ border: 1px solid {c.accent}; padding: 0 3px; }}
    #sectionList {{ background: {c.sidebar}; border: none; outline: none;
                 padding: 14px 6px; }}
    #sectionList::item {{ border-radius: 6px; padding: 0 10px; color: {c.text};
                 border: 1px solid transparent; }}
    #sectionList::item:hover {{ background: {c.hover}; }}
    #sectionList::item:selected {{ background: {c.selected}; color: {c.text}; }}
    #sectionList::item:selected:focus {{ border-color: {c.accent}; }}
    #promptTree, #versionList {{ background: transparent; border: none; outline: none;
                 show-decoration-selected: 0; }}
    #versionList::item {{ padding: 0 8px; }}
    #promptTree::item, #versionList::item {{ border-radius: 6px; color: {c.text};
                 border: 1px solid transparent; }}
    #promptTree::item:hover, #versionList::item:hover {{ background: {c.hover}; }}
    #promptTree::item:selected, #versionList::item:selected {{ background: {c.selected};
                 color: {c.text}; }}
    #promptTree::item:selected:focus, #versionList::item:selected:focus {{
                 border-color: {c.accent}; }}
    QTextEdit[quiet="true"] {{ background: {c.code}; border: 1px solid {c.border};
                 border-radius: 8px; color: {c.text}; }}
    QTextEdit[quiet="true"]:focus {{ border-color: {c.accent}; }}
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


def _high_contrast(c: Colours) -> str:
    """What other themes tell apart by colours alone has an edge."""
    ring = f"{c.focus_px}px solid {c.accent}"
    return f"""
    #sectionList {{ border-right: 1px solid {c.edge}; }}
    QCheckBox, QRadioButton {{ border: {c.focus_px}px solid transparent; border-radius: 4px; }}
    QCheckBox:focus, QRadioButton:focus {{ border: {ring}; }}
    #bubble, #toast {{ border: 1px solid {c.edge}; }}
    QMenu::item {{ border: 1px solid transparent; }}
    QMenu::item:selected {{ border-color: {c.edge}; }}
    QToolButton:hover, QToolButton:pressed, QPushButton:hover {{ border: 1px solid {c.edge}; }}
    QToolButton:hover {{ padding: 5px; }}
    QPushButton[chip="true"]:checked, #modelsEntry:checked {{ border: 2px solid {c.edge}; }}
    QPushButton:focus, QPushButton[chip="true"]:focus {{ border: {ring}; }}
    QPushButton:focus {{ padding: 4px 12px; }}
    QPushButton[chip="true"]:focus {{ padding: 2px 10px; }}
    QToolButton:focus {{ border: {ring}; padding: 3px; }}
    QLineEdit[field="true"]:focus, QComboBox:focus {{ border: {ring}; padding: 3px 6px; }}
    #composerFrame[focused="true"] {{ border: {ring}; }}
    QPlainTextEdit[field="true"]:focus, QKeySequenceEdit QLineEdit:focus {{ border: {ring};
                 padding: 1px 2px; }}
    QToolButton[role="link"]:focus {{ border: {ring}; padding: 0 1px; }}
    #sectionList::item:selected {{ border: 2px solid {c.edge}; }}
    #sectionList::item:selected:focus {{ border: {ring}; }}
    QProgressBar {{ border: 1px solid {c.edge}; }}
    QScrollBar::handle {{ background: {c.muted}; }}
    QSplitter::handle {{ background: {c.edge}; }}
    """
