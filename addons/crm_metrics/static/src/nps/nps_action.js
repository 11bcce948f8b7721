import {Component} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {standardActionServiceProps} from "@web/webclient/actions/action_service";
import {ChartCard} from "../chart_card/chart_card";
import {ChoiceMenu} from "../choice_menu/choice_menu";
import {GRAINS, rangeLabel} from "../core/period";
import {useMetricsScreen} from "../core/screen";
import {NO_GROUP} from "../core/slices";
import {DataTable} from "../data_table/data_table";
import {FunnelChart} from "../funnel_chart/funnel_chart";
import {MetricCard} from "../metric_card/metric_card";
import {MetricsScreen} from "../metrics_screen/metrics_screen";
import {TrendChart} from "../trend_chart/trend_chart";
import {WaterfallChart} from "../waterfall_chart/waterfall_chart";
import {BucketBar} from "./bucket_bar";
import {feedbackEmptiness, NoFeedback} from "./no_feedback";
import {apartCards, npsCards} from "./nps_cards";
import {changeOf, intervalSentence, isNothing, scoreSentence} from "./nps_figures";
import {groupedOptions, GROUPS, MORE_FILTERS, NPS_FILTERS, SLICES} from "./nps_filters";
import {NpsGauge} from "./nps_gauge";
import {
    bucketParts,
    gauge,
    scoreBars,
    trendMeaning,
    trendPoints,
    trendScale,
} from "./nps_pictures";
import {narrowed, recordsAction} from "./nps_records";
import {responseFunnel, skipTable} from "./nps_response";
import {
    followupMeaning,
    followupTable,
    groupMeaning,
    groupTable,
    tagTable,
    trendTable,
} from "./nps_tables";

/** What customers say: the score and how sure it is, who was asked, what followed. */
export class NpsAction extends Component {
    static template = "crm_metrics.NpsAction";
    static components = {
        BucketBar,
        ChartCard,
        ChoiceMenu,
        DataTable,
        FunnelChart,
        MetricCard,
        MetricsScreen,
        NoFeedback,
        NpsGauge,
        TrendChart,
        WaterfallChart,
    };
    static props = {...standardActionServiceProps};
    static displayName = _t("NPS");

    setup() {
        this.groups = GROUPS;
        this.moreFilters = MORE_FILTERS;
        this.texts = {group: _t("Group By")};
        this.screen = useMetricsScreen({
            props: this.props,
            filters: NPS_FILTERS,
            fetch: (values) => this.fetch(values),
        });
        const {orm, action, filters, state} = this.screen;
        Object.assign(this, {orm, action, filters, state});
    }

    // -------------------------------------------------------------------------
    // figures
    // -------------------------------------------------------------------------

    async fetch(values) {
        const options = groupedOptions(values);
        const result = await this.orm.call("crm.metrics", "nps", [options]);
        return {
            meta: result.meta,
            emptiness: isNothing(result) ? await feedbackEmptiness(this.orm) : null,
            content: {result, values, options},
        };
    }

    // -------------------------------------------------------------------------
    // what is on the screen
    // -------------------------------------------------------------------------

    get exportUrl() {
        return this.screen.exportUrl("nps", groupedOptions(this.filters.values));
    }

    get content() {
        return this.state.content;
    }

    get frame() {
        const {result} = this.content;
        const {compared_to: span} = result.change;
        return {
            result,
            meta: this.state.meta,
            format: this.screen.format,
            before: span && rangeLabel({from: span.date_from, to: span.date_to}),
            open: this.open.bind(this),
        };
    }

    /** The score with all that is said of it. */
    get headline() {
        const {frame} = this;
        return {
            gauge: gauge(frame),
            sentence: scoreSentence(frame),
            interval: intervalSentence(frame),
            change: changeOf(frame),
        };
    }

    /** Pictures of no answers at all would only be in the way. */
    get hasAnswers() {
        return this.content.result.answers > 0;
    }

    get parts() {
        return bucketParts(this.frame);
    }

    get scoreBars() {
        return scoreBars(this.frame);
    }

    get cards() {
        return npsCards(this.frame);
    }

    get apart() {
        return apartCards(this.frame);
    }

    get trend() {
        const {frame} = this;
        return {
            meaning: trendMeaning(frame),
            chart: {points: trendPoints(frame), ...trendScale(frame)},
        };
    }

    get trendTable() {
        return trendTable(this.frame);
    }

    get trendTitle() {
        return GRAINS.find(({id}) => id === this.state.meta.grain).plural.toString();
    }

    get response() {
        return {funnel: responseFunnel(this.frame), skips: skipTable(this.frame)};
    }

    get tags() {
        return tagTable(this.frame);
    }

    get followup() {
        const table = followupTable(this.frame);
        return table && {table, meaning: followupMeaning(this.frame)};
    }

    /** The slice that answers are compared by. */
    get slice() {
        const {result, values} = this.content;
        return result.groups && SLICES.find(({id}) => id === values.group);
    }

    get sliceTitle() {
        return this.slice.by.toString();
    }

    get sliceMeaning() {
        return groupMeaning(this.frame);
    }

    get sliceTable() {
        const {filter, resModel} = this.slice;
        return groupTable(this.frame, this.slice, ({id, name}) => {
            this.filters.remember(resModel, [{id, display_name: name}]);
            this.filters.change({[filter]: [id], group: NO_GROUP});
        });
    }

    // -------------------------------------------------------------------------
    // ways out
    // -------------------------------------------------------------------------

    /**
     * Open the records behind a figure.
     *
     * @param {string} figure of `crm.metrics.nps_records`
     * @param {string} name
     * @param {Object} [about]
     * @param {any} [about.value] of the figure: a score, a tag, a reason, an outcome
     * @param {Object} [about.period] one of the trend
     * @param {number|null} [about.group] id of a slice, null: not set
     */
    async open(figure, name, {value = null, period, group = false} = {}) {
        const options = narrowed(this.content.options, period);
        const found = await this.orm.call("crm.metrics", "nps_records", [
            options,
            figure,
            value,
            group,
        ]);
        return this.action.doAction(recordsAction(name.toString(), found));
    }
}

registry.category("actions").add("crm_metrics.nps", NpsAction);
