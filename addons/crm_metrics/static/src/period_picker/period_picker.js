import {Component, useState} from "@odoo/owl";
import {DateTimeInput} from "@web/core/datetime/datetime_input";
import {Dropdown} from "@web/core/dropdown/dropdown";
import {DropdownItem} from "@web/core/dropdown/dropdown_item";
import {useDropdownState} from "@web/core/dropdown/dropdown_hooks";
import {_t} from "@web/core/l10n/translation";
import {isDate, PRESETS, rangeLabel, rangeOf} from "../core/period";

const {DateTime} = luxon;

/** A button with the range of days; offers presets and a range of one's own. */
export class PeriodPicker extends Component {
    static template = "crm_metrics.PeriodPicker";
    static components = {DateTimeInput, Dropdown, DropdownItem};
    static props = {
        period: Object,
        onChange: Function,
    };

    setup() {
        this.presets = PRESETS;
        this.dropdown = useDropdownState();
        this.own = useState({from: "", to: ""});
    }

    get range() {
        return rangeOf(this.props.period);
    }

    get rangeLabel() {
        return rangeLabel(this.range);
    }

    get label() {
        const {preset} = this.props.period;
        return preset ? PRESETS.find(({id}) => id === preset).label : this.rangeLabel;
    }

    get title() {
        return _t("Period: %(name)s, %(days)s", {
            name: this.label,
            days: this.rangeLabel,
        });
    }

    beforeOpen() {
        Object.assign(this.own, this.range);
    }

    day(key) {
        return this.own[key] ? DateTime.fromISO(this.own[key]) : false;
    }

    setDay(key, day) {
        this.own[key] = day ? day.toISODate() : "";
    }

    /** Typing a date is not walking through the menu. */
    onKeydown(ev) {
        if (ev.key !== "Escape") {
            ev.stopPropagation();
        }
    }

    get isValid() {
        const {from, to} = this.own;
        return isDate(from) && isDate(to) && from <= to;
    }

    apply() {
        this.dropdown.close();
        this.props.onChange({from: this.own.from, to: this.own.to});
    }
}
