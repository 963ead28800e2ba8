// A real server for the browser's tests: `eavip-server quickstart` on free ports, with its data in a directory of its
// own, ended by its process id.

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const LINK = /(http:\/\/127\.0\.0\.1:\d+)\/sign-in#token=(\S+)/;
/** How long the server may take to say where it is. */
const START_MS = 30_000;

/** Builds what is run. */
export function build() {
    execFileSync("cargo", ["build", "--quiet", "--locked", "-p", "eavip-server", "--bin", "eavip-server"], { cwd: root, stdio: "inherit" });
}

/**
 * Starts a server, with further flags.
 * @param {string[]} flags
 * @returns {Promise<{ base: string, link: string, stop: () => Promise<void> }>}
 */
export async function startServer(flags = []) {
    const directory = mkdtempSync(join(tmpdir(), "eavip-browser-"));
    const listen = ["web", "agents", "admin"].flatMap((name) => [`--${name}`, "127.0.0.1:0"]);
    const child = spawn(`${root}target/debug/eavip-server`, ["quickstart", "--data", join(directory, "data"), ...listen, ...flags], {
        cwd: directory,
        stdio: ["ignore", "pipe", "pipe"],
    });
    const ended = once(child, "exit");
    const said = [];
    child.stderr.on("data", (data) => said.push(String(data)));
    const stop = async () => {
        child.kill("SIGTERM");
        await ended;
        rmSync(directory, { recursive: true, force: true });
    };
    const link = new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`no sign-in link:\n${said.join("")}`)), START_MS);
        createInterface({ input: child.stdout }).on("line", (line) => {
            const found = LINK.exec(line);
            if (!found) return;
            clearTimeout(timer);
            resolve({ base: found[1], link: found[0] });
        });
        void ended.then(([code]) => {
            clearTimeout(timer);
            reject(new Error(`the server ended with ${code}:\n${said.join("")}`));
        });
    });
    try {
        return { ...(await link), stop };
    } catch (error) {
        await stop();
        throw error;
    }
}
