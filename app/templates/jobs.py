"""The child's side of the template process: which functions there are, and its loop."""

from __future__ import annotations

import contextlib
import importlib
import multiprocessing
import os
import pickle
import signal
import socket
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection, wait
from typing import Any

from app.core.errors import AppError
from app.templates.limits import OutputTooLarge, limit_memory, limit_time

# what can be called, and where it is; imported when it is called first
JOBS = {
    "chat": "app.templates.chat:render",
    "examine": "app.templates.doctor:examine_job",
    "prompt": "app.templates.prompts:render",
    "prompt_variables": "app.templates.prompts:variables",
}
# the kinds of answers
BEGUN = "begun"  # all is imported: from now on the time of the call counts
DONE = "done"
LARGE = "large"
FAILED = "failed"
PROBLEM = "problem"  # an AppError of ours

MOST_REASON = 2000  # characters of what is told of a failure


def serve(connection: Connection, idle_s: float | None, memory_bytes: int) -> None:
    """Entry of the process: run what is asked for until the pipe ends or nothing comes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in a terminal is for the parent
    os.environ.update(LANGCHAIN_TRACING_V2="false", LANGSMITH_TRACING="false", HF_HUB_OFFLINE="1")
    # LangChain brings urllib3, which opens a socket at import to see whether there is IPv6
    socket.has_ipv6 = False
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    known: dict[str, Callable[..., Any]] = {}
    with contextlib.suppress(EOFError, OSError):
        while connection.poll(idle_s):
            name, args, timeout_s = pickle.loads(connection.recv_bytes())
            connection.send_bytes(_answer(connection, known, name, args, timeout_s, memory_bytes))
    os._exit(0)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(0)


def _answer(
    connection: Connection,
    known: dict[str, Callable[..., Any]],
    name: str,
    args: tuple[Any, ...],
    timeout_s: float,
    memory_bytes: int,
) -> bytes:
    """What is sent back; whatever a template does becomes an answer, or the end of the process."""
    try:
        if name not in known:
            module, _, function = JOBS[name].partition(":")
            known[name] = getattr(importlib.import_module(module), function)
            limit_memory(memory_bytes)
        connection.send_bytes(pickle.dumps((BEGUN, None)))
        limit_time(timeout_s)
        return pickle.dumps((DONE, known[name](*args)))
    except (MemoryError, OutputTooLarge, OverflowError) as error:
        return pickle.dumps((LARGE, _reason(error)))
    except AppError as error:
        return pickle.dumps((PROBLEM, error.problem))
    except Exception as error:  # noqa: BLE001 - a template is a foreign program: anything
        return pickle.dumps((FAILED, _reason(error)))


def _reason(error: BaseException) -> str:
    """Never fails itself: the text of an error may be a template's doing too."""
    try:
        text = str(error)
    except Exception:  # noqa: BLE001
        text = ""
    name = type(error).__name__
    return f"{name}: {text}"[:MOST_REASON] if text else name
