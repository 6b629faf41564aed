import type { Grant } from '../permissions/grants.ts';
import type { StepUp } from '../permissions/step-up.ts';
import type { Principal } from '../principal.ts';

/** What documents need at least, to be sent by an API key. */
export interface DocumentPermissions {
  /** The smallest set of grants that suffices, without constraints; by name. */
  readonly permissions: readonly Grant[];
  /** Coordinates, as `Type.field`, of fields that no API key can use; each once. */
  readonly sessionOnly: readonly string[];
  /** What is wrong with documents; those are left out of the rest. */
  readonly problems: readonly string[];
  /** SHA-256 of each document's text in hex, in their order. */
  readonly ids: readonly string[];
}

/** Whether a document could be run. */
export interface RunnableDocument {
  /** Of several operations the first one that has a name. */
  readonly operationName: string | null;
  /** Why it could not be run; empty where it could. */
  readonly problems: readonly string[];
}

/** What the rule tree says of one field of a document. */
export interface FieldVerdict {
  /** Response keys from the root on. */
  readonly path: readonly string[];
  /** `Type.field`. */
  readonly coordinate: string;
  readonly allowed: boolean;
  readonly rule: string;
  readonly rowRule: string | null;
  readonly missing: readonly string[];
  readonly required: StepUp | null;
}

export interface OperationVerdicts {
  readonly verdicts: readonly FieldVerdict[];
  readonly problems: readonly string[];
}

export interface OperationQuestion {
  readonly document: string;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly operationName: string | null;
  /** For whom; null = nobody signed in. */
  readonly principal: Principal | null;
}

/** What can be known of the API that is served without running anything of it. */
export interface SchemaFacts {
  /** What documents need at least. Bounded in time and memory by the limits of documents; larger ones are problems. */
  documentPermissions(documents: readonly string[]): DocumentPermissions;
  /** Whether a document keeps to the schema and to the limits of documents. Bounded as before. */
  runnable(text: string): RunnableDocument;
  /** What the rule tree says of each field that has a rule, in the order of the document. Bounded as before. */
  operation(question: OperationQuestion): OperationVerdicts;
  /** The SDL, cut down to what the principal can use in some circumstances. The same for the same permission version. */
  sdlFor(principal: Principal | null): string;
}

/**
 * Where services find what is known of the schema. They are built before it, since its resolvers call them; whoever builds the schema
 * tells it here, once, before the first request.
 */
export class SchemaKnowledge {
  #facts: SchemaFacts | null = null;

  learn(facts: SchemaFacts): void {
    this.#facts = facts;
  }

  /** Throws when the schema was not built yet. */
  get facts(): SchemaFacts {
    if (this.#facts === null) throw new Error('The schema is not built yet.');
    return this.#facts;
  }
}
