import {Component} from "@odoo/owl";
import {formatDate} from "@web/core/l10n/dates";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {formatMonetary} from "@web/views/fields/formatters";
import {standardFieldProps} from "@web/views/fields/standard_field_props";
import {rateOn, shownDays, stepChart} from "./rate_timeline";

const {DateTime} = luxon;

const WIDTH = 1000;
const HEIGHT = 100;

/** A step narrower than this part of the picture has no room for its amount. */
const MIN_LABEL = 0.09;

/**
 * A recurring rate over time as steps, from a JSON field with its stretches:
 * `[{date_from, date_to (first day after, or null), rate}]`.
 */
export class RateTimelineField extends Component {
    static template = "crm_metrics.RateTimelineField";
    static props = {
        ...standardFieldProps,
        currencyField: {type: String, optional: true},
    };
    static defaultProps = {currencyField: "currency_id"};

    width = WIDTH;
    height = HEIGHT;

    get stretches() {
        return this.props.record.data[this.props.name] || [];
    }

    get today() {
        return DateTime.local().toISODate();
    }

    get chart() {
        return stepChart(this.stretches, this.today, WIDTH, HEIGHT);
    }

    /** Where today stands, in percents of the width. */
    get todayPosition() {
        return (100 * this.chart.todayX) / WIDTH;
    }

    get days() {
        const {from, to} = shownDays(this.stretches, this.today);
        return {from: this.day(from), to: this.day(to)};
    }

    get todayText() {
        return _t("Today: %s a month", this.money(rateOn(this.stretches, this.today)));
    }

    /** The stretches in words. */
    get lines() {
        return this.stretches.map(({date_from, date_to, rate}) => ({
            id: date_from,
            text: date_to
                ? _t("%(amount)s a month from %(from)s to %(to)s", {
                      amount: this.money(rate),
                      from: this.day(date_from),
                      to: this.day(
                          DateTime.fromISO(date_to).minus({days: 1}).toISODate()
                      ),
                  })
                : _t("%(amount)s a month from %(from)s on", {
                      amount: this.money(rate),
                      from: this.day(date_from),
                  }),
        }));
    }

    /** Amounts on the steps that are wide enough for them. */
    get labels() {
        return this.chart.steps
            .filter(({width, rate}) => rate && width / WIDTH >= MIN_LABEL)
            .map(({date_from, rate, x, width, y}) => ({
                id: date_from,
                text: this.money(rate),
                style: [
                    `left: ${(100 * x) / WIDTH}%`,
                    `width: ${(100 * width) / WIDTH}%`,
                    `top: ${Math.min((100 * y) / HEIGHT, 70)}%`,
                ].join(";"),
            }));
    }

    textOf(step) {
        return this.lines.find(({id}) => id === step.date_from).text;
    }

    day(iso) {
        return formatDate(DateTime.fromISO(iso));
    }

    money(rate) {
        const {data} = this.props.record;
        return formatMonetary(rate, {data, currencyField: this.props.currencyField});
    }
}

export const rateTimelineField = {
    component: RateTimelineField,
    displayName: _t("Rate over time"),
    supportedTypes: ["json"],
    supportedOptions: [
        {
            label: _t("Currency"),
            name: "currency_field",
            type: "field",
            availableTypes: ["many2one"],
        },
    ],
    extractProps: ({options}) => ({currencyField: options.currency_field}),
    fieldDependencies: ({options}) => [
        {name: options.currency_field || "currency_id", type: "many2one"},
    ],
    isEmpty: () => false,
};

registry.category("fields").add("crm_metrics_rate_timeline", rateTimelineField);
