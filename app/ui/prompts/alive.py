"""Answers that come when the one who asked may be gone."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec

from PySide6.QtCore import QObject
from shiboken6 import isValid

P = ParamSpec("P")


def while_there(owner: QObject, call: Callable[P, object]) -> Callable[P, None]:
    """`call`, left out once `owner` has been deleted."""

    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        if isValid(owner):
            call(*args, **kwargs)

    return run
