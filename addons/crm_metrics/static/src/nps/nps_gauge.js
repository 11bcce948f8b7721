import {Component} from "@odoo/owl";

const MIN = -100;
const MAX = 100;
const RADIUS = 80;
const CENTER = {x: 100, y: 92};

/** Point of a score on a half circle, or nearer to its centre. */
function pointOf(score, radius = RADIUS) {
    const angle = Math.PI * (1 - (score - MIN) / (MAX - MIN));
    const x = CENTER.x + radius * Math.cos(angle);
    const y = CENTER.y - radius * Math.sin(angle);
    return `${x.toFixed(2)} ${y.toFixed(2)}`;
}

/** @returns {string} path of a part of the half circle */
export function arcOf(low, high) {
    return `M ${pointOf(low)} A ${RADIUS} ${RADIUS} 0 0 1 ${pointOf(high)}`;
}

/**
 * A score on a half circle from -100 to +100, the interval that it may lie in as a broad
 * band. Who does not see it reads the button and the texts beside it.
 */
export class NpsGauge extends Component {
    static template = "crm_metrics.NpsGauge";
    static props = {
        score: {type: [Number, {value: null}]},
        low: {type: [Number, {value: null}]},
        high: {type: [Number, {value: null}]},
        /** The score as it is written. */
        text: String,
        /** The score in words, for the button. */
        title: String,
        /** Opens the answers; none: there are none. */
        onOpen: {type: Function, optional: true},
    };

    get scale() {
        return arcOf(MIN, MAX);
    }

    get band() {
        const {low, high} = this.props;
        return low === null ? "" : arcOf(low, high);
    }

    /** A line across the band. */
    get mark() {
        const {score} = this.props;
        return score === null
            ? ""
            : `M ${pointOf(score, RADIUS - 11)} L ${pointOf(score, RADIUS + 11)}`;
    }

    /** A short line at the zero of the scale. */
    get zero() {
        return `M ${pointOf(0, RADIUS + 6)} L ${pointOf(0, RADIUS + 11)}`;
    }

    get tone() {
        const {score} = this.props;
        return score === null ? "none" : score < 0 ? "loss" : "gain";
    }
}
