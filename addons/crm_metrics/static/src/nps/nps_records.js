/** Views of the models that a figure may be made of. */
const VIEWS = {
    "crm.nps.answer": ["list", "kanban", "form", "pivot", "graph"],
    "crm.nps.invitation": ["list", "form", "pivot", "graph"],
    "res.partner": ["list", "kanban", "form"],
};

/**
 * @param {string} name
 * @param {{model: string, ids: number[]}} found answer of `crm.metrics.nps_records`
 * @returns {Object} window action with the records behind a figure
 */
export function recordsAction(name, {model, ids}) {
    return {
        type: "ir.actions.act_window",
        name,
        res_model: model,
        views: VIEWS[model].map((type) => [false, type]),
        domain: [["id", "in", ids]],
        // what was asked and answered is not made by hand
        context: {active_test: false, create: false},
    };
}

/**
 * What a figure is about, in the options of the façade.
 *
 * @param {Object} options with which the figures on the screen were asked for
 * @param {{date_from: string, date_to: string}} [period] one of the trend
 * @returns {Object}
 */
export function narrowed(options, period) {
    return period
        ? {...options, date_from: period.date_from, date_to: period.date_to}
        : options;
}
