import {beforeEach, describe, expect, test} from "@odoo/hoot";
import {queryAllTexts, queryOne} from "@odoo/hoot-dom";
import {animationFrame, Deferred} from "@odoo/hoot-mock";
import {
    contains,
    getService,
    makeServerError,
    onRpc,
    patchWithCleanup,
} from "@web/../tests/web_test_helpers";
import {browser} from "@web/core/browser/browser";
import {
    answer,
    defineScreens,
    mockFacade,
    month,
    PERIODS,
    result,
    screenOpener,
    settle,
} from "./crm_metrics_test_helpers";

describe.current.tags("desktop");

beforeEach(defineScreens);

const openScreen = screenOpener("recurring-revenue", ".o_crm_metrics_waterfall canvas");

test("figures, waterfall and the table behind it", async () => {
    mockFacade((options) => {
        expect.step([options.date_from, options.date_to, options.grain, options.view]);
        return answer(options);
    });
    await openScreen();
    expect.verifySteps([
        ["2025-12-01", "2026-11-21", "month", "activity"],
        ["2024-12-10", "2025-11-30", "year", "activity"],
    ]);
    expect(queryAllTexts(".o_crm_metrics_card_label")).toEqual([
        "ARR\nAnnual run rate at the end of the range: 12 times the MRR.",
        "Net New ARR\nWhat the range added to ARR: closing less opening.",
        "MRR\nMonthly recurring revenue at the end of the range: untaxed, after discounts, without one-off amounts.",
        "Customers\nCustomers with recurring revenue at the end of the range.",
    ]);
    expect(
        queryAllTexts(".o_crm_metrics_card_value").map((t) => t.replace(/\s/g, " "))
    ).toEqual(["$ 16,206", "+$ 4,206", "$ 1,350.50", "12"]);
    expect(".o_crm_metrics_card[data-card=arr] .text-success").toHaveText(
        "+35.1% in the period"
    );
    expect(".o_crm_metrics_waterfall canvas").toHaveCount(1);
    expect(queryAllTexts("tr[data-row='2026-09-01'] td")).toEqual([
        "12,000",
        "+6,000",
        "0",
        "0",
        "0",
        "-2,400",
        "15,600",
        "12",
    ]);
    expect(queryAllTexts("tr[data-row=total] td")).toEqual([
        "12,000",
        "+6,000",
        "0",
        "+1,206",
        "-600",
        "-2,400",
        "16,206",
        "12",
    ]);
    expect("[data-card=waterfall] p.visually-hidden").toHaveText(
        /^ARR went from \$\s12,000\.00 to \$\s16,206\.00/
    );
});

test("a figure that the façade does not return has no card; one that it does, has", async () => {
    mockFacade((options) =>
        result(options, PERIODS(), {kpis: {nrr_12m: 1.048, grr_12m: 0.913, carr: null}})
    );
    await openScreen();
    expect("[data-card=logo_churn]").toHaveCount(0);
    expect("[data-card=nrr_12m]").toHaveCount(1);
    expect("[data-card=nrr_12m] .o_crm_metrics_card_value").toHaveText("104.8%");
    expect("[data-card=nrr_12m] .o_crm_metrics_card_note").toHaveText("GRR 91.3%");
    // exists, but not for this range
    expect("[data-card=carr] .o_crm_metrics_card_value").toHaveText(
        "–\nOnly for ranges that reach today."
    );
    expect("[data-card=carr] button").toHaveCount(0);
});

test("a bar opens its movements, the breadcrumb comes back to the same screen", async () => {
    mockFacade(answer);
    await openScreen("?grain=quarter&teams=2");
    expect("button[data-filter='crm.team']").toHaveText("Americas");
    onRpc("crm.mrr.movement", "web_search_read", ({kwargs}) => {
        expect.step(kwargs.domain);
    });
    await contains("[data-bar=churn]").click();
    expect.verifySteps([
        [
            "&",
            "&",
            "&",
            "&",
            ["company_id", "in", [1]],
            ["team_id", "in", [2]],
            ["date", ">=", "2025-12-01"],
            ["date", "<=", "2026-11-21"],
            ["kind", "=", "churn"],
        ],
    ]);
    expect(".o_list_view").toHaveCount(1);
    await contains(".o_breadcrumb a, .o_back_button").click();
    await animationFrame();
    expect(".o_crm_metrics_waterfall").toHaveCount(1);
    expect(".o_crm_metrics_grain").toHaveText("Quarter");
    expect("button[data-filter='crm.team']").toHaveText("Americas");
});

test("bars and cells are buttons with words", async () => {
    mockFacade(answer);
    await openScreen();
    const bar = queryOne("[data-bar=new]");
    expect(bar.tagName).toBe("BUTTON");
    expect(bar.getAttribute("aria-label").replace(/\s/g, " ")).toBe(
        "New: +$ 6,000.00 a year, that is +$ 500.00 a month"
    );
    const cell = queryOne("tr[data-row='2026-09-01'] td[data-column=churn] button");
    expect(cell.getAttribute("aria-label").replace(/\s/g, " ")).toBe(
        "Churn, Sep 2026: -$ 2,400.00"
    );
    // a zero has nothing behind it
    expect("tr[data-row='2026-09-01'] td[data-column=expansion] button").toHaveCount(0);
});

test("filters go to the URL, defaults do not; MRR needs no new figures", async () => {
    let calls = 0;
    mockFacade((options) => {
        calls++;
        return answer(options);
    });
    await openScreen();
    expect(calls).toBe(2);
    expect(browser.location.search).toBe("");
    await contains("[data-choice=net]").click();
    await settle();
    expect(browser.location.search).toBe("?view=net");
    expect(calls).toBe(4);
    await contains("[data-choice=mrr]").click();
    await settle();
    expect(browser.location.search).toBe("?view=net&measure=mrr");
    expect(calls).toBe(4);
    expect("tr[data-row='2026-09-01'] td[data-column=new]").toHaveText("+500.00");
    await contains("[data-choice=activity]").click();
    await contains("[data-choice=arr]").click();
    await settle();
    expect(browser.location.search).toBe("");
});

test("a URL opens its screen, and what it gets wrong is said", async () => {
    mockFacade((options) => {
        expect.step([options.view, options.grain, options.team_ids, options.date_from]);
        return answer(options);
    });
    await openScreen("?view=net&grain=eon&teams=1,77&from=2026-09-01&to=2026-10-31");
    expect.verifySteps([
        ["net", "month", [1], "2026-09-01"],
        ["net", "month", [1], "2026-07-01"],
    ]);
    expect(queryAllTexts(".o_notification_content")).toEqual([
        "This screen does not understand a part of the link and leaves it out: grain=eon",
        "This screen does not understand a part of the link and leaves it out: teams=77",
    ]);
    await settle();
    expect(browser.location.search).toBe(
        "?view=net&from=2026-09-01&to=2026-10-31&teams=1"
    );
});

test("nothing at all: says what to do first", async () => {
    // a contact that was changed waits too
    const meta = {queued: 1};
    mockFacade((options) => result(options, [month(10, 0), month(11, 0)], {meta}));
    await openScreen();
    expect(".o_crm_metrics_empty h2").toHaveText("No recurring revenue yet");
    expect(".o_crm_metrics_waterfall").toHaveCount(0);
    expect(".o_crm_metrics_export").toHaveCount(0);
    patchWithCleanup(getService("action"), {
        doAction(action, options) {
            expect.step([action, options.viewType]);
        },
    });
    await contains(".o_crm_metrics_new_subscription").click();
    expect.verifySteps([["crm_metrics.crm_subscription_action", "form"]]);
});

test("nothing in this selection: says so and offers all", async () => {
    onRpc("crm.mrr.movement", "search_count", () => 1);
    mockFacade((options) =>
        options.team_ids ? result(options, [month(11, 0)]) : answer(options)
    );
    await openScreen("?teams=1");
    expect(".o_crm_metrics_empty h2").toHaveText(
        "No recurring revenue in this selection"
    );
    await contains(".o_crm_metrics_empty .btn-primary").click();
    await settle();
    expect(".o_crm_metrics_waterfall").toHaveCount(1);
    expect(browser.location.search).toBe("");
});

test("subscriptions that do not count are no empty database", async () => {
    onRpc("crm.subscription", "search_count", () => 1);
    mockFacade((options) => result(options, [month(11, 0)]));
    await openScreen();
    expect(".o_crm_metrics_empty h2").toHaveText("No subscription counts yet");
});

test("subscriptions that wait for the refresh are no empty database", async () => {
    onRpc("crm.subscription", "search_count", () => 1);
    mockFacade((options) => result(options, [month(11, 0)], {meta: {queued: 3}}));
    await openScreen();
    expect(".o_crm_metrics_empty h2").toHaveText("The figures are on their way");
    expect(".o_crm_metrics_freshness").toHaveText("as of just now · 3 records waiting");
});

test("freshness, and what was left out", async () => {
    mockFacade((options) =>
        result(options, PERIODS(), {meta: {issues: {foreign_currency: 2, other: 1}}})
    );
    await openScreen();
    expect(".o_crm_metrics_freshness").toHaveText(
        "fresh as of just now · 3 records left out"
    );
    patchWithCleanup(getService("action"), {
        doAction: (action) => expect.step(action),
    });
    await contains(".o_crm_metrics_freshness button").click();
    expect.verifySteps(["crm_metrics.crm_metrics_issue_action"]);
});

test("what the façade refuses is a message, not a crash", async () => {
    let refuses = true;
    mockFacade((options) => {
        if (refuses) {
            throw makeServerError({
                type: "ValidationError",
                message: "company_ids: there is no rate of EUR",
            });
        }
        return answer(options);
    });
    await openScreen();
    expect(".o_crm_metrics_error p").toHaveText("company_ids: there is no rate of EUR");
    expect(".o_error_dialog").toHaveCount(0);
    refuses = false;
    await contains(".o_crm_metrics_error .btn-primary").click();
    await animationFrame();
    expect(".o_crm_metrics_waterfall").toHaveCount(1);
});

test("the range before is dispensable", async () => {
    mockFacade((options) => {
        if (options.date_to < "2026-01-01") {
            throw makeServerError({
                type: "ValidationError",
                message: "no rate so long ago",
            });
        }
        return answer(options);
    });
    await openScreen();
    expect(".o_crm_metrics_error").toHaveCount(0);
    expect("[data-card=net_new]").toHaveCount(1);
    expect("[data-card=net_new] .o_crm_metrics_card_note").toHaveCount(0);
});

test("an error that is nobody's business is reported and leaves a message", async () => {
    expect.errors(1);
    mockFacade(() => {
        throw makeServerError({type: "ProgrammingError", message: "boom"});
    });
    await openScreen();
    expect(".o_crm_metrics_error p").toHaveText(/^The server could not answer/);
    await animationFrame();
    expect.verifyErrors(["RPC_ERROR"]);
});

test("an answer that comes late does not replace a newer one", async () => {
    const late = new Deferred();
    mockFacade(async (options) => {
        if (options.view === "net") {
            await late;
        }
        return answer(options);
    });
    await openScreen();
    await contains("[data-choice=net]").click();
    expect(".o_crm_metrics_stale").toHaveCount(1);
    await contains("[data-choice=activity]").click();
    await animationFrame();
    late.resolve();
    await animationFrame();
    expect(".o_crm_metrics_stale").toHaveCount(0);
    expect("[data-card=waterfall] p").not.toHaveText(/once a period/);
});

test("the export has the options of the screen", async () => {
    mockFacade(answer);
    await openScreen("?view=net&period=last_month&grain=week&users=7");
    const url = new URL(queryOne(".o_crm_metrics_export").href);
    expect(url.pathname).toBe("/crm_metrics/recurring.xlsx");
    expect(url.searchParams.get("measure")).toBe("arr");
    expect(JSON.parse(url.searchParams.get("options"))).toEqual({
        date_from: "2026-10-01",
        date_to: "2026-10-31",
        grain: "week",
        view: "net",
        user_ids: [7],
        company_ids: [1],
    });
});

test("teams are read when their menu opens, and narrow the figures", async () => {
    mockFacade((options) => {
        if (options.team_ids) {
            expect.step(options.team_ids);
        }
        return answer(options);
    });
    onRpc("crm.team", "search_read", () => expect.step("teams"));
    await openScreen();
    expect.verifySteps([]);
    await contains("button[data-filter='crm.team']").click();
    await animationFrame();
    expect.verifySteps(["teams"]);
    await contains(
        ".o_crm_metrics_record_filter .o-dropdown-item:contains(Europe)"
    ).click();
    await settle();
    expect.verifySteps([[1], [1]]);
    expect(browser.location.search).toBe("?teams=1");
});
