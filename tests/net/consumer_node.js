// SPDX-License-Identifier: MIT
// A manager that is node's net-snmp: consumer_pysnmp.py tells what it takes and prints. NODE_PATH says where the library is.
"use strict";

const snmp = require("net-snmp");

const KINDS = { Integer: "INTEGER", OctetString: "OCTETS", Gauge: "Gauge32", Counter: "Counter32" };
const LETTERS = { i: snmp.ObjectType.Integer, u: snmp.ObjectType.Gauge, s: snmp.ObjectType.OctetString };

const [security, address, verb, ...words] = process.argv.slice(2);
const [version, name, auth, priv] = security.split(":");
const user = {
	name, level: snmp.SecurityLevel.authPriv,
	authProtocol: snmp.AuthProtocols.sha, authKey: auth,
	privProtocol: snmp.PrivProtocols.aes, privKey: priv,
};

function row(varbind) {
	const known = snmp.ObjectType[varbind.type];
	const kind = KINDS[known] || known;
	let text = String(varbind.value);
	if (kind === "OCTETS")
		text = varbind.value.toString("hex");
	else if (kind === "OID")
		text = text.replace(/^\./, "");
	else if (kind === "Counter64")
		text = BigInt("0x" + (varbind.value.toString("hex") || "0")).toString();
	return ["." + varbind.oid, kind, text];
}

function tell(error, varbinds) {
	if (error && error.status === undefined)
		throw error;
	if (error) {
		const word = snmp.ErrorStatus[error.status];
		const at = error.message.match(/[\d.]+$/);
		console.log(JSON.stringify({ error: word[0].toLowerCase() + word.slice(1), at: at && "." + at[0] }));
	} else {
		console.log(JSON.stringify(varbinds.map(row)));
	}
}

function receive(port) {
	const receiver = snmp.createReceiver({ port, includeAuthentication: true }, (error, message) => {
		if (error)
			return console.error(error.message);
		console.log(JSON.stringify({
			version: message.pdu.user ? 3 : 2,
			inform: message.pdu.type === snmp.PduType.InformRequest,
			varbinds: message.pdu.varbinds.map(row),
		}));
	});
	receiver.getAuthorizer().addCommunity("public");
	receiver.getAuthorizer().addUser(user);
	console.log(JSON.stringify({ ready: port }));
}

function ask() {
	const options = { timeout: 5000, retries: 0 };
	const session = version === "v3"
		? snmp.createV3Session(address, user, { ...options, version: snmp.Version3 })
		: snmp.createSession(address, name, { ...options, version: snmp.Version2c });
	const finish = (error, varbinds) => {
		session.close();
		tell(error, varbinds);
	};
	const oids = words.map((word) => word.replace(/^\./, ""));
	if (verb === "walk") {
		const found = [];
		session.subtree(oids[0], 25, (some) => { found.push(...some); }, (error) => finish(error, found));
	} else if (verb === "get") {
		session.get(oids, finish);
	} else {
		const varbinds = [];
		for (let i = 0; i < words.length; i += 3)
			varbinds.push({
				oid: oids[i], type: LETTERS[words[i + 1]],
				value: words[i + 1] === "s" ? words[i + 2] : Number(words[i + 2]),
			});
		session.set(varbinds, finish);
	}
}

if (verb === "receive")
	receive(Number(words[0]));
else
	ask();
