// The keyboard alone: where the focus is, how it gets somewhere, and what is done with it there.

import assert from "node:assert/strict";

/** More stops than any page here has. */
const MOST_STOPS = 120;

/** What has the focus: what it is called, what it says, and whether one sees that it has it. */
export function focused(page) {
    return page.evaluate(() => {
        const one = document.activeElement;
        const style = getComputedStyle(one);
        const box = one.getBoundingClientRect();
        const field = one.name ? [`${one.closest("form")?.id ?? ""} ${one.name}`.trim()] : [];
        const id = one.id ? [`#${one.id}`] : [];
        return {
            names: [...field, ...id, one.nodeName.toLowerCase() + id.join("")],
            text: one.textContent.trim(),
            isPage: one === document.body,
            ringed: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
            inside: box.bottom > 0 && box.right > 0 && box.top < innerHeight && box.left < innerWidth,
        };
    });
}

/** Goes on with Tab until the focus is on `what`: `#id`, `form field`, an element's name with its id, or the beginning of its text. */
export async function tabTo(page, what) {
    const stops = [];
    for (let stop = 0; stop < MOST_STOPS; stop++) {
        await page.keyboard.press("Tab");
        const at = await focused(page);
        // Behind the last stop the focus leaves the page once, for the browser's own bar.
        if (at.isPage) continue;
        stops.push(`${at.names[0]} ${at.text.slice(0, 40)}`);
        assert.ok(at.ringed && at.inside, `nobody sees the focus on ${stops.at(-1)}`);
        if (at.names.includes(what) || at.text.startsWith(what)) return;
    }
    assert.fail(`Tab doesn't lead to ${what} on ${page.url()}, only to:\n${stops.join("\n")}`);
}

/** Waits until an element says it, without a reload. */
export async function untilSays(page, selector, text) {
    await page.locator(selector, { hasText: text }).first().waitFor();
}
