// gRPC over TLS by node's own http2, both ends in one process: COUNT pings on a SetupStream, their pongs, and a call of Query.
//
//	node --tls-keylog=FILE grpc_tls.js PORT KEY CERT COUNT
const http2 = require("http2"), fs = require("fs");
const [port, key, cert, count] = process.argv.slice(2);
const service = "/openiap.FlowService/";

const field = (number, text) => Buffer.concat([Buffer.from([number << 3 | 2, text.length]), Buffer.from(text)]);
const framed = (...fields) => {
	const body = Buffer.concat(fields), prefix = Buffer.alloc(5);
	prefix.writeUInt32BE(body.length, 1);
	return Buffer.concat([prefix, body]);
};
const envelope = (command, seq, id, rid) => framed(field(1, command), Buffer.from([3 << 3, seq]), field(4, id), rid ? field(5, rid) : Buffer.alloc(0));

// Calls take(n) for the n-th message of a stream.
const each = (stream, take) => {
	let left = Buffer.alloc(0), n = 0;
	stream.on("data", (part) => {
		left = Buffer.concat([left, part]);
		while (left.length >= 5 && left.length >= 5 + left.readUInt32BE(1)) {
			left = left.subarray(5 + left.readUInt32BE(1));
			take(n++);
		}
	});
};

const server = http2.createSecureServer({ key: fs.readFileSync(key), cert: fs.readFileSync(cert) });
server.on("stream", (stream, headers) => {
	stream.respond({ ":status": 200, "content-type": "application/grpc+proto" }, { waitForTrailers: true });
	stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
	if (headers[":path"] === service + "SetupStream")
		each(stream, (n) => stream.write(envelope("pong", n, `s${n}`, `c${n}`)));
	else
		each(stream, () => stream.write(framed(field(1, "[]"))));
	stream.on("end", () => stream.end());
});

server.listen(Number(port), "127.0.0.1", () => {
	const client = http2.connect(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
	const call = (method) => client.request({ ":method": "POST", ":path": service + method, "content-type": "application/grpc+proto", te: "trailers" });
	const setup = call("SetupStream"), query = call("Query");
	let over = 0;
	const done = () => ++over === 2 && client.close(() => server.close());
	each(setup, (n) => n === count - 1 && setup.end());
	each(query, () => 0);
	setup.on("end", done);
	query.on("end", done);
	query.end(framed(field(1, "{}")));
	for (let n = 0; n < count; n++)
		setup.write(envelope("ping", n, `c${n}`));
});
