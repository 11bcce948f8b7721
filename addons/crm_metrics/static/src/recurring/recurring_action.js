import {Component} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {standardActionServiceProps} from "@web/webclient/actions/action_service";
import {ChartCard} from "../chart_card/chart_card";
import {ChoiceMenu} from "../choice_menu/choice_menu";
import {ChoiceSwitch} from "../choice_menu/choice_switch";
import {unlessRefused} from "../core/errors";
import {GRAINS, previousRange} from "../core/period";
import {useMetricsScreen} from "../core/screen";
import {NO_GROUP} from "../core/slices";
import {DataTable} from "../data_table/data_table";
import {MetricCard} from "../metric_card/metric_card";
import {MetricsScreen} from "../metrics_screen/metrics_screen";
import {EmptyState} from "../screen_state/screen_state";
import {WaterfallChart} from "../waterfall_chart/waterfall_chart";
import {recurringCards} from "./recurring_cards";
import {isNothing} from "./recurring_figures";
import {chartBars, chartMeaning, chartSummary, chartTitle} from "./recurring_chart";
import {
    GROUPS,
    MEASURES,
    MORE_FILTERS,
    recurringOptions,
    RECURRING_FILTERS,
    SLICES,
    VIEWS,
    withFittingPeriod,
} from "./recurring_filters";
import {movementsAction, pipelineAction} from "./recurring_records";
import {periodTable, sliceTable} from "./recurring_table";

export class RecurringAction extends Component {
    static template = "crm_metrics.RecurringAction";
    static components = {
        ChartCard,
        ChoiceMenu,
        ChoiceSwitch,
        DataTable,
        EmptyState,
        MetricCard,
        MetricsScreen,
        WaterfallChart,
    };
    static props = {...standardActionServiceProps};
    static displayName = _t("Recurring Revenue");

    setup() {
        this.views = VIEWS;
        this.measures = MEASURES;
        this.groups = GROUPS;
        this.moreFilters = MORE_FILTERS;
        this.measureLabel = _t("Amounts");
        this.groupLabel = _t("Group By");
        this.screen = useMetricsScreen({
            props: this.props,
            filters: RECURRING_FILTERS,
            // the same figures, written in another unit
            looks: ["measure"],
            fetch: (values) => this.fetch(values),
            adjust: withFittingPeriod,
        });
        const {orm, action, filters, state} = this.screen;
        Object.assign(this, {orm, action, filters, state});
    }

    // -------------------------------------------------------------------------
    // figures
    // -------------------------------------------------------------------------

    get options() {
        return recurringOptions(this.filters.values);
    }

    /** Options with the slices that the screen shows. */
    get slicedOptions() {
        const {group} = this.filters.values;
        return group === NO_GROUP ? this.options : {...this.options, group_by: group};
    }

    async fetch(values) {
        const {options} = this;
        const isAhead =
            options.view === "committed" &&
            options.date_to > luxon.DateTime.local().toISODate();
        const [now, before, today] = await Promise.all([
            this.orm.call("crm.metrics", "recurring", [this.slicedOptions]),
            this.fetchBefore(options),
            // what of it is a fact
            isAhead
                ? this.orm.call("crm.metrics", "recurring", [
                      {...options, view: "activity"},
                  ])
                : null,
        ]);
        const emptiness = isNothing(now.periods) ? await this.emptinessOf(now) : null;
        return {meta: now.meta, emptiness, content: {now, before, today, values}};
    }

    /** The equal range before, of which only totals are shown; null: not to be had. */
    async fetchBefore(options) {
        const {from, to} = previousRange({
            from: options.date_from,
            to: options.date_to,
        });
        const grain = options.view === "net" ? options.grain : "year";
        const before = {...options, date_from: from, date_to: to, grain};
        return unlessRefused(this.orm.call("crm.metrics", "recurring", [before]));
    }

    /** Why there is nothing to show, so that the screen can say what to do next. */
    async emptinessOf({meta}) {
        if (await this.orm.searchCount("crm.mrr.movement", [], {limit: 1})) {
            return "selection";
        }
        if (await this.orm.searchCount("crm.subscription", [], {limit: 1})) {
            return meta.queued ? "waiting" : "undated";
        }
        return "all";
    }

    // -------------------------------------------------------------------------
    // what is on the screen
    // -------------------------------------------------------------------------

    get exportUrl() {
        const {measure} = this.filters.values;
        return this.screen.exportUrl("recurring", this.slicedOptions, {measure});
    }

    get content() {
        return this.state.content;
    }

    get format() {
        return this.screen.format;
    }

    get factor() {
        return this.filters.values.measure === "arr" ? 12 : 1;
    }

    get cards() {
        const {now, before, today} = this.content;
        const figures = {now, before, today, ...this.frame};
        return recurringCards(figures, (figure, label) => () => {
            if (figure === "pipeline") {
                return this.action.doAction(pipelineAction(this.selection));
            }
            return this.openMovements(figure, label, this.wholePeriod);
        });
    }

    get wholePeriod() {
        const {date_from, date_to} = this.state.meta;
        return {date_from, date_to};
    }

    get chartTitle() {
        return chartTitle(this.frame);
    }

    get chartMeaning() {
        return chartMeaning(this.content, this.frame);
    }

    get bars() {
        return chartBars(this.content, this.frame);
    }

    get summary() {
        return chartSummary(this.bars, this.frame);
    }

    get tableTitle() {
        return GRAINS.find(({id}) => id === this.state.meta.grain).plural.toString();
    }

    get tableMeaning() {
        const {currency} = this.state.meta;
        const amounts =
            this.factor === 12
                ? _t("The table behind the chart, in %s a year.", currency)
                : _t("The table behind the chart, in %s a month.", currency);
        return [
            amounts,
            _t("The same numbers, readable without it. A number opens its movements."),
        ].join(" ");
    }

    get frame() {
        return {
            format: this.format,
            factor: this.factor,
            measure: this.filters.values.measure,
            onlyLosses: Boolean(this.content.values.reasons.length),
            meta: this.state.meta,
            values: this.content.values,
            open: this.openMovements.bind(this),
        };
    }

    get table() {
        return periodTable(this.content.now.periods, this.frame);
    }

    /** The slice that the figures on the screen are grouped by. */
    get slice() {
        const {now, values} = this.content;
        return now.groups && SLICES.find(({id}) => id === values.group);
    }

    get slices() {
        return sliceTable(this.content.now, this.slice, this.frame);
    }

    get slicesMeaning() {
        if (this.slice.onlyLosses) {
            return _t(
                "Why agreements were closed; the slices add up to the bars. A number opens its movements."
            );
        }
        const sentences = [
            _t("The whole range by slice; the slices add up to the bars."),
        ];
        const {groups} = this.content.now;
        if (groups.some(({periods}) => periods.some(({transfer}) => transfer))) {
            sentences.push(_t("Transfer went from one slice to another."));
        }
        return sentences.join(" ");
    }

    // -------------------------------------------------------------------------
    // ways out
    // -------------------------------------------------------------------------

    get selection() {
        return {
            values: this.content.values,
            companyIds: this.screen.companyIds,
        };
    }

    openMovements(figure, label, period, slice) {
        const {meta} = this.state;
        return this.action.doAction(
            movementsAction({figure, label, period, slice, meta, ...this.selection})
        );
    }

    newSubscription() {
        return this.action.doAction("crm_metrics.crm_subscription_action", {
            viewType: "form",
        });
    }

    openSubscriptions() {
        return this.action.doAction("crm_metrics.crm_subscription_action");
    }
}

registry.category("actions").add("crm_metrics.recurring", RecurringAction);
