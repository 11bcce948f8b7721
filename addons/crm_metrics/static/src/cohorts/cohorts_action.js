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
import {ChoiceSwitch} from "../choice_menu/choice_switch";
import {userMessage} from "../core/errors";
import {useFilters} from "../core/filters";
import {Formatter} from "../core/format";
import {periodLabel, rangeLabel} from "../core/period";
import {HeatMap} from "../heat_map/heat_map";
import {MetricsHeader} from "../metrics_header/metrics_header";
import {
    cohortOptions,
    COHORT_FILTERS,
    MORE_FILTERS,
} from "../recurring/recurring_filters";
import {lastDay} from "../recurring/recurring_records";
import {EmptyState, ErrorState, LoadingState} from "../screen_state/screen_state";
import {averages, FIGURES, heatScale, rateOf} from "./cohort_figures";
import {cohortAction, cohortCustomers, dayOfAge} from "./cohort_records";

/** What became of the customers of each month. */
export class CohortsAction extends Component {
    static template = "crm_metrics.CohortsAction";
    static components = {
        ChartCard,
        ChoiceSwitch,
        EmptyState,
        ErrorState,
        HeatMap,
        Layout,
        LoadingState,
        MetricsHeader,
    };
    static props = {...standardActionServiceProps};
    static displayName = _t("Cohorts");

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.keepLast = new KeepLast();
        this.figures = FIGURES;
        this.moreFilters = MORE_FILTERS;
        this.figureLabel = _t("What is left");
        this.display = {controlPanel: {}};
        const onChange = (changes) => {
            // another look at the same figures
            if (Object.keys(changes).join() !== "figure") {
                this.load();
            }
        };
        this.filters = useFilters(COHORT_FILTERS, this.props, onChange);
        this.state = useState({
            isLoading: true,
            error: null,
            cohorts: null,
            values: null, // of the filters that the cohorts were asked with
            emptiness: null, // "all" or "selection"
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

    get options() {
        return cohortOptions(this.filters.values);
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
        const values = {...this.filters.values};
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
        return {meta, cohorts, values, emptiness};
    }

    // -------------------------------------------------------------------------
    // what is on the screen
    // -------------------------------------------------------------------------

    get companyIds() {
        return user.activeCompanies.map(({id}) => id);
    }

    get exportUrl() {
        const options = {...this.options, company_ids: this.companyIds};
        const query = new URLSearchParams({
            options: JSON.stringify(options),
            figure: this.filters.values.figure,
        });
        return `/crm_metrics/recurring_cohorts.xlsx?${query}`;
    }

    get format() {
        return new Formatter(this.state.meta.currency);
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
        const {cohorts} = this.state;
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
        const {companyIds} = this;
        const customers = await cohortCustomers(this.orm, cohort, companyIds);
        return this.action.doAction(
            cohortAction({
                label: periodLabel({date_from: cohort}, "month"),
                day: dayOfAge(cohort, age, this.lastDay),
                customers,
                values: this.state.values,
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
