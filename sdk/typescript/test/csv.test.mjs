/** CSV files in both directions, against a real HTTP server. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiKey, ConnectionFailed, CouponsAdmin } from "../dist/index.js";
import { answer, cut, refuse, shortenPauses, startServer } from "./scripted_server.mjs";

function openAdmin(server, options) {
  return new CouponsAdmin(server.url, new ApiKey("pk_1"), {
    tenantId: "acme",
    ...options,
  });
}

async function readAll(rows) {
  const found = [];
  for await (const row of rows) found.push(row);
  return found;
}

/** Send a text byte by byte. */
function sendSlowly(text) {
  return (response) => {
    response.writeHead(200, { "Content-Type": "text/csv" });
    for (const byte of Buffer.from(text)) response.write(Buffer.of(byte));
    response.end();
  };
}

const FILES = [
  ["a,b\r\n1,2\r\n", [{ a: "1", b: "2" }]],
  ["\ufeffa\n1\n", [{ a: "1" }]],
  ['a,b\n"x, ""y""\nz",é\n', [{ a: 'x, "y"\nz', b: "é" }]],
  ["a,b\n,\n", [{ a: "", b: "" }]],
  ["a,b\n\n1,2", [{ a: "1", b: "2" }]],
  ['a\n"line 1\r\nline 2"\n', [{ a: "line 1\r\nline 2" }]],
  ["a\n", []],
  ["", []],
];
for (const [text, rows] of FILES) {
  test(`the file ${JSON.stringify(text)} has its rows`, async (t) => {
    const server = await startServer(t, sendSlowly(text), answer(200, text));
    assert.deepEqual(await readAll(openAdmin(server).codes.export().rows()), rows);
    assert.deepEqual(await readAll(openAdmin(server).codes.export().rows()), rows);
    assert.equal(server.received[0].headers.accept, "text/csv");
  });
}

test("a download that breaks is an error, never the end of the file", async (t) => {
  const server = await startServer(t, (response) => {
    response.writeHead(200, { "Content-Length": 500 }).write("a\n1\n");
    setTimeout(() => response.socket.destroy(), 5);
  });
  await assert.rejects(
    readAll(openAdmin(server).codes.export().rows()),
    ConnectionFailed,
  );
});

async function readSlowly(chunks) {
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  return size;
}

test("a download waits for its reader", async (t) => {
  const server = await startServer(t, (response) => {
    response.writeHead(200).write("a\n1\n");
    setTimeout(() => response.end("2\n"), 20);
  });
  const admin = openAdmin(server, { timeoutSeconds: 0.2 });
  assert.equal(await readSlowly(admin.codes.export()), 6);
});

test("a download does not wait for a silent server", async (t) => {
  const server = await startServer(t, (response) => {
    response.writeHead(200).write("a\n1\n");
  });
  const admin = openAdmin(server, { timeoutSeconds: 0.2 });
  await assert.rejects(readSlowly(admin.codes.export()), { name: "ConnectionTimeout" });
});

test("the type of a Blob says how to read it", async (t) => {
  const server = await startServer(t, answer(201, { done: 1 }), answer(201, { done: 1 }));
  for (const type of ["text/csv;header=absent", "application/vnd.ms-excel"]) {
    await openAdmin(server).codes.importCsv("d", new Blob(["A\n"], { type }));
  }
  assert.deepEqual(
    server.received.map(({ headers }) => headers["content-type"]),
    ["text/csv;header=absent", "text/csv; charset=utf-8"],
  );
});

async function* generate() {
  yield Buffer.from("code\n");
  yield Buffer.from("A\n");
}

const SOURCES = {
  text: "code\nA\n",
  bytes: new TextEncoder().encode("code\nA\n"),
  "a file": new Blob(["code\nA\n"]),
};
for (const [name, source] of Object.entries(SOURCES)) {
  test(`an upload of ${name} is sent again`, async (t) => {
    shortenPauses(t);
    const server = await startServer(
      t,
      refuse(503, "UNAVAILABLE"),
      answer(201, { done: 1 }),
    );
    const query = { partial: true, ignore_columns: "a,b" };
    await openAdmin(server).codes.importCsv("d", source, query);
    assert.deepEqual(
      server.received.map(({ body, url }) => [body, url]),
      Array(2).fill([
        "code\nA\n",
        "/v1/tenants/acme/coupons/d/import?partial=true&ignore_columns=a%2Cb",
      ]),
    );
    assert.equal(server.received[0].headers["content-type"], "text/csv; charset=utf-8");
  });
}

test("a stream is sent once", async (t) => {
  const server = await startServer(t, answer(201, { done: 1 }), cut);
  const admin = openAdmin(server);
  await admin.codes.importCsv("d", generate());
  assert.equal(server.received[0].body, "code\nA\n");
  await assert.rejects(admin.codes.importCsv("d", generate()), ConnectionFailed);
  assert.equal(server.received.length, 2);
});
