import {_t} from "@web/core/l10n/translation";
import {writeInFull} from "./bottleneck_cards";

/**
 * Why deals were lost, by stage; for `frame` see the cards.
 *
 * @param {Object} frame
 * @returns {Object|null} props of HeatMap, null: nothing was lost
 */
export function reasonMap(frame) {
    const {now, measure, openStays} = frame;
    const stages = now.stages.filter(({reasons}) => reasons.length);
    const reasons = new Map();
    for (const {reasons: found} of stages) {
        for (const reason of found) {
            const sum = reasons.get(reason.reason_id) || {
                ...reason,
                count: 0,
                value: 0,
            };
            sum.count += reason.count;
            sum.value += reason.value;
            reasons.set(reason.reason_id, sum);
        }
    }
    if (!reasons.size) {
        return null;
    }
    const sorted = [...reasons.values()].sort((a, b) => b[measure] - a[measure]);
    const amounts = stages.flatMap((stage) => stage.reasons.map((r) => r[measure]));
    const largest = Math.max(...amounts);
    const cell = (stage, reason) => {
        const found = stage.reasons.find(
            ({reason_id}) => reason_id === reason.reason_id
        );
        if (!found) {
            return {text: "", heat: null};
        }
        const name = _t("%(reason)s, %(stage)s", {
            reason: reason.name,
            stage: stage.name,
        }).toString();
        return {
            text: writeShort(found, frame),
            heat: largest > 0 ? found[measure] / largest : null,
            tone: "loss",
            label: `${name}: ${writeInFull(found[measure], frame)}`,
            onOpen: () => openStays(name, "lost", stage.stage_id, reason.reason_id),
        };
    };
    const sumOf = (list) => list.reduce((sum, each) => sum + each[measure], 0);
    return {
        caption: _t("Why deals were lost, by stage").toString(),
        title: _t("Lost in").toString(),
        heads: [
            {id: "reason", label: _t("Lost reason").toString()},
            {id: "total", label: _t("All stages").toString()},
        ],
        columns: stages.map(({name}) => name),
        rows: sorted.map((reason) => ({
            id: String(reason.reason_id || 0),
            label: reason.name,
            heads: {
                total: totalCell(reason[measure], reason.name, frame, () =>
                    openStays(reason.name, "lost", undefined, reason.reason_id)
                ),
            },
            cells: stages.map((stage) => cell(stage, reason)),
        })),
        total: {
            id: "total",
            label: _t("All reasons").toString(),
            heads: {
                total: totalCell(sumOf(sorted), _t("All reasons"), frame, () =>
                    openStays(_t("Lost").toString(), "lost")
                ),
            },
            cells: stages.map((stage) => {
                const lost = {
                    count: stage.reasons.reduce((sum, {count}) => sum + count, 0),
                    value: stage.reasons.reduce((sum, {value}) => sum + value, 0),
                };
                const name = _t("Lost in %s", stage.name).toString();
                return {
                    text: writeShort(lost, frame),
                    heat: null,
                    label: `${name}: ${writeInFull(lost[measure], frame)}`,
                    onOpen: () => openStays(name, "lost", stage.stage_id),
                };
            }),
        },
    };
}

/** The figure of a reason in all stages. */
function totalCell(amount, name, frame, onOpen) {
    const {measure, format} = frame;
    return {
        text:
            measure === "value"
                ? format.amount(amount, {digits: [69, 0]})
                : format.count(amount),
        label: `${name}: ${writeInFull(amount, frame)}`,
        onOpen,
    };
}

function writeShort(lost, {measure, format}) {
    return measure === "value" ? format.short(lost.value) : format.count(lost.count);
}
