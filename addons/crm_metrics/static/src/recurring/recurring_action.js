import {Component, onWillStart, useState} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {user} from "@web/core/user";
import {KeepLast} from "@web/core/utils/concurrency";
import {useService} from "@web/core/utils/hooks";
import {useSetupAction} from "@web/search/action_hook";
import {Layout} from "@web/search/layout";
import {standardActionServiceProps} from "@web/webclient/actions/action_service";
import {ChartCard} from "../chart_card/chart_card";
import {ChoiceMenu} from "../choice_menu/choice_menu";
import {ChoiceSwitch} from "../choice_menu/choice_switch";
import {isForUser, userMessage} from "../core/errors";
import {useFilters} from "../core/filters";
import {Formatter} from "../core/format";
import {GRAINS, previousRange} from "../core/period";
import {DataTable} from "../data_table/data_table";
import {MetricCard} from "../metric_card/metric_card";
import {MetricsHeader} from "../metrics_header/metrics_header";
import {EmptyState, ErrorState, LoadingState} from "../screen_state/screen_state";
import {WaterfallChart} from "../waterfall_chart/waterfall_chart";
import {recurringCards} from "./recurring_cards";
import {isNothing} from "./recurring_figures";
import {chartBars, chartMeaning, chartSummary, chartTitle} from "./recurring_chart";
import {
    GROUPS,
    MEASURES,
    MORE_FILTERS,
    NO_GROUP,
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
        ErrorState,
        Layout,
        LoadingState,
        MetricCard,
        MetricsHeader,
        WaterfallChart,
    };
    static props = {...standardActionServiceProps};
    static displayName = _t("Recurring Revenue");

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.keepLast = new KeepLast();
        this.views = VIEWS;
        this.measures = MEASURES;
        this.groups = GROUPS;
        this.moreFilters = MORE_FILTERS;
        this.measureLabel = _t("Amounts");
        this.groupLabel = _t("Group By");
        this.display = {controlPanel: {}};
        const onChange = (changes) => {
            // the same figures, written in another unit
            if (Object.keys(changes).join() !== "measure") {
                this.load();
            }
        };
        this.filters = useFilters(
            RECURRING_FILTERS,
            this.props,
            onChange,
            withFittingPeriod
        );
        this.state = useState({
            isLoading: true,
            error: null,
            screen: null, // what there is to show, see `screenOf`
            emptiness: null, // see `emptinessOf`
            meta: null,
        });
        useSetupAction({
            getLocalState: () => ({
                query: this.filters.query,
                names: {...this.filters.names},
            }),
        });
        onWillStart(async () => {
            const loading = this.load();
            // coming back through the breadcrumbs: the screen as it was, at once
            if (this.props.state) {
                await loading;
            }
        });
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

    async load() {
        this.state.isLoading = true;
        try {
            Object.assign(this.state, await this.keepLast.add(this.fetch()), {
                error: null,
                isLoading: false,
            });
        } catch (error) {
            const message = userMessage(error);
            Object.assign(this.state, {error: message, meta: null, isLoading: false});
        }
    }

    async fetch() {
        await this.filters.check();
        const {options} = this;
        const values = {...this.filters.values};
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
        return {
            meta: now.meta,
            emptiness,
            screen: emptiness ? null : {now, before, today, values},
        };
    }

    /** The equal range before, of which only totals are shown; null: not to be had. */
    async fetchBefore(options) {
        const {from, to} = previousRange({
            from: options.date_from,
            to: options.date_to,
        });
        const grain = options.view === "net" ? options.grain : "year";
        const before = {...options, date_from: from, date_to: to, grain};
        try {
            return await this.orm.call("crm.metrics", "recurring", [before]);
        } catch (error) {
            // e.g. no rate of a currency so long ago: no reason to show nothing of now
            if (isForUser(error)) {
                return null;
            }
            throw error;
        }
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
        const options = {
            ...this.slicedOptions,
            company_ids: user.activeCompanies.map(({id}) => id),
        };
        const query = new URLSearchParams({
            options: JSON.stringify(options),
            measure: this.filters.values.measure,
            onlyLosses: Boolean(this.state.screen.values.reasons.length),
        });
        return `/crm_metrics/recurring.xlsx?${query}`;
    }

    get format() {
        return new Formatter(this.state.meta.currency);
    }

    get factor() {
        return this.filters.values.measure === "arr" ? 12 : 1;
    }

    get cards() {
        const {now, before, today} = this.state.screen;
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
        return chartMeaning(this.state.screen, this.frame);
    }

    get bars() {
        return chartBars(this.state.screen, this.frame);
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
            onlyLosses: Boolean(this.state.screen.values.reasons.length),
            meta: this.state.meta,
            values: this.state.screen.values,
            open: this.openMovements.bind(this),
        };
    }

    get table() {
        return periodTable(this.state.screen.now.periods, this.frame);
    }

    /** The slice that the figures on the screen are grouped by. */
    get slice() {
        const {now, values} = this.state.screen;
        return now.groups && SLICES.find(({id}) => id === values.group);
    }

    get slices() {
        return sliceTable(this.state.screen.now, this.slice, this.frame);
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
        const {groups} = this.state.screen.now;
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
            values: this.state.screen.values,
            companyIds: user.activeCompanies.map(({id}) => id),
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
