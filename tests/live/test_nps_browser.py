"""The public pages of surveys in a real browser, as people use them.

A browser that is driven by a program says so; `--disable-blink-features` takes that
sign away, so that what the tests click stands for a person.
"""

import time

import pytest
from nps_pages import CONFIRM, READ, THANKS
from playwright.sync_api import sync_playwright

from scripts.setup import testing

SANDBOX = ["--no-sandbox", "--disable-dev-shm-usage"]
PERSON = [*SANDBOX, "--disable-blink-features=AutomationControlled"]
SEND = ".o_crm_nps_send"


@pytest.fixture(scope="module")
def browsers():
    with sync_playwright() as playwright:
        program = str(testing.browser())
        launched = {
            name: playwright.chromium.launch(executable_path=program, args=arguments)
            for name, arguments in (("person", PERSON), ("robot", SANDBOX))
        }
        yield launched
        for browser in launched.values():
            browser.close()


@pytest.fixture
def opened(site, browsers):
    """Open a page in a browser of its own."""
    contexts = []

    def open_page(path, kind="person", width=360, **options):
        context = browsers[kind].new_context(
            viewport={"width": width, "height": 740},
            extra_http_headers=site.headers(),
            **options,
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.goto(site.url + path)
        return page

    yield open_page
    for context in contexts:
        context.close()


def read(page):
    page.wait_for_timeout(READ * 1000)


def test_one_click_in_the_mail_and_one_on_the_page(site, invitation, opened):
    id_, path = invitation
    page = opened(f"{path}?s=9")
    assert page.is_checked("input[value='9']")
    assert page.is_visible("text=What do you like most about us?")
    read(page)
    page.click(SEND)
    page.wait_for_selector(f"text={THANKS}")
    link = page.locator("a", has_text="www.example.com")
    assert link.get_attribute("href") == "https://www.example.com/review"
    assert site.answers(id_) == [(9, None, "counted", None)]
    assert site.state(id_) == "answered"


def test_a_page_loaded_anew_is_no_second_answer(site, invitation, opened):
    id_, path = invitation
    page = opened(f"{path}?s=7")
    read(page)
    page.dblclick(SEND)
    page.wait_for_selector(f"text={THANKS}")
    page.reload()
    page.wait_for_selector(f"text={THANKS}")
    assert site.answers(id_) == [(7, None, "counted", None)]
    page.click("text=Change my answer")
    page.check("input[value='0']", force=True)
    page.fill("textarea", "After all")
    read(page)
    page.click(SEND)
    page.wait_for_selector("text=0 of 10")
    assert site.answers(id_) == [(0, "After all", "counted", None)]
    other = opened(path)
    assert other.is_visible("text=There is nothing to answer here")


def test_without_javascript(site, invitation, opened):
    id_, path = invitation
    page = opened(f"{path}?s=2", java_script_enabled=False)
    assert page.is_visible("text=What went wrong?")
    # the question follows the score all the same
    page.check("input[value='0']", force=True)
    page.fill("textarea", "Late, and <b>broken</b>")
    read(page)
    page.click(SEND)
    assert page.is_visible(f"text={CONFIRM}")
    assert page.is_visible("text=Late, and <b>broken</b>")
    assert site.answers(id_) == []
    read(page)
    page.click(SEND)
    assert page.is_visible(f"text={THANKS}")
    assert site.answers(id_) == [(0, "Late, and <b>broken</b>", "counted", None)]


def test_by_keyboard(site, invitation, opened):
    """Each stop is seen, and the scale is one of them."""
    id_, path = invitation
    page = opened(f"{path}?s=7", width=1200)
    stops = []
    for _each in range(6):
        page.keyboard.press("Tab")
        stops.append(
            page.evaluate(
                """() => {
                    const el = document.activeElement;
                    const seen = el.matches("input") ? el.nextElementSibling : el;
                    const style = getComputedStyle(seen);
                    return [
                        el.name || el.className.split(" ")[0] || el.tagName,
                        style.outlineStyle !== "none" || style.boxShadow !== "none",
                    ];
                }"""
            )
        )
    assert [name for name, _seen in stops[1:5]] == [
        "score",
        "comment",
        "o_crm_nps_send",
        "A",
    ]
    assert all(seen for _name, seen in stops[1:5])
    page.focus("input[value='7']")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Tab")
    page.keyboard.type("By hand")
    page.keyboard.press("Tab")
    read(page)
    page.keyboard.press("Enter")
    page.wait_for_selector(f"text={THANKS}")
    assert site.answers(id_) == [(8, "By hand", "counted", None)]


@pytest.mark.parametrize("how", ["click", "submit"])
def test_a_driven_browser_does_not_count(site, invitation, opened, how):
    """A scanner with a real browser that opens the page and presses its button."""
    id_, path = invitation
    kind = {"click": "robot", "submit": "person"}[how]
    page = opened(f"{path}?s=10", kind=kind)
    read(page)
    for _each in range(2):
        if how == "click":
            page.click(SEND)
        else:
            with page.expect_navigation():
                page.evaluate("document.querySelector('form').submit()")
        page.wait_for_selector(f"text={CONFIRM}")
        read(page)
    reason = {"click": "automatic", "submit": "gesture"}[how]
    assert site.answers(id_) == [(10, None, "suspect", reason)]
    assert site.state(id_) == "sent"
    # the customer was not in its way
    person = opened(f"{path}?s=10")
    read(person)
    person.click(SEND)
    person.wait_for_selector(f"text={THANKS}")
    assert site.answers(id_)[-1] == (10, None, "counted", None)


def test_events_made_by_a_script_are_no_gesture(site, invitation, opened):
    id_, path = invitation
    page = opened(f"{path}?s=10")
    read(page)
    with page.expect_navigation():
        page.evaluate(f"document.querySelector('{SEND}').click()")
    assert page.is_visible(f"text={CONFIRM}")
    assert site.answers(id_) == []


def test_markup_in_a_comment_is_text(site, invitation, opened):
    _id, path = invitation
    markup = "</textarea><script>window.hacked = 1</script><img src=x onerror=hacked=1>"
    page = opened(f"{path}?s=4", java_script_enabled=True)
    page.fill("textarea", markup)
    # sent before anybody could have read it: shown once more
    page.click(SEND)
    page.wait_for_selector(f"text={CONFIRM}")
    assert page.is_visible("text=window.hacked = 1")
    read(page)
    page.click(SEND)
    page.wait_for_selector(f"text={THANKS}")
    page.click("text=Change my answer")
    assert page.input_value("textarea") == markup
    assert page.evaluate("window.hacked") is None


def test_opting_out(site, invitation, opened):
    id_, path = invitation
    page = opened(path)
    page.click("text=I do not want to be asked again")
    page.click("text=Do not ask me again")
    page.wait_for_selector("text=We will not ask you again")
    assert site.state(id_) == "declined"


@pytest.mark.parametrize("lang", ["en_US", "ru_RU", "he_IL"])
@pytest.mark.parametrize("width", [320, 1200])
def test_it_fits(site, invitation, opened, lang, width):
    id_, path = invitation
    site.fetch("UPDATE crm_nps_invitation SET lang = %s WHERE id = %s", lang, id_)
    page = opened(f"{path}?s=8", width=width)
    size = page.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    assert size[0] <= size[1]
    boxes = [label.bounding_box() for label in page.locator(".o_crm_nps_score").all()]
    assert len(boxes) == 11
    assert min(box["height"] for box in boxes) >= 44
    assert min(box["width"] for box in boxes) >= 40
    assert len({box["y"] for box in boxes}) == (2 if width == 320 else 1)
    rightwards = boxes[0]["x"] < boxes[1]["x"]
    assert rightwards == (lang != "he_IL")


def test_nothing_is_missing_and_nothing_fails(site, invitation, opened):
    """Neither a file of the page, nor a script on it."""
    _id, path = invitation
    page = opened(path)
    failed = []
    page.on("response", lambda response: failed.append(response.status))
    page.on("pageerror", lambda error: failed.append(error))
    page.reload()
    page.wait_for_load_state("networkidle")
    time.sleep(0.5)
    assert failed
    assert [each for each in failed if each not in (200, 304)] == []
