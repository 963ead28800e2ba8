// The keyboard: single keys lead around, `?` lists them. They can be switched off, for those whose voice or hands press
// keys by chance (WCAG 2.1.4).
import { chosen } from "./settings.js";

const PLACES = new Map([["o", "/"], ["n", "/nodes"], ["a", "/alerts"], ["i", "/incidents"], ["r", "/runbooks"]]);
/** How long `g` waits for its second key. */
const SECOND_KEY_MS = 1500;

/** @param {EventTarget | null} target */
function isTyping(target) {
    return target instanceof HTMLElement && target.closest("input, select, textarea, [contenteditable]") !== null;
}

export function startKeys() {
    const help = document.getElementById("keys-help");
    const base = document.documentElement.dataset.base ?? "";
    let going = 0;
    const show = () => {
        if (help instanceof HTMLDialogElement && !help.open) help.showModal();
    };
    document.getElementById("show-keys")?.addEventListener("click", show);
    addEventListener("keydown", (event) => {
        const modified = event.ctrlKey || event.metaKey || event.altKey;
        if (modified || isTyping(event.target) || chosen("keys", "on") === "off" || !help) return;
        if (help instanceof HTMLDialogElement && help.open) return;
        const second = performance.now() - going < SECOND_KEY_MS && going > 0;
        going = 0;
        const place = PLACES.get(event.key);
        if (second && place) {
            location.assign(base + place);
        } else if (event.key === "g") {
            going = performance.now();
        } else if (event.key === "?") {
            show();
        } else if (event.key === "p") {
            document.dispatchEvent(new Event("eavip:pause"));
        } else if (event.key === "/") {
            const search = document.querySelector("[data-search]");
            if (search instanceof HTMLElement) search.focus();
            else location.assign(base + "/nodes");
        } else {
            return;
        }
        event.preventDefault();
    });
}
