import {Component} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {
    cellDomain,
    customersText,
    RECENCY,
    SCORES,
    segmentsById,
    strengthOf,
    swatchOf,
} from "./segment_figures";

/**
 * The map of customers: how recently across, how often and how much upwards. A cell has
 * the colour of its segment, whose name stands in it.
 */
export class SegmentGrid extends Component {
    static template = "crm_metrics.SegmentGrid";
    static props = {
        caption: String,
        /** Rows of `gridRows`. */
        rows: {type: Array, element: Object},
    };

    setup() {
        this.columns = SCORES.map((score) => ({
            score,
            label: RECENCY[score - 1].toString(),
        }));
    }

    styleOf({strength}) {
        return `--strength: ${strength.toFixed(2)}`;
    }
}

/**
 * @param {import("./segment_figures").Frame} frame
 * @returns {Object[]} {score, cells}, the best first
 */
export function gridRows(frame) {
    const {result, measure, format, openScores} = frame;
    const segments = segmentsById(result);
    const largest = Math.max(...result.cells.map((cell) => cell[measure]));
    return [...SCORES].reverse().map((score) => ({
        score,
        cells: result.cells
            .filter(({frequency_money}) => frequency_money === score)
            .sort((a, b) => a.recency - b.recency)
            .map((cell) => {
                const segment = segments.get(cell.segment_id);
                const name = segment?.name || "";
                const customers = customersText(cell.customers, format);
                const revenue = format.exact(cell.revenue);
                const isMoney = measure === "revenue";
                return {
                    id: `${cell.recency}-${cell.frequency_money}`,
                    name,
                    swatch: swatchOf(segment),
                    strength: strengthOf(cell[measure], largest),
                    isNothing: !cell.customers,
                    text: isMoney
                        ? format.short(cell.revenue)
                        : format.count(cell.customers),
                    note: isMoney ? customers : format.short(cell.revenue),
                    label: _t(
                        "%(segment)s, R %(recency)s, F and M %(score)s: %(customers)s, %(revenue)s",
                        {
                            segment: name,
                            recency: cell.recency,
                            score: cell.frequency_money,
                            customers,
                            revenue,
                        }
                    ).toString(),
                    onOpen: () =>
                        openScores(
                            _t("%(segment)s, cell %(cell)s", {
                                segment: name,
                                cell: `${cell.recency}-${cell.frequency_money}`,
                            }),
                            cellDomain(cell)
                        ),
                };
            }),
    }));
}
