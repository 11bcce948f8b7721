import {Component, onWillStart} from "@odoo/owl";
import {formatDate} from "@web/core/l10n/dates";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {user} from "@web/core/user";
import {useService} from "@web/core/utils/hooks";
import {standardActionServiceProps} from "@web/webclient/actions/action_service";
import {ChartCard} from "../chart_card/chart_card";
import {ChoiceMenu} from "../choice_menu/choice_menu";
import {ChoiceSwitch} from "../choice_menu/choice_switch";
import {useMetricsScreen} from "../core/screen";
import {NoPurchases, purchaseEmptiness} from "../customer_revenue/no_purchases";
import {DataTable} from "../data_table/data_table";
import {HeatMap} from "../heat_map/heat_map";
import {MetricsScreen} from "../metrics_screen/metrics_screen";
import {EmptyState} from "../screen_state/screen_state";
import {complaintCard} from "./segment_complaint";
import {segmentsById} from "./segment_figures";
import {
    MEASURES,
    MORE_FILTERS,
    segmentOptions,
    SEGMENT_FILTERS,
} from "./segment_filters";
import {gridRows, SegmentGrid} from "./segment_grid";
import {moveDomain, scoresAction} from "./segment_records";
import {migrationMap, profileTables, segmentTable} from "./segment_tables";

const {DateTime} = luxon;

/** Customers by how recently, how often and for how much they bought. */
export class SegmentsAction extends Component {
    static template = "crm_metrics.SegmentsAction";
    static components = {
        ChartCard,
        ChoiceMenu,
        ChoiceSwitch,
        DataTable,
        EmptyState,
        HeatMap,
        MetricsScreen,
        NoPurchases,
        SegmentGrid,
    };
    static props = {...standardActionServiceProps};
    static displayName = _t("Customer Segments");

    setup() {
        this.notification = useService("notification");
        this.measures = MEASURES;
        this.moreFilters = MORE_FILTERS;
        this.texts = {
            measure: _t("Measure"),
            run: _t("Scoring run"),
            profile: _t("Segment"),
        };
        this.screen = useMetricsScreen({
            props: this.props,
            filters: SEGMENT_FILTERS,
            looks: ["measure"],
            fetch: (values) => this.fetch(values),
        });
        const {orm, action, filters, state} = this.screen;
        Object.assign(this, {orm, action, filters, state});
        onWillStart(async () => {
            this.canScore = await user.hasGroup("sales_team.group_sale_manager");
        });
    }

    // -------------------------------------------------------------------------
    // figures
    // -------------------------------------------------------------------------

    async fetch(values) {
        const result = await this.orm.call("crm.metrics", "segments", [
            segmentOptions(values),
        ]);
        const hasCustomers = result.segments.some(({customers}) => customers);
        return {
            meta: result.meta,
            emptiness: hasCustomers ? null : await this.emptinessOf(result),
            content: {result, values},
        };
    }

    /** Why there is nothing to show, so that the screen can say what to do next. */
    async emptinessOf({meta, runs}) {
        if (runs.length) {
            return "selection";
        }
        const why = await purchaseEmptiness(this.orm, meta);
        return why === "selection" ? "unscored" : why;
    }

    async scoreNow() {
        await this.orm.call("crm.customer.score.run", "action_score_now", []);
        this.notification.add(_t("The customers were scored as of today."), {
            type: "success",
        });
        this.filters.change({run: null});
    }

    // -------------------------------------------------------------------------
    // what is on the screen
    // -------------------------------------------------------------------------

    get exportUrl() {
        return this.screen.exportUrl("segments", segmentOptions(this.filters.values));
    }

    get content() {
        return this.state.content;
    }

    get result() {
        return this.content.result;
    }

    get frame() {
        const {result, values} = this.content;
        return {
            result,
            measure: this.filters.values.measure,
            format: this.screen.format,
            chosen: values.segments,
            choose: (id) => this.choose(String(id)),
            openScores: this.openScores.bind(this),
            openMoves: this.openMoves.bind(this),
        };
    }

    get day() {
        return formatDate(DateTime.fromISO(this.state.meta.date));
    }

    /** Days with runs, the last first; the one on the screen is among them. */
    get runs() {
        const days = this.result.runs.map(({date}) => date);
        const {date} = this.state.meta;
        const all = days.includes(date) ? days : [date, ...days];
        return all.map((day) => ({
            id: day,
            label: formatDate(DateTime.fromISO(day)),
        }));
    }

    get gridTitle() {
        return _t("Customers as of %s", this.day);
    }

    get gridMeaning() {
        return _t(
            "Scores from 1 to 5 over the last %s months: how long ago the last purchase was, and the mean of how often and how much. Equal customers have equal scores. A cell opens its customers.",
            this.state.meta.window_months
        );
    }

    get rows() {
        return gridRows(this.frame);
    }

    get segmentTable() {
        return segmentTable(this.frame);
    }

    get segmentsMeaning() {
        return _t(
            "Click a name to see what its customers are like, a number for a list."
        );
    }

    /** Those who complain and stay; null: nobody has answered a survey. */
    get complaint() {
        return complaintCard(this.frame);
    }

    get migrations() {
        return migrationMap(this.frame);
    }

    get migrationsMeaning() {
        return _t(
            "Customers by their segment in the run before (rows) and in this one (columns). Green went up the list of segments, red went down; those who stayed have no colour. A cell opens its customers."
        );
    }

    get profiles() {
        return profileTables(this.frame);
    }

    get profileChoices() {
        return [
            {id: "0", label: _t("All Customers")},
            ...this.result.segments
                .filter(({segment_id}) => segment_id)
                .map(({segment_id, name}) => ({id: String(segment_id), label: name})),
        ];
    }

    get profile() {
        const {segments} = this.content.values;
        return String(segments.length === 1 ? segments[0] : 0);
    }

    get profileTitle() {
        const {segments} = this.content.values;
        const known = segmentsById(this.result);
        const names = segments.map((id) => known.get(id)?.name).filter(Boolean);
        return names.length
            ? _t("What they are like: %s", names.join(", "))
            : _t("What customers are like");
    }

    get profileMeaning() {
        return _t(
            "As known on the day of the run: size by the number of contacts, source of the first opportunity that has one. Industry and country are today's."
        );
    }

    choose(id) {
        const segments = Number(id) ? [Number(id)] : [];
        const names = this.result.segments.map(({segment_id, name}) => ({
            id: segment_id,
            display_name: name,
        }));
        this.filters.remember("crm.customer.segment", names);
        this.filters.change({segments});
    }

    // -------------------------------------------------------------------------
    // ways out
    // -------------------------------------------------------------------------

    openScores(name, domain, isBefore) {
        return this.action.doAction(scoresAction(name, domain, this.content, isBefore));
    }

    openMoves(name, before, after) {
        const {domain, isBefore} = moveDomain(before, after, this.result);
        return this.openScores(name, domain, isBefore);
    }
}

registry.category("actions").add("crm_metrics.segments", SegmentsAction);
