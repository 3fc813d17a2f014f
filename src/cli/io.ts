/** Where the command line reads from and writes to; the process, or what a test puts in its place. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

export interface Io {
  /** Results. */
  readonly stdout: Output;
  /** Progress and errors. */
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  on(signal: 'SIGINT' | 'SIGTERM', listener: (signal: 'SIGINT' | 'SIGTERM') => void): unknown;
  off(signal: 'SIGINT' | 'SIGTERM', listener: (signal: 'SIGINT' | 'SIGTERM') => void): unknown;
  exit(status: number): unknown;
}

/** What a command works with. */
export interface Context {
  readonly io: Io;
  /** Exit status, where it is not that of an error: 0 unless the command sets another. */
  status: number;
}

/** How genera is called here, for commands that are suggested. */
export function programName({ env }: Io): string {
  return env.npm_command === 'exec' ? 'npx genera' : 'genera';
}

/** A line for people on stderr. */
export function note({ stderr }: Io, text: string): void {
  stderr.write(`${text}\n`);
}

/** The result: one JSON object, or text. */
export function print(
  { stdout }: Io,
  result: object,
  { json, text }: { json?: boolean | undefined; text: string },
): void {
  stdout.write(json === true ? `${JSON.stringify(result)}\n` : `${text}\n`);
}

/** Columns of equal width, two spaces apart. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  }
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** A number of things: '12,000 steps'. */
export function counted(n: number, one: string, many = `${one}s`): string {
  return `${n.toLocaleString('en-US')} ${n === 1 ? one : many}`;
}

/** A measured value with five significant digits. */
export function rounded(value: number): string {
  return String(Number(value.toPrecision(5)));
}

/** Seconds as '8 s', '2 min 5 s' or '3 h 20 min'. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '?';
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
}
