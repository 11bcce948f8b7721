import {_t} from "@web/core/l10n/translation";
import {RPCError} from "@web/core/network/rpc";

/** Exceptions whose message is written for the user. */
const FOR_USERS = [
    "odoo.exceptions.AccessError",
    "odoo.exceptions.UserError",
    "odoo.exceptions.ValidationError",
];

function isForUser(error) {
    return error instanceof RPCError && FOR_USERS.includes(error.exceptionName);
}

/**
 * For a figure that is dispensable, e.g. of so long ago that a currency has no rate: no
 * reason to show nothing of the rest.
 *
 * @param {Promise} answer of the façade
 * @returns {Promise<Object|null>} null: the façade refuses
 */
export async function unlessRefused(answer) {
    try {
        return await answer;
    } catch (error) {
        if (isForUser(error)) {
            return null;
        }
        throw error;
    }
}

/**
 * @param {Error} error of a call of the façade
 * @returns {string} what to tell the user on the screen. What the user cannot know
 *  about goes on to Odoo's own error handling as well.
 */
export function userMessage(error) {
    if (isForUser(error)) {
        return error.data.message;
    }
    Promise.reject(error);
    return _t("The server could not answer. Try again, or show other days.").toString();
}
