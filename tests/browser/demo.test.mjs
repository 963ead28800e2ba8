// The dashboard of a server with the demo: every simulated node and alert says so in words, and the overview names the
// command that removes them.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { LOOKS, assertAccessible, assertFits, assertValidHtml, launch, listen, openWindow } from "./browser.mjs";
import { build, startServer } from "./server.mjs";

describe("the dashboard of a demo", () => {
    let browser, server, state;
    before(async () => {
        build();
        [browser, server] = await Promise.all([launch(), startServer(["--demo"])]);
        const context = await openWindow(browser);
        const page = await context.newPage();
        await page.goto(server.link);
        await page.waitForURL(`${server.base}/`);
        // Six that are simulated and this host; one alert that nobody has.
        await page.waitForFunction(() => document.querySelectorAll("tr[id^='n-']").length === 7);
        await page.waitForSelector(".now-failing");
        state = await context.storageState();
        await context.close();
    });
    after(async () => {
        await browser?.close();
        await server?.stop();
    });

    /** Opens a page as the one who is signed in; whatever it complains of fails. */
    async function visit(path, look, options = LOOKS.light) {
        const own = await openWindow(browser, options, { storageState: state });
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

    /** What stands in the rows of a page, by whether they are marked. */
    const rows = (page, row, mark) =>
        page.$$eval(row, (all, mark) => all.map((one) => [one.querySelector("a").textContent, one.querySelector(mark)?.textContent ?? ""]), mark);

    test("the overview says that there is a demo and how it is removed", () =>
        visit("/", async (page) => {
            const banner = await page.textContent("p.demo");
            assert.match(banner, /^Demo\. 6 of 7 nodes are simulated and marked demo\./);
            assert.match(banner, /eavip-server quickstart --remove-demo/);
            assert.equal(await page.isVisible("p.demo"), true);
        }));

    test("each simulated node is marked in words, and this host isn't", async () => {
        for (const path of ["/", "/nodes"]) {
            await visit(path, async (page) => {
                const found = await rows(page, "tr[id^='n-']", ".demo-mark");
                assert.equal(found.length, 7);
                for (const [name, mark] of found) assert.equal(mark, name.startsWith("demo-") ? "demo" : "", `${name} on ${path}`);
            });
        }
    });

    test("nodes, series and alerts carry the mark, and pages stay valid and accessible", async () => {
        const paths = new Map([["/", "tr .demo-mark"], ["/nodes", "tr .demo-mark"], ["/alerts", ".alert-head .demo-mark"]]);
        await visit("/nodes", async (page) => {
            const node = await page.getAttribute("tr[id^='n-']:has(.demo-mark) a", "href");
            paths.set(node, ".head .demo-mark");
            await page.goto(server.base + node);
            paths.set(await page.getAttribute("#all-series a", "href"), ".head .demo-mark");
            await page.goto(`${server.base}/alerts`);
            paths.set(await page.getAttribute("a.alert-title", "href"), ".head .demo-mark");
        });
        for (const [path, mark] of paths) {
            const own = await openWindow(browser, LOOKS.light, { storageState: state });
            await assertValidHtml(await (await own.request.get(server.base + path)).text(), path);
            await own.close();
            for (const [name, look] of Object.entries(LOOKS)) {
                await visit(path, async (page) => {
                    assert.equal(await page.locator(mark).first().textContent(), "demo", path);
                    await assertAccessible(page, `${path}, ${name}`);
                    await assertFits(page, `${path}, ${name}`);
                }, look);
            }
        }
    });
});
