// The HTTP server that is watched in the browser's tests.

import { once } from "node:events";
import { createServer } from "node:http";

/** The HTTP server that is watched: it can stop, and start again where it was. */
export class Shop {
    port = 0;

    async open() {
        this.server = createServer((_, response) => response.end("open"));
        this.server.listen(this.port, "127.0.0.1");
        await once(this.server, "listening");
        this.port = this.server.address().port;
    }

    async close() {
        if (!this.server?.listening) return;
        const closed = once(this.server, "close");
        this.server.close();
        this.server.closeAllConnections();
        await closed;
    }
}
