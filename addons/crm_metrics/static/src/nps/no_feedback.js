import {Component, onWillStart} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {user} from "@web/core/user";
import {useService} from "@web/core/utils/hooks";
import {EmptyState} from "../screen_state/screen_state";

const PROGRAM = "crm.nps.program";

/**
 * Why there is no feedback to show.
 *
 * @param {Object} orm
 * @returns {Promise<string>} selection (there is some elsewhere), quiet (a program runs
 *  and nobody was considered yet), stopped (no program runs), none (there is no program)
 */
export async function feedbackEmptiness(orm) {
    const exists = (model, domain) => orm.searchCount(model, domain, {limit: 1});
    const [answers, invitations, programs, running] = await Promise.all([
        exists("crm.nps.answer", [["test", "=", false]]),
        exists("crm.nps.invitation", [["test", "=", false]]),
        exists(PROGRAM, []),
        exists(PROGRAM, [["state", "=", "running"]]),
    ]);
    if (answers || invitations) {
        return "selection";
    }
    if (running) {
        return "quiet";
    }
    return programs ? "stopped" : "none";
}

/** Nobody was asked, or not in this selection: says what to do next. */
export class NoFeedback extends Component {
    static template = "crm_metrics.NoFeedback";
    static components = {EmptyState};
    static props = {
        /** Of `feedbackEmptiness`. */
        emptiness: String,
        /** Looks again. */
        load: Function,
        /** Clears all filters. */
        reset: Function,
    };

    setup() {
        this.action = useService("action");
        onWillStart(async () => {
            this.canAsk = await user.hasGroup("sales_team.group_sale_manager");
        });
    }

    get noneText() {
        const what = _t(
            "A program asks customers one question by e-mail, “How likely is it that you would recommend us?”, after a won deal, before a renewal, or in waves. The score, what customers say and who has to be called appear here."
        );
        return this.canAsk
            ? what.toString()
            : [what, _t("Your sales administrator creates one.")].join(" ");
    }

    get stoppedText() {
        return this.canAsk
            ? _t("A program asks only while it runs: open it and start it.").toString()
            : _t("Your sales administrator starts them.").toString();
    }

    create() {
        return this.action.doAction({
            type: "ir.actions.act_window",
            name: _t("NPS Program"),
            res_model: PROGRAM,
            views: [[false, "form"]],
        });
    }

    openPrograms() {
        return this.action.doAction("crm_metrics.crm_nps_program_action");
    }
}
