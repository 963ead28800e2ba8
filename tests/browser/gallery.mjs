// The gallery: every page with made-up data, as the server's own tests write it to target/dashboard-pages, on a small
// static server with the policy that the real one sends.

import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const pages = `${root}target/dashboard-pages/`;
const TYPES = { html: "text/html; charset=utf-8", css: "text/css", js: "text/javascript", svg: "image/svg+xml" };

/** Writes the pages anew. */
export function writeGallery() {
    const test = "dashboard::tests::gallery::writes_every_page_for_the_browsers_checks";
    execFileSync("cargo", ["test", "--quiet", "--locked", "-p", "eavip-server", "--lib", "--", "--exact", test], { cwd: root, stdio: "ignore" });
}

/** The names of all pages. */
export function galleryPages() {
    return readdirSync(pages).filter((name) => name.endsWith(".html")).map((name) => name.slice(0, -5)).sort();
}

/** A page's HTML. */
export function galleryHtml(name) {
    return readFileSync(`${pages}${name}.html`, "utf8");
}

/**
 * Serves the gallery on a free port. `fragments` answers what scripts ask for: a function of path and headers that
 * returns a status, an entity tag and a body, or nothing.
 */
export async function serveGallery(fragments = () => undefined) {
    const policy = readFileSync(`${pages}content-security-policy.txt`, "utf8");
    const server = createServer((request, response) => {
        const path = decodeURIComponent(request.url.split("?")[0]);
        response.setHeader("Content-Security-Policy", policy);
        // Browsers ask for it when a page names no icon.
        if (path === "/favicon.ico") return response.writeHead(204).end();
        const fragment = fragments(request.url, request.headers, response);
        if (fragment === true) return;
        if (fragment) {
            response.writeHead(fragment.status, { "Content-Type": TYPES.html, ETag: fragment.tag });
            return response.end(fragment.status === 304 ? undefined : fragment.body);
        }
        try {
            const body = readFileSync(pages + path.slice(1));
            response.writeHead(200, { "Content-Type": TYPES[path.split(".").pop()] ?? "text/plain" });
            response.end(body);
        } catch {
            response.writeHead(404).end();
        }
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    const base = `http://127.0.0.1:${server.address().port}`;
    const close = () => {
        server.closeAllConnections();
        return new Promise((resolve) => server.close(resolve));
    };
    return { base, close };
}

/** Answers every fragment with the page's own content, so that a gallery page stays live. */
export function ownFragments(name) {
    const html = galleryHtml(name);
    const inside = html.slice(html.indexOf(">", html.indexOf("<section class=\"page\"")) + 1, html.lastIndexOf("</section>"));
    return (url, headers) => {
        if (url.startsWith("/api/v1/stream")) return { status: 204, tag: "", body: "" };
        if (!url.startsWith("/fragments/")) return undefined;
        return headers["if-none-match"] === "\"1\"" ? { status: 304, tag: "\"1\"" } : { status: 200, tag: "\"1\"", body: inside };
    };
}
