import {Component, onWillStart} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {user} from "@web/core/user";
import {useService} from "@web/core/utils/hooks";
import {EmptyState} from "../screen_state/screen_state";

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
export class NoPurchases extends Component {
    static template = "crm_metrics.NoPurchases";
    static components = {EmptyState};
    static props = {
        /** Of `purchaseEmptiness`. */
        emptiness: String,
        /** Looks again. */
        load: Function,
        /** Clears all filters. */
        reset: Function,
    };

    setup() {
        this.action = useService("action");
        onWillStart(async () => {
            this.canConfigure = await user.hasGroup("base.group_system");
        });
    }

    get text() {
        const what = _t(
            "Purchases are the won opportunities with an expected revenue, the documents that the settings name, and what you import from a shop or another system. You then see how many customers buy, how much and how often, what changed, and who is about to leave."
        );
        return this.canConfigure
            ? what.toString()
            : [
                  what,
                  _t("Your administrator chooses in the settings what counts."),
              ].join(" ");
    }

    openEntries() {
        return this.action.doAction("crm_metrics.crm_purchase_entry_action");
    }

    openSettings() {
        return this.action.doAction("crm.crm_config_settings_action");
    }
}
