// The browser for the tests, and the checks that hold for every page.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { HtmlValidate } from "html-validate";
import { chromium } from "playwright-core";

const require = createRequire(import.meta.url);
const AXE = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

/** How a page is looked at: wide and narrow, light and dark. */
export const LOOKS = {
    light: { viewport: { width: 1440, height: 900 }, colorScheme: "light" },
    dark: { viewport: { width: 1440, height: 900 }, colorScheme: "dark" },
    narrow: { viewport: { width: 360, height: 740 }, colorScheme: "light" },
};

/** Debian's Chromium; tests run as root in containers, where it can't make its sandbox. */
export function launch() {
    const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
    return chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"] });
}

/** A window that brings axe along: injected by the debugger, so that the page's own policy stays in force. */
export async function openWindow(browser, look = LOOKS.light, more = {}) {
    const context = await browser.newContext({ ...look, reducedMotion: "reduce", ...more });
    await context.addInitScript(AXE);
    context.setDefaultTimeout(15_000);
    return context;
}

/**
 * Stops the clock by which a page asks from time to time without having heard of a change: what then appears came by
 * the stream.
 */
export function hearOnly(context) {
    return context.addInitScript(() => {
        const every = globalThis.setInterval;
        globalThis.setInterval = (run, ms, ...more) => (ms === 1000 ? 0 : every(run, ms, ...more));
    });
}

/** Collects what a page complains about: console errors, exceptions, breaches of its policy, failed requests. */
export function listen(page) {
    const complaints = [];
    page.on("console", (message) => {
        if (message.type() === "error" || message.type() === "warning") complaints.push(`console: ${message.text()}`);
    });
    page.on("pageerror", (error) => complaints.push(`exception: ${error.message}`));
    page.on("request", (request) => {
        if (request.url().endsWith("/csp-report")) complaints.push(`policy: ${request.postData()}`);
    });
    return complaints;
}

/** No violation of WCAG 2.2 A and AA, nor of axe's best practices. */
export async function assertAccessible(page, what) {
    const found = await page.evaluate(async () => {
        const result = await globalThis.axe.run(document);
        return result.violations.map((one) => `${one.id}: ${one.help}\n    ${one.nodes.slice(0, 5).map((node) => `${node.target} ${node.any.map((check) => check.message).join("; ").slice(0, 200)}`).join("\n    ")}`);
    });
    assert.deepEqual(found, [], `${what}:\n${found.join("\n")}`);
}

/** Nothing sticks out to the side. */
export async function assertFits(page, what) {
    const wide = await page.evaluate(() => {
        const width = document.documentElement.clientWidth;
        if (document.documentElement.scrollWidth <= width) return [];
        const all = [...document.querySelectorAll("body *")].filter((one) => !one.closest(".scroll *, .nav *") && one.getBoundingClientRect().right > width + 1);
        return all.slice(0, 5).map((one) => `${one.tagName}.${one.getAttribute("class")} ${Math.round(one.getBoundingClientRect().right)}`);
    });
    assert.deepEqual(wide, [], `${what} is wider than its window`);
}

const validator = new HtmlValidate({
    extends: ["html-validate:standard"],
    rules: {
        // Ours are `type="submit"` and `type="button"`, written out; void elements have no slash outside of SVG.
        "long-title": "off",
        // Names of hosts and services end up in ids and texts as they are.
        "valid-id": ["error", { relaxed: true }],
        "no-trailing-whitespace": "off",
        // Tables in scrolling regions are reached by keyboard through the region.
        "prefer-native-element": "off",
        "tel-non-breaking": "off",
    },
});

/** The HTML as it was sent, before any script. */
export async function assertValidHtml(html, what) {
    const report = await validator.validateString(html);
    const found = report.results.flatMap((result) => result.messages.map((one) => `${one.line}:${one.column} ${one.ruleId}: ${one.message}`));
    assert.deepEqual(found.slice(0, 10), [], `${what}:\n${found.slice(0, 10).join("\n")}`);
}
