import {beforeEach, describe, expect, test} from "@odoo/hoot";
import {queryAllTexts, queryOne} from "@odoo/hoot-dom";
import {animationFrame} from "@odoo/hoot-mock";
import {contains, onRpc} from "@web/../tests/web_test_helpers";
import {browser} from "@web/core/browser/browser";
import {
    answer,
    defineScreens,
    mockFacade,
    month,
    PERIODS,
    PREVIOUS,
    result,
    screenOpener,
    settle,
} from "./crm_metrics_test_helpers";

describe.current.tags("desktop");

beforeEach(defineScreens);

const openScreen = screenOpener("recurring-revenue", ".o_crm_metrics_waterfall canvas");

test("more figures, and why one is missing", async () => {
    const kpis = {
        ...{carr: 17000, logo_churn: 0.031, arpa: 112.5, asp: 166.67, ltv: null},
        ...{quick_ratio: null, gross_churn: 0, top10_share: 0.8},
        weighted_pipeline_mrr: 250,
    };
    mockFacade((options) =>
        options.date_to < "2026-01-01"
            ? result(options, PREVIOUS(), {kpis: {...kpis, logo_churn: 0.035}})
            : result(options, PERIODS(), {kpis})
    );
    await openScreen();
    const value = (id) => `[data-card=${id}] .o_crm_metrics_card_value`;
    const note = (id) => `[data-card=${id}] .o_crm_metrics_card_note`;
    expect(value("logo_churn")).toHaveText("3.1%");
    expect(note("logo_churn")).toHaveText("0.4 points better");
    expect(note("carr")).toHaveText(/^\+\$\s794 agreed on for later$/);
    expect(note("customers")).toHaveText("+2 in the period · top 10: 80.0%");
    expect(note("arpa")).toHaveText(/^ASP \$\s166\.67$/);
    expect(value("quick_ratio")).toHaveText("–\nNothing was lost in the range.");
    onRpc("crm.mrr.movement", "web_search_read", ({kwargs}) => {
        expect.step(kwargs.domain.slice(-2));
    });
    await contains("[data-card=carr] button").click();
    await animationFrame();
    expect.verifySteps([
        [
            ["date", ">", "2026-11-21"],
            ["renewal_due", "=", false],
        ],
    ]);
});

test("committed: the range reaches ahead, and what is agreed on is marked", async () => {
    const later = () => ({
        ...month(12, 1350.5, {new: 200, churn: -50}, {opening: 12, new: 1}),
        partial: true,
    });
    mockFacade((options) => {
        expect.step([options.view, options.date_from, options.date_to]);
        if (options.date_from < "2026-01-01") {
            return result(options, PREVIOUS());
        }
        const isCommitted = options.view === "committed";
        const ahead = isCommitted ? later() : month(12, 1350.5);
        return result(options, [...PERIODS(), ahead], {kpis: {carr: 17000}});
    });
    await openScreen("?period=last_month");
    await contains("[data-choice=committed]").click();
    await settle();
    expect.verifySteps([
        ["activity", "2026-10-01", "2026-10-31"],
        ["activity", "2026-09-01", "2026-09-30"],
        ["committed", "2026-05-01", "2027-05-31"],
        ["committed", "2025-04-01", "2026-04-30"],
        ["activity", "2026-05-01", "2027-05-31"],
    ]);
    expect(browser.location.search).toBe("?view=committed&period=around_today");
    expect("tr.o_crm_metrics_ahead").toHaveCount(1);
    expect("tr.o_crm_metrics_ahead th").toHaveText("Dec 2026 (agreed on)");
    expect("[data-card=arr] .o_crm_metrics_card_note").toHaveText(/16,206 today$/);
    expect("[data-card=waterfall] p:first").toHaveText(/Hatched is what was agreed on/);
    expect(
        queryOne("[data-bar=churn]").getAttribute("aria-label").replace(/\s/g, " ")
    ).toBe(
        "Churn: -$ 3,000.00 a year, that is -$ 250.00 a month; by today -$ 2,400.00"
    );
    // back to what is a fact
    await contains("[data-choice=net]").click();
    await settle();
    expect(browser.location.search).toBe("?view=net");
    expect.verifySteps([
        ["net", "2025-12-01", "2026-11-21"],
        ["net", "2024-12-10", "2025-11-30"],
    ]);
});

test("slices add up, and each number of them is a link", async () => {
    const kpis = {nrr_12m: 1.1, logo_churn: null};
    const groups = () => [
        {id: 1, name: "Europe", periods: [month(9, 400, {new: 100})], kpis},
        {
            id: null,
            name: "Not set",
            periods: [month(9, 600, {new: 400, churn: -200})],
            kpis,
        },
    ];
    mockFacade((options) => {
        expect.step(options.group_by || "none");
        const more = options.group_by ? {groups: groups()} : {};
        const periods = [month(9, 1000, {new: 500, churn: -200})];
        return {...result(options, periods, {kpis}), ...more};
    });
    await openScreen("?measure=mrr");
    expect("[data-card=slices]").toHaveCount(0);
    await contains(".o_crm_metrics_group").click();
    await contains(".o-dropdown-item[data-choice=team]").click();
    await settle();
    expect.verifySteps(["none", "none", "team", "none"]);
    expect(browser.location.search).toBe("?measure=mrr&group=team");
    expect(queryAllTexts("[data-card=slices] tbody th")).toEqual(["Not set", "Europe"]);
    const cells = (row, column) =>
        `[data-card=slices] tr[data-row='${row}'] td[data-column=${column}]`;
    expect(cells("0", "closing")).toHaveText("800");
    expect(cells("1", "closing")).toHaveText("500");
    expect(cells("total", "closing")).toHaveText("1,300");
    expect(cells("1", "nrr_12m")).toHaveText("110.0%");
    expect(cells("1", "logo_churn")).toHaveText("–");
    onRpc("crm.mrr.movement", "web_search_read", ({kwargs}) => {
        expect.step(kwargs.domain);
    });
    await contains(`${cells("0", "churn")} button`).click();
    await animationFrame();
    expect.verifySteps([
        [
            "&",
            "&",
            "&",
            "&",
            ["company_id", "in", [1]],
            ["team_id", "=", false],
            ["date", ">=", "2025-12-01"],
            ["date", "<=", "2026-11-21"],
            ["kind", "=", "churn"],
        ],
    ]);
});

test("close reasons: losses only, no balances", async () => {
    mockFacade((options) => answer(options));
    await openScreen("?reasons=1");
    expect(queryAllTexts(".o_crm_metrics_filters")).toEqual(["1"]);
    expect(".o_crm_metrics_card").toHaveCount(1);
    expect("[data-card=net_new]").toHaveCount(1);
    expect("[data-bar=opening]").toHaveCount(0);
    expect("[data-bar=churn]").toHaveCount(1);
    expect("td[data-column=closing]").toHaveCount(0);
});
