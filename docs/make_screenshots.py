"""Pictures of the real window with sample conversations, for docs/screenshots: `make screenshots`.

Starts Xvfb, and in it this script again as the program that is photographed, once a language.
A word as argument takes only what belongs to it: en, zh_CN.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
FOLDER = ROOT / "docs" / "screenshots"
LANGUAGES = ("en", "zh_CN")


def main() -> int:
    """Outside: make the screen and start inside; inside: take the pictures."""
    if "--inside" in sys.argv:
        with tempfile.TemporaryDirectory() as scratch:
            photograph(Path(scratch), sys.argv[-1])
        return 0
    from benchmarks.screen import screen

    began = time.time()
    wanted = [word for word in sys.argv[1:] if word in LANGUAGES] or LANGUAGES
    with screen() as found:
        for language in wanted:
            command = [sys.executable, __file__, "--inside", language]
            subprocess.run(command, check=True, env=found.environment())
    if len(wanted) == len(LANGUAGES):
        for picture in FOLDER.glob("*.png"):
            if picture.stat().st_mtime < began:
                picture.unlink()  # of another time: nothing takes it any more
    return 0


def photograph(scratch: Path, language: str) -> None:
    """All pictures of one language, with a data folder in `scratch`."""
    from screenshot_camera import Camera
    from screenshot_chat import ChatPictures
    from screenshot_dialogs import DialogPictures
    from screenshot_samples_en import ENGLISH
    from screenshot_samples_zh import CHINESE
    from screenshot_told import ToldPictures

    samples = ENGLISH if language == "en" else CHINESE
    camera = Camera(scratch, language, samples)
    DialogPictures(camera).take()
    ToldPictures(camera, scratch).take()
    ChatPictures(camera).take()
    camera.window.close()


if __name__ == "__main__":
    sys.exit(main())
