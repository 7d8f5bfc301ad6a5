"""A graphics card, for real: with the package's build of llama.cpp, on the processor if need be.

Debian's mesa-vulkan-drivers are a Vulkan device that is computed by the processor: slow, but the
same code path. It runs where `make package` has left its environment, in `make package-test`.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
PYTHON = ROOT / "build" / "venv" / "bin" / "python"
pytestmark = [
    pytest.mark.gpu,
    pytest.mark.timeout(400),
    pytest.mark.skipif(not PYTHON.exists(), reason="make package has not been run here"),
]


def run(code: str, **environment: str) -> Any:
    """What `code` prints as JSON in the package's environment, with the Vulkan device."""
    env = {
        **os.environ,
        "GGML_VK_VISIBLE_DEVICES": "0",  # else a device on the processor is left out
        "PYTHONPATH": str(ROOT),
        **environment,
    }
    done = subprocess.run(
        [str(PYTHON), "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


ASK = """
import json, sys, tempfile
from dataclasses import asdict
from pathlib import Path
from app.core.entities import LoadParams, SamplingParams
from tests.worker_process import WorkerProcess, user
if __name__ == "__main__":
    worker = WorkerProcess(Path(tempfile.mkdtemp()) / "worker.log")
    found = {"devices": [asdict(device) for device in worker.ready.devices]}
    model = worker.load(Path(STARTER), LoadParams(context_tokens=512, **PARAMS)).model
    text, end = worker.ask(user("Hi"), SamplingParams(temperature=0.0, max_tokens=4))
    found |= {"placement": asdict(model.placement), "text": text}
    found["statistics"] = asdict(end.statistics)
    worker.close()
    print(json.dumps(found))
"""


def ask(starter: Path, **params: object) -> Any:
    """Load with `params`, answer, and say what was where."""
    # spawn needs a file it can import the main module from
    return run(ASK.replace("STARTER", repr(str(starter))).replace("PARAMS", repr(params)))


@pytest.fixture(scope="module")
def device() -> Any:
    """The Vulkan device as ggml lists it; without one there is nothing to test."""
    code = (
        "import json; from dataclasses import asdict;"
        "from app.worker.devices import list_devices;"
        "print(json.dumps([asdict(d) for d in list_devices()]))"
    )
    cards = [found for found in run(code) if found["kind"] in ("gpu", "igpu")]
    if not cards:
        pytest.skip("no Vulkan device: apt install mesa-vulkan-drivers")
    return cards[0]


def test_the_card_is_listed_with_its_memory(device: Any) -> None:
    assert device["name"].startswith("Vulkan")
    assert device["description"]
    assert 0 < device["free_bytes"] <= device["total_bytes"]


def test_all_layers_go_there_where_they_fit(device: Any, starter: Path) -> None:
    found = ask(starter)
    place = found["placement"]
    assert (place["gpu_layers"], place["layers"]) == (31, 31)
    assert place["device"] == device["name"]
    assert place["device_bytes"] > 80 << 20  # the weights are 92 MiB
    assert found["statistics"]["gpu_layers"] == 31
    assert found["statistics"]["completion_tokens"] > 0


def test_some_layers_go_there_as_asked(device: Any, starter: Path) -> None:
    place = ask(starter, gpu_layers=10)["placement"]
    assert place["gpu_layers"] == 10
    assert place["device_bytes"] > 10 << 20
    assert place["host_bytes"] > 40 << 20


def test_the_processor_is_used_as_asked(device: Any, starter: Path) -> None:
    place = ask(starter, device="cpu")["placement"]
    assert (place["gpu_layers"], place["device"], place["device_bytes"]) == (0, "", 0)


FIT = """
import json
from dataclasses import replace
from pathlib import Path
from app.core.entities import LoadParams
from app.worker.devices import list_devices
from app.worker.llm import AbortFlag, collect_log, load
from app.models.fit import SPARE
from app.worker.placement import buffers_of
log = []
kept = collect_log(log.append)
card = next(d for d in list_devices() if d.kind in ("gpu", "igpu"))
path, params = Path(STARTER), LoadParams(context_tokens=2048, **PARAMS)
found = []
for mib in (1000, 200, 160, 120, 20):
    small = replace(card, free_bytes=int((mib << 20) / SPARE))
    llm, _ = load(path, params, 2048, AbortFlag(), (small,), log, lambda _: None)
    buffers = buffers_of("".join(log))
    found.append((mib << 20, buffers.offloaded, buffers.on_devices()))
    llm.close()
print(json.dumps(found))
"""


@pytest.mark.parametrize("params", [{}, {"kv_type": "q8_0"}])
def test_as_many_layers_as_fit(device: Any, starter: Path, params: dict[str, object]) -> None:
    """What is allocated stays below what is free, and uses it: one more layer is about 5 MiB."""
    found = run(FIT.replace("STARTER", repr(str(starter))).replace("PARAMS", repr(params)))
    assert found[0][1] == 31
    assert found[-1][1] == 0
    for room, offloaded, size in found:
        assert size <= room
        if 0 < offloaded < 31:
            assert size > room - (12 << 20)
    counts = [offloaded for _, offloaded, _ in found]
    assert counts == sorted(counts, reverse=True)
    assert len({*counts}) > 2
