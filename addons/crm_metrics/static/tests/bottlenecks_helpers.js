import {fields, models, onRpc} from "@web/../tests/web_test_helpers";

class CrmStageVisit extends models.Model {
    _name = "crm.stage.visit";

    lead_key = fields.Integer();
    stage_name = fields.Char();
    stage_key = fields.Integer();
    entered = fields.Datetime();
    left = fields.Datetime();
    outcome = fields.Char();
    company_id = fields.Many2one({relation: "res.company"});
    team_id = fields.Many2one({relation: "crm.team"});
    user_id = fields.Many2one({relation: "res.users"});
    source_id = fields.Many2one({relation: "utm.source"});
    lost_reason_id = fields.Many2one({relation: "crm.lost.reason"});

    _views = {list: `<list><field name="stage_name"/></list>`};
}

class CrmLead extends models.Model {
    _name = "crm.lead";

    name = fields.Char();
    type = fields.Char();

    _records = [{id: 11, name: "A lost deal", type: "opportunity"}];
    _views = {list: `<list><field name="name"/></list>`};
}

class CrmLostReason extends models.Model {
    _name = "crm.lost.reason";

    name = fields.Char();

    _records = [{id: 1, name: "Too expensive"}];
}

class UtmSource extends models.Model {
    _name = "utm.source";

    name = fields.Char();
}

export const PIPELINE_MODELS = [CrmStageVisit, CrmLead, CrmLostReason, UtmSource];

const NO_DAYS = {
    closed_mean: null,
    closed_median: null,
    median: null,
    median_low: null,
    median_high: null,
    p75: null,
    p90: null,
    longest: null,
    known_until: null,
    events: 0,
    censored: 0,
    left_out: 0,
};

/** A stage of the façade, all zero but for what is named. */
export function stage(id, name, {exits, days, ...more} = {}) {
    return {
        stage_id: id,
        name,
        sequence: id,
        open_start: 0,
        entries: 0,
        open: 0,
        exits: {
            forward: 0,
            won: 0,
            lost: 0,
            backward: 0,
            moved: 0,
            archived: 0,
            ...exits,
        },
        conversion: null,
        value_entered: 0,
        value_lost: 0,
        value_lost_share: null,
        days: {...NO_DAYS, ...days},
        norm: null,
        stuck: {count: 0, value: 0},
        returns: 0,
        skips: 0,
        reasons: [],
        gain: {win_probability: null, value: null},
        money_days: 0,
        ...more,
    };
}

/** The worked example of the design: 76 % of the money goes in two places. */
export const STAGES = () => [
    stage(1, "New", {
        open_start: 10,
        entries: 90,
        open: 5,
        exits: {forward: 80, lost: 12, archived: 3},
        conversion: 0.8696,
        value_entered: 3200000,
        value_lost: 320000,
        value_lost_share: 0.1,
        days: {
            closed_mean: 6.2,
            closed_median: 5.5,
            median: 5.6,
            median_low: 5,
            median_high: 6.2,
            p75: 10.1,
            p90: 18.6,
            longest: 44,
            events: 92,
            censored: 8,
        },
        norm: 18.6,
        stuck: {count: 2, value: 12000},
        gain: {win_probability: 0.017, value: 14000},
        money_days: 5000,
        reasons: [
            {reason_id: 1, name: "Too expensive", count: 8, value: 220000},
            {reason_id: null, name: "Not set", count: 4, value: 100000},
        ],
    }),
    stage(2, "Proposal", {
        entries: 80,
        open: 21,
        exits: {forward: 40, lost: 18, backward: 1},
        conversion: 0.678,
        value_lost: 416000,
        value_lost_share: 0.15,
        days: {
            closed_mean: 25,
            closed_median: 22.4,
            median: 24.1,
            median_low: 21.9,
            median_high: null,
            longest: 91,
            events: 59,
            censored: 21,
            left_out: 3,
        },
        norm: 78.4,
        stuck: {count: 21, value: 400000},
        returns: 1,
        gain: {win_probability: 0.022, value: 18000},
        money_days: 990000,
        reasons: [{reason_id: 1, name: "Too expensive", count: 18, value: 416000}],
    }),
    stage(3, "Negotiation", {
        entries: 4,
        exits: {won: 2, lost: 2},
        conversion: 0.5,
        value_lost: 2016000,
        value_lost_share: 0.85,
        days: {events: 4, closed_mean: 3, closed_median: 3, longest: 9},
        skips: 2,
        gain: {win_probability: 0.018, value: 15000},
    }),
];

export const FUNNEL = () => ({
    entered: {count: 100, value: 3200000},
    won: {count: 12, value: 352000},
    open: {count: 26, value: 96000},
    archived: {count: 0, value: 0},
    stages: [
        {
            stage_id: 1,
            name: "New",
            touched: 100,
            touched_value: 3200000,
            reached: 100,
            reached_value: 3200000,
            drop: 20,
            drop_value: 320000,
            drop_share: 0.1,
        },
        {
            stage_id: 2,
            name: "Proposal",
            touched: 70,
            touched_value: 2700000,
            reached: 75,
            reached_value: 2880000,
            drop: 30,
            drop_value: 416000,
            drop_share: 0.13,
        },
        {
            stage_id: 3,
            name: "Negotiation",
            touched: 24,
            touched_value: 2368000,
            reached: 24,
            reached_value: 2368000,
            drop: 12,
            drop_value: 2016000,
            drop_share: 0.63,
        },
    ],
});

/** A result of `crm.metrics.bottlenecks`. */
export function bottlenecks(options, more = {}) {
    return {
        meta: {
            currency: "USD",
            date_from: options.date_from,
            date_to: options.date_to,
            grain: "month",
            start: `${options.date_from}T00:00:00Z`,
            as_of: "2026-11-21T12:00:00Z",
            last_day: "2026-11-21",
            queued: 0,
            issues: {},
            ...more.meta,
        },
        stages: STAGES(),
        funnel: FUNNEL(),
        cycle: {
            won_mean: 86,
            won_median: 81.5,
            all_median: 41,
            all_low: 36,
            all_high: 47,
            longest: 300,
        },
        win_rate: {count: 0.162, value: 0.113},
        velocity: 4988,
        waterfall: {
            start: 100000,
            created: 60000,
            reopened: 5000,
            increased: 1000,
            decreased: 2000,
            won: 30000,
            lost: 36000,
            archived: 2000,
            transfer: 0,
            end: 96000,
        },
        what_if: {win_probability: 0.11, won_value: 352000},
        ...more.result,
    };
}

/** A range in which nothing happened. */
export const NOTHING = () => ({
    stages: [],
    funnel: {
        entered: {count: 0, value: 0},
        won: {count: 0, value: 0},
        open: {count: 0, value: 0},
        archived: {count: 0, value: 0},
        stages: [],
    },
    cycle: {
        won_mean: null,
        won_median: null,
        all_median: null,
        all_low: null,
        all_high: null,
        longest: null,
    },
    win_rate: {count: null, value: null},
    velocity: null,
    waterfall: {
        start: 0,
        created: 0,
        reopened: 0,
        increased: 0,
        decreased: 0,
        won: 0,
        lost: 0,
        archived: 0,
        transfer: 0,
        end: 0,
    },
    what_if: {win_probability: null, won_value: null},
});

/**
 * Let the façade answer.
 *
 * @param {(options: Object) => Object} answer
 */
export function mockBottlenecks(answer) {
    onRpc("crm.metrics", "bottlenecks", ({args}) => answer(args[0]));
}
