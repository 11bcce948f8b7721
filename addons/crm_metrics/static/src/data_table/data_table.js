import {Component} from "@odoo/owl";

/**
 * A table of figures. A cell with `onOpen` is a link to the records behind it.
 *
 * @typedef {Object} Cell
 * @property {string} text
 * @property {string} [label] for screen readers, says more than the text
 * @property {string} [title] tooltip
 * @property {() => void} [onOpen]
 * @property {boolean} [isNothing] a zero: shown, but no link
 */
export class DataTable extends Component {
    static template = "crm_metrics.DataTable";
    static props = {
        caption: String,
        /** [{id, label, help}], the first one names the rows. */
        columns: {
            type: Array,
            element: {type: Object, shape: {id: String, label: String, "*": true}},
        },
        /** [{id, label, note, cells: {column id: Cell}}] */
        rows: {type: Array, element: Object},
        /** A row of the same shape below the others. */
        total: {type: Object, optional: true},
    };

    get valueColumns() {
        return this.props.columns.slice(1);
    }
}
