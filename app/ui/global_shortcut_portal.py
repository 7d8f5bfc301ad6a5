"""A shortcut that works everywhere on a Wayland desktop: asked of the desktop's portal on D-Bus.

Through jeepney, which keyring brings: PySide's QtDBus cannot write `a(sa{sv})`, the type in which
the portal takes shortcuts. The connection is read when it has something, so nothing waits for it.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QSocketNotifier, Signal
from PySide6.QtGui import QGuiApplication

from app.ui.global_shortcut_keys import Chord

if TYPE_CHECKING:
    from jeepney import Message  # type: ignore[import-untyped]
    from jeepney.io.blocking import DBusConnection  # type: ignore[import-untyped]

SERVICE, PATH = "org.freedesktop.portal.Desktop", "/org/freedesktop/portal/desktop"
SHORTCUTS = "org.freedesktop.portal.GlobalShortcuts"
REQUEST = "org.freedesktop.portal.Request"
REGISTRY = "org.freedesktop.host.portal.Registry"
SHORTCUT_ID = "quick-ask"
CONNECT_S = 1.0
_SESSION, _BIND = "inglenook_session", "inglenook_bind"  # our names of the two requests
_DONE, _REFUSED = 0, 1


class PortalShortcut(QObject):
    """Holds one shortcut until it is closed; tells when it is pressed, or why it is not held.

    The desktop may ask the person first, and may choose other keys than the ones wished for.
    """

    activated = Signal()
    failed = Signal(str)

    def __init__(self, chord: Chord, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._chord = chord
        self._connection: DBusConnection | None = None
        self._notifier: QSocketNotifier | None = None
        self._calls: set[int] = set()  # serials of those that must not fail
        self._session = ""

    def start(self) -> None:
        """Connect with the bus and ask; the rest comes when it comes."""
        try:
            from jeepney.io.blocking import open_dbus_connection

            self._connection = open_dbus_connection("SESSION", auth_timeout=CONNECT_S)
        except (ImportError, OSError, KeyError, ValueError, RuntimeError):
            self._fail()
            return
        self._notifier = QSocketNotifier(
            self._connection.sock.fileno(), QSocketNotifier.Type.Read, self
        )
        self._notifier.activated.connect(self._read)
        self._listen()
        # programs outside a sandbox say who they are, as newer desktops want to know
        name = QGuiApplication.desktopFileName()
        self._call(REGISTRY, "Register", "sa{sv}", (name, {}), must_work=False)
        tokens = {
            "handle_token": ("s", _SESSION),
            "session_handle_token": ("s", "inglenook"),
        }
        self._call(SHORTCUTS, "CreateSession", "a{sv}", (tokens,))
        self._read()

    def close(self) -> None:
        """Give the shortcut back: the desktop ends what belongs to a connection that ends."""
        if self._notifier is not None:
            self._notifier.setEnabled(False)
            self._notifier.deleteLater()
            self._notifier = None
        if self._connection is not None:
            with contextlib.suppress(OSError):
                self._connection.close()
            self._connection = None

    def bring_to_front(self, window_id: int) -> None:
        """Nothing to do: the desktop's token lets the window take the focus."""

    def _listen(self) -> None:
        from jeepney import MatchRule, message_bus

        for interface, member in ((REQUEST, "Response"), (SHORTCUTS, "Activated")):
            rule = MatchRule(type="signal", sender=SERVICE, interface=interface, member=member)
            self._send(message_bus.AddMatch(rule), must_work=False)

    def _call(
        self,
        interface: str,
        method: str,
        signature: str,
        body: tuple[object, ...],
        *,
        must_work: bool = True,
    ) -> None:
        from jeepney import DBusAddress, new_method_call

        address = DBusAddress(PATH, bus_name=SERVICE, interface=interface)
        self._send(new_method_call(address, method, signature, body), must_work=must_work)

    def _send(self, message: Message, *, must_work: bool) -> None:
        if self._connection is None:
            return
        serial = next(self._connection.outgoing_serial)
        if must_work:
            self._calls.add(serial)
        try:
            self._connection.send(message, serial=serial)
        except OSError:
            self._fail()

    def _read(self) -> None:
        while self._connection is not None:
            try:
                message = self._connection.receive(timeout=0)
            except TimeoutError:
                return
            except (OSError, ValueError):  # the bus is gone
                self.close()
                return
            self._take(message)

    def _take(self, message: Message) -> None:
        from jeepney import HeaderFields, MessageType

        fields = message.header.fields
        member, path = fields.get(HeaderFields.member, ""), fields.get(HeaderFields.path, "")
        kind, serial = message.header.message_type, fields.get(HeaderFields.reply_serial, 0)
        if kind is MessageType.error and serial in self._calls:
            self._fail()
        elif kind is not MessageType.signal:
            return
        elif member == "Response" and path.endswith((f"/{_SESSION}", f"/{_BIND}")):
            self._answered(path.rsplit("/", 1)[-1], *message.body)
        elif member == "Activated" and message.body[:2] == (self._session, SHORTCUT_ID):
            self._pressed(message.body[3])

    def _answered(self, request: str, code: int, results: dict[str, tuple[str, Any]]) -> None:
        if code != _DONE:
            self._fail(
                self.tr("The desktop was told not to give the shortcut to Inglenook.")
                if code == _REFUSED
                else ""
            )
        elif request == _SESSION:
            self._session = str(results["session_handle"][1])
            words = {
                "description": ("s", self.tr("Quick question")),
                "preferred_trigger": ("s", self._chord.trigger),
            }
            body = (self._session, [(SHORTCUT_ID, words)], "", {"handle_token": ("s", _BIND)})
            self._call(SHORTCUTS, "BindShortcuts", "oa(sa{sv})sa{sv}", body)

    def _pressed(self, options: dict[str, tuple[str, Any]]) -> None:
        token = options.get("activation_token", ("s", ""))[1]
        if token:  # Qt hands it to the compositor with the next window that asks for the focus
            os.environ["XDG_ACTIVATION_TOKEN"] = str(token)
        self.activated.emit()

    def _fail(self, words: str = "") -> None:
        self.close()
        self.failed.emit(words or self.tr("This desktop offers no shortcuts to programs."))
