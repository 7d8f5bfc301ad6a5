"""A short round of random clicks and keys; `make monkey` plays for ten minutes."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtGui import QDesktopServices

from app.core.paths import Paths
from tests import monkey

pytestmark = pytest.mark.engine
SECONDS = 20


def test_random_clicks_and_keys_leave_no_error(
    paths: Paths, starter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QDesktopServices, "openUrl", QDesktopServices.openUrl)  # put back after it
    paths.settings.write_text('{"is_offline": true, "max_tokens": 60}')
    done, errors = monkey.run(paths, starter, SECONDS, seed=6)
    assert errors == []
    assert sum(done.values()) > 100
