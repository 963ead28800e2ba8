// Brings the page's own part up to date: fetches its fragment and changes only what differs, so that focus, scroll
// position, opened details and what was typed stay.
import { markCharts } from "./chart.js";
import { learnNow, showTimes } from "./time.js";

/** Attributes that belong to the viewer or to scripts, not to the server. */
const OURS = new Set(["open", "data-utc", "data-changed", "data-page-title"]);

/**
 * The parser of XMLHttpRequest makes a document from the answer without any script running and without turning text
 * into markup by hand, so the page needs no Trusted Types policy at all.
 * @param {string} path @param {string} tag
 * @returns {Promise<{status: number, moved: boolean, tag: string, date: string | null, body: HTMLElement | null}>}
 */
function load(path, tag) {
    return new Promise((resolve, reject) => {
        const request = new XMLHttpRequest();
        request.open("GET", path);
        request.responseType = "document";
        request.timeout = 10_000;
        if (tag) request.setRequestHeader("If-None-Match", tag);
        request.onload = () => resolve({
            status: request.status,
            moved: !request.responseURL.includes("/fragments/"),
            tag: request.getResponseHeader("ETag") ?? "",
            date: request.getResponseHeader("Date"),
            body: request.responseXML?.body ?? null,
        });
        request.onerror = request.ontimeout = () => reject(new Error("not reached"));
        request.send();
    });
}

let tag = "";

/**
 * @param {HTMLElement} section
 * @returns {Promise<void>} rejected when the server wasn't reached or can't answer now
 */
export async function refresh(section) {
    const answer = await load(section.dataset.fragment ?? "", tag);
    // Signed out meanwhile: the page itself leads to where one signs in.
    if (answer.moved || answer.status === 401 || answer.status === 403) return location.reload();
    if (answer.status === 304) return learnNow(answer.date);
    if (answer.status !== 200 || !answer.body) throw new Error("answer " + answer.status);
    learnNow(answer.date);
    tag = answer.tag;
    morphChildren(section, answer.body);
    showTimes(section);
    markCharts(section);
    showTitle(section);
}

/** What is worst stands in the tab's title. @param {HTMLElement} section */
export function showTitle(section) {
    const worst = section.querySelector("[data-title]")?.getAttribute("data-title") ?? "";
    document.title = worst + (section.dataset.pageTitle ?? "") + " · EAVIP ops";
}

/** @param {Node} node */
function keyOf(node) {
    return node instanceof Element ? node.id : "";
}

/** What an element is, whatever state it is in: its name and first class. @param {Node} node */
function sortOf(node) {
    return node instanceof Element ? node.nodeName + "." + (node.classList[0] ?? "") : node.nodeName;
}

/** @param {Node} a @param {Node} b */
function alike(a, b) {
    return sortOf(a) === sortOf(b) && keyOf(a) === keyOf(b);
}

/** The first of `at` and what follows it that can become `wanted`. @param {ChildNode | null} at @param {Node} wanted */
function match(at, wanted) {
    while (at && !alike(at, wanted)) at = at.nextSibling;
    return at;
}

/** @param {Element} old @param {Element} wanted */
export function morphChildren(old, wanted) {
    /** @type {ChildNode | null} */
    let at = old.firstChild;
    for (const next of [...wanted.childNodes]) {
        const text = !(next instanceof Element);
        while (!text && at && !(at instanceof Element)) at = drop(at);
        const known = text ? (at && alike(at, next) ? at : null) : match(at, next);
        if (!known) {
            const added = document.importNode(next, true);
            old.insertBefore(added, at);
            if (added instanceof Element && added.id) added.setAttribute("data-changed", "");
            continue;
        }
        // Moving a node would drop its focus: then what stands before it goes instead.
        if (known !== at && known.contains(document.activeElement)) while (at && at !== known) at = drop(at);
        else if (known !== at) old.insertBefore(known, at);
        at = known.nextSibling;
        morph(known, next);
    }
    while (at) at = drop(at);
}

/** @param {ChildNode} node */
function drop(node) {
    const next = node.nextSibling;
    node.remove();
    return next;
}

/** @param {ChildNode} old @param {Node} wanted */
function morph(old, wanted) {
    if (!(old instanceof Element && wanted instanceof Element)) {
        if (old.nodeValue !== wanted.nodeValue) old.nodeValue = wanted.nodeValue;
        return;
    }
    for (const { name } of [...old.attributes]) {
        if (!wanted.hasAttribute(name) && !OURS.has(name)) old.removeAttribute(name);
    }
    for (const { name, value } of wanted.attributes) {
        if (!OURS.has(name) && old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
    // A form is the viewer's while they work in it.
    if (old instanceof HTMLFormElement && old.contains(document.activeElement)) return;
    morphChildren(old, wanted);
}
