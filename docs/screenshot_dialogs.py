"""Pictures of what stands beside a conversation: dialogs, palette, windows, the Models page."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QBuffer, QMarginsF, Qt
from PySide6.QtGui import QImage, QPageLayout, QPageSize, QPainter, QPdfWriter, QPixmap
from PySide6.QtWidgets import QWidget
from screenshot_camera import ROOT, SMALL, Camera, save

from app.core.entities import ConversationId
from app.core.paths import resources
from app.hub.catalogue import load_catalogue
from app.hub.starter import FILE_NAME
from app.services.exchange import ExchangeService
from app.services.exchange_files import Record, to_print
from app.ui.model_detail import Phase
from app.ui.printing import MARGIN_MM, Sheets
from tests.local_hub import LocalHub

ALL = ("light", "dark")
DOTS = 96  # a inch, of the picture of a page
INCH_MM = 25.4
SECTIONS = ("appearance", "conversation", "answers", "memory", "model", "network", "window")


class DialogPictures:
    """Takes them one after the other; each closes what it has opened."""

    def __init__(self, camera: Camera) -> None:
        self._camera = camera
        self._controller = camera.controller
        self._window = camera.window
        self._is_english = camera.language == "en"
        self._themes = ALL if self._is_english else ("light",)

    def take(self) -> None:
        """All of them."""
        self._controller.open(self._camera.written.main)
        self._camera.until(lambda: len(self._window.transcript.views()) >= 2)
        self._take_bin()
        self._take_exchange()
        self._take_page()
        self._take_palette()
        self._take_sheet()
        self._take_windows()
        self._take_settings()
        self._take_models()

    def _take(self, name: str, dialog: QWidget, *, is_dark: bool = False) -> None:
        """A dialog in its own size and as small as the smallest window."""
        camera = self._camera
        for theme in self._themes if is_dark else ("light",):
            camera.wear(theme)
            camera.take(name, dialog)
        camera.wear("light")
        camera.resize((min(SMALL[0], dialog.width()), SMALL[1]), dialog)
        camera.take(name, dialog, size="640")

    def _take_bin(self) -> None:
        self._controller.sidebar.open_bin()
        dialog = self._controller.sidebar.bin
        assert dialog is not None
        self._camera.until(lambda: dialog.isVisible() and dialog.rows)
        self._take("20-bin", dialog)
        dialog.close()

    def _take_exchange(self) -> None:
        self._controller.export_open()
        export = self._controller.exchange.export_dialog
        assert export is not None
        self._take("21-export", export, is_dark=True)
        export.close()
        self._controller.exchange.open_import([ROOT / "tests" / "data" / "exchange" / "chatgpt"])
        dialog = self._controller.exchange.import_dialog
        assert dialog is not None
        self._camera.until(dialog.found.isVisible)
        self._take("22-import", dialog)
        dialog.close()

    def _take_page(self) -> None:
        """The first page that is printed, as it comes out on A4."""
        found: list[Record] = []
        conversations = self._controller.conversations
        service = ExchangeService(
            lambda: conversations.storage, self._controller.services.scheduler
        )

        def keep(record: Record | None) -> None:
            assert record is not None
            found.append(record)

        service.read(ConversationId(self._camera.written.main), keep, self._controller.show_problem)
        self._camera.until(lambda: found)
        words = self._controller.exchange.words()
        paper = QPdfWriter(QBuffer())
        paper.setResolution(DOTS)
        margins = QMarginsF(*[MARGIN_MM] * 4)
        portrait = QPageLayout.Orientation.Portrait
        size = QPageSize(QPageSize.PageSizeId.A4)
        paper.setPageLayout(QPageLayout(size, portrait, margins, QPageLayout.Unit.Millimeter))
        sheets = Sheets(to_print(found[0], words), words, paper)
        language = self._camera.language.partition("_")[0]
        for number in range(min(2, sheets.count)):
            image = QImage(
                paper.pageLayout().fullRectPixels(DOTS).size(), QImage.Format.Format_RGB32
            )
            image.setDotsPerMeterX(round(DOTS / INCH_MM * 1000))
            image.setDotsPerMeterY(round(DOTS / INCH_MM * 1000))
            image.fill(Qt.GlobalColor.white)
            painter = QPainter(image)
            painter.translate(paper.pageLayout().paintRectPixels(DOTS).topLeft())
            sheets.paint(painter, number)
            painter.end()
            save(QPixmap.fromImage(image), f"23-printed-page-{number + 1}-light-{language}-a4.png")

    def _take_palette(self) -> None:
        camera, commands = self._camera, self._controller.commands
        commands.show_palette()
        assert commands.palette is not None
        camera.take_looks("24-palette", self._themes, is_small=True)
        commands.palette.field.setText(camera.samples.command)
        camera.take("25-palette-search")
        commands.palette.dismiss()

    def _take_sheet(self) -> None:
        self._controller.commands.show_sheet()
        sheet = self._controller.commands.sheet
        assert sheet is not None
        self._take("26-shortcuts", sheet, is_dark=True)
        sheet.close()

    def _take_windows(self) -> None:
        camera, controller = self._camera, self._controller
        before = self._window.geometry()
        self._window.toggle_zen()
        camera.until(self._window.isFullScreen)
        camera.take("27-zen", size="full")
        self._window.toggle_zen()
        camera.until(lambda: not self._window.isFullScreen())
        self._window.setGeometry(before)
        camera.settle()
        titles = [s.title for s in camera.samples.conversations]
        second = controller.windows.open(camera.written.conversations[titles[2]])
        camera.until(second.transcript.views)
        camera.take("28-second-window", second)
        second.close()
        controller.reach.toggle_quick_ask()
        quick = controller.reach.quick_ask
        assert quick is not None
        camera.until(quick.window.isVisible)
        quick.window.composer.use_text(camera.samples.quick)
        camera.take("29-quick-question", quick.window)
        quick.window.composer.use_text("")
        quick.session.open(camera.written.conversations[titles[1]])
        camera.until(quick.window.transcript.views)
        for theme in self._themes:
            camera.wear(theme)
            camera.take("30-quick-answer", quick.window)
        camera.wear("light")
        quick.window.hide()

    def _take_settings(self) -> None:
        self._window.engine_settings_requested.emit()
        dialog = self._controller.engine_settings.dialog
        assert dialog is not None
        size = (dialog.width(), dialog.height())
        for number, section in enumerate(SECTIONS, 31):
            dialog.show_section(section)
            self._take(f"{number}-settings-{section}", dialog, is_dark=section == "appearance")
            self._camera.resize(size, dialog)
        dialog.search.setText(self._camera.samples.setting)
        self._take("37-settings-search", dialog)
        dialog.close()

    def _take_models(self) -> None:
        """The Models page; the hub is the tests' stand-in with the starter model in it."""
        card = b"# SmolLM2\n\nSmall language models that answer **at once** on any computer.\n"
        said = {"downloads": 123_456, "likes": 789, "tags": ["license:apache-2.0"]}
        gguf = {"architecture": "llama", "total": 134_515_008, "context_length": 8192}
        browse = self._window.models_page.catalogue
        repo = load_catalogue()[0].repo
        with LocalHub() as hub:
            model: Path = resources() / "starter" / FILE_NAME
            hub.add_repo(repo, {FILE_NAME: model, "README.md": card}, gguf=gguf, **said)
            self._controller.preferences.change(hub_endpoint=hub.endpoint)
            self._controller.model_store.open("catalogue")
            self._camera.until(lambda: browse.list.model().rowCount())
            browse.open(repo)
            self._camera.until(lambda: browse.detail.phase is Phase.SHOWN)
            self._camera.take_looks("38-models", self._themes, is_small=True)
        self._window.show_chat()
        self._controller.chat.new_conversation()
        self._window.empty.show_no_model("~/Models")
        self._camera.take_looks("39-no-model", ("light",), is_small=True)
        self._window.empty.show_greeting(is_starter=True)
