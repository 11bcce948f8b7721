"""Take the pictures of the user guide anew, from a fresh demo database.

    make run ARGS="python docs/screenshots.py"
    make run ARGS="python docs/screenshots.py movements contact"    only these

Writes docs/images/<name>.png. Look at them before committing.
"""

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from scripts.setup import testing
from scripts.setup.console import say

IMAGES = Path(__file__).parent / "images"
SIZE = {"width": 1372, "height": 900}
PHONE = {"width": 412, "height": 620}
MAIL = {"width": 640, "height": 440}
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
#: Nothing waits any more, as a minute after the start of a server; then the demo data's
#: customer with most movements, one of its subscriptions, the largest deal that is
#: stuck, the answer of a customer who waits for a call, the program of waves, the
#: public link, and a mail.
PICK = """
import json
env["crm.metrics.engine"]._cron_refresh()
env.cr.commit()
movement = env["crm.mrr.movement"]._read_group(
    [("date", "<=", "today")],
    ["partner_id"],
    ["__count"],
    having=[("amount:sum", ">", 0)],
    order="__count desc, partner_id",
    limit=1,
)
customer = movement[0][0]
subscriptions = env["crm.subscription"].search(
    [("partner_id.commercial_partner_id", "=", customer.id)]
)
subscription = subscriptions.sorted(lambda each: (-len(each.line_ids), each.id))[0]
stuck = env["crm.lead"].search(
    [("crm_stage_stuck", "=", True)], order="expected_revenue desc, id", limit=1
)
answer = env["crm.nps.answer"].search([("activity_ids", "!=", False)], limit=1)
wave = env.ref("crm_metrics.crm_nps_program_1_demo")
public = env.ref("crm_metrics.crm_nps_program_4_demo")
invitation = answer.invitation_id.copy({"state": "planned"})
(letter,) = invitation._letters(reminder=False)
mail = letter.message.get_body(["html"]).get_content()
env.cr.rollback()
print(
    json.dumps(
        {
            "customer": customer.id,
            "subscription": subscription.id,
            "stuck": stuck.id,
            "answer": answer.id,
            "wave": wave.id,
            "public": public.public_token,
            "mail": mail,
        }
    )
)
"""


class Camera:
    """A browser that is logged in."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        #: what PICK has chosen
        self.records: dict = {}

    def login(self) -> None:
        self.page.goto(f"{self.url}/web/login")
        self.page.fill("input[name=login]", testing.LOGIN)
        self.page.fill("input[name=password]", testing.PASSWORD)
        self.page.click("form.oe_login_form button[type=submit]")
        self.page.wait_for_selector(".o_main_navbar")

    def open(self, path: str, selector: str) -> None:
        """Open a screen, wait until what matters on it is there and at rest."""
        self.page.goto(f"{self.url}/odoo/{path}")
        self.page.wait_for_selector(selector)
        self.rest()

    def rest(self) -> None:
        self.page.mouse.move(0, 899)
        # faces arrive, charts move while they are drawn
        self.page.wait_for_timeout(2500)
        self.page.wait_for_selector(".o_loading_indicator", state="detached")

    def shoot(self, name: str) -> None:
        picture = Image.open(io.BytesIO(self.page.screenshot()))
        # few colours: a third of the size, and nothing that one would see
        picture = picture.convert("RGB").quantize(192, dither=Image.Dither.NONE)
        picture.save(IMAGES / f"{name}.png", optimize=True)

    # One method for each picture.

    def recurring_revenue(self) -> None:
        self.open("recurring-revenue", ".o_crm_metrics_body canvas")

    def committed(self) -> None:
        self.open("recurring-revenue", ".o_crm_metrics_body canvas")
        self.page.get_by_role("button", name="Committed").click()
        self.rest()

    def cohorts(self) -> None:
        self.open("recurring-cohorts", ".o_crm_metrics_heat")

    def bottlenecks(self) -> None:
        self.open("pipeline-bottlenecks", ".o_crm_metrics_body canvas")

    def bottlenecks_stages(self) -> None:
        self.bottlenecks()
        self.page.locator("[data-choice=time]").click()
        self.show("[data-card=stages]")

    def bottlenecks_what_if(self) -> None:
        self.bottlenecks()
        slider = self.page.locator(".o_crm_metrics_what_if input").nth(2)
        slider.focus()
        for _step in range(5):
            self.page.keyboard.press("ArrowRight")
        self.page.wait_for_selector(".o_crm_metrics_what_if_change")
        self.show("[data-card=what_if]")

    def show(self, selector: str) -> None:
        """Bring a part of the screen to its top."""
        self.page.locator(selector).evaluate("(el) => el.scrollIntoView()")
        self.rest()

    def customer_revenue(self) -> None:
        self.open("customer-revenue", ".o_crm_metrics_body canvas")

    def customer_segments(self) -> None:
        self.open("customer-segments", ".o_crm_metrics_grid")

    def feedback(self) -> None:
        self.open("crm-nps", ".o_crm_metrics_body canvas")

    def feedback_response(self) -> None:
        self.feedback()
        self.show("[data-card=response]")

    def feedback_answer(self) -> None:
        self.open(
            f"nps-answers/{self.records['answer']}", ".o_form_view .o-mail-Activity"
        )

    def feedback_program(self) -> None:
        action = "action-crm_metrics.crm_nps_program_action"
        self.open(f"{action}/{self.records['wave']}", ".o_form_view .o_notebook")
        self.page.click(".o_notebook .nav-link[name=whom]")
        self.rest()

    def feedback_mail(self) -> None:
        self.page.set_viewport_size(MAIL)
        self.page.set_content(self.records["mail"])

    def feedback_page(self) -> None:
        self.page.set_viewport_size(PHONE)
        self.page.goto(f"{self.url}/nps/p/{self.records['public']}?s=9")
        self.rest()

    def movements(self) -> None:
        self.open("mrr-movements", ".o_list_view .o_data_row")

    def subscriptions(self) -> None:
        self.open("crm-subscriptions", ".o_list_view .o_data_row")

    def subscription_form(self) -> None:
        self.open(
            f"crm-subscriptions/{self.records['subscription']}",
            ".o_form_view .o_data_row",
        )

    def subscription_kanban(self) -> None:
        self.open("crm-subscriptions", ".o_list_view .o_data_row")
        self.page.click(".o_switch_view.o_kanban")
        self.page.wait_for_selector(".o_kanban_record")
        self.rest()

    def change_terms(self) -> None:
        self.subscription_form()
        self.page.get_by_role("button", name="Change Terms").click()
        self.page.wait_for_selector(".modal .o_data_row")
        # out of the date, into the last line: ten more of it
        quantity = self.page.locator(".modal .o_data_row td[name=quantity]").last
        count = float(quantity.inner_text().replace(",", ""))
        quantity.click()
        quantity.locator("input").fill(str(count + 10))
        self.page.click(".modal .modal-title")
        self.rest()

    def subscription_timeline(self) -> None:
        self.subscription_form()
        self.page.click(".o_notebook .nav-link[name=timeline]")
        self.rest()

    def pipeline(self) -> None:
        self.open("crm", ".o_crm_metrics_stage_mark")

    def stuck(self) -> None:
        self.open(f"crm/{self.records['stuck']}", ".o_form_view .alert")

    def teams(self) -> None:
        action = "action-sales_team.crm_team_action_pipeline"
        self.open(action, ".o_crm_metrics_team_card")

    def contact(self) -> None:
        self.open(
            f"contacts/{self.records['customer']}", ".o_form_view .oe_stat_button"
        )
        self.page.click(".o_notebook .nav-link[name=sales_purchases]")
        self.rest()
        self.page.click(".o_button_more")
        self.page.wait_for_selector(".o-dropdown--menu .oe_stat_button")

    def data_quality(self) -> None:
        self.open("metrics-issues", ".o_list_view")

    def settings(self) -> None:
        self.open("settings", ".app_settings_block")
        self.page.click(".settings_tab .tab[data-key=crm]")
        self.page.locator("#crm_metrics_freshness").scroll_into_view_if_needed()
        self.rest()


def pictures(camera: Camera) -> dict[str, Callable[[], None]]:
    return {
        "recurring-revenue": camera.recurring_revenue,
        "committed": camera.committed,
        "cohorts": camera.cohorts,
        "bottlenecks": camera.bottlenecks,
        "bottlenecks-stages": camera.bottlenecks_stages,
        "bottlenecks-what-if": camera.bottlenecks_what_if,
        "customer-revenue": camera.customer_revenue,
        "customer-segments": camera.customer_segments,
        "feedback": camera.feedback,
        "feedback-response": camera.feedback_response,
        "feedback-answer": camera.feedback_answer,
        "feedback-program": camera.feedback_program,
        "feedback-mail": camera.feedback_mail,
        "feedback-page": camera.feedback_page,
        "movements": camera.movements,
        "subscriptions": camera.subscriptions,
        "subscription-kanban": camera.subscription_kanban,
        "change-terms": camera.change_terms,
        "subscription-form": camera.subscription_form,
        "subscription-timeline": camera.subscription_timeline,
        "pipeline": camera.pipeline,
        "stuck": camera.stuck,
        "teams": camera.teams,
        "contact": camera.contact,
        "data-quality": camera.data_quality,
        "settings": camera.settings,
    }


def main(only: list[str]) -> None:
    IMAGES.mkdir(exist_ok=True)
    with (
        testing.database("crm_metrics_screenshots", demo=True) as database,
        testing.server(database) as odoo,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=str(testing.browser()), args=ARGUMENTS
        )
        page = browser.new_page(viewport=SIZE, locale="en-US", timezone_id="UTC")
        camera = Camera(page, odoo.url)
        camera.login()
        # after that: the first login tells Odoo a time zone, and something waits
        camera.records = json.loads(testing.shell(database, PICK).splitlines()[-1])
        for name, take in pictures(camera).items():
            if name in (only or pictures(camera)):
                say(f"   {name}")
                page.set_viewport_size(SIZE)
                take()
                camera.shoot(name)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
