// Pictures of gallery pages, for looking at them: node tests/browser/shots.mjs DIRECTORY [PAGE...]

import { mkdirSync } from "node:fs";
import { LOOKS, launch, openWindow } from "./browser.mjs";
import { galleryPages, ownFragments, serveGallery, writeGallery } from "./gallery.mjs";

const [directory = "target/dashboard-shots", ...wanted] = process.argv.slice(2);
mkdirSync(directory, { recursive: true });
writeGallery();
const browser = await launch();
for (const name of wanted.length ? wanted : galleryPages()) {
    const gallery = await serveGallery(ownFragments(name));
    for (const [look, options] of Object.entries(LOOKS)) {
        const context = await openWindow(browser, options);
        const page = await context.newPage();
        await page.goto(`${gallery.base}/${name}.html`);
        await page.screenshot({ path: `${directory}/${name}-${look}.png`, fullPage: true });
        if (look === "light") {
            await page.emulateMedia({ media: "print" });
            await page.screenshot({ path: `${directory}/${name}-print.png`, fullPage: true });
        }
        await context.close();
    }
    await gallery.close();
}
await browser.close();
