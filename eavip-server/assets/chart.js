// The crosshair of a chart, by pointer and by keyboard. It reads the chart's own table, so that it says what is drawn.

const SVG = "http://www.w3.org/2000/svg";
const STEPS = new Map([["ArrowLeft", -1], ["ArrowRight", 1], ["PageUp", -10], ["PageDown", 10]]);

class Crosshair {
    /** @param {HTMLElement} frame */
    constructor(frame) {
        this.frame = frame;
        this.at = -1;
        frame.addEventListener("pointermove", (event) => this.point(event));
        frame.addEventListener("pointerleave", () => this.hide());
        frame.addEventListener("blur", () => this.hide());
        frame.addEventListener("keydown", (event) => this.key(event));
    }

    rows() {
        return [...(this.frame.closest("figure")?.querySelectorAll("tr[data-x]") ?? [])];
    }

    /** @param {PointerEvent} event */
    point(event) {
        const plot = this.frame.querySelector(".plot");
        const grid = plot?.querySelector(".grid");
        if (!grid) return;
        const box = grid.getBoundingClientRect();
        const share = ((event.clientX - box.left) / box.width) * 100;
        let best = -1;
        let least = Infinity;
        this.rows().forEach((row, index) => {
            const far = Math.abs(Number(row.getAttribute("data-x")) - share);
            if (far < least) [best, least] = [index, far];
        });
        this.show(best);
    }

    /** @param {KeyboardEvent} event */
    key(event) {
        const last = this.rows().length - 1;
        const step = STEPS.get(event.key);
        if (event.key === "Escape") return this.hide();
        if (step !== undefined) this.show(Math.min(last, Math.max(0, (this.at < 0 ? last + (step < 0 ? 1 : 0) : this.at) + step)));
        else if (event.key === "Home") this.show(0);
        else if (event.key === "End") this.show(last);
        else return;
        event.preventDefault();
    }

    /** @param {number} index */
    show(index) {
        const row = this.rows()[index];
        const plot = this.frame.querySelector(".plot");
        if (!row || !plot) return;
        this.at = index;
        const [x, y] = [row.getAttribute("data-x") + "%", row.getAttribute("data-y") + "%"];
        this.shape(plot, "line", "cross", { x1: x, x2: x, y1: "0", y2: "100%" });
        this.shape(plot, "circle", "cross-dot", { cx: x, cy: y, r: "4" });
        const label = this.label();
        const cells = [...row.children].map((cell) => cell.textContent);
        const text = cells[1] + (cells[2] ? ` (${cells[2]})` : "") + " · " + cells[0];
        if (label.textContent !== text) label.textContent = text;
        label.hidden = false;
    }

    /** @param {Element} plot @param {string} name @param {string} kind @param {Record<string, string>} attributes */
    shape(plot, name, kind, attributes) {
        let shape = plot.querySelector(":scope > ." + kind);
        if (!shape) {
            shape = document.createElementNS(SVG, name);
            shape.setAttribute("class", kind);
            plot.append(shape);
        }
        for (const [key, value] of Object.entries(attributes)) shape.setAttribute(key, value);
    }

    label() {
        let label = this.frame.querySelector("output");
        if (!label) {
            label = document.createElement("output");
            label.className = "reading";
            this.frame.append(label);
        }
        return label;
    }

    hide() {
        this.at = -1;
        this.frame.querySelectorAll(".cross, .cross-dot").forEach((shape) => shape.remove());
        this.label().hidden = true;
    }
}

const known = new WeakSet();

/** Gives new charts their crosshair. @param {ParentNode} root */
export function markCharts(root) {
    for (const frame of root.querySelectorAll("[data-crosshair]")) {
        if (!(frame instanceof HTMLElement) || known.has(frame)) continue;
        known.add(frame);
        new Crosshair(frame);
    }
}

export function startCharts() {
    markCharts(document);
}
