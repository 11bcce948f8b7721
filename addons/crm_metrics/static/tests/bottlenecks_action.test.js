import {beforeEach, describe, expect, test} from "@odoo/hoot";
import {queryAllTexts, queryOne} from "@odoo/hoot-dom";
import {advanceTime, animationFrame, Deferred} from "@odoo/hoot-mock";
import {
    contains,
    getService,
    makeServerError,
    onRpc,
    patchWithCleanup,
} from "@web/../tests/web_test_helpers";
import {browser} from "@web/core/browser/browser";
import {bottlenecks, FUNNEL, mockBottlenecks, NOTHING} from "./bottlenecks_helpers";
import {defineScreens, screenOpener, settle} from "./crm_metrics_test_helpers";

describe.current.tags("desktop");

beforeEach(defineScreens);

const spaces = (text) => text.replace(/\s+/g, " ");
const textsOf = (selector) => queryAllTexts(selector).map(spaces);

const openScreen = screenOpener(
    "pipeline-bottlenecks",
    ".o_crm_metrics_waterfall canvas"
);

/** The action that a click opens, without opening it. */
function catchAction() {
    patchWithCleanup(getService("action"), {
        doAction: (action) => expect.step(action),
    });
}

test("cards, funnel and both gaps", async () => {
    mockBottlenecks((options) => {
        expect.step([options.date_from, options.date_to, options.view]);
        const isBefore = options.date_to < "2026-01-01";
        return bottlenecks(options, isBefore ? {result: {velocity: 4700}} : {});
    });
    await openScreen();
    expect.verifySteps([
        ["2025-12-01", "2026-11-21", "period"],
        ["2024-12-10", "2025-11-30", "period"],
    ]);
    expect(textsOf(".o_crm_metrics_card_value")).toEqual([
        "$ 352,000",
        "76.0%",
        "41.0 days",
        "$ 4,988 a day",
        "$ 412,000",
    ]);
    expect(textsOf(".o_crm_metrics_card_note")).toEqual([
        "11.0% of the money that entered · win rate 11.3%",
        "lost in Proposal (13.0%) + Negotiation (63.0%)",
        "won only: median 81.5, mean 86.0",
        "+6.1% against the period before",
        "23 deals beyond the norm",
    ]);
    expect("[data-card=funnel] p").toHaveText(
        "Value of the deals that stood in a stage or went past it. 76.0% of the money goes in two places: 13.0% between Proposal and Negotiation, 63.0% between Negotiation and the win. 11.0% is won."
    );
    expect(textsOf(".o_crm_metrics_funnel_figure")).toEqual([
        "$ 3,200,000 · 100.0%",
        "$ 2,880,000 · 90.0%",
        "$ 2,368,000 · 74.0%",
        "$ 352,000 · 11.0%",
    ]);
    expect(textsOf(".o_crm_metrics_funnel_share")).toEqual([
        "-10.0% of the money",
        "-13.0% of the money",
        "-63.0% of the money",
    ]);
    expect(textsOf(".o_crm_metrics_funnel_tag")).toEqual([
        "second most",
        "most is lost here",
    ]);
    const bar = queryOne("[data-step='2'] .o_crm_metrics_funnel_bar");
    expect(spaces(bar.getAttribute("aria-label"))).toBe(
        "Proposal: reached by $ 2,880,000.00. $ 2,368,000.00 went on, $ 416,000.00 lost here, $ 96,000.00 open or archived here."
    );
});

test("by count: the same picture of deals, without new figures", async () => {
    let calls = 0;
    mockBottlenecks((options) => {
        calls++;
        return bottlenecks(options);
    });
    await openScreen();
    expect(calls).toBe(2);
    await contains("[data-choice=count]").click();
    await settle();
    expect(browser.location.search).toBe("?measure=count");
    expect(calls).toBe(2);
    expect(textsOf(".o_crm_metrics_card_value")).toEqual([
        "12",
        "50.0%",
        "41.0 days",
        "$ 4,988 a day",
        "23 deals",
    ]);
    expect("[data-card=loss] h3").toHaveText(/^Where the Deals Go/);
    expect(textsOf(".o_crm_metrics_funnel_lost")).toEqual([
        "20 deals lost",
        "30 deals lost",
        "12 deals lost",
    ]);
});

test("a gap opens the deals that were lost in it", async () => {
    mockBottlenecks((options) => bottlenecks(options));
    onRpc("crm.metrics", "bottleneck_deals", ({args}) => {
        expect.step(args.slice(1));
        return {lead_ids: [11, 12], gone: 2};
    });
    await openScreen("?teams=2");
    catchAction();
    await contains("[data-step='3'] .o_crm_metrics_funnel_lost").click();
    await animationFrame();
    expect.verifySteps([
        ["lost", 3, false],
        {
            type: "ir.actions.act_window",
            name: "Lost between Negotiation and the win",
            res_model: "crm.lead",
            views: [
                [false, "list"],
                [false, "kanban"],
                [false, "form"],
                [false, "pivot"],
                [false, "graph"],
            ],
            domain: [["id", "in", [11, 12]]],
            context: {active_test: false, default_type: "opportunity"},
        },
    ]);
    expect(queryAllTexts(".o_notification_content")).toEqual([
        "2 of these deals were deleted: they count, but cannot be opened.",
    ]);
});

test("the card of the losses opens those of both stages, each deal once", async () => {
    mockBottlenecks((options) => bottlenecks(options));
    onRpc("crm.metrics", "bottleneck_deals", ({args}) => ({
        lead_ids: args[2] === 2 ? [1, 2] : [2, 3],
        gone: 0,
    }));
    await openScreen();
    catchAction();
    patchWithCleanup(getService("action"), {
        doAction: (action) => expect.step([action.name, action.domain[0][2]]),
    });
    await contains("[data-card=loss] button").click();
    await animationFrame();
    expect.verifySteps([["Lost in Proposal + Negotiation", [1, 2, 3]]]);
});

test("stages: days with interval, what is unknown says so, one bottleneck", async () => {
    mockBottlenecks((options) => bottlenecks(options));
    await openScreen();
    expect(textsOf("[data-card=stages] tr[data-row='1'] > *")).toEqual([
        "New",
        "90",
        "5",
        "87.0%",
        "320,000 10.0%",
        "5.6 [5.0 – 6.2]",
        "5.5 mean 6.2",
        "18.6",
        "2 12,000",
        "+14,000 +1.7 points",
    ]);
    const cell = (row, column) =>
        textsOf(`[data-card=stages] tr[data-row='${row}'] td[data-column=${column}]`);
    expect(cell(2, "median")).toEqual(["24.1 [21.9 – …]"]);
    expect(cell(2, "p90")).toEqual(["more than 91.0"]);
    expect(cell(3, "median")).toEqual(["fewer than 5"]);
    expect(textsOf(".o_crm_metrics_tag")).toEqual(["bottleneck"]);
    expect("[data-card=stages] tr[data-row='2'] .o_crm_metrics_tag").toHaveCount(1);
    await contains("[data-choice=time]").click();
    await settle();
    expect(browser.location.search).toBe("?columns=time");
    expect(cell(2, "counted")).toEqual(["59 + 21 cut off, 3 left out"]);
    expect(cell(3, "norm")).toEqual(["–"]);
});

test("days behind a gap in the observation are unknown, not more than the longest", async () => {
    mockBottlenecks((options) => {
        const found = bottlenecks(options);
        Object.assign(found.stages[1].days, {median: null, known_until: 0.25});
        return found;
    });
    await openScreen();
    const unknown = "[data-card=stages] tr[data-row='2'] td[data-column=p90]";
    expect(textsOf(unknown)).toEqual(["–"]);
    expect(`${unknown} [data-tooltip^='Not known']`).toHaveCount(1);
});

test("stages are ranked by a click on a head, and so is the URL", async () => {
    mockBottlenecks((options) => bottlenecks(options));
    await openScreen();
    const names = () =>
        textsOf("[data-card=stages] tbody th").map((text) => text.split(" ")[0]);
    expect(names()).toEqual(["New", "Proposal", "Negotiation"]);
    await contains("[data-sort=value_lost]").click();
    await settle();
    expect(names()).toEqual(["Negotiation", "Proposal", "New"]);
    expect(browser.location.search).toBe("?sort=value_lost");
    expect("th[aria-sort=descending]").toHaveText(/^Money Lost/);
    await contains("[data-sort=value_lost]").click();
    await settle();
    expect(names()).toEqual(["New", "Proposal", "Negotiation"]);
    expect(browser.location.search).toBe("?sort=value_lost-up");
});

test("a number of a stage opens its stays", async () => {
    mockBottlenecks((options) => bottlenecks(options));
    await openScreen("?columns=flow");
    patchWithCleanup(getService("action"), {
        doAction: ({name, res_model, domain}) =>
            expect.step([name, res_model, domain.filter(Array.isArray).at(-1)]),
    });
    await contains(
        "[data-card=stages] tr[data-row='2'] td[data-column=lost] button"
    ).click();
    await animationFrame();
    expect.verifySteps([
        ["Lost, Proposal", "crm.stage.visit", ["outcome", "in", ["lost"]]],
    ]);
    // nothing has nothing behind it
    expect(
        "[data-card=stages] tr[data-row='3'] td[data-column=forward] button"
    ).toHaveCount(0);
});

test("lost reasons narrow the stays to the deals that were lost for them", async () => {
    mockBottlenecks((options) => bottlenecks(options));
    onRpc("crm.stage.visit", "formatted_read_group", () => [
        {lead_key: 5},
        {lead_key: 6},
    ]);
    await openScreen("?reasons=1");
    patchWithCleanup(getService("action"), {
        doAction: ({domain}) =>
            expect.step(domain.find(([field]) => field === "lead_key")),
    });
    await contains(
        "[data-card=stages] tr[data-row='1'] td[data-column=entries] button"
    ).click();
    await animationFrame();
    expect.verifySteps([["lead_key", "in", [5, 6]]]);
});

test("what if: a slider changes the figures, Reset takes it back", async () => {
    const asked = [];
    mockBottlenecks((options) => {
        if (options.what_if) {
            asked.push(options.what_if);
            return bottlenecks(options, {
                result: {what_if: {win_probability: 0.132, won_value: 422400}},
            });
        }
        return bottlenecks(options);
    });
    await openScreen();
    const value = (figure) =>
        textsOf(`[data-figure=${figure}] .o_crm_metrics_what_if_value`)[0];
    expect(value("win_probability")).toBe("11.0%");
    expect(".o_crm_metrics_what_if_reset").not.toBeEnabled();
    const slider = queryOne("[data-stage='2'] input");
    await contains(slider).focus();
    slider.value = 4;
    slider.dispatchEvent(new Event("input", {bubbles: true}));
    slider.value = 5;
    slider.dispatchEvent(new Event("input", {bubbles: true}));
    await animationFrame();
    expect(slider.getAttribute("aria-valuetext")).toBe("+5 points");
    expect(asked).toEqual([]);
    await advanceTime(400);
    await settle();
    // asked once, at rest
    expect(asked).toEqual([{2: 5}]);
    expect(value("win_probability")).toBe("13.2%");
    expect(value("won_value")).toBe("$ 422,400");
    expect(textsOf(".o_crm_metrics_what_if_change")).toEqual([
        "+2.2 points",
        "+$ 70,400",
    ]);
    expect(browser.location.search).toBe("?what_if=2%3A5");
    await contains(".o_crm_metrics_what_if_reset").click();
    await settle();
    expect(value("win_probability")).toBe("11.0%");
    expect(browser.location.search).toBe("");
    expect(asked).toHaveLength(1);
});

test("what if: the link's points are asked for, unknown stages are left out", async () => {
    mockBottlenecks((options) => {
        if (options.what_if) {
            expect.step(options.what_if);
        }
        return bottlenecks(options);
    });
    await openScreen("?what_if=1:3,99:5");
    expect.verifySteps([{1: 3}]);
    expect("[data-stage='1'] output strong").toHaveText("+3 points");
});

test("what if: a late answer does not replace a newer one", async () => {
    const late = new Deferred();
    mockBottlenecks(async (options) => {
        if (!options.what_if) {
            return bottlenecks(options);
        }
        const points = options.what_if[1];
        if (points === 1) {
            await late;
        }
        const what_if = {win_probability: points / 100, won_value: 1000};
        return bottlenecks(options, {result: {what_if}});
    });
    await openScreen();
    const slider = queryOne("[data-stage='1'] input");
    for (const points of [1, 2]) {
        slider.value = points;
        slider.dispatchEvent(new Event("input", {bubbles: true}));
        await advanceTime(400);
    }
    late.resolve();
    await settle();
    expect("[data-figure=win_probability] .o_crm_metrics_what_if_value").toHaveText(
        "2.0%"
    );
});

test("groups side by side, a click on one narrows to it", async () => {
    mockBottlenecks((options) => {
        const result = bottlenecks(options);
        if (options.group_by) {
            expect.step(options.group_by);
            const {stages, funnel, cycle, win_rate, velocity, what_if} = result;
            const content = {stages, funnel, cycle, win_rate, velocity, what_if};
            result.groups = [
                {id: 2, name: "Americas", ...content},
                {id: null, name: "Not set", ...content, stages: []},
            ];
        }
        if (options.team_ids) {
            expect.step(options.team_ids);
        }
        return result;
    });
    onRpc("crm.metrics", "bottleneck_deals", ({args}) => {
        expect.step(args.slice(1));
        return {lead_ids: [11], gone: 0};
    });
    await openScreen("?group=team");
    expect.verifySteps(["team"]);
    expect(textsOf("[data-card=groups] tr[data-row='2'] > *")).toEqual([
        "Americas 100.0%",
        "$ 3,200,000",
        "$ 352,000",
        "11.3%",
        "41.0 won only 81.5",
        "$ 4,988",
        "23 412,000",
        "Proposal +2.2 points",
    ]);
    expect("[data-card=groups] tr[data-row='0'] th button").toHaveCount(0);
    patchWithCleanup(getService("action"), {doAction: () => {}});
    await contains(
        "[data-card=groups] tr[data-row='0'] td[data-column=won] button"
    ).click();
    await animationFrame();
    expect.verifySteps([["won", null, null]]);
    await contains(
        "[data-card=groups] tr[data-row='2'] td[data-column=worst] button"
    ).click();
    await animationFrame();
    expect.verifySteps([["lost", 2, 2]]);
    await contains("[data-card=groups] tr[data-row='2'] th button").click();
    await settle();
    expect.verifySteps([[2], [2]]);
    expect(browser.location.search).toBe("?teams=2");
    expect("button[data-filter='crm.team']").toHaveText("Americas");
});

test("why deals were lost: a cell opens them", async () => {
    mockBottlenecks((options) => bottlenecks(options));
    await openScreen("?measure=count");
    expect(textsOf("[data-card=reasons] tr[data-row='1'] > *")).toEqual([
        "Too expensive",
        "26",
        "8",
        "18",
    ]);
    expect(textsOf("[data-card=reasons] tr[data-row=total] > *")).toEqual([
        "All reasons",
        "30",
        "12",
        "18",
    ]);
    patchWithCleanup(getService("action"), {
        doAction: ({domain}) =>
            expect.step(domain.filter(([field]) => /reason|stage/.test(field))),
    });
    await contains(
        "[data-card=reasons] tr[data-row='1'] td[data-column=total] button"
    ).click();
    await animationFrame();
    expect.verifySteps([[["lost_reason_id", "=", 1]]]);
    await contains(
        "[data-card=reasons] tr[data-row='0'] td[data-column='0'] button"
    ).click();
    await animationFrame();
    expect.verifySteps([
        [
            ["stage_key", "=", 1],
            ["lost_reason_id", "=", false],
        ],
    ]);
});

test("nothing at all: says what to do first", async () => {
    mockBottlenecks((options) => bottlenecks(options, {result: NOTHING()}));
    onRpc("crm.lead", "search_count", () => 0);
    await openScreen();
    expect(".o_crm_metrics_empty h2").toHaveText("No opportunities yet");
    expect(".o_crm_metrics_export").toHaveCount(0);
    catchAction();
    await contains(".o_crm_metrics_open_pipeline").click();
    expect.verifySteps(["crm.crm_lead_action_pipeline"]);
});

test("opportunities whose history is being read are no empty database", async () => {
    mockBottlenecks((options) =>
        bottlenecks(options, {result: NOTHING(), meta: {queued: 5}})
    );
    onRpc("crm.lead", "search_count", () => 1);
    await openScreen();
    expect(".o_crm_metrics_empty h2").toHaveText("The figures are on their way");
});

test("nothing in this selection: offers all", async () => {
    onRpc("crm.stage.visit", "search_count", () => 1);
    mockBottlenecks((options) =>
        bottlenecks(options, options.team_ids ? {result: NOTHING()} : {})
    );
    await openScreen("?teams=1");
    expect(".o_crm_metrics_empty h2").toHaveText("No deals in this selection");
    await contains(".o_crm_metrics_empty .btn-primary").click();
    await settle();
    expect(".o_crm_metrics_funnel").toHaveCount(1);
    expect(browser.location.search).toBe("");
});

test("figures that do not exist are dashes with a reason", async () => {
    const funnel = {...FUNNEL(), won: {count: 0, value: 0}};
    mockBottlenecks((options) =>
        bottlenecks(options, {result: {...NOTHING(), funnel, stages: []}})
    );
    await openScreen();
    expect(textsOf(".o_crm_metrics_card_value").slice(2)).toEqual([
        "– Not known: fewer than 5 deals are won or lost, less than half of all, or too few were there from their first day on.",
        "– Needs open deals and won ones.",
        "– No stage has a norm yet: too few stays have ended.",
    ]);
    expect("[data-card=what_if]").toHaveCount(0);
    expect("[data-card=reasons]").toHaveCount(0);
});

test("what the façade refuses is a message; the range before is dispensable", async () => {
    let refuses = true;
    mockBottlenecks((options) => {
        if (refuses || options.date_to < "2026-01-01") {
            throw makeServerError({
                type: "ValidationError",
                message: "company_ids: there is no rate of EUR",
            });
        }
        return bottlenecks(options);
    });
    await openScreen();
    expect(".o_crm_metrics_error p").toHaveText("company_ids: there is no rate of EUR");
    refuses = false;
    await contains(".o_crm_metrics_error .btn-primary").click();
    await settle();
    expect(".o_crm_metrics_funnel").toHaveCount(1);
    expect(".o_crm_metrics_error").toHaveCount(0);
    expect("[data-card=velocity] .o_crm_metrics_card_note").toHaveCount(0);
});

test("the export has the options of the screen, the sliders too", async () => {
    mockBottlenecks((options) => bottlenecks(options));
    await openScreen("?view=cohort&period=last_month&group=user&what_if=2:5");
    const url = new URL(queryOne(".o_crm_metrics_export").href);
    expect(url.pathname).toBe("/crm_metrics/bottlenecks.xlsx");
    expect(JSON.parse(url.searchParams.get("options"))).toEqual({
        date_from: "2026-10-01",
        date_to: "2026-10-31",
        view: "cohort",
        group_by: "user",
        what_if: {2: 5},
        company_ids: [1],
    });
});
