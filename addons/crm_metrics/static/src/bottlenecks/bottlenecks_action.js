import {Component} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {useService} from "@web/core/utils/hooks";
import {standardActionServiceProps} from "@web/webclient/actions/action_service";
import {ChartCard} from "../chart_card/chart_card";
import {ChoiceMenu} from "../choice_menu/choice_menu";
import {ChoiceSwitch} from "../choice_menu/choice_switch";
import {unlessRefused} from "../core/errors";
import {previousRange} from "../core/period";
import {useMetricsScreen} from "../core/screen";
import {NO_GROUP} from "../core/slices";
import {DataTable} from "../data_table/data_table";
import {FunnelChart} from "../funnel_chart/funnel_chart";
import {HeatMap} from "../heat_map/heat_map";
import {MetricCard} from "../metric_card/metric_card";
import {MetricsScreen} from "../metrics_screen/metrics_screen";
import {EmptyState} from "../screen_state/screen_state";
import {WaterfallChart} from "../waterfall_chart/waterfall_chart";
import {WhatIf} from "../what_if/what_if";
import {bottleneckCards} from "./bottleneck_cards";
import {COLUMN_IDS} from "./bottleneck_columns";
import {funnelSteps, isNothing, shareOf} from "./bottleneck_figures";
import {
    bottleneckFilters,
    bottleneckOptions,
    COLUMN_SETS,
    groupedOptions,
    GROUPS,
    LOOKS,
    MAX_POINTS,
    MEASURES,
    MORE_FILTERS,
    SLICES,
    VIEWS,
} from "./bottleneck_filters";
import {funnelChart, funnelMeaning, funnelTitle} from "./bottleneck_funnel";
import {groupTable} from "./bottleneck_groups";
import {reasonMap} from "./bottleneck_reasons";
import {
    dealsAction,
    dealsOfReasons,
    opportunityDomain,
    STAY,
    stayDomain,
    staysAction,
} from "./bottleneck_records";
import {nextSort, stageTable} from "./bottleneck_table";
import {pipelineBars, pipelineSummary} from "./bottleneck_waterfall";

/** Where deals get stuck and where they are lost. */
export class BottlenecksAction extends Component {
    static template = "crm_metrics.BottlenecksAction";
    static components = {
        ChartCard,
        ChoiceMenu,
        ChoiceSwitch,
        DataTable,
        EmptyState,
        FunnelChart,
        HeatMap,
        MetricCard,
        MetricsScreen,
        WaterfallChart,
        WhatIf,
    };
    static props = {...standardActionServiceProps};
    static displayName = _t("Bottlenecks");

    setup() {
        this.notification = useService("notification");
        this.views = VIEWS;
        this.measures = MEASURES;
        this.groups = GROUPS;
        this.columnSets = COLUMN_SETS;
        this.moreFilters = MORE_FILTERS;
        this.maxPoints = MAX_POINTS;
        this.texts = {
            measure: _t("Measure"),
            group: _t("Group By"),
            columns: _t("Columns"),
        };
        this.asked = 0;
        this.screen = useMetricsScreen({
            props: this.props,
            filters: bottleneckFilters(COLUMN_IDS),
            looks: LOOKS,
            fetch: (values) => this.fetch(values),
        });
        const {orm, action, filters, state} = this.screen;
        Object.assign(this, {orm, action, filters, state});
    }

    // -------------------------------------------------------------------------
    // figures
    // -------------------------------------------------------------------------

    ask(options) {
        return this.orm.call("crm.metrics", "bottlenecks", [options]);
    }

    async fetch(values) {
        const now = await this.ask(groupedOptions(values));
        const id = ++this.asked;
        const emptiness = isNothing(now) ? await this.emptinessOf(now) : null;
        if (!emptiness) {
            this.fetchBefore(id, bottleneckOptions(values));
        }
        return {meta: now.meta, emptiness, content: {id, now, before: null, values}};
    }

    /** The equal range before, to compare with: nobody has to wait for it. */
    async fetchBefore(id, options) {
        const {from, to} = previousRange({
            from: options.date_from,
            to: options.date_to,
        });
        const before = await unlessRefused(
            this.ask({...options, date_from: from, date_to: to})
        );
        if (this.state.content?.id === id) {
            this.state.content.before = before;
        }
    }

    /** Why there is nothing to show, so that the screen can say what to do next. */
    async emptinessOf({meta}) {
        if (await this.orm.searchCount(STAY, [], {limit: 1})) {
            return "selection";
        }
        const domain = opportunityDomain(this.screen.companyIds);
        if (await this.orm.searchCount("crm.lead", domain, {limit: 1})) {
            return meta.queued ? "waiting" : "unstaged";
        }
        return "all";
    }

    // -------------------------------------------------------------------------
    // what is on the screen
    // -------------------------------------------------------------------------

    get exportUrl() {
        const {measure, points} = this.filters.values;
        const options = groupedOptions(this.filters.values);
        if (Object.keys(points).length) {
            options.what_if = this.knownPoints;
        }
        return this.screen.exportUrl("bottlenecks", options, {measure});
    }

    get content() {
        return this.state.content;
    }

    get frame() {
        const {now, before} = this.content;
        const {measure} = this.filters.values;
        return {
            now,
            before,
            measure,
            steps: funnelSteps(now.funnel, measure),
            format: this.screen.format,
            openDeals: this.openDeals.bind(this),
            openStays: this.openStays.bind(this),
        };
    }

    get cards() {
        return bottleneckCards(this.frame);
    }

    get funnelTitle() {
        return funnelTitle(this.frame).toString();
    }

    get funnelMeaning() {
        return funnelMeaning(this.frame);
    }

    get funnel() {
        return funnelChart(this.frame);
    }

    /** The slice that deals are compared by. */
    get slice() {
        const {now, values} = this.content;
        return now.groups && SLICES.find(({id}) => id === values.group);
    }

    get groupTable() {
        const {filter, resModel} = this.slice;
        return groupTable(this.frame, this.slice, (id) => {
            const {name} = this.content.now.groups.find((group) => group.id === id);
            this.filters.remember(resModel, [{id, display_name: name}]);
            this.filters.change({[filter]: [id], group: NO_GROUP});
        });
    }

    get groupMeaning() {
        return _t(
            "A deal belongs to the slice that had it last. Click a name to look at it alone, a number to see its deals."
        );
    }

    get stagesMeaning() {
        return _t(
            "Time in stage counts open deals too (Kaplan-Meier, in brackets the interval that is right 95 times of 100); the median of those that ended looks shorter than it is. Click a head to rank the stages by it, a number to see what is behind it."
        );
    }

    get stageTable() {
        const {columns, sort} = this.filters.values;
        return {
            ...stageTable(this.frame, columns, sort),
            onSort: (column) => this.filters.change({sort: nextSort(sort, column)}),
        };
    }

    get reasons() {
        return reasonMap(this.frame);
    }

    get reasonsMeaning() {
        const meaning =
            this.filters.values.measure === "value"
                ? _t(
                      "Expected revenue of what was lost, by reason and stage. A cell opens it."
                  )
                : _t(
                      "How often deals were lost, by reason and stage. A cell opens them."
                  );
        const others = _t(
            "As in the table of stages each loss counts, also of a deal that came back; the funnel and the open value count a deal once, as it stands at the end."
        );
        return `${meaning} ${others}`;
    }

    get bars() {
        return pipelineBars(this.frame);
    }

    get summary() {
        return pipelineSummary(this.bars, this.frame);
    }

    get waterfallMeaning() {
        const sentences = [
            _t(
                "Expected revenue of open deals at the start + what came - what went = at the end, to the cent. Won and lost leave at their closing amount. A bar opens its deals."
            ),
        ];
        if (this.content.values.view === "cohort") {
            sentences.push(_t("All deals are in it, also those that came before."));
        }
        return sentences.join(" ");
    }

    // -------------------------------------------------------------------------
    // what if
    // -------------------------------------------------------------------------

    /** Stages that deals leave in a known direction: only there points can move. */
    get chain() {
        return this.content.now.stages
            .map(({stage_id, name, exits}) => {
                const left = exits.forward + exits.won + exits.lost + exits.backward;
                return {id: stage_id, name, lostShare: shareOf(exits.lost, left)};
            })
            .filter(({lostShare}) => lostShare !== null);
    }

    get hasWhatIf() {
        const {what_if} = this.content.now;
        return what_if.win_probability !== null && this.chain.length > 0;
    }

    get whatIfMeaning() {
        return _t(
            "So many of a hundred deals that leave a stage go on instead of being lost. The figures are of all deals that entered, once the open ones have run their course as deals do now."
        );
    }

    /** Points of stages that are on the screen; a link may name others. */
    get knownPoints() {
        const {points} = this.filters.values;
        const known = this.content
            ? this.chain.map(({id}) => String(id))
            : Object.keys(points);
        return Object.fromEntries(
            Object.entries(points).filter(([id]) => known.includes(id))
        );
    }

    async askWhatIf(points) {
        const options = bottleneckOptions(this.content.values);
        const {what_if} = await this.ask({...options, what_if: points});
        return what_if;
    }

    // -------------------------------------------------------------------------
    // ways out
    // -------------------------------------------------------------------------

    /** The stays behind a figure. */
    async openStays(name, figure, stage, reason) {
        const {values} = this.content;
        const {meta} = this.state;
        const deals = await dealsOfReasons(this.orm, values.reasons, meta);
        const domain = stayDomain({
            figure,
            stage,
            reason,
            meta,
            values,
            deals,
            companyIds: this.screen.companyIds,
        });
        return this.action.doAction(staysAction(name, domain));
    }

    /**
     * The deals behind a figure.
     *
     * @param {string} name
     * @param {string|string[]} figures of `bottleneck_deals`
     * @param {number[]} [stages]
     * @param {number|null|false} [group] id of a slice, null: not set, false: all
     */
    async openDeals(name, figures, stages = [null], group = false) {
        const options = groupedOptions(this.content.values);
        const answers = await Promise.all(
            [figures]
                .flat()
                .flatMap((figure) =>
                    stages.map((stage) =>
                        this.orm.call("crm.metrics", "bottleneck_deals", [
                            options,
                            figure,
                            stage,
                            group,
                        ])
                    )
                )
        );
        const ids = [...new Set(answers.flatMap(({lead_ids}) => lead_ids))];
        const gone = answers.reduce((sum, answer) => sum + answer.gone, 0);
        if (gone) {
            this.notification.add(
                gone === 1
                    ? _t(
                          "1 of these deals was deleted: it counts, but cannot be opened."
                      )
                    : _t(
                          "%s of these deals were deleted: they count, but cannot be opened.",
                          gone
                      ),
                {type: "warning"}
            );
        }
        if (ids.length) {
            await this.action.doAction(dealsAction(name.toString(), ids));
        }
    }

    openPipeline() {
        return this.action.doAction("crm.crm_lead_action_pipeline");
    }
}

registry.category("actions").add("crm_metrics.bottlenecks", BottlenecksAction);
