import {Component} from "@odoo/owl";

/**
 * A picture or a table with its title and one sentence that says what it means. The
 * table behind a picture goes into the slot `table` of the same card or into a card of
 * its own: the same numbers, readable without the picture.
 */
export class ChartCard extends Component {
    static template = "crm_metrics.ChartCard";
    static props = {
        id: String,
        title: String,
        meaning: {type: String, optional: true},
        /** What the picture shows, for those who do not see it. */
        summary: {type: String, optional: true},
        slots: Object,
    };
}
