/** The host of training in use: the local server where it answers, else a worker in this browser. */
import { signal } from '@preact/signals';
import type { HostInfo, TrainingHost } from '../../../src/train/host.js';
import { apiBase, mayBeServed, token } from '../shell/navigation.js';
import { dismiss, notify } from '../shell/notices.js';
import type { Connection } from './http.js';

export type HostChoice = 'auto' | 'browser' | 'server';
export type Device = 'auto' | 'wasm' | 'webgpu';

const keys = { host: 'genera.host', device: 'genera.device' };
export const hostChoice = signal((localStorage.getItem(keys.host) as HostChoice | null) ?? 'auto');
export const device = signal((localStorage.getItem(keys.device) as Device | null) ?? 'auto');

/** Undefined until somebody asked for the host. */
export const hostInfo = signal<HostInfo | undefined>(undefined);

let connected: Promise<TrainingHost> | undefined;

export function host(): Promise<TrainingHost> {
  connected ??= connect().catch((error: unknown) => {
    connected = undefined;
    throw error;
  });
  return connected;
}

/** Another host from now on; the page is loaded anew so that nothing of the old one is left. */
export function chooseHost(choice: HostChoice, wanted: Device): void {
  localStorage.setItem(keys.host, choice);
  localStorage.setItem(keys.device, wanted);
  location.reload();
}

async function connect(): Promise<TrainingHost> {
  const wanted = hostChoice.peek();
  const server = wanted === 'server' || (wanted === 'auto' && mayBeServed) ? await findServer() : undefined;
  if (server === undefined && wanted === 'server') {
    notify({
      key: 'host',
      tone: 'warning',
      text: 'No “genera studio” answers at this address, so training happens in this browser.',
    });
  }
  const found = server ?? (await createBrowserHost());
  hostInfo.value = await found.info();
  return found;
}

async function createBrowserHost(): Promise<TrainingHost> {
  const { createHost } = await import('genera/web/host');
  const wanted = device.peek();
  return createHost(wanted === 'auto' ? {} : { device: wanted });
}

async function findServer(): Promise<TrainingHost | undefined> {
  try {
    const known = token.peek();
    const headers: HeadersInit = known === undefined ? {} : { Authorization: `Bearer ${known}` };
    const response = await fetch(`${apiBase}api/info`, { headers });
    if (!response.headers.get('Content-Type')?.includes('json')) return undefined;
    if (response.status === 401 || response.status === 403) {
      notify({
        key: 'host',
        tone: 'error',
        text: 'The server does not let this page in. Open the whole address that “genera studio” printed, with its token.',
      });
      // Where that happens in another tab, this one has the token too, and asks again.
      token.subscribe((given) => {
        if (given !== known) location.reload();
      });
      return undefined;
    }
    if (!response.ok) return undefined;
  } catch {
    return undefined;
  }
  const { createHttpHost } = await import('./http.js');
  return createHttpHost({ base: apiBase, token: () => token.peek(), onConnection: tellConnection });
}

const troubles = {
  away: 'The server does not answer. Trying again; what it does meanwhile will be shown when it is back.',
  refused:
    '“genera studio” has been started again. Open the address that it printed, in any tab; this page then goes on by itself.',
} as const;

function tellConnection(connection: Connection): void {
  if (connection === 'there') dismiss('connection');
  else notify({ key: 'connection', tone: 'warning', text: troubles[connection] });
}

/** Asks for the memory in use now and then. */
export async function refreshInfo(): Promise<void> {
  if (connected === undefined) return;
  try {
    hostInfo.value = await (await connected).info();
  } catch {
    // A notice says already that the host is away.
  }
}
