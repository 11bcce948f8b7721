/* global Chart */
import {Component, onWillStart, useEffect, useRef} from "@odoo/owl";
import {loadBundle} from "@web/core/assets";
import {paletteOf} from "../core/palette";

const OPTIONS = {
    animation: false,
    responsive: true,
    maintainAspectRatio: false,
    events: [],
    plugins: {legend: {display: false}, tooltip: {enabled: false}},
};

/**
 * A picture by Chart.js. Over each of its columns lies a button, so that they are reached
 * by keyboard and read aloud like any other button; the canvas itself is only the picture.
 *
 * @typedef {Object} Column
 * @property {string} id
 * @property {string} title the column in words
 * @property {() => void} [onOpen]
 */
export class ChartPicture extends Component {
    static template = "crm_metrics.ChartPicture";

    setup() {
        this.root = useRef("root");
        this.canvas = useRef("canvas");
        this.overlay = useRef("overlay");
        onWillStart(() => loadBundle("web.chartjs_lib"));
        useEffect(
            () => {
                this.draw();
                return () => this.chart.destroy();
            },
            () => [this.columns]
        );
    }

    /** Class of the picture. */
    get className() {
        return "";
    }

    /** @returns {Column[]} from left to right */
    get columns() {
        throw new Error("What is drawn?");
    }

    /** @returns {Object} configuration of Chart.js, in the colours of `paletteOf` */
    config() {
        throw new Error("How is it drawn?");
    }

    draw() {
        const {options, plugins, ...config} = this.config(paletteOf(this.root.el));
        this.chart = new Chart(this.canvas.el, {
            ...config,
            options: {...OPTIONS, ...options},
            plugins: [
                {
                    id: "crmMetricsButtons",
                    afterLayout: (chart) => this.placeButtons(chart),
                },
                ...plugins,
            ],
        });
    }

    /** Lay the buttons over the columns of the picture. */
    placeButtons({chartArea, height}) {
        Object.assign(this.overlay.el.style, {
            left: `${chartArea.left}px`,
            width: `${chartArea.right - chartArea.left}px`,
            height: `${height}px`,
        });
    }
}
