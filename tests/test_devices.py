"""Which devices there are, and why no graphics card is among them."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.core.entities import Device
from app.worker import devices

PROCESSOR = Device("CPU", "a processor", "cpu", 1, 1)


def test_this_machines_processor_is_listed_with_its_memory() -> None:
    found = [device for device in devices.list_devices() if device.kind == "cpu"]
    assert found
    assert 0 < found[0].free_bytes <= found[0].total_bytes


def test_with_a_graphics_card_there_is_nothing_to_explain() -> None:
    assert devices.why_no_gpu([PROCESSOR, Device("Vulkan0", "a card", "igpu", 1, 1)], "") is None


@pytest.mark.parametrize(
    ("backend", "library", "code"),
    [
        ("", "libc.so.6", "gpu.not-built-in"),
        ("libggml-vulkan.so", "libnothing-of-this-name.so.9", "gpu.library-missing"),
        ("libggml-vulkan.so", "libc.so.6", "gpu.driver-missing"),
    ],
)
def test_why_there_is_no_graphics_card(
    backend: str, library: str, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The backend of a build and the system's library are told apart from a driver."""
    if backend:
        (tmp_path / backend).touch()
    ggml, base, _ = devices._libraries()
    monkeypatch.setattr(devices, "_libraries", lambda: (ggml, base, tmp_path))
    monkeypatch.setattr(devices.sys, "platform", "linux")
    monkeypatch.setitem(devices._GPU_LIBRARIES["Vulkan"], "linux", library)
    problem = devices.why_no_gpu([PROCESSOR], "ggml_vulkan: no device\n")
    assert problem is not None
    assert problem.code == code
    if code == "gpu.driver-missing":
        assert problem.details == "ggml_vulkan: no device\n"
    if code == "gpu.library-missing":
        assert library in problem.details
