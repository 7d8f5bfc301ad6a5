"""What an assistive technology on Linux does: reads the tree, presses, types, hears, over D-Bus."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from jeepney import (  # type: ignore[import-untyped]
    DBusAddress,
    MatchRule,
    Properties,
    message_bus,
    new_method_call,
)
from jeepney.io.blocking import (  # type: ignore[import-untyped]
    DBusConnection,
    open_dbus_connection,
)
from jeepney.wrappers import unwrap_msg  # type: ignore[import-untyped]

ATSPI = "org.a11y.atspi"
REGISTRY = "org.a11y.atspi.Registry"
ROOT = "/org/a11y/atspi/accessible/root"
PATIENCE_S = 60.0
T = TypeVar("T")


def until(look: Callable[[], T | None]) -> T:
    """Ask again and again until there is something; raises AssertionError when patience ends."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.1)
    raise AssertionError("waited in vain")


class Accessible:
    """One thing on the screen."""

    def __init__(self, desktop: Desktop, name: str, path: str) -> None:
        self._desktop = desktop
        self.place = (name, path)

    def _call(self, interface: str, method: str, *arguments: object, signature: str = "") -> Any:
        name, path = self.place
        address = DBusAddress(path, bus_name=name, interface=f"{ATSPI}.{interface}")
        return self._desktop.call(new_method_call(address, method, signature, arguments))

    def _get(self, interface: str, prop: str) -> Any:
        name, path = self.place
        address = DBusAddress(path, bus_name=name, interface=f"{ATSPI}.{interface}")
        return self._desktop.call(Properties(address).get(prop))[0][1]

    @property
    def name(self) -> str:
        """What it is called."""
        return str(self._get("Accessible", "Name"))

    @property
    def role(self) -> str:
        """Such as "push button"."""
        return str(self._call("Accessible", "GetRoleName")[0])

    @property
    def text(self) -> str:
        """All of the text in it."""
        return str(self._call("Text", "GetText", 0, -1, signature="ii")[0])

    @property
    def is_showing(self) -> bool:
        """Whether it is on the screen, and what is around it too."""
        low, _ = self._call("Accessible", "GetState")[0]
        return bool(low & (1 << 25))

    @property
    def is_active(self) -> bool:
        """Whether it is the window that gets the keys."""
        low, _ = self._call("Accessible", "GetState")[0]
        return bool(low & (1 << 1))

    @property
    def is_enabled(self) -> bool:
        """Whether it can be used."""
        low, _ = self._call("Accessible", "GetState")[0]
        return bool(low & (1 << 8))

    def children(self) -> list[Accessible]:
        """What is in it."""
        (found,) = self._call("Accessible", "GetChildren")
        return [Accessible(self._desktop, name, path) for name, path in found]

    def below(self) -> Iterator[Accessible]:
        """Everything in it, itself first."""
        yield self
        for child in self.children():
            yield from child.below()

    def find(self, role: str, name: str) -> Accessible | None:
        """The first one on the screen with that role, whose name begins so."""
        for one in self.below():
            if one.role == role and one.name.startswith(name) and one.is_showing:
                return one
        return None

    def interfaces(self) -> list[str]:
        """What can be asked of it."""
        (found,) = self._call("Accessible", "GetInterfaces")
        return [str(name).removeprefix(f"{ATSPI}.") for name in found]

    def write(self, text: str) -> None:
        """Put `text` in the place of what is in it."""
        self._call("EditableText", "SetTextContents", text, signature="s")

    def press(self) -> None:
        """Do what a click does."""
        (actions,) = self._call("Action", "GetActions")
        number = next(n for n, (name, *_) in enumerate(actions) if name == "Press")
        assert self._call("Action", "DoAction", number, signature="i")[0]


class Desktop:
    """The accessibility bus of a session."""

    def __init__(self, session: str) -> None:
        """`session` is the address of the session bus."""
        bus = open_dbus_connection(session)
        where = DBusAddress("/org/a11y/bus", bus_name="org.a11y.Bus", interface="org.a11y.Bus")
        reply = bus.send_and_get_reply(new_method_call(where, "GetAddress"), timeout=PATIENCE_S)
        (address,) = unwrap_msg(reply)
        bus.close()
        self._bus: DBusConnection = open_dbus_connection(address)
        self._listener: DBusConnection = open_dbus_connection(address)
        rule = MatchRule(type="signal", interface=f"{ATSPI}.Event.Object", member="Announcement")
        self._listener.send_and_get_reply(message_bus.AddMatch(rule))
        self._rule = rule
        registry = DBusAddress("/org/a11y/atspi/registry", bus_name=REGISTRY, interface=REGISTRY)
        event = "object:announcement"
        self.call(new_method_call(registry, "RegisterEvent", "s", (event,)))

    def call(self, message: Any) -> Any:
        """Send it and wait for the answer."""
        return unwrap_msg(self._bus.send_and_get_reply(message, timeout=PATIENCE_S))

    def application(self, name: str) -> Accessible | None:
        """The program of that name, if it has come up."""
        root = Accessible(self, REGISTRY, ROOT)
        return next((one for one in root.children() if one.name == name), None)

    def heard(self) -> list[str]:
        """What programs wanted to be said since the last time."""
        found: list[str] = []
        while True:
            try:
                message = self._listener.receive(timeout=0.2)
            except TimeoutError:
                return found
            if self._rule.matches(message):
                found.append(str(message.body[3][1]))

    def close(self) -> None:
        """Hang up."""
        self._bus.close()
        self._listener.close()
