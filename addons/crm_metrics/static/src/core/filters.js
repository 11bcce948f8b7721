import {router} from "@web/core/browser/router";
import {_t} from "@web/core/l10n/translation";
import {useService} from "@web/core/utils/hooks";
import {useState} from "@odoo/owl";
import {DEFAULT_PERIOD, GRAINS, isDate, PRESETS} from "./period";

/**
 * A filter knows how it stands in the URL. The router turns digits into numbers:
 * values arrive as strings or numbers.
 *
 * @typedef {Object} Filter
 * @property {any} default value that the URL does not repeat
 * @property {string[]} keys names in the URL
 * @property {(query: Object) => any} parse from the URL to a value, undefined when
 *  it makes no sense; called only when one of the keys is there
 * @property {(value: any) => Object} write from a value to the URL
 */

const text = (value) => (value === undefined ? undefined : String(value));

/**
 * @param {string} key
 * @param {string[]} values the first is the default
 * @returns {Filter}
 */
export function choiceFilter(key, values) {
    return {
        default: values[0],
        keys: [key],
        parse: (query) => values.find((value) => value === text(query[key])),
        write: (value) => ({[key]: value}),
    };
}

/**
 * @param {string} key
 * @returns {Filter} of a day, or null
 */
export function dayFilter(key) {
    return {
        default: null,
        keys: [key],
        parse: (query) => (isDate(query[key]) ? query[key] : undefined),
        write: (day) => ({[key]: day || undefined}),
    };
}

/**
 * @param {string} key
 * @param {string} resModel
 * @returns {Filter} of a list of record ids
 */
export function idsFilter(key, resModel) {
    return {
        default: [],
        resModel,
        keys: [key],
        parse: (query) => {
            const ids = text(query[key]).split(",");
            if (ids.every((id) => /^[1-9]\d{0,9}$/.test(id))) {
                return [...new Set(ids.map(Number))];
            }
        },
        write: (ids) => ({[key]: ids.join(",")}),
    };
}

/**
 * @returns {Filter} of a range of days: `period` is a preset, `from` and `to` are days
 */
export function periodFilter(defaultPeriod = DEFAULT_PERIOD) {
    return {
        default: defaultPeriod,
        keys: ["period", "from", "to"],
        parse: ({period, from, to}) => {
            if (period !== undefined) {
                const preset = PRESETS.find(({id}) => id === text(period));
                return preset && {preset: preset.id};
            }
            if (isDate(from) && isDate(to) && from <= to) {
                return {from, to};
            }
        },
        write: ({preset, from, to}) => ({period: preset, from, to}),
    };
}

export const grainFilter = () =>
    choiceFilter("grain", [
        "month",
        ...GRAINS.map(({id}) => id).filter((id) => id !== "month"),
    ]);

/**
 * @param {Object<string, Filter>} filters
 * @param {Object} query keys and values of a URL
 * @returns {{values: Object, rejected: string[]}} complete values; `rejected` are the
 *  "key=value" that were not understood, their filters stand at the default
 */
export function readFilters(filters, query) {
    const values = {};
    const rejected = [];
    for (const [name, filter] of Object.entries(filters)) {
        const given = filter.keys.filter(
            (key) => ![undefined, ""].includes(query[key])
        );
        values[name] = filter.default;
        if (given.length) {
            const value = filter.parse(query);
            if (value === undefined) {
                rejected.push(...given.map((key) => `${key}=${query[key]}`));
            } else {
                values[name] = value;
            }
        }
    }
    return {values, rejected};
}

/**
 * @param {Object<string, Filter>} filters
 * @param {Object} values
 * @returns {Object} every key of every filter; undefined removes it from the URL
 */
export function writeFilters(filters, values) {
    const query = {};
    for (const [name, filter] of Object.entries(filters)) {
        const isDefault = same(
            filter.write(values[name]),
            filter.write(filter.default)
        );
        const written = isDefault ? {} : filter.write(values[name]);
        for (const key of filter.keys) {
            query[key] = written[key];
        }
    }
    return query;
}

function same(a, b) {
    return JSON.stringify(a) === JSON.stringify(b);
}

/**
 * Filters of a client action, kept in the URL. A change makes an entry in the
 * browser's history; going back there starts the action anew from its URL.
 *
 * The action passes `filters.query` to its `useSetupAction({getLocalState})` as
 * `query`, so that it also comes back as it was through the breadcrumbs, and calls
 * `filters.check()` before it asks for figures.
 *
 * @param {Object<string, Filter>} filters
 * @param {Object} props of the client action
 * @param {(changes: Object) => void} onChange
 * @param {(changes: Object, values: Object) => Object} [adjust] what else changes with
 *  what the user asked for
 */
export function useFilters(filters, props, onChange, adjust = (changes) => changes) {
    const notification = useService("notification");
    const orm = useService("orm");
    const {action} = props;
    const isOwnUrl = [action.path, action.xml_id, action.id, action.tag].includes(
        router.current.action
    );
    const query = props.state?.query || (isOwnUrl ? router.current : {});
    const {values, rejected} = readFilters(filters, query);
    const state = useState(values);
    const names = useState({...props.state?.names});

    const write = () => writeFilters(filters, state);
    const publish = () => props.updateActionState?.(write());
    const warn = (parts) =>
        notification.add(
            _t(
                "This screen does not understand a part of the link and leaves it out: %s",
                parts.join(", ")
            ),
            {type: "warning"}
        );

    if (rejected.length) {
        warn(rejected);
    }
    // before the action is mounted this only says what its URL will be
    publish();

    function change(wanted) {
        const changes = adjust(wanted, state);
        Object.assign(state, changes);
        publish();
        onChange(changes);
    }

    /** Read the names of records that came by the URL; leave out what is not there. */
    async function check() {
        const gone = [];
        for (const [name, filter] of Object.entries(filters)) {
            const known = names[filter.resModel] || {};
            const unknown = filter.resModel
                ? state[name].filter((id) => !known[id])
                : [];
            if (unknown.length) {
                const records = await orm.searchRead(
                    filter.resModel,
                    [["id", "in", unknown]],
                    ["display_name"],
                    {context: {active_test: false}}
                );
                remember(filter.resModel, records);
                const found = new Set(records.map(({id}) => id));
                const missing = unknown.filter((id) => !found.has(id));
                if (missing.length) {
                    state[name] = state[name].filter((id) => !missing.includes(id));
                    gone.push(`${filter.keys[0]}=${missing.join(",")}`);
                }
            }
        }
        if (gone.length) {
            warn(gone);
            publish();
        }
    }

    function remember(resModel, records) {
        const found = records.map((record) => [record.id, record.display_name]);
        names[resModel] = {...names[resModel], ...Object.fromEntries(found)};
    }

    return {
        values: state,
        /** {res.model: {id: name}} of the records that filters name */
        names,
        remember,
        change,
        check,
        reset() {
            const entries = Object.entries(filters);
            change(Object.fromEntries(entries.map(([name, f]) => [name, f.default])));
        },
        get isDefault() {
            return Object.values(write()).every((value) => value === undefined);
        },
        get query() {
            return write();
        },
    };
}
