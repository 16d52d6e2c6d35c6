"""The page of a model: one offline file, accessible, with counts and rooflines; also of other people's config.json."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from tests.command import clustercast
from tests.worked.test_huggingface_config import LLAMA

PHONE_WIDTH = 390


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of DeepSeek-V3, in a folder that was not there."""
    file = tmp_path_factory.mktemp("model") / "new" / "deepseek-v3.html"
    ended = clustercast("show", "model", "deepseek-v3", "--html", str(file))
    assert (ended.code, ended.out.strip()) == (0, f"Page: {file}")
    return file


def test_the_page_counts_and_draws_training_prefill_and_decode(page: Path) -> None:
    html = page.read_text(encoding="utf-8")
    assert "682,636,487,424" in html
    assert html.count("<svg") == 3
    for work in ("training", "prefill", "decode"):
        assert f'<section id="{work}"' in html
    assert "NVIDIA H800" in html and "batch 512" in html


def test_a_config_json_and_another_gpu_make_a_page_too(tmp_path: Path) -> None:
    config, file = tmp_path / "config.json", tmp_path / "page.html"
    config.write_text(json.dumps(LLAMA))
    assert clustercast("show", "model", str(config), "--html", str(file), "--gpu", "a100").code == 0
    html = file.read_text(encoding="utf-8")
    assert "NVIDIA A100" in html and "routed experts" not in html


@pytest.mark.parametrize(
    "words",
    [("gpu", "h800", "--html", "x.html"), ("model", "--html", "x.html"), ("model", "deepseek-v3", "--gpu", "h100")],
)
def test_html_goes_with_one_model(words: tuple[str, ...]) -> None:
    ended = clustercast("show", *words)
    assert ended.code == 2
    assert "show model NAME" in ended.err


def test_an_unknown_gpu_is_refused_with_the_nearest_and_nothing_is_written(tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    ended = clustercast("show", "model", "deepseek-v3", "--html", str(file), "--gpu", "h801")
    assert ended.code == 3
    assert "h800" in ended.err and not file.exists()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, PHONE_WIDTH])
def test_the_page_is_silent_accessible_and_never_wider_than_the_screen(
    page: Path, chromium: str, scheme: str, width: int
) -> None:
    said: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        opened = browser.new_page(viewport={"width": width, "height": 800})
        opened.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        opened.on("console", lambda message: said.append(message.text))
        opened.on("request", lambda asked: said.append(asked.url) if not asked.url.startswith("data:") else None)
        opened.goto(page.as_uri())
        wide = opened.evaluate("document.documentElement.scrollWidth")
        found = Axe().run(opened)
        browser.close()
    assert said == [page.as_uri()]
    assert wide <= width
    assert found.violations_count == 0, found.generate_report()
