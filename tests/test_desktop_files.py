"""The packaged program is a good citizen of a desktop: looked at with the desktop's own tools."""

from __future__ import annotations

import argparse
import configparser
import importlib.metadata
import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from types import ModuleType

import pytest
from PySide6.QtGui import QColor, QImage, QImageReader

from app import __version__, cli
from app.cli_parser import make_parser, walk
from app.core.paths import Paths, find_paths, resources

ROOT = Path(__file__).parents[1]
LINUX = ROOT / "packaging" / "linux"
ENTRY = LINUX / "inglenook.desktop"
METAINFO = LINUX / "inglenook.metainfo.xml"
MIME = LINUX / "inglenook-mime.xml"
# asks as a file manager does: what is this file?
ASK_FOR_TYPES = """
import sys
from PySide6.QtCore import QMimeDatabase
for name in sys.argv[1:]:
    print(QMimeDatabase().mimeTypeForFile(name).name())
"""


def tool(name: str) -> str:
    """A program of the system; skips the test where it is not installed."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed (packaging/debian-packages-test.txt)")
    return found


def run(*command: str | Path, **environment: str) -> str:
    """What it prints on both streams; fails the test where it fails."""
    done = subprocess.run(
        command,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def script(name: str, *needs: str) -> ModuleType:
    """A file of packaging/, which is no package; skips without the libraries that it needs."""
    for library in needs:
        pytest.importorskip(
            library, reason=f"{library} is not installed (pip install '.[package]')"
        )
    spec = importlib.util.spec_from_file_location(
        f"packaging_{name}", ROOT / "packaging" / f"{name}.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look there
    spec.loader.exec_module(module)
    return module


def entry() -> configparser.SectionProxy:
    """The desktop entry."""
    parser = configparser.RawConfigParser(delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment, method-assign]  # keys keep their case
    parser.read(ENTRY, encoding="utf-8")
    return parser["Desktop Entry"]


def test_the_desktop_entry_is_valid() -> None:
    assert run(tool("desktop-file-validate"), ENTRY) == ""


def test_the_metainfo_is_valid() -> None:
    assert "E:" not in run(tool("appstreamcli"), "validate", "--no-net", METAINFO)


def test_the_metainfo_knows_this_version() -> None:
    versions = [release.attrib["version"] for release in ET.parse(METAINFO).iter("release")]
    assert versions[0] == __version__


def test_all_files_mean_the_same_program() -> None:
    metainfo = ET.parse(METAINFO)
    mime_types = [kind.attrib["type"] for kind in ET.parse(MIME).iter() if "type" in kind.attrib]
    assert metainfo.findtext("launchable") == ENTRY.name
    assert f"{metainfo.findtext('provides/mediatype')};" == entry()["MimeType"]
    assert metainfo.findtext("provides/mediatype") in mime_types
    assert metainfo.findtext("provides/binary") == shlex.split(entry()["Exec"])[0]
    assert metainfo.findtext("icon") == entry()["Icon"]
    assert (resources() / "icons" / f"{entry()['Icon']}.svg").is_file()


def test_a_double_click_opens_the_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = []

    def window(_paths: Paths, options: argparse.Namespace) -> int:
        opened.append(options.model_file)
        return 0

    monkeypatch.setattr(cli, "_window", window)
    model = tmp_path / "我的 model.gguf"
    for files in ([str(model)], []):  # a double click, and the menu
        words = [files if word == "%f" else [word] for word in shlex.split(entry()["Exec"])]
        program, *arguments = [word for part in words for word in part]
        assert program == "inglenook"
        assert cli.run(arguments) == 0
    assert opened == [model, None]


def test_a_model_is_recognised_by_name_and_by_content(tmp_path: Path, starter: Path) -> None:
    packages = tmp_path / "mime" / "packages"
    packages.mkdir(parents=True)
    shutil.copy(MIME, packages / "inglenook.xml")
    run(tool("update-mime-database"), tmp_path / "mime")
    named, unnamed, other = (tmp_path / name for name in ("a.gguf", "download", "letter"))
    named.touch()
    unnamed.write_bytes(starter.open("rb").read(4096))
    other.write_text("A letter that mentions GGUF.", encoding="utf-8")
    command = (sys.executable, "-c", ASK_FOR_TYPES, named, unnamed, other)
    types = run(*command, XDG_DATA_DIRS=str(tmp_path), XDG_DATA_HOME=str(tmp_path / "none"))
    assert types.split() == ["application/x-gguf", "application/x-gguf", "text/plain"]


@pytest.fixture(scope="module")
def icons(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the icon in all forms."""
    folder = tmp_path_factory.mktemp("icons")
    script("icons", "PIL").main(["--into", str(folder)])
    return folder


def test_the_icon_is_there_in_every_size(icons: Path) -> None:
    found = {path.relative_to(icons / "hicolor"): path for path in icons.rglob("*.png")}
    assert {16, 24, 32, 48, 64, 128, 256, 512} <= {QImage(str(p)).width() for p in found.values()}
    for place, path in found.items():
        image = QImage(str(path))
        assert str(place) == f"{image.width()}x{image.height()}/apps/inglenook.png"
        assert image.pixelColor(0, 0).alpha() == 0
        assert shows_a_fire(image), place
    assert (icons / "hicolor" / "scalable" / "apps" / "inglenook.svg").is_file()


@pytest.mark.parametrize(("name", "sizes"), [("inglenook.ico", {16, 32, 48, 256})])
def test_the_icon_for_windows_is_sharp_in_every_size(
    icons: Path, name: str, sizes: set[int]
) -> None:
    reader = QImageReader(str(icons / name))
    images = []
    for index in range(reader.imageCount()):
        assert reader.jumpToImage(index)
        images.append(reader.read())
    assert sizes <= {image.width() for image in images}
    assert all(shows_a_fire(image) for image in images)


def test_the_icon_for_macos_can_be_read(icons: Path) -> None:
    images = pytest.importorskip("PIL.Image")
    with images.open(icons / "inglenook.icns") as image:
        assert (512, 512, 2) in image.info["sizes"] or (1024, 1024) in image.info["sizes"]
        image.load()
        assert image.getpixel((0, 0))[3] == 0


def shows_a_fire(image: QImage) -> bool:
    """Whether the flame's colour is somewhere in the middle column."""
    column = image.width() // 2
    colours = [QColor(image.pixel(column, row)) for row in range(image.height())]
    return any(10 <= colour.hue() <= 45 and colour.saturation() > 100 for colour in colours)


@pytest.fixture(scope="module")
def man_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The man page."""
    file = tmp_path_factory.mktemp("man") / "inglenook.1"
    script("man_page", "argparse_manpage").main(["--into", str(file)])
    return file


def test_the_man_page_names_every_command_and_option(man_page: Path) -> None:
    text = run(tool("man"), "--local-file", man_page, MANWIDTH="100", MAN_KEEP_FORMATTING="")
    text = re.sub(".\b", "", text)
    sections = re.findall(r"^[A-Z][A-Z ]+$", text, re.MULTILINE)
    assert {"NAME", "SYNOPSIS", "FILES", "ENVIRONMENT", "EXIT STATUS", "EXAMPLES"} <= {*sections}
    for command, actions in list(walk(make_parser()))[1:]:
        _, heading, part = text.partition(f"\n   {command.prog}\n")
        assert heading, command.prog
        shown = re.findall(r"^ +(--[a-z-]+)", part.partition("\n   inglenook ")[0], re.MULTILINE)
        options = {name for action in actions for name in action.option_strings}
        assert {*shown} == options - {"-h", "--help", "--data-dir"}, command.prog


def test_the_man_page_has_no_faults(man_page: Path) -> None:
    command = (tool("man"), "--warnings", "--local-file", man_page)
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=True)
    assert done.stderr == b""


def test_the_man_page_says_where_files_really_are(
    man_page: Path, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    for name in ("DATA", "CONFIG", "STATE", "CACHE"):
        monkeypatch.delenv(f"XDG_{name}_HOME")
    monkeypatch.setenv("HOME", str(home))
    paths = find_paths()
    text = man_page.read_text(encoding="utf-8")
    for path in (
        paths.database,
        paths.models,
        paths.downloads,
        paths.settings,
        paths.window_state,
        paths.app_log,
        paths.worker_log,
    ):
        assert str(path).replace(str(home), r"\(ti") in text


@pytest.fixture(scope="module")
def completions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with completion for each shell."""
    folder = tmp_path_factory.mktemp("completions")
    script("completion", "shtab").main(["--into", str(folder)])
    return folder


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        (["inglenook", "mo"], {"models"}),
        (["inglenook", "models", "pu"], {"pull"}),
        (["inglenook", "ask", "--te"], {"--temperature"}),
        (["inglenook", "open", "my"], {"my.gguf"}),
        (["inglenook", "starter", "--into", "f"], {"folder"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bash_completes(
    completions: Path, tmp_path: Path, typed: list[str], offered: set[str]
) -> None:
    (tmp_path / "my.gguf").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    file = completions / "bash-completion" / "completions" / "inglenook"
    words = " ".join(map(shlex.quote, typed))
    lines = [
        f"cd {shlex.quote(str(tmp_path))}; source {shlex.quote(str(file))}",
        f"COMP_WORDS=({words}); COMP_CWORD={len(typed) - 1}; COMP_LINE={shlex.quote(words)}",
        "COMP_POINT=${#COMP_LINE}",
        'function=$(complete -p inglenook | sed "s/.*-F \\([^ ]*\\).*/\\1/")',
        '$function inglenook "${COMP_WORDS[COMP_CWORD]}" ""',
        'printf "%s\\n" "${COMPREPLY[@]}"',
    ]
    assert set(run(tool("bash"), "--norc", "-c", "\n".join(lines)).split()) == offered


def test_fish_completes(completions: Path) -> None:
    file = completions / "fish" / "vendor_completions.d" / "inglenook.fish"
    for typed, offered in (("mo", "models"), ("models pu", "pull"), ("ask --te", "--temperature")):
        lines = f'source {shlex.quote(str(file))}; complete --do-complete "inglenook {typed}"'
        assert run(tool("fish"), "--no-config", "-c", lines).split("\t")[0] == offered


def test_zsh_can_read_its_completion(completions: Path) -> None:
    assert run(tool("zsh"), "-n", completions / "zsh" / "site-functions" / "_inglenook") == ""


@pytest.fixture(scope="module")
def third_party() -> ModuleType:
    """packaging/third_party.py."""
    return script("third_party")


def test_every_part_has_a_licence_and_its_text(third_party: ModuleType) -> None:
    parts = third_party.all_parts()
    assert [part.name for part in parts if not part.licence.strip()] == []
    assert [part.name for part in parts if not part.texts] == []


def test_all_that_the_program_needs_is_a_part_and_no_tool_of_ours(third_party: ModuleType) -> None:
    names = {found.metadata["Name"].lower() for found in third_party.runtime_distributions()}
    assert {"llama_cpp_python", "numpy", "pyside6_essentials", "shiboken6", "keyring"} <= names
    assert {"pydantic", "langsmith", "httpcore2"} <= names  # what the needed ones need
    assert not {"inglenook", "pytest", "ruff", "mypy", "shtab", "argparse-manpage"} & names


def test_the_document_is_whole(third_party: ModuleType, tmp_path: Path) -> None:
    file = tmp_path / "THIRD_PARTY.txt"
    assert third_party.main(["--into", str(file)]) == 0
    text = file.read_text(encoding="utf-8")
    version = importlib.metadata.version("numpy")
    assert f"numpy {version}" in text
    for words in (
        "llama.cpp and ggml",
        "The ggml authors",
        "GNU LESSER GENERAL PUBLIC LICENSE",
        "other, also changed, versions",
        "Lucide",
        "SmolLM2-135M-Instruct",
        "PYTHON SOFTWARE FOUNDATION LICENSE",
    ):
        assert words in text
    third_party.main(["--into", str(tmp_path / "again.txt")])
    assert (tmp_path / "again.txt").read_text(encoding="utf-8") == text


def test_libraries_of_the_system_have_their_licence_too(
    third_party: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tool("dpkg-query")
    inside = tmp_path / "_internal"
    inside.mkdir()
    for name in ("libz.so.1", "libunheard-of.so.7", "libpython3.11.so.1.0"):
        (inside / name).touch()
    unknown, zlib = third_party.system_libraries(tmp_path)
    assert (zlib.name, unknown.name) == ("zlib1g", "libunheard-of.so.7")
    assert zlib.licence == "Zlib"
    assert "Jean-loup Gailly" in zlib.texts["copyright"]
    file = tmp_path / "THIRD_PARTY.txt"
    assert third_party.main(["--into", str(file), "--frozen", str(tmp_path)]) == 1
    assert "libunheard-of.so.7" in capsys.readouterr().err
    assert f"zlib1g {zlib.version}" in file.read_text(encoding="utf-8")
