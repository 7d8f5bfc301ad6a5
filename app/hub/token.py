"""The access token: in the operating system's keyring, else where the Hub library keeps it.

Never in our settings, logs or messages. A computer without a keyring service (a server, a bare
window manager) falls back to the Hub library's own file, which other tools read too.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path

from app.hub.env import prepare

SERVICE, ACCOUNT = "Inglenook", "hub-token"
VARIABLES = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")  # the Hub library reads them before its file
logger = logging.getLogger(__name__)


def read_token() -> str:
    """The token, empty if there is none. May wait for the keyring: not for the main thread."""
    return _from_keyring() or _from_library()


def token_place() -> str:
    """Where the token comes from: 'keyring', 'file', 'environment', or empty without one."""
    if _from_keyring():
        return "keyring"
    if not _from_library():
        return ""
    return "environment" if any(os.environ.get(name) for name in VARIABLES) else "file"


def store_token(token: str) -> str:
    """Keep `token` (empty forgets it); returns 'keyring' or 'file', where it is now."""
    token = token.strip()
    try:
        import keyring

        if token:
            keyring.set_password(SERVICE, ACCOUNT, token)
        elif keyring.get_password(SERVICE, ACCOUNT) is not None:
            keyring.delete_password(SERVICE, ACCOUNT)
    except Exception as error:  # noqa: BLE001 - each desktop's keyring has errors of its own
        logger.info("no keyring: %s", type(error).__name__)
        _write_file(token)
        return "file"
    return "keyring"


def forget_file() -> None:
    """Delete the Hub library's file with the token; other programs lose it too. Raises OSError."""
    _write_file("")


def _from_keyring() -> str:
    try:
        import keyring

        return (keyring.get_password(SERVICE, ACCOUNT) or "").strip()
    except Exception as error:  # noqa: BLE001 - as above
        logger.info("no keyring: %s", type(error).__name__)
        return ""


def _from_library() -> str:
    prepare()
    try:
        from huggingface_hub import get_token

        return (get_token() or "").strip()
    except (ImportError, OSError):
        return ""


def _write_file(token: str) -> None:
    prepare()
    from huggingface_hub import constants

    path = Path(constants.HF_TOKEN_PATH)
    if not token:
        path.unlink(missing_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(token)
