"""The recipes for packages that no test here can build: read by the tools that will read them."""

from __future__ import annotations

import importlib.util
import os
import plistlib
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
PACKAGING = ROOT / "packaging"
WINDOWS = PACKAGING / "windows"
MANIFEST = PACKAGING / "flatpak" / "io.github.inglenook.Inglenook.yml"
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
ACTIONS = sorted((ROOT / ".github" / "actions").glob("*/action.yml"))
SCRIPTS = sorted(
    path for part in ("windows", "macos", "appimage") for path in (PACKAGING / part).glob("*.sh")
)
RECIPES = [
    *WORKFLOWS,
    *ACTIONS,
    *SCRIPTS,
    MANIFEST,
    *(PACKAGING / "macos").glob("*.plist"),
    *WINDOWS.glob("*.*"),
    PACKAGING / "gpu.md",
]
GRAMMAR = """{extends: default, rules: {line-length: {max: 120}, document-start: disable}}"""
PINNED = re.compile(r"^[\w./-]+@[0-9a-f]{40}$")
METAINFO_ID = re.compile(r"<id>(.*)</id>")


def tool(name: str) -> str:
    """A program of the system or of this environment; skips the test where it is not installed."""
    found = shutil.which(name) or shutil.which(name, path=str(Path(sys.executable).parent))
    if found is None:
        pytest.skip(
            f"{name} is not installed (packaging/debian-packages-test.txt, pyproject's dev)"
        )
    return found


def run(*command: str | Path, cwd: Path = ROOT, **environment: str) -> str:
    """What it prints on both streams; fails the test where it fails."""
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def load(path: Path) -> Any:
    """A YAML file, with GitHub's `on` as the text it is."""
    return yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader)


def jobs() -> dict[str, dict[str, Any]]:
    """Every job of every workflow."""
    return {name: job for path in WORKFLOWS for name, job in load(path)["jobs"].items()}


def steps() -> list[dict[str, Any]]:
    """Every step of every workflow and action."""
    found = [step for job in jobs().values() for step in job["steps"]]
    return found + [step for path in ACTIONS for step in load(path)["runs"]["steps"]]


# --- all


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.name)
def test_each_recipe_says_first_whether_it_was_run(recipe: Path) -> None:
    first = " ".join(recipe.read_text(encoding="utf-8").split("\n")[:12])
    assert re.search(r"\b(not yet run|run here|run under wine)\b", first, re.IGNORECASE)
    assert re.search(r"\b20\d\d-\d\d-\d\d\b", first), "it does not say when"


def test_every_system_has_a_recipe() -> None:
    assert {"linux", "windows", "macos", "appimage", "flatpak", "release"} <= set(jobs())


# --- GitHub


@pytest.mark.parametrize("path", [*WORKFLOWS, *ACTIONS, MANIFEST], ids=lambda path: path.name)
def test_yaml_is_well_formed(path: Path) -> None:
    run(tool("yamllint"), "--strict", "--config-data", GRAMMAR, path)


@pytest.mark.parametrize(
    ("schema", "paths"),
    [("vendor.github-workflows", WORKFLOWS), ("vendor.github-actions", ACTIONS)],
)
def test_github_would_accept_it(schema: str, paths: list[Path]) -> None:
    assert paths
    run(tool("check-jsonschema"), "--builtin-schema", schema, *paths)


def test_workflows_give_no_stranger_a_hold() -> None:
    run(tool("zizmor"), "--offline", "--quiet", "--no-progress", ".github")


def test_every_action_is_pinned_to_a_commit() -> None:
    used = {step["uses"] for step in steps() if "uses" in step}
    foreign = {name for name in used if not name.startswith("./")}
    assert foreign
    assert [name for name in foreign if not PINNED.match(name)] == []
    for name in used - foreign:
        assert (ROOT / name / "action.yml").is_file()


def test_only_the_release_may_write() -> None:
    assert {name: job["permissions"] for name, job in jobs().items()} == {
        **{name: {"contents": "read"} for name in jobs()},
        "release": {"contents": "write"},
    }


def test_files_that_the_steps_name_are_there() -> None:
    words = " ".join(step.get("run", "") for step in steps())
    named = set(re.findall(r"\bpackaging/[\w./-]+\.(?:sh|py|ps1|txt|spec)\b", words))
    assert named
    assert [name for name in sorted(named) if not (ROOT / name).is_file()] == []


def test_what_a_job_needs_is_a_job() -> None:
    for name, job in jobs().items():
        needs = job.get("needs", [])
        wanted = {needs} if isinstance(needs, str) else {*needs}
        assert wanted <= {*jobs()}, name


def test_secrets_that_the_steps_use_are_explained() -> None:
    for path in WORKFLOWS:
        text = path.read_text(encoding="utf-8")
        used = set(re.findall(r"\b(?:secrets|vars)\.(\w+)", text))
        head = text.partition("\nname:")[0]
        assert used
        assert [name for name in sorted(used) if name not in head] == []


# --- shell


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_shell_is_sound(script: Path) -> None:
    run(tool("shellcheck"), script)
    assert os.access(script, os.X_OK)


@pytest.mark.parametrize(
    "step", [step for step in steps() if "run" in step], ids=lambda s: s["name"]
)
def test_shell_within_steps_is_sound(step: dict[str, Any], tmp_path: Path) -> None:
    if step.get("shell") == "pwsh":
        pytest.skip("PowerShell: no tool for it here")
    script = tmp_path / "step.sh"
    head = "#!/usr/bin/env bash\nset -eo pipefail\n"  # as GitHub starts it
    script.write_text(head + re.sub(r"\$\{\{.*?\}\}", "expression", step["run"]), encoding="utf-8")
    run(tool("shellcheck"), script)


def test_no_step_puts_an_expression_into_its_shell() -> None:
    # a branch may be called anything, also $(a command): values go through the environment
    assert [step["name"] for step in steps() if "${{" in step.get("run", "")] == []


# --- Windows


@pytest.fixture
def build() -> ModuleType:
    """packaging/windows/build.py."""
    spec = importlib.util.spec_from_file_location("windows_build", WINDOWS / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def frozen(tmp_path: Path) -> Path:
    """A folder of the shape that PyInstaller leaves."""
    folder = tmp_path / "frozen"
    (folder / "_internal" / "deep").mkdir(parents=True)
    (folder / "inglenook.exe").write_bytes(b"MZ")
    (folder / "_internal" / "deep" / "price in $.txt").write_text("5")
    return folder


def test_installer_and_portable_zip_are_made(tmp_path: Path, frozen: Path) -> None:
    tool("makensis")
    pytest.importorskip("PIL", reason="Pillow is not installed (pyproject's dev)")
    run(sys.executable, PACKAGING / "icons.py", "--into", tmp_path / "icons", PYTHONPATH=str(ROOT))
    made = tmp_path / "out"
    script = WINDOWS / "build.py"
    run(sys.executable, script, frozen, made, "1.2.3", "--icons", tmp_path / "icons")
    name = "inglenook-1.2.3-windows-x86_64"
    assert (made / f"{name}-setup.exe").read_bytes().startswith(b"MZ")
    with zipfile.ZipFile(made / f"{name}-portable.zip") as archive:
        assert set(archive.namelist()) == {
            "Inglenook-1.2.3/inglenook.exe",
            "Inglenook-1.2.3/_internal/deep/price in $.txt",
            "Inglenook-1.2.3/Inglenook portable.cmd",
        }
        start = archive.read("Inglenook-1.2.3/Inglenook portable.cmd").decode()
    assert "inglenook.exe" in start
    assert "--portable" in start


def test_the_uninstaller_removes_what_was_installed_and_nothing_else(
    build: ModuleType, frozen: Path
) -> None:
    assert build.removal_lines(frozen).splitlines() == [
        r'Delete "$INSTDIR\_internal\deep\price in $$.txt"',
        r'Delete "$INSTDIR\inglenook.exe"',
        r'RMDir "$INSTDIR\_internal\deep"',
        r'RMDir "$INSTDIR\_internal"',
    ]
    script = (WINDOWS / "inglenook.nsi").read_text(encoding="utf-8")
    assert not re.search(r"^\s*RMDir\s+/r", script, re.MULTILINE | re.IGNORECASE)


@pytest.mark.parametrize(
    ("folder", "version", "words"),
    [("nowhere", "1.2.3", "no inglenook.exe"), ("frozen", "1.2", "three numbers")],
)
def test_a_wrong_call_gets_a_sentence(
    tmp_path: Path, frozen: Path, folder: str, version: str, words: str
) -> None:
    done = subprocess.run(
        [sys.executable, WINDOWS / "build.py", tmp_path / folder, tmp_path, version],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr


# --- macOS


def test_a_mac_opens_gguf_files_in_it() -> None:
    info = plistlib.loads((PACKAGING / "macos" / "Info.plist").read_bytes())
    (kind,) = info["UTImportedTypeDeclarations"]
    assert kind["UTTypeTagSpecification"]["public.filename-extension"] == ["gguf"]
    (document,) = info["CFBundleDocumentTypes"]
    assert document["LSItemContentTypes"] == [kind["UTTypeIdentifier"]]
    assert document["LSHandlerRank"] == "Alternate", "the first choice is the person's"


def test_the_hardened_runtime_is_softened_in_one_place_only() -> None:
    allowed = plistlib.loads((PACKAGING / "macos" / "entitlements.plist").read_bytes())
    assert allowed == {"com.apple.security.cs.allow-unsigned-executable-memory": True}


def test_every_store_knows_it_by_one_name() -> None:
    metainfo = (PACKAGING / "linux" / "inglenook.metainfo.xml").read_text(encoding="utf-8")
    found = METAINFO_ID.search(metainfo)
    assert found is not None
    info = plistlib.loads((PACKAGING / "macos" / "Info.plist").read_bytes())
    assert found[1] == info["CFBundleIdentifier"] == load(MANIFEST)["id"] == MANIFEST.stem


# --- Flatpak


def test_flatpak_reads_the_manifest_and_knows_every_key(tmp_path: Path) -> None:
    builder = tool("flatpak-builder")
    words = run(builder, "--show-manifest", MANIFEST, cwd=tmp_path)  # it leaves a folder there
    assert "nknown" not in words
    for key in load(MANIFEST):
        assert f'"{key}"' in words


def test_flatpak_asks_for_no_folder_of_the_person() -> None:
    permissions = load(MANIFEST)["finish-args"]
    assert not [name for name in permissions if name.startswith("--filesystem")]
    assert "--share=network" in permissions, "decided in the manifest's comment and docs/install.md"
