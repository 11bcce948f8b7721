/**
 * Colours for charts, read from CSS custom properties (see metrics.scss): charts
 * follow the theme, dark ones included.
 *
 * @param {HTMLElement} el inside of `.o_crm_metrics`
 * @returns {Object<string, string>}
 */
export function paletteOf(el) {
    const style = getComputedStyle(el);
    const read = (name) => style.getPropertyValue(`--crm-metrics-${name}`).trim();
    return {
        total: read("total"),
        gain: read("gain"),
        loss: read("loss"),
        warning: read("warning"),
        none: read("line"),
        text: read("text"),
        muted: read("muted"),
        line: read("line"),
        ground: read("ground"),
        band: read("band"),
        font: style.fontFamily,
    };
}
