"""Offline is a fact: the system calls of the whole program are watched, children included."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from app.core.paths import Paths, resources

ROOT = Path(__file__).parents[1]
PATIENCE_S = 90
# The real window, used: every tab of the Models page, a search, a repository, a question
WINDOW = """
import sys, time
from pathlib import Path
from app.core.models_entities import SearchQuery
from app.core.paths import find_paths
from app.core.settings import SettingsFile
from app.ui.application import build, make_application

def main():
    paths = find_paths(Path(sys.argv[1]))
    paths.make()
    file = SettingsFile(paths.settings)
    settings, _ = file.load()
    application = make_application()
    controller = build(application, paths, file, settings)
    window = controller.window
    window.show()
    controller.start(None)

    def until(is_so):
        end = time.monotonic() + 60
        while not is_so():
            application.processEvents()
            time.sleep(0.005)
            assert time.monotonic() < end

    until(lambda: controller.engine.model and controller.chat.is_ready)
    page = window.models_page
    for tab in ("catalogue", "search", "library", "downloads"):
        controller.model_store.open(tab)
    problems = []
    page.show_search_problem = problems.append
    page.show_details_problem = lambda repo, problem: problems.append(problem)
    page.search_requested.emit(SearchQuery("qwen"))
    page.details_requested.emit("maker/model")
    until(lambda: len(problems) == 2)
    assert {problem.code for problem in problems} == {"hub.offline"}
    window.show_chat()
    controller.chat.send("Hello?")
    until(lambda: controller.chat.is_answering)
    until(lambda: not controller.chat.is_answering)
    window.close()

if __name__ == "__main__":
    main()
"""


@pytest.fixture
def traced(tmp_path: Path, paths: Paths):  # type: ignore[no-untyped-def]
    """Runs Python with arguments under strace; returns the internet sockets it made."""
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace is not installed")
    probe = [strace, "-f", "-o", "/dev/null", "true"]
    if subprocess.run(probe, capture_output=True, check=False).returncode:
        pytest.skip("this system does not let strace watch a process")
    paths.make()
    given = {"is_offline": True, "max_tokens": 8, "temperature": 0.0}
    paths.settings.write_text(json.dumps(given))
    log = tmp_path / "calls"

    def run(*arguments: str) -> list[str]:
        command = [strace, "-f", "-qq", "-e", "trace=socket,connect", "-o", str(log)]
        environment = {
            "PATH": "/usr/bin:/bin",
            "HOME": str(tmp_path),
            "QT_QPA_PLATFORM": "offscreen",
            "PYTHONPATH": str(ROOT),
            "LANG": "C.UTF-8",
        }
        done = subprocess.run(
            [*command, sys.executable, *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return re.findall(r".*AF_INET.*", log.read_text())

    return run


def test_the_watching_sees_a_socket(traced) -> None:  # type: ignore[no-untyped-def]
    code = "import socket; socket.socket().close()"
    assert len(traced("-c", code)) == 1


@pytest.mark.parametrize(
    "words",
    [
        ("ask", "Hello", "--max-tokens", "4"),
        ("models", "list"),
        ("models", "search", "qwen"),
        ("models", "pull", "maker/model"),
        ("doctor",),
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_the_command_line_opens_no_socket(  # type: ignore[no-untyped-def]
    traced, paths: Paths, starter: Path, words: tuple[str, ...]
) -> None:
    assert starter.is_relative_to(resources())
    assert traced("-m", "app", "--data-dir", str(paths.data), *words) == []


def test_the_window_opens_no_socket(  # type: ignore[no-untyped-def]
    traced, paths: Paths, starter: Path, tmp_path: Path
) -> None:
    script = tmp_path / "use_the_window.py"
    script.write_text(WINDOW)
    assert traced(str(script), str(paths.data)) == []
