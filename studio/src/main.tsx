/** The Studio begins here. */
import { render } from 'preact';
import './styles/base.css';
import './styles/shell.css';
import './styles/map.css';
import { App } from './shell/app.js';
import { watchKeys } from './shell/keys.js';
import { watchLinks } from './shell/navigation.js';

watchLinks();
watchKeys();
render(<App />, document.getElementById('app')!);
