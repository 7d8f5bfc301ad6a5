"""Settings of the network: hub, proxy, downloads, and the folders they go to."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.settings_declaration import settings_of

_setting = settings_of("network")


@dataclass(frozen=True)
class NetworkSettings:
    """The person's choices about models and the network."""

    hub_endpoint: str = _setting(
        "", "Model hub", "Address of the hub or of a mirror; empty is Hugging Face."
    )
    is_token_for_mirror: bool = _setting(
        False,
        "Send the access token to this mirror",
        "Whoever runs the mirror can then use your token. Only with an address that is https.",
    )
    proxy: str = _setting(
        "", "Proxy", "Such as http://name:password@host:3128; empty follows the system."
    )
    is_offline: bool = _setting(
        False, "Offline", "Nothing is asked of the network; everything on this computer works."
    )
    downloads_at_once: int = _setting(
        2, "Downloads at once", "More do not make it faster on most lines.", minimum=1, maximum=4
    )
    speed_limit_kib: int = _setting(
        0,
        "Download speed limit",
        "KiB per second for all downloads together; 0 is no limit.",
        minimum=0,
        maximum=10_000_000,
    )
    models_folder: str = _setting(
        "", "Models folder", "Where downloads go; empty is the usual place.", hidden=True
    )
    more_model_folders: str = _setting(
        "", "More folders with models", "One folder a line; they are only read.", hidden=True
    )
