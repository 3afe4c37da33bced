/** A server that answers each request as a test says, also wrongly. */

import { once } from "node:events";
import { createServer } from "node:http";

/** Run a server whose `acts` answer one request each; the last one is repeated. */
export async function startServer(t, ...acts) {
  const received = [];
  const server = createServer(async (request, response) => {
    const chunks = await request.toArray().catch(() => []);
    const { method, url, headers } = request;
    received.push({ method, url, headers, body: Buffer.concat(chunks).toString() });
    const act = acts.length > 1 ? acts.shift() : acts[0];
    act(response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${server.address().port}`;
  const stop = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  t.after(stop);
  return { url, received, stop };
}

/** Answer with JSON, or with text as it is. */
export function answer(status, body, headers = {}) {
  const content = typeof body === "string" ? body : JSON.stringify(body);
  return (response) => response.writeHead(status, headers).end(content);
}

/** Answer with an error document. */
export function refuse(status, code, headers = {}) {
  const document = { error: "No", message: "No", code, request_id: "r1" };
  return answer(status, document, headers);
}

/** Close the connection without an answer. */
export function cut(response) {
  response.socket.destroy();
}

/** Close the connection before the announced end of the body. */
export function cutInTheMiddle(response) {
  response.writeHead(200, { "Content-Length": 500 }).write('{"id": "');
  setTimeout(() => response.socket.destroy(), 5);
}

/** Answer too late. */
export function staySilent() {}

/** Make the random pauses before tries as short as possible. */
export function shortenPauses(t) {
  t.mock.method(Math, "random", () => 0);
}
