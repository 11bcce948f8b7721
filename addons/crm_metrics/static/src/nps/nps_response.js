import {_t} from "@web/core/l10n/translation";

/** From those who were considered to those who answered. */
const STEPS = [
    {id: "considered", label: _t("Considered"), lost: ["skipped"]},
    {id: "sent", label: _t("Sent"), lost: ["bounced"]},
    {id: "delivered", label: _t("Delivered"), lost: ["expired", "declined"]},
    {id: "answered", label: _t("Answered"), lost: []},
];

/** Those who are still on their way from one step to the next. */
const PENDING = {considered: ["waiting", "failed"], sent: [], delivered: ["open"]};

/** What happened to an invitation without answer: in a sentence, and as a title. */
const FATES = {
    skipped: {text: (count) => _t("%s not asked", count), label: _t("Not asked")},
    waiting: {text: (count) => _t("%s to be sent", count), label: _t("To be sent")},
    failed: {
        text: (count) => _t("%s could not be sent", count),
        label: _t("Could not be sent"),
    },
    bounced: {text: (count) => _t("%s bounced", count), label: _t("Bounced")},
    declined: {text: (count) => _t("%s opted out", count), label: _t("Opted out")},
    expired: {
        text: (count) => _t("%s did not answer", count),
        label: _t("Did not answer in time"),
    },
    open: {
        text: (count) => _t("%s may still answer", count),
        label: _t("May still answer"),
    },
};

const sum = (response, keys) => keys.reduce((all, key) => all + response[key], 0);

/** What is said between a step and the next one. */
function gapOf({id, lost}, {result, format, open}) {
    const {response} = result;
    const words = (key) => FATES[key].text(format.count(response[key])).toString();
    const [first, ...others] = lost;
    const all = sum(response, lost);
    const rests = [...others, ...PENDING[id]].filter((key) => response[key]);
    return {
        tone: "lost",
        share: all ? format.percent(all / response[id], {digits: 0}) : undefined,
        lost: words(first),
        label: words(first),
        onOpen: response[first] ? () => open(first, FATES[first].label) : undefined,
        rests: rests.map((key) => ({
            id: key,
            text: words(key),
            onOpen: () => open(key, FATES[key].label),
        })),
    };
}

/**
 * @param {import("./nps_figures").Frame} frame
 * @returns {Object} props of FunnelChart; null: nobody was considered
 */
export function responseFunnel(frame) {
    const {result, format, open} = frame;
    const {response} = result;
    const all = response.considered;
    if (!all) {
        return null;
    }
    const rows = STEPS.map((step, index) => {
        const {id, label, lost} = step;
        const count = response[id];
        const next = STEPS[index + 1];
        const parts = next
            ? [
                  {tone: "on", share: response[next.id] / all},
                  {tone: "lost", share: sum(response, lost) / all},
                  {tone: "rest", share: sum(response, PENDING[id]) / all},
              ]
            : [{tone: "won", share: count / all}];
        return {
            id,
            label: label.toString(),
            text: _t("%(count)s · %(share)s", {
                count: format.count(count),
                share: format.percent(count / all, {digits: 0}),
            }).toString(),
            title: _t("%(step)s: %(count)s of %(all)s", {
                step: label,
                count: format.count(count),
                all: format.count(all),
            }).toString(),
            parts,
            onOpen: count ? () => open(id, label) : undefined,
            gap: next ? gapOf(step, frame) : undefined,
        };
    });
    const isThere = (tone) =>
        rows.some(({parts}) => parts.some((part) => part.tone === tone && part.share));
    return {
        rows,
        legend: [
            {tone: "on", label: _t("went on")},
            {tone: "lost", label: _t("not asked, not reached, no answer")},
            {tone: "rest", label: _t("still on its way")},
            {tone: "won", label: _t("answered")},
        ].filter(({tone}) => isThere(tone)),
    };
}

/**
 * Why persons who were considered were not asked.
 *
 * @param {import("./nps_figures").Frame} frame
 * @returns {Object|null} props of DataTable, null: all were asked
 */
export function skipTable({result, format, open}) {
    const {skipped, response} = result;
    if (!skipped.length) {
        return null;
    }
    return {
        columns: [
            {id: "reason", label: _t("Not asked because").toString()},
            {id: "count", label: _t("Persons").toString()},
            {id: "share", label: _t("Share").toString()},
        ],
        rows: [...skipped]
            .sort((a, b) => b.count - a.count)
            .map(({reason, name, count}) => ({
                id: reason,
                label: name,
                cells: {
                    count: {
                        text: format.count(count),
                        label: `${name}: ${format.count(count)}`,
                        onOpen: () =>
                            open("skipped", _t("Not asked: %s", name), {value: reason}),
                    },
                    share: {
                        text: format.percent(count / response.considered),
                        part: count / response.considered,
                    },
                },
            })),
    };
}
