import {Component} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";

/** One figure with its name and what puts it in relation. */
export class MetricCard extends Component {
    static template = "crm_metrics.MetricCard";
    static props = {
        id: String,
        label: String,
        value: String,
        /** The figure in full, when `value` is a shortened one. */
        title: {type: String, optional: true},
        /** What the figure means, one sentence. */
        help: {type: String, optional: true},
        note: {type: String, optional: true},
        noteTitle: {type: String, optional: true},
        tone: {type: String, optional: true}, // good, bad
        /** Opens the records behind the figure. */
        onOpen: {type: Function, optional: true},
    };

    get buttonLabel() {
        const {label, value} = this.props;
        return _t("%(label)s: %(value)s", {label, value});
    }

    get noteClass() {
        return (
            {good: "text-success", bad: "text-danger"}[this.props.tone] || "text-muted"
        );
    }
}
