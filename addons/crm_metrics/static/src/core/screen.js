import {onWillStart, useState} from "@odoo/owl";
import {user} from "@web/core/user";
import {KeepLast} from "@web/core/utils/concurrency";
import {useService} from "@web/core/utils/hooks";
import {useSetupAction} from "@web/search/action_hook";
import {userMessage} from "./errors";
import {useFilters} from "./filters";
import {Formatter} from "./format";

/**
 * What a client action that shows figures of the façade is made of: filters in the URL,
 * figures that are asked for anew when a filter changes, of which only the last answer
 * counts, and what went wrong. `MetricsScreen` shows all of it.
 *
 * @typedef {Object} Answer
 * @property {Object} meta of the façade result
 * @property {any} [content] what there is to show; falsy: nothing
 * @property {string|null} [emptiness] why there is nothing to show
 *
 * @param {Object} params
 * @param {Object} params.props of the client action
 * @param {Object<string, import("./filters").Filter>} params.filters
 * @param {(values: Object) => Promise<Answer>} params.fetch asks for the figures
 * @param {string[]} [params.looks] names of filters that are another look at the same
 *  figures
 * @param {Function} [params.adjust] see `useFilters`
 */
export function useMetricsScreen({props, filters: definitions, fetch, looks, adjust}) {
    const keepLast = new KeepLast();
    const isLook = (name) => (looks || []).includes(name);
    const onChange = (changes) => {
        if (!Object.keys(changes).every(isLook)) {
            load();
        }
    };
    const filters = useFilters(definitions, props, onChange, adjust);
    const state = useState({
        isLoading: true,
        error: null,
        content: null,
        emptiness: null,
        meta: null,
    });

    async function ask() {
        await filters.check();
        const {
            meta,
            content = null,
            emptiness = null,
        } = await fetch({
            ...filters.values,
        });
        return {meta, emptiness, content: emptiness ? null : content};
    }

    async function load() {
        state.isLoading = true;
        try {
            const answer = await keepLast.add(ask());
            Object.assign(state, answer, {error: null, isLoading: false});
        } catch (error) {
            const message = userMessage(error);
            Object.assign(state, {error: message, meta: null, isLoading: false});
        }
    }

    useSetupAction({
        getLocalState: () => ({query: filters.query, names: {...filters.names}}),
    });
    onWillStart(async () => {
        const loading = load();
        // coming back through the breadcrumbs: the screen as it was, at once
        if (props.state) {
            await loading;
        }
    });

    return {
        orm: useService("orm"),
        action: useService("action"),
        filters,
        state,
        load,
        get companyIds() {
            return user.activeCompanies.map(({id}) => id);
        },
        get format() {
            return new Formatter(state.meta.currency);
        },
        /**
         * @param {string} report name of the spreadsheet's route
         * @param {Object} options of the façade
         * @param {Object} [query] how the spreadsheet shows the figures
         * @returns {string|undefined} undefined: there is nothing to write into it
         */
        exportUrl(report, options, query = {}) {
            if (state.error || !state.content) {
                return undefined;
            }
            const asked = {...options, company_ids: this.companyIds};
            const parameters = new URLSearchParams({
                options: JSON.stringify(asked),
                ...query,
            });
            return `/crm_metrics/${report}.xlsx?${parameters}`;
        },
    };
}
