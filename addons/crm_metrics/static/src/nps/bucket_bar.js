import {Component} from "@odoo/owl";

/**
 * The answers as one bar in three parts. Each part is a button that says what it is; a
 * part that is too narrow for its figure has it in the legend below, like all others.
 *
 * @typedef {Object} BucketPart
 * @property {string} id
 * @property {string} label
 * @property {string} scores e.g. "9–10"
 * @property {string} tone loss, warning, gain
 * @property {number} share 0 to 1
 * @property {string} percent
 * @property {string} count
 * @property {string} title the part in words
 * @property {() => void} [onOpen]
 */
export class BucketBar extends Component {
    static template = "crm_metrics.BucketBar";
    static props = {
        /** @see BucketPart */
        parts: {type: Array, element: Object},
    };

    get shown() {
        return this.props.parts.filter(({share}) => share);
    }

    styleOf({share}) {
        return `flex-grow: ${(1000 * share).toFixed(2)}`;
    }
}
