// Runs before the first paint, so that chosen colours don't flash: marks that there is a script, and which theme.
"use strict";
(() => {
    const root = document.documentElement;
    root.dataset.script = "";
    try {
        const theme = localStorage.getItem("eavip.theme");
        if (theme === "light" || theme === "dark") root.dataset.theme = theme;
    } catch {
        // Storage can be switched off; the system's colours are used then.
    }
})();
