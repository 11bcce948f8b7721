import {ChartPicture} from "../chart_picture/chart_picture";

/** So many pixels a bar has to have, for its name to lie below it. */
const ROOM_FOR_LABEL = 80;

/** Room for the figure above (or below) a bar, in pixels. */
const FIGURE_HEIGHT = 22;

const BARS = {
    grouped: false,
    borderRadius: 2,
    borderSkipped: false,
    // a small change is still to be seen
    minBarLength: 2,
    maxBarThickness: 110,
    categoryPercentage: 0.9,
    barPercentage: 0.72,
};

/** A fill for what is only agreed on. */
function hatched(color) {
    const size = 8;
    const tile = document.createElement("canvas");
    tile.width = tile.height = size;
    const ctx = tile.getContext("2d");
    ctx.fillStyle = color;
    ctx.globalAlpha = 0.25;
    ctx.fillRect(0, 0, size, size);
    ctx.globalAlpha = 1;
    ctx.strokeStyle = color;
    ctx.lineWidth = 1.5;
    ctx.beginPath();
    for (const shift of [-size, 0, size]) {
        ctx.moveTo(shift, size);
        ctx.lineTo(shift + size, 0);
    }
    ctx.stroke();
    return ctx.createPattern(tile, "repeat");
}

/** Draws bars that hang where the one before ended. */
export class WaterfallChart extends ChartPicture {
    static props = {
        /** Bars of `toBars`, each with `text`, `title` and perhaps `onOpen`, `short` */
        bars: {type: Array, element: Object},
        height: {type: Number, optional: true},
        /** Bars of a figure over time: each stands for itself, there may be many. */
        isSeries: {type: Boolean, optional: true},
    };
    static defaultProps = {height: 320};

    get className() {
        return "o_crm_metrics_waterfall";
    }

    get columns() {
        return this.props.bars;
    }

    config(palette) {
        const {bars, isSeries} = this.props;
        const narrow = this.root.el.clientWidth / bars.length < ROOM_FOR_LABEL;
        return {
            type: "bar",
            data: {
                labels: bars.map(({label, short}) => (narrow && short) || label),
                // what is only agreed on goes on where the fact ends
                datasets: [
                    {
                        ...BARS,
                        data: bars.map(({from, to, knownTo}) => [
                            knownTo === to ? from : knownTo,
                            to,
                        ]),
                        backgroundColor: bars.map(({tone, to, knownTo}) =>
                            knownTo === to ? palette[tone] : hatched(palette[tone])
                        ),
                        order: 2,
                    },
                    {
                        ...BARS,
                        data: bars.map(({from, to, knownTo}) =>
                            [from, to].includes(knownTo) ? null : [from, knownTo]
                        ),
                        backgroundColor: bars.map(({tone}) => palette[tone]),
                        order: 1,
                    },
                ],
            },
            options: {
                layout: {padding: {top: FIGURE_HEIGHT}},
                scales: {
                    x: {
                        grid: {display: false},
                        border: {color: palette.line},
                        ticks: {
                            color: palette.muted,
                            font: {family: palette.font},
                            autoSkip: Boolean(isSeries),
                            maxRotation: narrow && !isSeries ? 60 : 0,
                        },
                    },
                    y: {
                        display: false,
                        beginAtZero: true,
                        // room for the figure below a bar that goes under the ground
                        grace: bars.some(({to}) => to < 0) ? "10%" : 0,
                    },
                },
            },
            plugins: [
                {
                    id: "crmMetricsWaterfall",
                    beforeDatasetsDraw: (chart) =>
                        isSeries || this.drawConnectors(chart, palette),
                    afterDatasetsDraw: (chart) => this.drawFigures(chart, palette),
                },
            ],
        };
    }

    drawConnectors(chart, palette) {
        const {ctx} = chart;
        const elements = chart.getDatasetMeta(0).data;
        const y = chart.scales.y;
        ctx.save();
        ctx.strokeStyle = palette.muted;
        ctx.globalAlpha = 0.6;
        ctx.setLineDash([3, 3]);
        ctx.beginPath();
        this.props.bars.slice(0, -1).forEach((bar, index) => {
            const level = y.getPixelForValue(bar.to);
            ctx.moveTo(elements[index].x + elements[index].width / 2, level);
            ctx.lineTo(elements[index + 1].x - elements[index + 1].width / 2, level);
        });
        ctx.stroke();
        ctx.restore();
    }

    drawFigures(chart, palette) {
        const {ctx, chartArea} = chart;
        const elements = chart.getDatasetMeta(0).data;
        const y = chart.scales.y;
        const {bars} = this.props;
        const slot = (chartArea.right - chartArea.left) / bars.length;
        ctx.save();
        ctx.fillStyle = palette.text;
        ctx.textAlign = "center";
        const fits = ({text}) => ctx.measureText(text).width < slot - 2;
        for (let size = 13; size >= 9; size--) {
            ctx.font = `${size}px ${palette.font}`;
            if (bars.every(fits)) {
                break;
            }
        }
        // a few of many figures would be taken for the only ones
        const shown = this.props.isSeries && !bars.every(fits) ? [] : bars;
        shown.forEach((bar, index) => {
            const top = Math.max(bar.from, bar.to);
            const below = top <= 0 && bar.amount < 0;
            ctx.textBaseline = below ? "top" : "bottom";
            const level = y.getPixelForValue(below ? Math.min(bar.from, bar.to) : top);
            ctx.fillText(bar.text, elements[index].x, level + (below ? 5 : -5));
        });
        ctx.restore();
    }
}
