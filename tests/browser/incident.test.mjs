// A whole incident by keyboard alone, against a real server: a service stops, its alert becomes an incident, and two people
// take it through its six phases to a signed, closed review. Nothing here calls for a mouse.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { assertAccessible, assertFits, launch, listen, openWindow } from "./browser.mjs";
import { tabTo, untilSays } from "./keys.mjs";
import { build, startServer } from "./server.mjs";
import { Shop } from "./shop.mjs";

/** How long it may take until half of the last probes passed, and the page has heard of it. */
const HEALED = 60_000;
const HOSTILE = "<img src=x onerror=alert(1)> \"'& =1+1";
const PASSWORD = "correct horse battery";

/** People by the names that they sign in with, and a service that counts as available when half of its probes pass. */
const RUNBOOK = `
[person.admin]
name = "The Admin"
teams = ["platform-operations"]

[person.ben]
name = "Ben"
teams = ["product-architecture"]

[service.shop]
owner = "platform-operations"

[service.shop.objectives]
availability = 0.5
`;

/** Types into a field, in place of what stands there. */
async function write(page, field, text) {
    await tabTo(page, field);
    await page.keyboard.press("Control+A");
    await page.keyboard.insertText(text);
}

/** Chooses an option of a select by typing the beginning of its text. */
async function choose(page, field, text) {
    await tabTo(page, field);
    await page.keyboard.type(text);
}

/** Presses a button, and waits for the page that follows. */
async function press(page, button) {
    await tabTo(page, button);
    await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
}

describe("two people with keyboards and no mouse", () => {
    const shop = new Shop();
    let browser, server, context, others, page, complaints;

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
        [context, others] = [await openWindow(browser), await openWindow(browser)];
        page = await context.newPage();
        complaints = listen(page);
    });
    after(async () => {
        await context?.close();
        await others?.close();
        await browser?.close();
        await server?.stop();
        await shop.close();
    });

    /** Signs in with the server's own link, and makes an account for the second person. */
    async function signIn() {
        await page.goto(server.link);
        await page.waitForURL(`${server.base}/`);
        const made = await page.request.put(`${server.base}/api/v1/users/ben`, {
            data: { password: PASSWORD, role: "responder" },
            headers: { Origin: server.base },
        });
        assert.equal(made.status(), 200, await made.text());
        await untilSays(page, "#signal-availability .card-foot", "2 services");
    }

    /** From the failing probe to the declared incident; its path. */
    async function declare() {
        await shop.close();
        await untilSays(page, "#now", "1 critical alert is open");
        await tabTo(page, await page.textContent("[aria-labelledby=now-alerts] .alert-title"));
        await page.keyboard.press("Enter");
        await page.waitForURL(/\/alerts\/[^/?]+$/);
        await press(page, "Declare an incident from it");
        await assertAccessible(page, "declaring");
        // Nobody has said yet whether data is affected: the browser asks, and nothing is sent.
        await write(page, "declare title", HOSTILE);
        await tabTo(page, "declare integrity");
        await page.keyboard.press("Space");
        await choose(page, "declare scope", "part");
        await press(page, "Declare");
        assert.match(page.url(), /\/incidents\/inc-\d{4}-0001$/);
        await assertAccessible(page, "a new incident");
        return new URL(page.url()).pathname;
    }

    async function cannotSkip() {
        await press(page, "#advance");
        await untilSays(page, "[role=alert]", "the acknowledgement is missing");
        await assertAccessible(page, "a refused form");
    }

    async function triage() {
        await press(page, "#acknowledge");
        await press(page, "#advance");
        await untilSays(page, "[aria-current=step]", "Triage");
        // The part and the person that the form offers first.
        await press(page, "Assign");
        await untilSays(page, "[aria-labelledby=who]", "commander admin");
        await press(page, "#advance");
        await untilSays(page, "[aria-current=step]", "Mitigation");
    }

    async function mitigate() {
        await press(page, "Done: Open the alert");
        await untilSays(page, ".checklist .done", "Open the alert");
        await shop.open();
        await page.locator("#record option", { hasText: "availability of shop: healthy" }).waitFor({ state: "attached", timeout: HEALED });
        await write(page, "record what", "Opened the shop again.");
        await choose(page, "record proof", "availability of shop");
        await press(page, "Record it");
        await untilSays(page, "[aria-labelledby=actions]", "proven");
        await press(page, "#advance");
        await untilSays(page, "[aria-current=step]", "Communication");
    }

    async function tell() {
        await press(page, "customers");
        assert.match(await page.inputValue("#publish textarea"), /^The impact on shop/);
        await press(page, "Publish the update");
        await untilSays(page, "#timeline ~ .scroll", "The impact on shop");
        await press(page, "#advance");
        await untilSays(page, "[aria-current=step]", "Root cause analysis");
    }

    async function review() {
        await write(page, "write summary", HOSTILE);
        await choose(page, "write cause", "procedure");
        await write(page, "write explanation", "Somebody closed it.");
        await write(page, "write detection_gap", "It was noticed at once.");
        await press(page, "Save the review");
        assert.equal(await page.inputValue("#write textarea[name=summary]"), HOSTILE);
        await press(page, "#advance");
        await untilSays(page, "[aria-current=step]", "Preventive action");
        await write(page, "plan what", "Lock the door.");
        await tabTo(page, "plan due");
        await page.keyboard.type("12312099");
        await write(page, "plan verification", "The door is locked.");
        await press(page, "Add the item");
        await untilSays(page, "[aria-labelledby=items]", "Lock the door.");
        await press(page, "#complete");
        await press(page, "#sign");
        await untilSays(page, "[role=alert]", "admin completed the review");
        await page.goto(page.url().replace(/\/review-sign$/, ""));
    }

    /** The second person reads the review and signs it; the first one's page shows it by itself. */
    async function sign(path) {
        const other = await others.newPage();
        const heard = listen(other);
        await other.goto(server.base + path);
        await write(other, "user", "ben");
        await write(other, "password", PASSWORD);
        await other.keyboard.press("Enter");
        await other.waitForURL(server.base + path);
        await press(other, "#sign");
        await untilSays(other, "[aria-labelledby=review]", "signed by ben");
        assert.equal(await other.locator("#write").count(), 0, "a signed review is locked");
        await page.bringToFront();
        await untilSays(page, "[aria-labelledby=review]", "signed by ben");
        return heard;
    }

    async function close() {
        await untilSays(page, "[aria-labelledby=next]", "Everything that Preventive action must leave is there.");
        await press(page, "#close");
        await untilSays(page, "[aria-labelledby=next]", "It is closed");
        await assertAccessible(page, "a closed incident");
        await assertFits(page, "a closed incident");
        await page.keyboard.press("g");
        await page.keyboard.press("i");
        await page.waitForURL(`${server.base}/incidents`);
        await untilSays(page, "[aria-labelledby=over]", HOSTILE);
        await assertAccessible(page, "the list of incidents");
    }

    test("take a stopped service from its alert to a signed, closed review", async () => {
        await signIn();
        const path = await declare();
        await cannotSkip();
        await triage();
        await mitigate();
        await tell();
        await review();
        const heard = await sign(path);
        await close();
        // A refused form is answered with its status, which the browser's console tells of.
        const told = [...complaints, ...heard].filter((complaint) => !complaint.includes("409 (Conflict)"));
        assert.deepEqual(told, []);
    });
});
