import assert from "node:assert/strict";
import { test } from "node:test";
import {
    formatAmount,
    formatCompact,
    formatDuration,
    formatFixed,
    formatHealth,
    formatPercent,
    formatPrice,
    formatUsd,
    formatUsdCompact,
} from "../../../web/src/lib/format";
import {
    annualised,
    exactAmount,
    MAX_UINT,
    parseAmount,
    toFloat,
    valueOf,
    WAD,
} from "../../../web/src/lib/units";

const value = (text: string, decimals: number) => {
    const parsed = parseAmount(text, decimals);
    assert.ok(parsed.ok, `${text} is refused`);
    return parsed.value;
};

test("amounts are read exactly", () => {
    assert.equal(value("12,500.5", 6), 12_500_500_000n);
    assert.equal(value(".5", 18), WAD / 2n);
    assert.equal(value("1.", 2), 100n);
    assert.equal(value("1_000", 0), 1_000n);
    assert.equal(value("0.1000000000", 2), 10n);
    assert.equal(value("123456789012345678901234567890", 18), 123456789012345678901234567890n * WAD);
});

test("what is no amount is refused", () => {
    for (const text of ["", " ", ".", "-1", "1e9", "0x10", "1.2.3", "12a", "∞", "1.0000001"]) {
        assert.equal(parseAmount(text, 6).ok, false, text);
    }
});

test("an amount that is shown exactly reads back as itself", () => {
    for (const decimals of [0, 2, 6, 8, 18]) {
        for (const amount of [0n, 1n, 10n, 999n, 10n ** 6n, 123_456_789n, 10n ** 24n + 1n]) {
            assert.equal(value(exactAmount(amount, decimals), decimals), amount);
        }
    }
    assert.equal(exactAmount(-1_500_000n, 6), "-1.5");
});

test("nothing looks like more than it is", () => {
    assert.equal(formatAmount(1_999_999n, 6, "USDC"), "1.9999 USDC");
    assert.equal(formatAmount(1_234_567_899_999n, 6), "1,234,567");
    assert.equal(formatAmount(1n, 18, "WETH"), "<0.000001 WETH");
    assert.equal(formatAmount(0n, 18, "WETH"), "0 WETH");
    assert.equal(formatAmount(-5n * WAD, 18, "DAI"), "−5 DAI");
    assert.equal(formatCompact(12_399_999n * 10n ** 6n, 6, "USDC"), "12.3M USDC");
    assert.equal(formatCompact(999n * WAD + WAD / 2n, 18), "999.5");
    assert.equal(formatCompact(999_999n * WAD, 18), "999K");
    assert.equal(formatFixed(1_000_102n, 6, 8, "USDC"), "1.000102 USDC");
});

test("dollars, prices, shares, healths", () => {
    assert.equal(formatUsd(1_234n * WAD + (WAD * 567n) / 1_000n), "$1,234.56");
    assert.equal(formatUsd(-WAD / 2n), "−$0.50");
    assert.equal(formatUsd(1n), "<$0.01");
    assert.equal(formatUsd(0n), "$0.00");
    assert.equal(formatUsdCompact(64_300_000n * WAD), "$64.3M");
    assert.equal(formatUsdCompact(-2_500_000n * WAD), "−$2.50M");
    assert.equal(formatPrice(2_000n * WAD), "$2,000.00");
    assert.equal(formatPrice(WAD), "$1.0000");
    assert.equal(formatPercent(WAD / 8n), "12.50%");
    assert.equal(formatPercent(1n), "<0.01%");
    assert.equal(formatPercent(0n), "0.00%");
    assert.equal(formatHealth((WAD * 1_099n) / 1_000n), "1.09×");
    assert.equal(formatHealth(MAX_UINT), "∞");
});

test("durations in their two largest units", () => {
    assert.equal(formatDuration(0), "0 s");
    assert.equal(formatDuration(59), "59 s");
    assert.equal(formatDuration(604_799), "6 d 23 h");
    assert.equal(formatDuration(3_600), "1 h");
});

test("a rate per second compounds to exp(r) - 1 a year", () => {
    const fivePercent = (5n * WAD) / 100n / (365n * 86_400n);
    assert.ok(Math.abs(toFloat(annualised(fivePercent)) - 0.0512710963) < 1e-8);
    assert.equal(annualised(0n), 0n);
});

test("value of an amount is rounded down", () => {
    assert.equal(valueOf(1n, 6, 2_000n * WAD), 2_000n * 10n ** 12n);
    assert.equal(valueOf(3n, 18, WAD / 2n), 1n);
});
