import {Component} from "@odoo/owl";
import {Dropdown} from "@web/core/dropdown/dropdown";
import {DropdownItem} from "@web/core/dropdown/dropdown_item";
import {_t} from "@web/core/l10n/translation";

/** A button that shows one choice and offers the others. */
export class ChoiceMenu extends Component {
    static template = "crm_metrics.ChoiceMenu";
    static components = {Dropdown, DropdownItem};
    static props = {
        label: String,
        choices: {
            type: Array,
            element: {type: Object, shape: {id: String, label: String, "*": true}},
        },
        value: String,
        onChange: Function,
        className: {type: String, optional: true},
    };

    get title() {
        const {label} = this.props;
        return _t("%(label)s: %(value)s", {label, value: this.current.label});
    }

    get current() {
        return this.props.choices.find(({id}) => id === this.props.value);
    }
}
