import {Component, onWillStart} from "@odoo/owl";
import {user} from "@web/core/user";
import {useService} from "@web/core/utils/hooks";
import {EmptyState} from "./screen_state";

/** Why a screen has no figures, and what to do next: what such a component is made of. */
export class NoFigures extends Component {
    static components = {EmptyState};
    static props = {
        /** Why: one of those that the component knows. */
        emptiness: String,
        /** Looks again. */
        load: Function,
        /** Clears all filters. */
        reset: Function,
    };
    /** Who can do something about it. */
    static group = null;

    setup() {
        this.action = useService("action");
        onWillStart(async () => {
            this.canAct = await user.hasGroup(this.constructor.group);
        });
    }

    /** @returns {string} what there is to know; for others, also who can do it */
    orWho(what, who) {
        return this.canAct ? what.toString() : [what, who].join(" ");
    }
}
