import {Component, onMounted, useState} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {KeepLast} from "@web/core/utils/concurrency";
import {useDebounced} from "@web/core/utils/timing";
import {userMessage} from "../core/errors";

/** So long after the last move of a slider the question is asked, in milliseconds. */
const REST = 300;

/**
 * Sliders, one for each stage, and what would be won if so many points of those who
 * leave the stage went on instead of being lost.
 */
export class WhatIf extends Component {
    static template = "crm_metrics.WhatIf";
    static props = {
        /** [{id, name, lostShare}] */
        stages: {type: Array, element: Object},
        /** Points at first: {stage id: points}. */
        points: Object,
        max: Number,
        /** {win_probability, won_value} without any points */
        now: Object,
        format: Object,
        /** (points) => Promise<{win_probability, won_value}> */
        ask: Function,
        /** (points) => void */
        onChange: Function,
    };

    setup() {
        this.keepLast = new KeepLast();
        this.state = useState({
            points: {},
            result: this.props.now,
            isLoading: false,
            error: null,
        });
        for (const {id} of this.props.stages) {
            if (this.props.points[id]) {
                this.state.points[id] = this.props.points[id];
            }
        }
        this.settleLater = useDebounced(() => this.settle(), REST);
        onMounted(() => this.isMoved && this.answer());
    }

    get isMoved() {
        return Object.keys(this.state.points).length > 0;
    }

    pointsOf({id}) {
        return this.state.points[id] || 0;
    }

    textOf(stage) {
        const points = this.pointsOf(stage);
        if (!points) {
            return _t("0 points");
        }
        return points === 1 ? _t("+1 point") : _t("+%s points", points);
    }

    /** No more can be won back than is lost. */
    hintOf(stage) {
        const lost = this.props.format.percent(stage.lostShare);
        return this.pointsOf(stage) / 100 > stage.lostShare
            ? _t("all %s that are lost", lost)
            : _t("%s are lost", lost);
    }

    move(stage, ev) {
        const points = Number(ev.target.value);
        if (points) {
            this.state.points[stage.id] = points;
        } else {
            delete this.state.points[stage.id];
        }
        this.state.isLoading = true;
        this.settleLater();
    }

    reset() {
        this.settleLater.cancel();
        this.state.points = {};
        return this.settle();
    }

    settle() {
        this.props.onChange({...this.state.points});
        return this.answer();
    }

    async answer() {
        const points = {...this.state.points};
        this.state.isLoading = true;
        try {
            const result = await this.keepLast.add(
                this.isMoved ? this.props.ask(points) : Promise.resolve(this.props.now)
            );
            Object.assign(this.state, {result, error: null, isLoading: false});
        } catch (error) {
            const message = userMessage(error);
            Object.assign(this.state, {error: message, isLoading: false});
        }
    }

    /** The two figures with their difference to now. */
    get figures() {
        const {format, now} = this.props;
        const {result} = this.state;
        const differ = (key) =>
            result[key] === null || now[key] === null ? null : result[key] - now[key];
        const probability = differ("win_probability");
        const value = differ("won_value");
        return [
            {
                id: "win_probability",
                label: _t("Win probability"),
                text: format.percent(result.win_probability),
                now: format.percent(now.win_probability),
                change:
                    probability &&
                    _t("%s points", format.points(probability, {signed: true})),
                tone: toneOf(probability),
            },
            {
                id: "won_value",
                label: _t("Won value"),
                text: format.money(result.won_value),
                title: format.exact(result.won_value),
                now: format.money(now.won_value),
                change: value && format.money(value, {signed: true}),
                tone: toneOf(value),
            },
        ];
    }
}

function toneOf(change) {
    return change > 0 ? "text-success" : change < 0 ? "text-danger" : "text-muted";
}
