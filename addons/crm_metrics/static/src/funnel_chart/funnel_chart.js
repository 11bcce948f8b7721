import {Component} from "@odoo/owl";

/**
 * A funnel of horizontal bars, each divided into what became of it, and between two
 * bars what was lost there. All of it is text and buttons: nothing has to be seen to be
 * read.
 *
 * @typedef {Object} FunnelRow
 * @property {string|number} id
 * @property {string} label
 * @property {string} text figure of the bar
 * @property {string} title the bar in words
 * @property {Array<{tone: string, share: number}>} parts shares of the first bar; tones
 *  are on, lost, notable, severe, rest, won
 * @property {() => void} [onOpen]
 * @property {Object} [gap] {tone, tag, share, lost, label, onOpen, rests}, where
 *  `rests` are {id, text, title, onOpen}; no share: nothing was lost
 */
export class FunnelChart extends Component {
    static template = "crm_metrics.FunnelChart";
    static props = {
        rows: {type: Array, element: Object},
        /** [{tone, label}] */
        legend: {type: Array, element: Object},
    };

    widthOf({share}) {
        const percent = Math.min(Math.max(share, 0), 1) * 100;
        return `width: ${percent.toFixed(3)}%`;
    }

    shown(parts) {
        return parts.filter(({share}) => share > 0);
    }
}
