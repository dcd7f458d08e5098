/**
 * A batch holds an event that this store can never keep, as it stands. Writing the events one by one finds it; it
 * belongs to the dead letters (guarantee G9).
 */
export class UnstorableLogError extends Error {
  override readonly name = "UnstorableLogError";
}
