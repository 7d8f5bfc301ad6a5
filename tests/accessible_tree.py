"""What a screen reader finds in a window: its tree through Qt's accessibility interface."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from PySide6.QtCore import QObject
from PySide6.QtGui import QAccessible, QAccessibleInterface
from PySide6.QtWidgets import QWidget


@dataclass(frozen=True)
class Node:
    """One thing in the tree that is on the screen. `path` are the names of what it is within."""

    role: QAccessible.Role
    name: str
    description: str
    is_focusable: bool
    is_enabled: bool
    actions: tuple[str, ...]
    path: tuple[str, ...]
    thing: QObject | None

    def __str__(self) -> str:
        kind = type(self.thing).__name__ if self.thing is not None else "-"
        name = self.thing.objectName() if self.thing is not None else ""
        return f"{' > '.join(self.path)} > {self.role.name} {self.name!r} ({kind} {name})"


def nodes(window: QWidget) -> list[Node]:
    """Everything on show in `window`, parents before children."""
    return list(_below(QAccessible.queryAccessibleInterface(window), ()))


def _below(interface: QAccessibleInterface, path: tuple[str, ...]) -> Iterator[Node]:
    state = interface.state()
    if not interface.isValid() or state.invisible:
        return
    name = interface.text(QAccessible.Text.Name)
    actions = interface.actionInterface()
    node = Node(
        interface.role(),
        name,
        interface.text(QAccessible.Text.Description),
        bool(state.focusable),
        not state.disabled,
        tuple(actions.actionNames()) if actions is not None else (),
        path,
        interface.object(),
    )
    yield node
    inner = (*path, name or node.role.name)
    for number in range(interface.childCount()):
        child = interface.child(number)
        if child is not None:
            yield from _below(child, inner)
