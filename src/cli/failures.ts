/** What a failed command says, and its exit status. */
import type { Command, CommanderError } from 'commander';
import { didYouMean, GeneraError, UsageError } from '../node/index.js';
import { type Io, note } from './io.js';

/**
 * Prints an error as one paragraph on stderr; stdout stays empty.
 * @returns the exit status: 1 the work failed, 2 the command was wrong
 */
export function report(error: unknown, io: Io): number {
  const known = error instanceof GeneraError;
  const message = error instanceof Error ? error.message : String(error);
  const text = known
    ? message
    : `${message}. This is a fault of genera, not of your input: please report it with what GENERA_DEBUG=1 shows.`;
  note(io, `error: ${text.replace(/\s*\n\s*/g, ' ').trim()}`);
  if (io.env.GENERA_DEBUG && error instanceof Error) note(io, stackOf(error));
  return known ? error.exitStatus : 1;
}

function stackOf(error: Error): string {
  const own = error.stack ?? error.message;
  return error.cause instanceof Error ? `${own}\ncaused by ${stackOf(error.cause)}` : own;
}

/** Turns what the parser found wrong into an error that says the nearest names; help and version are none. */
export function usageErrorOf(error: CommanderError, program: Command, argv: readonly string[]): UsageError | undefined {
  if (error.exitCode === 0 || error.code === 'commander.help') return undefined;
  const commands = program.commands.map((command) => command.name());
  const command = program.commands.find((candidate) => candidate.name() === argv.find((word) => !word.startsWith('-')));
  const name = /'([^']*)'/.exec(error.message)?.[1] ?? '';
  const operation = command === undefined ? 'genera' : `genera ${command.name()}`;
  const help = `'${operation} --help' shows how it is used.`;
  switch (error.code) {
    case 'commander.unknownCommand':
      return new UsageError({
        operation,
        expected: `a command: ${commands.join(', ')}`,
        got: `'${name}'`,
        remedy: didYouMean(name, commands) || help,
      });
    case 'commander.unknownOption': {
      const known = (command ?? program).createHelp().visibleOptions(command ?? program);
      const names = known.flatMap(({ long }) => (long ? [long] : []));
      const remedy = didYouMean(name.replace(/=.*/s, ''), names) || help;
      return new UsageError({ operation, expected: 'an option that it has', got: `'${name}'`, remedy });
    }
    case 'commander.missingArgument':
      return new UsageError({ operation, expected: `<${name}>`, got: 'nothing', remedy: help });
    case 'commander.optionMissingArgument':
      return new UsageError({ operation, expected: `a value for ${name}`, got: 'none', remedy: help });
    case 'commander.excessArguments': {
      const [most = '?', count = 'more'] = error.message.match(/\d+/g) ?? [];
      const expected = `at most ${most} argument${most === '1' ? '' : 's'}`;
      return new UsageError({ operation, expected, got: count, remedy: `${help} A value with spaces needs quotes.` });
    }
    default:
      return new UsageError({ operation, expected: 'other arguments', got: error.message, remedy: help });
  }
}
