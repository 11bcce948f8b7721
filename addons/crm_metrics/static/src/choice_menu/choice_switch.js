import {Component} from "@odoo/owl";
import {ChoiceMenu} from "./choice_menu";

/** A few choices side by side; a choice may have a `help` text. */
export class ChoiceSwitch extends Component {
    static template = "crm_metrics.ChoiceSwitch";
    static props = ChoiceMenu.props;
}
