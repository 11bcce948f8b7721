import {Component, useState} from "@odoo/owl";
import {Layout} from "@web/search/layout";
import {MetricsHeader} from "../metrics_header/metrics_header";
import {EmptyState, ErrorState, LoadingState} from "../screen_state/screen_state";

/**
 * The frame of a client action: header, and below it the figures (default slot), why
 * there are none (slot `empty`, for the screen's own kinds of emptiness), that they are
 * on their way, or what went wrong.
 */
export class MetricsScreen extends Component {
    static template = "crm_metrics.MetricsScreen";
    static components = {EmptyState, ErrorState, Layout, LoadingState, MetricsHeader};
    static props = {
        /** What `useMetricsScreen` returns. */
        screen: Object,
        className: String,
        /** Cards in the outline while figures are on their way. */
        cards: {type: Number, optional: true},
        exportUrl: {type: String, optional: true},
        views: {type: Array, optional: true},
        moreFilters: {type: Array, optional: true},
        slots: Object,
    };
    static defaultProps = {cards: 4};

    setup() {
        this.state = useState(this.props.screen.state);
        this.display = {controlPanel: {}};
    }

    get filters() {
        return this.props.screen.filters;
    }

    load() {
        return this.props.screen.load();
    }
}
