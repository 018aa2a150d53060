/**
 * Requests over a message port, the same on both borders (renderer - model host, renderer - worker).
 *
 * Every request has an id, can be cancelled, and ends in exactly one of: result, typed error,
 * cancelled. Whatever crosses is checked on arrival by the method's zod schemas, on both sides.
 */
import * as z from 'zod';
import { AppError, incidentId, problemOf, problemSchema, type Problem } from './errors';

/** The part of a port both DOM, Electron and Node ports can be adapted to. */
export interface Port {
  post(message: unknown, transfer?: ArrayBuffer[]): void;
  onMessage(listener: (message: unknown) => void): void;
  onClose(listener: () => void): void;
  close(): void;
}

export interface MethodSpec<P, R, E> {
  readonly params: z.ZodType<P>;
  readonly result: z.ZodType<R>;
  readonly event: z.ZodType<E>;
}

/** Declares a method; `event` is what may stream before it ends. */
export function method<P, R, E = never>(spec: {
  params: z.ZodType<P>;
  result: z.ZodType<R>;
  event?: z.ZodType<E>;
}): MethodSpec<P, R, E> {
  return {
    params: spec.params,
    result: spec.result,
    event: spec.event ?? (z.never() as z.ZodType<E>),
  };
}

export type AnySpec = {
  readonly params: z.ZodType;
  readonly result: z.ZodType;
  readonly event: z.ZodType;
};
export type MethodTable = Record<string, AnySpec>;
export type ParamsOf<S extends AnySpec> = z.output<S['params']>;
export type ResultOf<S extends AnySpec> = z.output<S['result']>;
export type EventOf<S extends AnySpec> = z.output<S['event']>;

const requestId = z.string().min(1).max(64);

const toServerSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('request'), id: requestId, method: z.string(), params: z.unknown() }),
  z.object({ type: z.literal('cancel'), id: requestId }),
]);

const toClientSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('event'), id: requestId, event: z.unknown() }),
  z.object({ type: z.literal('result'), id: requestId, result: z.unknown() }),
  z.object({ type: z.literal('error'), id: requestId, problem: problemSchema }),
  z.object({ type: z.literal('cancelled'), id: requestId }),
  z.object({ type: z.literal('notify'), topic: z.string(), payload: z.unknown() }),
]);

/** Thrown in a handler (and rejected at the client) when a request was cancelled. */
export class Cancelled extends Error {
  constructor() {
    super('cancelled');
    this.name = 'Cancelled';
  }
}

export interface HandlerContext<E> {
  readonly signal: AbortSignal;
  emit(event: E): void;
}

export type Handlers<T extends MethodTable> = {
  [K in keyof T]: (
    params: ParamsOf<T[K]>,
    context: HandlerContext<EventOf<T[K]>>,
  ) => Promise<ResultOf<T[K]>>;
};

export interface ServerOptions {
  /** Called with errors that have no code, for the log; they cross as `INTERNAL`. */
  onInternalError?(error: unknown, incident: string): void;
}

export interface RpcServer {
  notify(topic: string, payload: unknown): void;
  /** Aborts everything in flight, as when the port closes. */
  abortAll(): void;
}

/** Serves a method table on one port. A closed port cancels all of its requests. */
export function serve<T extends MethodTable>(
  port: Port,
  table: T,
  handlers: Handlers<T>,
  options: ServerOptions = {},
): RpcServer {
  const running = new Map<string, AbortController>();
  let open = true;
  const reply = (message: z.input<typeof toClientSchema>): void => {
    if (open) port.post(message);
  };

  const start = (id: string, name: string, params: unknown): void => {
    if (running.has(id)) {
      reply({ type: 'error', id, problem: { code: 'BAD_REQUEST' } });
      return;
    }
    const spec = Object.hasOwn(table, name) ? table[name] : undefined;
    const handler = Object.hasOwn(handlers, name) ? handlers[name] : undefined;
    if (!spec || !handler) {
      reply({ type: 'error', id, problem: { code: 'UNKNOWN_METHOD' } });
      return;
    }
    const parsed = spec.params.safeParse(params);
    if (!parsed.success) {
      reply({ type: 'error', id, problem: { code: 'BAD_REQUEST' } });
      return;
    }
    const controller = new AbortController();
    running.set(id, controller);
    const context: HandlerContext<never> = {
      signal: controller.signal,
      emit: (event: unknown) => {
        if (running.has(id)) reply({ type: 'event', id, event });
      },
    };
    const end = (message: z.input<typeof toClientSchema>): void => {
      // A request ends once: deleting it first makes late events and second endings impossible.
      if (running.delete(id)) reply(message);
    };
    void Promise.resolve()
      .then(() => handler(parsed.data as never, context))
      .then(
        (result) => end({ type: 'result', id, result }),
        (error: unknown) => {
          if (error instanceof Cancelled || controller.signal.aborted) {
            end({ type: 'cancelled', id });
            return;
          }
          const problem: Problem = problemOf(error);
          if (problem.incident) options.onInternalError?.(error, problem.incident);
          end({ type: 'error', id, problem });
        },
      );
  };

  const abortAll = (): void => {
    for (const controller of running.values()) controller.abort();
  };

  port.onMessage((raw) => {
    const parsed = toServerSchema.safeParse(raw);
    if (!parsed.success) return;
    const message = parsed.data;
    if (message.type === 'request') start(message.id, message.method, message.params);
    else running.get(message.id)?.abort();
  });
  port.onClose(() => {
    open = false;
    abortAll();
  });

  return {
    notify: (topic, payload) => reply({ type: 'notify', topic, payload }),
    abortAll,
  };
}

interface Pending {
  readonly spec: AnySpec;
  resolve(value: unknown): void;
  reject(error: Error): void;
  onEvent(event: unknown): void;
}

export interface CallOptions<E> {
  signal?: AbortSignal;
  onEvent?(event: E): void;
  transfer?: ArrayBuffer[];
}

/** Calls a method table over one port. When the port closes, everything in flight ends in an error. */
export class RpcClient<T extends MethodTable> {
  readonly #pending = new Map<string, Pending>();
  readonly #listeners = new Map<string, Set<(payload: unknown) => void>>();
  readonly #port: Port;
  readonly #table: T;
  #closedWith: Problem | null = null;
  #nextId = 1;

  /** @param whenClosed the code that in-flight requests end with when the other side goes away */
  constructor(port: Port, table: T, whenClosed: Problem['code'] = 'PORT_CLOSED') {
    this.#port = port;
    this.#table = table;
    port.onMessage((raw) => this.#receive(raw));
    port.onClose(() => this.close({ code: whenClosed }));
  }

  /**
   * @throws AppError with the code that the other side (or the border) gave
   * @throws Cancelled when `options.signal` was aborted
   */
  call<K extends keyof T & string>(
    name: K,
    params: z.input<T[K]['params']>,
    options: CallOptions<EventOf<T[K]>> = {},
  ): Promise<ResultOf<T[K]>> {
    const closed = this.#closedWith;
    if (closed) return Promise.reject(new AppError(closed.code));
    if (options.signal?.aborted) return Promise.reject(new Cancelled());
    const spec = this.#table[name] as AnySpec;
    const id = `${this.#nextId++}-${incidentId()}`;
    return new Promise((resolve, reject) => {
      const cancel = (): void => this.#port.post({ type: 'cancel', id });
      const settle = (): void => options.signal?.removeEventListener('abort', cancel);
      this.#pending.set(id, {
        spec,
        resolve: (value) => {
          settle();
          resolve(value as ResultOf<T[K]>);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
        onEvent: (event) => options.onEvent?.(event as EventOf<T[K]>),
      });
      options.signal?.addEventListener('abort', cancel, { once: true });
      this.#port.post({ type: 'request', id, method: name, params }, options.transfer);
    });
  }

  /** Listens to notifications of a topic; returns the way to stop. */
  on(topic: string, listener: (payload: unknown) => void): () => void {
    const set = this.#listeners.get(topic) ?? new Set();
    set.add(listener);
    this.#listeners.set(topic, set);
    return () => set.delete(listener);
  }

  /** Ends every request in flight with this problem; later calls fail with it too. */
  close(problem: Problem): void {
    if (this.#closedWith) return;
    this.#closedWith = problem;
    for (const pending of this.#pending.values()) pending.reject(new AppError(problem.code));
    this.#pending.clear();
    this.#port.close();
  }

  #receive(raw: unknown): void {
    const parsed = toClientSchema.safeParse(raw);
    if (!parsed.success) return;
    const message = parsed.data;
    if (message.type === 'notify') {
      for (const listener of this.#listeners.get(message.topic) ?? []) listener(message.payload);
      return;
    }
    const pending = this.#pending.get(message.id);
    if (!pending) return;
    switch (message.type) {
      case 'event': {
        const event = pending.spec.event.safeParse(message.event);
        if (event.success) pending.onEvent(event.data);
        return;
      }
      case 'result': {
        this.#pending.delete(message.id);
        const result = pending.spec.result.safeParse(message.result);
        if (result.success) pending.resolve(result.data);
        else pending.reject(new AppError('BAD_REPLY'));
        return;
      }
      case 'error':
        this.#pending.delete(message.id);
        pending.reject(new AppError(message.problem.code, message.problem));
        return;
      case 'cancelled':
        this.#pending.delete(message.id);
        pending.reject(new Cancelled());
        return;
      default:
        message satisfies never;
    }
  }
}
