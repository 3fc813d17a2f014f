/** The Studio begins here. */
import { render } from 'preact';
import './styles/base.css';
import './styles/shell.css';
import './styles/map.css';
import { host } from './host/hosts.js';
import { App } from './shell/app.js';
import { watchKeys } from './shell/keys.js';
import { token, watchLinks } from './shell/navigation.js';
import { notifyError } from './shell/notices.js';

watchLinks();
watchKeys();
render(<App />, document.getElementById('app')!);
// A page of `genera studio` shows its server from the beginning, or that it is not let in.
if (token.peek() !== undefined) host().catch((error: unknown) => notifyError('host', error));
