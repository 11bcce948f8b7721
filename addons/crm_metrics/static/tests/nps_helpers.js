import {fields, models} from "@web/../tests/web_test_helpers";

class CrmNpsProgram extends models.Model {
    _name = "crm.nps.program";

    name = fields.Char();
    state = fields.Char();

    _records = [
        {id: 1, name: "After a deal", state: "running"},
        {id: 2, name: "Every half year", state: "stopped"},
    ];
    _views = {form: `<form><field name="name"/></form>`};
}

class CrmNpsAnswer extends models.Model {
    _name = "crm.nps.answer";

    score = fields.Integer();
    test = fields.Boolean();

    _records = [{id: 1, score: 9, test: false}];
    _views = {list: `<list><field name="score"/></list>`};
}

class CrmNpsInvitation extends models.Model {
    _name = "crm.nps.invitation";

    state = fields.Char();
    test = fields.Boolean();

    _views = {list: `<list><field name="state"/></list>`};
}

export const NPS_MODELS = [CrmNpsProgram, CrmNpsAnswer, CrmNpsInvitation];

const META = {
    currency: "USD",
    date_from: "2026-09-01",
    date_to: "2026-11-21",
    grain: "month",
    as_of: "2026-11-21T12:00:00Z",
    last_day: "2026-11-21",
    queued: 0,
    issues: {},
};

/** The last of three months has no answers, and is not over. */
const TREND = [
    {
        date_from: "2026-09-01",
        date_to: "2026-09-30",
        partial: false,
        score: 50,
        low: -5.3,
        high: 87.2,
        answers: 8,
    },
    {
        date_from: "2026-10-01",
        date_to: "2026-10-31",
        partial: false,
        score: 8,
        low: -36.4,
        high: 50.1,
        answers: 12,
    },
    {
        date_from: "2026-11-01",
        date_to: "2026-11-21",
        partial: true,
        score: null,
        low: null,
        high: null,
        answers: 0,
    },
];

const RESPONSE = {
    considered: 60,
    skipped: 15,
    waiting: 2,
    failed: 1,
    sent: 42,
    bounced: 2,
    delivered: 40,
    answered: 20,
    declined: 2,
    expired: 10,
    open: 8,
    rate: 0.5,
};

/** 20 answers: 10 promoters, 5 passives, 5 detractors. */
export const NPS = () => ({
    meta: META,
    score: 25,
    answers: 20,
    promoters: 10,
    passives: 5,
    detractors: 5,
    low: -11.72,
    high: 55.19,
    scores: [1, 0, 1, 1, 0, 1, 1, 2, 3, 4, 6],
    response: RESPONSE,
    skipped: [
        {reason: "opted_out", name: "Opted out of surveys", count: 6},
        {reason: "quarantine", name: "Asked not long ago", count: 9},
    ],
    accounts: {
        score: 23,
        count: 17,
        weighted_score: 31,
        coverage: 0.62,
        revenue: 123000,
    },
    public: {score: 40, answers: 5},
    trend: TREND,
    change: {
        compared_to: {date_from: "2026-06-01", date_to: "2026-08-31"},
        score: 10,
        answers: 30,
        delta: 15,
        low: -6,
        high: 36.4,
        p_value: 0.17,
    },
    excluded: {answers: 2, score_with_them: 18},
    suspects: 3,
    tags: [
        {id: 4, name: "Support", answers: 6, score: -33},
        {id: null, name: "Not tagged", answers: 3, score: null},
    ],
    followup: {
        detractors: 5,
        due: 4,
        contacted: 3,
        in_time: 2,
        overdue: 1,
        median_hours: 7.5,
        outcomes: [
            {outcome: "recovered", name: "Won Back", count: 1},
            {outcome: null, name: "None yet", count: 4},
        ],
    },
});

const NO_ANSWERS = {
    score: null,
    answers: 0,
    promoters: 0,
    passives: 0,
    detractors: 0,
    low: null,
    high: null,
};

/** Invitations went out, and nobody has answered yet. */
export const NPS_UNANSWERED = () => ({
    ...NPS(),
    ...NO_ANSWERS,
    scores: Array(11).fill(0),
    response: {...RESPONSE, answered: 0, open: 28, rate: 0},
    accounts: {
        score: null,
        count: 0,
        weighted_score: null,
        coverage: null,
        revenue: null,
    },
    public: {score: null, answers: 0},
    trend: TREND.map((period) => ({...period, ...NO_ANSWERS})),
    change: {
        compared_to: {date_from: "2026-06-01", date_to: "2026-08-31"},
        score: null,
        answers: 0,
        delta: null,
        low: null,
        high: null,
        p_value: null,
    },
    excluded: {answers: 0, score_with_them: null},
    suspects: 0,
    tags: [],
    followup: {
        detractors: 0,
        due: 0,
        contacted: 0,
        in_time: 0,
        overdue: 0,
        median_hours: null,
        outcomes: [],
    },
});

/** Nobody was considered at all. */
export const NPS_NOTHING = () => ({
    ...NPS_UNANSWERED(),
    response: {
        ...Object.fromEntries(Object.keys(RESPONSE).map((key) => [key, 0])),
        rate: null,
    },
    skipped: [],
});

const group = (id, name, answers, promoters, detractors, score) => ({
    id,
    name,
    answers,
    promoters,
    detractors,
    passives: answers - promoters - detractors,
    score,
    low: score - 40,
    high: score + 30,
    scores: [],
    response: {...RESPONSE, rate: 0.25},
    accounts: {},
    public: {score: null, answers: null},
    trend: [],
    change: {},
});

export const NPS_BY_TEAM = () => ({
    ...NPS(),
    groups: [group(1, "Europe", 8, 2, 3, -13), group(null, "Not set", 6, 4, 0, 67)],
    hidden: {groups: 2, answers: 6},
});
