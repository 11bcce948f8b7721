import {Component, onWillStart, status, useState} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {useService} from "@web/core/utils/hooks";
import {standardWidgetProps} from "@web/views/widgets/standard_widget_props";
import {Formatter} from "../core/format";

/**
 * Reads the figures of all cards that are rendered together by one call. The cards do
 * not wait for it: on a large database it takes a moment once a day.
 */
export const teamCardService = {
    dependencies: ["orm"],
    start(env, {orm}) {
        let batch = null;

        function begin() {
            const ids = [];
            const answer = Promise.resolve().then(async () => {
                batch = null;
                const teams = await orm.silent.read("crm.team", ids, [
                    "crm_metrics_card",
                ]);
                return new Map(teams.map((team) => [team.id, team.crm_metrics_card]));
            });
            return {ids, answer};
        }

        return {
            async load(id) {
                batch ||= begin();
                batch.ids.push(id);
                const cards = await batch.answer;
                return cards.get(id) || null;
            },
        };
    },
};

registry.category("services").add("crm_metrics.team_card", teamCardService);

/** How fast a team's pipeline makes money, and where an improvement would bring most. */
export class TeamCard extends Component {
    static template = "crm_metrics.TeamCard";
    static props = {...standardWidgetProps};

    setup() {
        this.state = useState({card: null});
        const {resId, model} = this.props.record;
        const service = useService("crm_metrics.team_card");
        onWillStart(() => {
            if (resId && !model.useSampleModel) {
                this.load(service, resId);
            }
        });
    }

    async load(service, resId) {
        const card = await service.load(resId);
        if (status(this) !== "destroyed") {
            this.state.card = card;
        }
    }

    get format() {
        return new Formatter(this.state.card.currency);
    }

    get url() {
        const {date_from, date_to} = this.state.card;
        const query = new URLSearchParams({
            teams: this.props.record.resId,
            from: date_from,
            to: date_to,
        });
        return `/odoo/pipeline-bottlenecks?${query}`;
    }

    get velocity() {
        const {velocity} = this.state.card;
        return velocity === null
            ? null
            : _t("%(amount)s a day", {amount: this.format.money(Math.round(velocity))});
    }

    get bottleneck() {
        const {stage, gain} = this.state.card;
        if (!stage) {
            return null;
        }
        return gain === null
            ? _t("Bottleneck: %(stage)s", {stage})
            : _t("Bottleneck: %(stage)s, five points more would bring %(gain)s", {
                  stage,
                  gain: this.format.money(Math.round(gain)),
              });
    }

    get help() {
        return _t(
            "Last 12 months. Velocity: open deals × win rate × value of a won deal / days it took to win it."
        );
    }
}

registry.category("view_widgets").add("crm_metrics_team_card", {component: TeamCard});
