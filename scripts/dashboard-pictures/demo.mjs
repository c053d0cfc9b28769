// A demo, which is a cluster under load with its exporters, and a Prometheus with our rules that watches it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const RULES = fileURLToPath(new URL("../../deploy/prometheus/", import.meta.url));
/** Between scrapes, in seconds: short for a picture of minutes, and long enough for a busy machine. */
export const INTERVAL = 5;
const PATIENCE = 120;

export class Demo {
  #exporters;
  #prometheus;
  #directory = mkdtempSync(join(tmpdir(), "dashboard-pictures-"));

  /** Start one, which ends by itself after so many seconds; return it when Prometheus answers. */
  static async start(program, faults, faultAfter, seconds) {
    const demo = new Demo();
    try {
      await demo.#watch(await demo.#begin(program, [
        "--no-prometheus",
        ...["--port-base", "0", "--exporter-port", "0"],
        ...faults.flatMap((fault) => ["--fault", fault]),
        ...["--fault-after", String(faultAfter), "--duration", String(seconds)],
      ]));
    } catch (error) {
      await demo.stop();
      throw error;
    }
    return demo;
  }

  /** Start cluster and exporters; return the exporters' addresses. */
  #begin(program, options) {
    this.#exporters = spawn(program, ["demo", ...options], { stdio: ["ignore", "pipe", "inherit"] });
    const lines = createInterface({ input: this.#exporters.stdout });
    return new Promise((resolve, reject) => {
      lines.on("line", (line) => {
        const [, addresses] = /exporters listen on (.*)/.exec(line) ?? [];
        if (addresses) resolve(addresses.split(", "));
      });
      lines.on("close", () => reject(new Error("the demo has ended before its exporters listened")));
      this.#exporters.on("error", reject);
    });
  }

  /** Start Prometheus; its targets have the names that the demo gives its nodes. */
  async #watch(addresses) {
    const targets = addresses.map((address, index) => ({ targets: [address], labels: { instance: `node${index}` } }));
    const times = { scrape_interval: `${INTERVAL}s`, scrape_timeout: `${INTERVAL}s`, evaluation_interval: `${INTERVAL}s` };
    const settings = {
      global: times,
      rule_files: ["alerts.yml", "recordings.yml"].map((name) => join(RULES, name)),
      scrape_configs: [{ job_name: "nundb", static_configs: targets }],
    };
    const file = join(this.#directory, "prometheus.yml");
    writeFileSync(file, JSON.stringify(settings)); // which is YAML, too
    const address = `127.0.0.1:${await freePort()}`;
    this.url = `http://${address}`;
    const storage = `--storage.tsdb.path=${join(this.#directory, "data")}`;
    const options = [`--config.file=${file}`, storage, `--web.listen-address=${address}`, "--log.level=error"];
    this.#prometheus = spawn("prometheus", options, { stdio: ["ignore", "inherit", "inherit"] });
    await once(this.#prometheus, "spawn");
    for (const end = Date.now() + PATIENCE * 1000; Date.now() < end; await sleep(100)) {
      const answer = await fetch(`${this.url}/-/ready`).catch(() => undefined);
      if (answer?.ok) return;
    }
    throw new Error("Prometheus does not answer");
  }

  /** End both, and leave nothing. */
  async stop() {
    for (const process of [this.#prometheus, this.#exporters]) {
      if (process?.pid === undefined || process.exitCode !== null || process.signalCode !== null) continue;
      const ended = once(process, "exit");
      process.kill("SIGINT");
      await ended;
    }
    rmSync(this.#directory, { recursive: true });
  }
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  return port;
}
