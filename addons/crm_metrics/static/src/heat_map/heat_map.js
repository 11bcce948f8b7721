import {Component} from "@odoo/owl";

/**
 * A table whose cells are coloured by their value, which also stands in them.
 *
 * @typedef {Object} HeatCell
 * @property {string} text
 * @property {number|null} heat 0 (pale) to 1 (strong), null: no colour
 * @property {"total"|"gain"} [tone] colour, from the palette
 * @property {string} [label] for screen readers and as a tooltip
 * @property {() => void} [onOpen]
 */
export class HeatMap extends Component {
    static template = "crm_metrics.HeatMap";
    static props = {
        caption: String,
        /** Columns before the coloured ones: [{id, label, help}], the first names rows. */
        heads: {type: Array, element: Object},
        /** What the coloured columns are: one title above all of them. */
        title: String,
        /** Their names. */
        columns: {type: Array, element: String},
        /** [{id, label, heads: {id: text or HeatCell}, cells: HeatCell[]}] */
        rows: {type: Array, element: Object},
        /** A row of the same shape below the others. */
        total: {type: Object, optional: true},
    };

    headOf({heads}, {id}) {
        return typeof heads[id] === "string" ? {text: heads[id]} : heads[id];
    }

    styleOf({heat, tone = "total"}) {
        if (heat === null || heat === undefined) {
            return "";
        }
        const strength = Math.round(100 * Math.min(Math.max(heat, 0), 1)) / 100;
        return `--heat: ${strength}; --heat-color: var(--crm-metrics-${tone})`;
    }
}
