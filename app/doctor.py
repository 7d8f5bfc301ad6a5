"""`inglenook doctor`: versions, folders, devices, models, and a real answer as a self-test."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from app import __version__
from app.core.entities import LocalModel, SamplingParams
from app.core.errors import AppError, Problem, ProblemRaised
from app.core.paths import Paths
from app.services.ask import Question, ask
from app.services.chats import Chats
from app.services.models import find_local_models

PACKAGES = ("PySide6-Essentials", "llama-cpp-python", "langchain-community", "huggingface-hub")


def examine(paths: Paths) -> int:
    """Print everything; 0 if all is well, 1 otherwise."""
    print(f"Inglenook {__version__}, Python {platform.python_version()}, {platform.platform()}")
    for package in PACKAGES:
        print(f"  {package} {_version(package)}")
    good = _folders(paths)
    models = find_local_models(paths)
    good = _models(models) and good
    good = _database(paths) and good
    good = _self_test(paths, models) and good
    print("All is well." if good else "Something needs attention; see the lines marked with !")
    return 0 if good else 1


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _folders(paths: Paths) -> bool:
    good = True
    try:
        paths.make()
    except AppError as error:
        good = _bad(error.problem)
    print("Folders")
    for name in ("data", "config", "state", "logs", "models"):
        folder: Path = getattr(paths, name)
        writable = os.access(folder, os.W_OK)
        good = good and writable
        print(f"{' ' if writable else '!'} {name}: {folder}{'' if writable else ' (read-only)'}")
    return good


def _models(models: list[LocalModel]) -> bool:
    print("Models")
    for model in models:
        if model.problem is not None:
            print(f"! {model.path}: {model.problem.summary_text}")
        else:
            print(f"  {model.path} ({model.architecture}, {model.quantization})")
    if not models:
        print("! none")
    return bool(models) and all(model.problem is None for model in models)


def _database(paths: Paths) -> bool:
    try:
        chats = Chats(paths.database)
    except AppError as error:
        return _bad(error.problem)
    print(f"Database\n  {len(chats.all())} conversations in {paths.database}")
    chats.close()
    return True


def _self_test(paths: Paths, models: list[LocalModel]) -> bool:
    """Load the starter model (or the first usable one) and let it answer."""
    usable = [model for model in models if model.problem is None]
    chosen = next((model for model in usable if model.is_starter), usable[0] if usable else None)
    if chosen is None:
        return False
    sampling = SamplingParams(temperature=0.0, max_tokens=24)
    try:
        answer = ask(paths, Question("What is 2+2?", "", chosen.path, sampling), lambda _: None)
    except ProblemRaised as error:
        return _bad(error.problem)
    print(f"Engine\n  {answer.engine_version}")
    for device in answer.devices:
        print(f"  {device.name} ({device.kind}): {device.description}")
    if answer.no_gpu is not None:  # how most laptops are: no fault of theirs
        print(f"  {answer.no_gpu.summary_text} {answer.no_gpu.action_text}")
    speed = answer.statistics.tokens_per_s
    print(f"Self-test\n  {answer.text.strip()!r} ({speed:.0f} tokens/s)")
    return bool(answer.text.strip())


def _bad(problem: Problem) -> bool:
    print(f"! {problem.summary_text} {problem.action_text}")
    return False
