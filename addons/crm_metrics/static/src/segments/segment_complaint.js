import {_t} from "@web/core/l10n/translation";
import {customersText} from "./segment_figures";

const NAME = _t("Spend little, complain, keep buying");

/**
 * Customers who spend little, are detractors and buy often all the same: what they
 * complain about drives others away in silence.
 *
 * @param {import("./segment_figures").Frame} frame
 * @returns {Object|null} props of MetricCard, null: nobody has answered a survey
 */
export function complaintCard({result, format, openScores}) {
    const {complaint} = result;
    if (!complaint) {
        return null;
    }
    const {customers, revenue} = complaint;
    return {
        id: "complaint",
        label: NAME.toString(),
        help: _t(
            "M is 1 or 2, F is 4 or 5, and the last answer to a survey is from 0 to 6. They tell you what others only leave for."
        ).toString(),
        value: customersText(customers, format),
        note: _t("%s in the window of the run", format.exact(revenue)).toString(),
        onOpen: customers
            ? () => openScores(NAME, [["complaint", "=", "yes"]])
            : undefined,
    };
}
