// Keeps the page fresh. One tab of this browser holds the stream of changes and tells the others, so that any number
// of tabs needs one connection; each tab fetches its own fragment when a change concerns it. How fresh the page is
// stands in its head, always.
import { refresh, showTitle } from "./fragment.js";
import { age, now } from "./time.js";

/** Fragments are fetched at most this often, however many changes come. */
const LEAST_BETWEEN = 1500;
/** Without any change a page asks this often: it proves that it is fresh, and makes good a message that was missed. */
const MOST_BETWEEN = 15_000;
/** Numbers older than this are hatched. */
const STALE_AFTER = 30_000;
/** What the stream sends when changes were missed; all else is named after the kind of change. */
const RESYNC = "resync";

/** @typedef {{ kind: string, id?: string }} Change */

class Live {
    /** @param {HTMLElement} section @param {string} base */
    constructor(section, base) {
        this.section = section;
        this.base = base;
        this.root = document.documentElement;
        this.paused = false;
        this.failed = false;
        this.loading = false;
        this.wanted = false;
        this.lastProof = performance.now();
        this.lastFetch = performance.now();
        this.provenAt = now();
        this.timer = 0;
    }

    /** Whether a change is about what this page shows. @param {Change} change */
    concerns(change) {
        if (change.kind === RESYNC) return true;
        const kinds = (this.section.dataset.kinds ?? "").split(" ");
        const ids = (this.section.dataset.ids ?? "").split(" ").filter(Boolean);
        // An alert's page may show a new alert of its node: its id isn't known here.
        return kinds.includes(change.kind) && (ids.length === 0 || change.kind !== "report" || ids.includes(change.id ?? ""));
    }

    /** @param {Change} change */
    hear(change) {
        if (this.concerns(change)) this.soon();
    }

    soon() {
        this.wanted = true;
        if (this.timer || this.paused || document.hidden) return;
        const wait = Math.max(0, this.lastFetch + LEAST_BETWEEN - performance.now());
        this.timer = setTimeout(() => {
            this.timer = 0;
            void this.fetch();
        }, wait);
    }

    async fetch() {
        if (this.loading || this.paused) return;
        this.loading = true;
        this.wanted = false;
        this.lastFetch = performance.now();
        try {
            await refresh(this.section);
            this.failed = false;
            this.lastProof = performance.now();
            this.provenAt = now();
        } catch {
            this.failed = true;
        }
        this.loading = false;
        this.show();
        if (this.wanted) this.soon();
    }

    tick() {
        const idle = performance.now() - this.lastFetch;
        // After a failure it asks more often, and never all tabs at once.
        const most = this.failed ? 3000 + Math.random() * 2000 : MOST_BETWEEN;
        if (!document.hidden && idle > most) this.soon();
        this.show();
    }

    show() {
        const late = performance.now() - this.lastProof;
        const stale = late > STALE_AFTER;
        const state = this.paused ? "paused" : stale ? "stale" : this.failed ? "trying" : "live";
        // A paused page grows stale like any other, and looks so.
        this.root.dataset.fresh = stale ? "stale" : state;
        const clock = new Date(this.provenAt).toISOString().slice(11, 19) + " UTC";
        const text = {
            paused: stale ? `Paused, ${age(late / 1000)} old` : "Paused",
            stale: `Stale since ${clock}`,
            trying: "Reconnecting",
            live: "Live",
        }[state];
        const label = document.getElementById("freshness");
        if (label && label.textContent !== text) label.textContent = text;
    }

    pause() {
        this.paused = !this.paused;
        const button = document.getElementById("pause");
        button?.setAttribute("aria-pressed", String(this.paused));
        if (button) button.textContent = this.paused ? "Go on" : "Pause";
        if (!this.paused) this.soon();
        this.show();
    }
}

/**
 * Opens the stream in this tab, for all kinds of change: other tabs may show what this one doesn't.
 * @param {string} base @param {string[]} kinds @param {(change: Change) => void} tell
 */
function openStream(base, kinds, tell) {
    const source = new EventSource(base + "/api/v1/stream");
    for (const kind of [...kinds, RESYNC]) {
        source.addEventListener(kind, (event) => {
            try {
                tell({ kind, id: JSON.parse(event.data).id });
            } catch {
                // A message that can't be read may have been any: look again.
                tell({ kind: RESYNC });
            }
        });
    }
    // The browser reconnects by itself, except after an answer that is no stream: a server that just starts or ends.
    source.addEventListener("error", () => {
        if (source.readyState === EventSource.CLOSED) setTimeout(openStream, 5000 + Math.random() * 5000, base, kinds, tell);
    });
    // A new connection may have missed something.
    source.addEventListener("open", () => tell({ kind: RESYNC }));
}

export function startLive() {
    const section = document.querySelector("[data-fragment]");
    const base = document.documentElement.dataset.base ?? "";
    if (!(section instanceof HTMLElement)) {
        // Nothing here changes by itself; so there is nothing to pause.
        document.querySelector(".live")?.remove();
        return;
    }
    const live = new Live(section, base);
    showTitle(section);
    live.show();
    setInterval(() => live.tick(), 1000);
    document.addEventListener("visibilitychange", () => {
        if (!document.hidden) live.soon();
    });
    document.getElementById("pause")?.addEventListener("click", () => live.pause());
    document.addEventListener("eavip:pause", () => live.pause());
    // Without locks (plain HTTP from afar) a page asks from time to time, as it does anyway.
    if (!("locks" in navigator && "BroadcastChannel" in window)) return;
    const channel = new BroadcastChannel("eavip.changes" + base);
    channel.addEventListener("message", (event) => live.hear(event.data));
    void navigator.locks.request("eavip.stream" + base, () => {
        openStream(base, (section.dataset.stream ?? "").split(" "), (change) => {
            live.hear(change);
            channel.postMessage(change);
        });
        // Held for as long as the tab lives; then the next tab opens the stream.
        return new Promise(() => {});
    });
}
