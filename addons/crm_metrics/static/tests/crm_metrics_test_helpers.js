import {defineMailModels} from "@mail/../tests/mail_test_helpers";
import {mockDate} from "@odoo/hoot-mock";
import {
    allowTranslations,
    defineActions,
    defineMenus,
    defineModels,
    fields,
    models,
    onRpc,
    patchWithCleanup,
} from "@web/../tests/web_test_helpers";
import {localization} from "@web/core/l10n/localization";
import {PIPELINE_MODELS} from "./bottlenecks_helpers";
import {CUSTOMER_MODELS} from "./customers_helpers";
import {NPS_MODELS} from "./nps_helpers";

class CrmMrrMovement extends models.Model {
    _name = "crm.mrr.movement";

    kind = fields.Char();
    amount = fields.Float({aggregator: "sum"});
    date = fields.Date();
    partner_id = fields.Many2one({relation: "res.partner"});
    company_id = fields.Many2one({relation: "res.company"});
    team_id = fields.Many2one({relation: "crm.team"});
    user_id = fields.Many2one({relation: "res.users"});
    close_reason_id = fields.Many2one({relation: "crm.subscription.close.reason"});
    renewal_due = fields.Boolean();

    _views = {list: `<list><field name="kind"/><field name="amount"/></list>`};
}

class CrmSubscription extends models.Model {
    _name = "crm.subscription";
}

class CrmTeam extends models.Model {
    _name = "crm.team";

    name = fields.Char();

    _records = [
        {id: 1, name: "Europe"},
        {id: 2, name: "Americas"},
    ];
}

class CrmSubscriptionCloseReason extends models.Model {
    _name = "crm.subscription.close.reason";

    name = fields.Char();

    _records = [{id: 1, name: "Too expensive"}];
}

/** What `_t` and the formatters need, for tests that mount nothing. */
export function mockLocale() {
    allowTranslations();
    patchWithCleanup(localization, {
        dateFormat: "MM/dd/yyyy",
        decimalPoint: ".",
        thousandsSep: ",",
        grouping: [3, 0],
    });
}

/** Day of the tests: 21 November 2026, noon UTC. */
export function defineScreens() {
    mockDate("2026-11-21 12:00:00", 0);
    defineMailModels();
    defineModels([
        CrmMrrMovement,
        CrmSubscription,
        CrmSubscriptionCloseReason,
        CrmTeam,
        ...PIPELINE_MODELS,
        ...CUSTOMER_MODELS,
        ...NPS_MODELS,
    ]);
    defineMenus([{id: 0}]); // prevents auto-loading the first action
    defineActions([
        {
            id: 71,
            xml_id: "crm_metrics.crm_metrics_recurring_action",
            name: "Recurring Revenue",
            path: "recurring-revenue",
            tag: "crm_metrics.recurring",
            type: "ir.actions.client",
        },
        {
            id: 72,
            xml_id: "crm_metrics.crm_metrics_cohorts_action",
            name: "Cohorts",
            path: "recurring-cohorts",
            tag: "crm_metrics.cohorts",
            type: "ir.actions.client",
        },
        {
            id: 73,
            xml_id: "crm_metrics.crm_metrics_bottlenecks_action",
            name: "Bottlenecks",
            path: "pipeline-bottlenecks",
            tag: "crm_metrics.bottlenecks",
            type: "ir.actions.client",
        },
        {
            id: 74,
            xml_id: "crm_metrics.crm_metrics_customer_revenue_action",
            name: "Customer Revenue",
            path: "customer-revenue",
            tag: "crm_metrics.customer_revenue",
            type: "ir.actions.client",
        },
        {
            id: 75,
            xml_id: "crm_metrics.crm_metrics_segments_action",
            name: "Customer Segments",
            path: "customer-segments",
            tag: "crm_metrics.segments",
            type: "ir.actions.client",
        },
        {
            id: 76,
            xml_id: "crm_metrics.crm_metrics_nps_action",
            name: "NPS",
            path: "crm-nps",
            tag: "crm_metrics.nps",
            type: "ir.actions.client",
        },
    ]);
}

/** A month of the façade with closing = opening + parts. */
export function month(number, opening, parts = {}, customers = {}) {
    const days = new Date(2026, number, 0).getDate();
    const two = String(number).padStart(2, "0");
    const row = {new: 0, reactivation: 0, expansion: 0, contraction: 0, churn: 0};
    Object.assign(row, {fx: 0, transfer: 0}, parts);
    const closing = Object.values(row).reduce((sum, part) => sum + part, opening);
    const heads = {
        opening: 0,
        new: 0,
        reactivation: 0,
        churn: 0,
        transfer: 0,
        ...customers,
    };
    heads.closing = Object.values(heads).reduce((sum, count) => sum + count, 0);
    return {
        date_from: `2026-${two}-01`,
        date_to: `2026-${two}-${days}`,
        partial: false,
        opening,
        ...row,
        closing,
        customers: heads,
    };
}

export function result(options, periods, more = {}) {
    const [opening, closing] = [periods[0].opening, periods.at(-1).closing];
    return {
        meta: {
            currency: "USD",
            date_from: options.date_from,
            date_to: options.date_to,
            grain: options.grain,
            as_of: "2026-11-21T12:00:00Z",
            queued: 0,
            issues: {},
            ...more.meta,
        },
        periods,
        kpis: {
            mrr: closing,
            arr: 12 * closing,
            net_new: closing - opening,
            growth: opening ? closing / opening - 1 : null,
            ...more.kpis,
        },
    };
}

/**
 * Let the façade answer.
 *
 * @param {(options: Object) => Object} answer
 */
export function mockFacade(answer) {
    onRpc("crm.metrics", "recurring", ({args}) => answer(args[0]));
}
