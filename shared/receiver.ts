/** A Flux Receiver in one cluster. */
export interface FluxReceiver {
  /** `<cluster>/<namespace>/<name>`. */
  readonly id: string;
  readonly cluster: string;
  readonly namespace: string;
  readonly name: string;
  readonly type: string;
}

/** An HTTPS endpoint of sluice.yaml, outside of Flux. */
export interface EndpointReceiver {
  /** `endpoint/<name>`: no Flux Receiver's id has one slash. */
  readonly id: string;
  readonly name: string;
  readonly type: "endpoint";
}

/** Who is told of decisions. */
export type Receiver = FluxReceiver | EndpointReceiver;
