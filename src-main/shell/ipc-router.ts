/**
 * The only door from the page into main.
 *
 * Rejects channels that are not in the contract, payloads that do not fit it, and any sender that
 * is not the top frame of our own page: a frame that got into the window by some hole must not be
 * able to ask for the data key. Then asks whether who is signed in may use the channel at all.
 */
import type { IpcMain, IpcMainInvokeEvent } from 'electron';
import { AppError, incidentId, problemOf } from '../domain/contract/errors';
import {
  channelAccess,
  invokeChannels,
  type InvokeChannel,
  type InvokeReply,
} from '../domain/contract/ipc';
import type { InvokeHandlers, Sender } from '../domain/contract/ipc-handlers';
import type { ChannelAccess } from '../domain/contract/vault';
import { ownPageOf } from './own-page';

export interface RouterOptions {
  readonly handlers: InvokeHandlers;
  isOurWindow(webContentsId: number): boolean;
  /** @throws AppError when who is signed in, or nobody, may not */
  demand(access: ChannelAccess, channel: InvokeChannel): void;
  /** For the log: the channel and a code or incident, never a payload. */
  onRefused?(line: string): void;
}

/** Answers one message; errors are values, because Electron flattens thrown ones to a string. */
export async function route(
  options: RouterOptions,
  sender: Sender,
  channel: string,
  payload: unknown,
): Promise<InvokeReply> {
  try {
    const page = ownPageOf(sender.frameUrl);
    if (!sender.isOurWindow || !sender.isTopFrame || !page) throw new AppError('FORBIDDEN_SENDER');
    if (!Object.hasOwn(invokeChannels, channel)) throw new AppError('UNKNOWN_METHOD');
    const name = channel as InvokeChannel;
    const access = channelAccess[name];
    options.demand(access, name);
    if (page === 'gate' && access !== 'anyone') throw new AppError('FORBIDDEN_SENDER');
    const params = invokeChannels[name].params.safeParse(payload);
    if (!params.success) throw new AppError('BAD_REQUEST');
    const handler = options.handlers[name] as (params: unknown, sender: Sender) => unknown;
    const value = invokeChannels[name].result.safeParse(await handler(params.data, sender));
    if (!value.success) throw new AppError('BAD_REPLY');
    return { ok: true, value: value.data };
  } catch (error) {
    const problem = problemOf(error);
    options.onRefused?.(
      `${channel.slice(0, 40)} ${problem.code} ${problem.incident ?? incidentId()}`,
    );
    return { ok: false, problem };
  }
}

/** One Electron channel carries all: an unknown name is then answered, not left hanging. */
export const ipcChannel = 'chimed.invoke';

export function installRouter(ipcMain: IpcMain, options: RouterOptions): void {
  ipcMain.handle(ipcChannel, (event: IpcMainInvokeEvent, channel: unknown, payload: unknown) =>
    route(
      options,
      {
        frameUrl: event.senderFrame?.url ?? '',
        isTopFrame: event.senderFrame !== null && event.senderFrame === event.sender.mainFrame,
        isOurWindow: options.isOurWindow(event.sender.id),
        id: event.sender.id,
      },
      typeof channel === 'string' ? channel : '',
      payload,
    ),
  );
}
