"""The compute devices ggml sees, asked from ggml itself through the libraries that are loaded."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Sequence
from pathlib import Path

from app.core.entities import Device
from app.core.errors import GpuDriverMissing, GpuLibraryMissing, GpuNotBuiltIn, Problem

# ggml-backend.h, enum ggml_backend_dev_type
_KINDS = {0: "cpu", 1: "gpu", 2: "igpu", 3: "accelerator"}
# backends for graphics cards -> the libraries of the system that each needs, by platform
_GPU_LIBRARIES = {
    "Vulkan": {"linux": "libvulkan.so.1", "win32": "vulkan-1.dll"},
    "CUDA": {"linux": "libcuda.so.1", "win32": "nvcuda.dll"},
}


def list_devices() -> tuple[Device, ...]:
    """All devices, backends loaded first where they are dynamic; empty if ggml cannot be asked."""
    try:
        ggml, base, folder = _libraries()
        return _ask(ggml, base, folder)
    except (OSError, AttributeError):
        return ()


def why_no_gpu(devices: Sequence[Device], log: str) -> Problem | None:
    """Why none of `devices` is a graphics card; None where one is.

    `log` is what llama.cpp said while it loaded its backends.
    """
    if any(device.is_card for device in devices):
        return None
    _, _, folder = _libraries()
    for backend, names in _GPU_LIBRARIES.items():
        is_built_in = any(folder.glob(f"*ggml-{backend.lower()}*"))
        if not is_built_in or sys.platform not in names:
            continue
        try:
            ctypes.CDLL(names[sys.platform])
        except OSError as error:
            return GpuLibraryMissing(str(error), library=backend).problem
        return GpuDriverMissing(log, library=backend).problem
    return GpuNotBuiltIn().problem


def device_handle(name: str) -> int | None:
    """ggml's pointer to the device of this name, None if there is none."""
    ggml, base, _ = _libraries()
    base.ggml_backend_dev_name.restype = ctypes.c_char_p
    base.ggml_backend_dev_name.argtypes = [ctypes.c_void_p]
    ggml.ggml_backend_dev_get.restype = ctypes.c_void_p
    for index in range(ggml.ggml_backend_dev_count()):
        handle: int = ggml.ggml_backend_dev_get(ctypes.c_size_t(index))
        if base.ggml_backend_dev_name(handle) == name.encode():
            return handle
    return None


def cpu_buffer_type() -> int:
    """ggml's pointer to the kind of buffer that lies in the computer's own memory."""
    ggml, _, _ = _libraries()
    ggml.ggml_backend_cpu_buffer_type.restype = ctypes.c_void_p
    pointer: int = ggml.ggml_backend_cpu_buffer_type()
    return pointer


def _libraries() -> tuple[ctypes.CDLL, ctypes.CDLL, Path]:
    """ggml, its base, and the folder where they and the backends lie. Raises OSError."""
    import llama_cpp

    folder = Path(llama_cpp.__file__).parent / "lib"
    if sys.platform == "win32":
        return (
            ctypes.CDLL(str(folder / "ggml.dll")),
            ctypes.CDLL(str(folder / "ggml-base.dll")),
            folder,
        )
    # what libllama itself is linked with: a wheel has libggml.so and libggml.so.0 as two
    # files, and opened by the other name it would be a second one with devices of its own
    ggml = llama_cpp.llama_cpp._lib  # noqa: SLF001
    return ggml, ggml, folder


def _ask(ggml: ctypes.CDLL, base: ctypes.CDLL, folder: Path) -> tuple[Device, ...]:
    ggml.ggml_backend_reg_count.restype = ctypes.c_size_t
    if ggml.ggml_backend_reg_count() == 0:
        # dynamic backends look beside the executable unless told where they are
        ggml.ggml_backend_load_all_from_path(str(folder).encode())
    ggml.ggml_backend_dev_count.restype = ctypes.c_size_t
    ggml.ggml_backend_dev_get.restype = ctypes.c_void_p
    ggml.ggml_backend_dev_get.argtypes = [ctypes.c_size_t]
    for name in ("name", "description"):
        function = getattr(base, f"ggml_backend_dev_{name}")
        function.restype, function.argtypes = ctypes.c_char_p, [ctypes.c_void_p]
    base.ggml_backend_dev_type.argtypes = [ctypes.c_void_p]
    size_pointer = ctypes.POINTER(ctypes.c_size_t)
    base.ggml_backend_dev_memory.argtypes = [ctypes.c_void_p, size_pointer, size_pointer]
    base.ggml_backend_dev_memory.restype = None
    return tuple(
        _describe(base, ggml.ggml_backend_dev_get(i)) for i in range(ggml.ggml_backend_dev_count())
    )


def _describe(base: ctypes.CDLL, device: int) -> Device:
    free, total = ctypes.c_size_t(), ctypes.c_size_t()
    base.ggml_backend_dev_memory(device, ctypes.byref(free), ctypes.byref(total))
    return Device(
        name=base.ggml_backend_dev_name(device).decode("utf-8", "replace"),
        description=base.ggml_backend_dev_description(device).decode("utf-8", "replace").strip(),
        kind=_KINDS.get(base.ggml_backend_dev_type(device), "accelerator"),
        total_bytes=total.value,
        free_bytes=free.value,
    )
