// The dashboard of a real server that was just started: this host, live, for everybody.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { LOOKS, assertAccessible, assertFits, assertValidHtml, hearOnly, launch, listen, openWindow } from "./browser.mjs";
import { build, startServer } from "./server.mjs";

describe("the dashboard of a server", () => {
    let browser, server, context, state;
    before(async () => {
        build();
        [browser, server] = await Promise.all([launch(), startServer()]);
        context = await openWindow(browser);
        const page = await context.newPage();
        await page.goto(server.link);
        await page.waitForURL(`${server.base}/`);
        // The host's first report and its evaluation.
        await page.waitForFunction(() => document.querySelectorAll("tr[id^='n-']").length === 1);
        await page.waitForSelector(".cards .worst");
        await page.close();
        state = await context.storageState();
    });
    after(async () => {
        await context?.close();
        await browser?.close();
        await server?.stop();
    });

    /** Opens a page as the one who is signed in; whatever it complains of fails. */
    async function visit(path, look, options = {}) {
        const own = await openWindow(browser, options.look ?? LOOKS.light, { storageState: state, ...options.more });
        try {
            const page = await own.newPage();
            const complaints = listen(page);
            await page.goto(server.base + path);
            await look(page);
            assert.deepEqual(complaints, [], path);
        } finally {
            await own.close();
        }
    }

    /** The pages there are, found by following links from the navigation. */
    async function paths() {
        const found = new Set(["/", "/nodes", "/alerts", "/runbooks", "/settings", "/api/docs", "/problems/conflict", "/nowhere"]);
        await visit("/", async (page) => {
            found.add(await page.getAttribute("tr[id^='n-'] a", "href"));
        });
        const node = [...found].find((path) => path.startsWith("/nodes/"));
        await visit(node, async (page) => {
            found.add(await page.getAttribute("#all-series a", "href"));
        });
        await visit("/runbooks", async (page) => {
            found.add(await page.getAttribute(".links a", "href"));
        });
        return [...found];
    }

    test("a stranger is sent to the sign-in page", async () => {
        const own = await openWindow(browser);
        const page = await own.newPage();
        await page.goto(`${server.base}/alerts`);
        assert.match(page.url(), /\/sign-in/);
        await assertAccessible(page, "the sign-in page");
        await own.close();
    });

    test("a sign-in link works once", async () => {
        const own = await openWindow(browser);
        const page = await own.newPage();
        await page.goto(server.link);
        await page.waitForSelector("[role=alert]");
        assert.match(page.url(), /\/sign-in/);
        await own.close();
    });

    test("the overview shows this host and all five signals", () =>
        visit("/", async (page) => {
            assert.equal(await page.locator("tr[id^='n-']").count(), 1);
            assert.equal(await page.locator(".cards > li").count(), 5);
            await page.waitForFunction(() => [...document.querySelectorAll(".cards .value")].every((one) => one.textContent !== "–"));
            await page.waitForFunction(() => document.getElementById("freshness").textContent === "Live");
        }));

    test("every page is valid, accessible, in one width and silent", async () => {
        for (const path of await paths()) {
            const own = await openWindow(browser, LOOKS.light, { storageState: state });
            const answer = await own.request.get(server.base + path);
            await assertValidHtml(await answer.text(), path);
            assert.match(answer.headers()["content-security-policy"] ?? "", /require-trusted-types-for 'script'/, path);
            await own.close();
            if (path === "/nowhere") continue;
            for (const [name, look] of Object.entries(LOOKS)) {
                await visit(path, async (page) => {
                    await assertAccessible(page, `${path}, ${name}`);
                    await assertFits(page, `${path}, ${name}`);
                }, { look });
            }
        }
    });

    test("eight tabs load and stay live", async () => {
        const own = await openWindow(browser, LOOKS.light, { storageState: state });
        const tabs = [];
        for (let number = 0; number < 8; number++) {
            const page = await own.newPage();
            await page.goto(`${server.base}/`);
            tabs.push(page);
        }
        for (const page of tabs) {
            await page.bringToFront();
            await page.waitForFunction(() => document.getElementById("freshness").textContent === "Live");
        }
        await own.close();
    });

    test("a change appears without reloading", () =>
        visit("/", async (page) => {
            await hearOnly(page.context());
            await page.reload();
            await page.evaluate(() => (globalThis.notReloaded = true));
            const before = await page.getAttribute("#changes ~ ol li", "id");
            // Another window makes a join token, which the ledger records and the feed shows.
            await visit("/settings", async (other) => {
                await other.fill("[name=deployment]", "second-site");
                await other.click("form[action$='/settings/join-tokens'] button");
                await other.waitForSelector(".secret code");
                assert.match(await other.textContent(".secret code"), /echo eavip1\.\S+ \| eavip-agent join/);
            });
            await page.bringToFront();
            await page.waitForFunction((id) => document.querySelector("#changes ~ ol li")?.id !== id, before);
            assert.equal(await page.evaluate(() => globalThis.notReloaded), true);
        }));

    test("a token that was just made fits into a narrow window", () =>
        visit("/settings", async (page) => {
            await page.fill("[name=name]", "deploy script");
            await page.click("form[action$='/settings/tokens'] button");
            await page.waitForSelector("tr[id^='t-']");
            await assertAccessible(page, "a new token");
            await assertFits(page, "a new token");
        }, { look: LOOKS.narrow }));

    test("everything can be read without script", () =>
        visit("/", async (page) => {
            assert.equal(await page.locator(".cards > li").count(), 5);
            assert.equal(await page.isVisible("#pause"), false);
            await page.click("tr[id^='n-'] a");
            await page.waitForSelector("#services");
        }, { more: { javaScriptEnabled: false } }));

    test("keys lead from the overview to a node and back", () =>
        visit("/", async (page) => {
            await page.keyboard.press("g");
            await page.keyboard.press("n");
            await page.waitForURL(`${server.base}/nodes`);
            await page.focus("tr[id^='n-'] a");
            await page.keyboard.press("Enter");
            await page.waitForURL(/\/nodes\/.+/);
            await page.keyboard.press("g");
            await page.keyboard.press("o");
            await page.waitForURL(`${server.base}/`);
        }));
});
