// Moments: in UTC as the server wrote them, or in local time; and ages that go on.
import { choices, chosen } from "./settings.js";

const LOCAL = new Intl.DateTimeFormat("sv-SE", {
    year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit",
});
const ZONE = new Intl.DateTimeFormat("en", { timeZoneName: "short" });

/** @param {Date} moment */
function zone(moment) {
    return ZONE.formatToParts(moment).find((part) => part.type === "timeZoneName")?.value ?? "";
}

/** Seconds in their two largest units, as the server writes ages. @param {number} seconds */
export function age(seconds) {
    const parts = [];
    let rest = Math.max(0, Math.floor(seconds));
    for (const [unit, size] of /** @type {[string, number][]} */ ([["d", 86400], ["h", 3600], ["min", 60], ["s", 1]])) {
        const count = Math.floor(rest / size);
        rest %= size;
        if (count > 0) parts.push(count + " " + unit);
        else if (parts.length > 0) break;
        if (parts.length === 2) break;
    }
    return parts.join(" ") || "0 s";
}

/** How long ago, in one unit below an hour, as the server writes it. @param {number} seconds */
function ago(seconds) {
    const coarse = seconds >= 60 && seconds < 3600 ? Math.floor(seconds / 60) * 60 : seconds;
    return age(coarse) + " ago";
}

// The server's clock decides ages; this one may be off.
const started = performance.now();
let serverNow = Date.parse(document.documentElement.dataset.now ?? "") || Date.now();

/** The server's time, as far as this page knows it. */
export function now() {
    return serverNow + (performance.now() - started);
}

/** @param {string | null} date the Date header of an answer, to the second */
export function learnNow(date) {
    const server = Date.parse(date ?? "");
    // A second of rounding isn't worth a jump.
    if (server && Math.abs(server - now()) > 2000) serverNow += server - now();
}

/** Writes the moments below an element as the viewer wants them. @param {ParentNode} [root] */
export function showTimes(root = document) {
    const local = chosen("zone", "utc") === "local";
    for (const element of root.querySelectorAll("time[datetime], [data-tick]")) {
        if (!(element instanceof HTMLElement || element instanceof SVGElement)) continue;
        const written = element.dataset.utc ?? element.textContent ?? "";
        const moment = new Date(element.getAttribute("datetime") ?? element.dataset.tick ?? "");
        if (Number.isNaN(moment.getTime())) continue;
        if (!local) {
            if (element.dataset.utc !== undefined) element.textContent = written;
            delete element.dataset.utc;
            continue;
        }
        const [date, clock] = LOCAL.format(moment).split(" ");
        const parts = { date: /\d{4}-/.test(written), clock: /\d:\d\d/.test(written), seconds: /:\d\d:/.test(written) };
        const text = [parts.date ? date : "", parts.clock ? (parts.seconds ? clock : clock.slice(0, 5)) : ""];
        if (written.endsWith("UTC")) text.push(zone(moment));
        element.dataset.utc = written;
        element.textContent = text.filter(Boolean).join(" ");
    }
    showAges(root);
}

/** @param {ParentNode} root */
function showAges(root) {
    for (const element of root.querySelectorAll("[data-since]")) {
        const since = Date.parse(element.getAttribute("data-since") ?? "");
        const text = ago((now() - since) / 1000);
        if (!Number.isNaN(since) && element.textContent !== text) element.textContent = text;
    }
}

export function startTimes() {
    showTimes();
    choices.addEventListener("zone", () => showTimes());
    setInterval(() => showAges(document), 5000);
}
