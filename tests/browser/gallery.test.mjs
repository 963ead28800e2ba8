// Every page of the gallery: valid, accessible, in one width, silent; and what scripts do with it.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { LOOKS, assertAccessible, assertFits, assertValidHtml, hearOnly, launch, listen, openWindow } from "./browser.mjs";
import { galleryHtml, galleryPages, ownFragments, serveGallery, writeGallery } from "./gallery.mjs";

writeGallery();

describe("the gallery", () => {
    let browser;
    before(async () => (browser = await launch()));
    after(() => browser.close());

    for (const name of galleryPages()) {
        test(`${name} is valid HTML`, () => assertValidHtml(galleryHtml(name), name));
        test(`${name} is accessible, fits and complains of nothing`, async () => {
            // Hundreds of rows that look like the few on other pages: one look tells as much as three.
            const looks = name === "overview-500" ? { light: LOOKS.light } : LOOKS;
            for (const [look, options] of Object.entries(looks)) {
                const check = async (page) => {
                    await page.evaluate(() => document.querySelectorAll("details").forEach((one) => (one.open = one.className !== "menu")));
                    await assertAccessible(page, `${name}, ${look}`);
                    await assertFits(page, `${name}, ${look}`);
                };
                await visit(name, check, { options });
            }
        });
    }

    /** Opens a gallery page and gives it to `look`; whatever the page complains of fails. */
    async function visit(name, look, { fragments = ownFragments(name), options = LOOKS.light, hash = "", more = {}, silent = true } = {}) {
        const gallery = await serveGallery(fragments);
        const context = await openWindow(browser, options, more);
        try {
            const page = await context.newPage();
            const complaints = listen(page);
            await page.goto(`${gallery.base}/${name}.html${hash}`);
            await look(page, gallery, context);
            if (silent) assert.deepEqual(complaints, []);
        } finally {
            await context.close();
            await gallery.close();
        }
    }

    test("the menu and the list of keys are accessible", () =>
        visit("overview-healthy", async (page) => {
            await page.click("#menu summary");
            await assertAccessible(page, "the menu");
            await page.click("#show-keys");
            await assertAccessible(page, "the list of keys");
        }));

    test("a change is shown without losing focus, open details or scroll position", async () => {
        const own = ownFragments("overview-on-fire");
        let changed = false;
        const fragments = (url, headers) => {
            const answer = own(url, changed ? {} : headers);
            if (!changed || !url.startsWith("/fragments/")) return answer;
            return { status: 200, tag: '"2"', body: answer.body.replace("3 critical alerts are open", "4 critical alerts are open") };
        };
        await visit("overview-on-fire", async (page) => {
            await page.click("#healthy-nodes summary");
            const link = page.locator("#healthy-nodes tbody a").last();
            await link.focus();
            const scroll = await page.evaluate(() => scrollY);
            changed = true;
            await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
            await page.waitForFunction(() => document.querySelector("#now").textContent.startsWith("4 critical"));
            assert.equal(await page.evaluate(() => document.querySelector("#healthy-nodes").open), true);
            assert.equal(await link.evaluate((one) => one === document.activeElement), true);
            assert.equal(await page.evaluate(() => scrollY), scroll);
        }, { fragments });
    });

    test("an alert is acknowledged by keyboard alone", async () => {
        const own = ownFragments("alert");
        const posted = [];
        const fragments = (url, headers, response) => {
            if (!url.endsWith("/acknowledge")) return own(url, headers);
            response.req.on("data", (data) => posted.push(String(data)));
            return { status: 200, tag: '"1"', body: "<!doctype html><title>taken</title>" };
        };
        await visit("alert", async (page) => {
            const focused = () => page.evaluate(() => document.activeElement?.id);
            for (let steps = 0; steps < 40 && (await focused()) !== "reason"; steps++) await page.keyboard.press("Tab");
            assert.equal(await focused(), "reason");
            await page.keyboard.type("going to look: g a ? p");
            await page.keyboard.press("Enter");
            await page.waitForURL(/\/acknowledge$/);
            assert.deepEqual(posted, ["reason=going+to+look%3A+g+a+%3F+p"]);
        }, { fragments });
    });

    test("what is typed into a form survives a change", async () => {
        const own = ownFragments("alert");
        let changed = false;
        const fragments = (url, headers) => {
            const answer = own(url, changed ? {} : headers);
            return changed && answer?.body ? { ...answer, tag: '"2"', body: answer.body.replace("front door is failing", "back door is failing") } : answer;
        };
        await visit("alert", async (page) => {
            await page.fill("#reason", "on it");
            changed = true;
            await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
            await page.waitForFunction(() => document.querySelector("h1").textContent.includes("back door"));
            assert.equal(await page.inputValue("#reason"), "on it");
        }, { fragments });
    });

    test("a change is heard in every tab and one tab holds the stream", async () => {
        const own = ownFragments("overview-healthy");
        const streams = [];
        let changed = false;
        const fragments = (url, headers, response) => {
            if (url.startsWith("/api/v1/stream")) {
                response.writeHead(200, { "Content-Type": "text/event-stream" });
                response.write(":\n\n");
                streams.push(response);
                response.on("close", () => streams.splice(streams.indexOf(response), 1));
                return true;
            }
            const answer = own(url, changed ? {} : headers);
            return changed && answer?.body ? { ...answer, tag: '"2"', body: answer.body.replace("All is well on 24", "All is well on 25") } : answer;
        };
        await visit("overview-healthy", async (first, gallery, context) => {
            await hearOnly(context);
            await first.reload();
            const tabs = [first];
            while (tabs.length < 8) {
                const page = await context.newPage();
                await page.goto(`${gallery.base}/overview-healthy.html`);
                tabs.push(page);
            }
            assert.equal(streams.length, 1, "connections for eight tabs");
            changed = true;
            streams[0].write('event: alert\ndata: {"seq":1,"kind":"alert","id":"x"}\n\n');
            for (const page of tabs) {
                // A tab in the background waits until it is looked at.
                await page.bringToFront();
                await page.waitForFunction(() => document.querySelector("#now").textContent.startsWith("All is well on 25"));
            }
            // When the tab that holds the stream goes, another one takes over.
            await first.close();
            await tabs[1].waitForFunction(async () => (await navigator.locks.query()).held.length === 1);
        }, { fragments });
    });

    test("whoever is signed out meanwhile is led to the sign-in page", async () => {
        const own = ownFragments("alerts");
        let out = false;
        const fragments = (url, headers, response) => {
            if (out && url === "/alerts.html") return { status: 200, tag: '"3"', body: "<!doctype html><title>Sign in</title>" };
            if (!out || !url.startsWith("/fragments/")) return own(url, headers);
            response.writeHead(303, { Location: "/sign-in.html" }).end();
            return true;
        };
        await visit("alerts", async (page) => {
            out = true;
            await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
            await page.waitForFunction(() => document.title === "Sign in");
        }, { fragments });
    });

    test("numbers that are no longer fresh say so", () =>
        visit("overview-healthy", async (page, gallery) => {
            await page.clock.install();
            await page.reload();
            await gallery.close();
            const says = (text) => page.waitForFunction((text) => document.getElementById("freshness").textContent.startsWith(text), text);
            await page.clock.runFor(25_000);
            await says("Reconnecting");
            await page.clock.runFor(10_000);
            await says("Stale since");
        }, { silent: false }));

    test("keys lead around and can be switched off", () =>
        visit("overview-healthy", async (page, gallery) => {
            await page.keyboard.press("?");
            assert.equal(await page.locator("#keys-help").evaluate((one) => one.open), true);
            await page.keyboard.press("Escape");
            await page.keyboard.press("p");
            assert.equal(await page.textContent("#freshness"), "Paused");
            await page.keyboard.press("p");
            await page.click("#menu summary");
            await page.uncheck("input[name=keys]");
            await page.keyboard.press("Escape");
            await page.keyboard.press("?");
            assert.equal(await page.locator("#keys-help").evaluate((one) => one.open), false);
            await page.click("#menu summary");
            await page.check("input[name=keys]");
            await page.keyboard.press("Escape");
            await page.route(`${gallery.base}/alerts`, (route) => route.fulfill({ contentType: "text/html", body: "<title>alerts</title>" }));
            await page.keyboard.press("g");
            await page.keyboard.press("a");
            await page.waitForURL(`${gallery.base}/alerts`);
        }));

    test("a chosen theme holds on the next page", () =>
        visit("overview-healthy", async (page, gallery) => {
            await page.click("#menu summary");
            await page.check("input[name=theme][value=dark]");
            await page.goto(`${gallery.base}/alerts.html`);
            assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "dark");
        }, { fragments: ownFragments("alerts") }));

    test("times can be local, and UTC again", () =>
        visit("overview-on-fire", async (page) => {
            const time = page.locator("#changes ~ ol time").first();
            assert.equal(await time.textContent(), "07:28:25 UTC");
            await page.click("#menu summary");
            await page.check("input[name=zone][value=local]");
            assert.match(await time.textContent(), /^09:28:25 (GMT\+2|EET)$/);
            await page.check("input[name=zone][value=utc]");
            assert.equal(await time.textContent(), "07:28:25 UTC");
        }, { more: { timezoneId: "Europe/Helsinki" } }));

    test("a chart is read by keyboard and by pointer", () =>
        visit("series", async (page) => {
            await page.focus("[data-crosshair]");
            await page.keyboard.press("End");
            assert.match(await page.textContent("output.reading"), /^1\.\d+ s \(.+\) · 2026-11-23 07:30:00 UTC$/);
            await page.keyboard.press("ArrowLeft");
            assert.match(await page.textContent("output.reading"), /07:29:00 UTC$/);
            await page.hover("[data-crosshair]", { position: { x: 70, y: 60 } });
            assert.match(await page.textContent("output.reading"), /06:30:00 UTC$/);
        }));

    test("a one-time link signs in and leaves no token in the address", async () => {
        const posted = [];
        const fragments = (url, headers, response) => {
            if (url !== "/sign-in") return undefined;
            response.req.on("data", (data) => posted.push(String(data)));
            return { status: 200, tag: '"1"', body: "<!doctype html><title>in</title>" };
        };
        await visit("sign-in", async (page, gallery) => {
            await page.waitForURL(`${gallery.base}/sign-in`);
            assert.match(posted.join(""), /token=abc-123/);
            await page.goBack();
            assert.ok(!page.url().includes("abc-123"), page.url());
        }, { fragments, hash: "#token=abc-123" });
    });

    test("everything can be read without script", () =>
        visit("overview-on-fire", async (page) => {
            assert.match(await page.textContent("#now"), /3 critical alerts are open/);
            assert.equal(await page.locator(".card").count(), 5);
            assert.equal(await page.isVisible("#pause"), false);
        }, { more: { javaScriptEnabled: false } }));
});
