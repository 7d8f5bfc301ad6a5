"""Every failure a person can meet: what happened, to what, and what to do about it.

Each layer that owns a foreign package turns that package's exceptions into an `AppError`
at its border. What crosses a process boundary, is stored or is shown is the `Problem`.
Texts are English templates; the window translates the template, then fills it in.
"""

from __future__ import annotations

import importlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Problem:
    """One failure as data: stable code, two sentences for people, technical details.

    `summary` and `action` are templates in the style of `str.format`; `params` fills them.
    """

    code: str
    summary: str
    action: str
    details: str = ""
    params: tuple[tuple[str, str], ...] = ()

    @property
    def summary_text(self) -> str:
        """What happened, in English, filled in."""
        return fill(self.summary, self.params)

    @property
    def action_text(self) -> str:
        """What the person can do, in English, filled in."""
        return fill(self.action, self.params)


def fill(template: str, params: tuple[tuple[str, str], ...]) -> str:
    """Put `params` into `template`; values are inserted literally, never formatted again."""
    values = dict(params)
    return re.sub(r"\{(\w+)\}", lambda match: values.get(match[1], match[0]), template)


class AppError(Exception):
    """Root of the tree. A subclass must name `code`, `summary` and `action`."""

    code: ClassVar[str] = "app"
    summary: ClassVar[str] = "Inglenook could not do that."
    action: ClassVar[str] = "Open the details, and try again."

    def __init_subclass__(cls) -> None:
        for name in ("code", "summary", "action"):
            if not cls.__dict__.get(name):
                raise TypeError(f"{cls.__name__} needs its own {name}")

    def __init__(self, details: str = "", **params: object) -> None:
        self.problem = Problem(
            code=self.code,
            summary=self.summary,
            action=self.action,
            details=details,
            params=tuple((name, str(value)) for name, value in params.items()),
        )
        super().__init__(self.problem.summary_text)


class ProblemRaised(Exception):
    """A problem that came from another process, raised here."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(problem.summary_text)


class Cancelled(Exception):
    """The person asked for it to end: never shown, never logged as an error."""


class SettingsError(AppError):
    code = "settings"
    summary = "The settings file {path} could not be read."
    action = "It was set aside as {backup}; the defaults are in use."


class SettingsNotSaved(AppError):
    code = "settings.not-saved"
    summary = "The settings could not be saved to {path}."
    action = "Check that the folder can be written to and has space, then change the setting again."


class FolderNotWritable(AppError):
    code = "folder.not-writable"
    summary = "Inglenook cannot write to its folder {path}."
    action = "Make the folder writable or start with another one (--data-dir), then try again."


class AlreadyRunning(AppError):
    code = "app.already-running"
    summary = "Another Inglenook is already using the data folder {path}."
    action = "Use that window, or start with another folder (--data-dir)."


class NoDisplay(AppError):
    code = "app.no-display"
    summary = "There is no screen to open a window on."
    action = "Start Inglenook in a desktop session, or use 'inglenook ask'."


class StorageError(AppError):
    code = "storage"
    summary = "The conversations in {path} could not be read or written."
    action = "Check the disk, then try again. What you typed is still in the box below."


class DatabaseTooNew(StorageError):
    code = "storage.too-new"
    summary = "The conversations in {path} were written by a newer Inglenook (format {version})."
    action = "Install the newer version, or start with another folder (--data-dir)."


class DatabaseDamaged(StorageError):
    code = "storage.damaged"
    summary = "The file with your conversations, {path}, is damaged."
    action = "Set it aside and start with an empty one, or put a backup in its place and try again."


class DatabaseLocked(StorageError):
    code = "storage.locked"
    summary = "Another program is using the conversations in {path}."
    action = "Close the other program, then try again."


class DiskFull(StorageError):
    code = "storage.disk-full"
    summary = "The disk that holds {path} is full, so nothing more can be saved."
    action = "Free some space, then try again. What you typed is still in the box below."


class ConversationNotFound(StorageError):
    code = "storage.no-conversation"
    summary = "There is no conversation {id}."
    action = "List them with 'inglenook chats list'."


class ModelError(AppError):
    code = "model"
    summary = "The model {name} could not be used."
    action = "Choose another model, or fetch this one again."


class NoModel(ModelError):
    code = "model.none"
    summary = "There is no model on this computer yet."
    action = "Add a GGUF file to the models folder, or choose one."


class ModelFileMissing(ModelError):
    code = "model.missing"
    summary = "The model file {path} is not there."
    action = "Put it back, or choose another model."


class ModelFileEmpty(ModelError):
    code = "model.empty"
    summary = "The model file {name} is empty."
    action = "Fetch it again, or choose another model."


class ModelFileNotReadable(ModelError):
    code = "model.no-permission"
    summary = "Inglenook is not allowed to read {path}."
    action = "Give yourself permission to read the file, or choose another model."


class NotAModel(ModelError):
    code = "model.not-gguf"
    summary = "{name} is not a GGUF model."
    action = "Choose a file whose name ends in .gguf; other formats must be converted first."


class ModelFileTruncated(ModelError):
    code = "model.truncated"
    summary = "The model file {name} is incomplete: {have} of {need} bytes are there."
    action = "Fetch it again, or choose another model."


class ModelFileDamaged(ModelError):
    code = "model.damaged"
    summary = "The model file {name} is damaged."
    action = "Fetch it again, or choose another model."


class UnsupportedArchitecture(ModelError):
    code = "model.unsupported"
    summary = "This version of llama.cpp does not know the architecture of {name} ({architecture})."
    action = "Choose another model, or install a newer Inglenook."


class ModelCannotWrite(ModelError):
    code = "model.cannot-write"
    summary = (
        "{name} turns texts into numbers, for searching; it writes no answers ({architecture})."
    )
    action = "Choose a model that is made for chatting."


class NotEnoughMemory(ModelError):
    code = "model.memory"
    summary = "There is not enough memory for {name}: it needs about {need}, {have} are free."
    action = "Close other programs, lower the context length, or choose a smaller model."


class GpuLoadFailed(ModelError):
    code = "model.gpu-failed"
    summary = "{name} could not be loaded on the graphics card."
    action = "Load it with fewer layers there, or on the processor. The details say what happened."


class LoadCutShort(ModelError):
    code = "model.load-cut-short"
    summary = "The last attempt to load {name} was cut short, perhaps by a crash."
    action = "Try it with a smaller setting, or load it as before."


class PromptTooLong(ModelError):
    code = "model.prompt-too-long"
    summary = "The message is too long: {tokens} tokens, and the context holds {context}."
    action = "Shorten the message, or raise the context length in the settings."


class TemplateBroken(ModelError):
    code = "model.template"
    summary = "The chat template inside {name} does not work."
    action = "Choose another model; the details say what is wrong with the template."


class ModelNotOurs(ModelError):
    code = "model.not-ours"
    summary = "{path} is not in the models folder, so Inglenook does not delete it."
    action = "Delete it with the program that put it there, or in the file manager."


class StarterNotFetched(ModelError):
    code = "model.starter"
    summary = "The starter model could not be fetched into {folder}."
    action = "Check the network and the space on the disk, then try again."


class NoModelLoaded(ModelError):
    code = "model.not-loaded"
    summary = "No model is loaded."
    action = "Choose a model, then try again."


class GrammarBroken(ModelError):
    code = "model.grammar"
    summary = "The grammar or JSON schema for answers cannot be used ({reason})."
    action = "Correct it under 'Model and answers', or take it out."


class ModelCannotSee(ModelError):
    code = "model.cannot-see"
    summary = "{name} cannot see images: there is no projector (mmproj) for it beside its file."
    action = "Fetch the model's mmproj file into the same folder, or leave the image out."


class ProjectorUnusable(ModelError):
    code = "model.projector"
    summary = "{name}, which lets the model see images, cannot be used with it or is damaged."
    action = "Fetch that file again, or leave the image out. The details say what happened."


class ImageTooLarge(AppError):
    code = "image.too-large"
    summary = "An image is too large: {size}. At most {most} are taken."
    action = "Make the image smaller, then add it again."


class ImageBroken(AppError):
    code = "image.broken"
    summary = "An image could not be read: it is damaged, or no PNG, JPEG, GIF or BMP."
    action = "Save the image in another format, then add it again."


class SideJobNotPossible(ModelError):
    code = "model.side-job"
    summary = "{name} cannot suggest a title now without reading the whole conversation again."
    action = "Write the title yourself."


class WorkerError(AppError):
    code = "worker"
    summary = "The model's process had a problem."
    action = "Try again; if it happens again, open the details."


class WorkerDidNotStart(WorkerError):
    code = "worker.did-not-start"
    summary = "The model's process could not be started."
    action = "Try again; if it happens again, reinstall Inglenook."


class WorkerCrashed(WorkerError):
    code = "worker.crashed"
    summary = "The model's process ended unexpectedly ({reason})."
    action = "What it had written is kept. Load the model again, or choose a smaller one."


class WorkerKilled(WorkerError):
    code = "worker.killed"
    summary = "The system ended the model's process (SIGKILL), often for want of memory."
    action = "What it had written is kept. Load the model again, or choose a smaller one."


class WorkerOutOfMemory(WorkerError):
    code = "worker.memory"
    summary = "The computer's memory was not enough, so the model's process ended ({reason})."
    action = "What it had written is kept. Load the model with a smaller setting."


class WorkerCardFull(WorkerError):
    code = "worker.card-full"
    summary = "The graphics card's memory was not enough, so the model's process ended ({reason})."
    action = "What it had written is kept. Load the model with a smaller setting."


class WorkerDriverFailed(WorkerError):
    code = "worker.driver"
    summary = "The graphics card or its driver failed, so the model's process ended ({reason})."
    action = "What it had written is kept. Load the model on the processor, or load it again."


class WorkerGaveUp(WorkerError):
    code = "worker.gave-up"
    summary = "An error inside llama.cpp ended the model's process ({reason})."
    action = "What it had written is kept. Load the model with a smaller setting, or load it again."


class WorkerNotResponding(WorkerError):
    code = "worker.not-responding"
    summary = "The model did not stop when asked, so its process was ended."
    action = "What it had written is kept. Load the model again to go on."


class ProtocolMismatch(WorkerError):
    code = "worker.protocol"
    summary = "Two parts of Inglenook are of different versions ({ours} and {theirs})."
    action = "Install Inglenook again."


class DecodeFailed(WorkerError):
    code = "worker.decode"
    summary = "The model could not go on (llama.cpp: {code}), often for want of memory."
    action = "What it had written is kept. Load the model again with less memory."


class GpuNotBuiltIn(WorkerError):
    code = "gpu.not-built-in"
    summary = "This build of Inglenook computes on the processor only."
    action = "Install the packaged Inglenook to use a graphics card."


class GpuLibraryMissing(WorkerError):
    code = "gpu.library-missing"
    summary = "No graphics card is used: the system's {library} library is not installed."
    action = "Install it with the driver of your graphics card, then start Inglenook again."


class GpuDriverMissing(WorkerError):
    code = "gpu.driver-missing"
    summary = "No graphics card is used: {library} finds no driver that works for one."
    action = "If there is a graphics card, install or mend its driver, then start Inglenook again."


class AttachmentError(AppError):
    code = "attachment"
    summary = "{name} could not be read."
    action = "Check that the file is still there and not open elsewhere, then attach it again."


class AttachmentTooBig(AttachmentError):
    code = "attachment.too-big"
    summary = "{name} is too big to be attached: it has {have}, at most {most} are possible."
    action = "Attach a smaller file, or a part of this one."


class AttachmentTooLong(AttachmentError):
    code = "attachment.too-long"
    summary = "The text in {name} is too long: at most {most} characters are possible."
    action = "Attach a part of it as a file of its own."


class AttachmentKindUnknown(AttachmentError):
    code = "attachment.kind-unknown"
    summary = "{name} is no text, picture, PDF or Word document, so it cannot be read."
    action = "Save it as text or PDF, then attach that."


class AttachmentDamaged(AttachmentError):
    code = "attachment.damaged"
    summary = "{name} is damaged or not what its name says, so it cannot be read."
    action = "Open it in the program that made it, save it again, then attach that."


class AttachmentLocked(AttachmentError):
    code = "attachment.locked"
    summary = "{name} is protected by a password."
    action = "Save a copy without the password, then attach that."


class AttachmentWithoutText(AttachmentError):
    code = "attachment.without-text"
    summary = "There is no text in {name}; perhaps it is a scan, whose pages are pictures."
    action = "Attach its pages as pictures to a model that can see, or a version with text."


class AttachmentTooSlow(AttachmentError):
    code = "attachment.too-slow"
    summary = "Reading {name} took too long, so it was given up."
    action = "Save the pages you need as a PDF or text of their own, then attach that."


class InternalError(AppError):
    code = "internal"
    summary = "Something in Inglenook went wrong that should not have."
    action = "Try again. The details and the log say what happened; please report it."


class ExportFailed(AppError):
    code = "exchange.export"
    summary = "The export could not be written to {path}."
    action = "Check that you may write there, or choose another place, then export again."


class ExportDiskFull(ExportFailed):
    code = "exchange.export-disk-full"
    summary = "The disk that holds {path} is full, so the export was not finished."
    action = "Free some space, or choose another place, then export again."


class ImportFailed(AppError):
    code = "exchange.import"
    summary = "{path} could not be read."
    action = "Check that it is still there and that you may read it, then try again."


class NothingToImport(AppError):
    code = "exchange.nothing"
    summary = "No conversations were found in {path}."
    action = "Choose an export of Inglenook, ChatGPT, LM Studio, Jan, GPT4All or Open WebUI."


class PrintFailed(AppError):
    code = "exchange.print"
    summary = "The conversation could not be printed."
    action = "Check the printer, or export it as PDF and print that."


class NoSpeech(AppError):
    code = "speech.none"
    summary = "This computer has nothing that reads text aloud."
    action = "Install the system's speech, such as the package speech-dispatcher on Linux."


def error_classes() -> list[type[AppError]]:
    """Every class of the tree, for tests and for the translation catalogue."""
    for file in Path(__file__).parent.glob("*_errors.py"):
        importlib.import_module(f"app.core.{file.stem}")  # it puts its classes into the tree
    found: list[type[AppError]] = []
    queue: list[type[AppError]] = [AppError]
    while queue:
        cls = queue.pop(0)
        found.append(cls)
        queue.extend(cls.__subclasses__())
    return found
