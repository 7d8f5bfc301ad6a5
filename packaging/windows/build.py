"""Makes the Windows installer and the portable zip out of the frozen folder.

    python packaging/windows/build.py dist/inglenook dist 0.1.0 --icons build/icons

`build/icons` is made by `packaging/icons.py`. Needs NSIS (`makensis`), on Windows or on Debian.
Run here on 2026-11-25 on Debian 12 over a stand-in folder (tests/test_recipes.py,
try_installer.sh); not yet run on Windows.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

HERE = Path(__file__).parent
PROGRAM = "inglenook.exe"
# twice what NSIS shows on a plain screen, for screens with small pixels
SIDE_SIZE, SIDE_ICON, SIDE_GROUND = (328, 628), 232, "#2b2320"
# a double click on it is all that portable use takes
START_PORTABLE = '@start "" "%~dp0inglenook.exe" --portable %*\r\n'


def main() -> int:
    """Build both; 0 when they are there, otherwise a sentence on stderr and 1."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dist", type=Path, help=f"the frozen folder, with {PROGRAM} in it")
    parser.add_argument("out", type=Path, help="the folder that gets the two files")
    parser.add_argument("version", help="as in 0.1.0")
    parser.add_argument("--target", help="of NSIS, as in amd64-unicode (Debian's NSIS has it)")
    parser.add_argument("--icons", type=Path, help="made by packaging/icons.py")
    options = parser.parse_args()
    dist, out, version = options.dist.resolve(), options.out.resolve(), options.version
    if not (dist / PROGRAM).is_file():
        return _say(f"There is no {PROGRAM} in {dist}. Run PyInstaller first.")
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        return _say(f"Windows wants a version of three numbers, and {version!r} is none.")
    if shutil.which("makensis") is None:
        return _say("makensis is not there. Install NSIS (Debian: apt-get install nsis).")
    out.mkdir(parents=True, exist_ok=True)
    name = f"inglenook-{version}-windows-x86_64"
    try:
        make_installer(dist, out / f"{name}-setup.exe", version, options)
    except subprocess.CalledProcessError as error:
        return _say(f"makensis refused it:\n{error.stdout}")
    make_portable(dist, out / f"{name}-portable.zip", f"Inglenook-{version}")
    return 0


def make_installer(dist: Path, target: Path, version: str, options: argparse.Namespace) -> None:
    """Compile `inglenook.nsi` over `dist`. Raises CalledProcessError with NSIS's words."""
    defines: dict[str, object] = {"VERSION": version, "DIST": dist, "OUTPUT": target}
    with tempfile.TemporaryDirectory() as made:
        (Path(made) / "installed.nsh").write_text(removal_lines(dist), encoding="utf-8-sig")
        defines["LISTS"] = made
        if options.target is not None:
            defines["TARGET"] = options.target
        if options.icons is not None:
            icons = options.icons.resolve()
            defines["ICON"] = icons / "inglenook.ico"
            defines["SIDE"] = Path(made) / "side.bmp"
            draw_side(icons / "hicolor/256x256/apps/inglenook.png", Path(made) / "side.bmp")
        # -WX: a warning of NSIS is a mistake of ours
        command: list[str | Path] = ["makensis", "-V2", "-WX", "-INPUTCHARSET", "UTF8"]
        command += [f"-D{name}={value}" for name, value in defines.items()]
        subprocess.run(
            [*command, HERE / "inglenook.nsi"],
            check=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )


def draw_side(icon: Path, target: Path) -> None:
    """The picture left of the first and the last page: the icon on its own dark ground."""
    from PIL import Image

    with Image.open(icon) as drawn:
        small = drawn.convert("RGBA").resize((SIDE_ICON, SIDE_ICON), Image.Resampling.LANCZOS)
    side = Image.new("RGB", SIDE_SIZE, SIDE_GROUND)
    side.paste(small, ((SIDE_SIZE[0] - SIDE_ICON) // 2, SIDE_SIZE[1] // 5), small)
    side.save(target)


def removal_lines(dist: Path) -> str:
    """NSIS lines that remove what is in `dist` and nothing else, folders last and only if empty."""
    inside = sorted(dist.rglob("*"))
    files = [path for path in inside if not path.is_dir()]
    folders = [path for path in reversed(inside) if path.is_dir()]
    lines = [f'Delete "{_installed(path, dist)}"' for path in files]
    lines += [f'RMDir "{_installed(path, dist)}"' for path in folders]
    return "\n".join(lines) + "\n"


def _installed(path: Path, dist: Path) -> str:
    relative = str(path.relative_to(dist)).replace("/", "\\").replace("$", "$$")
    return f"$INSTDIR\\{relative}"


def make_portable(dist: Path, target: Path, folder: str) -> None:
    """A zip with one folder in it, which may be unpacked onto a USB stick and started there."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in sorted(dist.rglob("*")):
            if path.is_file():
                archive.write(path, f"{folder}/{path.relative_to(dist).as_posix()}")
        archive.writestr(f"{folder}/Inglenook portable.cmd", START_PORTABLE)


def _say(sentence: str) -> int:
    print(f"build.py: {sentence}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
