import { walk } from '../../support/flow-driver.ts';
import { oneTimeCodeWalk } from './one-time-code.walk.ts';

walk(oneTimeCodeWalk, 'ROWS');
