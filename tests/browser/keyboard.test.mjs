// The main job by keyboard alone, against a real server: a service stops, somebody sees it without reloading, reads what
// to do, takes the alert, and sees it end when the service is back. Nothing here calls for a mouse.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { assertAccessible, hearOnly, launch, listen, openWindow } from "./browser.mjs";
import { tabTo, untilSays } from "./keys.mjs";
import { build, startServer } from "./server.mjs";
import { Shop } from "./shop.mjs";

const REASON = "going to look: g a ? p /";

/** A rule in place of the built-in one, with an owner of its own; `runbook` is a page of the server. */
const RUNBOOK = `
[team.shop-keepers]
name = "Shop Keepers"

[alert.probe-down]
enabled = false

[alert.shop-closed]
category = "critical"
owner = "shop-keepers"
action = "Open the shop again: start its web server."
runbook = "probe-down"
indicator = "probe_up"
below = 1.0
match = { probe = "shop" }
`;

describe("a person with a keyboard and no mouse", () => {
    const shop = new Shop();
    let browser, server, context, page, complaints;

    before(async () => {
        build();
        await shop.open();
        const probe = `[[probe]]\nname = "shop"\nservice = "shop"\nurl = "http://127.0.0.1:${shop.port}/"\ninterval = "1s"\n`;
        [browser, server] = await Promise.all([
            launch(),
            startServer([], {
                "server.toml": 'runbook = "runbook.toml"\n',
                "runbook.toml": RUNBOOK,
                "data/agent/agent.toml": probe,
            }),
        ]);
        context = await openWindow(browser);
        await hearOnly(context);
        page = await context.newPage();
        complaints = listen(page);
    });
    after(async () => {
        await context?.close();
        await browser?.close();
        await server?.stop();
        await shop.close();
    });

    /** Goes on without reloading: what is then waited for arrives by itself. */
    function stay(tab) {
        return tab.evaluate(() => (globalThis.notReloaded = true));
    }
    async function assertStayed(tab) {
        assert.equal(await tab.evaluate(() => globalThis.notReloaded), true);
    }

    async function signIn() {
        await page.goto(`${server.base}/`);
        await tabTo(page, "Sign in with a one-time link");
        await page.keyboard.press("Enter");
        await tabTo(page, "input#token");
        await page.keyboard.type(new URL(server.link).hash.slice("#token=".length));
        await page.keyboard.press("Enter");
        await page.waitForURL(`${server.base}/`);
        // The shop is watched, and all is well.
        await untilSays(page, "#signal-availability .card-foot", "2 services");
        await untilSays(page, "#freshness", "Live");
        await untilSays(page, "#now", "All is well");
    }

    async function seeTheShopClose() {
        await stay(page);
        await shop.close();
        await untilSays(page, "#now", "1 critical alert is open, and nobody has acknowledged it.");
        await untilSays(page, "#signal-availability .s-failing", "failing");
        await page.waitForFunction(() => document.title.startsWith("(1 critical) "));
        await assertStayed(page);
    }

    /** From the overview to the alert; the path of its page. */
    async function readTheAlert() {
        await tabTo(page, await page.textContent("[aria-labelledby=now-alerts] .alert-title"));
        await page.keyboard.press("Enter");
        await page.waitForURL(/\/alerts\/[^/?]+$/);
        await untilSays(page, ".alert-state", "nobody has it");
        await untilSays(page, ".facts", "Shop Keepers");
        await untilSays(page, ".action", "Open the shop again: start its web server.");
        await assertAccessible(page, "the alert");
        return new URL(page.url()).pathname;
    }

    async function readTheRunbookAndReturn(alert) {
        await tabTo(page, "Runbook: probe-down");
        await page.keyboard.press("Enter");
        await page.waitForURL(`${server.base}/runbooks/probe-down`);
        await untilSays(page, "article h2", "Check first");
        await tabTo(page, await page.textContent("[aria-labelledby=open] .alert-title"));
        await page.keyboard.press("Enter");
        await page.waitForURL(server.base + alert);
    }

    async function takeTheAlert(tabs) {
        await tabTo(page, "input#reason");
        // What is typed are words, not shortcuts.
        await page.keyboard.type(REASON);
        await page.keyboard.press("Enter");
        for (const tab of tabs) {
            // A tab in the background waits until it is looked at.
            await tab.bringToFront();
            await untilSays(tab, ".alert-state", /acknowledged by admin/);
            await untilSays(tab, "blockquote", REASON);
        }
    }

    async function seeTheShopOpen(second) {
        await page.bringToFront();
        await page.keyboard.press("g");
        await page.keyboard.press("o");
        await page.waitForURL(`${server.base}/`);
        await untilSays(page, "#now", "1 critical alert is open, and somebody is on it.");
        await untilSays(page, "[aria-labelledby=now-alerts]", `taken by admin: ${REASON}`);
        await stay(page);
        await shop.open();
        await page.locator("#now", { hasText: "critical" }).waitFor({ state: "detached" });
        await page.waitForFunction(() => !document.title.startsWith("("));
        await assertStayed(page);
        await second.bringToFront();
        await untilSays(second, ".alert-state", "resolved");
    }

    test("sees a service stop, takes its alert and sees it end", async () => {
        await signIn();
        await seeTheShopClose();
        const alert = await readTheAlert();
        await readTheRunbookAndReturn(alert);
        const second = await context.newPage();
        const others = listen(second);
        await second.goto(server.base + alert);
        await stay(second);
        await page.bringToFront();
        await takeTheAlert([page, second]);
        await seeTheShopOpen(second);
        await assertStayed(second);
        assert.deepEqual([...complaints, ...others], []);
    });
});
