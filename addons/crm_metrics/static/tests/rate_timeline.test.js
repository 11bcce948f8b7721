import {defineMailModels} from "@mail/../tests/mail_test_helpers";
import {describe, expect, test} from "@odoo/hoot";
import {queryAllTexts} from "@odoo/hoot-dom";
import {mockDate} from "@odoo/hoot-mock";
import {defineModels, fields, models, mountView} from "@web/../tests/web_test_helpers";
import {rateOn, shownDays, stepChart} from "@crm_metrics/rate_timeline/rate_timeline";

describe.current.tags("desktop");

const STRETCHES = [
    {date_from: "2026-01-01", date_to: "2026-03-01", rate: 100},
    {date_from: "2026-04-01", date_to: "2026-07-01", rate: 200},
    {date_from: "2026-07-01", date_to: null, rate: 50},
];

class CrmSubscription extends models.Model {
    _name = "crm.subscription";

    rate_timeline = fields.Json();
    currency_id = fields.Many2one({relation: "res.currency"});

    _records = [{id: 1, rate_timeline: STRETCHES}, {id: 2, rate_timeline: []}, {id: 3}];
}

defineMailModels();
defineModels([CrmSubscription]);

function mountForm(resId) {
    mockDate("2026-11-21 12:00:00", 0);
    return mountView({
        type: "form",
        resModel: "crm.subscription",
        resId,
        arch: `<form>
            <field name="rate_timeline" widget="crm_metrics_rate_timeline"/>
        </form>`,
    });
}

test("shows a bit more than the stretches and today", () => {
    expect(shownDays([], "2026-11-21")).toBe(null);
    const {from, to} = shownDays(STRETCHES, "2026-11-21");
    expect(from).toBe("2025-12-16");
    expect(to > "2026-11-21").toBe(true);
    // a stretch that ends later is seen to its end
    const later = [{date_from: "2026-01-01", date_to: "2028-01-01", rate: 1}];
    expect(shownDays(later, "2026-11-21").to > "2028-01-01").toBe(true);
});

test("steps up and down, to the ground in gaps", () => {
    const chart = stepChart(STRETCHES, "2026-11-21", 1000, 100);
    expect(chart.steps.map(({y}) => y)).toEqual([50, 0, 75]);
    // ground, 100, gap, 200, 50
    expect(chart.line.match(/V[\d.]+/g)).toEqual(["V50", "V100", "V0", "V75"]);
    expect(chart.line.endsWith("H1000")).toBe(true);
    const last = chart.steps.at(-1);
    expect(Math.round(last.x + last.width)).toBe(1000);
    expect(chart.todayX > last.x && chart.todayX < 1000).toBe(true);
    expect(stepChart([], "2026-11-21", 1000, 100)).toBe(null);
});

test("an ended rate goes to the ground", () => {
    const ended = [{date_from: "2026-01-01", date_to: "2026-02-01", rate: 10}];
    const chart = stepChart(ended, "2026-11-21", 1000, 100);
    expect(chart.line.match(/V[\d.]+/g)).toEqual(["V0", "V100"]);
});

test("the rate of a day: from the first day on, not on the last one any more", () => {
    expect(rateOn(STRETCHES, "2026-01-01")).toBe(100);
    expect(rateOn(STRETCHES, "2026-02-28")).toBe(100);
    expect(rateOn(STRETCHES, "2026-03-01")).toBe(0);
    expect(rateOn(STRETCHES, "2030-01-01")).toBe(50);
    expect(rateOn(STRETCHES, "2025-12-31")).toBe(0);
});

test("the field is a picture and the same in words", async () => {
    await mountForm(1);
    expect(".o_crm_metrics_timeline svg path").toHaveCount(2);
    expect(".o_crm_metrics_timeline_today").toHaveCount(1);
    expect(".o_crm_metrics_timeline_now").toHaveText("Today: 50.00 a month");
    expect(queryAllTexts(".o_crm_metrics_timeline li")).toEqual([
        "100.00 a month from 01/01/2026 to 02/28/2026",
        "200.00 a month from 04/01/2026 to 06/30/2026",
        "50.00 a month from 07/01/2026 on",
    ]);
});

for (const resId of [2, 3]) {
    test(`nothing dated yet (record ${resId})`, async () => {
        await mountForm(resId);
        expect(".o_crm_metrics_timeline").toHaveText(/^Nothing dated yet/);
        expect(".o_crm_metrics_timeline svg").toHaveCount(0);
    });
}
