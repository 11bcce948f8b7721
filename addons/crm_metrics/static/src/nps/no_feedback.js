import {_t} from "@web/core/l10n/translation";
import {NoFigures} from "../screen_state/no_figures";

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
export class NoFeedback extends NoFigures {
    static template = "crm_metrics.NoFeedback";
    static group = "sales_team.group_sale_manager";

    get noneText() {
        return this.orWho(
            _t(
                "A program asks customers one question by e-mail, “How likely is it that you would recommend us?”, after a won deal, before a renewal, or in waves. The score, what customers say and who has to be called appear here."
            ),
            _t("Your sales administrator creates one.")
        );
    }

    get stoppedText() {
        return this.canAct
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
