// What wasm_exec.js expects of Node, over synchronous requests: whatever the
// program printed has arrived before it goes on, even if it then never yields.
"use strict";

(() => {
	const request = (path, body) => {
		const r = new XMLHttpRequest();
		r.open("POST", path, false);
		r.overrideMimeType("text/plain; charset=x-user-defined"); // bytes as they are
		r.send(body ?? null);
		return r;
	};

	const bytesOf = text => Uint8Array.from(text, c => c.charCodeAt(0) & 0xff);
	const decoder = new TextDecoder();

	const call = (operation, args, body) => {
		const r = request(`fs/${operation}?args=${encodeURIComponent(JSON.stringify(args))}`, body);
		if (r.status !== 200) {
			throw Object.assign(new Error(`${operation} ${args[0]}: ${r.responseText}`), { code: r.responseText });
		}
		const bytes = bytesOf(r.responseText);
		return operation === "read" ? bytes : JSON.parse(decoder.decode(bytes));
	};

	let cwd = config.cwd;
	globalThis.path = {
		resolve: (...parts) => parts.reduce((base, part) => part.startsWith("/") ? part : `${base}/${part}`, cwd),
	};

	const statOf = result => {
		const { directory } = result;
		result.isDirectory = () => directory;
		return result;
	};
	const at = position => position === null ? null : Number(position);
	const abs = name => path.resolve(name);

	const operations = {
		open: (name, flags, mode) => call("open", [abs(name), flags, mode]),
		close: fd => call("close", [fd]),
		read: (fd, into, offset, length, position) => {
			const bytes = call("read", [fd, length, at(position)]);
			into.set(bytes, offset);
			return bytes.length;
		},
		write: (fd, from, offset, length, position) =>
			call("write", [fd, at(position)], from.slice(offset, offset + length)),
		fstat: fd => statOf(call("fstat", [fd])),
		stat: name => statOf(call("stat", [abs(name)])),
		lstat: name => statOf(call("lstat", [abs(name)])),
		readdir: name => call("readdir", [abs(name)]),
		readlink: name => call("readlink", [abs(name)]),
		mkdir: (name, mode) => call("mkdir", [abs(name), mode]),
		unlink: name => call("unlink", [abs(name)]),
		rmdir: name => call("rmdir", [abs(name)]),
		rename: (from, to) => call("rename", [abs(from), abs(to)]),
		chmod: (name, mode) => call("chmod", [abs(name), mode]),
		truncate: (name, size) => call("truncate", [abs(name), size]),
		fchmod: (fd, mode) => call("fchmod", [fd, mode]),
		ftruncate: (fd, size) => call("ftruncate", [fd, size]),
		fsync: fd => call("fsync", [fd]),
	};

	const missing = name => () => {
		throw Object.assign(new Error(`${name}: not implemented`), { code: "ENOSYS" });
	};
	for (const name of ["chown", "fchown", "lchown", "link", "symlink", "utimes"]) {
		operations[name] = missing(name);
	}

	globalThis.fs = {
		// Linux's numbers: the flags reach open(2) as they are.
		constants: { O_WRONLY: 1, O_RDWR: 2, O_CREAT: 64, O_EXCL: 128, O_TRUNC: 512, O_APPEND: 1024, O_DIRECTORY: 65536 },
		writeSync: (fd, bytes) => operations.write(fd, bytes, 0, bytes.length, null),
	};
	for (const [name, operation] of Object.entries(operations)) {
		fs[name] = (...args) => {
			const callback = args.pop();
			let result;
			try {
				result = operation(...args);
			} catch (error) {
				callback(error);
				return;
			}
			callback(null, result);
		};
	}

	globalThis.process = {
		pid: 1,
		ppid: 0,
		getuid: () => 0,
		geteuid: () => 0,
		getgid: () => 0,
		getegid: () => 0,
		getgroups: () => [],
		umask: () => 0o22,
		cwd: () => cwd,
		chdir: name => {
			call("readdir", [abs(name)]);
			cwd = abs(name);
		},
	};

	const exit = code => request(`exit?code=${code}`);

	// An exception that nobody caught ends the program, unless a test expects it
	// and called preventDefault.
	const uncaught = (event, what) => setTimeout(() => {
		if (event.defaultPrevented) {
			return;
		}
		fs.writeSync(2, new TextEncoder().encode(`uncaught in the page: ${String(what)}\n${what?.stack ?? ""}\n`));
		exit(1);
	});
	addEventListener("error", event => uncaught(event, event.error ?? event.message));
	addEventListener("unhandledrejection", event => uncaught(event, event.reason));

	globalThis.start = async () => {
		const go = new Go();
		go.argv = config.argv;
		go.env = config.env;
		go.exit = exit;
		const { instance } = await WebAssembly.instantiateStreaming(fetch("program"), go.importObject);
		await go.run(instance);
	};
})();
