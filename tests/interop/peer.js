// One end of a conversation, made of the public package, that logs what it sends and receives: a JSON object a line with who, dir, command,
// seq, id, rid, type_url.
//
//	peer.js server PROTOCOL PORT|NAME LOG [CERT KEY]    ws, socket, grpc, rest on a port, pipe under a name; prints "ready" once it listens
//	peer.js client URL LOG                              runs the whole scenario, prints "done"; exit status 1 if anything in it went wrong
//	peer.js tell URL                                    asks some things at once, for more than the parser lets wait, and prints what it was
//	                                                    told: an object with who was answered and refused, the events in their order, and
//	                                                    why it was disconnected
const fs = require("fs"), os = require("os"), path = require("path"), net = require("net"), tls = require("tls"), crypto = require("crypto");
const root = process.env.INTEROP_MODULES;
const { protowrap } = require(path.join(root, "@openiap/nodeapi/lib/protowrap"));
const { client } = require(path.join(root, "@openiap/nodeapi/lib/client"));
const { config } = require(path.join(root, "@openiap/nodeapi/lib/config"));

config.info = config.warn = config.err = () => {};
config.ChecksumCheckFiles = true;
config.BeginstreamDelay = config.EndstreamDelay = 0;
console.log = () => {};

const [role, ...args] = process.argv.slice(2);
const say = (text) => process.stdout.write(text + "\n");
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "interop-"));
process.on("exit", () => fs.rmSync(folder, { recursive: true, force: true }));

let log = () => {}; // (dir, message)
function keepLog(file) {
	const out = fs.openSync(file, "w");
	log = (dir, m) => fs.writeSync(out, JSON.stringify({
		t: Date.now(), who: role, dir, command: m.command, seq: Number(m.seq || 0), id: m.id || "", rid: m.rid || "",
		type_url: (m.data && m.data.type_url) || "", bytes: m.data && m.data.value ? m.data.value.length : 0 }) + "\n");
	const send = protowrap.sendMesssag, take = protowrap.IsPendingReply, post = protowrap.post;
	protowrap.post = async function (jwt, agent, url, body) { // over REST the client begins with a greeting, past the other two
		const greeting = body === '{"command":"noop"}';
		if (greeting)
			log("out", JSON.parse(body));
		const reply = await post.call(protowrap, jwt, agent, url, body);
		if (greeting)
			log("in", JSON.parse(reply));
		return reply;
	};
	protowrap.sendMesssag = function (c, payload, id, dump) {
		const seq = send.call(protowrap, c, payload, id, dump);
		log("out", payload);
		return seq;
	};
	protowrap.IsPendingReply = function (c, payload) {
		log("in", payload);
		return take.call(protowrap, c, payload);
	};
}

const bytes = (n, seed) => { // the same every time, and not compressible
	const out = Buffer.alloc(n);
	for (let i = 0, x = seed; i < n; i++) {
		x = (Math.imul(x, 1103515245) + 12345) >>> 0;
		out[i] = x >>> 16;
	}
	return out;
};
const digest = (buffer) => crypto.createHash("sha256").update(buffer).digest("hex");
const until = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

const answers = {
	async signin(c, m, data) {
		if (data.username !== "henrik")
			throw new Error("Login failed");
		return { user: { _id: "1", name: "Henrik", username: "henrik" } };
	},
	async query(c, m, data) {
		if (data.collectionname === "forbidden")
			throw new Error("Access denied");
		if (data.collectionname === "slow")
			await until(5 + Number(data.skip) * 3);
		return { results: JSON.stringify(data.collectionname === "large" ? { text: "x".repeat(126000) } : [{ _id: "1", name: "ø ✓" }]) };
	},
	async insertone(c, m, data) { return { result: data.item }; },
	async watch(c) {
		setImmediate(() => {
			for (let i = 0; i < 5; i++)
				protowrap.sendMesssag(c, { command: "watchevent", data: protowrap.pack("watchevent", { id: "w1", operation: "insert", document: `{"i":${i}}` }) }, "", true);
		});
		return { id: "w1" };
	},
	async registerqueue(c) {
		setImmediate(() => protowrap.sendMesssag(c, { command: "queueevent", data: protowrap.pack("queueevent", { queuename: "q1", data: "{}" }) }, "", true));
		return { queuename: "q1" };
	},
	async upload(c, m) {
		const file = path.join(folder, "up-" + m.id);
		await protowrap.ReceiveFileContent(c, m.id, file, config.SendFileHighWaterMark);
		return { id: digest(fs.readFileSync(file)), filename: "up" };
	},
	async download(c, m) {
		const file = path.join(folder, "down-" + m.id);
		fs.writeFileSync(file, bytes(180000, 7));
		await protowrap.sendFileContent(c, m.id, file, config.SendFileHighWaterMark);
		return { id: "f1", filename: "down.bin" };
	},
};

class Served extends client {
	onDisconnected() {}
	async onMessage(c, m) {
		const [command, data] = protowrap.unpack(m);
		try {
			if (!answers[command])
				return { command: "noop" };
			return { command: command + "reply", rid: m.id, data: protowrap.pack(command + "reply", await answers[command](c, m, data)) };
		} catch (error) {
			return { command: "error", rid: m.id, data: protowrap.pack("error", { message: error.message, code: 500 }) };
		}
	}
}

async function listening(where) { // until somebody accepts there
	for (;;) {
		const there = await new Promise((resolve) => {
			const s = net.connect(where, () => { s.destroy(); resolve(true); });
			s.on("error", () => resolve(false));
		});
		if (there)
			return;
		await until(10);
	}
}

const freePort = () => new Promise((resolve) => {
	const s = net.createServer().listen(0, "127.0.0.1", () => {
		const { port } = s.address();
		s.close(() => resolve(port));
	});
});

// The package's server speaks gRPC without TLS only: TLS is taken off in front of it.
async function takeTlsOff(port, credentials) {
	const behind = await freePort();
	tls.createServer({ ...credentials, ALPNProtocols: ["h2"] }, (s) => {
		const there = net.connect(behind, "127.0.0.1");
		s.pipe(there).pipe(s);
		s.on("error", () => there.destroy());
		there.on("error", () => s.destroy());
	}).listen(port, "127.0.0.1");
	return behind;
}

// Of the web framework that the package wants for REST: a function for POST, whose request has its body as an object.
function framework() {
	let take;
	const serveOne = (req, res) => {
		let body = "";
		req.on("data", (part) => { body += part; });
		req.on("end", () => {
			req.body = JSON.parse(body);
			res.send = (reply) => {
				if (reply.command)
					log("out", reply);
				res.setHeader("Content-Type", "application/json");
				res.end(JSON.stringify(reply));
			};
			take(req, res, () => {});
		});
	};
	return { post(where, f) { take = f; }, serveOne };
}

async function serve(protocol, where, file, cert, key) {
	keepLog(file);
	await protowrap.init();
	const credentials = cert && { cert: fs.readFileSync(cert), key: fs.readFileSync(key) };
	const app = protocol === "rest" ? framework() : undefined;
	const server = credentials && protocol !== "grpc" ? require("https").createServer(credentials, app && app.serveOne) : undefined;
	const own = app && !server ? require("http").createServer(app.serveOne) : server;
	if (own)
		own.listen(Number(where), "127.0.0.1");
	const port = protocol === "pipe" ? 0 : credentials && protocol === "grpc" ? await takeTlsOff(Number(where), credentials) : Number(where);
	protowrap.serve(protocol, () => {}, port, protocol === "pipe" ? where : protocol === "rest" ? "/api/v2" : "/ws/v2", undefined, app, server, Served);
	await listening(protocol === "pipe" ? { path: "/tmp/CoreFxPipe_" + where } : { port, host: "127.0.0.1" });
	say("ready");
	process.on("SIGTERM", () => process.exit(0));
}

async function scenario(c, events) {
	const ask = async (command, data) => protowrap.unpack(await protowrap.RPC(c, { command, data: protowrap.pack(command, data || {}) }))[1];
	const refused = (promise) => promise.then(() => { throw new Error("was not refused"); }, () => {});
	await refused(ask("signin", { username: "nobody", password: "x" }));
	await ask("signin", { username: "henrik", password: "secret", agent: "node", version: "0.0.39" });
	await ask("query", { collectionname: "entities", query: '{"_type":"test"}' });
	await refused(ask("query", { collectionname: "forbidden" }));
	await ask("query", { collectionname: "large" });
	await ask("insertone", { collectionname: "entities", item: '{"name":"ø"}' });
	if (c.protocol === "rest")
		return; // an answer for a request is all that it has
	await ask("watch", { collectionname: "entities" });
	await ask("registerqueue", { queuename: "q1" });
	const up = path.join(folder, "src.bin");
	fs.writeFileSync(up, bytes(180000, 3));
	const reply = protowrap.unpack(await protowrap.UploadFile(c, up))[1];
	if (reply.id !== digest(bytes(180000, 3)))
		throw new Error("the upload was changed on its way");
	const down = path.join(folder, "down.bin");
	await protowrap.DownloadFile(c, "f1", "", "down.bin", folder, config.SendFileHighWaterMark);
	if (digest(fs.readFileSync(down)) !== digest(bytes(180000, 7)))
		throw new Error("the download was changed on its way");
	await Promise.all([...Array(9).keys()].map((i) => ask("query", { collectionname: "slow", skip: (i * 5) % 9 })));
	protowrap.sendMesssag(c, { command: "ping" }, "", true);
	await ask("query", { collectionname: "entities" });
	await events;
}

async function converse(url, log) {
	keepLog(log);
	await protowrap.init();
	let seen = 0, all, connected;
	const events = new Promise((resolve) => { all = resolve; });
	const open = new Promise((resolve, reject) => { connected = { resolve, reject }; });
	class Client extends client {
		onConnected(c) { connected.resolve(c); }
		onDisconnected(c, error) { connected.reject(new Error("disconnected: " + error)); }
		async onMessage() {
			if (++seen === 6)
				all();
			return { command: "noop" };
		}
	}
	await scenario(protowrap.connect(url, Client) && await open, events);
	say("done");
	(await open).Close();
	setTimeout(() => process.exit(0), 100);
}

const QUERIES = 102;

async function tell(url) {
	await protowrap.init();
	const told = { answered: [], events: [], disconnected: null };
	let last = null;
	const over = () => {
		say(JSON.stringify(told));
		process.exit(0);
	};
	class Teller extends client {
		onConnected(c) { run(c); }
		onDisconnected(c, error) {
			told.disconnected = String((error && error.message) || error);
			setImmediate(over);
		}
		async onMessage(c, m) {
			const [command, data] = protowrap.unpack(m);
			if (command === "watchevent")
				told.events.push(JSON.parse(data.document).i);
			endIfAll(c);
			return { command: "noop" };
		}
	}
	const ask = (c, command, data) => protowrap.RPC(c, { command, data: protowrap.pack(command, data) }).then(() => {
		told.answered.push(command);
		endIfAll(c);
	}, () => {});
	// What comes twice has come twice before the answer to one more question.
	const endIfAll = (c) => {
		if (last || new Set(told.events).size < 5 || told.answered.filter((x) => x === "query").length < QUERIES)
			return;
		last = ask(c, "signin", { username: "henrik" }).then(over);
	};
	const run = async (c) => {
		await ask(c, "signin", { username: "henrik" });
		ask(c, "insertone", { collectionname: "entities", item: "{}" });
		ask(c, "watch", { collectionname: "entities" });
		for (let i = 0; i < QUERIES; i++)
			ask(c, "query", { collectionname: "entities" });
	};
	protowrap.connect(url, Teller);
}

// The package also looks up "HOST:PORT" as the name of a host, which fails, and means nothing.
process.on("uncaughtException", (error) => {
	if (error.code === "ENOTFOUND")
		return;
	process.stderr.write("peer " + role + ": " + error.stack + "\n");
	process.exit(1);
});
process.on("unhandledRejection", (error) => { process.stderr.write("peer " + role + ": " + error.stack + "\n"); process.exit(1); });
({ server: serve, client: converse, tell })[role](...args);
