/** What answers the page in main: a handler for each channel of the contract, in groups by their subject. */
import type { InvokeChannel, InvokeResult, invokeChannels } from './ipc';

/** The parts of a sender that handlers and the router's check need. */
export interface Sender {
  readonly frameUrl: string;
  readonly isTopFrame: boolean;
  readonly isOurWindow: boolean;
  /** Id of the web contents. */
  readonly id: number;
}

export type InvokeHandlers = {
  [C in InvokeChannel]: (
    params: InvokeParamsOut<C>,
    sender: Sender,
  ) => Answer<C> | Promise<Answer<C>>;
};
// A handler without an answer may simply return.
type Answer<C extends InvokeChannel> =
  InvokeResult<C> extends undefined ? ReturnType<() => void> : InvokeResult<C>;
type InvokeParamsOut<C extends InvokeChannel> = ReturnType<
  (typeof invokeChannels)[C]['params']['parse']
>;

/** The handlers of all channels with one of these words before the first dot, none left out. */
export type HandlersOf<Subject extends string> = Pick<
  InvokeHandlers,
  Extract<InvokeChannel, `${Subject}.${string}`>
>;

export interface PathFilter {
  name: string;
  extensions: string[];
}

export interface PathQuestion {
  properties: ('openFile' | 'openDirectory' | 'createDirectory' | 'multiSelections')[];
  filters?: PathFilter[];
}

/** The system's dialogs over the sender's window. Each throws AppError `FORBIDDEN_SENDER` where it has none. */
export interface PathDialogs {
  /** @returns null when a person closed it */
  choosePath(sender: Sender, question: PathQuestion): Promise<string | null>;
  /** @returns none when a person closed it */
  choosePaths(sender: Sender, question: PathQuestion): Promise<string[]>;
  /** @returns null when a person closed it; the system has asked whether to replace what is there */
  chooseSavePath(
    sender: Sender,
    question: { defaultPath?: string; filters?: PathFilter[] },
  ): Promise<string | null>;
}
