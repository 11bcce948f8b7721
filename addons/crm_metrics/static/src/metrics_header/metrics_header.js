import {Component, onWillUnmount, useState} from "@odoo/owl";
import {browser} from "@web/core/browser/browser";
import {formatDateTime} from "@web/core/l10n/dates";
import {_t} from "@web/core/l10n/translation";
import {useService} from "@web/core/utils/hooks";
import {ChoiceMenu} from "../choice_menu/choice_menu";
import {ChoiceSwitch} from "../choice_menu/choice_switch";
import {GRAINS} from "../core/period";
import {PeriodPicker} from "../period_picker/period_picker";
import {RecordFilter} from "../record_filter/record_filter";

const {DateTime} = luxon;

/** A result is about now when it was asked for this long ago, in seconds. */
const NOW = 24 * 3600;

/**
 * The controls of an analysis, to be put into the control panel: only those that the
 * screen has a filter for. Works on what `useFilters` returns; the names of the filters
 * are `view`, `period`, `grain`, `teams` and `users`.
 */
export class MetricsHeader extends Component {
    static template = "crm_metrics.MetricsHeader";
    static components = {ChoiceMenu, ChoiceSwitch, PeriodPicker, RecordFilter};
    static props = {
        filters: Object,
        /** [{id, label, help}] of the filter `view` */
        views: {type: Array, optional: true},
        exportUrl: {type: String, optional: true},
        /** `meta` of the result on the screen */
        meta: {type: [Object, {value: null}], optional: true},
        slots: {type: Object, optional: true},
    };

    setup() {
        this.action = useService("action");
        this.grains = GRAINS;
        this.userDomain = [["share", "=", false]];
        this.texts = {
            view: _t("View"),
            grain: _t("Periods"),
            team: _t("Sales Team"),
            teams: _t("All Teams"),
            user: _t("Salesperson"),
            users: _t("All Salespersons"),
        };
        this.clock = useState({now: DateTime.now()});
        const interval = browser.setInterval(() => {
            this.clock.now = DateTime.now();
        }, 30000);
        onWillUnmount(() => browser.clearInterval(interval));
    }

    get values() {
        return this.props.filters.values;
    }

    names(resModel) {
        return this.props.filters.names[resModel] || {};
    }

    narrow(filter, resModel, ids, records) {
        this.props.filters.remember(resModel, records);
        this.props.filters.change({[filter]: ids});
    }

    /** How fresh the figures are; everything that changed and is not in them waits. */
    get freshness() {
        const {as_of, queued} = this.props.meta;
        const moment = DateTime.fromISO(as_of);
        if (this.clock.now.diff(moment, "seconds").seconds > NOW) {
            return _t(
                "as of %s",
                formatDateTime(moment.setZone("local"), {showSeconds: false})
            );
        }
        const ago = this.clock.now.diff(moment, "seconds").seconds;
        const when =
            ago < 60 ? _t("just now") : moment.toRelative({base: this.clock.now});
        return queued ? _t("as of %s", when) : _t("fresh as of %s", when);
    }

    get waiting() {
        const {queued} = this.props.meta;
        if (!queued) {
            return "";
        }
        return queued === 1 ? _t("1 record waiting") : _t("%s records waiting", queued);
    }

    get leftOut() {
        const count = Object.values(this.props.meta.issues || {}).reduce(
            (a, b) => a + b,
            0
        );
        if (!count) {
            return "";
        }
        return count === 1 ? _t("1 record left out") : _t("%s records left out", count);
    }

    openIssues() {
        this.action.doAction("crm_metrics.crm_metrics_issue_action");
    }
}
