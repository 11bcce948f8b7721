import {Component} from "@odoo/owl";

/** Nothing to show: says why and, in its slot, what to do next. */
export class EmptyState extends Component {
    static template = "crm_metrics.EmptyState";
    static props = {
        title: String,
        text: {type: String, optional: true},
        slots: {type: Object, optional: true},
    };
}

/** The figures could not be had: says why. Its slot offers ways out. */
export class ErrorState extends Component {
    static template = "crm_metrics.ErrorState";
    static props = {
        message: String,
        slots: {type: Object, optional: true},
    };
}

/** The outline of a screen whose figures are on their way. */
export class LoadingState extends Component {
    static template = "crm_metrics.LoadingState";
    static props = {
        cards: {type: Number, optional: true},
    };
    static defaultProps = {cards: 4};

    get cardIndexes() {
        return [...Array(this.props.cards).keys()];
    }
}
