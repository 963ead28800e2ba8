// What the viewer chose, kept in this browser: colours, time zone, shortcuts.

/** @param {string} name @param {string} otherwise */
export function chosen(name, otherwise) {
    try {
        return localStorage.getItem("eavip." + name) ?? otherwise;
    } catch {
        return otherwise;
    }
}

/** @param {string} name @param {string} value */
function choose(name, value) {
    try {
        localStorage.setItem("eavip." + name, value);
    } catch {
        // Without storage the choice holds for this page.
    }
}

/** Tells the parts of the page that a choice was made. */
export const choices = new EventTarget();

function showTheme() {
    const theme = chosen("theme", "auto");
    if (theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
}

export function startSettings() {
    for (const input of document.querySelectorAll(".menu input")) {
        if (!(input instanceof HTMLInputElement)) continue;
        const radio = input.type === "radio";
        const now = chosen(input.name, radio ? (input.defaultChecked ? input.value : "") : "on");
        if (radio) input.checked = now === input.value || (now === "" && input.defaultChecked);
        else input.checked = now === "on";
        input.addEventListener("change", () => {
            choose(input.name, radio ? input.value : input.checked ? "on" : "off");
            if (input.name === "theme") showTheme();
            choices.dispatchEvent(new Event(input.name));
        });
    }
    // A choice made in another tab holds here too.
    addEventListener("storage", (event) => {
        if (event.key === "eavip.theme") showTheme();
        if (event.key === "eavip.zone") choices.dispatchEvent(new Event("zone"));
    });
    const menu = document.getElementById("menu");
    if (!(menu instanceof HTMLDetailsElement)) return;
    addEventListener("click", (event) => {
        if (event.target instanceof Node && !menu.contains(event.target)) menu.open = false;
    });
    menu.addEventListener("keydown", (event) => {
        if (event.key !== "Escape") return;
        menu.open = false;
        menu.querySelector("summary")?.focus();
    });
}
