import {Component} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {standardActionServiceProps} from "@web/webclient/actions/action_service";
import {ChartCard} from "../chart_card/chart_card";
import {ChoiceMenu} from "../choice_menu/choice_menu";
import {unlessRefused} from "../core/errors";
import {GRAINS} from "../core/period";
import {useMetricsScreen} from "../core/screen";
import {NO_GROUP} from "../core/slices";
import {DataTable} from "../data_table/data_table";
import {MetricCard} from "../metric_card/metric_card";
import {MetricsScreen} from "../metrics_screen/metrics_screen";
import {WaterfallChart} from "../waterfall_chart/waterfall_chart";
import {bridgeBars, bridgeMeaning, bridgeSummary, bridgeTitle} from "./nvl_bridge";
import {nvlCards} from "./nvl_cards";
import {
    chosenEffect,
    comparedName,
    comparedPeriod,
    isNothing,
    periodName,
    periodOf,
} from "./nvl_figures";
import {
    groupedOptions,
    GROUPS,
    MORE_FILTERS,
    nvlOptions,
    NVL_FILTERS,
    SLICES,
} from "./nvl_filters";
import {leverTable, leversMeaning} from "./nvl_levers";
import {
    beforeAction,
    changeAction,
    customersAction,
    figureAction,
    leverAction,
} from "./nvl_records";
import {seriesMeaning, seriesPanels} from "./nvl_series";
import {groupTable, periodTable} from "./nvl_tables";
import {NoPurchases, purchaseEmptiness} from "./no_purchases";

/** Revenue as customers x average purchase x purchases per customer. */
export class CustomerRevenueAction extends Component {
    static template = "crm_metrics.CustomerRevenueAction";
    static components = {
        ChartCard,
        ChoiceMenu,
        DataTable,
        MetricCard,
        MetricsScreen,
        NoPurchases,
        WaterfallChart,
    };
    static props = {...standardActionServiceProps};
    static displayName = _t("Customer Revenue");

    setup() {
        this.groups = GROUPS;
        this.moreFilters = MORE_FILTERS;
        this.texts = {group: _t("Group By"), step: _t("Period to explain")};
        this.screen = useMetricsScreen({
            props: this.props,
            filters: NVL_FILTERS,
            looks: ["step"],
            fetch: (values) => this.fetch(values),
        });
        const {orm, action, filters, state} = this.screen;
        Object.assign(this, {orm, action, filters, state});
    }

    // -------------------------------------------------------------------------
    // figures
    // -------------------------------------------------------------------------

    async fetch(values) {
        const now = await this.orm.call("crm.metrics", "nvl", [groupedOptions(values)]);
        const emptiness = isNothing(now)
            ? await purchaseEmptiness(this.orm, now.meta)
            : null;
        const content = {now, values, befores: {}};
        if (!emptiness) {
            const effect = chosenEffect(now, values.step);
            content.befores = await this.fetchBefore(now, values, effect);
        }
        return {meta: now.meta, emptiness, content};
    }

    /**
     * Figures of the days that a period is compared with, where they are not on the
     * screen.
     *
     * @returns {Promise<Object>} {first day of the period: figures}
     */
    async fetchBefore(now, values, effect) {
        if (!effect || comparedPeriod(now, effect)) {
            return {};
        }
        const {date_from, date_to} = effect.compared_to;
        const {grain} = now.meta;
        const options = {...nvlOptions(values), date_from, date_to, grain};
        const before = await unlessRefused(
            this.orm.call("crm.metrics", "nvl", [options])
        );
        return before ? {[effect.date_from]: before.periods[0]} : {};
    }

    /** Explain another period. */
    async choose(step) {
        this.filters.change({step});
        const {now, values, befores} = this.content;
        if (!(step in befores)) {
            Object.assign(
                befores,
                await this.fetchBefore(now, values, chosenEffect(now, step))
            );
        }
    }

    // -------------------------------------------------------------------------
    // what is on the screen
    // -------------------------------------------------------------------------

    get exportUrl() {
        return this.screen.exportUrl("nvl", groupedOptions(this.filters.values));
    }

    get content() {
        return this.state.content;
    }

    get frame() {
        const {now, befores} = this.content;
        const {meta} = this.state;
        const effect = chosenEffect(now, this.filters.values.step);
        const period = effect ? periodOf(now, effect) : now.periods[0];
        return {
            now,
            effect,
            period,
            before: effect
                ? comparedPeriod(now, effect) || befores[effect.date_from] || null
                : null,
            meta,
            format: this.screen.format,
            open: this.open.bind(this),
            openBridge: this.openBridge.bind(this),
            openLever: this.openLever.bind(this),
            choose: this.choose.bind(this),
        };
    }

    get cards() {
        return nvlCards(this.frame);
    }

    get headline() {
        const {effect, period, meta} = this.frame;
        const name = periodName(period, meta);
        return effect
            ? _t("%(now)s against %(before)s", {
                  now: name,
                  before: comparedName(effect, period, meta),
              })
            : name;
    }

    /** Periods that can be explained, the last first. */
    get steps() {
        const {now, meta} = this.frame;
        return now.effects
            .map((effect) => ({
                id: effect.date_from,
                label: periodName(periodOf(now, effect), meta),
            }))
            .reverse();
    }

    /** Props of the picture that explains a period. */
    get bridge() {
        const {frame} = this;
        const bars = bridgeBars(frame);
        return {
            bars,
            title: bridgeTitle(frame).toString(),
            meaning: bridgeMeaning(frame),
            summary: bridgeSummary(bars),
        };
    }

    get panels() {
        return seriesPanels(this.frame);
    }

    get seriesMeaning() {
        return seriesMeaning(this.frame);
    }

    get table() {
        return periodTable(this.frame);
    }

    get tableTitle() {
        return GRAINS.find(({id}) => id === this.state.meta.grain).plural.toString();
    }

    get tableMeaning() {
        return _t(
            "The table behind the charts, in %s. Click a period to explain its change, a number to see its purchases.",
            this.state.meta.currency
        );
    }

    get levers() {
        const {frame} = this;
        return frame.now.levers.length
            ? {table: leverTable(frame), meaning: leversMeaning(frame)}
            : null;
    }

    /** The slice that purchases are compared by. */
    get slice() {
        const {now, values} = this.content;
        return now.groups && SLICES.find(({id}) => id === values.group);
    }

    get sliceTitle() {
        return _t("%(slices)s, %(period)s", {
            slices: this.slice.by,
            period: this.headline,
        });
    }

    get sliceMeaning() {
        return _t(
            "A customer who bought from two of them counts in both. Click a name to look at it alone, a number to see its purchases."
        );
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

    get selection() {
        return {values: this.content.values, companyIds: this.screen.companyIds};
    }

    /** Open what is behind a figure of a period. */
    async open(figure, label, period, {slice, effect, isEffect} = {}) {
        const {meta} = this.state;
        const params = {figure, label: label.toString(), period, slice, effect};
        if (figure === "new_customers" || figure === "lost_customers") {
            return this.openCustomers(figure.split("_")[0], params);
        }
        const isChange = effect && (isEffect || figure === "delta");
        const make = isChange ? changeAction : figureAction;
        return this.action.doAction(make(this.selection, meta, params));
    }

    async openCustomers(figure, params) {
        const {grain} = this.state.meta;
        const {date_from, date_to} = params.period;
        const found = await this.orm.call("crm.metrics", "nvl_customers", [
            {...nvlOptions(this.content.values), grain, date_from, date_to},
            figure,
        ]);
        return this.action.doAction(customersAction(this.selection, params, found));
    }

    openBridge(id, label) {
        const {effect, period, meta} = this.frame;
        const params = {figure: id, label, period, effect};
        if (id === "before") {
            return this.action.doAction(beforeAction(this.selection, effect));
        }
        const make = id === "after" ? figureAction : changeAction;
        return this.action.doAction(make(this.selection, meta, params));
    }

    async openLever(lever, isNow) {
        const {meta} = this.state;
        return this.action.doAction(
            await leverAction(this.orm, this.selection, meta, lever, isNow)
        );
    }
}

registry.category("actions").add("crm_metrics.customer_revenue", CustomerRevenueAction);
