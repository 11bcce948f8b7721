import {fields, models} from "@web/../tests/web_test_helpers";

class CrmPurchase extends models.Model {
    _name = "crm.purchase";

    date = fields.Date();
    amount = fields.Float({aggregator: "sum"});
    kind = fields.Char();
    partner_id = fields.Many2one({relation: "res.partner"});
    company_id = fields.Many2one({relation: "res.company"});
    team_id = fields.Many2one({relation: "crm.team"});
    user_id = fields.Many2one({relation: "res.users"});
    country_id = fields.Many2one({relation: "res.country"});

    _views = {list: `<list><field name="date"/><field name="amount"/></list>`};
}

class CrmPurchaseEntry extends models.Model {
    _name = "crm.purchase.entry";
}

class CrmCustomerSegment extends models.Model {
    _name = "crm.customer.segment";

    name = fields.Char();

    _records = [
        {id: 1, name: "Champions"},
        {id: 2, name: "Lost"},
    ];
}

class CrmCustomerScore extends models.Model {
    _name = "crm.customer.score";

    run_id = fields.Integer();
    r = fields.Integer();
    f = fields.Integer();
    m = fields.Integer();
    partner_id = fields.Many2one({relation: "res.partner"});
    complaint = fields.Char();
    segment_id = fields.Many2one({relation: "crm.customer.segment"});
    previous_segment_id = fields.Many2one({relation: "crm.customer.segment"});
    salesperson_id = fields.Many2one({relation: "res.users"});
    country_id = fields.Many2one({relation: "res.country"});
    industry_id = fields.Integer();

    _views = {list: `<list><field name="partner_id"/></list>`};
}

export const CUSTOMER_MODELS = [
    CrmPurchase,
    CrmPurchaseEntry,
    CrmCustomerSegment,
    CrmCustomerScore,
];

export const META = {
    currency: "USD",
    date_from: "2026-09-01",
    date_to: "2026-11-21",
    grain: "month",
    as_of: "2026-11-21T12:00:00Z",
    last_day: "2026-11-21",
    queued: 0,
    issues: {},
};

/** A month of the façade with R = N x V x L. */
export function purchases(month, customers, orders, revenue, more = {}) {
    const days = new Date(2026, month, 0).getDate();
    const two = String(month).padStart(2, "0");
    return {
        date_from: `2026-${two}-01`,
        date_to: `2026-${two}-${days}`,
        partial: false,
        customers,
        orders,
        revenue,
        value: orders ? revenue / orders : null,
        loyalty: customers ? orders / customers : null,
        refunds: 0,
        anonymous: 0,
        new_customers: 0,
        lost_customers: 0,
        ...more,
    };
}

/** What changed from the month before. */
export function effect(month, parts, more = {}) {
    const bars = {
        customers: 0,
        value: 0,
        loyalty: 0,
        refunds: 0,
        anonymous: 0,
        ...parts,
    };
    const two = (number) => String(number).padStart(2, "0");
    const last = new Date(2026, month - 1, 0).getDate();
    return {
        date_from: `2026-${two(month)}-01`,
        compared_to: {
            date_from: `2026-${two(month - 1)}-01`,
            date_to: `2026-${two(month - 1)}-${last}`,
        },
        delta: Object.values(bars).reduce((sum, bar) => sum + bar, 0),
        ...bars,
        ...more,
    };
}

/** September to November, the last one not over. */
export const NVL = () => ({
    meta: META,
    periods: [
        purchases(9, 10, 20, 2000, {new_customers: 3, lost_customers: 1}),
        purchases(10, 12, 30, 3600.5, {
            refunds: -100,
            anonymous: 50,
            new_customers: 2,
        }),
        purchases(11, 6, 6, 900, {date_to: "2026-11-21", partial: true}),
    ],
    effects: [
        effect(9, {customers: 500}),
        effect(10, {
            customers: 480.25,
            value: 500.25,
            loyalty: 620,
            refunds: -100,
            anonymous: 50,
        }),
        effect(
            11,
            {customers: -300},
            {compared_to: {date_from: "2026-10-01", date_to: "2026-10-21"}}
        ),
    ],
    levers: [
        {
            factor: "customers",
            now: 40,
            best: 30,
            best_of: "year",
            id: 2025,
            name: "2025",
            revenue_at_best: 15000,
            gain: 0,
        },
        {
            factor: "value",
            now: 100,
            best: 150,
            best_of: "team",
            id: 2,
            name: "Americas",
            revenue_at_best: 30000,
            gain: 10000,
        },
        {
            factor: "loyalty",
            now: 5,
            best: 6,
            best_of: "segment",
            id: 1,
            name: "Champions",
            revenue_at_best: 24000,
            gain: 4000,
        },
    ],
});

/** Two segments on the map: R 4 and 5 are champions, the others are lost. */
export function segmentsResult() {
    const cells = [1, 2, 3, 4, 5].flatMap((recency) =>
        [1, 2, 3, 4, 5].map((frequency_money) => ({
            recency,
            frequency_money,
            segment_id: recency > 3 ? 1 : 2,
            customers: 0,
            revenue: 0,
        }))
    );
    const fill = (recency, score, customers, revenue) =>
        Object.assign(
            cells.find(
                (cell) => cell.recency === recency && cell.frequency_money === score
            ),
            {customers, revenue}
        );
    fill(5, 5, 8, 80000);
    fill(5, 1, 2, 250.5);
    fill(1, 1, 10, 1000);
    const row = (id, name, customers, everybody) => ({
        id,
        name,
        customers,
        revenue: 100 * customers,
        everybody,
    });
    return {
        meta: {
            currency: "USD",
            date: "2026-11-21",
            as_of: "2026-11-21T11:59:30Z",
            window_months: 24,
            queued: 0,
            issues: {},
        },
        runs: [
            {date: "2026-11-21", customers: 20},
            {date: "2026-10-31", customers: 18},
        ],
        run_ids: [7],
        previous_run_ids: [6],
        segments: [
            {
                segment_id: 1,
                name: "Champions",
                color: 10,
                customers: 10,
                revenue: 80250.5,
                previous: 12,
            },
            {
                segment_id: 2,
                name: "Lost",
                color: 11,
                customers: 10,
                revenue: 1000,
                previous: 6,
            },
        ],
        cells,
        complaint: {customers: 3, revenue: 120.5},
        migrations: [
            {previous_segment_id: 1, segment_id: 1, customers: 8},
            {previous_segment_id: 1, segment_id: 2, customers: 3},
            {previous_segment_id: 1, segment_id: null, customers: 1},
            {previous_segment_id: 2, segment_id: 2, customers: 6},
            {previous_segment_id: null, segment_id: 1, customers: 2},
            {previous_segment_id: null, segment_id: 2, customers: 1},
        ],
        profile: {
            industry: [row(3, "Retail", 15, 15), row(null, "Not set", 5, 5)],
            country: [row(1, "Germany", 20, 20)],
            size: [row("person", "Person", 20, 20)],
            source: [row(null, "Not set", 20, 20)],
        },
    };
}
