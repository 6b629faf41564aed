/** An event as it leaves, after the commit that caused it. */
export interface PublishedEvent {
  /** The same for every try and every sink: receivers drop what they have seen. */
  readonly id: string;
  /** Order of the events of one aggregate, as a decimal number. */
  readonly sequence: string;
  readonly type: string;
  readonly typeVersion: number;
  readonly aggregateType: string;
  readonly aggregateId: string;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly occurredAt: Date;
}

/** Where events go. Each sink is served by itself: one that is away keeps none of the others back. */
export interface EventSink {
  /** As shown by `outboxStatus`, and the key of its position: log, webhook, redis, kafka. */
  readonly name: string;
  /**
   * Takes all of these events, in this order within each aggregate, or throws: then the whole batch comes again, so a sink may get an
   * event more than once.
   */
  publish(events: readonly PublishedEvent[]): Promise<void>;
  close(): Promise<void>;
}
