"""The web page in a browser without a window: Chromium, driven by Playwright."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from depparse.formats.conllu import parse_conllu
from depparse.server.web import FOLDER
from tests.models import clear_pipeline
from tests.servers import expanding_pipeline, served

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
TEXT = "Anna didn't buy 2 apples. Tom saw it."


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with served({"first": expanding_pipeline(), "second": clear_pipeline()}) as client:
        yield client


def test_the_page_and_its_parts_are_there(client: httpx.Client) -> None:
    for name, kind in (("", "text/html"), ("page.css", "text/css"), ("page.js", "text/javascript")):
        answer = client.get(f"/{name}")
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith(kind)
        assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert client.get("/secret.txt").status_code == 404
    assert client.get("/..%2fapp.py").status_code == 404


def test_the_page_loads_nothing_from_other_hosts() -> None:
    for file in FOLDER.iterdir():
        text = file.read_text(encoding="utf-8")
        assert "http:" not in text.replace("http://www.w3.org", "")
        assert "https:" not in text


def test_corrections_are_checked_by_the_server(client: httpx.Client) -> None:
    good = client.post("/v1/parse", json={"text": TEXT, "formats": ["conllu"]}).json()["conllu"]
    found = client.post("/v1/check", json={"conllu": good.replace("\t0\t", "\t1\t")}).json()["findings"]
    assert {one["severity"] for one in found} >= {"error"}
    assert all(one["message"] for one in found)
    assert client.post("/v1/check", json={"text": good}).status_code == 422


# -- in a browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="needs Playwright: pip install playwright")
    if CHROMIUM is None:
        pytest.skip("needs Chromium")
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Any, client: httpx.Client) -> Iterator[Any]:
    """The page, on which nothing may go wrong that the console would tell."""
    context = browser.new_context(accept_downloads=True)
    page, problems = context.new_page(), list[str]()
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.goto(str(client.base_url))
    page.locator("#model option").first.wait_for(state="attached")
    yield page
    assert problems == []
    context.close()


def parsed(page: Any, text: str = TEXT) -> None:
    page.fill("#text", text)
    page.click("button[type=submit]")
    page.locator(".drawing svg").first.wait_for()
    page.locator("#form:not([aria-busy])").wait_for()


def conllu(page: Any) -> str:
    text: str = page.evaluate("writeConllu(state.sentences)")
    return text


@pytest.mark.slow
def test_a_text_is_parsed_and_downloaded(page: Any, client: httpx.Client, tmp_path: Path) -> None:
    parsed(page)
    expected = client.post("/v1/parse", json={"text": TEXT, "formats": ["conllu"]}).json()["conllu"]
    assert conllu(page) == expected
    assert page.locator("#sentences figure").count() == len(list(parse_conllu(expected)))
    for selector, name, begin in (
        ("[data-save=conllu]", "text.conllu", expected.encode()[:20]),
        ("[data-save=json]", "text.json", b"{"),
        (".sentence >> [data-draw=svg]", ".svg", b"<svg"),
        (".sentence >> [data-draw=png]", ".png", b"\x89PNG"),
    ):
        with page.expect_download() as download:
            page.locator(selector).first.click()
        path = tmp_path / "file"
        download.value.save_as(path)
        assert download.value.suggested_filename.endswith(name)
        assert path.read_bytes().startswith(begin)


@pytest.mark.slow
def test_trees_are_corrected_by_keys_and_by_dragging(page: Any) -> None:
    parsed(page)
    before = conllu(page)
    page.locator(".sentence summary").first.click()
    head = page.locator("td input[aria-label^='HEAD of']").nth(1)
    old = head.input_value()
    new = "1" if old != "1" else "3"
    head.fill(new)
    page.keyboard.press("Tab")
    assert next(parse_conllu(conllu(page))).columns["HEAD"][1] == new
    assert page.evaluate("document.activeElement.tagName") == "INPUT"  # the focus is not lost
    head.fill("99")
    page.keyboard.press("Tab")
    assert "a head is a number from 0 to" in page.inner_text("#status")
    forms = page.locator(".drawing text.form")
    first, target = forms.nth(0).bounding_box(), forms.nth(2).bounding_box()
    page.mouse.move(first["x"] + 3, first["y"] + 3)
    page.mouse.down()
    page.mouse.move(target["x"] + 3, target["y"] + 3, steps=4)
    page.mouse.up()
    assert next(parse_conllu(conllu(page))).columns["HEAD"][0] == "3"
    page.reload()
    page.wait_for_selector("#restore-yes")
    page.click("#restore-yes")
    page.locator(".drawing svg").first.wait_for()
    assert next(parse_conllu(conllu(page))).columns["HEAD"][0] == "3"
    while page.is_enabled("#undo"):
        page.click("#undo")
    assert conllu(page) == before


@pytest.mark.slow
def test_two_models_a_link_and_a_check(page: Any) -> None:
    page.fill("#text", TEXT)
    page.select_option("#other", "second")
    parsed(page)
    assert page.inner_text("#scores").startswith("Agreement of first and second")
    page.click("#check")
    page.locator("#findings *").first.wait_for()
    page.click("#link")
    page.wait_for_url("**text=**")
    page.reload()
    page.locator(".drawing svg").first.wait_for()
    assert page.input_value("#text") == TEXT


@pytest.mark.slow
@pytest.mark.parametrize("options", [{}, {"color_scheme": "dark"}, {"viewport": {"width": 390, "height": 800}}])
def test_nothing_stands_in_the_way_of_a_screen_reader(browser: Any, client: httpx.Client, options: Any) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python")
    context = browser.new_context(bypass_csp=True, **options)
    page = context.new_page()
    page.goto(str(client.base_url))
    page.locator("#model option").first.wait_for(state="attached")
    assert axe.Axe().run(page).response["violations"] == []
    parsed(page)
    page.locator(".sentence summary").first.click()
    assert axe.Axe().run(page).response["violations"] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")  # nothing is cut at the side
    context.close()


@pytest.mark.slow
def test_foreign_text_is_no_markup(page: Any) -> None:
    parsed(page, "<img src=x onerror=alert(1)> <script>alert(2)</script>")
    assert page.locator("#sentences img, #sentences script").count() == 0
