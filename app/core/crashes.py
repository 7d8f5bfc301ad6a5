"""Crash reports as files on this computer, the newest five; nothing in them was typed by a person.

Left out: the words of exceptions that may quote a text, and the name of the home folder.
"""

from __future__ import annotations

import contextlib
import json
import re
import signal
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from pathlib import Path

from app.core.paths import unused_name
from app.core.settings import write_json

KEPT = 5
MOST_BYTES = 200_000  # of one report
MOST_TRACE, MOST_LOG = 60_000, 20_000  # characters


class CrashKind(StrEnum):
    """What crashed. The values reach the disk and are never reused."""

    EXCEPTION = "exception"  # nobody caught it; the window may have lived on
    WINDOW = "window"  # a signal ended the window's process
    WORKER = "worker"  # the model's process died without being asked
    DOWNLOADS = "downloads"  # the downloading process died without being asked


SENTENCES = {
    CrashKind.EXCEPTION: "Something in Inglenook went wrong that should not have: {reason}",
    CrashKind.WINDOW: "Inglenook ended unexpectedly: {reason}",
    CrashKind.WORKER: "The model's process ended unexpectedly: {reason}",
    CrashKind.DOWNLOADS: "The process that downloads ended unexpectedly: {reason}",
}
# How a process ended -> in words; ui/crash_page.py has them in the person's language
REASONS = {
    "SIGKILL": "the system ended it, often for want of memory",
    "SIGSEGV": "it reached for memory that is not its own",
    "SIGBUS": "a file or memory it was using went away",
    "SIGILL": "it used an instruction that this processor does not have",
    "SIGFPE": "it calculated something that has no result",
    "SIGABRT": "it found an error in itself and gave up",
}
_FATAL = {  # the first words of faulthandler
    "segmentation fault": "SIGSEGV",
    "aborted": "SIGABRT",
    "illegal instruction": "SIGILL",
    "bus error": "SIGBUS",
    "floating": "SIGFPE",
    "access violation": "SIGSEGV",
}
_WINDOWS_CODES = {
    0xC0000005: "SIGSEGV",
    0xC00000FD: "SIGSEGV",
    0xC000001D: "SIGILL",
    0xC0000409: "SIGABRT",
}
# Exceptions whose words Python makes from names in the code or of files; others may quote a text
_SAFE = re.compile(
    r"AttributeError|TypeError|NameError|UnboundLocalError|ImportError|"
    r"ModuleNotFoundError|ZeroDivisionError|IndexError|RecursionError|MemoryError|"
    r"NotImplementedError|RuntimeError|SystemError|OSError|FileNotFoundError|"
    r"FileExistsError|PermissionError|NotADirectoryError|IsADirectoryError|"
    r"BlockingIOError|BrokenPipeError|ConnectionError|ConnectionResetError|"
    r"TimeoutError"
)
_HEADS = ("Traceback (most recent call last):", "During handling of the above", "The above exce")
_LOG_LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} ")
_NAME = re.compile(r"(?:\w+\.)*(\w+)(?=:|$)")
_QUOTED = re.compile(r"(['\"]).{41,}\1")
LEFT_OUT = "(words left out: they may quote a text)"


@dataclass(frozen=True, slots=True)
class CrashReport:
    """One crash. `when` is UTC in ISO form; `process` window, model or downloads; `action` what it
    was doing. `is_news`: the window ended by it, and nobody was told. `id` names its file."""

    kind: CrashKind
    reason: str  # a key of REASONS, 'exit code 3', or the name of an exception
    when: str
    process: str
    action: str = ""
    version: str = ""
    build: str = ""
    system: str = ""
    software: str = ""  # Python, Qt, llama.cpp
    trace: str = ""  # Python's or the native stack
    log: str = ""  # its last lines
    is_news: bool = False
    id: str = ""

    @property
    def what(self) -> str:
        """One sentence, in English."""
        words = REASONS.get(self.reason, "")
        reason = f"{self.reason} ({words})" if words else self.reason
        return SENTENCES[self.kind].replace("{reason}", reason)

    @property
    def where(self) -> str:
        """The process and what it was doing, in English."""
        return ", ".join(part for part in (self.process, self.action) if part)


class CrashStore:
    """The reports in one folder, which is made when there is one to keep."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, report: CrashReport) -> CrashReport:
        """Write it, cleaned, and delete the oldest beyond KEPT. Raises OSError."""
        cleaned = _cleaned(report)
        self.folder.mkdir(parents=True, exist_ok=True)
        digits = re.sub(r"\D", "", report.when)[:20]
        path = unused_name(self.folder / f"crash-{digits}.json")
        self._write(path, cleaned)
        for old in self._files()[KEPT:]:
            old.unlink(missing_ok=True)
        return replace(cleaned, id=path.name)

    def reports(self) -> list[CrashReport]:
        """All of them, the newest first; a file that cannot be read is left out."""
        return [report for path in self._files() if (report := _read(path)) is not None]

    def delete(self, report: CrashReport) -> None:
        """Its file. Raises OSError."""
        self.path_of(report).unlink(missing_ok=True)

    def path_of(self, report: CrashReport) -> Path:
        """Where it lies."""
        return self.folder / report.id

    def take_news(self) -> bool:
        """Whether the window ended by a crash that nobody was told of; from now on they were.

        Raises OSError.
        """
        news = [report for report in self.reports() if report.is_news]
        for report in news:
            self._write(self.path_of(report), replace(report, is_news=False))
        return bool(news)

    def _files(self) -> list[Path]:
        return sorted(self.folder.glob("crash-*.json"), reverse=True)

    def _write(self, path: Path, report: CrashReport) -> None:
        data = asdict(report)
        del data["id"]
        write_json(path, {"format": 1, "what": report.what, **data})


def as_markdown(report: CrashReport) -> str:
    """The report as text for a bug tracker; English, since it is for those who look after it."""
    facts = {
        "What": report.what,
        "When": report.when[:19] + " UTC",
        "Where": report.where,
        "Version": f"{report.version} ({report.build})",
        "System": report.system,
        "Software": report.software,
    }
    lines = ["## Inglenook crash report", ""]
    lines += [f"- **{name}:** {value}" for name, value in facts.items() if value]
    for title, text in (("Details", report.trace), ("End of the log", report.log)):
        if text:
            longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
            fence = "`" * max(3, longest + 1)
            lines += ["", f"### {title}", "", f"{fence}text", text.rstrip("\n"), fence]
    return "\n".join(lines) + "\n"


def reason_of_exit(code: int) -> str:
    """The exit code of a process as a reason; a negative one is the number of a signal."""
    if code < 0:
        with contextlib.suppress(ValueError):
            return signal.Signals(-code).name
        return f"signal {-code}"
    return _WINDOWS_CODES.get(code & 0xFFFFFFFF, f"exit code {code}")


def reason_of_fault(dump: str) -> str:
    """The signal behind what faulthandler wrote."""
    found = re.search(r"^(?:Fatal Python error|Windows fatal exception): (.*)", dump, re.M)
    words = found[1].lower() if found else ""
    return next((name for start, name in _FATAL.items() if words.startswith(start)), words[:80])


def reason_of_trace(trace: str) -> str:
    """The name of the exception at the end of a traceback."""
    for line in reversed(list(_safe_lines(trace))):
        found = _NAME.match(line)
        if found and found[1][0].isupper() and not any(line.startswith(head) for head in _HEADS):
            return found[1]
    return "Exception"


def without_texts(text: str) -> str:
    """Tracebacks in `text` without the words of exceptions that may quote what a person wrote."""
    return "\n".join(_safe_lines(text))


def _safe_lines(text: str) -> Iterator[str]:
    state = "outside"
    for line in text.splitlines():
        if any(head in line for head in _HEADS):
            state = "frames"
        elif _LOG_LINE.match(line):
            state = "outside"
        elif state == "frames" and line and not line.startswith(" "):
            state = "words"  # until the next head: a text of several lines goes on at any indent
            yield _safe_words(line)
            continue
        if state != "words":
            yield line


def _safe_words(line: str) -> str:
    """The last line of a traceback: the exception's name and, if they are harmless, its words."""
    found = _NAME.match(line)
    if found is None:
        return LEFT_OUT
    name, words = found[0], line[found.end() :].removeprefix(": ")
    if not words:
        return name
    is_ours = name.startswith("app.core.errors.")  # templates, filled with names of files
    if not _SAFE.fullmatch(found[1]) and not is_ours and not name.startswith("sqlite3."):
        return f"{name}: {LEFT_OUT}"
    return f"{name}: {_QUOTED.sub('…', words)[:300]}"


def without_home(text: str, home: Path | None = None) -> str:
    """`text` with the home folder as ~."""
    try:
        home = home or Path.home()
    except RuntimeError:  # a system that does not know it
        return text
    for name in {str(home), str(home.resolve()), home.as_posix()}:
        if len(name.strip("/\\")) > 1:
            text = re.sub(re.escape(name) + r"(?![\w.-])", "~", text)
    return text


def _cleaned(report: CrashReport) -> CrashReport:
    """Without what is private, and small enough."""
    trace = _shortened(without_home(without_texts(report.trace)), MOST_TRACE)
    log = without_home(without_texts(report.log))[-MOST_LOG:]
    report = replace(
        report,
        trace=trace,
        log=log,
        reason=report.reason[:200],
        action=without_home(report.action)[:200],
    )
    while len(json.dumps(asdict(report), indent=2)) > MOST_BYTES - 1000:
        trace, log = _shortened(trace, len(trace) // 2), log[-(len(log) // 2) :]
        report = replace(report, trace=trace, log=log)
    return report


def _shortened(text: str, most: int) -> str:
    """Beginning and end, where it is longer than `most` characters."""
    if len(text) <= most:
        return text
    return f"{text[: most // 2]}\n…\n{text[len(text) - most // 2 :]}"


def _read(path: Path) -> CrashReport | None:
    try:
        with path.open("rb") as file:
            data = json.loads(file.read(2 * MOST_BYTES))
        names = {field.name for field in fields(CrashReport)} - {"id", "kind", "is_news"}
        texts = {name: data[name] for name in names if isinstance(data[name], str)}
        is_news = data.get("is_news") is True
        return CrashReport(CrashKind(data["kind"]), is_news=is_news, id=path.name, **texts)
    except (OSError, ValueError, RecursionError, KeyError, TypeError, AttributeError):
        return None
