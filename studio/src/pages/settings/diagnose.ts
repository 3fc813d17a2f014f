/** What this browser can do, and what to do where it cannot. */

export interface Fact {
  readonly name: string;
  readonly value: string;
  readonly advice?: string;
}

/** The part of WebGPU that is looked at. */
interface Gpu {
  requestAdapter(): Promise<{ info?: { vendor: string; architecture: string; isFallbackAdapter?: boolean } } | null>;
}

export async function diagnose(): Promise<readonly Fact[]> {
  return [
    { name: 'Browser', value: navigator.userAgent },
    { name: 'Processor cores', value: String(navigator.hardwareConcurrency) },
    crossOriginIsolated
      ? { name: 'Threads', value: 'several: the page is isolated' }
      : {
          name: 'Threads',
          value: 'one',
          advice: 'The server does not send the headers COOP and COEP; “genera studio” does.',
        },
    await graphics(),
    await storage(),
  ];
}

async function graphics(): Promise<Fact> {
  const name = 'WebGPU';
  const { gpu } = navigator as { gpu?: Gpu };
  if (gpu === undefined) return { name, value: 'not in this browser', advice: 'WebAssembly is used.' };
  const adapter = await gpu.requestAdapter().catch(() => null);
  if (adapter === null) return { name, value: 'no adapter', advice: 'WebAssembly is used.' };
  const { vendor = '', architecture = '', isFallbackAdapter = false } = adapter.info ?? {};
  const what = [vendor, architecture].filter((part) => part !== '').join(', ') || 'an adapter without a name';
  if (isFallbackAdapter)
    return { name, value: `${what}, in software`, advice: 'It is slower than WebAssembly, which is used.' };
  return { name, value: what };
}

async function storage(): Promise<Fact> {
  const name = 'Storage';
  try {
    const { usage = 0, quota = 0 } = await navigator.storage.estimate();
    const mega = (bytes: number): string => `${Math.round(bytes / 2 ** 20).toLocaleString('en')} MB`;
    return { name, value: `${mega(usage)} of ${mega(quota)} used` };
  } catch {
    return { name, value: 'the browser does not say' };
  }
}
