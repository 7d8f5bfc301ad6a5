"""Settings: declared once, kept whole on disk, and never in the way of starting."""

from __future__ import annotations

import json
import os
from dataclasses import fields
from pathlib import Path

import pytest

from app.core.errors import SettingsNotSaved
from app.core.settings import Settings, SettingsFile, declarations, is_valid
from app.core.settings_declaration import Declaration
from tests.disks import fill

CHANGED = Settings(
    theme="dark",
    accent="teal",
    font_percent=150,
    reduced_motion="on",
    language="zh_CN",
    send_key="ctrl_enter",
    is_code_wrapped=True,
    title_source="model",
    is_tray=True,
    quick_ask_shortcut="Ctrl+Alt+Space",
    model_path="/models/großes Modell.gguf",
    context_tokens=4096,
    system_prompt='Say "no".\n{braces} 你好',
    temperature=0.25,
    max_tokens=100,
    threads=3,
    device="Vulkan0",
    gpu_layers=12,
    kv_type="q8_0",
    flash_attention="off",
    is_gentle_on_battery=True,
    batch_tokens=256,
    is_experts_on_cpu=True,
    is_mmap=False,
    is_mlock=True,
    is_speculating=False,
    unload_after_min=0,
    kept_states_mib=0,
    preset="own",
    top_k=20,
    top_p=0.8,
    min_p=0.1,
    typical_p=0.9,
    repeat_penalty=1.1,
    frequency_penalty=0.1,
    presence_penalty=0.2,
    penalty_window=-1,
    dry_multiplier=0.8,
    dry_base=2.0,
    dry_allowed_length=3,
    xtc_probability=0.5,
    xtc_threshold=0.2,
    mirostat=2,
    mirostat_tau=4.0,
    mirostat_eta=0.2,
    seed=42,
    stop_texts="END\nSTOP",
    logit_bias="delve = -5",
    grammar='root ::= "yes" | "no"',
    json_schema="{}",
    hub_endpoint="https://mirror.example",
    is_token_for_mirror=True,
    proxy="http://proxy.example:3128",
    is_offline=True,
    downloads_at_once=4,
    speed_limit_kib=512,
    models_folder="/models",
    more_model_folders="/more\n/and more",
    memory_kind="summary",
    memory_turns=4,
    memory_tokens=1024,
    when_full="ask",
    is_remembering=True,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the settings file goes."""
    return tmp_path / "settings.json"


def load(path: Path) -> Settings:
    """The settings on disk, which must be readable."""
    settings, problem = SettingsFile(path).load()
    assert problem is None
    return settings


@pytest.mark.parametrize("name", [f.name for f in fields(Settings)])
def test_every_setting_is_declared_with_words_and_a_default_that_fits(name: str) -> None:
    declaration = declarations()[name]
    assert isinstance(declaration, Declaration)
    assert declaration.label.strip()
    assert declaration.help.endswith(".")
    assert is_valid(name, getattr(Settings(), name))
    assert all(label.strip() for _, label in declaration.choices)


def test_what_is_saved_is_loaded(path: Path) -> None:
    assert all(getattr(CHANGED, f.name) != getattr(Settings(), f.name) for f in fields(Settings))
    SettingsFile(path).save(CHANGED)
    assert load(path) == CHANGED


def test_without_a_file_the_defaults_are_in_use_and_none_is_written(path: Path) -> None:
    assert load(path) == Settings()
    assert not path.exists()


def test_keys_of_another_version_are_kept(path: Path) -> None:
    path.write_text('{"future": {"a": [1]}, "theme": "light", "version": 7}')
    file = SettingsFile(path)
    settings, _ = file.load()
    file.save(settings.changed(theme="dark"))
    data = json.loads(path.read_text(encoding="utf-8"))
    assert data["future"] == {"a": [1]}
    assert data["theme"] == "dark"
    assert len(data) == len(fields(Settings)) + 2


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("theme", "pink"),
        ("theme", None),
        ("theme", ["dark"]),
        ("language", "xx"),
        ("accent", "#ff0000"),
        ("font_percent", 79),
        ("font_percent", 201),
        ("is_tray", "yes"),
        ("quick_ask_shortcut", None),
        ("context_tokens", -1),
        ("context_tokens", 1 << 40),
        ("context_tokens", 1.5),
        ("context_tokens", "4096"),
        ("context_tokens", True),
        ("temperature", 2.1),
        ("temperature", -0.1),
        ("temperature", float("nan")),
        ("temperature", float("inf")),
        ("temperature", False),
        ("model_path", 3),
        ("threads", {}),
    ],
)
def test_a_bad_value_falls_back_alone(path: Path, name: str, value: object) -> None:
    path.write_text(json.dumps({"max_tokens": 77, name: value}))
    settings = load(path)
    assert getattr(settings, name) == getattr(Settings(), name)
    assert settings.max_tokens == 77
    with pytest.raises(ValueError, match=name):
        Settings().changed(**{name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [("temperature", 0), ("temperature", 2.0), ("context_tokens", 1_048_576), ("threads", 512)],
)
def test_the_limits_themselves_are_allowed(path: Path, name: str, value: float) -> None:
    path.write_text(json.dumps({name: value}))
    assert getattr(load(path), name) == value
    assert getattr(Settings().changed(**{name: value}), name) == value


def test_a_setting_that_does_not_exist_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="colour"):
        Settings().changed(colour="red")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{ this is not JSON",
        b'{"theme": "dark"',
        b"[1, 2]",
        b'"dark"',
        b"\xff\xfe\x00binary\x00",
        b"[" * 100_000,
        b'{"threads": ' + b"9" * 10_000 + b"}",
    ],
    ids=["empty", "words", "cut", "list", "text", "binary", "deep", "long number"],
)
def test_an_unreadable_file_is_set_aside_and_not_lost(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    file = SettingsFile(path)
    settings, problem = file.load()
    assert settings == Settings()
    assert problem is not None
    assert problem.code == "settings"
    backup = path.with_name("settings.unreadable.json")
    assert backup.name in problem.action_text
    file.save(CHANGED)
    assert backup.read_bytes() == content
    assert load(path) == CHANGED


def test_a_second_unreadable_file_does_not_replace_the_first(path: Path) -> None:
    for content in ("{ first", "{ second"):
        path.write_text(content)
        SettingsFile(path).load()
    kept = {file.read_text() for file in path.parent.glob("settings*")}
    assert kept == {"{ first", "{ second"}


def test_a_folder_in_place_of_the_file_does_not_stop_the_start(path: Path) -> None:
    path.mkdir()
    settings, problem = SettingsFile(path).load()
    assert settings == Settings()
    assert problem is not None


def test_a_model_whose_file_name_is_not_text_is_remembered(path: Path) -> None:
    name = os.fsdecode(b"/models/caf\xe9.gguf")  # as Linux gives a Latin-1 name
    SettingsFile(path).save(Settings(model_path=name))
    assert load(path).model_path == name


def test_a_save_that_fails_at_its_last_step_leaves_the_old_file(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    SettingsFile(path).save(CHANGED)
    before = path.read_bytes()

    def fail(*_: object) -> None:
        raise OSError("no")

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", fail)
        with pytest.raises(SettingsNotSaved):
            SettingsFile(path).save(Settings())
    assert path.read_bytes() == before
    SettingsFile(path).save(Settings())
    assert load(path) == Settings()


def test_a_full_disk_leaves_the_old_file(small_disk: Path) -> None:
    path = small_disk / "settings.json"
    SettingsFile(path).save(CHANGED)
    fill(small_disk)
    with pytest.raises(SettingsNotSaved) as caught:
        SettingsFile(path).save(CHANGED.changed(system_prompt="long " * 10_000))
    assert str(path) in caught.value.problem.summary_text
    assert load(path) == CHANGED


def test_a_read_only_folder_is_said(read_only_folder: Path) -> None:
    path = read_only_folder / "settings.json"
    assert load(path) == Settings()
    with pytest.raises(SettingsNotSaved) as caught:
        SettingsFile(path).save(CHANGED)
    assert str(path) in caught.value.problem.summary_text


def test_a_folder_that_cannot_be_is_said(tmp_path: Path) -> None:
    """Below a plain file there is no folder, whatever the rights: root may write anywhere else."""
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsNotSaved):
        SettingsFile(tmp_path / "file" / "settings.json").save(CHANGED)


def test_settings_reach_the_model() -> None:
    load_params, sampling = CHANGED.load_params(), CHANGED.sampling_params()
    assert (load_params.context_tokens, load_params.threads) == (4096, 3)
    assert (sampling.temperature, sampling.max_tokens) == (0.25, 100)
