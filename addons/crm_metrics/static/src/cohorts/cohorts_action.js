import {Component} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {standardActionServiceProps} from "@web/webclient/actions/action_service";
import {ChartCard} from "../chart_card/chart_card";
import {ChoiceSwitch} from "../choice_menu/choice_switch";
import {lastDay, periodLabel, rangeLabel} from "../core/period";
import {useMetricsScreen} from "../core/screen";
import {HeatMap} from "../heat_map/heat_map";
import {MetricsScreen} from "../metrics_screen/metrics_screen";
import {
    cohortOptions,
    COHORT_FILTERS,
    MORE_FILTERS,
} from "../recurring/recurring_filters";
import {EmptyState} from "../screen_state/screen_state";
import {averages, FIGURES, heatScale, rateOf} from "./cohort_figures";
import {cohortAction, cohortCustomers, dayOfAge} from "./cohort_records";

/** What became of the customers of each month. */
export class CohortsAction extends Component {
    static template = "crm_metrics.CohortsAction";
    static components = {
        ChartCard,
        ChoiceSwitch,
        EmptyState,
        HeatMap,
        MetricsScreen,
    };
    static props = {...standardActionServiceProps};
    static displayName = _t("Cohorts");

    setup() {
        this.figures = FIGURES;
        this.moreFilters = MORE_FILTERS;
        this.figureLabel = _t("What is left");
        this.screen = useMetricsScreen({
            props: this.props,
            filters: COHORT_FILTERS,
            looks: ["figure"],
            fetch: (values) => this.fetch(values),
        });
        const {orm, action, filters, state} = this.screen;
        Object.assign(this, {orm, action, filters, state});
    }

    get options() {
        return cohortOptions(this.filters.values);
    }

    async fetch(values) {
        const {meta, cohorts} = await this.orm.call(
            "crm.metrics",
            "recurring_cohorts",
            [this.options]
        );
        let emptiness = null;
        if (!cohorts.length) {
            const count = await this.orm.searchCount("crm.mrr.movement", [], {
                limit: 1,
            });
            emptiness = count ? "selection" : "all";
        }
        return {meta, emptiness, content: {cohorts, values}};
    }

    // -------------------------------------------------------------------------
    // what is on the screen
    // -------------------------------------------------------------------------

    get exportUrl() {
        const {figure} = this.filters.values;
        return this.screen.exportUrl("recurring_cohorts", this.options, {figure});
    }

    get format() {
        return this.screen.format;
    }

    get figure() {
        return FIGURES.find(({id}) => id === this.filters.values.figure);
    }

    get lastDay() {
        return lastDay(this.state.meta);
    }

    get title() {
        return _t("What is left of each month's new customers");
    }

    get meaning() {
        const sentences = [this.figure.meaning.toString()];
        if (luxon.DateTime.fromISO(this.lastDay).plus({days: 1}).day !== 1) {
            sentences.push(
                _t(
                    "The last month of each row is not over: it shows %s.",
                    rangeLabel({from: this.lastDay, to: this.lastDay})
                )
            );
        }
        sentences.push(_t("A cell opens the customers behind it."));
        return sentences.join(" ");
    }

    /** Props of HeatMap. */
    get heatMap() {
        const {figure, format} = this;
        const {cohorts} = this.state.content;
        const means = averages(figure, cohorts);
        const scale = heatScale([
            ...means.map(({rate}) => rate),
            ...cohorts.flatMap((cohort) =>
                cohort.ages.map((age) => rateOf(figure, cohort, age))
            ),
        ]);
        const digits = format.digitsFor(cohorts.map(({mrr}) => mrr));
        const sum = (key) => cohorts.reduce((total, cohort) => total + cohort[key], 0);
        return {
            caption: this.title,
            title: _t("Months after the first one"),
            heads: [
                {id: "cohort", label: _t("First month")},
                {
                    id: "customers",
                    label: _t("Customers"),
                    help: _t("With recurring revenue for the first time in this month"),
                },
                {
                    id: "mrr",
                    label: _t("MRR"),
                    help: _t(
                        "Of these customers, at the end of that month, in %s",
                        this.state.meta.currency
                    ),
                },
            ],
            columns: means.map((mean, age) => String(age)),
            rows: cohorts.map((cohort) => ({
                id: cohort.cohort,
                label: periodLabel({date_from: cohort.cohort}, "month"),
                heads: {
                    customers: format.count(cohort.customers),
                    mrr: format.amount(cohort.mrr, {digits}),
                },
                cells: cohort.ages.map((age) => this.cell(cohort, age, scale)),
            })),
            total: {
                id: "total",
                label: _t("Weighted average"),
                heads: {
                    customers: format.count(sum("customers")),
                    mrr: format.amount(sum("mrr"), {digits}),
                },
                cells: means.map(({part, whole, rate}) => ({
                    ...scale(rate),
                    text: this.rateText(rate),
                    label: this.ofText(part, whole),
                })),
            },
        };
    }

    cell(cohort, age, scale) {
        const {figure} = this;
        const rate = rateOf(figure, cohort, age);
        const label = _t("%(cohort)s, month %(age)s: %(rate)s, %(parts)s", {
            cohort: periodLabel({date_from: cohort.cohort}, "month"),
            age: age.age,
            rate: this.format.percent(rate),
            parts: this.ofText(figure.part(age), figure.whole(cohort)),
        });
        return {
            ...scale(rate),
            text: this.rateText(rate),
            label,
            onOpen: () => this.openCohort(cohort, age),
        };
    }

    /** Whole percents: the cells are many and small, the rest stands in the tooltip. */
    rateText(rate) {
        return this.format.percent(rate, {digits: 0});
    }

    ofText(part, whole) {
        const {format} = this;
        return this.figure.isMoney
            ? _t("%(part)s of %(whole)s a month", {
                  part: format.exact(part),
                  whole: format.exact(whole),
              })
            : _t("%(part)s of %(whole)s customers", {
                  part: format.count(part),
                  whole: format.count(whole),
              });
    }

    // -------------------------------------------------------------------------
    // ways out
    // -------------------------------------------------------------------------

    async openCohort({cohort}, {age}) {
        const {companyIds} = this.screen;
        const customers = await cohortCustomers(this.orm, cohort, companyIds);
        return this.action.doAction(
            cohortAction({
                label: periodLabel({date_from: cohort}, "month"),
                day: dayOfAge(cohort, age, this.lastDay),
                customers,
                values: this.state.content.values,
                companyIds,
            })
        );
    }

    newSubscription() {
        return this.action.doAction("crm_metrics.crm_subscription_action", {
            viewType: "form",
        });
    }
}

registry.category("actions").add("crm_metrics.cohorts", CohortsAction);
