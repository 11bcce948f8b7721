import {beforeEach, describe, expect, test} from "@odoo/hoot";
import {patchWithCleanup} from "@web/../tests/web_test_helpers";
import {localization} from "@web/core/l10n/localization";
import {currencies} from "@web/core/currency";
import {Formatter} from "@crm_metrics/core/format";
import {mockLocale} from "./crm_metrics_test_helpers";

describe.current.tags("headless");

const NBSP = "\u00a0";

beforeEach(() => {
    mockLocale();
    patchWithCleanup(currencies, {
        91: {name: "USD", symbol: "$", position: "before", digits: [69, 2]},
        92: {name: "JPY", symbol: "¥", position: "before", digits: [69, 0]},
    });
    for (const id of Object.keys(currencies)) {
        if (!["91", "92"].includes(id) && currencies[id].name === "USD") {
            patchWithCleanup(currencies[id], {name: "was USD"});
        }
    }
});

test("headlines: currency, sign, cents where they matter", () => {
    const format = new Formatter("USD");
    expect(format.money(2900000)).toBe(`$${NBSP}2,900,000`);
    expect(format.money(74019.5)).toBe(`$${NBSP}74,019.50`);
    expect(format.money(888234.56)).toBe(`$${NBSP}888,235`);
    expect(format.money(900000, {signed: true})).toBe(`+$${NBSP}900,000`);
    expect(format.money(-900000, {signed: true})).toBe(`-$${NBSP}900,000`);
    expect(format.money(0, {signed: true})).toBe(`$${NBSP}0`);
    expect(format.money(123456789012)).toBe(`$${NBSP}123.5G`);
    expect(format.exact(888234.56)).toBe(`$${NBSP}888,234.56`);
});

test("what does not exist is a dash, never 0", () => {
    const format = new Formatter("USD");
    for (const method of ["money", "exact", "amount", "short", "percent", "count"]) {
        expect(format[method](null)).toBe("–");
        expect(format[method](undefined)).toBe("–");
    }
});

test("a column has decimals when one of its amounts has", () => {
    const format = new Formatter("USD");
    expect(format.digitsFor([1, 2, 3000000])).toEqual([69, 0]);
    expect(format.digitsFor([1, 2.5])).toEqual([69, 2]);
    // 0.1 + 0.2 - 0.3 is no cent
    expect(format.digitsFor([1, 5.5e-17])).toEqual([69, 0]);
    const digits = format.digitsFor([18400, 0.5]);
    expect(format.amount(-18400, {signed: true, digits})).toBe("-18,400.00");
    expect(format.amount(92000, {signed: true, digits: [69, 0]})).toBe("+92,000");
});

test("currencies without cents, and unknown ones", () => {
    expect(new Formatter("JPY").exact(1234567)).toBe(`¥${NBSP}1,234,567`);
    expect(new Formatter("XXX").exact(12.5)).toBe("12.50");
});

test("bars are written short", () => {
    const format = new Formatter("USD");
    expect(format.short(2900000)).toBe("2.90M");
    expect(format.short(800000, {signed: true})).toBe("+800.0k");
    expect(format.short(-30549, {signed: true})).toBe("-30.5k");
    expect(format.short(950)).toBe("950");
    expect(format.short(-0.4, {signed: true})).toBe("0");
});

test("rates", () => {
    const format = new Formatter("USD");
    expect(format.percent(0.45, {signed: true})).toBe("+45.0%");
    expect(format.percent(-0.0312)).toBe("-3.1%");
    expect(format.percent(0.0004, {signed: true})).toBe("0.0%");
    expect(format.percent(23.9)).toBe("2,390.0%");
    expect(format.points(0.004)).toBe("0.4");
});

test("the user's locale", () => {
    patchWithCleanup(localization, {decimalPoint: ",", thousandsSep: "."});
    const format = new Formatter("USD");
    expect(format.exact(1234567.5)).toBe(`$${NBSP}1.234.567,50`);
    expect(format.percent(0.125)).toBe("12,5%");
});
