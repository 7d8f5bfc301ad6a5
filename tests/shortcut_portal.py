"""A desktop's portal for shortcuts, as a process: `python -m tests.shortcut_portal MODE`.

It says on standard output what it was asked for, a line each, and presses the shortcut for each
line it is given. MODE: 'grants', 'refuses', or 'lacks' (an older desktop without shortcuts).
"""

from __future__ import annotations

import json
import selectors
import sys
from typing import Any

from jeepney import (  # type: ignore[import-untyped]
    DBusAddress,
    HeaderFields,
    MessageType,
    message_bus,
    new_error,
    new_method_return,
    new_signal,
)
from jeepney.io.blocking import open_dbus_connection  # type: ignore[import-untyped]

SERVICE, PATH = "org.freedesktop.portal.Desktop", "/org/freedesktop/portal/desktop"
SHORTCUTS = "org.freedesktop.portal.GlobalShortcuts"


class Portal:
    """Answers as xdg-desktop-portal does: the call at once, the result as a signal."""

    def __init__(self, mode: str) -> None:
        self._mode = mode
        self._bus: Any = open_dbus_connection("SESSION")
        self._session = ""
        self._shortcut = ""
        self._bus.send_and_get_reply(message_bus.RequestName(SERVICE))

    def run(self) -> None:
        """Until standard input ends."""
        say("ready")
        with selectors.DefaultSelector() as selector:
            selector.register(self._bus.sock, selectors.EVENT_READ)
            selector.register(sys.stdin, selectors.EVENT_READ, "presses")
            while True:
                self._take_all()
                for key, _ in selector.select():
                    if key.data is None:
                        continue
                    if not sys.stdin.readline():
                        return
                    self._press()

    def _take_all(self) -> None:
        while True:
            try:
                message = self._bus.receive(timeout=0)
            except TimeoutError:
                return
            if message.header.message_type is MessageType.method_call:
                self._take(message)

    def _take(self, call: Any) -> None:
        member = call.header.fields[HeaderFields.member]
        if self._mode == "lacks" or member not in ("Register", "CreateSession", "BindShortcuts"):
            name = "org.freedesktop.DBus.Error.UnknownMethod"
            self._bus.send(new_error(call, name, "s", ("There is no such method.",)))
            return
        options = call.body[-1]
        say(member, call.body[0] if member == "Register" else "")
        if member == "Register":
            self._bus.send(new_method_return(call))
            return
        sender = call.header.fields[HeaderFields.sender].removeprefix(":").replace(".", "_")
        request = f"{PATH}/request/{sender}/{options['handle_token'][1]}"
        self._bus.send(new_method_return(call, "o", (request,)))
        results: dict[str, tuple[str, Any]] = {}
        if member == "CreateSession":
            self._session = f"{PATH}/session/{sender}/{options['session_handle_token'][1]}"
            results = {"session_handle": ("s", self._session)}
        else:
            ((self._shortcut, words),) = call.body[1]
            say("shortcut", words["preferred_trigger"][1])
        code = 1 if self._mode == "refuses" and member == "BindShortcuts" else 0
        self._signal(request, "org.freedesktop.portal.Request", "Response", "ua{sv}", code, results)

    def _press(self) -> None:
        token = {"activation_token": ("s", "from-the-portal")}
        body = (self._session, self._shortcut, 1, token)
        self._signal(PATH, SHORTCUTS, "Activated", "osta{sv}", *body)

    def _signal(self, path: str, interface: str, name: str, signature: str, *body: object) -> None:
        emitter = DBusAddress(path, interface=interface)
        self._bus.send(new_signal(emitter, name, signature, body))


def say(*words: str) -> None:
    """One line of JSON."""
    print(json.dumps(words), flush=True)


if __name__ == "__main__":
    Portal(sys.argv[1]).run()
