"""The access token for the window: where it is kept, keep and forget it, whose it is.

Every function may wait for the keyring or the network: they are for a lane.
"""

from __future__ import annotations

import contextlib

from app.core.hub_errors import HubOffline, NoToken, TokenFromOutside, TokenNotKept, TokenWithheld
from app.core.settings import Settings
from app.hub.token import forget_file, read_token, store_token, token_place
from app.services.addresses import host_of, may_have_token
from app.services.model_hub import access_from


def where_kept() -> str:
    """'keyring', 'file' (of the Hub library), 'environment', or empty: there is none."""
    return token_place()


def keep(token: str) -> str:
    """Store `token`; returns where it is. Raises TokenNotKept."""
    try:
        store_token(token)
    except OSError as error:
        raise TokenNotKept(str(error)) from error
    return token_place()


def forget() -> str:
    """Remove the token from where it is; returns where another one is found, or empty.

    Only one place is emptied: behind a token in the keyring the file of other programs stays.
    Raises TokenNotKept, TokenFromOutside.
    """
    place = token_place()
    if place == "environment":
        raise TokenFromOutside
    try:
        if place == "keyring":
            store_token("")
        elif place == "file":
            forget_file()
    except OSError as error:
        raise TokenNotKept(str(error)) from error
    left = token_place()
    if left == place:
        raise TokenNotKept(f"it is still in the {place}")
    return left


def who(settings: Settings) -> str:
    """The name the hub knows the token by.

    Raises HubOffline, NoToken, TokenWithheld, or the HubError of the question.
    """
    if settings.is_offline:
        raise HubOffline
    if not read_token():
        raise NoToken
    if not may_have_token(settings):
        raise TokenWithheld(host=host_of(settings))
    from app.hub.client import HubClient  # the window starts without it

    with contextlib.closing(HubClient(access_from(settings))) as client:
        return client.user()
