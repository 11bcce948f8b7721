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
import {Formatter} from "@crm_metrics/core/format";
import {arcOf} from "@crm_metrics/nps/nps_gauge";
import {bucketOf, changeOf} from "@crm_metrics/nps/nps_figures";
import {defineScreens, mockLocale} from "./crm_metrics_test_helpers";
import {NPS, NPS_BY_TEAM, NPS_NOTHING, NPS_UNANSWERED} from "./nps_helpers";

describe.current.tags("desktop");

beforeEach(defineScreens);

function mockNps(answer = NPS) {
    onRpc("crm.metrics", "nps", ({args}) => answer(args[0]));
}

async function openScreen(search = "") {
    redirect(`/odoo/crm-nps${search}`);
    await mountWithCleanup(WebClient);
    // the library that draws comes with the first picture
    await waitFor(".o_crm_metrics_gauge, .o_crm_metrics_state", {timeout: 5000});
}

async function settle() {
    await runAllTimers();
    await animationFrame();
}

const texts = (selector) => queryAllTexts(selector);

/** Step what is asked of the façade when a figure is opened, and what opens. */
function stepRecords(model = "crm.nps.answer") {
    onRpc("crm.metrics", "nps_records", ({args}) => {
        const [options, ...about] = args;
        expect.step([options.date_from, options.date_to, ...about]);
        return {model, ids: [3, 5]};
    });
    patchWithCleanup(getService("action"), {
        doAction({name, res_model, domain}) {
            expect.step([name, res_model, domain]);
        },
    });
}

test("buckets: 0 to 6, 7 and 8, 9 and 10", () => {
    const all = [...Array(11).keys()].map((score) => bucketOf(score).id[0]);
    expect(all.join("")).toBe("dddddddpppp");
    expect([6, 7, 8, 9].map((score) => bucketOf(score).id)).toEqual([
        "detractors",
        "passives",
        "passives",
        "promoters",
    ]);
});

test("the half circle goes from -100 on the left to +100 on the right", () => {
    expect(arcOf(-100, 100)).toBe("M 20.00 92.00 A 80 80 0 0 1 180.00 92.00");
    expect(arcOf(-100, 0)).toBe("M 20.00 92.00 A 80 80 0 0 1 100.00 12.00");
});

test("a change is more than chance below p = 0.05 only", () => {
    mockLocale();
    const format = new Formatter("USD");
    const verdict = (change) =>
        changeOf({result: {change}, format, before: "Aug 2026"});
    const change = {delta: -20, low: -38, high: -2, p_value: 0.03};
    expect(verdict(change)).toEqual({
        text: "-20 against Aug 2026",
        verdict: "More than chance: the difference lies between -38 and -2 (p = 0.03).",
        isSignificant: true,
        tone: "loss",
    });
    expect(verdict({...change, p_value: 0.05}).isSignificant).toBe(false);
    expect(verdict({...change, p_value: 0.05}).tone).toBe(undefined);
    expect(verdict({...change, p_value: 0.0004}).verdict).toInclude("(p < 0.01)");
    expect(verdict({...change, delta: null})).toBe(null);
});

test("the score, how sure it is, and what it is made of", async () => {
    mockNps();
    await openScreen();
    expect(".o_crm_metrics_gauge button").toHaveText("+25");
    expect(".o_crm_metrics_gauge button").toHaveAttribute(
        "aria-label",
        "Net Promoter Score +25, between -12 and +55, 20 answers"
    );
    expect(".o_crm_metrics_nps_sentence").toHaveText(
        "50% would recommend you, 25% would not: the difference makes +25, on a scale from -100 to +100."
    );
    expect(".o_crm_metrics_nps_interval").toHaveText(
        /^From 20 answers: .+ between -12 and \+55/
    );
    expect(".o_crm_metrics_nps_change").toHaveText(
        /^\+15 against Jun 2026 – Aug 2026\nNot to be told from chance: .+ between -6 and \+36 \(p = 0\.17\)\.$/
    );
    expect(texts(".o_crm_metrics_buckets_legend > li")).toEqual([
        "Detractors 0–6\n25% 5",
        "Passives 7–8\n25% 5",
        "Promoters 9–10\n50% 10",
    ]);
    expect(".o_crm_metrics_buckets_bar > div").toHaveCount(3);
    // nobody gave 1 or 4: no button to press
    expect("[data-card=answers] button[data-bar]").toHaveCount(11);
    expect("[data-card=answers] button[data-bar]:disabled").toHaveCount(2);
    expect("[data-bar='10']").toHaveAttribute(
        "aria-label",
        "Score 10: 6 answers, 30.0%"
    );
    expect(texts(".o_crm_metrics_nps .o_crm_metrics_card_value")).toEqual([
        "50.0%",
        "+23",
        "+31",
        "50%",
        // apart from the score
        "+40",
        "2 answers",
        "3 answers",
    ]);
    expect(texts(".o_crm_metrics_nps .o_crm_metrics_card_note")).toEqual([
        "20 of 40 who got it; 8 may still answer",
        "17 accounts",
        "62% of all revenue answered",
        "1 overdue",
        "5 answers",
        "with them the score would be +18",
        "do not count",
    ]);
    expect(".o_crm_metrics_freshness").toHaveText("fresh as of just now");
});

test("trend: gaps where nobody answered, the same numbers in a table", async () => {
    mockNps();
    await openScreen();
    expect("[data-point]").toHaveCount(3);
    expect("[data-point='2026-09-01']").toHaveAttribute(
        "aria-label",
        "Sep 2026: +50, between -5 and +87, 8 answers"
    );
    expect("[data-point='2026-11-01']").not.toBeEnabled();
    const row = (id) => texts(`[data-card=table] tr[data-row='${id}'] > *`);
    expect(row("2026-09-01")).toEqual(["Sep 2026", "+50", "-5 … +87", "8"]);
    expect(row("2026-11-01")).toEqual([
        "Nov 2026 (11/01/2026 – 11/21/2026)",
        "–",
        "",
        "0",
    ]);
    expect(row("total")).toEqual(["Whole range", "+25", "-12 … +55", "20"]);
});

test("who was asked, who answered, and why others were not asked", async () => {
    mockNps();
    await openScreen();
    expect(texts(".o_crm_metrics_funnel_figure")).toEqual([
        "60 · 100%",
        "42 · 70%",
        "40 · 67%",
        "20 · 33%",
    ]);
    expect(texts(".o_crm_metrics_funnel_gap")).toEqual([
        "25%\n15 not asked\n2 to be sent\n1 could not be sent",
        "5%\n2 bounced",
        "30%\n10 did not answer\n2 opted out\n8 may still answer",
    ]);
    expect(texts("[data-card=response] tbody th")).toEqual([
        "Asked not long ago",
        "Opted out of surveys",
    ]);
    expect(texts("[data-card=response] tr[data-row=quarantine] td")).toEqual([
        "9",
        "15.0%",
    ]);
});

test("every number opens its records", async () => {
    mockNps();
    await openScreen();
    stepRecords();
    const range = ["2025-12-01", "2026-11-21"];
    const found = ["crm.nps.answer", [["id", "in", [3, 5]]]];
    const opens = async (selector, about, name, days = range) => {
        await contains(selector).click();
        expect.verifySteps([
            [...days, ...about],
            [name, ...found],
        ]);
    };
    await opens(".o_crm_metrics_gauge button", ["answers", null, false], "Answers");
    await opens(
        "[data-bucket=detractors] button",
        ["detractors", null, false],
        "Detractors"
    );
    await opens(
        ".o_crm_metrics_buckets_bar [data-tone=gain]",
        ["promoters", null, false],
        "Promoters"
    );
    await opens("[data-bar='0']", ["score", 0, false], "Score 0");
    await opens(
        "[data-point='2026-10-01']",
        ["answers", null, false],
        "Answers, Oct 2026",
        ["2026-10-01", "2026-10-31"]
    );
    await opens(
        "[data-card=table] tr[data-row='2026-09-01'] [data-column=answers] button",
        ["answers", null, false],
        "Answers, Sep 2026",
        ["2026-09-01", "2026-09-30"]
    );
    await opens("[data-card=rate] button", ["answered", null, false], "Answered");
    await opens(
        "[data-card=in_time] button",
        ["overdue", null, false],
        "Detractors whom nobody contacted in time"
    );
    await opens(
        "[data-card=tags] tr[data-row='4'] button",
        ["tag", 4, false],
        "Support"
    );
    await opens(
        "[data-card=tags] tr[data-row='0'] button",
        ["tag", null, false],
        "Comments without a tag"
    );
    await opens(
        "[data-card=followup] tr[data-row=outcome_recovered] button",
        ["outcome", "recovered", false],
        "Outcome: Won Back"
    );
    await opens(
        "[data-card=suspects] button",
        ["suspects", null, false],
        "Suspect answers"
    );
});

test("steps and reasons open their invitations", async () => {
    mockNps();
    await openScreen();
    stepRecords("crm.nps.invitation");
    const found = ["crm.nps.invitation", [["id", "in", [3, 5]]]];
    const opens = async (selector, about, name) => {
        await contains(selector).click();
        expect.verifySteps([
            ["2025-12-01", "2026-11-21", ...about, false],
            [name, ...found],
        ]);
    };
    await opens("[data-step=considered] > button", ["considered", null], "Considered");
    await opens(
        "[data-step=delivered] [data-rest=open]",
        ["open", null],
        "May still answer"
    );
    await opens(
        "[data-step=considered] .o_crm_metrics_funnel_lost",
        ["skipped", null],
        "Not asked"
    );
    await opens(
        "tr[data-row=opted_out] button",
        ["skipped", "opted_out"],
        "Not asked: Opted out of surveys"
    );
});

test("by team: what is hidden is said, a name narrows", async () => {
    mockNps((options) => {
        expect.step([options.group_by || "", options.team_ids || []]);
        return options.group_by ? NPS_BY_TEAM() : NPS();
    });
    await openScreen("?group=team");
    expect.verifySteps([["team", []]]);
    expect(texts("[data-card=slices] tbody th")).toEqual(["Not set", "Europe"]);
    expect("[data-card=slices] p").toHaveText(
        /2 rows are not shown, with 6 answers: below 5 answers/
    );
    expect(texts("[data-card=slices] tr[data-row='1'] td")).toEqual([
        "-13",
        "-53 … +17",
        "8",
        "3 38%",
        "3 38%",
        "2 25%",
        "25.0%",
    ]);
    await contains("[data-card=slices] tr[data-row='1'] th button").click();
    await settle();
    expect.verifySteps([["", [1]]]);
    expect("[data-card=slices]").toHaveCount(0);
    expect("button[data-filter='crm.team']").toHaveText("Europe");
    expect(browser.location.search).toBe("?teams=1");
});

test("a group opens its own answers", async () => {
    mockNps(NPS_BY_TEAM);
    await openScreen("?group=team");
    stepRecords();
    await contains(
        "[data-card=slices] tr[data-row='0'] [data-column=promoters] button"
    ).click();
    expect.verifySteps([
        ["2025-12-01", "2026-11-21", "promoters", null, null],
        ["Promoters, Not set", "crm.nps.answer", [["id", "in", [3, 5]]]],
    ]);
});

test("filters are in the URL and in the spreadsheet", async () => {
    mockNps((options) => {
        expect.step([options.program_ids || [], options.grain]);
        return NPS();
    });
    await openScreen("?programs=2&grain=quarter");
    expect.verifySteps([[[2], "quarter"]]);
    expect(".o_crm_metrics_filters").toHaveAttribute(
        "aria-label",
        "Filters: 1. Program: Every half year"
    );
    const url = new URL(
        document.querySelector(".o_crm_metrics_export").href,
        "http://x"
    );
    expect(url.pathname).toBe("/crm_metrics/nps.xlsx");
    const options = JSON.parse(url.searchParams.get("options"));
    expect(options.program_ids).toEqual([2]);
    expect(options.grain).toBe("quarter");
    expect(options.company_ids).toEqual([1]);
});

test("asked, but nobody answered: the way there is still shown", async () => {
    mockNps(NPS_UNANSWERED);
    await openScreen();
    expect(".o_crm_metrics_gauge_value").toHaveText(/–/);
    expect(".o_crm_metrics_gauge button").toHaveCount(0);
    expect(".o_crm_metrics_nps_sentence").toHaveText("Nobody answered on these days.");
    expect(".o_crm_metrics_nps_change, .o_crm_metrics_nps_interval").toHaveCount(0);
    expect("[data-card=tags], [data-card=followup], [data-card=apart]").toHaveCount(0);
    expect("[data-card=trend], [data-card=table], [data-bar]").toHaveCount(0);
    expect("[data-card=response]").toHaveCount(1);
    expect("[data-card=rate] .o_crm_metrics_card_value").toHaveText("0.0%");
    expect("[data-card=accounts] .o_crm_metrics_card_value").toHaveText(/^–/);
});

test("nothing in the selection: clear the filters", async () => {
    mockNps(NPS_NOTHING);
    await openScreen("?programs=2");
    expect(".o_crm_metrics_empty h2").toHaveText("No feedback in this selection");
    expect(".o_crm_metrics_export").toHaveCount(0);
    await contains(".o_crm_metrics_empty button").click();
    await settle();
    expect(browser.location.search).toBe("");
});

for (const [name, programs, manager, title, buttons] of [
    ["none", [], true, "Ask your customers what they think", ["Create a program"]],
    ["none, salesperson", [], false, "Ask your customers what they think", []],
    ["stopped", ["draft"], true, "No program is running", ["Open the programs"]],
    [
        "running",
        ["draft", "running"],
        true,
        "Nobody has been asked yet",
        ["Look again", "Open the programs"],
    ],
]) {
    test(`nothing at all: ${name}`, async () => {
        mockNps(NPS_NOTHING);
        onRpc("crm.nps.answer", "search_count", () => 0);
        onRpc("crm.nps.invitation", "search_count", () => 0);
        onRpc(
            "crm.nps.program",
            "search_count",
            ({args}) =>
                programs.filter((state) => !args[0].length || state === args[0][0][2])
                    .length
        );
        onRpc("res.users", "has_group", () => manager);
        await openScreen();
        expect(".o_crm_metrics_empty h2").toHaveText(title);
        expect(texts(".o_crm_metrics_empty button")).toEqual(buttons);
    });
}

test("the first program is created from here", async () => {
    mockNps(NPS_NOTHING);
    for (const model of ["answer", "invitation", "program"]) {
        onRpc(`crm.nps.${model}`, "search_count", () => 0);
    }
    await openScreen();
    await contains(".o_crm_metrics_create_program").click();
    await waitFor(".o_form_view .o_field_widget[name=name]", {timeout: 5000});
    expect(".o_breadcrumb").toHaveText("NPS\nNew");
});
