import {beforeEach, describe, expect, test} from "@odoo/hoot";
import {queryAllTexts, waitFor} from "@odoo/hoot-dom";
import {animationFrame, runAllTimers} from "@odoo/hoot-mock";
import {
    contains,
    getService,
    mountWithCleanup,
    onRpc,
    patchWithCleanup,
} from "@web/../tests/web_test_helpers";
import {browser} from "@web/core/browser/browser";
import {redirect} from "@web/core/utils/urls";
import {WebClient} from "@web/webclient/webclient";
import {cellDomain, strengthOf} from "@crm_metrics/segments/segment_figures";
import {defineScreens} from "./crm_metrics_test_helpers";
import {segmentsResult} from "./customers_helpers";

describe.current.tags("desktop");

beforeEach(defineScreens);

function mockSegments(answer = segmentsResult) {
    onRpc("crm.metrics", "segments", ({args}) => answer(args[0]));
}

async function openScreen(search = "") {
    redirect(`/odoo/customer-segments${search}`);
    await mountWithCleanup(WebClient);
    await waitFor(".o_crm_metrics_grid, .o_crm_metrics_state");
}

async function settle() {
    await runAllTimers();
    await animationFrame();
}

/** Step what is opened: of a domain all but how its terms are bracketed. */
function stepActions() {
    patchWithCleanup(getService("action"), {
        doAction(action) {
            expect.step(
                action.domain ? action.domain.filter((term) => term !== "&") : action
            );
        },
    });
}

test("scores of a cell: all pairs with the mean, halves rounded up", () => {
    expect(cellDomain({recency: 5, frequency_money: 1})).toEqual([
        ["r", "=", 5],
        "&",
        ["f", "=", 1],
        ["m", "=", 1],
    ]);
    const pairs = (score) =>
        cellDomain({recency: 1, frequency_money: score}).filter(
            (term) => term[0] === "f"
        ).length;
    expect([1, 2, 3, 4, 5].map(pairs)).toEqual([1, 5, 9, 7, 3]);
});

test("a cell with customers is never without colour", () => {
    expect(strengthOf(0, 10)).toBe(0);
    expect(strengthOf(1, 10000)).toBeGreaterThan(0.25);
    expect(strengthOf(10, 10)).toBe(1);
    // more was given back than bought
    expect(strengthOf(-5, 10)).toBe(0);
});

test("map, segments, moves and profile", async () => {
    mockSegments();
    await openScreen();
    expect(".o_crm_metrics_grid tbody tr").toHaveCount(5);
    expect(".o_crm_metrics_grid tbody td").toHaveCount(25);
    expect(".o_crm_metrics_grid tbody tr:first td:last").toHaveText(
        "Champions\n8\n80.0k"
    );
    expect("td[data-cell='5-5']").toHaveClass("o_crm_metrics_segment_10");
    expect("td[data-cell='3-3']").toHaveText("Lost\nnobody");
    expect("td[data-cell='3-3'] button").not.toBeEnabled();
    const cells = (row) =>
        queryAllTexts(`[data-card=segments] tr[data-row='${row}'] td`);
    expect(cells(1)).toEqual(["10 50.0%", "80,250.50 98.8%", "12", "-2"]);
    expect(cells("total")).toEqual(["20 100.0%", "81,250.50 100.0%", "18", "+2"]);
    expect(queryAllTexts("[data-card=migrations] tbody th")).toEqual([
        "Champions",
        "Lost",
        "Not scored before",
    ]);
    expect(
        queryAllTexts(
            "[data-card=migrations] tr[data-row='1'] .o_crm_metrics_heat_cell"
        )
    ).toEqual(["8", "3", "1"]);
    // only who moved has a colour
    expect("[data-card=migrations] .o_crm_metrics_heat_colored").toHaveCount(4);
    expect(queryAllTexts("[data-profile=industry] tbody th")).toEqual([
        "Retail",
        "Not set",
    ]);
    expect(queryAllTexts("[data-profile=industry] tbody td")).toEqual([
        "15",
        "75.0%",
        "1,500.00",
        "5",
        "25.0%",
        "500.00",
    ]);
    expect(".o_crm_metrics_freshness").toHaveText("fresh as of just now");
});

test("revenue instead of customers: the same figures, in the URL", async () => {
    let calls = 0;
    mockSegments(() => {
        calls++;
        return segmentsResult();
    });
    await openScreen();
    await contains("[data-choice=revenue]").click();
    await settle();
    expect(browser.location.search).toBe("?measure=revenue");
    expect(calls).toBe(1);
    expect("td[data-cell='5-5']").toHaveText("Champions\n80.0k\n8 customers");
});

test("numbers open their customers", async () => {
    mockSegments();
    await openScreen();
    stepActions();
    await contains("td[data-cell='5-1'] button").click();
    expect.verifySteps([
        [
            ["run_id", "in", [7]],
            ["r", "=", 5],
            ["f", "=", 1],
            ["m", "=", 1],
        ],
    ]);
    await contains("tr[data-row='2'] [data-column=previous] button").click();
    expect.verifySteps([
        [
            ["run_id", "in", [6]],
            ["segment_id", "=", 2],
        ],
    ]);
    const moves = "[data-card=migrations] tr[data-row='1']";
    await contains(`${moves} [data-column='1'] button`).click();
    expect.verifySteps([
        [
            ["run_id", "in", [7]],
            ["previous_segment_id", "=", 1],
            ["segment_id", "=", 2],
        ],
    ]);
    // gone: known from the run before only
    await contains(`${moves} [data-column='2'] button`).click();
    expect.verifySteps([
        [
            ["run_id", "in", [6]],
            ["segment_id", "=", 1],
            ["partner_id.crm_score_ids", "not any", [["run_id", "in", [7]]]],
        ],
    ]);
});

test("profile of a segment, beside all customers", async () => {
    mockSegments((options) => {
        expect.step(options.segment_ids || []);
        return segmentsResult();
    });
    await openScreen();
    await contains("tr[data-row='2'] th button").click();
    await settle();
    expect.verifySteps([[], [2]]);
    expect(browser.location.search).toBe("?segments=2");
    expect("[data-card=profile] h2").toHaveText("What they are like: Lost");
    expect("[data-profile=industry] tbody tr:first [data-column=everybody]").toHaveText(
        "75.0%"
    );
    await contains(".o_crm_metrics_profile_choice").click();
    await contains(".o-dropdown-item[data-choice='0']").click();
    await settle();
    expect.verifySteps([[]]);
    expect(browser.location.search).toBe("");
});

test("another run", async () => {
    mockSegments((options) => {
        expect.step(options.date || "last");
        return segmentsResult();
    });
    await openScreen();
    expect(".o_crm_metrics_run").toHaveText("11/21/2026");
    await contains(".o_crm_metrics_run").click();
    await contains(".o-dropdown-item[data-choice='2026-10-31']").click();
    await settle();
    expect.verifySteps(["last", "2026-10-31"]);
    expect(browser.location.search).toBe("?run=2026-10-31");
});

test("not scored yet: administrators do it at once", async () => {
    let isScored = false;
    const empty = () => ({
        ...segmentsResult(),
        runs: [],
        run_ids: [],
        segments: [],
        migrations: [],
        meta: {...segmentsResult().meta, date: null},
    });
    onRpc("res.users", "has_group", () => true);
    onRpc("crm.purchase", "search_count", () => 1);
    onRpc("crm.customer.score.run", "action_score_now", () => {
        isScored = true;
        return [7];
    });
    mockSegments(() => (isScored ? segmentsResult() : empty()));
    await openScreen();
    expect(".o_crm_metrics_empty h2").toHaveText("No customer has been scored yet");
    await contains(".o_crm_metrics_empty .o_crm_metrics_score_now").click();
    await waitFor(".o_crm_metrics_grid");
    expect(".o_notification_content").toHaveText(
        "The customers were scored as of today."
    );
});

test("salespersons are told who scores", async () => {
    onRpc("res.users", "has_group", () => false);
    onRpc("crm.purchase", "search_count", () => 1);
    mockSegments(() => ({...segmentsResult(), runs: [], segments: []}));
    await openScreen();
    expect(".o_crm_metrics_empty h2").toHaveText("No customer has been scored yet");
    expect(".o_crm_metrics_score_now").toHaveCount(0);
});

test("no purchases: nothing to score", async () => {
    mockSegments(() => ({...segmentsResult(), runs: [], segments: []}));
    await openScreen();
    expect(".o_crm_metrics_empty h2").toHaveText("No purchases yet");
});

test("those who spend little, complain and keep buying", async () => {
    mockSegments();
    await openScreen();
    expect("[data-card=complaint] .o_crm_metrics_card_value").toHaveText("3 customers");
    expect("[data-card=complaint] small").toHaveText(
        "$ 120.50 in the window of the run"
    );
    stepActions();
    await contains("[data-card=complaint] button").click();
    expect.verifySteps([
        [
            ["run_id", "in", [7]],
            ["complaint", "=", "yes"],
        ],
    ]);
});

test("nobody has answered a survey: nothing is said of complaints", async () => {
    mockSegments(() => ({...segmentsResult(), complaint: null}));
    await openScreen();
    expect("[data-card=segments]").toHaveCount(1);
    expect("[data-card=complaint]").toHaveCount(0);
});
