import { createServer, type Server } from "node:http";
import { once } from "node:events";
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import { Mistake } from "../mistake.js";
import type { Findings } from "./findings.js";
import { refText } from "../../mesh/index.js";

/** What the metrics are taken from at each scrape. */
export interface Measured {
  findings: Findings;
  aliases: () => number;
  objects: () => number;
  clients: () => number;
  /** Whether everything has been judged at least once. */
  isReady: () => boolean;
}

/** Where to listen. */
export interface MetricsAddress {
  address: string;
  /** 0: any that is free. */
  port: number;
}

/** Seconds. */
const BUCKETS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2.5, 5, 10];

/** What Prometheus gets: see docs/watch.md for what each means. */
export class Metrics {
  private readonly registry = new Registry();
  private readonly latency = new Histogram({
    name: "istio_egress_judge_seconds",
    help: "From a change's arrival to the answers that it changed.",
    buckets: BUCKETS,
    registers: [this.registry],
  });
  private readonly interruptions = new Counter({
    name: "istio_egress_watch_interruptions_total",
    help: "Watches that broke off and were begun again, by resource.",
    labelNames: ["resource"],
    registers: [this.registry],
  });
  private readonly relists = new Counter({
    name: "istio_egress_watch_relists_total",
    help: "Times that a resource was listed again because its last version had expired, by resource.",
    labelNames: ["resource"],
    registers: [this.registry],
  });
  private readonly failedEvents = new Counter({
    name: "istio_egress_failed_events_total",
    help: "Kubernetes Events that couldn't be written.",
    registers: [this.registry],
  });

  constructor(private readonly measured: Measured) {
    const registers = [this.registry];
    collectDefaultMetrics({ register: this.registry });
    const gauge = (name: string, help: string, value: () => number) =>
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(value());
        },
      });
    gauge("istio_egress_aliases", "External aliases that are judged.", measured.aliases);
    gauge("istio_egress_objects", "Kubernetes objects that are watched.", measured.objects);
    gauge("istio_egress_clients", "Classes of clients that are judged for.", measured.clients);
    gauge("istio_egress_ready", "1 once everything has been judged.", () =>
      Number(measured.isReady()),
    );
    for (const verdict of ["violation", "undecided"] as const) {
      const name = verdict === "violation" ? "istio_egress_violations" : "istio_egress_undecided";
      new Gauge({
        name,
        help: `Clients, ports and subsets whose answer is ${verdict}, by alias and rule.`,
        labelNames: ["alias", "rule"],
        registers,
        collect() {
          this.reset();
          for (const { verdict: one, answers } of measured.findings) {
            if (one.verdict !== verdict) continue;
            this.inc(
              { alias: refText(one.alias), rule: one.rule ? refText(one.rule) : "" },
              answers,
            );
          }
        },
      });
    }
  }

  /** @param milliseconds from a change to its verdict */
  judged(milliseconds: number): void {
    this.latency.observe(milliseconds / 1000);
  }

  interrupted(resource: string): void {
    this.interruptions.inc({ resource });
  }

  expired(resource: string): void {
    this.relists.inc({ resource });
  }

  eventFailed(): void {
    this.failedEvents.inc();
  }

  /**
   * Answers `/metrics`, and `/healthz` with 200 once everything has been judged.
   * @throws {Mistake} if it can't listen there
   */
  async serve({ address, port }: MetricsAddress): Promise<Server> {
    const server = createServer((request, response) => {
      if (request.url === "/healthz") {
        response.writeHead(this.measured.isReady() ? 200 : 503).end();
        return;
      }
      if (request.url !== "/metrics") {
        response.writeHead(404).end();
        return;
      }
      void this.registry.metrics().then((text) => {
        response.writeHead(200, { "content-type": this.registry.contentType }).end(text);
      });
    });
    server.listen(port, address);
    await once(server, "listening").catch((error: Error) => {
      throw new Mistake(`--metrics-port ${port}: can't listen there: ${error.message}.`);
    });
    return server;
  }
}
