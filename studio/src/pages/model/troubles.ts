/** What a run's faults mean to the user, and what can be done about them. */
import { useEffect } from 'preact/hooks';
import type { Session } from '../../run/session.js';
import { announce, dismiss, notify } from '../../shell/notices.js';

export function useTroubles(session: Session): void {
  const run = session.run.value;
  const state = run?.state.value;
  const error = run?.error.value;
  const note = run?.note.value;
  const model = session.model.title;

  useEffect(() => {
    if (state === 'done') announce(`${model}: training is finished.`);
    if (state === 'failed' && error !== undefined) {
      const rate = Number(session.values.peek()['learningRate']);
      const third = Number((rate / 3).toPrecision(2));
      notify({
        key: 'failed',
        tone: 'error',
        text: error.message,
        actions:
          error.name === 'NonFiniteError' && rate > 0
            ? [
                {
                  label: `Train at a learning rate of ${third}`,
                  run: () => {
                    session.set('learningRate', third);
                    void session.start();
                  },
                },
              ]
            : [{ label: 'Go on from the last checkpoint', run: () => void session.player.peek()?.play() }],
      });
    } else dismiss('failed');
  }, [state, error]);

  useEffect(() => {
    if (note !== undefined) notify({ key: 'note', tone: 'info', text: note });
    return () => dismiss('note');
  }, [note]);
}
