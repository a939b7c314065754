// Lines of -T otlp on standard input, held against the OTLP schema: each must be an ExportTraceServiceRequest with no field that the schema
// does not have and no value of another type, and survive the way through protobuf's wire format. Then what the specification asks of a span.
const path = require('path');
const root = require(path.join(process.argv[2], '@opentelemetry/otlp-proto-exporter-base/build/src/generated/root.js'));
const Request = root.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;

// OTLP/JSON has ids in hexadecimal, the schema's own JSON form in base64.
function ids(value) {
	if (Array.isArray(value))
		return value.map(ids);
	if (value === null || typeof value !== 'object')
		return value;
	const out = {};
	for (const [key, inner] of Object.entries(value))
		out[key] = /^(traceId|spanId|parentSpanId)$/.test(key) ? Buffer.from(inner, 'hex').toString('base64') : ids(inner);
	return out;
}

// What is in a but not in b, or differs. The schema's JSON form leaves defaults out: {} in b stands for nothing.
function difference(a, b, where) {
	if (a === null || typeof a !== 'object')
		return a === b ? null : `${where}: ${a} became ${b}`;
	for (const key of Object.keys(a)) {
		const found = difference(a[key], b === undefined || b === null ? undefined : b[key], `${where}.${key}`);
		if (found)
			return found;
	}
	return null;
}

function check(span) {
	if (!/^[0-9a-f]{32}$/.test(span.traceId) || /^0+$/.test(span.traceId)) throw new Error(`traceId ${span.traceId}`);
	if (!/^[0-9a-f]{16}$/.test(span.spanId) || /^0+$/.test(span.spanId)) throw new Error(`spanId ${span.spanId}`);
	if (span.parentSpanId !== undefined && !/^[0-9a-f]{16}$/.test(span.parentSpanId)) throw new Error(`parentSpanId ${span.parentSpanId}`);
	if (span.parentSpanId === span.spanId) throw new Error('a span is its own parent');
	if (BigInt(span.endTimeUnixNano) < BigInt(span.startTimeUnixNano)) throw new Error('ends before it starts');
	const keys = span.attributes.map(a => a.key);
	if (new Set(keys).size !== keys.length) throw new Error('an attribute twice');
	for (const key of ['rpc.system', 'rpc.method', 'server.address', 'server.port']) if (!keys.includes(key)) throw new Error(`no ${key}`);
	if (span.status.code === 2 && !keys.includes('error.type')) throw new Error('failed without error.type');
}

let lines = 0;
const seen = new Set();
for (const line of require('fs').readFileSync(0, 'utf8').split('\n')) {
	if (!line)
		continue;
	const object = JSON.parse(line), plain = ids(object);
	const message = Request.fromObject(plain), fault = Request.verify(message);
	if (fault)
		throw new Error(fault);
	const back = Request.toObject(Request.decode(Request.encode(message).finish()), { longs: String, bytes: String, enums: Number });
	const lost = difference(plain, back, 'request');
	if (lost)
		throw new Error(lost);
	const span = object.resourceSpans[0].scopeSpans[0].spans[0];
	check(span);
	const id = span.traceId + span.spanId;
	if (seen.has(id)) throw new Error(`two spans with the id ${span.spanId}`);
	seen.add(id);
	lines++;
}
console.log(lines);
