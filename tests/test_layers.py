"""The map of the design, enforced: who may import whom, and who owns which package."""

from __future__ import annotations

import ast
import graphlib
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MOST_LINES = 500
# part of app -> the parts it may import beside itself
ARROWS = {
    "__init__": set[str](),
    "core": set[str](),
    "storage": {"core"},
    "hub": {"core"},
    "models": {"core"},
    "exchange": {"core"},
    "templates": {"core"},
    "worker": {"models", "templates", "core"},
    "services": {"storage", "hub", "models", "exchange", "templates", "core"},
    "doctor": {"services", "core"},
    "ui": {"services", "core"},
    "cli_models": {"services", "core"},
    "cli_exchange": {"services", "core"},
    "cli_run": {"services", "core"},
    "cli_prompts": {"services", "core"},
    "cli": {
        "services",
        "core",
        "ui",
        "doctor",
        "cli_models",
        "cli_exchange",
        "cli_run",
        "cli_prompts",
        "cli_parser",
    },  # it opens the window and runs the doctor
    "cli_parser": {"cli_models", "cli_exchange", "cli_prompts", "cli_run", "core"},
    "__main__": {"cli"},
}
# the one import against the arrows: the engine hands the entry of the other process to spawn
EXCEPTIONS = {("app.services.engine", "app.worker.main")}
# foreign package -> the parts, or the one module, that may import it
OWNERS: dict[str, str | tuple[str, ...]] = {
    "llama_cpp": "app.worker",
    "langchain_community": "app.worker.llm",
    "langchain_core": ("app.worker", "app.templates"),
    "langchain": "app.worker",
    "jinja2": "app.templates",
    "yaml": "app.exchange",
    "huggingface_hub": "app.hub",
    "keyring": "app.hub.token",
    "jeepney": "app.ui.global_shortcut_portal",
    "pypdf": "app.services.attaching_documents",
    "sqlite3": "app.storage",
    "PySide6": "app.ui",
}
NETWORK = ("httpx2", "requests", "urllib.request", "urllib3", "httpx", "http.client", "aiohttp")
MACHINE_PATH = re.compile(r"(^|[\s'\"=:])(/(home|Users|root|work|tmp|mnt|opt)/|[A-Z]:\\)")


@dataclass(frozen=True)
class Module:
    """One module of the app, parsed."""

    name: str
    source: str

    @property
    def tree(self) -> ast.Module:
        return ast.parse(self.source)

    @property
    def part(self) -> str:
        """The package or module right below `app` that it belongs to."""
        return self.name.split(".")[1] if "." in self.name else "__init__"


def all_modules() -> list[Module]:
    """Every module below app/."""
    found = []
    for path in sorted((ROOT / "app").rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found.append(Module(name, path.read_text(encoding="utf-8")))
    return found


MODULES = all_modules()
NAMES = {module.name for module in MODULES}


def targets(node: ast.AST) -> Iterator[str]:
    """The modules that an import statement names; `from a import b` names a.b where that is one."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        base = node.module or ""
        for alias in node.names:
            whole = f"{base}.{alias.name}"
            is_module = whole in NAMES or whole in NETWORK
            yield whole if is_module else base


def imports(module: Module) -> set[str]:
    """Everything it imports anywhere, also inside functions and for type checking."""
    return {name for node in ast.walk(module.tree) for name in targets(node)}


def imports_at_start(module: Module) -> set[str]:
    """What is imported as soon as it is imported itself."""
    found: set[str] = set()
    waiting: list[ast.AST] = [module.tree]
    while waiting:
        for node in ast.iter_child_nodes(waiting.pop()):
            if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
                continue
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                found.update(targets(node))
                waiting.append(node)
    return found


def is_within(name: str, package: str) -> bool:
    """Whether `name` is `package` or below it."""
    return name == package or name.startswith(f"{package}.")


def breaches(module: Module) -> list[str]:
    """Every rule this module breaks, in words."""
    found = []
    for name in sorted(imports(module)):
        if not follows_arrows(module, name):
            found.append(f"arrows: {module.name} may not import {name}")
        for package, owner in OWNERS.items():
            owners = (owner,) if isinstance(owner, str) else owner
            if is_within(name, package) and not any(is_within(module.name, o) for o in owners):
                named = " and ".join(owners)
                found.append(f"owners: only {named} may import {package}, not {module.name}")
        if any(is_within(name, package) for package in NETWORK) and module.part != "hub":
            found.append(f"network: only app.hub may import {name}, not {module.name}")
    if module.source.count("\n") > MOST_LINES:
        found.append(f"size: {module.name} has more than {MOST_LINES} lines")
    for text in texts(module):
        if MACHINE_PATH.search(text):
            found.append(f"paths: {module.name} names a machine's path: {text!r}")
    return found


def follows_arrows(module: Module, name: str) -> bool:
    """Whether the map lets `module` import `name`; foreign packages are not on it."""
    if name == "app" or not is_within(name, "app"):
        return True
    part = name.split(".")[1]
    return part == module.part or part in ARROWS[module.part] or (module.name, name) in EXCEPTIONS


def texts(module: Module) -> Iterator[str]:
    """Every string in the code."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_no_rule_is_broken(module: Module) -> None:
    assert breaches(module) == []


def test_each_part_of_the_app_has_a_place_on_the_map() -> None:
    assert {module.part for module in MODULES} == set(ARROWS)


@pytest.mark.parametrize(
    ("name", "source", "rule"),
    [
        ("app.core.new", "from app.storage import history", "arrows"),
        ("app.storage.new", "from app.services.chat import ChatService", "arrows"),
        ("app.services.new", "def f():\n    import app.ui.theme", "arrows"),
        ("app.services.new", "from app.worker.main import run", "arrows"),
        ("app.worker.new", "from app.storage.history import History", "arrows"),
        ("app.ui.new", "from app.models import gguf", "arrows"),
        ("app.services.new", "import sqlite3", "owners"),
        ("app.worker.new", "from langchain_community.llms import LlamaCpp", "owners"),
        ("app.services.new", "from langchain_core.messages import AIMessage", "owners"),
        ("app.models.new", "import llama_cpp", "owners"),
        ("app.services.new", "from PySide6.QtCore import QObject", "owners"),
        ("app.services.new", "import huggingface_hub as h", "owners"),
        ("app.services.new", "from urllib import request", "network"),
        ("app.ui.new", "import http.client", "network"),
        ("app.core.new", "x = 1\n" * (MOST_LINES + 1), "size"),
        ("app.core.new", "folder = '/home/me/models'", "paths"),
        ("app.core.new", "folder = 'C:\\\\models'", "paths"),
    ],
)
def test_each_rule_notices_its_breach(name: str, source: str, rule: str) -> None:
    found = breaches(Module(name, source))
    assert len(found) == 1
    assert found[0].startswith(f"{rule}: ")


def test_langchain_community_has_exactly_one_door() -> None:
    doors = [m.name for m in MODULES if any("langchain_community" in name for name in imports(m))]
    assert doors == ["app.worker.llm"]


def test_no_module_needs_itself_in_order_to_be_imported() -> None:
    graph = {module.name: imports_at_start(module) & NAMES for module in MODULES}
    assert graph["app.services.engine"] >= {"app.core.errors", "app.worker.main"}
    try:
        list(graphlib.TopologicalSorter(graph).static_order())
    except graphlib.CycleError as error:
        pytest.fail(f"cycle: these modules import each other in a circle: {error.args[1]}")


def loaded_by(module: str, packages: tuple[str, ...]) -> list[str]:
    """Which of `packages` a fresh Python has loaded after importing `module`."""
    code = (
        f"import sys, {module}\n"
        f"tops = {{name.split('.')[0] for name in sys.modules}}\n"
        f"print(*sorted(t for t in tops if t.startswith({packages!r})))"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return done.stdout.split()


@pytest.mark.parametrize(
    ("module", "packages"),
    [
        ("app.__main__", ("PySide6", "langchain", "llama_cpp", "sqlite3", "huggingface_hub")),
        ("app.services.chat", ("PySide6", "langchain", "llama_cpp", "huggingface_hub")),
        ("app.worker.main", ("PySide6", "langchain", "llama_cpp", "huggingface_hub", "sqlite3")),
        ("app.ui.application", ("langchain", "llama_cpp", "huggingface_hub")),
    ],
)
def test_what_is_heavy_is_loaded_late(module: str, packages: tuple[str, ...]) -> None:
    assert loaded_by(module, packages) == [], f"{module} loads them at once"


def test_the_check_for_heavy_packages_sees_them() -> None:
    assert loaded_by("app.storage.history", ("sqlite3",)) == ["sqlite3"]
