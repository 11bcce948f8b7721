import {Component, useState} from "@odoo/owl";
import {Dropdown} from "@web/core/dropdown/dropdown";
import {_t} from "@web/core/l10n/translation";
import {RecordFilter} from "../record_filter/record_filter";

/** Filters by records that share one button; it says how many of them narrow. */
export class FilterMenu extends Component {
    static template = "crm_metrics.FilterMenu";
    static components = {Dropdown, RecordFilter};
    static props = {
        /** [{filter, resModel, label, allLabel}] */
        choices: {type: Array, element: Object},
        /** What `useFilters` returns. */
        filters: Object,
    };

    setup() {
        // the object stays the same when a filter changes
        this.values = useState(this.props.filters.values);
        this.allNames = useState(this.props.filters.names);
    }

    get active() {
        return this.props.choices.filter(({filter}) => this.values[filter].length);
    }

    get label() {
        const {active} = this;
        return active.length ? _t("Filters: %s", active.length) : _t("Filters");
    }

    /** What narrows the screen, in words. */
    get title() {
        return this.active
            .map(({filter, resModel, label}) => {
                const names = this.names(resModel);
                const ids = this.values[filter];
                const value = ids.map((id) => names[id] || id).join(", ");
                return _t("%(label)s: %(value)s", {label, value});
            })
            .join("; ");
    }

    names(resModel) {
        return this.allNames[resModel] || {};
    }

    narrow({filter, resModel}, ids, records) {
        this.props.filters.remember(resModel, records);
        this.props.filters.change({[filter]: ids});
    }
}
