"""Pictures of the real window with a real conversation, for docs/screenshots: `make screenshots`.

Starts Xvfb, and in it this script again as the program that is photographed.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
FOLDER = ROOT / "docs" / "screenshots"
PATIENCE_S = 120.0
QUESTIONS = ("Suggest a dinner with rice and eggs", "What is a fireplace good for?")
STORY = "Tell me a story about a fox who finds a warm fireplace"
CODE = "Write a Python function that reverses a list, with a short example"


def main() -> int:
    """Outside: make the screen and start inside; inside: take the pictures."""
    if "--inside" in sys.argv:
        with tempfile.TemporaryDirectory() as scratch:
            Photographer(Path(scratch), sys.argv[-1]).work()
        return 0
    from benchmarks.screen import screen

    with screen() as found:
        for language in ("en", "zh_CN"):
            command = [sys.executable, __file__, "--inside", language]
            subprocess.run(command, check=True, env=found.environment())
    return 0


class Photographer:
    """One window, used by a script, photographed on the way."""

    def __init__(self, folder: Path, language: str) -> None:
        from app.core.paths import find_paths
        from app.core.settings import Settings, SettingsFile
        from app.ui.application import build, make_application, translate

        self._language = language
        self._application = make_application()
        paths = find_paths(folder)
        paths.make()
        settings = Settings(temperature=0.0, theme="light", language=language, max_tokens=400)
        translate(self._application, language)
        self._controller = build(self._application, paths, SettingsFile(paths.settings), settings)
        self._window = self._controller.window
        self._window.resize(1120, 740)
        self._window.show()
        self._controller.start(None)
        self._until(lambda: self._controller.engine.model and self._controller.chat.is_ready)

    def work(self) -> None:
        """All pictures of this language."""
        if self._language == "en":
            self._take_english()
        else:
            self._take_chinese()
        self._window.close()

    def _take_english(self) -> None:
        for question in QUESTIONS:
            self._ask(question)
            self._controller.chat.new_conversation()
        self._take("empty")
        self._begin(STORY)
        self._until(lambda: len(self._window.transcript.views()[-1].text) > 700)
        self._take("streaming")
        self._controller.chat.stop()
        self._until(lambda: not self._controller.chat.is_answering)
        self._controller.chat.new_conversation()
        self._ask(CODE)
        self._window.composer.text.setPlainText("Now do it without slicing,\nand explain why.")
        self._take("code")
        self._window.setting_chosen.emit("theme", "dark")
        self._take("dark")
        self._window.setting_chosen.emit("theme", "light")
        self._take_models()
        self._window.composer.text.clear()
        self._begin(STORY)
        self._until(lambda: len(self._window.transcript.views()[-1].text) > 300)
        pid = self._controller.engine.worker_pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        self._until(self._window.banner.isVisible)
        self._take("error")

    def _take_models(self) -> None:
        """The Models page; the hub is the tests' stand-in with the starter model in it."""
        from app.core.paths import resources
        from app.hub.catalogue import load_catalogue
        from app.hub.starter import FILE_NAME
        from app.ui.model_detail import Phase
        from tests.local_hub import LocalHub

        card = b"# SmolLM2\n\nSmall language models that answer **at once** on any computer.\n"
        said = {"downloads": 123_456, "likes": 789, "tags": ["license:apache-2.0"]}
        gguf = {"architecture": "llama", "total": 134_515_008, "context_length": 8192}
        browse = self._window.models_page.catalogue
        repo = load_catalogue()[0].repo
        with LocalHub() as hub:
            model = resources() / "starter" / FILE_NAME
            files = {FILE_NAME: model, "README.md": card}
            hub.add_repo(repo, files, gguf=gguf, **said)
            self._controller.preferences.change(hub_endpoint=hub.endpoint)
            self._controller.model_store.open("catalogue")
            self._until(lambda: browse.list.model().rowCount())
            browse.open(repo)
            self._until(lambda: browse.detail.phase is Phase.SHOWN)
            self._take("models")
        self._window.show_chat()

    def _take_chinese(self) -> None:
        self._window.resize(640, 480)
        self._take("small-chinese")
        self._window.setting_chosen.emit("theme", "dark")
        self._controller.model_store.open("catalogue")
        self._take("models-small-dark-chinese")
        self._window.show_chat()
        self._window.empty.show_no_model("~/Models")
        self._take("no-model-chinese")

    def _begin(self, question: str) -> None:
        before = len(self._window.transcript.views())
        self._controller.chat.send(question)
        self._until(lambda: len(self._window.transcript.views()) not in (0, before))

    def _ask(self, question: str) -> None:
        self._begin(question)
        self._until(lambda: not self._controller.chat.is_answering)

    def _until(self, condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError("The window did not get there.")
            self._application.processEvents()
            time.sleep(0.002)

    def _take(self, name: str) -> None:
        """Let it settle, then photograph what is on the screen."""
        settled = time.monotonic() + 0.6
        self._until(lambda: time.monotonic() > settled)
        picture = self._window.screen().grabWindow(self._window.winId())
        target = FOLDER / f"{name}.png"
        if not picture.save(str(target)):
            raise OSError(f"{target} could not be written")
        print(f"{target.relative_to(ROOT)}  {picture.width()} x {picture.height()}")


if __name__ == "__main__":
    sys.exit(main())
