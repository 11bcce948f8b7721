import {Component} from "@odoo/owl";
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

    get active() {
        const {choices, filters} = this.props;
        return choices.filter(({filter}) => filters.values[filter].length);
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
                const ids = this.props.filters.values[filter];
                const value = ids.map((id) => names[id] || id).join(", ");
                return _t("%(label)s: %(value)s", {label, value});
            })
            .join("; ");
    }

    names(resModel) {
        return this.props.filters.names[resModel] || {};
    }

    narrow({filter, resModel}, ids, records) {
        this.props.filters.remember(resModel, records);
        this.props.filters.change({[filter]: ids});
    }
}
