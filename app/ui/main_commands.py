"""The commands of the main window, with the palette and the sheet that show them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

from app.core.entities import Conversation
from app.ui.assistants.control import COMMAND as ASSISTANT
from app.ui.commands import Commands, Entry
from app.ui.main_window import MainWindow
from app.ui.message_actions import Action
from app.ui.palette import Command, Palette
from app.ui.prompts.control import COMMAND as PROMPT
from app.ui.shortcut_sheet import Shortcut, ShortcutGroup, ShortcutSheet

if TYPE_CHECKING:
    from app.ui.controller import Controller

FONT_STEP = 10  # percent
FOUND_TITLES = 20
CONVERSATION = "conversation:"
# keys of the windows beside this one too; what some of them show belongs to this one
IN_MAIN_WINDOW = ("search", "models", "settings", "palette", "shortcuts", "open_model")
SHARED = (*IN_MAIN_WINDOW, "window", "larger", "smaller", "usual", "quit")


class MainCommands(QObject):
    """Declares every command of the main window, and again in another language."""

    def __init__(self, controller: Controller, window: MainWindow) -> None:
        super().__init__(window)
        self._controller = controller
        self._window = window
        self.commands = Commands(window)
        self.palette: Palette | None = None
        self.sheet: ShortcutSheet | None = None
        self.recent: list[str] = []  # ids of what was chosen in the palette, the last one first
        self._declare()
        window.menu.shortcuts.triggered.connect(self.show_sheet)
        window.language_changed.connect(self._speak_anew)

    def _declare(self) -> None:
        self._add_conversation()
        self._add_message()
        self._add_view()
        self._add_app()

    def _speak_anew(self) -> None:
        """Other titles for the same commands; what shows them is made when it is asked for."""
        self._declare()
        for shown in (self.palette, self.sheet):
            if shown is not None:
                shown.hide()
                shown.deleteLater()
        self.palette = self.sheet = None

    def _add(
        self,
        group: str,
        name: str,
        title: str,
        run: object,
        *keys: str,
        is_elsewhere: bool = False,
    ) -> None:
        self.commands.add(
            Entry(name, title, group, run, keys, is_elsewhere=is_elsewhere)  # type: ignore[arg-type]
        )

    def _add_conversation(self) -> None:
        c, w, group = self._controller, self._window, self.tr("Conversations")
        self._add(group, "new", self.tr("New conversation"), w.new_requested.emit, "Ctrl+N")
        self._add(
            group,
            "new_with",
            self.tr("New conversation with an assistant…"),
            self._choose_assistant,
        )
        self._add(group, "assistants", self.tr("Assistants…"), c.assistants.open)
        self._add(
            group,
            "save_set_up",
            self.tr("Save this conversation's set-up as an assistant"),
            c.assistants.save_set_up,
        )
        self._add(group, "window", self.tr("New window"), lambda: c.windows.open(), "Ctrl+Shift+N")
        self._add(
            group,
            "open_in_window",
            self.tr("Open this conversation in a new window"),
            self._open_in_window,
            "Ctrl+Shift+O",
        )
        self._add(
            group,
            "search",
            self.tr("Search in all conversations"),
            self._search,
            "Ctrl+F",
            "Ctrl+Shift+F",
        )
        self._add(
            group,
            "older",
            self.tr("Next conversation in the list"),
            lambda: c.sidebar.open_next(1),
            "Ctrl+PgDown",
        )
        self._add(
            group,
            "newer",
            self.tr("Previous conversation in the list"),
            lambda: c.sidebar.open_next(-1),
            "Ctrl+PgUp",
        )
        self._add(group, "title", self.tr("Let the model find a title"), self._suggest_title)
        self._add(group, "pin", self.tr("Pin or unpin"), self._pin, "Ctrl+D")
        self._add(group, "archive", self.tr("Move to the archive"), self._archive)
        self._add(group, "delete", self.tr("Delete the conversation"), self._delete)
        self._add(group, "undo", self.tr("Undo the deletion"), w.toast.undo, "Ctrl+Z")
        self._add(group, "bin", self.tr("Open the bin"), c.sidebar.open_bin)
        self._add(
            group, "parts", self.tr("What the model is told"), c.memory.toggle_parts, "Ctrl+Shift+L"
        )
        self._add(group, "memory", self.tr("Memory…"), c.memory.dialogs.open_policy)
        self._add(group, "facts", self.tr("What is remembered…"), c.memory.dialogs.open_facts)
        self._add(
            group, "find_facts", self.tr("Let the model find what to remember"), self._find_facts
        )
        self._add(group, "export", self.tr("Export…"), c.export_open, "Ctrl+Shift+E")
        self._add(group, "import", self.tr("Import conversations…"), c.open_import)
        self._add(group, "print", self.tr("Print…"), c.print_open, "Ctrl+P")
        self._add(
            group, "prompt_view", self.tr("Show what the model gets"), lambda: c.prompt_view.open()
        )
        self._add(group, "as_python", self.tr("Copy as Python"), c.batch.copy_as_python)
        self._add(group, "batch", self.tr("Run over a table…"), c.batch.run_over_table)

    def _add_message(self) -> None:
        c, w, group = self._controller, self._window, self.tr("Messages")
        control = c.chat_control
        self._add(group, "stop", self.tr("Stop the answer"), w.stop_requested.emit, "Esc")
        self._add(
            group,
            "again",
            self.tr("Answer again"),
            lambda: control.act_on_last(Action.AGAIN),
            "Ctrl+R",
        )
        self._add(
            group,
            "continue",
            self.tr("Continue the answer"),
            lambda: control.act_on_last(Action.CONTINUE),
            "Ctrl+Shift+Return",
        )
        self._add(group, "edit", self.tr("Edit the last question"), control.edit_last, "Ctrl+E")
        self._add(
            group,
            "copy",
            self.tr("Copy the last answer"),
            lambda: control.act_on_last(Action.COPY),
            "Ctrl+Shift+C",
        )
        self._add(
            group,
            "copy_code",
            self.tr("Copy the last piece of code"),
            control.copy_last_code,
            "Ctrl+Shift+K",
        )
        self._add(
            group,
            "compare",
            self.tr("Compare the versions of the last answer"),
            lambda: control.act_on_last(Action.COMPARE),
        )
        self._add(group, "compose", self.tr("Go to the message box"), w.composer.setFocus, "Ctrl+L")
        self._add(
            group, "attach", self.tr("Attach files"), w.composer.attach_button.click, "Ctrl+Shift+A"
        )
        self._add(group, "prompts", self.tr("Prompts…"), c.prompts.open, "Ctrl+Shift+P")

    def _add_view(self) -> None:
        c, w, group = self._controller, self._window, self.tr("Window")
        self._add(
            group, "sidebar", self.tr("Show or hide the conversations"), w.toggle_sidebar, "Ctrl+B"
        )
        self._add(group, "zen", self.tr("Zen mode"), w.toggle_zen, "F11")
        self._add(
            group,
            "larger",
            self.tr("Larger text"),
            lambda: self._scale(FONT_STEP),
            "Ctrl++",
            "Ctrl+=",
        )
        self._add(
            group, "smaller", self.tr("Smaller text"), lambda: self._scale(-FONT_STEP), "Ctrl+-"
        )
        self._add(
            group, "usual", self.tr("Text in its usual size"), lambda: self._scale(0), "Ctrl+0"
        )
        for theme, title in (
            ("light", self.tr("Light theme")),
            ("dark", self.tr("Dark theme")),
            ("contrast", self.tr("High contrast")),
            ("system", self.tr("Theme of the system")),
        ):
            self._add(
                group, f"theme_{theme}", title, lambda t=theme: w.setting_chosen.emit("theme", t)
            )
        self._add(group, "models", self.tr("Models"), lambda: w.models_requested.emit(""), "Ctrl+M")
        self._add(
            group,
            "settings",
            self.tr("Settings"),
            w.engine_settings_requested.emit,
            "Ctrl+,",
            is_elsewhere=True,
        )
        del c

    def _add_app(self) -> None:
        c, w, group = self._controller, self._window, self.tr("Inglenook")
        self._add(group, "palette", self.tr("All commands"), self.show_palette, "Ctrl+K")
        self._add(
            group,
            "shortcuts",
            self.tr("Keyboard shortcuts"),
            self.show_sheet,
            "F1",
            "Ctrl+?",
            "Ctrl+Shift+/",
        )
        self._add(group, "open_model", self.tr("Open a model file"), w.ask_for_model, "Ctrl+O")
        words = self.tr("Chat template of the model…")
        self._add(group, "template", words, lambda: c.templates.open())
        self._add(group, "about", self.tr("About Inglenook"), w.about_requested.emit)
        self._add(group, "quit", self.tr("Quit"), w.quit, "Ctrl+Q", is_elsewhere=True)

        self._add(group, "quick_ask", self.tr("Quick question"), c.reach.toggle_quick_ask)

    def equip(self, window: QWidget) -> None:
        """Give another window the keys that mean the same in all of them."""
        for entry in self.commands.entries:
            if entry.id not in SHARED:
                continue
            for keys in entry.keys:
                shortcut = QShortcut(QKeySequence(keys), window)
                for pressed in (shortcut.activated, shortcut.activatedAmbiguously):
                    if entry.id in IN_MAIN_WINDOW:
                        pressed.connect(self._window.come_to_front)
                    pressed.connect(entry.run)

    # what they do

    def _open_in_window(self) -> None:
        open_id = self._controller.chat.open_conversation_id
        if open_id is not None:
            self._controller.windows.open(open_id)

    def _choose_assistant(self) -> None:
        """The palette with nothing but assistants in it."""
        self.show_palette()
        if self.palette is not None:
            self.palette.show_commands(self._controller.assistants.commands())

    def _search(self) -> None:
        self._window.sidebar.show()
        self._window.sidebar.focus_search()

    def _suggest_title(self) -> None:
        open_id = self._controller.chat.open_conversation_id
        if open_id is not None:
            self._controller.services.titles.suggest(open_id)

    def _find_facts(self) -> None:
        """Where nothing is to be remembered, the place to say otherwise."""
        open_id, facts = self._controller.chat.open_conversation_id, self._controller.services.facts
        if not facts.is_on:
            self._controller.memory.dialogs.open_facts()
        elif open_id is not None:
            facts.propose(open_id)
            words = self.tr("The model looks for what is worth remembering.")
            self._window.toast.show_text(words)

    def _pin(self) -> None:
        conversation = self._controller.chat.conversation
        if conversation is not None:
            self._controller.conversations.pin([conversation.id], not conversation.is_pinned)

    def _archive(self) -> None:
        conversation = self._controller.chat.conversation
        if conversation is not None:
            self._controller.conversations.archive([conversation.id], True)

    def _delete(self) -> None:
        open_id = self._controller.chat.open_conversation_id
        if open_id is not None:
            self._controller.conversations.delete([open_id])

    def _scale(self, step: int) -> None:
        percent = self._controller.preferences.settings.font_percent
        wanted = min(200, max(80, percent + step)) if step else 100
        self._window.setting_chosen.emit("font_percent", wanted)

    # palette and sheet

    def show_palette(self) -> None:
        """All commands and conversations by name."""
        if self.palette is None:
            self.palette = Palette(self._controller.theme, self._window)
            self.palette.chosen.connect(self._chosen)
            self.palette.query_changed.connect(self._find_titles)
            self.palette.recent = self.recent
        self.palette.show_commands(
            [
                Command(e.id, e.title, e.keys[0] if e.keys else "", e.group, "")
                for e in self.commands.entries
                if e.is_listed and e.id != "palette"
            ]
            + self._controller.assistants.commands()
            + self._controller.prompts.commands()
        )

    def _find_titles(self, text: str) -> None:
        words = text.casefold().split()
        found: list[Conversation] = []
        if words:
            for conversation in self._controller.conversations.all:
                title = conversation.title.casefold()
                if all(word in title for word in words):
                    found.append(conversation)
                    if len(found) == FOUND_TITLES:
                        break
        group = self.tr("Conversations")
        if self.palette is not None:
            self.palette.show_more(
                [Command(CONVERSATION + c.id, c.title, "", group, "") for c in found]
            )

    def _chosen(self, command_id: str) -> None:
        if self.palette is not None:
            self.recent = self.palette.recent
        if command_id.startswith(CONVERSATION):
            self._controller.open(command_id.removeprefix(CONVERSATION))
        elif command_id.startswith(PROMPT):
            self._controller.prompts.begin(command_id.removeprefix(PROMPT))
        elif command_id.startswith(ASSISTANT):
            self._controller.assistants.begin(command_id.removeprefix(ASSISTANT))
        else:
            self.commands.run(command_id)

    def show_sheet(self) -> None:
        """All shortcuts."""
        if self.sheet is None:
            self.sheet = ShortcutSheet(self._controller.theme, self._groups(), self._window)
        self.sheet.show()
        self.sheet.raise_()
        self.sheet.activateWindow()

    def _groups(self) -> list[ShortcutGroup]:
        groups: dict[str, list[Shortcut]] = {}
        for entry in self.commands.entries:
            if entry.keys:
                groups.setdefault(entry.group, []).append(Shortcut(entry.title, entry.keys[:1]))
        return [ShortcutGroup(name, tuple(rows)) for name, rows in groups.items()]
