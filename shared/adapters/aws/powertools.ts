import { Logger } from "@aws-lambda-powertools/logger";
import { Metrics } from "@aws-lambda-powertools/metrics";
import type { LogEvent } from "../../telemetry/events.ts";
import { METRICS, toMeasurements } from "../../telemetry/metrics.ts";

/** What is more than the daily business of a gate. */
const WARNINGS: ReadonlySet<LogEvent> = new Set<LogEvent>([
  "bus-failed",
  "catalog-kept",
  "delivery-parked",
  "intake-failed",
  "state-contended",
  "sweep-failed",
  "work-dropped",
  "work-parked",
  "worker-failed",
]);

export interface Telemetry {
  readonly log: (event: LogEvent, fields: Readonly<Record<string, unknown>>) => void;
  /** Lines of this invocation carry its request's id. */
  begin(requestId: string): void;
}

/** Structured logs and metrics on standard output, as CloudWatch reads them, by Lambda Powertools. */
export const createPowertools = (serviceName: string): Telemetry => {
  const logger = new Logger({ serviceName });
  const metrics = new Metrics({ namespace: "Sluice", serviceName });
  return {
    log(event, fields) {
      const level = WARNINGS.has(event) ? "warn" : "info";
      logger[level](event, { event, ...fields });
      for (const { name, value, dimension } of toMeasurements(event, fields)) {
        // One line each, at once: dimensions hold for a whole line, and a function's batch mixes them.
        const line = metrics.singleMetric();
        if (dimension !== undefined) line.addDimensions(dimension);
        line.addMetric(name, METRICS[name].unit, value);
      }
    },
    begin(requestId) {
      logger.resetKeys();
      logger.appendKeys({ requestId });
    },
  };
};
