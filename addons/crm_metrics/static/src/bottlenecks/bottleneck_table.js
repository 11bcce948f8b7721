import {_t} from "@web/core/l10n/translation";
import {bottleneckOf} from "./bottleneck_figures";
import {COLUMNS} from "./bottleneck_columns";

/** The tables of stages; for `frame` see the cards. */

/**
 * @param {Object[]} stages of the façade
 * @param {{column: string|null, isUp: boolean}} sort null: the order of the pipeline
 * @returns {Object[]} what has no value comes last
 */
export function sortedStages(stages, {column, isUp}) {
    const found = COLUMNS.find(({id}) => id === column);
    if (!found) {
        return stages;
    }
    const exists = (stage) => found.value(stage) !== null;
    const direction = isUp ? 1 : -1;
    return [
        ...stages
            .filter(exists)
            .sort((a, b) => direction * (found.value(a) - found.value(b))),
        ...stages.filter((stage) => !exists(stage)),
    ];
}

/** @returns {{column, isUp}} the order after a click on a column: down, up, none */
export function nextSort(sort, column) {
    if (sort.column !== column) {
        return {column, isUp: false};
    }
    return sort.isUp ? {column: null, isUp: false} : {column, isUp: true};
}

function cell(column, stage, largest, frame) {
    const {format, openDeals, openStays} = frame;
    const value = column.value(stage);
    const text = column.write(value, format, stage).toString();
    const note = column.note?.(stage, format)?.toString();
    const name = _t("%(figure)s, %(stage)s", {
        figure: column.label,
        stage: stage.name,
    }).toString();
    const id = stage.stage_id;
    return {
        text,
        note,
        label: `${name}: ${[text, note].filter(Boolean).join(" ")}`,
        title: column.title?.(stage, format)?.toString(),
        isNothing: value === 0 || value === null,
        part: column.isRank && value > 0 ? value / largest : undefined,
        onOpen: column.deals
            ? () => openDeals(name, column.deals, [id])
            : () => openStays(name, column.stays, id),
    };
}

/**
 * @param {Object} frame
 * @param {string} set of columns
 * @param {{column: string|null, isUp: boolean}} sort
 * @returns {{columns, rows}} props of DataTable
 */
export function stageTable(frame, set, sort) {
    const {now} = frame;
    const stages = now.stages.map((stage) => ({
        ...stage,
        funnel: now.funnel.stages.find(({stage_id}) => stage_id === stage.stage_id),
    }));
    const columns = COLUMNS.filter(({sets}) => sets.includes(set));
    const worst = bottleneckOf(stages);
    const largest = Object.fromEntries(
        columns.map(({id, value}) => [id, Math.max(0, ...stages.map(value))])
    );
    return {
        columns: [
            {id: "stage", label: _t("Stage").toString()},
            ...columns.map(({id, label, help}) => ({
                id,
                label: label.toString(),
                help: help.toString(),
                isSortable: true,
            })),
        ],
        rows: sortedStages(stages, sort).map((stage) => ({
            id: stage.stage_id,
            label: stage.name,
            tag:
                stage === worst
                    ? {
                          text: _t("bottleneck").toString(),
                          title: _t(
                              "Five points more would bring most here: the largest gain of all stages."
                          ).toString(),
                      }
                    : undefined,
            cells: Object.fromEntries(
                columns.map((column) => [
                    column.id,
                    cell(column, stage, largest[column.id], frame),
                ])
            ),
        })),
        sort,
    };
}
