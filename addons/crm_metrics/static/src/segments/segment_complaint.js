import {_t} from "@web/core/l10n/translation";
import {customersText} from "./segment_figures";

const NAME = _t("Spend little, complain, keep buying");

/**
 * Customers who spend little, are detractors and buy often all the same: what they
 * complain about drives others away in silence.
 *
 * @param {import("./segment_figures").Frame} frame
 * @returns {{title: string, meaning: string, value: string, note: string, onOpen:
 *  Function|undefined}|null} null: nobody has answered a survey
 */
export function complaintCard({result, format, openScores}) {
    const {complaint} = result;
    if (!complaint) {
        return null;
    }
    const {customers, revenue} = complaint;
    return {
        title: NAME.toString(),
        meaning: _t(
            "Customers who buy often for little money (F 4 or 5, M 1 or 2) and whose last answer to a survey was from 0 to 6. They say what others only leave for: listen to them first."
        ).toString(),
        value: customersText(customers, format),
        note: _t("%s in the window of the run", format.exact(revenue)).toString(),
        onOpen: customers
            ? () => openScores(NAME, [["complaint", "=", "yes"]])
            : undefined,
    };
}
