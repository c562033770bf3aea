/** A named CEL expression: a variable of a policy, evaluated when it is first read, or a condition of one. */
export interface Variable {
  name: string;
  expression: string;
}

/** The checks of an object by an API server, in CEL. Only what Kubernetes 1.29 knows of it: an API server
 * of 1.30 accepts no newer. */
export interface GuardChecks {
  /** All must hold, else the object isn't looked at. They read no variables. */
  matchConditions: readonly Variable[];
  /** Each may read those before it. */
  variables: readonly Variable[];
  /** Whether the object is right. */
  expression: string;
  /** What is wrong, in one line; evaluated for right ones too. */
  message: string;
}
