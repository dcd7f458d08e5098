/**
 * What every server under measurement can do.
 *
 * @module
 */

/** A server that fans the lines of jobs out to clients. Disposing ends it. */
export interface Contender extends AsyncDisposable {
  readonly name: string;
  readonly port: number;
  /** Process whose memory, with that of its children, is the server's. */
  readonly pid: number;
  /** The request with which a client follows a job's lines from now on. */
  request(jobId: string): string;
  /** Publishes events of one job, one message each; resolves when they are on their way. */
  publish(jobId: string, events: readonly string[]): Promise<void>;
  /** Lines of one job that it takes in a second without losing some; null if there is no such limit. */
  readonly mostPerSecond: number | null;
  /** Forgets what was published, so that the next clients are not told of it. Nobody is connected meanwhile. */
  forget(): Promise<void>;
}

/** A GET of server-sent events. Pure. */
export function eventsRequest(path: string, port: number, lastEventId?: string): string {
  const resume = lastEventId === undefined ? "" : `Last-Event-ID: ${lastEventId}\r\n`;
  return `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAccept: text/event-stream\r\n${resume}\r\n`;
}
