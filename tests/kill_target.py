"""The program that test_kill starts and kills: the real window, which asks one question.

Writes "accepted" once the question is stored, then a line for each piece of text that is shown:
the time (monotonic, the same clock in every process) and the piece with its escapes.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from app.core.entities import ConversationId, MessageId
from app.core.paths import find_paths
from app.core.settings import SettingsFile
from app.services.ports import ChatListener


def say(line: str) -> None:
    """Past every buffer: the process may end at any moment."""
    os.write(1, f"{line}\n".encode())


class Reporter(ChatListener):
    """Reports what the window is told."""

    def message_accepted(self, conversation_id: ConversationId, text: str) -> None:
        say("accepted")

    def text_appended(self, message_id: MessageId, text: str) -> None:
        escaped = text.encode("unicode_escape").decode("ascii")
        say(f"{time.monotonic()}\t{escaped}")


def main() -> None:
    """Open the window on the given folder and ask once a model is loaded."""
    from app.services.ports import EngineListener
    from app.ui.application import build, make_application

    folder, question = Path(sys.argv[1]), sys.argv[2]
    application = make_application()
    paths = find_paths(folder)
    file = SettingsFile(paths.settings)
    controller = build(application, paths, file, file.load()[0])

    class Asker(EngineListener):
        def model_loaded(self, model: object) -> None:
            controller.chat.send(question)

    controller.chat.add_listener(Reporter())
    controller.engine.add_listener(Asker())
    controller.window.show()
    controller.start(None)
    controller.chat.new_conversation()
    application.exec()


if __name__ == "__main__":
    main()
