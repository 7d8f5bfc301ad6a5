"""Crashes that really happen: what is left on the disk, what is said, what is not in it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.core.build import Build
from app.core.crashes import (
    KEPT,
    MOST_BYTES,
    REASONS,
    CrashKind,
    CrashReport,
    CrashStore,
    as_markdown,
    reason_of_exit,
    without_home,
    without_texts,
)
from app.core.models_entities import Download, DownloadJob, DownloadState, RemoteFile
from app.core.paths import Paths
from app.services.crashes import CrashReporter
from app.services.loop import LoopScheduler
from app.services.ports import EngineState, Lane
from app.ui.crash_page import CrashPage
from app.ui.theme import Theme
from tests.app_window import AppWindow

ROOT = Path(__file__).parents[1]
SECRET = "my diary about the neighbours"
REPORT = CrashReport(
    CrashKind.WORKER,
    "SIGKILL",
    "2026-11-25T20:00:00.000000+00:00",
    "model",
    action="answering",
    version="1.2.3",
    build="deb",
    trace="a ```stack```",
    log="the end",
)
# The program as it starts: everything of `run`, with a crash where the window would idle
PROGRAM = """
import faulthandler, os, signal, sys, threading
from pathlib import Path
from PySide6.QtCore import QTimer
from app.core.paths import find_paths
from app.ui import application

def crash(controller):
    {crash}

build = application.build
def build_and_crash(application, paths, *parts):
    controller = build(application, paths, *parts)
    timer = QTimer(controller)
    def look():
        if "doing: " in paths.app_log.read_text():
            timer.stop()
            crash(controller)
    timer.timeout.connect(look)
    timer.start(10)
    return controller
application.build = build_and_crash
if __name__ == "__main__":
    application.run(find_paths(Path(sys.argv[1])), None)
"""


def run_program(paths: Paths, crash: str, folder: Path) -> int:
    """Start the window and let `crash` happen in it; returns the exit code."""
    script = folder / "program.py"
    script.write_text(PROGRAM.replace("{crash}", crash))
    return subprocess.run(
        [sys.executable, str(script), str(paths.data)],
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "INGLENOOK_STARTER_DIR": str(folder / "none"),
            "SECRET": SECRET,
        },
        capture_output=True,
        timeout=60,
        check=False,
    ).returncode


def reports(paths: Paths) -> list[CrashReport]:
    return CrashStore(paths.crashes).reports()


def on_disk(paths: Paths) -> str:
    return "".join(path.read_text() for path in paths.crashes.glob("*"))


# Real crashes


@pytest.mark.parametrize(
    ("crash", "number", "function"),
    [
        ("faulthandler._sigsegv()", signal.SIGSEGV, "in crash"),
        ("os.kill(os.getpid(), signal.SIGABRT)", signal.SIGABRT, "in crash"),
    ],
)
def test_a_signal_in_the_window_is_told_at_the_next_start_once(
    open_window: Callable[[Paths], AppWindow],
    paths: Paths,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    crash: str,
    number: int,
    function: str,
) -> None:
    assert run_program(paths, crash, tmp_path) == -number
    assert paths.fault_log.stat().st_size > 0
    monkeypatch.setenv("INGLENOOK_STARTER_DIR", str(tmp_path / "none"))
    run = "from pathlib import Path; from app.core.logs import record_faults; record_faults("
    subprocess.run(  # what `run` does first; not in this process, whose faults are pytest's
        [sys.executable, "-c", f"{run}Path({str(paths.fault_log)!r}), "
         f"Path({str(paths.last_fault)!r}))"],
        cwd=ROOT, check=True,
    )  # fmt: skip
    app = open_window(paths)
    app.until(lambda: app.banner_code() == "crash")
    app.click(app.offer("Show what happened"))
    app.until(lambda: app.controller.help.crash_page and app.controller.help.crash_page.isVisible())
    page = app.controller.help.crash_page
    assert page is not None
    assert signal.Signals(number).name in page.what.text()
    assert REASONS[signal.Signals(number).name] in page.what.text()
    assert function in page.details.toPlainText()
    assert page.values[1].text().startswith("the window, ")  # and what it was doing
    assert not paths.last_fault.exists()
    app.close()
    again = open_window(paths)
    again.until(lambda: again.chat.is_ready)
    again.controller._scheduler.drain(10)
    QApplication.processEvents()
    assert again.banner_code() == ""
    assert len(reports(paths)) == 1


@pytest.mark.parametrize(
    "crash",
    ["controller.window.close()", "os.kill(os.getpid(), signal.SIGTERM)"],
)
def test_an_orderly_end_leaves_nothing(paths: Paths, tmp_path: Path, crash: str) -> None:
    assert run_program(paths, crash, tmp_path) == 0
    assert paths.fault_log.read_bytes() == b""
    assert reports(paths) == []


def test_exceptions_in_a_slot_and_a_thread_are_kept_without_their_words(
    paths: Paths, tmp_path: Path
) -> None:
    crash = """
    def fail():
        raise KeyError(os.environ["SECRET"])
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    QTimer.singleShot(0, controller.window.close)
    raise ZeroDivisionError("in the slot")"""
    assert run_program(paths, crash, tmp_path) == 0
    found = {report.reason: report for report in reports(paths)}
    assert set(found) == {"KeyError", "ZeroDivisionError"}
    assert "in the slot" in found["ZeroDivisionError"].trace
    assert "in fail" in found["KeyError"].trace
    assert found["KeyError"].kind is CrashKind.EXCEPTION
    assert SECRET not in on_disk(paths)
    assert SECRET in paths.app_log.read_text()  # it was there to be taken over


def test_a_window_that_cannot_start_says_so_at_the_next(paths: Paths, tmp_path: Path) -> None:
    script = tmp_path / "broken.py"
    script.write_text(
        PROGRAM.replace("application.build = build_and_crash", "application.build = None")
    )
    done = subprocess.run(
        [sys.executable, str(script), str(paths.data)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    (report,) = reports(paths)
    assert (report.reason, report.where, report.is_news) == ("TypeError", "window, starting", True)
    assert "_run" in report.trace


@pytest.mark.engine
def test_a_killed_worker_leaves_a_report_without_the_conversation(app: AppWindow) -> None:
    app.ask(f"Write a very long story about {SECRET}.")
    app.until_writing()
    pid = app.engine.worker_pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    app.until(lambda: reports(app.paths))
    (report,) = reports(app.paths)
    assert report.kind is CrashKind.WORKER
    assert report.what.startswith("The model's process ended unexpectedly: SIGKILL (")
    assert (report.process, report.action) == ("model", "answering")
    assert "llama" in report.log
    assert "llama-cpp-python" in report.software
    assert "Qt 6" in report.software
    assert SECRET not in on_disk(app.paths)
    assert app.answer().text[:60] not in on_disk(app.paths)


@pytest.mark.engine
def test_a_fault_in_the_worker_has_its_native_stack(app: AppWindow) -> None:
    pid = app.engine.worker_pid
    assert pid is not None
    os.kill(pid, signal.SIGSEGV)
    app.until(lambda: reports(app.paths))
    (report,) = reports(app.paths)
    assert report.reason == "SIGSEGV"
    assert report.trace.startswith("Fatal Python error: Segmentation fault")
    assert "main.py" in report.trace
    app.window.menu.crash.trigger()
    app.until(lambda: app.controller.help.crash_page and app.controller.help.crash_page.isVisible())
    page = app.controller.help.crash_page
    assert page is not None
    assert "Segmentation fault" in page.details.toPlainText()


@pytest.mark.engine
def test_a_worker_that_is_ended_on_purpose_is_no_crash(app: AppWindow) -> None:
    app.ask("Write a very long story.")
    app.until_writing()
    pid = app.engine.worker_pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)  # it does not hear the stop, so the app kills it
    app.chat.stop()
    app.until(lambda: app.banner_code() == "worker.not-responding")
    app.controller._scheduler.drain(10)
    assert reports(app.paths) == []


@pytest.mark.engine
def test_a_log_out_that_ends_the_worker_is_no_crash(app: AppWindow) -> None:
    pid = app.engine.worker_pid
    assert pid is not None
    os.kill(pid, signal.SIGTERM)
    app.until(lambda: app.engine.state is EngineState.STOPPED)
    app.controller._scheduler.drain(10)
    assert reports(app.paths) == []


def test_a_bug_in_work_on_a_lane_is_kept_once(paths: Paths) -> None:
    scheduler = LoopScheduler()
    reporter = CrashReporter(paths, scheduler, Build(version="9.9.9", kind="deb"), "6.0")
    scheduler.lanes.hear_bug = reporter.exception
    heard: list[str] = []

    def work() -> None:
        raise IndexError("planted")

    for _ in range(3):
        scheduler.run(Lane.NETWORK, work, lambda _: None, lambda p: heard.append(p.code))
        scheduler.run_until(lambda: bool(heard), 10)
        heard.clear()
    scheduler.drain(10)
    (report,) = reports(paths)
    assert (report.reason, report.version, report.build) == ("IndexError", "9.9.9", "deb")
    assert "in work" in report.trace


def test_a_download_process_that_died_is_reported_once_for_all_its_jobs(paths: Paths) -> None:
    from app.core.hub_errors import DownloaderDied

    scheduler = LoopScheduler()
    reporter = CrashReporter(paths, scheduler, Build(), "6.0")
    problem = DownloaderDied("exit code -11").problem
    jobs = [
        DownloadJob(name, "maker/tiny", "a" * 40, "Tiny", (RemoteFile("a.gguf", 9),))
        for name in ("one", "two")
    ]
    dead = [Download(job, DownloadState.FAILED, problem=problem) for job in jobs]
    alive = [Download(job, DownloadState.RUNNING) for job in jobs]
    for news in (alive, dead, dead, alive, dead):
        reporter.downloads_changed(news)
    scheduler.drain(10)
    assert [report.reason for report in reports(paths)] == ["SIGSEGV"] * 2  # it died two times
    assert reports(paths)[0].kind is CrashKind.DOWNLOADS


# The files


def test_the_newest_five_are_kept_and_each_is_small(paths: Paths) -> None:
    store = CrashStore(paths.crashes)
    for minute in range(KEPT + 2):
        when = f"2026-11-25T20:{minute:02}:00.000000+00:00"
        store.keep(replace(REPORT, when=when, trace="😀" * 300_000, log="数" * 300_000))
    kept = store.reports()
    assert [report.when[14:16] for report in kept] == ["06", "05", "04", "03", "02"]
    assert all(path.stat().st_size <= MOST_BYTES for path in paths.crashes.iterdir())
    store.delete(kept[0])
    assert len(store.reports()) == KEPT - 1


@pytest.mark.parametrize("nonsense", [b"", b"[]", b"{}", b"\xff", b'{"kind": "tea"}', b"[" * 9999])
def test_a_damaged_report_is_left_out(paths: Paths, nonsense: bytes) -> None:
    store = CrashStore(paths.crashes)
    kept = store.keep(REPORT)
    (paths.crashes / "crash-99990101.json").write_bytes(nonsense)
    assert store.reports() == [kept]


def test_a_full_or_missing_folder_is_no_second_crash(paths: Paths) -> None:
    paths.crashes.write_text("a file where the folder would be")
    scheduler = LoopScheduler()
    reporter = CrashReporter(paths, scheduler, Build(), "6.0")
    reporter.exception("ValueError: x")
    assert scheduler.drain(10)
    assert paths.crashes.read_text().startswith("a file")


def test_home_is_a_tilde_and_nothing_else_is() -> None:
    home = Path(os.sep, "place", "ann")
    text = f"{home}/x {home} {home}a {home}-b {home}/y"
    assert without_home(text, home) == f"~/x ~ {home}a {home}-b ~/y"


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        ("ValueError: {}", False),
        ("KeyError: '{}'", False),
        ("jinja2.exceptions.UndefinedError: {}", False),
        ("ValueError: first\n  {}\n    {}", False),
        ("AttributeError: 'NoneType' object has no attribute 'text'", True),
        ("sqlite3.OperationalError: database is locked", True),
        ("TypeError: bad '{}, and some more of it'", False),
    ],
)
def test_only_words_that_quote_nobody_are_kept(words: str, kept: bool) -> None:
    head = 'Traceback (most recent call last):\n  File "app/x.py", line 1, in f\n    f()\n'
    log = "2026-11-25 20:00:00,123 INFO app: calm"
    trace = head + words.replace("{}", SECRET)
    cleaned = without_texts(f"{log}\n{trace}\n{log}")
    assert SECRET not in cleaned
    assert cleaned.startswith(f"{log}\n{head}{words.partition(':')[0]}: ")
    assert cleaned.endswith(f"\n{log}")
    assert (words in cleaned) is kept


@pytest.mark.parametrize(
    ("code", "reason"),
    [(-9, "SIGKILL"), (-11, "SIGSEGV"), (3, "exit code 3"), (0xC0000005, "SIGSEGV"),
     (-999, "signal 999")],
)  # fmt: skip
def test_exit_codes_in_words(code: int, reason: str) -> None:
    assert reason_of_exit(code) == reason


# The dialog


@pytest.fixture
def page(qtbot: QtBot, qapp: QApplication) -> CrashPage:
    """The dialog alone."""
    from app.ui.main_window import MainWindow

    theme = Theme(qapp)
    window = MainWindow(theme)
    qtbot.addWidget(window)
    made = CrashPage(theme, window)
    made.show()
    return made


def test_without_a_crash_it_says_so(page: CrashPage) -> None:
    assert page.nothing.isVisible()
    assert "Nothing has crashed" in page.nothing.text
    assert not page.copy.isVisible()


def test_it_pages_copies_and_deletes(page: CrashPage) -> None:
    older = replace(REPORT, reason="exit code 3", id="b", trace="", action="")
    page.show_reports([replace(REPORT, id="a"), older])
    assert page.page.text() == "1 of 2"
    assert not page.newer.isEnabled()
    page.copy.click()
    text = QApplication.clipboard().text()
    assert text == as_markdown(replace(REPORT, id="a"))
    assert "````text\na ```stack```\n````" in text
    page.older.click()
    assert page.what.text().endswith("exit code 3")
    assert not page.details.isVisible()
    deleted: list[CrashReport] = []
    page.delete_requested.connect(deleted.append)
    page.delete.click()
    assert deleted == []
    page.confirm.no.click()
    page.delete.click()
    page.confirm.yes.click()
    assert deleted == [older]
    page.show_reports([replace(REPORT, id="a")])
    assert "SIGKILL" in page.what.text()
    assert not page.page.isVisible()


def test_it_speaks_of_every_crash_as_the_copied_text_does(page: CrashPage) -> None:
    for kind in CrashKind:
        for reason in (*REASONS, "ValueError"):
            report = replace(REPORT, kind=kind, reason=reason)
            assert page.sentence(report) == report.what


def test_a_deleted_report_is_gone_from_the_disk(
    open_window: Callable[[Paths], AppWindow],
    paths: Paths,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("INGLENOOK_STARTER_DIR", str(tmp_path / "none"))
    CrashStore(paths.crashes).keep(REPORT)
    app = open_window(paths)
    app.window.menu.crash.trigger()
    app.until(lambda: app.controller.help.crash_page and app.controller.help.crash_page.isVisible())
    page = app.controller.help.crash_page
    assert page is not None
    app.click(page.delete)
    app.click(page.confirm.yes)
    app.until(page.nothing.isVisible)
    assert list(paths.crashes.iterdir()) == []


def test_a_start_without_a_logs_folder_goes_on(tmp_path: Path) -> None:
    code = (
        "from pathlib import Path; from app.core.logs import record_faults, forget_faults;"
        "p = Path('nowhere/fault.log'); record_faults(p, p); forget_faults(p); print('on')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "on\n"


def test_the_stored_form_is_plain_json(paths: Paths) -> None:
    kept = CrashStore(paths.crashes).keep(REPORT)
    data = json.loads((paths.crashes / kept.id).read_text())
    assert data["what"] == REPORT.what
    assert data["kind"] == "worker"
