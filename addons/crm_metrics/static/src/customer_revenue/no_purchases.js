import {_t} from "@web/core/l10n/translation";
import {NoFigures} from "../screen_state/no_figures";

/**
 * Why there are no purchases to show.
 *
 * @param {Object} orm
 * @param {Object} meta of the façade result
 * @returns {Promise<string>} selection, waiting, all
 */
export async function purchaseEmptiness(orm, meta) {
    if (await orm.searchCount("crm.purchase", [], {limit: 1})) {
        return "selection";
    }
    // others that wait may be contacts that never bought
    const imported = await orm.searchCount("crm.purchase.entry", [], {limit: 1});
    return meta.queued && imported ? "waiting" : "all";
}

/** Nothing was bought, or not in this selection: says what to do next. */
export class NoPurchases extends NoFigures {
    static template = "crm_metrics.NoPurchases";
    static group = "base.group_system";

    get text() {
        return this.orWho(
            _t(
                "Purchases are the won opportunities with an expected revenue, the documents that the settings name, and what you import from a shop or another system. You then see how many customers buy, how much and how often, what changed, and who is about to leave."
            ),
            _t("Your administrator chooses in the settings what counts.")
        );
    }

    openEntries() {
        return this.action.doAction("crm_metrics.crm_purchase_entry_action");
    }

    openSettings() {
        return this.action.doAction("crm.crm_config_settings_action");
    }
}
