// A proxyless client: every line on standard input is one call, "wait" or "now"; its answer is
// printed. "now" fails where no endpoint is known, "wait" waits until there is one.
"use strict";
const readline = require("node:readline");
const grpc = require("@grpc/grpc-js");
require("@grpc/grpc-js-xds").register();

const client = new grpc.Client("xds:///shop", grpc.credentials.createInsecure());
const same = (bytes) => bytes;

function call(how) {
  const metadata = new grpc.Metadata({ waitForReady: how === "wait" });
  const options = { deadline: Date.now() + 10000 };
  return new Promise((resolve) => {
    const done = (error, answer) =>
      resolve(error ? `failed: ${grpc.status[error.code]} ${error.details}` : answer.toString());
    client.makeUnaryRequest("/tests.Echo/Name", same, same, Buffer.alloc(0), metadata, options, done);
  });
}

async function main() {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    console.log(await call(line.trim()));
  }
}

main();
