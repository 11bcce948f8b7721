/* global Chart */
import {Component, onWillStart, useEffect, useRef} from "@odoo/owl";
import {loadBundle} from "@web/core/assets";
import {paletteOf} from "../core/palette";

/** So many pixels a point has to have, for its figure to stand above it. */
const ROOM_FOR_FIGURE = 34;

const LINE = {
    pointRadius: 0,
    borderWidth: 0,
    // a period without a figure is a gap: nothing is known of it
    spanGaps: false,
    tension: 0,
};

/**
 * Draws a figure over time as a line, in the band that it may lie in. Over each point
 * lies a button, so that points are reached by keyboard and read aloud; the canvas itself
 * is only the picture.
 *
 * @typedef {Object} Point
 * @property {string} id
 * @property {string} label below the picture
 * @property {string} [note] a second line below the picture
 * @property {number|null} value null: there is none
 * @property {number|null} low
 * @property {number|null} high
 * @property {string} text the figure as it is written
 * @property {string} title the point in words
 * @property {boolean} [isPartial] of a period that is not whole: its mark is hollow
 * @property {() => void} [onOpen]
 */
export class TrendChart extends Component {
    static template = "crm_metrics.TrendChart";
    static props = {
        /** @see Point */
        points: {type: Array, element: Object},
        /** Smallest and largest value that the scale has. */
        min: Number,
        max: Number,
        height: {type: Number, optional: true},
    };
    static defaultProps = {height: 280};

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
            () => [this.props.points]
        );
    }

    draw() {
        const palette = paletteOf(this.root.el);
        const {points, min, max} = this.props;
        const all = (key) => points.map((point) => point[key]);
        this.chart = new Chart(this.canvas.el, {
            type: "line",
            data: {
                labels: points.map(({label, note}) => (note ? [label, note] : label)),
                datasets: [
                    {
                        ...LINE,
                        data: all("value"),
                        borderColor: palette.total,
                        borderWidth: 2,
                        pointRadius: points.length > 60 ? 2 : 4,
                        pointBorderColor: palette.total,
                        pointBorderWidth: 2,
                        pointBackgroundColor: points.map(({isPartial}) =>
                            isPartial ? palette.ground : palette.total
                        ),
                        order: 1,
                    },
                    {...LINE, data: all("low"), order: 3},
                    {
                        ...LINE,
                        data: all("high"),
                        backgroundColor: palette.band,
                        fill: "-1",
                        order: 3,
                    },
                ],
            },
            options: {
                animation: false,
                responsive: true,
                maintainAspectRatio: false,
                events: [],
                layout: {padding: {top: 8}},
                plugins: {legend: {display: false}, tooltip: {enabled: false}},
                scales: {
                    x: {
                        // a point in the middle of its button
                        offset: true,
                        grid: {display: false},
                        border: {color: palette.line},
                        ticks: {
                            color: palette.muted,
                            font: {family: palette.font},
                            maxRotation: 0,
                        },
                    },
                    y: {
                        min,
                        max,
                        border: {display: false},
                        grid: {
                            color: ({tick}) =>
                                tick.value === 0 ? palette.muted : palette.line,
                        },
                        ticks: {
                            color: palette.muted,
                            font: {family: palette.font},
                            callback: (value) => (value > 0 ? `+${value}` : value),
                        },
                    },
                },
            },
            plugins: [
                {
                    id: "crmMetricsTrend",
                    afterLayout: (chart) => this.placeButtons(chart),
                    afterDatasetsDraw: (chart) => {
                        this.drawSingleBands(chart, palette);
                        this.drawFigures(chart, palette);
                    },
                },
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

    /** A point between two gaps has no band to lie in: it gets a line of its own. */
    drawSingleBands(chart, palette) {
        const {points} = this.props;
        const {ctx, scales} = chart;
        const isGap = (index) => [null, undefined].includes(points[index]?.low);
        ctx.save();
        ctx.strokeStyle = palette.band;
        ctx.lineWidth = 10;
        points.forEach(({low, high}, index) => {
            if (!isGap(index) && isGap(index - 1) && isGap(index + 1)) {
                const {x} = chart.getDatasetMeta(0).data[index];
                ctx.beginPath();
                ctx.moveTo(x, scales.y.getPixelForValue(low));
                ctx.lineTo(x, scales.y.getPixelForValue(high));
                ctx.stroke();
            }
        });
        ctx.restore();
    }

    drawFigures(chart, palette) {
        const {points} = this.props;
        const {ctx, chartArea} = chart;
        if ((chartArea.right - chartArea.left) / points.length < ROOM_FOR_FIGURE) {
            return;
        }
        ctx.save();
        ctx.fillStyle = palette.text;
        ctx.textAlign = "center";
        ctx.font = `600 12px ${palette.font}`;
        chart.getDatasetMeta(0).data.forEach((element, index) => {
            const {value, text} = points[index];
            if (value !== null) {
                const isAtTop = element.y - 24 < chartArea.top;
                ctx.textBaseline = isAtTop ? "top" : "bottom";
                ctx.fillText(text, element.x, element.y + (isAtTop ? 9 : -9));
            }
        });
        ctx.restore();
    }
}
