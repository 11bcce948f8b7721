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
import {
    choiceFilter,
    grainFilter,
    idsFilter,
    periodFilter,
    useFilters,
} from "../core/filters";
import {Formatter} from "../core/format";
import {
    coarsened,
    GRAINS,
    periodLabel,
    previousRange,
    rangeLabel,
    rangeOf,
} from "../core/period";
import {isForUser, userMessage} from "../core/errors";
import {DataTable} from "../data_table/data_table";
import {MetricCard} from "../metric_card/metric_card";
import {MetricsHeader} from "../metrics_header/metrics_header";
import {EmptyState, ErrorState, LoadingState} from "../screen_state/screen_state";
import {toBars} from "../waterfall_chart/waterfall";
import {WaterfallChart} from "../waterfall_chart/waterfall_chart";
import {recurringCards} from "./recurring_cards";
import {isNothing, shownKinds, wholeRange, waterfallSteps} from "./recurring_figures";
import {lastDay, movementsAction} from "./recurring_records";

const FILTERS = {
    view: choiceFilter("view", ["activity", "net"]),
    measure: choiceFilter("measure", ["arr", "mrr"]),
    period: periodFilter(),
    grain: grainFilter(),
    teams: idsFilter("teams", "crm.team"),
    users: idsFilter("users", "res.users"),
};

const VIEWS = [
    {
        id: "activity",
        label: _t("Activity"),
        help: _t("Everything that happened, day by day"),
    },
    {
        id: "net",
        label: _t("Net"),
        help: _t("Each customer at the end of a period against its start"),
    },
];

const MEASURES = [
    {id: "arr", label: _t("ARR"), help: _t("Amounts a year: 12 times the MRR")},
    {id: "mrr", label: _t("MRR"), help: _t("Amounts a month")},
];

export class RecurringAction extends Component {
    static template = "crm_metrics.RecurringAction";
    static components = {
        ChartCard,
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
        this.measureLabel = _t("Amounts");
        this.display = {controlPanel: {}};
        this.filters = useFilters(FILTERS, this.props, (changes) => {
            // the same figures, written in another unit
            if (Object.keys(changes).join() !== "measure") {
                this.load();
            }
        });
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
        const {view, period, grain, teams, users} = this.filters.values;
        const range = rangeOf(period);
        const options = {
            date_from: range.from,
            date_to: range.to,
            grain: coarsened(range, grain),
            view,
        };
        if (teams.length) {
            options.team_ids = [...teams];
        }
        if (users.length) {
            options.user_ids = [...users];
        }
        return options;
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
        const [now, previous] = await Promise.all([
            this.orm.call("crm.metrics", "recurring", [options]),
            this.fetchBefore(options),
        ]);
        const emptiness = isNothing(now.periods) ? await this.emptinessOf(now) : null;
        return {
            meta: now.meta,
            emptiness,
            screen: emptiness ? null : {now, before: previous, values},
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
            ...this.options,
            company_ids: user.activeCompanies.map(({id}) => id),
        };
        const query = new URLSearchParams({
            options: JSON.stringify(options),
            measure: this.filters.values.measure,
        });
        return `/crm_metrics/recurring.xlsx?${query}`;
    }

    get format() {
        return new Formatter(this.state.meta.currency);
    }

    get factor() {
        return this.filters.values.measure === "arr" ? 12 : 1;
    }

    get measure() {
        return MEASURES.find(
            ({id}) => id === this.filters.values.measure
        ).label.toString();
    }

    get cards() {
        const {now, before} = this.state.screen;
        return recurringCards({now, before, format: this.format}, (what) => {
            const names = {
                closing: _t("Closing"),
                range: _t("Net new"),
                customers: _t("Customers"),
            };
            const figure = what === "range" ? "all" : what;
            return () => this.openMovements(figure, names[what], this.wholePeriod);
        });
    }

    get wholePeriod() {
        const {date_from, date_to} = this.state.meta;
        return {date_from, date_to};
    }

    get chartTitle() {
        return _t("How %s moved", this.measure);
    }

    get chartMeaning() {
        const sentences = [_t("Opening + movements = closing, to the cent.")];
        if (this.state.screen.values.view === "net") {
            sentences.push(
                _t(
                    "Each customer counts once a period, by the difference between its end and its start."
                )
            );
        }
        sentences.push(
            _t("A bar opens its movements; a movement opens its subscription.")
        );
        if (this.factor === 12) {
            sentences.push(
                _t("Movements are amounts a month: a twelfth of what is here.")
            );
        }
        return sentences.join(" ");
    }

    get bars() {
        const {format} = this;
        const {periods} = this.state.screen.now;
        return toBars(waterfallSteps(periods, this.factor)).map((bar) => {
            const signed = !bar.isTotal;
            return {
                ...bar,
                text: format.short(bar.amount, {signed}),
                title: this.barTitle(bar, signed),
                onOpen: () => this.openMovements(bar.id, bar.label, this.wholePeriod),
            };
        });
    }

    barTitle({label, amount}, signed) {
        const figure = this.format.exact(amount, {signed});
        if (this.factor === 1) {
            return _t("%(label)s: %(figure)s a month", {label, figure});
        }
        const monthly = this.format.exact(amount / this.factor, {signed});
        return _t("%(label)s: %(figure)s a year, that is %(monthly)s a month", {
            label,
            figure,
            monthly,
        });
    }

    /** The waterfall in words. */
    get summary() {
        const [opening, ...changes] = this.bars;
        const closing = changes.pop();
        const {format} = this;
        return _t(
            "%(measure)s went from %(opening)s to %(closing)s in %(range)s. %(changes)s.",
            {
                measure: this.measure,
                opening: format.exact(opening.amount),
                closing: format.exact(closing.amount),
                range: rangeLabel({
                    from: this.state.meta.date_from,
                    to: this.state.meta.date_to,
                }),
                changes: changes.map(({title}) => title).join("; "),
            }
        );
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

    get columns() {
        return [
            {id: "period", label: _t("Period")},
            {id: "opening", label: _t("Opening")},
            ...shownKinds(this.state.screen.now.periods),
            {id: "closing", label: _t("Closing")},
            {
                id: "customers",
                label: _t("Customers"),
                help: _t("With recurring revenue at the end of the period"),
            },
        ];
    }

    get table() {
        const {periods, meta} = this.state.screen.now;
        const kinds = shownKinds(periods);
        const columns = [
            {id: "opening", label: _t("Opening")},
            ...kinds.map((kind) => ({...kind, signed: true})),
            {id: "closing", label: _t("Closing")},
        ];
        const amounts = periods.flatMap((period) =>
            columns.map(({id}) => this.factor * period[id])
        );
        const digits = this.format.digitsFor(amounts);
        const total = {...wholeRange(periods), ...this.wholePeriod};
        return {
            rows: periods.map((period) =>
                this.tableRow(period, columns, {
                    id: period.date_from,
                    label: periodLabel(period, meta.grain),
                    note: this.partNote(period),
                    digits,
                })
            ),
            total:
                periods.length > 1
                    ? this.tableRow(total, columns, {
                          id: "total",
                          label: _t("Whole range"),
                          digits,
                      })
                    : undefined,
        };
    }

    tableRow(period, columns, {id, label, note, digits}) {
        const {format} = this;
        const cells = {};
        for (const column of columns) {
            const amount = this.factor * period[column.id];
            const {signed} = column;
            cells[column.id] = {
                text: format.amount(amount, {signed, digits}),
                label: _t("%(figure)s, %(period)s: %(amount)s", {
                    figure: column.label,
                    period: label,
                    amount: format.exact(amount, {signed}),
                }),
                isNothing: !amount,
                onOpen: () => this.openMovements(column.id, column.label, period),
            };
        }
        const {opening, closing} = period.customers;
        cells.customers = {
            text: format.count(closing),
            label: _t("Customers, %(period)s: %(count)s", {
                period: label,
                count: format.count(closing),
            }),
            title:
                closing === opening
                    ? undefined
                    : _t(
                          "%s in the period",
                          format.count(closing - opening, {signed: true})
                      ),
            isNothing: !closing,
            onOpen: () => this.openMovements("customers", _t("Customers"), period),
        };
        return {id, label, note, cells};
    }

    /** Says which part of a period is meant, when it is not all of it. */
    partNote(period) {
        if (!period.partial) {
            return undefined;
        }
        const last = lastDay(this.state.meta);
        if (period.date_from > last) {
            return _t("(lies ahead)");
        }
        const to = period.date_to < last ? period.date_to : last;
        return `(${rangeLabel({from: period.date_from, to})})`;
    }

    // -------------------------------------------------------------------------
    // ways out
    // -------------------------------------------------------------------------

    openMovements(figure, label, period) {
        return this.action.doAction(
            movementsAction({
                figure,
                label,
                period,
                meta: this.state.meta,
                values: this.state.screen.values,
                companyIds: user.activeCompanies.map(({id}) => id),
            })
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
