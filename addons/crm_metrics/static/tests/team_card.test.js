import {defineMailModels} from "@mail/../tests/mail_test_helpers";
import {describe, expect, test} from "@odoo/hoot";
import {queryAllTexts} from "@odoo/hoot-dom";
import {animationFrame, Deferred} from "@odoo/hoot-mock";
import {
    defineModels,
    fields,
    models,
    mountView,
    onRpc,
} from "@web/../tests/web_test_helpers";

describe.current.tags("desktop");

const CARD = {
    date_from: "2025-11-22",
    date_to: "2026-11-21",
    currency: "USD",
    velocity: 2826.66,
    stage: "Proposition",
    gain: 11649.7,
};

class CrmTeam extends models.Model {
    _name = "crm.team";

    name = fields.Char();
    crm_metrics_card = fields.Json();

    _records = [
        {id: 1, name: "Europe", crm_metrics_card: CARD},
        {id: 2, name: "Asia", crm_metrics_card: {...CARD, velocity: null, gain: null}},
        {id: 3, name: "New", crm_metrics_card: {...CARD, velocity: null, stage: null}},
        {id: 4, name: "Idle", crm_metrics_card: false},
    ];
}

defineMailModels();
defineModels([CrmTeam]);

const LINES = ".o_crm_metrics_team_card > div";

function mountCards() {
    return mountView({
        type: "kanban",
        resModel: "crm.team",
        arch: `<kanban><templates><t t-name="card">
            <field name="name"/>
            <widget name="crm_metrics_team_card"/>
        </t></templates></kanban>`,
    });
}

test("reads the figures of all cards at once, after they are there", async () => {
    const answered = new Deferred();
    onRpc("crm.team", "read", async ({args}) => {
        expect.step(`read ${args[0].join(",")}`);
        await answered;
    });
    await mountCards();
    expect(".o_kanban_record:not(.o_kanban_ghost)").toHaveCount(4);
    expect(LINES).toHaveCount(0);
    expect.verifySteps(["read 1,2,3,4"]);
    answered.resolve();
    await animationFrame();
    expect(queryAllTexts(LINES)).toEqual([
        "$ 2,827 a day",
        "Bottleneck: Proposition, five points more would bring $ 11,650",
        "Bottleneck: Proposition",
    ]);
});

test("leads to the bottlenecks of the team, for the same days", async () => {
    await mountCards();
    await animationFrame();
    expect(".o_crm_metrics_team_card").toHaveCount(2);
    expect(".o_crm_metrics_team_card:first").toHaveAttribute(
        "href",
        "/odoo/pipeline-bottlenecks?teams=1&from=2025-11-22&to=2026-11-21"
    );
});
