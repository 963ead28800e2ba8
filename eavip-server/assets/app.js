// What a page does in the browser, beyond being read: it starts each part where the page has something for it.
import { startCharts } from "./chart.js";
import { startKeys } from "./keys.js";
import { startLive } from "./live.js";
import { startSettings } from "./settings.js";
import { startTimes } from "./time.js";

/** A one-time link carries its token behind the `#`, where no server log and no preview sees it. */
function useLink() {
    const form = document.getElementById("token-form");
    const token = new URLSearchParams(location.hash.slice(1)).get("token");
    if (!(form instanceof HTMLFormElement) || !token) return;
    history.replaceState(null, "", location.pathname + location.search);
    const field = form.elements.namedItem("token");
    if (field instanceof HTMLInputElement) field.value = token;
    form.requestSubmit();
}

useLink();
startSettings();
startTimes();
startCharts();
startKeys();
startLive();
