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
 * @property {string} [note] a smaller text behind the figure
 * @property {number} [part] 0 to 1: the length of a bar below the figure
 */
export class DataTable extends Component {
    static template = "crm_metrics.DataTable";
    static props = {
        caption: String,
        /** [{id, label, help, isSortable}], the first one names the rows. */
        columns: {
            type: Array,
            element: {type: Object, shape: {id: String, label: String, "*": true}},
        },
        /**
         * [{id, label, note, isAhead, isChosen, swatch, tag, onOpen, cells: {column id:
         * Cell}}], where `tag` is {text, title}, `swatch` a class that gives the row a
         * colour, and `onOpen` makes the label a button
         */
        rows: {type: Array, element: Object},
        /** A row of the same shape below the others. */
        total: {type: Object, optional: true},
        /** {column, isUp} */
        sort: {type: Object, optional: true},
        /** (column) => void */
        onSort: {type: Function, optional: true},
    };

    get valueColumns() {
        return this.props.columns.slice(1);
    }

    /** What aria calls the order of a column; undefined: it cannot be sorted by. */
    sortOf({id, isSortable}) {
        const {sort} = this.props;
        if (!isSortable) {
            return undefined;
        }
        if (sort?.column !== id) {
            return "none";
        }
        return sort.isUp ? "ascending" : "descending";
    }

    styleOf({part}) {
        return part ? `--part: ${(100 * Math.min(part, 1)).toFixed(1)}%` : "";
    }
}
