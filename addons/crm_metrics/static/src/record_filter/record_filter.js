import {Component, useState} from "@odoo/owl";
import {Dropdown} from "@web/core/dropdown/dropdown";
import {DropdownItem} from "@web/core/dropdown/dropdown_item";
import {_t} from "@web/core/l10n/translation";
import {KeepLast} from "@web/core/utils/concurrency";
import {useService} from "@web/core/utils/hooks";
import {useDebounced} from "@web/core/utils/timing";

const LIMIT = 40;

/**
 * A button that narrows a screen to some records of a model, e.g. sales teams. The
 * records are read when the menu opens.
 */
export class RecordFilter extends Component {
    static template = "crm_metrics.RecordFilter";
    static components = {Dropdown, DropdownItem};
    static props = {
        resModel: String,
        domain: {type: Array, optional: true},
        ids: {type: Array, element: Number},
        /** Names of the ids, as far as they are known. */
        names: Object,
        label: String,
        allLabel: String,
        /** (ids, records just chosen, with display_name) => void */
        onChange: Function,
    };
    static defaultProps = {domain: []};

    setup() {
        this.orm = useService("orm");
        this.keepLast = new KeepLast();
        this.state = useState({records: null, search: "", hasMore: false});
        this.searchLater = useDebounced(() => this.load(), 250);
    }

    get current() {
        const {ids, names, allLabel} = this.props;
        if (!ids.length) {
            return allLabel;
        }
        const known = ids.map((id) => names[id]).filter(Boolean);
        if (known.length === 1 && ids.length === 1) {
            return known[0];
        }
        return _t("%(label)s: %(value)s", {label: this.props.label, value: ids.length});
    }

    get title() {
        const {ids, names, label, allLabel} = this.props;
        const value = ids.map((id) => names[id] || id).join(", ") || allLabel;
        return _t("%(label)s: %(value)s", {label, value});
    }

    beforeOpen() {
        this.state.search = "";
        return this.load();
    }

    async load() {
        const domain = [...this.props.domain];
        if (this.state.search) {
            domain.push(["name", "ilike", this.state.search]);
        }
        const records = await this.keepLast.add(
            this.orm.searchRead(this.props.resModel, domain, ["display_name"], {
                limit: LIMIT + 1,
            })
        );
        this.state.hasMore = records.length > LIMIT;
        this.state.records = records.slice(0, LIMIT);
    }

    /** Typing a name is not walking through the menu. */
    onKeydown(ev) {
        if (!["Escape", "ArrowDown", "ArrowUp"].includes(ev.key)) {
            ev.stopPropagation();
        }
    }

    onSearch(ev) {
        this.state.search = ev.target.value;
        this.searchLater();
    }

    toggle(record) {
        const {ids, onChange} = this.props;
        const chosen = ids.includes(record.id)
            ? ids.filter((id) => id !== record.id)
            : [...ids, record.id];
        onChange(chosen, [record]);
    }
}
